#include "fetch_get.h"

#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "date.h"
#include "fetch_auth.h"
#include "http_retry.h"
#include "limit.h"
#include "log.h"
#include "text.h"
#include "xmalloc.h"

#define MAX_REDIRECTS 5
#define MAX_HEADERS 32

struct fetcher {
	const struct fetch_def	*def;
	const struct params	*params;
	struct http		*http;
	struct http_policy	 policy;
	struct fetch_auth_state	 auth;
	struct buf		 origin;	/* the configured URL, for comparisons */
	volatile int		*stop;
	long			 requests, used;
	int64_t			 deadline_ms;	/* monotonic, of the run */
	int64_t			 last_ms;	/* monotonic, start of the last request */
	long			 wait_ms;	/* before the next one: a rate limit's word */
	long			 limit_waited_ms;
};

void
fetch_request_init(struct fetch_request *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->url, 16 * KIB);
	buf_init(&r->body, 1 * MIB);
}

void
fetch_request_clear(struct fetch_request *r)
{
	buf_clear(&r->url);
	buf_clear(&r->body);
	r->etag = r->last_modified = NULL;
	r->nextra = 0;
	r->attachment = r->probe = false;
}

void
fetch_request_release(struct fetch_request *r)
{
	buf_release(&r->url);
	buf_release(&r->body);
}

int
fetch_request_query(struct fetch_request *r, const char *name, const char *value, struct err *err)
{
	if (buf_addc(&r->url, strchr(r->url.bytes, '?') != NULL ? '&' : '?') == -1 ||
	    http_encode(name, strlen(name), &r->url) == -1 || buf_addc(&r->url, '=') == -1 ||
	    http_encode(value, strlen(value), &r->url) == -1)
		return err_set(err, REASON_CONTRACT, "a request's URL is too long");
	return 0;
}

/* The proxy for everything that is not the platform (runtime-app.md section 6). */
static void
set_proxy(struct http_options *o, const struct params *params, struct err *err)
{
	static const char *const flag[] = { "tc_proxy_external", "apply_proxy_external", "apply_proxy_ext" };
	bool on = false;
	size_t i;

	for (i = 0; i < sizeof(flag) / sizeof(flag[0]); i++)
		on |= params_true(params, flag[i], false);
	if (!on)
		return;
	o->proxy_host = params_get(params, "tc_proxy_host");
	o->proxy_port = (long)params_int(params, "tc_proxy_port", 0, err);
	if (o->proxy_host == NULL || o->proxy_port <= 0) {
		log_warning("tc_proxy_external is set without tc_proxy_host and tc_proxy_port: the feed is asked directly");
		o->proxy_host = NULL;
		return;
	}
	o->proxy_user = params_get(params, "tc_proxy_username");
	o->proxy_password = params_get(params, "tc_proxy_password");
}

int
fetcher_open(struct fetcher **out, const struct fetch_def *def, const struct params *params, volatile int *stop, struct err *err)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));
	struct http_options o = { 0 };
	struct fetch_vars vars = { .params = params };

	f->def = def;
	f->params = params;
	f->stop = stop;
	f->policy.tries = (int)def->tries;
	f->policy.retry_503 = true;
	buf_init(&f->origin, 16 * KIB);
	set_proxy(&o, params, err);
	o.ca_file = def->ca_file != NULL ? def->ca_file : params_get(params, "ca_file");
	o.connect_ms = def->connect_ms;
	o.total_ms = def->total_ms;
	o.low_speed_bytes = def->low_speed_bytes;
	o.low_speed_seconds = def->low_speed_seconds;
	o.allow_plain = !def->has_credentials;
	o.http2 = true;
	f->deadline_ms = f->policy.deadline_ms = date_monotonic_ms() + def->run_ms;
	if (err->reason != REASON_NONE || fetch_template_expand(def->url[0], &vars, &f->origin, err) == -1 ||
	    fetch_auth_prepare(&f->auth, def, params, &o, err) == -1) {
		fetcher_close(f);
		return -1;
	}
	if (strncasecmp(f->origin.bytes, "http://", 7) == 0 && !http_is_loopback(f->origin.bytes)) {
		if (def->has_credentials) {
			fetcher_close(f);
			return err_set(err, REASON_USAGE, "credentials are not sent over http: the feed's url must be https");
		}
		log_warning("the feed is fetched over http: nothing protects it on the way");
	}
	f->http = http_new(&o, err);
	if (f->http == NULL) {
		fetcher_close(f);
		return -1;
	}
	*out = f;
	return 0;
}

void
fetcher_close(struct fetcher *f)
{
	if (f == NULL)
		return;
	http_free(f->http);
	fetch_auth_release(&f->auth);
	buf_release(&f->origin);
	free(f);
}

bool
fetcher_own(const struct fetcher *f, const char *url)
{
	return http_same_origin(url, f->origin.bytes);
}

long
fetcher_requests(const struct fetcher *f)
{
	return f->requests;
}

