#include "fetch_def.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "date.h"
#include "limit.h"
#include "xmalloc.h"

#define FETCH_HEADERS 20	/* of a request; our own and the credentials come besides */

/* What the section's checkers share: where they are. */
struct at {
	const struct feed *feed;
	struct err	  *err;
};

static struct json_object *
get(struct json_object *o, const char *name)
{
	struct json_object *v;

	return o != NULL && json_object_object_get_ex(o, name, &v) ? v : NULL;
}

static const char *
text(struct json_object *o, const char *name)
{
	struct json_object *v = get(o, name);

	return v != NULL ? json_object_get_string(v) : NULL;
}

static long
number(struct json_object *o, const char *name, long otherwise)
{
	struct json_object *v = get(o, name);

	return v != NULL ? (long)json_object_get_int64(v) : otherwise;
}

static int
template(struct at *at, struct fetch_template **out, const char *s, enum fetch_place place, const char *pointer)
{
	struct err why = { 0 };

	if (s != NULL && fetch_template_compile(out, s, place, &why) == -1)
		return feed_complain(at->feed, at->err, pointer, "%s", why.text);
	return 0;
}

static int
expression(struct at *at, struct jmespath **out, struct json_object *o, const char *name, const char *parent)
{
	const char *s = text(o, name);
	struct err why = { 0 };
	char pointer[64];

	if (s == NULL)
		return 0;
	*out = jmespath_compile(s, strlen(s), &why);
	snprintf(pointer, sizeof(pointer), "%s/%s", parent, name);
	return *out != NULL ? 0 : feed_complain(at->feed, at->err, pointer, "%s", why.text);
}

/* "30s", 30 or "1h" as milliseconds. */
static int
duration_in(struct at *at, struct json_object *o, const char *parent, const char *name, long *ms)
{
	struct json_object *v = get(o, name);
	struct err why = { 0 };
	char pointer[80];
	int64_t seconds;
	const char *s;

	if (v == NULL)
		return 0;
	s = json_object_get_string(v);
	snprintf(pointer, sizeof(pointer), "%s/%s", parent, name);
	if (date_duration(s, strlen(s), &seconds, &why) == -1)
		return feed_complain(at->feed, at->err, pointer, "%s", why.text);
	if (seconds < 0 || seconds > 3660 * 86400LL)
		return feed_complain(at->feed, at->err, pointer, "%s is not between 0 and ten years", s);
	*ms = (long)seconds * 1000;
	return 0;
}

static int
duration(struct at *at, struct json_object *o, const char *name, long *ms)
{
	return duration_in(at, o, "/fetch", name, ms);
}

static const char **
strings(struct at *at, struct json_object *a, const char *pointer)
{
	size_t i, n = json_object_array_length(a);
	const char **list = xcalloc(n + 1, sizeof(*list));

	for (i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(a, i);

		if (!json_object_is_type(v, json_type_string)) {
			feed_complain(at->feed, at->err, pointer, "element %zu is no string", i);
			free(list);
			return NULL;
		}
		list[i] = json_object_get_string(v);
	}
	return list;
}

/* --- the parts of the section --- */

static int
urls(struct at *at, struct fetch_def *d, struct json_object *f)
{
	struct json_object *list = get(f, "urls");
	size_t i, n = list != NULL ? json_object_array_length(list) : 1;
	const char *s = text(f, "url");
	char pointer[64];

	if ((s != NULL) == (list != NULL))
		return feed_complain(at->feed, at->err, "/fetch", "one of url and urls has to be there");
	if (n == 0)
		return feed_complain(at->feed, at->err, "/fetch/urls", "the list is empty");
	d->url = xcalloc(n, sizeof(*d->url));
	for (i = 0; i < n; i++, d->nurl++) {
		snprintf(pointer, sizeof(pointer), list != NULL ? "/fetch/urls/%zu" : "/fetch/url", i);
		if (list != NULL)
			s = json_object_get_string(json_object_array_get_idx(list, i));
		if (s == NULL || *s == '\0')
			return feed_complain(at->feed, at->err, pointer, "an address is missing");
		if (strstr(s, "://") != NULL && strncasecmp(s, "https://", 8) != 0 && strncasecmp(s, "http://", 7) != 0 &&
		    strncasecmp(s, "file://", 7) != 0)
			return feed_complain(at->feed, at->err, pointer, "only https, http and file addresses are fetched");
		if (template(at, &d->url[i], s, PLACE_URL, pointer) == -1)
			return -1;
	}
	d->first_url = xstrdup(list != NULL ? json_object_get_string(json_object_array_get_idx(list, 0)) : s);
	return 0;
}

