/*
 * A capture directory: the pages of one run, kept so that they can be replayed.
 *
 * Written: 0001.json, 0002.json ... (the ending by kind), files/ for attachments
 * (attachments.h), and pages.ndjson: a line a page (file, url, status, headers,
 * time, length, sha256; secrets masked) and an end record
 * {"end":true,"pages":N}, written last. Files are 0600, the directory 0700.
 *
 * An unfinished capture (no end record) is gone on with: its pages are kept,
 * and a run that makes the same requests takes them from there.
 *
 * Read: with pages.ndjson in its order, each page checked against its length
 * and digest, and a missing end record is an error (the capture was cut).
 * Without one (made by curl or by hand) the files in name order, hidden ones
 * and directories left out; ->complete is then false.
 *
 * Ownership: capture_free() and replay_free() free all, capture_free() without
 * capture_end() leaving an unfinished capture; pages stay the caller's, and
 * what is handed out (file names, the kept pages) lives as long as what handed
 * it out.
 * Units: bytes; times in epoch seconds. Errors: -1 with err: STATE where the
 * disk fails, CONTRACT where a capture is cut or damaged, USAGE where there is
 * none.
 */
#ifndef TC_CAPTURE_H
#define TC_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "page.h"

struct capture_page {
	const char	*url;		/* masked by the log room's secrets when written */
	long		 status;
	const char	*headers;	/* "name: value\n" lines, or NULL */
	int64_t		 time;		/* epoch seconds */
	const char	*ending;	/* "json", "csv", "txt" */
	const char	*request;	/* 32 hexadecimal digits that stand for the request; NULL: none was made */
	const char	*member;	/* name in an archive, or NULL */
	int64_t		 last_run, until; /* times that the run's requests hold */
};

struct capture;
struct kept;

/* The directory is made; one that holds a finished capture is refused (USAGE), and one that somebody else writes (BUSY). */
int	 capture_create(struct capture **, const char *dir, struct err *) TC_MUST_CHECK;
int	 capture_add(struct capture *, struct page *, const struct capture_page *, struct err *) TC_MUST_CHECK;
/* Writes the end record; without this call the capture stays a cut one. */
int	 capture_end(struct capture *, struct err *) TC_MUST_CHECK;
void	 capture_free(struct capture *);
int	 capture_pages(const struct capture *);
/* What an unfinished capture held when it was opened; NULL: nothing. */
const struct kept *capture_kept(const struct capture *);

struct replay;

/* source: a directory, or one file. */
int	 replay_open(struct replay **, const char *source, struct err *) TC_MUST_CHECK;
/* 1: page holds the next one, *name its file; 0: no more; -1: err. */
int	 replay_next(struct replay *, struct page *, const char **name, struct err *) TC_MUST_CHECK;
bool	 replay_complete(const struct replay *);	/* had pages.ndjson with its end record */
void	 replay_free(struct replay *);

#endif
