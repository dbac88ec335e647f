#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "hash.h"
#include "limit.h"
#include "log.h"
#include "session_token.h"
#include "text.h"
#include "xmalloc.h"

#define CLOCK_LIMIT	300	/* seconds the platform's clock and ours may differ (runtime-app.md section 5) */
#define MORE_HEADERS	2

struct session {
	struct http	*http;
	struct http_policy policy;
	char		*base;		/* tc_api_path without closing '/' */
	const char	*prefix;	/* its path, inside base: "/api" */
	char		 label[256];
	struct session_token token;	/* .text NULL: keys sign */
	char		*id, *key;
	volatile int	*stop;
};

/* --- opening --- */

/* runtime-app.md section 6: host and port both, credentials both, else none and a warning. */
static void
proxy_options(const struct params *p, struct http_options *o, struct err *err)
{
	const char *host = params_get(p, "tc_proxy_host"), *user = params_get(p, "tc_proxy_username"),
	    *password = params_get(p, "tc_proxy_password");
	long long port = params_int(p, "tc_proxy_port", 0, err);

	if (!params_true(p, "tc_proxy_tc", false) || err->reason != REASON_NONE)
		return;
	if (host == NULL || port < 1 || port > 65535) {
		log_warning("tc_proxy_tc is set, but tc_proxy_host and tc_proxy_port name no proxy: the platform is asked directly");
		return;
	}
	o->proxy_host = host;
	o->proxy_port = (long)port;
	if ((user == NULL) != (password == NULL))
		log_warning("the proxy needs both tc_proxy_username and tc_proxy_password: neither is used");
	else if (user != NULL) {
		o->proxy_user = user;
		o->proxy_password = password;
	}
}

static int
set_base(struct session *s, const struct params *p, struct err *err)
{
	const char *path = params_get(p, "tc_api_path"), *host;
	struct buf url;
	size_t n;

	if (path == NULL)
		return err_set(err, REASON_USAGE,
		    "no platform is configured: set tc_api_path (https://HOST/api) in platform.json or TC_API_PATH");
	buf_init(&url, 4096);
	if (http_resolve(NULL, path, &url, err) == -1) {
		buf_release(&url);
		err->reason = REASON_USAGE;
		return err_prefix(err, "tc_api_path");
	}
	if (strchr(url.bytes, '?') != NULL) {
		buf_release(&url);
		return err_set(err, REASON_USAGE, "tc_api_path must not hold a query");
	}
	s->base = buf_take(&url, NULL);
	buf_release(&url);
	for (n = strlen(s->base); n > 0 && s->base[n - 1] == '/'; n--)
		s->base[n - 1] = '\0';
	host = strstr(s->base, "://") + 3;
	s->prefix = host + strcspn(host, "/");
	http_label(s->base, s->label, sizeof(s->label));
	if (strncmp(s->base, "https://", 8) != 0 && !http_is_loopback(s->base))
		return err_set(err, REASON_USAGE, "tc_api_path %s: the platform is only talked to by https", s->label);
	return 0;
}

static int
set_credentials(struct session *s, const struct params *p, struct err *err)
{
	const char *token = params_get(p, "tc_token"), *id = params_get(p, "api_access_id"),
	    *key = params_get(p, "api_secret_key");
	long long expires = params_int(p, "tc_token_expires", 0, err);

	if (err->reason != REASON_NONE)
		return -1;
	if (token != NULL) {
		if (strpbrk(token, "\r\n") != NULL || strlen(token) > LIMIT_SECRET)
			return err_set(err, REASON_USAGE, "tc_token is no token: line breaks in it, or longer than %zu bytes", LIMIT_SECRET);
		session_token_init(&s->token, s->base, token, expires > 0 ? expires : 0);
		return 0;
	}
	if (id == NULL || key == NULL)
		return err_set(err, REASON_USAGE, "no credentials for %s: %s", s->label,
		    id == NULL && key == NULL ? "tc_token, or api_access_id and api_secret_key, are needed" :
		    id == NULL ? "api_access_id is missing" : "api_secret_key is missing");
	if (strpbrk(id, "\r\n:") != NULL || strlen(id) > LIMIT_SECRET || strlen(key) > LIMIT_SECRET)
		return err_set(err, REASON_USAGE, "api_access_id or api_secret_key cannot be right: ':', a line break, or longer than %zu bytes",
		    LIMIT_SECRET);
	s->id = xstrdup(id);
	s->key = xstrdup(key);
	log_secret(key, strlen(key));
	return 0;
}