static int
headers(struct at *at, struct fetch_def *d, struct json_object *o)
{
	char pointer[160];

	if (o == NULL)
		return 0;
	if (json_object_object_length(o) > FETCH_HEADERS)
		return feed_complain(at->feed, at->err, "/fetch/headers", "more than %d headers", FETCH_HEADERS);
	d->header = xcalloc((size_t)json_object_object_length(o) + 1, sizeof(*d->header));
	json_object_object_foreach(o, name, value) {
		const char *p;

		snprintf(pointer, sizeof(pointer), "/fetch/headers/%.100s", name);
		for (p = name; *p != '\0'; p++)
			if (!isalnum((unsigned char)*p) && strchr("!#$%&'*+-.^_`|~", *p) == NULL)
				return feed_complain(at->feed, at->err, pointer, "this is no header name");
		if (*name == '\0' || !json_object_is_type(value, json_type_string))
			return feed_complain(at->feed, at->err, pointer, "a header's value is a string");
		d->header[d->nheader].name = xstrdup(name);
		if (template(at, &d->header[d->nheader++].value, json_object_get_string(value), PLACE_HEADER, pointer) == -1)
			return -1;
	}
	return 0;
}

static int
body(struct at *at, struct fetch_def *d, struct json_object *f)
{
	struct json_object *b = get(f, "body");
	const char *type = text(f, "body_type"), *s;
	bool json;

	d->method = text(f, "method");
	if (d->method == NULL)
		d->method = b != NULL ? "POST" : "GET";
	if (strcmp(d->method, "GET") != 0 && strcmp(d->method, "POST") != 0)
		return feed_complain(at->feed, at->err, "/fetch/method", "the method is GET or POST");
	if (b == NULL)
		return 0;
	json = !json_object_is_type(b, json_type_string);
	s = json ? json_object_to_json_string_ext(b, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE) :
	    json_object_get_string(b);
	d->body_type = type != NULL ? type : json ? "application/json" : "application/x-www-form-urlencoded";
	return template(at, &d->body, s, json || strstr(d->body_type, "json") != NULL ? PLACE_JSON : PLACE_FORM, "/fetch/body");
}

