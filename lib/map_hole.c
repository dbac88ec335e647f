/* Holes, tables, transforms and conditions, compiled. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "feed_json.h"
#include "limit.h"
#include "log.h"
#include "map_private.h"
#include "text.h"
#include "xmalloc.h"

#define CHAIN_MAX 8

void *
pool_alloc(struct map *m, size_t size)
{
	void *p = arena_alloc(&m->pool, size);

	if (p == NULL) {
		/* a definition is at most LIMIT_DEFINITION and the pool far larger */
		log_out_of_memory();
		exit(1);
	}
	return memset(p, 0, size);
}

char *
pool_text(struct map *m, const char *text, size_t len)
{
	char *p = pool_alloc(m, len + 1);

	memcpy(p, text, len);
	return p;
}

char *
pool_pointer(struct map *m, const char *pointer, const char *name)
{
	char at[256];

	feed_pointer(at, sizeof(at), pointer, name);
	return pool_text(m, at, strlen(at));
}

char *
pool_index(struct map *m, const char *pointer, size_t i)
{
	char at[256];

	snprintf(at, sizeof(at), "%s/%zu", pointer, i);
	return pool_text(m, at, strlen(at));
}

/*
 * Victim data never leaves the feed (data-model.md section 8): a path that
 * names a victim member is refused where it would be mapped; "when" may look
 * at one, to drop the record.
 */
static bool
names_victim(const char *s)
{
	char quote = 0;
	bool word = false;

	for (; *s != '\0'; s++) {
		if (quote != 0) {
			if (*s == '\\' && s[1] != '\0')
				s++;
			else if (*s == quote)
				quote = 0;
			word = false;
			continue;
		}
		if (*s == '\'' || *s == '`') {
			quote = *s;
			continue;
		}
		if (!word && strncasecmp(s, "victim", 6) == 0)
			return true;
		word = isalnum((unsigned char)*s) != 0 || *s == '_';
	}
	return false;
}

int
expr_compile(struct compile *c, const char *text, const char *at, struct jmespath **out)
{
	struct map *m = c->map;
	struct err why = { 0 };
	const char *name;
	size_t len;
	int i;

	*out = jmespath_compile(text, strlen(text), &why);
	if (*out == NULL)
		return feed_complain(c->feed, c->err, at, "%s", why.text);
	m->expr = xreallocarray(m->expr, (size_t)m->nexpr + 1, sizeof(*m->expr));
	m->expr[m->nexpr++] = *out;
	for (i = 0; jmespath_variable(*out, i, &name, &len); i++) {
		if (text_eq(name, len, "record"))
			m->uses_record = true;
		else if (text_eq(name, len, "page"))
			m->uses_page = true;
		else if (text_eq(name, len, "key"))
			m->uses_key = true;
		else
			return feed_complain(c->feed, c->err, at, "unknown variable $%.*s: there are $record, $page and $key",
			    (int)len, name);
	}
	arena_reset(&m->arena);
	m->ctx.steps = 0;
	return jmespath_check(*out, &m->ctx, &why) == -1 ? feed_complain(c->feed, c->err, at, "%s", why.text) : 0;
}

static void
chain_compile(struct compile *c, const struct jmespath *expr, const char *at, struct chain *chain)
{
	const char *name[CHAIN_MAX];
	struct map *m = c->map;
	size_t len[CHAIN_MAX];
	int i, n = jmespath_chain(expr, name, len, CHAIN_MAX);

	chain->n = 0;
	chain->column = -1;
	chain->at = at;
	chain->inner = c->inner;
	if (n <= 0 || n > CHAIN_MAX)
		return;
	chain->name = pool_alloc(m, (size_t)n * sizeof(*chain->name));
	for (i = 0; i < n; i++)
		chain->name[i] = pool_text(m, name[i], len[i]);
	chain->n = n;
	m->column = xreallocarray(m->column, (size_t)m->ncolumn + 1, sizeof(*m->column));
	m->column[m->ncolumn++] = chain;
}

