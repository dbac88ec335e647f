#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "private.h"
#include "text.h"

static enum jmespath_error last_error;

static const char *const error_name[] = {
	[JE_NONE] = "", [JE_SYNTAX] = "syntax error", [JE_INVALID_TYPE] = "invalid type",
	[JE_INVALID_VALUE] = "invalid value", [JE_INVALID_ARITY] = "invalid arity",
	[JE_UNKNOWN_FUNCTION] = "unknown function", [JE_UNDEFINED_VARIABLE] = "undefined variable",
	[JE_NOT_A_NUMBER] = "not a number", [JE_LIMIT] = "limit",
};

void
jmes_set_error(enum jmespath_error kind)
{
	last_error = kind;
}

enum jmespath_error
jmespath_last_error(void)
{
	return last_error;
}

struct jval *
jmespath_fail(enum jmespath_error kind, struct err *err, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	last_error = kind;
	err_set(err, REASON_CONTRACT, "%s: %s", error_name[kind], why);
	return NULL;
}

/* "invalid type: abs() ..." becomes "invalid type at column 7: abs() ...", once. */
static struct jval *
locate(struct run *r, const struct node *n)
{
	const char *kind = error_name[last_error];
	size_t len = strlen(kind);
	struct err was;

	if (r->err == NULL || strncmp(r->err->text, kind, len) != 0 || r->err->text[len] != ':')
		return NULL;
	was = *r->err;
	err_set(r->err, was.reason, "%s at column %zu%s", kind, jmes_column(r->jmes->text, r->jmes->len, n->off), was.text + len);
	return NULL;
}

bool
jmes_charge(struct run *r, uint64_t work)
{
	r->ctx->steps += work;
	if (r->ctx->steps <= LIMIT_STEPS)
		return true;
	jmespath_fail(JE_LIMIT, r->err, "more than %d evaluation steps for one record", LIMIT_STEPS);
	return false;
}

struct jval *
jmes_full(struct run *r)
{
	return jmespath_fail(JE_LIMIT, r->err, "result larger than %zu bytes", r->arena->max);
}

struct jval *
jmes_seal(struct run *r, struct jval *v)
{
	if (jval_seal(v) == NULL)
		return jmespath_fail(JE_LIMIT, r->err, "result nested deeper than %d", LIMIT_DEPTH);
	return v;
}

const char *
jmes_type_name(const struct jval *v)
{
	static const char *const name[] = { "null", "boolean", "number", "string", "array", "object", "expression" };

	return name[v->type];
}

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

/* --- projections --- */

/* rest on every item, what is null left out. Without rest and nulls the array itself is the result. */
static struct jval *
project(struct run *r, const struct node *rest, struct jval *array)
{
	struct jval *out, *v;
	uint32_t i, n = 0;

	if (!jmes_charge(r, array->len))
		return NULL;
	if (rest == NULL) {
		for (i = 0; i < array->len && array->u.item[i]->type != J_NULL; i++)
			;
		if (i == array->len)
			return array;
	}
	if ((out = jval_array(r->arena, array->len)) == NULL)
		return jmes_full(r);
	for (i = 0; i < array->len; i++) {
		v = array->u.item[i];
		if (rest != NULL && (v = jmes_eval(r, rest, v)) == NULL)
			return NULL;
		if (v->type != J_NULL)
			out->u.item[n++] = v;
	}
	out->len = n;
	return jmes_seal(r, out);
}

static struct jval *
each_value(struct run *r, const struct node *n, struct jval *object)
{
	struct jval *values;
	uint32_t i;

	if (object->type != J_OBJECT)
		return &jval_null;
	if ((values = jval_array(r->arena, object->len)) == NULL)
		return jmes_full(r);
	for (i = 0; i < object->len; i++)
		values->u.item[i] = object->u.member[i].value;
	if (jmes_seal(r, values) == NULL)
		return NULL;
	return project(r, n->n > 0 ? n->child[0] : NULL, values);
}

static struct jval *
filter(struct run *r, const struct node *n, struct jval *array)
{
	struct jval *out, *v;
	uint32_t i, kept = 0;

	if (array->type != J_ARRAY)
		return &jval_null;
	if ((out = jval_array(r->arena, array->len)) == NULL)
		return jmes_full(r);
	for (i = 0; i < array->len; i++) {
		if ((v = jmes_eval(r, n->child[0], array->u.item[i])) == NULL)
			return NULL;
		if (!jmespath_true(v))
			continue;
		v = array->u.item[i];
		if (n->n > 1 && (v = jmes_eval(r, n->child[1], v)) == NULL)
			return NULL;
		if (v->type != J_NULL)
			out->u.item[kept++] = v;
	}
	out->len = kept;
	return jmes_seal(r, out);
}

