/*
 * Dates: every form of platform/runtime-app.md section 12, the examples of
 * RFC 3339 section 5.8, RFC 9110 section 5.6.7 and asctime(3), each against a
 * time worked out by timegm(3); and what must not be taken.
 */
#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "date.h"
#include "tap.h"
#include "text.h"

/* 2026-01-15 10:20:30 UTC, a Thursday */
#define NOW 1768472430

static char label[256];

static int64_t
civil(int y, int mo, int d, int h, int mi, int s)
{
	struct tm tm = { .tm_year = y - 1900, .tm_mon = mo - 1, .tm_mday = d, .tm_hour = h, .tm_min = mi, .tm_sec = s };

	return timegm(&tm);
}

static void
reads(const char *text, int64_t want)
{
	struct err err;
	int64_t when = -1;
	int rc = date_parse(text, strlen(text), NOW, &when, &err);

	snprintf(label, sizeof(label), "'%s'", text);
	if (!tap_ok(rc == 0 && when == want, "%s", label))
		fprintf(stderr, "# %s: rc %d, got %lld, want %lld; %s\n", label, rc, (long long)when, (long long)want, rc ? err.text : "");
}

static void
refuses(const char *text)
{
	struct err err = { 0 };
	int64_t when = -1;
	int rc = date_parse(text, strlen(text), NOW, &when, &err);

	text_safe(label, 60, text, strlen(text));
	if (!tap_ok(rc == -1 && when == -1 && err.text[0] != '\0', "refused: '%s'", label))
		fprintf(stderr, "# taken as %lld\n", (long long)when);
}

static void
format(const char *text, const char *fmt, int64_t want)
{
	struct err err = { 0 };
	int64_t when = -1;
	int rc = date_parse_format(text, strlen(text), fmt, &when, &err);

	if (!tap_ok(want < 0 ? rc == -1 && err.text[0] != '\0' : rc == 0 && when == want, "'%s' by '%s'", text, fmt))
		fprintf(stderr, "# rc %d, got %lld, want %lld; %s\n", rc, (long long)when, (long long)want, err.text);
}

static void
duration(const char *text, int64_t want)
{
	struct err err = { 0 };
	int64_t n = -1;
	int rc = date_duration(text, strlen(text), &n, &err);

	tap_ok(want < 0 ? rc == -1 && err.text[0] != '\0' : rc == 0 && n == want, "duration '%s'", text);
}

