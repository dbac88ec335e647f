#include "sandbox/auth.h"

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hash.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "text.h"
#include "xmalloc.h"

#define CLOCK_TOLERANCE 300	/* seconds (runtime-app.md section 5) */
#define TOKENS 16		/* renewed tokens remembered, so that an old one is told from an unknown one */

struct auth {
	char		*access_id, *secret_key;
	char		*token;
	long long	 expires;
	char		*old[TOKENS];
	size_t		 nold;
	bool		 revoked, refuse;
	unsigned	 serial;
};

static char *
random_text(const char *prefix, size_t bytes, const char *suffix)
{
	unsigned char raw[64];
	char hex[2 * sizeof(raw) + 1], *text;
	size_t size;

	if (bytes > sizeof(raw) || RAND_bytes(raw, (int)bytes) != 1)
		abort();
	text_hex(hex, raw, bytes);
	size = strlen(prefix) + 2 * bytes + strlen(suffix) + 1;
	text = xmalloc(size);
	snprintf(text, size, "%s%s%s", prefix, hex, suffix);
	return text;
}

/* A job's token: opaque, with the bytes that need encoding in a query (runtime-app.md section 4). */
static void
new_token(struct auth *a, const struct instance *in)
{
	char suffix[64];

	a->expires = instance_now(in) + in->token_life;
	snprintf(suffix, sizeof(suffix), "+/:%lld:%u:7=", a->expires, ++a->serial);
	a->token = random_text("JOB:1:", 32, suffix);
	log_secret(a->token, strlen(a->token));
}

static char *
from_file(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) && !json_object_is_type(v, json_type_null) ?
	    xstrdup(json_object_get_string(v)) : NULL;
}

static int
read_credentials(struct auth *a, const char *file, struct err *err)
{
	struct json_object *o;
	struct stat st;
	char *bytes, *number;
	size_t len;

	if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		return err_set(err, REASON_USAGE, "refusing credentials %s: others may read it (chmod 600 %s)", file, file);
	if (io_slurp(file, LIMIT_PARAMS, &bytes, &len, err) == -1)
		return -1;
	o = json_tokener_parse(bytes);
	memset(bytes, 0, len);
	free(bytes);
	if (o == NULL || !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return err_set(err, REASON_USAGE, "credentials %s are no JSON object", file);
	}
	a->access_id = from_file(o, "api_access_id");
	a->secret_key = from_file(o, "api_secret_key");
	a->token = from_file(o, "tc_token");
	number = from_file(o, "tc_token_expires");
	a->expires = number != NULL ? atoll(number) : 0;
	free(number);
	json_object_put(o);
	return 0;
}

struct auth *
auth_new(const struct instance *in, const char *file, struct err *err)
{
	struct auth *a = xcalloc(1, sizeof(*a));

	if (file != NULL && read_credentials(a, file, err) == -1) {
		auth_free(a);
		return NULL;
	}
	if (a->access_id == NULL)
		a->access_id = random_text("", 10, "");
	if (a->secret_key == NULL)
		a->secret_key = random_text("", 32, "");
	if (a->token == NULL)
		new_token(a, in);
	else if (a->expires == 0)
		a->expires = instance_now(in) + in->token_life;
	log_secret(a->secret_key, strlen(a->secret_key));
	log_secret(a->token, strlen(a->token));
	return a;
}

void
auth_free(struct auth *a)
{
	size_t i;

	if (a == NULL)
		return;
	free(a->access_id);
	free(a->secret_key);
	free(a->token);
	for (i = 0; i < a->nold; i++)
		free(a->old[i]);
	free(a);
}

static bool
same(const char *x, const char *y)
{
	size_t n = strlen(x);

	return n == strlen(y) && CRYPTO_memcmp(x, y, n) == 0;
}

static enum caller
deny(const struct request *r, struct answer *answer, const char *text, const char *why)
{
	answer_text(answer, 401, "%s", text);
	log_info("refused %s %s: 401 %s: %s", r->method, r->path, text, why);
	return CALLER_NONE;
}

static enum caller
check_token(struct instance *in, const struct request *r, const char *token, struct answer *answer)
{
	struct auth *a = in->auth;
	size_t i;

	if (a->revoked)
		return deny(r, answer, "Unauthorized", "the token was revoked");
	if (!same(token, a->token)) {
		for (i = 0; i < a->nold; i++)
			if (same(token, a->old[i]))
				return deny(r, answer, "Unauthorized", "the token was renewed and the old one is void");
		return deny(r, answer, "Unauthorized", "the token is unknown");
	}
	/* long-lived tokens never need renewal */
	if (instance_now(in) >= a->expires && strncmp(token, "APIV2", 5) != 0)
		return deny(r, answer, "Unauthorized", "the token has expired; renew it at /appAuth");
	return CALLER_TOKEN;
}

