/* commit: receipts become state, a transaction a batch, while the pipe still runs. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta_select.h"
#include "limit.h"
#include "log.h"
#include "receipt.h"
#include "xmalloc.h"

#define IDLE_MS		200	/* a batch's receipts come in one go: after this long a silence, what is there is kept */
#define NAMED		10	/* warnings of one kind; the rest is only counted */

struct commit {
	struct delta	*d;
	struct receipt	 receipt;
	struct scan	 scan;
	bool		 open;
	long long	 batch;		/* of the transaction that is open */
	long long	 lines, invalid;
	long long	 accepted, rejected, unknown, unsent, foreign, repeated;
	long long	 fresh;		/* receipts for what the last filter or expire sent, not for an old doubt */
	long long	 noted[4];	/* of these, accepted, rejected, unknown, unsent that are in the run's note */
};

/* --- what a receipt does to its row --- */

/*
 * The platform has made one file of several (fileMergeMode): rows that the
 * accepted one's hashes used to name are the accepted one now.
 */
static int
absorb(struct state *s, const struct row *r, struct err *err)
{
	uint8_t key[3][STATE_KEY], other[3][STATE_KEY], own[STATE_KEY];
	struct row old;
	int n, m, found;

	memcpy(own, r->key, STATE_KEY);
	n = delta_row_keys(r, key);
	while (n-- > 0) {
		if (memcmp(key[n], own, STATE_KEY) == 0)
			continue;
		if ((found = state_get(s, key[n], &old, err)) == -1)
			return -1;
		if (found == 1 && memcmp(old.key, key[n], STATE_KEY) == 0) {
			m = delta_row_keys(&old, other);
			if (delta_forget(s, &old, err) == -1)
				return -1;
			state_set_number(s, "known", state_number(s, "known") - ((old.flags & ROW_KNOWN) != 0));
			state_set_number(s, "active", state_number(s, "active") - ((old.flags & ROW_ACTIVE) != 0));
			while (m-- > 0)
				if (memcmp(other[m], own, STATE_KEY) != 0 && state_alias_put(s, other[m], own, err) == -1)
					return -1;
		}
		if (state_alias_put(s, key[n], own, err) == -1)
			return -1;
	}
	return 0;
}

static void
settle_counts(struct state *s, const struct row *old, const struct row *new)
{
	uint16_t n = new != NULL ? new->flags : 0;

	state_set_number(s, "known", state_number(s, "known") + ((n & ROW_KNOWN) != 0) - ((old->flags & ROW_KNOWN) != 0));
	state_set_number(s, "active", state_number(s, "active") + ((n & ROW_ACTIVE) != 0) - ((old->flags & ROW_ACTIVE) != 0));
	state_set_number(s, "pending", state_number(s, "pending") + ((n & ROW_PENDING) != 0) - ((old->flags & ROW_PENDING) != 0));
}

static int
accept(struct commit *c, struct row *r, struct err *err)
{
	struct state *s = &c->d->state;
	struct row old = *r, put;
	char *value;
	int rc;

	if (r->pend_kind == KIND_DELETE) {
		settle_counts(s, &old, NULL);
		return delta_forget(s, r, err);
	}
	r->flags = (uint16_t)(r->flags & ~(ROW_PENDING | ROW_DOUBT));
	if (r->pend_kind == KIND_INACTIVE) {
		r->flags = (uint16_t)(r->flags & ~(ROW_ACTIVE | ROW_MISSING));
		r->retract = KIND_NONE;
		settle_counts(s, &old, r);
		return state_put(s, r, err);
	}
	r->flags = (uint16_t)((r->flags | ROW_KNOWN | ROW_ACTIVE) & ~ROW_REFUSED);
	memcpy(r->hash, r->pend_hash, STATE_HASH);
	r->prints = r->pend_prints;
	r->sent_at = (uint32_t)c->d->now;
	settle_counts(s, &old, r);
	if (old.flags & ROW_REFUSED && state_ledger_delete(s, r->key, err) == -1)
		return -1;
	if (c->d->feed->keep_content && state_content_accept(s, r->key, err) == -1)
		return -1;
	if (state_put(s, r, err) == -1)
		return -1;
	if (r->type != TYPE_FILE)
		return 0;
	put = *r;
	put.value = value = xstrndup(r->value, r->value_len);	/* looking others up takes the row's own */
	rc = absorb(s, &put, err);
	free(value);
	return rc;
}

