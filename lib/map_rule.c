/* What must be right about a rule's object before a byte of the feed is read: its members, literals, and what it needs. */
#include <stdio.h>
#include <stdlib.h>

#include "feed_json.h"
#include "limit.h"
#include "map_private.h"
#include "text.h"

static const struct field *
field_of(enum tc_type type, const char *name)
{
	int i = schema_field_index(type, name, strlen(name));

	return i == -1 ? NULL : schema_field(type, (size_t)i);
}

/* --- literals --- */

/* "Completed, Escalated, ..." for a message. */
static void
list_words(char *out, size_t size, const char *const *word)
{
	size_t n = 0;

	for (*out = '\0'; *word != NULL && n + strlen(*word) + 3 < size; word++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? ", " : "", *word);
}

/* Why a value does not fit its place, in text; NULL where it does, or is empty (*empty). */
static const char *
misfit(struct compile *c, const struct field *f, const struct mval *v, char *text, size_t size, bool *empty)
{
	const char *why;
	struct buf b;
	size_t n;

	*empty = false;
	if (v->type == M_NULL)
		return NULL;
	buf_init(&b, LIMIT_LINE);
	why = scalar_write(c->map, &b, f, f->max, v);
	buf_release(&b);
	if (why == not_a_word) {
		n = (size_t)snprintf(text, size, "%s: ", why);
		list_words(text + n, size - n, f->allowed);
		return text;
	}
	if (why == NULL && (f->low != 0 || f->high != 0)) {
		double number = strtod(v->text, NULL);

		if (number < (double)f->low || number > (double)f->high) {
			snprintf(text, size, "must be between %ld and %ld", f->low, f->high);
			return text;
		}
	}
	*empty = why != NULL && *why == '\0';
	return *empty ? NULL : why;
}

static int
check_value(struct compile *c, const char *at, const struct field *f, const struct mval *v)
{
	char text[480];
	bool empty;
	const char *why = misfit(c, f, v, text, sizeof(text), &empty);

	return why != NULL || empty ? feed_complain(c->feed, c->err, at, "%s", empty ? "is empty" : why) : 0;
}

/* What an administrator set, where it goes into the place as it is. */
static int
check_param(struct compile *c, const struct hole *h, const struct field *f)
{
	char text[480];
	bool empty;
	const char *why;

	if (!h->has_param || (h->source == HOLE_PARAM && (h->ntransform > 0 || h->table != NULL)))
		return 0;
	why = misfit(c, f, &h->param, text, sizeof(text), &empty);
	if (why == NULL)
		return 0;
	return feed_complain(c->feed, c->err, pool_pointer(c->map, h->at, "param"), "the value \"%.*s\" of parameter \"%s\" does not fit: %s",
	    (int)text_cut(h->param.text, h->param.len, 60), h->param.text, h->param_name, why);
}

/* What the definition itself puts into a place must fit it: said now, not a million times later. */
int
literals_check(struct compile *c, const struct hole *h, const struct field *f)
{
	uint32_t i;
	char *at;

	if (h->source == HOLE_LITERAL)
		return check_value(c, h->at, f, &h->literal);
	if (check_param(c, h, f) == -1)
		return -1;
	if (h->has_default && check_value(c, pool_pointer(c->map, h->at, "default"), f, &h->otherwise) == -1)
		return -1;
	if (h->table == NULL)
		return 0;
	at = pool_pointer(c->map, h->at, "map");
	for (i = 0; i < h->table->cap; i++) {
		const struct entry *e = &h->table->entry[i];

		if (e->key != NULL && check_value(c, pool_pointer(c->map, at, e->key), f, &e->value) == -1)
			return -1;
	}
	return h->table->has_other ? check_value(c, pool_pointer(c->map, at, "*"), f, &h->table->other) : 0;
}

/* --- members --- */

