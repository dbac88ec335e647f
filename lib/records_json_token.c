/*
 * Tokens and whole values, taken off the input. A value's end is found by its
 * brackets and quotes alone, whatever else is wrong inside it; that loop runs
 * over every byte of a JSON feed.
 */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "records_json_private.h"
#include "text.h"

#define NEST	4096		/* brackets deeper than this are counted, not told apart */

/* --- messages --- */

int
json_cut(struct records *r, struct err *err)
{
	return err_set(err, REASON_CONTRACT, "the input ends in the middle of a document (page %u, behind record %llu, byte %llu)",
	    r->page, (unsigned long long)r->number, (unsigned long long)input_offset(&r->in));
}

/* What stands at start is not what may stand here. */
int
json_unexpected(struct records *r, const char *want, struct err *err)
{
	char shown[4 * 40 + 1];
	const char *p;
	size_t len;

	if (input_need(r, 160, err) == -1)
		return -1;
	p = r->in.bytes + r->in.start;
	len = r->in.end - r->in.start < 160 ? r->in.end - r->in.start : 160;
	if (len == 0)
		return json_cut(r, err);
	text_safe(shown, sizeof(shown), p, text_first(p, len, 40));
	return err_set(err, REASON_CONTRACT, "page %u is not JSON: line %llu, byte %llu: %s expected, here is: %s", r->page,
	    (unsigned long long)input_line(&r->in), (unsigned long long)input_offset(&r->in), want, shown);
}

/* --- tokens --- */

int
json_expect(struct records *r, const char *want, const char *words, struct err *err)
{
	int c = json_peek(r, err);

	if (c == -1)
		return -1;
	if (c == 0 && json_at_end(r))
		return json_cut(r, err);
	if (c == 0 || strchr(want, c) == NULL)
		return json_unexpected(r, words, err);
	r->in.start++;
	return c;
}

/* --- whole values --- */

struct taker {
	uint64_t	 object[NEST / 64];	/* which open brackets are braces */
	size_t		 depth;
	bool		 string, scalar, started;
};

static inline const char *
skip_string(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\');

	/* the input has slack behind its end */
	for (; p < end; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, back)));

		if (mask != 0)
			return p + __builtin_ctz(mask);
	}
#else
	while (p < end && *p != '"' && *p != '\\')
		p++;
#endif
	return p;
}

/*
 * Runs over p..end. 1: the value ends at *pp. 0: it goes on behind end, and a
 * backslash that is the last byte is not taken. -1: brackets that do not match.
 */
static int
run(struct taker *t, const char **pp, const char *end)
{
	const char *p = *pp;

	while (p < end) {
		if (t->string) {
			p = skip_string(p, end);
			if (p >= end) {
				p = end;
				break;
			}
			if (*p == '\\') {
				if (p + 1 == end)
					break;
				p += 2;
				continue;
			}
			p++;
			t->string = false;
			if (t->depth == 0)
				goto whole;
			continue;
		}
		switch (*p) {
		case '"':
			if (t->scalar)
				goto whole;
			t->string = t->started = true;
			p++;
			break;
		case '{':
		case '[':
			if (t->scalar)
				goto whole;
			t->started = true;
			if (t->depth < NEST) {
				uint64_t bit = 1ULL << (t->depth % 64), *word = &t->object[t->depth / 64];

				if (t->depth % 64 == 0)
					*word = 0;
				*word = *p == '{' ? *word | bit : *word & ~bit;
			}
			t->depth++;
			p++;
			break;
		case '}':
		case ']':
			if (t->depth == 0)
				goto whole;
			t->depth--;
			if (t->depth < NEST && (t->object[t->depth / 64] >> (t->depth % 64) & 1) != (*p == '}')) {
				*pp = p;
				return -1;
			}
			p++;
			if (t->depth == 0)
				goto whole;
			break;
		case ',': case ':': case ' ': case '\t': case '\n': case '\r':
			if (t->depth == 0)
				goto whole;
			p++;
			break;
		default:
			if (t->depth == 0)
				t->scalar = t->started = true;
			p++;
		}
	}
	*pp = p;
	return 0;
whole:
	*pp = p;
	return 1;
}

int
json_take(struct records *r, size_t max, size_t *len, uint64_t *full, struct err *err)
{
	struct input *in = &r->in;
	struct taker t;
	size_t off = 0;
	uint64_t gone = 0;
	const char *p;
	int rc;

	t.depth = 0;
	t.string = t.scalar = t.started = false;
	for (;;) {
		p = in->bytes + in->start + off;
		rc = run(&t, &p, in->bytes + in->end);
		off = (size_t)(p - (in->bytes + in->start));
		if (rc == -1) {
			in->start += off;
			return json_unexpected(r, "the other closing bracket", err);
		}
		if (rc == 1)
			break;
		if (off > max) {
			if (gone == 0)
				memcpy(r->kept, in->bytes + in->start, sizeof(r->kept));
			gone += off;
			in->start += off;
			off = 0;
		}
		if ((rc = input_fill(r, err)) == -1)
			return -1;
		if (rc == 0) {
			if (t.scalar && t.depth == 0)
				break;
			in->start = in->end;
			return json_cut(r, err);
		}
	}
	if (gone == 0 && off <= max) {
		*len = off;
		if (off == 0)
			return json_unexpected(r, "a value", err);
		return 1;
	}
	if (gone == 0)
		memcpy(r->kept, in->bytes + in->start, off < sizeof(r->kept) ? off : sizeof(r->kept));
	in->start += off;
	*full = gone + off;
	return 2;
}

int
json_take_name(struct records *r, struct buf *raw, struct err *err)
{
	struct json *j = r->state;
	struct err why;
	uint64_t full;
	size_t len;
	int rc, c = json_peek(r, err);

	if (c == -1)
		return -1;
	if (c != '"')
		return c == 0 && json_at_end(r) ? json_cut(r, err) : json_unexpected(r, "a member's name", err);
	if ((rc = json_take(r, RECORDS_NAME, &len, &full, err)) == -1)
		return -1;
	buf_clear(&j->word);
	if (rc == 1) {
		const char *p = r->in.bytes + r->in.start;

		if (scan_text(&j->name, p, len, &why) == -1 || scan_string(&j->name, 0, &j->word) == -1 ||
		    (raw != NULL && buf_add(raw, p, len) == -1))
			rc = 2;
		r->in.start += len;
	}
	if (json_expect(r, ":", "a colon", err) == -1 || json_peek(r, err) == -1)
		return -1;
	return json_at_end(r) ? json_cut(r, err) : rc;
}
