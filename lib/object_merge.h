/*
 * Two lines of one identity become one (design.md, tc-delta): tags, labels,
 * attributes, references and occurrences united; the higher rating and
 * confidence; hashes of a File joined; dates: the earliest firstSeen and
 * externalDateAdded, else the newest; other scalars by a rule that does not
 * look at the order (newest lastSeen/externalLastModified/firstSeen first,
 * then the larger bytes). Merging is commutative and associative, so any
 * order of the input gives the same bytes.
 */
#ifndef TC_OBJECT_MERGE_H
#define TC_OBJECT_MERGE_H

#include "object.h"

/* Appends the canonical merged line of n >= 1 objects with one identity (for File: a connected set of shared hashes). */
int	 object_merge(const struct object *const *object, size_t n, struct buf *out, struct err *) TC_MUST_CHECK;

#endif
