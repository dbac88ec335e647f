/*
 * Arrays of an object: elements repeat for a hole that yields a list, are
 * normalised by kind, sorted and written once, in object_canonical()'s order
 * (lib/object_elements.c has the same rules for lines from elsewhere).
 */
#include <stdlib.h>

#include "limit.h"
#include "map_private.h"
#include "text.h"
#include "xmalloc.h"

#define MAX_SLOTS 6

/* --- order --- */

static inline unsigned char
folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static int
exact(const char *a, uint32_t na, const char *b, uint32_t nb)
{
	int c = memcmp(a, b, na < nb ? na : nb);

	return c != 0 ? c : na < nb ? -1 : na > nb;
}

static int
fold(const char *a, uint32_t na, const char *b, uint32_t nb)
{
	uint32_t i, n = na < nb ? na : nb;

	for (i = 0; i < n; i++)
		if (a[i] != b[i] && folded(a[i]) != folded(b[i]))
			return folded(a[i]) < folded(b[i]) ? -1 : 1;
	return na < nb ? -1 : na > nb;
}

struct order {
	const char	*bytes;
	bool		 nocase;
};

static int
keys(const struct order *o, const struct slice *a, const struct slice *b)
{
	return o->nocase ? fold(o->bytes + a->off, a->key, o->bytes + b->off, b->key) :
	    exact(o->bytes + a->off, a->key, o->bytes + b->off, b->key);
}

static int
compare(const void *x, const void *y, void *arg)
{
	const struct order *o = arg;
	const struct slice *a = x, *b = y;
	int c = keys(o, a, b);

	return c != 0 ? c : exact(o->bytes + a->off, a->len, o->bytes + b->off, b->len);
}

static void
sort(struct slice *s, size_t n, struct order *o)
{
	struct slice t;
	size_t i, k;

	if (n > 16) {
		qsort_r(s, n, sizeof(*s), compare, o);
		return;
	}
	for (i = 1; i < n; i++) {
		t = s[i];
		for (k = i; k > 0 && compare(&s[k - 1], &t, o) > 0; k--)
			s[k] = s[k - 1];
		s[k] = t;
	}
}

/* --- one element --- */

/* A member of an element as text; the bytes it must not be without. */
static const char *
slot_text(const struct mval *v, const char **text, size_t *len)
{
	if (v->type == M_NULL)
		return "";
	if (!mval_text(v, text, len))
		return "not a text";
	trim(text, len);
	return *len == 0 ? "" : NULL;
}

static const char *
put_tag(struct map *m, struct buf *b, const struct mval *v)
{
	const char *text, *why;
	size_t len;

	why = slot_text(v, &text, &len);
	if (why != NULL)
		return why;
	text = tag_normal(m, text, len, &len, &why);
	if (text == NULL) {
		if (*why != '\0') {
			map_count(m, "tags", "tag", why);
			map_tell(m, NOTE_LOST, m->now->at, why, v->text, v->len);
		}
		return "";
	}
	put_json(m, b, text, len);
	return NULL;
}

static const char *
put_label(struct map *m, struct buf *b, const struct field *f, const struct mval *v, int *rank)
{
	const char *text, *why, *tlp;
	size_t len;

	why = slot_text(v, &text, &len);
	if (why != NULL)
		return why;
	tlp = tlp_label(text, len, rank);
	if (tlp != NULL) {
		put_json(m, b, tlp, strlen(tlp));
		return NULL;
	}
	return scalar_write(m, b, f, f->max, v);
}

static const char *
put_color(struct map *m, struct buf *b, const struct mval *v)
{
	const char *text, *why;
	size_t len;

	why = slot_text(v, &text, &len);
	if (why != NULL)
		return why;
	if (*text == '#') {
		text++;
		len--;
	}
	if (len != 6 || strspn(text, "0123456789abcdefABCDEF") < 6)
		return "not six hexadecimal digits";
	put_json(m, b, text, len);
	return NULL;
}

