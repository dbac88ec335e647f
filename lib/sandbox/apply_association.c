/* The association array (batch-api.md section 9). */
#include "sandbox/apply.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

struct end {
	struct entry	*entry;
	char		 name[128];	/* for messages */
};

static bool
text_member(const struct scan *s, const char *name, uint32_t *v)
{
	*v = scan_member(s, 0, name);
	return *v != SCAN_NONE && s->node[*v].type == SCAN_STRING;
}

/* One side: id_N wins over ref_N; an indicator needs type_N. NULL or why not. */
static const char *
read_end(struct apply *a, int n, struct end *e)
{
	const struct scan *s = &a->scan;
	char ref[8], id[8], type[8];
	enum tc_type t = TYPE_NONE;
	struct buf b;
	uint32_t v, ty;
	long long number = 0;
	size_t i;

	snprintf(ref, sizeof(ref), "ref_%d", n);
	snprintf(id, sizeof(id), "id_%d", n);
	snprintf(type, sizeof(type), "type_%d", n);
	if (text_member(s, type, &ty)) {
		t = schema_type(scan_bytes(s, ty), s->node[ty].len);
		if (t == TYPE_NONE)
			return "a type_1 or type_2 is no type";
	}
	v = scan_member(s, 0, id);
	if (v != SCAN_NONE && s->node[v].type == SCAN_NUMBER && s->node[v].integer) {
		for (i = 0; i < s->node[v].len && number < 1000000000000LL; i++)
			number = number * 10 + (scan_bytes(s, v)[i] - '0');
		snprintf(e->name, sizeof(e->name), "id %lld", number);
		e->entry = store_by_id(a->store, number);
		return e->entry != NULL ? NULL : "there is no object with that id";
	}
	if (!text_member(s, ref, &v))
		return "a side has neither ref nor id";
	buf_init(&b, s->node[v].len + 1);
	if (scan_string(s, v, &b) == -1) {
		buf_release(&b);
		return "a side has neither ref nor id";
	}
	snprintf(e->name, sizeof(e->name), "%.*s", (int)(b.len < 120 ? b.len : 120), b.bytes);
	e->entry = apply_find(a, t, b.bytes, b.len);
	buf_release(&b);
	if (e->entry == NULL)
		return t == TYPE_NONE ? "there is no group with that xid, and an indicator needs its type" :
		    "there is no such object in this owner";
	return NULL;
}

static const char *
join(struct apply *a, struct end *e)
{
	const struct scan *s = &a->scan;
	bool group = schema_class(e[0].entry->type) == CLASS_GROUP || schema_class(e[1].entry->type) == CLASS_GROUP, known;
	const char *type = NULL;
	uint32_t v;

	if (e[0].entry == e[1].entry)
		return "both sides are the same object";
	if (text_member(s, "associationType", &v)) {
		if (group)
			return "associationType is for two indicators only";
		type = instance_association(scan_bytes(s, v), s->node[v].len, e[0].entry->type, e[1].entry->type, &known);
		if (type == NULL)
			return known ? "the associationType does not join objects of these types" : "there is no such associationType";
	} else if (!group) {
		return "two indicators need an associationType";
	}
	store_link(a->store, e[0].entry, e[1].entry, type);
	return NULL;
}

enum stored
apply_association(struct apply *a, const struct element *element)
{
	struct end e[2] = { { NULL, "" }, { NULL, "" } };
	struct model m = { 0 };
	const char *why;
	struct err err;
	char name[300];

	if (a->in->no_association)
		return NOT_COUNTED;	/* an older server passes the array over like any unknown member */
	arena_reset(&a->arena);
	if (scan_text(&a->scan, element->text, element->len, &err) == -1 || a->scan.node[0].type != SCAN_OBJECT) {
		outcome_add(a->out, "0x1003", "Error", NULL, 0,
		    "JsonSyntaxException: %s. Last known JSON path: '$.association[%zu]'.",
		    a->scan.nnode > 0 ? "the element is no object" : err.text, element->index);
		a->abandoned = true;
		return NOT_STORED;
	}
	why = read_end(a, 1, &e[0]);
	if (why == NULL)
		why = read_end(a, 2, &e[1]);
	if (why == NULL)
		why = join(a, e);
	if (why == NULL)
		return STORED;
	snprintf(name, sizeof(name), "%s - %s", e[0].name, e[1].name);
	name[text_utf8_span(name, strlen(name))] = '\0';
	m.value = (struct slice){ name, strlen(name) };
	return apply_refuse(a, &m, "0x1009", "%s", why);
}
