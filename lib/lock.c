#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "date.h"
#include "text.h"

void
lock_run_id(char out[9])
{
	unsigned char id[4];

	if (getrandom(id, sizeof(id), 0) != sizeof(id)) {
		unsigned pid = (unsigned)getpid() ^ (unsigned)time(NULL);

		memcpy(id, &pid, sizeof(id));
	}
	text_hex(out, id, sizeof(id));
}

/* The descriptor of TC_LOCK_FD, if it is open on this very file and the lock is ours through it. */
static int
inherited(const char *path)
{
	const char *word = getenv("TC_LOCK_FD");
	struct stat a, b;
	char *end;
	long fd;

	if (word == NULL || *word == '\0')
		return -1;
	fd = strtol(word, &end, 10);
	if (*end != '\0' || fd < 0 || fd > 65535)
		return -1;
	if (fstat((int)fd, &a) == -1 || stat(path, &b) == -1 || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return -1;
	return flock((int)fd, LOCK_EX | LOCK_NB) == 0 ? (int)fd : -1;
}

/* "run 7f3a12bc, active since 2026-01-02T10:02:00Z (12 minutes, process 4711)" */
static int
busy(int fd, const char *feed, struct err *err)
{
	struct json_object *root = NULL, *v;
	char text[256], since[DATE_LEN + 1] = "", run[32] = "?", age[64] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	int64_t start = 0, minutes;
	long long pid = 0;

	if (n > 0) {
		text[n] = '\0';
		root = json_tokener_parse(text);
	}
	if (root != NULL && json_object_is_type(root, json_type_object)) {
		if (json_object_object_get_ex(root, "run", &v))
			snprintf(run, sizeof(run), "%.16s", json_object_get_string(v));
		if (json_object_object_get_ex(root, "pid", &v))
			pid = json_object_get_int64(v);
		if (json_object_object_get_ex(root, "since", &v))
			start = json_object_get_int64(v);
	}
	json_object_put(root);
	if (start > 0) {
		date_print(start, since);
		minutes = ((int64_t)time(NULL) - start) / 60;
		snprintf(age, sizeof(age), " since %s (%" PRId64 " minutes, process %lld)", since, minutes < 0 ? 0 : minutes, pid);
	}
	return err_set(err, REASON_BUSY, "another run of feed %s is active: run %s%s", feed, run, age);
}

int
lock_take(struct lock *l, const char *dir, const char *feed, const char *run_id, struct err *err)
{
	char path[PATH_MAX], id[9], text[128];
	int n;

	l->fd = -1;
	l->inherited = false;
	if (snprintf(path, sizeof(path), "%s/%s.lock", dir, feed) >= (int)sizeof(path))
		return err_set(err, REASON_USAGE, "state directory %s: name too long", dir);
	if ((l->fd = inherited(path)) != -1) {
		l->inherited = true;
		return 0;
	}
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd == -1)
		return err_set(err, REASON_STATE, "cannot open lock %s: %s", path, strerror(errno));
	while (flock(l->fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			busy(l->fd, feed, err);
		else
			err_set(err, REASON_STATE, "cannot lock %s: %s", path, strerror(errno));
		close(l->fd);
		l->fd = -1;
		return -1;
	}
	if (run_id == NULL) {
		lock_run_id(id);
		run_id = id;
	}
	/* for people only: a note that cannot be written changes nothing */
	n = snprintf(text, sizeof(text), "{\"run\":\"%.16s\",\"pid\":%ld,\"since\":%lld}\n", run_id, (long)getpid(), (long long)time(NULL));
	if (ftruncate(l->fd, 0) == 0 && pwrite(l->fd, text, (size_t)n, 0) == -1)
		errno = 0;
	return 0;
}

void
lock_drop(struct lock *l)
{
	if (l->fd != -1 && !l->inherited)
		close(l->fd);
	l->fd = -1;
}
