/*
 * A byte buffer that grows up to a ceiling chosen by the caller.
 *
 * Ownership: the caller owns the struct, the struct owns the bytes.
 * buf_take() is the only way to carry the bytes away; free(3) them after.
 * Units: every size is in bytes and leaves out the closing NUL, which is
 * always there.
 * Errors: 0 on success; -1 past the ceiling, and then the buffer still holds
 * what it held before the call. No memory ends the process (xmalloc.h).
 */
#ifndef TC_BUF_H
#define TC_BUF_H

#include <stddef.h>

#include "err.h"

struct buf {
	char	*bytes;		/* never NULL after buf_init() */
	size_t	 len;		/* bytes in use */
	size_t	 cap;		/* private */
	size_t	 max;		/* ceiling, bytes */
};

void	 buf_init(struct buf *, size_t max);
void	 buf_clear(struct buf *);			/* keeps the memory */
void	 buf_release(struct buf *);			/* safe to call twice */
char	*buf_take(struct buf *, size_t *len);		/* caller frees; buf is empty again */

int	 buf_add(struct buf *, const char *from, size_t len) TC_MUST_CHECK;
int	 buf_addz(struct buf *, const char *text) TC_MUST_CHECK;
int	 buf_addc(struct buf *, char c) TC_MUST_CHECK;
int	 buf_addf(struct buf *, const char *fmt, ...) TC_MUST_CHECK TC_PRINTF(2, 3);

/* Room for len more bytes; returns where they go, or NULL past the ceiling. Add len to ->len after filling. */
char	*buf_room(struct buf *, size_t len) TC_MUST_CHECK;

/* Appends text as a JSON string, quotes included; bytes must be valid UTF-8 (invalid ones become U+FFFD). */
int	 buf_add_json(struct buf *, const char *text, size_t len) TC_MUST_CHECK;

#endif
