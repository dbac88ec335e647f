/* Receipts: what became of each object, told as soon as it is known. */
#include <string.h>

#include "log.h"
#include "submit_run.h"
#include "text.h"

int
submit_fail(struct submit_run *run, const struct err *err)
{
	if (run->end.reason == REASON_NONE)
		run->end = *err;
	return -1;
}

static const char *
word(enum submit_outcome outcome)
{
	switch (outcome) {
	case OUTCOME_ACCEPTED:
		return "accepted";
	case OUTCOME_REJECTED:
		return "rejected";
	case OUTCOME_UNKNOWN:
		return "unknown";
	default:
		return "unsent";
	}
}

static void
count(struct submit_run *run, enum submit_outcome outcome)
{
	switch (outcome) {
	case OUTCOME_ACCEPTED:
		run->accepted++;
		break;
	case OUTCOME_REJECTED:
		run->rejected++;
		break;
	case OUTCOME_UNKNOWN:
		run->unknown++;
		break;
	default:
		run->unsent++;
	}
}

static void
one(struct submit_run *run, const struct submit_chunk *c, const struct submit_item *it, struct buf *line)
{
	const char *code = it->why != 0 ? c->reasons.bytes + it->why : "", *reason = it->why != 0 ? code + strlen(code) + 1 : "";

	buf_clear(line);
	if ((it->batch_id > 0 && buf_addf(line, ",\"batchId\":%lld", it->batch_id) == -1) ||
	    (*code != '\0' && (buf_addz(line, ",\"code\":") == -1 || buf_add_json(line, code, strlen(code)) == -1)) ||
	    (*reason != '\0' && (buf_addz(line, ",\"reason\":") == -1 || buf_add_json(line, reason, strlen(reason)) == -1)))
		buf_clear(line);
	out_write(run->receipts, "{", 1);
	out_write(run->receipts, c->names.bytes + it->name, it->name_len);
	out_puts(run->receipts, ",\"status\":\"");
	out_puts(run->receipts, word(it->outcome));
	out_write(run->receipts, "\"", 1);
	out_write(run->receipts, line->bytes, line->len);
	out_write(run->receipts, "}\n", 2);
	count(run, it->outcome);
	if (it->outcome == OUTCOME_REJECTED)
		log_debug("refused: {%.*s}: %s %s", (int)(it->name_len < 300 ? it->name_len : 300), c->names.bytes + it->name, code, reason);
}

int
submit_tell(struct submit_run *run, struct submit_chunk *c, size_t from, size_t to)
{
	struct buf line;
	struct err err;
	size_t i;

	buf_init(&line, 16384);
	for (i = from; i < to; i++) {
		if (c->item[i].outcome == OUTCOME_OPEN)
			c->item[i].outcome = OUTCOME_UNSENT;
		one(run, c, &c->item[i], &line);
	}
	buf_release(&line);
	out_flush(run->receipts);
	return out_error(run->receipts, &err) == -1 ? submit_fail(run, &err) : 0;
}

void
submit_refuse(struct submit_run *run, const struct object *o, const char *reason)
{
	struct buf line;

	buf_init(&line, 4 << 20);
	if (object_receipt(o, "rejected", 0, NULL, reason, &line) == 0)
		out_write(run->receipts, line.bytes, line.len);
	run->rejected++;
	buf_release(&line);
}
