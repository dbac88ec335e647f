/* The walk over an expression's nodes. */
#include <string.h>

#include "private.h"
#include "text.h"

bool
jmespath_true(const struct jval *v)
{
	switch (v->type) {
	case J_NULL:
		return false;
	case J_BOOL:
		return v->boolean;
	case J_STRING: case J_ARRAY: case J_OBJECT:
		return v->len > 0;
	default:
		return true;
	}
}

/* --- paths and variables --- */

static struct jval *
item(const struct node *n, const struct jval *v)
{
	int64_t i = n->u.index;

	if (v->type != J_ARRAY)
		return &jval_null;
	if (i < 0)
		i += v->len;
	return i >= 0 && i < (int64_t)v->len ? v->u.item[i] : &jval_null;
}

/* A lookup costs what it looks at. */
static struct jval *
member(struct run *r, const struct node *n, const struct jval *object)
{
	struct jval *v;

	if (object->type != J_OBJECT)
		return &jval_null;
	if (object->len > 8 && !jmes_charge(r, object->len / 8))
		return NULL;
	v = jval_get(object, n->u.name.text, n->u.name.len);
	return v != NULL ? v : &jval_null;
}

static struct jval *
outer(struct run *r, const struct node *n)
{
	int i;

	for (i = 0; i < r->ctx->nvar; i++)
		if (text_eq(n->u.name.text, n->u.name.len, r->ctx->var[i].name))
			return r->ctx->var[i].value;
	return jmespath_fail(JE_UNDEFINED_VARIABLE, r->err, "there is no $%.*s here", (int)n->u.name.len, n->u.name.text);
}

static struct jval *
let(struct run *r, const struct node *n, struct jval *current)
{
	uint32_t i;

	for (i = 0; i + 1 < n->n; i++)
		if ((r->slot[n->u.slot + i] = jmes_eval(r, n->child[i], current)) == NULL)
			return NULL;
	return jmes_eval(r, n->child[i], current);
}

/* --- making arrays and objects --- */

static struct jval *
list(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *out = jval_array(r->arena, n->n);
	uint32_t i;

	if (out == NULL)
		return jmes_full(r);
	for (i = 0; i < n->n; i++)
		if ((out->u.item[i] = jmes_eval(r, n->child[i], current)) == NULL)
			return NULL;
	return jmes_seal(r, out);
}

static struct jval *
hash(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *out = jval_object(r->arena, n->n);
	uint32_t i;

	if (out == NULL)
		return jmes_full(r);
	for (i = 0; i < n->n; i++) {
		struct jval *v = jmes_eval(r, n->child[i], current);

		if (v == NULL)
			return NULL;
		out->u.member[i] = (struct jmember){ n->u.key[i].name, n->u.key[i].len, v };
	}
	return jmes_seal(r, out);
}

/* --- the walk --- */

static struct jval *
chain(struct run *r, const struct node *n, struct jval *v)
{
	uint32_t i;

	v = jmes_eval(r, n->child[0], v);
	for (i = 1; i < n->n && v != NULL && (v->type != J_NULL || n->op == N_PIPE); i++)
		v = jmes_eval(r, n->child[i], v);
	return v;
}

/* || gives the first true operand, && the first false one, or the last. */
static struct jval *
logical(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *v;
	uint32_t i = 0;

	do {
		v = jmes_eval(r, n->child[i], current);
	} while (v != NULL && ++i < n->n && jmespath_true(v) == (n->op == N_AND));
	return v;
}

struct jval *
jmes_eval_node(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *v;

	if (!jmes_charge(r, 1))
		return NULL;
	switch ((enum op)n->op) {
	case N_CURRENT:
		return current;
	case N_ROOT:
		return r->root;
	case N_LITERAL:
		return n->u.literal;
	case N_FIELD:
		return member(r, n, current);
	case N_LOCAL:
		return r->slot[n->u.slot];
	case N_OUTER:
		return outer(r, n);
	case N_INDEX:
		return item(n, current);
	case N_SLICE:
		return jmes_slice(r, n, current);
	case N_CHAIN: case N_PIPE:
		return chain(r, n, current);
	case N_EACH:
		return current->type == J_ARRAY ? jmes_project(r, n->n > 0 ? n->child[0] : NULL, current) : &jval_null;
	case N_EACH_VALUE:
		return jmes_each_value(r, n, current);
	case N_FILTER:
		return jmes_filter(r, n, current);
	case N_FLATTEN:
		return jmes_flatten(r, n, current);
	case N_LIST:
		return list(r, n, current);
	case N_HASH:
		return hash(r, n, current);
	case N_CALL:
		return jmes_call(r, n, current);
	case N_EXPREF:
		return jmes_expref(r, n);
	case N_OR: case N_AND:
		return logical(r, n, current);
	case N_NOT:
		v = jmes_eval(r, n->child[0], current);
		return v == NULL ? NULL : jval_bool(!jmespath_true(v));
	case N_PLUS: case N_MINUS:
		return jmes_sign(r, n, current);
	case N_FOLD:
		return jmes_fold(r, n, current);
	case N_TERNARY:
		v = jmes_eval(r, n->child[0], current);
		return v == NULL ? NULL : jmes_eval(r, n->child[jmespath_true(v) ? 1 : 2], current);
	case N_LET:
		return let(r, n, current);
	}
	return &jval_null;
}

struct jval *
jmespath_eval(const struct jmespath *j, struct jmespath_ctx *ctx, struct jval *root, struct err *err)
{
	struct jval *few[8];
	struct run r = { j, ctx, ctx->arena, root, few, err };

	if (j->slots > 8 && (r.slot = arena_alloc(ctx->arena, j->slots * sizeof(*r.slot))) == NULL)
		return jmes_full(&r);
	return jmes_eval(&r, j->top, root);
}
