#include "http_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_trust.h"
#include "limit.h"
#include "log.h"
#include "version.h"
#include "xmalloc.h"

#define ERROR_BODY_KEPT	(64 * KIB)	/* of an answer that is an error: enough for every message */

const char *
http_user_agent(void)
{
	const char *given = getenv("TC_USER_AGENT");

	if (given != NULL && *given != '\0' && strpbrk(given, "\r\n") == NULL && strlen(given) < 200)
		return given;
	return "tcfeed/" TC_VERSION;
}

static char *
copy(const char *text)
{
	return text != NULL && *text != '\0' ? xstrdup(text) : NULL;
}

static int
check_options(const struct http_options *o, struct err *err)
{
	if (o->proxy_host != NULL && *o->proxy_host != '\0' && (o->proxy_port < 1 || o->proxy_port > 65535))
		return err_set(err, REASON_USAGE, "proxy %s needs a port from 1 to 65535", o->proxy_host);
	if (o->client_key != NULL && o->client_cert == NULL)
		return err_set(err, REASON_USAGE, "a client key without a client certificate is no use");
	return 0;
}

struct http *
http_new(const struct http_options *o, struct err *err)
{
	static bool global;
	struct http *h;

	if (check_options(o, err) == -1)
		return NULL;
	if (!global && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(err, REASON_USAGE, "libcurl cannot start");
		return NULL;
	}
	global = true;
	h = xcalloc(1, sizeof(*h));
	h->o = *o;
	h->o.user_agent = xstrdup(o->user_agent != NULL ? o->user_agent : http_user_agent());
	h->o.proxy_host = copy(o->proxy_host);
	h->o.proxy_user = copy(o->proxy_user);
	h->o.proxy_password = copy(o->proxy_password);
	h->o.ca_file = copy(o->ca_file);
	h->o.client_cert = copy(o->client_cert);
	h->o.client_key = copy(o->client_key);
	h->o.client_key_password = copy(o->client_key_password);
	buf_init(&h->pem, 8 * MIB);
	if (h->o.ca_file != NULL) {
		if (http_trust_with(h->o.ca_file, &h->pem, err) == -1) {
			http_free(h);
			return NULL;
		}
	} else
		h->bundle = http_trust_bundle();
	if (o->insecure)
		log_warning("TLS certificates are NOT verified, as configured (tc_verify=false): anyone on the way can read and change what is sent");
	h->curl = curl_easy_init();
	if (h->curl == NULL) {
		err_set(err, REASON_USAGE, "libcurl cannot start");
		http_free(h);
		return NULL;
	}
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	if (h->curl != NULL)
		curl_easy_cleanup(h->curl);
	free((char *)h->o.user_agent);
	free((char *)h->o.proxy_host);
	free((char *)h->o.proxy_user);
	free((char *)h->o.proxy_password);
	free((char *)h->o.ca_file);
	free((char *)h->o.client_cert);
	free((char *)h->o.client_key);
	free((char *)h->o.client_key_password);
	buf_release(&h->pem);
	free(h);
}

void
http_answer_init(struct http_answer *a)
{
	memset(a, 0, sizeof(*a));
	buf_init(&a->body, 0);
	buf_init(&a->headers, LIMIT_HEADER);
	a->server_date = -1;
}

void
http_answer_release(struct http_answer *a)
{
	buf_release(&a->body);
	buf_release(&a->headers);
}

static void
answer_reset(struct http_answer *a, size_t max_body)
{
	buf_clear(&a->body);
	buf_clear(&a->headers);
	a->body.max = max_body > ERROR_BODY_KEPT ? max_body : ERROR_BODY_KEPT;
	a->status = 0;
	a->decoded = 0;
	a->server_date = -1;
	a->sent = false;
	a->time_ms = 0;
	a->remote[0] = '\0';
}

const char *
http_header(const struct http_answer *a, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);
	const char *line, *end;

	for (line = a->headers.bytes; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		if (strncmp(line, name, n) != 0 || line[n] != ':')
			continue;
		snprintf(out, size, "%.*s", (int)(end - line - (long)n - 2), line + n + 2);
		return out;
	}
	return NULL;
}

