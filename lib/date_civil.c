/* The calendar: days, names, zones. */
#include <string.h>
#include <strings.h>

#include "date_part.h"
#include "text.h"

int64_t
date_days(int year, int month, int day)
{
	/* Years from March, so that the leap day is the last: days before the month are (153 m + 2) / 5. */
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void
date_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

int
date_month_days(int year, int month)
{
	static const unsigned char days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

const char *
date_civil_time(const struct date_civil *c, int64_t *when)
{
	int64_t t;

	if (c->month < 1 || c->month > 12)
		return "no such month";
	if (c->year < 1970 || c->year > 2100)
		return "year outside 1970-2100";
	if (c->day < 1 || c->day > date_month_days(c->year, c->month))
		return "no such day in that month";
	if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 60)
		return "no such time of day";
	t = date_days(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second - c->offset;
	if (t < 0 || t > DATE_LAST)
		return "year outside 1970-2100";
	*when = t;
	return NULL;
}

static int
name_of(const char *const *names, int n, const char *name, size_t len)
{
	int i;

	if (len < 3)
		return 0;
	for (i = 0; i < n; i++)
		if ((len == 3 && strncasecmp(name, names[i], 3) == 0) || text_eq_nocase(name, len, names[i]))
			return i + 1;
	return 0;
}

int
date_month(const char *name, size_t len)
{
	static const char *const months[] = {
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
		"December",
	};

	return text_eq_nocase(name, len, "sept") ? 9 : name_of(months, 12, name, len);
}

int
date_weekday(const char *name, size_t len)
{
	static const char *const days[] = {
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
	};

	if (text_eq_nocase(name, len, "tues"))
		return 2;
	return text_eq_nocase(name, len, "thur") || text_eq_nocase(name, len, "thurs") ? 4 : name_of(days, 7, name, len);
}

size_t
date_digits(const char *text, size_t len, size_t max, int *value)
{
	size_t i;
	int n = 0;

	for (i = 0; i < len && i < max && text[i] >= '0' && text[i] <= '9'; i++)
		n = n * 10 + (text[i] - '0');
	*value = n;
	return i;
}

size_t
date_zone(const char *text, size_t len, int *offset)
{
	static const struct { const char *name; int hours; } zones[] = {
		{ "Z", 0 }, { "UTC", 0 }, { "GMT", 0 }, { "UT", 0 }, { "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
		{ "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
	};
	size_t i, n, m;
	int hours, minutes = 0;

	if (len > 0 && (text[0] == '+' || text[0] == '-')) {
		if ((n = date_digits(text + 1, len - 1, 2, &hours)) != 2)
			return 0;
		n++;
		m = n < len && text[n] == ':';
		if (date_digits(text + n + m, len - n - m, 2, &minutes) == 2)
			n += m + 2;
		else if (m > 0 || minutes > 0)
			return 0;
		if (hours > 23 || minutes > 59)
			return 0;
		*offset = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
		return n;
	}
	for (n = 0; n < len && ((text[n] | 0x20) >= 'a' && (text[n] | 0x20) <= 'z'); n++)
		continue;
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (text_eq_nocase(text, n, zones[i].name)) {
			*offset = zones[i].hours * 3600;
			return n;
		}
	return 0;
}
