/*
 * Attachments of groups: a directory of files named by their SHA-256, and
 * names.ndjson beside them, which says what they are called.
 *
 * tc-fetch puts them there, tc-submit --files takes them. A name is a group's
 * fileName and only ever compared: nothing but a digest is opened.
 *
 * Lines of names.ndjson, the last one for a name or an address counts:
 *	{"name":"r17.pdf","sha256":"..."}	null: the name stands for several files
 *	{"address":"<SHA-256 of the URL>","sha256":"...","etag":"...","last_modified":"..."}
 * A line that is none is skipped: the worst that happens is a second download.
 *
 * Ownership: attachments_close() frees all; what attachments_known() gives
 * holds until the next attachments_refresh(), _address() or _close(); texts
 * given are copied.
 * Errors: -1 with err: STATE where the directory or its index fails, USAGE
 * where there is none to read, CONTRACT for a name that is too long. Texts end
 * in a NUL; digests are 64 lower-case hexadecimal digits.
 */
#ifndef TC_ATTACHMENTS_H
#define TC_ATTACHMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "page.h"

struct attachment {
	char	*key;		/* name, or digest of an address */
	char	 sha256[65];	/* "" where the name stands for several */
	char	*etag, *last_modified;	/* of an address; or NULL */
};

struct attachments;

/* write: the directory is made (0700). Else it must be there; without names.ndjson nothing has a name. */
int	 attachments_open(struct attachments **, const char *dir, bool write, struct err *) TC_MUST_CHECK;
void	 attachments_close(struct attachments *);

/* Reads names.ndjson again if somebody has written to it: tc-fetch may still be at work. What cannot be read is as it was. */
void	 attachments_refresh(struct attachments *);

/* The digest of the file of that name; false: none, or several. */
bool	 attachments_digest(const struct attachments *, const char *name, char sha256[65]);
/* What is known of an address, or NULL. */
const struct attachment *attachments_known(const struct attachments *, const char *address);
/* Is the file there? It counts as new then, for whoever cleans up. */
bool	 attachments_has(const struct attachments *, const char *sha256);

/* Keeps the bytes under their digest, synced. */
int	 attachments_keep(struct attachments *, struct page *, char sha256[65], struct err *) TC_MUST_CHECK;
/* What names.ndjson is to say from now on; "" for several. */
int	 attachments_name(struct attachments *, const char *name, const char *sha256, struct err *) TC_MUST_CHECK;
int	 attachments_address(struct attachments *, const struct attachment *, struct err *) TC_MUST_CHECK;

#endif
