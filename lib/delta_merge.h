/*
 * Several lines of one object become one (object_merge.h has the rules). The
 * result does not depend on the order in which the feed listed them.
 */
#ifndef TC_DELTA_MERGE_H
#define TC_DELTA_MERGE_H

#include <stddef.h>

#include "buf.h"
#include "delta_spool.h"

/*
 * The lines of n records of one key that are no retractions, read from the
 * spool, into out. The records come sorted by content, so merging them a few
 * at a time is blind to the input's order, too. What would be too long for a
 * line is said, and the longest of them stands for all.
 */
int	 delta_merge_lines(struct spool *, const struct rec *, size_t n, struct buf *out, struct err *) TC_MUST_CHECK;

/* The values of two rows that are one File, as a line of their type and hashes, into out. -1: a row that is no object. */
int	 delta_merge_rows(const struct row *, const struct row *, struct buf *out, struct err *) TC_MUST_CHECK;

#endif
