#include "delta_join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta_merge.h"
#include "delta_select.h"
#include "limit.h"
#include "log.h"
#include "xmalloc.h"

#define DOUBT_RUNS	2	/* an object whose outcome was unknown in three runs is sent in a new batch (design.md) */

void
delta_join_init(struct delta_join *j, struct delta *d, struct delta_input *in)
{
	memset(j, 0, sizeof(*j));
	j->d = d;
	j->in = in;
	delta_list_init(&j->list);
	buf_init(&j->absorbed, GIB);
	buf_init(&j->line, LIMIT_LINE);
	buf_init(&j->value, 2 * LIMIT_LINE);
	buf_init(&j->values, 64 * GIB);
	scan_init(&j->scan);
}

void
delta_join_release(struct delta_join *j)
{
	buf_release(&j->absorbed);
	buf_release(&j->line);
	buf_release(&j->value);
	buf_release(&j->values);
	scan_release(&j->scan);
	free(j->rows);
	delta_list_release(&j->list);
}

/* --- the state's rows of a part --- */

static int
keep_row(void *arg, struct row *r, struct err *err)
{
	struct delta_join *j = arg;

	if (j->nrows == j->rowcap) {
		j->rowcap = j->rowcap == 0 ? 256 : j->rowcap * 2;
		j->rows = xreallocarray(j->rows, j->rowcap, sizeof(*j->rows));
	}
	j->rows[j->nrows] = *r;
	/* the buffer may move while it grows: an offset for now */
	j->rows[j->nrows++].value = (const char *)j->values.len;
	if (buf_add(&j->values, r->value, r->value_len) == -1)
		return err_set(err, REASON_STATE, "the state's values are too large");
	return 0;
}

static int
load_rows(struct delta_join *j, int part, struct err *err)
{
	uint8_t from[STATE_KEY], to[STATE_KEY];
	size_t i;

	j->nrows = 0;
	buf_clear(&j->values);
	spool_part_key(part, from);
	spool_part_key(part + 1, to);
	if (state_part(&j->d->state, from, to, keep_row, j, err) == -1)
		return -1;
	for (i = 0; i < j->nrows; i++)
		j->rows[i].value = j->values.bytes + (size_t)j->rows[i].value;
	return 0;
}

static void
tally(struct delta_join *j, const struct row *r)
{
	j->known += (r->flags & ROW_KNOWN) != 0;
	j->active += (r->flags & (ROW_KNOWN | ROW_ACTIVE)) == (ROW_KNOWN | ROW_ACTIVE);
	j->pending += (r->flags & ROW_PENDING) != 0;
	j->missing += (r->flags & (ROW_MISSING | ROW_ACTIVE)) == (ROW_MISSING | ROW_ACTIVE);
}

static int
put_row(struct delta_join *j, const struct row *r, struct err *err)
{
	tally(j, r);
	return j->write ? state_put(&j->d->state, r, err) : 0;
}

/* Nothing of it was ever uploaded: as if it had not been there. */
static int
forget_row(struct delta_join *j, const struct row *r, struct err *err)
{
	return j->write ? delta_forget(&j->d->state, r, err) : 0;
}

/* --- one object of several lines --- */

/* j->line is the object, under the key of like. */
static int
take_merged(struct delta_join *j, const struct rec *like, struct verdict_on *v, struct err *err)
{
	struct object o;
	size_t start;

	if (object_read(&o, &j->scan, j->line.bytes, j->line.len, err) == -1)
		return err_prefix(err, "a merged object: ");
	start = delta_value_start(o.type);
	memcpy(v->rec.key, like->key, STATE_KEY);
	v->rec.bits = rec_bits((uint32_t)delta_value_length(&o, start), o.type, RETRACT_NO);
	v->rec.len = (uint32_t)j->line.len;
	delta_content_hash(j->d->feed, &o, v->rec.hash);
	delta_prints(&o, &v->prints);
	return 0;
}

