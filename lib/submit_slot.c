#include "submit_slot.h"

#include <stdio.h>
#include <string.h>

#include "date.h"
#include "log.h"
#include "submit_judge.h"
#include "xmalloc.h"

#define UPLOADS		3	/* times the same batch is uploaded to while it stays in Created */
#define POLL_TROUBLE	3	/* answers in a row that cannot be understood before a batch is left open */

long
submit_poll_wait(int64_t since)
{
	/*
	 * Soon at first, then so that what is waited too long stays below a
	 * tenth of the batch's own time and half a second; 20 s at most.
	 */
	int64_t ms = 20 + (since < 1600 ? since / 4 : since < 4000 ? 400 : since / 10);

	return ms > 20000 ? 20000 : (long)ms;
}

void
slot_push(struct slot *s, size_t from, size_t to, bool retried)
{
	if (s->nparts == s->capparts) {
		s->capparts = s->capparts ? 2 * s->capparts : 16;
		s->part = xreallocarray(s->part, s->capparts, sizeof(*s->part));
	}
	s->part[s->nparts].from = from;
	s->part[s->nparts].to = to;
	s->part[s->nparts++].retried = retried;
}

static void
halve(struct slot *s, struct range r)
{
	size_t middle = r.from + (r.to - r.from) / 2;

	slot_push(s, middle, r.to, r.retried);
	slot_push(s, r.from, middle, r.retried);
}

/* The range has its outcomes: receipts out, the batch closed in the journal. */
static void
settle_range(struct flight *f, struct slot *s, struct range r)
{
	struct submit_run *run = f->run;
	struct err err;

	s->polling = false;
	if (run->files != -1 && s->chunk.kind == SUBMIT_GROUPS)
		submit_files(run, &s->chunk, r.from, r.to);
	if (submit_tell(run, &s->chunk, r.from, r.to) == 0 && s->id != 0 &&
	    journal_event(run->journal, s->id, "done", &err) == -1)
		submit_fail(run, &err);
}

/* All of the range has one outcome. */
static void
settle_all(struct flight *f, struct slot *s, struct range r, enum submit_outcome outcome, const char *code, const char *reason)
{
	long long id = s->id;

	submit_chunk_rest(&s->chunk, r.from, r.to, outcome, outcome == OUTCOME_UNSENT ? 0 : id, code, reason);
	if (outcome == OUTCOME_UNKNOWN)
		s->id = 0;	/* what is in doubt stays open in the journal */
	settle_range(f, s, r);
	s->id = id;
}

/* The batch is over, and its objects go into others. */
static void
abandon(struct flight *f, struct slot *s)
{
	struct err err;

	s->polling = false;
	if (s->id != 0 && journal_event(f->run->journal, s->id, "done", &err) == -1)
		submit_fail(f->run, &err);
}

/* The document is too large for this platform: smaller ones from now on. */
static void
too_large(struct flight *f, struct slot *s, struct range r, size_t limit)
{
	size_t bytes = submit_chunk_bytes(&s->chunk, r.from, r.to);
	char reason[160];

	if (limit > 0)
		f->learned = limit - limit / 10;
	else if (f->learned == 0 || f->learned > bytes / 2)
		f->learned = bytes / 2;
	if (f->learned < 1024)
		f->learned = 1024;
	if (f->lanes->max_bytes > f->learned)
		f->lanes->max_bytes = f->learned;
	if (r.to - r.from > 1) {
		log_info("%zu objects in %zu bytes are too large for the platform (limit %zu): split in two", r.to - r.from, bytes,
		    limit);
		abandon(f, s);
		halve(s, r);
		return;
	}
	snprintf(reason, sizeof(reason), "the object's %zu bytes are over the platform's limit", bytes);
	settle_all(f, s, r, OUTCOME_REJECTED, NULL, reason);
}

