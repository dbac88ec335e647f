/* Comparison, arithmetic and signs. */
#include <math.h>

#include "private.h"

static struct jval *
compare(struct run *r, enum token_type op, const struct jval *a, const struct jval *b)
{
	uint64_t work = 0;
	int c;

	if (op == T_EQ || op == T_NE) {
		bool same = jval_equal_counted(a, b, &work);

		return jmes_charge(r, work) ? jval_bool(same == (op == T_EQ)) : NULL;
	}
	if (a->type != J_NUMBER || b->type != J_NUMBER)
		return &jval_null;
	c = jval_compare_numbers(a, b);
	return jval_bool(op == T_LT ? c < 0 : op == T_LE ? c <= 0 : op == T_GT ? c > 0 : c >= 0);
}

static struct jval *
number(struct run *r, double d)
{
	struct jval *v;

	if (!isfinite(d))
		return jmespath_fail(JE_NOT_A_NUMBER, r->err, "the result is no finite number");
	v = jval_number(r->arena, d);
	return v != NULL ? v : jmes_full(r);
}

static struct jval *
arithmetic(struct run *r, enum token_type op, const struct jval *left, const struct jval *right)
{
	double a = left->number, b = right->number, q;

	if (left->type != J_NUMBER || right->type != J_NUMBER)
		return jmespath_fail(JE_INVALID_TYPE, r->err, "arithmetic needs numbers, not %s and %s", jmes_type_name(left),
		    jmes_type_name(right));
	if (b == 0 && (op == T_DIVIDE || op == T_INTDIV || op == T_MODULO))
		return jmespath_fail(JE_NOT_A_NUMBER, r->err, "division by zero");
	switch (op) {
	case T_PLUS:
		return number(r, a + b);
	case T_MINUS:
		return number(r, a - b);
	case T_TIMES:
		return number(r, a * b);
	case T_DIVIDE:
		return number(r, a / b);
	case T_INTDIV:
		return number(r, floor(a / b));
	default:	/* the remainder of //: of the divisor's sign */
		q = fmod(a, b);
		return number(r, q != 0 && (q < 0) != (b < 0) ? q + b : q);
	}
}

struct jval *
jmes_fold(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *left = jmes_eval(r, n->child[0], current), *right;
	uint32_t i;

	for (i = 1; i < n->n && left != NULL; i++) {
		const struct fold *f = &n->u.fold[i];
		const struct node at = { .off = f->off };

		if ((right = jmes_eval(r, n->child[i], current)) == NULL)
			return NULL;
		left = f->op >= T_EQ && f->op <= T_GE ? compare(r, f->op, left, right) : arithmetic(r, f->op, left, right);
		if (left == NULL)
			return jmes_locate(r, &at);
	}
	return left;
}

struct jval *
jmes_sign(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *v = jmes_eval(r, n->child[0], current);

	if (v == NULL)
		return NULL;
	if (v->type != J_NUMBER)
		return jmespath_fail(JE_INVALID_TYPE, r->err, "a sign needs a number, not %s", jmes_type_name(v));
	return n->op == N_PLUS ? v : number(r, -v->number);
}
