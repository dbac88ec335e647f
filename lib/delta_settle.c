/*
 * settle: before anything new is sent, the objects of batches whose outcome is
 * not known. tc-submit's journal says what was uploaded in which batch; it is
 * taken into the pending notes, and only then emptied.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delta.h"
#include "limit.h"
#include "log.h"
#include "receipt.h"
#include "xmalloc.h"

struct settle {
	struct delta	*d;
	struct scan	 scan;
	struct buf	 identity, line;
	int		 lines_fd;
	struct out	 lines;
	long long	 noted, foreign, listed, without_batch, bad;
};

/* --- the journal --- */

static int
note_object(struct settle *s, uint32_t node, uint64_t batch, struct err *err)
{
	struct row r;
	struct err why;
	int n, found;

	buf_clear(&s->identity);
	if ((n = receipt_identities(&s->scan, node, &s->identity, &why)) == 0) {
		s->bad++;
		return 0;
	}
	if ((found = delta_find(s->d, &s->identity, n, &r, err)) == -1)
		return -1;
	if (found == 0 || !(r.flags & ROW_PENDING)) {
		s->foreign++;	/* its receipt has been committed since */
		return 0;
	}
	/* batches are numbered as they are made: the later one is the one that counts */
	if (r.flags & ROW_DOUBT && r.batch >= batch)
		return 0;
	r.flags |= ROW_DOUBT;
	r.batch = batch;
	r.doubt_runs = 0;
	s->noted++;
	return state_put(&s->d->state, &r, err);
}

static int
note_event(struct settle *s, const char *line, size_t len, struct err *err)
{
	uint32_t v, list, e;
	struct err why;
	long long batch;

	if (scan_text(&s->scan, line, len, &why) == -1 || s->scan.node[0].type != SCAN_OBJECT) {
		s->bad++;
		return 0;
	}
	v = scan_member(&s->scan, 0, "event");
	if (v == SCAN_NONE || !scan_is(&s->scan, v, "upload"))
		return 0;
	v = scan_member(&s->scan, 0, "batchId");
	list = scan_member(&s->scan, 0, "object");
	if (v == SCAN_NONE || list == SCAN_NONE || s->scan.node[v].type != SCAN_NUMBER || s->scan.node[list].type != SCAN_ARRAY ||
	    (batch = strtoll(scan_bytes(&s->scan, v), NULL, 10)) <= 0) {
		s->bad++;
		return 0;
	}
	for (e = list + 1; e < s->scan.node[list].next; e = s->scan.node[e].next)
		if (s->scan.node[e].type == SCAN_OBJECT && note_object(s, e, (uint64_t)batch, err) == -1)
			return -1;
	return 0;
}

static int
read_journal(struct settle *s, int fd, struct err *err)
{
	size_t cap = 2 * LIMIT_LINE, have = 0, at;
	char *bytes = xmalloc(cap), *nl;
	ssize_t n;
	int rc = -1;

	while ((n = io_read(fd, bytes + have, cap - have)) > 0) {
		have += (size_t)n;
		for (at = 0; (nl = memchr(bytes + at, '\n', have - at)) != NULL; at = (size_t)(nl - bytes) + 1)
			if (note_event(s, bytes + at, (size_t)(nl - bytes) - at, err) == -1)
				goto done;
		memmove(bytes, bytes + at, have - at);
		have -= at;
		if (have == cap) {
			err_set(err, REASON_STATE, "journal %s: a line is longer than 2 MiB", s->d->journal);
			goto done;
		}
	}
	if (n == -1) {
		err_set(err, REASON_STATE, "cannot read journal %s: %s", s->d->journal, strerror(errno));
		goto done;
	}
	/* a last line without its end was not synced, and so its upload did not begin */
	rc = 0;
done:
	free(bytes);
	return rc;
}

/* Opened, not to be created; -2 where there is none. */
static int
open_journal(const char *name, struct err *err)
{
	struct stat st;
	int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1) {
		if (errno == ENOENT)
			return -2;
		return err_set(err, REASON_STATE, "cannot open journal %s: %s", name, strerror(errno));
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, REASON_USAGE, "journal %s is no regular file", name);
	}
	return fd;
}

static int
take_journal(struct settle *s, struct err *err)
{
	int fd = open_journal(s->d->journal, err), rc;

	if (fd == -2)
		return 0;
	if (fd == -1)
		return -1;
	rc = state_begin(&s->d->state, err);
	if (rc == 0)
		rc = read_journal(s, fd, err);
	if (rc == 0)
		rc = state_commit(&s->d->state, err);
	/* the state says it now, durably */
	if (rc == 0 && (ftruncate(fd, 0) == -1 || fsync(fd) == -1))
		rc = err_set(err, REASON_STATE, "cannot empty journal %s: %s", s->d->journal, strerror(errno));
	close(fd);
	return rc;
}

/* --- what is in doubt --- */

static int
list_row(void *arg, struct row *r, struct err *err)
{
	struct settle *s = arg;
	char extra[48];

	if (!(r->flags & ROW_DOUBT))
		return 0;
	if (r->batch == 0) {
		s->without_batch++;
		return 0;
	}
	snprintf(extra, sizeof(extra), ",\"batchId\":%llu", (unsigned long long)r->batch);
	buf_clear(&s->line);
	if (delta_row_line(r, extra, &s->line) == -1 || buf_addc(&s->line, '\n') == -1)
		return err_set(err, REASON_STATE, "a line is too long");
	s->listed++;
	out_write(&s->lines, s->line.bytes, s->line.len);
	return out_error(&s->lines, err);
}

static int
collect(struct settle *s, struct err *err)
{
	if (s->d->state.db == NULL)
		return 0;
	if (s->d->journal != NULL && take_journal(s, err) == -1)
		return -1;
	s->lines.len = 0;
	s->listed = s->without_batch = 0;
	if (ftruncate(s->lines_fd, 0) == -1 || lseek(s->lines_fd, 0, SEEK_SET) == -1)
		return err_set(err, REASON_STATE, "cannot empty the spool file: %s", strerror(errno));
	if (state_scan(&s->d->state, NULL, NULL, list_row, s, err) == -1)
		return -1;
	out_flush(&s->lines);
	return out_error(&s->lines, err);
}

int
delta_settle(struct delta *d, struct err *err)
{
	struct settle s = { .d = d };
	int rc;

	if ((s.lines_fd = io_spool(err)) == -1)
		return -1;
	scan_init(&s.scan);
	buf_init(&s.identity, 4 * LIMIT_LINE);
	buf_init(&s.line, 2 * LIMIT_LINE);
	out_init(&s.lines, s.lines_fd, "the spool file", 64 * 1024);
	rc = delta_open(d, STATE_WRITE, err);
	if (rc == 0) {
		rc = collect(&s, err);
		if (rc == -1 && d->state.damaged && delta_reopen(d, STATE_WRITE, err) == 0)
			rc = collect(&s, err);
	}
	delta_close(d);
	if (s.bad > 0)
		log_warning("%lld entries of journal %s are not understood and were left out", s.bad, d->journal);
	stats_set(d->tool->stats, "settle.listed", s.listed);
	stats_set(d->tool->stats, "settle.noted", s.noted);
	snprintf(d->summary, sizeof(d->summary), "%lld objects with an unknown outcome (%lld noted from the journal)", s.listed, s.noted);
	if (rc == 0)
		rc = io_spool_print(s.lines_fd, err);
	scan_release(&s.scan);
	buf_release(&s.identity);
	buf_release(&s.line);
	out_release(&s.lines);
	close(s.lines_fd);
	return rc;
}
