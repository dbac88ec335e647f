/*
 * Compressed pages and archives, opened page by page (libarchive).
 *
 * "auto" looks at the first bytes: gzip, zstd, xz, bzip2, zip and tar are
 * opened, anything else is passed on as it is. A compressed single file gives
 * one page; an archive gives one page a member whose name matches the pattern
 * (fnmatch(3), on the whole name or the last part), in the archive's order;
 * directories and links are passed over. Bounded: each page by its max, an
 * archive by UNPACK_MEMBERS and by max_total decoded bytes. Bytes behind the
 * end of the compressed data are an error: they are lost data or an attack.
 *
 * Ownership: the page that is unpacked stays the caller's; those handed out are
 * released here. Sizes in bytes, decoded.
 * Errors: -1 with err: CONTRACT for damaged, foreign or oversized data, STATE
 * where a spool fails, TEMPORARY for want of memory, or what the callee filled
 * in.
 */
#ifndef TC_UNPACK_H
#define TC_UNPACK_H

#include "err.h"
#include "page.h"

#define UNPACK_MEMBERS 10000	/* members of one archive */

struct unpack_options {
	const char	*type;		/* auto, none, gzip, zstd, xz, bzip2, zip, tar */
	const char	*member;	/* pattern, NULL: all */
	const char	*password;	/* zip; NULL: "infected" is tried, the usual one of malware feeds */
	uint64_t	 max_page, max_total;
};

/* Called for each page; 0 goes on, -1 stops (err filled by the callee). The page is the callee's only for the call. */
typedef int	 unpack_page_fn(void *arg, struct page *, const char *name, struct err *);

int	 unpack_page(struct page *in, const struct unpack_options *, unpack_page_fn *, void *arg, struct err *) TC_MUST_CHECK;

#endif