/* The platform will not have the document: look for the object that it cannot take. */
static void
look_closer(struct flight *f, struct slot *s, struct range r, const char *code, const char *why)
{
	struct err err;

	s->polling = false;
	if (r.to - r.from == 1) {
		settle_all(f, s, r, OUTCOME_REJECTED, code, why);
		return;
	}
	if (s->uploads_left <= 0) {
		settle_all(f, s, r, OUTCOME_UNSENT, NULL, NULL);
		err_set(&err, REASON_CONTRACT, "the platform refuses part after part of a chunk: %s", why);
		submit_fail(f->run, &err);
		return;
	}
	log_info("batch %lld: the platform cannot take one of %zu objects (%s): halved", s->id, r.to - r.from, why);
	abandon(f, s);
	halve(s, r);
}

/* The platform has said that it does not take the document, or it did not get there. */
static void
not_taken(struct flight *f, struct slot *s, struct range r, enum submit_sent sent, const struct submit_answer *a, struct err *err)
{
	if (sent == SENT_TOO_LARGE)
		too_large(f, s, r, a->limit);
	else if (sent == SENT_REFUSED)
		look_closer(f, s, r, NULL, err->text);
	else {
		settle_all(f, s, r, OUTCOME_UNSENT, NULL, NULL);
		submit_fail(f->run, err);
	}
}

static void
begin_polling(struct flight *f, struct slot *s, struct range r, const char *word)
{
	struct err err;

	s->polling = true;
	s->range = r;
	s->queued = date_monotonic_ms();
	s->next = s->queued + submit_poll_wait(0);
	s->trouble = 0;
	snprintf(s->word, sizeof(s->word), "%s", word);
	f->run->batches++;
	f->run->bytes += submit_chunk_bytes(&s->chunk, r.from, r.to);
	if (journal_event(f->run->journal, s->id, "queued", &err) == -1)
		submit_fail(f->run, &err);
	log_debug("batch %lld: %zu %s queued", s->id, r.to - r.from, submit_kind_name(s->chunk.kind));
}

/*
 * An upload whose answer was lost is asked for before it is repeated
 * (batch-api.md section 4): 0: it is not there, 1: it is there, -1: not known.
 */
static int
did_it_arrive(struct flight *f, struct slot *s, struct err *err)
{
	struct submit_status status;

	if (submit_ask(f->run->session, s->id, &status, err) == -1)
		return -1;
	switch (status.state) {
	case STATE_CREATED: case STATE_GONE:
		return 0;
	default:
		log_info("batch %lld: the upload had arrived (%s)", s->id, status.word);
		return 1;
	}
}

/* The two calls: create, journal, upload. */
static void
send_two(struct flight *f, struct slot *s, struct range r)
{
	struct submit_run *run = f->run;
	struct submit_settings settings = run->settings;
	struct submit_answer answer;
	struct err err = { 0 }, why = { 0 };
	enum submit_sent sent;
	int try, arrived;

	if (r.retried)
		settings.halt_on_error = false;
	s->id = 0;
	if (submit_create(run->session, &settings, s->chunk.kind, &s->id, &err) == -1 ||
	    journal_upload(run->journal, s->id, &s->chunk, r.from, r.to, &err) == -1) {
		s->id = 0;
		settle_all(f, s, r, OUTCOME_UNSENT, NULL, NULL);
		submit_fail(run, &err);
		return;
	}
	for (try = 1;; try++) {
		sent = submit_upload(run->session, s->id, &s->chunk, r.from, r.to, &answer, &err);
		if (sent == SENT_QUEUED || sent == SENT_DONE) {
			begin_polling(f, s, r, "Queued");
			return;
		}
		if (sent != SENT_IN_DOUBT) {
			not_taken(f, s, r, sent, &answer, &err);
			return;
		}
		arrived = did_it_arrive(f, s, &why);
		if (arrived == 1) {
			begin_polling(f, s, r, "Queued");
			return;
		}
		if (arrived == 0 && try < UPLOADS && !*run->stop) {
			log_info("batch %lld: the upload did not arrive (%s): once more", s->id, err.text);
			if (http_wait(run->wait_ms / 5, run->stop))
				continue;
		}
		if (arrived == 0)
			settle_all(f, s, r, OUTCOME_UNSENT, NULL, NULL);
		else {
			settle_all(f, s, r, OUTCOME_UNKNOWN, NULL, NULL);
			err_set(&err, why.reason == REASON_AUTH ? REASON_AUTH : REASON_PENDING,
			    "batch %lld: whether the upload arrived is not known: %s", s->id, why.text);
		}
		submit_fail(run, &err);
		return;
	}
}

