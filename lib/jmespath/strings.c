/* The specification's functions of strings: positions and lengths are code points. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <math.h>
#include <pcre2.h>
#include <string.h>

#include "private.h"
#include "text.h"

static struct jval *
view(struct run *r, const char *text, size_t len)
{
	struct jval *v = jval_string(r->arena, text, len);

	return v != NULL ? v : jmes_full(r);
}

static bool
charge_text(struct run *r, size_t bytes)
{
	return jmes_charge(r, 1 + bytes / 64);
}

static bool
is_ascii(const struct jval *v)
{
	return text_chars(v->u.text, v->len) == v->len;
}

/* --- slices, length, reverse --- */

struct jval *
jmes_slice_string(struct run *r, const struct slice *s, struct jval *v)
{
	size_t chars = text_chars(v->u.text, v->len), count, i, n = 0, len;
	int64_t at;
	const char **start;
	char *out;

	if (!charge_text(r, v->len))
		return NULL;
	count = jmes_slice_span(s, chars, &at);
	if (count == 0)
		return view(r, "", 0);
	if (s->step == 1) {	/* a piece of the text as it stands */
		size_t from = text_first(v->u.text, v->len, (size_t)at);

		return view(r, v->u.text + from, text_first(v->u.text + from, v->len - from, count));
	}
	if ((out = arena_alloc(r->arena, v->len)) == NULL)
		return jmes_full(r);
	if (chars == v->len) {
		for (i = 0; i < count; i++, at += s->step)
			out[i] = v->u.text[at];
		return view(r, out, count);
	}
	if (!jmes_charge(r, chars) || (start = arena_alloc(r->arena, (chars + 1) * sizeof(*start))) == NULL)
		return jmes_full(r);
	for (i = 0, len = 0; i < chars; i++) {
		start[i] = v->u.text + len;
		len += text_utf8(v->u.text + len, v->len - len, NULL);
	}
	start[chars] = v->u.text + v->len;
	for (i = 0; i < count; i++, at += s->step) {
		len = (size_t)(start[at + 1] - start[at]);
		memcpy(out + n, start[at], len);
		n += len;
	}
	return view(r, out, n);
}

struct jval *
jmes_length(struct run *r, struct jval **arg, int n)
{
	struct jval *v;
	size_t len = arg[0]->len;

	(void)n;
	if (arg[0]->type == J_STRING) {
		if (!charge_text(r, len))
			return NULL;
		len = text_chars(arg[0]->u.text, len);
	}
	v = jval_number(r->arena, (double)len);
	return v != NULL ? v : jmes_full(r);
}

struct jval *
jmes_reverse(struct run *r, struct jval **arg, int n)
{
	static const struct slice backwards = { .step = -1 };
	struct jval *out;
	uint32_t i;

	(void)n;
	if (arg[0]->type == J_STRING)
		return jmes_slice_string(r, &backwards, arg[0]);
	if (!jmes_charge(r, arg[0]->len))
		return NULL;
	if ((out = jval_array(r->arena, arg[0]->len)) == NULL)
		return jmes_full(r);
	for (i = 0; i < out->len; i++)
		out->u.item[i] = arg[0]->u.item[out->len - 1 - i];
	return jmes_seal(r, out);
}

/* --- searching --- */

static const char *
find(const char *text, size_t len, const struct jval *what)
{
	return what->len <= len ? memmem(text, len, what->u.text, what->len) : NULL;
}

static const char *
find_backwards(const char *text, size_t len, const struct jval *what)
{
	const char *p;

	if (what->len > len)
		return NULL;
	for (p = text + len - what->len;; p--) {
		if (*p == *what->u.text && memcmp(p, what->u.text, what->len) == 0)
			return p;
		if (p == text)
			return NULL;
	}
}

struct jval *
jmes_contains(struct run *r, struct jval **arg, int n)
{
	const struct jval *in = arg[0];
	uint64_t work = 0;
	bool found = false;
	uint32_t i;

	(void)n;
	if (in->type == J_STRING) {
		if (arg[1]->type != J_STRING)
			return &jval_false;
		return charge_text(r, in->len) ? jval_bool(find(in->u.text, in->len, arg[1]) != NULL) : NULL;
	}
	for (i = 0; i < in->len && !found; i++) {
		found = jval_equal_counted(in->u.item[i], arg[1], &work);
		if (!jmes_charge(r, work))
			return NULL;
		work = 0;
	}
	return jval_bool(found);
}

