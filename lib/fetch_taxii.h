/*
 * TAXII 2.1 (OASIS): from a discovery document, an API root or one
 * collection's objects to the pages of objects.
 *
 * The definition's url may be any of the three; what the answer holds says
 * which it was (api_roots; collections; objects). Pages by "more" and "next";
 * where a server says "more" without "next", the X-TAXII-Date-Added-Last
 * header carries on through added_after, provided it moves.
 */
#ifndef TC_FETCH_TAXII_H
#define TC_FETCH_TAXII_H

#include <json-c/json.h>

#include "fetch_cursor.h"
#include "fetch_def.h"
#include "fetch_get.h"

struct taxii;

struct taxii	*taxii_new(const struct fetch_def *, int64_t added_after);
void	 taxii_free(struct taxii *);
int	 taxii_next(struct taxii *, const struct params *, struct fetch_request *, struct err *) TC_MUST_CHECK;
/* *way: the page only told the way (discovery, collections). */
int	 taxii_saw(struct taxii *, struct fetch_request *, struct page *, struct http_answer *, bool *way, struct err *) TC_MUST_CHECK;
/*
 * last_run becomes the newest date-added the server named, where that is older
 * than the one in c, which is when the run began: what was added to the first
 * collection while the last was read is not passed over.
 */
bool	 taxii_done(const struct taxii *);
/* Adds to the place document what is needed to go on, and takes it from there. */
void	 taxii_place_save(const struct taxii *, struct json_object *);
void	 taxii_place_load(struct taxii *, struct json_object *);
void	 taxii_cursor(const struct taxii *, struct fetch_cursor *);

#endif
