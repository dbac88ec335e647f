#include "attachments.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "hash.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "scan.h"
#include "text.h"
#include "xmalloc.h"

#define INDEX "names.ndjson"
#define INDEX_MAX (256L * 1024 * 1024)
#define COMPACT_FROM 1000	/* lines */

struct list {
	struct attachment *item;
	uint32_t	   n, cap;
	uint32_t	  *slot;	/* hash table of item numbers + 1, twice as many as items */
};

struct attachments {
	char		*dir;
	int		 fd;		/* of the directory */
	int		 index;		/* appended, or -1 */
	ino_t		 inode;		/* the index that was read, ... */
	off_t		 read;		/* ... and how far: whole lines */
	unsigned long	 lines;		/* of it; each item has one that counts */
	struct list	 names, addresses;
};

/* Names come from a feed: none may choose its place in the table. */
static uint32_t *
place_of(const struct list *l, const char *key)
{
	unsigned char sum[HASH_SHA256];
	uint32_t i;

	hash_sha256(sum, key, strlen(key));
	memcpy(&i, sum, sizeof(i));
	for (i &= 2 * l->cap - 1; l->slot[i] != 0 && strcmp(l->item[l->slot[i] - 1].key, key) != 0; i = (i + 1) & (2 * l->cap - 1))
		continue;
	return &l->slot[i];
}

static const struct attachment *
lookup(const struct list *l, const char *key)
{
	const uint32_t *slot = l->n > 0 ? place_of(l, key) : NULL;

	return slot != NULL && *slot != 0 ? &l->item[*slot - 1] : NULL;
}

static void
grow(struct list *l)
{
	uint32_t i;

	l->cap = l->cap > 0 ? 2 * l->cap : 64;
	l->item = xreallocarray(l->item, l->cap, sizeof(*l->item));
	free(l->slot);
	l->slot = xcalloc(2 * (size_t)l->cap, sizeof(*l->slot));
	for (i = 0; i < l->n; i++)
		*place_of(l, l->item[i].key) = i + 1;
}

static void
set(struct list *l, const struct attachment *a)
{
	struct attachment *x;
	uint32_t *slot;

	if (l->n == l->cap)
		grow(l);
	slot = place_of(l, a->key);
	if (*slot == 0) {
		*slot = ++l->n;
		memset(&l->item[l->n - 1], 0, sizeof(*l->item));
		l->item[l->n - 1].key = xstrdup(a->key);
	}
	x = &l->item[*slot - 1];
	memcpy(x->sha256, a->sha256, sizeof(x->sha256));
	free(x->etag);
	free(x->last_modified);
	x->etag = a->etag != NULL ? xstrdup(a->etag) : NULL;
	x->last_modified = a->last_modified != NULL ? xstrdup(a->last_modified) : NULL;
}

static void
forget(struct list *l)
{
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		free(l->item[i].key);
		free(l->item[i].etag);
		free(l->item[i].last_modified);
	}
	free(l->item);
	free(l->slot);
}

/* --- names.ndjson --- */

/* A text member, to be freed; NULL: there is none. */
static char *
member(const struct scan *s, const char *name)
{
	uint32_t i = scan_member(s, 0, name);
	char *copy = NULL;
	struct buf text;

	if (i == SCAN_NONE || s->node[i].type != SCAN_STRING)
		return NULL;
	buf_init(&text, LIMIT_LINE);
	if (scan_string(s, i, &text) == 0)
		copy = xstrdup(text.bytes);
	buf_release(&text);
	return copy;
}

static void
read_line(struct attachments *a, const struct scan *s)
{
	char *name = member(s, "name"), *address = member(s, "address"), *sha256 = member(s, "sha256");
	struct attachment x = { 0 };
	bool known = sha256 != NULL && text_is_sha256(sha256);

	if (known)
		memcpy(x.sha256, sha256, 65);
	x.etag = member(s, "etag");
	x.last_modified = member(s, "last_modified");
	if ((x.key = name) != NULL)
		set(&a->names, &x);
	else if ((x.key = address) != NULL && known)
		set(&a->addresses, &x);
	free(x.etag);
	free(x.last_modified);
	free(name);
	free(address);
	free(sha256);
}

