/*
 * Batches that an earlier run left in doubt: asked for, judged, told about.
 * Nothing is sent here, whatever the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "log.h"
#include "submit_judge.h"
#include "submit_lines.h"
#include "submit_run.h"
#include "xmalloc.h"

/* All objects of one batch and action. */
struct doubt {
	long long	 id;
	struct submit_chunk chunk;
};

struct doubts {
	struct doubt	*doubt;
	size_t		 n, cap;
};

static struct submit_chunk *
chunk_for(struct doubts *d, long long id, enum submit_kind kind)
{
	size_t i;

	for (i = d->n; i > 0; i--)	/* lines of a batch mostly stand together */
		if (d->doubt[i - 1].id == id && d->doubt[i - 1].chunk.kind == kind)
			return &d->doubt[i - 1].chunk;
	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 16;
		d->doubt = xreallocarray(d->doubt, d->cap, sizeof(*d->doubt));
	}
	d->doubt[d->n].id = id;
	submit_chunk_init(&d->doubt[d->n].chunk);
	submit_chunk_clear(&d->doubt[d->n].chunk, kind);
	return &d->doubt[d->n++].chunk;
}

static int
read_all(struct submit_run *run, struct doubts *d, int fd, unsigned long long *read, unsigned long long *invalid, struct err *err)
{
	struct submit_lines lines;
	enum submit_line got;
	struct object o;
	struct scan scan;
	struct err why;
	const char *line;
	size_t len;
	int kind;

	submit_lines_init(&lines, fd);
	scan_init(&scan);
	while ((got = submit_lines_next(&lines, -1, &line, &len, err)) != LINE_END && got != LINE_FAILED && !*run->stop) {
		if (got == LINE_NOT_YET || (got == LINE_HERE && len == 0))
			continue;
		if (got == LINE_TOO_LONG)
			err_set(&why, REASON_CONTRACT, "longer than 1 MiB");
		else if (object_read(&o, &scan, line, len, &why) == 0) {
			if (o.batch_id > 0 && (kind = submit_kind_of(&o)) != -1) {
				(*read)++;
				if (submit_chunk_add_name(chunk_for(d, o.batch_id, (enum submit_kind)kind), &o) == 0)
					continue;
			}
			err_set(&why, REASON_CONTRACT, "no batchId in it");
		}
		if (++*invalid <= 10)
			log_warning("line %llu of the input names no object of a batch: %s", (unsigned long long)lines.number, why.text);
	}
	scan_release(&scan);
	submit_lines_release(&lines);
	return got == LINE_FAILED ? -1 : 0;
}

/* The batch's status once it is complete or the deadline has passed. */
static int
wait_for(struct submit_run *run, long long id, struct submit_status *status, struct err *err)
{
	int64_t start = date_monotonic_ms(), since;
	int trouble = 0;

	for (;;) {
		if (submit_ask(run->session, id, status, err) == -1) {
			if (err->reason == REASON_AUTH || ++trouble > 3 || *run->stop)
				return -1;
			if (!http_wait(run->wait_ms / 5 * trouble, run->stop))
				return -1;
			continue;
		}
		since = date_monotonic_ms() - start;
		if (status->state != STATE_RUNNING || since >= run->deadline_ms)
			return 0;
		log_progress("settling batch %lld: %s since %lld s", id, status->word, (long long)(since / 1000));
		if (!http_wait(submit_poll_wait(since), run->stop))
			return err_set(err, REASON_TEMPORARY, "stopped by a signal");
	}
}

static void
all(struct submit_run *run, struct doubt *d, enum submit_outcome outcome)
{
	submit_chunk_rest(&d->chunk, 0, d->chunk.n, outcome, outcome == OUTCOME_UNSENT ? 0 : d->id, NULL, NULL);
	if (submit_tell(run, &d->chunk, 0, d->chunk.n) == -1)
		return;
}

static void
settle(struct submit_run *run, struct doubt *d)
{
	struct submit_status status;
	struct submit_case c = { .chunk = &d->chunk, .to = d->chunk.n, .batch_id = d->id, .settling = true, .status = &status,
	    .owner = run->settings.owner };
	struct err err = { 0 }, why = { 0 };

	if (wait_for(run, d->id, &status, &err) == -1) {
		all(run, d, OUTCOME_UNKNOWN);
		if (err.reason == REASON_AUTH)
			submit_fail(run, &err);
		else
			log_warning("batch %lld stays in doubt: %s", d->id, err.text);
		return;
	}
	switch (status.state) {
	case STATE_GONE:
		log_info("batch %lld is gone: its %zu objects are sent again", d->id, d->chunk.n);
		all(run, d, OUTCOME_UNSENT);
		return;
	case STATE_CREATED:
		log_info("batch %lld got no content: its %zu objects are sent again", d->id, d->chunk.n);
		all(run, d, OUTCOME_UNSENT);
		return;
	case STATE_RUNNING:
		log_warning("batch %lld is still %s", d->id, status.word);
		all(run, d, OUTCOME_UNKNOWN);
		return;
	case STATE_COMPLETED:
		break;
	}
	if ((status.errors > 0 || status.unprocessed > 0) &&
	    submit_error_list(run->session, d->id, run->wait_ms, run->stop, &c.list, &why) == -1) {
		log_warning("batch %lld has errors: %s", d->id, why.text);
		c.unreadable = true;
	}
	if (submit_judge(&c, &err) == VERDICT_STOP)
		submit_fail(run, &err);
	json_object_put(c.list);
	run->acknowledged++;
	if (submit_tell(run, &d->chunk, 0, d->chunk.n) == 0)
		log_info("batch %lld settled: %zu objects", d->id, d->chunk.n);
}

void
submit_settle(struct submit_run *run, int fd, unsigned long long *read, unsigned long long *invalid)
{
	struct doubts d = { 0 };
	struct err err = { 0 };
	size_t i;

	if (read_all(run, &d, fd, read, invalid, &err) == -1)
		submit_fail(run, &err);
	for (i = 0; i < d.n; i++) {
		if (run->end.reason != REASON_NONE || *run->stop)
			all(run, &d.doubt[i], OUTCOME_UNKNOWN);
		else
			settle(run, &d.doubt[i]);
		submit_chunk_release(&d.doubt[i].chunk);
	}
	free(d.doubt);
}
