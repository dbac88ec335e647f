/*
 * One request of a feed: credentials, manners, redirects, and what a status means.
 *
 * Credentials go to the origin of the definition's first URL and nowhere else;
 * another origin is refused unless allow_origins names it, and then gets none.
 */
#ifndef TC_FETCH_GET_H
#define TC_FETCH_GET_H

#include "fetch_def.h"
#include "http.h"
#include "page.h"
#include "params.h"

struct fetcher;

struct fetch_request {
	struct buf	 url;		/* absolute, encoded */
	struct buf	 body;		/* used where the definition has a body */
	const char	*accept;	/* media type, NULL: by the expected kind */
	const char	*etag, *last_modified;	/* asked for conditionally; NULL: not */
	struct http_header extra[4];	/* a cursor in a header, and the like */
	int		 nextra;
	char		 digest[33];	/* stands for the request, filled by the paging room */
	bool		 attachment;	/* GET without the feed's body; accept stands for an Accept of the definition */
	bool		 probe;		/* 400, 404 and 410 are handed to the caller: it can start over */
	void		(*coming)(void *arg, uint64_t bytes);	/* told as the page grows; may be NULL */
	void		*coming_arg;
	struct fetch_vars vars;		/* for header templates */
};

void	 fetch_request_init(struct fetch_request *);
void	 fetch_request_clear(struct fetch_request *);	/* for the next one */
void	 fetch_request_release(struct fetch_request *);
/* Appends name=value to the query, encoded. */
int	 fetch_request_query(struct fetch_request *, const char *name, const char *value, struct err *) TC_MUST_CHECK;

int	 fetcher_open(struct fetcher **, const struct fetch_def *, const struct params *, volatile int *stop, struct err *) TC_MUST_CHECK;
void	 fetcher_close(struct fetcher *);

/*
 * 0: answer->status is 200-299 (page whole), 304, or, with probe, 400, 404 or
 * 410. -1: err. The page is cleared first; the answer is the caller's to release.
 */
int	 fetcher_get(struct fetcher *, struct fetch_request *, struct page *, struct http_answer *, struct err *) TC_MUST_CHECK;

/* Is this the configured origin? */
bool	 fetcher_own(const struct fetcher *, const char *url);

long	 fetcher_requests(const struct fetcher *);
/* Requests that the day's budget (max_requests) has lost before this run. */
void	 fetcher_used(struct fetcher *, long requests);
/* True once max_requests is used up: the run pauses cleanly. */
bool	 fetcher_budget_spent(const struct fetcher *);

#endif
