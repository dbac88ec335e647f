/*
 * An instance from the command line of tc-sandbox, and the configuration that
 * a client pastes.
 *
 * Ownership: instance_free() frees the instance and all it holds; texts are
 * copied. Errors: -1 with err (USAGE, STATE where a file cannot be read); from
 * instance_configuration() past out's ceiling, without one.
 */
#ifndef TC_SANDBOX_SETUP_H
#define TC_SANDBOX_SETUP_H

#include "buf.h"
#include "err.h"
#include "sandbox/instance.h"

struct instance *instance_new(void);
void	 instance_free(struct instance *);

/* "NAME" or "NAME=Organization|Community|Source"; Source where nothing is said. */
int	 instance_add_owner(struct instance *, const char *text, struct err *) TC_MUST_CHECK;
/* Lines of an exclusion list: values, *.domain, networks; # begins a comment. */
int	 instance_add_exclusions(struct instance *, const char *file, struct err *) TC_MUST_CHECK;
/* A JSON object of what the secure parameters endpoint gives. */
int	 instance_add_parameters(struct instance *, const char *file, struct err *) TC_MUST_CHECK;

enum shown { SHOW_KEYS, SHOW_TOKEN, SHOW_BOTH };

/* One line of JSON for platform.json; ca_file may be NULL. */
int	 instance_configuration(const struct instance *, enum shown, const char *ca_file, struct buf *) TC_MUST_CHECK;

#endif
