#include "brackets.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A byte at a time; a run inside a string is passed over at once. */
static void
follow_plain(struct brackets *b, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		if (b->in_string) {
			if (b->escaped) {
				b->escaped = false;
				s++;
				continue;
			}
			while (s < end && *s != '"' && *s != '\\')
				s++;
			if (s == end)
				return;
			if (*s++ == '\\')
				b->escaped = true;
			else
				b->in_string = false;
			continue;
		}
		switch (*s++) {
		case '"':
			b->in_string = true;
			break;
		case '{': case '[':
			b->depth++;
			break;
		case '}': case ']':
			if (b->depth == 0)
				b->below = true;
			else
				b->depth--;
			break;
		default:
			break;
		}
	}
}

#ifdef __SSE2__

#define BLOCK 64

/* Bit i is set where byte i of the block is c. */
static inline uint64_t
where(const __m128i v[4], char c)
{
	__m128i x = _mm_set1_epi8(c);

	return (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[0], x)) |
	    (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[1], x)) << 16 |
	    (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[2], x)) << 32 |
	    (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[3], x)) << 48;
}

/* Each bit becomes the parity of itself and those below: set from an opening quote up to the closing one. */
static inline uint64_t
between(uint64_t quotes)
{
	int shift;

	for (shift = 1; shift < BLOCK; shift *= 2)
		quotes ^= quotes << shift;
	return quotes;
}

/* False: the block has escapes, or closes more than is open, and is to be followed byte by byte. */
static inline bool
follow_block(struct brackets *b, const char *s)
{
	__m128i v[4], blank = _mm_set1_epi8(0x20);
	uint64_t in, open, close;
	unsigned n;
	int i;

	for (i = 0; i < 4; i++)
		v[i] = _mm_loadu_si128((const __m128i *)(const void *)(s + 16 * i));
	if (b->escaped || where(v, '\\') != 0)
		return false;
	in = between(where(v, '"')) ^ (b->in_string ? UINT64_MAX : 0);
	/* a bracket and a brace of one kind differ in this bit alone */
	for (i = 0; i < 4; i++)
		v[i] = _mm_or_si128(v[i], blank);
	open = where(v, '{') & ~in;
	close = where(v, '}') & ~in;
	n = (unsigned)__builtin_popcountll(close);
	if (n > b->depth)
		return false;
	b->depth += (uint64_t)__builtin_popcountll(open) - n;
	b->in_string = in >> (BLOCK - 1);
	return true;
}

void
brackets_follow(struct brackets *b, const char *s, size_t len)
{
	for (; len >= BLOCK; s += BLOCK, len -= BLOCK)
		if (!follow_block(b, s))
			follow_plain(b, s, BLOCK);
	follow_plain(b, s, len);
}

#else

void
brackets_follow(struct brackets *b, const char *s, size_t len)
{
	follow_plain(b, s, len);
}

#endif
