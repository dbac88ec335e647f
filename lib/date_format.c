/* Dates by a format, for feeds whose form cannot be told: 5/28/2021. */
#include "date.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "date_part.h"
#include "text.h"

static const char conversions[] = "YymdeHIMSfjpbBhaAzZs", unknown[] = "the format has a conversion that is not known",
    no_year[] = "the format has no year";

struct parts {
	struct date_civil c;
	int		 yday;		/* from %j, 0: none */
	int		 pm;		/* 1: AM, 2: PM */
	bool		 hour12, year, epoch;
	int64_t		 when;		/* from %s */
};

static bool
blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t
letters(const char *s, size_t len)
{
	size_t n;

	for (n = 0; n < len && (s[n] | 0x20) >= 'a' && (s[n] | 0x20) <= 'z'; n++)
		continue;
	return n;
}

static size_t
field(struct parts *p, char spec, const char *s, size_t len)
{
	size_t n, i;
	int ignored;

	switch (spec) {
	case 'Y':
		p->year = true;
		return date_digits(s, len, 4, &p->c.year) == 4 ? 4 : 0;
	case 'y':
		p->year = true;
		if (date_digits(s, len, 2, &p->c.year) != 2)
			return 0;
		p->c.year += p->c.year < 69 ? 2000 : 1900;
		return 2;
	case 'm':
		return date_digits(s, len, 2, &p->c.month);
	case 'd':
	case 'e':
		i = spec == 'e' && len > 0 && s[0] == ' ';
		return (n = date_digits(s + i, len - i, 2, &p->c.day)) > 0 ? n + i : 0;
	case 'H':
		return date_digits(s, len, 2, &p->c.hour);
	case 'I':
		p->hour12 = true;
		return date_digits(s, len, 2, &p->c.hour);
	case 'M':
		return date_digits(s, len, 2, &p->c.minute);
	case 'S':
		return date_digits(s, len, 2, &p->c.second);
	case 'f':
		return date_digits(s, len, 9, &ignored);
	case 'j':
		return date_digits(s, len, 3, &p->yday);
	case 'p':
		if (len < 2 || (s[1] | 0x20) != 'm' || ((s[0] | 0x20) != 'a' && (s[0] | 0x20) != 'p'))
			return 0;
		p->pm = (s[0] | 0x20) == 'p' ? 2 : 1;
		return 2;
	case 'b':
	case 'B':
	case 'h':
		n = letters(s, len);
		return (p->c.month = date_month(s, n)) > 0 ? n : 0;
	case 'a':
	case 'A':
		n = letters(s, len);
		return date_weekday(s, n) > 0 ? n : 0;
	case 'z':
	case 'Z':
		return date_zone(s, len, &p->c.offset);
	case 's':
		p->when = 0;
		for (n = 0; n < len && n < 11 && s[n] >= '0' && s[n] <= '9'; n++)
			p->when = p->when * 10 + (s[n] - '0');
		p->epoch = n > 0;
		return n;
	}
	return 0;
}

static const char *
together(struct parts *p, int64_t *when)
{
	if (p->epoch) {
		*when = p->when;
		return p->when <= DATE_LAST ? NULL : "year outside 1970-2100";
	}
	if (!p->year)
		return no_year;
	if (p->hour12) {
		if (p->pm == 0 || p->c.hour < 1 || p->c.hour > 12)
			return "no such time of day";
		p->c.hour = p->c.hour % 12 + (p->pm == 2 ? 12 : 0);
	}
	if (p->yday > 0) {
		int year = p->c.year;

		if (year < 1970 || year > 2100)
			return "year outside 1970-2100";
		date_from_days(date_days(year, 1, 1) + p->yday - 1, &p->c.year, &p->c.month, &p->c.day);
		if (p->c.year != year)
			return "no such day in that year";
	}
	return date_civil_time(&p->c, when);
}

static const char *
match(struct parts *p, const char *s, const char *end, const char *format)
{
	for (; *format != '\0'; format++) {
		const char *inner = NULL;
		size_t n;

		if (blank(*format)) {	/* any run of blanks, none too, as strptime(3) */
			while (s < end && blank(*s))
				s++;
			continue;
		}
		if (*format != '%') {
			if (s == end || *s != *format)
				return "does not follow the format";
			s++;
			continue;
		}
		format++;
		if (*format == '%') {
			if (s == end || *s++ != '%')
				return "does not follow the format";
			continue;
		}
		if (*format == 'T')
			inner = "HMS:";
		else if (*format == 'F')
			inner = "Ymd-";
		else if (*format == 'D')
			inner = "mdy/";
		if (inner != NULL) {
			size_t i;

			for (i = 0; i < 3; i++) {
				if (i > 0 && (s == end || *s++ != inner[3]))
					return "does not follow the format";
				if ((n = field(p, inner[i], s, (size_t)(end - s))) == 0)
					return "does not follow the format";
				s += n;
			}
			continue;
		}
		if (*format == '\0' || strchr(conversions, *format) == NULL)
			return unknown;
		if ((n = field(p, *format, s, (size_t)(end - s))) == 0)
			return "does not follow the format";
		s += n;
	}
	return s == end ? NULL : "something follows the date";
}

int
date_parse_format(const char *text, size_t len, const char *format, int64_t *when, struct err *err)
{
	struct parts p = { .c = { .month = 1, .day = 1 } };
	const char *s = text, *end = text + len, *why;

	while (s < end && blank(*s))
		s++;
	while (end > s && blank(end[-1]))
		end--;
	if ((why = match(&p, s, end, format)) == NULL && (why = together(&p, when)) == NULL)
		return 0;
	return err_set(err, REASON_CONTRACT, "cannot read date '%.*s' by '%s': %s",
	    (int)text_cut(s, (size_t)(end - s), DATE_TEXT_MAX), s, format, why);
}

const char *
date_format_wrong(const char *format)
{
	bool year = false;

	for (; (format = strchr(format, '%')) != NULL; format++) {
		format++;
		if (*format == '\0' || strchr("TFD%", *format) != NULL ? *format == '\0' : strchr(conversions, *format) == NULL)
			return unknown;
		year |= strchr("YysFD", *format) != NULL;
	}
	return year ? NULL : no_year;
}