static void judge(struct flight *, struct slot *, const struct submit_status *);

/* createAndUpload: one call, whose answer may hold no id but the counters. */
static void
send_one(struct flight *f, struct slot *s, struct range r)
{
	struct submit_run *run = f->run;
	struct submit_settings settings = run->settings;
	struct submit_answer answer;
	struct err err = { 0 };
	enum submit_sent sent;

	if (r.retried)
		settings.halt_on_error = false;
	s->id = 0;
	sent = submit_create_and_upload(run->session, &settings, &s->chunk, r.from, r.to, &answer, &err);
	switch (sent) {
	case SENT_QUEUED:
		s->id = answer.status.id;
		/* the id is only known now; a crash before leaves the objects to be sent again, which changes nothing */
		if (journal_upload(run->journal, s->id, &s->chunk, r.from, r.to, &err) == -1)
			submit_fail(run, &err);
		begin_polling(f, s, r, answer.status.word);
		return;
	case SENT_DONE:
		run->batches++;
		run->bytes += submit_chunk_bytes(&s->chunk, r.from, r.to);
		if (answer.status.errors > 0 || answer.status.unprocessed > 0) {
			log_info("a batch processed at once has errors and no list: sent again for its details");
			send_two(f, s, r);
			return;
		}
		s->range = r;
		judge(f, s, &answer.status);
		return;
	case SENT_IN_DOUBT:
		settle_all(f, s, r, OUTCOME_UNKNOWN, NULL, NULL);
		submit_fail(run, &err);
		return;
	default:
		not_taken(f, s, r, sent, &answer, &err);
		return;
	}
}

/* What is done, how fast, and what the platform is doing with the slot's batch. */
static void
progress(const struct flight *f, const struct slot *s)
{
	const struct submit_run *run = f->run;
	unsigned long long told = run->accepted + run->rejected + run->unknown + run->unsent;
	int64_t now = date_monotonic_ms(), ms = now - f->started;
	char doing[160];

	if (s->polling)
		snprintf(doing, sizeof(doing), "batch %lld (%s) %s since %lld s", s->id, submit_kind_name(s->chunk.kind), s->word,
		    (long long)((now - s->queued) / 1000));
	else
		snprintf(doing, sizeof(doing), "sending %s", submit_kind_name(s->chunk.kind));
	log_progress("%llu objects, %llu batches, %llu/s; %s", told, run->batches,
	    ms > 0 ? told * 1000 / (unsigned long long)ms : 0, doing);
}

/* The next part of the slot's chunk. */
void
slot_send(struct flight *f, struct slot *s)
{
	struct range r = s->part[--s->nparts];

	while (f->learned > 0 && r.to - r.from > 1 && submit_chunk_bytes(&s->chunk, r.from, r.to) > f->learned) {
		halve(s, r);
		r = s->part[--s->nparts];
	}
	s->uploads_left--;
	progress(f, s);
	if (f->run->one_call && !submit_kind_deletes(s->chunk.kind))
		send_one(f, s, r);
	else
		send_two(f, s, r);
}

