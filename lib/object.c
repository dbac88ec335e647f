#include "object.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object_private.h"
#include "text.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static enum object_role
role_of(enum tc_type type, const struct field *f)
{
	const char *const *value = schema_value_members(type);
	int k;

	if (strcmp(f->name, "active") == 0)
		return ROLE_ACTIVE;
	if (strcmp(f->name, "action") == 0)
		return ROLE_ACTION;
	if (strcmp(f->name, "batchId") == 0)
		return ROLE_BATCH;
	if (strcmp(f->name, "type") == 0 || strcmp(f->name, "summary") == 0)
		return ROLE_VALUE;
	for (k = 0; value != NULL && k < OBJECT_VALUES && value[k] != NULL; k++)
		if (strcmp(f->name, value[k]) == 0)
			return ROLE_VALUE;
	return ROLE_NONE;
}

const struct object_table *
object_table(enum tc_type type)
{
	static struct object_table table[TYPE_COUNT];
	struct object_table *t = &table[type];
	const struct field *f;
	int i;

	if (t->n == 0) {
		for (i = 0; i < OBJECT_FIELDS && (f = schema_field(type, (size_t)i)) != NULL; i++) {
			t->field[i].f = f;
			t->field[i].len = strlen(f->name);
			t->field[i].role = role_of(type, f);
		}
		t->n = i;
	}
	return t;
}

const struct object_table *
object_element_table(enum field_kind kind)
{
	static struct object_table table[FIELD_REF_ID + 1];
	/* members an element is of no use without */
	static const struct { enum field_kind kind; const char *name; } need[] = {
		{ FIELD_ATTRIBUTES, "type" }, { FIELD_ATTRIBUTES, "value" }, { FIELD_TAGS, "name" }, { FIELD_LABELS, "name" },
		{ FIELD_GROUP_REFS, "groupXid" }, { FIELD_INDICATOR_REFS, "summary" }, { FIELD_INDICATOR_REFS, "indicatorType" },
	};
	struct object_table *t = &table[kind];
	const struct field *f;
	size_t k;
	int i;

	if (t->n == 0) {
		for (i = 0; i < OBJECT_FIELDS && (f = schema_element(kind, (size_t)i)) != NULL; i++) {
			t->field[i].f = f;
			t->field[i].len = strlen(f->name);
			for (k = 0; k < N(need); k++)
				if (need[k].kind == kind && strcmp(need[k].name, f->name) == 0) {
					t->field[i].required = true;
					t->nrequired++;
				}
		}
		t->n = i;
	}
	return t;
}

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

size_t
object_hash_length(int kind)
{
	static const size_t length[OBJECT_VALUES] = { 32, 40, 64 };

	return length[kind];
}

