#include "fetch_paging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "date.h"
#include "fetch_look.h"
#include "fetch_taxii.h"
#include "hash.h"
#include "limit.h"
#include "link_header.h"
#include "log.h"
#include "xmalloc.h"

/* A set of digests, open addressing on their first bytes; they are SHA-256's, so nobody can aim at a slot. */
struct seen {
	unsigned char	(*slot)[16];
	size_t		 n, cap;
};

struct paging {
	struct paging_options	 o;
	const struct fetch_def	*def;
	struct fetch_look	*look;
	struct taxii		*taxii;

	int		 url;		/* index of the URL being paged */
	bool		 begun;		/* the first request of this URL went out */
	bool		 done;		/* this URL has no more pages */
	long		 pages;		/* pages seen in this run */
	uint64_t	 bytes;
	long		 page, offset;	/* styles page and offset */
	long		 records;	/* of this URL so far, where they are counted */
	struct buf	 place;		/* style cursor: the cursor; next, link: the URL */
	int64_t		 from;		/* style window */
	struct buf	 entries;	/* style index: names, NUL after each */
	size_t		 nentry, entry, entry_at;
	bool		 restarted;	/* a forgotten cursor was dropped once */
	bool		 more;		/* a window ended before the feed */
	bool		 unchanged;
	int64_t		 server_time;	/* of the first answer, -1 */

	struct seen	 seen;		/* digests of the requests made */
	unsigned char	 last_page[32];	/* digest of the page before */
	bool		 have_last;
	struct buf	 etag, last_modified;
};

/* --- the set of requests made --- */

static void
seen_release(struct seen *s)
{
	free(s->slot);
	memset(s, 0, sizeof(*s));
}

/* Puts the digest in; true where it was there already. */
static bool
seen_put(struct seen *s, const unsigned char *sum)
{
	static const unsigned char none[16];
	size_t i;

	memcpy(&i, sum, sizeof(i));
	for (i &= s->cap - 1; memcmp(s->slot[i], none, 16) != 0; i = (i + 1) & (s->cap - 1))
		if (memcmp(s->slot[i], sum, 16) == 0)
			return true;
	memcpy(s->slot[i], sum, 16);
	s->n++;
	return false;
}

static bool
seen_before(struct seen *s, const unsigned char *sum)
{
	static const unsigned char none[16];
	struct seen old = *s;
	size_t i;

	if (2 * (s->n + 1) > s->cap) {
		s->cap = old.cap ? 2 * old.cap : 64;
		s->n = 0;
		s->slot = xcalloc(s->cap, sizeof(*s->slot));
		for (i = 0; i < old.cap; i++)
			if (memcmp(old.slot[i], none, 16) != 0)
				seen_put(s, old.slot[i]);
		free(old.slot);
	}
	return seen_put(s, sum);
}

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
	p->page = p->offset = o->def->first;
	p->from = o->last_run;
	/* a cursor of the run before is where this one begins */
	if (o->def->style == STYLE_CURSOR && o->since->cursor != NULL)
		(void)!buf_addz(&p->place, o->since->cursor);
	if (o->def->style == STYLE_TAXII)
		p->taxii = taxii_new(o->def, o->last_run);
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
	free(p);
}

/* --- never twice to the same place --- */

static int
note_request(struct paging *p, const struct fetch_request *r, struct err *err)
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
	if (seen_before(&p->seen, sum))
		return err_set(err, REASON_CONTRACT, "paging does not advance at page %ld: the feed leads back to a page it gave before",
		    p->pages + 1);
	return 0;
}