void
fetcher_used(struct fetcher *f, long requests)
{
	f->used = requests;
}

bool
fetcher_budget_spent(const struct fetcher *f)
{
	return f->def->max_requests > 0 && f->used + f->requests >= f->def->max_requests;
}

static bool
allowed_origin(const struct fetcher *f, const char *url)
{
	const char *const *o;

	for (o = f->def->allow_origins; o != NULL && *o != NULL; o++)
		if (http_same_origin(*o, url))
			return true;
	return false;
}

/* Rate-limit headers: nothing left means wait for the reset before the next request. */
static void
note_rate_limit(struct fetcher *f, const struct http_answer *a)
{
	static const char *const left[] = { "x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining" };
	static const char *const reset[] = { "x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset" };
	char value[64];
	long seconds;
	size_t i;

	for (i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		if (http_header(a, left[i], value, sizeof(value)) == NULL || strtol(value, NULL, 10) > 0)
			continue;
		if (http_header(a, reset[i], value, sizeof(value)) == NULL)
			continue;
		seconds = http_retry_after(value, a->server_date >= 0 ? a->server_date : date_now());
		if (seconds > LIMIT_RETRY_AFTER)
			seconds = LIMIT_RETRY_AFTER;
		if (seconds > 0)
			f->wait_ms = seconds * 1000;
		return;
	}
}

static int
keep_manners(struct fetcher *f, struct err *err)
{
	int64_t now = date_monotonic_ms();
	long wait = f->wait_ms;

	if (f->requests > 0 && now - f->last_ms < f->def->min_interval_ms && f->def->min_interval_ms - (now - f->last_ms) > wait)
		wait = (long)(f->def->min_interval_ms - (now - f->last_ms));
	f->limit_waited_ms += f->wait_ms;
	if (f->limit_waited_ms > LIMIT_RETRY_TOTAL * 1000L)
		return err_set(err, REASON_TEMPORARY, "the feed's rate limit made this run wait for more than %d s", LIMIT_RETRY_TOTAL);
	if (f->wait_ms > 0)
		log_info("the feed's rate limit is used up: waiting %ld s", f->wait_ms / 1000);
	f->wait_ms = 0;
	if (wait > 0 && !http_wait(wait, f->stop))
		return err_set(err, REASON_TEMPORARY, "stopped by a signal");
	f->last_ms = date_monotonic_ms();
	if (f->last_ms >= f->deadline_ms)
		return err_set(err, REASON_TEMPORARY, "the run takes longer than %ld s (fetch.limits.time)", f->def->run_ms / 1000);
	return 0;
}

static int
judge(const struct fetcher *f, const struct fetch_request *r, const struct http_answer *a, struct err *err)
{
	char label[256], safe[128];

	if ((a->status >= 200 && a->status < 300) || a->status == 304 ||
	    (r->probe && (a->status == 400 || a->status == 404 || a->status == 410)))
		return 0;
	http_label(r->url.bytes, label, sizeof(label));
	text_safe(safe, sizeof(safe), a->body.bytes != NULL ? a->body.bytes : "", a->body.len < 80 ? a->body.len : 80);
	switch (a->status) {
	case 401: case 402: case 403:
		return err_set(err, REASON_AUTH, "the feed rejects the credentials (%ld from %s): check %s", a->status, label,
		    fetch_auth_who(f->def));
	case 407:
		return err_set(err, REASON_AUTH, "the proxy wants credentials: set tc_proxy_username and tc_proxy_password");
	case 408: case 429: case 500: case 502: case 503: case 504:
	case 520: case 521: case 522: case 523: case 524:
		return err_set(err, REASON_TEMPORARY, "the feed answered %ld from %s after %d tries: \"%s\"", a->status, label,
		    f->policy.tries > 0 ? f->policy.tries : 4, safe);
	default:
		return err_set(err, REASON_CONTRACT, "the feed answered %ld from %s: \"%s\"", a->status, label, safe);
	}
}

/* Where the bytes of an answer go. */
struct arrival {
	const struct fetch_request *r;
	struct page	*page;
};

static int
arrive(void *arg, const char *bytes, size_t len)
{
	struct arrival *to = arg;

	if (page_add(to->page, bytes, len) == -1)
		return -1;
	if (to->r->coming != NULL)
		to->r->coming(to->r->coming_arg, to->page->len);
	return 0;
}

static void
start_over(void *arg)
{
	page_restart(((struct arrival *)arg)->page);
}