/* A completed batch. */
static void
judge(struct flight *f, struct slot *s, const struct submit_status *status)
{
	struct submit_run *run = f->run;
	struct submit_case c = { .chunk = &s->chunk, .from = s->range.from, .to = s->range.to, .batch_id = s->id,
	    .retried = s->range.retried, .status = status, .owner = run->settings.owner };
	struct range r = s->range;
	struct err err = { 0 }, why = { 0 };

	s->polling = false;
	if (s->id != 0 && (status->errors > 0 || status->unprocessed > 0) &&
	    submit_error_list(run->session, s->id, run->wait_ms, run->stop, &c.list, &why) == -1) {
		log_warning("batch %lld has errors: %s", s->id, why.text);
		c.unreadable = true;
		if (why.reason == REASON_AUTH || *run->stop) {
			settle_all(f, s, r, OUTCOME_UNKNOWN, NULL, NULL);
			submit_fail(run, &why);
			return;
		}
	}
	switch (submit_judge(&c, &err)) {
	case VERDICT_RETRY:
		log_info("batch %lld: the platform had trouble of its own: sent once more", s->id);
		abandon(f, s);
		slot_push(s, r.from, r.to, true);
		break;
	case VERDICT_BISECT:
		look_closer(f, s, r, "0x1003", "the document cannot be read there (0x1003)");
		break;
	case VERDICT_STOP:
		run->acknowledged++;
		submit_fail(run, &err);
		settle_range(f, s, r);
		break;
	case VERDICT_SETTLED:
		run->acknowledged++;
		settle_range(f, s, r);
		break;
	}
	json_object_put(c.list);
}

/* Asks for a batch whose time has come. */
void
slot_poll(struct flight *f, struct slot *s)
{
	struct submit_run *run = f->run;
	struct submit_status status;
	int64_t now = date_monotonic_ms();
	struct err err = { 0 };

	progress(f, s);
	if (submit_ask(run->session, s->id, &status, &err) == -1) {
		if (err.reason != REASON_AUTH && ++s->trouble <= POLL_TROUBLE && !*run->stop && now - s->queued < run->deadline_ms) {
			log_info("%s", err.text);
			s->next = date_monotonic_ms() + run->wait_ms / 5 * s->trouble;
			return;
		}
		settle_all(f, s, s->range, OUTCOME_UNKNOWN, NULL, NULL);
		if (err.reason != REASON_AUTH)
			err.reason = REASON_PENDING;
		submit_fail(run, &err);
		return;
	}
	s->trouble = 0;
	switch (status.state) {
	case STATE_COMPLETED:
		judge(f, s, &status);
		return;
	case STATE_GONE:
		err_set(&err, REASON_TEMPORARY, "batch %lld is gone from the platform", s->id);
		settle_all(f, s, s->range, OUTCOME_UNSENT, NULL, NULL);
		submit_fail(run, &err);
		return;
	default:
		break;
	}
	snprintf(s->word, sizeof(s->word), "%s", status.word);
	now = date_monotonic_ms();
	if (now - s->queued >= run->deadline_ms) {
		err_set(&err, REASON_PENDING, "batch %lld is still %s after %lld s: what became of it is asked for by the next run",
		    s->id, s->word, (long long)((now - s->queued) / 1000));
		settle_all(f, s, s->range, OUTCOME_UNKNOWN, NULL, NULL);
		submit_fail(run, &err);
		return;
	}
	s->next = now + submit_poll_wait(now - s->queued);
	if (s->next > s->queued + run->deadline_ms)
		s->next = s->queued + run->deadline_ms;
}

/* What is left of a slot when the run has ended: in doubt what is with the platform, unsent the rest. */
void
slot_give_up(struct flight *f, struct slot *s)
{
	if (s->polling)
		settle_all(f, s, s->range, OUTCOME_UNKNOWN, NULL, NULL);
	s->id = 0;
	while (s->nparts > 0) {
		struct range r = s->part[--s->nparts];

		submit_chunk_rest(&s->chunk, r.from, r.to, OUTCOME_UNSENT, 0, NULL, NULL);
		if (submit_tell(f->run, &s->chunk, r.from, r.to) == -1)
			break;
	}
	s->nparts = 0;
}
