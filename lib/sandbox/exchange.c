#include "sandbox/exchange.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "xmalloc.h"

#define BODY_IN_MEMORY (1 * MIB)

void
body_init(struct body *b)
{
	memset(b, 0, sizeof(*b));
	b->fd = -1;
}

int
body_add(struct body *b, const char *bytes, size_t len, struct err *err)
{
	if (b->fd == -1 && b->len + len > BODY_IN_MEMORY) {
		if ((b->fd = io_spool(err)) == -1)
			return -1;
		if (io_write_all(b->fd, b->bytes, b->len) == -1)
			return err_set(err, REASON_STATE, "cannot spool an upload: %s", strerror(errno));
		free(b->bytes);
		b->bytes = NULL;
		b->cap = 0;
	}
	if (b->fd != -1) {
		if (io_write_all(b->fd, bytes, len) == -1)
			return err_set(err, REASON_STATE, "cannot spool an upload: %s", strerror(errno));
	} else {
		if (b->len + len + 1 > b->cap) {
			b->cap = (b->len + len + 1) * 2;
			b->bytes = xrealloc(b->bytes, b->cap);
		}
		memcpy(b->bytes + b->len, bytes, len);
		b->bytes[b->len + len] = '\0';
	}
	b->len += len;
	return 0;
}

int
body_end(struct body *b, struct err *err)
{
	if (b->fd == -1) {
		if (b->bytes == NULL)
			b->bytes = xcalloc(1, 1);
		return 0;
	}
	b->bytes = mmap(NULL, b->len, PROT_READ, MAP_PRIVATE, b->fd, 0);
	if (b->bytes == MAP_FAILED) {
		b->bytes = NULL;
		return err_set(err, REASON_STATE, "cannot map an upload: %s", strerror(errno));
	}
	b->mapped = true;
	return 0;
}

void
body_release(struct body *b)
{
	if (b->mapped)
		munmap(b->bytes, b->len);
	else
		free(b->bytes);
	if (b->fd != -1)
		close(b->fd);
	body_init(b);
}

const char *
request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
percent_decode(const char *text, size_t len, bool form, char *out, size_t size)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		if (n + 1 >= size)
			return false;
		if (text[i] == '%') {
			if (i + 2 >= len || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
				return false;
			out[n++] = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
			i += 2;
		} else {
			out[n++] = form && text[i] == '+' ? ' ' : text[i];
		}
	}
	out[n] = '\0';
	return true;
}

bool
request_query(const struct request *r, const char *name, char *out, size_t size)
{
	const char *p = r->query, *end, *eq;
	size_t n = strlen(name);

	for (; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = strchrnul(p, '&');
		eq = memchr(p, '=', (size_t)(end - p));
		if (eq != NULL && (size_t)(eq - p) == n && memcmp(p, name, n) == 0)
			return percent_decode(eq + 1, (size_t)(end - eq - 1), true, out, size);
	}
	return false;
}

void
answer_init(struct answer *a)
{
	memset(a, 0, sizeof(*a));
	buf_init(&a->body, 2 * GIB);
	a->fd = -1;
	a->cut = -1;
}

void
answer_release(struct answer *a)
{
	size_t i;

	buf_release(&a->body);
	for (i = 0; i < a->nheader; i++) {
		free(a->header[i].name);
		free(a->header[i].value);
	}
	a->nheader = 0;
	if (a->fd != -1)
		close(a->fd);
	a->fd = -1;
}

void
answer_header(struct answer *a, const char *name, const char *value)
{
	if (a->nheader == sizeof(a->header) / sizeof(a->header[0]))
		return;
	a->header[a->nheader].name = xstrdup(name);
	a->header[a->nheader++].value = xstrdup(value);
}

TC_PRINTF(4, 0) static void
fill(struct answer *a, int status, const char *type, const char *fmt, va_list ap)
{
	char *text;

	a->status = status;
	snprintf(a->type, sizeof(a->type), "%s", type);
	buf_clear(&a->body);
	if (vasprintf(&text, fmt, ap) < 0)
		return;
	if (buf_addz(&a->body, text) == -1)
		a->status = 500;
	free(text);
}

void
answer_text(struct answer *a, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(a, status, "text/plain;charset=utf-8", fmt, ap);
	va_end(ap);
}

void
answer_json(struct answer *a, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(a, status, "application/json", fmt, ap);
	va_end(ap);
}

static void
wrap(struct answer *a, const char *status, const char *member)
{
	char *text;
	size_t len;

	text = buf_take(&a->body, &len);
	if (buf_addf(&a->body, "{\"status\":\"%s\",\"%s\":", status, member) == -1 ||
	    buf_add_json(&a->body, text, len) == -1 || buf_addc(&a->body, '}') == -1)
		a->status = 500;
	free(text);
}

void
answer_failure(struct answer *a, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(a, status, "application/json", fmt, ap);
	va_end(ap);
	wrap(a, "Failure", "message");
}

void
answer_invalid(struct answer *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(a, 400, "application/json", fmt, ap);
	va_end(ap);
	wrap(a, "Invalid", "description");
}

int
answer_gzip(struct answer *a, struct err *err)
{
	struct archive *gz = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t cap = a->body.len + a->body.len / 8 + 16384, used = 0, len;
	char *out = xmalloc(cap), *plain;
	int bad;

	plain = buf_take(&a->body, &len);
	archive_entry_set_pathname(entry, "body");
	archive_entry_set_filetype(entry, AE_IFREG);
	bad = archive_write_add_filter_gzip(gz) != ARCHIVE_OK || archive_write_set_format_raw(gz) != ARCHIVE_OK ||
	    archive_write_set_filter_option(gz, "gzip", "timestamp", NULL) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(gz, 1) != ARCHIVE_OK ||
	    archive_write_open_memory(gz, out, cap, &used) != ARCHIVE_OK || archive_write_header(gz, entry) != ARCHIVE_OK ||
	    archive_write_data(gz, plain, len) != (la_ssize_t)len || archive_write_close(gz) != ARCHIVE_OK;
	if (bad)
		err_set(err, REASON_STATE, "cannot compress an answer: %s", archive_error_string(gz));
	archive_entry_free(entry);
	archive_write_free(gz);
	free(plain);
	if (!bad && buf_add(&a->body, out, used) == -1)
		bad = err_set(err, REASON_STATE, "cannot compress an answer: too large");
	free(out);
	if (bad)
		return -1;
	answer_header(a, "Content-Encoding", "gzip");
	return 0;
}