/* What was read before is not read again, unless it is another file now. */
static int
read_index(struct attachments *a, struct err *err)
{
	const char *line, *eol;
	struct err ignored = { 0 };
	struct stat st;
	struct scan s;
	char *bytes = NULL;
	size_t len = 0;
	ssize_t n = 0;
	int fd = openat(a->fd, INDEX, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1 || fstat(fd, &st) == -1)
		n = -1;
	else {
		if (st.st_ino != a->inode || st.st_size < a->read)
			a->read = 0;
		a->inode = st.st_ino;
		if (st.st_size - a->read > INDEX_MAX) {
			close(fd);
			return err_set(err, REASON_STATE, "%s/" INDEX " is over %ld bytes", a->dir, INDEX_MAX);
		}
		bytes = xmalloc((size_t)(st.st_size - a->read) + 1);
		while (len < (size_t)(st.st_size - a->read) &&
		    (n = pread(fd, bytes + len, (size_t)(st.st_size - a->read) - len, a->read + (off_t)len)) > 0)
			len += (size_t)n;
	}
	if (fd != -1)
		close(fd);
	if (n == -1) {
		free(bytes);
		return err_set(err, REASON_STATE, "cannot read %s/" INDEX ": %s", a->dir, strerror(errno));
	}
	scan_init(&s);
	for (line = bytes; (eol = memchr(line, '\n', len - (size_t)(line - bytes))) != NULL; line = eol + 1) {
		a->lines++;
		if (scan_text(&s, line, (size_t)(eol - line), &ignored) == 0 && s.node[0].type == SCAN_OBJECT)
			read_line(a, &s);
	}
	a->read += line - bytes;
	scan_release(&s);
	free(bytes);
	return 0;
}

static int
add_member(struct buf *line, const char *name, const char *value)
{
	return value == NULL ? 0 : buf_addf(line, ",\"%s\":", name) == -1 ? -1 : buf_add_json(line, value, strlen(value));
}

static int
add_line(struct buf *line, const char *kind, const struct attachment *x)
{
	return buf_addf(line, "{\"%s\":", kind) == -1 || buf_add_json(line, x->key, strlen(x->key)) == -1 ||
	    (x->sha256[0] != '\0' ? add_member(line, "sha256", x->sha256) : buf_addz(line, ",\"sha256\":null")) == -1 ||
	    add_member(line, "etag", x->etag) == -1 || add_member(line, "last_modified", x->last_modified) == -1 ||
	    buf_addz(line, "}\n") == -1 ? -1 : 0;
}

static int
write_line(struct attachments *a, const char *kind, const struct attachment *x, struct err *err)
{
	struct buf line;
	int rc = 0;

	buf_init(&line, LIMIT_LINE);
	if (add_line(&line, kind, x) == -1)
		rc = err_set(err, REASON_CONTRACT, "the name of an attachment is too long");
	else if (io_write_all(a->index, line.bytes, line.len) == -1 || fsync(a->index) == -1)
		rc = err_set(err, REASON_STATE, "cannot write %s/" INDEX ": %s", a->dir, strerror(errno));
	buf_release(&line);
	return rc;
}

