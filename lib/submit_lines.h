/*
 * Object lines from a descriptor, each at most LIMIT_LINE bytes.
 *
 * A line that is longer is skipped whole and reported; a last line without
 * newline counts. The line handed out is valid until the next call.
 */
#ifndef TC_SUBMIT_LINES_H
#define TC_SUBMIT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct submit_lines {
	int	 fd;
	char	*bytes;
	size_t	 from, to, cap;	/* unread bytes */
	uint64_t number;	/* of the line handed out, from 1 */
	bool	 ended, skipping;
};

enum submit_line { LINE_END, LINE_HERE, LINE_TOO_LONG, LINE_FAILED, LINE_NOT_YET };

void	 submit_lines_init(struct submit_lines *, int fd);
void	 submit_lines_release(struct submit_lines *);

/* wait_ms -1: as long as it takes; else LINE_NOT_YET where nothing came in that time. A signal makes it LINE_NOT_YET, too. */
enum submit_line submit_lines_next(struct submit_lines *, long wait_ms, const char **line, size_t *len, struct err *);

#endif
