#include "sandbox/model_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "sandbox/check.h"
#include "text.h"
#include "xmalloc.h"

TC_PRINTF(3, 0) static int
find(struct finding *f, const char *code, const char *fmt, va_list ap)
{
	if (f->code[0] != '\0')
		return -1;
	snprintf(f->code, sizeof(f->code), "%s", code);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	return -1;
}

/* The document cannot be read on from here. */
enum verdict
model_syntax(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(r->why, "0x1003", fmt, ap);
	va_end(ap);
	return MODEL_SYNTAX;
}

enum verdict
model_refuse(struct reading *r, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(r->why, code, fmt, ap);
	va_end(ap);
	return MODEL_REFUSED;
}

void
model_lose(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(r->partial, r->group ? "0x2002" : "0x2001", fmt, ap);
	va_end(ap);
}

/* --- pieces --- */

static void *
model_need(struct arena *a, size_t size)
{
	void *p = arena_alloc(a, size);

	/* the arena is as large as any element may be; past that there is nothing sensible left to do */
	if (p == NULL)
		abort();
	return p;
}

struct slice
model_keep(struct arena *a, const char *text, size_t len)
{
	char *p = model_need(a, len + 1);

	memcpy(p, text, len);
	p[len] = '\0';
	return (struct slice){ p, len };
}

struct slice
model_fold(struct arena *a, struct slice s)
{
	char *p = model_need(a, s.len + 1);
	size_t i;

	for (i = 0; i < s.len; i++)
		p[i] = s.text[i] >= 'A' && s.text[i] <= 'Z' ? (char)(s.text[i] + 32) : s.text[i];
	p[s.len] = '\0';
	return (struct slice){ p, s.len };
}

/* The string at node i, unescaped. */
struct slice
model_string_at(struct arena *a, const struct scan *s, uint32_t i)
{
	struct buf b;
	struct slice out;

	if (!s->node[i].escaped)
		return (struct slice){ scan_bytes(s, i), s->node[i].len };
	buf_init(&b, s->node[i].len + 1);
	if (scan_string(s, i, &b) == -1)
		abort();	/* unescaping never makes a string longer */
	out = model_keep(a, b.bytes, b.len);
	buf_release(&b);
	return out;
}

static struct slice
model_json_string(struct arena *a, struct slice text)
{
	struct buf b;
	struct slice out;

	buf_init(&b, 6 * text.len + 3);
	if (buf_add_json(&b, text.text, text.len) == -1)
		abort();
	out = model_keep(a, b.bytes, b.len);
	buf_release(&b);
	return out;
}

/* The value at node i in canonical JSON. */
struct slice
model_json_at(struct arena *a, const struct scan *s, uint32_t i)
{
	const struct scan_node *n = &s->node[i];

	if (n->type == SCAN_STRING && !n->escaped)
		return (struct slice){ scan_bytes(s, i) - 1, n->len + 2 };
	if (n->type == SCAN_STRING)
		return model_json_string(a, model_string_at(a, s, i));
	return (struct slice){ scan_bytes(s, i), n->len };
}

void
items_add(struct items *list, struct arena *a, struct slice json, struct slice name)
{
	struct item *more;

	if (list->n == list->cap) {
		list->cap = list->cap == 0 ? 8 : list->cap * 2;
		more = model_need(a, list->cap * sizeof(*more));
		if (list->n > 0)
			memcpy(more, list->item, list->n * sizeof(*more));
		list->item = more;
	}
	list->item[list->n++] = (struct item){ json, name };
}

void
refs_add(struct refs *list, struct arena *a, struct slice text, enum tc_type type)
{
	struct ref *more;

	if (list->n == list->cap) {
		list->cap = list->cap == 0 ? 8 : list->cap * 2;
		more = model_need(a, list->cap * sizeof(*more));
		if (list->n > 0)
			memcpy(more, list->ref, list->n * sizeof(*more));
		list->ref = more;
	}
	list->ref[list->n++] = (struct ref){ text, type };
}

