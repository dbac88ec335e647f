#include "delta_spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "xmalloc.h"

#define SLOT		((size_t)32 * 1024)	/* lines are written in pieces of this size, each of one part */
#define PAGE		((size_t)4096)
#define REC_SLOT	170			/* records a piece: 8 KiB */

struct part {
	char		*lines;		/* the slot that is being filled */
	size_t		 used;
	uint32_t	*slot, nslot, slotcap;	/* numbers of the part's slots, in order; the last one is being filled */
	struct rec	*recs;		/* as many as REC_SLOT that are not on disk */
	uint32_t	 nrecs;
	uint64_t	*piece;		/* offsets of the record pieces on disk */
	uint32_t	 npiece, piececap;
};

struct spool {
	int		 lines_fd, recs_fd;
	uint32_t	 nslot;		/* slots given out so far */
	uint64_t	 recs_end;
	struct part	 part[SPOOL_PARTS];
	struct rec	*loaded;	/* as they come, and behind them sorted */
	size_t		 loadedcap;
	/* the part whose lines are in memory */
	char		*cache;
	size_t		 cachecap;
	uint32_t	*place;		/* slot number -> place in cache + 1; as many as placecap */
	uint32_t	 placecap;
	int		 cached;	/* part, or -1 */
	char		*one;		/* a line read by itself */
	size_t		 onecap;
};

int
spool_part(const uint8_t *key)
{
	return (key[0] - 1) * 256 + key[1];
}

void
spool_part_key(int part, uint8_t key[STATE_KEY])
{
	memset(key, 0, STATE_KEY);
	key[0] = (uint8_t)(part / 256 + 1);
	key[1] = (uint8_t)(part % 256);
}

bool
spool_part_empty(const struct spool *s, int part)
{
	return s->part[part].nrecs == 0 && s->part[part].npiece == 0;
}

struct spool *
spool_new(struct err *err)
{
	struct spool *s = xcalloc(1, sizeof(*s));

	s->cached = -1;
	s->recs_fd = -1;
	if ((s->lines_fd = io_spool(err)) == -1 || (s->recs_fd = io_spool(err)) == -1) {
		spool_free(s);
		return NULL;
	}
	return s;
}

void
spool_free(struct spool *s)
{
	int i;

	if (s == NULL)
		return;
	for (i = 0; i < SPOOL_PARTS; i++) {
		free(s->part[i].lines);
		free(s->part[i].slot);
		free(s->part[i].recs);
		free(s->part[i].piece);
	}
	if (s->lines_fd != -1)
		close(s->lines_fd);
	if (s->recs_fd != -1)
		close(s->recs_fd);
	free(s->loaded);
	free(s->cache);
	free(s->place);
	free(s->one);
	free(s);
}

/* --- writing --- */

static void
new_slots(struct spool *s, struct part *p, uint32_t n)
{
	while (p->nslot + n > p->slotcap) {
		p->slotcap = p->slotcap == 0 ? 4 : p->slotcap * 2;
		p->slot = xreallocarray(p->slot, p->slotcap, sizeof(*p->slot));
	}
	for (; n > 0; n--)
		p->slot[p->nslot++] = s->nslot++;
}

static int
flush_lines(struct spool *s, struct part *p, struct err *err)
{
	if (p->used == 0)
		return 0;
	/* whole pages: the kernel need not clear the rest of the last one */
	return io_spool_write(s->lines_fd, p->lines, (p->used + PAGE - 1) / PAGE * PAGE, (uint64_t)p->slot[p->nslot - 1] * SLOT, err);
}

/* Room for len bytes in the part; where they go in *to and in the file in *off. */
static int
room(struct spool *s, struct part *p, size_t len, char **to, uint64_t *off, struct err *err)
{
	if (p->lines == NULL) {
		p->lines = xcalloc(1, SLOT);
		p->used = SLOT;
	}
	if (len > SLOT - p->used) {
		if (p->nslot > 0 && flush_lines(s, p, err) == -1)
			return -1;
		new_slots(s, p, 1);
		p->used = 0;
	}
	*to = p->lines + p->used;
	*off = (uint64_t)p->slot[p->nslot - 1] * SLOT + p->used;
	p->used += len;
	return 0;
}

