/* Calls: arguments evaluated, their kinds checked, the function run. */
#include "private.h"

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

bool
jmes_fits(struct run *r, const struct function *f, int i, const struct jval *arg)
{
	unsigned kind = f->kind[i < 3 ? i : 3];

	if (fits(arg, kind))
		return true;
	jmespath_fail(JE_INVALID_TYPE, r->err, "%s() takes %s as argument %d, not %s%s", f->name, kind_text(kind), i + 1,
	    jmes_type_name(arg), arg->type == J_ARRAY ? " of something else" : "");
	return false;
}

static struct jval *
check_kinds(struct run *r, const struct function *f, struct jval **arg, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (arg[i]->type == J_ARRAY && (f->kind[i < 3 ? i : 3] & KIND_ARRAY) == 0 && !jmes_charge(r, arg[i]->len))
			return NULL;
		if (!jmes_fits(r, f, i, arg[i]))
			return NULL;
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

struct jval *
jmes_call(struct run *r, const struct node *n, struct jval *current)
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

struct jval *
jmes_expref(struct run *r, const struct node *n)
{
	struct jval *v = arena_alloc(r->arena, sizeof(*v));

	if (v == NULL)
		return jmes_full(r);
	*v = (struct jval){ .type = J_EXPREF, .u.expref = n->child[0] };
	return v;
}