static int
auth(struct at *at, struct fetch_def *d, struct json_object *o)
{
	static const char *const members[] = { "type:string", "user:string?", "password:string?", "token:string?", "name:string?",
	    "value:string?", "token_url:string?", "client_id:string?", "client_secret:string?", "scope:string?",
	    "cert_file:string?", "key_file:string?", NULL };
	static const struct { const char *type; enum fetch_auth auth; const char *need[2]; } kind[] = {
		{ "basic", AUTH_BASIC, { "user", "password" } }, { "bearer", AUTH_BEARER, { "token" } },
		{ "header", AUTH_HEADER, { "name", "value" } }, { "query", AUTH_QUERY, { "name", "value" } },
		{ "oauth2", AUTH_OAUTH2, { "token_url", "client_id" } }, { "certificate", AUTH_CERTIFICATE, { "cert_file" } },
	};
	const char *type;
	size_t i, k;

	if (o == NULL)
		return 0;
	if (feed_members(at->feed, o, "/fetch/auth", members, at->err) == -1)
		return -1;
	type = text(o, "type");
	for (i = 0; i < sizeof(kind) / sizeof(kind[0]); i++)
		if (strcmp(type, kind[i].type) == 0)
			break;
	if (i == sizeof(kind) / sizeof(kind[0]))
		return feed_complain(at->feed, at->err, "/fetch/auth/type", "one of basic, bearer, header, query, oauth2, certificate");
	for (k = 0; k < 2; k++)
		if (kind[i].need[k] != NULL && text(o, kind[i].need[k]) == NULL)
			return feed_complain(at->feed, at->err, "/fetch/auth", "%s needs the member %s", type, kind[i].need[k]);
	d->auth = kind[i].auth;
	d->auth_name = text(o, "name");
	d->scope = text(o, "scope");
	return template(at, &d->cert_file, text(o, "cert_file"), PLACE_HEADER, "/fetch/auth/cert_file") == -1 ||
	    template(at, &d->key_file, text(o, "key_file"), PLACE_HEADER, "/fetch/auth/key_file") == -1 ||
	    template(at, &d->user, text(o, d->auth == AUTH_OAUTH2 ? "client_id" : "user"),
	    d->auth == AUTH_OAUTH2 ? PLACE_FORM : PLACE_HEADER, "/fetch/auth/user") == -1 ||
	    template(at, &d->password, text(o, d->auth == AUTH_OAUTH2 ? "client_secret" : "password"),
	    d->auth == AUTH_OAUTH2 ? PLACE_FORM : PLACE_HEADER, "/fetch/auth/password") == -1 ||
	    template(at, &d->token, text(o, d->auth == AUTH_OAUTH2 ? "token_url" : d->auth == AUTH_BEARER ? "token" : "value"),
	    d->auth == AUTH_HEADER || d->auth == AUTH_BEARER ? PLACE_HEADER : PLACE_URL, "/fetch/auth/token") == -1 ? -1 : 0;
}

static int
pages(struct at *at, struct fetch_def *d, struct json_object *o)
{
	static const char *const members[] = { "style:string", "query:string?", "header:string?", "body:string?", "first:int?",
	    "size:int?", "size_query:string?", "next:string?", "more:string?", "total:string?", "count:string?",
	    "entries:string?", "entry_url:string?", "window:string?", "collections:array?", NULL };
	static const struct { const char *name; enum fetch_style style; const char *need; } style[] = {
		{ "none", STYLE_NONE, NULL }, { "page", STYLE_PAGE, NULL }, { "offset", STYLE_OFFSET, "size" },
		{ "cursor", STYLE_CURSOR, "next" }, { "next", STYLE_NEXT, "next" }, { "link", STYLE_LINK, NULL },
		{ "taxii", STYLE_TAXII, NULL }, { "window", STYLE_WINDOW, "window" }, { "index", STYLE_INDEX, "entries" },
	};
	struct err why = { 0 };
	const char *s;
	size_t i;

	d->first = 1;
	if (o == NULL)
		return 0;
	if (feed_members(at->feed, o, "/fetch/pages", members, at->err) == -1)
		return -1;
	s = text(o, "style");
	for (i = 0; i < sizeof(style) / sizeof(style[0]); i++)
		if (strcmp(s, style[i].name) == 0)
			break;
	if (i == sizeof(style) / sizeof(style[0]))
		return feed_complain(at->feed, at->err, "/fetch/pages/style",
		    "one of none, page, offset, cursor, next, link, taxii, window, index");
	d->style = style[i].style;
	if (style[i].need != NULL && get(o, style[i].need) == NULL)
		return feed_complain(at->feed, at->err, "/fetch/pages", "style %s needs the member %s", s, style[i].need);
	d->page_query = text(o, "query");
	d->page_header = text(o, "header");
	d->page_body = text(o, "body");
	if ((d->page_query != NULL) + (d->page_header != NULL) + (d->page_body != NULL) > 1)
		return feed_complain(at->feed, at->err, "/fetch/pages", "only one of query, header and body can carry the place");
	if (d->page_body != NULL && d->body == NULL)
		return feed_complain(at->feed, at->err, "/fetch/pages/body", "the request has no body");
	if (d->page_query == NULL && d->page_header == NULL && d->page_body == NULL)
		d->page_query = d->style == STYLE_PAGE ? "page" : d->style == STYLE_OFFSET ? "offset" :
		    d->style == STYLE_CURSOR ? "cursor" : NULL;
	d->size_query = text(o, "size_query");
	d->first = number(o, "first", d->style == STYLE_OFFSET ? 0 : 1);
	d->size = number(o, "size", 0);
	if (d->first < 0 || d->size < 0 || d->size > 1000000)
		return feed_complain(at->feed, at->err, "/fetch/pages", "first and size are whole numbers from 0");
	if (d->style == STYLE_INDEX && text(o, "entry_url") == NULL)
		return feed_complain(at->feed, at->err, "/fetch/pages", "style index needs the member entry_url");
	if ((s = text(o, "window")) != NULL) {
		if (date_duration(s, strlen(s), &d->window, &why) == -1)
			return feed_complain(at->feed, at->err, "/fetch/pages/window", "%s", why.text);
		if (d->window < 60)
			return feed_complain(at->feed, at->err, "/fetch/pages/window", "a window is at least a minute");
	}
	if (get(o, "collections") != NULL &&
	    (d->collections = strings(at, get(o, "collections"), "/fetch/pages/collections")) == NULL)
		return -1;
	return expression(at, &d->next, o, "next", "/fetch/pages") == -1 || expression(at, &d->more, o, "more", "/fetch/pages") == -1 ||
	    expression(at, &d->total, o, "total", "/fetch/pages") == -1 || expression(at, &d->count, o, "count", "/fetch/pages") == -1 ||
	    expression(at, &d->entries, o, "entries", "/fetch/pages") == -1 ||
	    template(at, &d->entry_url, text(o, "entry_url"), PLACE_URL, "/fetch/pages/entry_url") == -1 ? -1 : 0;
}

