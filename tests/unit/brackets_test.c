/* brackets: against a state machine of a few lines, on random text, in pieces of every size. */
#include <stdlib.h>

#include "brackets.h"
#include "tap.h"

static void
reference(struct brackets *b, const char *s, size_t len)
{
	for (; len > 0; s++, len--) {
		if (b->escaped)
			b->escaped = false;
		else if (b->in_string && *s == '\\')
			b->escaped = true;
		else if (*s == '"')
			b->in_string = !b->in_string;
		else if (!b->in_string && (*s == '{' || *s == '['))
			b->depth++;
		else if (!b->in_string && (*s == '}' || *s == ']')) {
			b->below |= b->depth == 0;
			b->depth -= b->depth > 0;
		}
	}
}

static bool
same(const struct brackets *a, const struct brackets *b)
{
	return a->depth == b->depth && a->in_string == b->in_string && a->escaped == b->escaped && a->below == b->below;
}

/* Text of characters drawn from those given. */
static unsigned
random_text(char *to, size_t len, const char *from, unsigned seed)
{
	size_t n = strlen(from), i;

	for (i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		to[i] = from[(seed >> 16) % n];
	}
	return seed;
}

int
main(void)
{
	static const char *const from[] = { "{}[]\"\\ a", "aaaaaaaaaaaaaaaaaaaa{}\"", "{[aaaaaaaaaaaaaaa\"", "}]{", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\\\\{}", "{{{{}[]\";:\xfb\xdb\x5d" };
	char text[1000];
	unsigned seed = 7, bad = 0;
	size_t k, piece, at;

	for (k = 0; k < 600; k++) {
		seed = random_text(text, sizeof(text), from[k % 6], seed);
		for (piece = 1; piece <= sizeof(text); piece += piece < 140 ? 1 : 171) {
			struct brackets got = { 0 }, want = { 0 };

			for (at = 0; at < sizeof(text); at += piece)
				brackets_follow(&got, text + at, sizeof(text) - at < piece ? sizeof(text) - at : piece);
			reference(&want, text, sizeof(text));
			bad += !same(&got, &want);
		}
	}
	tap_ok(bad == 0, "600 texts in pieces of every size: %u differ", bad);
	return tap_done();
}
