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
#include "io.h"
#include "limit.h"
#include "log.h"
#include "scan.h"
#include "text.h"
#include "xmalloc.h"

#define INDEX "names.ndjson"
#define INDEX_MAX (256 * MIB)

struct list {			/* sorted by key */
	struct attachment *item;
	size_t		   n;
};

struct attachments {
	char		*dir;
	int		 fd;		/* of the directory */
	int		 index;		/* appended, or -1 */
	off_t		 read;		/* bytes of it that were read */
	struct list	 names, addresses;
};

static size_t
place_of(const struct list *l, const char *key, bool *found)
{
	size_t from = 0, to = l->n, at;
	int c;

	*found = false;
	while (from < to) {
		at = (from + to) / 2;
		c = strcmp(l->item[at].key, key);
		if (c == 0) {
			*found = true;
			return at;
		}
		if (c < 0)
			from = at + 1;
		else
			to = at;
	}
	return from;
}

static const struct attachment *
lookup(const struct list *l, const char *key)
{
	bool found;
	size_t i = place_of(l, key, &found);

	return found ? &l->item[i] : NULL;
}

static void
set(struct list *l, const struct attachment *a)
{
	struct attachment *x;
	bool found;
	size_t i = place_of(l, a->key, &found);

	if (!found) {
		/* doubled at each power of two */
		if ((l->n & (l->n - 1)) == 0)
			l->item = xreallocarray(l->item, l->n > 0 ? 2 * l->n : 1, sizeof(*l->item));
		memmove(l->item + i + 1, l->item + i, (l->n++ - i) * sizeof(*l->item));
		memset(&l->item[i], 0, sizeof(*l->item));
		l->item[i].key = xstrdup(a->key);
	}
	x = &l->item[i];
	memcpy(x->sha256, a->sha256, sizeof(x->sha256));
	free(x->etag);
	free(x->last_modified);
	x->etag = a->etag != NULL ? xstrdup(a->etag) : NULL;
	x->last_modified = a->last_modified != NULL ? xstrdup(a->last_modified) : NULL;
}

static void
forget(struct list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->item[i].key);
		free(l->item[i].etag);
		free(l->item[i].last_modified);
	}
	free(l->item);
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

static int
read_index(struct attachments *a, struct err *err)
{
	char path[PATH_MAX];
	const char *line, *eol;
	struct err ignored = { 0 };
	struct scan s;
	char *bytes;
	size_t len;

	if (faccessat(a->fd, INDEX, F_OK, 0) == -1 && errno == ENOENT)
		return 0;
	if (snprintf(path, sizeof(path), "%s/" INDEX, a->dir) >= (int)sizeof(path))
		return err_set(err, REASON_USAGE, "directory %s: name too long", a->dir);
	if (io_slurp(path, INDEX_MAX, &bytes, &len, err) == -1)
		return -1;
	a->read = (off_t)len;
	scan_init(&s);
	for (line = bytes; (eol = memchr(line, '\n', len - (size_t)(line - bytes))) != NULL; line = eol + 1)
		if (scan_text(&s, line, (size_t)(eol - line), &ignored) == 0 && s.node[0].type == SCAN_OBJECT)
			read_line(a, &s);
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
write_line(struct attachments *a, const char *kind, const struct attachment *x, struct err *err)
{
	struct buf line;
	int rc = 0;

	buf_init(&line, LIMIT_LINE);
	if (buf_addf(&line, "{\"%s\":", kind) == -1 || buf_add_json(&line, x->key, strlen(x->key)) == -1 ||
	    (x->sha256[0] != '\0' ? add_member(&line, "sha256", x->sha256) : buf_addz(&line, ",\"sha256\":null")) == -1 ||
	    add_member(&line, "etag", x->etag) == -1 || add_member(&line, "last_modified", x->last_modified) == -1 ||
	    buf_addz(&line, "}\n") == -1)
		rc = err_set(err, REASON_CONTRACT, "the name of an attachment is too long");
	else if (io_write_all(a->index, line.bytes, line.len) == -1 || fsync(a->index) == -1)
		rc = err_set(err, REASON_STATE, "cannot write %s/" INDEX ": %s", a->dir, strerror(errno));
	buf_release(&line);
	return rc;
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
	if (rc == 0 && write)
		rc = open_index(a, err);
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

	if (fstatat(a->fd, INDEX, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size != a->read && read_index(a, &ignored) == -1)
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
