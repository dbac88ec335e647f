/*
 * One page of a feed while it arrives: held until it is whole.
 *
 * Small pages stay in memory, larger ones go to an unlinked spool file, so
 * nothing of a page that was cut reaches anybody. page_done() is called when
 * the transfer ended well; page_check() then asks whether the bytes are what
 * the feed should serve.
 *
 * Ownership: the caller owns the struct, the struct its bytes and its spool
 * (closed by page_clear() and page_release(), which may be called twice).
 * Units: bytes. Errors: -1 with err: CONTRACT past a ceiling and for what is no
 * such page, STATE where the spool or the disk fails; page_add() has no err of
 * its own and leaves it in ->failed.
 */
#ifndef TC_PAGE_H
#define TC_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brackets.h"
#include "err.h"
#include "io.h"

#define PAGE_IN_MEMORY ((size_t)2 * 1024 * 1024)	/* bytes; a longer page is spooled */

struct page {
	char	*bytes;		/* in memory while fd is -1 */
	int	 fd;		/* spool, or -1 */
	uint64_t len;
	uint64_t max;		/* ceiling, bytes */
	bool	 follow;	/* set after page_init(): JSON is expected */
	struct brackets json;	/* of the first "followed" bytes */
	uint64_t followed;
	struct err failed;	/* why page_add() said no */
	size_t	 cap;		/* private */
};

enum page_kind { PAGE_ANY, PAGE_JSON, PAGE_TEXT /* CSV, text, attachments: anything but markup */ };

void	 page_init(struct page *, uint64_t max);
void	 page_clear(struct page *);		/* empty again, for a second try */
void	 page_release(struct page *);
/* An http_sink: arg is the page. -1 past the ceiling or when the spool cannot be written; ->failed says why. */
int	 page_add(void *page, const char *bytes, size_t len);
/* An http_restart: page_clear(). */
void	 page_restart(void *page);

/* Reads len bytes at offset; -1 with errno, short only at the end. */
ssize_t	 page_read(const struct page *, uint64_t offset, char *to, size_t len);
/* Descriptor at offset 0 to read the page from; an in-memory page is spooled first. Do not close it. */
int	 page_fd(struct page *, struct err *) TC_MUST_CHECK;
/* All bytes at once, for pages up to max (REASON_CONTRACT above); the page owns them, valid until it is cleared. */
int	 page_bytes(struct page *, size_t max, const char **bytes, size_t *len, struct err *) TC_MUST_CHECK;

/* Copies the page to out, plus a newline where it lacks one at its end (an empty page adds nothing). */
int	 page_copy(struct page *, struct out *, struct err *) TC_MUST_CHECK;

/* The bytes as they came, durable under path: a new file (0600), synced, then renamed. */
int	 page_save(struct page *, const char *path, struct err *) TC_MUST_CHECK;

void	 page_sha256(struct page *, char hex[65]);

/*
 * Is it of the expected kind, and complete? JSON must begin like JSON and
 * close every bracket; markup (an HTML login or challenge page) is refused for
 * every kind but ANY, showing its first safe 40 characters. content_type may be
 * NULL. Reason CONTRACT.
 */
int	 page_check(struct page *, enum page_kind, const char *content_type, struct err *) TC_MUST_CHECK;

#endif
