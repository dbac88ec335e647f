#include "submit_run.h"

#include <stdlib.h>

#include "date.h"
#include "submit_slot.h"
#include "xmalloc.h"

static bool
ended(const struct submit_run *run)
{
	return run->end.reason != REASON_NONE || *run->stop;
}

static void
clear(struct slot *s)
{
	s->busy = false;
	submit_chunk_clear(&s->chunk, SUBMIT_GROUPS);
}

/* A new chunk begins: the search for poisoned objects may take some uploads, but not a chunk's worth. */
static void
begin(struct slot *s)
{
	size_t n;

	s->busy = true;
	s->uploads_left = 24;
	for (n = s->chunk.n; n > 1; n /= 2)
		s->uploads_left += 8;
	slot_push(s, 0, s->chunk.n, false);
}

/* Sends what can be sent and asks what is due; true: something was done. */
static bool
step(struct flight *f)
{
	bool did = false;
	int i;

	for (i = 0; i < f->run->in_flight && !ended(f->run); i++) {
		struct slot *s = &f->slot[i];

		if (!s->busy)
			continue;
		if (s->polling && date_monotonic_ms() >= s->next) {
			slot_poll(f, s);
			did = true;
		}
		while (!s->polling && s->nparts > 0 && !ended(f->run)) {
			slot_send(f, s);
			did = true;
		}
		if (!s->polling && s->nparts == 0)
			clear(s);
	}
	return did;
}

static struct slot *
free_slot(struct flight *f)
{
	int i;

	for (i = 0; i < f->run->in_flight; i++)
		if (!f->slot[i].busy)
			return &f->slot[i];
	return NULL;
}

static int
busy(const struct flight *f)
{
	int i, n = 0;

	for (i = 0; i < f->run->in_flight; i++)
		n += f->slot[i].busy;
	return n;
}

/* Milliseconds until the next batch is due; -1: none is out. */
static long
until_due(const struct flight *f)
{
	int64_t now = date_monotonic_ms(), next = INT64_MAX;
	int i;

	for (i = 0; i < f->run->in_flight; i++)
		if (f->slot[i].busy && f->slot[i].polling && f->slot[i].next < next)
			next = f->slot[i].next;
	return next == INT64_MAX ? -1 : next <= now ? 0 : (long)(next - now);
}

/* What the input still holds was certainly not sent, and its receipts say so. */
static void
drain(struct flight *f, struct submit_chunk *c)
{
	struct err err;
	int rc;

	do {
		if (c->n > 0 && submit_tell(f->run, c, 0, c->n) == -1)
			return;
		submit_chunk_clear(c, c->kind);
		rc = *f->run->stop ? 0 : submit_lanes_next(f->lanes, c, -1, &err);
	} while (rc == 1);
}

static void
swap(struct submit_chunk *a, struct submit_chunk *b)
{
	struct submit_chunk c = *a;

	*a = *b;
	*b = c;
}

void
submit_run(struct submit_run *run, struct submit_lanes *lanes)
{
	struct flight f = { .run = run, .lanes = lanes, .started = date_monotonic_ms() };
	struct submit_chunk next;	/* being filled, or waiting for the kind before it to be complete */
	bool full = false, more = true;
	int kind = -1, i, rc;
	struct slot *s;
	struct err err = { 0 };

	f.slot = xcalloc((size_t)run->in_flight, sizeof(*f.slot));
	for (i = 0; i < run->in_flight; i++)
		submit_chunk_init(&f.slot[i].chunk);
	submit_chunk_init(&next);
	while (!ended(run)) {
		if (step(&f))
			continue;
		if (more && !full && (s = free_slot(&f)) != NULL) {
			/* into the memory of the chunk that is over: so one is held and not two */
			if (next.n == 0 && s->chunk.text.cap > next.text.cap)
				swap(&s->chunk, &next);
			rc = submit_lanes_next(lanes, &next, until_due(&f), &err);
			if (rc == -1)
				submit_fail(run, &err);
			more = rc != 0;
			full = rc == 1;
			if (rc != 1 && rc != 0)
				continue;
		}
		s = free_slot(&f);
		if (full && s != NULL && (busy(&f) == 0 || (int)next.kind == kind)) {
			swap(&s->chunk, &next);
			kind = (int)s->chunk.kind;
			full = false;
			begin(s);
			continue;
		}
		if (busy(&f) == 0 && !more && !full)
			break;
		http_wait(until_due(&f), run->stop);
	}
	for (i = 0; i < run->in_flight; i++)
		if (f.slot[i].busy)
			slot_give_up(&f, &f.slot[i]);
	if (ended(run))
		drain(&f, &next);
	for (i = 0; i < run->in_flight; i++) {
		submit_chunk_release(&f.slot[i].chunk);
		free(f.slot[i].part);
	}
	submit_chunk_release(&next);
	free(f.slot);
}
