/*
 * The work of tc-submit: chunks are sent, watched until they are complete,
 * judged, and told about on stdout, one receipt an object.
 *
 * One struct submit_run is one run; its owner fills the first part and frees
 * what it filled. The run ends in ->end: NONE, or why it is not all well.
 */
#ifndef TC_SUBMIT_RUN_H
#define TC_SUBMIT_RUN_H

#include "io.h"
#include "journal.h"
#include "submit_lanes.h"
#include "submit_platform.h"

struct submit_run {
	/* filled by the owner */
	struct session	*session;
	struct submit_settings settings;
	struct journal	*journal;
	struct out	*receipts;
	volatile int	*stop;		/* the signal's number, or 0 */
	size_t		 max_objects, max_bytes;
	int		 in_flight;
	int64_t		 deadline_ms;	/* a batch may take so long */
	long		 wait_ms;	/* between two looks for an error list; before a try after trouble */
	bool		 one_call;	/* createAndUpload */
	int		 files;		/* directory of group files, or -1 ... */
	struct attachments *names;	/* ... and what they are called */

	/* what came of it */
	unsigned long long accepted, rejected, unknown, unsent, bytes, files_sent;
	unsigned long long batches, acknowledged;	/* uploads taken; ranges with an outcome from the platform */
	struct err	 end;
};

/* All of the input. Receipts are written for every object read. */
void	 submit_run(struct submit_run *, struct submit_lanes *);

/* The receipts of items from..to-1, flushed; counts them. -1: they cannot be written, ->end says why. */
int	 submit_tell(struct submit_run *, struct submit_chunk *, size_t from, size_t to) TC_MUST_CHECK;

/* One receipt for an object no batch can take. */
void	 submit_refuse(struct submit_run *, const struct object *, const char *reason);

/* The first reason to end a run stays. Returns -1. */
int	 submit_fail(struct submit_run *, const struct err *);

/* How long until a batch is asked for again that was queued so long ago (ms). */
long	 submit_poll_wait(int64_t since_ms);

/* Lines with batchId on fd: their batches are asked for, receipts printed (tc-submit --settle). */
void	 submit_settle(struct submit_run *, int fd, unsigned long long *read, unsigned long long *invalid);

/* Content of accepted Documents and Reports from run->files; may turn their outcome (lib/submit_files.c). */
void	 submit_files(struct submit_run *, struct submit_chunk *, size_t from, size_t to);

/* The documents and settings of all batches into a directory, nothing sent (lib/submit_dry.c). */
int	 submit_dry_run(struct submit_run *, struct submit_lanes *, const char *dir, struct err *) TC_MUST_CHECK;

#endif
