/*
 * The feed's credentials: made once from parameters, put on each request.
 * OAuth2 client credentials: the token is fetched at first need, kept for the
 * run, renewed once when the feed answers 401.
 */
#ifndef TC_FETCH_AUTH_H
#define TC_FETCH_AUTH_H

#include "fetch_def.h"
#include "http.h"
#include "params.h"

struct fetch_request;

struct fetch_auth_state {
	const struct fetch_def	*def;
	struct buf		 value;		/* of the Authorization or named header, or the query's value */
	struct buf		 token_url, token_body;	/* oauth2 */
	struct buf		 cert_file, key_file, key_password;	/* certificate */
	bool			 have_token;
	int64_t			 expires_ms;	/* monotonic; 0: not said */
	volatile int		*stop;
};

/* Client certificate, key and the key's password go into the options, where there are any. */
int	 fetch_auth_prepare(struct fetch_auth_state *, const struct fetch_def *, const struct params *,
    struct http_options *, struct err *) TC_MUST_CHECK;
void	 fetch_auth_release(struct fetch_auth_state *);

/* Adds at most one header at header[*n]; fetches an OAuth2 token where one is needed. */
int	 fetch_auth_headers(struct fetch_auth_state *, struct http *, struct http_header *header, int *n, struct err *) TC_MUST_CHECK;
/* Adds the query member of auth type query. */
int	 fetch_auth_query(struct fetch_auth_state *, struct fetch_request *, struct err *) TC_MUST_CHECK;
/* After a 401: can a new token be had? Forgets the old one. */
bool	 fetch_auth_renewable(struct fetch_auth_state *);

/* For messages: "parameter api_key" or "the auth member of the definition". */
const char *fetch_auth_who(const struct fetch_def *);

#endif
