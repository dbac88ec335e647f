#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"

/* What libarchive reads from: the packed page, with the place up to which it was handed out. */
struct source {
	struct page	*page;
	uint64_t	 at;
	char		 chunk[65536];
};

static la_ssize_t
give(struct archive *a, void *arg, const void **bytes)
{
	struct source *s = arg;
	ssize_t n = page_read(s->page, s->at, s->chunk, sizeof(s->chunk));

	if (n == -1) {
		archive_set_error(a, errno, "cannot read a spooled page");
		return ARCHIVE_FATAL;
	}
	s->at += (uint64_t)n;
	*bytes = s->chunk;
	return n;
}

static la_int64_t
seek_to(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct source *s = arg;

	(void)a;
	s->at = (uint64_t)(whence == SEEK_SET ? offset : whence == SEEK_CUR ? (la_int64_t)s->at + offset :
	    (la_int64_t)s->page->len + offset);
	return (la_int64_t)s->at;
}

static const char *
sniff(const struct page *p)
{
	char head[300];
	ssize_t n = page_read(p, 0, head, sizeof(head));

	if (n >= 2 && memcmp(head, "\x1f\x8b", 2) == 0)
		return "gzip";
	if (n >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
		return "zstd";
	if (n >= 6 && memcmp(head, "\xfd" "7zXZ\0", 6) == 0)
		return "xz";
	if (n >= 4 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9')
		return "bzip2";
	if (n >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0))
		return "zip";
	if (n >= 262 && memcmp(head + 257, "ustar", 5) == 0)
		return "tar";
	return "none";
}

static int
complain(struct archive *a, const char *type, struct err *err)
{
	const char *why = archive_error_string(a);

	return err_set(err, REASON_CONTRACT, "bad %s at byte %lld: %s", type, (long long)archive_filter_bytes(a, -1),
	    why != NULL ? why : "damaged");
}

/* One member (or the one stream) into a page. */
static int
read_member(struct archive *a, const char *type, struct page *out, uint64_t *total, uint64_t max_total, struct err *err)
{
	char chunk[65536];
	la_ssize_t n;

	while ((n = archive_read_data(a, chunk, sizeof(chunk))) > 0) {
		*total += (uint64_t)n;
		if (*total > max_total)
			return err_set(err, REASON_CONTRACT, "unpacked size over limit %llu MiB",
			    (unsigned long long)(max_total / MIB));
		if (page_add(out, chunk, (size_t)n) == -1) {
			*err = out->failed;
			return -1;
		}
	}
	return n < 0 ? complain(a, type, err) : 0;
}

static bool
wanted(const char *name, const char *pattern)
{
	const char *last = strrchr(name, '/');

	return pattern == NULL || fnmatch(pattern, name, 0) == 0 || (last != NULL && fnmatch(pattern, last + 1, 0) == 0);
}

static int
open_archive(struct archive *a, const char *type, const struct unpack_options *o, struct source *s, struct err *err)
{
	bool single = strcmp(type, "zip") != 0 && strcmp(type, "tar") != 0;

	/* only what was asked for is understood: a parser that is not enabled cannot be attacked */
	if (strcmp(type, "zip") == 0) {
		archive_read_support_format_zip(a);
		archive_read_add_passphrase(a, o->password != NULL ? o->password : "infected");
	} else {
		archive_read_support_filter_gzip(a);
		archive_read_support_filter_zstd(a);
		archive_read_support_filter_xz(a);
		archive_read_support_filter_bzip2(a);
		archive_read_support_format_tar(a);
		if (single)
			archive_read_support_format_raw(a);
	}
	archive_read_set_read_callback(a, give);
	archive_read_set_seek_callback(a, seek_to);
	archive_read_set_callback_data(a, s);
	return archive_read_open1(a) == ARCHIVE_OK ? 0 : complain(a, type, err);
}

/*
 * A stream ends where the packed page ends (zip and tar have ends of their own). libarchive stops after the first
 * gzip member when other bytes follow, without an error: they would be lost in silence.
 */
static int
check_end(struct archive *a, const char *type, const struct source *s, struct err *err)
{
	unsigned long long used = (unsigned long long)archive_filter_bytes(a, -1), len = s->page->len;

	if (used < len)
		return err_set(err, REASON_CONTRACT, "bad %s: %llu bytes behind its end at byte %llu", type, len - used, used);
	return 0;
}

static int
each_member(struct archive *a, const char *type, const struct unpack_options *o, struct source *s,
    unpack_page_fn *fn, void *arg, struct err *err)
{
	struct archive_entry *entry;
	uint64_t total = 0;
	unsigned members = 0, found = 0;
	struct page out;
	const char *name;
	int rc;

	while ((rc = archive_read_next_header(a, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		name = archive_entry_pathname(entry);
		if (name == NULL)
			name = "?";
		if (++members > UNPACK_MEMBERS)
			return err_set(err, REASON_CONTRACT, "more than %d members in one archive", UNPACK_MEMBERS);
		if (archive_format(a) != ARCHIVE_FORMAT_RAW && (archive_entry_filetype(entry) != AE_IFREG || !wanted(name, o->member)))
			continue;
		found++;
		page_init(&out, o->max_page);
		out.follow = s->page->follow;
		rc = read_member(a, type, &out, &total, o->max_total, err);
		if (rc == 0 && archive_format(a) == ARCHIVE_FORMAT_RAW)
			rc = check_end(a, type, s, err);
		if (rc == 0)
			rc = fn(arg, &out, name, err);
		page_release(&out);
		if (rc == -1)
			return -1;
	}
	if (rc != ARCHIVE_EOF)
		return complain(a, type, err);
	if (found == 0)
		return err_set(err, REASON_CONTRACT, "the archive has no member %s", o->member != NULL ? o->member : "that is a file");
	return 0;
}

int
unpack_page(struct page *in, const struct unpack_options *o, unpack_page_fn *fn, void *arg, struct err *err)
{
	const char *type = o->type != NULL ? o->type : "auto", *seen = sniff(in);
	struct source s = { .page = in };
	struct archive *a;
	int rc;

	if (strcmp(type, "none") == 0 || (strcmp(type, "auto") == 0 && strcmp(seen, "none") == 0))
		return fn(arg, in, NULL, err);
	if (strcmp(type, "auto") == 0)
		type = seen;
	else if (strcmp(type, "tar") != 0 && strcmp(type, seen) != 0)
		return err_set(err, REASON_CONTRACT, "expected %s, got %s", type, strcmp(seen, "none") == 0 ? "something else" : seen);
	a = archive_read_new();
	if (a == NULL)
		return err_set(err, REASON_TEMPORARY, "out of memory for unpacking");
	rc = open_archive(a, type, o, &s, err);
	if (rc == 0)
		rc = each_member(a, type, o, &s, fn, arg, err);
	archive_read_free(a);
	return rc;
}
