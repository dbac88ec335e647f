/* Holes and conditions, evaluated for a record. */
#include <ctype.h>
#include <stdio.h>

#include "limit.h"
#include "map_private.h"
#include "text.h"

static void
set_string(struct mval *out, const char *text, size_t len)
{
	out->type = M_STRING;
	out->len = (uint32_t)len;
	out->text = text;
}

static void *
take(struct map *m, size_t size)
{
	void *p = arena_alloc(&m->arena, size);

	if (p == NULL)
		m->full = true;
	return p;
}

struct jval *
root_value(struct map *m, struct root *r)
{
	if (r->value == NULL) {
		r->value = record_value(r->rec, &m->arena);
		if (r->value == NULL) {
			m->full = true;
			r->value = &jval_null;
		}
		if (!r->element)
			m->var[0].value = r->value;
	}
	return r->value;
}

void
mval_from_jval(struct map *m, struct jval *v, struct mval *out)
{
	struct mval *item;
	struct buf text;
	char *copy;
	uint32_t i;

	out->type = M_NULL;
	switch (v->type) {
	case J_BOOL:
		out->type = M_BOOL;
		out->text = v->boolean ? "true" : "false";
		out->len = v->boolean ? 4 : 5;
		break;
	case J_NUMBER:
		out->type = M_NUMBER;
		out->text = v->u.text;
		out->len = v->len;
		if (v->u.text == NULL) {
			buf_init(&text, 64);
			if (jval_print(v, &text) == 0 && (copy = take(m, text.len)) != NULL) {
				memcpy(copy, text.bytes, text.len);
				out->text = copy;
				out->len = (uint32_t)text.len;
			} else
				out->type = M_NULL;
			buf_release(&text);
		}
		break;
	case J_STRING:
		set_string(out, v->u.text, v->len);
		break;
	case J_ARRAY:
		item = take(m, (size_t)v->len * sizeof(*item));
		if (item == NULL && v->len > 0)
			return;
		for (i = 0; i < v->len; i++) {
			struct jval *e = v->u.item[i];

			/* a list in a list has no place to go: the whole is kept as something that fits nowhere */
			if (e->type == J_ARRAY) {
				item[i].type = M_OBJECT;
				item[i].object = e;
			} else
				mval_from_jval(m, e, &item[i]);
		}
		out->type = M_LIST;
		out->item = item;
		out->len = v->len;
		break;
	case J_OBJECT:
		out->type = M_OBJECT;
		out->object = v;
		break;
	}
}

static struct jval *
mval_to_jval(struct map *m, const struct mval *v)
{
	struct jval *j, *e;
	uint32_t i;

	switch (v->type) {
	case M_STRING:
		return jval_string(&m->arena, v->text, v->len);
	case M_BOOL:
		return jval_bool(v->len == 4);
	case M_NUMBER:
		/* a number's text is JSON: let the scan room read it */
		return scan_text(&m->number, v->text, v->len, NULL) == 0 ? jval_from_scan(&m->arena, &m->number, 0) : &jval_null;
	case M_LIST:
		j = jval_array(&m->arena, v->len);
		for (i = 0; j != NULL && i < v->len; i++) {
			e = mval_to_jval(m, &v->item[i]);
			if (e == NULL)
				return NULL;
			j->u.item[i] = e;
		}
		return j;
	case M_OBJECT:
		return v->object;
	default:
		return &jval_null;
	}
}

/* --- paths --- */

static void
from_scan(struct map *m, const struct scan *s, uint32_t node, struct mval *out)
{
	const struct scan_node *n = &s->node[node];
	struct jval *j;

	switch (n->type) {
	case SCAN_STRING:
		if (!n->escaped) {
			set_string(out, s->bytes + n->off, n->len);
			return;
		}
		break;
	case SCAN_NUMBER:
		out->type = M_NUMBER;
		out->text = s->bytes + n->off;
		out->len = n->len;
		return;
	case SCAN_NULL:
		out->type = M_NULL;
		return;
	case SCAN_TRUE:
	case SCAN_FALSE:
		out->type = M_BOOL;
		out->text = n->type == SCAN_TRUE ? "true" : "false";
		out->len = n->type == SCAN_TRUE ? 4 : 5;
		return;
	}
	j = jval_from_scan(&m->arena, s, node);
	if (j == NULL)
		m->full = true;
	else
		mval_from_jval(m, j, out);
}

