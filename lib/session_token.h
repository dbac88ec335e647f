/*
 * The platform's token: when it ends, who renews it, where the new one is kept.
 *
 * All commands of a run are started with the same token; the first that finds
 * it near its end renews it under a lock and writes the new one to
 * STATE/token-HASH.json (0600), HASH being that of API path and first token.
 * A state directory that cannot be used only means that nothing is shared.
 *
 * Ownership: the struct is the caller's, its texts are its own and go, wiped,
 * with session_token_release().
 * Units: epoch seconds.
 */
#ifndef TC_SESSION_TOKEN_H
#define TC_SESSION_TOKEN_H

#include "http.h"

struct session_token {
	char	*text;		/* the one to use; NULL: no token */
	int64_t	 expires;	/* epoch seconds, 0: not known */
	char	*base;		/* tc_api_path */
	char	*file, *lock;	/* NULL: not shared */
	int	 failed;	/* renewals refused in a row */
};

void	 session_token_init(struct session_token *, const char *base, const char *token, int64_t expires);
void	 session_token_release(struct session_token *);

/* Before a request: renews when it is time. -1 (AUTH, TEMPORARY) only where the token is over and no new one could be had. */
int	 session_token_ready(struct session_token *, struct http *, volatile int *stop, struct err *) TC_MUST_CHECK;
/* After a 401: another command's new token, or a renewal. -1 (AUTH): none to be had. */
int	 session_token_again(struct session_token *, struct http *, volatile int *stop, struct err *) TC_MUST_CHECK;

#endif