/* More than a slot: slots of its own, one behind the other, and a fresh one after them. */
static int
add_long(struct spool *s, struct part *p, const char *head, size_t headlen, const char *line, size_t len, uint64_t *off, struct err *err)
{
	uint32_t n = (uint32_t)((headlen + len + SLOT - 1) / SLOT);

	if (p->lines == NULL)
		p->lines = xcalloc(1, SLOT);
	else if (p->nslot > 0 && p->used < SLOT + 1 && flush_lines(s, p, err) == -1)
		return -1;
	*off = (uint64_t)s->nslot * SLOT;
	new_slots(s, p, n);
	if (io_spool_write(s->lines_fd, head, headlen, *off, err) == -1 || io_spool_write(s->lines_fd, line, len, *off + headlen, err) == -1)
		return -1;
	new_slots(s, p, 1);
	p->used = 0;
	return 0;
}

static int
add_bytes(struct spool *s, const uint8_t *key, const char *head, size_t headlen, const char *line, size_t len, uint64_t *off, struct err *err)
{
	struct part *p = &s->part[spool_part(key)];
	char *to;

	if (headlen + len > SLOT)
		return add_long(s, p, head, headlen, line, len, off, err);
	if (room(s, p, headlen + len, &to, off, err) == -1)
		return -1;
	memcpy(to, head, headlen);
	memcpy(to + headlen, line, len);
	return 0;
}

int
spool_add_rec(struct spool *s, const struct rec *r, struct err *err)
{
	struct part *p = &s->part[spool_part(r->key)];

	if (p->recs == NULL)
		p->recs = xmalloc(REC_SLOT * sizeof(*p->recs));
	p->recs[p->nrecs++] = *r;
	if (p->nrecs < REC_SLOT)
		return 0;
	if (p->npiece == p->piececap) {
		p->piececap = p->piececap == 0 ? 4 : p->piececap * 2;
		p->piece = xreallocarray(p->piece, p->piececap, sizeof(*p->piece));
	}
	if (io_spool_write(s->recs_fd, p->recs, REC_SLOT * sizeof(*p->recs), s->recs_end, err) == -1)
		return -1;
	p->piece[p->npiece++] = s->recs_end;
	s->recs_end += REC_SLOT * sizeof(*p->recs);
	p->nrecs = 0;
	return 0;
}

int
spool_add_line(struct spool *s, const uint8_t *key, const struct row_prints *prints, const char *line, size_t len, uint64_t *off,
    struct err *err)
{
	return add_bytes(s, key, (const char *)prints, 1 + 2 * (size_t)prints->n, line, len, off, err);
}

int
spool_add(struct spool *s, struct rec *r, const struct row_prints *prints, const char *line, size_t len, struct err *err)
{
	r->len = (uint32_t)len;
	if (add_bytes(s, r->key, (const char *)prints, 1 + 2 * (size_t)prints->n, line, len, &r->off, err) == -1)
		return -1;
	return spool_add_rec(s, r, err);
}

int
spool_flush(struct spool *s, struct err *err)
{
	int i;

	for (i = 0; i < SPOOL_PARTS; i++)
		if (s->part[i].nslot > 0 && flush_lines(s, &s->part[i], err) == -1)
			return -1;
	s->cached = -1;
	return 0;
}

/* --- reading --- */

static int
by_key(const void *a, const void *b)
{
	const struct rec *x = a, *y = b;
	int c = memcmp(x->key, y->key, STATE_KEY);

	if (c == 0)
		c = memcmp(x->hash, y->hash, STATE_HASH);
	/* the same content twice: which of them is first makes no difference to any byte, but sorts must end */
	return c != 0 ? c : x->off < y->off ? -1 : x->off > y->off;
}

/*
 * Keys are hashes: their third byte deals the records out evenly, and what is
 * left in each heap is a few. Where it is not, qsort(3) has it.
 */
