#include "submit_lanes.h"

#include <string.h>

#include "limit.h"
#include "log.h"

#define CIRCLE_OVERSHOOT 4	/* times the byte limit a circle of groups may make a chunk longer */
#define WINDOW	(256 * KIB)	/* bytes read back at once of what was put aside */

void
submit_lanes_init(struct submit_lanes *l, int fd, size_t max_objects, size_t max_bytes)
{
	int k;

	memset(l, 0, sizeof(*l));
	submit_lines_init(&l->lines, fd);
	scan_init(&l->scan);
	l->groups = submit_groups_new();
	for (k = 0; k < SUBMIT_KINDS; k++)
		submit_spool_init(&l->aside[k]);
	buf_init(&l->held, LIMIT_LINE);
	buf_init(&l->line, LIMIT_LINE + 1);
	submit_chunk_init(&l->waiting);
	l->max_objects = max_objects;
	l->max_bytes = max_bytes;
}

void
submit_lanes_release(struct submit_lanes *l)
{
	int k;

	submit_lines_release(&l->lines);
	scan_release(&l->scan);
	submit_groups_free(l->groups);
	for (k = 0; k < SUBMIT_KINDS; k++)
		submit_spool_release(&l->aside[k]);
	buf_release(&l->held);
	buf_release(&l->line);
	submit_chunk_release(&l->waiting);
}

static int
hold(struct submit_lanes *l, const char *line, size_t len, struct err *err)
{
	buf_clear(&l->held);
	if (buf_add(&l->held, line, len) == -1)
		return err_set(err, REASON_STATE, "a line is too long");
	l->has_held = true;
	return 0;
}

/* 1: taken; 0: no room, the chunk is full. An object alone is always taken: whether it is too large the platform says. */
static int
put(struct submit_lanes *l, struct submit_chunk *c, const struct object *o, const char *line, size_t len)
{
	if (c->n > 0 && (c->n >= l->max_objects || submit_chunk_bytes(c, 0, c->n) + 1 + len > l->max_bytes))
		return 0;
	return submit_chunk_add(c, o, line, len) == 0;
}

/* A line that is no object: counted and named, and the rest goes on. */
static void
complain(struct submit_lanes *l, const char *why)
{
	if (++l->invalid <= 10)
		log_warning("line %llu of the input is no object: %s", (unsigned long long)l->lines.number, why);
	else if (l->invalid == 11)
		log_warning("more such lines are only counted");
}

/* The next line of the input as an object. */
static enum submit_line
read_object(struct submit_lanes *l, long wait_ms, struct object *o, const char **line, size_t *len, int *kind, struct err *err)
{
	struct err why;
	enum submit_line got;

	for (;;) {
		if (l->stop != NULL && *l->stop)
			return LINE_NOT_YET;
		got = submit_lines_next(&l->lines, wait_ms, line, len, err);
		if (got == LINE_TOO_LONG) {
			complain(l, "longer than 1 MiB");
			continue;
		}
		if (got == LINE_NOT_YET && wait_ms < 0 && (l->stop == NULL || !*l->stop))
			continue;
		if (got != LINE_HERE)
			return got;
		if (*len == 0)
			continue;
		if (object_read(o, &l->scan, *line, *len, &why) == -1) {
			complain(l, why.text);
			continue;
		}
		l->read++;
		*kind = submit_kind_of(o);
		if (*kind == -1) {
			l->refuse(l->refuse_arg, o, "no batch can remove an association");
			continue;
		}
		return LINE_HERE;
	}
}

static void
break_order(struct submit_lanes *l, const char *why)
{
	l->disorder = true;
	log_debug("%s: what follows is put aside and sent in order", why);
}

/* Reads on until a chunk of indicators is full, the order is broken, or the input ends. */
static int
read_on(struct submit_lanes *l, struct submit_chunk *c, long wait_ms, struct err *err)
{
	struct object o;
	const char *line;
	size_t len;
	int kind = 0, rc;

	for (;;) {
		switch (read_object(l, wait_ms, &o, &line, &len, &kind, err)) {
		case LINE_END:
			l->eof = true;
			return 0;
		case LINE_FAILED:
			return -1;
		case LINE_NOT_YET:
			return -2;
		default:
			break;
		}
		if (kind == SUBMIT_GROUPS) {
			if (l->seen_indicator && !l->disorder)
				break_order(l, "a group stands behind indicators");
			rc = submit_groups_add(l->groups, &o, line, len, err);
			if (rc == -1)
				return -1;
			l->repeated += rc == 1;
			continue;
		}
		/* a group that has not come yet may still come: what names it waits, or the platform refuses it (0x1007) */
		if (kind == SUBMIT_INDICATORS && !l->disorder && !submit_groups_know(l->groups, &o))
			break_order(l, "an indicator names a group that has not come yet");
		if (kind == SUBMIT_INDICATORS && !l->disorder) {
			bool first = !l->seen_indicator;

			l->seen_indicator = true;
			/* in order, the groups are complete now and go before */
			if (first && submit_groups_left(l->groups) > 0)
				return hold(l, line, len, err);
			if (put(l, c, &o, line, len) == 1)
				continue;
			return hold(l, line, len, err);
		}
		if (submit_spool_add(&l->aside[kind], line, len, err) == -1)
			return -1;
	}
}

