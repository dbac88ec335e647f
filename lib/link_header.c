#include "link_header.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char *
blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* Does the list of words hold this one? */
static bool
holds(const char *list, size_t len, const char *word)
{
	size_t n = strlen(word), i = 0, start;

	while (i < len) {
		while (i < len && (list[i] == ' ' || list[i] == '\t'))
			i++;
		start = i;
		while (i < len && list[i] != ' ' && list[i] != '\t')
			i++;
		if (i - start == n && strncasecmp(list + start, word, n) == 0)
			return true;
	}
	return false;
}

/* One parameter from s (behind its ';'); *is_rel set where it is the wanted relation. Returns the place behind it. */
static const char *
parameter(const char *s, const char *rel, bool *seen_rel, bool *is_rel)
{
	const char *name = blanks(s), *value;
	size_t namelen;

	for (s = name; *s != '\0' && strchr("=;, \t", *s) == NULL; s++)
		;
	namelen = (size_t)(s - name);
	s = blanks(s);
	if (*s != '=')
		return s;
	s = blanks(s + 1);
	if (*s == '"') {
		value = ++s;
		while (*s != '\0' && *s != '"')
			s += *s == '\\' && s[1] != '\0' ? 2 : 1;
	} else {
		value = s;
		while (*s != '\0' && strchr(";, \t", *s) == NULL)
			s++;
	}
	/* only the first rel of a link counts (RFC 8288 section 3.3) */
	if (namelen == 3 && strncasecmp(name, "rel", 3) == 0 && !*seen_rel) {
		*seen_rel = true;
		*is_rel = holds(value, (size_t)(s - value), rel);
	}
	return *s == '"' ? s + 1 : s;
}

int
link_header_find(const char *value, const char *rel, struct buf *out)
{
	const char *s = value, *target, *end;

	for (;;) {
		bool seen_rel = false, is_rel = false;

		while (*s == ' ' || *s == '\t' || *s == ',')
			s++;
		if (*s != '<' || (end = strchr(s, '>')) == NULL)
			return 0;
		target = s + 1;
		s = blanks(end + 1);
		while (*s == ';')
			s = blanks(parameter(s + 1, rel, &seen_rel, &is_rel));
		if (is_rel)
			return buf_add(out, target, (size_t)(end - target)) == 0;
		/* whatever is left of this link cannot be read: on to the next comma */
		while (*s != '\0' && *s != ',')
			s++;
	}
}
