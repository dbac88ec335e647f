/*
 * Reading a definition's json-c objects: what the section checkers share.
 *
 * Everything lent here belongs to the feed.
 */
#ifndef TC_FEED_JSON_H
#define TC_FEED_JSON_H

#include "feed.h"

/* Member name of o, or NULL where o is NULL or has none (or it is JSON's null). */
struct json_object *feed_get(struct json_object *o, const char *name);
const char *feed_string(struct json_object *o, const char *name);	/* NULL where it is no string */

/* pointer + "/" + name with ~ and / escaped (RFC 6901). */
void	 feed_pointer(char *out, size_t size, const char *pointer, const char *name);

/* "unknown WHAT "name", did you mean ...?" at pointer/name; allowed as feed_members() takes it. Returns -1. */
int	 feed_unknown(const struct feed *, struct err *, const char *pointer, const char *name, const char *what,
    const char *const *allowed);

/* "1%", 20 or {"share": "10%", "count": 5000}: *share 0..1 (1: none), *count (-1: none); the smaller binds. */
int	 feed_bound(const struct feed *, struct json_object *, const char *pointer, double *share, long long *count,
    struct err *) TC_MUST_CHECK;

/* A file that the definition names: beside the definition unless absolute. Caller frees. */
char	*feed_beside(const struct feed *, const char *name);

#endif
