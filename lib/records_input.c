/* The bytes that records are made of: read, decoded to UTF-8, kept while a record needs them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io.h"
#include "records_private.h"
#include "text.h"
#include "xmalloc.h"

/* A record of the largest size, and a read behind it. */
#define INPUT_MAX (LIMIT_RECORD + 2 * RECORDS_READ)

static void
count_lines(struct input *in, size_t to)
{
	const char *p = in->bytes + in->counted, *end = in->bytes + to;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		in->line++;
		p++;
	}
	in->counted = to;
}

uint64_t
input_line(struct input *in)
{
	if (in->counted < in->start)
		count_lines(in, in->start);
	return in->line;
}

static int
read_some(struct records *r, char *to, size_t room, size_t *got, struct err *err)
{
	ssize_t n = io_read(r->in.fd, to, room);

	if (n == -1)
		return err_set(err, REASON_STATE, "cannot read the input: %s", strerror(errno));
	r->in.read += (uint64_t)n;
	*got = (size_t)n;
	return 0;
}

int
input_fill(struct records *r, struct err *err)
{
	struct input *in = &r->in;
	size_t end = in->end, got = 0;

	if (in->eof)
		return 0;
	if (in->cap - in->end < RECORDS_READ && in->start > 0) {
		if (in->count && in->counted < in->start)
			count_lines(in, in->start);
		memmove(in->bytes, in->bytes + in->start, in->end - in->start);
		in->base += in->start;
		in->end -= in->start;
		in->counted = 0;
		in->start = 0;
		end = in->end;
	}
	if (in->cap - in->end < RECORDS_READ) {
		if (in->cap >= INPUT_MAX)
			return err_set(err, REASON_STATE, "a record does not fit into %zu bytes", INPUT_MAX);
		in->cap = in->cap * 2 < INPUT_MAX ? in->cap * 2 : INPUT_MAX;
		in->bytes = xrealloc(in->bytes, in->cap + RECORDS_SLACK);
	}
	if (in->encoding == ENCODING_UTF8) {
		if (read_some(r, in->bytes + in->end, in->cap - in->end, &got, err) == -1)
			return -1;
		in->end += got;
		in->eof = got == 0;
	} else {
		while (in->end == end && !in->eof)
			if (input_decode(r, err) == -1)
				return -1;
	}
	memset(in->bytes + in->end, 0, RECORDS_SLACK);
	return in->end > end;
}

int
input_need(struct records *r, size_t n, struct err *err)
{
	int rc = 1;

	while (r->in.end - r->in.start < n && rc == 1)
		rc = input_fill(r, err);
	return rc == -1 ? -1 : 0;
}

int
input_begin(struct records *r, struct err *err)
{
	struct input *in = &r->in;
	int rc;

	while (in->start == in->end)
		if ((rc = input_fill(r, err)) != 1)
			return rc;
	if ((unsigned char)in->bytes[in->start] != 0xef)
		return 1;
	if (input_need(r, 3, err) == -1)
		return -1;
	if (in->end - in->start < 3 || memcmp(in->bytes + in->start, "\xef\xbb\xbf", 3) != 0)
		return 1;
	in->start += 3;
	return input_need(r, 1, err) == -1 ? -1 : in->start < in->end;
}

/* --- decoding --- */

#define RAW_SIZE (RECORDS_READ / 4)	/* three bytes of UTF-8 come of one at most */

/* Fills raw; at the start of the stream looks which encoding it is. */
static int
raw_fill(struct records *r, struct err *err)
{
	struct input *in = &r->in;
	size_t got = 0;

	if (in->raw == NULL)
		in->raw = xmalloc(RAW_SIZE);
	if (!in->raw_eof) {
		if (read_some(r, (char *)in->raw + in->rawlen, RAW_SIZE - in->rawlen, &got, err) == -1)
			return -1;
		in->rawlen += got;
		in->raw_eof = got == 0;
	}
	return 0;
}

static void
raw_drop(struct input *in, size_t n)
{
	in->rawlen -= n;
	memmove(in->raw, in->raw + n, in->rawlen);
}

