/*
 * A line read: scanned, classified by its members, each member checked
 * against the schema, and then whether there is what its class cannot do
 * without. Runs over every line of every stage behind tc-map.
 */
#include "object.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object_private.h"
#include "text.h"

/* --- kinds --- */

/* The one form the platform is sent: YYYY-MM-DDTHH:MM:SSZ. */
static bool
is_date(const char *p, size_t len)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	size_t i;

	if (len != sizeof(form) - 1)
		return false;
	for (i = 0; i < len; i++)
		if (form[i] == '0' ? p[i] < '0' || p[i] > '9' : p[i] != form[i])
			return false;
	return true;
}

static int
check_integer(const struct scan *s, uint32_t i, const struct field *f, struct err *err)
{
	const struct scan_node *n = &s->node[i];
	long long v;
	char text[24];

	if (n->type != SCAN_NUMBER || !n->integer)
		return err_set(err, REASON_CONTRACT, "%s is no whole number", f->name);
	if (n->len >= sizeof(text))
		return err_set(err, REASON_CONTRACT, "%s is too large", f->name);
	memcpy(text, s->bytes + n->off, n->len);
	text[n->len] = '\0';
	v = strtoll(text, NULL, 10);
	if ((f->low != 0 || f->high != 0) && (v < f->low || v > f->high))
		return err_set(err, REASON_CONTRACT, "%s %lld is not within %ld and %ld", f->name, v, f->low, f->high);
	return 0;
}

static int
check_scalar(const struct scan *s, uint32_t i, const struct field *f, struct err *err)
{
	const struct scan_node *n = &s->node[i];

	switch (f->kind) {
	case FIELD_STRING:
		if (n->type != SCAN_STRING)
			return err_set(err, REASON_CONTRACT, "%s is no string", f->name);
		return 0;
	case FIELD_DATE:
		if (n->type != SCAN_STRING || !is_date(s->bytes + n->off, n->len))
			return err_set(err, REASON_CONTRACT, "%s is no date of the form YYYY-MM-DDTHH:MM:SSZ", f->name);
		return 0;
	case FIELD_BOOLEAN:
		if (n->type != SCAN_TRUE && n->type != SCAN_FALSE)
			return err_set(err, REASON_CONTRACT, "%s is neither true nor false", f->name);
		return 0;
	default:
		return check_integer(s, i, f, err);
	}
}

static bool
is_scalar(enum field_kind kind)
{
	return kind <= FIELD_DATE || kind == FIELD_REF_ID;
}

static int check_labels(const struct scan *, uint32_t, const struct field *, struct err *);

static int
unknown_element(const struct scan *s, uint32_t i, const struct field *array, struct err *err)
{
	char name[64];

	text_safe(name, sizeof(name), scan_bytes(s, i), s->node[i].len);
	return err_set(err, REASON_CONTRACT, "%s: unknown member \"%s\"", array->name, name);
}

static int
check_element(const struct scan *s, uint32_t e, const struct field *array, struct err *err)
{
	const struct object_table *t = object_element_table(array->kind);
	const struct field *f;
	uint32_t i, end = s->node[e].next;
	int k = -1, tries, found = 0;

	if (array->kind == FIELD_XIDS) {
		if (s->node[e].type != SCAN_STRING || s->node[e].len == 0)
			return err_set(err, REASON_CONTRACT, "%s holds something that is no xid", array->name);
		return 0;
	}
	if (s->node[e].type != SCAN_OBJECT)
		return err_set(err, REASON_CONTRACT, "%s holds something that is no object", array->name);
	for (i = e + 1; i < end; i = s->node[i + 1].next) {
		for (tries = 0; tries < t->n; tries++) {
			if (++k >= t->n)
				k = 0;
			if (object_is_name(s, i, t->field[k].f->name, t->field[k].len))
				break;
		}
		if (tries == t->n)
			return unknown_element(s, i, array, err);
		f = t->field[k].f;
		if (f->kind == FIELD_LABELS ? check_labels(s, i + 1, f, err) == -1 : check_scalar(s, i + 1, f, err) == -1)
			return err_prefix(err, "%s: ", array->name);
		found += t->field[k].required && s->node[i + 1].len > 0;
	}
	if (found < t->nrequired)
		return err_set(err, REASON_CONTRACT, "%s: an element lacks its %s", array->name,
		    array->kind == FIELD_ATTRIBUTES ? "type or value" : array->kind == FIELD_INDICATOR_REFS ? "summary or indicatorType" :
		    t->field[0].f->name);
	return 0;
}