bool
object_is_hash(const char *text, size_t len, int kind)
{
	size_t i;

	if (len != object_hash_length(kind))
		return false;
	for (i = 0; i < len; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') || (text[i] >= 'A' && text[i] <= 'F')))
			return false;
	return true;
}

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

static bool
filled(const struct object *o, uint32_t node)
{
	return node != SCAN_NONE && o->scan->node[node].len > 0;
}

/* Node of the member of that name, which the type must have. */
static uint32_t
member(const struct object *o, const char *name)
{
	int i = schema_field_index(o->type, name, strlen(name));

	return i == -1 ? SCAN_NONE : o->at[i];
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
		if ((!filled(o, member(o, "ref_1")) && member(o, "id_1") == SCAN_NONE) ||
		    (!filled(o, member(o, "ref_2")) && member(o, "id_2") == SCAN_NONE))
			return err_set(err, REASON_CONTRACT, "an association needs ref_1 or id_1, and ref_2 or id_2");
		return 0;
	case CLASS_GROUP:
		if (!filled(o, member(o, "xid")))
			return err_set(err, REASON_CONTRACT, "%s without an xid", schema_type_name(o->type));
		if (!filled(o, member(o, "name")) && o->batch_id == 0)
			return err_set(err, REASON_CONTRACT, "%s without a name", schema_type_name(o->type));
		return 0;
	default:
		if (o->type == TYPE_FILE)
			return check_file(o, err);
		if (o->type == TYPE_REGISTRY_KEY)
			return check_registry(o, err);
		if (filled(o, o->summary) || filled(o, o->value[0]))
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

/* --- values --- */

/* "md5 : sha1 : sha256", any of them left out. */
static int
split_hashes(const char *p, size_t n, struct buf *out, size_t len[OBJECT_VALUES])
{
	const char *part[OBJECT_VALUES] = { NULL }, *sep;
	size_t l;
	int k;

	for (;;) {
		sep = memmem(p, n, " : ", 3);
		l = sep != NULL ? (size_t)(sep - p) : n;
		for (k = 0; k < OBJECT_VALUES; k++)
			if (object_is_hash(p, l, k) && part[k] == NULL)
				break;
		if (k == OBJECT_VALUES)
			break;
		part[k] = p;
		if (sep == NULL)
			break;
		n -= l + 3;
		p = sep + 3;
	}
	for (k = 0; k < OBJECT_VALUES; k++) {
		len[k] = part[k] != NULL ? object_hash_length(k) : 0;
		if (len[k] > 0 && buf_add(out, part[k], len[k]) == -1)
			return -1;
	}
	return 0;
}

/* "Key Name : Value Name : Value Type"; a value name may itself hold " : ". */
static int
split_registry(const char *p, size_t n, struct buf *out, size_t len[OBJECT_VALUES])
{
	const char *first = memmem(p, n, " : ", 3), *last = NULL, *q;

	for (q = first; q != NULL; q = memmem(q + 1, (size_t)(p + n - q - 1), " : ", 3))
		last = q;
	if (first == NULL) {
		len[0] = n;
		return buf_add(out, p, n);
	}
	if (first == last)	/* no value type */
		last = p + n;
	len[0] = (size_t)(first - p);
	len[1] = last > first + 3 ? (size_t)(last - first) - 3 : 0;
	len[2] = last < p + n ? (size_t)(p + n - last) - 3 : 0;
	if (buf_add(out, p, len[0]) == -1 || buf_add(out, first + 3, len[1]) == -1 ||
	    (len[2] > 0 && buf_add(out, last + 3, len[2]) == -1))
		return -1;
	return 0;
}

int
object_values(const struct object *o, struct buf *out, size_t len[OBJECT_VALUES])
{
	struct buf text;
	size_t start = out->len, i, had;
	bool any = false;
	int k, rc;

	memset(len, 0, OBJECT_VALUES * sizeof(len[0]));
	for (k = 0; k < OBJECT_VALUES; k++) {
		if (!filled(o, o->value[k]))
			continue;
		any = true;
		had = out->len;
		if (scan_string(o->scan, o->value[k], out) == -1)
			return -1;
		len[k] = out->len - had;
	}
	if (!any && o->summary != SCAN_NONE) {
		buf_init(&text, LIMIT_LINE);
		rc = scan_string(o->scan, o->summary, &text);
		if (rc == 0)
			rc = o->type == TYPE_FILE ? split_hashes(text.bytes, text.len, out, len) :
			    split_registry(text.bytes, text.len, out, len);
		buf_release(&text);
		if (rc == -1)
			return -1;
	}
	if (o->type == TYPE_FILE)
		for (i = start; i < out->len; i++)
			if (out->bytes[i] >= 'A' && out->bytes[i] <= 'F')
				out->bytes[i] += 'a' - 'A';
	return 0;
}

/* The value of a type that has one: from summary or from its own member. */
static uint32_t
single_value(const struct object *o)
{
	return filled(o, o->summary) ? o->summary : o->value[0];
}

static int
add_registry(const struct object *o, struct buf *out)
{
	size_t len[OBJECT_VALUES], at = 0;
	struct buf part;
	int rc;

	buf_init(&part, LIMIT_LINE);
	rc = object_values(o, &part, len);
	if (rc == 0) {
		rc = buf_add(out, part.bytes, len[0]);
		at = len[0];
	}
	/* an empty value name is sent as one blank (batch-api.md section 12) */
	if (rc == 0)
		rc = buf_addz(out, " : ") == -1 || (len[1] > 0 ? buf_add(out, part.bytes + at, len[1]) : buf_addc(out, ' ')) == -1 ? -1 : 0;
	at += len[1];
	if (rc == 0 && len[2] > 0)
		rc = buf_addz(out, " : ") == -1 || buf_add(out, part.bytes + at, len[2]) == -1 ? -1 : 0;
	buf_release(&part);
	return rc;
}

/* --- associations --- */

/* One end: "#id", or type and reference; a group's type says nothing, its xid is enough. */
static int
add_end(const struct object *o, int end, struct buf *out)
{
	const struct scan *s = o->scan;
	uint32_t id = member(o, end == 1 ? "id_1" : "id_2"), type = member(o, end == 1 ? "type_1" : "type_2"),
	    ref = member(o, end == 1 ? "ref_1" : "ref_2");

	if (id != SCAN_NONE)
		return buf_addc(out, '#') == -1 || buf_add(out, scan_bytes(s, id), s->node[id].len) == -1 ? -1 : 0;
	if (type != SCAN_NONE && schema_class(schema_type(scan_bytes(s, type), s->node[type].len)) != CLASS_GROUP &&
	    scan_string(s, type, out) == -1)
		return -1;
	return buf_addc(out, ' ') == -1 || scan_string(s, ref, out) == -1 ? -1 : 0;
}

static int
compare_bytes(const char *a, size_t na, const char *b, size_t nb)
{
	int c = memcmp(a, b, na < nb ? na : nb);

	return c != 0 ? c : na < nb ? -1 : na > nb;
}

bool
object_ends_swapped(const struct object *o)
{
	struct buf a, b;
	bool swapped = false;

	buf_init(&a, 2 * LIMIT_LINE);
	buf_init(&b, 2 * LIMIT_LINE);
	if (add_end(o, 1, &a) == 0 && add_end(o, 2, &b) == 0)
		swapped = compare_bytes(a.bytes, a.len, b.bytes, b.len) > 0;
	buf_release(&a);
	buf_release(&b);
	return swapped;
}

/* --- identities --- */

/* From to to's end, as the platform compares values of this type. */
static void
fold(enum tc_type type, char *p, size_t len)
{
	size_t i;

	switch (type) {
	case TYPE_ADDRESS:
	case TYPE_CIDR:
	case TYPE_EMAIL_ADDRESS:
	case TYPE_FILE:
	case TYPE_HOST:
		for (i = 0; i < len; i++)
			if (p[i] >= 'A' && p[i] <= 'Z')
				p[i] += 'a' - 'A';
		return;
	case TYPE_ASN:
		for (i = 0; i < len; i++)
			if (p[i] >= 'a' && p[i] <= 'z')
				p[i] -= 'a' - 'A';
		return;
	default:
		return;
	}
}

int
object_identity(enum tc_class class, enum tc_type type, const char *value, size_t len, struct buf *out)
{
	static const char digit[] = { [CLASS_GROUP] = '1', [CLASS_INDICATOR] = '2', [CLASS_ASSOCIATION] = '3' };
	const char *name = class == CLASS_INDICATOR ? schema_type_name(type) : "";
	size_t start = out->len, n = strlen(name);
	char *to = buf_room(out, n + len + 4);

	if (to == NULL)
		return -1;
	*to++ = digit[class];
	*to++ = '\x1f';
	memcpy(to, name, n);
	to += n;
	*to++ = '\x1f';
	memcpy(to, value, len);
	fold(type, to, len);
	to += len;
	*to++ = '\0';
	out->len = start + (size_t)(to - (out->bytes + start));
	out->bytes[out->len] = '\0';
	return 0;
}

static int
file_identities(const struct object *o, struct buf *keys)
{
	size_t len[OBJECT_VALUES], at[OBJECT_VALUES], start;
	struct buf text;
	int k, n = 0;

	start = keys->len;
	buf_init(&text, LIMIT_LINE);
	if (object_values(o, &text, len) == -1)
		goto full;
	at[0] = 0;
	at[1] = len[0];
	at[2] = len[0] + len[1];
	for (k = OBJECT_VALUES - 1; k >= 0; k--) {
		if (len[k] == 0)
			continue;
		if (object_identity(o->class, o->type, text.bytes + at[k], len[k], keys) == -1)
			goto full;
		n++;
	}
	buf_release(&text);
	return n;
full:
	keys->len = start;
	keys->bytes[start] = '\0';
	buf_release(&text);
	return 0;
}

/* Built in a buffer of its own first: unescaped values, ends in order. */
static int
built_identity(const struct object *o, struct buf *keys)
{
	uint32_t kind;
	struct buf text;
	bool swapped;
	int rc = -1;

	buf_init(&text, 4 * LIMIT_LINE);
	switch (o->class) {
	case CLASS_GROUP:
		rc = scan_string(o->scan, member(o, "xid"), &text);
		break;
	case CLASS_ASSOCIATION:
		kind = member(o, "associationType");
		swapped = object_ends_swapped(o);
		rc = (kind != SCAN_NONE && scan_string(o->scan, kind, &text) == -1) || buf_addc(&text, '\x1f') == -1 ||
		    add_end(o, swapped ? 2 : 1, &text) == -1 || buf_addc(&text, '\x1f') == -1 ||
		    add_end(o, swapped ? 1 : 2, &text) == -1 ? -1 : 0;
		break;
	default:
		rc = o->type == TYPE_REGISTRY_KEY ? add_registry(o, &text) : scan_string(o->scan, single_value(o), &text);
	}
	if (rc == 0)
		rc = object_identity(o->class, o->type, text.bytes, text.len, keys);
	buf_release(&text);
	return rc == 0;
}

int
object_identities(const struct object *o, struct buf *keys)
{
	uint32_t node;

	if (o->type == TYPE_FILE)
		return file_identities(o, keys);
	if (o->class == CLASS_INDICATOR && o->type != TYPE_REGISTRY_KEY) {
		node = single_value(o);
		if (!o->scan->node[node].escaped)
			return object_identity(o->class, o->type, scan_bytes(o->scan, node), o->scan->node[node].len, keys) == 0;
	}
	return built_identity(o, keys);
}

/* --- for people and receipts --- */

int
object_summary(const struct object *o, struct buf *out)
{
	size_t len[OBJECT_VALUES], start = out->len;
	struct buf text;
	int end, rc = -1;

	switch (o->class) {
	case CLASS_GROUP:
		return scan_string(o->scan, member(o, "xid"), out);
	case CLASS_ASSOCIATION:
		for (end = 1; end <= 2; end++) {
			uint32_t ref = member(o, end == 1 ? "ref_1" : "ref_2");

			if (ref == SCAN_NONE)
				ref = member(o, end == 1 ? "id_1" : "id_2");
			if ((end == 2 && buf_addz(out, " - ") == -1) ||
			    (o->scan->node[ref].type == SCAN_STRING ? scan_string(o->scan, ref, out) :
			    buf_add(out, scan_bytes(o->scan, ref), o->scan->node[ref].len)) == -1) {
				out->len = start;
				return -1;
			}
		}
		return 0;
	default:
		break;
	}
	if (o->type == TYPE_REGISTRY_KEY)
		return add_registry(o, out);
	if (o->type != TYPE_FILE)
		return scan_string(o->scan, single_value(o), out);
	buf_init(&text, LIMIT_LINE);
	if (object_values(o, &text, len) == 0) {
		if (len[2] > 0)
			rc = buf_add(out, text.bytes + len[0] + len[1], len[2]);
		else
			rc = len[1] > 0 ? buf_add(out, text.bytes + len[0], len[1]) : buf_add(out, text.bytes, len[0]);
	}
	buf_release(&text);
	return rc;
}

int
object_names(const struct object *o, struct buf *out)
{
	const struct object_table *t = object_table(o->type);
	struct buf text;
	bool first = true;
	int k, rc;

	if (o->class == CLASS_ASSOCIATION) {
		for (k = 0; k < t->n; k++) {
			if (o->at[k] == SCAN_NONE || strcmp(t->field[k].f->name, "action") == 0 ||
			    strcmp(t->field[k].f->name, "batchId") == 0)
				continue;
			if ((!first && buf_addc(out, ',') == -1) || buf_addf(out, "\"%s\":", t->field[k].f->name) == -1 ||
			    scan_canonical(o->scan, o->at[k], out) == -1)
				return -1;
			first = false;
		}
		return 0;
	}
	buf_init(&text, LIMIT_LINE);
	rc = object_summary(o, &text) == -1 || buf_addf(out, "\"type\":\"%s\",\"%s\":", schema_type_name(o->type),
	    o->class == CLASS_GROUP ? "xid" : "summary") == -1 || buf_add_json(out, text.bytes, text.len) == -1 ? -1 : 0;
	buf_release(&text);
	return rc;
}

int
object_receipt(const struct object *o, const char *status, long long batch_id, const char *code, const char *reason,
    struct buf *out)
{
	size_t start = out->len;

	if (buf_addc(out, '{') == -1 || object_names(o, out) == -1 || buf_addz(out, ",\"status\":") == -1 ||
	    buf_add_json(out, status, strlen(status)) == -1 ||
	    (batch_id > 0 && buf_addf(out, ",\"batchId\":%lld", batch_id) == -1) ||
	    (code != NULL && (buf_addz(out, ",\"code\":") == -1 || buf_add_json(out, code, strlen(code)) == -1)) ||
	    (reason != NULL && (buf_addz(out, ",\"reason\":") == -1 || buf_add_json(out, reason, strlen(reason)) == -1)) ||
	    buf_addz(out, "}\n") == -1) {
		out->len = start;
		out->bytes[start] = '\0';
		return -1;
	}
	return 0;
}