int
slice_cmp(struct slice a, struct slice b)
{
	int c = memcmp(a.text, b.text, a.len < b.len ? a.len : b.len);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static int
item_cmp(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = slice_cmp(x->name, y->name);

	return c != 0 ? c : slice_cmp(x->json, y->json);
}

void
items_sort(struct items *list)
{
	if (list->n > 1)
		qsort(list->item, list->n, sizeof(*list->item), item_cmp);
}

/* --- members --- */

static enum verdict
read_array(struct reading *r, const struct field *f, uint32_t array)
{
	const struct scan *s = r->s;
	enum verdict v = MODEL_OK;
	uint32_t i;

	if (s->node[array].type != SCAN_ARRAY)
		return model_syntax(r, "%s is no array", f->name);
	if (f->kind == FIELD_LABELS) {
		r->m->label.given = true;
		return model_read_labels(r, array, &r->m->label);
	}
	for (i = scan_first(s, array); v == MODEL_OK && i != SCAN_NONE && i < s->node[array].next; i = s->node[i].next) {
		switch (f->kind) {
		case FIELD_ATTRIBUTES:
			v = model_read_attribute(r, i);
			break;
		case FIELD_TAGS:
			v = model_read_tag(r, i);
			break;
		case FIELD_OCCURRENCES:
			v = model_read_occurrence(r, i);
			break;
		default:
			v = model_read_ref(r, i, f);
		}
	}
	r->m->attribute.given |= f->kind == FIELD_ATTRIBUTES;
	r->m->tag.given |= f->kind == FIELD_TAGS;
	r->m->occurrence.given |= f->kind == FIELD_OCCURRENCES;
	return v;
}

/* 60, 3.0: a whole number in any spelling (batch-api.md section 11: TcEx sends 3.0). */
static bool
whole(const char *text, size_t len, long long *n)
{
	size_t i = 0;
	bool minus = text[0] == '-';

	*n = 0;
	for (i = minus; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		if (*n > 1000000000000LL)
			return false;
		*n = *n * 10 + (text[i] - '0');
	}
	if (minus)
		*n = -*n;
	if (i < len && text[i] == '.')
		for (i++; i < len && text[i] == '0'; i++)
			;
	return i == len;
}

static enum verdict
read_text(struct reading *r, const struct field *f, int index, uint32_t v)
{
	struct slice text = model_string_at(r->arena, r->s, v);
	size_t k;

	if (f->kind == FIELD_DATE) {
		if (!check_date(text.text, text.len))
			return model_syntax(r, "%s is no date in the form YYYY-MM-DDTHH:MM:SSZ", f->name);
	} else if (f->max != 0 && text_chars(text.text, text.len) > f->max) {
		if (r->group)
			return model_refuse(r, "0x1006", "%s is over %zu characters", f->name, f->max);
		model_lose(r, "%s is over %zu characters and was left out", f->name, f->max);
		return MODEL_OK;
	} else if (f->allowed != NULL && r->group) {
		for (k = 0; f->allowed[k] != NULL && !text_eq(text.text, text.len, f->allowed[k]); k++)
			;
		/* a status None is written as an absent one or null */
		if (f->allowed[k] == NULL)
			return model_refuse(r, "0x1006", "%s '%.*s' is none of the values a group of this type has", f->name,
			    (int)(text.len < 60 ? text.len : 60), text.text);
	}
	r->m->scalar[index] = model_json_at(r->arena, r->s, v);
	return MODEL_OK;
}

static enum verdict
read_scalar(struct reading *r, const struct field *f, int index, uint32_t v)
{
	const struct scan_node *n = &r->s->node[v];
	char text[32];
	long long number;

	switch (f->kind) {
	case FIELD_BOOLEAN:
		if (n->type != SCAN_TRUE && n->type != SCAN_FALSE)
			return model_syntax(r, "%s is no boolean", f->name);
		r->m->scalar[index] = model_json_at(r->arena, r->s, v);
		return MODEL_OK;
	case FIELD_INTEGER:
		if (n->type != SCAN_NUMBER || !whole(scan_bytes(r->s, v), n->len, &number))
			return model_syntax(r, "%s is no whole number", f->name);
		if ((f->low != 0 || f->high != 0) && (number < f->low || number > f->high)) {
			model_lose(r, "%s %lld is not between %ld and %ld and was left out", f->name, number, f->low, f->high);
			return MODEL_OK;
		}
		snprintf(text, sizeof(text), "%lld", number);
		r->m->scalar[index] = model_keep(r->arena, text, strlen(text));
		return MODEL_OK;
	default:
		if (n->type != SCAN_STRING)
			return model_syntax(r, "%s is no string", f->name);
		return read_text(r, f, index, v);
	}
}

/* Members that are no field of the line but mean something to the platform, or are known and without effect. */
static bool
is_value_member(enum tc_type type, const struct scan *s, uint32_t name)
{
	const char *const *m = schema_value_members(type);

	for (; m != NULL && *m != NULL; m++)
		if (scan_is(s, name, *m))
			return true;
	return scan_is(s, name, "summary");
}

static bool
is_silent(const struct reading *r, uint32_t name)
{
	return scan_is(r->s, name, "dateAdded") || scan_is(r->s, name, "lastModified") ||
	    scan_is(r->s, name, "intValue1") || (!r->group && scan_is(r->s, name, "xid"));
}

static enum verdict
read_members(struct reading *r)
{
	const struct scan *s = r->s;
	const struct field *f;
	enum verdict verdict;
	struct slice json;
	uint32_t n, v;
	int index;

	for (n = scan_first(s, 0); n != SCAN_NONE && n < s->node[0].next; n = s->node[v].next) {
		v = s->node[n].next;
		if (s->node[v].type == SCAN_NULL || scan_is(s, n, "type") ||
		    (!r->group && is_value_member(r->m->type, s, n)))
			continue;
		index = s->node[n].escaped ? -1 : schema_field_index(r->m->type, scan_bytes(s, n), s->node[n].len);
		if (!r->group && scan_is(s, n, "intValue1") && r->m->type == TYPE_FILE)
			index = schema_field_index(TYPE_FILE, "size", 4);
		if (index < 0 || scan_is(s, n, "action") || scan_is(s, n, "batchId") || (!r->group && scan_is(s, n, "xid"))) {
			if (r->rules != NULL && !is_silent(r, n))
				r->rules->ignored(r->rules->ctx, scan_bytes(s, n), s->node[n].len);
			continue;
		}
		f = schema_field(r->m->type, (size_t)index);
		if (!r->group && strcmp(f->name, "description") == 0) {
			/* the value of the default Description attribute (batch-api.md section 11) */
			if (s->node[v].type != SCAN_STRING)
				return model_syntax(r, "description is no string");
			json = model_json_at(r->arena, s, v);
			if (s->node[v].len > 0)
				model_add_attribute(r, (struct slice){ "Description", 11 }, (struct slice){ "\"Description\"", 13 },
				    json, true, false, (struct slice){ NULL, 0 }, NULL);
			r->m->attribute.given = true;
			continue;
		}
		if (f->kind >= FIELD_ATTRIBUTES && f->kind <= FIELD_OCCURRENCES)
			verdict = read_array(r, f, v);
		else
			verdict = read_scalar(r, f, index, v);
		if (verdict != MODEL_OK)
			return verdict;
	}
	items_sort(&r->m->attribute);
	items_sort(&r->m->tag);
	items_sort(&r->m->occurrence);
	return MODEL_OK;
}

void
model_set(struct reading *r, const char *field, struct slice text)
{
	int i = schema_field_index(r->m->type, field, strlen(field));

	if (i >= 0)
		r->m->scalar[i] = model_json_string(r->arena, text);
}

/* --- what makes a group --- */

static bool
has(const struct model *m, const char *field)
{
	int i = schema_field_index(m->type, field, strlen(field));

	return i >= 0 && m->scalar[i].text != NULL && m->scalar[i].len > 2;
}

static enum verdict
group_is_whole(struct reading *r)
{
	static const struct { enum tc_type type; const char *field; } needed[] = {
		{ TYPE_EMAIL, "subject" }, { TYPE_EMAIL, "header" }, { TYPE_EMAIL, "body" },
		{ TYPE_SIGNATURE, "fileName" }, { TYPE_SIGNATURE, "fileType" }, { TYPE_SIGNATURE, "fileText" },
		{ TYPE_DOCUMENT, "fileName" },
	};
	int malware = schema_field_index(TYPE_DOCUMENT, "malware", 7);
	size_t i;

	if (!has(r->m, "name"))
		return model_refuse(r, "0x1006", "a group needs a name");
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (needed[i].type == r->m->type && !has(r->m, needed[i].field))
			return model_refuse(r, "0x1006", "a group of type %s needs %s", schema_type_name(r->m->type), needed[i].field);
	if (r->m->type == TYPE_DOCUMENT && text_eq(r->m->scalar[malware].text, r->m->scalar[malware].len, "true") &&
	    !has(r->m, "password"))
		return model_refuse(r, "0x1006", "a Document that is malware needs a password");
	if (has(r->m, "insights") && !has(r->m, "aiProvider"))
		return model_refuse(r, "0x1006", "insights need an aiProvider");
	return MODEL_OK;
}

static enum verdict
read_xid(struct reading *r)
{
	uint32_t v = scan_member(r->s, 0, "xid");

	if (v == SCAN_NONE || r->s->node[v].type == SCAN_NULL)
		return model_refuse(r, "0x1006", "a group needs an xid");
	if (r->s->node[v].type != SCAN_STRING)
		return model_syntax(r, "xid is no string");
	r->m->value = model_string_at(r->arena, r->s, v);
	if (r->m->value.len == 0)
		return model_refuse(r, "0x1006", "a group needs an xid");
	store_key(r->m->key[r->m->nkey++], TYPE_NONE, r->m->value.text, r->m->value.len);
	return MODEL_OK;
}

static enum verdict
read_type(struct reading *r)
{
	const char *code = r->group ? "0x1006" : "0x1005";
	uint32_t v;
	struct slice name;

	if (r->s->node[0].type != SCAN_OBJECT)
		return model_syntax(r, "the element is no object");
	v = scan_member(r->s, 0, "type");
	if (v == SCAN_NONE || r->s->node[v].type == SCAN_NULL)
		return model_refuse(r, code, "the object has no type");
	if (r->s->node[v].type != SCAN_STRING)
		return model_syntax(r, "type is no string");
	name = model_string_at(r->arena, r->s, v);
	r->m->type = schema_type(name.text, name.len);
	if (schema_class(r->m->type) != (r->group ? CLASS_GROUP : CLASS_INDICATOR)) {
		r->m->type = TYPE_NONE;
		return model_refuse(r, code, "'%.*s' is no type of %s", (int)(name.len < 60 ? name.len : 60), name.text,
		    r->group ? "group" : "indicator");
	}
	model_set(r, "type", (struct slice){ schema_type_name(r->m->type), strlen(schema_type_name(r->m->type)) });
	return MODEL_OK;
}

enum verdict
model_read(struct model *m, const struct scan *s, bool group, bool for_delete, const struct rules *rules,
    struct arena *arena, struct finding *why, struct finding *partial)
{
	struct reading r = { m, s, rules, arena, why, partial, group };
	enum verdict v, members;

	memset(m, 0, sizeof(*m));
	why->code[0] = partial->code[0] = '\0';
	if ((v = read_type(&r)) == MODEL_OK)
		v = group ? read_xid(&r) : model_read_value(&r);
	if (v == MODEL_SYNTAX || for_delete || m->type == TYPE_NONE)
		return v;
	/* a member of the wrong kind stops the reader whatever else is wrong with the object */
	members = read_members(&r);
	if (members == MODEL_SYNTAX && v == MODEL_REFUSED)
		return v;
	if (v != MODEL_OK || members != MODEL_OK)
		return v != MODEL_OK ? v : members;
	if (!group && rules != NULL && rules->excluded(rules->ctx, m->type, m->value.text, m->value.len))
		return model_refuse(&r, "0x1005", "%.*s is not valid: it is on an exclusion list",
		    (int)(m->value.len < 200 ? m->value.len : 200), m->value.text);
	return group ? group_is_whole(&r) : MODEL_OK;
}

int
model_restore(struct model *m, const struct scan *s, struct arena *arena)
{
	struct finding why, partial;
	uint32_t type = scan_member(s, 0, "type");
	struct slice name;

	if (type == SCAN_NONE)
		return -1;
	name = model_string_at(arena, s, type);
	return model_read(m, s, schema_class(schema_type(name.text, name.len)) == CLASS_GROUP, false, NULL, arena, &why,
	    &partial) == MODEL_OK ? 0 : -1;
}

static int
print_items(const char *name, const struct items *list, struct buf *out)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < list->n && rc == 0; i++) {
		rc = i == 0 ? buf_addf(out, ",\"%s\":[", name) : buf_addc(out, ',');
		if (rc == 0)
			rc = buf_add(out, list->item[i].json.text, list->item[i].json.len);
	}
	return rc == 0 && list->n > 0 ? buf_addc(out, ']') : rc;
}

