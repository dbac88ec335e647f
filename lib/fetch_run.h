/*
 * One run of tc-fetch: from wherever the feed's pages are to stdout or into a
 * capture. A page is handed on only once it is whole, unpacked and of the
 * expected kind.
 */
#ifndef TC_FETCH_RUN_H
#define TC_FETCH_RUN_H

#include "capture.h"
#include "fetch_cursor.h"
#include "fetch_def.h"
#include "fetch_files.h"
#include "io.h"
#include "kept.h"

struct fetch_run {
	const struct feed	*feed;
	const struct fetch_def	*def;
	const struct params	*params;
	struct out		*out;		/* pages go here, or ... */
	struct capture		*capture;	/* ... here */
	const struct kept	*previous;	/* pages that may be had from there where the feed says that they are as they were; or NULL */
	const char		*files_dir;	/* attachments are kept there; NULL: nowhere */
	volatile int		*stop;
	bool			 windows;	/* stop after window_pages with "more" */
	struct fetch_cursor	 since;		/* where the last run stood */
	int64_t			 last_run;	/* what {last_run} is */

	/* filled by the run */
	struct fetch_cursor	 cursor;	/* what the next one begins from */
	size_t			 taken;		/* pages of the capture's unfinished run that were taken over */
	long			 pages, requests;
	uint64_t		 bytes;		/* handed on */
	struct fetch_files	*files;		/* while the feed is asked */
	struct fetch_files_count attachments;
	bool			 paused;	/* whole as far as it went; err (PENDING) says why, the cursor where to go on */
	bool			 complete;	/* the whole feed was seen, as far as the source can tell */
};

/* From the network, by the definition. */
int	 fetch_run_http(struct fetch_run *, struct err *) TC_MUST_CHECK;
/* From captures, files and directories; n >= 1. */
int	 fetch_run_replay(struct fetch_run *, char *const *source, int n, struct err *) TC_MUST_CHECK;
/* From file://, plain paths and "-" of the definition. */
int	 fetch_run_local(struct fetch_run *, struct err *) TC_MUST_CHECK;
bool	 fetch_def_is_local(const struct fetch_def *);

/* Asks for the first page only and prints to out what it is and how it pages. */
int	 fetch_run_check(struct fetch_run *, struct err *) TC_MUST_CHECK;

#endif
