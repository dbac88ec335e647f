#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "capture.h"
#include "io.h"
#include "limit.h"
#include "scan.h"
#include "xmalloc.h"

#define INDEX "pages.ndjson"

struct entry {
	char	*name;
	char	 sha256[65];	/* "" where unknown */
	long long length;	/* -1 where unknown */
};

struct replay {
	char		*dir;		/* NULL: name is the whole path */
	struct entry	*entry;
	size_t		 n, next;
	bool		 complete;
};

static struct entry *
add_entry(struct replay *r, const char *name)
{
	r->entry = xreallocarray(r->entry, r->n + 1, sizeof(*r->entry));
	memset(&r->entry[r->n], 0, sizeof(*r->entry));
	r->entry[r->n].name = xstrdup(name);
	r->entry[r->n].length = -1;
	return &r->entry[r->n++];
}

static int
by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A directory somebody filled by hand: its plain files in name order. */
static int
list_files(struct replay *r, struct err *err)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(r->dir);

	if (d == NULL)
		return err_set(err, REASON_USAGE, "cannot read capture %s: %s", r->dir, strerror(errno));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || snprintf(path, sizeof(path), "%s/%s", r->dir, e->d_name) >= (int)sizeof(path) ||
		    stat(path, &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		add_entry(r, e->d_name);
	}
	closedir(d);
	if (r->n == 0)
		return err_set(err, REASON_USAGE, "capture %s holds no pages", r->dir);
	qsort(r->entry, r->n, sizeof(*r->entry), by_name);
	return 0;
}

/* A text member of the index line, "" where it is missing. */
static int
member_text(const struct scan *s, const char *name, struct buf *out)
{
	uint32_t i = scan_member(s, 0, name);

	buf_clear(out);
	if (i == SCAN_NONE || s->node[i].type != SCAN_STRING)
		return -1;
	return scan_string(s, i, out);
}

/* A page's file name must be one that tc-fetch writes: an index is input, and input names no other files. */
static bool
own_name(const char *name)
{
	size_t n = strspn(name, "0123456789");

	return n >= 4 && name[n] == '.' && name[n + 1] != '\0' &&
	    strspn(name + n + 1, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(name + n + 1);
}

static int
read_line(struct replay *r, struct scan *s, struct buf *text, const char *path, unsigned number, struct err *err)
{
	struct entry *e;
	uint32_t i;

	if (scan_member(s, 0, "end") != SCAN_NONE) {
		r->complete = true;
		return 0;
	}
	if (r->complete)
		return err_set(err, REASON_CONTRACT, "%s: line %u: a page after the end record", path, number);
	if (member_text(s, "file", text) == -1 || !own_name(text->bytes))
		return err_set(err, REASON_CONTRACT, "%s: line %u: no page file is named", path, number);
	e = add_entry(r, text->bytes);
	if (member_text(s, "sha256", text) == 0 && text->len == 64)
		memcpy(e->sha256, text->bytes, 65);
	i = scan_member(s, 0, "length");
	if (i != SCAN_NONE && s->node[i].type == SCAN_NUMBER)
		e->length = strtoll(scan_bytes(s, i), NULL, 10);
	return 0;
}

static int
read_index(struct replay *r, const char *path, struct err *err)
{
	char *bytes, *line, *eol;
	unsigned number = 0;
	struct scan s;
	struct buf text;
	size_t len;
	int rc = 0;

	if (io_slurp(path, 256 * MIB, &bytes, &len, err) == -1)
		return -1;
	scan_init(&s);
	buf_init(&text, LIMIT_LINE);
	for (line = bytes; rc == 0 && (eol = memchr(line, '\n', len - (size_t)(line - bytes))) != NULL; line = eol + 1) {
		number++;
		if (scan_text(&s, line, (size_t)(eol - line), err) == -1) {
			rc = err_prefix(err, "%s: line %u", path, number);
			break;
		}
		rc = read_line(r, &s, &text, path, number, err);
	}
	if (rc == 0 && !r->complete)
		rc = err_set(err, REASON_CONTRACT, "capture %s was cut: %s has no end record after %zu page%s", r->dir, INDEX,
		    r->n, r->n == 1 ? "" : "s");
	scan_release(&s);
	buf_release(&text);
	free(bytes);
	return rc;
}

int
replay_open(struct replay **out, const char *source, struct err *err)
{
	struct replay *r = xcalloc(1, sizeof(*r));
	char path[PATH_MAX];
	struct stat st;
	int rc;

	if (stat(source, &st) == -1)
		rc = err_set(err, REASON_USAGE, "cannot read capture %s: %s", source, strerror(errno));
	else if (!S_ISDIR(st.st_mode)) {
		add_entry(r, source);
		rc = 0;
	} else {
		r->dir = xstrdup(source);
		if (snprintf(path, sizeof(path), "%s/" INDEX, source) >= (int)sizeof(path))
			rc = err_set(err, REASON_USAGE, "capture %s: name too long", source);
		else if (access(path, F_OK) == 0)
			rc = read_index(r, path, err);
		else
			rc = list_files(r, err);
	}
	if (rc == -1) {
		replay_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

int
replay_next(struct replay *r, struct page *page, const char **name, struct err *err)
{
	char path[PATH_MAX], chunk[65536], sha[65];
	struct entry *e;
	ssize_t n;
	int fd;

	if (r->next == r->n)
		return 0;
	e = &r->entry[r->next++];
	*name = e->name;
	if (snprintf(path, sizeof(path), "%s%s%s", r->dir ? r->dir : "", r->dir ? "/" : "", e->name) >= (int)sizeof(path))
		return err_set(err, REASON_USAGE, "capture page %s: name too long", e->name);
	fd = io_open_input(path, err);
	if (fd == -1)
		return -1;
	page_clear(page);
	while ((n = io_read(fd, chunk, sizeof(chunk))) > 0)
		if (page_add(page, chunk, (size_t)n) == -1) {
			*err = page->failed;
			err_prefix(err, "page %s", path);
			close(fd);
			return -1;
		}
	close(fd);
	if (n == -1)
		return err_set(err, REASON_STATE, "cannot read %s: %s", path, strerror(errno));
	if (e->length >= 0 && (uint64_t)e->length != page->len)
		return err_set(err, REASON_CONTRACT, "page %s has %llu bytes, the capture says %lld", path,
		    (unsigned long long)page->len, e->length);
	if (e->sha256[0] != '\0') {
		page_sha256(page, sha);
		if (strcmp(sha, e->sha256) != 0)
			return err_set(err, REASON_CONTRACT, "page %s is not the one that was captured: its SHA-256 differs", path);
	}
	return 1;
}

bool
replay_complete(const struct replay *r)
{
	return r->complete;
}

void
replay_free(struct replay *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n; i++)
		free(r->entry[i].name);
	free(r->entry);
	free(r->dir);
	free(r);
}
