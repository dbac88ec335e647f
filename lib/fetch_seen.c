#include "fetch_seen.h"

#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

/* Open addressing on the first bytes: they are SHA-256's, so nobody can aim at a slot. */

void
seen_release(struct seen *s)
{
	free(s->slot);
	memset(s, 0, sizeof(*s));
}

static bool
put(struct seen *s, const unsigned char *sum)
{
	static const unsigned char none[16];
	size_t i;

	memcpy(&i, sum, sizeof(i));
	for (i &= s->cap - 1; memcmp(s->slot[i], none, 16) != 0; i = (i + 1) & (s->cap - 1))
		if (memcmp(s->slot[i], sum, 16) == 0)
			return true;
	memcpy(s->slot[i], sum, 16);
	s->n++;
	return false;
}

bool
seen_before(struct seen *s, const unsigned char *sum)
{
	static const unsigned char none[16];
	struct seen old = *s;
	size_t i;

	if (2 * (s->n + 1) > s->cap) {
		s->cap = old.cap ? 2 * old.cap : 64;
		s->n = 0;
		s->slot = xcalloc(s->cap, sizeof(*s->slot));
		for (i = 0; i < old.cap; i++)
			if (memcmp(old.slot[i], none, 16) != 0)
				put(s, old.slot[i]);
		free(old.slot);
	}
	return put(s, sum);
}
