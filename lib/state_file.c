/* The files a state is made of: names, the copy of the last good one, the mark that it existed. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hash.h"
#include "io.h"
#include "log.h"
#include "state_private.h"
#include "xmalloc.h"

int
state_path(char *path, size_t size, const char *dir, const char *feed, const char *owner, struct err *err)
{
	char hex[2 * HASH_SHA256 + 1];

	hash_sha256_hex(hex, owner, strlen(owner));
	if (snprintf(path, size, "%s/%s.%.12s.state", dir, feed, hex) >= (int)size || strlen(path) + 16 >= size)
		return err_set(err, REASON_USAGE, "state directory %s: name too long", dir);
	return 0;
}

static int
sync_directory(const char *file)
{
	char copy[PATH_MAX];
	int fd, rc;

	snprintf(copy, sizeof(copy), "%s", file);
	if ((fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc == -1 && errno != EINVAL ? -1 : 0;
}

static int
copy_bytes(int from, int to)
{
	static char block[256 * 1024];
	ssize_t n;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
		;
	if (n == 0 && lseek(to, 0, SEEK_END) > 0)
		return 0;
	if (lseek(from, 0, SEEK_SET) == -1 || lseek(to, 0, SEEK_SET) == -1)
		return -1;
	while ((n = io_read(from, block, sizeof(block))) > 0)
		if (io_write_all(to, block, (size_t)n) == -1)
			return -1;
	return n == -1 ? -1 : 0;
}

/* from's bytes under to's name: written beside it, synced, renamed. */
static int
copy_file(const char *from, const char *to, struct err *err)
{
	char tmp[PATH_MAX + 16];
	int in, out, rc = -1;

	snprintf(tmp, sizeof(tmp), "%s.new", to);
	if ((in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return err_set(err, REASON_STATE, "cannot open %s: %s", from, strerror(errno));
	unlink(tmp);
	out = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out == -1) {
		err_set(err, REASON_STATE, "cannot write %s: %s", tmp, strerror(errno));
		close(in);
		return -1;
	}
	if (copy_bytes(in, out) == 0 && fsync(out) == 0)
		rc = 0;
	else
		err_set(err, REASON_STATE, "cannot write %s: %s", tmp, strerror(errno));
	close(in);
	if (close(out) == -1 && rc == 0)
		rc = err_set(err, REASON_STATE, "cannot write %s: %s", tmp, strerror(errno));
	if (rc == 0 && (rename(tmp, to) == -1 || sync_directory(to) == -1))
		rc = err_set(err, REASON_STATE, "cannot write %s: %s", to, strerror(errno));
	if (rc == -1)
		unlink(tmp);
	return rc;
}

int
state_keep_copy(struct state *s, struct err *err)
{
	char name[PATH_MAX + 8];

	snprintf(name, sizeof(name), "%s.good", s->path);
	return copy_file(s->path, name, err);
}

int
state_mark(struct state *s, struct err *err)
{
	char name[PATH_MAX + 8], text[64];

	snprintf(name, sizeof(name), "%s.run", s->path);
	if (access(name, F_OK) == 0)
		return 0;
	snprintf(text, sizeof(text), "{\"run\":%lld}\n", state_number(s, "run"));
	return io_replace_file(name, text, strlen(text), err);
}

int
state_repair(struct state *s, bool *from_copy, struct err *err)
{
	char name[PATH_MAX + 16], path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", s->path);
	*from_copy = false;
	/* first of all: killed at any point from here, the next run knows */
	snprintf(name, sizeof(name), "%s.hold", path);
	if (io_replace_file(name, "{}\n", 3, err) == -1)
		return -1;
	/* a journal belongs to the damaged file and would be played into the copy */
	snprintf(name, sizeof(name), "%s-journal", path);
	if (unlink(name) == -1 && errno != ENOENT)
		return err_set(err, REASON_STATE, "cannot remove %s: %s", name, strerror(errno));
	snprintf(name, sizeof(name), "%s.good", path);
	if (access(name, F_OK) == 0) {
		char damaged[PATH_MAX + 16];

		/* the copy comes by rename, so there is a state at every instant */
		snprintf(damaged, sizeof(damaged), "%s.damaged", path);
		unlink(damaged);
		if (link(path, damaged) == -1 && errno != ENOENT)
			log_debug("cannot keep %s: %s", damaged, strerror(errno));
		if (copy_file(name, path, err) == -1)
			return -1;
		/* a copy that turns out bad must not be tried for ever */
		snprintf(damaged, sizeof(damaged), "%s.good.used", path);
		if (rename(name, damaged) == -1)
			return err_set(err, REASON_STATE, "cannot rename %s: %s", name, strerror(errno));
		*from_copy = true;
		return 0;
	}
	snprintf(name, sizeof(name), "%s.damaged", path);
	if (rename(path, name) == -1 && errno != ENOENT)
		return err_set(err, REASON_STATE, "cannot rename %s: %s", path, strerror(errno));
	/* whatever comes next must know that there was a state */
	snprintf(name, sizeof(name), "%s.run", path);
	if (access(name, F_OK) == -1)
		return io_replace_file(name, "{\"run\":0}\n", 10, err);
	return 0;
}