void
chain_eval(struct map *m, struct root *r, const struct chain *c, struct mval *out)
{
	const struct record *rec = r->rec;
	struct jval *v;
	int i;

	out->type = M_NULL;
	if (!r->element && rec->scan != NULL) {
		uint32_t node = 0;

		for (i = 0; i < c->n; i++) {
			if (rec->scan->node[node].type != SCAN_OBJECT)
				return;
			node = scan_member(rec->scan, node, c->name[i]);
			if (node == SCAN_NONE)
				return;
		}
		from_scan(m, rec->scan, node, out);
		return;
	}
	if (!r->element) {
		if (c->n == 1 && c->column >= 0 && c->column < rec->nfield && rec->field[c->column].text != NULL)
			set_string(out, rec->field[c->column].text, rec->field[c->column].len);
		return;
	}
	v = r->value;
	for (i = 0; v != NULL && i < c->n; i++)
		v = jval_get(v, c->name[i], strlen(c->name[i]));
	if (v != NULL)
		mval_from_jval(m, v, out);
}

static struct jval *
eval(struct map *m, const struct jmespath *expr, struct jval *root, struct err *err)
{
	struct jval *v = jmespath_eval(expr, &m->ctx, root, err);

	if (v == NULL && jmespath_last_error() == JE_LIMIT)
		m->full = true;
	return v;
}

void
eval_expr(struct map *m, struct root *r, const struct jmespath *expr, const char *at, struct mval *out)
{
	struct err err = { 0 };
	struct jval *v = eval(m, expr, root_value(m, r), &err);

	if (v != NULL) {
		mval_from_jval(m, v, out);
		return;
	}
	out->type = M_NULL;
	map_count(m, "members", at, "the expression failed");
	map_tell(m, NOTE_LOST, at, "the expression failed", err.text, strlen(err.text));
}

/* --- transforms --- */

static void
ascii_case(struct map *m, struct mval *v, bool lower)
{
	char *to = take(m, v->len);
	uint32_t i;

	if (to == NULL)
		return;
	for (i = 0; i < v->len; i++)
		to[i] = (char)(lower ? tolower((unsigned char)v->text[i]) : toupper((unsigned char)v->text[i]));
	v->text = to;
}

static bool
is_ascii(const struct mval *v)
{
	uint32_t i;

	for (i = 0; i < v->len; i++)
		if ((unsigned char)v->text[i] >= 0x80)
			return false;
	return true;
}

static void
split(struct map *m, const struct transform *t, struct mval *v)
{
	const char *at = v->text, *end = v->text + v->len, *hit;
	uint32_t n = 1, i = 0;
	struct mval *item;

	for (hit = at; (hit = memmem(hit, (size_t)(end - hit), t->delimiter, t->delimiter_len)) != NULL;
	    hit += t->delimiter_len)
		n++;
	item = take(m, n * sizeof(*item));
	if (item == NULL)
		return;
	for (; (hit = memmem(at, (size_t)(end - at), t->delimiter, t->delimiter_len)) != NULL; at = hit + t->delimiter_len)
		set_string(&item[i++], at, (size_t)(hit - at));
	set_string(&item[i], at, (size_t)(end - at));
	v->type = M_LIST;
	v->item = item;
	v->len = n;
}

/* Can this be done here? Then it is. */
static bool
native(struct map *m, const struct transform *t, struct mval *v)
{
	char *to;

	if (v->type != M_STRING)
		return false;
	switch (t->op) {
	case TF_TRIM:
		if (v->len > 0 && ((unsigned char)v->text[0] >= 0x80 || (unsigned char)v->text[v->len - 1] >= 0x80))
			return false;
		while (v->len > 0 && is_blank((unsigned char)v->text[v->len - 1]))
			v->len--;
		while (v->len > 0 && is_blank((unsigned char)*v->text)) {
			v->text++;
			v->len--;
		}
		/* what stands now may be a blank beyond ASCII: the whole function's business */
		return v->len == 0 || ((unsigned char)v->text[0] < 0x80 && (unsigned char)v->text[v->len - 1] < 0x80);
	case TF_LOWER:
	case TF_UPPER:
		if (!is_ascii(v))
			return false;
		ascii_case(m, v, t->op == TF_LOWER);
		return true;
	case TF_SPLIT:
		split(m, t, v);
		return true;
	case TF_REFANG:
		buf_clear(&m->text);
		if (value_refang(v->text, v->len, &m->text) == -1 || (to = take(m, m->text.len)) == NULL)
			return false;
		memcpy(to, m->text.bytes, m->text.len);
		set_string(v, to, m->text.len);
		return true;
	default:
		return false;
	}
}

