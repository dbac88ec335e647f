#include "submit_lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limit.h"
#include "xmalloc.h"

void
submit_lines_init(struct submit_lines *l, int fd)
{
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	l->cap = 256 * KIB;
	l->bytes = xmalloc(l->cap);
}

void
submit_lines_release(struct submit_lines *l)
{
	free(l->bytes);
	l->bytes = NULL;
}

/* More bytes behind the unread ones: 1, 0 at the end, -1 failed (errno), -2 nothing yet. */
static int
fill(struct submit_lines *l, long wait_ms)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	ssize_t n;
	int rc;

	if (l->from > 0) {
		memmove(l->bytes, l->bytes + l->from, l->to - l->from);
		l->to -= l->from;
		l->from = 0;
	}
	if (l->to == l->cap) {
		l->cap = 2 * l->cap < LIMIT_LINE + 2 ? 2 * l->cap : LIMIT_LINE + 2;
		l->bytes = xrealloc(l->bytes, l->cap);
	}
	rc = poll(&p, 1, (int)wait_ms);
	if (rc == 0 || (rc == -1 && errno == EINTR))
		return -2;
	n = read(l->fd, l->bytes + l->to, l->cap - l->to);
	if (n == -1)
		return errno == EINTR || errno == EAGAIN ? -2 : -1;
	l->to += (size_t)n;
	return n > 0;
}

enum submit_line
submit_lines_next(struct submit_lines *l, long wait_ms, const char **line, size_t *len, struct err *err)
{
	char *end;

	for (;;) {
		end = memchr(l->bytes + l->from, '\n', l->to - l->from);
		if (end == NULL && l->ended && l->to > l->from)
			end = l->bytes + l->to;
		if (end != NULL) {
			*line = l->bytes + l->from;
			*len = (size_t)(end - *line);
			l->from = (size_t)(end - l->bytes) + (end < l->bytes + l->to);
			l->number++;
			if (l->skipping || *len > LIMIT_LINE) {
				l->skipping = false;
				return LINE_TOO_LONG;
			}
			return LINE_HERE;
		}
		if (l->ended) {
			if (l->skipping) {
				l->skipping = false;
				l->number++;
				return LINE_TOO_LONG;
			}
			return LINE_END;
		}
		if (l->to - l->from > LIMIT_LINE) {
			l->skipping = true;
			l->from = l->to = 0;
		}
		switch (fill(l, wait_ms)) {
		case 0:
			l->ended = true;
			break;
		case -1:
			err_set(err, REASON_STATE, "cannot read standard input: %m");
			return LINE_FAILED;
		case -2:
			return LINE_NOT_YET;
		default:
			break;
		}
	}
}
