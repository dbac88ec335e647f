/*
 * The Link header of RFC 8288: find the target with a relation.
 *
 * Nothing is kept; the target goes to out, whose ceiling bounds it.
 */
#ifndef TC_LINK_HEADER_H
#define TC_LINK_HEADER_H

#include "buf.h"

/*
 * Appends the target of the first link whose rel holds the word (compared
 * without case; rel may list several). 1: found; 0: none, or no room for it; a
 * malformed rest is passed over. value may join several headers by commas.
 */
int	 link_header_find(const char *value, const char *rel, struct buf *out);

#endif
