/*
 * The exit message: one sentence out of what the stages counted.
 *
 * run.sh keeps a directory for each feed of the job under dir; in it
 *	name	what people call the feed
 *	exit	0, 1 or 3: how the feed ended
 *	note	what run.sh itself has to say (a signal, a time limit); may be missing
 *	status	"stage code [file]" lines: how each stage ended, in the order of the
 *		pipes, and where its --stats are (STAGE.json)
 * Anything may be missing or cut: a stage may have been killed at any instant.
 *
 * Ownership: text is the caller's, appended to. Errors: -1 with err (STATE)
 * where dir cannot be read; what is missing below it is none.
 */
#ifndef TC_PARAMS_MESSAGE_H
#define TC_PARAMS_MESSAGE_H

#include <stdbool.h>

#include "buf.h"
#include "err.h"

/* Most important first: what failed, what was held back, then the counts; the feeds that ended worst stand first. */
int	 message_of(const char *dir, struct buf *text, struct err *) TC_MUST_CHECK;

/* Did a feed under dir end with 1? */
bool	 message_failed(const char *dir);

#endif
