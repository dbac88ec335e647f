/* Dates as feeds and administrators write them; the clock; durations. */
#include "date.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "date_part.h"
#include "text.h"

#define DURATION_MAX	(100LL * 366 * 86400)	/* seconds: longer is a slip of the hand, and sums stay far from overflow */

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* A reader over the text; every step checks the end. */
struct reader {
	const char	*s, *end;
};

static size_t
left(const struct reader *r)
{
	return (size_t)(r->end - r->s);
}

static bool
blanks(struct reader *r)
{
	const char *from = r->s;

	while (r->s < r->end && (*r->s == ' ' || *r->s == '\t'))
		r->s++;
	return r->s > from;
}

static bool
take(struct reader *r, char c)
{
	if (r->s == r->end || *r->s != c)
		return false;
	r->s++;
	return true;
}

static size_t
number(struct reader *r, size_t max, int *value)
{
	size_t n = date_digits(r->s, left(r), max, value);

	r->s += n;
	return n;
}

static size_t
word(struct reader *r, const char **start)
{
	*start = r->s;
	while (r->s < r->end && letter(*r->s))
		r->s++;
	return (size_t)(r->s - *start);
}

/* HH:MM[:SS[.fraction]] [AM|PM] [zone]; false where it is no time. */
static bool
time_of_day(struct reader *r, struct date_civil *c)
{
	const char *from;
	size_t n;

	if (number(r, 2, &c->hour) == 0 || !take(r, ':') || number(r, 2, &c->minute) != 2)
		return false;
	if (take(r, ':')) {
		if (number(r, 2, &c->second) != 2)
			return false;
		if (take(r, '.') || take(r, ',')) {	/* a fraction is cut: the platform has whole seconds */
			from = r->s;
			while (r->s < r->end && digit(*r->s))
				r->s++;
			if (r->s == from)
				return false;
		}
	}
	from = r->s;
	blanks(r);
	if (left(r) >= 2 && (r->s[1] | 0x20) == 'm' && ((r->s[0] | 0x20) == 'a' || (r->s[0] | 0x20) == 'p')) {
		if (c->hour < 1 || c->hour > 12)
			return false;
		c->hour = c->hour % 12 + ((r->s[0] | 0x20) == 'p' ? 12 : 0);
		r->s += 2;
		from = r->s;
		blanks(r);
	}
	if ((n = date_zone(r->s, left(r), &c->offset)) > 0)
		r->s += n;
	else
		r->s = from;
	return true;
}

static const char *
finish(struct reader *r, const struct date_civil *c, int64_t *when)
{
	return r->s == r->end ? date_civil_time(c, when) : "something follows the date";
}

