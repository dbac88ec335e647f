/* What the files of the paging room share: fetch_paging.c (requests), fetch_after.c (answers), fetch_place.c (where a run stopped). */
#ifndef TC_FETCH_PAGING_PRIVATE_H
#define TC_FETCH_PAGING_PRIVATE_H

#include "fetch_look.h"
#include "fetch_paging.h"
#include "fetch_seen.h"
#include "fetch_taxii.h"

struct paging {
	struct paging_options	 o;
	const struct fetch_def	*def;
	struct fetch_look	*look;
	struct taxii		*taxii;

	int		 url;		/* index of the URL being paged */
	bool		 begun;		/* the first request of this URL went out */
	bool		 done;		/* this URL has no more pages */
	long		 pages;		/* pages seen in this run */
	uint64_t	 bytes;
	long		 page, offset;	/* styles page and offset */
	char		 number[32];	/* one of them as text, for a header */
	long		 records;	/* of this URL so far, where they are counted */
	long		 fullest;	/* records of its fullest page */
	bool		 maybe_last;	/* its first page was short: that may be the server's limit, or the end */
	struct buf	 place;		/* style cursor: the cursor; next, link: the URL; index: the index's URL */
	int64_t		 from;		/* style window */
	struct buf	 entries;	/* style index: names, NUL after each */
	size_t		 nentry, entry, entry_at;
	char		*entry_wanted;	/* style index: the entry at which the last run stopped, or NULL */
	bool		 resumed;	/* goes on where the last run stopped, until that has been answered */
	bool		 restarted;	/* a forgotten place was dropped once */
	bool		 more;		/* a window ended before the feed */
	bool		 unchanged;
	bool		 missing;	/* the feed says that it has more than it gave */
	int64_t		 server_time;	/* of the first answer, -1 */

	struct seen	 seen;		/* digests of the requests made */
	unsigned char	 last_page[32];	/* digest of the page before */
	bool		 have_last;
	struct buf	 etag, last_modified;
};

/* What a page says of the next one: fills place, page, done ... */
int	 paging_after_counted(struct paging *, struct page *, struct err *) TC_MUST_CHECK;
int	 paging_after_cursor(struct paging *, struct fetch_request *, struct page *, struct err *) TC_MUST_CHECK;
int	 paging_after_link(struct paging *, struct fetch_request *, struct http_answer *, struct err *) TC_MUST_CHECK;
int	 paging_after_index(struct paging *, struct fetch_request *, struct page *, struct err *) TC_MUST_CHECK;
void	 paging_next_entry(struct paging *);

/* Where paging stands, for the cursor document; NULL where it cannot be kept (it would show a secret). The caller puts it. */
struct json_object *paging_place_save(const struct paging *);
void	 paging_place_load(struct paging *, struct json_object *);

/* Everything of the current URL as at its beginning. */
void	 paging_rewind(struct paging *);

#endif
