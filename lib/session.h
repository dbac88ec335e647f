/*
 * Talking to the platform with credentials (runtime-app.md sections 4-6).
 *
 * Parameters used: tc_api_path, tc_token, tc_token_expires, api_access_id,
 * api_secret_key (and their tc_ spellings), tc_verify, tc_proxy_*, ca_file.
 * A renewed token is kept in a 0600 file under a lock beside the state, so
 * that several commands share it and one of them renews it (window 600 s, a
 * token that begins with APIV2 never); keys sign every try anew. 401: renew,
 * repeat once. Token wins over keys.
 *
 * Ownership: session_close() frees the session and wipes its key; it points at
 * *stop, the parameters may go after session_open(). Requests and answers as in
 * http.h. What session_get() and session_word() lend belongs to the JSON
 * object.
 * Errors: -1 with err: USAGE, AUTH, and what http_do() and http_try() have.
 */
#ifndef TC_SESSION_H
#define TC_SESSION_H

#include <json-c/json.h>

#include "http.h"
#include "http_retry.h"
#include "params.h"

struct session;

/* USAGE where parameters are missing or no use; nothing is asked of the network yet. */
int	 session_open(struct session **, const struct params *, volatile int *stop, struct err *) TC_MUST_CHECK;
void	 session_close(struct session *);

enum {
	SESSION_IDEMPOTENT = 1,	/* may be repeated by http_try; else only where nothing was sent */
	SESSION_401_MINE = 2	/* a 401 is an answer, not a matter of credentials (group file uploads) */
};

/*
 * One call: path is relative to tc_api_path and starts with "/v2/..." as it
 * goes on the wire (already encoded). req->url, once and stop are ours; headers
 * are added to. Fills err for transport and credentials (AUTH; a clock off by
 * more than 300 s is named with the seconds; a 401 that speaks of permission is
 * AUTH too); other statuses are the caller's.
 */
int	 session_call(struct session *, const char *path, struct http_request *req, unsigned flags,
    struct http_answer *, struct err *) TC_MUST_CHECK;

const char *session_host(const struct session *);	/* for messages */
bool	 session_has_token(const struct session *);

/* The answer's body as JSON, whatever its content type says; NULL: not JSON. The caller puts it. */
struct json_object *session_json(const struct http_answer *);
/* What an answer that is an error says for itself: message or description of a JSON body, else its text; at most size bytes, safe to print. */
const char *session_says(const struct http_answer *, char *out, size_t size);
/* The member of a JSON object by a dotted path ("data.batchStatus.id"), or NULL. */
struct json_object *session_get(struct json_object *, const char *path);
/* A text member, "" where there is none. */
const char *session_word(struct json_object *, const char *name);

/* The Authorization value "TC ID:signature" for a request line's path and query (runtime-app.md section 5). */
int	 session_sign(const char *id, const char *key, const char *method, const char *path_and_query,
    int64_t when, struct buf *out) TC_MUST_CHECK;

#endif
