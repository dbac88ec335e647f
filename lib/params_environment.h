/*
 * What the environment and the configuration directory say about parameters.
 *
 * Ownership: nothing is kept; a taker's arguments last for its call and are
 * wiped after it. Errors: -1 with err (USAGE; STATE where a file cannot be
 * read).
 */
#ifndef TC_PARAMS_ENVIRONMENT_H
#define TC_PARAMS_ENVIRONMENT_H

#include <stddef.h>

#include "err.h"
#include "params_json.h"

/*
 * The platform's names in capitals (TC_OWNER, TC_API_PATH, API_SECRET_KEY ...)
 * and TC_PARAM_NAME for any other parameter name.
 */
void	 params_from_environment(params_taker *, void *arg);

/* Takes out of the environment what holds a secret or where one lies, before something is executed. */
void	 params_clean_environment(void);

/* The configuration file's path; "" where neither XDG_CONFIG_HOME nor HOME is set. */
void	 params_config_path(char *path, size_t size);

/* A file of parameters, at most LIMIT_PARAMS; refused where others may read it. must_exist: it was named, not merely looked for. */
int	 params_from_file(const char *file, int must_exist, params_taker *, void *arg, struct err *) TC_MUST_CHECK;

#endif