static struct jval *
flatten(struct run *r, const struct node *n, struct jval *array)
{
	uint64_t total = 0;
	struct jval *out;
	uint32_t i, at = 0;

	if (array->type != J_ARRAY)
		return &jval_null;
	for (i = 0; i < array->len; i++)
		total += array->u.item[i]->type == J_ARRAY ? array->u.item[i]->len : 1;
	if (!jmes_charge(r, total))
		return NULL;
	if ((out = jval_array(r->arena, total)) == NULL)
		return jmes_full(r);
	for (i = 0; i < array->len; i++) {
		struct jval *v = array->u.item[i];

		if (v->type != J_ARRAY)
			out->u.item[at++] = v;
		else if (v->len > 0) {
			memcpy(out->u.item + at, v->u.item, v->len * sizeof(struct jval *));
			at += v->len;
		}
	}
	if (jmes_seal(r, out) == NULL)
		return NULL;
	return project(r, n->n > 0 ? n->child[0] : NULL, out);
}

/* Python's rules; numbers of the expression are below 2^32 by the lexer's clamp. */
size_t
jmes_slice_span(const struct slice *s, size_t length, int64_t *first)
{
	int64_t len = (int64_t)length, low = s->step < 0 ? -1 : 0, high = s->step < 0 ? len - 1 : len;
	int64_t start = s->start, stop = s->stop;

	if (!s->has_start)
		start = s->step < 0 ? high : low;
	else {
		start += start < 0 ? len : 0;
		start = start < low ? low : start > high ? high : start;
	}
	if (!s->has_stop)
		stop = s->step < 0 ? low : high;
	else {
		stop += stop < 0 ? len : 0;
		stop = stop < low ? low : stop > high ? high : stop;
	}
	*first = start;
	if (s->step > 0)
		return start < stop ? (size_t)((stop - start - 1) / s->step + 1) : 0;
	return start > stop ? (size_t)((start - stop - 1) / -s->step + 1) : 0;
}

static struct jval *
slice(struct run *r, const struct node *n, struct jval *v)
{
	const struct slice *s = n->u.slice;
	struct jval *out;
	int64_t at;
	size_t count, i;

	if (v->type != J_ARRAY && v->type != J_STRING)
		return &jval_null;
	if (s->step == 0)
		return jmespath_fail(JE_INVALID_VALUE, r->err, "a slice's step is 0");
	if (v->type == J_STRING) {
		out = jmes_slice_string(r, s, v);
		return out == NULL || n->n == 0 ? out : jmes_eval(r, n->child[0], out);
	}
	count = jmes_slice_span(s, v->len, &at);
	if ((out = jval_array(r->arena, count)) == NULL)
		return jmes_full(r);
	for (i = 0; i < count; i++, at += s->step)
		out->u.item[i] = v->u.item[at];
	if (jmes_seal(r, out) == NULL)
		return NULL;
	return project(r, n->n > 0 ? n->child[0] : NULL, out);
}

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

/* --- operators --- */

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

static struct jval *
fold(struct run *r, const struct node *n, struct jval *current)
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
			return locate(r, &at);
	}
	return left;
}