/* runtime-app.md section 5: PATH_AND_QUERY ":" METHOD ":" TIMESTAMP */
static enum caller
check_signature(struct instance *in, const struct request *r, const char *given, struct answer *answer)
{
	const char *stamp = request_header(r, "Timestamp"), *colon = strrchr(given, ':');
	struct auth *a = in->auth;
	char want[45], why[96];
	long long t, now = instance_now(in);
	struct buf text;
	char *end;

	if (stamp == NULL || colon == NULL)
		return deny(r, answer, "Access Denied", "a signature needs the headers Timestamp and Authorization: TC id:signature");
	if ((size_t)(colon - given) != strlen(a->access_id) || strncmp(given, a->access_id, strlen(a->access_id)) != 0)
		return deny(r, answer, "Access Denied", "the access id is unknown");
	t = strtoll(stamp, &end, 10);
	if (end == stamp || *end != '\0')
		return deny(r, answer, "Timestamp out of acceptable time range", "the Timestamp is no number of seconds");
	if (t > now + CLOCK_TOLERANCE || t < now - CLOCK_TOLERANCE) {
		snprintf(why, sizeof(why), "the Timestamp is %lld s off; 300 s are allowed", t - now);
		return deny(r, answer, "Timestamp out of acceptable time range", why);
	}
	buf_init(&text, 2 * LIMIT_HEADER);
	if (buf_addf(&text, "%s:%s:%s", r->target, r->method, stamp) == -1) {
		buf_release(&text);
		return deny(r, answer, "Access Denied", "the request line is too long");
	}
	hash_hmac_base64(want, a->secret_key, strlen(a->secret_key), text.bytes, text.len);
	buf_release(&text);
	if (!same(colon + 1, want))
		return deny(r, answer, "Signature data did not match",
		    "the signature is not that of the path and query as sent, the method and the Timestamp");
	return CALLER_KEYS;
}

enum caller
auth_check(struct instance *in, const struct request *r, struct answer *answer)
{
	const char *h = request_header(r, "Authorization");

	if (h == NULL)
		return deny(r, answer, "Access Denied", "there is no Authorization header");
	if (strncmp(h, "TC-Token ", 9) == 0)
		return check_token(in, r, h + 9, answer);
	if (strncmp(h, "TC ", 3) == 0)
		return check_signature(in, r, h + 3, answer);
	return deny(r, answer, "Access Denied", "the Authorization header is neither TC-Token nor TC");
}

static void
refuse_renewal(struct answer *answer, const char *why)
{
	answer_json(answer, 200, "{\"success\":false,\"message\":\"%s\"}", why);
	log_info("refused GET /appAuth: %s", why);
}

void
auth_renew(struct instance *in, const struct request *r, struct answer *answer)
{
	struct auth *a = in->auth;
	char token[LIMIT_SECRET];

	if (request_header(r, "Authorization") != NULL)
		log_info("GET /appAuth came with an Authorization header, which the call does not take");
	if (!request_query(r, "expiredToken", token, sizeof(token))) {
		refuse_renewal(answer, "expiredToken is missing");
		return;
	}
	if (a->revoked || a->refuse || !same(token, a->token)) {
		refuse_renewal(answer, a->revoked || a->refuse ? "Token renewal was refused" : "Unknown token");
		return;
	}
	if (a->nold == TOKENS) {
		free(a->old[0]);
		memmove(a->old, a->old + 1, sizeof(a->old) - sizeof(a->old[0]));
		a->nold--;
	}
	a->old[a->nold++] = a->token;
	new_token(a, in);
	answer_json(answer, 200, "{\"success\":true,\"apiToken\":\"%s\",\"apiTokenExpires\":%lld}", a->token, a->expires);
	log_info("the token was renewed; the old one is void");
}

void
auth_revoke(struct auth *a)
{
	a->revoked = true;
}

void
auth_refuse_renewals(struct auth *a, bool refuse)
{
	a->refuse = refuse;
}

const char *
auth_access_id(const struct auth *a)
{
	return a->access_id;
}

const char *
auth_secret_key(const struct auth *a)
{
	return a->secret_key;
}

const char *
auth_token(const struct auth *a, long long *expires)
{
	*expires = a->expires;
	return a->token;
}