/* The one live line of a key's records: there is one, or all are the same, or they are merged. */
static int
one_of(struct delta_join *j, const struct rec *rec, size_t n, struct verdict_on *v, struct err *err)
{
	const struct rec *first = NULL;
	bool differ = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (rec_retract(&rec[i]) != RETRACT_NO)
			continue;
		if (first == NULL)
			first = &rec[i];
		else if (memcmp(first->hash, rec[i].hash, STATE_HASH) != 0 || j->d->feed->ignore[0] != NULL)
			differ = true;
	}
	v->rec = *first;
	v->prints.n = UINT8_MAX;	/* in the spool */
	if (!differ)
		return 0;
	if (delta_merge_lines(j->in->spool, rec, n, &j->line, err) == -1)
		return -1;
	return take_merged(j, first, v, err);
}

/* --- the verdict --- */

/*
 * Each object's clock has a phase of its own: a whole feed sent at once is sent again spread over the interval. A phase that
 * comes round right after the object was sent is passed over, so that the next run sends nothing; the clock is that much
 * faster, so that no object waits longer than the definition says.
 */
static bool
refresh_due(const struct delta_join *j, const struct row *r)
{
	int64_t every = j->d->feed->refresh_seconds * 8 / 9, early;
	uint64_t phase;

	if (every <= 0)
		return false;
	early = (int64_t)r->sent_at + every / 8;
	if (j->d->now < early)
		return false;
	memcpy(&phase, r->key + 8, sizeof(phase));
	phase %= (uint64_t)every;
	return (j->d->now + every - (int64_t)phase) / every > (early + every - (int64_t)phase) / every;
}

static bool
retry_due(const struct delta_join *j, const struct row *r)
{
	int runs = j->d->feed->retry_runs;

	return r->refused_run == 0 || (runs > 0 && j->run >= r->refused_run + (uint32_t)runs);
}

static void
judge(struct delta_join *j, struct verdict_on *v)
{
	const struct row *r = v->row;

	v->verdict = VERDICT_SENT;
	if (r == NULL) {
		v->kind = KIND_NEW;
	} else if (r->flags & ROW_DOUBT && r->doubt_runs < DOUBT_RUNS) {
		v->verdict = VERDICT_DOUBT;
	} else if (r->flags & ROW_REFUSED && r->refused_kind < KIND_INACTIVE && memcmp(r->refused_hash, v->rec.hash, STATE_HASH) == 0) {
		if (retry_due(j, r))
			v->kind = KIND_RETRIED;
		else
			v->verdict = VERDICT_REFUSED;
	} else if (r->flags & ROW_PENDING) {
		/* a removal that may have been sent is made up for */
		v->kind = r->pend_kind >= KIND_RETURNED ? KIND_RETURNED : KIND_RETRIED;
	} else if (!(r->flags & ROW_KNOWN)) {
		v->kind = KIND_NEW;
	} else if (!(r->flags & ROW_ACTIVE)) {
		v->kind = KIND_RETURNED;
	} else if (memcmp(r->hash, v->rec.hash, STATE_HASH) != 0) {
		v->kind = KIND_CHANGED;
	} else if (refresh_due(j, r)) {
		v->kind = KIND_REFRESHED;
	} else
		v->verdict = VERDICT_UNCHANGED;
}

/* --- what is noted --- */

/* A File keeps the hashes it was known by. */
static int
join_values(struct delta_join *j, const struct row *old, struct row *r, struct err *err)
{
	struct object o;
	size_t start;

	if (delta_merge_rows(old, r, &j->value, err) == -1 || object_read(&o, &j->scan, j->value.bytes, j->value.len, err) == -1) {
		j->d->state.damaged = true;
		return err_set(err, REASON_STATE, "state %s is damaged: a File's value", j->d->state.path);
	}
	start = delta_value_start(TYPE_FILE);
	r->value = j->value.bytes + start;
	r->value_len = (uint32_t)delta_value_length(&o, start);
	return 0;
}

static int
note_aliases(struct delta_join *j, const struct row *r, struct err *err)
{
	uint8_t key[3][STATE_KEY];
	int n = delta_row_keys(r, key);

	while (n-- > 0)
		if (memcmp(key[n], r->key, STATE_KEY) != 0 && state_alias_put(&j->d->state, key[n], r->key, err) == -1)
			return -1;
	return 0;
}

