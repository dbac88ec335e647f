/* expire: what the feed no longer lists, or has taken back, goes out as inactive or Delete lines, if nothing speaks against it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta.h"
#include "delta_sibling.h"
#include "limit.h"
#include "log.h"

struct expire {
	struct delta	*d;
	int		 policy;	/* MISSING_... */
	struct buf	 due;		/* keys, each followed by its kind */
	long long	 ndue, kept, kept_sibling, kept_class, kept_refused, absent, retracted;
	long long	 active;
	struct siblings	*siblings;
	int		 lines_fd;
	struct out	 lines;		/* what goes to stdout, spooled */
	int		 undo_fd;
	struct out	 undo;
	char		 undo_name[PATH_MAX + 32];
	struct buf	 line;
};

#define DUE_SIZE (STATE_KEY + 1)

/* --- may anything be removed after this run? --- */

/* 1: go on; 0: nothing to do; -1: held, err says why. */
static int
may_start(struct expire *e, struct err *err)
{
	struct delta *d = e->d;
	struct state *s = &d->state;

	if (d->state.db == NULL || state_number(s, "filter_run") == 0) {
		if (d->all && d->state.db != NULL)
			return 1;
		return err_set(err, REASON_GUARD, "nothing is removed: there is no filter run of feed %s yet", d->feed->id);
	}
	if (d->all)
		return 1;
	if (!d->complete)
		return err_set(err, REASON_GUARD, "nothing is removed: expire asks for --complete, the caller's word that every stage of run %lld ended well",
		    state_number(s, "filter_run"));
	if (state_number(s, "run") != state_number(s, "filter_run")) {
		snprintf(d->summary, sizeof(d->summary), "the feed has not changed since run %lld: nothing to remove", state_number(s, "filter_run"));
		return 0;
	}
	if (!state_number(s, "whole"))
		return err_set(err, REASON_GUARD, "nothing is removed: the input of run %lld was not whole", state_number(s, "filter_run"));
	if (state_number(s, "empty") && !d->feed->allow_empty && d->feed->mode == FEED_SNAPSHOT && state_number(s, "active") > 0) {
		stats_set(d->tool->stats, "removals.held", state_number(s, "active"));
		return err_set(err, REASON_GUARD, "nothing is removed: the feed is empty, %lld objects were active", state_number(s, "active"));
	}
	return 1;
}

/* --- what is due --- */

static bool
old_enough(const struct expire *e, const struct row *r)
{
	const struct delta *d = e->d;
	long long runs = state_number(&d->state, "complete_runs") - (long long)r->missing_mark;

	return runs >= d->feed->after_runs &&
	    (d->feed->after_seconds == 0 || d->now - (int64_t)r->missing_since >= d->feed->after_seconds);
}

/* What is to become of the row: KIND_NONE where it stays. */
static enum row_kind
wanted(struct expire *e, const struct row *r)
{
	const struct delta *d = e->d;
	enum row_kind kind = e->policy == MISSING_DELETE ? KIND_DELETE : e->policy == MISSING_INACTIVE ? KIND_INACTIVE : KIND_NONE;

	if (!(r->flags & ROW_KNOWN) || r->flags & ROW_DOUBT)
		return KIND_NONE;
	if (d->all)
		return r->flags & ROW_ACTIVE || kind == KIND_DELETE ? kind : KIND_NONE;
	if (r->retract != KIND_NONE)
		return (enum row_kind)r->retract;
	if ((r->flags & (ROW_MISSING | ROW_ACTIVE)) == (ROW_MISSING | ROW_ACTIVE) && d->feed->mode == FEED_SNAPSHOT && old_enough(e, r))
		return kind;
	return KIND_NONE;
}