static void
sort_recs(struct rec *from, struct rec *to, size_t n)
{
	size_t start[257] = { 0 }, next[256], i, k;
	int h;

	for (i = 0; i < n; i++)
		start[from[i].key[2] + 1]++;
	for (h = 0; h < 256; h++) {
		start[h + 1] += start[h];
		next[h] = start[h];
	}
	for (i = 0; i < n; i++)
		to[next[from[i].key[2]]++] = from[i];
	for (h = 0; h < 256; h++) {
		if (start[h + 1] - start[h] > 40) {
			qsort(to + start[h], start[h + 1] - start[h], sizeof(*to), by_key);
			continue;
		}
		for (i = start[h] + 1; i < start[h + 1]; i++) {
			struct rec r = to[i];

			for (k = i; k > start[h] && by_key(&to[k - 1], &r) > 0; k--)
				to[k] = to[k - 1];
			to[k] = r;
		}
	}
}

int
spool_load(struct spool *s, int part, struct rec **recs, size_t *n, struct err *err)
{
	struct part *p = &s->part[part];
	size_t all = (size_t)p->npiece * REC_SLOT + p->nrecs;
	uint32_t i;

	if (all > s->loadedcap) {
		s->loadedcap = all + all / 4;
		free(s->loaded);
		s->loaded = xmalloc(2 * s->loadedcap * sizeof(*s->loaded));
	}
	for (i = 0; i < p->npiece; i++)
		if (io_spool_read(s->recs_fd, s->loaded + (size_t)i * REC_SLOT, REC_SLOT * sizeof(struct rec), REC_SLOT * sizeof(struct rec),
		    p->piece[i], err) == -1)
			return -1;
	if (p->nrecs > 0)
		memcpy(s->loaded + (size_t)p->npiece * REC_SLOT, p->recs, p->nrecs * sizeof(struct rec));
	sort_recs(s->loaded, s->loaded + s->loadedcap, all);
	*recs = s->loaded + s->loadedcap;
	*n = all;
	return 0;
}

int
spool_load_lines(struct spool *s, int part, struct err *err)
{
	struct part *p = &s->part[part];
	uint32_t i, run;

	if (s->cached == part)
		return 0;
	s->cached = -1;
	if (s->placecap < s->nslot) {
		s->place = xreallocarray(s->place, s->nslot, sizeof(*s->place));
		memset(s->place + s->placecap, 0, (s->nslot - s->placecap) * sizeof(*s->place));
		s->placecap = s->nslot;
	}
	if (p->nslot * SLOT > s->cachecap) {
		s->cachecap = (size_t)(p->nslot + p->nslot / 4 + 1) * SLOT;
		free(s->cache);
		s->cache = xmalloc(s->cachecap);
	}
	for (i = 0; i < p->nslot; i += run) {
		/* slots that stand one behind the other in the file come with one read */
		for (run = 1; i + run < p->nslot && p->slot[i + run] == p->slot[i] + run; run++)
			;
		if (io_spool_read(s->lines_fd, s->cache + (size_t)i * SLOT, run * SLOT, 0, (uint64_t)p->slot[i] * SLOT, err) == -1)
			return -1;
		for (uint32_t k = 0; k < run; k++)
			s->place[p->slot[i + k]] = i + k + 1;
	}
	s->cached = part;
	return 0;
}

static const char *
cached(struct spool *s, uint64_t off)
{
	uint32_t slot = (uint32_t)(off / SLOT), at;
	const struct part *p;

	if (s->cached == -1 || slot >= s->placecap || (at = s->place[slot]) == 0)
		return NULL;
	/* a place may be an earlier part's */
	p = &s->part[s->cached];
	return at - 1 < p->nslot && p->slot[at - 1] == slot ? s->cache + (size_t)(at - 1) * SLOT + off % SLOT : NULL;
}

int
spool_line(struct spool *s, uint64_t off, size_t len, struct row_prints *prints, const char **line, struct err *err)
{
	size_t need = 1 + 2 * (size_t)STATE_PRINTS + len;
	const char *p = cached(s, off);

	if (p == NULL) {
		if (need > s->onecap) {
			s->onecap = need + need / 2;
			free(s->one);
			s->one = xmalloc(s->onecap);
		}
		if (io_spool_read(s->lines_fd, s->one, need, 1 + len, off, err) == -1)
			return -1;
		p = s->one;
	}
	if (prints != NULL) {
		prints->n = (uint8_t)p[0];
		memcpy(prints->at, p + 1, 2 * (size_t)prints->n);
	}
	*line = p + 1 + 2 * (uint8_t)p[0];
	return 0;
}
