#include <string.h>

#include "limit.h"
#include "object.h"
#include "object_elements.h"
#include "object_private.h"
#include "text.h"

/* --- is the line canonical already? --- */

/* Every escape in the shortest form, as scan_canonical() writes it? */
static bool
escapes_canonical(const char *p, size_t len)
{
	const char *end = p + len;

	while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		if (p[1] == '/')
			return false;
		if (p[1] != 'u') {
			p += 2;
			continue;
		}
		if (p[2] != '0' || p[3] != '0' || (p[4] != '0' && p[4] != '1') || (p[5] >= 'A' && p[5] <= 'F'))
			return false;
		/* \b \t \n \f \r are shorter */
		if (p[4] == '0' && (p[5] == '8' || p[5] == '9' || p[5] == 'a' || p[5] == 'c' || p[5] == 'd'))
			return false;
		p += 6;
	}
	return true;
}

/* No white space: the bytes are as many as the tokens and what must stand between them. */
static bool
tight(const struct scan *s)
{
	const struct scan_node *n, *end = s->node + s->nnode;
	size_t bytes = 0;

	for (n = s->node; n < end; n++) {
		switch (n->type) {
		case SCAN_STRING:
			bytes += n->len + 2;
			if (n->escaped && !escapes_canonical(s->bytes + n->off, n->len))
				return false;
			break;
		case SCAN_OBJECT:
			bytes += 2 + (n->count > 0 ? 2 * (size_t)n->count - 1 : 0);
			break;
		case SCAN_ARRAY:
			bytes += 2 + (n->count > 0 ? n->count - 1 : 0);
			break;
		default:
			bytes += n->len;
		}
	}
	return bytes == s->len;
}

static bool
lower_case(const struct object *o)
{
	const char *p;
	uint32_t i;
	int k;

	for (k = 0; k < OBJECT_VALUES; k++) {
		if (o->value[k] == SCAN_NONE)
			continue;
		p = scan_bytes(o->scan, o->value[k]);
		for (i = 0; i < o->scan->node[o->value[k]].len; i++)
			if (p[i] >= 'A' && p[i] <= 'F')
				return false;
	}
	return true;
}

bool
object_is_canonical(const struct object *o)
{
	const struct object_table *t = object_table(o->type);
	const struct scan *s = o->scan;
	uint32_t last = 0, found = 0;
	const struct field *f;
	int k;

	if (!tight(s))
		return false;
	for (k = 0; k < t->n; k++) {
		if (o->at[k] == SCAN_NONE)
			continue;
		f = t->field[k].f;
		/* in order, and the names themselves without escapes */
		if (o->at[k] < last || s->node[o->at[k] - 1].escaped)
			return false;
		last = o->at[k];
		found++;
		if (f->kind >= FIELD_ATTRIBUTES && f->kind <= FIELD_OCCURRENCES && !elements_canonical(s, last, f->kind))
			return false;
	}
	/* other spellings of the value, "Url", "action":"Create" */
	if (found != s->node[0].count)
		return false;
	if (o->type != TYPE_NONE && !text_eq(scan_bytes(s, o->at[0]), s->node[o->at[0]].len, schema_type_name(o->type)))
		return false;
	if (o->action != ACTION_DELETE && (k = schema_field_index(o->type, "action", 6)) != -1 && o->at[k] != SCAN_NONE)
		return false;
	if (o->type == TYPE_FILE)
		return lower_case(o);
	/* an empty value name is a blank */
	if (o->type == TYPE_REGISTRY_KEY)
		return o->value[1] != SCAN_NONE && s->node[o->value[1]].len > 0;
	return o->class != CLASS_ASSOCIATION || !object_ends_swapped(o);
}

/* --- writing --- */

