/* Rules and objects: a definition's template compiled, member by member, with its tables and its owner. */
#include <stdio.h>
#include <stdlib.h>

#include "feed_json.h"
#include "io.h"
#include "limit.h"
#include "map_private.h"
#include "text.h"
#include "xmalloc.h"

static bool
is_array_kind(enum field_kind kind)
{
	return kind >= FIELD_ATTRIBUTES && kind <= FIELD_OCCURRENCES;
}

/* --- members --- */

static struct member *
add_member(struct compile *c, struct rule *r, const char *name, const char *at)
{
	struct member *list = pool_alloc(c->map, (size_t)(r->nmember + 1) * sizeof(*list));

	if (r->nmember > 0)
		memcpy(list, r->member, (size_t)r->nmember * sizeof(*list));
	r->member = list;
	list[r->nmember].name = name;
	list[r->nmember].at = at;
	return &list[r->nmember++];
}

static int
compile_action(struct compile *c, struct json_object *v, const char *at, struct rule *r)
{
	if (json_object_is_type(v, json_type_string)) {
		if (strcmp(json_object_get_string(v), "Delete") == 0) {
			r->delete_ = true;
			return 0;
		}
		if (strcmp(json_object_get_string(v), "Create") == 0)
			return 0;
	}
	return feed_complain(c->feed, c->err, at, "must be the literal \"Create\" or \"Delete\": a feed has no say in it");
}

/* The holes of a rule that are no ordinary members, by name. */
static struct hole **
special(struct rule *r, const struct types *t, const char *name)
{
	static const char *const hash[] = { "md5", "sha1", "sha256" }, *const key[] = { "Key Name", "Value Name", "Value Type" };
	static const char *const ends[][3] = { { "ref_1", "type_1", "id_1" }, { "ref_2", "type_2", "id_2" } };
	const char *const *word;
	int i, type;

	if (r->class == CLASS_ASSOCIATION) {
		for (i = 0; i < 2; i++) {
			if (strcmp(name, ends[i][0]) == 0)
				return &r->ref[i];
			if (strcmp(name, ends[i][1]) == 0)
				return &r->ref_type[i];
			if (strcmp(name, ends[i][2]) == 0)
				return &r->ref_id[i];
		}
		return strcmp(name, "associationType") == 0 ? &r->association : NULL;
	}
	if (r->class == CLASS_GROUP)
		return strcmp(name, "name") == 0 ? &r->name : strcmp(name, "xid") == 0 ? &r->xid : NULL;
	if (strcmp(name, "summary") == 0)
		return &r->value;
	for (i = 0; i < 3; i++) {
		if (t->on[TYPE_FILE] && strcmp(name, hash[i]) == 0)
			return &r->hash[i];
		if (t->on[TYPE_REGISTRY_KEY] && strcmp(name, key[i]) == 0)
			return &r->key[i];
	}
	for (type = 0; type < TYPE_COUNT; type++) {
		if (!t->on[type] || type == TYPE_FILE || type == TYPE_REGISTRY_KEY || schema_class((enum tc_type)type) != CLASS_INDICATOR)
			continue;
		for (word = schema_value_members((enum tc_type)type); *word != NULL; word++)
			if (strcmp(name, *word) == 0)
				return &r->value;
	}
	return NULL;
}

static int
compile_member(struct compile *c, struct rule *r, const struct types *t, const char *name, struct json_object *v,
    const char *object_at)
{
	char *at = pool_pointer(c->map, object_at, name);
	struct hole **hole;
	const struct field *f = NULL;
	struct member *m;
	int type, i;

	if (strcmp(name, "type") == 0 && r->class != CLASS_ASSOCIATION)
		return 0;
	if (strcmp(name, "action") == 0)
		return compile_action(c, v, at, r);
	if (strcmp(name, "batchId") == 0)
		return feed_complain(c->feed, c->err, at, "\"batchId\" is set by tc-delta alone");
	hole = special(r, t, name);
	if (hole != NULL) {
		if (*hole != NULL)
			return feed_complain(c->feed, c->err, at, "the value is given twice");
		if (r->class != CLASS_ASSOCIATION && hole == &r->value)
			r->at_value = at;
		else if (r->at_value == NULL)
			r->at_value = at;
		return hole_compile(c, v, at, hole);
	}
	for (type = 0; type < TYPE_COUNT && f == NULL; type++)
		if (t->on[type])
			f = (i = schema_field_index((enum tc_type)type, name, strlen(name))) == -1 ? NULL :
			    schema_field((enum tc_type)type, (size_t)i);
	if (f == NULL)
		return member_unknown(c, r, t, object_at, name);
	m = add_member(c, r, f->name, at);
	if (is_array_kind(f->kind))
		return array_compile(c, v, f->name, f->kind, at, &m->array);
	if (hole_compile(c, v, at, &m->hole) == -1)
		return -1;
	return literals_check(c, m->hole, f);
}

