/* stats and rejects: what is known, for people and programs. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "date.h"
#include "delta_select.h"
#include "limit.h"
#include "text.h"

#define RUNS_SHOWN 10

struct count {
	struct delta	*d;
	long long	 known, active, inactive, missing, pending, doubt, refused;
	long long	 type[TYPE_COUNT][2];	/* active, inactive */
	struct json_object *reasons;
};

static void
add_to(struct json_object *o, const char *key, long long n)
{
	struct json_object *old;

	json_object_object_add(o, key, json_object_new_int64(n + (json_object_object_get_ex(o, key, &old) ? json_object_get_int64(old) : 0)));
}

static int
count_row(void *arg, struct row *r, struct err *err)
{
	struct count *c = arg;
	char code[32], reason[512], key[640];
	int64_t when;

	if (r->flags & ROW_KNOWN) {
		c->known++;
		c->active += (r->flags & ROW_ACTIVE) != 0;
		c->inactive += !(r->flags & ROW_ACTIVE);
		c->type[r->type][!(r->flags & ROW_ACTIVE)]++;
	}
	c->missing += (r->flags & (ROW_MISSING | ROW_ACTIVE)) == (ROW_MISSING | ROW_ACTIVE);
	c->pending += (r->flags & ROW_PENDING) != 0;
	c->doubt += (r->flags & ROW_DOUBT) != 0;
	if (r->flags & ROW_REFUSED) {
		c->refused++;
		if (state_ledger_get(&c->d->state, r->key, code, reason, &when, err) == -1)
			return -1;
		snprintf(key, sizeof(key), "%s%s%s", code, *code != '\0' && *reason != '\0' ? " " : "", reason);
		add_to(c->reasons, *key != '\0' ? key : "no reason given", 1);
	}
	return 0;
}

static struct json_object *
as_json(struct count *c)
{
	struct json_object *o = json_object_new_object(), *types = json_object_new_object(), *runs = json_object_new_array(), *t;
	struct state *s = &c->d->state;
	long long run = state_number(s, "run"), i;
	char *text;
	int k;

	json_object_object_add(o, "feed", json_object_new_string(c->d->feed->id));
	json_object_object_add(o, "owner", json_object_new_string(c->d->owner));
	json_object_object_add(o, "run", json_object_new_int64(run));
	json_object_object_add(o, "complete_runs", json_object_new_int64(state_number(s, "complete_runs")));
	json_object_object_add(o, "known", json_object_new_int64(c->known));
	json_object_object_add(o, "active", json_object_new_int64(c->active));
	json_object_object_add(o, "inactive", json_object_new_int64(c->inactive));
	json_object_object_add(o, "missing", json_object_new_int64(c->missing));
	json_object_object_add(o, "pending", json_object_new_int64(c->pending));
	json_object_object_add(o, "in_doubt", json_object_new_int64(c->doubt));
	json_object_object_add(o, "refused", json_object_new_int64(c->refused));
	if (*state_text(s, "hold") != '\0')
		json_object_object_add(o, "hold", json_object_new_string(state_text(s, "hold")));
	for (k = 0; k < TYPE_COUNT; k++) {
		if (c->type[k][0] + c->type[k][1] == 0)
			continue;
		t = json_object_new_object();
		json_object_object_add(t, "active", json_object_new_int64(c->type[k][0]));
		json_object_object_add(t, "inactive", json_object_new_int64(c->type[k][1]));
		json_object_object_add(types, delta_type_name((unsigned)k), t);
	}
	json_object_object_add(o, "types", types);
	json_object_object_add(o, "ledger", json_object_get(c->reasons));
	for (i = run > RUNS_SHOWN ? run - RUNS_SHOWN + 1 : 1; i <= run; i++) {
		if ((text = state_run_get(s, (uint32_t)i)) == NULL)
			continue;
		t = json_tokener_parse(text);
		free(text);
		if (t == NULL || !json_object_is_type(t, json_type_object)) {
			json_object_put(t);
			continue;
		}
		json_object_object_add(t, "run", json_object_new_int64(i));
		json_object_array_add(runs, t);
	}
	json_object_object_add(o, "runs", runs);
	return o;
}

static long long
number(struct json_object *o, const char *a, const char *b)
{
	struct json_object *v = o;

	if (!json_object_object_get_ex(v, a, &v))
		return 0;
	if (b != NULL && !json_object_object_get_ex(v, b, &v))
		return 0;
	return json_object_get_int64(v);
}

static const char *
word(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : "";
}

