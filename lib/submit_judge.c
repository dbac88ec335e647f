#include "submit_judge.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "submit_tie.h"
#include "text.h"

#define REASON_KEPT 1000	/* bytes of a platform's reason that go into a receipt */

/* What a code asks for (section 7). */
enum handling { ITEM, WARNING, STOP_PERMISSION, STOP_LIMIT, STOP_EXCEPTION, CANNOT_READ, TRY_AGAIN };

static const struct {
	const char *code;
	enum handling handling;
} codes[] = {
	{ "0x1001", ITEM }, { "0x1002", STOP_PERMISSION }, { "0x1003", CANNOT_READ }, { "0x1004", TRY_AGAIN },
	{ "0x1005", ITEM }, { "0x1006", ITEM }, { "0x1007", ITEM }, { "0x1008", STOP_LIMIT }, { "0x1009", ITEM },
	{ "0x100A", WARNING }, { "0x100B", TRY_AGAIN }, { "0x2001", ITEM }, { "0x2002", ITEM }, { "0x2003", WARNING },
	{ "0x3001", WARNING },
};

/* One entry of the list, read. */
struct entry {
	char		 code[7];
	enum handling	 handling;
	struct json_object *source;
	const char	*reason, *message;	/* never NULL */
	size_t		 item;			/* TIE_NONE: not tied */
	bool		 gone;			/* a delete of what is not there */
};

struct findings {
	struct entry	*entry;
	size_t		 n, untied, tied_entries, failed, touched;
	bool		 stop, cannot_read, try_again;
	const struct entry *why;	/* of the stop, or of what cannot be read */
};

void
submit_code(const char *text, char out[7])
{
	const char *at;
	int i;

	out[0] = '\0';
	for (at = text; (at = strcasestr(at, "0x")) != NULL; at++) {
		for (i = 0; i < 4 && isxdigit((unsigned char)at[2 + i]); i++)
			;
		if (i < 4)
			continue;
		memcpy(out, "0x", 2);
		for (i = 0; i < 4; i++)
			out[2 + i] = (char)toupper((unsigned char)at[2 + i]);
		out[6] = '\0';
		return;
	}
}

static const char *
text_of(struct json_object *o, const char *name)
{
	struct json_object *v = session_get(o, name);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

static enum handling
handling_of(const struct entry *e)
{
	const char *both[2] = { e->reason, e->message };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (strstr(both[i], "Encountered an unexpected Exception while processing batch job") != NULL)
			return STOP_EXCEPTION;
		if (strstr(both[i], "would exceed the number of allowed indicators") != NULL)
			return STOP_LIMIT;
	}
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(e->code, codes[i].code) == 0)
			return codes[i].handling;
	return ITEM;
}

/* '$.indicator[4]' in a text: the place in the document. */
static size_t
tie_path(const struct submit_case *c, const char *text)
{
	char want[32];
	const char *at;
	unsigned long i;

	snprintf(want, sizeof(want), "$.%s[", submit_kind_array(c->chunk->kind));
	if (c->settling || (at = strstr(text, want)) == NULL)
		return TIE_NONE;
	i = strtoul(at + strlen(want), NULL, 10);
	return i < c->to - c->from ? c->from + i : TIE_NONE;
}

static void
read_entry(const struct submit_case *c, const struct submit_tie *tie, struct json_object *o, struct entry *e)
{
	memset(e, 0, sizeof(*e));
	e->reason = text_of(o, "errorReason");
	e->message = text_of(o, "errorMessage");
	e->source = session_get(o, "errorSource");
	submit_code(text_of(o, "code"), e->code);
	if (e->code[0] == '\0')
		submit_code(e->reason, e->code);
	if (e->code[0] == '\0')
		submit_code(e->message, e->code);
	e->handling = handling_of(e);
	e->item = submit_tie_source(tie, e->source);
	if (e->item == TIE_NONE)
		e->item = submit_tie_text(tie, e->reason);
	if (e->item == TIE_NONE)
		e->item = submit_tie_text(tie, e->message);
	if (e->item == TIE_NONE)
		e->item = tie_path(c, e->message);
	e->gone = submit_kind_deletes(c->chunk->kind) && strcmp(e->code, "0x1007") == 0;
	if (e->gone)
		e->handling = WARNING;
}