static int
refuse(struct commit *c, struct row *r, struct err *err)
{
	struct state *s = &c->d->state;
	const char *code = c->receipt.code.bytes;
	struct row old = *r;

	/* to delete what is not there is to have deleted it */
	if (r->pend_kind == KIND_DELETE && strcasecmp(code, "0x1007") == 0)
		return accept(c, r, err);
	r->flags = (uint16_t)((r->flags | ROW_REFUSED) & ~(ROW_PENDING | ROW_DOUBT));
	memcpy(r->refused_hash, r->pend_hash, STATE_HASH);
	r->refused_kind = r->pend_kind;
	r->refused_run = (uint32_t)state_number(s, "run");
	/* partial loss: the object is there, some of its metadata is not */
	if (strcasecmp(code, "0x2001") == 0 || strcasecmp(code, "0x2002") == 0) {
		if (!(r->flags & ROW_KNOWN))
			memset(r->hash, 0, STATE_HASH);
		r->flags |= ROW_KNOWN | ROW_ACTIVE;
		r->sent_at = (uint32_t)c->d->now;
	}
	settle_counts(s, &old, r);
	if (state_ledger_put(s, r->key, code, c->receipt.reason.bytes, c->d->now, err) == -1)
		return -1;
	return state_put(s, r, err);
}

static int
leave_in_doubt(struct commit *c, struct row *r, struct err *err)
{
	uint64_t batch = (uint64_t)c->receipt.batch_id;

	if (r->flags & ROW_DOUBT && (r->batch == batch || batch == 0))
		return 0;
	r->flags |= ROW_DOUBT;
	r->batch = batch;
	r->doubt_runs = 0;
	return state_put(&c->d->state, r, err);
}

/* Certainly not on the platform: as before it was sent. */
static int
take_back(struct commit *c, struct row *r, struct err *err)
{
	struct state *s = &c->d->state;
	struct row old = *r;

	r->flags = (uint16_t)(r->flags & ~(ROW_PENDING | ROW_DOUBT));
	if (!(r->flags & (ROW_KNOWN | ROW_REFUSED))) {
		settle_counts(s, &old, NULL);
		return delta_forget(s, r, err);
	}
	settle_counts(s, &old, r);
	return state_put(s, r, err);
}

static int
apply(struct commit *c, struct err *err)
{
	struct row r;
	int found = delta_find(c->d, &c->receipt.identity, c->receipt.nidentity, &r, err);

	if (found == -1)
		return -1;
	if (found == 0) {
		if (++c->foreign <= NAMED) {
			const char *p = strrchr(c->receipt.identity.bytes, '\x1f');

			log_warning("a receipt for an object that this state does not know: %s", p != NULL ? p + 1 : c->receipt.identity.bytes);
		}
		return 0;
	}
	if (!(r.flags & ROW_PENDING)) {
		c->repeated++;
		return 0;
	}
	if (!(r.flags & ROW_DOUBT))
		c->fresh++;
	switch (c->receipt.status) {
	case RECEIPT_ACCEPTED:
		c->accepted++;
		return accept(c, &r, err);
	case RECEIPT_REJECTED:
		c->rejected++;
		return refuse(c, &r, err);
	case RECEIPT_UNKNOWN:
		c->unknown++;
		return leave_in_doubt(c, &r, err);
	default:
		c->unsent++;
		return take_back(c, &r, err);
	}
}

/* --- transactions --- */

static int
not_saved(struct err *err)
{
	return err_prefix(err, "the platform has acknowledged, the state is not saved (it will be sent again): ");
}

static int
end_batch(struct commit *c, struct err *err)
{
	static const char *const name[] = { "receipts.accepted", "receipts.rejected", "receipts.unknown", "receipts.unsent" };
	long long now[4] = { c->accepted, c->rejected, c->unknown, c->unsent }, add[4];
	int i;

	if (!c->open || !c->d->state.in_transaction)
		return 0;
	for (i = 0; i < 4; i++)
		add[i] = now[i] - c->noted[i];
	if (delta_run_add(c->d, (uint32_t)state_number(&c->d->state, "run"), name, add, 4, err) == -1 ||
	    state_commit(&c->d->state, err) == -1)
		return not_saved(err);
	memcpy(c->noted, now, sizeof(now));
	return 0;
}

static int
open_at_first(struct commit *c, struct err *err)
{
	if (c->open)
		return 0;
	if (delta_open(c->d, STATE_WRITE, err) == -1)
		return -1;
	c->open = true;
	if (c->d->state.db == NULL || state_number(&c->d->state, "run") == 0)
		return err_set(err, REASON_STATE, "there is no filter run of feed %s, owner '%s', in %s: these receipts belong to another state",
		    c->d->feed->id, c->d->owner, c->d->dir);
	return 0;
}

