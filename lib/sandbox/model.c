#include "sandbox/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "sandbox/check.h"
#include "text.h"
#include "xmalloc.h"

/* What model_read() works with. */
struct reading {
	struct model		*m;
	const struct scan	*s;
	const struct rules	*rules;
	struct arena		*arena;
	struct finding		*why, *partial;
	bool			 group;
};

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
TC_PRINTF(2, 3) static enum verdict
syntax(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(r->why, "0x1003", fmt, ap);
	va_end(ap);
	return MODEL_SYNTAX;
}

TC_PRINTF(3, 4) static enum verdict
refuse(struct reading *r, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(r->why, code, fmt, ap);
	va_end(ap);
	return MODEL_REFUSED;
}

TC_PRINTF(2, 3) static void
lose(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	find(r->partial, r->group ? "0x2002" : "0x2001", fmt, ap);
	va_end(ap);
}

/* --- pieces --- */

static void *
need(struct arena *a, size_t size)
{
	void *p = arena_alloc(a, size);

	/* the arena is as large as any element may be; past that there is nothing sensible left to do */
	if (p == NULL)
		abort();
	return p;
}

static struct slice
keep(struct arena *a, const char *text, size_t len)
{
	char *p = need(a, len + 1);

	memcpy(p, text, len);
	p[len] = '\0';
	return (struct slice){ p, len };
}

static struct slice
fold(struct arena *a, struct slice s)
{
	char *p = need(a, s.len + 1);
	size_t i;

	for (i = 0; i < s.len; i++)
		p[i] = s.text[i] >= 'A' && s.text[i] <= 'Z' ? (char)(s.text[i] + 32) : s.text[i];
	p[s.len] = '\0';
	return (struct slice){ p, s.len };
}

/* The string at node i, unescaped. */
static struct slice
string_at(struct arena *a, const struct scan *s, uint32_t i)
{
	struct buf b;
	struct slice out;

	if (!s->node[i].escaped)
		return (struct slice){ scan_bytes(s, i), s->node[i].len };
	buf_init(&b, s->node[i].len + 1);
	if (scan_string(s, i, &b) == -1)
		abort();	/* unescaping never makes a string longer */
	out = keep(a, b.bytes, b.len);
	buf_release(&b);
	return out;
}

static struct slice
json_string(struct arena *a, struct slice text)
{
	struct buf b;
	struct slice out;

	buf_init(&b, 6 * text.len + 3);
	if (buf_add_json(&b, text.text, text.len) == -1)
		abort();
	out = keep(a, b.bytes, b.len);
	buf_release(&b);
	return out;
}

/* The value at node i in canonical JSON. */
static struct slice
json_at(struct arena *a, const struct scan *s, uint32_t i)
{
	const struct scan_node *n = &s->node[i];

	if (n->type == SCAN_STRING && !n->escaped)
		return (struct slice){ scan_bytes(s, i) - 1, n->len + 2 };
	if (n->type == SCAN_STRING)
		return json_string(a, string_at(a, s, i));
	return (struct slice){ scan_bytes(s, i), n->len };
}

void
items_add(struct items *list, struct arena *a, struct slice json, struct slice name)
{
	struct item *more;

	if (list->n == list->cap) {
		list->cap = list->cap == 0 ? 8 : list->cap * 2;
		more = need(a, list->cap * sizeof(*more));
		if (list->n > 0)
			memcpy(more, list->item, list->n * sizeof(*more));
		list->item = more;
	}
	list->item[list->n++] = (struct item){ json, name };
}

static void
refs_add(struct refs *list, struct arena *a, struct slice text, enum tc_type type)
{
	struct ref *more;

	if (list->n == list->cap) {
		list->cap = list->cap == 0 ? 8 : list->cap * 2;
		more = need(a, list->cap * sizeof(*more));
		if (list->n > 0)
			memcpy(more, list->ref, list->n * sizeof(*more));
		list->ref = more;
	}
	list->ref[list->n++] = (struct ref){ text, type };
}

