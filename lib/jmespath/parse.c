/* The grammar: tokens to nodes. */
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "parse_private.h"
#include "text.h"
#include "xmalloc.h"

/*
 * Precedence climbing. A token's rank is how tightly it binds the expression
 * on its left; below PROJECTION_STOP it ends a projection ([*].a.b, then | or
 * == applies to the list).
 */
#define PROJECTION_STOP	10
#define RANK_PIPE	1
#define RANK_TERNARY	2
#define RANK_UNARY	8
#define RANK_FLATTEN	9
#define RANK_STAR	20
#define RANK_FILTER	21
#define RANK_DOT	40

static const uint8_t rank[T_TYPES] = {
	[T_PIPE] = RANK_PIPE, [T_QUESTION] = RANK_TERNARY, [T_OR] = 3, [T_AND] = 4,
	[T_EQ] = 5, [T_NE] = 5, [T_LT] = 5, [T_LE] = 5, [T_GT] = 5, [T_GE] = 5,
	[T_PLUS] = 6, [T_MINUS] = 6,
	[T_STAR] = 7, [T_TIMES] = 7, [T_DIVIDE] = 7, [T_INTDIV] = 7, [T_MODULO] = 7,
	[T_FLATTEN] = RANK_FLATTEN, [T_FILTER] = RANK_FILTER, [T_DOT] = RANK_DOT, [T_LBRACKET] = 55,
};

static struct node *expression(struct parser *, int limit);
static struct node *climb(struct parser *, struct node *left, int limit);

/* --- the grammar's rules --- */

static struct token *
expect(struct parser *p, enum token_type type, const char *why)
{
	if (p->token->type != type)
		parse_fail(p, p->token, why);
	return p->token++;
}

static bool
take(struct parser *p, enum token_type type)
{
	if (p->token->type != type)
		return false;
	p->token++;
	return true;
}

static bool
is_word(const struct parser *p, const struct token *t, const char *word)
{
	return t->type == T_NAME && text_eq(p->jmes->text + t->off, t->len, word);
}

static bool
starts_let(const struct parser *p)
{
	return is_word(p, p->token, "let") && p->token[1].type == T_VARIABLE;
}

static struct node *
field(struct parser *p)
{
	struct token *t = p->token++;
	struct node *n = node_make(p, N_FIELD, t->off);

	if (t->type == T_NAME) {
		n->u.name.text = p->jmes->text + t->off;
		n->u.name.len = t->len;
	} else {
		n->u.name.text = t->u.literal->u.text;
		n->u.name.len = t->u.literal->len;
	}
	return n;
}

/* After [ : expressions up to ]. */
static struct node *
multi_list(struct parser *p, uint32_t off)
{
	struct node *n = node_make(p, N_LIST, off);

	do {
		node_add_child(p, n, expression(p, 0));
	} while (take(p, T_COMMA));
	expect(p, T_RBRACKET, "expected ',' or ']'");
	return n;
}

/* The place of a name among n keys; n when it is new. A later member of one name wins. */
static uint32_t
find_key(const struct jmember *key, uint32_t n, const struct node *name)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (key[i].len == name->u.name.len && memcmp(key[i].name, name->u.name.text, key[i].len) == 0)
			break;
	return i;
}

/* After { : name: expression up to }. */
static struct node *
multi_hash(struct parser *p, uint32_t off)
{
	struct node *n = node_make(p, N_HASH, off), *name, *value;
	struct jmember *grown;
	uint32_t i;

	do {
		if (p->token->type != T_NAME && p->token->type != T_QUOTED)
			parse_fail(p, p->token, "expected a member's name");
		name = field(p);
		expect(p, T_COLON, "expected ':' after the member's name");
		value = expression(p, 0);
		i = find_key(n->u.key, n->n, name);
		if (i < n->n) {
			n->child[i] = value;
			continue;
		}
		if ((n->n & (n->n - 1)) == 0) {
			grown = parse_alloc(p, (n->n == 0 ? 1 : 2 * n->n) * sizeof(*grown));
			if (n->n > 0)
				memcpy(grown, n->u.key, n->n * sizeof(*grown));
			n->u.key = grown;
		}
		n->u.key[n->n] = (struct jmember){ name->u.name.text, name->u.name.len, NULL };
		node_add_child(p, n, value);
	} while (take(p, T_COMMA));
	expect(p, T_RBRACE, "expected ',' or '}'");
	return n;
}

