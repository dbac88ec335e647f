/* explain: what filter would send and expire would come to remove, and why, for the lines on standard input. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta.h"
#include "delta_join.h"
#include "limit.h"
#include "object_elements.h"
#include "object_private.h"
#include "text.h"
#include "xmalloc.h"

struct explain {
	struct delta	*d;
	struct out	 out;
	struct buf	 text;
};

static void
emit(struct explain *e, struct json_object *o)
{
	const char *s;

	if (e->d->json) {
		s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		out_write(&e->out, s, strlen(s));
	} else
		out_write(&e->out, e->text.bytes, e->text.len);
	out_write(&e->out, "\n", 1);
	json_object_put(o);
}

/* Feed bytes in a line for people. */
static int
add_safe(struct buf *b, const char *text, size_t len)
{
	size_t size = 8 * (len < 300 ? len : 300) + 16, n;
	char *safe = xmalloc(size);
	int rc;

	n = text_safe(safe, size < 400 ? size : 400, text, len);
	rc = buf_add(b, safe, n);
	free(safe);
	return rc;
}

static void
set_text(struct json_object *o, const char *name, const char *text, size_t len)
{
	json_object_object_add(o, name, json_object_new_string_len(text, (int)len));
}

/* --- which members changed, by their fingerprints --- */

static int
print_at(const struct row_prints *p, int field)
{
	int i;

	for (i = 0; i < p->n; i++)
		if (p->at[i][0] == field)
			return p->at[i][1];
	return -1;
}

static int
members_by_print(struct explain *e, const struct verdict_on *v, struct json_object *o)
{
	const struct object_table *t = object_table((enum tc_type)rec_type(&v->rec));
	struct json_object *list = json_object_new_array();
	const char *sep = ": ";
	int k, rc = 0;

	for (k = 0; k < t->n && rc == 0; k++) {
		if (print_at(&v->row->prints, k) == print_at(&v->prints, k))
			continue;
		json_object_array_add(list, json_object_new_string(t->field[k].f->name));
		rc = buf_addf(&e->text, "%s%s", sep, t->field[k].f->name);
		sep = ", ";
	}
	if (json_object_array_length(list) == 0 && rc == 0)
		rc = buf_addz(&e->text, v->row->prints.n == 0 ? ": not known which members" : ": members with the same fingerprint");
	json_object_object_add(o, "members", list);
	return rc;
}

/* --- old and new values, where contents are kept --- */

static struct json_object *
parsed(const struct object *o, int k)
{
	struct buf b;
	struct json_object *v;

	if (o->at[k] == SCAN_NONE)
		return NULL;
	buf_init(&b, LIMIT_LINE);
	v = scan_canonical(o->scan, o->at[k], &b) == 0 ? json_tokener_parse(b.bytes) : NULL;
	buf_release(&b);
	return v;
}

/* Elements of array b that array a has not: both are canonical, so texts compare. */
static struct json_object *
added(struct json_object *a, struct json_object *b)
{
	struct json_object *list = json_object_new_array();
	size_t i, k, na = a != NULL ? json_object_array_length(a) : 0, nb = b != NULL ? json_object_array_length(b) : 0;

	for (i = 0; i < nb; i++) {
		for (k = 0; k < na; k++)
			if (json_object_equal(json_object_array_get_idx(a, k), json_object_array_get_idx(b, i)))
				break;
		if (k == na)
			json_object_array_add(list, json_object_get(json_object_array_get_idx(b, i)));
	}
	return list;
}

/* A tag is its name; the rest of an element is told as it stands. */
static int
tell_elements(struct explain *e, const char *name, char sign, struct json_object *list)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *el = json_object_array_get_idx(list, i), *v;
		const char *text;

		if (json_object_is_type(el, json_type_object) && json_object_object_length(el) == 1 && json_object_object_get_ex(el, "name", &v))
			el = v;
		text = json_object_is_type(el, json_type_string) ? json_object_get_string(el) :
		    json_object_to_json_string_ext(el, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (buf_addf(&e->text, "\n    %c%s ", sign, name) == -1 || add_safe(&e->text, text, strlen(text)) == -1)
			return -1;
	}
	return 0;
}

static int
tell_value(struct explain *e, struct json_object *v)
{
	const char *text = v == NULL ? "(none)" : json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	return add_safe(&e->text, text, strlen(text));
}

