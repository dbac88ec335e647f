/*
 * What a completed batch's counters and error list say about each object.
 *
 * Entries are tied to objects by source (summary, xid, value members), by a
 * value quoted in their text, or by a JSON path; the table of codes and the
 * critical strings of batch-api.md section 7 decide what follows.
 */
#ifndef TC_SUBMIT_JUDGE_H
#define TC_SUBMIT_JUDGE_H

#include <json-c/json.h>

#include "submit_chunk.h"
#include "submit_platform.h"

enum submit_verdict {
	VERDICT_SETTLED,	/* every item of the range has its outcome */
	VERDICT_RETRY,		/* the platform's own trouble: once more, whole */
	VERDICT_BISECT,		/* it could not read the document: look for the object it cannot */
	VERDICT_STOP		/* settled as far as it goes, and the run must end: err */
};

struct submit_case {
	struct submit_chunk *chunk;
	size_t		 from, to;
	long long	 batch_id;
	bool		 retried;	/* RETRY has been given already */
	bool		 settling;	/* no content here: RETRY and BISECT become "send again" */
	const struct submit_status *status;
	struct json_object *list;	/* NULL: none, or it could not be had */
	bool		 unreadable;	/* there should be one */
	const char	*owner;		/* for messages */
};

enum submit_verdict submit_judge(struct submit_case *, struct err *);

/* "0x1005" out of a text, in out (7 bytes); "" where there is none. */
void	 submit_code(const char *text, char out[7]);

#endif
