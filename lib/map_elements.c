/* Arrays of an object, compiled: elements and their members. */
#include <stdio.h>

#include "feed_json.h"
#include "limit.h"
#include "map_private.h"
#include "text.h"

/* Members of an element in schema order; required ones must be there. */
static const char *const *
allowed(enum field_kind kind)
{
	static const char *const attribute[] = { "type:any", "value:any", "displayed:any?", "pinned:any?", "source:any?",
		"securityLabel:array?", NULL },
	    *const tag[] = { "name:any", "description:any?", NULL },
	    *const label[] = { "name:any", "color:any?", "description:any?", NULL },
	    *const group[] = { "groupXid:any", NULL },
	    *const indicator[] = { "summary:any", "indicatorType:any", NULL },
	    *const occurrence[] = { "fileName:any?", "path:any?", "date:any?", NULL };

	switch (kind) {
	case FIELD_ATTRIBUTES:	return attribute;
	case FIELD_TAGS:	return tag;
	case FIELD_LABELS:	return label;
	case FIELD_GROUP_REFS:	return group;
	case FIELD_INDICATOR_REFS: return indicator;
	default:		return occurrence;
	}
}

/* What is asked of a member a million times is said once. */
static void
set_role(struct compile *c, enum field_kind kind, struct slot *s)
{
	const char *name = s->field->name;
	bool is_name = strcmp(name, "name") == 0;
	char head[64];

	s->headlen = (size_t)snprintf(head, sizeof(head), "\"%s\":", name);
	s->head = pool_text(c->map, head, s->headlen);
	switch (kind) {
	case FIELD_TAGS:
		s->role = is_name ? SLOT_TAG : SLOT_PLAIN;
		s->needed = s->key = is_name;
		break;
	case FIELD_LABELS:
		s->role = is_name ? SLOT_LABEL : strcmp(name, "color") == 0 ? SLOT_COLOR : SLOT_PLAIN;
		s->needed = s->key = is_name;
		break;
	case FIELD_ATTRIBUTES:
		s->role = strcmp(name, "type") == 0 ? SLOT_TYPE : strcmp(name, "value") == 0 ? SLOT_VALUE :
		    s->field->kind == FIELD_LABELS ? SLOT_LABELS : SLOT_PLAIN;
		s->needed = s->role == SLOT_TYPE || s->role == SLOT_VALUE;
		s->key = s->role == SLOT_VALUE;
		break;
	default:
		s->needed = kind != FIELD_OCCURRENCES;
	}
}

/* Why a literal would be left out of every object, or NULL. */
static const char *
no_element(struct map *m, enum field_kind kind, const struct slot *s, size_t max, const struct mval *v)
{
	const char *text = v->text, *why;
	size_t len = v->len;

	trim(&text, &len);
	if (len == 0)
		return "is empty";
	if (s->role == SLOT_TAG && tag_normal(m, text, len, &len, &why) == NULL)
		return *why != '\0' ? why : "nothing is left of it";
	if (s->role == SLOT_VALUE && max > 0 && text_chars(text, len) > max)
		return "too long for an attribute of this type";
	if (s->role == SLOT_COLOR && (len - (*text == '#') != 6 || strspn(text + (*text == '#'), "0123456789abcdefABCDEF") < 6))
		return "not six hexadecimal digits";
	if (kind == FIELD_INDICATOR_REFS && strcmp(s->field->name, "indicatorType") == 0 &&
	    schema_class(schema_type(text, len)) != CLASS_INDICATOR)
		return "not an indicator type";
	return NULL;
}

/* What an element looks like, for who writes another thing. */
static const char *
example(enum field_kind kind)
{
	switch (kind) {
	case FIELD_ATTRIBUTES:	return "{\"type\": ..., \"value\": ...}";
	case FIELD_GROUP_REFS:	return "{\"groupXid\": {\"xid\": [parts]}}";
	case FIELD_XIDS:	return "{\"xid\": [parts]}";
	case FIELD_INDICATOR_REFS: return "{\"summary\": ..., \"indicatorType\": ...}";
	case FIELD_OCCURRENCES:	return "{\"fileName\": ..., \"path\": ..., \"date\": ...}";
	default:		return "{\"name\": ...}";
	}
}

