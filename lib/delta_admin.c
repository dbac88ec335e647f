/* present, reset, retry, verify: small changes and checks an operator or run.sh asks for. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "delta_select.h"
#include "log.h"

/* --- present --- */

struct wanted {
	struct delta	*d;
	long long	 pending, refresh, retry;
};

static int
count_wanted(void *arg, struct row *r, struct err *err)
{
	struct wanted *w = arg;
	const struct feed *f = w->d->feed;

	(void)err;
	w->pending += (r->flags & (ROW_PENDING | ROW_DOUBT)) == ROW_PENDING && r->pend_kind < KIND_INACTIVE;
	w->refresh += f->refresh_seconds > 0 && (r->flags & (ROW_KNOWN | ROW_ACTIVE | ROW_MISSING)) == (ROW_KNOWN | ROW_ACTIVE) &&
	    w->d->now - (int64_t)r->sent_at >= f->refresh_seconds;
	w->retry += (r->flags & ROW_REFUSED) && (r->refused_run == 0 || (f->retry_runs > 0 &&
	    state_number(&w->d->state, "run") + 1 >= (long long)r->refused_run + f->retry_runs));
	return 0;
}

/* The feed has answered that it is as it was: all that was listed still is, and nothing can be sent. */
int
delta_present(struct delta *d, struct err *err)
{
	struct wanted w = { .d = d };
	struct state *s = &d->state;
	char text[160], at[DATE_LEN + 1];
	long long run, all;
	int rc;

	if (delta_open(d, STATE_WRITE, err) == -1)
		return -1;
	if (s->db == NULL || state_number(s, "filter_run") == 0) {
		delta_close(d);
		return err_set(err, REASON_PENDING, "there is no state of feed %s yet: it has to be fetched whole", d->feed->id);
	}
	run = state_number(s, "run") + 1;
	date_print(d->now, at);
	snprintf(text, sizeof(text), "{\"at\":\"%s\",\"kind\":\"present\"}", at);
	rc = state_begin(s, err);
	if (rc == 0)
		rc = state_scan(s, NULL, NULL, count_wanted, &w, err);
	if (rc == 0) {
		state_set_number(s, "run", run);
		rc = state_run_put(s, (uint32_t)run, text, err) == -1 || state_commit(s, err) == -1 ? -1 : 0;
	}
	if (rc == 0)
		snprintf(d->summary, sizeof(d->summary), "not changed since run %lld: %lld objects are still listed", state_number(s, "filter_run"),
		    state_number(s, "active") - state_number(s, "missing"));
	all = w.pending + w.refresh + w.retry;
	stats_set(d->tool->stats, "present.active", state_number(s, "active"));
	stats_set(d->tool->stats, "present.wanted", all);
	delta_close(d);
	if (rc == 0 && all > 0)
		return err_set(err, REASON_PENDING, "%lld objects wait to be sent (%lld pending, %lld to be refreshed, %lld to be tried again): "
		    "the next fetch has to be a whole one", all, w.pending, w.refresh, w.retry);
	return rc;
}

/* --- reset and retry --- */

static int
reset_row(struct delta *d, struct row *r, struct err *err)
{
	if (d->forget)
		return delta_forget(&d->state, r, err) == -1 ? -1 : 1;
	/* known still, so that it can be withdrawn; with a content that matches none */
	memset(r->hash, 0, sizeof(r->hash));
	r->prints.n = 0;
	r->flags &= (uint16_t)~ROW_REFUSED;
	if (r->flags & ROW_DOUBT && r->pend_kind < KIND_INACTIVE)
		r->doubt_runs = UINT8_MAX;	/* no more asking */
	if (state_ledger_delete(&d->state, r->key, err) == -1)
		return -1;
	if (!(r->flags & (ROW_KNOWN | ROW_PENDING)))
		return delta_forget(&d->state, r, err) == -1 ? -1 : 1;
	return state_put(&d->state, r, err) == -1 ? -1 : 1;
}

static int
retry_row(struct delta *d, struct row *r, struct err *err)
{
	if (!(r->flags & ROW_REFUSED) || r->refused_run == 0)
		return 0;
	r->refused_run = 0;
	return state_put(&d->state, r, err) == -1 ? -1 : 1;
}

static int
change_rows(struct delta *d, int (*fn)(struct delta *, struct row *, struct err *), const char *what, struct err *err)
{
	long long n = 0;
	int rc;

	if (delta_select_check(d, err) == -1 || delta_open(d, STATE_WRITE, err) == -1)
		return -1;
	if (d->state.db == NULL) {
		delta_close(d);
		snprintf(d->summary, sizeof(d->summary), "there is no state of feed %s, owner '%.200s': nothing to do", d->feed->id, d->owner);
		return 0;
	}
	rc = state_begin(&d->state, err) == -1 || delta_each(d, fn, &n, err) == -1 || state_commit(&d->state, err) == -1 ? -1 : 0;
	delta_close(d);
	stats_set(d->tool->stats, "rows.changed", n);
	snprintf(d->summary, sizeof(d->summary), "%lld objects %s", n, what);
	if (rc == 0 && n == 0 && d->object != NULL)
		return err_set(err, REASON_USAGE, "'%s' is %s", d->object, fn == retry_row ? "not among the refused objects" : "no object of this state");
	return rc;
}

int
delta_reset(struct delta *d, struct err *err)
{
	return change_rows(d, reset_row, d->forget ? "are forgotten" : "will be sent again", err);
}

int
delta_retry(struct delta *d, struct err *err)
{
	return change_rows(d, retry_row, "will be tried again", err);
}

/* --- verify --- */

int
delta_verify(struct delta *d, struct err *err)
{
	long long rows = 0;
	int rc;

	if (delta_open(d, STATE_READ, err) == -1)
		return -1;
	if (d->state.db == NULL) {
		snprintf(d->summary, sizeof(d->summary), "there is no state of feed %s, owner '%.200s'%s", d->feed->id, d->owner,
		    d->state.lost ? ", but there was one" : "");
		delta_close(d);
		return 0;
	}
	rc = state_verify(&d->state, &rows, err);
	if (rc == 0)
		snprintf(d->summary, sizeof(d->summary), "%.400s is whole: %lld objects", d->state.path, rows);
	stats_set(d->tool->stats, "rows.checked", rows);
	delta_close(d);
	return rc;
}
