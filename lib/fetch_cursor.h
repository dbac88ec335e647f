/*
 * Where a feed stands: the document that one run proposes and the next begins
 * from (tc-fetch --cursor, --since).
 *
 * One line of JSON: last_run (the server's time when the run began), cursor
 * (opaque bytes of the feed), etag and last_modified (only where the feed is
 * one request), fetched (when that last was answered with a page), unchanged
 * (304), more (a window ended before the feed did) with place (where in its
 * pages), day and requests (how many that day, where they are limited).
 * Members we do not know are carried on.
 */
#ifndef TC_FETCH_CURSOR_H
#define TC_FETCH_CURSOR_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct fetch_cursor {
	int64_t	 last_run;	/* -1: there is none */
	int64_t	 fetched;	/* -1: not known */
	int64_t	 day;		/* its first second; -1: none */
	long	 requests;	/* made on that day */
	struct json_object *place; /* the paging room's own, or NULL */
	char	*cursor, *etag, *last_modified;	/* NULL: none; owned */
	bool	 unchanged, more;
	struct json_object *rest;	/* unknown members, or NULL */
};

void	 fetch_cursor_init(struct fetch_cursor *);
void	 fetch_cursor_release(struct fetch_cursor *);
/* A missing or empty file is a first run; a broken one is an error (STATE). */
int	 fetch_cursor_load(struct fetch_cursor *, const char *file, struct err *) TC_MUST_CHECK;
int	 fetch_cursor_save(const struct fetch_cursor *, const char *file, struct err *) TC_MUST_CHECK;
void	 fetch_cursor_set(char **field, const char *value);	/* copies; NULL or "" clears */

#endif
