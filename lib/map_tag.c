/*
 * Tags as bare words, security labels by one name (data-model.md sections 7
 * and 8): no source's or vendor's name, no prefix schemes, no numbers, dates
 * or ids; TLP in the platform's spelling.
 *
 * Tags repeat: what became of one is remembered in a bounded table.
 */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "date.h"
#include "feed_json.h"
#include "limit.h"
#include "map_private.h"
#include "text.h"
#include "xmalloc.h"

/* --- the stop list --- */

/* Letters and digits in lower case: "Abuse.ch" and "abuse-ch" are one name. */
static size_t
compact(char *out, size_t size, const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len && n + 1 < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x80 || isalnum(c))
			out[n++] = (char)tolower(c);
	}
	out[n] = '\0';
	return n;
}

static void
stop(struct map *m, const char *text, size_t len, char kind)
{
	char word[256];
	size_t n = 0, i;

	/* first byte: '=' the whole tag, '~' anywhere in it */
	i = compact(word + 1, sizeof(word) - 1, text, len);
	if (i == 0)
		return;
	word[0] = kind;
	while (m->stop != NULL && m->stop[n] != NULL)
		n++;
	m->stop = xreallocarray(m->stop, n + 2, sizeof(*m->stop));
	m->stop[n] = xstrdup(word);
	m->stop[n + 1] = NULL;
}

static void
stop_name(struct map *m, const char *name)
{
	/* words of a feed's name that say what it lists, not whose it is */
	static const char *const kinds[] = { "malware", "phishing", "botnet", "botnets", "ransomware", "exploit", "exploits",
		"exploited", "vulnerabilities", "spam", "c2", "trojan", "scanner", "scanners", "tor", "threat", "threats",
		"malicious", "compromised", "bruteforce", "known", NULL };
	size_t n, i, len = strlen(name);
	const char *const *kind;
	char whole[256];

	n = compact(whole, sizeof(whole), name, len);
	stop(m, name, len, n >= 5 ? '~' : '=');
	for (i = 0; i < len; i += n + 1) {
		n = strcspn(name + i, " -_/,()");
		if (n < 2)
			continue;
		for (kind = kinds; *kind != NULL; kind++)
			if (text_eq_nocase(name + i, n, *kind))
				break;
		if (*kind == NULL)
			stop(m, name + i, n, '=');
	}
}

void
tag_stop_words(struct map *m)
{
	struct json_object *more = feed_get(m->feed->values, "stop_tags");
	size_t i;

	stop_name(m, m->feed->id);
	stop_name(m, m->feed->name);
	stop_name(m, m->feed->vendor);
	for (i = 0; more != NULL && i < json_object_array_length(more); i++) {
		struct json_object *s = json_object_array_get_idx(more, i);

		stop(m, json_object_get_string(s), (size_t)json_object_get_string_len(s), '=');
	}
}

static bool
stopped(struct map *m, const char *tag, size_t len)
{
	char word[LIMIT_TAG * 4 + 1], **s;

	compact(word, sizeof(word), tag, len);
	for (s = m->stop; s != NULL && *s != NULL; s++)
		if (**s == '=' ? strcmp(word, *s + 1) == 0 : strstr(word, *s + 1) != NULL)
			return true;
	return false;
}

/* --- the words --- */

/* "T1566", "T1566.001", "TA0001", "S0605", "G0007", "M1017", "DS0001" at the start: its length, else 0. */
static size_t
attack_id(const char *s, size_t len)
{
	size_t i = 1, digits = 0;

	if (len < 5 || memchr("TSGMCAD", *s, 7) == NULL)
		return 0;
	if ((*s == 'T' && s[1] == 'A') || (*s == 'D' && s[1] == 'S'))
		i = 2;
	else if (*s == 'D')
		return 0;
	for (; i < len && isdigit((unsigned char)s[i]); i++)
		digits++;
	if (digits != 4)
		return 0;
	if (*s == 'T' && i + 4 <= len && s[i] == '.' && isdigit((unsigned char)s[i + 1]) &&
	    isdigit((unsigned char)s[i + 2]) && isdigit((unsigned char)s[i + 3]))
		i += 4;
	return i < len && isalnum((unsigned char)s[i]) ? 0 : i;
}

/* Between an id and a name: blanks and at most one "-", ":", "|" or dash; its length, *mark where there is more than blanks. */
static size_t
between(const char *s, size_t len, bool *mark)
{
	size_t i = 0;

	*mark = false;
	while (i < len && s[i] == ' ')
		i++;
	if (i < len && memchr("-:|", s[i], 3) != NULL) {
		*mark = true;
		i++;
	} else if (i + 3 <= len && memcmp(s + i, "\xe2\x80", 2) == 0 && (s[i + 2] == '\x93' || s[i + 2] == '\x94')) {
		*mark = true;
		i += 3;
	}
	while (i < len && s[i] == ' ')
		i++;
	return i;
}

/*
 * An ATT&CK id before or behind a name goes, as strip_attack_id() has it: "T1566 - X", "[T1566] X", "X (S0605)", "X - T1566".
 * False: there is nothing but the id.
 */
static bool
strip_ids(char *s, size_t *len)
{
	size_t open = *len > 0 && (s[0] == '[' || s[0] == '('), id = attack_id(s + open, *len - open), n, at;
	bool mark;

	if (id > 0 && (open == 0 || (open + id < *len && s[open + id] == (s[0] == '[' ? ']' : ')')))) {
		id += 2 * open;
		if (id == *len)
			return false;
		n = id + between(s + id, *len - id, &mark);
		memmove(s, s + n, *len - n);
		*len -= n;
		return *len > 0;
	}
	for (at = 1; at + 5 <= *len; at++) {
		open = s[at] == '[' || s[at] == '(';
		if ((id = attack_id(s + at + open, *len - at - open)) == 0 || at + id + 2 * open != *len ||
		    (open && s[*len - 1] != (s[at] == '[' ? ']' : ')')))
			continue;
		/* a bare id behind a blank may belong to the name */
		for (n = at > 6 ? at - 6 : 1; n <= at; n++)
			if (n + between(s + n, at - n, &mark) == at && (mark || open)) {
				*len = n;
				return true;
			}
	}
	return true;
}

