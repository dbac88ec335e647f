/*
 * Arrays of an object's elements as sets: the order and the repeats of tags,
 * attributes, labels and references carry no meaning, so a line has them
 * sorted and once. Used for one line and for the union of several.
 *
 * Ownership: the struct owns copies of what was added; the scan may go after
 * elements_add(). elements_clear() begins the next set. Sizes in bytes. Errors:
 * -1 past a ceiling (of bytes, of out), and nothing else.
 */
#ifndef TC_OBJECT_ELEMENTS_H
#define TC_OBJECT_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "scan.h"
#include "schema.h"

struct elements {
	enum field_kind	 kind;
	struct buf	 bytes;		/* canonical elements, one after the other */
	struct element {
		size_t	 off, len;
	}		*element;
	size_t		 n, cap;
};

void	 elements_init(struct elements *, enum field_kind);
void	 elements_clear(struct elements *, enum field_kind);	/* keeps the memory */
void	 elements_release(struct elements *);

/* Adds every element of the array at node. -1: past LIMIT_LINE. */
int	 elements_add(struct elements *, const struct scan *, uint32_t node) TC_MUST_CHECK;

/* Sorts, drops repeats, appends "[...]" to out; nothing where there are no elements (*any says so). */
int	 elements_write(struct elements *, struct buf *out, bool *any) TC_MUST_CHECK;

/* Does the array at node, whose text holds no white space, stand as elements_write() would write it? */
bool	 elements_canonical(const struct scan *, uint32_t node, enum field_kind);

#endif
