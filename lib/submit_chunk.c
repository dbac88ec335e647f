#include "submit_chunk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "xmalloc.h"

#define TAIL	"]}"

static const struct {
	const char *name, *array;
	bool deletes;
} kinds[SUBMIT_KINDS] = {
	[SUBMIT_GROUPS] = { "groups", "group", false },
	[SUBMIT_INDICATORS] = { "indicators", "indicator", false },
	[SUBMIT_ASSOCIATIONS] = { "associations", "association", false },
	[SUBMIT_INACTIVE] = { "inactive indicators", "indicator", false },
	[SUBMIT_DELETE_INDICATORS] = { "deleted indicators", "indicator", true },
	[SUBMIT_DELETE_GROUPS] = { "deleted groups", "group", true },
};

const char *
submit_kind_name(enum submit_kind k)
{
	return kinds[k].name;
}

const char *
submit_kind_array(enum submit_kind k)
{
	return kinds[k].array;
}

bool
submit_kind_deletes(enum submit_kind k)
{
	return kinds[k].deletes;
}

int
submit_kind_of(const struct object *o)
{
	bool deletes = o->action == ACTION_DELETE;

	switch (o->class) {
	case CLASS_GROUP:
		return deletes ? SUBMIT_DELETE_GROUPS : SUBMIT_GROUPS;
	case CLASS_ASSOCIATION:
		return deletes ? -1 : SUBMIT_ASSOCIATIONS;
	default:
		return deletes ? SUBMIT_DELETE_INDICATORS : o->inactive_line ? SUBMIT_INACTIVE : SUBMIT_INDICATORS;
	}
}

void
submit_chunk_init(struct submit_chunk *c)
{
	memset(c, 0, sizeof(*c));
	/* offsets are 32 bits; no chunk comes near: the byte limit stops it, a closure of groups overshoots at most four times */
	buf_init(&c->text, GIB);
	buf_init(&c->names, GIB);
	buf_init(&c->reasons, 256 * MIB);
}

void
submit_chunk_clear(struct submit_chunk *c, enum submit_kind kind)
{
	c->kind = kind;
	buf_clear(&c->text);
	buf_clear(&c->names);
	buf_clear(&c->reasons);
	c->n = 0;
}

void
submit_chunk_release(struct submit_chunk *c)
{
	buf_release(&c->text);
	buf_release(&c->names);
	buf_release(&c->reasons);
	free(c->item);
	memset(c, 0, sizeof(*c));
}

static struct submit_item *
new_item(struct submit_chunk *c)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 1024;
		c->item = xreallocarray(c->item, c->cap, sizeof(*c->item));
	}
	memset(&c->item[c->n], 0, sizeof(*c->item));
	return &c->item[c->n];
}

int
submit_chunk_add_name(struct submit_chunk *c, const struct object *o)
{
	struct submit_item *it = new_item(c);

	it->off = (uint32_t)c->text.len;
	it->name = (uint32_t)c->names.len;
	if (object_names(o, &c->names) == -1)
		return -1;
	it->name_len = (uint32_t)(c->names.len - it->name);
	c->n++;
	return 0;
}

int
submit_chunk_add(struct submit_chunk *c, const struct object *o, const char *line, size_t len)
{
	bool ours = o->action == ACTION_DELETE || o->batch_id != 0 || scan_member(o->scan, 0, "action") != SCAN_NONE;
	size_t start = c->text.len, names = c->names.len;
	struct submit_item *it = new_item(c);

	if (c->n > 0 && buf_addc(&c->text, ',') == -1)
		return -1;
	it->off = (uint32_t)c->text.len;
	it->name = (uint32_t)names;
	if ((ours ? object_canonical(o, true, &c->text) : buf_add(&c->text, line, len)) == -1 ||
	    object_names(o, &c->names) == -1) {
		c->text.len = start;
		c->names.len = names;
		return -1;
	}
	it->len = (uint32_t)(c->text.len - it->off);
	it->name_len = (uint32_t)(c->names.len - names);
	c->n++;
	return 0;
}

static size_t
head(const struct submit_chunk *c, char out[32])
{
	return (size_t)snprintf(out, 32, "{\"%s\":[", submit_kind_array(c->kind));
}

