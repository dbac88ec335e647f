#include "object_elements.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object_private.h"
#include "text.h"
#include "xmalloc.h"

/* --- order --- */

static inline unsigned char
folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* p stands on an opening quote; returns the byte behind the closing one. */
static const char *
skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

/*
 * How many of the element's first bytes say what it is: a tag or label is its
 * name, an attribute its type and value, the rest are all they hold. Elements
 * with the same key are one; the first in order stays, which is the one that
 * says more: ',' sorts before '}'.
 */
static size_t
key_length(enum field_kind kind, const char *p, size_t len)
{
	const char *q;

	switch (kind) {
	case FIELD_TAGS:
	case FIELD_LABELS:
		return (size_t)(skip_string(p + strlen("{\"name\":")) - p);
	case FIELD_ATTRIBUTES:
		q = skip_string(p + strlen("{\"type\":"));
		return (size_t)(skip_string(q + strlen(",\"value\":")) - p);
	default:
		return len;
	}
}

static int
compare_exact(const char *a, size_t na, const char *b, size_t nb)
{
	int c = memcmp(a, b, na < nb ? na : nb);

	return c != 0 ? c : na < nb ? -1 : na > nb;
}

static int
compare_folded(const char *a, size_t na, const char *b, size_t nb)
{
	size_t i, n = na < nb ? na : nb;

	for (i = 0; i < n; i++)
		if (a[i] != b[i] && folded(a[i]) != folded(b[i]))
			return folded(a[i]) < folded(b[i]) ? -1 : 1;
	return na < nb ? -1 : na > nb;
}

/* Tags differ by more than case (data-model.md section 7). */
static int
compare_keys(enum field_kind kind, const char *a, size_t na, const char *b, size_t nb)
{
	na = key_length(kind, a, na);
	nb = key_length(kind, b, nb);
	return kind == FIELD_TAGS ? compare_folded(a, na, b, nb) : compare_exact(a, na, b, nb);
}

static int
in_order(const void *x, const void *y, void *arg)
{
	const struct elements *s = arg;
	const struct element *a = x, *b = y;
	const char *pa = s->bytes.bytes + a->off, *pb = s->bytes.bytes + b->off;
	int c = compare_keys(s->kind, pa, a->len, pb, b->len);

	return c != 0 ? c : compare_exact(pa, a->len, pb, b->len);
}

/* Rank of a TLP label, 0 for any other: at most one stays, the strictest (data-model.md section 8). */
static int
tlp(const char *p, size_t len)
{
	static const char *const name[] = { "TLP:WHITE", "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED" };
	size_t at = strlen("{\"name\":\""), n = key_length(FIELD_LABELS, p, len), i;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (text_eq(p + at, n - at - 1, name[i]))
			return (int)i + 1;
	return 0;
}

/* --- the set --- */

void
elements_init(struct elements *s, enum field_kind kind)
{
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	buf_init(&s->bytes, 4 * LIMIT_LINE);
}

void
elements_clear(struct elements *s, enum field_kind kind)
{
	s->kind = kind;
	s->n = 0;
	buf_clear(&s->bytes);
}

void
elements_release(struct elements *s)
{
	buf_release(&s->bytes);
	free(s->element);
	memset(s, 0, sizeof(*s));
}

static int
add_labels(struct elements *s, const struct scan *scan, uint32_t node)
{
	struct elements labels;
	bool any;
	int rc;

	elements_init(&labels, FIELD_LABELS);
	rc = elements_add(&labels, scan, node) == -1 || elements_write(&labels, &s->bytes, &any) == -1 ? -1 : 0;
	elements_release(&labels);
	return rc;
}

/* Members in schema order; an empty array of labels is no member. */
static int
add_object(struct elements *s, const struct scan *scan, uint32_t e)
{
	const struct field *f;
	struct buf *b = &s->bytes;
	bool first = true;
	uint32_t v;
	size_t k;

	if (buf_addc(b, '{') == -1)
		return -1;
	for (k = 0; (f = schema_element(s->kind, k)) != NULL; k++) {
		if ((v = scan_member(scan, e, f->name)) == SCAN_NONE ||
		    (scan->node[v].type == SCAN_ARRAY && scan->node[v].count == 0))
			continue;
		if ((!first && buf_addc(b, ',') == -1) || buf_addf(b, "\"%s\":", f->name) == -1 ||
		    (f->kind == FIELD_LABELS ? add_labels(s, scan, v) : scan_canonical(scan, v, b)) == -1)
			return -1;
		first = false;
	}
	return buf_addc(b, '}');
}

