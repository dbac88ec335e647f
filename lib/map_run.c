/* Rules over a record: what becomes of it, and the counts. */
#include <stdio.h>
#include <stdlib.h>

#include "limit.h"
#include "log.h"
#include "map_private.h"
#include "text.h"
#include "xmalloc.h"

static const char too_much[] = "the record makes more than fits";

void
map_count(struct map *m, const char *kind, const char *name, const char *why)
{
	map_count_add(m, kind, name, why, 1);
}

void
map_count_add(struct map *m, const char *kind, const char *name, const char *why, uint64_t count)
{
	struct lost *l;
	int i;

	for (i = 0; i < m->nlost; i++) {
		l = &m->lost[i];
		if (l->name == name && l->why == why && l->kind == kind) {
			l->count += count;
			return;
		}
	}
	/* all three are the program's own words, so there are few; still it is a list that grows */
	if (m->nlost == 1000)
		return;
	if (m->nlost == m->cap_lost) {
		m->cap_lost = m->cap_lost == 0 ? 16 : m->cap_lost * 2;
		m->lost = xreallocarray(m->lost, (size_t)m->cap_lost, sizeof(*m->lost));
	}
	l = &m->lost[m->nlost++];
	l->kind = kind;
	l->name = name;
	l->why = why;
	l->count = count;
	l->key = xmalloc(strlen(name) + strlen(why) + 3);
	sprintf(l->key, "%s: %s", name, why);
}

const char *
map_lost(const struct map *m, int i, const char **kind, uint64_t *count)
{
	if (i >= m->nlost)
		return NULL;
	*kind = m->lost[i].kind;
	*count = m->lost[i].count;
	return m->lost[i].key;
}

void
map_tell(struct map *m, int kind, const char *at, const char *why, const char *text, size_t len)
{
	struct map_note n = { .kind = 0, .pointer = at, .why = why, .text = text, .len = len };

	if (m->opt.note == NULL)
		return;
	n.kind = (unsigned)kind;
	m->opt.note(m->opt.arg, &n);
}

void
map_lose(struct map *m, const char *at, const char *name, const char *why, const struct mval *v)
{
	const char *text = "";
	size_t len = 0;

	map_count(m, "members", name, why);
	if (!map_noting(m))
		return;
	if (v != NULL && !mval_text(v, &text, &len)) {
		text = v->type == M_LIST ? "(a list)" : v->type == M_OBJECT ? "(an object)" : "";
		len = strlen(text);
	}
	map_tell(m, NOTE_LOST, at, why, text, len);
}

/* --- one object --- */

static bool
is_false(const struct buf *out)
{
	return out->len > 5 && memcmp(out->bytes + out->len - 5, "false", 5) == 0;
}

static int
steps(struct map *m, struct root *root, const struct program *p)
{
	struct buf *out = m->out;
	const struct step *s, *end = p->step + p->nstep, *open = NULL;
	struct mval v;
	const char *why;
	size_t before, open_at = 0;

	for (s = p->step; s < end; s++) {
		switch (s->op) {
		case STEP_TEXT:
			put(m, out, s->text, s->textlen);
			break;
		case STEP_SCALAR:
			hole_eval(m, root, s->member->hole, &v);
			why = "";
			if (v.type != M_NULL) {
				before = out->len;
				put(m, out, s->text, s->textlen);
				why = scalar_write(m, out, s->field, s->field->max, &v);
				if (why == NULL) {
					open = s->opens && !is_false(out) ? s : NULL;
					open_at = before;
					break;
				}
				out->len = before;
				if (*why != '\0')
					map_lose(m, s->member->at, s->field->name, why, &v);
			}
			if (s->closes && open != NULL && open->field->kind != FIELD_BOOLEAN) {
				out->len = open_at;
				map_lose(m, open->member->at, open->field->name, "its other half is missing", NULL);
			} else if (s->required || (s->closes && open != NULL)) {
				m->why = "a required member is missing";
				map_tell(m, NOTE_REFUSED, s->member->at, m->why, "", 0);
				return -1;
			}
			break;
		case STEP_ARRAY:
			array_write(m, root, s->member->array, s->text, s->textlen, out, &m->scratch);
			break;
		}
		if (m->full)
			return -1;
	}
	return 0;
}