static int
attachments(struct at *at, struct fetch_def *d, struct json_object *o)
{
	static const char *const members[] = { "entries:string", "entry_url:string?", "accept:string?", NULL };
	const char *s;

	if (o == NULL)
		return 0;
	if (feed_members(at->feed, o, "/fetch/attachments", members, at->err) == -1)
		return -1;
	if (d->expect != PAGE_JSON || ((s = text(at->feed->parse, "format")) != NULL && strcmp(s, "ndjson") == 0))
		return feed_complain(at->feed, at->err, "/fetch/attachments", "only a page that is one JSON document names attachments");
	d->files_accept = text(o, "accept");
	return expression(at, &d->files, o, "entries", "/fetch/attachments") == -1 ||
	    template(at, &d->files_url, text(o, "entry_url"), PLACE_URL, "/fetch/attachments/entry_url") == -1 ? -1 : 0;
}

static int
expect(struct at *at, struct fetch_def *d, struct json_object *f)
{
	const char *s = text(f, "expect"), *format = text(at->feed->parse, "format");
	static const struct { const char *word; enum page_kind kind; const char *ending; } known[] = {
		{ "json", PAGE_JSON, "json" }, { "csv", PAGE_TEXT, "csv" }, { "text", PAGE_TEXT, "txt" }, { "any", PAGE_ANY, "dat" },
		{ "ndjson", PAGE_JSON, "json" }, { "tsv", PAGE_TEXT, "tsv" }, { "stix", PAGE_JSON, "json" },
		{ "misp", PAGE_JSON, "json" }, { "prose", PAGE_TEXT, "txt" },
	};
	size_t i;

	if (s == NULL)
		s = format != NULL ? format : "any";
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(s, known[i].word) == 0)
			break;
	if (i == sizeof(known) / sizeof(known[0]))
		return feed_complain(at->feed, at->err, "/fetch/expect", "one of json, csv, text, any");
	d->expect = known[i].kind;
	d->ending = known[i].ending;
	return 0;
}

