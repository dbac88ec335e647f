/*
 * One writer a feed: a lock that the kernel lets go of when its holder ends,
 * however it ends. The file says who holds it, for people; it decides nothing.
 *
 * run.sh takes it once (tc-delta lock FEED -- COMMAND) and its stages inherit
 * the descriptor, whose number stands in TC_LOCK_FD: they find it is theirs.
 *
 * Ownership: the caller owns the struct; lock_drop() closes what lock_take()
 * opened, never what was inherited, and leaves the file.
 * Errors: -1 with err: BUSY, STATE where the file cannot be opened or locked,
 * USAGE where its name is too long.
 */
#ifndef TC_LOCK_H
#define TC_LOCK_H

#include <stdbool.h>

#include "err.h"

struct lock {
	int	 fd;		/* -1: not held */
	bool	 inherited;
};

/* DIR/FEED.lock. BUSY: err names the holder's run and for how long. run_id is written into the file; NULL: made up. */
int	 lock_take(struct lock *, const char *dir, const char *feed, const char *run_id, struct err *) TC_MUST_CHECK;
void	 lock_drop(struct lock *);

/* A new run id: eight hexadecimal digits. */
void	 lock_run_id(char out[9]);

#endif