int
session_open(struct session **out, const struct params *p, volatile int *stop, struct err *err)
{
	struct http_options o = { .low_speed_bytes = 1, .low_speed_seconds = 300 };
	struct session *s = xcalloc(1, sizeof(*s));

	err->reason = REASON_NONE;
	s->stop = stop;
	s->policy.tries = 4;
	s->policy.base_ms = 300;
	proxy_options(p, &o, err);
	o.ca_file = params_get(p, "ca_file");
	o.insecure = !params_true(p, "tc_verify", true);
	if (err->reason != REASON_NONE || set_base(s, p, err) == -1 || set_credentials(s, p, err) == -1 ||
	    (s->http = http_new(&o, err)) == NULL) {
		session_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
session_close(struct session *s)
{
	if (s == NULL)
		return;
	http_free(s->http);
	session_token_release(&s->token);
	if (s->key != NULL)
		explicit_bzero(s->key, strlen(s->key));
	free(s->key);
	free(s->id);
	free(s->base);
	free(s);
}

const char *
session_host(const struct session *s)
{
	return s->label;
}

bool
session_has_token(const struct session *s)
{
	return s->token.text != NULL;
}

/* --- reading answers --- */

struct json_object *
session_json(const struct http_answer *a)
{
	struct json_tokener *tok;
	struct json_object *root;
	size_t len = a->body.len;

	while (len > 0 && strchr(" \t\r\n", a->body.bytes[len - 1]) != NULL && a->body.bytes[len - 1] != '\0')
		len--;
	if (len == 0 || len > INT32_MAX)
		return NULL;
	tok = json_tokener_new_ex(LIMIT_DEPTH);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tok, a->body.bytes, (int)len);
	/* a number at the very end is only over when the tokener is told so */
	if (root == NULL && json_tokener_get_error(tok) == json_tokener_continue)
		root = json_tokener_parse_ex(tok, "", 1);
	else if (json_tokener_get_error(tok) != json_tokener_success || json_tokener_get_parse_end(tok) != len) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tok);
	return root;
}

struct json_object *
session_get(struct json_object *at, const char *path)
{
	char part[64];
	size_t n;

	while (at != NULL) {
		n = strcspn(path, ".");
		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		if (!json_object_is_type(at, json_type_object) || !json_object_object_get_ex(at, part, &at))
			return NULL;
		if (path[n] == '\0')
			return at;
		path += n + 1;
	}
	return NULL;
}