static int
note_pending(struct delta_join *j, struct verdict_on *v, const char *line, struct err *err)
{
	struct row r;

	if (v->row != NULL)
		r = *v->row;
	else
		memset(&r, 0, sizeof(r));
	memcpy(r.key, v->rec.key, STATE_KEY);
	r.type = (uint8_t)rec_type(&v->rec);
	r.retract = KIND_NONE;
	r.flags = (uint16_t)((r.flags | ROW_PENDING) & ~(ROW_DOUBT | ROW_MISSING));
	r.pend_kind = (uint8_t)v->kind;
	r.doubt_runs = 0;
	memcpy(r.pend_hash, v->rec.hash, STATE_HASH);
	r.pend_run = j->run;
	r.pend_prints = v->prints;
	r.value = line + delta_value_start(r.type);
	r.value_len = rec_value(&v->rec);
	if (!j->write) {
		tally(j, &r);
		return 0;
	}
	if (r.type == TYPE_FILE) {
		if (v->row != NULL && v->row->type == TYPE_FILE &&
		    (v->row->value_len != r.value_len || memcmp(v->row->value, r.value, r.value_len) != 0) &&
		    join_values(j, v->row, &r, err) == -1)
			return -1;
		if (note_aliases(j, &r, err) == -1)
			return -1;
	}
	if (j->d->feed->keep_content && state_content_put(&j->d->state, r.key, line, v->rec.len, err) == -1)
		return -1;
	return put_row(j, &r, err);
}

/* What comes back is sent active, whatever it says by not saying it: into j->line, true, or it says it already. */
static bool
make_active(struct delta_join *j, unsigned type, const char *line, size_t len)
{
	struct object o;
	struct buf text;
	struct err why;
	bool made = false;

	if (type == TYPE_NONE || schema_class((enum tc_type)type) != CLASS_INDICATOR)
		return false;
	buf_init(&text, LIMIT_LINE);
	if (object_read(&o, &j->scan, line, len, &why) == 0 && !o.has_active && buf_add(&text, line, len - 1) == 0 &&
	    buf_addz(&text, ",\"active\":true}") == 0 && object_read(&o, &j->scan, text.bytes, text.len, &why) == 0) {
		buf_clear(&j->line);
		made = object_canonical(&o, true, &j->line) == 0;
	}
	buf_release(&text);
	return made;
}

static int
send_object(struct delta_join *j, struct verdict_on *v, struct err *err)
{
	bool merged = j->line.len > 0;
	struct row_prints prints;
	const char *line = j->line.bytes;
	size_t len = v->rec.len;

	if (!merged) {
		if (spool_line(j->in->spool, v->rec.off, len, &prints, &line, err) == -1)
			return -1;
		v->prints = prints;
	}
	if (j->on_sent != NULL && j->on_sent(j->arg, v, line, err) == -1)
		return -1;
	if (note_pending(j, v, line, err) == -1)
		return -1;
	j->sent++;
	j->sent_by[v->kind]++;
	if (v->kind == KIND_RETURNED && make_active(j, rec_type(&v->rec), line, len))
		return delta_list_line(&j->list, j->line.bytes, j->line.len, err);
	if (j->whole_part && !merged)
		return delta_list_place(&j->list, &v->rec, err);
	return delta_list_line(&j->list, line, len, err);
}

/*
 * A time ahead of the clock was written by a clock that was wrong: it would hold a refresh or a removal back for years.
 * Now stands in its place, unless the clock is plainly the wrong one now. True: one was replaced.
 */
static bool
clamp_times(struct delta_join *j, struct row *r)
{
	const int64_t sane = 1767225600, slack = 86400;	/* 2026-01-01; a day */
	bool sent = (int64_t)r->sent_at > j->d->now + slack;
	bool missing = r->flags & ROW_MISSING && (int64_t)r->missing_since > j->d->now + slack;

	if (j->d->now < sane || (!sent && !missing))
		return false;
	if (sent)
		r->sent_at = (uint32_t)j->d->now;
	if (missing)
		r->missing_since = (uint32_t)j->d->now;
	j->clamped++;
	return true;
}