/* The elements' members that carry an indicator's value and type: the value first, as the line has it. */
static const char *
put_indicator(struct map *m, struct buf *b, const struct mval *summary, const struct mval *type)
{
	const char *text, *kind, *why;
	enum tc_type t;
	size_t len, kindlen;
	bool drop = false;

	if ((why = slot_text(summary, &text, &len)) != NULL || (why = slot_text(type, &kind, &kindlen)) != NULL)
		return why;
	t = schema_type(kind, kindlen);
	if (schema_class(t) != CLASS_INDICATOR)
		return "not an indicator type";
	why = indicator_canon(m, &t, text, len, &drop);
	if (why != NULL)
		return why;
	PUT(m, b, "{\"summary\":");
	put_json(m, b, m->text.bytes, m->text.len);
	PUT(m, b, ",\"indicatorType\":");
	put_json(m, b, schema_type_name(t), strlen(schema_type_name(t)));
	PUT(m, b, "}");
	return NULL;
}

static const char *
put_slot(struct map *m, struct root *r, const struct slot *s, const struct mval *v, struct buf *b, struct slice *slice,
    size_t max)
{
	static const struct field value = { .name = "attribute value", .kind = FIELD_STRING, .cut = true };
	size_t before = b->len;

	if (s->role == SLOT_LABELS) {
		array_write(m, r, s->labels, "", 0, b, &m->labels);
		return b->len == before ? "" : NULL;
	}
	if (v->type == M_NULL)
		return "";
	switch (s->role) {
	case SLOT_TAG:
		return put_tag(m, b, v);
	case SLOT_LABEL:
		return put_label(m, b, s->field, v, &slice->rank);
	case SLOT_COLOR:
		return put_color(m, b, v);
	case SLOT_VALUE:
		return scalar_write(m, b, &value, max, v);
	default:
		return scalar_write(m, b, s->field, s->field->max, v);
	}
}

/* Writes one element; false: it is left out. */
static bool
build(struct map *m, struct root *r, const struct array *a, const struct element *e, const struct mval *v, struct buf *b,
    struct slice *slice)
{
	size_t start = b->len, before, max = e->max;
	const char *why = NULL;
	bool any = false;
	int i;

	slice->off = (uint32_t)start;
	slice->rank = 0;
	slice->key = 0;
	if (a->kind == FIELD_XIDS) {
		static const struct field xid = { .name = "associatedGroupXid", .kind = FIELD_STRING };

		why = v[0].type == M_NULL ? "" : scalar_write(m, b, &xid, 0, &v[0]);
		any = why == NULL;
		i = 0;
		goto out;
	}
	if (a->kind == FIELD_INDICATOR_REFS) {
		why = put_indicator(m, b, &v[0], &v[1]);
		any = why == NULL;
		i = 0;
		goto out;
	}
	PUT(m, b, "{");
	for (i = 0; i < e->nslot; i++) {
		const struct slot *s = &e->slot[i];

		before = b->len;
		if (any)
			PUT(m, b, ",");
		if (s->text != NULL) {
			put(m, b, s->text, s->textlen);
			any = true;
			continue;
		}
		put(m, b, s->head, s->headlen);
		if (s->role == SLOT_TYPE && v[i].type == M_STRING) {
			if (memmem(v[i].text, v[i].len, "ictim", 5) != NULL) {
				why = "victim data is not mapped";
				goto out;
			}
			max = schema_attribute_max(v[i].text, v[i].len);
		}
		why = put_slot(m, r, s, &v[i], b, slice, max);
		if (why == NULL) {
			any = true;
			if (s->key)
				slice->key = (uint32_t)(b->len - start);
			continue;
		}
		b->len = before;
		if (s->needed)
			goto out;
		if (*why != '\0')
			map_lose(m, s->hole != NULL ? s->hole->at : e->at, s->field->name, why, &v[i]);
		why = NULL;
	}
	PUT(m, b, "}");
out:
	if (why != NULL || !any || m->full) {
		b->len = start;
		if (why != NULL && *why != '\0')
			map_lose(m, i < e->nslot && e->slot[i].hole != NULL ? e->slot[i].hole->at : e->at, a->name, why,
			    i < e->nslot ? &v[i] : NULL);
		return false;
	}
	slice->len = (uint32_t)(b->len - start);
	if (slice->key == 0)
		slice->key = slice->len;
	return true;
}

