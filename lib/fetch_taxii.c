#include "fetch_taxii.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "json_pick.h"
#include "limit.h"
#include "log.h"
#include "scan.h"
#include "xmalloc.h"

#define MEDIA "application/taxii+json;version=2.1"
#define MAX_COLLECTIONS 1000

struct taxii {
	const struct fetch_def	*def;
	int64_t	 added_after;		/* of the run */
	char	 after[40];		/* of the current collection's next page, as the server wrote it; "" at first */
	int64_t	 newest;		/* X-TAXII-Date-Added-Last, -1 */
	bool	 asked_root;		/* collections of an API root were asked for */
	struct buf start;		/* URL to ask first */
	struct buf root;		/* API root, with its slash */
	struct buf ids;			/* collections to read, NUL after each; "" once: the start URL is the collection */
	size_t	 nid, id, id_at;
	struct buf next;		/* "next" of the page before */
	char	*wanted;		/* collection at which the last run stopped, or NULL */
	bool	 objects;		/* requests go to objects now */
	bool	 done;
};

struct taxii *
taxii_new(const struct fetch_def *def, int64_t added_after)
{
	struct taxii *t = xcalloc(1, sizeof(*t));

	t->def = def;
	t->added_after = added_after;
	t->newest = -1;
	buf_init(&t->start, 16 * KIB);
	buf_init(&t->root, 16 * KIB);
	buf_init(&t->ids, 1 * MIB);
	buf_init(&t->next, 64 * KIB);
	return t;
}

void
taxii_free(struct taxii *t)
{
	if (t == NULL)
		return;
	buf_release(&t->start);
	buf_release(&t->root);
	buf_release(&t->ids);
	buf_release(&t->next);
	free(t->wanted);
	free(t);
}

static int
objects_request(struct taxii *t, struct fetch_request *r, struct err *err)
{
	char text[DATE_LEN + 8], iso[DATE_LEN + 1];
	const char *after = t->after;
	int rc = 0;

	if (t->root.len > 0)
		rc = buf_add(&r->url, t->root.bytes, t->root.len) == -1 || buf_addz(&r->url, "collections/") == -1 ||
		    http_encode(t->ids.bytes + t->id_at, strlen(t->ids.bytes + t->id_at), &r->url) == -1 ||
		    buf_addz(&r->url, "/objects/") == -1 ? -1 : 0;
	else
		rc = buf_add(&r->url, t->start.bytes, t->start.len);
	if (rc == -1)
		return err_set(err, REASON_CONTRACT, "a request's URL is too long");
	if (*after == '\0' && t->added_after >= 0) {
		date_print(t->added_after, iso);
		snprintf(text, sizeof(text), "%.19s.000Z", iso);
		after = text;
	}
	if (*after != '\0' && fetch_request_query(r, "added_after", after, err) == -1)
		return -1;
	if (t->def->size > 0) {
		char limit[24];

		snprintf(limit, sizeof(limit), "%ld", t->def->size);
		if (fetch_request_query(r, "limit", limit, err) == -1)
			return -1;
	}
	return t->next.len > 0 ? fetch_request_query(r, "next", t->next.bytes, err) : 0;
}

int
taxii_next(struct taxii *t, const struct params *params, struct fetch_request *r, struct err *err)
{
	struct fetch_vars v = { .params = params, .last_run = t->added_after };

	if (t->done)
		return 0;
	r->accept = MEDIA;
	if (t->start.len == 0 && fetch_template_expand(t->def->url[0], &v, &t->start, err) == -1)
		return -1;
	r->vars = v;
	if (t->objects)
		return objects_request(t, r, err) == -1 ? -1 : 1;
	if (t->root.len > 0) {
		t->asked_root = true;
		return buf_add(&r->url, t->root.bytes, t->root.len) == -1 || buf_addz(&r->url, "collections/") == -1 ?
		    err_set(err, REASON_CONTRACT, "a request's URL is too long") : 1;
	}
	/* the start itself; if it is a collection's objects, the filter goes along */
	if (strstr(t->start.bytes, "/objects") != NULL) {
		t->objects = true;
		t->nid = 1;
		return objects_request(t, r, err) == -1 ? -1 : 1;
	}
	return buf_add(&r->url, t->start.bytes, t->start.len) == -1 ? err_set(err, REASON_CONTRACT, "a request's URL is too long") : 1;
}

