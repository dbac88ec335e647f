#include "fetch_paging_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "date.h"
#include "hash.h"
#include "limit.h"
#include "log.h"
#include "text.h"
#include "xmalloc.h"

struct paging *
paging_open(const struct paging_options *o)
{
	struct paging *p = xcalloc(1, sizeof(*p));

	p->o = *o;
	p->def = o->def;
	p->look = fetch_look_new(o->feed);
	buf_init(&p->place, 64 * KIB);
	buf_init(&p->entries, 16 * MIB);
	buf_init(&p->etag, 1024);
	buf_init(&p->last_modified, 128);
	p->server_time = -1;
	paging_rewind(p);
	/* a cursor of the run before is where this one begins */
	if (o->def->style == STYLE_CURSOR && o->since->cursor != NULL)
		(void)!buf_addz(&p->place, o->since->cursor);
	if (o->def->style == STYLE_TAXII)
		p->taxii = taxii_new(o->def, o->last_run);
	if (o->since->place != NULL)
		paging_place_load(p, o->since->place);
	return p;
}

void
paging_close(struct paging *p)
{
	if (p == NULL)
		return;
	fetch_look_free(p->look);
	taxii_free(p->taxii);
	buf_release(&p->place);
	buf_release(&p->entries);
	buf_release(&p->etag);
	buf_release(&p->last_modified);
	seen_release(&p->seen);
	free(p->entry_wanted);
	free(p);
}

void
paging_rewind(struct paging *p)
{
	p->begun = p->done = p->have_last = p->maybe_last = false;
	p->page = p->offset = p->def->first;
	p->records = p->fullest = 0;
	p->from = p->o.last_run;
	buf_clear(&p->place);
}

/* --- never twice to the same place --- */

static int
note_request(struct paging *p, struct fetch_request *r, struct err *err)
{
	unsigned char sum[HASH_SHA256];
	struct buf all;
	int k;

	buf_init(&all, 2 * MIB);
	if (buf_add(&all, r->url.bytes, r->url.len + 1) == -1 || buf_add(&all, r->body.bytes, r->body.len) == -1)
		(void)!buf_addc(&all, 0);
	for (k = 0; k < r->nextra; k++)
		(void)!buf_addz(&all, r->extra[k].value);
	hash_sha256(sum, all.bytes, all.len);
	buf_release(&all);
	text_hex(r->digest, sum, 16);
	if (seen_before(&p->seen, sum))
		return err_set(err, REASON_CONTRACT, "paging does not advance at page %ld: the feed leads back to a page it gave before",
		    p->pages + 1);
	return 0;
}

/* Two pages with the same bytes, one after the other, in a style that pages. 1: the feed was at its end before. */
static int
note_page(struct paging *p, struct page *page, struct err *err)
{
	unsigned char sum[HASH_SHA256];
	char hex[65];

	if (p->def->style == STYLE_NONE || p->def->style == STYLE_WINDOW || p->def->style == STYLE_INDEX || page->len == 0)
		return 0;
	page_sha256(page, hex);
	hash_sha256(sum, hex, 64);
	if (p->have_last && memcmp(sum, p->last_page, sizeof(sum)) == 0) {
		/* some servers answer a number past the end with the last page */
		if (p->maybe_last)
			return 1;
		return err_set(err, REASON_CONTRACT, "paging does not advance at page %ld: the same page came twice", p->pages + 1);
	}
	memcpy(p->last_page, sum, sizeof(sum));
	p->have_last = true;
	return 0;
}

/* --- requests --- */

static void
fill_vars(const struct paging *p, struct fetch_vars *v)
{
	memset(v, 0, sizeof(*v));
	v->last_run = p->o.last_run;
	v->from = p->def->style == STYLE_WINDOW ? p->from : p->o.last_run;
	v->to = p->def->style == STYLE_WINDOW && p->from + p->def->window < p->o.now ? p->from + p->def->window : p->o.now;
	v->cursor = p->def->style == STYLE_CURSOR ? p->place.bytes : p->o.since->cursor;
	v->page = p->page;
	v->offset = p->offset;
	v->limit = p->def->size;
	v->entry = p->def->style == STYLE_INDEX && p->entries.len > 0 ? p->entries.bytes + p->entry_at : "";
	v->params = p->o.params;
}

