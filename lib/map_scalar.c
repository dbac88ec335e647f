/*
 * String, Integer, Boolean and Date places: what they take and how it is
 * written (design.md "Feed definition"; dates: runtime-app.md section 12).
 */
#include <stdio.h>

#include "date.h"
#include "map_private.h"
#include "text.h"

const char not_a_word[] = "not one of the platform's words";

static const char *
put_string(struct map *m, struct buf *b, const struct field *f, size_t max, const struct mval *v)
{
	const char *text, *const *word;
	size_t len, n;

	if (!mval_text(v, &text, &len))
		return "not a text";
	trim(&text, &len);
	if (len == 0)
		return "";
	if (f->allowed != NULL) {
		for (word = f->allowed; *word != NULL && !text_eq_nocase(text, len, *word); word++)
			;
		if (*word == NULL)
			return not_a_word;
		/* in the platform's spelling */
		put_json(m, b, *word, strlen(*word));
		return NULL;
	}
	if (max > 0 && len > max && text_chars(text, len) > max) {
		/* of a code of two letters nothing is left before the mark */
		if (!f->cut || max < 10)
			return "too long";
		n = text_first(text, len, max - 3);
		put_json(m, b, text, n);
		if (!m->full) {
			b->len--;
			PUT(m, b, "...\"");
		}
		map_count(m, "cut", f->name, "too long");
		if (map_noting(m))
			map_tell(m, NOTE_LOST, m->now->at, "cut: too long", text, len);
		return NULL;
	}
	put_json(m, b, text, len);
	return NULL;
}

/*
 * A decimal number's nearest whole number, halves up, clamped to low..high
 * where they say something. Works on the text: no double, so 2^63 is not
 * mistaken for something near it, and 1e999 is just very large.
 */
