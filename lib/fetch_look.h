/*
 * Looking into a page for what paging needs: a cursor, "more", a total, the
 * number of records.
 *
 * An expression that is a chain of names is followed while the page is read in
 * pieces, whatever its size; any other expression needs the whole page in
 * memory, up to LIMIT_PAGE_LOOK.
 */
#ifndef TC_FETCH_LOOK_H
#define TC_FETCH_LOOK_H

#include "feed.h"
#include "jmespath.h"
#include "page.h"

struct fetch_look;

struct fetch_look *fetch_look_new(const struct feed *);
void	 fetch_look_free(struct fetch_look *);

/*
 * The scalar an expression yields, as text appended to out: strings as they
 * are, numbers by their source text, true/false. 1: there; 0: null, missing,
 * false for a boolean, or an empty string; -1: err (not JSON, no scalar).
 */
int	 fetch_look_scalar(struct fetch_look *, struct page *, const struct jmespath *, struct buf *out, struct err *) TC_MUST_CHECK;

/* An array of strings (or numbers), each appended to out with a closing NUL; *n how many. $last_run is visible as a number. */
int	 fetch_look_list(struct fetch_look *, struct page *, const struct jmespath *, int64_t last_run, struct buf *out,
    size_t *n, struct err *) TC_MUST_CHECK;

/* What an expression yields, whatever it is; valid until the next look. NULL: err. */
struct jval *fetch_look_value(struct fetch_look *, struct page *, const struct jmespath *, struct err *);

/* Records of the page by the parse section; bad ones count. */
int	 fetch_look_records(struct fetch_look *, struct page *, long *n, struct err *) TC_MUST_CHECK;

#endif