int64_t
http_date(const char *text)
{
	/* curl_getdate() reads "1" as a day of this month; an HTTP date begins with the day's name */
	while (*text == ' ')
		text++;
	return isalpha((unsigned char)*text) ? (int64_t)curl_getdate(text, NULL) : -1;
}

/* --- what libcurl calls --- */

static size_t
on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct buf *h = &t->a->headers;
	size_t len = size * n, whole = len, i;
	char *colon;

	if (t->body_begun)
		return whole;		/* a trailer: nobody asked */
	while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r' || bytes[len - 1] == ' '))
		len--;
	if (len >= 5 && strncmp(bytes, "HTTP/", 5) == 0) {
		const char *sp = memchr(bytes, ' ', len);

		buf_clear(h);		/* the answer before was 100, 103 or a proxy's */
		t->a->status = sp != NULL ? strtol(sp, NULL, 10) : 0;
		return whole;
	}
	if (len == 0)
		return whole;
	if (memchr(bytes, 0, len) != NULL)
		return whole;
	if ((*bytes == ' ' || *bytes == '\t') && h->len > 0) {
		h->len--;		/* a folded line goes on the one before */
	} else {
		colon = memchr(bytes, ':', len);
		if (colon == NULL)
			return whole;
		for (i = 0; bytes + i < colon; i++)
			if (buf_addc(h, (char)tolower((unsigned char)bytes[i])) == -1)
				goto over;
		i = (size_t)(colon - bytes) + 1;
		while (i < len && (bytes[i] == ' ' || bytes[i] == '\t'))
			i++;
		if (buf_addz(h, ": ") == -1)
			goto over;
		bytes += i;
		len -= i;
	}
	if (buf_add(h, bytes, len) == -1 || buf_addc(h, '\n') == -1)
		goto over;
	return whole;
over:
	t->headers_over = true;
	return 0;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct http_answer *a = t->a;
	size_t len = size * n;

	t->body_begun = true;
	if (a->status < 200 || a->status > 299) {
		/* an error page: its beginning says all there is to say, its size must not hurt */
		size_t room = a->body.len < ERROR_BODY_KEPT ? ERROR_BODY_KEPT - a->body.len : 0;

		if (buf_add(&a->body, bytes, len < room ? len : room) == -1)
			return 0;
		a->decoded += len;
		if (a->decoded > LIMIT_ANSWER) {
			t->body_over = true;
			return 0;
		}
		return len;
	}
	if (len > t->req->max_body - a->decoded) {
		t->body_over = true;
		return 0;
	}
	a->decoded += len;
	if (t->req->sink != NULL) {
		if (t->req->sink(t->req->sink_arg, bytes, len) == -1) {
			t->sink_stopped = true;
			return 0;
		}
		return len;
	}
	return buf_add(&a->body, bytes, len) == -1 ? 0 : len;
}

static size_t
on_upload(char *to, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t room = size * n, left;
	long got;

	if (t->req->source != NULL) {
		got = t->req->source(t->req->source_arg, to, room);
		if (got < 0 || (size_t)got > room) {
			t->source_stopped = true;
			return CURL_READFUNC_ABORT;
		}
		t->given += (size_t)got;
		return (size_t)got;
	}
	left = t->req->body_len - t->given;
	if (left < room)
		room = left;
	memcpy(to, t->req->body + t->given, room);
	t->given += room;
	return room;
}

/*
 * libcurl wants the body again: a proxy's second try, or a kept connection
 * that died under the request, which it repeats by itself. The second is what
 * a request marked "once" must not have: the server may have acted.
 */
static int
on_rewind(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	if (t->req->once || offset != 0 || origin != SEEK_SET) {
		t->replay_refused = true;
		return CURL_SEEKFUNC_FAIL;
	}
	if (t->req->source != NULL && (t->req->rewind == NULL || t->req->rewind(t->req->source_arg) == -1))
		return CURL_SEEKFUNC_FAIL;
	t->given = 0;
	return CURL_SEEKFUNC_OK;
}

static int
on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct transfer *t = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	if (t->req->stop != NULL && *t->req->stop) {
		t->stopped = true;
		return 1;
	}
	return 0;
}