/* What never changes is written once, here; only what no kind normalises. */
static int
make_ready(struct compile *c, enum field_kind kind, struct element *e, struct slot *s)
{
	const struct mval *v = &s->hole->literal;
	const char *why;
	struct buf b;
	int rc = 0;

	if (s->hole->source != HOLE_LITERAL)
		return 0;
	if (kind == FIELD_ATTRIBUTES && strcmp(s->field->name, "type") == 0 && v->type == M_STRING) {
		if (strncasecmp(v->text, "victim", 6) == 0)
			return feed_complain(c->feed, c->err, s->hole->at, "victim data must not be mapped");
		e->max = schema_attribute_max(v->text, v->len);
	}
	if (v->type == M_STRING && (why = no_element(c->map, kind, s, e->max, v)) != NULL)
		return feed_complain(c->feed, c->err, s->hole->at, "%s", why);
	if (kind != FIELD_ATTRIBUTES || strcmp(s->field->name, "value") == 0 || v->type == M_LIST)
		return 0;
	buf_init(&b, LIMIT_LINE);
	why = buf_addf(&b, "\"%s\":", s->field->name) == -1 ? "too long" :
	    scalar_write(c->map, &b, s->field, s->field->max, v);
	if (why != NULL)
		rc = feed_complain(c->feed, c->err, s->hole->at, "%s", *why != '\0' ? why : "is empty");
	else {
		s->text = pool_text(c->map, b.bytes, b.len);
		s->textlen = b.len;
	}
	buf_release(&b);
	return rc;
}

static int
compile_slots(struct compile *c, struct json_object *o, enum field_kind kind, const char *at, struct element *e)
{
	const struct field *f;
	struct json_object *v;
	struct slot *s;
	size_t i;

	if (!json_object_is_type(o, json_type_object))
		return feed_complain(c->feed, c->err, at, "must be an object: %s", example(kind));
	if (kind == FIELD_GROUP_REFS && feed_get(o, "xid") != NULL)
		return feed_complain(c->feed, c->err, at, "must be %s", example(kind));
	if (feed_members(c->feed, o, at, allowed(kind), c->err) == -1)
		return -1;
	if (json_object_object_length(o) == 0)
		return feed_complain(c->feed, c->err, at, "is empty");
	e->slot = pool_alloc(c->map, (size_t)json_object_object_length(o) * sizeof(*e->slot));
	for (i = 0; (f = schema_element(kind, i)) != NULL; i++) {
		char *below;

		if ((v = feed_get(o, f->name)) == NULL)
			continue;
		s = &e->slot[e->nslot++];
		s->field = f;
		set_role(c, kind, s);
		below = pool_pointer(c->map, at, f->name);
		if (f->kind == FIELD_LABELS) {
			if (array_compile(c, v, f->name, FIELD_LABELS, below, &s->labels) == -1)
				return -1;
		} else if (hole_compile(c, v, below, &s->hole) == -1 || make_ready(c, kind, e, s) == -1)
			return -1;
	}
	return 0;
}

static int
compile_element(struct compile *c, struct json_object *v, enum field_kind kind, const char *at, struct element *e)
{
	static const char *const nested[] = { "each:string?", "when:string?", "object:any", NULL };
	bool inner = c->inner;
	int rc;

	e->at = at;
	if (json_object_is_type(v, json_type_object) && feed_get(v, "object") != NULL) {
		if (feed_members(c->feed, v, at, nested, c->err) == -1)
			return -1;
		if (feed_string(v, "each") != NULL &&
		    expr_compile(c, feed_string(v, "each"), pool_pointer(c->map, at, "each"), &e->each) == -1)
			return -1;
		c->inner = inner || e->each != NULL;
		if (feed_string(v, "when") != NULL &&
		    condition_compile(c, feed_string(v, "when"), pool_pointer(c->map, at, "when"), &e->when) == -1)
			return -1;
		at = pool_pointer(c->map, at, "object");
		v = feed_get(v, "object");
	}
	if (kind == FIELD_XIDS) {
		e->slot = pool_alloc(c->map, sizeof(*e->slot));
		e->nslot = 1;
		rc = hole_compile(c, v, at, &e->slot->hole);
	} else
		rc = compile_slots(c, v, kind, at, e);
	c->inner = inner;
	return rc;
}

int
array_compile(struct compile *c, struct json_object *v, const char *name, enum field_kind kind, const char *at,
    struct array **out)
{
	struct array *a = pool_alloc(c->map, sizeof(*a));
	size_t i, n;

	if (!json_object_is_type(v, json_type_array))
		return feed_complain(c->feed, c->err, at, "must be an array: [%s]", example(kind));
	n = json_object_array_length(v);
	a->kind = kind;
	a->name = name;
	a->at = at;
	a->element = pool_alloc(c->map, (n + 1) * sizeof(*a->element));
	a->nelement = (int)n;
	for (i = 0; i < n; i++)
		if (compile_element(c, json_object_array_get_idx(v, i), kind, pool_index(c->map, at, i), &a->element[i]) == -1)
			return -1;
	*out = a;
	return 0;
}
