#include "submit_groups.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "limit.h"
#include "xmalloc.h"

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

struct group {
	uint64_t	 key;		/* of the xid; two xids with one key only cost an earlier place */
	uint64_t	 at;		/* in the spool */
	uint32_t	 len;
	uint32_t	 waiting;	/* taken groups that name this one while it is open */
	enum mark	 mark;
};

/* A group whose own groups are being looked at. */
struct frame {
	uint32_t	 group;
	uint32_t	*ref;		/* groups it names */
	uint32_t	 nref, next;
	uint32_t	 back;		/* how many of them are open: it closes a circle */
};

struct submit_groups {
	struct submit_spool spool;
	struct group	*group;
	uint32_t	 n, cap, from;	/* from: all before it are done */
	uint32_t	*slot;		/* hash table of group numbers + 1 */
	uint32_t	 nslot;
	struct frame	*frame;
	uint32_t	 depth, framecap;
	uint64_t	 waiting;	/* sum over open groups */
	size_t		 left;
	struct scan	 scan;
	bool		 ready;		/* the top frame's group is next, all it names is done or open */
};

struct submit_groups *
submit_groups_new(void)
{
	struct submit_groups *g = xcalloc(1, sizeof(*g));

	submit_spool_init(&g->spool);
	scan_init(&g->scan);
	return g;
}

void
submit_groups_free(struct submit_groups *g)
{
	if (g == NULL)
		return;
	while (g->depth > 0)
		free(g->frame[--g->depth].ref);
	submit_spool_release(&g->spool);
	scan_release(&g->scan);
	free(g->group);
	free(g->slot);
	free(g->frame);
	free(g);
}

size_t
submit_groups_left(const struct submit_groups *g)
{
	return g->left;
}

static uint64_t
key_of(const char *xid, size_t len)
{
	unsigned char sum[HASH_SHA256];
	uint64_t key;

	hash_sha256(sum, xid, len);
	memcpy(&key, sum, sizeof(key));
	return key;
}

static uint32_t *
find(const struct submit_groups *g, uint64_t key)
{
	uint32_t i = (uint32_t)key & (g->nslot - 1);

	while (g->slot[i] != 0 && g->group[g->slot[i] - 1].key != key)
		i = (i + 1) & (g->nslot - 1);
	return &g->slot[i];
}

static void
grow(struct submit_groups *g)
{
	uint32_t i;

	g->cap = g->cap ? 2 * g->cap : 256;
	g->group = xreallocarray(g->group, g->cap, sizeof(*g->group));
	g->nslot = 2 * g->cap;
	free(g->slot);
	g->slot = xcalloc(g->nslot, sizeof(*g->slot));
	for (i = 0; i < g->n; i++)
		*find(g, g->group[i].key) = i + 1;
}

/* The text of an xid node, in xid; escapes are rare. */
static int
xid_key(const struct scan *s, uint32_t node, uint64_t *key)
{
	struct buf text;
	int rc;

	if (node == SCAN_NONE || s->node[node].type != SCAN_STRING)
		return -1;
	if (!s->node[node].escaped) {
		*key = key_of(scan_bytes(s, node), s->node[node].len);
		return 0;
	}
	buf_init(&text, LIMIT_LINE);
	if ((rc = scan_string(s, node, &text)) == 0)
		*key = key_of(text.bytes, text.len);
	buf_release(&text);
	return rc;
}

bool
submit_groups_know(const struct submit_groups *g, const struct object *o)
{
	uint32_t refs = scan_member(o->scan, 0, "associatedGroups"), e;
	uint64_t key;

	if (refs == SCAN_NONE)
		return true;
	for (e = refs + 1; e < o->scan->node[refs].next; e = o->scan->node[e].next)
		if (xid_key(o->scan, scan_member(o->scan, e, "groupXid"), &key) == 0 && (g->n == 0 || *find(g, key) == 0))
			return false;
	return true;
}