/* --- a request is made ready --- */

static int
check_request(const struct http *h, const struct http_request *req, const char *label, struct err *err)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	int i;

	for (i = 0; i < req->nheader; i++) {
		const char *name = req->header[i].name;

		if (*name == '\0' || name[strspn(name, token)] != '\0')
			return err_set(err, REASON_USAGE, "'%s' is no header name", name);
		if (strpbrk(req->header[i].value, "\r\n") != NULL)
			return err_set(err, REASON_USAGE, "header %s: a line break in its value is refused", name);
	}
	if (strncasecmp(req->url, "http://", 7) == 0) {
		if (!h->o.allow_plain && !http_is_loopback(req->url))
			return err_set(err, REASON_USAGE, "%s: http without TLS is only allowed to this machine itself; use https", label);
	} else if (strncasecmp(req->url, "https://", 8) != 0)
		return err_set(err, REASON_USAGE, "%s: not an http or https URL", label);
	return 0;
}

static struct curl_slist *
header_list(const struct http_request *req, bool chunked)
{
	struct curl_slist *list = NULL;
	bool has_type = false;
	struct buf line;
	int i;

	buf_init(&line, LIMIT_HEADER);
	for (i = 0; i < req->nheader; i++) {
		const char *value = req->header[i].value;

		buf_clear(&line);
		has_type |= strcasecmp(req->header[i].name, "content-type") == 0;
		/* libcurl sends an empty value only when the line ends in a semicolon */
		if (buf_addf(&line, *value != '\0' ? "%s: %s" : "%s;", req->header[i].name, value) == 0)
			list = curl_slist_append(list, line.bytes);
	}
	list = curl_slist_append(list, "Expect:");
	if (!has_type)
		list = curl_slist_append(list, "Content-Type:");
	if (chunked)
		list = curl_slist_append(list, "Transfer-Encoding: chunked");
	buf_release(&line);
	return list;
}

static void
set_trust(struct http *h)
{
	CURL *c = h->curl;
	struct curl_blob blob;

	if (h->o.insecure) {
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (h->pem.len > 0) {
		blob.data = h->pem.bytes;
		blob.len = h->pem.len;
		blob.flags = CURL_BLOB_NOCOPY;
		curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob);
	} else if (h->bundle != NULL) {
		curl_easy_setopt(c, CURLOPT_CAINFO, h->bundle);
		/* with a directory besides, libcurl would read the bundle anew for every connection */
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (h->o.client_cert != NULL) {
		curl_easy_setopt(c, CURLOPT_SSLCERT, h->o.client_cert);
		curl_easy_setopt(c, CURLOPT_SSLKEY, h->o.client_key != NULL ? h->o.client_key : h->o.client_cert);
		if (h->o.client_key_password != NULL)
			curl_easy_setopt(c, CURLOPT_KEYPASSWD, h->o.client_key_password);
	}
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static void
set_proxy(struct http *h)
{
	CURL *c = h->curl;

	/* said explicitly in both cases, else libcurl asks the environment */
	curl_easy_setopt(c, CURLOPT_NOPROXY, "");
	if (h->o.proxy_host == NULL) {
		curl_easy_setopt(c, CURLOPT_PROXY, "");
		return;
	}
	curl_easy_setopt(c, CURLOPT_PROXY, h->o.proxy_host);
	curl_easy_setopt(c, CURLOPT_PROXYPORT, h->o.proxy_port);
	curl_easy_setopt(c, CURLOPT_PROXYTYPE, (long)CURLPROXY_HTTP);
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (h->o.proxy_user != NULL && h->o.proxy_password != NULL) {
		curl_easy_setopt(c, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(c, CURLOPT_PROXYUSERNAME, h->o.proxy_user);
		curl_easy_setopt(c, CURLOPT_PROXYPASSWORD, h->o.proxy_password);
	}
}

static void
set_limits(struct http *h, const struct http_request *req)
{
	CURL *c = h->curl;
	const struct http_options *o = &h->o;
	long total = o->total_ms > 0 ? o->total_ms : 3600000L;

	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, o->connect_ms > 0 ? o->connect_ms : 30000L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, req->total_ms > 0 && req->total_ms < total ? req->total_ms : total);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, o->low_speed_bytes > 0 ? o->low_speed_bytes : 1024L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, o->low_speed_seconds > 0 ? o->low_speed_seconds : 30L);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	/* a libcurl without HTTP/2 takes the option and goes on with 1.1, or refuses it, with the same result */
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (o->http2)
		curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 262144L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void
set_method(struct http *h, struct transfer *t)
{
	CURL *c = h->curl;
	const struct http_request *req = t->req;
	bool has_body = req->body != NULL || req->source != NULL;

	if (!has_body) {
		if (strcmp(req->method, "GET") == 0)
			curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
		else if (strcmp(req->method, "DELETE") == 0)
			curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, req->method);
		else {
			curl_easy_setopt(c, CURLOPT_POST, 1L);
			curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
			curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, 0L);
			if (strcmp(req->method, "POST") != 0)
				curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, req->method);
		}
		return;
	}
	/* always through the callback: only so libcurl asks before it sends a body a second time */
	curl_easy_setopt(c, CURLOPT_POST, 1L);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)(req->source != NULL ? req->source_len : (long long)req->body_len));
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_upload);
	curl_easy_setopt(c, CURLOPT_READDATA, t);
	curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_rewind);
	curl_easy_setopt(c, CURLOPT_SEEKDATA, t);
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
	if (strcmp(req->method, "POST") != 0)
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, req->method);
}

