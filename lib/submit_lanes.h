/*
 * Object lines in, chunks out, in the order a platform needs them: groups,
 * indicators, associations, inactive indicators, deleted indicators, deleted
 * groups; each kind complete before the next (batch-api.md sections 9 and 14).
 *
 * Indicators that come in order (no group behind the first one, and the groups
 * they name before them) stream through; every other kind, and all that follows
 * once the order is broken, is put aside until its turn (submit_spool.h). Memory: one chunk, the caller's, and
 * some 40 bytes a group.
 */
#ifndef TC_SUBMIT_LANES_H
#define TC_SUBMIT_LANES_H

#include "submit_chunk.h"
#include "submit_groups.h"
#include "submit_lines.h"

struct submit_lanes {
	struct submit_lines lines;
	struct scan	 scan;
	struct submit_groups *groups;
	struct submit_spool aside[SUBMIT_KINDS];
	uint64_t	 aside_read[SUBMIT_KINDS];
	struct buf	 held;		/* the indicator that did not fit, or the first behind the groups */
	struct buf	 line;		/* a group's, or a piece of aside[window_kind] from window_at on */
	uint64_t	 window_at;
	struct submit_chunk waiting;	/* indicators that came before groups that must go first */
	bool		 has_held, seen_indicator, disorder, eof;
	volatile int	*stop;
	size_t		 max_objects, max_bytes;	/* of a chunk; may be lowered at any time */
	/* counted */
	unsigned long long read, invalid, repeated;
	/* called for a line that names an object no batch can take; gets a reason */
	void		(*refuse)(void *arg, const struct object *, const char *reason);
	void		*refuse_arg;
};

void	 submit_lanes_init(struct submit_lanes *, int fd, size_t max_objects, size_t max_bytes);
void	 submit_lanes_release(struct submit_lanes *);

/*
 * Fills a chunk, which the caller has cleared: 1, 0 nothing left, -1 failed,
 * -2 nothing yet within wait_ms (-1: wait; *stop set is -2, too): then call
 * again with the same chunk. A chunk is of one kind.
 */
int	 submit_lanes_next(struct submit_lanes *, struct submit_chunk *, long wait_ms, struct err *) TC_MUST_CHECK;
#endif