/* --- rules --- */

int
rule_compile(struct compile *c, struct json_object *v, int index, struct rule *r)
{
	static const char *const allowed[] = { "each:string?", "when:string?", "object:object", NULL };
	struct json_object *o, *type;
	struct types types = { 0 };
	const char *object_at;
	char at[64];

	snprintf(at, sizeof(at), "/map/%d", index);
	r->index = index;
	r->at = pool_text(c->map, at, strlen(at));
	if (feed_get(v, "object") == NULL && feed_get(v, "type") != NULL)
		return feed_complain(c->feed, c->err, r->at, "a rule holds its object in a member: {\"object\": {\"type\": ...}}");
	if (feed_members(c->feed, v, r->at, allowed, c->err) == -1)
		return -1;
	if (feed_string(v, "each") != NULL &&
	    expr_compile(c, feed_string(v, "each"), pool_pointer(c->map, r->at, "each"), &r->each) == -1)
		return -1;
	c->inner = r->each != NULL;
	if (feed_string(v, "when") != NULL &&
	    condition_compile(c, feed_string(v, "when"), pool_pointer(c->map, r->at, "when"), &r->when) == -1)
		return -1;
	o = feed_get(v, "object");
	object_at = pool_pointer(c->map, r->at, "object");
	type = feed_get(o, "type");
	if (type == NULL && (feed_get(o, "ref_1") != NULL || feed_get(o, "id_1") != NULL)) {
		r->class = CLASS_ASSOCIATION;
		r->type_name = "association";
		types_add(&types, TYPE_NONE);
	} else if (type == NULL)
		return feed_complain(c->feed, c->err, object_at, "member \"type\" is missing");
	else {
		int i, groups = 0;

		if (type_compile(c, type, pool_pointer(c->map, object_at, "type"), r, &types) == -1)
			return -1;
		for (i = 0; i < TYPE_COUNT; i++)
			groups += types.on[i] && schema_class((enum tc_type)i) == CLASS_GROUP;
		if (groups > 0 && groups != types.n)
			return feed_complain(c->feed, c->err, object_at, "groups and indicators need a rule each");
		r->class = groups > 0 ? CLASS_GROUP : CLASS_INDICATOR;
		if (groups > 0)
			c->map->needs_owner = true;
	}
	json_object_object_foreach(o, name, m)
		if (compile_member(c, r, &types, name, m, object_at) == -1)
			return -1;
	if (r->at_value == NULL)
		r->at_value = object_at;
	return rule_check(c, r, &types, object_at);
}

/* --- the whole section --- */

/* Groups come before the indicators that refer to them, associations last; else as the definition has them. */
static void
order_rules(struct map *m)
{
	int class, i, n = 0;

	m->order = xcalloc((size_t)m->nrule + 1, sizeof(*m->order));
	for (class = CLASS_GROUP; class <= CLASS_ASSOCIATION; class++)
		for (i = 0; i < m->nrule; i++)
			if (m->rule[i].class == (enum tc_class)class)
				m->order[n++] = &m->rule[i];
}

static int
read_tables(struct map *m, struct err *err)
{
	struct json_object *v = feed_get(m->feed->root, "tables");
	struct err why = { 0 };
	char *path, *bytes;
	const char *json;
	size_t len;
	int rc = 0;

	if (v == NULL)
		return 0;
	if (json_object_is_type(v, json_type_object)) {
		json = json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN);
		m->tables = tables_read(json, strlen(json), &why);
	} else {
		path = feed_beside(m->feed, json_object_get_string(v));
		rc = io_slurp(path, 10 * LIMIT_DEFINITION, &bytes, &len, &why);
		if (rc == 0) {
			m->tables = tables_read(bytes, len, &why);
			free(bytes);
			if (m->tables == NULL)
				err_prefix(&why, "%s", path);
		}
		free(path);
	}
	return m->tables == NULL ? feed_complain(m->feed, err, "/tables", "%s", why.text) : 0;
}

