/* Values as JSON: numbers in the shortest form that reads back equal, nothing recursive. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jval_private.h"

/* The digits of %.*e, moved into plain form unless that takes many zeros. */
static size_t
lay_out(char *out, const char *digits, int n, int exponent, bool minus)
{
	char *p = out;
	int i;

	if (minus)
		*p++ = '-';
	if (exponent < -7 || exponent > 20) {
		*p++ = digits[0];
		if (n > 1) {
			*p++ = '.';
			memcpy(p, digits + 1, (size_t)n - 1);
			p += n - 1;
		}
		return (size_t)(p - out) + (size_t)sprintf(p, "e%+d", exponent);
	}
	if (exponent < 0) {
		*p++ = '0';
		*p++ = '.';
		for (i = -1; i > exponent; i--)
			*p++ = '0';
	}
	for (i = 0; i < n || i <= exponent; i++) {
		if (i == exponent + 1 && exponent >= 0)
			*p++ = '.';
		*p++ = i < n ? digits[i] : '0';
	}
	return (size_t)(p - out);
}

size_t
jval_format_number(double d, char out[JVAL_NUMBER_TEXT])
{
	char text[40], digits[20];
	int precision, n = 0, exponent;
	const char *p;

	if (d == 0 || !isfinite(d))	/* -0 reads back equal to 0; the rest has no JSON form and is never made */
		return (size_t)sprintf(out, d == 0 ? "0" : "null");
	if (fabs(d) < 9007199254740992.0 && d == (double)(int64_t)d)
		return (size_t)sprintf(out, "%lld", (long long)d);
	for (precision = 14; precision < 16; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	snprintf(text, sizeof(text), "%.*e", precision, d);
	for (p = text; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	exponent = atoi(p + 1);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return lay_out(out, digits, n, exponent, d < 0);
}

static int
print_scalar(const struct jval *v, struct buf *out)
{
	char text[JVAL_NUMBER_TEXT];

	switch (v->type) {
	case J_BOOL:
		return buf_addz(out, v->boolean ? "true" : "false");
	case J_NUMBER:
		if (v->text_is_source)
			return buf_add(out, v->u.text, v->len);
		return buf_add(out, text, jval_format_number(v->number, text));
	case J_STRING:
		return buf_add_json(out, v->u.text, v->len);
	default:
		return buf_add(out, "null", 4);
	}
}

int
jval_print(const struct jval *v, struct buf *out)
{
	struct { const struct jval *v; uint32_t at; } stack[JVAL_FRAMES], *f = NULL;
	size_t start = out->len;

	for (;;) {
		if (v->type == J_ARRAY || v->type == J_OBJECT) {
			if (f != NULL && f - stack + 1 >= JVAL_FRAMES)
				goto full;
			f = f == NULL ? stack : f + 1;
			f->v = v;
			f->at = 0;
			if (buf_addc(out, v->type == J_ARRAY ? '[' : '{') == -1)
				goto full;
		} else if (print_scalar(v, out) == -1)
			goto full;
		while (f != NULL && f->at == f->v->len) {
			if (buf_addc(out, f->v->type == J_ARRAY ? ']' : '}') == -1)
				goto full;
			f = f == stack ? NULL : f - 1;
		}
		if (f == NULL)
			return 0;
		if (f->at > 0 && buf_addc(out, ',') == -1)
			goto full;
		if (f->v->type == J_OBJECT) {
			const struct jmember *m = &f->v->u.member[f->at++];

			if (buf_add_json(out, m->name, m->len) == -1 || buf_addc(out, ':') == -1)
				goto full;
			v = m->value;
		} else
			v = f->v->u.item[f->at++];
	}
full:
	out->len = start;
	out->bytes[start] = '\0';
	return -1;
}