static const char *
put_integer(struct map *m, struct buf *b, const struct field *f, const struct mval *v)
{
	bool negative = false, any = false, seen_point = false, clamp = f->low != 0 || f->high != 0, huge = false, below = false;
	char digit[24], out[32];
	const char *p, *end;
	int n = 0, point = 0, k, i;
	long exponent = 0;
	long long value = 0;
	size_t len;

	if (v->type == M_BOOL || !mval_text(v, &p, &len))
		return "not a number";
	trim(&p, &len);
	if (len == 0)
		return "";
	end = p + len;
	if (*p == '-' || *p == '+')
		negative = *p++ == '-';
	for (; p < end; p++) {
		if (*p == '.' && !seen_point) {
			seen_point = true;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		any = true;
		if (n == 0 && *p == '0') {
			/* leading zeros only move the point */
			point -= seen_point;
			continue;
		}
		if (n < (int)sizeof(digit))
			digit[n++] = *p;
		else
			below |= *p != '0';
		point += !seen_point;
	}
	if (!any)
		return "not a number";
	if (p < end && (*p == 'e' || *p == 'E')) {
		bool down = false;

		p++;
		if (p < end && (*p == '-' || *p == '+'))
			down = *p++ == '-';
		if (p == end)
			return "not a number";
		for (; p < end && *p >= '0' && *p <= '9'; p++)
			if (exponent < 100000)
				exponent = exponent * 10 + (*p - '0');
		if (down)
			exponent = -exponent;
	}
	if (p != end)
		return "not a number";
	/* the value is 0.DIGITS * 10^(point + exponent) */
	k = n == 0 ? 0 : (int)(point + exponent);
	if (k > 18)
		huge = true;
	else {
		bool half = k >= 0 && k < n && digit[k] >= '5';
		bool exact_half = half && digit[k] == '5' && !below;

		for (i = 0; i < k; i++)
			value = value * 10 + (i < n ? digit[i] - '0' : 0);
		for (i = k + 1; exact_half && i < n; i++)
			exact_half = digit[i] == '0';
		/* up means towards the larger: -2.5 is -2 */
		if (half && !(negative && exact_half))
			value++;
		if (negative)
			value = -value;
	}
	if (clamp) {
		if (huge)
			value = negative ? f->low : f->high;
		if (value < f->low)
			value = f->low;
		if (value > f->high)
			value = f->high;
	} else if (huge)
		return "too large a number";
	if (value >= 0 && value < 100) {
		out[0] = (char)('0' + value / 10);
		out[1] = (char)('0' + value % 10);
		put(m, b, out + (value < 10), value < 10 ? 1 : 2);
	} else
		put(m, b, out, (size_t)snprintf(out, sizeof(out), "%lld", value));
	return NULL;
}

/* The id of an object that is there already: rounding would name another one. */
static const char *
put_ref_id(struct map *m, struct buf *b, const struct mval *v)
{
	const char *text;
	size_t len, i;

	if (!mval_text(v, &text, &len))
		return "not an id";
	trim(&text, &len);
	if (len == 0)
		return "";
	for (i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return "not an id";
	if (len > 18 || text[0] == '0')
		return "not an id";
	put(m, b, text, len);
	return NULL;
}

static const char *
put_boolean(struct map *m, struct buf *b, const struct mval *v)
{
	static const char *const yes[] = { "true", "1", "yes", "y", "t", NULL }, *const no[] = { "false", "0", "no", "n", "f", NULL };
	const char *text;
	size_t len, i;

	if (!mval_text(v, &text, &len))
		return "not true or false";
	trim(&text, &len);
	if (len == 0)
		return "";
	for (i = 0; yes[i] != NULL; i++) {
		if (text_eq_nocase(text, len, yes[i])) {
			PUT(m, b, "true");
			return NULL;
		}
		if (text_eq_nocase(text, len, no[i])) {
			PUT(m, b, "false");
			return NULL;
		}
	}
	return "not true or false";
}

static int
two(const char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/*
 * "2025-04-21 12:35:06", alone or with Z or UTC: what most feeds write is
 * already what the platform wants. Anything else is the date room's.
 */
static bool
ready_date(const char *p, size_t len, char out[DATE_LEN])
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int century, yy, year, month, day, hour, minute, second;

	if (len < 19 || p[4] != '-' || p[7] != '-' || (p[10] != ' ' && p[10] != 'T') || p[13] != ':' || p[16] != ':')
		return false;
	if (len != 19 && !(len == 20 && p[19] == 'Z') && !(len == 23 && memcmp(p + 19, " UTC", 4) == 0))
		return false;
	century = two(p);
	yy = two(p + 2);
	month = two(p + 5);
	day = two(p + 8);
	hour = two(p + 11);
	minute = two(p + 14);
	second = two(p + 17);
	year = century * 100 + yy;
	if (century < 0 || yy < 0 || year < 1970 || year > 2100 || month < 1 || month > 12 || day < 1)
		return false;
	if (day > days[month - 1] && !(month == 2 && day == 29 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)))
		return false;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	memcpy(out, p, 19);
	out[10] = 'T';
	out[19] = 'Z';
	return true;
}

static const char *
put_date(struct map *m, struct buf *b, const struct mval *v)
{
	char out[DATE_LEN + 1], *to;
	struct err err = { 0 };
	const char *text;
	int64_t when;
	size_t len;

	if (v->type == M_BOOL || !mval_text(v, &text, &len))
		return "not a date";
	trim(&text, &len);
	if (len == 0)
		return "";
	if (!ready_date(text, len, out)) {
		if (date_parse(text, len, -1, &when, &err) == -1)
			return "not a date";
		date_print(when, out);
	}
	to = put_room(m, b, DATE_LEN + 2);
	if (to != NULL) {
		to[0] = '"';
		memcpy(to + 1, out, DATE_LEN);
		to[DATE_LEN + 1] = '"';
		b->len += DATE_LEN + 2;
	}
	return NULL;
}

const char *
scalar_write(struct map *m, struct buf *b, const struct field *f, size_t max, const struct mval *v)
{
	switch (f->kind) {
	case FIELD_INTEGER:
		return put_integer(m, b, f, v);
	case FIELD_REF_ID:
		return put_ref_id(m, b, v);
	case FIELD_BOOLEAN:
		return put_boolean(m, b, v);
	case FIELD_DATE:
		return put_date(m, b, v);
	default:
		return put_string(m, b, f, max, v);
	}
}
