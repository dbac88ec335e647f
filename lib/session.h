/*
 * Talking to the platform with credentials (runtime-app.md sections 4-6).
 *
 * Parameters used: tc_api_path, tc_token, tc_token_expires, api_access_id,
 * api_secret_key (and their tc_ spellings), tc_verify, tc_proxy_*, ca_file.
 * A token is kept in a 0600 file under a lock beside the state, so that
 * several commands share it and one of them renews it (window 600 s); keys
 * sign every try anew. 401: renew, repeat once. Token wins over keys.
 */
#ifndef TC_SESSION_H
#define TC_SESSION_H

#include "http.h"
#include "http_retry.h"
#include "params.h"

struct session;

int	 session_open(struct session **, const struct params *, volatile int *stop, struct err *) TC_MUST_CHECK;
void	 session_close(struct session *);

/*
 * One call: path is relative to tc_api_path and starts with "/v2/..." as it
 * goes on the wire (already encoded). req->url is ignored; headers are added
 * to. idempotent: may be retried by http_try; else tried again only where
 * nothing was sent. Fills err for transport, credentials (AUTH; a clock off by
 * more than 300 s is named with the seconds); other statuses are the caller's.
 */
int	 session_call(struct session *, const char *path, struct http_request *req, bool idempotent,
    struct http_answer *, struct err *) TC_MUST_CHECK;

const char *session_host(const struct session *);	/* for messages */
bool	 session_has_token(const struct session *);

#endif