static int
unpack(struct at *at, struct fetch_def *d, struct json_object *v)
{
	static const char *const members[] = { "type:string?", "member:string?", "password:string?", NULL };
	static const char *const known[] = { "auto", "none", "gzip", "zstd", "xz", "bzip2", "zip", "tar", NULL };
	int i;

	d->unpack = "auto";
	if (v == NULL)
		return 0;
	if (json_object_is_type(v, json_type_string))
		d->unpack = json_object_get_string(v);
	else {
		if (feed_members(at->feed, v, "/fetch/unpack", members, at->err) == -1)
			return -1;
		d->unpack = text(v, "type") != NULL ? text(v, "type") : "auto";
		d->member = text(v, "member");
		if (template(at, &d->archive_password, text(v, "password"), PLACE_HEADER, "/fetch/unpack/password") == -1)
			return -1;
	}
	for (i = 0; known[i] != NULL; i++)
		if (strcmp(d->unpack, known[i]) == 0)
			return 0;
	return feed_complain(at->feed, at->err, "/fetch/unpack", "one of auto, none, gzip, zstd, xz, bzip2, zip, tar");
}

static int
limits(struct at *at, struct fetch_def *d, struct json_object *f)
{
	static const char *const members[] = { "pages:int?", "page_bytes:int?", "bytes:int?", "time:string|int?", NULL };
	struct json_object *l = get(f, "limits"), *low = get(f, "low_speed");
	static const char *const low_members[] = { "bytes:int", "seconds:int", NULL };

	d->max_pages = LIMIT_PAGES;
	d->max_page_bytes = LIMIT_PAGE;
	d->max_bytes = 64 * (uint64_t)GIB;
	d->run_ms = LIMIT_FETCH_TIME * 1000L;
	d->refetch_ms = 86400 * 1000L;
	if (l != NULL) {
		if (feed_members(at->feed, l, "/fetch/limits", members, at->err) == -1)
			return -1;
		d->max_pages = number(l, "pages", d->max_pages);
		d->max_page_bytes = (uint64_t)number(l, "page_bytes", (long)d->max_page_bytes);
		d->max_bytes = (uint64_t)number(l, "bytes", (long)d->max_bytes);
		if (duration_in(at, l, "/fetch/limits", "time", &d->run_ms) == -1)
			return -1;
		if (d->max_pages < 1 || d->max_page_bytes < 1 || d->max_page_bytes > 64 * GIB || d->max_bytes < 1)
			return feed_complain(at->feed, at->err, "/fetch/limits", "limits are whole numbers from 1");
	}
	if (low != NULL) {
		if (feed_members(at->feed, low, "/fetch/low_speed", low_members, at->err) == -1)
			return -1;
		d->low_speed_bytes = number(low, "bytes", 0);
		d->low_speed_seconds = number(low, "seconds", 0);
	}
	d->window_pages = number(f, "window_pages", 0);
	d->max_requests = number(f, "max_requests", 0);
	d->tries = number(f, "tries", 0);
	if (d->window_pages < 0 || d->max_requests < 0 || d->tries < 0 || d->tries > 20)
		return feed_complain(at->feed, at->err, "/fetch", "window_pages, max_requests and tries (at most 20) are whole numbers from 0");
	return duration(at, f, "refetch", &d->refetch_ms) == -1 || duration(at, f, "history", &d->history_ms) == -1 ||
	    duration(at, f, "min_interval", &d->min_interval_ms) == -1 ||
	    duration(at, f, "connect_timeout", &d->connect_ms) == -1 || duration(at, f, "timeout", &d->total_ms) == -1 ? -1 : 0;
}

static int
first_run(struct at *at, struct fetch_def *d, struct json_object *f)
{
	struct err why = { 0 };
	int64_t when;

	d->first_run = text(f, "first_run") != NULL ? text(f, "first_run") : "30 days ago";
	if (date_parse(d->first_run, strlen(d->first_run), date_now(), &when, &why) == -1)
		return feed_complain(at->feed, at->err, "/fetch/first_run", "%s", why.text);
	return 0;
}

