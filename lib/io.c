#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "xmalloc.h"

void
out_init(struct out *o, int fd, const char *name, size_t cap)
{
	memset(o, 0, sizeof(*o));
	o->fd = fd;
	o->name = name;
	o->cap = cap;
	o->bytes = xmalloc(cap);
}

int
out_flush(struct out *o)
{
	if (o->len > 0)
		log_progress_makes_way(o->fd);
	if (o->error == 0 && o->len > 0 && io_write_all(o->fd, o->bytes, o->len) == -1)
		o->error = errno;
	o->len = 0;
	return o->error ? -1 : 0;
}

void
out_write(struct out *o, const char *bytes, size_t len)
{
	o->total += len;
	if (len > o->cap - o->len) {
		out_flush(o);
		if (len >= o->cap) {
			log_progress_makes_way(o->fd);
			if (o->error == 0 && io_write_all(o->fd, bytes, len) == -1)
				o->error = errno;
			return;
		}
	}
	memcpy(o->bytes + o->len, bytes, len);
	o->len += len;
}

void
out_puts(struct out *o, const char *text)
{
	out_write(o, text, strlen(text));
}

int
out_error(const struct out *o, struct err *err)
{
	if (o->error == 0)
		return 0;
	if (o->error == EPIPE)
		return err_set(err, REASON_STATE, "the reader of %s went away", o->name);
	return err_set(err, REASON_STATE, "cannot write %s: %s", o->name, strerror(o->error));
}

void
out_release(struct out *o)
{
	free(o->bytes);
	o->bytes = NULL;
}

ssize_t
io_read(int fd, char *to, size_t len)
{
	ssize_t n;

	do
		n = read(fd, to, len);
	while (n == -1 && errno == EINTR);
	return n;
}

int
io_write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, bytes, len);
		if (n == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int
io_open_input(const char *file, struct err *err)
{
	struct stat st;
	int fd;

	if (strcmp(file, "-") == 0)
		return STDIN_FILENO;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return err_set(err, errno == ENOENT ? REASON_USAGE : REASON_STATE,
		    "cannot open %s: %s", file, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(err, REASON_USAGE, "cannot read %s: it is a directory", file);
	}
	return fd;
}

int
io_slurp(const char *file, size_t max, char **bytes, size_t *len, struct err *err)
{
	size_t cap = 65536, have = 0;
	char *all;
	ssize_t n;
	int fd = io_open_input(file, err);

	if (fd == -1)
		return -1;
	all = xmalloc(cap + 1);
	while ((n = io_read(fd, all + have, cap - have)) > 0) {
		have += (size_t)n;
		if (have > max) {
			err_set(err, REASON_USAGE, "%s is longer than %zu bytes", file, max);
			goto fail;
		}
		if (have == cap) {
			cap *= 2;
			all = xrealloc(all, cap + 1);
		}
	}
	if (n == -1) {
		err_set(err, REASON_STATE, "cannot read %s: %s", file, strerror(errno));
		goto fail;
	}
	if (fd != STDIN_FILENO)
		close(fd);
	all[have] = '\0';
	*bytes = all;
	*len = have;
	return 0;
fail:
	if (fd != STDIN_FILENO)
		close(fd);
	free(all);
	return -1;
}

static int
sync_dir_of(const char *file)
{
	char copy[PATH_MAX];
	int fd, rc;

	snprintf(copy, sizeof(copy), "%s", file);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	rc = fsync(fd);
	close(fd);
	/* some file systems cannot sync a directory and say so */
	return rc == -1 && errno != EINVAL ? -1 : 0;
}

int
io_replace_file(const char *file, const char *bytes, size_t len, struct err *err)
{
	char tmp[PATH_MAX];
	struct stat st;
	int fd;

	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode)) {
		fd = open(file, O_WRONLY | O_CLOEXEC);
		if (fd == -1 || io_write_all(fd, bytes, len) == -1) {
			err_set(err, REASON_STATE, "cannot write %s: %s", file, strerror(errno));
			if (fd != -1)
				close(fd);
			return -1;
		}
		close(fd);
		return 0;
	}
	if (snprintf(tmp, sizeof(tmp), "%s.new.%ld", file, (long)getpid()) >= (int)sizeof(tmp))
		return err_set(err, REASON_USAGE, "cannot write %s: name too long", file);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_set(err, REASON_STATE, "cannot write %s: %s", file, strerror(errno));
	if (io_write_all(fd, bytes, len) == -1 || fsync(fd) == -1) {
		err_set(err, REASON_STATE, "cannot write %s: %s", file, strerror(errno));
		close(fd);
		unlink(tmp);
		return -1;
	}
	if (close(fd) == -1 || rename(tmp, file) == -1 || sync_dir_of(file) == -1) {
		err_set(err, REASON_STATE, "cannot write %s: %s", file, strerror(errno));
		unlink(tmp);
		return -1;
	}
	return 0;
}

static int
check_private_dir(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return err_set(err, REASON_STATE, "cannot use state directory %s: %s", path, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return err_set(err, REASON_USAGE, "refusing state directory %s: it is a symbolic link", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, REASON_USAGE, "refusing state directory %s: it is no directory", path);
	if (st.st_uid != geteuid())
		return err_set(err, REASON_USAGE, "refusing state directory %s: it belongs to another user", path);
	if (st.st_mode & 022)
		return err_set(err, REASON_USAGE,
		    "refusing state directory %s: others may write there (chmod go-w %s)", path, path);
	return 0;
}

int
io_state_dir(char *path, size_t size, struct err *err)
{
	const char *dir = getenv("TC_STATE_DIR"), *home;
	char *slash;
	int n;

	if (dir != NULL && *dir != '\0')
		n = snprintf(path, size, "%s", dir);
	else if ((dir = getenv("XDG_STATE_HOME")) != NULL && *dir == '/')
		n = snprintf(path, size, "%s/tcfeed", dir);
	else if ((home = getenv("HOME")) != NULL && *home == '/')
		n = snprintf(path, size, "%s/.local/state/tcfeed", home);
	else
		return err_set(err, REASON_USAGE, "no state directory: set TC_STATE_DIR, XDG_STATE_HOME or HOME");
	if (n < 0 || (size_t)n >= size)
		return err_set(err, REASON_USAGE, "state directory: name too long");
	for (slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return err_set(err, REASON_STATE, "cannot make state directory %s: %s", path, strerror(errno));
	return check_private_dir(path, err);
}