/* One request, no redirects looked at. */
static int
once(struct fetcher *f, struct fetch_request *r, bool credentials, struct page *page, struct http_answer *a, struct err *err)
{
	struct http_header header[MAX_HEADERS];
	struct buf text[MAX_HEADERS];
	struct http_request req = { 0 };
	struct arrival to = { r, page };
	int n = 0, i, ntext = 0, rc = 0;
	bool has_type = false, body = f->def->body != NULL && !r->attachment;

	if (!credentials && body && fetch_template_has_param(f->def->body))
		return err_set(err, REASON_CONTRACT, "refused: the body holds credentials, which only the configured origin gets");
	for (i = 0; rc == 0 && i < f->def->nheader; i++) {
		has_type |= strcasecmp(f->def->header[i].name, "Content-Type") == 0;
		if ((fetch_template_has_param(f->def->header[i].value) && !credentials) ||
		    (r->attachment && strcasecmp(f->def->header[i].name, "Accept") == 0))
			continue;
		buf_init(&text[ntext], 16 * KIB);
		rc = fetch_template_expand(f->def->header[i].value, &r->vars, &text[ntext], err);
		header[n].name = f->def->header[i].name;
		header[n++].value = text[ntext++].bytes;
	}
	for (i = 0; i < r->nextra; i++)
		header[n++] = r->extra[i];
	if (r->accept != NULL)
		header[n++] = (struct http_header){ "Accept", r->accept };
	if (r->etag != NULL)
		header[n++] = (struct http_header){ "If-None-Match", r->etag };
	if (r->last_modified != NULL)
		header[n++] = (struct http_header){ "If-Modified-Since", r->last_modified };
	if (body && !has_type)
		header[n++] = (struct http_header){ "Content-Type", f->def->body_type };
	if (rc == 0 && credentials)
		rc = fetch_auth_headers(&f->auth, f->http, header, &n, err);
	req.method = r->attachment ? "GET" : f->def->method;
	req.url = r->url.bytes;
	req.header = header;
	req.nheader = n;
	if (body) {
		req.body = r->body.bytes;
		req.body_len = r->body.len;
	}
	req.sink = arrive;
	req.sink_arg = &to;
	req.restart = start_over;
	req.max_body = (size_t)f->def->max_page_bytes;
	req.accept_encoding = "";
	req.stop = f->stop;
	if (rc == 0)
		rc = keep_manners(f, err);
	req.total_ms = (long)(f->deadline_ms - f->last_ms);
	if (rc == 0) {
		rc = http_try(f->http, &req, &f->policy, a, NULL, err);
		if (rc == -1 && page->failed.reason != REASON_NONE)
			*err = page->failed;
		f->requests++;
		if (rc == 0)
			note_rate_limit(f, a);
	}
	for (i = 0; i < ntext; i++)
		buf_release(&text[i]);
	return rc;
}

/* Where to go on: 1 followed (url replaced), 0 no redirect, -1 refused. */
static int
redirect(struct fetcher *f, struct fetch_request *r, const struct http_answer *a, struct err *err)
{
	char location[8192], label[256];
	struct buf to;
	int rc = 1;

	if (a->status != 301 && a->status != 302 && a->status != 303 && a->status != 307 && a->status != 308)
		return 0;
	if (http_header(a, "location", location, sizeof(location)) == NULL)
		return err_set(err, REASON_CONTRACT, "the feed answered %ld without a Location", a->status);
	if (f->def->body != NULL && !r->attachment && a->status != 307 && a->status != 308)
		return err_set(err, REASON_CONTRACT, "the feed redirects a POST with %ld, which would lose its body", a->status);
	buf_init(&to, 16 * KIB);
	if (http_resolve(r->url.bytes, location, &to, err) == -1)
		rc = -1;
	else if (!http_same_origin(to.bytes, f->origin.bytes) && !allowed_origin(f, to.bytes)) {
		http_label(to.bytes, label, sizeof(label));
		rc = err_set(err, REASON_CONTRACT, "refused redirect to %s: only the configured origin is asked "
		    "(set url to the new address, or name it in allow_origins)", label);
	} else {
		buf_clear(&r->url);
		rc = buf_add(&r->url, to.bytes, to.len) == -1 ? err_set(err, REASON_CONTRACT, "a redirect's URL is too long") : 1;
	}
	buf_release(&to);
	return rc;
}

int
fetcher_get(struct fetcher *f, struct fetch_request *r, struct page *page, struct http_answer *a, struct err *err)
{
	bool own = http_same_origin(r->url.bytes, f->origin.bytes), renewed = false;
	char label[256];
	int hops, rc;

	if (!own && !allowed_origin(f, r->url.bytes)) {
		http_label(r->url.bytes, label, sizeof(label));
		return err_set(err, REASON_CONTRACT, "refused %s: only the configured origin is asked (allow_origins names others)", label);
	}
	if (own && fetch_auth_query(&f->auth, r, err) == -1)
		return -1;
	for (hops = 0;; hops++) {
		page_clear(page);
		if (once(f, r, http_same_origin(r->url.bytes, f->origin.bytes), page, a, err) == -1)
			return -1;
		if (a->status == 401 && !renewed && fetch_auth_renewable(&f->auth)) {
			renewed = true;
			continue;
		}
		rc = redirect(f, r, a, err);
		if (rc == -1)
			return -1;
		if (rc == 0)
			return judge(f, r, a, err);
		if (hops == MAX_REDIRECTS)
			return err_set(err, REASON_CONTRACT, "the feed redirects more than %d times", MAX_REDIRECTS);
	}
}
