/*
 * Other feeds of the same owner, with their states in the same directory:
 * what one of them still lists is not removed for another.
 */
#ifndef TC_DELTA_SIBLING_H
#define TC_DELTA_SIBLING_H

#include "delta.h"

struct siblings;

struct siblings *siblings_open(struct delta *);
void	 siblings_close(struct siblings *);

/*
 * Does one of them list the row's object, a File by any hash? A sibling that
 * cannot be read lists everything: nothing is removed on a guess.
 */
bool	 siblings_list(struct siblings *, const struct row *);

#endif
