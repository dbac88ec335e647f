/* lookup(): tables of a definition, read once, found by hash. */
#include <stdlib.h>
#include <string.h>

#include "functions_private.h"
#include "limit.h"
#include "text.h"
#include "xmalloc.h"

struct table {
	struct jmember	*name;		/* the table's name and its object */
	uint32_t	*bucket;	/* index + 1 into the object's members */
	uint32_t	 mask;
};

struct tables {
	char		*text;		/* what the values point into */
	struct arena	 arena;
	struct table	*table;
	uint32_t	 n;
};

static uint32_t
hash(const char *text, size_t len)
{
	uint32_t h = 2166136261u;

	while (len-- > 0)
		h = (h ^ (unsigned char)*text++) * 16777619u;
	return h ^ h >> 15;
}

static void
index_table(struct table *t)
{
	const struct jval *o = t->name->value;
	uint32_t size = 4, i, at;

	while (size < 2 * o->len)
		size *= 2;
	t->mask = size - 1;
	t->bucket = xcalloc(size, sizeof(*t->bucket));
	for (i = 0; i < o->len; i++) {
		for (at = hash(o->u.member[i].name, o->u.member[i].len) & t->mask; t->bucket[at] != 0; at = (at + 1) & t->mask)
			;
		t->bucket[at] = i + 1;
	}
}

static int
read_all(struct tables *t, struct scan *s, size_t len, struct err *err)
{
	struct jval *all;
	uint32_t i;

	if (scan_text(s, t->text, len, err) == -1) {
		err->reason = REASON_USAGE;
		return -1;
	}
	if ((all = jval_from_scan(&t->arena, s, 0)) == NULL)
		return err_set(err, REASON_USAGE, "the tables are too large");
	if (all->type != J_OBJECT)
		return err_set(err, REASON_USAGE, "tables must be an object of tables");
	t->table = xcalloc((size_t)all->len + 1, sizeof(*t->table));
	for (i = 0; i < all->len; i++) {
		struct jmember *m = &all->u.member[i];

		if (m->value->type != J_OBJECT)
			return err_set(err, REASON_USAGE, "table '%.*s' is no object", (int)m->len, m->name);
		t->table[i].name = m;
		index_table(&t->table[i]);
		t->n++;
	}
	return 0;
}

struct tables *
tables_read(const char *json, size_t len, struct err *err)
{
	struct tables *t = xcalloc(1, sizeof(*t));
	struct scan s;
	int rc;

	t->text = xstrndup(json, len);
	arena_init(&t->arena, 64 * LIMIT_DEFINITION);
	scan_init(&s);
	rc = read_all(t, &s, len, err);
	scan_release(&s);
	if (rc == 0)
		return t;
	tables_free(t);
	return NULL;
}

void
tables_free(struct tables *t)
{
	uint32_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n; i++)
		free(t->table[i].bucket);
	free(t->table);
	arena_release(&t->arena);
	free(t->text);
	free(t);
}

static const struct table *
find(const struct tables *t, const char *name, size_t len)
{
	uint32_t i;

	for (i = 0; t != NULL && i < t->n; i++)
		if (t->table[i].name->len == len && memcmp(t->table[i].name->name, name, len) == 0)
			return &t->table[i];
	return NULL;
}

bool
tables_has(const struct tables *t, const char *name)
{
	return find(t, name, strlen(name)) != NULL;
}

struct jval *
fn_lookup(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	const struct table *t = find(ctx->user, arg[1]->u.text, arg[1]->len);
	char made[JVAL_NUMBER_TEXT];
	const char *key = arg[0]->u.text;
	size_t len = arg[0]->len;
	uint32_t at, i;

	if (t == NULL)
		return jmespath_fail(JE_INVALID_VALUE, err, "the definition has no table '%.*s'",
		    (int)text_cut(arg[1]->u.text, arg[1]->len, 60), arg[1]->u.text);
	if (arg[0]->type == J_NUMBER && !arg[0]->text_is_source) {
		len = jval_format_number(arg[0]->number, made);
		key = made;
	}
	fn_charge(ctx, len);
	for (at = hash(key, len) & t->mask; (i = t->bucket[at]) != 0; at = (at + 1) & t->mask) {
		const struct jmember *m = &t->name->value->u.member[i - 1];

		if (m->len == len && memcmp(m->name, key, len) == 0)
			return m->value;
	}
	return n > 2 ? arg[2] : &jval_null;
}
