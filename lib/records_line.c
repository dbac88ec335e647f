/* Lines and trailers, for the formats that are made of lines. */
#include <ctype.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "records_private.h"
#include "text.h"

size_t
find_two(const char *p, size_t len, char a, char b)
{
	size_t i = 0;

#ifdef __SSE2__
	const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b);

	for (; i + 16 <= len; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, va), _mm_cmpeq_epi8(x, vb)));

		if (mask != 0)
			return i + (size_t)__builtin_ctz(mask);
	}
#endif
	while (i < len && p[i] != a && p[i] != b)
		i++;
	return i;
}

int
line_next(struct records *r, struct lines *l, struct line *line, struct err *err)
{
	struct input *in = &r->in;
	size_t done = 0, n;		/* bytes of the line that were looked at */
	uint64_t dropped = 0;		/* bytes of it that are gone, being too many */
	int rc;

	if ((rc = input_begin(r, err)) == 1 && l->after_cr && in->bytes[in->start] == '\n') {
		in->start++;
		rc = input_begin(r, err);
	}
	l->after_cr = false;
	if (rc != 1)
		return rc;
	line->number = ++l->number;
	line->offset = input_offset(in);
	for (;;) {
		const char *p = in->bytes + in->start;
		size_t have = in->end - in->start;

		n = find_two(p + done, have - done, '\n', l->cr ? '\r' : '\n') + done;
		if (n < have) {
			line->ended = true;
			break;
		}
		done = n;
		if (done > LIMIT_RECORD) {
			if (dropped == 0)
				memcpy(r->kept, p, sizeof(r->kept));
			dropped += done;
			in->start = in->end;
			done = 0;
		}
		if ((rc = input_fill(r, err)) == -1)
			return -1;
		if (rc == 0) {
			line->ended = false;
			n = done;
			break;
		}
	}
	if (dropped == 0 && n > LIMIT_RECORD) {
		memcpy(r->kept, in->bytes + in->start, sizeof(r->kept));
		dropped = n;
		in->start += n;
		n = 0;
	}
	if (dropped > 0) {
		line->bytes = r->kept;
		line->len = sizeof(r->kept);
		line->full = dropped + n;
	} else {
		line->bytes = in->bytes + in->start;
		line->len = n;
		line->full = n;
	}
	in->start += n;
	if (line->ended) {
		l->after_cr = in->bytes[in->start] == '\r';
		in->start++;
	}
	return 1;
}

/* --- trailers --- */

/* The comma of "1,407". */
static bool
thousands(const char *s, size_t len)
{
	return len >= 4 && s[0] == ',' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
	    isdigit((unsigned char)s[3]) && (len == 4 || !isdigit((unsigned char)s[4]));
}

int
trailer_take(struct records *r, struct trailer *t, const char *line, size_t len, uint64_t number, struct err *err)
{
	size_t i = strlen(r->opt.trailer);
	uint64_t count = 0;
	bool digit = false;

	while (i < len && !isdigit((unsigned char)line[i]))
		i++;
	for (; i < len && (isdigit((unsigned char)line[i]) || (digit && thousands(line + i, len - i))); i++) {
		if (line[i] == ',')
			continue;
		digit = true;
		if (count < UINT64_MAX / 16)
			count = count * 10 + (uint64_t)(line[i] - '0');
	}
	if (digit && count != t->records)
		return err_set(err, REASON_CONTRACT,
		    "page %u is not whole: its trailer in line %llu counts %llu records, %llu came", r->page,
		    (unsigned long long)number, (unsigned long long)count, (unsigned long long)t->records);
	t->seen = true;
	t->records = 0;
	return 0;
}

void
trailer_record(struct records *r, struct trailer *t)
{
	if (t->seen)
		r->page++;
	t->seen = false;
	t->records++;
}

int
trailer_end(struct records *r, const struct trailer *t, struct err *err)
{
	if (!r->opt.trailer_required || t->seen)
		return 0;
	return err_set(err, REASON_CONTRACT, "the input ends without the trailer \"%s\" after %llu records of page %u",
	    r->opt.trailer, (unsigned long long)t->records, r->page);
}