static int
check_array(const struct scan *s, uint32_t i, const struct field *f, struct err *err)
{
	uint32_t e, end = s->node[i].next;

	if (s->node[i].type != SCAN_ARRAY)
		return err_set(err, REASON_CONTRACT, "%s is no array", f->name);
	for (e = i + 1; e < end; e = s->node[e].next)
		if (check_element(s, e, f, err) == -1)
			return -1;
	return 0;
}

static int
check_labels(const struct scan *s, uint32_t i, const struct field *f, struct err *err)
{
	return check_array(s, i, f, err);
}

/* --- reading --- */

static int
unknown_member(const struct object *o, uint32_t i, struct err *err)
{
	char name[64];

	text_safe(name, sizeof(name), scan_bytes(o->scan, i), o->scan->node[i].len);
	return err_set(err, REASON_CONTRACT, "unknown member \"%s\" of %s", name,
	    o->type == TYPE_NONE ? "an association" : schema_type_name(o->type));
}

/* A member that is not in schema_field(): the value in one of its other spellings. */
static int
value_member(struct object *o, uint32_t i, struct err *err)
{
	static const struct field text = { "the value", FIELD_STRING };
	const char *const *word = schema_value_members(o->type);
	const struct scan *s = o->scan;
	int k;

	if (word == NULL)
		return unknown_member(o, i, err);
	if (object_is_name(s, i, "summary", 7)) {
		o->summary = i + 1;
		return check_scalar(s, i + 1, &text, err);
	}
	for (k = 0; k < OBJECT_VALUES && word[k] != NULL; k++)
		if (object_is_name(s, i, word[k], strlen(word[k]))) {
			o->value[k] = i + 1;
			return check_scalar(s, i + 1, &text, err);
		}
	return unknown_member(o, i, err);
}

static int
classify(struct object *o, struct err *err)
{
	const struct scan *s = o->scan;
	char name[64];
	uint32_t type;

	if (s->node[0].type != SCAN_OBJECT)
		return err_set(err, REASON_CONTRACT, "not a JSON object");
	/* nearly every line has its type first */
	type = s->nnode > 2 && object_is_name(s, 1, "type", 4) ? 2 : scan_member(s, 0, "type");
	if (type == SCAN_NONE) {
		if (scan_member(s, 0, "ref_1") == SCAN_NONE && scan_member(s, 0, "id_1") == SCAN_NONE)
			return err_set(err, REASON_CONTRACT, "neither \"type\" nor \"ref_1\": no group, indicator or association");
		o->class = CLASS_ASSOCIATION;
		o->type = TYPE_NONE;
		return 0;
	}
	if (s->node[type].type != SCAN_STRING)
		return err_set(err, REASON_CONTRACT, "type is no string");
	o->type = schema_type(scan_bytes(s, type), s->node[type].len);
	if (o->type == TYPE_NONE) {
		text_safe(name, sizeof(name), scan_bytes(s, type), s->node[type].len);
		return err_set(err, REASON_CONTRACT, "type \"%s\" is no standard type", name);
	}
	o->class = schema_class(o->type);
	return 0;
}

static int
check_file(struct object *o, struct err *err)
{
	static const char *const word[OBJECT_VALUES] = { "md5", "sha1", "sha256" };
	size_t len[OBJECT_VALUES];
	struct buf text;
	int k, n = 0, rc = 0;

	for (k = 0; k < OBJECT_VALUES; k++) {
		if (o->value[k] == SCAN_NONE)
			continue;
		if (!object_is_hash(scan_bytes(o->scan, o->value[k]), o->scan->node[o->value[k]].len, k))
			return err_set(err, REASON_CONTRACT, "%s is not %zu hexadecimal digits", word[k], object_hash_length(k));
		n++;
	}
	if (n > 0)
		return 0;
	buf_init(&text, LIMIT_LINE);
	if (object_values(o, &text, len) == -1 || len[0] + len[1] + len[2] == 0)
		rc = err_set(err, REASON_CONTRACT, "File without a hash");
	buf_release(&text);
	return rc;
}