/* Two pages with the same bytes, one after the other, in a style that pages. */
static int
note_page(struct paging *p, struct page *page, struct err *err)
{
	unsigned char sum[HASH_SHA256];
	char hex[65];

	if (p->def->style == STYLE_NONE || p->def->style == STYLE_WINDOW || p->def->style == STYLE_INDEX || page->len == 0)
		return 0;
	page_sha256(page, hex);
	hash_sha256(sum, hex, 64);
	if (p->have_last && memcmp(sum, p->last_page, sizeof(sum)) == 0)
		return err_set(err, REASON_CONTRACT, "paging does not advance at page %ld: the same page came twice", p->pages + 1);
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

/* The place (page number, offset, cursor) as the definition wants it carried. */
static int
put_place(const struct paging *p, struct fetch_request *r, struct err *err)
{
	const struct fetch_def *d = p->def;
	static char text[32];
	const char *value = text;

	if (d->style == STYLE_PAGE)
		snprintf(text, sizeof(text), "%ld", p->page);
	else if (d->style == STYLE_OFFSET)
		snprintf(text, sizeof(text), "%ld", p->offset);
	else if (d->style == STYLE_CURSOR && p->place.len > 0)
		value = p->place.bytes;
	else
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

/* Puts the cursor into the JSON body under the definition's member: the body is an object, the member its last one. */
static int
put_body_place(const struct paging *p, struct fetch_request *r, struct err *err)
{
	const char *name = p->def->page_body;
	size_t end = r->body.len;
	bool empty;

	if (name == NULL || p->place.len == 0 || p->def->style != STYLE_CURSOR)
		return 0;
	while (end > 0 && r->body.bytes[end - 1] != '}')
		end--;
	if (end == 0)
		return err_set(err, REASON_USAGE, "the cursor is to stand in the body, but the body is no JSON object");
	r->body.len = end - 1;
	r->body.bytes[r->body.len] = '\0';
	for (empty = true, end = 1; end < r->body.len; end++)
		empty &= r->body.bytes[end] == ' ';
	if ((!empty && buf_addc(&r->body, ',') == -1) || buf_add_json(&r->body, name, strlen(name)) == -1 ||
	    buf_addc(&r->body, ':') == -1 || buf_add_json(&r->body, p->place.bytes, p->place.len) == -1 ||
	    buf_addc(&r->body, '}') == -1)
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

static bool
window_full(const struct paging *p)
{
	return p->o.windows && p->def->window_pages > 0 && p->pages >= p->def->window_pages;
}

/* On to the next URL of the list, from its beginning. */
static bool
next_url(struct paging *p)
{
	if (++p->url >= p->def->nurl)
		return false;
	p->begun = p->done = p->have_last = false;
	p->page = p->offset = p->def->first;
	p->records = 0;
	p->from = p->o.last_run;
	buf_clear(&p->place);
	return true;
}

int
paging_next(struct paging *p, struct fetch_request *r, struct err *err)
{
	fetch_request_clear(r);
	if (p->unchanged)
		return 0;
	if (p->done && !next_url(p))
		return 0;
	if (p->begun && window_full(p)) {
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
	if (p->def->style == STYLE_NONE && p->def->nurl == 1 && p->def->body == NULL) {
		r->etag = p->o.since->etag;
		r->last_modified = p->o.since->last_modified;
	}
	r->probe = p->def->style == STYLE_CURSOR && p->place.len > 0 && !p->restarted;
	return note_request(p, r, err) == -1 ? -1 : 1;
}

/* --- answers --- */

static int
after_counted(struct paging *p, struct page *page, struct err *err)
{
	const struct fetch_def *d = p->def;
	struct buf text;
	long n = 0, total = -1;
	int rc = 0;

	buf_init(&text, 256);
	if (d->count != NULL) {
		rc = fetch_look_scalar(p->look, page, d->count, &text, err);
		n = rc == 1 ? strtol(text.bytes, NULL, 10) : 0;
	} else
		rc = fetch_look_records(p->look, page, &n, err);
	if (rc != -1 && d->total != NULL) {
		buf_clear(&text);
		rc = fetch_look_scalar(p->look, page, d->total, &text, err);
		if (rc == 1)
			total = strtol(text.bytes, NULL, 10);
	}
	buf_release(&text);
	if (rc == -1)
		return -1;
	p->records += n;
	p->page++;
	p->offset += n;
	p->done = n == 0 || (d->size > 0 && n < d->size) || (total >= 0 && p->records >= total);
	return 0;
}

static int
after_cursor(struct paging *p, struct fetch_request *r, struct page *page, struct err *err)
{
	const struct fetch_def *d = p->def;
	struct buf next, more;
	int rc, want = -1;

	buf_init(&next, 64 * KIB);
	buf_init(&more, 1024);
	rc = fetch_look_scalar(p->look, page, d->next, &next, err);
	if (rc != -1 && d->more != NULL)
		want = fetch_look_scalar(p->look, page, d->more, &more, err);
	if (rc == -1 || (d->more != NULL && want == -1))
		rc = -1;
	else if (want == 1 && rc == 0)
		rc = err_set(err, REASON_CONTRACT, "page %ld says there is more, but not where (no cursor)", p->pages + 1);
	else if (want == 0 || rc == 0) {
		/* the last cursor is kept: the next run goes on from it */
		if (rc == 1 && d->style == STYLE_CURSOR) {
			buf_clear(&p->place);
			(void)!buf_add(&p->place, next.bytes, next.len);
		}
		p->done = true;
		rc = 0;
	} else {
		buf_clear(&p->place);
		if (d->style == STYLE_NEXT)
			rc = http_resolve(r->url.bytes, next.bytes, &p->place, err);
		else
			rc = buf_add(&p->place, next.bytes, next.len);
	}
	buf_release(&next);
	buf_release(&more);
	return rc == -1 ? -1 : 0;
}

static int
after_link(struct paging *p, struct fetch_request *r, struct http_answer *a, struct err *err)
{
	struct buf next, value;
	char *line, *save = NULL;
	int rc = 0;

	buf_init(&next, 16 * KIB);
	buf_init(&value, 64 * KIB);
	/* several Link headers are one list */
	for (line = strtok_r(a->headers.bytes, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "link:", 5) == 0)
			(void)!buf_addf(&value, "%s,", line + 5);
	p->done = link_header_find(value.bytes, "next", &next) != 1;
	if (!p->done) {
		buf_clear(&p->place);
		rc = http_resolve(r->url.bytes, next.bytes, &p->place, err);
	}
	buf_release(&next);
	buf_release(&value);
	return rc;
}

/* The index page: its entries are the pages. */
static int
after_index(struct paging *p, struct fetch_request *r, struct page *page, struct err *err)
{
	p->entry = p->entry_at = 0;
	buf_clear(&p->entries);
	buf_clear(&p->place);
	if (buf_add(&p->place, r->url.bytes, r->url.len) == -1 ||
	    fetch_look_list(p->look, page, p->def->entries, p->o.last_run, &p->entries, &p->nentry, err) == -1)
		return -1;
	p->done = p->nentry == 0;
	return 0;
}

static void
next_entry(struct paging *p)
{
	p->entry_at += strlen(p->entries.bytes + p->entry_at) + 1;
	p->done = ++p->entry == p->nentry;
}

/* A cursor that the server no longer knows: the run starts over from the last committed point, once. */
static int
restart(struct paging *p, const struct http_answer *a)
{
	log_warning("the feed no longer knows the cursor (%ld): starting over from its last run, once", a->status);
	p->restarted = true;
	p->begun = false;
	seen_release(&p->seen);
	p->have_last = false;
	buf_clear(&p->place);
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
	if (a->status >= 400)
		return restart(p, a);
	p->bytes += page->len;
	if (p->bytes > p->def->max_bytes)
		return err_set(err, REASON_CONTRACT, "the feed has more than %llu bytes (fetch.limits.bytes)",
		    (unsigned long long)p->def->max_bytes);
	p->begun = true;
	if (p->taxii == NULL && note_page(p, page, err) == -1)
		return -1;
	switch (p->def->style) {
	case STYLE_NONE:
		keep_validators(p, a);
		p->done = true;
		break;
	case STYLE_PAGE: case STYLE_OFFSET:
		rc = after_counted(p, page, err);
		break;
	case STYLE_CURSOR: case STYLE_NEXT:
		rc = after_cursor(p, r, page, err);
		break;
	case STYLE_LINK:
		rc = after_link(p, r, a, err);
		break;
	case STYLE_WINDOW:
		p->from += p->def->window;
		p->done = p->from >= p->o.now;
		break;
	case STYLE_INDEX:
		if (first) {
			way = true;
			rc = after_index(p, r, page, err);
		} else
			next_entry(p);
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
paging_unchanged(const struct paging *p)
{
	return p->unchanged;
}

void
paging_cursor(const struct paging *p, struct fetch_cursor *c)
{
	int64_t begun = p->server_time >= 0 ? p->server_time : p->o.now;

	c->unchanged = p->unchanged;
	c->more = p->more;
	/* windows of time move the mark to where they came; everything else to when the run began, by the server's clock */
	c->last_run = p->def->style == STYLE_WINDOW && p->more ? p->from : p->more ? p->o.last_run : begun;
	if (p->def->style == STYLE_CURSOR)
		fetch_cursor_set(&c->cursor, p->place.bytes);
	if (p->taxii != NULL)
		taxii_cursor(p->taxii, c);
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
