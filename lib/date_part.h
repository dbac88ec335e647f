/* What the files of the date room share. */
#ifndef TC_DATE_PART_H
#define TC_DATE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATE_LAST	4133980799LL	/* 2100-12-31T23:59:59Z, the last second that is taken */
#define DATE_TEXT_MAX	64		/* bytes of a date's text: the longest form, blanks and a long fraction */

struct date_civil {
	int	year, month, day;	/* month and day from 1 */
	int	hour, minute, second;	/* second 60 is the next minute's 0 */
	int	offset;			/* seconds east of UTC */
};

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
int64_t	 date_days(int year, int month, int day);
void	 date_from_days(int64_t days, int *year, int *month, int *day);
int	 date_month_days(int year, int month);

/* All members in range, years 1970-2100: the point in time; NULL, or why not. */
const char *date_civil_time(const struct date_civil *, int64_t *when);

/* 1-12 by full English name or its first three letters ("Sept" too), 0: none. Any case. */
int	 date_month(const char *name, size_t len);
int	 date_weekday(const char *name, size_t len);	/* 1-7 from Monday, 0: none */
/* GMT, UTC, Z and the zones of RFC 822; numeric offsets +02, +0200, +02:00. Returns the bytes used, 0: none. */
size_t	 date_zone(const char *text, size_t len, int *offset);

/* Up to max decimal digits; returns how many there were. */
size_t	 date_digits(const char *text, size_t len, size_t max, int *value);

#endif
