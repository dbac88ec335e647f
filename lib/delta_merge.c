#include "delta_merge.h"

#include <stdlib.h>
#include <string.h>

#include "delta.h"
#include "limit.h"
#include "log.h"
#include "object_merge.h"
#include "xmalloc.h"

#define MERGE_AT_ONCE	32

struct several {
	struct scan	 scan[MERGE_AT_ONCE];
	struct object	 object[MERGE_AT_ONCE];
	char		*line[MERGE_AT_ONCE];
	int		 n;
};

static int
take(struct several *s, const char *line, size_t len, struct err *err)
{
	s->line[s->n] = xstrndup(line, len);
	scan_init(&s->scan[s->n]);
	s->n++;
	return object_read(&s->object[s->n - 1], &s->scan[s->n - 1], s->line[s->n - 1], len, err);
}

static void
drop(struct several *s)
{
	while (s->n > 0) {
		s->n--;
		scan_release(&s->scan[s->n]);
		free(s->line[s->n]);
	}
}

static int
unite(struct several *s, struct buf *line, struct err *err)
{
	const struct object *o[MERGE_AT_ONCE];
	int i;

	for (i = 0; i < s->n; i++)
		o[i] = &s->object[i];
	buf_clear(line);
	return object_merge(o, (size_t)s->n, line, err);
}

int
delta_merge_lines(struct spool *spool, const struct rec *rec, size_t n, struct buf *out, struct err *err)
{
	struct several s = { .n = 0 };
	struct err why;
	const char *line;
	size_t i;
	int rc = 0;

	buf_clear(out);
	for (i = 0; i < n && rc == 0; i++) {
		if (rec_retract(&rec[i]) != RETRACT_NO)
			continue;
		if (s.n == MERGE_AT_ONCE) {
			if ((rc = unite(&s, out, &why)) == -1)
				break;
			drop(&s);
			if ((rc = take(&s, out->bytes, out->len, &why)) == -1)
				break;
		}
		if (spool_line(spool, rec[i].off, rec[i].len, NULL, &line, err) == -1) {
			drop(&s);
			return -1;
		}
		rc = take(&s, line, rec[i].len, &why);
	}
	if (rc == 0)
		rc = unite(&s, out, &why);
	drop(&s);
	if (rc == 0)
		return 0;
	/* too much for one line: the record that says most stands for all, whichever came first */
	log_warning("%s; the longest of them is used", why.text);
	buf_clear(out);
	for (i = 0; i < n; i++) {
		if (rec_retract(&rec[i]) != RETRACT_NO || rec[i].len < out->len)
			continue;
		if (spool_line(spool, rec[i].off, rec[i].len, NULL, &line, err) == -1)
			return -1;
		if (rec[i].len > out->len || memcmp(line, out->bytes, rec[i].len) > 0) {
			buf_clear(out);
			if (buf_add(out, line, rec[i].len) == -1)
				return err_set(err, REASON_CONTRACT, "a line is too long");
		}
	}
	return 0;
}

int
delta_merge_rows(const struct row *one, const struct row *other, struct buf *out, struct err *err)
{
	const struct row *row[] = { one, other };
	struct several s = { .n = 0 };
	int i, rc = 0;

	for (i = 0; i < 2 && rc == 0; i++) {
		buf_clear(out);
		rc = delta_row_line(row[i], "", out) == -1 ? -1 : take(&s, out->bytes, out->len, err);
	}
	if (rc == 0)
		rc = unite(&s, out, err);
	drop(&s);
	return rc;
}