int
submit_groups_add(struct submit_groups *g, const struct object *o, const char *line, size_t len, struct err *err)
{
	uint64_t at = submit_spool_size(&g->spool), key;
	uint32_t *slot;

	if (xid_key(o->scan, scan_member(o->scan, 0, "xid"), &key) == -1)
		return err_set(err, REASON_CONTRACT, "a group without xid");
	if (submit_spool_add(&g->spool, line, len, err) == -1)
		return -1;
	if (g->n == g->cap)
		grow(g);
	slot = find(g, key);
	if (*slot != 0 && g->group[*slot - 1].mark == MARK_NEW) {
		g->group[*slot - 1].at = at;
		g->group[*slot - 1].len = (uint32_t)len;
		return 1;
	}
	memset(&g->group[g->n], 0, sizeof(*g->group));
	g->group[g->n].key = key;
	g->group[g->n].at = at;
	g->group[g->n].len = (uint32_t)len;
	*slot = ++g->n;
	g->left++;
	return 0;
}

static int
load(struct submit_groups *g, uint32_t i, struct buf *out, struct err *err)
{
	char *to;

	buf_clear(out);
	if ((to = buf_room(out, g->group[i].len)) == NULL)
		return err_set(err, REASON_STATE, "a group's line is too long");
	if (submit_spool_read(&g->spool, g->group[i].at, to, g->group[i].len, err) == -1)
		return -1;
	out->len = g->group[i].len;
	out->bytes[out->len] = '\0';
	return 0;
}

/* Puts group i on the stack, with the groups it names that are here. out is work space. */
static int
open_group(struct submit_groups *g, uint32_t i, struct buf *out, struct err *err)
{
	uint32_t list, node, *slot;
	struct frame *f;
	uint64_t key;

	if (load(g, i, out, err) == -1 || scan_text(&g->scan, out->bytes, out->len, err) == -1)
		return -1;
	if (g->depth == g->framecap) {
		g->framecap = g->framecap ? 2 * g->framecap : 64;
		g->frame = xreallocarray(g->frame, g->framecap, sizeof(*g->frame));
	}
	f = &g->frame[g->depth++];
	memset(f, 0, sizeof(*f));
	f->group = i;
	g->group[i].mark = MARK_OPEN;
	list = scan_member(&g->scan, 0, "associatedGroupXid");
	if (list == SCAN_NONE || g->scan.node[list].type != SCAN_ARRAY || g->scan.node[list].count == 0)
		return 0;
	f->ref = xreallocarray(NULL, g->scan.node[list].count, sizeof(*f->ref));
	for (node = scan_first(&g->scan, list); node < g->scan.node[list].next; node = g->scan.node[node].next) {
		if (xid_key(&g->scan, node, &key) == -1)
			continue;
		slot = find(g, key);
		if (*slot != 0 && *slot - 1 != i)
			f->ref[f->nref++] = *slot - 1;
	}
	return 0;
}

int
submit_groups_next(struct submit_groups *g, struct buf *out, struct err *err)
{
	if (g->left == 0)
		return 0;
	if (g->ready)
		return load(g, g->frame[g->depth - 1].group, out, err) == -1 ? -1 : 1;
	if (g->depth == 0) {
		while (g->group[g->from].mark != MARK_NEW)
			g->from++;
		if (open_group(g, g->from, out, err) == -1)
			return -1;
	}
	for (;;) {
		struct frame *f = &g->frame[g->depth - 1];
		struct group *to;

		if (f->next == f->nref)
			break;
		to = &g->group[f->ref[f->next++]];
		if (to->mark == MARK_OPEN) {
			/* the order of refs is kept: those below next that are open are counted again when it is taken */
			f->ref[f->back++] = (uint32_t)(to - g->group);
		} else if (to->mark == MARK_NEW && open_group(g, (uint32_t)(to - g->group), out, err) == -1)
			return -1;
	}
	g->ready = true;
	return load(g, g->frame[g->depth - 1].group, out, err) == -1 ? -1 : 1;
}

void
submit_groups_taken(struct submit_groups *g)
{
	struct frame *f = &g->frame[g->depth - 1];
	struct group *me = &g->group[f->group];
	uint32_t i;

	for (i = 0; i < f->back; i++) {
		g->group[f->ref[i]].waiting++;
		g->waiting++;
	}
	g->waiting -= me->waiting;
	me->waiting = 0;
	me->mark = MARK_DONE;
	free(f->ref);
	g->depth--;
	g->left--;
	g->ready = false;
}

bool
submit_groups_may_cut(const struct submit_groups *g)
{
	return g->waiting == 0;
}