static int
group_chunk(struct submit_lanes *l, struct submit_chunk *c, struct err *err)
{
	struct object o;
	int rc;

	while ((rc = submit_groups_next(l->groups, &l->line, err)) == 1) {
		bool may_cut = submit_groups_may_cut(l->groups), full = c->n >= l->max_objects;
		size_t bytes = submit_chunk_bytes(c, 0, c->n) + 1 + l->line.len;

		if (c->n > 0 && may_cut && (full || bytes > l->max_bytes))
			return 1;
		/* a circle of groups may overshoot, but not without end */
		if (c->n >= LIMIT_CHUNK_INDICATORS || (c->n > 0 && bytes > CIRCLE_OVERSHOOT * l->max_bytes))
			return 1;
		if (object_read(&o, &l->scan, l->line.bytes, l->line.len, err) == -1)
			return -1;
		if (submit_chunk_add(c, &o, l->line.bytes, l->line.len) == -1)
			return err_set(err, REASON_STATE, "a batch document grows past its ceiling");
		submit_groups_taken(l->groups);
	}
	return rc == -1 ? -1 : c->n > 0;
}

/* The line at *at of what was put aside, out of a piece that is read at once. */
static int
aside_line(struct submit_lanes *l, const struct submit_spool *s, uint64_t at, const char **line, size_t *len, struct err *err)
{
	uint64_t size = submit_spool_size(s);
	char *to, *end = NULL;
	size_t want = WINDOW;

	if (at >= l->window_at && at < l->window_at + l->line.len) {
		to = l->line.bytes + (at - l->window_at);
		end = memchr(to, '\n', l->line.len - (size_t)(at - l->window_at));
	}
	for (; end == NULL; want *= 4) {
		if (want > LIMIT_LINE + 1)
			want = LIMIT_LINE + 1;
		if (want > size - at)
			want = (size_t)(size - at);
		buf_clear(&l->line);
		to = buf_room(&l->line, want);
		if (to == NULL || submit_spool_read(s, at, to, want, err) == -1)
			return -1;
		l->line.len = want;
		l->window_at = at;
		end = memchr(to, '\n', want);
	}
	*line = to;
	*len = (size_t)(end - to);
	return 0;
}

/* Lines put aside, from where the last chunk of them ended. */
static int
aside_chunk(struct submit_lanes *l, struct submit_chunk *c, enum submit_kind kind, struct err *err)
{
	const struct submit_spool *s = &l->aside[kind];
	uint64_t *at = &l->aside_read[kind];
	struct object o;
	const char *line;
	size_t len;

	buf_clear(&l->line);
	while (*at < submit_spool_size(s)) {
		if (aside_line(l, s, *at, &line, &len, err) == -1 || object_read(&o, &l->scan, line, len, err) == -1)
			return -1;
		if (put(l, c, &o, line, len) == 0)
			return 1;
		*at += len + 1;
	}
	return c->n > 0;
}

/* The held indicator begins the chunk of indicators it did not fit into. */
static int
take_held(struct submit_lanes *l, struct submit_chunk *c, struct err *err)
{
	struct object o;

	if (!l->has_held)
		return 0;
	if (object_read(&o, &l->scan, l->held.bytes, l->held.len, err) == -1 ||
	    submit_chunk_add(c, &o, l->held.bytes, l->held.len) == -1)
		return err_set(err, REASON_STATE, "a batch document grows past its ceiling");
	l->has_held = false;
	return 0;
}

static void
swap(struct submit_chunk *a, struct submit_chunk *b)
{
	struct submit_chunk c = *a;

	*a = *b;
	*b = c;
}

int
submit_lanes_next(struct submit_lanes *l, struct submit_chunk *c, long wait_ms, struct err *err)
{
	int k, rc;

	for (;;) {
		if (!l->eof && !l->has_held) {
			if (c->n == 0)
				submit_chunk_clear(c, SUBMIT_INDICATORS);
			if ((rc = read_on(l, c, wait_ms, err)) < 0)
				return rc;
		}
		if (submit_groups_left(l->groups) > 0) {
			if (c->n > 0)
				swap(c, &l->waiting);
			submit_chunk_clear(c, SUBMIT_GROUPS);
			return group_chunk(l, c, err);
		}
		if (l->waiting.n > 0) {
			swap(c, &l->waiting);
			submit_chunk_clear(&l->waiting, SUBMIT_INDICATORS);
		}
		if (c->n > 0) {
			/* what was put aside behind the first group out of order still goes into it */
			if (l->eof && aside_chunk(l, c, SUBMIT_INDICATORS, err) == -1)
				return -1;
			return 1;
		}
		if (!l->has_held)
			break;
		submit_chunk_clear(c, SUBMIT_INDICATORS);
		if (take_held(l, c, err) == -1)
			return -1;
	}
	for (k = SUBMIT_INDICATORS; k < SUBMIT_KINDS; k++) {
		submit_chunk_clear(c, (enum submit_kind)k);
		if ((rc = aside_chunk(l, c, (enum submit_kind)k, err)) != 0)
			return rc;
	}
	return 0;
}
