/*
 * Points in time: read in every form a feed or an administrator writes, kept
 * as seconds since 1970 UTC, written as the platform wants them.
 *
 * Forms: platform/runtime-app.md section 12. A time without zone is UTC.
 * Years outside 1970-2100 are refused. Nothing here reads the locale or TZ.
 *
 * Ownership: none; texts are the caller's and need no NUL where a length is
 * given. Units: seconds, where milliseconds are not said. Errors: -1 with err:
 * CONTRACT for a date, USAGE for a duration (an administrator wrote it).
 */
#ifndef TC_DATE_H
#define TC_DATE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * Epoch (9-10 digits with fraction, 11-16 digits scaled), ISO 8601 (T or
 * blank, fraction, Z, offset or none, date alone, week and ordinal not), RFC
 * 1123/850/asctime, "25 Aug 2008", "August 25th, 2008", "2017 12 25",
 * US "5/28/2021" only through date_parse_format().
 * Relative forms (now, today, yesterday, tomorrow, "N units ago", "in N
 * units", "last friday", "next monday") are taken only when now >= 0. -1: err says what was not understood.
 */
int	 date_parse(const char *text, size_t len, int64_t now, int64_t *when, struct err *) TC_MUST_CHECK;

/* strptime-like: %Y %m %d %e %H %M %S %f %z %Z %b %B %y %p %I %s %j and literals; %y 69-99 is 19xx. */
int	 date_parse_format(const char *text, size_t len, const char *format, int64_t *when, struct err *) TC_MUST_CHECK;

/* Why nothing can be read by the format, or NULL. */
const char *date_format_wrong(const char *format);

#define DATE_LEN 20
/* "YYYY-MM-DDTHH:MM:SSZ", NUL-terminated. */
void	 date_print(int64_t when, char out[DATE_LEN + 1]);

/* "7d", "90m", "30 days", "1h30m", "45" (seconds) -> seconds. */
int	 date_duration(const char *text, size_t len, int64_t *seconds, struct err *) TC_MUST_CHECK;

/* The wall clock, or TC_NOW (epoch seconds or ISO) where tests pin it. */
int64_t	 date_now(void);
/* Milliseconds of the monotonic clock, for deadlines. */
int64_t	 date_monotonic_ms(void);

#endif