static int
tell_change(struct explain *e, struct json_object *changes, const struct field *f, struct json_object *old, struct json_object *new)
{
	struct json_object *c = json_object_new_object();
	int rc;

	if (f->kind >= FIELD_ATTRIBUTES && f->kind <= FIELD_OCCURRENCES) {
		struct json_object *plus = added(old, new), *minus = added(new, old);

		rc = tell_elements(e, f->name, '+', plus) == -1 || tell_elements(e, f->name, '-', minus) == -1 ? -1 : 0;
		json_object_object_add(c, "added", plus);
		json_object_object_add(c, "removed", minus);
	} else {
		rc = buf_addf(&e->text, "\n    %s ", f->name) == -1 || tell_value(e, old) == -1 || buf_addz(&e->text, " -> ") == -1 ||
		    tell_value(e, new) == -1 ? -1 : 0;
		if (old != NULL)
			json_object_object_add(c, "old", json_object_get(old));
		if (new != NULL)
			json_object_object_add(c, "new", json_object_get(new));
	}
	json_object_object_add(changes, f->name, c);
	return rc;
}

static int
members_by_content(struct explain *e, const char *old, size_t oldlen, const char *new, size_t newlen, struct json_object *o)
{
	struct json_object *changes = json_object_new_object(), *list = json_object_new_array(), *a, *b;
	const struct object_table *t;
	struct object was, is;
	struct scan s1, s2;
	struct err err;
	int k, rc = 0;

	scan_init(&s1);
	scan_init(&s2);
	if (object_read(&was, &s1, old, oldlen, &err) == 0 && object_read(&is, &s2, new, newlen, &err) == 0 && was.type == is.type) {
		t = object_table(is.type);
		for (k = 0; k < t->n && rc == 0; k++) {
			a = parsed(&was, k);
			b = parsed(&is, k);
			if ((a != NULL || b != NULL) && !json_object_equal(a, b)) {
				json_object_array_add(list, json_object_new_string(t->field[k].f->name));
				rc = tell_change(e, changes, t->field[k].f, a, b);
			}
			json_object_put(a);
			json_object_put(b);
		}
	}
	json_object_object_add(o, "members", list);
	json_object_object_add(o, "changes", changes);
	scan_release(&s1);
	scan_release(&s2);
	return rc;
}

/* --- objects --- */

static int
start(struct explain *e, const char *kind, unsigned type, const char *line, size_t len, struct json_object **o)
{
	struct buf summary;
	struct object object;
	struct scan s;
	struct err err;
	int rc;

	*o = json_object_new_object();
	set_text(*o, "change", kind, strlen(kind));
	set_text(*o, "type", delta_type_name(type), strlen(delta_type_name(type)));
	buf_clear(&e->text);
	buf_init(&summary, LIMIT_LINE);
	scan_init(&s);
	rc = object_read(&object, &s, line, len, &err) == -1 ? 0 : object_summary(&object, &summary);
	set_text(*o, "summary", summary.bytes, summary.len);
	if (rc == 0)
		rc = buf_addf(&e->text, "%-9s %s ", kind, delta_type_name(type)) == -1 || add_safe(&e->text, summary.bytes, summary.len) == -1 ? -1 : 0;
	scan_release(&s);
	buf_release(&summary);
	return rc;
}

static int
on_sent(void *arg, const struct verdict_on *v, const char *line, struct err *err)
{
	struct explain *e = arg;
	struct json_object *o;
	char *old = NULL;
	size_t oldlen;
	int found = 0, rc;

	rc = start(e, delta_kind_name(v->kind), rec_type(&v->rec), line, v->rec.len, &o);
	if (rc == 0 && v->row != NULL && v->row->flags & ROW_KNOWN && memcmp(v->row->hash, v->rec.hash, STATE_HASH) != 0) {
		if (e->d->feed->keep_content && (found = state_content_get(&e->d->state, v->row->key, &old, &oldlen, err)) == -1) {
			json_object_put(o);
			return -1;
		}
		rc = found == 1 ? members_by_content(e, old, oldlen, line, v->rec.len, o) : members_by_print(e, v, o);
		free(old);
	}
	if (rc == -1) {
		json_object_put(o);
		return err_set(err, REASON_STATE, "an explanation is too long");
	}
	emit(e, o);
	return out_error(&e->out, err);
}

/* What is told of a row by its value alone: why appends to the text and to the object. */
static int
tell_row(struct explain *e, const char *kind, const struct row *r, int (*why)(struct explain *, const struct row *, struct json_object *),
    struct err *err)
{
	struct json_object *o = NULL;
	struct buf line;
	int rc;