int
elements_add(struct elements *s, const struct scan *scan, uint32_t node)
{
	uint32_t e, end = scan->node[node].next;

	for (e = node + 1; e < end; e = scan->node[e].next) {
		if (s->n == s->cap) {
			s->cap = s->cap == 0 ? 16 : s->cap * 2;
			s->element = xreallocarray(s->element, s->cap, sizeof(*s->element));
		}
		s->element[s->n].off = s->bytes.len;
		if ((s->kind == FIELD_XIDS ? scan_canonical(scan, e, &s->bytes) : add_object(s, scan, e)) == -1)
			return -1;
		s->element[s->n].len = s->bytes.len - s->element[s->n].off;
		s->n++;
	}
	return 0;
}

int
elements_write(struct elements *s, struct buf *out, bool *any)
{
	const struct element *e, *last = NULL;
	const char *base = s->bytes.bytes;
	int strictest = 0, rank;
	size_t i;

	if (s->n > 1)
		qsort_r(s->element, s->n, sizeof(*s->element), in_order, s);
	if (s->kind == FIELD_LABELS)
		for (i = 0; i < s->n; i++)
			if ((rank = tlp(base + s->element[i].off, s->element[i].len)) > strictest)
				strictest = rank;
	*any = s->n > 0;
	if (s->n > 0 && buf_addc(out, '[') == -1)
		return -1;
	for (i = 0; i < s->n; i++) {
		e = &s->element[i];
		if (strictest > 0 && (rank = tlp(base + e->off, e->len)) > 0 && rank < strictest)
			continue;
		if (last != NULL && compare_keys(s->kind, base + last->off, last->len, base + e->off, e->len) == 0)
			continue;
		if ((last != NULL && buf_addc(out, ',') == -1) || buf_add(out, base + e->off, e->len) == -1)
			return -1;
		last = e;
	}
	return s->n > 0 ? buf_addc(out, ']') : 0;
}

/* --- is it already? --- */

/* Members in order, names as they are; *key is where the element's key ends, as key_length() has it. */
static bool
object_canonical_form(const struct scan *s, uint32_t e, enum field_kind kind, size_t *key)
{
	const struct object_table *t = object_element_table(kind);
	const struct scan_node *n;
	uint32_t i, end = s->node[e].next;
	int k = 0, member = 0, last = kind == FIELD_ATTRIBUTES ? 2 : 1;

	*key = s->node[e].len;
	for (i = e + 1; i < end; i = s->node[i + 1].next) {
		if (s->node[i].escaped)
			return false;
		while (k < t->n && !object_is_name(s, i, t->field[k].f->name, t->field[k].len))
			k++;
		if (k == t->n || (t->field[k].f->kind == FIELD_LABELS && !elements_canonical(s, i + 1, FIELD_LABELS)))
			return false;
		k++;
		if (++member == last && (kind == FIELD_TAGS || kind == FIELD_LABELS || kind == FIELD_ATTRIBUTES)) {
			n = &s->node[i + 1];
			*key = n->off + n->len + 1 - s->node[e].off;
		}
	}
	return true;
}

bool
elements_canonical(const struct scan *s, uint32_t node, enum field_kind kind)
{
	uint32_t e, end = s->node[node].next;
	const char *p, *last = NULL;
	size_t key, lastkey = 0;
	const struct scan_node *n;
	int ranks = 0, c;

	if (s->node[node].count == 0)
		return false;
	for (e = node + 1; e < end; e = s->node[e].next) {
		n = &s->node[e];
		p = s->bytes + n->off;
		if (kind == FIELD_XIDS) {
			/* a string's node leaves its quotes out; the writer compares with them */
			p--;
			key = n->len + 2;
		} else if (!object_canonical_form(s, e, kind, &key))
			return false;
		if (kind == FIELD_LABELS && tlp(p, n->len) > 0 && ++ranks > 1)
			return false;
		if (last != NULL) {
			c = kind == FIELD_TAGS ? compare_folded(last, lastkey, p, key) : compare_exact(last, lastkey, p, key);
			if (c >= 0)
				return false;
		}
		last = p;
		lastkey = key;
	}
	return true;
}
