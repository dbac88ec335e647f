/*
 * A chunk on its way: sent, watched and judged, whole or in parts.
 *
 * The flight is the run's (submit_run.c), which says when; what becomes of the
 * chunk's objects is told through submit_tell().
 */
#ifndef TC_SUBMIT_SLOT_H
#define TC_SUBMIT_SLOT_H

#include "submit_run.h"

/* Part of a chunk that is still to be sent. */
struct range {
	size_t	from, to;
	bool	retried;
};

/* A chunk on its way. */
struct slot {
	struct submit_chunk chunk;
	struct range	*part;		/* still to be sent, a stack: the first on top, so that order is kept */
	size_t		 nparts, capparts;
	int		 uploads_left;	/* for the search of poisoned objects: bounded */
	bool		 busy;		/* there is a chunk */
	bool		 polling;	/* range is with the platform as batch id */
	struct range	 range;
	long long	 id;
	int64_t		 queued, next;	/* monotonic ms */
	int		 trouble;
	char		 word[32];	/* what the platform says it is doing */
};

struct flight {
	struct submit_run *run;
	struct submit_lanes *lanes;
	struct slot	*slot;
	size_t		 learned;	/* bytes a document may have, as this platform has taught */
	int64_t		 started;
};

void	 slot_push(struct slot *, size_t from, size_t to, bool retried);	/* a part to be sent, before the others */
/* Sends the next part; the slot has one. */
void	 slot_send(struct flight *, struct slot *);
/* Asks for the slot's batch, whose time has come, and judges it. */
void	 slot_poll(struct flight *, struct slot *);
/* What is left of a slot when the run has ended: in doubt what is with the platform, unsent the rest. */
void	 slot_give_up(struct flight *, struct slot *);

#endif