	buf_init(&line, 2 * LIMIT_LINE);
	if (delta_row_line(r, "", &line) == -1 || start(e, kind, r->type, line.bytes, line.len, &o) == -1 || why(e, r, o) == -1) {
		json_object_put(o);
		rc = err_set(err, REASON_STATE, "an explanation is too long");
	} else {
		emit(e, o);
		rc = out_error(&e->out, err);
	}
	buf_release(&line);
	return rc;
}

static int
why_missing(struct explain *e, const struct row *r, struct json_object *o)
{
	long long runs = state_number(&e->d->state, "complete_runs") + 1 - (long long)r->missing_mark;

	json_object_object_add(o, "missing_runs", json_object_new_int64(runs));
	json_object_object_add(o, "after_runs", json_object_new_int64(e->d->feed->after_runs));
	return buf_addf(&e->text, ": not listed, complete run %lld of %d", runs, e->d->feed->after_runs);
}

static int
why_doubt(struct explain *e, const struct row *r, struct json_object *o)
{
	set_text(o, "why", "pending", strlen("pending"));
	json_object_object_add(o, "batchId", json_object_new_int64((int64_t)r->batch));
	return buf_addf(&e->text, ": the outcome of batch %llu is not known; the platform is asked before it is sent again",
	    (unsigned long long)r->batch);
}

static int
why_refused(struct explain *e, const struct row *r, struct json_object *o)
{
	char code[32], reason[512];
	struct err none;
	int64_t when;

	if (state_ledger_get(&e->d->state, r->key, code, reason, &when, &none) != 1)
		code[0] = reason[0] = '\0';
	set_text(o, "why", "refused", strlen("refused"));
	set_text(o, "code", code, strlen(code));
	set_text(o, "reason", reason, strlen(reason));
	if (buf_addf(&e->text, ": refused by the platform in run %lu (%s: ", (unsigned long)r->refused_run, code) == -1 ||
	    add_safe(&e->text, reason, strlen(reason)) == -1)
		return -1;
	if (buf_addz(&e->text, "); sent again when its content changes") == -1 ||
	    (e->d->feed->retry_runs > 0 && buf_addf(&e->text, ", in run %lu", (unsigned long)r->refused_run + (unsigned long)e->d->feed->retry_runs) == -1))
		return -1;
	return buf_addz(&e->text, ", or by tc-delta retry");
}

static int
on_missing(void *arg, const struct row *r, struct err *err)
{
	return tell_row(arg, "expiring", r, why_missing, err);
}

static int
on_withheld(void *arg, const struct row *r, enum verdict verdict, struct err *err)
{
	return tell_row(arg, "withheld", r, verdict == VERDICT_DOUBT ? why_doubt : why_refused, err);
}

int
delta_explain(struct delta *d, struct err *err)
{
	struct explain e = { .d = d };
	struct delta_input in = { 0 };
	struct delta_join j;
	int rc;

	out_init(&e.out, STDOUT_FILENO, "standard output", 64 * 1024);
	buf_init(&e.text, LIMIT_LINE);
	delta_join_init(&j, d, &in);
	j.on_sent = on_sent;
	j.on_withheld = on_withheld;
	j.on_missing = d->feed->missing == MISSING_KEEP ? NULL : on_missing;
	j.arg = &e;
	rc = delta_read(d, STDIN_FILENO, &in, err);
	if (rc == 0)
		rc = delta_open(d, STATE_READ, err);
	if (rc == 0)
		rc = delta_join_run(&j, 1 + (uint32_t)state_number(&d->state, "run"), err);
	delta_close(d);
	if (rc == 0) {
		out_flush(&e.out);
		rc = out_error(&e.out, err);
	}
	snprintf(d->summary, sizeof(d->summary), "%lld read, %lld would be sent (%lld new, %lld changed, %lld refreshed, %lld retried, %lld returned), "
	    "%lld unchanged, %lld withheld, %lld missing", in.read, j.sent, j.sent_by[KIND_NEW], j.sent_by[KIND_CHANGED], j.sent_by[KIND_REFRESHED],
	    j.sent_by[KIND_RETRIED], j.sent_by[KIND_RETURNED], j.unchanged, j.refused + j.doubt, j.missing);
	out_release(&e.out);
	buf_release(&e.text);
	delta_join_release(&j);
	delta_input_release(&in);
	return rc;
}