static int
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

/* --- elements of the arrays --- */

/* Reads label element i; appends it where the owner knows or learns it. */
static enum verdict
read_label(struct reading *r, uint32_t i, struct items *list)
{
	const struct scan *s = r->s;
	struct slice name, json[3] = { { NULL, 0 } };
	static const char *const member[] = { "name", "color", "description" };
	struct buf b;
	uint32_t v;
	bool described;
	int k;

	if (s->node[i].type != SCAN_OBJECT)
		return syntax(r, "securityLabel holds something that is no object");
	for (k = 0; k < 3; k++) {
		v = scan_member(s, i, member[k]);
		if (v == SCAN_NONE || s->node[v].type == SCAN_NULL)
			continue;
		if (s->node[v].type != SCAN_STRING)
			return syntax(r, "%s of a securityLabel is no string", member[k]);
		json[k] = json_at(r->arena, s, v);
		if (k == 0)
			name = string_at(r->arena, s, v);
	}
	if (json[0].text == NULL || name.len == 0) {
		lose(r, "a security label without name was left out");
		return MODEL_OK;
	}
	if (text_chars(name.text, name.len) > LIMIT_LABEL_NAME) {
		lose(r, "a security label over 50 characters was left out");
		return MODEL_OK;
	}
	described = json[1].len == 8 && check_hash(json[1].text + 1, 6, 6) == NULL && json[2].len > 2;
	if (r->rules != NULL && !r->rules->label(r->rules->ctx, name.text, name.len, described))
		return refuse(r, "0x1007",
		    "security label '%.*s' does not exist; a new one needs color (6 hexadecimal digits) and description",
		    (int)(name.len < 100 ? name.len : 100), name.text);
	buf_init(&b, 2 * LIMIT_RECORD);
	if (buf_addz(&b, "{\"name\":") == -1 || buf_add(&b, json[0].text, json[0].len) == -1 || buf_addc(&b, '}') == -1)
		abort();
	items_add(list, r->arena, keep(r->arena, b.bytes, b.len), name);
	buf_release(&b);
	return MODEL_OK;
}

static enum verdict
read_labels(struct reading *r, uint32_t array, struct items *list)
{
	uint32_t i;
	enum verdict v;

	for (i = scan_first(r->s, array); i != SCAN_NONE && i < r->s->node[array].next; i = r->s->node[i].next)
		if ((v = read_label(r, i, list)) != MODEL_OK)
			return v;
	items_sort(list);
	return MODEL_OK;
}

static void
add_attribute(struct reading *r, struct slice type, struct slice type_json, struct slice value_json, bool displayed,
    bool pinned, struct slice source_json, const struct items *labels)
{
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, 16 * LIMIT_RECORD);
	rc = buf_addz(&b, "{\"type\":") | buf_add(&b, type_json.text, type_json.len) | buf_addz(&b, ",\"value\":") |
	    buf_add(&b, value_json.text, value_json.len);
	if (displayed)
		rc |= buf_addz(&b, ",\"displayed\":true");
	if (pinned)
		rc |= buf_addz(&b, ",\"pinned\":true");
	if (source_json.text != NULL)
		rc |= buf_addz(&b, ",\"source\":") | buf_add(&b, source_json.text, source_json.len);
	for (i = 0; labels != NULL && i < labels->n; i++)
		rc |= buf_addz(&b, i == 0 ? ",\"securityLabel\":[" : ",") |
		    buf_add(&b, labels->item[i].json.text, labels->item[i].json.len);
	if (labels != NULL && labels->n > 0)
		rc |= buf_addc(&b, ']');
	rc |= buf_addc(&b, '}');
	if (rc != 0)
		abort();
	items_add(&r->m->attribute, r->arena, keep(r->arena, b.bytes, b.len), type);
	buf_release(&b);
}