/* Page number, offset or cursor; NULL where there is none to be told. */
static const char *
place_text(const struct paging *p, char text[32])
{
	switch (p->def->style) {
	case STYLE_PAGE:
	case STYLE_OFFSET:
		snprintf(text, 32, "%ld", p->def->style == STYLE_PAGE ? p->page : p->offset);
		return text;
	case STYLE_CURSOR:
		return p->place.len > 0 ? p->place.bytes : NULL;
	default:
		return NULL;
	}
}

/* The place as the definition wants it carried. */
static int
put_place(struct paging *p, struct fetch_request *r, struct err *err)
{
	const struct fetch_def *d = p->def;
	const char *value = place_text(p, p->number);

	if (value == NULL)
		return 0;
	if (d->page_header != NULL) {
		if (strpbrk(value, "\r\n") != NULL)
			return err_set(err, REASON_CONTRACT, "the feed's cursor holds a line break, which no header can carry");
		r->extra[r->nextra++] = (struct http_header){ d->page_header, value };
		return 0;
	}
	/* a template that names the place itself needs no member for it */
	if (d->page_query == NULL || fetch_template_uses(d->url[p->url], d->style == STYLE_PAGE ? "page" :
	    d->style == STYLE_OFFSET ? "offset" : "cursor"))
		return 0;
	return fetch_request_query(r, d->page_query, value, err);
}

/* Puts the place into the body under the definition's member: of a JSON object its last one. */
static int
put_body_place(const struct paging *p, struct fetch_request *r, struct err *err)
{
	const char *name = p->def->page_body, *value;
	size_t end = r->body.len;
	char text[32];
	bool empty;

	if (name == NULL || (value = place_text(p, text)) == NULL)
		return 0;
	if (strstr(p->def->body_type, "json") == NULL) {
		if ((end > 0 && buf_addc(&r->body, '&') == -1) || http_encode(name, strlen(name), &r->body) == -1 ||
		    buf_addc(&r->body, '=') == -1 || http_encode(value, strlen(value), &r->body) == -1)
			return err_set(err, REASON_CONTRACT, "a request is too long");
		return 0;
	}
	while (end > 0 && r->body.bytes[end - 1] != '}')
		end--;
	if (end == 0)
		return err_set(err, REASON_USAGE, "the place is to stand in the body, but the body is no JSON object");
	r->body.len = end - 1;
	r->body.bytes[r->body.len] = '\0';
	for (empty = true, end = 1; end < r->body.len; end++)
		empty &= r->body.bytes[end] == ' ';
	if ((!empty && buf_addc(&r->body, ',') == -1) || buf_add_json(&r->body, name, strlen(name)) == -1 ||
	    buf_addc(&r->body, ':') == -1 || (value == text ? buf_addz(&r->body, text) :
	    buf_add_json(&r->body, value, strlen(value))) == -1 || buf_addc(&r->body, '}') == -1)
		return err_set(err, REASON_CONTRACT, "a request is too long");
	return 0;
}

static int
build(struct paging *p, struct fetch_request *r, struct err *err)
{
	const struct fetch_def *d = p->def;
	char text[32];
	int rc;

	fill_vars(p, &r->vars);
	if ((d->style == STYLE_NEXT || d->style == STYLE_LINK) && p->begun)
		rc = buf_add(&r->url, p->place.bytes, p->place.len);
	else if (d->style == STYLE_INDEX && p->begun) {
		struct buf entry;

		buf_init(&entry, 16 * KIB);
		rc = fetch_template_expand(d->entry_url, &r->vars, &entry, err);
		if (rc == 0)
			rc = http_resolve(p->place.bytes, entry.bytes, &r->url, err);
		buf_release(&entry);
	} else {
		rc = fetch_template_expand(d->url[p->url], &r->vars, &r->url, err);
		if (rc == 0)
			rc = put_place(p, r, err);
		if (rc == 0 && d->size_query != NULL && d->size > 0) {
			snprintf(text, sizeof(text), "%ld", d->size);
			rc = fetch_request_query(r, d->size_query, text, err);
		}
	}
	if (rc == 0 && d->body != NULL)
		rc = fetch_template_expand(d->body, &r->vars, &r->body, err);
	return rc == 0 ? put_body_place(p, r, err) : -1;
}