static void
init(struct map *m, const struct feed *feed, const struct map_options *opt)
{
	const char *zeros = feed_string(feed->values, "leading_zeros");
	struct json_object *refang = feed_get(feed->values, "refang");

	size_t n = 0;

	m->feed = feed;
	m->opt = *opt;
	while (opt->set != NULL && opt->set[n] != NULL)
		n++;
	m->set_named = xcalloc(n + 1, sizeof(*m->set_named));
	arena_init(&m->pool, 64 * LIMIT_DEFINITION);
	arena_init(&m->arena, LIMIT_RESULT);
	arena_init(&m->page_arena, LIMIT_RESULT);
	buf_init(&m->scratch, 16 * LIMIT_LINE);
	buf_init(&m->labels, LIMIT_LINE);
	buf_init(&m->text, LIMIT_RECORD);
	scan_init(&m->number);
	m->value.keep_reserved = feed->keep_reserved;
	m->value.refang = refang == NULL || json_object_get_boolean(refang);
	m->value.decimal_zeros = zeros != NULL && strcmp(zeros, "decimal") == 0;
	m->var[0] = (struct jmespath_var){ "record", &jval_null };
	m->var[1] = (struct jmespath_var){ "page", &jval_null };
	m->var[2] = (struct jmespath_var){ "key", &jval_null };
	m->ctx.arena = &m->arena;
	m->ctx.var = m->var;
	m->ctx.nvar = 3;
	m->xids = xcalloc(XID_CACHE, sizeof(*m->xids));
	m->tags = xcalloc(TAG_CACHE, sizeof(*m->tags));
	tag_stop_words(m);
}

int
map_compile(struct map **out, const struct feed *feed, const struct map_options *opt, struct err *err)
{
	struct map *m = xcalloc(1, sizeof(*m));
	struct compile c = { .map = m, .feed = feed, .err = err };
	int i;

	functions_register();
	init(m, feed, opt);
	if (read_tables(m, err) == -1)
		goto fail;
	m->ctx.user = m->tables;
	if (feed->map == NULL || json_object_array_length(feed->map) == 0) {
		feed_complain(feed, err, "/map", "there is no rule to map by");
		goto fail;
	}
	m->nrule = (int)json_object_array_length(feed->map);
	m->rule = xcalloc((size_t)m->nrule, sizeof(*m->rule));
	for (i = 0; i < m->nrule; i++) {
		m->now = &m->rule[i];
		if (rule_compile(&c, json_object_array_get_idx(feed->map, (size_t)i), i, &m->rule[i]) == -1)
			goto fail;
	}
	order_rules(m);
	if (m->needs_owner && !opt->check_only && (opt->owner == NULL || *opt->owner == '\0')) {
		err_set(err, REASON_USAGE, "the map of %s makes groups, whose xids need an owner: set --owner, TC_OWNER or the"
		    " parameter tc_owner", feed->id);
		goto fail;
	}
	if (opt->owner != NULL && text_utf8_span(opt->owner, strlen(opt->owner)) != strlen(opt->owner)) {
		err_set(err, REASON_USAGE, "the owner's name is not UTF-8");
		goto fail;
	}
	*out = m;
	return 0;
fail:
	map_free(m);
	return -1;
}

bool
map_param_named(const struct map *m, int i)
{
	return m->set_named[i];
}

void
map_free(struct map *m)
{
	int i;

	if (m == NULL)
		return;
	for (i = 0; i < m->nexpr; i++)
		jmespath_free(m->expr[i]);
	for (i = 0; i < m->nlost; i++)
		free(m->lost[i].key);
	for (i = 0; m->stop != NULL && m->stop[i] != NULL; i++)
		free(m->stop[i]);
	free(m->expr);
	free(m->column);
	free(m->rule);
	free(m->order);
	free(m->set_named);
	free(m->slice);
	free(m->stop);
	free(m->xids);
	free(m->tags);
	free(m->lost);
	tables_free(m->tables);
	scan_release(&m->number);
	buf_release(&m->scratch);
	buf_release(&m->labels);
	buf_release(&m->text);
	arena_release(&m->pool);
	arena_release(&m->arena);
	arena_release(&m->page_arena);
	free(m);
}
