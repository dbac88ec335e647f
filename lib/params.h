/*
 * The parameters of a run: what an administrator set, for the stages.
 *
 * tc-params makes one JSON object out of the platform's transports; every
 * stage reads it from the descriptor in TC_PARAMS_FD (from its start, with
 * pread, so that all stages of a pipe share it) or from --params FILE (0600),
 * each taking only what is its own. At a shell neither need be there: then
 * $XDG_CONFIG_HOME/tcfeed/platform.json (0600) and, over it, the platform's
 * names in capitals (TC_OWNER, TC_API_PATH, API_ACCESS_ID ...) are asked;
 * TC_PARAM_ACME_KEY there is a feed's parameter acme_key. Names with several
 * spellings (tc_api_secret_key, api_secret_key) are found under each.
 * Names listed in the object's "secret" array, and those whose name says so,
 * are registered with log_secret() when they are read.
 *
 * Ownership: params_free() frees all and wipes the values; what is handed out
 * lives as long. Errors: -1 with err (USAGE; STATE where the system fails):
 * nothing was attempted yet.
 */
#ifndef TC_PARAMS_H
#define TC_PARAMS_H

#include <stdbool.h>

#include "err.h"

struct params;

/* file may be NULL. A missing source is no error; a broken or too widely readable one is. */
int	 params_load(struct params **, const char *file, struct err *) TC_MUST_CHECK;
void	 params_free(struct params *);

/* NULL where unset or empty. Numbers and booleans come as their text. Valid until params_free(). */
const char *params_get(const struct params *, const char *name);
bool	 params_true(const struct params *, const char *name, bool otherwise);	/* 1 t true y yes, any case */
long long params_int(const struct params *, const char *name, long long otherwise, struct err *);	/* err->reason set if not a number */
bool	 params_secret(const struct params *, const char *name);	/* is it one that must not be mapped or shown? */
/* Every name, for a hash over those used in a map section; NULL past the end. */
const char *params_name(const struct params *, int i);

#endif