struct jval *
jmes_starts_with(struct run *r, struct jval **arg, int n)
{
	(void)r;
	(void)n;
	return jval_bool(arg[1]->len <= arg[0]->len && memcmp(arg[0]->u.text, arg[1]->u.text, arg[1]->len) == 0);
}

struct jval *
jmes_ends_with(struct run *r, struct jval **arg, int n)
{
	(void)r;
	(void)n;
	return jval_bool(arg[1]->len <= arg[0]->len &&
	    memcmp(arg[0]->u.text + (arg[0]->len - arg[1]->len), arg[1]->u.text, arg[1]->len) == 0);
}

/* A count or position: a whole number. False: err is set. */
static bool
whole(struct run *r, const struct jval *v, const char *what, double *out)
{
	*out = v->number;
	if (isfinite(*out) && *out == floor(*out))
		return true;
	jmespath_fail(JE_INVALID_VALUE, r->err, "%s is no whole number", what);
	return false;
}

static bool
count(struct run *r, const struct jval *v, const char *what, double *out)
{
	if (!whole(r, v, what, out))
		return false;
	if (*out >= 0)
		return true;
	jmespath_fail(JE_INVALID_VALUE, r->err, "%s is negative", what);
	return false;
}

/* A position counted from the start, or the end where negative, brought into 0..chars. */
static size_t
position(double d, size_t chars)
{
	if (d < 0)
		d += (double)chars;
	return d < 0 ? 0 : d > (double)chars ? chars : (size_t)d;
}

static struct jval *
find_between(struct run *r, struct jval **arg, int n, bool last)
{
	const struct jval *in = arg[0];
	double start = 0, end = 0;
	size_t chars, from, to;
	const char *p;
	struct jval *v;

	if ((n > 2 && !whole(r, arg[2], "the start", &start)) || (n > 3 && !whole(r, arg[3], "the end", &end)) ||
	    !charge_text(r, in->len))
		return NULL;
	if (in->len == 0 || arg[1]->len == 0)
		return &jval_null;
	chars = text_chars(in->u.text, in->len);
	from = position(start, chars);
	to = n > 3 ? position(end, chars) : chars;
	if (from >= to)
		return &jval_null;
	from = text_first(in->u.text, in->len, from);
	to = text_first(in->u.text, in->len, to);
	p = last ? find_backwards(in->u.text + from, to - from, arg[1]) : find(in->u.text + from, to - from, arg[1]);
	if (p == NULL)
		return &jval_null;
	v = jval_number(r->arena, (double)text_chars(in->u.text, (size_t)(p - in->u.text)));
	return v != NULL ? v : jmes_full(r);
}

struct jval *
jmes_find_first(struct run *r, struct jval **arg, int n)
{
	return find_between(r, arg, n, false);
}

struct jval *
jmes_find_last(struct run *r, struct jval **arg, int n)
{
	return find_between(r, arg, n, true);
}

/* --- pieces --- */

struct jval *
jmes_join(struct run *r, struct jval **arg, int n)
{
	const struct jval *glue = arg[0], *list = arg[1];
	size_t total = 0, at = 0;
	uint32_t i;
	char *out;

	(void)n;
	for (i = 0; i < list->len; i++)
		total += (size_t)list->u.item[i]->len + (i > 0 ? glue->len : 0);
	if (list->len == 1)
		return list->u.item[0];
	if (!jmes_charge(r, list->len + total / 64))
		return NULL;
	if ((out = arena_alloc(r->arena, total + 1)) == NULL)
		return jmes_full(r);
	for (i = 0; i < list->len; i++) {
		if (i > 0)
			memcpy(out + at, glue->u.text, glue->len);
		at += i > 0 ? glue->len : 0;
		memcpy(out + at, list->u.item[i]->u.text, list->u.item[i]->len);
		at += list->u.item[i]->len;
	}
	return view(r, out, total);
}

/* Where the next piece ends: at the separator, or behind one character where that is empty. NULL: the rest is the last piece. */
static const char *
piece_end(const char *text, size_t len, const struct jval *separator)
{
	size_t n;

	if (separator->len > 0)
		return find(text, len, separator);
	n = text_utf8(text, len, NULL);
	return n < len ? text + n : NULL;
}

