#include "page.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "limit.h"
#include "log.h"
#include "text.h"
#include "xmalloc.h"

void
page_init(struct page *p, uint64_t max)
{
	memset(p, 0, sizeof(*p));
	p->fd = -1;
	p->max = max;
}

void
page_clear(struct page *p)
{
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	p->len = p->followed = 0;
	memset(&p->json, 0, sizeof(p->json));
	p->failed.reason = REASON_NONE;
	p->failed.text[0] = '\0';
}

void
page_restart(void *page)
{
	page_clear(page);
}

void
page_release(struct page *p)
{
	page_clear(p);
	free(p->bytes);
	p->bytes = NULL;
	p->cap = 0;
}

/* From memory to a file: the page turned out to be long, or somebody wants a descriptor. */
static int
spool(struct page *p)
{
	p->fd = io_spool(&p->failed);
	if (p->fd == -1)
		return -1;
	if (p->len > 0 && io_write_all(p->fd, p->bytes, (size_t)p->len) == -1)
		return err_set(&p->failed, REASON_STATE, "no room for a page of the feed (%llu bytes so far): %s",
		    (unsigned long long)p->len, strerror(errno));
	free(p->bytes);
	p->bytes = NULL;
	p->cap = 0;
	return 0;
}

int
page_add(void *arg, const char *bytes, size_t len)
{
	struct page *p = arg;

	if (len > p->max || p->len > p->max - len)
		return err_set(&p->failed, REASON_CONTRACT, "decoded size over limit %llu MiB",
		    (unsigned long long)(p->max / MIB));
	if (p->fd == -1 && p->len + len > PAGE_IN_MEMORY && spool(p) == -1)
		return -1;
	if (p->fd == -1) {
		if (p->cap < p->len + len) {
			p->cap = p->cap == 0 ? 16384 : p->cap;
			while (p->cap < p->len + len)
				p->cap *= 2;
			p->bytes = xrealloc(p->bytes, p->cap);
		}
		if (len > 0)
			memcpy(p->bytes + p->len, bytes, len);
	} else if (io_write_all(p->fd, bytes, len) == -1)
		return err_set(&p->failed, REASON_STATE, "no room for a page of the feed (%llu bytes so far): %s",
		    (unsigned long long)p->len, strerror(errno));
	/* followed while the bytes are at hand: a long page need not be read again for it */
	if (p->follow) {
		brackets_follow(&p->json, bytes, len);
		p->followed += len;
	}
	p->len += len;
	return 0;
}