/* Is it time to stop, with more to come? Not where the place could not be kept. */
static bool
window_full(const struct paging *p)
{
	struct json_object *place;

	if (!p->o.windows || p->def->window_pages == 0 || p->pages < p->def->window_pages)
		return false;
	place = paging_place_save(p);
	json_object_put(place);
	return place != NULL;
}

/* On to the next URL of the list, from its beginning. */
static bool
next_url(struct paging *p)
{
	if (++p->url >= p->def->nurl)
		return false;
	paging_rewind(p);
	return true;
}

int
paging_next(struct paging *p, struct fetch_request *r, struct err *err)
{
	fetch_request_clear(r);
	if (p->unchanged)
		return 0;
	if ((p->done && !next_url(p)) || (p->taxii != NULL && taxii_done(p->taxii)))
		return 0;
	if (p->pages > 0 && window_full(p)) {
		p->more = true;
		return 0;
	}
	if (p->pages >= p->def->max_pages)
		return err_set(err, REASON_CONTRACT, "the feed has more than %ld pages (fetch.limits.pages)", p->def->max_pages);
	if (p->taxii != NULL) {
		int rc = taxii_next(p->taxii, p->o.params, r, err);

		if (rc != 1)
			return rc;
	} else if (build(p, r, err) == -1)
		return -1;
	/* conditional only where the whole feed is one request: elsewhere one unchanged page says nothing of the others */
	if (p->def->style == STYLE_NONE && p->def->nurl == 1 && p->def->body == NULL && p->o.since->fetched >= 0 &&
	    p->o.now - p->o.since->fetched < p->def->refetch_ms / 1000) {
		r->etag = p->o.since->etag;
		r->last_modified = p->o.since->last_modified;
	}
	r->probe = p->maybe_last || (!p->restarted && (p->resumed || (p->def->style == STYLE_CURSOR && p->place.len > 0)));
	return note_request(p, r, err) == -1 ? -1 : 1;
}

/* --- answers --- */

/* A cursor that the server no longer knows: the run starts over from the last committed point, once. */
static int
restart(struct paging *p, const struct http_answer *a)
{
	const char *kept = p->def->style == STYLE_CURSOR ? p->o.since->cursor : NULL;
	bool again = kept != NULL && strcmp(kept, p->place.bytes) != 0;

	log_warning("the feed no longer knows the cursor (%ld): starting over from its last %s, once", a->status,
	    again ? "kept one" : "run");
	p->restarted = true;
	p->resumed = false;
	p->url = 0;
	seen_release(&p->seen);
	paging_rewind(p);
	if (again)
		(void)!buf_addz(&p->place, kept);
	if (p->taxii != NULL) {
		taxii_free(p->taxii);
		p->taxii = taxii_new(p->def, p->o.last_run);
	}
	return 0;
}

static void
keep_validators(struct paging *p, const struct http_answer *a)
{
	char value[1024];

	buf_clear(&p->etag);
	buf_clear(&p->last_modified);
	if (p->def->style != STYLE_NONE || p->def->nurl != 1 || p->def->body != NULL)
		return;
	if (http_header(a, "etag", value, sizeof(value)) != NULL)
		(void)!buf_addz(&p->etag, value);
	if (http_header(a, "last-modified", value, sizeof(value)) != NULL)
		(void)!buf_addz(&p->last_modified, value);
}

int
paging_saw(struct paging *p, struct fetch_request *r, struct page *page, struct http_answer *a, struct err *err)
{
	bool first = !p->begun, way = false;
	int rc = 0;

	if (p->server_time == -1 && a->server_date >= 0)
		p->server_time = a->server_date;
	if (a->status == 304) {
		p->unchanged = p->done = true;
		return 0;
	}
	if (a->status >= 400 && p->maybe_last) {
		p->done = true;		/* a number past the end */
		return 0;
	}
	if (a->status >= 400)
		return restart(p, a);
	p->resumed = false;
	p->bytes += page->len;
	if (p->bytes > p->def->max_bytes)
		return err_set(err, REASON_CONTRACT, "the feed has more than %llu bytes (fetch.limits.bytes)",
		    (unsigned long long)p->def->max_bytes);
	p->begun = true;
	if (p->taxii == NULL && (rc = note_page(p, page, err)) != 0) {
		p->done = true;
		return rc == -1 ? -1 : 0;
	}
	switch (p->def->style) {
	case STYLE_NONE:
		keep_validators(p, a);
		p->done = true;
		break;
	case STYLE_PAGE: case STYLE_OFFSET:
		rc = paging_after_counted(p, page, err);
		break;
	case STYLE_CURSOR: case STYLE_NEXT:
		rc = paging_after_cursor(p, r, page, err);
		break;
	case STYLE_LINK:
		rc = paging_after_link(p, r, a, err);
		break;
	case STYLE_WINDOW:
		p->from += p->def->window;
		p->done = p->from >= p->o.now;
		break;
	case STYLE_INDEX:
		if (first) {
			way = true;
			rc = paging_after_index(p, r, page, err);
		} else
			paging_next_entry(p);
		break;
	case STYLE_TAXII:
		rc = taxii_saw(p->taxii, r, page, a, &way, err);
		break;
	}
	if (rc == -1)
		return -1;
	p->pages += !way;
	return !way;
}

