#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t
text_utf8(const char *text, size_t len, uint32_t *cp)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c;
	size_t need, i;

	if (len == 0)
		return 0;
	if (s[0] < 0x80) {
		if (cp != NULL)
			*cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		need = 2;
		c = s[0] & 0x1f;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		need = 3;
		c = s[0] & 0x0f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		need = 4;
		c = s[0] & 0x07;
	} else
		return 0;
	if (len < need)
		return 0;
	for (i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((need == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) ||
	    (need == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	if (cp != NULL)
		*cp = c;
	return need;
}

size_t
text_utf8_span(const char *text, size_t len)
{
	size_t i = 0, n;
	uint64_t word;

	while (i < len) {
		/* eight ASCII bytes at a time, as feeds are mostly ASCII */
		while (i + 8 <= len) {
			memcpy(&word, text + i, 8);
			if (word & 0x8080808080808080ULL)
				break;
			i += 8;
		}
		if (i >= len)
			break;
		n = text_utf8(text + i, len - i, NULL);
		if (n == 0)
			return i;
		i += n;
	}
	return len;
}

size_t
text_utf8_put(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* Would this character harm a reader of a log: controls, direction overrides, line separators? */
static bool
harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x061c ||
	    (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	    (cp >= 0xfff9 && cp <= 0xfffb) || (cp >= 0xe0000 && cp <= 0xe007f);
}

size_t
text_safe(char *out, size_t size, const char *text, size_t len)
{
	size_t i = 0, o = 0, n, m, cut = 0;	/* cut: the last place where "..." would still fit */
	uint32_t cp;
	char esc[16];

	if (size == 0)
		return 0;
	while (i < len) {
		n = text_utf8(text + i, len - i, &cp);
		if (n == 0) {
			m = (size_t)snprintf(esc, sizeof(esc), "\\x%02x", (unsigned char)text[i]);
			n = 1;
		} else if (harmful(cp)) {
			m = (size_t)snprintf(esc, sizeof(esc),
			    cp < 0x80 ? "\\x%02x" : "\\u{%04x}", (unsigned)cp);
		} else {
			memcpy(esc, text + i, n);
			m = n;
		}
		if (o + m + 1 > size) {
			if (size >= 4) {
				memcpy(out + cut, "...", 3);
				o = cut + 3;
			}
			break;
		}
		memcpy(out + o, esc, m);
		o += m;
		i += n;
		if (o + 4 <= size)
			cut = o;
	}
	out[o] = '\0';
	return o;
}

size_t
text_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

size_t
text_first(const char *text, size_t len, size_t n)
{
	size_t i = 0;

	while (i < len && n > 0) {
		i++;
		while (i < len && ((unsigned char)text[i] & 0xc0) == 0x80)
			i++;
		n--;
	}
	return i;
}

size_t
text_chars(const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

bool
text_is_space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	    c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool
text_eq(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

bool
text_eq_nocase(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

bool
text_is_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

void
text_hex(char *out, const unsigned char *bytes, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = digit[bytes[i] >> 4];
		out[2 * i + 1] = digit[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}
