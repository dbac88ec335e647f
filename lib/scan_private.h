/*
 * What the files of the scan room share. Not for other rooms.
 *
 *	scan.c       a text checked and made into a tape, in one pass
 *	scan_tape.c  what is read off a tape: members, words, strings, canonical forms
 */
#ifndef TC_SCAN_PRIVATE_H
#define TC_SCAN_PRIVATE_H

#include "scan.h"

static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits of \uXXXX at p, -1 where they are none. */
static inline int32_t
hex4(const char *p, const char *end)
{
	int32_t v = 0;
	int i, d;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		if ((d = hex_digit(p[i])) == -1)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/*
 * The escape at p (its backslash): its length, and the character it stands for in *cp.
 * 0 where it is none, and then *why says what is wrong.
 */
static inline size_t
scan_escape(const char *p, const char *end, uint32_t *cp, const char **why)
{
	int32_t a, b;

	*why = "bad escape";
	if (end - p < 2)
		return 0;
	switch (p[1]) {
	case '"': case '\\': case '/':
		*cp = (unsigned char)p[1];
		return 2;
	case 'b': *cp = '\b'; return 2;
	case 'f': *cp = '\f'; return 2;
	case 'n': *cp = '\n'; return 2;
	case 'r': *cp = '\r'; return 2;
	case 't': *cp = '\t'; return 2;
	case 'u':
		break;
	default:
		return 0;
	}
	if ((a = hex4(p + 2, end)) == -1)
		return 0;
	if (a == 0) {
		*why = "NUL (\\u0000)";
		return 0;
	}
	if (a < 0xd800 || a > 0xdfff) {
		*cp = (uint32_t)a;
		return 6;
	}
	*why = "lone surrogate escape";
	if (a > 0xdbff || end - p < 8 || p[6] != '\\' || p[7] != 'u')
		return 0;
	b = hex4(p + 8, end);
	if (b < 0xdc00 || b > 0xdfff)
		return 0;
	*cp = 0x10000 + ((uint32_t)(a - 0xd800) << 10) + (uint32_t)(b - 0xdc00);
	return 12;
}

#endif