/* Listed, and nothing is to be sent: what the row said about its absence is over. */
static int
note_presence(struct delta_join *j, const struct row *old, bool doubt, struct err *err)
{
	struct row r = *old;
	bool clamped = clamp_times(j, &r);

	r.flags = (uint16_t)(r.flags & ~ROW_MISSING);
	r.retract = KIND_NONE;
	if (doubt)
		r.doubt_runs++;
	if (r.flags == old->flags && r.retract == old->retract && !doubt && !clamped) {
		tally(j, old);
		return 0;
	}
	return put_row(j, &r, err);
}

static int
note_retraction(struct delta_join *j, const struct rec *rec, size_t n, const struct row *old, struct err *err)
{
	uint8_t kind = KIND_INACTIVE;
	struct row r;
	size_t i;

	for (i = 0; i < n; i++)
		if (rec_retract(&rec[i]) == RETRACT_DELETE)
			kind = KIND_DELETE;
	j->retracted += (long long)n;
	if (old == NULL)
		return 0;	/* only what this state knows is withdrawn */
	r = *old;
	if ((r.flags & (ROW_PENDING | ROW_DOUBT)) == ROW_PENDING) {
		if (!(r.flags & ROW_KNOWN))
			return forget_row(j, old, err);
		r.flags = (uint16_t)(r.flags & ~ROW_PENDING);
	}
	r.flags = (uint16_t)(r.flags & ~ROW_MISSING);
	/* in doubt counts as known: it may be there by the time the doubt is settled */
	r.retract = r.flags & ROW_DOUBT || (r.flags & ROW_KNOWN && (r.flags & ROW_ACTIVE || kind == KIND_DELETE)) ? kind : KIND_NONE;
	if (r.flags == old->flags && r.retract == old->retract) {
		tally(j, old);
		return 0;
	}
	return put_row(j, &r, err);
}

static int
compare_key(const void *a, const void *b)
{
	return memcmp(a, b, STATE_KEY);
}

static int
note_absence(struct delta_join *j, const struct row *old, struct err *err)
{
	struct row r = *old;

	if (j->d->feed->mode == FEED_INCREMENTAL || !j->mark_missing ||
	    (j->absorbed.len > 0 && bsearch(r.key, j->absorbed.bytes, j->absorbed.len / STATE_KEY, STATE_KEY, compare_key) != NULL)) {
		tally(j, old);
		return 0;
	}
	if ((r.flags & (ROW_PENDING | ROW_DOUBT)) == ROW_PENDING) {
		if (!(r.flags & ROW_KNOWN))
			return forget_row(j, old, err);
		r.flags = (uint16_t)(r.flags & ~ROW_PENDING);
	} else if (r.flags & ROW_DOUBT && r.doubt_runs < DOUBT_RUNS) {
		r.doubt_runs++;
	} else if (r.flags & ROW_DOUBT && r.pend_kind < KIND_INACTIVE) {
		/* the platform may have it: known, so that it can be withdrawn, with a content that matches none */
		if (!(r.flags & ROW_KNOWN))
			memset(r.hash, 0, STATE_HASH);
		r.flags = (uint16_t)((r.flags | ROW_KNOWN | ROW_ACTIVE) & ~(ROW_PENDING | ROW_DOUBT));
	} else if (r.flags & ROW_DOUBT)
		r.flags = (uint16_t)(r.flags & ~(ROW_PENDING | ROW_DOUBT));
	if ((r.flags & (ROW_KNOWN | ROW_ACTIVE | ROW_MISSING)) == (ROW_KNOWN | ROW_ACTIVE)) {
		r.flags |= ROW_MISSING;
		r.missing_mark = (uint32_t)state_number(&j->d->state, "complete_runs");
		r.missing_since = (uint32_t)j->d->now;
	}
	clamp_times(j, &r);
	/* a retraction of an earlier run stands until it is carried out; the guard counts each object once */
	if (j->on_missing != NULL && r.flags & ROW_MISSING && j->on_missing(j->arg, &r, err) == -1)
		return -1;
	if (memcmp(&r, old, sizeof(r)) == 0) {
		tally(j, old);
		return 0;
	}
	return put_row(j, &r, err);
}