/* "25 Aug 2008", "May 2024": written with a month's name. */
static bool
is_date(const char *s, size_t len)
{
	static const char *const format[] = { "%b %Y", "%Y %b", "%b-%Y" };
	int64_t when;
	size_t i;

	if (date_parse(s, len, -1, &when, NULL) == 0)
		return true;
	for (i = 0; i < sizeof(format) / sizeof(format[0]); i++)
		if (date_parse_format(s, len, format[i], &when, NULL) == 0)
			return true;
	return false;
}

static bool
number_or_date(const char *s, size_t len)
{
	bool digit = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (isdigit((unsigned char)s[i]))
			digit = true;
		else if (memchr("-/.:,+ TZ", s[i], 9) == NULL)
			return false;
	}
	return digit;
}

/* Normalised into b; returns why it is no tag, "" where nothing is left. */
static const char *
normalise(struct map *m, const char *text, size_t len, struct buf *b)
{
	char *to, *start;
	size_t i, n;
	int rank;

	buf_clear(b);
	if (len > LIMIT_TAG * 8)
		return "longer than 128 characters";
	trim(&text, &len);
	start = to = buf_room(b, len + 1);
	if (to == NULL)
		return "longer than 128 characters";
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || (to == start && (c == '#' || c == '\'' || c == '`')))
			continue;
		if (is_blank(c) || c < 0x20 || c == 0x7f) {
			if (to > start && to[-1] != ' ')
				*to++ = ' ';
			continue;
		}
		/* double quotes of print: U+201C to U+201E, U+00AB and U+00BB */
		if (c == 0xe2 && i + 2 < len && (unsigned char)text[i + 1] == 0x80 && (unsigned char)text[i + 2] >= 0x9c &&
		    (unsigned char)text[i + 2] <= 0x9e) {
			i += 2;
			continue;
		}
		if (c == 0xc2 && i + 1 < len && ((unsigned char)text[i + 1] == 0xab || (unsigned char)text[i + 1] == 0xbb)) {
			i++;
			continue;
		}
		/* a no-break space is a blank too */
		if (c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] == 0xa0) {
			i++;
			if (to > start && to[-1] != ' ')
				*to++ = ' ';
			continue;
		}
		*to++ = (char)c;
	}
	while (to > start && (to[-1] == ' ' || to[-1] == '\'' || to[-1] == '`'))
		to--;
	n = (size_t)(to - start);
	if (n > 0 && !strip_ids(start, &n))
		return "an id, not a word";
	b->len += n;
	start[n] = '\0';
	if (n == 0)
		return "";
	if (number_or_date(start, n) || is_date(start, n))
		return "a number or date";
	if (memchr(start, ':', n) != NULL)
		return "has a prefix";
	if (n > 3 && strncasecmp(start, "tlp", 3) == 0 && tlp_label(start, n, &rank) != NULL)
		return "a TLP, which is a label";
	if (n > LIMIT_TAG && text_chars(start, n) > LIMIT_TAG)
		return "longer than 128 characters";
	if (stopped(m, start, n))
		return "on the stop list";
	return NULL;
}

const char *
tag_normal(struct map *m, const char *text, size_t len, size_t *outlen, const char **why)
{
	struct tag_entry *e;
	uint32_t h;

	if (len == 0 || len > TAG_CACHE_KEY) {
		*why = len == 0 ? "" : normalise(m, text, len, &m->text);
		*outlen = m->text.len;
		return *why == NULL ? m->text.bytes : NULL;
	}
	h = text_hash(text, len);
	e = &m->tags[h % TAG_CACHE];
	if (e->rawlen != len || e->hash != h || memcmp(e->raw, text, len) != 0) {
		e->why = normalise(m, text, len, &m->text);
		e->hash = h;
		e->rawlen = (uint8_t)len;
		memcpy(e->raw, text, len);
		e->len = e->why == NULL ? (uint8_t)m->text.len : 0;
		memcpy(e->tag, m->text.bytes, e->len);
	}
	*why = e->why;
	*outlen = e->len;
	return e->why == NULL ? e->tag : NULL;
}

/* --- labels --- */

const char *
tlp_label(const char *text, size_t len, int *rank)
{
	static const struct { const char *word, *label; int rank; } tlp[] = {
		{ "WHITE", "TLP:CLEAR", 1 }, { "CLEAR", "TLP:CLEAR", 1 }, { "GREEN", "TLP:GREEN", 2 }, { "AMBER", "TLP:AMBER", 3 },
		{ "AMBERSTRICT", "TLP:AMBER+STRICT", 4 }, { "RED", "TLP:RED", 5 },
	};
	char word[32];
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (strchr(" :+-_", c) != NULL && c != '\0')
			continue;
		if (!isalpha(c) || n + 1 >= sizeof(word))
			return NULL;
		word[n++] = (char)toupper(c);
	}
	word[n] = '\0';
	for (i = 0; i < sizeof(tlp) / sizeof(tlp[0]); i++)
		if (strcmp(strncmp(word, "TLP", 3) == 0 ? word + 3 : word, tlp[i].word) == 0) {
			*rank = tlp[i].rank;
			return tlp[i].label;
		}
	return NULL;
}
