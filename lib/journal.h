/*
 * The journal of uploads: what may have reached the platform, on disk and
 * synced before it is sent, so that a run that dies leaves a trace to settle.
 *
 * NDJSON, appended:
 *   {"event":"upload","batchId":7,"action":"Create","object":[{"type":"URL","summary":"..."}, ...]}
 *   {"event":"queued","batchId":7}
 *   {"event":"done","batchId":7}	after its receipts are written
 * Objects stand in a receipt's identity form, over as many upload lines as it
 * takes, each below 1 MiB. Read and emptied by tc-delta settle.
 *
 * Ownership: the caller owns the struct; file is not copied. Errors: -1 with
 * err: STATE where it cannot be written or synced, USAGE for a file that is no
 * regular one.
 */
#ifndef TC_JOURNAL_H
#define TC_JOURNAL_H

#include "err.h"
#include "submit_chunk.h"

struct journal {
	int		 fd;	/* -1: none is kept, and everything below does nothing */
	const char	*file;
};

/* file NULL: none. A last line that was cut by a crash is closed with a newline. */
int	 journal_open(struct journal *, const char *file, struct err *) TC_MUST_CHECK;
void	 journal_close(struct journal *);

/* Before an upload: written and synced, or -1 and nothing may be sent. */
int	 journal_upload(struct journal *, long long batch_id, const struct submit_chunk *, size_t from, size_t to, struct err *)
    TC_MUST_CHECK;
int	 journal_event(struct journal *, long long batch_id, const char *event, struct err *) TC_MUST_CHECK;

#endif
