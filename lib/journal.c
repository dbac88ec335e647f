#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "log.h"

#define LINE_BYTES	(900 * KIB)	/* a line is closed before it grows past this */

int
journal_open(struct journal *j, const char *file, struct err *err)
{
	struct stat st;
	char last = '\n';

	j->fd = -1;
	j->file = file;
	if (file == NULL)
		return 0;
	j->fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (j->fd == -1)
		return err_set(err, REASON_STATE, "cannot open journal %s: %m", file);
	if (fstat(j->fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		journal_close(j);
		return err_set(err, REASON_USAGE, "journal %s is no regular file", file);
	}
	if (st.st_size > 0 && pread(j->fd, &last, 1, st.st_size - 1) == 1 && last != '\n' && io_write_all(j->fd, "\n", 1) == -1) {
		err_set(err, REASON_STATE, "cannot write journal %s: %m", file);
		journal_close(j);
		return -1;
	}
	return 0;
}

void
journal_close(struct journal *j)
{
	if (j->fd != -1)
		close(j->fd);
	j->fd = -1;
}

static int
put(struct journal *j, struct buf *line, struct err *err)
{
	if (io_write_all(j->fd, line->bytes, line->len) == -1)
		return err_set(err, REASON_STATE, "cannot write journal %s: %m", j->file);
	buf_clear(line);
	return 0;
}

static int
start_line(struct buf *line, long long batch_id, const struct submit_chunk *c)
{
	return buf_addf(line, "{\"event\":\"upload\",\"batchId\":%lld,\"action\":\"%s\",\"object\":[", batch_id,
	    submit_kind_deletes(c->kind) ? "Delete" : "Create");
}

static int
end_line(struct journal *j, struct buf *line, struct err *err)
{
	return buf_addz(line, "]}\n") == -1 ? err_set(err, REASON_STATE, "a journal line is too long") : put(j, line, err);
}

int
journal_upload(struct journal *j, long long batch_id, const struct submit_chunk *c, size_t from, size_t to, struct err *err)
{
	struct buf line;
	size_t i;
	int rc = 0;

	if (j->fd == -1)
		return 0;
	buf_init(&line, 4 * MIB);
	for (i = from; i < to && rc == 0; i++) {
		const struct submit_item *it = &c->item[i];

		if (line.len > 0 && line.len + it->name_len > LINE_BYTES)
			rc = end_line(j, &line, err);
		if (rc == 0 && ((line.len == 0 ? start_line(&line, batch_id, c) : buf_addc(&line, ',')) == -1 ||
		    buf_addc(&line, '{') == -1 || buf_add(&line, c->names.bytes + it->name, it->name_len) == -1 ||
		    buf_addc(&line, '}') == -1))
			rc = err_set(err, REASON_STATE, "an object's name is too long for the journal");
	}
	if (rc == 0 && line.len > 0)
		rc = end_line(j, &line, err);
	buf_release(&line);
	if (rc == 0 && fdatasync(j->fd) == -1 && errno != EINVAL)
		rc = err_set(err, REASON_STATE, "cannot sync journal %s: %m", j->file);
	return rc;
}

int
journal_event(struct journal *j, long long batch_id, const char *event, struct err *err)
{
	struct buf line;
	int rc;

	if (j->fd == -1)
		return 0;
	buf_init(&line, 256);
	rc = buf_addf(&line, "{\"event\":\"%s\",\"batchId\":%lld}\n", event, batch_id) == -1 ? -1 : put(j, &line, err);
	buf_release(&line);
	return rc;
}