/* NAME == 'word' and NAME != 'word' are most of all conditions, and need no JMESPath. */
static void
condition_simple(struct compile *c, const char *s, struct condition *cond, const char *at)
{
	const char *name, *word, *end;
	size_t n;
	bool equal;

	s += strspn(s, " ");
	name = s;
	n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	s += n;
	s += strspn(s, " ");
	if (n == 0 || isdigit((unsigned char)*name) || (strncmp(s, "==", 2) != 0 && strncmp(s, "!=", 2) != 0))
		return;
	if ((n == 3 && memcmp(name, "let", 3) == 0) || (n == 2 && memcmp(name, "in", 2) == 0))
		return;
	equal = *s == '=';
	s += 2;
	s += strspn(s, " ");
	if (*s++ != '\'')
		return;
	word = s;
	end = strpbrk(s, "'\\");
	if (end == NULL || *end != '\'' || end[1 + strspn(end + 1, " ")] != '\0')
		return;
	cond->op = equal ? COND_EQUAL : COND_DIFFERENT;
	cond->word = word;
	cond->wordlen = (size_t)(end - word);
	cond->chain.name = pool_alloc(c->map, sizeof(*cond->chain.name));
	cond->chain.name[0] = pool_text(c->map, name, n);
	cond->chain.n = 1;
	cond->chain.column = -1;
	cond->chain.at = at;
	cond->chain.inner = c->inner;
	c->map->column = xreallocarray(c->map->column, (size_t)c->map->ncolumn + 1, sizeof(*c->map->column));
	c->map->column[c->map->ncolumn++] = &cond->chain;
}

int
condition_compile(struct compile *c, const char *text, const char *at, struct condition *cond)
{
	if (expr_compile(c, text, at, &cond->expr) == -1)
		return -1;
	cond->text = text;
	cond->op = COND_EXPR;
	chain_compile(c, cond->expr, at, &cond->chain);
	if (cond->chain.n > 0)
		cond->op = COND_TRUE;
	else
		condition_simple(c, text, cond, at);
	return 0;
}

int
literal_compile(struct compile *c, struct json_object *v, const char *at, struct mval *out)
{
	struct mval *item;
	size_t i, n;

	memset(out, 0, sizeof(*out));
	switch (json_object_get_type(v)) {
	case json_type_string:
		out->type = M_STRING;
		out->text = json_object_get_string(v);
		out->len = (uint32_t)json_object_get_string_len(v);
		return 0;
	case json_type_int:
	case json_type_double:
		out->type = M_NUMBER;
		out->text = json_object_get_string(v);
		out->len = (uint32_t)strlen(out->text);
		return 0;
	case json_type_boolean:
		out->type = M_BOOL;
		out->text = json_object_get_boolean(v) ? "true" : "false";
		out->len = (uint32_t)strlen(out->text);
		return 0;
	case json_type_null:
		return 0;
	case json_type_array:
		n = json_object_array_length(v);
		item = pool_alloc(c->map, (n + 1) * sizeof(*item));
		for (i = 0; i < n; i++) {
			struct json_object *e = json_object_array_get_idx(v, i);

			if (json_object_is_type(e, json_type_array) || literal_compile(c, e, at, &item[i]) == -1)
				return feed_complain(c->feed, c->err, at, "a list holds strings, numbers and booleans only");
		}
		out->type = M_LIST;
		out->len = (uint32_t)n;
		out->item = item;
		return 0;
	default:
		return feed_complain(c->feed, c->err, at, "must be a string, a number, a boolean or a list of them");
	}
}

/* --- tables --- */

static int
table_compile(struct compile *c, struct json_object *o, const char *at, struct table **out)
{
	struct table *t = pool_alloc(c->map, sizeof(*t));
	uint32_t h, n = (uint32_t)json_object_object_length(o), len;
	struct entry *e;

	if (n == 0)
		return feed_complain(c->feed, c->err, at, "the table is empty");
	for (t->cap = 8; t->cap < n * 2; t->cap *= 2)
		;
	t->entry = pool_alloc(c->map, t->cap * sizeof(*t->entry));
	json_object_object_foreach(o, key, v) {
		char *below = pool_pointer(c->map, at, key);
		struct mval value;

		if (literal_compile(c, v, below, &value) == -1)
			return -1;
		if (strcmp(key, "*") == 0) {
			t->has_other = true;
			t->other = value;
			continue;
		}
		len = (uint32_t)strlen(key);
		h = text_hash(key, len);
		for (e = &t->entry[h & (t->cap - 1)]; e->key != NULL; e = e + 1 == t->entry + t->cap ? t->entry : e + 1)
			;
		*e = (struct entry){ key, len, h, value };
	}
	*out = t;
	return 0;
}

/* --- transforms --- */

static void
add_argument(struct buf *text, struct json_object *v)
{
	const char *json = json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	int rc = buf_addc(text, '`');

	for (; *json != '\0'; json++) {
		if (*json == '`')
			rc |= buf_addc(text, '\\');
		rc |= buf_addc(text, *json);
	}
	rc |= buf_addc(text, '`');
	(void)rc;	/* past the ceiling the compiler complains about what is left */
}