/* 1: a line was written; 0: dropped, -1: refused, map->why says why, of what type as far as that is known. */
static int
object(struct map *m, struct root *root, struct rule *r, enum tc_type *known)
{
	size_t start = m->out->len;
	enum tc_type type = TYPE_NONE;
	bool drop = false;
	int rc;

	if (++m->objects > LIMIT_OBJECTS_PER_RECORD) {
		m->full = true;
		return -1;
	}
	rc = r->class == CLASS_ASSOCIATION ? association_write(m, root, r, &drop) : value_write(m, root, r, &type, &drop);
	*known = type;
	if (rc == 0 && r->class != CLASS_ASSOCIATION)
		rc = steps(m, root, r->program[type]);
	if (rc == 0 && m->out->len - start > LIMIT_LINE) {
		m->why = "a line over 1 MiB";
		map_tell(m, NOTE_REFUSED, r->at, m->why, "", 0);
		rc = -1;
	}
	if (rc == -1 || m->full) {
		m->out->len = start;
		return drop ? 0 : -1;
	}
	m->made[type]++;
	if (map_noting(m))
		map_tell(m, NOTE_MADE, r->at, "", m->out->bytes + start, m->out->len - start);
	PUT(m, m->out, "\n");
	return 1;
}

/* --- a rule --- */

struct tally {
	int		 made;
	const char	*dropped, *refused;
};

/*
 * An object that was not made, for the counts if its record is mapped all the
 * same. What a filter left out was asked for and is no loss.
 */
static void
not_made(struct map *m, const struct rule *r, enum tc_type type, const char *kind)
{
	const char *name = type != TYPE_NONE ? schema_type_name(type) : r->type_name;
	int i;

	if (m->why == map_not_asked)
		return;
	for (i = 0; i < m->nrefused; i++)
		if (m->refused[i].name == name && m->refused[i].why == m->why) {
			m->refused[i].count++;
			return;
		}
	if ((size_t)i == sizeof(m->refused) / sizeof(m->refused[0]))
		return;
	m->refused[i].kind = kind;
	m->refused[i].name = name;
	m->refused[i].why = m->why;
	m->refused[i].count = 1;
	m->nrefused++;
}

static void
once(struct map *m, struct root *root, struct rule *r, struct tally *t)
{
	enum tc_type type = TYPE_NONE;
	int rc = r->when.op == COND_ALWAYS ? 1 : condition_eval(m, root, &r->when);

	if (rc == 0) {
		t->dropped = "when";
		map_tell(m, NOTE_NO, r->when.chain.at, "when said no", r->when.text, strlen(r->when.text));
		return;
	}
	if (rc == -1) {
		t->refused = "the condition failed";
		return;
	}
	switch (object(m, root, r, &type)) {
	case 1:
		t->made++;
		return;
	case 0:
		t->dropped = m->why;
		not_made(m, r, type, "dropped");
		break;
	default:
		t->refused = m->why;
		not_made(m, r, type, "objects");
	}
}

static void
run(struct map *m, struct root *root, struct rule *r, struct tally *t)
{
	struct err err = { 0 };
	struct jval *list;
	uint32_t i;

	m->now = r;
	m->why = too_much;
	if (r->each == NULL) {
		once(m, root, r, t);
		return;
	}
	list = jmespath_eval(r->each, &m->ctx, root_value(m, root), &err);
	if (list == NULL || (list->type != J_ARRAY && list->type != J_NULL)) {
		t->refused = "each yields no list";
		map_tell(m, NOTE_REFUSED, r->at, t->refused, err.text, strlen(err.text));
		return;
	}
	if (list->type == J_NULL || list->len == 0) {
		t->dropped = "each: nothing there";
		map_tell(m, NOTE_NO, r->at, t->dropped, "", 0);
	}
	for (i = 0; list->type == J_ARRAY && i < list->len && !m->full; i++) {
		struct root below = { root->rec, list->u.item[i], true };

		once(m, &below, r, t);
	}
}

