#include "json_pick.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "limit.h"
#include "scan.h"

#define NAME_MAX_BYTES 256

struct reader {
	const struct page *page;
	uint64_t at;		/* offset behind the chunk */
	size_t	 pos, len;
	char	 chunk[16384];
	int	 error;		/* errno where the page could not be read */
};

/* The next byte, or -1 at the end. */
static int
next(struct reader *r)
{
	ssize_t n;

	if (r->pos == r->len) {
		n = page_read(r->page, r->at, r->chunk, sizeof(r->chunk));
		if (n == -1)
			r->error = errno;
		if (n <= 0)
			return -1;
		r->at += (uint64_t)n;
		r->len = (size_t)n;
		r->pos = 0;
	}
	return (unsigned char)r->chunk[r->pos++];
}

static int
next_word(struct reader *r)
{
	int c;

	do
		c = next(r);
	while (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == 0xef || c == 0xbb || c == 0xbf);
	return c;
}

/* Behind the opening quote; keeps the bytes in out unless it is NULL or full (then *full). */
static int
string(struct reader *r, struct buf *out, bool *full)
{
	bool escaped = false;
	int c;

	while ((c = next(r)) != -1 && (escaped || c != '"')) {
		escaped = !escaped && c == '\\';
		if (out != NULL && buf_addc(out, (char)c) == -1)
			*full = true;
	}
	return c;
}

/* Behind an opening bracket: past its closing one. */
static void
skip(struct reader *r)
{
	unsigned long long depth = 1;
	int c;

	while (depth > 0 && (c = next(r)) != -1) {
		if (c == '"')
			string(r, NULL, NULL);
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
	}
}

/* A number or word whose first byte is c, into out; the byte behind it is given back. */
static void
bare(struct reader *r, int c, struct buf *out, bool *full)
{
	for (; c != -1 && (isalnum(c) || c == '-' || c == '+' || c == '.'); c = next(r))
		if (out != NULL && buf_addc(out, (char)c) == -1)
			*full = true;
	if (c != -1)
		r->pos--;
}

static void
skip_value(struct reader *r, int c)
{
	if (c == '"')
		string(r, NULL, NULL);
	else if (c == '{' || c == '[')
		skip(r);
	else
		bare(r, c, NULL, NULL);
}

/* Not the page's end: a cursor that was not found would make this page the feed's last. */
static int
unread(const struct reader *r, struct err *err)
{
	return err_set(err, REASON_STATE, "cannot read a spooled page: %s", strerror(r->error));
}

int
json_pick(const struct page *page, const char *const *name, const size_t *len, int n, struct buf *out,
    bool *quoted, struct err *err)
{
	struct reader r = { .page = page };
	bool full = false;
	struct buf key;
	int c, depth = 0, found = 0;

	buf_init(&key, NAME_MAX_BYTES);
	*quoted = false;
	c = next_word(&r);
	while (depth < n && c == '{' && found == 0) {
		for (found = 0; (c = next_word(&r)) == '"'; ) {
			buf_clear(&key);
			full = false;
			string(&r, &key, &full);
			while ((c = next_word(&r)) == ':')
				;
			if (!full && key.len == len[depth] && memcmp(key.bytes, name[depth], key.len) == 0) {
				found = 1;
				break;
			}
			skip_value(&r, c);
		}
		if (found == 0)
			break;
		depth++;
		if (depth < n)
			found = 0;
	}
	buf_release(&key);
	if (r.error != 0)
		return unread(&r, err);
	if (found == 0 || depth < n)
		return 0;
	full = false;
	if (c == '"') {
		*quoted = true;
		string(&r, out, &full);
	} else if (c == '{' || c == '[')
		return err_set(err, REASON_CONTRACT, "%.*s is no plain value in this page", (int)len[n - 1], name[n - 1]);
	else
		bare(&r, c, out, &full);
	if (r.error != 0)
		return unread(&r, err);
	if (full)
		return err_set(err, REASON_CONTRACT, "%.*s is too long in this page", (int)len[n - 1], name[n - 1]);
	return *quoted || strcmp(out->bytes, "null") != 0;
}

int
json_unescape(const char *text, size_t len, struct buf *out, struct err *err)
{
	struct buf quoted;
	struct scan scan;
	int rc = -1;

	scan_init(&scan);
	buf_init(&quoted, 256 * KIB);
	if (buf_addc(&quoted, '"') == -1 || buf_add(&quoted, text, len) == -1 || buf_addc(&quoted, '"') == -1)
		err_set(err, REASON_CONTRACT, "a text of %zu bytes is too long", len);
	else if (scan_text(&scan, quoted.bytes, quoted.len, err) == 0 && (rc = scan_string(&scan, 0, out)) == -1)
		err_set(err, REASON_CONTRACT, "a text of %zu bytes is too long", len);
	buf_release(&quoted);
	scan_release(&scan);
	return rc;
}
