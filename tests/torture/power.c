/*
 * power.so: what a disk holds after a power loss. Preloaded, it keeps in the
 * directory POWER_DISK what of the directory POWER_DIR is durable: a file's
 * bytes as they were when it was synced last (by inode), and the names a
 * directory had when it was synced last. At the POWER_AT-th call that changes
 * or syncs something there, before it does anything, the process is gone.
 *
 * POSIX promises no more than that, so nothing else is kept: no name without
 * a sync of its directory, no byte and no length without a sync of its file.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls;

static void
count(void)
{
	const char *at = getenv("POWER_AT");

	if (at != NULL && ++calls == atol(at))
		kill(getpid(), SIGKILL);
}

/* Is it a file of the directory, or the directory itself? */
static int
concerns(int fd)
{
	const char *dir = getenv("POWER_DIR");
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (dir == NULL || (n = readlink(link, path, sizeof(path) - 1)) <= 0)
		return 0;
	path[n] = '\0';
	return strncmp(path, dir, strlen(dir)) == 0 && (path[strlen(dir)] == '/' || path[strlen(dir)] == '\0');
}

static int
disk_file(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", getenv("POWER_DISK"), name);
	if ((fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1)
		abort();
	return fd;
}

static void
put(int fd, const void *bytes, size_t len)
{
	if (syscall(SYS_write, fd, bytes, len) != (long)len)
		abort();
}

static void
keep_names(int fd)
{
	char line[PATH_MAX + 32];
	struct dirent *e;
	int out = disk_file("names");
	DIR *d = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY));

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			snprintf(line, sizeof(line), "%lu %s\n", (unsigned long)e->d_ino, e->d_name);
			put(out, line, strlen(line));
		}
	if (d == NULL)
		abort();
	closedir(d);
	close(out);
}

static void
keep(int fd)
{
	static char block[65536];
	char name[32];
	struct stat st;
	off_t off = 0;
	long n;
	int out;

	if (fstat(fd, &st) == -1)
		abort();
	if (S_ISDIR(st.st_mode)) {
		keep_names(fd);
		return;
	}
	snprintf(name, sizeof(name), "%lu", (unsigned long)st.st_ino);
	out = disk_file(name);
	for (; (n = syscall(SYS_pread64, fd, block, sizeof(block), off)) > 0; off += n)
		put(out, block, (size_t)n);
	close(out);
}

static int
synced(int fd, long number)
{
	int here = concerns(fd), rc;

	if (here)
		count();
	rc = (int)syscall(number, fd);
	if (rc == 0 && here)
		keep(fd);
	return rc;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static void
changes(int fd)
{
	if (concerns(fd))
		count();
}

ssize_t write(int fd, const void *p, size_t n) { changes(fd); return syscall(SYS_write, fd, p, n); }
ssize_t pwrite(int fd, const void *p, size_t n, off_t off) { changes(fd); return syscall(SYS_pwrite64, fd, p, n, off); }
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off) { changes(fd); return syscall(SYS_pwrite64, fd, p, n, off); }
int ftruncate(int fd, off_t len) { changes(fd); return (int)syscall(SYS_ftruncate, fd, len); }
int ftruncate64(int fd, off64_t len) { changes(fd); return (int)syscall(SYS_ftruncate, fd, len); }

int
rename(const char *from, const char *to)
{
	count();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlink(const char *path)
{
	count();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
