#include "mask.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

#define MASK_MIN 4

static char **form;		/* longest first, so that a secret inside another does not leave a tail */
static size_t nform;

static void
add_form(char *text)
{
	size_t i, len = strlen(text);

	for (i = 0; i < nform; i++)
		if (strcmp(form[i], text) == 0) {
			free(text);
			return;
		}
	form = xreallocarray(form, nform + 1, sizeof(*form));
	for (i = nform; i > 0 && strlen(form[i - 1]) < len; i--)
		form[i] = form[i - 1];
	form[i] = text;
	nform++;
}

/* Percent-encodes all but unreserved characters; lower or upper hexadecimal digits. */
static char *
percent(const char *bytes, size_t len, const char *hex)
{
	char *out = xmalloc(3 * len + 1), *p = out;
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (isalnum(c) || strchr("-._~", c) != NULL)
			*p++ = (char)c;
		else {
			*p++ = '%';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		}
	}
	*p = '\0';
	return out;
}

/*
 * What every base64 text that holds the bytes at offset skip modulo 3 must
 * contain: the digits that depend on these bytes alone.
 */
static char *
base64_core(const char *bytes, size_t len, size_t skip, const char *digit)
{
	size_t bits = len * 8, first = (6 - (skip * 8) % 6) % 6, n, i;
	char *out;

	if (bits < first)
		return NULL;
	n = (bits - first) / 6;
	if (n < MASK_MIN)
		return NULL;
	out = xmalloc(n + 1);
	for (i = 0; i < n; i++) {
		size_t bit = first + 6 * i, k, v = 0;

		for (k = 0; k < 6; k++)
			v = v << 1 | ((unsigned char)bytes[(bit + k) / 8] >> (7 - (bit + k) % 8) & 1);
		out[i] = digit[v];
	}
	out[n] = '\0';
	return out;
}

void
mask_add(const char *bytes, size_t len)
{
	static const char std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t skip;
	char *text;

	if (len < MASK_MIN || memchr(bytes, 0, len) != NULL)
		return;
	add_form(xstrndup(bytes, len));
	add_form(percent(bytes, len, "0123456789ABCDEF"));
	add_form(percent(bytes, len, "0123456789abcdef"));
	for (skip = 0; skip < 3; skip++) {
		if ((text = base64_core(bytes, len, skip, std)) != NULL)
			add_form(text);
		if ((text = base64_core(bytes, len, skip, url)) != NULL)
			add_form(text);
	}
}

void
mask_apply(char *text)
{
	size_t i, len;
	char *at;

	for (i = 0; i < nform; i++) {
		len = strlen(form[i]);
		for (at = text; (at = strstr(at, form[i])) != NULL; at += 3) {
			memcpy(at, "***", 3);
			memmove(at + 3, at + len, strlen(at + len) + 1);
		}
	}
}
