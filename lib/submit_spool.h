/*
 * Lines put aside until their turn: up to 1 MiB in memory, then in an unlinked
 * 0600 file under TMPDIR.
 */
#ifndef TC_SUBMIT_SPOOL_H
#define TC_SUBMIT_SPOOL_H

#include "buf.h"

#include <stdint.h>

struct submit_spool {
	struct buf	 recent;	/* not yet in the file */
	int		 fd;		/* -1: nothing is in a file */
	uint64_t	 filed;		/* bytes in the file */
};

void	 submit_spool_init(struct submit_spool *);
void	 submit_spool_release(struct submit_spool *);
static inline uint64_t
submit_spool_size(const struct submit_spool *s)
{
	return s->filed + s->recent.len;
}

/* Appends a line and its newline. -1: STATE (disk full). */
int	 submit_spool_add(struct submit_spool *, const char *line, size_t len, struct err *) TC_MUST_CHECK;
/* len bytes at offset at, to. */
int	 submit_spool_read(const struct submit_spool *, uint64_t at, char *to, size_t len, struct err *) TC_MUST_CHECK;

#endif
