#include "object_merge.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object_elements.h"
#include "object_private.h"
#include "xmalloc.h"

struct merge {
	const struct object *const *object;
	size_t		 n;
	struct elements	 set;
	struct buf	 best, other;	/* canonical texts of scalars */
};

static int
compare_bytes(const char *a, size_t na, const char *b, size_t nb)
{
	int c = memcmp(a, b, na < nb ? na : nb);

	return c != 0 ? c : na < nb ? -1 : na > nb;
}

/* Text of the date member, or "" (dates have one form, so texts compare as times). */
static const char *
date_of(const struct object *o, const char *name, size_t *len)
{
	int k = schema_field_index(o->type, name, strlen(name));

	*len = 0;
	if (k == -1 || o->at[k] == SCAN_NONE)
		return "";
	*len = o->scan->node[o->at[k]].len;
	return scan_bytes(o->scan, o->at[k]);
}

/* When the source last spoke of this object. */
static const char *
seen(const struct object *o, size_t *len)
{
	const char *a, *b;
	size_t na, nb;

	a = date_of(o, "lastSeen", &na);
	b = date_of(o, "externalLastModified", &nb);
	if (compare_bytes(a, na, b, nb) < 0) {
		a = b;
		na = nb;
	}
	if (na == 0)
		a = date_of(o, "firstSeen", &na);
	*len = na;
	return a;
}

static int
compare_seen(const struct object *a, const struct object *b)
{
	size_t na, nb;
	const char *pa = seen(a, &na), *pb = seen(b, &nb);

	return compare_bytes(pa, na, pb, nb);
}

static long long
number(const struct buf *b)
{
	return strtoll(b->bytes, NULL, 10);
}

/* Is the value of b, with its text in m->other, to be preferred to that of a in m->best? */
static bool
better(const struct merge *m, const struct field *f, const struct object *a, const struct object *b)
{
	bool larger = compare_bytes(m->other.bytes, m->other.len, m->best.bytes, m->best.len) > 0;
	int c;

	if (strcmp(f->name, "rating") == 0 || strcmp(f->name, "confidence") == 0)
		return number(&m->other) > number(&m->best);
	if (f->kind == FIELD_DATE) {
		if (strcmp(f->name, "firstSeen") == 0 || strcmp(f->name, "externalDateAdded") == 0 || strcmp(f->name, "eventDate") == 0)
			return compare_bytes(m->other.bytes, m->other.len, m->best.bytes, m->best.len) < 0;
		return larger;
	}
	c = compare_seen(b, a);
	return c != 0 ? c > 0 : larger;
}

/* Node of field k; of an indicator's value wherever it stands; of an association's end in canonical order. */
static uint32_t
node_of(const struct object *o, int k)
{
	const char *name = object_table(o->type)->field[k].f->name;
	size_t len = strlen(name);
	char other[24];

	if (o->class == CLASS_INDICATOR && k == 1 && (o->at[1] == SCAN_NONE || o->scan->node[o->at[1]].len == 0))
		return o->value[0];
	if (o->class == CLASS_ASSOCIATION && len < sizeof(other) && len > 2 && name[len - 2] == '_' && object_ends_swapped(o)) {
		memcpy(other, name, len + 1);
		other[len - 1] = name[len - 1] == '1' ? '2' : '1';
		return o->at[schema_field_index(o->type, other, len)];
	}
	return o->at[k];
}

static int
merge_scalar(struct merge *m, const struct field *f, int k, bool *any)
{
	const struct object *from = NULL;
	uint32_t node;
	size_t i;

	*any = false;
	for (i = 0; i < m->n; i++) {
		if ((node = node_of(m->object[i], k)) == SCAN_NONE)
			continue;
		buf_clear(&m->other);
		if (scan_canonical(m->object[i]->scan, node, &m->other) == -1)
			return -1;
		if (from != NULL && !better(m, f, from, m->object[i]))
			continue;
		from = m->object[i];
		buf_clear(&m->best);
		if (buf_add(&m->best, m->other.bytes, m->other.len) == -1)
			return -1;
	}
	*any = from != NULL;
	return 0;
}