static void
read_list(const struct submit_case *c, const struct submit_tie *tie, struct findings *f)
{
	size_t i;

	memset(f, 0, sizeof(*f));
	f->n = json_object_array_length(c->list);
	f->entry = calloc(f->n ? f->n : 1, sizeof(*f->entry));
	if (f->entry == NULL)
		f->n = 0;
	for (i = 0; i < f->n; i++) {
		struct entry *e = &f->entry[i];

		read_entry(c, tie, json_object_array_get_idx(c->list, i), e);
		if (e->handling == STOP_PERMISSION || e->handling == STOP_LIMIT || e->handling == STOP_EXCEPTION) {
			if (!f->stop)
				f->why = e;
			f->stop = true;
		}
		f->try_again |= e->handling == TRY_AGAIN;
		if (e->handling == CANNOT_READ) {
			if (!f->stop && !f->cannot_read)
				f->why = e;
			f->cannot_read = true;
		}
	}
}

static void
reason_text(const struct entry *e, char *out, size_t size)
{
	const char *text = *e->reason != '\0' ? e->reason : *e->message != '\0' ? e->message : "no reason was given";
	size_t n = text_cut(text, strlen(text), size - 1);

	memcpy(out, text, n);
	out[n] = '\0';
}

/* Marks what entries say of the items they are tied to, and counts. */
static void
mark(struct submit_case *c, struct findings *f)
{
	char reason[REASON_KEPT];
	size_t i;
	int logged = 0;

	for (i = 0; i < f->n; i++) {
		struct entry *e = &f->entry[i];
		struct submit_item *it;

		reason_text(e, reason, sizeof(reason));
		if (e->item == TIE_NONE) {
			/* a delete of something gone needs no tie: whatever it was, it is not there */
			f->untied += !e->gone;
			f->tied_entries += e->gone;
			if (!e->gone && logged++ < 5)
				log_warning("batch %lld: an error that names no object of it: %s", c->batch_id, reason);
			continue;
		}
		it = &c->chunk->item[e->item];
		f->tied_entries++;
		f->touched += it->outcome == OUTCOME_OPEN;
		switch (e->handling) {
		case WARNING:
			log_info("batch %lld: {%.*s}: %s", c->batch_id, (int)(it->name_len < 300 ? it->name_len : 300),
			    c->chunk->names.bytes + it->name, reason);
			if (it->outcome == OUTCOME_OPEN)
				submit_chunk_set(c->chunk, e->item, OUTCOME_ACCEPTED, c->batch_id, NULL, NULL);
			break;
		case STOP_PERMISSION: case STOP_LIMIT: case STOP_EXCEPTION:
			/* not the object's fault, so it must not be held against it: it is sent again */
			if (it->outcome != OUTCOME_REJECTED) {
				f->failed += it->outcome != OUTCOME_UNSENT;
				submit_chunk_set(c->chunk, e->item, OUTCOME_UNSENT, c->batch_id, NULL, NULL);
			}
			break;
		default:
			f->failed += it->outcome != OUTCOME_REJECTED && it->outcome != OUTCOME_UNSENT;
			submit_chunk_set(c->chunk, e->item, OUTCOME_REJECTED, c->batch_id, e->code[0] ? e->code : NULL, reason);
		}
	}
}

/* Do we know of every object that was not marked that it is stored? */
static bool
reconciles(const struct submit_case *c, const struct findings *f)
{
	const struct submit_status *s = c->status;
	size_t n = c->to - c->from;

	if (s->unprocessed > 0 || (!c->settling && s->has_success && s->success > (long long)n))
		return false;
	if (f->untied == 0 && (long long)f->tied_entries >= s->errors && s->errors + (long long)f->n > 0)
		return true;
	if (!c->settling && s->has_success &&
	    (s->success == (long long)(n - f->failed) || s->success == (long long)(n - f->touched)))
		return true;
	return s->errors == 0 && f->n == 0 && !c->unreadable;
}

