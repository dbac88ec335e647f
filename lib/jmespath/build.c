/* Nodes for the parser: made, chained, and given up with a word on why. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parse_private.h"
#include "text.h"

/* --- failing --- */

_Noreturn void
parse_fail(struct parser *p, const struct token *t, const char *why)
{
	static const char *const found = ", found ";
	struct jmespath *j = p->jmes;

	if (t->type == T_END)
		jmes_syntax(j->text, j->len, t->off, p->err, "%s%sthe end", why, found);
	else
		jmes_syntax(j->text, j->len, t->off, p->err, "%s%s'%.*s'", why, found,
		    (int)text_cut(j->text + t->off, t->len, 60), j->text + t->off);
	longjmp(p->failed, 1);
}

_Noreturn void
parse_fail_call(struct parser *p, enum jmespath_error kind, const char *name, const struct token *t, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	jmes_set_error(kind);
	err_set(p->err, REASON_USAGE, "%s at column %zu: %s", name, jmes_column(p->jmes->text, p->jmes->len, t->off), why);
	longjmp(p->failed, 1);
}

void *
parse_alloc(struct parser *p, size_t size)
{
	void *mem = arena_alloc(&p->jmes->arena, size);

	if (mem == NULL) {
		jmes_set_error(JE_LIMIT);
		err_set(p->err, REASON_USAGE, "expression too large");
		longjmp(p->failed, 1);
	}
	return mem;
}

/* --- building --- */

struct node *
node_make(struct parser *p, enum op op, uint32_t off)
{
	struct node *n = parse_alloc(p, sizeof(*n));

	*n = (struct node){ .op = (uint8_t)op, .off = off };
	return n;
}

void
node_list_add(struct parser *p, struct list *l, struct node *n)
{
	if (l->n == l->cap) {
		uint32_t cap = l->cap == 0 ? 2 : l->cap * 2;
		struct node **grown = parse_alloc(p, cap * sizeof(struct node *));

		if (l->n > 0)
			memcpy(grown, l->node, l->n * sizeof(struct node *));
		l->node = grown;
		l->cap = cap;
	}
	l->node[l->n++] = n;
}

/* A node's children have the list's shape; their capacity is the next power of two. */
void
node_add_child(struct parser *p, struct node *n, struct node *child)
{
	struct list l = { n->child, n->n, n->n };

	if (n->n > 1 && (n->n & (n->n - 1)) != 0)	/* between powers of two there is room */
		l.cap = n->n + 1;
	else if (n->n == 1)
		l.cap = 2;
	node_list_add(p, &l, child);
	n->child = l.node;
	n->n = l.n;
}

struct node *
node_make1(struct parser *p, enum op op, uint32_t off, struct node *child)
{
	struct node *n = node_make(p, op, off);

	if (child != NULL)
		node_add_child(p, n, child);
	return n;
}

struct node *
node_join(struct parser *p, enum op op, struct node *left, struct node *right)
{
	uint32_t i;

	if (left == NULL)
		return right;
	if (left->op != op)
		left = node_make1(p, op, left->off, left);
	if (right->op == op && op == N_CHAIN)
		for (i = 0; i < right->n; i++)
			node_add_child(p, left, right->child[i]);
	else
		node_add_child(p, left, right);
	return left;
}

struct node *
node_join_fold(struct parser *p, struct node *left, const struct token *t, struct node *right)
{
	struct fold *grown;

	if (left->op != N_FOLD)
		left = node_make1(p, N_FOLD, left->off, left);
	if ((left->n & (left->n - 1)) == 0) {
		grown = parse_alloc(p, 2 * left->n * sizeof(*grown));
		if (left->n > 1)
			memcpy(grown, left->u.fold, left->n * sizeof(*grown));
		left->u.fold = grown;
	}
	left->u.fold[left->n] = (struct fold){ t->type == T_STAR ? T_TIMES : t->type, t->off };
	node_add_child(p, left, right);
	return left;
}