static int
merge_array(struct merge *m, const struct field *f, int k, struct buf *out, bool *any)
{
	size_t i;

	elements_clear(&m->set, f->kind);
	for (i = 0; i < m->n; i++)
		if (m->object[i]->at[k] != SCAN_NONE && elements_add(&m->set, m->object[i]->scan, m->object[i]->at[k]) == -1)
			return -1;
	return elements_write(&m->set, out, any);
}

/* File: each kind of hash, the larger where two differ. Registry Key: the parts of the larger whole; they are the same but for form. */
static int
merge_values(struct merge *m, struct buf *out)
{
	enum tc_type type = m->object[0]->type;
	const char *const *word = schema_value_members(type);
	size_t len[OBJECT_VALUES], at, i;
	struct buf part[OBJECT_VALUES];
	int k, rc = 0;

	for (k = 0; k < OBJECT_VALUES; k++)
		buf_init(&part[k], LIMIT_LINE);
	for (i = 0; i < m->n && rc == 0; i++) {
		buf_clear(&m->other);
		if ((rc = object_values(m->object[i], &m->other, len)) == -1)
			break;
		for (k = 0, at = 0; k < OBJECT_VALUES && rc == 0; at += len[k], k++) {
			if (len[k] == 0 || compare_bytes(m->other.bytes + at, len[k], part[k].bytes, part[k].len) <= 0)
				continue;
			buf_clear(&part[k]);
			rc = buf_add(&part[k], m->other.bytes + at, len[k]);
		}
	}
	if (rc == 0 && type == TYPE_REGISTRY_KEY && part[1].len == 0)
		rc = buf_addc(&part[1], ' ');
	for (k = 0; k < OBJECT_VALUES; k++) {
		if (rc == 0 && part[k].len > 0)
			rc = buf_addf(out, ",\"%s\":", word[k]) == -1 || buf_add_json(out, part[k].bytes, part[k].len) == -1 ? -1 : 0;
		buf_release(&part[k]);
	}
	return rc;
}

static int
merge_all(struct merge *m, struct buf *out)
{
	enum tc_type type = m->object[0]->type;
	const struct object_table *t = object_table(type);
	bool several = type == TYPE_FILE || type == TYPE_REGISTRY_KEY, any;
	const struct field *f;
	size_t start;
	int k;

	if (buf_addc(out, '{') == -1 || (type != TYPE_NONE && buf_addf(out, "\"type\":\"%s\"", schema_type_name(type)) == -1) ||
	    (several && merge_values(m, out) == -1))
		return -1;
	for (k = type == TYPE_NONE ? 0 : several ? 1 + OBJECT_VALUES : 1; k < t->n; k++) {
		f = t->field[k].f;
		if (strcmp(f->name, "action") == 0 || strcmp(f->name, "batchId") == 0)
			continue;
		start = out->len;
		if ((out->bytes[out->len - 1] != '{' && buf_addc(out, ',') == -1) || buf_addf(out, "\"%s\":", f->name) == -1)
			return -1;
		if (f->kind >= FIELD_ATTRIBUTES && f->kind <= FIELD_OCCURRENCES) {
			if (merge_array(m, f, k, out, &any) == -1)
				return -1;
		} else if (merge_scalar(m, f, k, &any) == -1 || (any && buf_add(out, m->best.bytes, m->best.len) == -1))
			return -1;
		if (!any) {
			out->len = start;
			out->bytes[start] = '\0';
		}
	}
	return buf_addc(out, '}');
}

int
object_merge(const struct object *const *object, size_t n, struct buf *out, struct err *err)
{
	struct merge m = { object, n };
	size_t start = out->len;
	int rc;

	elements_init(&m.set, FIELD_TAGS);
	m.set.bytes.max = 64 * LIMIT_LINE;	/* repeats go away only after all have been added */
	buf_init(&m.best, LIMIT_LINE);
	buf_init(&m.other, LIMIT_LINE);
	rc = merge_all(&m, out);
	if (rc == 0 && out->len - start > LIMIT_LINE)
		rc = -1;
	if (rc == -1) {
		out->len = start;
		out->bytes[start] = '\0';
		err_set(err, REASON_CONTRACT, "%zu records of one object make a line of more than %zu bytes", n, (size_t)LIMIT_LINE);
	}
	elements_release(&m.set);
	buf_release(&m.best);
	buf_release(&m.other);
	return rc;
}
