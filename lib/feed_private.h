/*
 * What the files of the feed room share. Not for other rooms.
 *
 *	feed.c       a definition read, its sections handed to their checkers
 *	feed_find.c  the file
 *	feed_hash.c  the hash of what decides over objects
 *	feed_json.c  members, messages (feed_json.h: for the checkers of all sections)
 */
#ifndef TC_FEED_PRIVATE_H
#define TC_FEED_PRIVATE_H

#include "feed.h"

/* The file of FEED as feed_load() takes it; it need not be there where a path was given. Caller frees. NULL: err (USAGE). */
char	*feed_find(const char *name, struct err *) TC_MUST_CHECK;

/* Fills map_hash of a feed whose sections are set. -1 with err: the file of tables cannot be read. */
int	 feed_hash_map(struct feed *, struct err *) TC_MUST_CHECK;

#endif
