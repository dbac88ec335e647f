/*
 * The pages that a capture directory holds, by its pages.ndjson: for a replay,
 * for a run that goes on where one was cut, and for pages that the feed says
 * have not changed.
 *
 * Ownership: kept_free() frees all; what kept_find() gives lives as long. Pages
 * that are read into are the caller's.
 * Units: bytes; times in epoch seconds. Errors: -1 with err: CONTRACT where the
 * capture contradicts itself, USAGE and STATE as of io.h's reading.
 */
#ifndef TC_KEPT_H
#define TC_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "page.h"

#define KEPT_INDEX "pages.ndjson"

struct kept_page {
	char	*file;		/* in the directory; digits, a dot and an ending */
	char	 request[33];	/* digest of the request, "" where unknown */
	char	 sha256[65];	/* "" where unknown */
	long long length;	/* -1 where unknown */
	char	*headers;	/* "name: value\n" lines, "" where none */
	bool	 member;	/* unpacked from an archive: not what the request answered */
	int64_t	 last_run, until; /* of the run that asked, -1 */
};

struct kept {
	char		 *dir;
	struct kept_page *page;
	size_t		  n;
	bool		  ended;	/* the end record is there */
	uint64_t	  good;		/* bytes of the index up to its last whole line */
};

/* A directory without an index gives 0 pages. A line that was cut at the index's end is passed over; anything else that is wrong is CONTRACT. */
int	 kept_load(struct kept **, const char *dir, struct err *) TC_MUST_CHECK;
void	 kept_free(struct kept *);
/* The page that answered a request; NULL: none, or several (an archive's members). */
const struct kept_page *kept_find(const struct kept *, const char *request);
/* Reads a page, checked against its length and digest; the page is cleared first. */
int	 kept_read(const struct kept *, const struct kept_page *, struct page *, struct err *) TC_MUST_CHECK;

/* Any file into a page. */
int	 kept_read_file(const char *path, struct page *, struct err *) TC_MUST_CHECK;

#endif
