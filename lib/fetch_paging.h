/*
 * Which request comes next: the styles of paging.
 *
 *	paging_open(&p, feed, def, params, since, now);
 *	while ((rc = paging_next(p, &request, &err)) == 1) {
 *		fetcher_get(...);
 *		rc = paging_saw(p, &request, &page, &answer, &err);
 *		1: the page is the feed's, hand it on; 0: it only told the way; -1: err
 *	}
 *	paging_cursor(p, &cursor);
 *
 * It never advances twice to the same place: a request made before, or the
 * bytes of the page before, end the run (CONTRACT).
 */
#ifndef TC_FETCH_PAGING_H
#define TC_FETCH_PAGING_H

#include "fetch_cursor.h"
#include "fetch_def.h"
#include "fetch_get.h"

struct paging;

struct paging_options {
	const struct feed	*feed;
	const struct fetch_def	*def;
	const struct params	*params;
	const struct fetch_cursor *since;	/* where the last run stood */
	int64_t			 last_run;	/* what {last_run} is in this run */
	int64_t			 now;		/* end of a back-fill's windows */
	bool			 windows;	/* stop after window_pages pages, with "more" */
};

struct paging	*paging_open(const struct paging_options *);
void	 paging_close(struct paging *);

int	 paging_next(struct paging *, struct fetch_request *, struct err *) TC_MUST_CHECK;
int	 paging_saw(struct paging *, struct fetch_request *, struct page *, struct http_answer *, struct err *) TC_MUST_CHECK;

/* What the next run should begin from: fills cursor, etag, last_modified, unchanged, more, last_run (server's time). */
void	 paging_cursor(const struct paging *, struct fetch_cursor *);
/* False where a window ended before the feed did, or the feed says that it has more records than it gave. */
bool	 paging_whole(const struct paging *);
/* The run stops here, with more to come; only where paging_can_pause(). */
void	 paging_pause(struct paging *);
bool	 paging_can_pause(const struct paging *);
bool	 paging_unchanged(const struct paging *);	/* 304: the whole feed is as it was */
const char *paging_describe(const struct fetch_def *);	/* "pages by cursor in query member cursor", for --check */

#endif