static void
as_text(struct json_object *o, FILE *f)
{
	struct json_object *v, *r;
	size_t i;

	fprintf(f, "feed %s, owner '%s': run %lld, %lld complete\n", word(o, "feed"), word(o, "owner"), number(o, "run", NULL), number(o, "complete_runs", NULL));
	fprintf(f, "known %lld: active %lld (%lld of them missing), inactive %lld\n", number(o, "known", NULL), number(o, "active", NULL),
	    number(o, "missing", NULL), number(o, "inactive", NULL));
	fprintf(f, "pending %lld (%lld in doubt), refused %lld\n", number(o, "pending", NULL), number(o, "in_doubt", NULL), number(o, "refused", NULL));
	if (*word(o, "hold") != '\0')
		fprintf(f, "removals are held: %s\n", word(o, "hold"));
	json_object_object_get_ex(o, "types", &v);
	json_object_object_foreach(v, type, t)
		fprintf(f, "  %-16s active %lld, inactive %lld\n", type, number(t, "active", NULL), number(t, "inactive", NULL));
	json_object_object_get_ex(o, "ledger", &v);
	json_object_object_foreach(v, why, n) {
		char safe[400];

		text_safe(safe, sizeof(safe), why, strlen(why));
		fprintf(f, "  refused %lld: %s\n", (long long)json_object_get_int64(n), safe);
	}
	json_object_object_get_ex(o, "runs", &v);
	for (i = 0; i < json_object_array_length(v); i++) {
		r = json_object_array_get_idx(v, i);
		fprintf(f, "run %lld %s %s: read %lld, sent %lld, unchanged %lld, withheld %lld; accepted %lld, rejected %lld, unknown %lld; removed %lld, held %lld\n",
		    number(r, "run", NULL), word(r, "at"), word(r, "kind"), number(r, "read", NULL), number(r, "sent", NULL), number(r, "unchanged", NULL),
		    number(r, "withheld", NULL), number(r, "receipts", "accepted"), number(r, "receipts", "rejected"), number(r, "receipts", "unknown"),
		    number(r, "removals", "sent"), number(r, "removals", "held"));
	}
}

static int
finish_stdout(struct err *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return err_set(err, REASON_STATE, "cannot write standard output: %m");
}

int
delta_stats(struct delta *d, struct err *err)
{
	struct count c = { .d = d };
	struct json_object *o;
	int rc = 0;

	if (delta_open(d, STATE_READ, err) == -1)
		return -1;
	c.reasons = json_object_new_object();
	if (d->state.db != NULL)
		rc = state_scan(&d->state, NULL, NULL, count_row, &c, err);
	o = as_json(&c);
	stats_set(d->tool->stats, "state.known", c.known);
	stats_set(d->tool->stats, "state.active", c.active);
	stats_set(d->tool->stats, "state.pending", c.pending);
	stats_set(d->tool->stats, "state.refused", c.refused);
	delta_close(d);
	if (rc == 0) {
		if (d->json)
			printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		else
			as_text(o, stdout);
		rc = finish_stdout(err);
	}
	json_object_put(o);
	json_object_put(c.reasons);
	return rc;
}

/* --- rejects --- */

static int
print_reject(void *arg, struct row *r, struct err *err)
{
	struct delta *d = arg;
	char code[32], reason[512], at[DATE_LEN + 1], extra[128];
	struct buf line;
	int64_t when;
	int rc = 0;

	if (!(r->flags & ROW_REFUSED) || !delta_selected(d, r))
		return 0;
	if (state_ledger_get(&d->state, r->key, code, reason, &when, err) == -1)
		return -1;
	date_print(when, at);
	snprintf(extra, sizeof(extra), ",\"run\":%u,\"at\":\"%s\",\"sent\":\"%s\"}", r->refused_run, at, delta_kind_name(r->refused_kind));
	buf_init(&line, 4 * LIMIT_LINE);
	if (delta_row_line(r, "", &line) == -1)
		rc = err_set(err, REASON_STATE, "a line is too long");
	else {
		line.len--;	/* more members follow */
		if (buf_addz(&line, ",\"code\":") == -1 || buf_add_json(&line, code, strlen(code)) == -1 || buf_addz(&line, ",\"reason\":") == -1 ||
		    buf_add_json(&line, reason, text_utf8_span(reason, strlen(reason))) == -1 || buf_addz(&line, extra) == -1)
			rc = err_set(err, REASON_STATE, "a line is too long");
		else
			puts(line.bytes);
	}
	buf_release(&line);
	stats_add(d->tool->stats, "rejects", 1);
	return rc;
}

int
delta_rejects(struct delta *d, struct err *err)
{
	int rc = 0;

	if (delta_select_check(d, err) == -1 || delta_open(d, STATE_READ, err) == -1)
		return -1;
	stats_set(d->tool->stats, "rejects", 0);
	if (d->state.db != NULL)
		rc = state_scan(&d->state, NULL, NULL, print_reject, d, err);
	delta_close(d);
	snprintf(d->summary, sizeof(d->summary), "%lld refused objects", stats_get(d->tool->stats, "rejects"));
	return rc == 0 ? finish_stdout(err) : -1;
}