/* "name" or {"name": argument}, {"name": [arguments]}: the function name(@, arguments...). */
static int
transform_compile(struct compile *c, struct json_object *v, const char *at, struct transform *t)
{
	struct json_object *arg = NULL;
	const char *name = NULL;
	struct buf text;
	size_t i;
	int rc;

	if (json_object_is_type(v, json_type_string))
		name = json_object_get_string(v);
	else if (json_object_is_type(v, json_type_object) && json_object_object_length(v) == 1) {
		json_object_object_foreach(v, key, value) {
			name = key;
			arg = value;
		}
	} else
		return feed_complain(c->feed, c->err, at, "must be a function's name or {\"name\": argument}");
	if (*name == '\0' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
		return feed_complain(c->feed, c->err, at, "\"%s\" is no function's name", name);
	buf_init(&text, LIMIT_EXPRESSION);
	/* join() alone wants its subject last */
	if (strcmp(name, "join") == 0 && arg != NULL) {
		rc = buf_addz(&text, "join(");
		add_argument(&text, arg);
		rc |= buf_addz(&text, ", @)");
	} else {
		rc = buf_addf(&text, "%s(@", name);
		if (json_object_is_type(arg, json_type_array)) {
			for (i = 0; i < json_object_array_length(arg); i++) {
				rc |= buf_addz(&text, ", ");
				add_argument(&text, json_object_array_get_idx(arg, i));
			}
		} else if (json_object_is_type(v, json_type_object)) {
			rc |= buf_addz(&text, ", ");
			add_argument(&text, arg);
		}
		rc |= buf_addc(&text, ')');
	}
	if (rc != 0)
		rc = feed_complain(c->feed, c->err, at, "the arguments are too long");
	else
		rc = expr_compile(c, text.bytes, at, &t->expr);
	buf_release(&text);
	if (rc == -1)
		return -1;
	t->name = name;
	t->op = TF_EXPR;
	if (arg == NULL && json_object_is_type(v, json_type_string)) {
		if (strcmp(name, "trim") == 0)
			t->op = TF_TRIM;
		else if (strcmp(name, "lower") == 0)
			t->op = TF_LOWER;
		else if (strcmp(name, "upper") == 0)
			t->op = TF_UPPER;
		else if (strcmp(name, "refang") == 0)
			t->op = TF_REFANG;
	} else if (strcmp(name, "split") == 0 && json_object_is_type(arg, json_type_string) &&
	    json_object_get_string_len(arg) > 0) {
		t->op = TF_SPLIT;
		t->delimiter_len = (size_t)json_object_get_string_len(arg);
		t->delimiter = pool_text(c->map, json_object_get_string(arg), t->delimiter_len);
	}
	return 0;
}

static int
transforms_compile(struct compile *c, struct json_object *list, const char *at, struct hole *h)
{
	size_t i, n = json_object_array_length(list);

	h->transform = pool_alloc(c->map, (n + 1) * sizeof(*h->transform));
	for (i = 0; i < n; i++)
		if (transform_compile(c, json_object_array_get_idx(list, i), pool_index(c->map, at, i), &h->transform[i]) == -1)
			return -1;
	h->ntransform = (int)n;
	return 0;
}

/* --- parameters --- */

static const char *
param_value(struct map *m, const char *name)
{
	const struct map_options *opt = &m->opt;
	const char *const *set = opt->set, *value = NULL;
	size_t n = strlen(name);

	for (; set != NULL && *set != NULL; set++)
		if (strncmp(*set, name, n) == 0 && (*set)[n] == '=') {
			value = *set + n + 1;
			m->set_named[set - opt->set] = true;
		}
	if (value == NULL && opt->params != NULL)
		value = params_get(opt->params, name);
	/* an input that was left empty is not set */
	if (value != NULL && *value == '\0')
		value = NULL;
	/* what a feed does not rate is 0 unless an administrator says otherwise (data-model.md section 6) */
	if (value == NULL && (strcmp(name, "default_rating") == 0 || strcmp(name, "default_confidence") == 0))
		value = "0";
	return value;
}

static int
param_compile(struct compile *c, const char *name, const char *at, struct mval *out)
{
	const struct map_options *opt = &c->map->opt;
	const char *value;

	memset(out, 0, sizeof(*out));
	if (opt->params != NULL && params_secret(opt->params, name))
		return feed_complain(c->feed, c->err, at, "parameter \"%s\" is encrypted: it must not be mapped", name);
	value = param_value(c->map, name);
	if (value == NULL) {
		if (map_noting(c->map))
			log_info("%s: %s: parameter \"%s\" is not set", c->feed->file, at, name);
		return 0;
	}
	out->type = M_STRING;
	out->text = value;
	out->len = (uint32_t)strlen(value);
	if (text_utf8_span(value, out->len) != out->len)
		return feed_complain(c->feed, c->err, at, "the value of parameter \"%s\" is not UTF-8", name);
	return 0;
}

/* --- holes --- */

bool
hole_is(struct json_object *v)
{
	return json_object_is_type(v, json_type_object) &&
	    (feed_get(v, "path") != NULL || feed_get(v, "param") != NULL || feed_get(v, "xid") != NULL);
}

static int
xid_compile(struct compile *c, struct json_object *list, const char *at, struct hole *h)
{
	size_t i, n = json_object_array_length(list);

	if (n == 0)
		return feed_complain(c->feed, c->err, at, "needs at least one part beside the owner");
	if (n > XID_PARTS)
		return feed_complain(c->feed, c->err, at, "has more than %d parts", XID_PARTS);
	h->source = HOLE_XID;
	h->part = pool_alloc(c->map, n * sizeof(*h->part));
	h->npart = (int)n;
	for (i = 0; i < n; i++) {
		char *below = pool_index(c->map, at, i);

		if (hole_compile(c, json_object_array_get_idx(list, i), below, &h->part[i]) == -1)
			return -1;
		if (h->part[i]->source == HOLE_XID)
			return feed_complain(c->feed, c->err, below, "an xid cannot be part of an xid");
		if (h->part[i]->source == HOLE_LITERAL && h->part[i]->literal.type == M_LIST)
			return feed_complain(c->feed, c->err, below, "must be a string or a hole");
	}
	c->map->needs_owner = true;
	return 0;
}

int
hole_compile(struct compile *c, struct json_object *v, const char *at, struct hole **out)
{
	static const char *const allowed[] = { "path:string?", "default:any?", "transform:array?", "map:object?",
		"param:string?", "xid:array?", NULL };
	struct hole *h = pool_alloc(c->map, sizeof(*h));
	struct json_object *path, *param, *xid, *sub;

	h->at = at;
	*out = h;
	if (!json_object_is_type(v, json_type_object)) {
		h->source = HOLE_LITERAL;
		if (json_object_is_type(v, json_type_null))
			return feed_complain(c->feed, c->err, at, "null stands for nothing: leave the member out");
		return literal_compile(c, v, at, &h->literal);
	}
	if (feed_members(c->feed, v, at, allowed, c->err) == -1)
		return -1;
	path = feed_get(v, "path");
	param = feed_get(v, "param");
	xid = feed_get(v, "xid");
	if (path == NULL && param == NULL && xid == NULL)
		return feed_complain(c->feed, c->err, at, "a hole needs \"path\", \"param\" or \"xid\"");
	if (xid != NULL && (path != NULL || param != NULL))
		return feed_complain(c->feed, c->err, at, "\"xid\" stands without \"path\" and \"param\"");
	if (xid != NULL && xid_compile(c, xid, pool_pointer(c->map, at, "xid"), h) == -1)
		return -1;
	if (path != NULL) {
		char *below = pool_pointer(c->map, at, "path");

		h->source = HOLE_PATH;
		h->text = json_object_get_string(path);
		if (expr_compile(c, h->text, below, &h->expr) == -1)
			return -1;
		if (names_victim(h->text))
			return feed_complain(c->feed, c->err, below, "victim data must not be mapped (only \"when\" may look at it)");
		chain_compile(c, h->expr, at, &h->chain);
		if (h->chain.n == 0)
			join_compile(c, h->text, at, &h->join);
	} else if (param != NULL)
		h->source = HOLE_PARAM;
	if (param != NULL) {
		h->has_param = true;
		h->param_name = json_object_get_string(param);
		if (h->text == NULL)
			h->text = json_object_get_string(param);
		if (param_compile(c, json_object_get_string(param), pool_pointer(c->map, at, "param"), &h->param) == -1)
			return -1;
	}
	if ((sub = feed_get(v, "transform")) != NULL &&
	    transforms_compile(c, sub, pool_pointer(c->map, at, "transform"), h) == -1)
		return -1;
	if ((sub = feed_get(v, "map")) != NULL &&
	    table_compile(c, sub, pool_pointer(c->map, at, "map"), &h->table) == -1)
		return -1;
	if ((sub = feed_get(v, "default")) != NULL) {
		h->has_default = true;
		if (literal_compile(c, sub, pool_pointer(c->map, at, "default"), &h->otherwise) == -1)
			return -1;
	}
	return 0;
}