/* batch-api.md section 10 */
static enum verdict
read_attribute(struct reading *r, uint32_t i)
{
	const struct scan *s = r->s;
	struct slice type = { NULL, 0 }, value = { NULL, 0 }, source = { NULL, 0 }, type_json = { NULL, 0 },
	    value_json = { NULL, 0 };
	struct items labels = { 0 };
	bool displayed = false, pinned = false;
	enum verdict verdict;
	uint32_t n, v;
	size_t max;

	if (s->node[i].type != SCAN_OBJECT)
		return syntax(r, "attribute holds something that is no object");
	for (n = scan_first(s, i); n != SCAN_NONE && n < s->node[i].next; n = s->node[v].next) {
		v = s->node[n].next;
		if (s->node[v].type == SCAN_NULL)
			continue;
		if (scan_is(s, n, "displayed") || scan_is(s, n, "pinned")) {
			if (s->node[v].type != SCAN_TRUE && s->node[v].type != SCAN_FALSE)
				return syntax(r, "displayed or pinned of an attribute is no boolean");
			*(scan_is(s, n, "pinned") ? &pinned : &displayed) = s->node[v].type == SCAN_TRUE;
		} else if (scan_is(s, n, "securityLabel")) {
			if (s->node[v].type != SCAN_ARRAY)
				return syntax(r, "securityLabel of an attribute is no array");
			if ((verdict = read_labels(r, v, &labels)) != MODEL_OK)
				return verdict;
		} else if (scan_is(s, n, "type") || scan_is(s, n, "value") || scan_is(s, n, "source")) {
			if (s->node[v].type != SCAN_STRING)
				return syntax(r, "a text member of an attribute is no string");
			if (scan_is(s, n, "type")) {
				type = string_at(r->arena, s, v);
				type_json = json_at(r->arena, s, v);
			} else if (scan_is(s, n, "value")) {
				value = string_at(r->arena, s, v);
				value_json = json_at(r->arena, s, v);
			} else {
				source = json_at(r->arena, s, v);
			}
		}
	}
	if (type.len == 0 || value.len == 0) {
		lose(r, "an attribute without %s was left out", type.len == 0 ? "type" : "value");
		return MODEL_OK;
	}
	max = r->rules != NULL ? r->rules->attribute(r->rules->ctx, type.text, type.len) : SIZE_MAX;
	if (max == 0)
		return refuse(r, "0x1007", "attribute type '%.*s' does not exist in this owner",
		    (int)(type.len < 100 ? type.len : 100), type.text);
	if (text_chars(value.text, value.len) > max) {
		lose(r, "attribute '%.*s' is over its %zu characters and was left out",
		    (int)(type.len < 100 ? type.len : 100), type.text, max);
		return MODEL_OK;
	}
	/* only Description and Source can be displayed */
	displayed = displayed && (text_eq(type.text, type.len, "Description") || text_eq(type.text, type.len, "Source"));
	add_attribute(r, type, type_json, value_json, displayed, pinned, source, &labels);
	return MODEL_OK;
}

static enum verdict
read_tag(struct reading *r, uint32_t i)
{
	const struct scan *s = r->s;
	struct slice name, json, folded;
	struct buf b;
	uint32_t v;
	size_t k;

	if (s->node[i].type != SCAN_OBJECT)
		return syntax(r, "tag holds something that is no object");
	v = scan_member(s, i, "name");
	if (v != SCAN_NONE && s->node[v].type != SCAN_STRING && s->node[v].type != SCAN_NULL)
		return syntax(r, "name of a tag is no string");
	if (v == SCAN_NONE || s->node[v].type == SCAN_NULL || s->node[v].len == 0) {
		lose(r, "a tag without name was left out");
		return MODEL_OK;
	}
	name = string_at(r->arena, s, v);
	if (text_chars(name.text, name.len) > LIMIT_TAG) {
		lose(r, "a tag over 128 characters was left out");
		return MODEL_OK;
	}
	folded = fold(r->arena, name);
	for (k = 0; k < r->m->tag.n; k++)
		if (slice_cmp(r->m->tag.item[k].name, folded) == 0)
			return MODEL_OK;
	json = json_at(r->arena, s, v);
	buf_init(&b, json.len + 16);
	if (buf_addz(&b, "{\"name\":") == -1 || buf_add(&b, json.text, json.len) == -1 || buf_addc(&b, '}') == -1)
		abort();
	items_add(&r->m->tag, r->arena, keep(r->arena, b.bytes, b.len), folded);
	buf_release(&b);
	return MODEL_OK;
}

