/* What is read off a tape: members by name, words, strings unescaped, values in canonical form. */
#include <string.h>

#include "limit.h"
#include "scan_private.h"
#include "text.h"

uint32_t
scan_first(const struct scan *s, uint32_t node)
{
	return s->node[node].count == 0 ? SCAN_NONE : node + 1;
}

uint32_t
scan_member(const struct scan *s, uint32_t obj, const char *name)
{
	uint32_t i, end = s->node[obj].next;
	size_t len = strlen(name);

	if (s->node[obj].type != SCAN_OBJECT)
		return SCAN_NONE;
	for (i = obj + 1; i < end; i = s->node[i + 1].next)
		if (!s->node[i].escaped ? s->node[i].len == len && memcmp(scan_bytes(s, i), name, len) == 0 :
		    scan_is(s, i, name))
			return i + 1;
	return SCAN_NONE;
}

bool
scan_is(const struct scan *s, uint32_t i, const char *word)
{
	const struct scan_node *n = &s->node[i];
	const char *p = s->bytes + n->off, *end = p + n->len, *why;
	size_t left = strlen(word), step, put;
	char ch[4];
	uint32_t cp;

	if (n->type != SCAN_STRING)
		return false;
	if (!n->escaped)
		return n->len == left && memcmp(p, word, left) == 0;
	while (p < end) {
		if (*p != '\\') {
			if (left == 0 || *p != *word)
				return false;
			p++, word++, left--;
			continue;
		}
		if ((step = scan_escape(p, end, &cp, &why)) == 0)
			return false;
		put = text_utf8_put(ch, cp);
		if (left < put || memcmp(ch, word, put) != 0)
			return false;
		p += step, word += put, left -= put;
	}
	return left == 0;
}

int
scan_string(const struct scan *s, uint32_t i, struct buf *b)
{
	const struct scan_node *n = &s->node[i];
	const char *p = s->bytes + n->off, *end = p + n->len, *q, *why;
	char *to, *room;
	uint32_t cp;

	if (!n->escaped)
		return buf_add(b, p, n->len);
	/* unescaped is never longer than escaped */
	if ((room = to = buf_room(b, n->len)) == NULL)
		return -1;
	while (p < end) {
		if ((q = memchr(p, '\\', (size_t)(end - p))) == NULL)
			q = end;
		memcpy(to, p, (size_t)(q - p));
		to += q - p;
		if ((p = q) == end)
			break;
		p += scan_escape(p, end, &cp, &why);
		to += text_utf8_put(to, cp);
	}
	b->len += (size_t)(to - room);
	b->bytes[b->len] = '\0';
	return 0;
}

/* A string with its escapes in the shortest form. */
static int
canonical_string(const struct scan *s, uint32_t i, struct buf *b)
{
	const struct scan_node *n = &s->node[i];
	const char *p = s->bytes + n->off, *end = p + n->len, *q, *why;
	char *to, *room, ch[4];
	uint32_t cp;
	size_t put;

	/* canonical is never longer than the source: \u001f keeps its six bytes */
	if ((room = to = buf_room(b, (size_t)n->len + 2)) == NULL)
		return -1;
	*to++ = '"';
	while (p < end) {
		if (!n->escaped || (q = memchr(p, '\\', (size_t)(end - p))) == NULL)
			q = end;
		memcpy(to, p, (size_t)(q - p));
		to += q - p;
		if ((p = q) == end)
			break;
		p += scan_escape(p, end, &cp, &why);
		if (cp >= 0x20 && cp != '"' && cp != '\\') {
			put = text_utf8_put(ch, cp);
			memcpy(to, ch, put);
			to += put;
			continue;
		}
		*to++ = '\\';
		switch (cp) {
		case '\b': *to++ = 'b'; break;
		case '\f': *to++ = 'f'; break;
		case '\n': *to++ = 'n'; break;
		case '\r': *to++ = 'r'; break;
		case '\t': *to++ = 't'; break;
		case '"': case '\\': *to++ = (char)cp; break;
		default:
			memcpy(to, "u00", 3);
			to[3] = "01"[cp >> 4];
			to[4] = "0123456789abcdef"[cp & 15];
			to += 5;
		}
	}
	*to++ = '"';
	b->len += (size_t)(to - room);
	b->bytes[b->len] = '\0';
	return 0;
}

int
scan_canonical(const struct scan *s, uint32_t top, struct buf *b)
{
	struct { uint32_t end; bool object; } open[LIMIT_DEPTH];
	size_t start = b->len;
	unsigned depth = 0;
	uint32_t i = top, end = s->node[top].next;
	bool name = false, first = true;	/* what comes: a name; the first of its parent */
	const struct scan_node *n;

	while (i < end) {
		n = &s->node[i];
		if (!first && buf_addc(b, depth > 0 && open[depth - 1].object && !name ? ':' : ',') == -1)
			goto full;
		if (n->type == SCAN_STRING ? canonical_string(s, i, b) == -1 :
		    n->type < SCAN_STRING ? buf_add(b, s->bytes + n->off, n->len) == -1 :
		    buf_addc(b, n->type == SCAN_OBJECT ? '{' : '[') == -1)
			goto full;
		i++;
		if (n->type >= SCAN_ARRAY) {
			open[depth].end = n->next;
			open[depth++].object = n->type == SCAN_OBJECT;
			name = n->type == SCAN_OBJECT;
			first = true;
		} else {
			name = depth > 0 && open[depth - 1].object && !name;
			first = false;
		}
		while (depth > 0 && open[depth - 1].end == i && (name || !open[depth - 1].object)) {
			if (buf_addc(b, open[--depth].object ? '}' : ']') == -1)
				goto full;
			name = depth > 0 && open[depth - 1].object;
			first = false;
		}
	}
	return 0;
full:
	b->len = start;
	b->bytes[start] = '\0';
	return -1;
}