/* What may follow a dot; binds as far as limit allows. */
static struct node *
dot_right(struct parser *p, int limit)
{
	struct token *t = p->token;

	if (t->type == T_LBRACKET || t->type == T_LBRACE) {
		p->token++;
		return climb(p, t->type == T_LBRACKET ? multi_list(p, t->off) : multi_hash(p, t->off), limit);
	}
	if ((t->type != T_NAME && t->type != T_QUOTED && t->type != T_STAR) || starts_let(p))
		parse_fail(p, t, "expected a name, a function, '*', '[' or '{' after '.'");
	return expression(p, limit);
}

/* What a projection does with each of its elements; NULL: nothing. */
static struct node *
projected(struct parser *p, int limit)
{
	struct token *t = p->token;

	if (rank[t->type] < PROJECTION_STOP)
		return NULL;
	if (t->type == T_DOT) {
		p->token++;
		return dot_right(p, limit);
	}
	if (t->type == T_LBRACKET && t[1].type != T_NUMBER && t[1].type != T_COLON &&
	    !(t[1].type == T_STAR && t[2].type == T_RBRACKET))
		parse_fail(p, &t[1], "expected an index, a slice or '*'");
	return expression(p, limit);
}

static void
slice_number(struct parser *p, int64_t *n, bool *has)
{
	*has = p->token->type == T_NUMBER;
	if (*has)
		*n = (p->token++)->u.number;
}

/* After [ : an index or a slice with what is projected on it. */
static struct node *
index_or_slice(struct parser *p, uint32_t off)
{
	struct node *n;
	struct slice s = { .step = 1 };
	bool has;

	slice_number(p, &s.start, &s.has_start);
	if (s.has_start && take(p, T_RBRACKET)) {
		n = node_make(p, N_INDEX, off);
		n->u.index = s.start;
		return n;
	}
	expect(p, T_COLON, s.has_start ? "expected ']' or ':'" : "expected a number or ':'");
	slice_number(p, &s.stop, &s.has_stop);
	if (take(p, T_COLON)) {
		slice_number(p, &s.step, &has);
		if (!has)
			s.step = 1;
	}
	expect(p, T_RBRACKET, "expected ']' or a number at the slice's end");
	n = node_make1(p, N_SLICE, off, projected(p, RANK_STAR));
	n->u.slice = parse_alloc(p, sizeof(s));
	*n->u.slice = s;
	return n;
}

/* At [ : [0], [1:2] or [*]; NULL when it is none of them. */
static struct node *
bracket(struct parser *p)
{
	struct token *t = p->token;

	if (t[1].type == T_NUMBER || t[1].type == T_COLON) {
		p->token++;
		return index_or_slice(p, t->off);
	}
	if (t[1].type == T_STAR && t[2].type == T_RBRACKET) {
		p->token += 3;
		return node_make1(p, N_EACH, t->off, projected(p, RANK_STAR));
	}
	return NULL;
}

static struct node *
filter(struct parser *p)
{
	struct token *t = p->token++;
	struct node *n = node_make1(p, N_FILTER, t->off, expression(p, 0)), *rest;

	expect(p, T_RBRACKET, "expected ']' at the filter's end");
	if ((rest = projected(p, RANK_FILTER)) != NULL)
		node_add_child(p, n, rest);
	return n;
}

static struct node *
flatten(struct parser *p)
{
	struct token *t = p->token++;

	return node_make1(p, N_FLATTEN, t->off, projected(p, RANK_FLATTEN));
}

static struct node *
each_value(struct parser *p)
{
	struct token *t = p->token++;

	return node_make1(p, N_EACH_VALUE, t->off, projected(p, RANK_STAR));
}

static struct node *
argument(struct parser *p)
{
	struct token *t = p->token;

	if (!take(p, T_EXPREF))
		return expression(p, 0);
	return node_make1(p, N_EXPREF, t->off, expression(p, 0));
}

