/* Projections and slices: an expression's rest on each element of an array. */
#include <string.h>

#include "private.h"

/* rest on every item, what is null left out. Without rest and nulls the array itself is the result. */
struct jval *
jmes_project(struct run *r, const struct node *rest, struct jval *array)
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

struct jval *
jmes_each_value(struct run *r, const struct node *n, struct jval *object)
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
	return jmes_project(r, n->n > 0 ? n->child[0] : NULL, values);
}

struct jval *
jmes_filter(struct run *r, const struct node *n, struct jval *array)
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

struct jval *
jmes_flatten(struct run *r, const struct node *n, struct jval *array)
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
	return jmes_project(r, n->n > 0 ? n->child[0] : NULL, out);
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

struct jval *
jmes_slice(struct run *r, const struct node *n, struct jval *v)
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
	return jmes_project(r, n->n > 0 ? n->child[0] : NULL, out);
}
