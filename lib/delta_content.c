/* What is kept of an object's content: a hash of all that counts, and a byte a member. */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "delta_read.h"
#include "hash.h"
#include "object_private.h"
#include "xmalloc.h"

static bool
ignored(char *const *ignore, const char *name)
{
	for (; *ignore != NULL; ignore++)
		if (strcmp(*ignore, name) == 0)
			return true;
	return false;
}

static bool
ignored_attribute(char *const *ignore, const struct scan *s, uint32_t e)
{
	uint32_t type = scan_member(s, e, "type");

	for (; *ignore != NULL; ignore++)
		if (strncmp(*ignore, "attribute:", 10) == 0 && type != SCAN_NONE && scan_is(s, type, *ignore + 10))
			return true;
	return false;
}

/* The attributes that count, as pieces of the line with our commas; none where all are ignored. */
static int
attribute_pieces(char *const *ignore, const struct object *o, uint32_t node, struct iovec *v, int max)
{
	const struct scan *s = o->scan;
	uint32_t e, end = s->node[node].next;
	int n = 0, kept = 0;

	v[n].iov_base = (void *)(size_t)",\"attribute\":[";
	v[n++].iov_len = strlen(",\"attribute\":[");
	for (e = node + 1; e < end && n < max - 3; e = s->node[e].next) {
		if (ignored_attribute(ignore, s, e))
			continue;
		if (kept++ > 0) {
			v[n].iov_base = (void *)(size_t)",";
			v[n++].iov_len = 1;
		}
		v[n].iov_base = (void *)(size_t)(s->bytes + s->node[e].off);
		v[n++].iov_len = s->node[e].len;
	}
	if (kept == 0)
		return 0;
	v[n].iov_base = (void *)(size_t)"]";
	v[n++].iov_len = 1;
	return n;
}

void
delta_content_hash(const struct feed *f, const struct object *o, uint8_t hash[STATE_HASH])
{
	const struct object_table *t = object_table(o->type);
	const struct scan *s = o->scan;
	unsigned char sum[HASH_SHA256];
	const struct scan_node *n;
	struct iovec *v;
	bool attributes = false;
	int count = 0, max, k;
	char *const *i;

	if (f->ignore == NULL || f->ignore[0] == NULL) {
		hash_sha256(sum, s->bytes, s->len);
		memcpy(hash, sum, STATE_HASH);
		return;
	}
	for (i = f->ignore; *i != NULL; i++)
		attributes = attributes || strncmp(*i, "attribute:", 10) == 0;
	max = t->n + 8;
	for (k = 0; k < t->n; k++)
		if (o->at[k] != SCAN_NONE && t->field[k].f->kind == FIELD_ATTRIBUTES)
			max += 2 * (int)s->node[o->at[k]].count + 8;
	v = xmalloc((size_t)max * sizeof(*v));
	for (k = 0; k < t->n; k++) {
		const char *name = t->field[k].f->name;
		size_t from;

		if (o->at[k] == SCAN_NONE || ignored(f->ignore, name))
			continue;
		if (attributes && t->field[k].f->kind == FIELD_ATTRIBUTES) {
			count += attribute_pieces(f->ignore, o, o->at[k], v + count, max - count);
			continue;
		}
		/* from the comma or brace before the name to the value's last byte */
		n = &s->node[o->at[k]];
		from = s->node[o->at[k] - 1].off - 2;
		v[count].iov_base = (void *)(size_t)(s->bytes + from);
		v[count++].iov_len = n->off + n->len + (n->type == SCAN_STRING) - from;
	}
	hash_sha256v(sum, v, count);
	memcpy(hash, sum, STATE_HASH);
	free(v);
}

void
delta_prints(const struct object *o, struct row_prints *p)
{
	const struct object_table *t = object_table(o->type);
	const struct scan_node *n;
	int k;

	p->n = 0;
	for (k = o->type == TYPE_NONE ? 0 : 1; k < t->n; k++) {
		if (o->at[k] == SCAN_NONE)
			continue;
		n = &o->scan->node[o->at[k]];
		p->at[p->n][0] = (uint8_t)k;
		p->at[p->n++][1] = (uint8_t)state_check((const unsigned char *)"", 0, o->scan->bytes + n->off, n->len);
	}
}