struct jval *
jmes_split(struct run *r, struct jval **arg, int n)
{
	const char *p = arg[0]->u.text, *end = p + arg[0]->len, *q;
	double limit = INFINITY;
	uint32_t pieces = 1, i;
	struct jval *out;

	if ((n > 2 && !count(r, arg[2], "the count", &limit)) || !charge_text(r, arg[0]->len))
		return NULL;
	if (arg[0]->len == 0 && arg[1]->len == 0) {
		out = jval_array(r->arena, 0);
		return out != NULL ? out : jmes_full(r);
	}
	for (; pieces <= limit && (q = piece_end(p, (size_t)(end - p), arg[1])) != NULL; pieces++)
		p = q + arg[1]->len;
	if (!jmes_charge(r, pieces))
		return NULL;
	if ((out = jval_array(r->arena, pieces)) == NULL)
		return jmes_full(r);
	for (i = 0, p = arg[0]->u.text; i < pieces; i++) {
		q = i + 1 < pieces ? piece_end(p, (size_t)(end - p), arg[1]) : end;
		if ((out->u.item[i] = view(r, p, (size_t)(q - p))) == NULL)
			return NULL;
		p = q + arg[1]->len;
	}
	return out;
}

/* As split and join do it, an empty old text stands before every character and at the end. */
struct jval *
jmes_replace(struct run *r, struct jval **arg, int n)
{
	const struct jval *in = arg[0], *old = arg[1], *new = arg[2];
	const char *p = in->u.text, *end = p + in->len, *q;
	double limit = INFINITY, times = 0;
	size_t total;
	char *out, *to;

	if ((n > 3 && !count(r, arg[3], "the count", &limit)) || !charge_text(r, in->len))
		return NULL;
	if (old->len == 0)
		times = (double)text_chars(p, in->len) + 1;
	else
		for (; times < limit && (q = find(p, (size_t)(end - p), old)) != NULL; times++)
			p = q + old->len;
	if (times > limit)
		times = limit;
	if (times == 0)
		return arg[0];
	if (new->len > 0 && times > (double)(r->arena->max / new->len))
		return jmes_full(r);
	total = in->len - (size_t)times * old->len + (size_t)times * new->len;
	if (!jmes_charge(r, (uint64_t)times + total / 64))
		return NULL;
	if ((out = to = arena_alloc(r->arena, total + 1)) == NULL)
		return jmes_full(r);
	for (p = in->u.text; times > 0; times--) {
		q = old->len > 0 ? find(p, (size_t)(end - p), old) : p;
		memcpy(to, p, (size_t)(q - p));
		to += q - p;
		memcpy(to, new->u.text, new->len);
		to += new->len;
		p = q + old->len;
		if (old->len == 0 && p < end) {	/* the character behind */
			size_t c = text_utf8(p, (size_t)(end - p), NULL);

			memcpy(to, p, c);
			to += c;
			p += c;
		}
	}
	memcpy(to, p, (size_t)(end - p));
	return view(r, out, total);
}

static struct jval *
pad(struct run *r, struct jval **arg, int n, bool left)
{
	size_t chars = text_chars(arg[0]->u.text, arg[0]->len), unit = 1, missing, i;
	const char *with = " ";
	double width;
	char *out, *to;

	if (!whole(r, arg[1], "the width", &width))
		return NULL;
	if (n > 2) {
		if (text_chars(arg[2]->u.text, arg[2]->len) != 1)
			return jmespath_fail(JE_INVALID_VALUE, r->err, "the padding is not one character");
		with = arg[2]->u.text;
		unit = arg[2]->len;
	}
	if (width <= (double)chars)
		return arg[0];
	if (width > (double)r->arena->max)
		return jmes_full(r);
	missing = (size_t)width - chars;
	if (!jmes_charge(r, missing / 8))
		return NULL;
	if ((out = to = arena_alloc(r->arena, arg[0]->len + missing * unit)) == NULL)
		return jmes_full(r);
	if (!left) {
		memcpy(to, arg[0]->u.text, arg[0]->len);
		to += arg[0]->len;
	}
	for (i = 0; i < missing; i++, to += unit)
		memcpy(to, with, unit);
	if (left)
		memcpy(to, arg[0]->u.text, arg[0]->len);
	return view(r, out, arg[0]->len + missing * unit);
}

struct jval *
jmes_pad_left(struct run *r, struct jval **arg, int n)
{
	return pad(r, arg, n, true);
}

struct jval *
jmes_pad_right(struct run *r, struct jval **arg, int n)
{
	return pad(r, arg, n, false);
}

/* --- trimming --- */

