/*
 * A feed definition (tc-feed(5)): found, read, checked whole before a byte of
 * the feed is looked at.
 *
 * feed_load() checks every member of every section: unknown members, wrong
 * types, bad expressions, types that are not standard, holes where none may
 * be (action) end in -1 with "FILE: /json/pointer: reason" (USAGE). Sections
 * are kept as json-c objects for the rooms that use them; the checkers of
 * fetch, parse, map, delta and limits live beside those rooms and are called
 * from here, so that tc-map --check FEED says all there is to say.
 *
 * Ownership: feed_free() frees all; what it hands out lives as long.
 */
#ifndef TC_FEED_H
#define TC_FEED_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct feed {
	char	*file;		/* where it was read from */
	char	*id;		/* [a-z0-9-]+, at most 64 */
	char	*name;
	char	*vendor;	/* "" where none */
	struct json_object *root;
	struct json_object *fetch, *parse, *map, *delta, *limits, *values;	/* NULL where the definition has none */
	bool	 write_merge;	/* "write": "merge" */
	bool	 keep_reserved;	/* "values": {"reserved": "keep"} */
	char	 map_hash[65];	/* SHA-256 of the canonical map, parse and values sections (and tables file): a change holds removals */

	/* limits */
	double	 max_reject_share;	/* 0.01 for "1%"; default 0.01 */
	long long max_reject_count;	/* -1: none */

	/* delta */
	enum { FEED_SNAPSHOT, FEED_INCREMENTAL } mode;
	enum { MISSING_KEEP, MISSING_INACTIVE, MISSING_DELETE } missing;	/* default keep */
	char	**ignore;	/* NULL-terminated: member names or "attribute:TYPE" */
	double	 guard_share;	/* default 0.10 */
	long long guard_count;	/* default 5000 */
	int	 after_runs;	/* complete runs an object must be missing; default 2 */
	int64_t	 after_seconds;	/* or an age; 0: none */
	int64_t	 refresh_seconds;	/* 0: never */
	int	 retry_runs;	/* refused objects are tried again after so many runs; 0: never */
	bool	 keep_content;	/* the state keeps contents, so that explain can show old values */
	bool	 allow_empty;
};

/*
 * FEED on a command line: a path if it holds '/' or ends in .json, else
 * NAME.json in ./feeds, $TC_FEEDS, beside the program's share directory
 * (PREFIX/share/tcfeed/feeds), in this order.
 */
int	 feed_load(struct feed **, const char *name, struct err *) TC_MUST_CHECK;
void	 feed_free(struct feed *);

/*
 * Names of the run parameters that the map section uses, sorted, each once,
 * NULL-terminated: a change of one of them changes objects. Caller frees the
 * array (the names live in the feed).
 */
const char **feed_map_params(const struct feed *);

/* "FILE: /pointer: reason", reason USAGE, returns -1: for the sections' checkers. */
int	 feed_complain(const struct feed *, struct err *, const char *pointer, const char *fmt, ...) TC_PRINTF(4, 5);

/*
 * Checks an object's members against a NULL-terminated list of allowed names
 * with types ("next:string", "rows:int", "query:string?"): helper for the
 * section checkers. '?' members are optional; "x:any" takes any type;
 * alternatives by '|': "records:string|array?".
 */
int	 feed_members(const struct feed *, struct json_object *, const char *pointer,
    const char *const *allowed, struct err *) TC_MUST_CHECK;

/* The sections' checkers, each in the room that uses the section. */
int	 feed_check_fetch(const struct feed *, struct err *) TC_MUST_CHECK;	/* lib/fetch_def.c */
int	 feed_check_parse(const struct feed *, struct err *) TC_MUST_CHECK;	/* lib/feed_parse.c */
int	 feed_check_map(const struct feed *, struct err *) TC_MUST_CHECK;	/* lib/map_check.c: compiles and drops it */
int	 feed_check_delta(struct feed *, struct err *) TC_MUST_CHECK;		/* lib/feed_delta.c: fills the fields above */

#endif
