/* filter: the whole input against the state; what is new or changed goes out, noted as pending before its first byte. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "date.h"
#include "delta.h"
#include "delta_join.h"
#include "log.h"

/* Is there anything that keeps this run from starting? Looked at before the input is read. */
static int
look_first(struct delta *d, struct err *err)
{
	if (d->dry_run) {
		if (delta_open(d, STATE_READ, err) == -1)
			return -1;
	} else if (delta_open(d, STATE_WRITE, err) == -1)
		return -1;
	delta_close(d);
	return 0;
}

static int
note_run(struct delta *d, const struct delta_join *j, uint32_t run, struct err *err)
{
	const struct delta_input *in = j->in;
	char hash[65], text[DATE_LEN + 1];
	struct state *s = &d->state;
	struct json_object *o;
	int rc;

	if (delta_map_hash(d, hash, err) == -1)
		return -1;
	if (*state_text(s, "map_hash") != '\0' && strcmp(state_text(s, "map_hash"), hash) != 0 && *state_text(s, "hold") == '\0') {
		state_set_text(s, "hold", "the map section or a parameter used in it has changed");
		log_warning("the map section or a parameter used in it has changed: removals are held for one complete run");
	}
	state_set_text(s, "map_hash", hash);
	state_set_number(s, "run", run);
	state_set_number(s, "filter_run", run);
	state_set_number(s, "whole", in->rejected == 0 && !in->cut);
	state_set_number(s, "empty", in->read == in->rejected);
	state_set_number(s, "known", j->known);
	state_set_number(s, "active", j->active);
	state_set_number(s, "pending", j->pending);
	state_set_number(s, "missing", j->missing);
	date_print(d->now, text);
	o = json_object_new_object();
	json_object_object_add(o, "at", json_object_new_string(text));
	json_object_object_add(o, "kind", json_object_new_string("filter"));
	json_object_object_add(o, "read", json_object_new_int64(in->read));
	json_object_object_add(o, "rejected", json_object_new_int64(in->rejected));
	json_object_object_add(o, "merged", json_object_new_int64(j->merged));
	json_object_object_add(o, "unchanged", json_object_new_int64(j->unchanged));
	json_object_object_add(o, "withheld", json_object_new_int64(j->refused + j->doubt));
	json_object_object_add(o, "sent", json_object_new_int64(j->sent));
	json_object_object_add(o, "retracted", json_object_new_int64(j->retracted));
	rc = state_run_put(s, run, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), err);
	json_object_put(o);
	return rc;
}

/* One try at the state. -1 with state.damaged: the caller repairs and tries again. */
static int
compare(struct delta *d, struct delta_join *j, struct err *err)
{
	uint32_t run = (uint32_t)state_number(&d->state, "run") + 1;

	if (d->dry_run)
		return delta_join_run(j, run, err);
	if (state_run_begin(&d->state, err) == -1)
		return -1;
	if (delta_join_run(j, run, err) == -1 || note_run(d, j, run, err) == -1) {
		state_rollback(&d->state);
		return -1;
	}
	return state_commit(&d->state, err);
}

static int
balance(const struct delta_join *j, struct err *err)
{
	const struct delta_input *in = j->in;

	if (in->read == in->rejected + j->merged + j->unchanged + j->refused + j->doubt + j->sent + j->retracted)
		return 0;
	return err_set(err, REASON_STATE, "the counts do not add up: %lld read, %lld rejected, %lld merged, %lld unchanged, %lld withheld, "
	    "%lld sent, %lld retracted: please report this", in->read, in->rejected, j->merged, j->unchanged, j->refused + j->doubt,
	    j->sent, j->retracted);
}