bool
taxii_done(const struct taxii *t)
{
	return t->done;
}

static bool
wanted(const struct taxii *t, const char *id, const char *title)
{
	const char *const *c;

	if (t->def->collections == NULL)
		return true;
	for (c = t->def->collections; *c != NULL; c++)
		if (strcmp(*c, id) == 0 || strcmp(*c, title) == 0)
			return true;
	return false;
}

static void
member(const struct scan *s, uint32_t o, const char *name, struct buf *out)
{
	uint32_t i = scan_member(s, o, name);

	buf_clear(out);
	if (i != SCAN_NONE && s->node[i].type == SCAN_STRING && scan_string(s, i, out) == -1)
		buf_clear(out);
}

/* To the collection at which the last run stopped; one that is gone means all of them. */
static void
go_on(struct taxii *t)
{
	size_t n, at = 0;

	for (n = 0; t->wanted != NULL && n < t->nid && strcmp(t->ids.bytes + at, t->wanted) != 0; n++)
		at += strlen(t->ids.bytes + at) + 1;
	if (t->wanted != NULL && n < t->nid) {
		t->id = n;
		t->id_at = at;
	} else if (t->wanted != NULL) {
		buf_clear(&t->next);
		t->after[0] = '\0';
	}
	free(t->wanted);
	t->wanted = NULL;
}

/* {"collections":[{"id":..., "title":..., "can_read":true}]} */
static int
take_collections(struct taxii *t, const struct scan *s, uint32_t list, struct err *err)
{
	struct buf id, title;
	uint32_t i, can;

	buf_init(&id, 1024);
	buf_init(&title, 4096);
	for (i = scan_first(s, list); i != SCAN_NONE && i < s->node[list].next && t->nid < MAX_COLLECTIONS; i = s->node[i].next) {
		member(s, i, "id", &id);
		member(s, i, "title", &title);
		can = scan_member(s, i, "can_read");
		if (id.len == 0 || (can != SCAN_NONE && s->node[can].type == SCAN_FALSE) || !wanted(t, id.bytes, title.bytes))
			continue;
		if (buf_add(&t->ids, id.bytes, id.len + 1) == 0)
			t->nid++;
	}
	buf_release(&id);
	buf_release(&title);
	if (t->nid == 0)
		return err_set(err, REASON_CONTRACT, t->def->collections != NULL ?
		    "the TAXII server has none of the collections that are named, or does not let us read them" :
		    "the TAXII server has no collection that we may read");
	t->objects = true;
	go_on(t);
	return 0;
}

/* What kind of document is it, and where does it lead? */
static int
take_way(struct taxii *t, struct fetch_request *r, struct page *page, struct err *err)
{
	struct buf root;
	const char *bytes;
	struct scan s;
	uint32_t i;
	size_t len;
	int rc = -1;

	if (page_bytes(page, 4 * MIB, &bytes, &len, err) == -1)
		return -1;
	scan_init(&s);
	buf_init(&root, 16 * KIB);
	if (scan_text(&s, bytes, len, err) == -1)
		rc = err_prefix(err, "the TAXII server's answer");
	else if ((i = scan_member(&s, 0, "collections")) != SCAN_NONE && s.node[i].type == SCAN_ARRAY) {
		if (t->root.len == 0) {
			/* the start was .../collections/ itself */
			const char *at = strstr(r->url.bytes, "collections");

			(void)!buf_add(&t->root, r->url.bytes, at != NULL ? (size_t)(at - r->url.bytes) : strcspn(r->url.bytes, "?"));
		}
		rc = take_collections(t, &s, i, err);
	} else if ((i = scan_member(&s, 0, "api_roots")) != SCAN_NONE && s.node[i].type == SCAN_ARRAY && s.node[i].count > 0) {
		uint32_t def = scan_member(&s, 0, "default");

		i = def != SCAN_NONE && s.node[def].type == SCAN_STRING ? def : scan_first(&s, i);
		rc = scan_string(&s, i, &root) == -1 ? -1 : http_resolve(r->url.bytes, root.bytes, &t->root, err);
	} else if (scan_member(&s, 0, "versions") != SCAN_NONE || t->asked_root == false)
		rc = buf_add(&t->root, r->url.bytes, strcspn(r->url.bytes, "?"));
	else
		rc = err_set(err, REASON_CONTRACT, "the TAXII server's answer has neither api_roots nor collections");
	if (rc == 0 && t->root.len > 0 && t->root.bytes[t->root.len - 1] != '/')
		rc = buf_addc(&t->root, '/');
	scan_release(&s);
	buf_release(&root);
	return rc;
}