/*
 * One transform. A function that takes no list is applied to each element of
 * one, so that {"path": "tags", "transform": ["lower"]} does what it says.
 */
static void
transform(struct map *m, const struct transform *t, struct mval *v, const char *at)
{
	struct err err = { 0 };
	struct mval *item;
	struct jval *j, *in;
	uint32_t i;

	if (native(m, t, v))
		return;
	if (v->type != M_LIST || t->op == TF_EXPR) {
		in = mval_to_jval(m, v);
		j = in != NULL ? eval(m, t->expr, in, &err) : NULL;
		if (j != NULL) {
			mval_from_jval(m, j, v);
			return;
		}
		if (v->type != M_LIST || jmespath_last_error() != JE_INVALID_TYPE) {
			map_count(m, "members", at, "a transform failed");
			map_tell(m, NOTE_LOST, at, "a transform failed", err.text, strlen(err.text));
			v->type = M_NULL;
			return;
		}
	}
	item = take(m, v->len * sizeof(*item));
	if (item == NULL && v->len > 0)
		return;
	for (i = 0; i < v->len; i++) {
		item[i] = v->item[i];
		if (item[i].type == M_STRING || item[i].type == M_NUMBER || item[i].type == M_BOOL)
			transform(m, t, &item[i], at);
	}
	v->item = item;
}

/* --- tables --- */

static void
look_up(struct map *m, const struct table *t, struct mval *v)
{
	const struct entry *e;
	struct mval *item;
	const char *text;
	size_t len;
	uint32_t i, h;

	if (v->type == M_LIST) {
		item = take(m, v->len * sizeof(*item));
		if (item == NULL && v->len > 0)
			return;
		for (i = 0; i < v->len; i++) {
			item[i] = v->item[i];
			if (item[i].type != M_LIST)
				look_up(m, t, &item[i]);
			if (item[i].type == M_LIST)	/* a table may map one word to several: only where it stands alone */
				item[i].type = M_OBJECT;
		}
		v->item = item;
		return;
	}
	if (mval_text(v, &text, &len)) {
		h = text_hash(text, len);
		for (e = &t->entry[h & (t->cap - 1)]; e->key != NULL; e = e + 1 == t->entry + t->cap ? t->entry : e + 1)
			if (e->hash == h && e->len == len && memcmp(e->key, text, len) == 0) {
				*v = e->value;
				return;
			}
	} else if (v->type == M_NULL)
		return;
	if (t->has_other)
		*v = t->other;
	else
		v->type = M_NULL;
}

/* --- xids --- */

/* joined: owner and parts as xid_make() would join them: also the cache's key. */
static const char *
xid_of(struct map *m, const struct xid_part *part, int n)
{
	char key[XID_CACHE_KEY];
	struct xid_entry *e = NULL;
	size_t len = 0;
	uint32_t h = 0;
	char *out = take(m, XID_LEN + 1);
	int i;

	if (out == NULL)
		return NULL;
	/* the owner never changes: it need not be in the key; parts are kept apart by their lengths */
	for (i = 1; i < n && len < sizeof(key); i++) {
		if (part[i].len > 100 || len + part[i].len + 1 > sizeof(key)) {
			len = sizeof(key) + 1;
			break;
		}
		key[len++] = (char)part[i].len;
		memcpy(key + len, part[i].text, part[i].len);
		len += part[i].len;
	}
	if (len <= sizeof(key)) {
		h = text_hash(key, len);
		e = &m->xids[h % XID_CACHE];
		if (e->len == len && e->hash == h && memcmp(e->key, key, len) == 0)
			return memcpy(out, e->xid, XID_LEN);
	}
	xid_make(out, part, n);
	if (e != NULL) {
		e->hash = h;
		e->len = (uint8_t)len;
		memcpy(e->key, key, len);
		memcpy(e->xid, out, XID_LEN);
	}
	return out;
}