static int
recognise(struct records *r, struct err *err)
{
	struct input *in = &r->in;
	unsigned char *raw;

	while (in->rawlen < 3 && !in->raw_eof)
		if (raw_fill(r, err) == -1)
			return -1;
	raw = in->raw;
	if (in->rawlen >= 3 && raw[0] == 0xef && raw[1] == 0xbb && raw[2] == 0xbf)
		in->encoding = ENCODING_UTF8;
	else if (in->rawlen >= 2 && raw[0] == 0xff && raw[1] == 0xfe)
		in->encoding = ENCODING_UTF16LE;
	else if (in->rawlen >= 2 && raw[0] == 0xfe && raw[1] == 0xff)
		in->encoding = ENCODING_UTF16BE;
	else if (in->encoding == ENCODING_UNKNOWN)
		in->encoding = ENCODING_UTF8;
	if (in->encoding == ENCODING_UTF8) {
		/* from here on read(2) goes straight into bytes */
		memcpy(in->bytes + in->end, raw, in->rawlen);
		in->end += in->rawlen;
		in->eof = in->raw_eof;
		free(in->raw);
		in->raw = NULL;
	}
	return 0;
}

static void
decode_latin1(struct input *in)
{
	size_t i;

	for (i = 0; i < in->rawlen; i++)
		in->end += text_utf8_put(in->bytes + in->end, in->raw[i]);
	in->rawlen = 0;
}

static inline uint32_t
unit(const struct input *in, const unsigned char *p)
{
	return in->encoding == ENCODING_UTF16LE ? (uint32_t)(p[0] | p[1] << 8) : (uint32_t)(p[0] << 8 | p[1]);
}

/*
 * A page that lacks a last newline gets one byte of it, and behind it the next
 * page's byte order mark stands at an odd place. Bytes in step would be a
 * wide asterisk and an ideograph here; that the page goes on with ASCII tells.
 */
static bool
page_seam(const unsigned char *p, size_t left)
{
	if (left < 5 || p[0] != '\n')
		return false;
	return (p[1] == 0xff && p[2] == 0xfe && p[3] != 0 && p[4] == 0) ||
	    (p[1] == 0xfe && p[2] == 0xff && p[3] == 0 && p[4] != 0);
}

static void
decode_utf16(struct input *in)
{
	const unsigned char *p = in->raw, *end = p + in->rawlen;
	uint32_t c, d;

	while (end - p >= 2) {
		if (end - p < 6 && !in->raw_eof)
			break;			/* a pair or a seam may be cut here */
		if (page_seam(p, (size_t)(end - p))) {
			in->bytes[in->end++] = '\n';
			in->encoding = p[1] == 0xff ? ENCODING_UTF16LE : ENCODING_UTF16BE;
			p++;
			continue;
		}
		c = unit(in, p);
		p += 2;
		if (c >= 0xd800 && c <= 0xdbff && end - p >= 2) {
			d = unit(in, p);
			if (d >= 0xdc00 && d <= 0xdfff) {
				c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
				p += 2;
			}
		}
		/* half a pair becomes bytes that are no UTF-8: its record is bad, not the stream */
		in->end += text_utf8_put(in->bytes + in->end, c);
	}
	if (in->raw_eof && end - p == 1) {
		/* the newline that a page got, or half a character */
		in->bytes[in->end++] = (char)(*p == '\n' ? '\n' : 0xff);
		p++;
	}
	raw_drop(in, (size_t)(p - in->raw));
}

int
input_decode(struct records *r, struct err *err)
{
	struct input *in = &r->in;

	if (in->raw == NULL) {
		if (recognise(r, err) == -1 || in->encoding == ENCODING_UTF8)
			return in->encoding == ENCODING_UTF8 ? 0 : -1;
	} else if (raw_fill(r, err) == -1)
		return -1;
	if (in->encoding == ENCODING_LATIN1)
		decode_latin1(in);
	else
		decode_utf16(in);
	in->eof = in->raw_eof && in->rawlen == 0;
	return 0;
}

/* --- not data at all --- */

int
records_no_html(struct records *r, struct err *err)
{
	static const char *const marks[] = { "<!doctype", "<html", "<head", "<?xml", "<body" };
	struct input *in = &r->in;
	char shown[4 * 40 + 1];
	const char *p;
	size_t i, len;

	/* waits for more than a byte only where that byte may begin a web page */
	if (input_begin(r, err) == -1)
		return -1;
	if (in->start < in->end && strchr(" \t\r\n<", in->bytes[in->start]) != NULL && input_need(r, 200, err) == -1)
		return -1;
	p = in->bytes + in->start;
	len = in->end - in->start;
	while (len > 0 && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++, len--;
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (len >= strlen(marks[i]) && strncasecmp(p, marks[i], strlen(marks[i])) == 0) {
			text_safe(shown, sizeof(shown), p, text_first(p, len < 160 ? len : 160, 40));
			return err_set(err, REASON_CONTRACT, "the input is a web page and not data; it begins: %s", shown);
		}
	return 0;
}