/* --- the run --- */

static int
one_key(struct delta_join *j, const struct rec *rec, size_t n, const struct row *row, struct err *err)
{
	struct verdict_on v = { .row = row };
	size_t i, live = 0;

	for (i = 0; i < n; i++)
		live += rec_retract(&rec[i]) == RETRACT_NO;
	if (live == 0)
		return note_retraction(j, rec, n, row, err);
	j->contradicted += live < n;
	j->merged += (long long)n - 1;
	buf_clear(&j->line);
	if (one_of(j, rec, n, &v, err) == -1)
		return -1;
	judge(j, &v);
	switch (v.verdict) {
	case VERDICT_SENT:
		return send_object(j, &v, err);
	case VERDICT_UNCHANGED:
		j->unchanged++;
		break;
	case VERDICT_REFUSED:
		j->refused++;
		break;
	case VERDICT_DOUBT:
		j->doubt++;
		break;
	}
	if (v.verdict != VERDICT_UNCHANGED && j->on_withheld != NULL && j->on_withheld(j->arg, row, v.verdict, err) == -1)
		return -1;
	return note_presence(j, row, v.verdict == VERDICT_DOUBT, err);
}

static int
one_part(struct delta_join *j, int part, struct err *err)
{
	size_t n, i = 0, k = 0, same;
	struct rec *rec;
	int c;

	if (spool_load(j->in->spool, part, &rec, &n, err) == -1 || load_rows(j, part, err) == -1)
		return -1;
	/* where most is new, the lines come in at one go */
	j->whole_part = n > 16 && j->nrows < n / 2;
	if (j->whole_part && spool_load_lines(j->in->spool, part, err) == -1)
		return -1;
	while (i < n || k < j->nrows) {
		c = i == n ? 1 : k == j->nrows ? -1 : memcmp(rec[i].key, j->rows[k].key, STATE_KEY);
		if (c > 0) {
			if (note_absence(j, &j->rows[k++], err) == -1)
				return -1;
			continue;
		}
		for (same = 1; i + same < n && memcmp(rec[i].key, rec[i + same].key, STATE_KEY) == 0; same++)
			;
		if (one_key(j, rec + i, same, c == 0 ? &j->rows[k] : NULL, err) == -1)
			return -1;
		i += same;
		k += c == 0;
	}
	return 0;
}

static void
start_over(struct delta_join *j, uint32_t run)
{
	j->merged = j->unchanged = j->refused = j->doubt = j->retracted = j->sent = j->contradicted = j->clamped = 0;
	j->known = j->active = j->pending = j->missing = 0;
	memset(j->sent_by, 0, sizeof(j->sent_by));
	j->run = run;
	/* an empty feed says nothing about what is gone */
	j->mark_missing = j->in->read > j->in->rejected || j->d->feed->allow_empty;
	delta_list_restart(&j->list);
}

int
delta_join_run(struct delta_join *j, uint32_t run, struct err *err)
{
	int part;

	start_over(j, run);
	if (j->in->files != NULL) {
		if (delta_files_link(j->in->files, &j->d->state, j->in->spool, &j->absorbed, err) == -1)
			return -1;
		delta_files_free(j->in->files);
		j->in->files = NULL;
	}
	if (state_parts_open(&j->d->state, err) == -1)
		return -1;
	for (part = 0; part < SPOOL_PARTS; part++) {
		if (one_part(j, part, err) == -1) {
			state_parts_close(&j->d->state);
			return -1;
		}
		log_progress("%d%% compared", part * 100 / SPOOL_PARTS);
	}
	if (state_parts_end(&j->d->state, err) == -1)
		return -1;
	return delta_list_end(&j->list, err);
}
