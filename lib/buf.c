#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "xmalloc.h"

#define BUF_FIRST 64

void
buf_init(struct buf *b, size_t max)
{
	b->cap = max < BUF_FIRST ? max : BUF_FIRST;
	b->bytes = xmalloc(b->cap + 1);
	b->bytes[0] = '\0';
	b->len = 0;
	b->max = max;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->bytes[0] = '\0';
}

void
buf_release(struct buf *b)
{
	free(b->bytes);
	memset(b, 0, sizeof(*b));
}

char *
buf_take(struct buf *b, size_t *len)
{
	char *bytes = b->bytes;

	if (len != NULL)
		*len = b->len;
	buf_init(b, b->max);
	return bytes;
}

char *
buf_room(struct buf *b, size_t len)
{
	size_t want;

	if (len > b->max || b->len > b->max - len)
		return NULL;
	want = b->len + len;
	if (want > b->cap) {
		size_t cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;

		while (cap < want)
			cap = cap > b->max / 2 ? b->max : cap * 2;
		b->bytes = xrealloc(b->bytes, cap + 1);
		b->cap = cap;
	}
	return b->bytes + b->len;
}

int
buf_add(struct buf *b, const char *from, size_t len)
{
	char *to = buf_room(b, len);

	if (to == NULL)
		return -1;
	if (len > 0)
		memcpy(to, from, len);
	b->len += len;
	b->bytes[b->len] = '\0';
	return 0;
}

int
buf_addz(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int
buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	char small[512], *big;
	va_list ap;
	int n, rc;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	if ((size_t)n < sizeof(small))
		return buf_add(b, small, (size_t)n);
	big = xmalloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(big, (size_t)n + 1, fmt, ap);
	va_end(ap);
	rc = buf_add(b, big, (size_t)n);
	free(big);
	return rc;
}

int
buf_add_json(struct buf *b, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t start = b->len, i = 0, run = 0, n;
	char esc[6] = "\\u00";
	const char *put;
	size_t putlen;

	if (buf_addc(b, '"') == -1)
		return -1;
	while (i < len) {
		unsigned char c = (unsigned char)text[i];

		n = 1;
		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
			i++;
			continue;
		}
		if (c >= 0x80) {
			n = text_utf8(text + i, len - i, NULL);
			if (n > 0) {
				i += n;
				continue;
			}
			put = "\xef\xbf\xbd";
			putlen = 3;
			n = 1;
		} else switch (c) {
		case '"': put = "\\\""; putlen = 2; break;
		case '\\': put = "\\\\"; putlen = 2; break;
		case '\b': put = "\\b"; putlen = 2; break;
		case '\f': put = "\\f"; putlen = 2; break;
		case '\n': put = "\\n"; putlen = 2; break;
		case '\r': put = "\\r"; putlen = 2; break;
		case '\t': put = "\\t"; putlen = 2; break;
		default:
			esc[4] = hex[c >> 4];
			esc[5] = hex[c & 15];
			put = esc;
			putlen = 6;
		}
		if (buf_add(b, text + run, i - run) == -1 || buf_add(b, put, putlen) == -1)
			goto full;
		i += n;
		run = i;
	}
	if (buf_add(b, text + run, i - run) == -1 || buf_addc(b, '"') == -1)
		goto full;
	return 0;
full:
	b->len = start;
	b->bytes[start] = '\0';
	return -1;
}
