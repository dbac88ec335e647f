/* Spool files: what does not fit in memory or may not go out yet. */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
io_spool(struct err *err)
{
	const char *dir = getenv("TC_TEMP_PATH");
	char name[PATH_MAX];
	int fd;

	if (dir == NULL || *dir == '\0')
		dir = getenv("TMPDIR");
	if (dir == NULL || *dir == '\0')
		dir = "/tmp";
	fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd != -1)
		return fd;
	if (snprintf(name, sizeof(name), "%s/tcfeed.XXXXXX", dir) >= (int)sizeof(name))
		return err_set(err, REASON_USAGE, "temporary directory %s: name too long", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd == -1)
		return err_set(err, REASON_STATE, "cannot make a temporary file in %s: %s", dir, strerror(errno));
	unlink(name);
	return fd;
}

int
io_spool_write(int fd, const void *bytes, size_t len, uint64_t off, struct err *err)
{
	const char *p = bytes;
	ssize_t n;

	while (len > 0) {
		n = pwrite(fd, p, len, (off_t)off);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_set(err, REASON_STATE, "cannot write the spool file (TMPDIR): %s", strerror(errno));
		p += n;
		len -= (size_t)n;
		off += (uint64_t)n;
	}
	return 0;
}

int
io_spool_read(int fd, void *to, size_t len, size_t need, uint64_t off, struct err *err)
{
	char *p = to;
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = pread(fd, p + have, len - have, (off_t)(off + have));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_set(err, REASON_STATE, "cannot read the spool file: %s", strerror(errno));
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return have < need ? err_set(err, REASON_STATE, "cannot read the spool file: it was cut") : 0;
}

int
io_spool_print(int fd, struct err *err)
{
	static char block[256 * 1024];
	struct out out;
	off_t off = 0;
	ssize_t n;
	int rc;

	out_init(&out, STDOUT_FILENO, "standard output", 64 * 1024);
	while ((n = pread(fd, block, sizeof(block), off)) > 0 || (n == -1 && errno == EINTR)) {
		if (n == -1)
			continue;
		out_write(&out, block, (size_t)n);
		off += n;
	}
	out_flush(&out);
	rc = n == -1 ? err_set(err, REASON_STATE, "cannot read the spool file: %s", strerror(errno)) : out_error(&out, err);
	out_release(&out);
	return rc;
}