static struct node *
call(struct parser *p)
{
	struct token *t = p->token;
	const char *name = p->jmes->text + t->off;
	struct node *n = node_make(p, N_CALL, t->off);
	const struct function *f = jmes_function(name, t->len);
	int count;

	if (f == NULL)
		parse_fail_call(p, JE_UNKNOWN_FUNCTION, "unknown function", t, "there is no %.*s()", t->len < 100 ? (int)t->len : 100, name);
	p->token += 2;
	if (p->token->type != T_RPAREN)
		do {
			node_add_child(p, n, argument(p));
		} while (take(p, T_COMMA));
	expect(p, T_RPAREN, "expected ',' or ')'");
	count = (int)n->n;
	if (f->max < 0 && count < f->min)
		parse_fail_call(p, JE_INVALID_ARITY, "invalid arity", t, "%s() takes at least %d argument%s, not %d", f->name, f->min,
		    f->min == 1 ? "" : "s", count);
	if (f->max >= 0 && f->min != f->max && (count < f->min || count > f->max))
		parse_fail_call(p, JE_INVALID_ARITY, "invalid arity", t, "%s() takes %d to %d arguments, not %d", f->name, f->min, f->max, count);
	if (f->min == f->max && count != f->min)
		parse_fail_call(p, JE_INVALID_ARITY, "invalid arity", t, "%s() takes %d argument%s, not %d", f->name, f->min,
		    f->min == 1 ? "" : "s", count);
	n->u.function = f;
	return n;
}

static struct node *
variable(struct parser *p)
{
	struct token *t = p->token++;
	const char *name = p->jmes->text + t->off + 1;
	uint32_t len = t->len - 1, i;
	struct node *n;

	for (i = p->nscope; i-- > 0;)
		if (!p->scope[i].hidden && p->scope[i].len == len && memcmp(p->scope[i].name, name, len) == 0) {
			n = node_make(p, N_LOCAL, t->off);
			n->u.slot = p->scope[i].slot;
			return n;
		}
	n = node_make(p, N_OUTER, t->off);
	n->u.name.text = name;
	n->u.name.len = len;
	node_list_add(p, &p->outer, n);
	return n;
}

static void
scope_push(struct parser *p, const struct token *t, uint32_t slot)
{
	if (p->nscope == p->capscope) {
		p->capscope = p->capscope == 0 ? 8 : p->capscope * 2;
		p->scope = xreallocarray(p->scope, p->capscope, sizeof(*p->scope));
	}
	p->scope[p->nscope++] = (struct variable){ p->jmes->text + t->off + 1, t->len - 1, slot, true };
}

/*
 * let $a = x, $b = y in z. A binding's expression does not see its sisters,
 * but its own lets must not use the slots that the sisters before it fill.
 */
static struct node *
let(struct parser *p)
{
	struct node *n = node_make(p, N_LET, p->token->off);
	struct token *t;
	uint32_t base = p->slot, outside = p->nscope, i = 0;

	p->token++;
	n->u.slot = base;
	do {
		t = expect(p, T_VARIABLE, "expected a variable");
		expect(p, T_ASSIGN, "expected '=' after the variable");
		p->slot = base + i++;
		node_add_child(p, n, expression(p, 0));
		scope_push(p, t, base + i - 1);
	} while (take(p, T_COMMA));
	if (!is_word(p, p->token, "in"))
		parse_fail(p, p->token, "expected ',' or 'in' after the variable's value");
	for (i = outside; i < p->nscope; i++)
		p->scope[i].hidden = false;
	p->token++;
	p->slot = base + n->n;
	if (p->slot > p->jmes->slots)
		p->jmes->slots = p->slot;
	node_add_child(p, n, expression(p, 0));
	p->nscope = outside;
	p->slot = base;
	return n;
}