ssize_t
page_read(const struct page *p, uint64_t offset, char *to, size_t len)
{
	ssize_t n;
	size_t have = 0;

	if (offset >= p->len)
		return 0;
	if (len > p->len - offset)
		len = (size_t)(p->len - offset);
	if (p->fd == -1) {
		memcpy(to, p->bytes + offset, len);
		return (ssize_t)len;
	}
	while (have < len) {
		n = pread(p->fd, to + have, len - have, (off_t)(offset + have));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? (ssize_t)have : -1;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

int
page_fd(struct page *p, struct err *err)
{
	if (p->fd == -1 && spool(p) == -1) {
		*err = p->failed;
		return -1;
	}
	if (lseek(p->fd, 0, SEEK_SET) == -1)
		return err_set(err, REASON_STATE, "cannot read a spooled page: %s", strerror(errno));
	return p->fd;
}

int
page_bytes(struct page *p, size_t max, const char **bytes, size_t *len, struct err *err)
{
	if (p->len > max)
		return err_set(err, REASON_CONTRACT, "a page of %llu bytes is too long to be looked into (limit %zu)",
		    (unsigned long long)p->len, max);
	if (p->fd != -1 && p->bytes == NULL) {
		p->bytes = xmalloc((size_t)p->len + 1);
		p->cap = (size_t)p->len + 1;
		if (page_read(p, 0, p->bytes, (size_t)p->len) != (ssize_t)p->len)
			return err_set(err, REASON_STATE, "cannot read a spooled page: %s", strerror(errno));
	}
	*bytes = p->bytes != NULL ? p->bytes : "";
	*len = (size_t)p->len;
	return 0;
}

/* The kernel moves a spooled page; where it cannot (out is no pipe or file it knows), read and write do. */
static int
copy_spool(struct page *p, struct out *out, struct err *err)
{
	char chunk[65536];
	off_t at = 0;
	ssize_t n;

	if (out_flush(out) == -1)
		return out_error(out, err);
	log_progress_makes_way(out->fd);
	while ((uint64_t)at < p->len) {
		n = sendfile(out->fd, p->fd, &at, (size_t)1 << 30);
		if (n > 0) {
			out->total += (uint64_t)n;
			continue;
		}
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno != EINVAL && errno != ENOSYS) {
			out->error = errno;
			return out_error(out, err);
		}
		break;
	}
	while ((uint64_t)at < p->len) {
		n = page_read(p, (uint64_t)at, chunk, sizeof(chunk));
		if (n <= 0)
			return err_set(err, REASON_STATE, "cannot read a spooled page: %s", strerror(errno));
		out_write(out, chunk, (size_t)n);
		at += n;
	}
	return 0;
}

int
page_copy(struct page *p, struct out *out, struct err *err)
{
	char last = '\n';

	if (p->len == 0)
		return 0;
	if (p->fd == -1)
		out_write(out, p->bytes, (size_t)p->len);
	else if (copy_spool(p, out, err) == -1)
		return -1;
	if (page_read(p, p->len - 1, &last, 1) != 1)
		return err_set(err, REASON_STATE, "cannot read a spooled page: %s", strerror(errno));
	if (last != '\n')
		out_write(out, "\n", 1);
	return out_error(out, err);
}

int
page_save(struct page *p, const char *path, struct err *err)
{
	char tmp[PATH_MAX], chunk[65536];
	uint64_t at = 0;
	ssize_t n;
	int fd;

	if (snprintf(tmp, sizeof(tmp), "%s.new", path) >= (int)sizeof(tmp))
		return err_set(err, REASON_USAGE, "%s: name too long", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_set(err, REASON_STATE, "cannot write %s: %s", path, strerror(errno));
	while ((n = page_read(p, at, chunk, sizeof(chunk))) > 0) {
		if (io_write_all(fd, chunk, (size_t)n) == -1)
			goto fail;
		at += (uint64_t)n;
	}
	if (n == -1 || fsync(fd) == -1)
		goto fail;
	if (close(fd) == -1 || rename(tmp, path) == -1) {
		err_set(err, REASON_STATE, "cannot write %s: %s", path, strerror(errno));
		unlink(tmp);
		return -1;
	}
	return 0;
fail:
	err_set(err, REASON_STATE, "cannot write %s (needs %llu bytes): %s", path, (unsigned long long)p->len, strerror(errno));
	close(fd);
	unlink(tmp);
	return -1;
}

void
page_sha256(struct page *p, char hex[65])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sum[32] = { 0 };
	char chunk[65536];
	uint64_t at = 0;
	ssize_t n;

	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	while ((n = page_read(p, at, chunk, sizeof(chunk))) > 0) {
		EVP_DigestUpdate(ctx, chunk, (size_t)n);
		at += (uint64_t)n;
	}
	EVP_DigestFinal_ex(ctx, sum, NULL);
	EVP_MD_CTX_free(ctx);
	text_hex(hex, sum, sizeof(sum));
}

/* --- kind --- */

static int
complain_markup(const char *head, size_t n, const char *content_type, enum page_kind kind, struct err *err)
{
	char safe[64];

	while (n > 0 && isspace((unsigned char)*head)) {
		head++;
		n--;
	}
	text_safe(safe, sizeof(safe), head, n > 40 ? text_cut(head, n, 40) : n);
	return err_set(err, REASON_CONTRACT, "expected %s, got %s \"%s\"", kind == PAGE_JSON ? "JSON" : "text",
	    content_type != NULL && *content_type != '\0' ? content_type : "something else", safe);
}

static bool
looks_like_markup(const char *head, size_t n)
{
	static const char *const start[] = { "<!doctype html", "<html", "<head", "<body", "<script", "<?xml", "<!--" };
	size_t i;

	for (i = 0; i < sizeof(start) / sizeof(start[0]); i++)
		if (n >= strlen(start[i]) && strncasecmp(head, start[i], strlen(start[i])) == 0)
			return true;
	return false;
}

static int
check_json_whole(struct page *p, struct err *err)
{
	struct brackets b = p->json;
	char chunk[65536];
	uint64_t at = p->followed;
	ssize_t n;

	while ((n = page_read(p, at, chunk, sizeof(chunk))) > 0) {
		brackets_follow(&b, chunk, (size_t)n);
		at += (uint64_t)n;
	}
	if (n == -1)
		return err_set(err, REASON_STATE, "cannot read a spooled page: %s", strerror(errno));
	if (b.below)
		return err_set(err, REASON_CONTRACT, "not complete: a bracket is closed that was never opened");
	if (b.in_string || b.depth > 0)
		return err_set(err, REASON_CONTRACT, "not complete: unterminated document after %llu bytes",
		    (unsigned long long)p->len);
	return 0;
}

int
page_check(struct page *p, enum page_kind kind, const char *content_type, struct err *err)
{
	char head[512];
	ssize_t n = page_read(p, 0, head, sizeof(head));
	size_t i = 0, len;

	if (n == -1)
		return err_set(err, REASON_STATE, "cannot read a spooled page: %s", strerror(errno));
	if (kind == PAGE_ANY || n == 0)
		return 0;
	len = (size_t)n;
	/* UTF-16 is tc-map's to decode: what it holds cannot be judged by its first byte */
	if (len >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0))
		return 0;
	if (len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (i < len && isspace((unsigned char)head[i]))
		i++;
	if (i == len)
		return 0;
	if (looks_like_markup(head + i, len - i) ||
	    (content_type != NULL && strncasecmp(content_type, "text/html", 9) == 0 && head[i] == '<'))
		return complain_markup(head + i, len - i, content_type, kind, err);
	if (kind == PAGE_JSON) {
		if (head[i] != '{' && head[i] != '[')
			return complain_markup(head + i, len - i, content_type, kind, err);
		return check_json_whole(p, err);
	}
	return 0;
}