static void
find_credentials(struct fetch_def *d)
{
	const struct fetch_template *const auth[] = { d->user, d->password, d->token, d->body };
	size_t k;
	int i;

	/* those of auth and headers first: they are the likelier ones, and the list may not hold all */
	for (k = 0; k < sizeof(auth) / sizeof(auth[0]); k++)
		fetch_template_add_params(auth[k], d->credentials, sizeof(d->credentials));
	for (i = 0; i < d->nheader; i++)
		fetch_template_add_params(d->header[i].value, d->credentials, sizeof(d->credentials));
	for (i = 0; i < d->nurl; i++)
		fetch_template_add_params(d->url[i], d->credentials, sizeof(d->credentials));
	d->has_credentials = d->auth != AUTH_NONE || fetch_template_has_param(d->body);
	for (i = 0; i < d->nurl; i++)
		d->has_credentials |= fetch_template_has_param(d->url[i]);
	for (i = 0; i < d->nheader; i++)
		d->has_credentials |= fetch_template_has_param(d->header[i].value);
}

int
fetch_def_compile(struct fetch_def **out, const struct feed *feed, struct err *err)
{
	static const char *const members[] = { "url:string?", "urls:array?", "method:string?", "headers:object?", "body:any?",
	    "body_type:string?", "auth:object?", "pages:object?", "attachments:object?", "expect:string?", "unpack:string|object?", "first_run:string?",
	    "window_pages:int?", "min_interval:string|int?", "max_requests:int?", "refetch:string|int?", "history:string|int?", "tries:int?", "connect_timeout:string|int?",
	    "timeout:string|int?", "low_speed:object?", "limits:object?", "allow_origins:array?", "ca_file:string?", NULL };
	struct fetch_def *d = xcalloc(1, sizeof(*d));
	struct json_object *f = feed->fetch;
	struct at at = { feed, err };

	if (feed_members(feed, f, "/fetch", members, err) == -1 || urls(&at, d, f) == -1 ||
	    headers(&at, d, get(f, "headers")) == -1 || body(&at, d, f) == -1 || auth(&at, d, get(f, "auth")) == -1 ||
	    pages(&at, d, get(f, "pages")) == -1 || expect(&at, d, f) == -1 || attachments(&at, d, get(f, "attachments")) == -1 || unpack(&at, d, get(f, "unpack")) == -1 ||
	    limits(&at, d, f) == -1 || first_run(&at, d, f) == -1 ||
	    (get(f, "allow_origins") != NULL &&
	    (d->allow_origins = strings(&at, get(f, "allow_origins"), "/fetch/allow_origins")) == NULL)) {
		fetch_def_free(d);
		return -1;
	}
	d->ca_file = text(f, "ca_file");
	find_credentials(d);
	*out = d;
	return 0;
}

int
feed_check_fetch(const struct feed *feed, struct err *err)
{
	struct fetch_def *d;

	if (feed->fetch == NULL)
		return 0;
	if (fetch_def_compile(&d, feed, err) == -1)
		return -1;
	fetch_def_free(d);
	return 0;
}

void
fetch_def_free(struct fetch_def *d)
{
	int i;

	if (d == NULL)
		return;
	for (i = 0; i < d->nurl; i++)
		fetch_template_free(d->url[i]);
	free(d->url);
	free(d->first_url);
	for (i = 0; i < d->nheader; i++) {
		free(d->header[i].name);
		fetch_template_free(d->header[i].value);
	}
	free(d->header);
	fetch_template_free(d->body);
	fetch_template_free(d->user);
	fetch_template_free(d->password);
	fetch_template_free(d->token);
	fetch_template_free(d->cert_file);
	fetch_template_free(d->key_file);
	fetch_template_free(d->entry_url);
	fetch_template_free(d->archive_password);
	jmespath_free(d->next);
	jmespath_free(d->more);
	jmespath_free(d->total);
	jmespath_free(d->count);
	jmespath_free(d->entries);
	jmespath_free(d->files);
	fetch_template_free(d->files_url);
	free((void *)d->collections);
	free((void *)d->allow_origins);
	free(d);
}