static int
consider(void *arg, struct row *r, struct err *err)
{
	struct expire *e = arg;
	enum row_kind kind = wanted(e, r);
	char k = (char)kind;

	e->active += (r->flags & (ROW_KNOWN | ROW_ACTIVE)) == (ROW_KNOWN | ROW_ACTIVE);
	if (kind == KIND_NONE)
		return 0;
	/* no write type withdraws an association, and only indicators can be inactive */
	if (r->type == TYPE_NONE || (kind == KIND_INACTIVE && schema_class((enum tc_type)r->type) != CLASS_INDICATOR)) {
		e->kept_class++;
		return 0;
	}
	if (r->flags & ROW_REFUSED && r->refused_kind >= KIND_INACTIVE && r->refused_run != 0 &&
	    (e->d->feed->retry_runs == 0 || state_number(&e->d->state, "run") < (long long)r->refused_run + e->d->feed->retry_runs)) {
		e->kept_refused++;
		return 0;
	}
	if (siblings_list(e->siblings, r)) {
		e->kept_sibling++;
		return 0;
	}
	e->ndue++;
	if (r->retract != KIND_NONE)
		e->retracted++;
	else
		e->absent++;
	return buf_add(&e->due, (const char *)r->key, STATE_KEY) == -1 || buf_add(&e->due, &k, 1) == -1 ?
	    err_set(err, REASON_STATE, "too many objects are due") : 0;
}

/* --- the guard --- */

static long long
limit(const struct expire *e)
{
	double share = e->d->feed->guard_share * (double)e->active;
	/* 10 % of 1000 are 100, whatever binary fractions make of it */
	long long n = share >= 9e15 ? (long long)9e15 : (long long)(share + 1e-6);

	return e->d->feed->guard_count >= 0 && e->d->feed->guard_count < n ? e->d->feed->guard_count : n;
}

/*
 * The administrator's word that so many may go. It is spent once: the same
 * number counts again only after a run without it.
 */
static int
confirmed(struct expire *e, bool *yes, struct err *err)
{
	struct state *s = &e->d->state;
	long long n = e->d->confirm;

	err->reason = REASON_NONE;
	if (n < 0)
		n = params_int(e->d->params, "confirm_removals", 0, err);
	if (err->reason != REASON_NONE)
		return -1;
	if (n != state_number(s, "confirm_spent"))
		state_set_number(s, "confirm_spent", 0);
	*yes = n > 0 && n >= e->ndue && state_number(s, "confirm_spent") == 0;
	if (n > 0 && state_number(s, "confirm_spent") == n)
		log_info("confirm_removals %lld has been spent; unset it", n);
	else if (n > 0 && !*yes && n < e->ndue)
		log_warning("confirm_removals is %lld, and %lld objects would be removed", n, e->ndue);
	return 0;
}

/* -1 with GUARD: held. Otherwise what is due may go. */
static int
guard(struct expire *e, struct err *err)
{
	struct state *s = &e->d->state;
	char hold[128];
	bool yes, over;

	snprintf(hold, sizeof(hold), "%.120s", state_text(s, "hold"));
	if (!e->d->dry_run)
		state_set_text(s, "hold", "");	/* this complete run is the one it was for */
	if (confirmed(e, &yes, err) == -1)
		return -1;
	if (e->ndue == 0 || e->d->all)
		return 0;
	over = e->ndue > limit(e);
	if (hold[0] == '\0' && !over)
		return 0;
	if (yes) {
		state_set_number(s, "confirm_spent", e->d->confirm >= 0 ? e->d->confirm : params_int(e->d->params, "confirm_removals", 0, err));
		log_warning("%lld objects are removed on the administrator's word (confirm_removals), which is spent now", e->ndue);
		return 0;
	}
	if (hold[0] != '\0')
		return err_set(err, REASON_GUARD, "removals are held for this run: %s; %lld objects are due (to let them go once, set confirm_removals to %lld)",
		    hold, e->ndue, e->ndue);
	return err_set(err, REASON_GUARD, "removals are held: %lld of %lld active objects would go (%.1f %%), the limit is %lld; "
	    "to let them go once, set confirm_removals to %lld", e->ndue, e->active,
	    e->active > 0 ? 100.0 * (double)e->ndue / (double)e->active : 100.0, limit(e), e->ndue);
}

/* --- carrying it out --- */

/* The line that brings it back: with its content where that is kept, else active again. */
static int
write_undo(struct expire *e, const struct row *r, struct err *err)
{
	char *line;
	size_t len;
	int found = 0;

	if (e->d->feed->keep_content && (found = state_content_get(&e->d->state, r->key, &line, &len, err)) == -1)
		return -1;
	if (found == 1) {
		out_write(&e->undo, line, len);
		free(line);
	} else {
		buf_clear(&e->line);
		if (delta_row_line(r, schema_class((enum tc_type)r->type) == CLASS_INDICATOR ? ",\"active\":true" : "", &e->line) == -1)
			return err_set(err, REASON_STATE, "a line is too long");
		out_write(&e->undo, e->line.bytes, e->line.len);
	}
	out_write(&e->undo, "\n", 1);
	return out_error(&e->undo, err);
}