static int
check_registry(struct object *o, struct err *err)
{
	size_t len[OBJECT_VALUES];
	struct buf text;
	int rc = 0;

	buf_init(&text, LIMIT_LINE);
	if (object_values(o, &text, len) == -1 || len[0] == 0)
		rc = err_set(err, REASON_CONTRACT, "Registry Key without a key name");
	buf_release(&text);
	return rc;
}

static int
check_value(struct object *o, struct err *err)
{
	switch (o->class) {
	case CLASS_ASSOCIATION:
		if ((!object_filled(o, object_member(o, "ref_1")) && object_member(o, "id_1") == SCAN_NONE) ||
		    (!object_filled(o, object_member(o, "ref_2")) && object_member(o, "id_2") == SCAN_NONE))
			return err_set(err, REASON_CONTRACT, "an association needs ref_1 or id_1, and ref_2 or id_2");
		return 0;
	case CLASS_GROUP:
		if (!object_filled(o, object_member(o, "xid")))
			return err_set(err, REASON_CONTRACT, "%s without an xid", schema_type_name(o->type));
		if (!object_filled(o, object_member(o, "name")) && o->batch_id == 0)
			return err_set(err, REASON_CONTRACT, "%s without a name", schema_type_name(o->type));
		return 0;
	default:
		if (o->type == TYPE_FILE)
			return check_file(o, err);
		if (o->type == TYPE_REGISTRY_KEY)
			return check_registry(o, err);
		if (object_filled(o, o->summary) || object_filled(o, o->value[0]))
			return 0;
		return err_set(err, REASON_CONTRACT, "%s without a value", schema_type_name(o->type));
	}
}

static int
read_ours(struct object *o, enum object_role role, uint32_t i, struct err *err)
{
	const struct scan *s = o->scan;

	switch (role) {
	case ROLE_ACTIVE:
		o->has_active = true;
		o->active = s->node[i].type == SCAN_TRUE;
		return 0;
	case ROLE_ACTION:
		if (scan_is(s, i, "Delete"))
			o->action = ACTION_DELETE;
		else if (!scan_is(s, i, "Create"))
			return err_set(err, REASON_CONTRACT, "action is neither Create nor Delete");
		return 0;
	case ROLE_BATCH:
		o->batch_id = strtoll(s->bytes + s->node[i].off, NULL, 10);
		if (o->batch_id <= 0)
			return err_set(err, REASON_CONTRACT, "batchId is no positive number");
		return 0;
	default:
		return 0;
	}
}

int
object_read(struct object *o, struct scan *s, const char *line, size_t len, struct err *err)
{
	const struct object_table *t;
	const struct field *f;
	bool only_value = true;		/* type, value, active, ours */
	uint32_t i, end;
	int k = -1, tries;

	if (scan_text(s, line, len, err) == -1)
		return -1;
	memset(o, 0, sizeof(*o));
	memset(o->at, 0xff, sizeof(o->at));
	memset(o->value, 0xff, sizeof(o->value));
	o->summary = SCAN_NONE;
	o->scan = s;
	if (classify(o, err) == -1)
		return -1;
	t = object_table(o->type);
	end = s->node[0].next;
	for (i = 1; i < end; i = s->node[i + 1].next) {
		/* members mostly come in the table's order: go on from the last one */
		for (tries = 0; tries < t->n; tries++) {
			if (++k >= t->n)
				k = 0;
			if (object_is_name(s, i, t->field[k].f->name, t->field[k].len))
				break;
		}
		if (tries == t->n) {
			if (value_member(o, i, err) == -1)
				return -1;
			continue;
		}
		f = t->field[k].f;
		o->at[k] = i + 1;
		if (is_scalar(f->kind) ? check_scalar(s, i + 1, f, err) == -1 : check_array(s, i + 1, f, err) == -1)
			return -1;
		if (t->field[k].role == ROLE_NONE)
			only_value = false;
		else if (read_ours(o, t->field[k].role, i + 1, err) == -1)
			return -1;
	}
	if (o->class == CLASS_INDICATOR) {
		if (o->type == TYPE_FILE || o->type == TYPE_REGISTRY_KEY)
			memcpy(o->value, o->at + 1, sizeof(o->value));
		else
			o->summary = o->at[1];
	}
	if (check_value(o, err) == -1)
		return -1;
	o->inactive_line = o->class == CLASS_INDICATOR && only_value && o->has_active && !o->active;
	o->canonical = object_is_canonical(o);
	return 0;
}
