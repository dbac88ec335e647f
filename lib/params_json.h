/*
 * The one JSON object that holds parameters: in the platform's file, its
 * secure-params answer, a configuration file, or between tc-params and the
 * stages.
 *
 * What each member becomes: a text, number or boolean its text; a list of
 * those, joined by delimiter; a list of pairs (KeyValueList) or an object, its
 * JSON; null and "" are passed on as "". A member "secret" that is a list
 * names members that are secret and is not passed on itself.
 *
 * Ownership: nothing is kept; name and value last for the taker's call. Units:
 * bytes. Errors: -1 with err (USAGE; CONTRACT where the member is missing);
 * what was taken before stays taken.
 */
#ifndef TC_PARAMS_JSON_H
#define TC_PARAMS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* value is NUL-terminated and wiped after the call. */
typedef void	 params_taker(void *arg, const char *name, const char *value, size_t len, bool secret);

/* what names the source in messages; no content is ever in them. A BOM is skipped. */
int	 params_json(const char *what, const char *bytes, size_t len, char delimiter, params_taker *, void *arg,
    struct err *) TC_MUST_CHECK;

/* params_json() of the object under member (the secure-params answer's "inputs"). */
int	 params_json_under(const char *what, const char *member, const char *bytes, size_t len, char delimiter,
    params_taker *, void *arg, struct err *) TC_MUST_CHECK;

#endif
