#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static void
set_text(struct err *err, const char *raw)
{
	size_t n = text_safe(err->text, sizeof(err->text), raw, strlen(raw));

	(void)n;
}

int
err_set(struct err *err, enum reason reason, const char *fmt, ...)
{
	char raw[768];
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	err->reason = reason;
	set_text(err, raw);
	return -1;
}

int
err_prefix(struct err *err, const char *fmt, ...)
{
	char raw[768], whole[1600];
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof(whole), "%s: %s", raw, err->text);
	set_text(err, whole);
	return -1;
}

const char *
reason_name(enum reason reason)
{
	static const char *const name[] = {
		"", "temporary", "auth", "contract", "state", "usage",
		"guard", "busy", "pending", "refused", "rejects"
	};

	return name[reason];
}

int
reason_exit(enum reason reason)
{
	switch (reason) {
	case REASON_NONE:
		return 0;
	case REASON_USAGE:
		return 2;
	case REASON_GUARD: case REASON_BUSY: case REASON_PENDING:
	case REASON_REFUSED: case REASON_REJECTS:
		return 3;
	default:
		return 1;
	}
}