/* set: the characters to remove; NULL or empty: white space. */
static bool
is_trimmed(const char *c, size_t len, uint32_t cp, const struct jval *set)
{
	return set == NULL || set->len == 0 ? text_is_space(cp) : memmem(set->u.text, set->len, c, len) != NULL;
}

static struct jval *
trim(struct run *r, struct jval **arg, int n, bool left, bool right)
{
	const struct jval *set = n > 1 ? arg[1] : NULL;
	const char *p = arg[0]->u.text, *end = p + arg[0]->len, *q;
	uint32_t cp;
	size_t len;

	if (!jmes_charge(r, 1 + arg[0]->len / 64 + (uint64_t)arg[0]->len * (set != NULL ? set->len : 0) / 256))
		return NULL;
	while (left && p < end && (len = text_utf8(p, (size_t)(end - p), &cp)) > 0 && is_trimmed(p, len, cp, set))
		p += len;
	while (right && p < end) {
		for (q = end - 1; q > p && ((unsigned char)*q & 0xc0) == 0x80; q--)
			;
		len = text_utf8(q, (size_t)(end - q), &cp);
		if (len == 0 || !is_trimmed(q, len, cp, set))
			break;
		end = q;
	}
	if ((size_t)(end - p) == arg[0]->len)
		return arg[0];
	return view(r, p, (size_t)(end - p));
}

struct jval *
jmes_trim(struct run *r, struct jval **arg, int n)
{
	return trim(r, arg, n, true, true);
}

struct jval *
jmes_trim_left(struct run *r, struct jval **arg, int n)
{
	return trim(r, arg, n, true, false);
}

struct jval *
jmes_trim_right(struct run *r, struct jval **arg, int n)
{
	return trim(r, arg, n, false, true);
}

/* --- case --- */

/*
 * Beyond ASCII PCRE2's tables know the other case of a letter, one for one,
 * whatever the locale: \L and \U of its substitution language.
 */
static struct jval *
unicode_case(struct run *r, const struct jval *v, const char *replacement)
{
	static pcre2_code *all;
	PCRE2_SIZE room = (PCRE2_SIZE)v->len * 3 / 2 + 8;	/* U+0250 and few others grow from 2 to 3 bytes */
	PCRE2_SIZE where;
	char *out;
	int code;

	if (all == NULL)
		all = pcre2_compile((PCRE2_SPTR)"(?s).+", PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &where, NULL);
	if (all == NULL || (out = arena_alloc(r->arena, room)) == NULL)
		return jmes_full(r);
	code = pcre2_substitute(all, (PCRE2_SPTR)v->u.text, v->len, 0, PCRE2_SUBSTITUTE_EXTENDED, NULL, NULL,
	    (PCRE2_SPTR)replacement, PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)out, &room);
	if (code < 0)
		return jmespath_fail(JE_INVALID_VALUE, r->err, "cannot change the case of this text");
	return view(r, out, room);
}

static struct jval *
change_case(struct run *r, struct jval *v, bool upper)
{
	char from = upper ? 'a' : 'A', *out;
	uint32_t i;

	if (!charge_text(r, v->len))
		return NULL;
	if (!is_ascii(v))
		return unicode_case(r, v, upper ? "\\U$0" : "\\L$0");
	for (i = 0; i < v->len && (unsigned char)(v->u.text[i] - from) > 25; i++)
		;
	if (i == v->len)
		return v;
	if ((out = arena_alloc(r->arena, v->len)) == NULL)
		return jmes_full(r);
	for (i = 0; i < v->len; i++)
		out[i] = (char)(v->u.text[i] ^ ((unsigned char)(v->u.text[i] - from) <= 25 ? 0x20 : 0));
	return view(r, out, v->len);
}

struct jval *
jmes_lower(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return change_case(r, arg[0], false);
}

struct jval *
jmes_upper(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return change_case(r, arg[0], true);
}

/* --- to_string --- */

struct jval *
jmes_to_string(struct run *r, struct jval **arg, int n)
{
	struct jval *v = arg[0];
	struct buf text;

	(void)n;
	if (v->type == J_STRING)
		return v;
	if (v->type == J_NUMBER && v->text_is_source)
		return view(r, v->u.text, v->len);
	buf_init(&text, r->arena->max - r->arena->used);
	if (jval_print(v, &text) == -1 || (v = jval_string_copy(r->arena, text.bytes, text.len)) == NULL)
		v = jmes_full(r);
	else if (!charge_text(r, text.len))
		v = NULL;
	buf_release(&text);
	return v;
}
