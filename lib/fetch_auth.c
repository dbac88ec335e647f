#include "fetch_auth.h"

#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "fetch_get.h"
#include "http_retry.h"
#include "limit.h"
#include "log.h"
#include "scan.h"
#include "xmalloc.h"

/* "Basic " + base64(user:password) */
static int
basic(struct fetch_auth_state *s, const struct fetch_vars *v, struct err *err)
{
	struct buf plain;
	char *b64;
	int rc = -1;

	buf_init(&plain, LIMIT_SECRET);
	if (fetch_template_expand(s->def->user, v, &plain, err) == 0 && buf_addc(&plain, ':') == 0 &&
	    fetch_template_expand(s->def->password, v, &plain, err) == 0) {
		b64 = xmalloc(plain.len / 3 * 4 + 8);
		EVP_EncodeBlock((unsigned char *)b64, (const unsigned char *)plain.bytes, (int)plain.len);
		log_secret(b64, strlen(b64));
		rc = buf_addf(&s->value, "Basic %s", b64) == 0 ? 0 : err_set(err, REASON_USAGE, "the credentials are too long");
		free(b64);
	}
	buf_release(&plain);
	return rc;
}

static int
oauth2(struct fetch_auth_state *s, const struct fetch_vars *v, struct err *err)
{
	if (fetch_template_expand(s->def->token, v, &s->token_url, err) == -1 ||
	    buf_addz(&s->token_body, "grant_type=client_credentials&client_id=") == -1 ||
	    fetch_template_expand(s->def->user, v, &s->token_body, err) == -1)
		return -1;
	if (s->def->password != NULL && (buf_addz(&s->token_body, "&client_secret=") == -1 ||
	    fetch_template_expand(s->def->password, v, &s->token_body, err) == -1))
		return -1;
	if (s->def->scope != NULL && (buf_addz(&s->token_body, "&scope=") == -1 ||
	    http_encode(s->def->scope, strlen(s->def->scope), &s->token_body) == -1))
		return err_set(err, REASON_USAGE, "the scope is too long");
	return 0;
}

static int
certificate(struct fetch_auth_state *s, const struct fetch_vars *v, struct http_options *o, struct err *err)
{
	if (fetch_template_expand(s->def->cert_file, v, &s->cert_file, err) == -1 ||
	    (s->def->key_file != NULL && fetch_template_expand(s->def->key_file, v, &s->key_file, err) == -1) ||
	    (s->def->password != NULL && fetch_template_expand(s->def->password, v, &s->key_password, err) == -1))
		return -1;
	o->client_cert = s->cert_file.bytes;
	o->client_key = s->def->key_file != NULL ? s->key_file.bytes : NULL;
	o->client_key_password = s->def->password != NULL ? s->key_password.bytes : NULL;
	return 0;
}

int
fetch_auth_prepare(struct fetch_auth_state *s, const struct fetch_def *def, const struct params *params,
    struct http_options *o, struct err *err)
{
	struct fetch_vars v = { .params = params };

	memset(s, 0, sizeof(*s));
	s->def = def;
	buf_init(&s->value, LIMIT_SECRET);
	buf_init(&s->token_url, 16 * KIB);
	buf_init(&s->token_body, LIMIT_SECRET * 4);
	buf_init(&s->cert_file, 4096);
	buf_init(&s->key_file, 4096);
	buf_init(&s->key_password, LIMIT_SECRET);
	switch (def->auth) {
	case AUTH_NONE:
		return 0;
	case AUTH_BASIC:
		return basic(s, &v, err);
	case AUTH_BEARER:
		return buf_addz(&s->value, "Bearer ") == -1 ? -1 : fetch_template_expand(def->token, &v, &s->value, err);
	case AUTH_HEADER:
	case AUTH_QUERY:
		return fetch_template_expand(def->token, &v, &s->value, err);
	case AUTH_OAUTH2:
		return oauth2(s, &v, err);
	case AUTH_CERTIFICATE:
		return certificate(s, &v, o, err);
	}
	return 0;
}

void
fetch_auth_release(struct fetch_auth_state *s)
{
	if (s->def == NULL)
		return;
	buf_release(&s->value);
	buf_release(&s->token_url);
	buf_release(&s->token_body);
	buf_release(&s->cert_file);
	buf_release(&s->key_file);
	buf_release(&s->key_password);
	s->def = NULL;
}