static struct jval *
sign(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *v = jmes_eval(r, n->child[0], current);

	if (v == NULL)
		return NULL;
	if (v->type != J_NUMBER)
		return jmespath_fail(JE_INVALID_TYPE, r->err, "a sign needs a number, not %s", jmes_type_name(v));
	return n->op == N_PLUS ? v : number(r, -v->number);
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

/* --- calls --- */

static bool
all_of(const struct jval *array, enum jtype type)
{
	uint32_t i;

	for (i = 0; i < array->len; i++)
		if (array->u.item[i]->type != type)
			return false;
	return true;
}

static bool
fits(const struct jval *v, unsigned kind)
{
	static const uint16_t plain[] = { KIND_NULL, KIND_BOOL, KIND_NUMBER, KIND_STRING, KIND_ARRAY, KIND_OBJECT, KIND_EXPREF };

	if (kind & plain[v->type])
		return true;
	if (v->type != J_ARRAY)
		return false;
	return ((kind & KIND_NUMBERS) && all_of(v, J_NUMBER)) || ((kind & KIND_STRINGS) && all_of(v, J_STRING)) ||
	    ((kind & KIND_OBJECTS) && all_of(v, J_OBJECT));
}

static const char *
kind_text(unsigned kind)
{
	switch (kind) {
	case KIND_NUMBER:			return "a number";
	case KIND_STRING:			return "a string";
	case KIND_ARRAY:			return "an array";
	case KIND_OBJECT:			return "an object";
	case KIND_EXPREF:			return "an expression (&...)";
	case KIND_NUMBERS:			return "an array of numbers";
	case KIND_STRINGS:			return "an array of strings";
	case KIND_OBJECTS:			return "an array of objects";
	case KIND_NUMBERS | KIND_STRINGS:	return "an array of numbers or of strings";
	case KIND_ARRAY | KIND_STRING:		return "an array or a string";
	case KIND_ARRAY | KIND_OBJECT | KIND_STRING: return "an array, an object or a string";
	case KIND_STRING | KIND_NUMBER:		return "a string or a number";
	default:				return "a value";
	}
}

static struct jval *
check_kinds(struct run *r, const struct function *f, struct jval **arg, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		unsigned kind = f->kind[i < 3 ? i : 3];

		if (arg[i]->type == J_ARRAY && (kind & KIND_ARRAY) == 0 && !jmes_charge(r, arg[i]->len))
			return NULL;
		if (!fits(arg[i], kind))
			return jmespath_fail(JE_INVALID_TYPE, r->err, "%s() takes %s as argument %d, not %s%s", f->name,
			    kind_text(kind), i + 1, jmes_type_name(arg[i]),
			    arg[i]->type == J_ARRAY ? " of something else" : "");
	}
	return &jval_null;
}

/* not_null(): evaluates no further than it must. */
static struct jval *
call_lazy(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *v = &jval_null;
	uint32_t i;

	for (i = 0; i < n->n && v->type == J_NULL; i++) {
		if ((v = jmes_eval(r, n->child[i], current)) == NULL)
			return NULL;
		if (v->type == J_EXPREF)
			return jmespath_fail(JE_INVALID_TYPE, r->err, "%s() takes values, not expressions", n->u.function->name);
	}
	return v;
}

static struct jval *
call(struct run *r, const struct node *n, struct jval *current)
{
	const struct function *f = n->u.function;
	struct jval *few[4], **arg = few, *v;
	int i, count = (int)n->n;

	if (f->lazy)
		return call_lazy(r, n, current);
	if (count > 4 && (arg = arena_alloc(r->arena, (size_t)count * sizeof(*arg))) == NULL)
		return jmes_full(r);
	for (i = 0; i < count; i++) {
		if ((arg[i] = jmes_eval(r, n->child[i], current)) == NULL)
			return NULL;
		if (arg[i]->type == J_NULL && f->null[i < 3 ? i : 3])
			return &jval_null;
	}
	if (check_kinds(r, f, arg, count) == NULL)
		return NULL;
	if (f->builtin != NULL)
		return f->builtin(r, arg, count);
	return (v = f->ours(r->ctx, arg, count, r->err)) != NULL && jmes_charge(r, 0) ? v : NULL;
}

static struct jval *
expref(struct run *r, const struct node *n)
{
	struct jval *v = arena_alloc(r->arena, sizeof(*v));

	if (v == NULL)
		return jmes_full(r);
	*v = (struct jval){ .type = J_EXPREF, .u.expref = n->child[0] };
	return v;
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
eval_node(struct run *r, const struct node *n, struct jval *current)
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
		return slice(r, n, current);
	case N_CHAIN: case N_PIPE:
		return chain(r, n, current);
	case N_EACH:
		return current->type == J_ARRAY ? project(r, n->n > 0 ? n->child[0] : NULL, current) : &jval_null;
	case N_EACH_VALUE:
		return each_value(r, n, current);
	case N_FILTER:
		return filter(r, n, current);
	case N_FLATTEN:
		return flatten(r, n, current);
	case N_LIST:
		return list(r, n, current);
	case N_HASH:
		return hash(r, n, current);
	case N_CALL:
		return call(r, n, current);
	case N_EXPREF:
		return expref(r, n);
	case N_OR: case N_AND:
		return logical(r, n, current);
	case N_NOT:
		v = jmes_eval(r, n->child[0], current);
		return v == NULL ? NULL : jval_bool(!jmespath_true(v));
	case N_PLUS: case N_MINUS:
		return sign(r, n, current);
	case N_FOLD:
		return fold(r, n, current);
	case N_TERNARY:
		v = jmes_eval(r, n->child[0], current);
		return v == NULL ? NULL : jmes_eval(r, n->child[jmespath_true(v) ? 1 : 2], current);
	case N_LET:
		return let(r, n, current);
	}
	return &jval_null;
}

struct jval *
jmes_eval(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *v = eval_node(r, n, current);

	return v != NULL ? v : locate(r, n);
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
