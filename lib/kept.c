#include "kept.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "date.h"
#include "io.h"
#include "limit.h"
#include "scan.h"
#include "xmalloc.h"

#define INDEX_MAX (256 * MIB)

/* A text member of the index line, "" where it is missing. */
static int
member_text(const struct scan *s, uint32_t o, const char *name, struct buf *out)
{
	uint32_t i = scan_member(s, o, name);

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

static int64_t
member_date(const struct scan *s, const char *name, struct buf *text)
{
	struct err ignored;
	int64_t when;

	return member_text(s, 0, name, text) == 0 && date_parse(text->bytes, text->len, -1, &when, &ignored) == 0 ? when : -1;
}

static char *
header_lines(const struct scan *s)
{
	uint32_t o = scan_member(s, 0, "headers"), i, key;
	struct buf all, text;
	char *lines;

	buf_init(&all, LIMIT_LINE);
	buf_init(&text, LIMIT_LINE);
	if (o != SCAN_NONE && s->node[o].type == SCAN_OBJECT)
		for (key = scan_first(s, o); key != SCAN_NONE && key < s->node[o].next; key = s->node[i].next) {
			i = s->node[key].next;	/* behind the name stands its value */
			if (s->node[i].type != SCAN_STRING)
				continue;
			buf_clear(&text);
			if (scan_string(s, key, &text) == -1 || buf_addz(&text, ": ") == -1 || scan_string(s, i, &text) == -1 ||
			    memchr(text.bytes, '\n', text.len) != NULL || buf_addf(&all, "%s\n", text.bytes) == -1)
				continue;
		}
	buf_release(&text);
	lines = xstrdup(all.bytes);
	buf_release(&all);
	return lines;
}

static int
read_line(struct kept *k, struct scan *s, struct buf *text, struct err *err)
{
	struct kept_page *p;
	uint32_t i;

	if (scan_member(s, 0, "end") != SCAN_NONE) {
		k->ended = true;
		return 0;
	}
	if (k->ended)
		return err_set(err, REASON_CONTRACT, "a page after the end record");
	if (member_text(s, 0, "file", text) == -1 || !own_name(text->bytes))
		return err_set(err, REASON_CONTRACT, "no page file is named");
	k->page = xreallocarray(k->page, k->n + 1, sizeof(*k->page));
	p = &k->page[k->n++];
	memset(p, 0, sizeof(*p));
	p->file = xstrdup(text->bytes);
	if (member_text(s, 0, "sha256", text) == 0 && text->len == 64)
		memcpy(p->sha256, text->bytes, 65);
	if (member_text(s, 0, "request", text) == 0 && text->len == 32)
		memcpy(p->request, text->bytes, 33);
	i = scan_member(s, 0, "length");
	p->length = i != SCAN_NONE && s->node[i].type == SCAN_NUMBER ? strtoll(scan_bytes(s, i), NULL, 10) : -1;
	p->member = scan_member(s, 0, "member") != SCAN_NONE;
	p->last_run = member_date(s, "last_run", text);
	p->until = member_date(s, "until", text);
	p->headers = header_lines(s);
	return 0;
}

static int
read_index(struct kept *k, const char *bytes, size_t len, const char *path, struct err *err)
{
	const char *line, *eol;
	unsigned number = 0;
	struct buf text;
	struct scan s;
	int rc = 0;

	scan_init(&s);
	buf_init(&text, LIMIT_LINE);
	for (line = bytes; rc == 0 && (eol = memchr(line, '\n', len - (size_t)(line - bytes))) != NULL; line = eol + 1) {
		number++;
		rc = scan_text(&s, line, (size_t)(eol - line), err);
		if (rc == 0)
			rc = read_line(k, &s, &text, err);
		if (rc == -1) {
			err->reason = REASON_CONTRACT;
			err_prefix(err, "%s: line %u", path, number);
		}
	}
	k->good = (uint64_t)(line - bytes);
	scan_release(&s);
	buf_release(&text);
	return rc;
}

int
kept_load(struct kept **out, const char *dir, struct err *err)
{
	struct kept *k = xcalloc(1, sizeof(*k));
	char path[PATH_MAX], *bytes;
	size_t len;
	int rc = 0;

	k->dir = xstrdup(dir);
	if (snprintf(path, sizeof(path), "%s/" KEPT_INDEX, dir) >= (int)sizeof(path))
		rc = err_set(err, REASON_USAGE, "capture %s: name too long", dir);
	else if (access(path, F_OK) == 0) {
		rc = io_slurp(path, INDEX_MAX, &bytes, &len, err);
		if (rc == 0) {
			rc = read_index(k, bytes, len, path, err);
			free(bytes);
		}
	}
	if (rc == -1) {
		kept_free(k);
		return -1;
	}
	*out = k;
	return 0;
}

void
kept_free(struct kept *k)
{
	size_t i;

	if (k == NULL)
		return;
	for (i = 0; i < k->n; i++) {
		free(k->page[i].file);
		free(k->page[i].headers);
	}
	free(k->page);
	free(k->dir);
	free(k);
}

const struct kept_page *
kept_find(const struct kept *k, const char *request)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (!k->page[i].member && strcmp(k->page[i].request, request) == 0)
			return &k->page[i];
	return NULL;
}

int
kept_read_file(const char *path, struct page *page, struct err *err)
{
	char chunk[65536];
	ssize_t n;
	int fd = io_open_input(path, err), rc = 0;

	if (fd == -1)
		return -1;
	page_clear(page);
	while (rc == 0 && (n = io_read(fd, chunk, sizeof(chunk))) != 0) {
		if (n == -1)
			rc = err_set(err, REASON_STATE, "cannot read %s: %s", path, strerror(errno));
		else if (page_add(page, chunk, (size_t)n) == -1) {
			*err = page->failed;
			rc = err_prefix(err, "page %s", path);
		}
	}
	close(fd);
	return rc;
}

int
kept_read(const struct kept *k, const struct kept_page *p, struct page *page, struct err *err)
{
	char path[PATH_MAX], sha[65];

	if (snprintf(path, sizeof(path), "%s/%s", k->dir, p->file) >= (int)sizeof(path))
		return err_set(err, REASON_USAGE, "capture page %s: name too long", p->file);
	if (kept_read_file(path, page, err) == -1)
		return -1;
	if (p->length >= 0 && (uint64_t)p->length != page->len)
		return err_set(err, REASON_CONTRACT, "page %s has %llu bytes, the capture says %lld", path,
		    (unsigned long long)page->len, p->length);
	if (p->sha256[0] == '\0')
		return 0;
	page_sha256(page, sha);
	return strcmp(sha, p->sha256) == 0 ? 0 :
	    err_set(err, REASON_CONTRACT, "page %s is not the one that was captured: its SHA-256 differs", path);
}