const char *
session_word(struct json_object *o, const char *name)
{
	struct json_object *v = session_get(o, name);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

const char *
session_says(const struct http_answer *a, char *out, size_t size)
{
	struct json_object *root = session_json(a), *text = session_get(root, "message");

	if (text == NULL)
		text = session_get(root, "description");
	if (json_object_is_type(text, json_type_string))
		text_safe(out, size, json_object_get_string(text), (size_t)json_object_get_string_len(text));
	else if (a->body.len > 0)
		text_safe(out, size, a->body.bytes, a->body.len < 500 ? a->body.len : 500);
	else
		snprintf(out, size, "(no text)");
	json_object_put(root);
	return out;
}

/* --- calling --- */

int
session_sign(const char *id, const char *key, const char *method, const char *path_and_query, int64_t when, struct buf *out)
{
	char signature[45];
	struct buf text;
	int rc;

	buf_init(&text, 16 * KIB);
	rc = buf_addf(&text, "%s:%s:%lld", path_and_query, method, (long long)when);
	if (rc == 0) {
		hash_hmac_base64(signature, key, strlen(key), text.bytes, text.len);
		rc = buf_addf(out, "TC %s:%s", id, signature);
	}
	buf_release(&text);
	return rc;
}

/* What one call needs between its tries. */
struct call {
	struct session	*s;
	const char	*method, *path_and_query;
	struct http_header *header;	/* the two that are ours, at the end of the list */
	struct buf	 authorization;
	char		 timestamp[24];
};

/* Called before every try: a signature is good for one moment only. */
static void
authorize(void *arg)
{
	struct call *c = arg;
	int64_t now = time(NULL);
	int rc;

	buf_clear(&c->authorization);
	if (c->s->token.text != NULL)
		rc = buf_addf(&c->authorization, "TC-Token %s", c->s->token.text);
	else
		rc = session_sign(c->s->id, c->s->key, c->method, c->path_and_query, now, &c->authorization);
	if (rc == -1)
		buf_clear(&c->authorization);	/* too long to be true: the platform will say so */
	snprintf(c->timestamp, sizeof(c->timestamp), "%lld", (long long)now);
	c->header[0].name = "Authorization";
	c->header[0].value = c->authorization.bytes;
	c->header[1].name = "Timestamp";
	c->header[1].value = c->timestamp;
}

/* A 401 that no other token would change: its text says what is not permitted (batch-api.md section 1). */
static bool
about_permission(const struct http_answer *a)
{
	return strcasestr(a->body.bytes, "permission") != NULL || strcasestr(a->body.bytes, "permitted") != NULL ||
	    strcasestr(a->body.bytes, "not authorized to") != NULL;
}

/* Why the platform lets us not in, and what can be done about it. */
static int
refused(const struct session *s, const struct http_answer *a, struct err *err)
{
	int64_t off = a->server_date >= 0 ? (int64_t)time(NULL) - a->server_date : 0;
	char says[300];

	session_says(a, says, sizeof(says));
	if (about_permission(a))
		return err_set(err, REASON_AUTH, "%s: the API user may not do this: %s", s->label, says);
	if (s->token.text != NULL)
		return err_set(err, REASON_AUTH, "%s rejects the token: %s", s->label, says);
	if (off > CLOCK_LIMIT || off < -CLOCK_LIMIT)
		return err_set(err, REASON_AUTH, "%s: this machine's clock differs from the platform's by %lld s (by its Date header), %d are granted: set the clock",
		    s->label, (long long)(off < 0 ? -off : off), CLOCK_LIMIT);
	if (strcasestr(says, "signature") != NULL)
		return err_set(err, REASON_AUTH, "%s refuses the signature: check api_secret_key and the path in tc_api_path: %s",
		    s->label, says);
	return err_set(err, REASON_AUTH, "%s rejects the credentials of api_access_id: %s", s->label, says);
}

static int
perform(struct session *s, struct http_request *req, unsigned flags, struct call *c, struct http_answer *a, struct err *err)
{
	struct err why = { 0 };
	int rc;

	if (s->token.text != NULL && session_token_ready(&s->token, s->http, s->stop, err) == -1)
		return -1;
	s->policy.before = authorize;
	s->policy.before_arg = c;
	rc = http_try(s->http, req, &s->policy, a, NULL, err);
	if (rc == -1 || a->status != 401 || (flags & SESSION_401_MINE))
		return rc;
	if (s->token.text != NULL && !about_permission(a)) {
		/* once: another command may just have renewed it, or it ended early */
		if (session_token_again(&s->token, s->http, s->stop, &why) == -1) {
			refused(s, a, err);
			return err_prefix(err, "%s", why.text);
		}
		if (req->source != NULL && (req->rewind == NULL || req->rewind(req->source_arg) == -1))
			return refused(s, a, err);
		rc = http_try(s->http, req, &s->policy, a, NULL, err);
		if (rc == -1 || a->status != 401)
			return rc;
	}
	return refused(s, a, err);
}

int
session_call(struct session *s, const char *path, struct http_request *req, unsigned flags, struct http_answer *a, struct err *err)
{
	struct http_request mine = *req;
	struct http_header *header = xcalloc((size_t)req->nheader + MORE_HEADERS, sizeof(*header));
	struct call c = { .s = s, .method = req->method, .header = header + req->nheader };
	struct buf url;
	int rc;

	buf_init(&url, 16 * KIB);
	buf_init(&c.authorization, 2 * LIMIT_SECRET);
	if (req->nheader > 0)
		memcpy(header, req->header, (size_t)req->nheader * sizeof(*header));
	if (buf_addz(&url, s->base) == -1 || buf_addz(&url, path) == -1)
		rc = err_set(err, REASON_USAGE, "a path for %s is too long", s->label);
	else {
		mine.url = url.bytes;
		mine.header = header;
		mine.nheader = req->nheader + MORE_HEADERS;
		mine.once = !(flags & SESSION_IDEMPOTENT);
		mine.stop = s->stop;
		c.path_and_query = url.bytes + (s->prefix - s->base);
		rc = perform(s, &mine, flags, &c, a, err);
	}
	explicit_bzero(c.authorization.bytes, c.authorization.len);
	buf_release(&c.authorization);
	buf_release(&url);
	free(header);
	return rc;
}
