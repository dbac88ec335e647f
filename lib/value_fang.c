/* Defanged text made plain, and plain text defanged for people. */
#include <string.h>
#include <strings.h>

#include "text.h"
#include "value.h"
#include "value_part.h"

static const struct { const char *inside; const char *plain; } bracketed[] = {
	{ ".", "." }, { "dot", "." }, { ":", ":" }, { "://", "://" }, { "@", "@" }, { "at", "@" },
};

/* "[.]", "(dot)", "{at}" ...: the bracketed length at text, or 0. */
static size_t
bracket(const char *text, size_t len, const char **plain)
{
	static const char open[] = "[({", shut[] = "])}";
	const char *o = memchr(open, text[0], 3);
	size_t i, n;

	if (o == NULL)
		return 0;
	for (i = 0; i < sizeof(bracketed) / sizeof(bracketed[0]); i++) {
		n = strlen(bracketed[i].inside);
		if (len >= n + 2 && text[n + 1] == shut[o - open] && strncasecmp(text + 1, bracketed[i].inside, n) == 0) {
			*plain = bracketed[i].plain;
			return n + 2;
		}
	}
	return 0;
}

/* hxxp, hXXp, hxxps, fxp before ":" or a bracketed one: the length of the word, 0 where it is another. */
static size_t
scheme(const char *text, size_t len, const char **plain)
{
	size_t n, used;
	const char *ignored;

	if (len >= 5 && strncasecmp(text, "hxxp", 4) == 0) {
		*plain = "http";
		n = 4;
	} else if (len >= 4 && strncasecmp(text, "fxp", 3) == 0) {
		*plain = "ftp";
		return text[3] == ':' || ((used = bracket(text + 3, len - 3, &ignored)) > 0 && ignored[0] == ':') ? 3 : 0;
	} else
		return 0;
	used = n + ((text[n] | 0x20) == 's');
	if (used < len && (text[used] == ':' || (bracket(text + used, len - used, &ignored) > 0 && ignored[0] == ':')))
		return n;
	return 0;
}

int
value_refang(const char *text, size_t len, struct buf *out)
{
	size_t i = 0, run = 0, n, start = out->len;
	const char *plain, *bare;
	size_t barelen;
	bool word = false;	/* the byte before is a letter or digit */

	while (i < len) {
		char c = part_lower(text[i]);

		n = 0;
		if (c == '[' || c == '(' || c == '{')
			n = bracket(text + i, len - i, &plain);
		else if (!word && (c == 'h' || c == 'f'))
			n = scheme(text + i, len - i, &plain);
		if (n == 0) {
			word = PART_IS(c, PART_ALPHA | PART_DIGIT);
			i++;
			continue;
		}
		if (buf_add(out, text + run, i - run) == -1 || buf_addz(out, plain) == -1)
			goto full;
		i += n;
		run = i;
		word = false;
	}
	if (buf_add(out, text + run, i - run) == -1)
		goto full;

	/* A dot that ended the sentence: only after one bare word, not after a URL's path or in running text. */
	bare = out->bytes + start;
	barelen = out->len - start;
	if (barelen > 1 && bare[barelen - 1] == '.' && bare[barelen - 2] != '.' && memchr(bare, ' ', barelen) == NULL) {
		const char *host = memmem(bare, barelen, "://", 3);

		host = host != NULL ? host + 3 : bare;
		if (memchr(host, '/', barelen - (size_t)(host - bare)) == NULL)
			out->bytes[--out->len] = '\0';
	}
	return 0;
full:
	out->len = start;
	out->bytes[start] = '\0';
	return -1;
}

int
value_defang(const char *text, size_t len, struct buf *out)
{
	const char *host = text, *end = text + len, *p, *mark = NULL, *sep;
	size_t start = out->len;

	if ((sep = memmem(text, len, "://", 3)) != NULL) {
		size_t n = (size_t)(sep - text);
		const char *plain = text_eq_nocase(text, n, "http") ? "hxxp" : text_eq_nocase(text, n, "https") ? "hxxps" :
		    text_eq_nocase(text, n, "ftp") ? "fxp" : NULL;

		host = sep + 3;
		if ((plain != NULL ? buf_addz(out, plain) : buf_add(out, text, n)) == -1 || buf_add(out, "://", 3) == -1)
			goto full;
	}
	for (p = host; p < end && *p != '/' && *p != '?' && *p != '#'; p++)
		if (*p == '.')
			mark = p;
	if (mark == NULL)	/* IPv6: its last colon; brackets of a literal stand */
		for (p = host; p < end && *p != '/' && *p != '?' && *p != '#' && *p != ']'; p++)
			if (*p == ':')
				mark = p;
	if (mark == NULL) {
		if (buf_add(out, host, (size_t)(end - host)) == -1)
			goto full;
		return 0;
	}
	if (buf_add(out, host, (size_t)(mark - host)) == -1 || buf_addc(out, '[') == -1 || buf_addc(out, *mark) == -1 ||
	    buf_addc(out, ']') == -1 || buf_add(out, mark + 1, (size_t)(end - mark - 1)) == -1)
		goto full;
	return 0;
full:
	out->len = start;
	out->bytes[start] = '\0';
	return -1;
}