static int
say_stop(const struct submit_case *c, const struct entry *e, struct err *err)
{
	char reason[REASON_KEPT];

	reason_text(e, reason, 300);
	switch (e->handling) {
	case STOP_PERMISSION:
		return err_set(err, REASON_AUTH, "no permission to %s in owner \"%s\": batch %lld: %s",
		    submit_kind_deletes(c->chunk->kind) ? "delete" : "create and update", c->owner, c->batch_id, reason);
	case STOP_LIMIT:
		return err_set(err, REASON_CONTRACT, "the indicator limit of owner \"%s\" is reached: batch %lld: %s", c->owner,
		    c->batch_id, reason);
	default:
		return err_set(err, REASON_TEMPORARY, "the platform failed over batch %lld: %s", c->batch_id, reason);
	}
}

static void
note(const struct submit_case *c, const struct findings *f)
{
	const struct submit_status *s = c->status;
	size_t n = c->to - c->from;

	if (!c->settling && s->has_success && s->errors == 0 && s->unprocessed == 0 && f->n == 0 && s->success < (long long)n)
		log_info("batch %lld: sent %zu, the platform counted %lld (objects merged, or on an exclusion list)", c->batch_id, n,
		    s->success);
}

static enum submit_verdict
conclude(struct submit_case *c, struct findings *f, struct err *err)
{
	const struct submit_status *s = c->status;
	char reason[REASON_KEPT];

	if (f->stop)
		say_stop(c, f->why, err);
	else if (f->cannot_read && c->to - c->from == 1 && !c->settling) {
		reason_text(f->why, reason, sizeof(reason));
		submit_chunk_set(c->chunk, c->from, OUTCOME_REJECTED, c->batch_id, f->why->code, reason);
		return VERDICT_SETTLED;
	} else if (f->cannot_read && !c->settling)
		return VERDICT_BISECT;
	else if (f->try_again && !c->retried && !c->settling)
		return VERDICT_RETRY;
	else if (s->unprocessed > 0 && !c->retried && !c->settling)
		return VERDICT_RETRY;	/* an error halted it: once more without halting */
	mark(c, f);
	if (f->stop && s->has_success && s->success == 0)
		submit_chunk_rest(c->chunk, c->from, c->to, OUTCOME_UNSENT, 0, NULL, NULL);
	else if (c->settling && (f->cannot_read || f->try_again))
		submit_chunk_rest(c->chunk, c->from, c->to, OUTCOME_UNSENT, c->batch_id, NULL, NULL);
	else if (reconciles(c, f)) {
		note(c, f);
		submit_chunk_rest(c->chunk, c->from, c->to, OUTCOME_ACCEPTED, c->batch_id, NULL, NULL);
	} else {
		log_warning("batch %lld: the counts do not add up (%zu sent, %lld stored, %lld errors, %lld not processed, "
		    "%zu errors tied to an object, %zu not): what is left of it is not known", c->batch_id, c->to - c->from,
		    s->success, s->errors, s->unprocessed, f->tied_entries, f->untied);
		submit_chunk_rest(c->chunk, c->from, c->to, OUTCOME_UNKNOWN, c->batch_id, NULL, NULL);
	}
	return f->stop ? VERDICT_STOP : VERDICT_SETTLED;
}

enum submit_verdict
submit_judge(struct submit_case *c, struct err *err)
{
	struct findings f;
	struct submit_tie *tie = NULL;
	enum submit_verdict verdict;

	memset(&f, 0, sizeof(f));
	if (c->list != NULL) {
		tie = submit_tie_new(c->chunk, c->from, c->to);
		read_list(c, tie, &f);
	}
	verdict = conclude(c, &f, err);
	submit_tie_free(tie);
	free(f.entry);
	return verdict;
}