/* The lines that count and whose file is there; how many. */
static unsigned long
live_lines(const struct attachments *a, const struct list *l, const char *kind, struct buf *out)
{
	unsigned long n = 0;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (l->item[i].sha256[0] != '\0' && faccessat(a->fd, l->item[i].sha256, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
		    add_line(out, kind, &l->item[i]) == 0)
			n++;
	return n;
}

/*
 * Most of the index is what was so once: it is written anew. Where that does
 * not work, the old one is as good.
 */
static void
compact(struct attachments *a)
{
	char path[PATH_MAX];
	struct buf all;
	struct err why = { 0 };
	unsigned long live;

	if (a->lines < COMPACT_FROM || snprintf(path, sizeof(path), "%s/" INDEX, a->dir) >= (int)sizeof(path))
		return;
	buf_init(&all, INDEX_MAX);
	live = live_lines(a, &a->names, "name", &all) + live_lines(a, &a->addresses, "address", &all);
	if (a->lines > 2 * live && io_replace_file(path, all.bytes, all.len, &why) == -1)
		log_debug("%s", why.text);
	buf_release(&all);
}

/* A run that was cut may have left half a line: what is appended begins a new one. */
static int
open_index(struct attachments *a, struct err *err)
{
	struct stat st;
	char last;

	a->index = openat(a->fd, INDEX, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (a->index == -1 || fstat(a->index, &st) == -1 ||
	    (st.st_size > 0 && pread(a->index, &last, 1, st.st_size - 1) == 1 && last != '\n' && io_write_all(a->index, "\n", 1) == -1))
		return err_set(err, REASON_STATE, "cannot write %s/" INDEX ": %s", a->dir, strerror(errno));
	return 0;
}

/* --- the interface --- */

int
attachments_open(struct attachments **out, const char *dir, bool write, struct err *err)
{
	struct attachments *a = xcalloc(1, sizeof(*a));
	int rc = 0;

	a->dir = xstrdup(dir);
	a->index = -1;
	if (write && mkdir(dir, 0700) == -1 && errno != EEXIST)
		rc = err_set(err, REASON_STATE, "cannot make directory %s: %s", dir, strerror(errno));
	a->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rc == 0 && a->fd == -1)
		rc = err_set(err, write ? REASON_STATE : REASON_USAGE, "cannot open directory %s: %s", dir, strerror(errno));
	if (rc == 0)
		rc = read_index(a, err);
	if (rc == 0 && write) {
		compact(a);
		rc = open_index(a, err);
	}
	if (rc == -1) {
		attachments_close(a);
		return -1;
	}
	*out = a;
	return 0;
}

void
attachments_close(struct attachments *a)
{
	if (a == NULL)
		return;
	if (a->fd != -1)
		close(a->fd);
	if (a->index != -1)
		close(a->index);
	forget(&a->names);
	forget(&a->addresses);
	free(a->dir);
	free(a);
}

void
attachments_refresh(struct attachments *a)
{
	struct err ignored = { 0 };
	struct stat st;

	if (fstatat(a->fd, INDEX, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_size != a->read || st.st_ino != a->inode) &&
	    read_index(a, &ignored) == -1)
		log_warning("%s", ignored.text);
}

bool
attachments_digest(const struct attachments *a, const char *name, char sha256[65])
{
	const struct attachment *x = lookup(&a->names, name);

	if (x == NULL || x->sha256[0] == '\0')
		return false;
	memcpy(sha256, x->sha256, 65);
	return true;
}

const struct attachment *
attachments_known(const struct attachments *a, const char *address)
{
	return lookup(&a->addresses, address);
}

bool
attachments_has(const struct attachments *a, const char *sha256)
{
	return text_is_sha256(sha256) && utimensat(a->fd, sha256, NULL, AT_SYMLINK_NOFOLLOW) == 0;
}

int
attachments_keep(struct attachments *a, struct page *page, char sha256[65], struct err *err)
{
	char path[PATH_MAX];

	page_sha256(page, sha256);
	if (attachments_has(a, sha256))
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", a->dir, sha256) >= (int)sizeof(path))
		return err_set(err, REASON_USAGE, "directory %s: name too long", a->dir);
	return page_save(page, path, err);
}

int
attachments_name(struct attachments *a, const char *name, const char *sha256, struct err *err)
{
	const struct attachment *old = lookup(&a->names, name);
	struct attachment x = { .key = (char *)name };

	if (old != NULL && strcmp(old->sha256, sha256) == 0)
		return 0;
	snprintf(x.sha256, sizeof(x.sha256), "%s", sha256);
	set(&a->names, &x);
	return write_line(a, "name", &x, err);
}

int
attachments_address(struct attachments *a, const struct attachment *x, struct err *err)
{
	set(&a->addresses, x);
	return write_line(a, "address", x, err);
}