/* Names that other places have for a member of ours. */
static const char *
other_name(enum tc_class class, const char *name)
{
	static const struct { enum tc_class class; const char *theirs, *ours; } other[] = {
		{ CLASS_GROUP, "summary", "name" }, { CLASS_GROUP, "title", "name" }, { CLASS_GROUP, "value", "name" },
		{ CLASS_GROUP, "description", "attribute" }, { CLASS_GROUP, "associatedGroups", "associatedGroupXid" },
		{ CLASS_INDICATOR, "name", "summary" }, { CLASS_INDICATOR, "value", "summary" },
		{ CLASS_INDICATOR, "associatedGroupXid", "associatedGroups" }, { CLASS_INDICATOR, "intValue1", "size" },
		{ CLASS_INDICATOR, "dnsActive", "flag1" }, { CLASS_INDICATOR, "whoisActive", "flag2" },
		{ CLASS_NONE, "dateAdded", "externalDateAdded" }, { CLASS_NONE, "externalDateCreated", "externalDateAdded" },
		{ CLASS_NONE, "lastModified", "externalLastModified" }, { CLASS_NONE, "attributes", "attribute" },
		{ CLASS_NONE, "label", "securityLabel" }, { CLASS_NONE, "labels", "securityLabel" },
	};
	size_t i;

	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if ((other[i].class == class || other[i].class == CLASS_NONE) && strcmp(name, other[i].theirs) == 0)
			return other[i].ours;
	return NULL;
}

int
member_unknown(struct compile *c, const struct rule *r, const struct types *t, const char *at, const char *name)
{
	const char *known[256], *ours = other_name(r->class, name);
	const struct field *f;
	size_t i, n = 0;
	int type;

	if (ours != NULL)
		return feed_complain(c->feed, c->err, pool_pointer(c->map, at, name), "unknown member \"%s\": here it is \"%s\"", name, ours);
	for (type = 0; type < TYPE_COUNT; type++) {
		if (!t->on[type] && type != TYPE_NONE && field_of((enum tc_type)type, name) != NULL)
			return feed_complain(c->feed, c->err, pool_pointer(c->map, at, name), "unknown member \"%s\": %s has none, %s has", name,
			    r->class == CLASS_ASSOCIATION ? "an association" : t->n == 1 ? r->type_name : "no type of this rule",
			    schema_type_name((enum tc_type)type));
	}
	for (type = 0; type < TYPE_COUNT; type++) {
		if (!t->on[type])
			continue;
		for (i = 0; (f = schema_field((enum tc_type)type, i)) != NULL && n < 255; i++)
			known[n++] = f->name;
	}
	known[n] = NULL;
	return feed_unknown(c->feed, c->err, at, name, "member", known);
}

/* --- what an object cannot do without --- */

const struct member *
rule_member(const struct rule *r, const char *name)
{
	int i;

	for (i = 0; i < r->nmember; i++)
		if (strcmp(r->member[i].name, name) == 0)
			return &r->member[i];
	return NULL;
}

