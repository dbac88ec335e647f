/*
 * The set of parameters while it is being collected: every value with the
 * place it came from, so that precedence does not depend on the order in
 * which the places are read.
 *
 * Ownership: the caller owns the struct, the set its names and values (wiped
 * when they go); the install must stay as long. Units: lengths in bytes.
 * Errors: -1 with err (USAGE); from pset_print() past out's ceiling, without
 * one.
 */
#ifndef TC_PARAMS_SET_H
#define TC_PARAMS_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "params_install.h"

/* The higher one stands (runtime-app.md section 1: arguments over file and secure parameters over defaults). */
enum pset_rank { FROM_DEFAULT, FROM_CONFIG, FROM_ENVIRONMENT, FROM_SECURE, FROM_FILE, FROM_ARGUMENT };

struct pset_value {
	char		*name;		/* canonical */
	char		*value;		/* never "" */
	enum pset_rank	 rank;
	bool		 secret, boolean;
};

struct pset {
	struct pset_value *v;
	size_t		 n;
	const struct install *install;	/* NULL: nothing is declared */
	enum pset_rank	 rank;		/* of what pset_take() is given */
};

void	 pset_init(struct pset *, const struct install *);
void	 pset_release(struct pset *);		/* wipes the values */

struct pset_value *pset_find(const struct pset *, const char *name);
const char *pset_get(const struct pset *, const char *name);	/* NULL where unset */
void	 pset_unset(struct pset *, const char *name);

/* "" is unset and changes nothing. Registers secrets with log_secret(). */
void	 pset_put(struct pset *, const char *name, const char *value, size_t len, enum pset_rank, bool secret);
/* A params_taker (params_json.h): pset_put() with set->rank, and a word about names nobody knows. */
void	 pset_take(void *set, const char *name, const char *value, size_t len, bool secret);

/*
 * The platform's arguments: --name value, --name=value, a bare boolean, a
 * repeated list. What is unknown is warned about and kept. Every value is
 * overwritten in argv, where other users could read it.
 */
void	 pset_args(struct pset *, int argc, char **argv);

/*
 * Fills in the defaults and checks the values by install.json and by what
 * their names mean. Each fault is logged but the first, which err is given;
 * it names the parameter.
 */
int	 pset_check(struct pset *, struct err *) TC_MUST_CHECK;

/* The object for the stages, one line; show: secrets as *** and without the list of their names. */
int	 pset_print(const struct pset *, bool show, struct buf *) TC_MUST_CHECK;

#endif
