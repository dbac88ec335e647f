/* The specification's functions of numbers. */
#include <math.h>

#include "private.h"

static struct jval *
made(struct run *r, double d)
{
	struct jval *v;

	if (!isfinite(d))
		return jmespath_fail(JE_NOT_A_NUMBER, r->err, "the result is no finite number");
	v = jval_number(r->arena, d);
	return v != NULL ? v : jmes_full(r);
}

/* Where nothing changes, the number as the feed wrote it. */
struct jval *
jmes_abs(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return arg[0]->number >= 0 ? arg[0] : made(r, fabs(arg[0]->number));
}

struct jval *
jmes_ceil(struct run *r, struct jval **arg, int n)
{
	double d = ceil(arg[0]->number);

	(void)n;
	return made(r, d);
}

struct jval *
jmes_floor(struct run *r, struct jval **arg, int n)
{
	double d = floor(arg[0]->number);

	(void)n;
	return made(r, d);
}

static double
total(const struct jval *array)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < array->len; i++)
		sum += array->u.item[i]->number;
	return sum;
}

struct jval *
jmes_sum(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return made(r, total(arg[0]));
}

struct jval *
jmes_avg(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return arg[0]->len == 0 ? &jval_null : made(r, total(arg[0]) / arg[0]->len);
}

/* JSON's number form, whole: no blanks, plus sign, leading zero or hexadecimal. */
static bool
is_json_number(const char *p, size_t len)
{
	const char *end = p + len, *digits;

	if (p < end && *p == '-')
		p++;
	if (p == end || *p < '0' || *p > '9')
		return false;
	if (*p == '0')
		p++;
	else
		while (p < end && *p >= '0' && *p <= '9')
			p++;
	if (p < end && *p == '.') {
		for (digits = ++p; p < end && *p >= '0' && *p <= '9'; p++)
			;
		if (p == digits)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		for (digits = p; p < end && *p >= '0' && *p <= '9'; p++)
			;
		if (p == digits)
			return false;
	}
	return p == end;
}

struct jval *
jmes_to_number(struct run *r, struct jval **arg, int n)
{
	struct jval *v;

	(void)n;
	if (arg[0]->type == J_NUMBER)
		return arg[0];
	if (arg[0]->type != J_STRING || !is_json_number(arg[0]->u.text, arg[0]->len))
		return &jval_null;
	if (!jmes_charge(r, arg[0]->len / 16) || (v = jval_number(r->arena, 0)) == NULL)
		return jmes_full(r);
	v->number = jval_parse_number(arg[0]->u.text, arg[0]->len);
	v->text_is_source = true;
	v->u.text = arg[0]->u.text;
	v->len = arg[0]->len;
	return v;
}
