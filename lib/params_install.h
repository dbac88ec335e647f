/*
 * install.json as far as a run needs it: which parameters are declared, and
 * how (platform/install-json.md sections 1 and 2).
 *
 * Ownership: install_free() frees all. Errors: -1 with err: USAGE, STATE where
 * the file cannot be read.
 */
#ifndef TC_PARAMS_INSTALL_H
#define TC_PARAMS_INSTALL_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum install_type { INSTALL_STRING, INSTALL_BOOLEAN, INSTALL_CHOICE, INSTALL_MULTI_CHOICE, INSTALL_PAIRS };

struct install_param {
	char		*name;
	enum install_type type;
	bool		 required, encrypt, multiple;
	char		**valid;	/* NULL-terminated; NULL where none */
	char		*otherwise;	/* default, or NULL */
};

struct install {
	char		*display_name, *version, *features, *min_server, *runtime_level;	/* never NULL */
	char		 delimiter;	/* listDelimiter, default '|' */
	struct install_param *param;
	size_t		 n;
};

/* -1: unreadable, no JSON, or a parameter without name or with an unknown type (USAGE). */
int	 install_load(struct install **, const char *file, struct err *) TC_MUST_CHECK;
void	 install_free(struct install *);

/* NULL where install is NULL or declares no such name. */
const struct install_param *install_find(const struct install *, const char *name);

#endif
