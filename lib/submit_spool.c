#include "submit_spool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"

void
submit_spool_init(struct submit_spool *s)
{
	buf_init(&s->recent, MIB + LIMIT_LINE + 1);
	s->fd = -1;
	s->filed = 0;
}

void
submit_spool_release(struct submit_spool *s)
{
	buf_release(&s->recent);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

int
submit_spool_add(struct submit_spool *s, const char *line, size_t len, struct err *err)
{
	if (s->recent.len >= MIB) {
		if (s->fd == -1 && (s->fd = io_spool(err)) == -1)
			return -1;
		if (io_write_all(s->fd, s->recent.bytes, s->recent.len) == -1)
			return err_set(err, REASON_STATE, "cannot put lines aside in the temporary directory: %m");
		s->filed += s->recent.len;
		buf_clear(&s->recent);
	}
	if (buf_add(&s->recent, line, len) == -1 || buf_addc(&s->recent, '\n') == -1)
		return err_set(err, REASON_STATE, "a line is too long to be put aside");
	return 0;
}

int
submit_spool_read(const struct submit_spool *s, uint64_t at, char *to, size_t len, struct err *err)
{
	ssize_t n;

	while (len > 0 && at < s->filed) {
		size_t want = s->filed - at < len ? (size_t)(s->filed - at) : len;

		n = pread(s->fd, to, want, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, REASON_STATE, "cannot read back from the temporary directory: %s",
			    n == 0 ? "the file is shorter than written" : strerror(errno));
		at += (uint64_t)n;
		to += n;
		len -= (size_t)n;
	}
	if (len > 0)
		memcpy(to, s->recent.bytes + (at - s->filed), len);
	return 0;
}
