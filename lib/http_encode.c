/*
 * Percent-encoding. By itself, so that a command that only checks the fetch
 * section of a definition is not bound to libcurl and all that it brings.
 */
#include <ctype.h>
#include <stdbool.h>

#include "http.h"

int
http_encode(const char *text, size_t len, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i, start = out->len;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char esc[3] = { '%', hex[c >> 4], hex[c & 15] };
		bool plain = (c < 0x80 && isalnum(c)) || c == '-' || c == '.' || c == '_' || c == '~';

		if (buf_add(out, plain ? (const char *)&text[i] : esc, plain ? 1 : 3) == -1) {
			out->len = start;
			out->bytes[start] = '\0';
			return -1;
		}
	}
	return 0;
}