static void
count(struct delta *d, const struct delta_join *j)
{
	struct stats *s = d->tool->stats;
	int k;

	stats_set(s, "objects.read", j->in->read);
	stats_set(s, "objects.rejected", j->in->rejected);
	stats_set(s, "objects.merged", j->merged);
	stats_set(s, "objects.unchanged", j->unchanged);
	stats_set(s, "objects.withheld", j->refused + j->doubt);
	stats_set(s, "objects.sent", j->sent);
	stats_set(s, "objects.retracted", j->retracted);
	stats_set(s, "withheld.refused", j->refused);
	stats_set(s, "withheld.pending", j->doubt);
	for (k = KIND_NEW; k < KIND_INACTIVE; k++)
		stats_add_key(s, "sent", delta_kind_name((unsigned)k), j->sent_by[k]);
	stats_set(s, "state.known", j->known);
	stats_set(s, "state.active", j->active);
	stats_set(s, "state.pending", j->pending);
	stats_set(s, "state.missing", j->missing);
	snprintf(d->summary, sizeof(d->summary), "%s%lld read, %lld rejected, %lld merged, %lld unchanged, %lld withheld, %lld retracted, "
	    "%lld sent (%lld new, %lld changed, %lld refreshed, %lld retried, %lld returned), %lld missing",
	    d->dry_run ? "dry run: " : "", j->in->read, j->in->rejected, j->merged, j->unchanged, j->refused + j->doubt, j->retracted, j->sent,
	    j->sent_by[KIND_NEW], j->sent_by[KIND_CHANGED], j->sent_by[KIND_REFRESHED], j->sent_by[KIND_RETRIED], j->sent_by[KIND_RETURNED],
	    j->missing);
}

/* All is out. Was the input all it should be? */
static int
judge_input(const struct delta_input *in, struct err *err)
{
	if (in->cut)
		return err_set(err, REASON_CONTRACT, "the input ends in the middle of a line: what was whole before it has been taken, "
		    "and nothing is removed after this run");
	if (in->rejected > 0 && in->rejected == in->read)
		return err_set(err, REASON_CONTRACT, "none of %lld lines is an object (%s)", in->read, in->why);
	if (in->rejected > 0)
		return err_set(err, REASON_REJECTS, "%lld of %lld lines are no objects (%s); nothing is removed after this run",
		    in->rejected, in->read, in->why);
	return 0;
}

static int
work(struct delta *d, struct delta_join *j, struct out *out, struct err *err)
{
	int rc;

	if (delta_read(d, STDIN_FILENO, j->in, err) == -1)
		return -1;
	if (delta_list_open(&j->list, err) == -1)
		return -1;
	j->write = !d->dry_run;
	if (delta_open(d, d->dry_run ? STATE_READ : STATE_CREATE, err) == -1)
		return -1;
	rc = compare(d, j, err);
	if (rc == -1 && d->state.damaged && !d->dry_run && delta_reopen(d, STATE_CREATE, err) == 0)
		rc = compare(d, j, err);
	if (rc == 0 && !d->dry_run) {
		rc = state_mark(&d->state, err);
		/* every row has been read and matched its check value: what commit leaves will be worth a copy */
		if (rc == 0 && j->sent == 0)
			rc = state_keep_copy(&d->state, err);
	}
	delta_close(d);
	if (rc == -1)
		return -1;
	count(d, j);
	if (j->clamped > 0)
		log_warning("the stored times of %lld objects were ahead of the clock and are taken for now", j->clamped);
	if (j->contradicted > 0)
		log_warning("%lld objects are both listed and retracted in this run: listed wins", j->contradicted);
	if (balance(j, err) == -1 || delta_list_print(&j->list, j->in->spool, out, err) == -1)
		return -1;
	out_flush(out);
	if (out_error(out, err) == -1)
		return -1;
	return judge_input(j->in, err);
}

int
delta_filter(struct delta *d, struct err *err)
{
	struct delta_input in = { 0 };
	struct delta_join j;
	struct out out;
	int rc;

	if (look_first(d, err) == -1)
		return -1;
	delta_join_init(&j, d, &in);
	out_init(&out, STDOUT_FILENO, "standard output", 256 * 1024);
	rc = work(d, &j, &out, err);
	out_release(&out);
	delta_join_release(&j);
	delta_input_release(&in);
	return rc;
}