/* {"access_token": "...", "expires_in": 3600} */
static int
read_token(struct fetch_auth_state *s, const struct http_answer *a, struct err *err)
{
	struct buf token;
	struct scan sc;
	uint32_t i;
	int rc = -1;

	scan_init(&sc);
	buf_init(&token, LIMIT_SECRET);
	if (scan_text(&sc, a->body.bytes, a->body.len, err) == 0 && (i = scan_member(&sc, 0, "access_token")) != SCAN_NONE &&
	    sc.node[i].type == SCAN_STRING && scan_string(&sc, i, &token) == 0 && token.len > 0) {
		log_secret(token.bytes, token.len);
		buf_clear(&s->value);
		rc = buf_addf(&s->value, "Bearer %s", token.bytes);
		s->have_token = rc == 0;
		i = scan_member(&sc, 0, "expires_in");
		s->expires_ms = 0;
		if (i != SCAN_NONE && sc.node[i].type == SCAN_NUMBER)
			s->expires_ms = date_monotonic_ms() + (strtol(scan_bytes(&sc, i), NULL, 10) - 30) * 1000;
	}
	if (rc == -1)
		err_set(err, REASON_CONTRACT, "the token service answered without an access_token");
	scan_release(&sc);
	buf_release(&token);
	return rc;
}

static int
get_token(struct fetch_auth_state *s, struct http *http, struct err *err)
{
	struct http_header header[] = { { "Content-Type", "application/x-www-form-urlencoded" }, { "Accept", "application/json" } };
	struct http_request req = { .method = "POST", .header = header, .nheader = 2, .max_body = 256 * KIB };
	struct http_policy policy = { .retry_503 = true };
	struct http_answer a;
	char label[256];
	int rc;

	req.url = s->token_url.bytes;
	req.body = s->token_body.bytes;
	req.body_len = s->token_body.len;
	req.stop = s->stop;
	http_answer_init(&a);
	http_label(req.url, label, sizeof(label));
	rc = http_try(http, &req, &policy, &a, NULL, err);
	if (rc == 0 && (a.status == 400 || a.status == 401 || a.status == 403))
		rc = err_set(err, REASON_AUTH, "the token service rejects the credentials (%ld from %s): check %s", a.status, label,
		    fetch_auth_who(s->def));
	else if (rc == 0 && a.status != 200)
		rc = err_set(err, a.status >= 500 ? REASON_TEMPORARY : REASON_CONTRACT, "the token service answered %ld from %s",
		    a.status, label);
	else if (rc == 0)
		rc = read_token(s, &a, err);
	http_answer_release(&a);
	return rc;
}

int
fetch_auth_headers(struct fetch_auth_state *s, struct http *http, struct http_header *header, int *n, struct err *err)
{
	const char *name = "Authorization";

	switch (s->def->auth) {
	case AUTH_OAUTH2:
		if ((!s->have_token || (s->expires_ms != 0 && date_monotonic_ms() >= s->expires_ms)) && get_token(s, http, err) == -1)
			return -1;
		break;
	case AUTH_HEADER:
		name = s->def->auth_name;
		break;
	case AUTH_BASIC:
	case AUTH_BEARER:
		break;
	default:
		return 0;
	}
	header[(*n)++] = (struct http_header){ name, s->value.bytes };
	return 0;
}

static bool
has_member(const char *url, const char *name)
{
	size_t n = strlen(name);
	const char *s;

	for (s = strchr(url, '?'); s != NULL; s = strchr(s + 1, '&'))
		if (strncmp(s + 1, name, n) == 0 && s[1 + n] == '=')
			return true;
	return false;
}

int
fetch_auth_query(struct fetch_auth_state *s, struct fetch_request *r, struct err *err)
{
	if (s->def->auth != AUTH_QUERY)
		return 0;
	if (has_member(r->url.bytes, s->def->auth_name))
		return 0;		/* a next link that carries it along */
	/* the value is encoded already: the template's place is a URL */
	if (buf_addf(&r->url, "%c", strchr(r->url.bytes, '?') != NULL ? '&' : '?') == -1 ||
	    http_encode(s->def->auth_name, strlen(s->def->auth_name), &r->url) == -1 ||
	    buf_addf(&r->url, "=%s", s->value.bytes) == -1)
		return err_set(err, REASON_CONTRACT, "a request's URL is too long");
	return 0;
}

bool
fetch_auth_renewable(struct fetch_auth_state *s)
{
	if (s->def->auth != AUTH_OAUTH2 || !s->have_token)
		return false;
	s->have_token = false;
	return true;
}

const char *
fetch_auth_who(const struct fetch_def *def)
{
	if (def->credentials[0] != '\0')
		return def->credentials;
	return def->auth != AUTH_NONE || def->has_credentials ? "the credentials in the definition" :
	    "whether the feed needs credentials (the definition has none)";
}
