#include "arena.h"

#include <stdlib.h>

#include "limit.h"
#include "xmalloc.h"

#define BLOCK_FIRST	(4 * KIB)
#define BLOCK_KEEP	(1 * MIB)	/* larger blocks go back to the system at a reset */

struct arena_block {
	struct arena_block	*older;
	size_t			 cap, pos;
	_Alignas(16) char	 bytes[];
};

void
arena_init(struct arena *a, size_t max)
{
	a->block = NULL;
	a->used = 0;
	a->max = max;
}

static void *
arena_grow(struct arena *a, size_t size)
{
	size_t cap = a->block == NULL ? BLOCK_FIRST : a->block->cap * 2;
	struct arena_block *b;

	if (cap > BLOCK_KEEP)
		cap = BLOCK_KEEP;
	if (cap < size)
		cap = size;
	b = xmalloc(sizeof(*b) + cap);
	b->older = a->block;
	b->cap = cap;
	b->pos = size;
	a->block = b;
	return b->bytes;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->block;
	void *p;

	if (size > a->max || a->used > a->max - size)
		return NULL;
	size = (size + 7) & ~(size_t)7;
	a->used += size;
	if (b == NULL || size > b->cap - b->pos)
		return arena_grow(a, size);
	p = b->bytes + b->pos;
	b->pos += size;
	return p;
}

/* The largest block of ordinary size stays: a stream of like records then allocates nothing. */
void
arena_reset(struct arena *a)
{
	struct arena_block *b, *older, *keep = NULL;

	for (b = a->block; b != NULL; b = older) {
		older = b->older;
		if (b->cap > BLOCK_KEEP || (keep != NULL && keep->cap >= b->cap)) {
			free(b);
			continue;
		}
		free(keep);
		keep = b;
	}
	if (keep != NULL) {
		keep->older = NULL;
		keep->pos = 0;
	}
	a->block = keep;
	a->used = 0;
}

void
arena_release(struct arena *a)
{
	arena_reset(a);
	free(a->block);
	a->block = NULL;
}