/* The value members of a type with several, from whichever form the line has. */
static int
write_values(const struct object *o, struct buf *out)
{
	const char *const *word = schema_value_members(o->type);
	size_t len[OBJECT_VALUES], at = 0;
	struct buf text;
	int k, rc;

	buf_init(&text, LIMIT_LINE);
	rc = object_values(o, &text, len);
	for (k = 0; k < OBJECT_VALUES && rc == 0; k++) {
		if (len[k] > 0)
			rc = buf_addf(out, ",\"%s\":", word[k]) == -1 || buf_add_json(out, text.bytes + at, len[k]) == -1 ? -1 : 0;
		else if (o->type == TYPE_REGISTRY_KEY && k == 1)
			rc = buf_addz(out, ",\"Value Name\":\" \"");
		at += len[k];
	}
	buf_release(&text);
	return rc;
}

/* The field to read where the line writes field k: an association's ends may stand the other way round. */
static int
source(const struct object *o, int k, bool swapped)
{
	const char *name = object_table(o->type)->field[k].f->name;
	size_t len = strlen(name);
	char other[16];

	if (!swapped || len < 2 || len >= sizeof(other) || name[len - 2] != '_')
		return k;
	memcpy(other, name, len + 1);
	other[len - 1] = name[len - 1] == '1' ? '2' : '1';
	return schema_field_index(o->type, other, len);
}

static int
write_member(const struct object *o, const struct field *f, uint32_t node, struct elements *set, bool first, struct buf *out)
{
	size_t start = out->len;
	bool any = true;

	if ((!first && buf_addc(out, ',') == -1) || buf_addf(out, "\"%s\":", f->name) == -1)
		return -1;
	if (f->kind < FIELD_ATTRIBUTES || f->kind > FIELD_OCCURRENCES)
		return scan_canonical(o->scan, node, out);
	elements_clear(set, f->kind);
	if (elements_add(set, o->scan, node) == -1 || elements_write(set, out, &any) == -1)
		return -1;
	if (!any) {
		out->len = start;
		out->bytes[start] = '\0';
	}
	return 0;
}

static int
write_object(const struct object *o, bool strip_ours, struct buf *out)
{
	const struct object_table *t = object_table(o->type);
	bool several = o->type == TYPE_FILE || o->type == TYPE_REGISTRY_KEY, swapped = false;
	struct elements set;
	const struct field *f;
	uint32_t node;
	int k, rc = 0;

	if (o->class == CLASS_ASSOCIATION)
		swapped = object_ends_swapped(o);
	elements_init(&set, FIELD_TAGS);
	if (buf_addc(out, '{') == -1 || (o->type != TYPE_NONE && buf_addf(out, "\"type\":\"%s\"", schema_type_name(o->type)) == -1) ||
	    (several && write_values(o, out) == -1))
		rc = -1;
	k = o->type == TYPE_NONE ? 0 : several ? 1 + OBJECT_VALUES : 1;
	for (; k < t->n && rc == 0; k++) {
		f = t->field[k].f;
		node = o->at[source(o, k, swapped)];
		if (o->class == CLASS_INDICATOR && k == 1 && !several && (node == SCAN_NONE || o->scan->node[node].len == 0))
			node = o->value[0];
		if (node == SCAN_NONE)
			continue;
		if (strcmp(f->name, "action") == 0 && (strip_ours || o->action == ACTION_CREATE))
			continue;
		if (strcmp(f->name, "batchId") == 0 && strip_ours)
			continue;
		rc = write_member(o, f, node, &set, out->bytes[out->len - 1] == '{', out);
	}
	elements_release(&set);
	return rc == 0 ? buf_addc(out, '}') : -1;
}

int
object_canonical(const struct object *o, bool strip_ours, struct buf *out)
{
	size_t start = out->len;

	if (o->canonical && (!strip_ours || (o->action == ACTION_CREATE && o->batch_id == 0)))
		return buf_add(out, o->scan->bytes, o->scan->len);
	if (write_object(o, strip_ours, out) == 0)
		return 0;
	out->len = start;
	out->bytes[start] = '\0';
	return -1;
}
