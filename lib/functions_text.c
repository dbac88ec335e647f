/* Functions that cut and join texts. */
#include <math.h>
#include <string.h>

#include "functions_private.h"
#include "limit.h"
#include "text.h"

struct jval *
fn_truncate(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	const struct jval *v = arg[0];
	double max = arg[1]->number;
	size_t keep, mark = n > 2 ? text_chars(arg[2]->u.text, arg[2]->len) : 0;
	char *out;

	if (!(max >= 0) || max != floor(max))
		return jmespath_fail(JE_INVALID_VALUE, err, "truncate(): the length is no whole number from 0 up");
	fn_charge(ctx, v->len);
	if (max >= (double)v->len || text_first(v->u.text, v->len, (size_t)max) == v->len)
		return arg[0];
	if ((double)mark > max)
		mark = 0;	/* no room for it: cut without */
	keep = text_first(v->u.text, v->len, (size_t)max - mark);
	if (mark == 0)
		return fn_view(ctx, v->u.text, keep, err);
	if ((out = arena_alloc(ctx->arena, keep + arg[2]->len)) == NULL)
		return fn_full(ctx, err);
	memcpy(out, v->u.text, keep);
	memcpy(out + keep, arg[2]->u.text, arg[2]->len);
	return fn_view(ctx, out, keep + arg[2]->len, err);
}

struct jval *
fn_squeeze(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	const char *p = arg[0]->u.text, *end = p + arg[0]->len;
	char *out = arena_alloc(ctx->arena, arg[0]->len);
	bool blank = false;
	size_t len = 0, c;
	uint32_t cp;

	(void)n;
	fn_charge(ctx, arg[0]->len * 4);
	if (out == NULL)
		return fn_full(ctx, err);
	for (; p < end && (c = text_utf8(p, (size_t)(end - p), &cp)) > 0; p += c) {
		if (text_is_space(cp)) {
			blank = len > 0;
			continue;
		}
		if (blank)
			out[len++] = ' ';
		blank = false;
		memcpy(out + len, p, c);
		len += c;
	}
	return fn_view(ctx, out, len, err);
}

static const char *
find(const struct jval *v, const struct jval *what)
{
	return what->len == 0 ? NULL : memmem(v->u.text, v->len, what->u.text, what->len);
}

struct jval *
fn_before(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	const char *p = find(arg[0], arg[1]);

	(void)n;
	fn_charge(ctx, arg[0]->len);
	return p == NULL ? arg[0] : fn_view(ctx, arg[0]->u.text, (size_t)(p - arg[0]->u.text), err);
}

struct jval *
fn_after(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	const char *p = find(arg[0], arg[1]), *end = arg[0]->u.text + arg[0]->len;

	(void)n;
	fn_charge(ctx, arg[0]->len);
	if (p == NULL)
		return &jval_null;
	p += arg[1]->len;
	return fn_view(ctx, p, (size_t)(end - p), err);
}

/* --- arrays without repeats --- */

/* Is v among the first n of the array? Steps are counted for each look. */
static bool
among(struct jmespath_ctx *ctx, const struct jval *array, uint32_t n, const struct jval *v)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (jval_equal_counted(array->u.item[i], v, &ctx->steps))
			return true;
	return false;
}

/* Quadratic in what is different, so the steps end it where that gets long. */
static bool
out_of_steps(const struct jmespath_ctx *ctx)
{
	return ctx->steps > LIMIT_STEPS;
}

static struct jval *
too_long(const char *name, struct err *err)
{
	return jmespath_fail(JE_LIMIT, err, "%s(): too many different elements", name);
}

static bool
is_cut(const char *c, size_t len, uint32_t cp, const struct jval *separators)
{
	return separators == NULL ? text_is_space(cp) : memmem(separators->u.text, separators->len, c, len) != NULL;
}

/* The next word between p and end, blanks off; its length, 0 at the end. */
static size_t
next_word(const char **p, const char *end, const struct jval *separators, const char **word)
{
	const char *stop;
	size_t c, len;
	uint32_t cp;

	while (*p < end) {
		*word = NULL;
		stop = *p;
		for (; *p < end && (c = text_utf8(*p, (size_t)(end - *p), &cp)) > 0; *p += c) {
			if (is_cut(*p, c, cp, separators))
				break;
			if (text_is_space(cp))
				continue;
			if (*word == NULL)
				*word = *p;
			stop = *p + c;
		}
		len = *word == NULL ? 0 : (size_t)(stop - *word);
		if (*p < end)	/* over the separator */
			*p += (c = text_utf8(*p, (size_t)(end - *p), &cp)) > 0 ? c : 1;
		if (len > 0)
			return len;
	}
	return 0;
}

struct jval *
fn_words(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	const struct jval *separators = n > 1 && arg[1]->len > 0 ? arg[1] : NULL;
	const char *p = arg[0]->u.text, *end = p + arg[0]->len, *word;
	struct jval *out;
	uint32_t count = 0;
	size_t len;

	fn_charge(ctx, arg[0]->len * 4 + (separators != NULL ? arg[0]->len * (separators->len / 8) : 0));
	if (out_of_steps(ctx))
		return too_long("words", err);
	while (next_word(&p, end, separators, &word) > 0)
		count++;
	if ((out = jval_array(ctx->arena, count)) == NULL)
		return fn_full(ctx, err);
	for (p = arg[0]->u.text, count = 0; (len = next_word(&p, end, separators, &word)) > 0;) {
		struct jval *v = fn_view(ctx, word, len, err);

		if (v == NULL)
			return NULL;
		if (!among(ctx, out, count, v))
			out->u.item[count++] = v;
		if (out_of_steps(ctx))
			return too_long("words", err);
	}
	out->len = count;
	return out;
}

struct jval *
fn_unique(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct jval *out = jval_array(ctx->arena, arg[0]->len);
	uint32_t i, count = 0;

	(void)n;
	if (out == NULL)
		return fn_full(ctx, err);
	for (i = 0; i < arg[0]->len; i++) {
		if (!among(ctx, out, count, arg[0]->u.item[i]))
			out->u.item[count++] = arg[0]->u.item[i];
		if (out_of_steps(ctx))
			return too_long("unique", err);
	}
	out->len = count;
	if (jval_seal(out) == NULL)
		return jmespath_fail(JE_LIMIT, err, "result nested deeper than %d", LIMIT_DEPTH);
	return out;
}

/* --- JSON in a string --- */

struct jval *
fn_from_json(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct err why = { 0 };
	struct jval *v = NULL;
	struct scan s;

	(void)n;
	fn_charge(ctx, arg[0]->len * 8);
	scan_init(&s);
	if (scan_text(&s, arg[0]->u.text, arg[0]->len, &why) == -1)
		jmespath_fail(JE_INVALID_VALUE, err, "from_json(): %s", why.text);
	else if ((v = jval_from_scan(ctx->arena, &s, 0)) == NULL)	/* points into the argument's text */
		fn_full(ctx, err);
	scan_release(&s);
	return v;
}