/* "YYYY-MM-DD HH:MM:SS" and with T and Z: what nearly every feed has. */
static bool
common(const char *s, size_t len, int64_t *when)
{
	static const unsigned short before[13] = { 0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	static const char shape[] = "0000-00-00 00:00:00";
	unsigned bad = 0, i, year, month, day, hour, minute, second, days;

	if (len != 19 && (len != 20 || s[19] != 'Z'))
		return false;
	for (i = 0; i < 19; i++)
		bad |= shape[i] == '0' ? (unsigned char)(s[i] - '0') > 9 : i == 10 ? s[i] != ' ' && s[i] != 'T' : s[i] != shape[i];
	if (bad)
		return false;
#define TWO(i) ((unsigned)(s[i] - '0') * 10 + (unsigned)(s[(i) + 1] - '0'))
	year = TWO(0) * 100 + TWO(2);
	month = TWO(5);
	day = TWO(8);
	hour = TWO(11);
	minute = TWO(14);
	second = TWO(17);
#undef TWO
	if (year < 1970 || year > 2100 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 ||
	    (day > 28 && day > (unsigned)date_month_days((int)year, (int)month)))
		return false;
	/* In 1970-2100 only 2100 breaks the rule of four, and it breaks it at its end. */
	days = (year - 1970) * 365 + (year - 1969) / 4 + before[month] + (month > 2 && year % 4 == 0 && year != 2100) + day - 1;
	*when = (int64_t)days * 86400 + hour * 3600 + minute * 60 + second;
	return true;
}

/* Year first: 2017-11-08T16:52:42Z, 2017 12 25, 2017/12/25 10:00, 20171108T165242Z. */
static const char *
year_first(struct reader *r, int64_t *when)
{
	struct date_civil c = { 0 };
	const char *from = r->s;
	size_t n = 0;
	char sep;

	while (from + n < r->end && digit(from[n]))
		n++;
	if (n == 8) {
		number(r, 4, &c.year);
		number(r, 2, &c.month);
		number(r, 2, &c.day);
		if (take(r, 'T')) {
			if (number(r, 2, &c.hour) != 2 || number(r, 2, &c.minute) != 2 || (left(r) > 0 && digit(*r->s) &&
			    number(r, 2, &c.second) != 2))
				return "bad time of day";
			r->s += date_zone(r->s, left(r), &c.offset);
		}
		return finish(r, &c, when);
	}
	if (n != 4 || number(r, 4, &c.year) != 4 || r->s == r->end)
		return "no known form of a date";
	sep = *r->s++;
	if (memchr("-/. ", sep, 4) == NULL || number(r, 2, &c.month) == 0 || !take(r, sep) || number(r, 2, &c.day) == 0)
		return "no known form of a date";
	if (r->s < r->end) {
		if (!take(r, 'T') && !take(r, 't') && !take(r, '_') && !blanks(r))
			return "something follows the date";
		if (!time_of_day(r, &c))
			return "bad time of day";
	}
	return finish(r, &c, when);
}

static bool
ordinal(struct reader *r)
{
	const char *s = r->s, *start;
	size_t n = word(r, &start);

	if (n == 0 || (n == 2 && (strncasecmp(start, "st", 2) == 0 || strncasecmp(start, "nd", 2) == 0 ||
	    strncasecmp(start, "rd", 2) == 0 || strncasecmp(start, "th", 2) == 0)))
		return true;
	r->s = s;
	return false;
}

/* Of two digits (RFC 850): 69 to 99 are of the last century, as strptime(3) has it. */
static bool
year(struct reader *r, struct date_civil *c)
{
	size_t n = number(r, 4, &c->year);

	if (n == 2)
		c->year += c->year < 69 ? 2000 : 1900;
	return n == 2 || n == 4;
}

/* Between the parts of "25 Aug 2008", "06-Nov-94", "August 25th, 2008". */
static bool
gap(struct reader *r)
{
	bool any = take(r, ',');

	any |= blanks(r);
	return take(r, '-') || any;
}

/* A month by name: RFC 1123, RFC 850, asctime and what people write. */
static const char *
named_month(struct reader *r, int64_t *when)
{
	struct date_civil c = { 0 };
	const char *start;
	bool apart;
	size_t n;

	if (letter(*r->s)) {
		n = word(r, &start);
		if (date_weekday(start, n) > 0) {
			if (!gap(r))
				return "no known form of a date";
		} else
			r->s = start;
	}
	if (r->s < r->end && digit(*r->s)) {
		if (number(r, 2, &c.day) == 0 || !ordinal(r) || !gap(r))
			return "no known form of a date";
		n = word(r, &start);
		apart = take(r, '.');
		apart |= gap(r);
		if ((c.month = date_month(start, n)) == 0 || !apart || !year(r, &c))
			return "no known form of a date";
	} else {
		n = word(r, &start);
		if ((c.month = date_month(start, n)) == 0)
			return "no known form of a date";
		take(r, '.');
		if (!gap(r) || number(r, 2, &c.day) == 0 || !ordinal(r) || !gap(r))
			return "no known form of a date";
		if (left(r) > 2 && (r->s[1] == ':' || r->s[2] == ':')) {	/* asctime: the year comes last */
			if (!time_of_day(r, &c))
				return "bad time of day";
			blanks(r);
			return year(r, &c) ? finish(r, &c, when) : "no year";
		}
		if (!year(r, &c))
			return "no year";
	}
	if (r->s < r->end) {
		take(r, ',');
		blanks(r);
		if (left(r) > 3 && strncasecmp(r->s, "at ", 3) == 0)
			r->s += 3;
		if (!time_of_day(r, &c))
			return "something follows the date";
	}
	return finish(r, &c, when);
}

/* Seconds of a unit; months and years are the calendar's, told by *months. */
static bool
unit(const char *name, size_t len, int64_t *seconds, int *months)
{
	static const struct { const char *name; int seconds, months; } units[] = {
		{ "second", 1, 0 }, { "minute", 60, 0 }, { "hour", 3600, 0 }, { "day", 86400, 0 }, { "week", 604800, 0 },
		{ "month", 0, 1 }, { "year", 0, 12 },
	};
	size_t i;

	if (len > 1 && (name[len - 1] | 0x20) == 's')
		len--;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text_eq_nocase(name, len, units[i].name)) {
			*seconds = units[i].seconds;
			*months = units[i].months;
			return true;
		}
	return false;
}

