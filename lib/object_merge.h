/*
 * Several lines of one identity become one (design.md, tc-delta): tags,
 * labels, attributes, references and occurrences united; the higher rating and
 * confidence; hashes of a File joined; dates: the earliest firstSeen,
 * externalDateAdded and eventDate, else the newest; other scalars from the
 * object that was seen last (the newest of lastSeen and externalLastModified,
 * else firstSeen), then the larger bytes. Nothing looks at the order: any
 * order of the objects gives the same bytes.
 *
 * Ownership: nothing is kept; the objects, their scans and lines stay the
 * caller's.
 */
#ifndef TC_OBJECT_MERGE_H
#define TC_OBJECT_MERGE_H

#include "object.h"

/*
 * Appends the canonical merged line of n >= 1 objects with one identity (for
 * File: a connected set of shared hashes), without "action" and "batchId".
 * -1: past out's ceiling or LIMIT_LINE (CONTRACT); out is as it was.
 */
int	 object_merge(const struct object *const *object, size_t n, struct buf *out, struct err *) TC_MUST_CHECK;

#endif