static int
take_line(struct commit *c, const char *line, size_t len, bool whole, struct err *err)
{
	struct err why;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0)
		return 0;
	c->lines++;
	if (receipt_read(&c->receipt, &c->scan, line, len, &why) == -1) {
		if (!whole) {
			c->lines--;
			log_info("the last receipt was cut and is ignored");
			return 0;
		}
		if (++c->invalid <= NAMED)
			log_warning("line %lld is no receipt: %s", c->lines, why.text);
		return 0;
	}
	if (open_at_first(c, err) == -1)
		return -1;
	if (c->d->state.in_transaction && c->receipt.batch_id != c->batch && end_batch(c, err) == -1)
		return -1;
	c->batch = c->receipt.batch_id;
	if (state_begin(&c->d->state, err) == -1 || apply(c, err) == -1)
		return not_saved(err);
	return 0;
}

/* Nothing more for a while? Then what has come is kept now. */
static int
before_read(struct commit *c, struct err *err)
{
	struct pollfd p = { STDIN_FILENO, POLLIN, 0 };

	if (c->open && c->d->state.in_transaction && poll(&p, 1, IDLE_MS) == 0)
		return end_batch(c, err);
	return 0;
}

static int
read_receipts(struct commit *c, struct err *err)
{
	size_t cap = LIMIT_LINE + 64 * KIB, have = 0, at;
	char *bytes = xmalloc(cap), *nl;
	bool skipping = false;
	ssize_t n;
	int rc = -1;

	for (;;) {
		if (before_read(c, err) == -1)
			goto done;
		n = io_read(STDIN_FILENO, bytes + have, cap - have);
		if (n == -1) {
			err_set(err, REASON_STATE, "cannot read standard input: %s", strerror(errno));
			goto done;
		}
		if (n == 0)
			break;
		have += (size_t)n;
		for (at = 0; (nl = memchr(bytes + at, '\n', have - at)) != NULL; at = (size_t)(nl - bytes) + 1) {
			if (!skipping && take_line(c, bytes + at, (size_t)(nl - bytes) - at, true, err) == -1)
				goto done;
			skipping = false;
		}
		memmove(bytes, bytes + at, have - at);
		have -= at;
		if (have > LIMIT_LINE) {
			if (!skipping && ++c->invalid <= NAMED)
				log_warning("a line longer than 1 MiB is no receipt");
			skipping = true;
			have = 0;
		}
		log_progress("%lld receipts", c->lines);
	}
	if (have > 0 && !skipping && take_line(c, bytes, have, false, err) == -1)
		goto done;
	rc = end_batch(c, err);
done:
	free(bytes);
	return rc;
}

static int
outcome(struct commit *c, long long pending, struct err *err)
{
	if (c->invalid > 0)
		return err_set(err, REASON_CONTRACT, "%lld lines are no receipts; the others are committed", c->invalid);
	if (c->unknown > 0)
		return err_set(err, REASON_PENDING, "the outcome of %lld objects is not known yet; the next run asks before it sends anything again",
		    c->unknown);
	if (c->unsent > 0)
		return err_set(err, REASON_PENDING, "%lld objects were not sent; the next run sends them", c->unsent);
	/* receipts that only settle old doubts say nothing about what was never uploaded: the coming filter sends that */
	if (c->fresh > 0 && pending > 0)
		return err_set(err, REASON_PENDING, "%lld objects have been handed on and not been acknowledged", pending);
	if (c->rejected > 0)
		return err_set(err, REASON_REFUSED, "the platform refused %lld objects; see tc-delta rejects", c->rejected);
	return 0;
}

int
delta_commit(struct delta *d, struct err *err)
{
	struct commit c = { .d = d };
	struct stats *st = d->tool->stats;
	long long pending = 0;
	int rc;

	receipt_init(&c.receipt);
	scan_init(&c.scan);
	rc = read_receipts(&c, err);
	if (rc == 0 && c.open) {
		struct err why;

		pending = state_number(&d->state, "pending");
		/* a copy that cannot be made costs nothing now */
		if (c.accepted + c.rejected + c.unknown + c.unsent > 0 && state_keep_copy(&d->state, &why) == -1)
			log_warning("no copy of the state was made: %s", why.text);
	}
	if (c.open)
		delta_close(d);
	stats_set(st, "receipts.accepted", c.accepted);
	stats_set(st, "receipts.rejected", c.rejected);
	stats_set(st, "receipts.unknown", c.unknown);
	stats_set(st, "receipts.unsent", c.unsent);
	stats_set(st, "receipts.foreign", c.foreign);
	stats_set(st, "receipts.repeated", c.repeated);
	stats_set(st, "receipts.invalid", c.invalid);
	stats_set(st, "state.pending", pending);
	snprintf(d->summary, sizeof(d->summary), "%lld receipts: %lld accepted, %lld rejected, %lld unknown, %lld unsent, %lld foreign, %lld repeated",
	    c.lines, c.accepted, c.rejected, c.unknown, c.unsent, c.foreign, c.repeated);
	receipt_release(&c.receipt);
	scan_release(&c.scan);
	return rc == -1 ? -1 : outcome(&c, pending, err);
}