static enum verdict
read_occurrence(struct reading *r, uint32_t i)
{
	static const char *const member[] = { "fileName", "path", "date" };
	const struct scan *s = r->s;
	struct slice text, all;
	struct buf b;
	uint32_t v;
	int k, n = 0, rc = 0;

	if (s->node[i].type != SCAN_OBJECT)
		return syntax(r, "fileOccurrence holds something that is no object");
	buf_init(&b, 16 * LIMIT_RECORD);
	for (k = 0; k < 3; k++) {
		v = scan_member(s, i, member[k]);
		if (v == SCAN_NONE || s->node[v].type == SCAN_NULL)
			continue;
		text = s->node[v].type == SCAN_STRING ? string_at(r->arena, s, v) : (struct slice){ NULL, 0 };
		if (text.text == NULL || (k == 2 && !check_date(text.text, text.len))) {
			buf_release(&b);
			return syntax(r, "%s of a fileOccurrence is no %s", member[k], k == 2 ? "date" : "string");
		}
		text = json_at(r->arena, s, v);
		rc |= buf_addf(&b, "%s\"%s\":", n++ == 0 ? "{" : ",", member[k]) | buf_add(&b, text.text, text.len);
	}
	rc |= buf_addc(&b, '}');
	if (rc != 0)
		abort();
	if (n == 0)
		lose(r, "a fileOccurrence without fileName, path and date was left out");
	all = keep(r->arena, b.bytes, b.len);
	buf_release(&b);
	if (n > 0)
		items_add(&r->m->occurrence, r->arena, all, all);
	return MODEL_OK;
}

static enum verdict
read_ref(struct reading *r, uint32_t i, const struct field *f)
{
	const struct scan *s = r->s;
	uint32_t v = i, t;
	enum tc_type type = TYPE_NONE;
	struct slice name;

	if (f->kind != FIELD_XIDS) {
		if (s->node[i].type != SCAN_OBJECT)
			return syntax(r, "%s holds something that is no object", f->name);
		v = scan_member(s, i, f->kind == FIELD_GROUP_REFS ? "groupXid" : "summary");
	}
	if (v == SCAN_NONE || s->node[v].type != SCAN_STRING)
		return syntax(r, "an element of %s has no text to refer by", f->name);
	if (f->kind == FIELD_INDICATOR_REFS) {
		t = scan_member(s, i, "indicatorType");
		if (t == SCAN_NONE || s->node[t].type != SCAN_STRING)
			return syntax(r, "an element of %s has no indicatorType", f->name);
		name = string_at(r->arena, s, t);
		type = schema_type(name.text, name.len);
		if (schema_class(type) != CLASS_INDICATOR) {
			lose(r, "associatedIndicators names the unknown type '%.*s'", (int)(name.len < 60 ? name.len : 60), name.text);
			return MODEL_OK;
		}
	}
	refs_add(&r->m->ref, r->arena, string_at(r->arena, s, v), type);
	return MODEL_OK;
}

/* --- members --- */

