#include "sandbox/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

const char *const content_array_name[CONTENT_ARRAYS] = { "group", "indicator", "association" };

struct cursor {
	struct content	*c;
	const char	*p, *end, *start;
};

static int
broken(struct cursor *k, const char *what)
{
	snprintf(k->c->broken, sizeof(k->c->broken), "%s at offset %zu", what, (size_t)(k->p - k->start));
	return -1;
}

static void
blanks(struct cursor *k)
{
	while (k->p < k->end && (*k->p == ' ' || *k->p == '\n' || *k->p == '\r' || *k->p == '\t'))
		k->p++;
}

static int
expect(struct cursor *k, char c)
{
	static const char *const what[] = { "expected BEGIN_OBJECT", "expected BEGIN_ARRAY", "expected ':'", "expected a name" };

	blanks(k);
	if (k->p == k->end)
		return broken(k, "end of input");
	if (*k->p != c)
		return broken(k, what[c == '{' ? 0 : c == '[' ? 1 : c == ':' ? 2 : 3]);
	k->p++;
	return 0;
}

/* p stands behind the opening quote and ends behind the closing one. */
static int
skip_string(struct cursor *k)
{
	while (k->p < k->end && *k->p != '"') {
		if (*k->p == '\\')
			k->p++;
		k->p++;
	}
	if (k->p >= k->end) {
		k->p = k->end;
		return broken(k, "unterminated string");
	}
	k->p++;
	return 0;
}

/* Any value, by its brackets alone. */
static int
skip_value(struct cursor *k)
{
	size_t depth = 0;
	const char *from;

	blanks(k);
	from = k->p;
	while (k->p < k->end) {
		switch (*k->p) {
		case '"':
			k->p++;
			if (skip_string(k) == -1)
				return -1;
			break;
		case '{':
		case '[':
			depth++;
			k->p++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return k->p > from ? 0 : broken(k, "expected a value");
			depth--;
			k->p++;
			break;
		case ',':
			if (depth == 0)
				return k->p > from ? 0 : broken(k, "expected a value");
			k->p++;
			continue;
		default:
			k->p++;
			continue;
		}
		if (depth == 0)
			return 0;
	}
	return broken(k, "end of input");
}

static void
keep(struct content *c, const char *text, size_t len, enum content_array a)
{
	if (c->n == c->cap) {
		c->cap = c->cap == 0 ? 1024 : c->cap * 2;
		c->element = xreallocarray(c->element, c->cap, sizeof(*c->element));
	}
	c->element[c->n++] = (struct element){ text, len, a, c->count[a]++ };
}

static int
read_array(struct cursor *k, enum content_array a)
{
	const char *from, *to;

	snprintf(k->c->path, sizeof(k->c->path), "$.%s", content_array_name[a]);
	if (expect(k, '[') == -1)
		return -1;
	blanks(k);
	if (k->p < k->end && *k->p == ']') {
		k->p++;
		return 0;
	}
	for (;;) {
		snprintf(k->c->path, sizeof(k->c->path), "$.%s[%zu]", content_array_name[a], k->c->count[a]);
		blanks(k);
		from = k->p;
		if (skip_value(k) == -1)
			return -1;
		for (to = k->p; to > from && strchr(" \n\r\t", to[-1]) != NULL; to--)
			;
		keep(k->c, from, (size_t)(to - from), a);
		blanks(k);
		if (k->p == k->end)
			return broken(k, "end of input");
		if (*k->p++ == ']')
			return 0;
		if (k->p[-1] != ',') {
			k->p--;
			return broken(k, "expected ',' or ']'");
		}
	}
}

static int
read_document(struct cursor *k)
{
	const char *name;
	size_t len;
	int a;

	if (expect(k, '{') == -1)
		return -1;
	blanks(k);
	if (k->p < k->end && *k->p == '}') {
		k->p++;
		return 0;
	}
	for (;;) {
		if (expect(k, '"') == -1)
			return -1;
		name = k->p;
		if (skip_string(k) == -1)
			return -1;
		len = (size_t)(k->p - name) - 1;
		if (expect(k, ':') == -1)
			return -1;
		for (a = 0; a < CONTENT_ARRAYS; a++)
			if (strlen(content_array_name[a]) == len && memcmp(content_array_name[a], name, len) == 0)
				break;
		/* unknown members are passed over (batch-api.md section 8) */
		if ((a < CONTENT_ARRAYS ? read_array(k, (enum content_array)a) : skip_value(k)) == -1)
			return -1;
		blanks(k);
		if (k->p == k->end)
			return broken(k, "end of input");
		if (*k->p++ == '}')
			return 0;
		if (k->p[-1] != ',') {
			k->p--;
			return broken(k, "expected ',' or '}'");
		}
	}
}

void
content_split(struct content *c, const char *text, size_t len)
{
	struct cursor k = { c, text, text + len, text };

	memset(c, 0, sizeof(*c));
	snprintf(c->path, sizeof(c->path), "$");
	if (read_document(&k) == 0) {
		blanks(&k);
		if (k.p != k.end)
			broken(&k, "text after the document");
	}
}

void
content_release(struct content *c)
{
	free(c->element);
	memset(c, 0, sizeof(*c));
}
