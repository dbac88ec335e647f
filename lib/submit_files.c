/*
 * Content of Documents and Reports (batch-api.md section 13).
 *
 * Which file belongs to a group is said by a digest: a fileName that is or
 * begins with a SHA-256, the one that tc-fetch noted for a file of that name
 * (attachments.h), or an associated File indicator's. It is
 * looked for under that digest in the directory the user named, and sent only
 * when its bytes have that digest. No path or URL of an object is ever opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attachments.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "submit_run.h"
#include "text.h"

#define FILE_MOST	(5LL * 1000 * 1000 * 1000)	/* bytes; larger ones need an administrator of the platform */

/* The digest that text begins with, in lower case; false: it does not. */
static bool
digest_of(const char *text, size_t len, char out[65])
{
	size_t i;

	for (i = 0; i < 64 && i < len && strchr("0123456789abcdefABCDEF", text[i]) != NULL; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 32) : text[i];
	out[i] = '\0';
	return i == 64 && (len == 64 || strchr("0123456789abcdefABCDEF", text[64]) == NULL);
}

static int
open_digest(int dir, const char *digest)
{
	int fd = openat(dir, digest, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd != -1 && (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool
named(const struct scan *s, uint32_t node, const struct attachments *names, char digest[65])
{
	struct buf name;
	bool found;

	buf_init(&name, LIMIT_LINE);
	found = scan_string(s, node, &name) == 0 && attachments_digest(names, name.bytes, digest);
	buf_release(&name);
	return found;
}

/* The group's file, or -1; digest is filled where a file was named at all. */
static int
find(const struct scan *s, int dir, const struct attachments *names, char digest[65])
{
	uint32_t node = scan_member(s, 0, "fileName"), list, value;
	int fd = -1;

	digest[0] = '\0';
	if (node != SCAN_NONE && digest_of(scan_bytes(s, node), s->node[node].len, digest) &&
	    (fd = open_digest(dir, digest)) != -1)
		return fd;
	if (node != SCAN_NONE && named(s, node, names, digest) && (fd = open_digest(dir, digest)) != -1)
		return fd;
	list = scan_member(s, 0, "associatedIndicators");
	if (list == SCAN_NONE || s->node[list].count == 0)
		return -1;
	for (node = scan_first(s, list); fd == -1 && node < s->node[list].next; node = s->node[node].next) {
		const char *text, *piece;

		value = scan_member(s, node, "indicatorType");
		if (value == SCAN_NONE || !scan_is(s, value, "File") || (value = scan_member(s, node, "summary")) == SCAN_NONE)
			continue;
		text = scan_bytes(s, value);
		for (piece = text; fd == -1 && piece < text + s->node[value].len; piece++)
			if ((piece == text || piece[-1] == ' ') &&
			    digest_of(piece, (size_t)(text + s->node[value].len - piece), digest))
				fd = open_digest(dir, digest);
	}
	return fd;
}

static int
verify(int fd, const char *digest, long long *size)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1], block[65536];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned n = 0;
	ssize_t got = 0;
	int ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

	*size = 0;
	while (ok && (got = io_read(fd, block, sizeof(block))) > 0) {
		ok = EVP_DigestUpdate(ctx, block, (size_t)got) == 1;
		*size += got;
	}
	ok = ok && got == 0 && EVP_DigestFinal_ex(ctx, sum, &n) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return -1;
	text_hex(hex, sum, n);
	return strcmp(hex, digest) == 0 ? 0 : -1;
}

static long
from_file(void *arg, char *to, size_t room)
{
	return (long)io_read(*(int *)arg, to, room);
}

static int
to_start(void *arg)
{
	return lseek(*(int *)arg, 0, SEEK_SET) == 0 ? 0 : -1;
}

/* The upload of one file; -1 with err: TEMPORARY and AUTH to be tried again, REFUSED for good, CONTRACT ends the run. */
static int
upload(struct submit_run *run, const char *branch, const struct buf *xid, int fd, long long size, struct err *err)
{
	struct http_header type = { "Content-Type", "application/octet-stream" };
	struct http_request req = { .method = "POST", .header = &type, .nheader = 1, .max_body = LIMIT_ANSWER, .accept_encoding = "",
	    .source = from_file, .rewind = to_start, .source_arg = &fd, .source_len = size };
	struct http_answer a;
	struct buf path;
	char says[300];
	int rc;

	buf_init(&path, 16 * KIB);
	http_answer_init(&a);
	if (buf_addf(&path, "/v2/groups/%s/", branch) == -1 || http_encode(xid->bytes, xid->len, &path) == -1 ||
	    buf_addz(&path, "/upload?owner=") == -1 ||
	    http_encode(run->settings.owner, strlen(run->settings.owner), &path) == -1 ||
	    buf_addz(&path, "&updateIfExists=true") == -1)
		rc = err_set(err, REASON_REFUSED, "the group's xid is too long");
	else if (to_start(&fd) == -1)
		rc = err_set(err, REASON_TEMPORARY, "cannot read the file: %m");
	else {
		/* writing the same bytes again changes nothing */
		rc = session_call(run->session, path.bytes, &req, SESSION_IDEMPOTENT | SESSION_401_MINE, &a, err);
		if (rc == 0 && a.status == 401 && to_start(&fd) == 0) {
			/* "exists" */
			req.method = "PUT";
			rc = session_call(run->session, path.bytes, &req, SESSION_IDEMPOTENT | SESSION_401_MINE, &a, err);
		}
	}
	if (rc == 0 && (a.status < 200 || a.status > 299)) {
		session_says(&a, says, sizeof(says));
		rc = err_set(err, strcasestr(says, "insufficient") != NULL && strcasestr(says, "storage") != NULL ? REASON_CONTRACT :
		    a.status == 401 || a.status == 403 || a.status == 503 ? REASON_AUTH :
		    a.status >= 500 || a.status == 429 ? REASON_TEMPORARY : REASON_REFUSED, "%ld: %s", a.status, says);
	}
	http_answer_release(&a);
	buf_release(&path);
	return rc;
}

static void
one(struct submit_run *run, struct submit_chunk *c, size_t i, const struct object *o, const struct scan *s)
{
	const char *branch = o->type == TYPE_REPORT ? "reports" : "documents";
	char digest[65], reason[400];
	struct err err = { 0 };
	struct buf xid;
	long long size;
	int fd = find(s, run->files, run->names, digest);
	uint32_t node;

	if (fd == -1) {
		if (digest[0] != '\0')
			log_info("no file %s for a %s", digest, schema_type_name(o->type));
		return;
	}
	buf_init(&xid, LIMIT_LINE);
	node = scan_member(s, 0, "xid");
	if (node == SCAN_NONE || scan_string(s, node, &xid) == -1)
		goto out;
	if (verify(fd, digest, &size) == -1 || size > FILE_MOST) {
		log_warning("file %s is not sent: %s", digest, size > FILE_MOST ? "longer than 5 GB" : "its bytes have another digest");
		goto out;
	}
	if (upload(run, branch, &xid, fd, size, &err) == 0) {
		run->files_sent++;
		log_debug("file %s sent (%lld bytes)", digest, size);
		goto out;
	}
	log_warning("file %s could not be stored: %s", digest, err.text);
	snprintf(reason, sizeof(reason), "its file could not be stored: %.300s", err.text);
	if (err.reason == REASON_REFUSED)
		submit_chunk_set(c, i, OUTCOME_REJECTED, c->item[i].batch_id, NULL, reason);
	else	/* sent again, group and file */
		submit_chunk_set(c, i, OUTCOME_UNSENT, 0, NULL, NULL);
	if (err.reason == REASON_CONTRACT || err.reason == REASON_AUTH) {
		err_prefix(&err, "storing the file of a group");
		submit_fail(run, &err);
	}
out:
	buf_release(&xid);
	close(fd);
}

void
submit_files(struct submit_run *run, struct submit_chunk *c, size_t from, size_t to)
{
	struct object o;
	struct scan scan;
	struct err why;
	size_t i;

	attachments_refresh(run->names);
	scan_init(&scan);
	for (i = from; i < to && run->end.reason == REASON_NONE && !*run->stop; i++) {
		const struct submit_item *it = &c->item[i];

		if (it->outcome != OUTCOME_ACCEPTED || it->len == 0 ||
		    object_read(&o, &scan, c->text.bytes + it->off, it->len, &why) == -1)
			continue;
		if (o.type == TYPE_DOCUMENT || o.type == TYPE_REPORT)
			one(run, c, i, &o, &scan);
	}
	scan_release(&scan);
}