static enum verdict
read_array(struct reading *r, const struct field *f, uint32_t array)
{
	const struct scan *s = r->s;
	enum verdict v = MODEL_OK;
	uint32_t i;

	if (s->node[array].type != SCAN_ARRAY)
		return syntax(r, "%s is no array", f->name);
	if (f->kind == FIELD_LABELS) {
		r->m->label.given = true;
		return read_labels(r, array, &r->m->label);
	}
	for (i = scan_first(s, array); v == MODEL_OK && i != SCAN_NONE && i < s->node[array].next; i = s->node[i].next) {
		switch (f->kind) {
		case FIELD_ATTRIBUTES:
			v = read_attribute(r, i);
			break;
		case FIELD_TAGS:
			v = read_tag(r, i);
			break;
		case FIELD_OCCURRENCES:
			v = read_occurrence(r, i);
			break;
		default:
			v = read_ref(r, i, f);
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
	struct slice text = string_at(r->arena, r->s, v);
	size_t k;

	if (f->kind == FIELD_DATE) {
		if (!check_date(text.text, text.len))
			return syntax(r, "%s is no date in the form YYYY-MM-DDTHH:MM:SSZ", f->name);
	} else if (f->max != 0 && text_chars(text.text, text.len) > f->max) {
		if (r->group)
			return refuse(r, "0x1006", "%s is over %zu characters", f->name, f->max);
		lose(r, "%s is over %zu characters and was left out", f->name, f->max);
		return MODEL_OK;
	} else if (f->allowed != NULL && r->group) {
		for (k = 0; f->allowed[k] != NULL && !text_eq(text.text, text.len, f->allowed[k]); k++)
			;
		/* a status None is written as an absent one or null */
		if (f->allowed[k] == NULL)
			return refuse(r, "0x1006", "%s '%.*s' is none of the values a group of this type has", f->name,
			    (int)(text.len < 60 ? text.len : 60), text.text);
	}
	r->m->scalar[index] = json_at(r->arena, r->s, v);
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
			return syntax(r, "%s is no boolean", f->name);
		r->m->scalar[index] = json_at(r->arena, r->s, v);
		return MODEL_OK;
	case FIELD_INTEGER:
		if (n->type != SCAN_NUMBER || !whole(scan_bytes(r->s, v), n->len, &number))
			return syntax(r, "%s is no whole number", f->name);
		if ((f->low != 0 || f->high != 0) && (number < f->low || number > f->high)) {
			lose(r, "%s %lld is not between %ld and %ld and was left out", f->name, number, f->low, f->high);
			return MODEL_OK;
		}
		snprintf(text, sizeof(text), "%lld", number);
		r->m->scalar[index] = keep(r->arena, text, strlen(text));
		return MODEL_OK;
	default:
		if (n->type != SCAN_STRING)
			return syntax(r, "%s is no string", f->name);
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
				return syntax(r, "description is no string");
			json = json_at(r->arena, s, v);
			if (s->node[v].len > 0)
				add_attribute(r, (struct slice){ "Description", 11 }, (struct slice){ "\"Description\"", 13 },
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

static void
set(struct reading *r, const char *field, struct slice text)
{
	int i = schema_field_index(r->m->type, field, strlen(field));

	if (i >= 0)
		r->m->scalar[i] = json_string(r->arena, text);
}

/* --- what makes an indicator --- */

static enum verdict
read_file(struct reading *r, struct slice summary, const struct slice part[3])
{
	static const char *const name[] = { "md5", "sha1", "sha256" };
	static const size_t digits[] = { 32, 40, 64 };
	struct slice hash[3];
	const char *why, *at, *end;
	size_t n;
	int k, any = 0;

	memcpy(hash, part, sizeof(hash));
	/* any hash member makes the summary count for nothing (batch-api.md section 12) */
	if (part[0].text == NULL && part[1].text == NULL && part[2].text == NULL && summary.text != NULL) {
		for (at = summary.text; at <= summary.text + summary.len; at = end + 3) {
			end = memmem(at, (size_t)(summary.text + summary.len - at), " : ", 3);
			if (end == NULL)
				end = summary.text + summary.len;
			n = (size_t)(end - at);
			k = n == 32 ? 0 : n == 40 ? 1 : 2;
			if (hash[k].text != NULL)
				return refuse(r, "0x1005", "the summary of a File is md5 : sha1 : sha256, each at most once");
			hash[k] = (struct slice){ at, n };
			if (end == summary.text + summary.len)
				break;
		}
	}
	for (k = 0; k < 3; k++) {
		if (hash[k].text == NULL)
			continue;
		if ((why = check_hash(hash[k].text, hash[k].len, digits[k])) != NULL)
			return refuse(r, "0x1005", "%.*s is not valid: %s", (int)(hash[k].len < 80 ? hash[k].len : 80),
			    hash[k].text, why);
		r->m->hash[k] = fold(r->arena, hash[k]);
		set(r, name[k], r->m->hash[k]);
		store_key(r->m->key[r->m->nkey++], TYPE_FILE, r->m->hash[k].text, r->m->hash[k].len);
		r->m->value = r->m->hash[k];
		any++;
	}
	return any > 0 ? MODEL_OK : refuse(r, "0x1005", "a File needs md5, sha1, sha256 or a summary");
}

static enum verdict
read_registry(struct reading *r, struct slice summary, struct slice part[3])
{
	static const char *const name[] = { "Key Name", "Value Name", "Value Type" };
	const char *why, *first, *last, *p;
	struct buf b;
	int k;

	if (part[0].text == NULL && summary.text != NULL) {
		first = memmem(summary.text, summary.len, " : ", 3);
		for (last = first; last != NULL; last = p)
			if ((p = memmem(last + 3, (size_t)(summary.text + summary.len - last - 3), " : ", 3)) == NULL)
				break;
		if (first == NULL || last == first)
			return refuse(r, "0x1005", "the summary of a Registry Key is Key : Value : Type");
		part[0] = (struct slice){ summary.text, (size_t)(first - summary.text) };
		part[1] = (struct slice){ first + 3, (size_t)(last - first - 3) };
		part[2] = (struct slice){ last + 3, (size_t)(summary.text + summary.len - last - 3) };
	}
	for (k = 0; k < 3; k++)
		if (part[k].text == NULL)
			return refuse(r, "0x1005", "a Registry Key needs %s", name[k]);
	why = check_registry(part[0].text, part[0].len, part[1].text, part[1].len, part[2].text, part[2].len);
	buf_init(&b, part[0].len + part[1].len + part[2].len + 16);
	for (k = 0; k < 3; k++)
		if ((k > 0 && buf_addz(&b, " : ") == -1) || buf_add(&b, part[k].text, part[k].len) == -1)
			abort();
	r->m->value = keep(r->arena, b.bytes, b.len);
	buf_release(&b);
	if (why != NULL)
		return refuse(r, "0x1005", "%.*s is not valid: %s", (int)(part[0].len < 100 ? part[0].len : 100), part[0].text, why);
	for (k = 0; k < 3; k++)
		set(r, name[k], part[k]);
	store_key(r->m->key[r->m->nkey++], TYPE_REGISTRY_KEY, r->m->value.text, r->m->value.len);
	return MODEL_OK;
}

static enum verdict
read_value(struct reading *r)
{
	struct slice summary = { NULL, 0 }, part[3] = { { NULL, 0 } };
	const char *const *m = schema_value_members(r->m->type), *why;
	enum tc_type type = r->m->type;
	struct buf key;
	uint32_t v;
	int k;

	v = scan_member(r->s, 0, "summary");
	if (v != SCAN_NONE && r->s->node[v].type != SCAN_NULL) {
		if (r->s->node[v].type != SCAN_STRING)
			return syntax(r, "summary is no string");
		summary = string_at(r->arena, r->s, v);
	}
	for (k = 0; k < 3 && m[k] != NULL; k++) {
		v = scan_member(r->s, 0, m[k]);
		if (v == SCAN_NONE || r->s->node[v].type == SCAN_NULL)
			continue;
		if (r->s->node[v].type != SCAN_STRING)
			return syntax(r, "%s is no string", m[k]);
		part[k] = string_at(r->arena, r->s, v);
	}
	r->m->value = summary;
	if (type == TYPE_FILE)
		return read_file(r, summary, part);
	if (type == TYPE_REGISTRY_KEY)
		return read_registry(r, summary, part);
	if (summary.text == NULL)
		summary = part[0];
	r->m->value = summary;
	if (summary.text == NULL)
		return refuse(r, "0x1005", "an indicator of type %s needs a summary or %s", schema_type_name(type), m[0]);
	buf_init(&key, summary.len + 64);
	why = check_value(type, summary.text, summary.len, &key);
	if (why == NULL) {
		store_key(r->m->key[r->m->nkey++], type, key.bytes, key.len);
		if (type == TYPE_ADDRESS || type == TYPE_HOST || type == TYPE_ASN || type == TYPE_CIDR || type == TYPE_EMAIL_ADDRESS)
			summary = keep(r->arena, key.bytes, key.len);
	}
	buf_release(&key);
	if (why != NULL)
		return refuse(r, "0x1005", "%.*s is not valid: %s", (int)(summary.len < 200 ? summary.len : 200), summary.text, why);
	r->m->value = summary;
	set(r, "summary", summary);
	return MODEL_OK;
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
		return refuse(r, "0x1006", "a group needs a name");
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (needed[i].type == r->m->type && !has(r->m, needed[i].field))
			return refuse(r, "0x1006", "a group of type %s needs %s", schema_type_name(r->m->type), needed[i].field);
	if (r->m->type == TYPE_DOCUMENT && text_eq(r->m->scalar[malware].text, r->m->scalar[malware].len, "true") &&
	    !has(r->m, "password"))
		return refuse(r, "0x1006", "a Document that is malware needs a password");
	if (has(r->m, "insights") && !has(r->m, "aiProvider"))
		return refuse(r, "0x1006", "insights need an aiProvider");
	return MODEL_OK;
}

static enum verdict
read_xid(struct reading *r)
{
	uint32_t v = scan_member(r->s, 0, "xid");

	if (v == SCAN_NONE || r->s->node[v].type == SCAN_NULL)
		return refuse(r, "0x1006", "a group needs an xid");
	if (r->s->node[v].type != SCAN_STRING)
		return syntax(r, "xid is no string");
	r->m->value = string_at(r->arena, r->s, v);
	if (r->m->value.len == 0)
		return refuse(r, "0x1006", "a group needs an xid");
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
		return syntax(r, "the element is no object");
	v = scan_member(r->s, 0, "type");
	if (v == SCAN_NONE || r->s->node[v].type == SCAN_NULL)
		return refuse(r, code, "the object has no type");
	if (r->s->node[v].type != SCAN_STRING)
		return syntax(r, "type is no string");
	name = string_at(r->arena, r->s, v);
	r->m->type = schema_type(name.text, name.len);
	if (schema_class(r->m->type) != (r->group ? CLASS_GROUP : CLASS_INDICATOR)) {
		r->m->type = TYPE_NONE;
		return refuse(r, code, "'%.*s' is no type of %s", (int)(name.len < 60 ? name.len : 60), name.text,
		    r->group ? "group" : "indicator");
	}
	set(r, "type", (struct slice){ schema_type_name(r->m->type), strlen(schema_type_name(r->m->type)) });
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
		v = group ? read_xid(&r) : read_value(&r);
	if (v == MODEL_SYNTAX || for_delete || m->type == TYPE_NONE)
		return v;
	/* a member of the wrong kind stops the reader whatever else is wrong with the object */
	members = read_members(&r);
	if (members == MODEL_SYNTAX && v == MODEL_REFUSED)
		return v;
	if (v != MODEL_OK || members != MODEL_OK)
		return v != MODEL_OK ? v : members;
	if (!group && rules != NULL && rules->excluded(rules->ctx, m->type, m->value.text, m->value.len))
		return refuse(&r, "0x1005", "%.*s is not valid: it is on an exclusion list",
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
	name = string_at(arena, s, type);
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