static bool
xid_one(struct map *m, struct xid_part *part, int n, struct mval *out)
{
	const char *xid;
	int i;

	out->type = M_NULL;
	for (i = 1; i < n; i++)
		if (part[i].len == 0)
			return true;
	xid = xid_of(m, part, n);
	if (xid != NULL)
		set_string(out, xid, XID_LEN);
	return xid != NULL;
}

static void
xid_eval(struct map *m, struct root *r, const struct hole *h, struct mval *out)
{
	struct xid_part part[XID_PARTS + 1];
	struct mval list = { 0 }, *item;
	int i, n = h->npart, at = 0;
	const char *text;
	size_t len;
	uint32_t k;

	out->type = M_NULL;
	part[0].text = m->opt.owner != NULL ? m->opt.owner : "";
	part[0].len = strlen(part[0].text);
	for (i = 0; i < n; i++) {
		struct mval v;

		hole_eval(m, r, h->part[i], &v);
		if (v.type == M_LIST && at == 0) {
			at = i + 1;
			list = v;
			part[i + 1].text = "";
			part[i + 1].len = 1;
			continue;
		}
		if (!mval_text(&v, &text, &len)) {
			if (v.type != M_NULL)
				map_lose(m, h->part[i]->at, "xid", "a part is no text", &v);
			return;
		}
		/* as a name is: "Emotet " is no other group than "Emotet" */
		trim(&text, &len);
		part[i + 1].text = text;
		part[i + 1].len = len;
	}
	if (at == 0) {
		xid_one(m, part, n + 1, out);
		return;
	}
	item = take(m, list.len * sizeof(*item));
	if (item == NULL && list.len > 0)
		return;
	for (k = 0; k < list.len; k++) {
		item[k].type = M_NULL;
		if (mval_text(&list.item[k], &part[at].text, &len)) {
			trim(&part[at].text, &len);
			part[at].len = len;
			if (!xid_one(m, part, n + 1, &item[k]))
				return;
		}
	}
	out->type = M_LIST;
	out->item = item;
	out->len = list.len;
}

/* --- holes --- */

void
hole_eval(struct map *m, struct root *r, const struct hole *h, struct mval *out)
{
	int i;

	switch (h->source) {
	case HOLE_LITERAL:
		*out = h->literal;
		return;
	case HOLE_PATH:
		if (h->chain.n > 0)
			chain_eval(m, r, &h->chain, out);
		else if (h->join.n == 0 || !join_eval(m, r, &h->join, out))
			eval_expr(m, r, h->expr, h->at, out);
		break;
	case HOLE_XID:
		xid_eval(m, r, h, out);
		break;
	case HOLE_PARAM:
		*out = h->param;
		break;
	}
	for (i = 0; i < h->ntransform && out->type != M_NULL; i++)
		transform(m, &h->transform[i], out, h->at);
	if (h->table != NULL)
		look_up(m, h->table, out);
	/* beside a path a parameter is what stands in for it: what the source says beats it */
	if (out->type == M_NULL && h->has_param)
		*out = h->param;
	if (out->type == M_NULL && h->has_default)
		*out = h->otherwise;
}

int
condition_eval(struct map *m, struct root *r, const struct condition *c)
{
	struct err err = { 0 };
	struct mval v;
	struct jval *j;
	bool same;

	switch (c->op) {
	case COND_ALWAYS:
		return 1;
	case COND_TRUE:
		chain_eval(m, r, &c->chain, &v);
		switch (v.type) {
		case M_NULL:
			return false;
		case M_BOOL:
			return v.len == 4;
		case M_NUMBER:
			return true;
		case M_OBJECT:
			return jmespath_true(v.object);
		default:
			return v.len > 0;
		}
	case COND_EQUAL:
	case COND_DIFFERENT:
		chain_eval(m, r, &c->chain, &v);
		same = v.type == M_STRING && v.len == c->wordlen && memcmp(v.text, c->word, v.len) == 0;
		return same == (c->op == COND_EQUAL);
	default:
		j = eval(m, c->expr, root_value(m, r), &err);
		if (j == NULL) {
			map_tell(m, NOTE_REFUSED, c->chain.at, "the condition failed", err.text, strlen(err.text));
			return -1;
		}
		return jmespath_true(j);
	}
}