int
model_print(struct model *m, struct buf *out)
{
	const struct field *f;
	size_t i;
	int rc = 0;
	bool first = true;

	for (i = 0; rc == 0 && (f = schema_field(m->type, i)) != NULL; i++) {
		switch (f->kind) {
		case FIELD_ATTRIBUTES:
			rc = print_items(f->name, &m->attribute, out);
			continue;
		case FIELD_TAGS:
			rc = print_items(f->name, &m->tag, out);
			continue;
		case FIELD_LABELS:
			rc = print_items(f->name, &m->label, out);
			continue;
		case FIELD_OCCURRENCES:
			rc = print_items(f->name, &m->occurrence, out);
			continue;
		default:
			break;
		}
		/* active is what an indicator is unless it says otherwise; the same goes for every other false */
		if (m->scalar[i].text == NULL || (f->kind == FIELD_BOOLEAN &&
		    text_eq(m->scalar[i].text, m->scalar[i].len, strcmp(f->name, "active") == 0 ? "true" : "false")))
			continue;
		rc = buf_addf(out, "%c\"%s\":", first ? '{' : ',', f->name);
		first = false;
		if (rc == 0)
			rc = buf_add(out, m->scalar[i].text, m->scalar[i].len);
	}
	return rc == 0 ? buf_addc(out, '}') : -1;
}