/* An expression's beginning. */
static struct node *
begin(struct parser *p)
{
	struct token *t = p->token;
	struct node *n;

	switch (t->type) {
	case T_NAME:
		if (t[1].type == T_LPAREN)
			return call(p);
		return starts_let(p) ? let(p) : field(p);
	case T_QUOTED:
		if (t[1].type == T_LPAREN)
			parse_fail(p, &t[1], "a quoted name is no function");
		return field(p);
	case T_RAW: case T_LITERAL:
		p->token++;
		n = node_make(p, N_LITERAL, t->off);
		n->u.literal = t->u.literal;
		return n;
	case T_VARIABLE:
		return variable(p);
	case T_CURRENT: case T_ROOT:
		p->token++;
		return node_make(p, t->type == T_ROOT ? N_ROOT : N_CURRENT, t->off);
	case T_STAR:
		return each_value(p);
	case T_FILTER:
		return filter(p);
	case T_FLATTEN:
		return flatten(p);
	case T_LBRACKET:
		if ((n = bracket(p)) != NULL)
			return n;
		p->token++;
		return multi_list(p, t->off);
	case T_LBRACE:
		p->token++;
		return multi_hash(p, t->off);
	case T_LPAREN:
		p->token++;
		n = expression(p, 0);
		expect(p, T_RPAREN, "expected ')'");
		return n;
	case T_NOT: case T_PLUS: case T_MINUS:
		p->token++;
		return node_make1(p, t->type == T_NOT ? N_NOT : t->type == T_PLUS ? N_PLUS : N_MINUS, t->off,
		    expression(p, RANK_UNARY));
	case T_NUMBER:
		parse_fail(p, t, "a number stands in backquotes (`1`)");
	case T_EXPREF:
		parse_fail(p, t, "'&' is only for a function's argument");
	default:
		parse_fail(p, t, "expected an expression");
	}
}

static struct node *
ternary(struct parser *p, struct node *left)
{
	struct node *n = node_make1(p, N_TERNARY, left->off, left);

	node_add_child(p, n, expression(p, 0));
	expect(p, T_COLON, "expected ':' of '? :'");
	node_add_child(p, n, expression(p, RANK_TERNARY - 1));
	return n;
}

/* What follows an expression, as long as it binds tighter than limit. */
static struct node *
climb(struct parser *p, struct node *left, int limit)
{
	struct node *right;
	struct token *t;

	while (rank[p->token->type] > limit) {
		t = p->token;
		switch (t->type) {
		case T_DOT:
			p->token++;
			if (p->token->type == T_STAR)
				left = node_join(p, N_CHAIN, left, each_value(p));
			else
				left = node_join(p, N_CHAIN, left, dot_right(p, RANK_DOT));
			break;
		case T_LBRACKET:
			if ((right = bracket(p)) == NULL)
				parse_fail(p, &t[1], "expected an index, a slice or '*'");
			left = node_join(p, N_CHAIN, left, right);
			break;
		case T_FILTER:
			left = node_join(p, N_CHAIN, left, filter(p));
			break;
		case T_FLATTEN:
			left = node_join(p, N_CHAIN, left, flatten(p));
			break;
		case T_PIPE: case T_OR: case T_AND:
			p->token++;
			right = expression(p, rank[t->type]);
			left = node_join(p, t->type == T_PIPE ? N_PIPE : t->type == T_OR ? N_OR : N_AND, left, right);
			break;
		case T_QUESTION:
			p->token++;
			left = ternary(p, left);
			break;
		default:
			p->token++;
			left = node_join_fold(p, left, t, expression(p, rank[t->type]));
		}
	}
	return left;
}

static struct node *
expression(struct parser *p, int limit)
{
	struct node *n;

	if (++p->depth > LIMIT_EXPRESSION_DEPTH) {
		jmes_set_error(JE_LIMIT);
		err_set(p->err, REASON_USAGE, "expression nested deeper than %d at column %zu", LIMIT_EXPRESSION_DEPTH,
		    jmes_column(p->jmes->text, p->jmes->len, p->token->off));
		longjmp(p->failed, 1);
	}
	n = climb(p, begin(p), limit);
	p->depth--;
	return n;
}

/* The one place that parse_fail() comes back to. */
static int
whole(struct parser *p)
{
	if (setjmp(p->failed) != 0)
		return -1;
	p->jmes->top = expression(p, 0);
	if (p->token->type != T_END)
		parse_fail(p, p->token, "expected an operator or the end");
	p->jmes->outer = p->outer.node;
	p->jmes->nouter = p->outer.n;
	return 0;
}

int
jmes_parse(struct jmespath *j, struct err *err)
{
	struct parser p = { .jmes = j, .err = err };
	struct token *all;
	int rc;

	if ((all = jmes_lex(&j->arena, j->text, j->len, err)) == NULL)
		return -1;
	p.token = all;
	rc = whole(&p);
	free(p.scope);
	free(all);
	return rc;
}
