/*
 * Dates: the first byte says with what: as it is, relative to a now, as a
 * duration, or by a format that is the text up to the first newline. What is
 * read lies in 1970-2100 and is read back the same from its printed form.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1, *line;
	size_t len = size - 1;
	char out[DATE_LEN + 1], format[64];
	int64_t when, again;
	struct err err = { 0 };
	int rc;

	if (size == 0)
		return 0;
	switch (data[0] & 3) {
	case 0:
		rc = date_parse(text, len, -1, &when, &err);
		break;
	case 1:
		rc = date_parse(text, len, 1768472430, &when, &err);
		break;
	case 2:
		if (date_duration(text, len, &when, &err) == 0 && (when < 0 || when > 100LL * 366 * 86400))
			abort();
		return 0;
	default:
		if ((line = memchr(text, '\n', len)) == NULL || (size_t)(line - text) >= sizeof(format))
			return 0;
		memcpy(format, text, (size_t)(line - text));
		format[line - text] = '\0';
		len -= (size_t)(line + 1 - text);
		rc = date_parse_format(line + 1, len, format, &when, &err);
	}
	if (rc == -1) {
		if (strlen(err.text) == 0)
			abort();
		return 0;
	}
	date_print(when, out);
	if (when < 0 || when > 4133980799LL || date_parse(out, DATE_LEN, -1, &again, &err) == -1 || again != when)
		abort();
	return 0;
}