static int
remove_one(struct expire *e, const uint8_t *key, enum row_kind kind, struct err *err)
{
	struct row r;
	int found = state_get(&e->d->state, key, &r, err);

	if (found != 1)
		return found == 0 ? err_set(err, REASON_STATE, "a row went away") : -1;
	buf_clear(&e->line);
	if (delta_row_line(&r, kind == KIND_DELETE ? ",\"action\":\"Delete\"" : ",\"active\":false", &e->line) == -1)
		return err_set(err, REASON_STATE, "a line is too long");
	out_write(&e->lines, e->line.bytes, e->line.len);
	out_write(&e->lines, "\n", 1);
	if (out_error(&e->lines, err) == -1)
		return -1;
	if (e->d->dry_run)
		return 0;
	if (write_undo(e, &r, err) == -1)
		return -1;
	/* the content may have taken the row's own place in memory: read it again */
	if (e->d->feed->keep_content && state_get(&e->d->state, key, &r, err) != 1)
		return -1;
	if (!(r.flags & ROW_PENDING))
		state_set_number(&e->d->state, "pending", state_number(&e->d->state, "pending") + 1);
	r.flags = (uint16_t)((r.flags | ROW_PENDING) & ~ROW_DOUBT);
	r.pend_kind = (uint8_t)kind;
	r.doubt_runs = 0;
	memset(r.pend_hash, 0, STATE_HASH);
	r.pend_prints.n = 0;
	r.pend_run = (uint32_t)state_number(&e->d->state, "run");
	return state_put(&e->d->state, &r, err);
}