static const char *
shift(int64_t now, int64_t n, int64_t seconds, int months, int64_t *when)
{
	/* a clock that was never set, or fell back to 1970: then an age is as long ago as can be */
	bool unset = now >= 0 && now < 946684800;
	int y, m, d;
	int64_t t, total;

	if (months == 0)
		t = now + n * seconds;
	else {
		date_from_days(now / 86400, &y, &m, &d);
		total = (int64_t)y * 12 + m - 1 + n * months;
		if (total < 1970 * 12 && n < 0 && unset)
			total = 1970 * 12;
		if (total < 1970 * 12 || total >= 2101 * 12)
			return "year outside 1970-2100";
		y = (int)(total / 12);
		m = (int)(total % 12) + 1;
		if (d > date_month_days(y, m))
			d = date_month_days(y, m);
		t = date_days(y, m, d) * 86400 + now % 86400;
	}
	if (t < 0 && n < 0 && unset)
		t = 0;
	if (t < 0 || t > DATE_LAST)
		return "year outside 1970-2100";
	*when = t;
	return NULL;
}

/* "last friday" is the latest one before today, "next friday" the first one after it, at midnight; "last week" is seven days ago. */
static const char *
nearest(struct reader *r, int64_t now, int sign, int64_t *when)
{
	const char *start;
	int64_t seconds, midnight = now - now % 86400;
	int months, day, today = (int)((now / 86400 + 3) % 7) + 1;	/* 1970-01-01 was a Thursday */
	size_t len;

	blanks(r);
	len = word(r, &start);
	if (r->s != r->end)
		return "something follows the date";
	if ((day = date_weekday(start, len)) > 0) {
		day = sign > 0 ? (day - today + 6) % 7 + 1 : (today - day + 6) % 7 + 1;
		return shift(midnight, sign * day, 86400, 0, when);
	}
	return unit(start, len, &seconds, &months) ? shift(now, sign, seconds, months, when) : "no known form of a date";
}

static const char *
relative(struct reader *r, int64_t now, int64_t *when)
{
	const char *start, *from = r->s;
	int64_t seconds, midnight = now - now % 86400;
	int n = 0, months;
	size_t len = word(r, &start);
	bool in = text_eq_nocase(start, len, "in");

	if (r->s == r->end) {
		if (text_eq_nocase(start, len, "now"))
			return shift(now, 0, 0, 0, when);
		if (text_eq_nocase(start, len, "today"))
			return shift(midnight, 0, 0, 0, when);
		if (text_eq_nocase(start, len, "yesterday"))
			return shift(midnight, -1, 86400, 0, when);
		if (text_eq_nocase(start, len, "tomorrow"))
			return shift(midnight, 1, 86400, 0, when);
		return "no known form of a date";
	}
	if (text_eq_nocase(start, len, "last") || text_eq_nocase(start, len, "next"))
		return nearest(r, now, (start[0] | 0x20) == 'l' ? -1 : 1, when);
	if (in)
		blanks(r);
	else
		r->s = from;
	if (number(r, 7, &n) == 0) {
		len = word(r, &start);
		if (!text_eq_nocase(start, len, "a") && !text_eq_nocase(start, len, "an"))
			return "no known form of a date";
		n = 1;
	}
	blanks(r);
	len = word(r, &start);
	if (!unit(start, len, &seconds, &months))
		return "no known form of a date";
	if (!in) {
		blanks(r);
		len = word(r, &start);
		if (!text_eq_nocase(start, len, "ago"))
			return "no known form of a date";
	}
	if (r->s != r->end)
		return "something follows the date";
	return shift(now, in ? n : -n, seconds, months, when);
}

/* 9 and 10 digits are seconds and may have a fraction; 11 to 16 are the same scaled up (13: ms, 16: microseconds). */
static const char *
epoch(const char *s, size_t len, size_t digits, int64_t *when)
{
	int64_t t = 0;
	size_t i;

	if (digits < len && (digits > 10 || len - digits - 1 > 7 || len - digits - 1 == 0))
		return "no known form of a date";
	for (i = 0; i < digits && i < 10; i++)
		t = t * 10 + (s[i] - '0');
	if (t > DATE_LAST)
		return "year outside 1970-2100";
	*when = t;
	return NULL;
}

static const char *
parse(const char *s, size_t len, int64_t now, int64_t *when)
{
	struct reader r;
	size_t digits, all;
	const char *why;

	if (len > DATE_TEXT_MAX)
		return "too long for a date";
	for (digits = 0; digits < len && digit(s[digits]); digits++)
		continue;
	for (all = digits; all < len && (digit(s[all]) || (s[all] == '.' && all == digits)); all++)
		continue;
	if (all == len && digits >= 9 && digits <= 16)
		return epoch(s, len, digits, when);
	r = (struct reader){ s, s + len };
	if (digits == 4 || digits == 8) {
		const char *from = s + digits;

		while (from < r.end && *from == ' ')
			from++;
		if (from == r.end || !letter(*from) || *from == 'T')
			return year_first(&r, when);
	}
	if (now >= 0) {
		if ((why = relative(&r, now, when)) == NULL)
			return NULL;
		if (strcmp(why, "no known form of a date") != 0)
			return why;
		r.s = s;
	}
	if (digits <= 2)
		return named_month(&r, when);
	return "no known form of a date";
}

