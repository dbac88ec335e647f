/* One CSV record taken apart: quotes, delimiters and line ends. Runs over every byte of a CSV feed. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "records_csv_private.h"

/* The first a, b, c or d behind p; a place at or behind end where there is none. The input's slack makes reading behind end safe. */
static inline const char *
find(const char *p, const char *end, char a, char b, char c, char d)
{
#ifdef __SSE2__
	const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b), vc = _mm_set1_epi8(c), vd = _mm_set1_epi8(d);

	for (; p < end; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, va), _mm_cmpeq_epi8(x, vb)),
		    _mm_or_si128(_mm_cmpeq_epi8(x, vc), _mm_cmpeq_epi8(x, vd)));
		unsigned mask = (unsigned)_mm_movemask_epi8(hit);

		if (mask != 0)
			return p + __builtin_ctz(mask);
	}
#else
	while (p < end && *p != a && *p != b && *p != c && *p != d)
		p++;
#endif
	return p;
}

/* p stands on the opening quote. WHOLE: *pp stands behind the closing one. */
static inline enum outcome
parse_quoted(struct csv *c, struct record_field *f, const char **pp, const char *end, bool eof, bool backslash)
{
	const char *p = *pp + 1, *start = p;

	for (;;) {
		p = find(p, end, '"', '\n', '\r', backslash ? '\\' : '"');
		if (p >= end)
			goto open;
		if (*p == '"') {
			if (p + 1 == end && !eof)
				return MORE;
			if (p + 1 == end || p[1] != '"')
				break;
			c->escaped[c->nfield] = true;
			p += 2;
		} else if (*p == '\\') {
			/* the byte behind it is looked at by itself unless it is one of the two that are escaped */
			if (p + 1 == end && !eof)
				return MORE;
			p++;
			if (p < end && (*p == '"' || *p == '\\')) {
				c->escaped[c->nfield] = true;
				p++;
			}
		} else {
			if (*p == '\r' && p + 1 == end && !eof)
				return MORE;
			p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
			if (++c->lines > LIMIT_CSV_QUOTED_LINES) {
				c->damage = "a quote that is not closed";
				return DAMAGED;
			}
		}
		if (p >= end)
			goto open;
	}
	f->text = start;
	f->len = (size_t)(p - start);
	c->nescaped += c->escaped[c->nfield];
	*pp = p + 1;
	return WHOLE;
open:
	if (!eof)
		return MORE;
	c->damage = "a quote that is not closed";
	c->open = true;
	return DAMAGED;
}

enum outcome
csv_parse(struct csv *c, const char *start, const char *end, bool eof, int quotes)
{
	const char *p = start, *q;
	const char delimiter = c->delimiter;
	struct record_field *f;
	enum outcome outcome;

	c->nfield = c->nescaped = 0;
	c->lines = 0;
	c->ended = c->open = false;
	for (;;) {
		if (c->nfield == LIMIT_CSV_FIELDS) {
			c->damage = "more than 1024 fields";
			return DAMAGED;
		}
		f = &c->field[c->nfield];
		c->escaped[c->nfield] = false;
		q = p;
		if (p < end && (*p == ' ' || (*p == '\t' && delimiter != '\t')))
			while (q < end && (*q == ' ' || (*q == '\t' && delimiter != '\t')))
				q++;
		if (q == end && !eof)
			return MORE;
		if (q < end && *q == '"' && quotes != QUOTES_NONE) {
			p = q;
			if ((outcome = parse_quoted(c, f, &p, end, eof, quotes == QUOTES_BACKSLASH)) != WHOLE)
				return outcome;
			while (p < end && (*p == ' ' || (*p == '\t' && delimiter != '\t')))
				p++;
			if (p < end && *p != delimiter && *p != '\n' && *p != '\r') {
				c->damage = "text behind a closing quote";
				return DAMAGED;
			}
		} else {
			f->text = p;
			p = find(q, end, delimiter, '\n', '\r', delimiter);
			if (p > end)
				p = end;
			f->len = (size_t)(p - f->text);
		}
		if (p == end && !eof)
			return MORE;
		c->nfield++;
		if (p == end || *p != delimiter)
			break;
		p++;
	}
	c->len = (size_t)(p - start);
	c->by_cr = p < end && *p == '\r';
	c->ended = p < end;
	c->taken = c->len + c->ended;
	return WHOLE;
}

int
csv_unescape(struct csv *c, int quotes, struct err *err)
{
	char *to;
	int i;

	buf_clear(&c->plain);
	/* the fields are a part of the record: one piece of its length holds all */
	if ((to = buf_room(&c->plain, c->len)) == NULL)
		return err_set(err, REASON_CONTRACT, "a record is too long to unquote");
	for (i = 0; i < c->nfield; i++) {
		struct record_field *f = &c->field[i];
		const char *p = f->text, *end = p + f->len;

		if (!c->escaped[i])
			continue;
		f->text = to;
		while (p < end) {
			if (p + 1 < end && ((p[0] == '"' && p[1] == '"') ||
			    (quotes == QUOTES_BACKSLASH && p[0] == '\\' && (p[1] == '"' || p[1] == '\\'))))
				p++;
			*to++ = *p++;
		}
		f->len = (size_t)(to - f->text);
	}
	return 0;
}