/* --- what came of it --- */

static void
take_facts(struct http *h, struct http_answer *a)
{
	char date[64], *ip = NULL;
	curl_off_t us = 0, up = 0;
	long bytes = 0;

	curl_easy_getinfo(h->curl, CURLINFO_TOTAL_TIME_T, &us);
	curl_easy_getinfo(h->curl, CURLINFO_REQUEST_SIZE, &bytes);
	curl_easy_getinfo(h->curl, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(h->curl, CURLINFO_PRIMARY_IP, &ip);
	a->time_ms = (long)(us / 1000);
	a->sent = bytes > 0 || up > 0;
	snprintf(a->remote, sizeof(a->remote), "%s", ip != NULL ? ip : "");
	if (http_header(a, "date", date, sizeof(date)) != NULL)
		a->server_date = http_date(date);
}

int
http_do(struct http *h, const struct http_request *req, struct http_answer *a, struct err *err)
{
	struct transfer t = { .req = req, .a = a, .err = err };
	bool has_body = req->body != NULL || req->source != NULL;
	struct curl_slist *list;
	char label[256];
	CURLcode code;
	CURL *c = h->curl;

	err->reason = REASON_NONE;
	err->text[0] = '\0';
	answer_reset(a, req->sink == NULL ? req->max_body : 0);
	http_label(req->url, label, sizeof(label));
	if (check_request(h, req, label, err) == -1)
		return -1;
	if (req->stop != NULL && *req->stop)
		return err_set(err, REASON_TEMPORARY, "%s: stopped by a signal", label);
	curl_easy_reset(c);
	h->why[0] = '\0';
	list = header_list(req, has_body && req->source != NULL && req->source_len < 0);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->why);
	curl_easy_setopt(c, CURLOPT_URL, req->url);
	curl_easy_setopt(c, CURLOPT_USERAGENT, h->o.user_agent);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, req->accept_encoding);
	set_limits(h, req);
	set_trust(h);
	set_proxy(h);
	set_method(h, &t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, &t);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &t);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, &t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	code = curl_easy_perform(c);
	curl_slist_free_all(list);
	take_facts(h, a);
	if (code != CURLE_OK) {
		http_explain(h, &t, code, label, err);
		log_debug("%s %s: %s", req->method, label, err->text);
		return -1;
	}
	log_debug("%s %s: %ld, %llu bytes, %ld ms", req->method, label, a->status, (unsigned long long)a->decoded, a->time_ms);
	if (a->status == 407 && h->o.proxy_host != NULL)
		return err_set(err, REASON_AUTH, "%s: proxy %s:%ld rejects its credentials (407)", label, h->o.proxy_host,
		    h->o.proxy_port);
	return 0;
}
