/* The few words a unit driver needs: prints TAP, exit status of tap_done() is main's. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_n, tap_bad;

__attribute__((format(printf, 2, 3), unused)) static bool
tap_ok(bool ok, const char *fmt, ...)
{
	va_list ap;

	printf("%s %d - ", ok ? "ok" : "not ok", ++tap_n);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	tap_bad += !ok;
	return ok;
}

/* Both texts, and what was got where they differ. */
__attribute__((unused)) static bool
tap_is(const char *got, const char *want, const char *name)
{
	bool same = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;

	tap_ok(same, "%s", name);
	if (!same)
		fprintf(stderr, "# %s: got '%s', want '%s'\n", name, got ? got : "(none)", want ? want : "(none)");
	return same;
}

__attribute__((unused)) static int
tap_done(void)
{
	printf("1..%d\n", tap_n);
	return tap_bad != 0;
}

#endif