static void
next_collection(struct taxii *t)
{
	buf_clear(&t->next);
	t->after[0] = '\0';
	if (++t->id >= t->nid) {
		t->done = true;
		return;
	}
	t->id_at += strlen(t->ids.bytes + t->id_at) + 1;
}

static int
after_objects(struct taxii *t, struct page *page, struct http_answer *a, struct err *err)
{
	static const char *const more_name[] = { "more" }, *const next_name[] = { "next" };
	static const size_t four[] = { 4 };
	char last[64];
	struct buf more, next;
	bool quoted, moved = false;
	int64_t when;
	struct err ignored;
	int rc;

	buf_init(&more, 64);
	buf_init(&next, 64 * KIB);
	if (http_header(a, "x-taxii-date-added-last", last, sizeof(last)) != NULL) {
		if (date_parse(last, strlen(last), -1, &when, &ignored) == 0 && when > t->newest)
			t->newest = when;
		moved = strcmp(last, t->after) != 0 && strlen(last) < sizeof(t->after);
	}
	rc = json_pick(page, more_name, four, 1, &more, &quoted, err);
	if (rc == 1 && strcmp(more.bytes, "true") == 0) {
		rc = json_pick(page, next_name, four, 1, &next, &quoted, err);
		buf_clear(&t->next);
		if (rc == 1)
			rc = quoted ? json_unescape(next.bytes, next.len, &t->next, err) : buf_add(&t->next, next.bytes, next.len);
		else if (rc == 0 && moved)
			snprintf(t->after, sizeof(t->after), "%s", last);
		else if (rc == 0)
			rc = err_set(err, REASON_CONTRACT, "the TAXII server says more without next, and no X-TAXII-Date-Added-Last that moves");
	} else if (rc != -1) {
		next_collection(t);
		rc = 0;
	}
	buf_release(&more);
	buf_release(&next);
	return rc;
}

int
taxii_saw(struct taxii *t, struct fetch_request *r, struct page *page, struct http_answer *a, bool *way, struct err *err)
{
	*way = !t->objects;
	return t->objects ? after_objects(t, page, a, err) : take_way(t, r, page, err);
}

void
taxii_cursor(const struct taxii *t, struct fetch_cursor *c)
{
	if (t->newest >= 0 && t->done && t->newest < c->last_run)
		c->last_run = t->newest;
}

void
taxii_place_save(const struct taxii *t, struct json_object *o)
{
	if (t->root.len > 0 && t->id < t->nid)
		json_object_object_add(o, "collection", json_object_new_string(t->ids.bytes + t->id_at));
	if (t->next.len > 0)
		json_object_object_add(o, "next", json_object_new_string(t->next.bytes));
	if (t->after[0] != '\0')
		json_object_object_add(o, "after", json_object_new_string(t->after));
	if (t->newest >= 0)
		json_object_object_add(o, "newest", json_object_new_int64(t->newest));
}

static bool
is_text(struct json_object *o, const char *name, struct json_object **v)
{
	return json_object_object_get_ex(o, name, v) && json_object_is_type(*v, json_type_string);
}

void
taxii_place_load(struct taxii *t, struct json_object *o)
{
	struct json_object *v;

	if (is_text(o, "collection", &v))
		t->wanted = xstrdup(json_object_get_string(v));
	if (is_text(o, "next", &v))
		(void)!buf_addz(&t->next, json_object_get_string(v));
	if (is_text(o, "after", &v))
		snprintf(t->after, sizeof(t->after), "%s", json_object_get_string(v));
	if (json_object_object_get_ex(o, "newest", &v))
		t->newest = json_object_get_int64(v);
}