/* --- the end --- */

bool
paging_whole(const struct paging *p)
{
	return !p->more && !p->missing;
}

bool
paging_can_pause(const struct paging *p)
{
	struct json_object *place = p->o.feed->mode == FEED_INCREMENTAL ? paging_place_save(p) : NULL;

	json_object_put(place);
	return place != NULL;
}

void
paging_pause(struct paging *p)
{
	p->more = true;
}

/* Does a request hold what only one run has? Then a cursor is no use to the next. */
static bool
bound_to_run(const struct fetch_def *d)
{
	bool bound = fetch_template_uses(d->body, "last_run") || fetch_template_uses(d->body, "from");
	int i;

	for (i = 0; i < d->nurl; i++)
		bound |= fetch_template_uses(d->url[i], "last_run") || fetch_template_uses(d->url[i], "from");
	for (i = 0; i < d->nheader; i++)
		bound |= fetch_template_uses(d->header[i].value, "last_run");
	return bound;
}

/* Up to when has the feed been asked? By the server's clock, but not behind a {to} that came from ours. */
static int64_t
asked_until(const struct paging *p)
{
	const struct fetch_def *d = p->def;
	int64_t begun = p->server_time >= 0 ? p->server_time : p->o.now;
	bool to = d->style == STYLE_WINDOW || fetch_template_uses(d->body, "to");
	int i;

	for (i = 0; i < d->nurl; i++)
		to |= fetch_template_uses(d->url[i], "to");
	return to && p->o.now < begun ? p->o.now : begun;
}

bool
paging_unchanged(const struct paging *p)
{
	return p->unchanged;
}

void
paging_cursor(const struct paging *p, struct fetch_cursor *c)
{
	c->unchanged = p->unchanged;
	c->more = p->more;
	c->place = p->more ? paging_place_save(p) : NULL;
	c->last_run = p->more ? p->o.last_run : asked_until(p);
	/* a snapshot begins at its beginning each time */
	if (p->def->style == STYLE_CURSOR && (p->more || (p->o.feed->mode == FEED_INCREMENTAL && !bound_to_run(p->def))))
		fetch_cursor_set(&c->cursor, p->place.bytes);
	if (p->taxii != NULL && !p->more)
		taxii_cursor(p->taxii, c);
	c->fetched = p->unchanged ? p->o.since->fetched : p->server_time >= 0 ? p->server_time : p->o.now;
	/* after a 304 the validators that were asked with still hold */
	fetch_cursor_set(&c->etag, p->unchanged ? p->o.since->etag : p->etag.bytes);
	fetch_cursor_set(&c->last_modified, p->unchanged ? p->o.since->last_modified : p->last_modified.bytes);
	if (c->rest == NULL && p->o.since->rest != NULL)
		c->rest = json_object_get(p->o.since->rest);
}

const char *
paging_describe(const struct fetch_def *d)
{
	static const char *const text[] = {
		[STYLE_NONE] = "one request", [STYLE_PAGE] = "pages by number", [STYLE_OFFSET] = "pages by offset",
		[STYLE_CURSOR] = "pages by a cursor in the body", [STYLE_NEXT] = "pages by a next URL in the body",
		[STYLE_LINK] = "pages by the Link header", [STYLE_TAXII] = "TAXII 2.1", [STYLE_WINDOW] = "windows of time",
		[STYLE_INDEX] = "an index page and its entries",
	};

	return d->style == STYLE_NONE && d->nurl > 1 ? "a list of URLs" : text[d->style];
}