int
main(void)
{
	char out[DATE_LEN + 1];
	struct err err;
	int64_t when, t;
	bool same = true;

	/* section 12: epoch */
	reads("1509815362", 1509815362);
	reads("999999999", 999999999);
	reads("1509815362.1234567", 1509815362);
	reads("15098153621", 1509815362);		/* 11 digits: tenths */
	reads("1509815362123", 1509815362);		/* 13: ms */
	reads("1509815362123456", 1509815362);		/* 16: microseconds */
	/* ISO 8601 */
	reads("2017-11-08T16:52:42Z", civil(2017, 11, 8, 16, 52, 42));
	reads("2017-11-08T16:52:42z", civil(2017, 11, 8, 16, 52, 42));
	reads("2017-11-08t16:52:42", civil(2017, 11, 8, 16, 52, 42));
	reads("2017-11-08T16:52:42+02:00", civil(2017, 11, 8, 14, 52, 42));
	reads("2017-11-08T16:52:42+0200", civil(2017, 11, 8, 14, 52, 42));
	reads("2017-11-08T16:52:42-11", civil(2017, 11, 9, 3, 52, 42));
	reads("2017-11-08T16:52:42.1Z", civil(2017, 11, 8, 16, 52, 42));
	reads("2017-11-08T16:52:42.123456789012345678Z", civil(2017, 11, 8, 16, 52, 42));
	reads("2017-11-08T16:52:42,5", civil(2017, 11, 8, 16, 52, 42));
	reads("2017-11-08 16:52:42", civil(2017, 11, 8, 16, 52, 42));
	reads("2017-11-08 16:52:42 UTC", civil(2017, 11, 8, 16, 52, 42));
	reads("2017-11-08  16:52", civil(2017, 11, 8, 16, 52, 0));
	reads("2017-11-08", civil(2017, 11, 8, 0, 0, 0));
	reads("20171108", civil(2017, 11, 8, 0, 0, 0));
	reads("20171108T165242Z", civil(2017, 11, 8, 16, 52, 42));
	reads("20171108T1652+0100", civil(2017, 11, 8, 15, 52, 0));
	reads(" 2017-11-08T16:52:42Z\r", civil(2017, 11, 8, 16, 52, 42));
	reads("2024-03-22T20:40:23+00:00", civil(2024, 3, 22, 20, 40, 23));
	/* RFC 3339 section 5.8 */
	reads("1985-04-12T23:20:50.52Z", civil(1985, 4, 12, 23, 20, 50));
	reads("1996-12-19T16:39:57-08:00", civil(1996, 12, 20, 0, 39, 57));
	reads("1990-12-31T23:59:60Z", civil(1991, 1, 1, 0, 0, 0));
	reads("1990-12-31T15:59:60-08:00", civil(1991, 1, 1, 0, 0, 0));
	refuses("1937-01-01T12:00:27.87+00:20");	/* before 1970 */
	/* loose */
	reads("2017 12 25", civil(2017, 12, 25, 0, 0, 0));
	reads("2017/12/25 10:00", civil(2017, 12, 25, 10, 0, 0));
	reads("25 Aug 2008", civil(2008, 8, 25, 0, 0, 0));
	reads("25-Aug-2008", civil(2008, 8, 25, 0, 0, 0));
	reads("August 25th, 2008", civil(2008, 8, 25, 0, 0, 0));
	reads("Aug 1st 2008 3:04 PM", civil(2008, 8, 1, 15, 4, 0));
	reads("12 December 2020 at 12:30 am", civil(2020, 12, 12, 0, 30, 0));
	reads("Sept. 3, 2021", civil(2021, 9, 3, 0, 0, 0));
	/* RFC 9110 section 5.6.7: RFC 1123, RFC 850, asctime */
	reads("Sun, 06 Nov 1994 08:49:37 GMT", civil(1994, 11, 6, 8, 49, 37));
	reads("Sunday, 06-Nov-94 08:49:37 GMT", civil(1994, 11, 6, 8, 49, 37));
	reads("Sun Nov  6 08:49:37 1994", civil(1994, 11, 6, 8, 49, 37));
	reads("Fri, 21 Nov 1997 09:55:06 -0600", civil(1997, 11, 21, 15, 55, 6));	/* RFC 5322 appendix A.1.1 */
	reads("Tue Mar  3 12:00:00 UTC 2020", civil(2020, 3, 3, 12, 0, 0));		/* date(1) */
	refuses("Thu, 13 Feb 69 23:32 EST");	/* 1969 */
	/* words */
	reads("now", NOW);
	reads("Today", civil(2026, 1, 15, 0, 0, 0));
	reads("yesterday", civil(2026, 1, 14, 0, 0, 0));
	reads("tomorrow", civil(2026, 1, 16, 0, 0, 0));
	reads("5 seconds ago", NOW - 5);
	reads("1 minute ago", NOW - 60);
	reads("36 Hours Ago", NOW - 36 * 3600);
	reads("30 days ago", NOW - 30 * 86400);
	reads("1000 days ago", NOW - 1000LL * 86400);
	reads("2 weeks ago", NOW - 14 * 86400);
	reads("an hour ago", NOW - 3600);
	reads("11 months ago", civil(2025, 2, 15, 10, 20, 30));
	reads("2 years ago", civil(2024, 1, 15, 10, 20, 30));
	reads("in 5 minutes", NOW + 300);
	reads("in 1 month", civil(2026, 2, 15, 10, 20, 30));

	/* the day is a Thursday, the 15th */
	reads("last friday", civil(2026, 1, 9, 0, 0, 0));
	reads("next saturday", civil(2026, 1, 17, 0, 0, 0));
	reads("last Thursday", civil(2026, 1, 8, 0, 0, 0));
	reads("next thu", civil(2026, 1, 22, 0, 0, 0));
	reads("last wednesday", civil(2026, 1, 14, 0, 0, 0));
	reads("Next Friday", civil(2026, 1, 16, 0, 0, 0));
	reads("last sunday", civil(2026, 1, 11, 0, 0, 0));
	reads("next monday", civil(2026, 1, 19, 0, 0, 0));
	reads("last week", NOW - 7 * 86400);
	reads("next month", civil(2026, 2, 15, 10, 20, 30));
	reads("last year", civil(2025, 1, 15, 10, 20, 30));
	refuses("last");
	refuses("last of friday");
	refuses("next fryday");
	refuses("friday");

	/* edges of the calendar */
	reads("1970-01-01 00:00:00", 0);
	reads("2100-12-31 23:59:59", 4133980799);
	reads("2100-02-28 00:00:00", civil(2100, 2, 28, 0, 0, 0));
	reads("2100-03-01 00:00:00", civil(2100, 3, 1, 0, 0, 0));
	reads("2000-02-29 12:00:00", civil(2000, 2, 29, 12, 0, 0));
	refuses("2100-02-29 00:00:00");
	refuses("2019-02-29T00:00:00Z");
	refuses("1969-12-31 23:59:59");
	refuses("2101-01-01 00:00:00");
	refuses("1970-01-01T00:00:00+00:01");
	refuses("2100-12-31T23:59:59-00:01");

	refuses("");
	refuses("   ");
	refuses("0");
	refuses("12345678901234567");
	refuses("9999999999");
	refuses("-1509815362");
	refuses("1509815362.");
	refuses("1509815362.12345678");
	refuses("1509815362123.5");
	refuses("1e9");
	refuses("2017-13-01");
	refuses("2017-00-01");
	refuses("2017-11-31");
	refuses("2017-11-08T24:00:00Z");
	refuses("2017-11-08T16:60:00Z");
	refuses("2017-11-08T16:52:61Z");
	refuses("2017-11-08T16:52:42+24:00");
	refuses("2017-11-08T16:52:42+2:00");
	refuses("2017-11-08T16:52:42.Z");
	refuses("2017-11-08T16");
	refuses("2017-11-08T");
	refuses("2017-11-08Z");
	refuses("2017-11-08T16:52:42Z garbage");
	refuses("2017-11-08T16:52:42ZZ");
	refuses("2017-11");
	refuses("2017-W45-3");
	refuses("2017-312");
	refuses("20171308");
	refuses("5/28/2021");
	refuses("28.05.2021");
	refuses("28 Augustus 2021");
	refuses("31 Jun 2021");
	refuses("Foo, 06 Nov 1994 08:49:37 GMT");
	refuses("06 Nov 1994 08:49:37 XYZ");
	refuses("3 fortnights ago");
	refuses("days ago");
	refuses("3 days");
	refuses("in");
	refuses("9999999 years ago");
	refuses("100 years ago");
	tap_ok(date_parse("30 days ago", 11, 5, &when, NULL) == 0 && when == 0, "an age by a clock that was never set");
	tap_ok(date_parse("2 months ago", 12, 5, &when, NULL) == 0 && when == 5, "and one in months");
	refuses("never");
	refuses("0000-00-00 00:00:00");
	refuses("2017-11-08 16:52:42\n2017-11-08 16:52:42");
	refuses("2017\xc2\xa0" "12\xc2\xa0" "25");
	refuses("2017-11-08T16:52:42.00000000000000000000000000000000000000000000000000000Z");

	/* a moment that moves is none in a feed */
	tap_ok(date_parse("yesterday", 9, -1, &when, &err) == -1, "words only where a now is given");
	tap_ok(date_parse("2 days ago", 10, -1, &when, NULL) == -1, "err may be NULL");
	tap_ok(date_parse("2017-11-08T16:52:42Z", 19, -1, &when, &err) == 0 && when == civil(2017, 11, 8, 16, 52, 42),
	    "only the counted bytes are looked at");
	tap_ok(date_parse("12\033]0;x\007", 8, -1, &when, &err) == -1 &&
	    strchr(err.text, '\033') == NULL && strstr(err.text, "cannot read date '12\\x1b") != NULL,
	    "what comes from a feed is made safe in the message");

	/* formats */
	format("5/28/2021", "%m/%d/%Y", civil(2021, 5, 28, 0, 0, 0));
	format("28.05.21 7:03", "%d.%m.%y %H:%M", civil(2021, 5, 28, 7, 3, 0));
	format("12/31/70 11:59:59 pm", "%D %I:%M:%S %p", civil(1970, 12, 31, 23, 59, 59));
	format("12:00 AM 1 January 2001", "%I:%M %p %e %B %Y", civil(2001, 1, 1, 0, 0, 0));
	format("Fri May 28 2021 10:00:00.250 +0200", "%a %b %d %Y %T.%f %z", civil(2021, 5, 28, 8, 0, 0));
	format("2021-05-28T10:00:00EST", "%FT%T%Z", civil(2021, 5, 28, 15, 0, 0));
	format("2021 148", "%Y %j", civil(2021, 5, 28, 0, 0, 0));
	format("@1622160000", "@%s", 1622160000);
	format("2021", "%Y", civil(2021, 1, 1, 0, 0, 0));
	format("100% 2021", "100%% %Y", civil(2021, 1, 1, 0, 0, 0));
	format("1/1/68", "%m/%d/%y", civil(2068, 1, 1, 0, 0, 0));
	format("1/1/69", "%m/%d/%y", -1);		/* 1969 */
	format("28/5/2021", "%m/%d/%Y", -1);
	format("5/28/2021 x", "%m/%d/%Y", -1);
	format("5/28", "%m/%d", -1);
	format("5-28-2021", "%m/%d/%Y", -1);
	format("13:00 PM 2021", "%I:%M %p %Y", -1);
	format("10:00 2021", "%I:%M %Y", -1);
	format("2021 366", "%Y %j", -1);
	format("2021 0", "%Y %q", -1);
	format("2021", "%Y%", -1);
	format("", "%Y", -1);
	format("99999999999", "%s", -1);

	/* the way out, against gmtime(3), and back */
	for (t = 0; t <= 4133980799; t += 86400 * 11 + 12345) {
		char want[32];
		time_t tt = (time_t)t;
		struct tm tm;

		gmtime_r(&tt, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		date_print(t, out);
		same = same && strcmp(out, want) == 0 && date_parse(out, 20, -1, &when, &err) == 0 && when == t;
		out[10] = ' ';
		same = same && date_parse(out, 19, -1, &when, &err) == 0 && when == t;
		out[19] = '\0';
		snprintf(want, sizeof(want), "%s.0", out);	/* the slow road must say the same */
		same = same && date_parse(want, strlen(want), -1, &when, &err) == 0 && when == t;
	}
	tap_ok(same, "131 years, printed and read back, agree with gmtime");
	date_print(INT64_MIN, out);
	tap_is(out, "1970-01-01T00:00:00Z", "before the epoch");
	date_print(INT64_MAX, out);
	tap_is(out, "9999-12-31T23:59:59Z", "after four digits");

	duration("7d", 7 * 86400);
	duration("90m", 5400);
	duration("30 days", 30 * 86400);
	duration("1h30m", 5400);
	duration("1h 30m", 5400);
	duration("45", 45);
	duration("0", 0);
	duration("2 Weeks", 14 * 86400);
	duration("", -1);
	duration(" ", -1);
	duration("d", -1);
	duration("7x", -1);
	duration("-7d", -1);
	duration("1.5h", -1);
	duration("45 30", -1);
	duration("7d 5", -1);
	duration("9999999999", -1);
	duration("999999999d", -1);
	duration("36000d 36000d", -1);

	setenv("TC_NOW", "1700000000", 1);
	tap_ok(date_now() == 1700000000, "TC_NOW as seconds");
	setenv("TC_NOW", "2023-11-14T22:13:20Z", 1);
	tap_ok(date_now() == 1700000000, "TC_NOW as a date");
	unsetenv("TC_NOW");
	tap_ok(llabs((long long)date_now() - (long long)time(NULL)) <= 2, "the wall clock");
	t = date_monotonic_ms();
	tap_ok(t >= 0 && date_monotonic_ms() >= t, "the monotonic clock");
	return tap_done();
}