/* The objects' bytes with the commas between them. */
static size_t
span(const struct submit_chunk *c, size_t from, size_t to)
{
	return from < to ? c->item[to - 1].off + c->item[to - 1].len - c->item[from].off : 0;
}

size_t
submit_chunk_bytes(const struct submit_chunk *c, size_t from, size_t to)
{
	char h[32];

	return head(c, h) + span(c, from, to) + strlen(TAIL);
}

int
submit_chunk_document(const struct submit_chunk *c, size_t from, size_t to, struct buf *out)
{
	char h[32];
	size_t n = head(c, h);

	return buf_add(out, h, n) == -1 ||
	    (from < to && buf_add(out, c->text.bytes + c->item[from].off, span(c, from, to)) == -1) ||
	    buf_addz(out, TAIL) == -1 ? -1 : 0;
}

void
submit_chunk_set(struct submit_chunk *c, size_t i, enum submit_outcome outcome, long long batch_id, const char *code,
    const char *reason)
{
	struct submit_item *it = &c->item[i];

	it->outcome = outcome;
	it->batch_id = batch_id;
	it->why = 0;
	if (code == NULL && reason == NULL)
		return;
	if (c->reasons.len == 0 && buf_addc(&c->reasons, '\0') == -1)
		return;
	it->why = (uint32_t)c->reasons.len;
	if (buf_add(&c->reasons, code ? code : "", code ? strlen(code) + 1 : 1) == -1 ||
	    buf_add(&c->reasons, reason ? reason : "", reason ? strlen(reason) + 1 : 1) == -1) {
		c->reasons.len = it->why;
		it->why = 0;
	}
}

void
submit_chunk_rest(struct submit_chunk *c, size_t from, size_t to, enum submit_outcome outcome, long long batch_id,
    const char *code, const char *reason)
{
	size_t i, first = SIZE_MAX;

	for (i = from; i < to; i++) {
		if (c->item[i].outcome != OUTCOME_OPEN)
			continue;
		if (first == SIZE_MAX) {
			submit_chunk_set(c, i, outcome, batch_id, code, reason);
			first = i;
			continue;
		}
		/* one text serves them all */
		c->item[i].outcome = outcome;
		c->item[i].batch_id = batch_id;
		c->item[i].why = c->item[first].why;
	}
}

/* --- as an upload --- */

void
submit_stream_init(struct submit_stream *s, const struct submit_chunk *c, size_t from, size_t to, const char *before,
    const char *after)
{
	memset(s, 0, sizeof(*s));
	s->chunk = c;
	s->from = from;
	s->to = to;
	s->before = before != NULL ? before : "";
	s->after = after != NULL ? after : "";
	head(c, s->head);
	s->total = strlen(s->before) + submit_chunk_bytes(c, from, to) + strlen(s->after);
}

/* Copies what of piece (whose first byte is at *base of the whole) is wanted from s->at on. */
static void
take(struct submit_stream *s, size_t *base, const char *piece, size_t len, char **to, size_t *room)
{
	size_t skip, n;

	if (s->at < *base + len && *room > 0) {
		skip = s->at - *base;
		n = len - skip < *room ? len - skip : *room;
		memcpy(*to, piece + skip, n);
		s->at += n;
		*to += n;
		*room -= n;
	}
	*base += len;
}

long
submit_stream_read(void *arg, char *to, size_t room)
{
	struct submit_stream *s = arg;
	size_t base = 0, start = s->at;

	take(s, &base, s->before, strlen(s->before), &to, &room);
	take(s, &base, s->head, strlen(s->head), &to, &room);
	if (s->from < s->to)
		take(s, &base, s->chunk->text.bytes + s->chunk->item[s->from].off, span(s->chunk, s->from, s->to), &to, &room);
	take(s, &base, TAIL, strlen(TAIL), &to, &room);
	take(s, &base, s->after, strlen(s->after), &to, &room);
	return (long)(s->at - start);
}

int
submit_stream_rewind(void *arg)
{
	((struct submit_stream *)arg)->at = 0;
	return 0;
}