/* batch-api.md section 13 */
bool
member_required(enum tc_type type, const char *name)
{
	static const struct { enum tc_type type; const char *name; } required[] = {
		{ TYPE_EMAIL, "subject" }, { TYPE_EMAIL, "header" }, { TYPE_EMAIL, "body" }, { TYPE_SIGNATURE, "fileName" },
		{ TYPE_SIGNATURE, "fileType" }, { TYPE_SIGNATURE, "fileText" }, { TYPE_DOCUMENT, "fileName" },
	};
	size_t i;

	for (i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (required[i].type == type && strcmp(required[i].name, name) == 0)
			return true;
	return false;
}

/* Members that another member asks for (batch-api.md section 13). */
static int
check_pairs(struct compile *c, const struct rule *r, const char *at)
{
	const struct member *malware = rule_member(r, "malware");

	if (malware != NULL && rule_member(r, "password") == NULL && !(malware->hole->source == HOLE_LITERAL &&
	    malware->hole->literal.type == M_BOOL && malware->hole->literal.len == strlen("false")))
		return feed_complain(c->feed, c->err, at,
		    "\"malware\" needs \"password\": the platform takes malware in a zip with a password only");
	if (rule_member(r, "insights") != NULL && rule_member(r, "aiProvider") == NULL)
		return feed_complain(c->feed, c->err, at, "\"insights\" needs \"aiProvider\"");
	return 0;
}

static int
check_group(struct compile *c, const struct rule *r, const struct types *t, const char *at)
{
	const struct field *f;
	size_t i;
	int type;

	if (r->name == NULL)
		return feed_complain(c->feed, c->err, at, "a group needs a \"name\"");
	if (r->xid != NULL && r->xid->source != HOLE_XID)
		return feed_complain(c->feed, c->err, r->xid->at,
		    "must be {\"xid\": [parts]}: xids are unique over the whole instance");
	for (type = 0; type < TYPE_COUNT; type++)
		for (i = 0; t->on[type] && !r->delete_ && (f = schema_field((enum tc_type)type, i)) != NULL; i++)
			if (member_required((enum tc_type)type, f->name) && rule_member(r, f->name) == NULL)
				return feed_complain(c->feed, c->err, at, "%s needs the member \"%s\"",
				    schema_type_name((enum tc_type)type), f->name);
	return check_pairs(c, r, at);
}

static int
check_association(struct compile *c, const struct rule *r, const char *at)
{
	bool indicators = true, group = false;
	int i;

	for (i = 0; i < 2; i++) {
		enum tc_type type = TYPE_NONE;

		if ((r->ref[i] == NULL) == (r->ref_id[i] == NULL))
			return feed_complain(c->feed, c->err, at, "an association needs one of \"ref_%d\" and \"id_%d\"", i + 1, i + 1);
		if (r->ref_type[i] != NULL && r->ref_type[i]->source == HOLE_LITERAL) {
			const struct mval *v = &r->ref_type[i]->literal;

			if (v->type != M_STRING || (type = schema_type(v->text, v->len)) == TYPE_NONE)
				return not_standard(c, r->ref_type[i]->at, v->type == M_STRING ? v->text : "");
		}
		if (r->ref_type[i] == NULL && r->ref[i] != NULL && r->ref[i]->source != HOLE_XID)
			return feed_complain(c->feed, c->err, at, "an end that is no {\"xid\": [parts]} needs its type: \"type_%d\"", i + 1);
		indicators = indicators && schema_class(type) == CLASS_INDICATOR;
		group = group || schema_class(type) == CLASS_GROUP || (r->ref[i] != NULL && r->ref[i]->source == HOLE_XID);
	}
	if (indicators && r->association == NULL)
		return feed_complain(c->feed, c->err, at, "an association of two indicators needs an \"associationType\"");
	if (group && r->association != NULL)
		return feed_complain(c->feed, c->err, r->association->at, "is for two indicators only, and one end is a group");
	return 0;
}

/* A value that stands in the definition is checked there; one that is reserved is dropped as wanted, when it comes to that. */
static int
check_literal_value(struct compile *c, const struct rule *r)
{
	enum tc_type type = r->type;
	const char *text, *why;
	bool drop = false;
	size_t len;

	if (r->value == NULL || r->value->source != HOLE_LITERAL || type == TYPE_NONE || type == TYPE_FILE || type == TYPE_REGISTRY_KEY)
		return 0;
	if (!mval_text(&r->value->literal, &text, &len))
		return feed_complain(c->feed, c->err, r->value->at, "must be one text");
	why = indicator_canon(c->map, &type, text, len, &drop);
	if (why == NULL || drop)
		return 0;
	return feed_complain(c->feed, c->err, r->value->at, "no %s: %s; a value from the feed is a hole, {\"path\": expression}",
	    schema_type_name(r->type), why);
}

static int
check_indicator(struct compile *c, const struct rule *r, const struct types *t, const char *at)
{
	const struct member *m = rule_member(r, "attribute");
	bool hashes = r->hash[0] != NULL || r->hash[1] != NULL || r->hash[2] != NULL;
	int i, k;

	if (r->value == NULL && r->detect == NULL && !(hashes && t->n == 1) && !(r->key[0] != NULL && t->n == 1))
		return feed_complain(c->feed, c->err, at, "the value is missing: \"summary\"%s", t->on[TYPE_FILE] ?
		    " or \"md5\", \"sha1\", \"sha256\"" : t->on[TYPE_REGISTRY_KEY] ? " or \"Key Name\"" : "");
	if (check_literal_value(c, r) == -1)
		return -1;
	/* the field is the value of the default Description attribute (batch-api.md section 11) */
	if (m != NULL && rule_member(r, "description") != NULL)
		for (i = 0; i < m->array->nelement; i++)
			for (k = 0; k < m->array->element[i].nslot; k++) {
				const struct slot *s = &m->array->element[i].slot[k];

				if (s->text != NULL && strcmp(s->text, "\"type\":\"Description\"") == 0)
					return feed_complain(c->feed, c->err, m->array->element[i].at,
					    "\"description\" and a Description attribute do not go together");
			}
	return 0;
}

int
rule_check(struct compile *c, const struct rule *r, const struct types *t, const char *at)
{
	switch (r->class) {
	case CLASS_ASSOCIATION:
		return check_association(c, r, at);
	case CLASS_GROUP:
		return check_group(c, r, t, at);
	default:
		return check_indicator(c, r, t, at);
	}
}
