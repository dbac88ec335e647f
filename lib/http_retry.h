/*
 * May this request be tried again, and when?
 *
 * runtime-app.md section 7 and 11: connect and read errors, 408, 500, 502, 503,
 * 504 and the 520-524 of content networks a bounded number of times with back-off and jitter; 429 as Retry-After
 * says (seconds, HTTP date, past, absurd), capped at LIMIT_RETRY_AFTER a wait
 * and LIMIT_RETRY_TOTAL in all. A request with "once" set is repeated only
 * where nothing was sent, or where the server said 429. Waits end early when
 * the request's *stop is set.
 *
 * Ownership: as in http.h; the policy is the caller's and carries waited_ms
 * from one request of a run to the next. Units: milliseconds, and seconds for
 * what a server says.
 */
#ifndef TC_HTTP_RETRY_H
#define TC_HTTP_RETRY_H

#include "http.h"

struct http_policy {
	int	 tries;		/* 0: 4 */
	long	 base_ms;	/* first back-off; 0: 300 */
	long	 max_ms;	/* longest back-off; 0: 20000 */
	bool	 retry_503;	/* false for the platform: there it means "not licensed" */
	int64_t	 deadline_ms;	/* monotonic: no try begins behind it; 0: none */
	long	 waited_ms;	/* in/out: sum of the waits a server asked for in this run */
	void	 (*before)(void *arg);	/* called before every try, to sign it anew; may be NULL */
	void	*before_arg;
};

/*
 * http_do() under the policy. answer is that of the last try; *ntries may be
 * NULL. 0: an answer, its status the caller's to judge (a 5xx or 429 that
 * outlived the tries too). -1: as http_do(), or TEMPORARY where a server asks
 * for a longer wait than we grant.
 */
int	 http_try(struct http *, const struct http_request *, struct http_policy *, struct http_answer *,
    int *ntries, struct err *) TC_MUST_CHECK;

/* Seconds to wait by a Retry-After value ("3", "2.5", HTTP date, epoch), rounded up; 0 for a past date, -1 where it says nothing usable. */
long	 http_retry_after(const char *value, int64_t now);

/* Sleeps, woken by *stop (may be NULL); returns false when stopped. */
bool	 http_wait(long ms, volatile int *stop);

#endif
