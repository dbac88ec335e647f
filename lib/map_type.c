/* The types that a rule's object may get: by name, detected, or out of a table. */
#include <stdio.h>

#include "feed_json.h"
#include "map_private.h"
#include "text.h"

void
types_add(struct types *t, enum tc_type type)
{
	t->n += !t->on[type];
	t->on[type] = true;
	/* a network of one address is an address */
	if (type == TYPE_CIDR)
		types_add(t, TYPE_ADDRESS);
}

int
not_standard(struct compile *c, const char *at, const char *name)
{
	static const char *const words[] = { "Address", "EmailAddress", "File", "Host", "URL", "ASN", "CIDR", "Email Subject",
		"Hashtag", "Mutex", "Registry Key", "User Agent", "Adversary", "Attack Pattern", "Campaign", "Course of Action",
		"Document", "Email", "Event", "Incident", "Intrusion Set", "Malware", "Report", "Signature", "Tactic", "Threat",
		"Tool", "Vulnerability", NULL };
	size_t i;

	if (strncasecmp(name, "Victim", 6) == 0)
		return feed_complain(c->feed, c->err, at, "victim data must not be mapped: there is no type \"%s\" here", name);
	for (i = 0; words[i] != NULL; i++)
		if (text_eq_nocase(name, strlen(name), words[i]))
			return feed_complain(c->feed, c->err, at, "\"%s\" is not a standard type, did you mean \"%s\"?", name, words[i]);
	return feed_complain(c->feed, c->err, at, "\"%s\" is not a standard type", name);
}

static int
table_type(struct compile *c, const char *at, const struct mval *v, struct types *t)
{
	enum tc_type type;
	char name[64];

	if (v->type == M_NULL)
		return 0;
	if (v->type != M_STRING)
		return feed_complain(c->feed, c->err, at, "a type must be a string");
	type = schema_type(v->text, v->len);
	if (type == TYPE_NONE) {
		snprintf(name, sizeof(name), "%.*s", (int)v->len, v->text);
		return not_standard(c, at, name);
	}
	types_add(t, type);
	return 0;
}

int
type_compile(struct compile *c, struct json_object *v, const char *at, struct rule *r, struct types *t)
{
	static const char *const detect[] = { "detect:string", NULL };
	static const enum tc_type detected[] = { TYPE_ADDRESS, TYPE_CIDR, TYPE_URL, TYPE_EMAIL_ADDRESS, TYPE_FILE, TYPE_HOST,
		TYPE_ASN };
	struct json_object *hole;
	uint32_t i;
	int rc = 0;

	if (json_object_is_type(v, json_type_string)) {
		r->type = schema_type(json_object_get_string(v), (size_t)json_object_get_string_len(v));
		if (r->type == TYPE_NONE)
			return not_standard(c, at, json_object_get_string(v));
		r->type_name = schema_type_name(r->type);
		types_add(t, r->type);
		return 0;
	}
	if (!json_object_is_type(v, json_type_object))
		return feed_complain(c->feed, c->err, at, "must be a type's name, {\"detect\": expression} or a hole with a \"map\"");
	if (feed_get(v, "detect") != NULL) {
		if (feed_members(c->feed, v, at, detect, c->err) == -1)
			return -1;
		hole = json_object_new_object();
		json_object_object_add(hole, "path", json_object_get(feed_get(v, "detect")));
		rc = hole_compile(c, hole, at, &r->detect);
		/* the expression's text lives in the definition, not in this wrapping */
		if (rc == 0)
			r->detect->text = json_object_get_string(feed_get(v, "detect"));
		json_object_put(hole);
		for (i = 0; i < sizeof(detected) / sizeof(detected[0]); i++)
			types_add(t, detected[i]);
		r->type_name = "detected";
		return rc;
	}
	if (hole_compile(c, v, at, &r->type_hole) == -1)
		return -1;
	if (r->type_hole->table == NULL)
		return feed_complain(c->feed, c->err, at, "a type from the feed needs a \"map\" from its words to standard types");
	for (i = 0; i < r->type_hole->table->cap && rc == 0; i++)
		if (r->type_hole->table->entry[i].key != NULL)
			rc = table_type(c, at, &r->type_hole->table->entry[i].value, t);
	if (rc == 0 && r->type_hole->table->has_other)
		rc = table_type(c, at, &r->type_hole->table->other, t);
	if (rc == 0 && r->type_hole->has_default)
		rc = table_type(c, at, &r->type_hole->otherwise, t);
	r->type_name = "mapped";
	return rc;
}