static int
open_undo(struct expire *e, struct err *err)
{
	struct delta *d = e->d;

	if (d->removed != NULL)
		snprintf(e->undo_name, sizeof(e->undo_name), "%s", d->removed);
	else
		snprintf(e->undo_name, sizeof(e->undo_name), "%.*s.removed-%lld.ndjson", (int)(strlen(d->state.path) - strlen(".state")),
		    d->state.path, state_number(&d->state, "run"));
	e->undo_fd = open(e->undo_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (e->undo_fd == -1)
		return err_set(err, REASON_STATE, "cannot write %s: %s", e->undo_name, strerror(errno));
	out_init(&e->undo, e->undo_fd, e->undo_name, 64 * 1024);
	return 0;
}

static int
carry_out(struct expire *e, struct err *err)
{
	size_t i;

	if ((e->lines_fd = io_spool(err)) == -1 || (!e->d->dry_run && e->ndue > 0 && open_undo(e, err) == -1))
		return -1;
	out_init(&e->lines, e->lines_fd, "the spool file", 64 * 1024);
	for (i = 0; i + DUE_SIZE <= e->due.len; i += DUE_SIZE)
		if (remove_one(e, (const uint8_t *)e->due.bytes + i, (enum row_kind)e->due.bytes[i + STATE_KEY], err) == -1)
			return -1;
	out_flush(&e->lines);
	if (out_error(&e->lines, err) == -1)
		return -1;
	if (e->undo_fd == -1)
		return 0;
	/* what could be undone is on disk before anything can be removed */
	out_flush(&e->undo);
	if (out_error(&e->undo, err) == -1)
		return -1;
	if (fsync(e->undo_fd) == -1 && errno != EINVAL)
		return err_set(err, REASON_STATE, "cannot write %s: %s", e->undo_name, strerror(errno));
	return 0;
}

/* The run counts as complete, once. */
static void
count_complete(struct state *s)
{
	if (state_number(s, "completed_run") == state_number(s, "filter_run"))
		return;
	state_set_number(s, "completed_run", state_number(s, "filter_run"));
	state_set_number(s, "complete_runs", state_number(s, "complete_runs") + 1);
}

static int
note(struct expire *e, long long sent, long long held, struct err *err)
{
	static const char *const name[] = { "removals.due", "removals.sent", "removals.held", "removals.kept" };
	long long value[] = { e->ndue, sent, held, e->kept };

	return delta_run_add(e->d, (uint32_t)state_number(&e->d->state, "run"), name, value, 4, err);
}

static int
decide(struct expire *e, struct err *err)
{
	struct delta *d = e->d;
	struct err held = { 0 };
	int rc;

	if (!d->all)
		count_complete(&d->state);	/* in memory only, where this is a dry run */
	e->siblings = siblings_open(d);
	rc = state_scan(&d->state, NULL, NULL, consider, e, err);
	siblings_close(e->siblings);
	if (rc == -1)
		return -1;
	e->kept = e->kept_sibling + e->kept_class + e->kept_refused;
	rc = guard(e, &held);
	if (rc == -1 && held.reason != REASON_GUARD) {
		*err = held;
		return -1;
	}
	if (rc == 0 && carry_out(e, err) == -1)
		return -1;
	if (!d->dry_run && (note(e, rc == 0 ? e->ndue : 0, rc == 0 ? 0 : e->ndue, err) == -1 || state_commit(&d->state, err) == -1))
		return -1;
	if (rc == -1)
		*err = held;
	return rc;
}

static int
work(struct expire *e, struct err *err)
{
	struct delta *d = e->d;
	bool held;
	int rc;

	if (delta_open(d, d->dry_run ? STATE_READ : STATE_WRITE, err) == -1)
		return -1;
	if ((rc = may_start(e, err)) != 1)
		return rc;
	if (!d->dry_run && state_begin(&d->state, err) == -1)
		return -1;
	rc = decide(e, err);
	if (rc == -1 && err->reason != REASON_GUARD && d->state.damaged && !d->dry_run) {
		/* what could be wrong is not removed by: the next filter compares with the copy */
		state_rollback(&d->state);
		if (delta_reopen(d, STATE_WRITE, err) == -1)
			return -1;
		return err_set(err, REASON_GUARD, "nothing is removed: the state was damaged; a complete run has to pass first");
	}
	held = rc == -1 && err->reason == REASON_GUARD;
	if (rc == -1 && !held)
		return -1;
	stats_set(d->tool->stats, "removals.due", e->ndue);
	stats_set(d->tool->stats, "removals.sent", held ? 0 : e->ndue);
	stats_set(d->tool->stats, "removals.held", held ? e->ndue : 0);
	stats_set(d->tool->stats, "removals.kept", e->kept);
	stats_set(d->tool->stats, "kept.sibling", e->kept_sibling);
	stats_set(d->tool->stats, "kept.class", e->kept_class);
	stats_set(d->tool->stats, "kept.refused", e->kept_refused);
	snprintf(d->summary, sizeof(d->summary), "%s%lld removals due (%lld absent, %lld retracted), %lld %s, %lld kept (%lld listed by other feeds of the owner, "
	    "%lld that cannot be withdrawn, %lld refused before)", d->dry_run ? "dry run: " : "", e->ndue, e->absent, e->retracted, e->ndue, held ? "held" : "sent",
	    e->kept, e->kept_sibling, e->kept_class, e->kept_refused);
	delta_close(d);		/* before the first byte goes out */
	if (held)
		return -1;
	if (e->undo_name[0] != '\0' && e->ndue > 0)
		log_info("what is removed is kept in %s", e->undo_name);
	return io_spool_print(e->lines_fd, err);
}

static int
policy(struct expire *e, struct err *err)
{
	const char *word = e->d->missing;

	e->policy = (int)e->d->feed->missing;
	if (word != NULL) {
		if (strcmp(word, "keep") == 0)
			e->policy = MISSING_KEEP;
		else if (strcmp(word, "inactive") == 0)
			e->policy = MISSING_INACTIVE;
		else if (strcmp(word, "delete") == 0)
			e->policy = MISSING_DELETE;
		else
			return err_set(err, REASON_USAGE, "--missing takes keep, inactive or delete, not '%s'", word);
	}
	/* to withdraw a feed and keep it makes no sense */
	if (e->d->all && e->policy == MISSING_KEEP)
		e->policy = MISSING_DELETE;
	return 0;
}

int
delta_expire(struct delta *d, struct err *err)
{
	struct expire e = { .d = d, .lines_fd = -1, .undo_fd = -1 };
	int rc;

	if (policy(&e, err) == -1)
		return -1;
	buf_init(&e.due, GIB);
	buf_init(&e.line, 2 * LIMIT_LINE);
	rc = work(&e, err);
	delta_close(d);
	buf_release(&e.due);
	buf_release(&e.line);
	out_release(&e.lines);
	out_release(&e.undo);
	if (e.lines_fd != -1)
		close(e.lines_fd);
	if (e.undo_fd != -1)
		close(e.undo_fd);
	return rc;
}
