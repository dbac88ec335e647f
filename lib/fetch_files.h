/*
 * Attachments of groups (fetch.attachments): what a page names is fetched and
 * kept under its SHA-256 before the page is handed on, so that whoever sees
 * the page's groups finds their files.
 *
 * Only the feed's own origin is asked. A file that is refused, missing, or not
 * what it should be is said and left out: the page is whole without it. Where
 * the feed cannot be reached, the run ends.
 */
#ifndef TC_FETCH_FILES_H
#define TC_FETCH_FILES_H

#include "fetch_def.h"
#include "fetch_get.h"

struct fetch_files;

/* dir is made at need. All of the arguments must stay. */
int	 fetch_files_open(struct fetch_files **, const char *dir, const struct feed *, const struct fetch_def *,
    const struct params *, struct fetcher *, struct err *) TC_MUST_CHECK;
/* base: the page's address, which relative ones belong to. */
int	 fetch_files_of(struct fetch_files *, struct page *, const char *base, struct err *) TC_MUST_CHECK;
void	 fetch_files_close(struct fetch_files *);

struct fetch_files_count { long fetched, unchanged, missing; };
struct fetch_files_count fetch_files_count(const struct fetch_files *);

#endif