static struct slice *
new_slice(struct map *m)
{
	if (m->nslice == m->cap_slice) {
		m->cap_slice = m->cap_slice == 0 ? 64 : m->cap_slice * 2;
		m->slice = xreallocarray(m->slice, m->cap_slice, sizeof(*m->slice));
	}
	return &m->slice[m->nslice];
}

static void
add_element(struct map *m, struct root *r, const struct array *a, const struct element *e, struct buf *work)
{
	struct mval v[MAX_SLOTS];
	const struct mval *list = NULL;
	int i, repeat = -1;
	uint32_t k, n = 1, list_len = 0;

	for (i = 0; i < e->nslot; i++) {
		if (e->slot[i].hole == NULL) {
			v[i].type = M_NULL;
			continue;
		}
		hole_eval(m, r, e->slot[i].hole, &v[i]);
		if (v[i].type != M_LIST)
			continue;
		if (repeat != -1) {
			map_lose(m, e->slot[i].hole->at, a->name, "two members of one element are lists", NULL);
			return;
		}
		repeat = i;
		list = v[i].item;
		n = list_len = v[i].len;
	}
	for (k = 0; k < n && !m->full; k++) {
		struct slice slice = { 0 };

		if (repeat != -1 && k < list_len)
			v[repeat] = list[k];
		if (m->nslice >= LIMIT_OBJECTS_PER_RECORD) {
			m->full = true;
			return;
		}
		if (build(m, r, a, e, v, work, &slice)) {
			*new_slice(m) = slice;
			m->nslice++;
		}
	}
}

static bool
applies(struct map *m, struct root *r, const struct array *a, const struct element *e)
{
	int yes = e->when.op == COND_ALWAYS ? 1 : condition_eval(m, r, &e->when);

	if (yes == -1)
		map_lose(m, e->at, a->name, "the condition failed", NULL);
	return yes == 1;
}

/* The element's own each and when, for arrays of nested records. */
static void
add_elements(struct map *m, struct root *r, const struct array *a, const struct element *e, struct buf *work)
{
	struct jval *list;
	struct err err = { 0 };
	uint32_t i;

	if (e->each == NULL) {
		if (applies(m, r, a, e))
			add_element(m, r, a, e, work);
		return;
	}
	list = jmespath_eval(e->each, &m->ctx, root_value(m, r), &err);
	if (list == NULL || (list->type != J_ARRAY && list->type != J_NULL)) {
		map_lose(m, e->at, a->name, "each yields no list", NULL);
		return;
	}
	for (i = 0; list->type == J_ARRAY && i < list->len && !m->full; i++) {
		struct root below = { r->rec, list->u.item[i], true };

		if (applies(m, &below, a, e))
			add_element(m, &below, a, e, work);
	}
}

void
array_write(struct map *m, struct root *r, const struct array *a, const char *head, size_t headlen, struct buf *out,
    struct buf *work)
{
	size_t base = m->nslice, start = work->len, i;
	const struct slice *last = NULL, *s;
	struct order order = { .nocase = a->kind == FIELD_TAGS };
	int strictest = 0;

	for (i = 0; i < (size_t)a->nelement && !m->full; i++)
		add_elements(m, r, a, &a->element[i], work);
	if (m->nslice > base && !m->full) {
		order.bytes = work->bytes;
		sort(m->slice + base, m->nslice - base, &order);
		for (i = base; i < m->nslice; i++)
			if (m->slice[i].rank > strictest)
				strictest = m->slice[i].rank;
		put(m, out, head, headlen);
		PUT(m, out, "[");
		for (i = base; i < m->nslice; i++) {
			s = &m->slice[i];
			/* at most one TLP label: the strictest (data-model.md section 8) */
			if (s->rank > 0 && s->rank < strictest)
				continue;
			if (last != NULL && keys(&order, last, s) == 0)
				continue;
			if (last != NULL)
				PUT(m, out, ",");
			put(m, out, work->bytes + s->off, s->len);
			last = s;
		}
		PUT(m, out, "]");
	}
	m->nslice = base;
	work->len = start;
}
