/*
 * Many small pieces of memory, freed together.
 *
 * Ownership: the arena owns every piece; none is freed by itself, all go with
 * arena_reset() or arena_release(), and what points into them is void then.
 * Units: sizes in bytes; the sum of what is handed out is bound by max.
 * Errors: NULL once max is passed (the caller says what was too large);
 * running out of memory ends the process.
 *
 *	struct arena a;
 *	arena_init(&a, LIMIT_RESULT);
 *	while (next record) {
 *		p = arena_alloc(&a, size);	...
 *		arena_reset(&a);
 *	}
 *	arena_release(&a);
 */
#ifndef TC_ARENA_H
#define TC_ARENA_H

#include <stddef.h>

#include "err.h"

struct arena {
	struct arena_block *block;	/* private */
	size_t	 used;			/* bytes handed out since the last reset */
	size_t	 max;			/* ceiling of used */
};

void	 arena_init(struct arena *, size_t max);
void	 arena_reset(struct arena *);		/* forget everything, keep one block */
void	 arena_release(struct arena *);		/* safe to call twice; may be used again */
/* 8-byte aligned, not zeroed; NULL once max is passed. */
void	*arena_alloc(struct arena *, size_t size) TC_MUST_CHECK;

#endif
