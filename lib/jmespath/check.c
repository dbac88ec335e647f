/*
 * What an expression's literal arguments say already: a pattern that is none,
 * a word where a number belongs. A mistake of the author, found without data.
 */
#include "private.h"

/* A literal, or a list of them. */
static bool
constant(const struct node *n)
{
	uint32_t i;

	for (i = 0; n->op == N_LIST && i < n->n; i++)
		if (n->child[i]->op != N_LITERAL)
			return false;
	return n->op == N_LITERAL || n->op == N_LIST;
}

static int
check_call(struct run *r, const struct node *n)
{
	static struct jval nothing = { .type = J_STRING, .u.text = "" };
	const struct function *f = n->u.function;
	struct jval *arg[4] = { &nothing };
	bool all = f->ours != NULL && n->n > 1 && n->n <= 4;
	uint32_t i;

	for (i = 0; i < n->n && i < 4 && !f->lazy; i++) {
		if (!constant(n->child[i])) {
			all = all && i == 0;
			continue;
		}
		if ((arg[i] = jmes_eval(r, n->child[i], &jval_null)) == NULL)
			return -1;
		if (arg[i]->type != J_NULL && !jmes_fits(r, f, (int)i, arg[i]))
			return -1;
		all = all && arg[i]->type != J_NULL;
	}
	if (!all)
		return 0;
	/* a trial on an empty text */
	arg[0] = &nothing;
	return f->ours(r->ctx, arg, (int)n->n, r->err) == NULL ? -1 : 0;
}

static int
walk(struct run *r, const struct node *n)
{
	uint32_t i;

	for (i = 0; i < n->n; i++)
		if (walk(r, n->child[i]) == -1)
			return -1;
	if (n->op != N_CALL || check_call(r, n) == 0)
		return 0;
	jmes_locate(r, n);
	return -1;
}

int
jmespath_check(const struct jmespath *j, struct jmespath_ctx *ctx, struct err *err)
{
	struct run r = { .jmes = j, .ctx = ctx, .arena = ctx->arena, .root = &jval_null, .err = err };

	return walk(&r, j->top);
}