int
date_parse(const char *text, size_t len, int64_t now, int64_t *when, struct err *err)
{
	const char *s = text, *end = text + len, *why;

	if (common(text, len, when))
		return 0;
	while (s < end && (*s == ' ' || (*s >= '\t' && *s <= '\r')))
		s++;
	while (end > s && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r')))
		end--;
	if (s == end)
		return err_set(err, REASON_CONTRACT, "empty date");
	if ((why = parse(s, (size_t)(end - s), now, when)) == NULL)
		return 0;
	return err_set(err, REASON_CONTRACT, "cannot read date '%.*s': %s",
	    (int)text_cut(s, (size_t)(end - s), DATE_TEXT_MAX), s, why);
}

void
date_print(int64_t when, char out[DATE_LEN + 1])
{
	int64_t days, rest;
	int y, m, d;

	/* Years of four digits only; what date_parse() gives is far inside. */
	if (when < 0)
		when = 0;
	if (when > 253402300799LL)
		when = 253402300799LL;
	days = when / 86400;
	rest = when % 86400;
	date_from_days(days, &y, &m, &d);
#define TWO(i, n) (out[i] = (char)('0' + (n) / 10 % 10), out[(i) + 1] = (char)('0' + (n) % 10))
	TWO(0, y / 100);
	TWO(2, y % 100);
	out[4] = '-';
	TWO(5, m);
	out[7] = '-';
	TWO(8, d);
	out[10] = 'T';
	TWO(11, rest / 3600);
	out[13] = ':';
	TWO(14, rest / 60 % 60);
	out[16] = ':';
	TWO(17, rest % 60);
#undef TWO
	out[19] = 'Z';
	out[20] = '\0';
}

int
date_duration(const char *text, size_t len, int64_t *seconds, struct err *err)
{
	static const struct { const char *name; int seconds; } units[] = {
		{ "s", 1 }, { "sec", 1 }, { "secs", 1 }, { "second", 1 }, { "seconds", 1 },
		{ "m", 60 }, { "min", 60 }, { "mins", 60 }, { "minute", 60 }, { "minutes", 60 },
		{ "h", 3600 }, { "hr", 3600 }, { "hrs", 3600 }, { "hour", 3600 }, { "hours", 3600 },
		{ "d", 86400 }, { "day", 86400 }, { "days", 86400 }, { "w", 604800 }, { "week", 604800 }, { "weeks", 604800 },
	};
	struct reader r = { text, text + len };
	const char *start;
	int64_t total = 0;
	size_t i, n, digits;
	int parts = 0, value;

	blanks(&r);
	while (r.s < r.end) {
		if ((digits = number(&r, 9, &value)) == 0 || (r.s < r.end && digit(*r.s)))
			goto bad;
		blanks(&r);
		n = word(&r, &start);
		blanks(&r);
		if (n == 0) {	/* a bare number is seconds, and then it is all there is */
			if (parts > 0 || r.s < r.end)
				goto bad;
			total = value;
			parts++;
			break;
		}
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (text_eq_nocase(start, n, units[i].name))
				break;
		if (i == sizeof(units) / sizeof(units[0]))
			goto bad;
		total += (int64_t)value * units[i].seconds;
		if (total > DURATION_MAX)
			return err_set(err, REASON_USAGE, "duration '%.*s' is over 100 years",
			    (int)text_cut(text, len, DATE_TEXT_MAX), text);
		parts++;
	}
	if (parts == 0)
		goto bad;
	*seconds = total;
	return 0;
bad:
	return err_set(err, REASON_USAGE, "cannot read duration '%.*s': write it as 90s, 30m, 12h, 7d or 2w",
	    (int)text_cut(text, len, DATE_TEXT_MAX), text);
}

int64_t
date_now(void)
{
	const char *pinned = getenv("TC_NOW");
	struct timespec ts;
	int64_t when;

	if (pinned != NULL && *pinned != '\0') {
		char *end;
		long long n = strtoll(pinned, &end, 10);

		if (*end == '\0' && n >= 0 && n <= DATE_LAST)
			return n;
		if (date_parse(pinned, strlen(pinned), -1, &when, NULL) == 0)
			return when;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

int64_t
date_monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