/* --- a record --- */

static int
find_column(const struct record *rec, const char *name)
{
	int i;

	for (i = 0; i < rec->nname; i++)
		if (text_eq(rec->name[i].text, rec->name[i].len, name))
			return i;
	return -1;
}

static void
resolve(struct map *m, const struct record *rec)
{
	bool first = m->header == NULL;
	int i, k;

	for (i = 0; i < m->ncolumn; i++) {
		struct chain *c = m->column[i];

		c->column = c->n == 1 ? find_column(rec, c->name[0]) : -1;
		if (c->column != -1 || !first || c->inner)
			continue;
		/* said once a name, of the first header: a feed that renames a column should not go unnoticed */
		for (k = 0; k < i; k++)
			if (!m->column[k]->inner && strcmp(m->column[k]->name[0], c->name[0]) == 0)
				break;
		if (k == i)
			log_warning("%s: %s: the feed has no column \"%s\"", m->feed->file, c->at, c->name[0]);
	}
	m->header = rec->name;
	m->nheader = rec->nname;
}

static void
variables(struct map *m, const struct record *rec, struct root *root)
{
	struct jval *v;

	m->var[0].value = &jval_null;
	if (m->uses_record)
		root_value(m, root);
	if (m->uses_key)
		m->var[2].value = rec->key != NULL && (v = jval_string(&m->arena, rec->key, rec->keylen)) != NULL ? v : &jval_null;
	if (m->uses_page && rec->page != m->page) {
		arena_reset(&m->page_arena);
		m->page = rec->page;
		m->var[1].value = m->records != NULL && (v = records_page_value(m->records, &m->page_arena)) != NULL ? v : &jval_null;
	}
}

enum map_verdict
map_record(struct map *m, const struct record *rec, struct buf *out, const char **reason)
{
	struct root root = { rec, NULL, false };
	size_t start = out->len;
	uint64_t made[TYPE_COUNT];
	struct tally t = { 0 };
	int i;

	arena_reset(&m->arena);
	m->ctx.steps = 0;
	m->out = out;
	m->full = false;
	m->objects = 0;
	m->nslice = 0;
	m->nrefused = 0;
	if (rec->scan == NULL && (rec->name != m->header || rec->nname != m->nheader))
		resolve(m, rec);
	if (m->uses_record || m->uses_key || m->uses_page)
		variables(m, rec, &root);
	memcpy(made, m->made, sizeof(made));
	for (i = 0; m->order[i] != NULL && !m->full; i++)
		run(m, &root, m->order[i], &t);
	if (m->full) {
		out->len = start;
		memcpy(m->made, made, sizeof(made));
		*reason = too_much;
		map_tell(m, NOTE_REFUSED, m->now->at, too_much, "", 0);
		return MAP_REJECTED;
	}
	for (i = 0; i < m->nrefused && t.made > 0; i++)
		map_count_add(m, m->refused[i].kind, m->refused[i].name, m->refused[i].why, m->refused[i].count);
	*reason = t.made > 0 ? NULL : t.refused != NULL ? t.refused : t.dropped;
	return t.made > 0 ? MAP_MAPPED : t.refused != NULL ? MAP_REJECTED : MAP_DROPPED;
}

void
map_source(struct map *m, struct records *records)
{
	m->records = records;
	m->page = 0;
	m->var[1].value = &jval_null;
}

uint64_t
map_made(const struct map *m, enum tc_type type)
{
	return m->made[type];
}

int
map_rules(const struct map *m)
{
	return m->nrule;
}
