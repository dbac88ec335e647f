#include "sandbox/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "hash.h"
#include "limit.h"
#include "scan.h"
#include "text.h"
#include "xmalloc.h"

static char dead_mark;
#define SLOT_DEAD ((void *)&dead_mark)

/* --- table: open addressing, keys are uniformly distributed by themselves --- */

static size_t
table_start(const struct table *t, const uint8_t key[STORE_KEY])
{
	uint64_t h;

	memcpy(&h, key, sizeof(h));
	return (size_t)h & (t->cap - 1);
}

static struct slot *
table_find(const struct table *t, const uint8_t key[STORE_KEY])
{
	size_t i;

	if (t->cap == 0)
		return NULL;
	for (i = table_start(t, key); t->slot[i].value != NULL; i = (i + 1) & (t->cap - 1))
		if (t->slot[i].value != SLOT_DEAD && memcmp(t->slot[i].key, key, STORE_KEY) == 0)
			return &t->slot[i];
	return NULL;
}

static void table_put(struct table *, const uint8_t key[STORE_KEY], void *value);

static void
table_grow(struct table *t)
{
	struct table old = *t;
	size_t i;

	t->cap = old.cap == 0 ? 1024 : old.live * 3 > old.cap ? old.cap * 2 : old.cap;
	t->used = t->live = 0;
	t->slot = xcalloc(t->cap, sizeof(*t->slot));
	for (i = 0; i < old.cap; i++)
		if (old.slot[i].value != NULL && old.slot[i].value != SLOT_DEAD)
			table_put(t, old.slot[i].key, old.slot[i].value);
	free(old.slot);
}

/* The key is not there yet. */
static void
table_put(struct table *t, const uint8_t key[STORE_KEY], void *value)
{
	size_t i;

	if ((t->used + 1) * 3 > t->cap * 2)
		table_grow(t);
	for (i = table_start(t, key); t->slot[i].value != NULL; i = (i + 1) & (t->cap - 1))
		;
	memcpy(t->slot[i].key, key, STORE_KEY);
	t->slot[i].value = value;
	t->used++;
	t->live++;
}

static void
table_remove(struct table *t, const uint8_t key[STORE_KEY])
{
	struct slot *s = table_find(t, key);

	if (s != NULL) {
		s->value = SLOT_DEAD;
		t->live--;
	}
}

/* --- objects --- */

void
store_init(struct store *s)
{
	memset(s, 0, sizeof(*s));
}

static void
entry_free(struct entry *e)
{
	free(e->line);
	free(e->edge);
	free(e);
}

void
store_clear(struct store *s)
{
	uint32_t ids = s->ids;
	size_t i;

	for (i = 0; i < s->n; i++)
		entry_free(s->all[i]);
	free(s->all);
	free(s->by_id);
	free(s->object.slot);
	free(s->link.slot);
	store_init(s);
	s->ids = ids;
	if (ids != 0)
		s->by_id = xcalloc((size_t)ids + 1 + 1024, sizeof(*s->by_id));
}

void
store_key(uint8_t key[STORE_KEY], enum tc_type type, const char *text, size_t len)
{
	unsigned char digest[HASH_SHA256], tag[2] = { (unsigned char)type, 0x1f };
	struct iovec piece[2] = { { tag, sizeof(tag) }, { (void *)(uintptr_t)text, len } };

	hash_sha256v(digest, piece, 2);
	memcpy(key, digest, STORE_KEY);
}

struct entry *
store_find(const struct store *s, const uint8_t key[STORE_KEY])
{
	struct slot *slot = table_find(&s->object, key);

	return slot != NULL ? slot->value : NULL;
}

struct entry *
store_by_id(const struct store *s, long long id)
{
	return id > 0 && id <= (long long)s->ids ? s->by_id[id] : NULL;
}

struct entry *
store_add(struct store *s, enum tc_type type)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	/* by_id always has room up to the next multiple of 1024 */
	if (s->by_id == NULL)
		s->by_id = xcalloc(1024, sizeof(*s->by_id));
	e->id = ++s->ids;
	if (e->id % 1024 == 0) {
		s->by_id = xreallocarray(s->by_id, (size_t)e->id + 1024, sizeof(*s->by_id));
		memset(s->by_id + e->id, 0, 1024 * sizeof(*s->by_id));
	}
	s->by_id[e->id] = e;
	e->type = (uint8_t)type;
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 1024 : s->cap * 2;
		s->all = xreallocarray(s->all, s->cap, sizeof(*s->all));
	}
	e->pos = (uint32_t)s->n;
	s->all[s->n++] = e;
	if (schema_class(type) == CLASS_GROUP)
		s->groups++;
	else
		s->indicators++;
	return e;
}

void
store_set_keys(struct store *s, struct entry *e, uint8_t key[][STORE_KEY], int n)
{
	int i;

	for (i = 0; i < e->nkey; i++)
		table_remove(&s->object, e->key[i]);
	e->nkey = 0;
	for (i = 0; i < n; i++) {
		if (table_find(&s->object, key[i]) != NULL)
			continue;
		memcpy(e->key[e->nkey++], key[i], STORE_KEY);
		table_put(&s->object, key[i], e);
	}
}

void
store_set_line(struct store *s, struct entry *e, const char *line, size_t len)
{
	static const char mark[] = ",\"xid\":\"";
	const char *at, *end;

	free(e->line);
	e->line = xmalloc(len + 1);
	memcpy(e->line, line, len);
	e->len = (uint32_t)len;
	e->modified = ++s->clock;
	if (schema_class(e->type) == CLASS_GROUP && (at = memmem(e->line, len, mark, sizeof(mark) - 1)) != NULL) {
		at += sizeof(mark) - 1;
		for (end = at; *end != '"'; end++)
			if (*end == '\\')
				end++;
		e->xid_off = (uint32_t)(at - e->line);
		e->xid_len = (uint32_t)(end - at);
	}
}

static void
link_key(uint8_t key[STORE_KEY], const struct entry *a, const struct entry *b, const char *type)
{
	uint32_t pair[2] = { a->id < b->id ? a->id : b->id, a->id < b->id ? b->id : a->id };
	uintptr_t t = (uintptr_t)type;
	unsigned char digest[HASH_SHA256];
	struct iovec piece[2] = { { pair, sizeof(pair) }, { &t, sizeof(t) } };

	hash_sha256v(digest, piece, 2);
	memcpy(key, digest, STORE_KEY);
}

static void
edge_add(struct entry *e, struct entry *to, const char *type)
{
	if (e->nedge == e->cap) {
		e->cap = e->cap == 0 ? 2 : e->cap * 2;
		e->edge = xreallocarray(e->edge, e->cap, sizeof(*e->edge));
	}
	e->edge[e->nedge++] = (struct edge){ to, type };
}

bool
store_link(struct store *s, struct entry *a, struct entry *b, const char *type)
{
	uint8_t key[STORE_KEY];

	link_key(key, a, b, type);
	if (a == b || table_find(&s->link, key) != NULL)
		return false;
	table_put(&s->link, key, a);
	edge_add(a, b, type);
	edge_add(b, a, type);
	return true;
}

static void
unlink_all(struct store *s, struct entry *e)
{
	struct entry *to;
	uint8_t key[STORE_KEY];
	uint32_t i, k;

	for (i = 0; i < e->nedge; i++) {
		to = e->edge[i].to;
		link_key(key, e, to, e->edge[i].type);
		table_remove(&s->link, key);
		for (k = 0; k < to->nedge; k++) {
			if (to->edge[k].to == e && to->edge[k].type == e->edge[i].type) {
				to->edge[k] = to->edge[--to->nedge];
				break;
			}
		}
	}
	e->nedge = 0;
}

void
store_move_links(struct store *s, struct entry *from, struct entry *to)
{
	struct edge *edge = from->edge;
	uint32_t n = from->nedge, i;

	edge = xreallocarray(NULL, n + 1, sizeof(*edge));
	if (n > 0)
		memcpy(edge, from->edge, n * sizeof(*edge));
	unlink_all(s, from);
	for (i = 0; i < n; i++)
		store_link(s, to, edge[i].to, edge[i].type);
	free(edge);
}

void
store_remove(struct store *s, struct entry *e)
{
	size_t i;

	unlink_all(s, e);
	for (i = 0; i < e->nkey; i++)
		table_remove(&s->object, e->key[i]);
	s->by_id[e->id] = NULL;
	s->all[e->pos] = s->all[--s->n];
	s->all[e->pos]->pos = e->pos;
	if (schema_class(e->type) == CLASS_GROUP)
		s->groups--;
	else
		s->indicators--;
	entry_free(e);
}

/* --- output --- */

static int
by_xid(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
	size_t n = x->xid_len < y->xid_len ? x->xid_len : y->xid_len;
	int c = memcmp(x->line + x->xid_off, y->line + y->xid_off, n);

	return c != 0 ? c : (x->xid_len > y->xid_len) - (x->xid_len < y->xid_len);
}

/* Indicator lines begin with type and value, so their bytes order them. */
static int
in_order(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
	bool gx = schema_class(x->type) == CLASS_GROUP, gy = schema_class(y->type) == CLASS_GROUP;
	size_t n = x->len < y->len ? x->len : y->len;
	int c;

	if (gx != gy)
		return gx ? -1 : 1;
	if (gx)
		return by_xid(a, b);
	c = memcmp(x->line, y->line, n);
	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

int
store_print(struct store *s, const struct entry *e, struct buf *out)
{
	bool group = schema_class(e->type) == CLASS_GROUP;
	struct entry **to;
	uint32_t i, n = 0;
	int rc;

	(void)s;
	if (buf_add(out, e->line, e->len - 1) == -1)
		return -1;
	to = xreallocarray(NULL, e->nedge + 1, sizeof(struct entry *));
	for (i = 0; i < e->nedge; i++)
		if (schema_class(e->edge[i].to->type) == CLASS_GROUP)
			to[n++] = e->edge[i].to;
	qsort(to, n, sizeof(struct entry *), by_xid);
	rc = n > 0 ? buf_addz(out, group ? ",\"associatedGroupXid\":[" : ",\"associatedGroups\":[") : 0;
	for (i = 0; i < n && rc == 0; i++) {
		rc = buf_addz(out, group ? (i > 0 ? ",\"" : "\"") : (i > 0 ? ",{\"groupXid\":\"" : "{\"groupXid\":\""));
		if (rc == 0)
			rc = buf_add(out, to[i]->line + to[i]->xid_off, to[i]->xid_len);
		if (rc == 0)
			rc = buf_addz(out, group ? "\"" : "\"}");
	}
	free(to);
	if (rc == 0 && n > 0)
		rc = buf_addc(out, ']');
	return rc == 0 ? buf_addc(out, '}') : -1;
}

static int
summary_of(struct scan *sc, const struct entry *e, struct buf *out)
{
	static const char *const hash[] = { "sha256", "sha1", "md5" };
	static const char *const part[] = { "Key Name", "Value Name", "Value Type" };
	struct err err;
	uint32_t i;
	int k;

	if (scan_text(sc, e->line, e->len, &err) == -1)
		return -1;
	if (schema_class(e->type) == CLASS_GROUP)
		return (i = scan_member(sc, 0, "xid")) != SCAN_NONE ? scan_string(sc, i, out) : -1;
	if (e->type == TYPE_FILE) {
		for (k = 0; k < 3; k++)
			if ((i = scan_member(sc, 0, hash[k])) != SCAN_NONE)
				return scan_string(sc, i, out);
		return -1;
	}
	if (e->type == TYPE_REGISTRY_KEY) {
		for (k = 0; k < 3; k++) {
			if (k > 0 && buf_addz(out, " : ") == -1)
				return -1;
			if ((i = scan_member(sc, 0, part[k])) != SCAN_NONE && scan_string(sc, i, out) == -1)
				return -1;
		}
		return 0;
	}
	return (i = scan_member(sc, 0, "summary")) != SCAN_NONE ? scan_string(sc, i, out) : -1;
}

int
store_summary(const struct entry *e, struct buf *out)
{
	struct scan sc;
	int rc;

	scan_init(&sc);
	rc = summary_of(&sc, e, out);
	scan_release(&sc);
	return rc;
}

static int
print_link(const struct entry *a, const struct entry *b, const char *type, struct buf *line)
{
	const struct entry *end[2] = { a, b };
	struct buf value;
	int k, rc = 0;

	buf_init(&value, 4 * LIMIT_LINE);
	if (in_order(&a, &b) > 0) {
		end[0] = b;
		end[1] = a;
	}
	for (k = 0; k < 2 && rc == 0; k++) {
		buf_clear(&value);
		if (store_summary(end[k], &value) == -1 || buf_addf(line, "%s\"ref_%d\":", k == 0 ? "{" : ",", k + 1) == -1 ||
		    buf_add_json(line, value.bytes, value.len) == -1 ||
		    buf_addf(line, ",\"type_%d\":\"%s\"", k + 1, schema_type_name(end[k]->type)) == -1)
			rc = -1;
	}
	buf_release(&value);
	return rc == 0 ? buf_addf(line, ",\"associationType\":\"%s\"}\n", type) : -1;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Associations of indicators: few enough to be sorted as texts. */
static int
write_links(struct store *s, int (*put)(void *, const char *, size_t), void *ctx, struct buf *line)
{
	char **text = NULL;
	size_t n = 0, cap = 0, i;
	uint32_t k;
	int rc = 0;

	for (i = 0; i < s->n && rc == 0; i++) {
		for (k = 0; k < s->all[i]->nedge && rc == 0; k++) {
			const struct edge *g = &s->all[i]->edge[k];

			if (g->type == NULL || g->to->id < s->all[i]->id)
				continue;
			buf_clear(line);
			rc = print_link(s->all[i], g->to, g->type, line);
			if (n == cap) {
				cap = cap == 0 ? 64 : cap * 2;
				text = xreallocarray(text, cap, sizeof(*text));
			}
			if (rc == 0)
				text[n++] = xstrndup(line->bytes, line->len);
		}
	}
	if (n > 0)
		qsort(text, n, sizeof(*text), by_bytes);
	for (i = 0; i < n; i++) {
		if (rc == 0)
			rc = put(ctx, text[i], strlen(text[i]));
		free(text[i]);
	}
	free(text);
	return rc;
}

int
store_write(struct store *s, bool with_ids, int (*put)(void *, const char *, size_t), void *ctx)
{
	struct entry **sorted = xreallocarray(NULL, s->n + 1, sizeof(struct entry *));
	struct buf line;
	size_t i;
	int rc = 0;

	if (s->n > 0)
		memcpy(sorted, s->all, s->n * sizeof(struct entry *));
	qsort(sorted, s->n, sizeof(struct entry *), in_order);
	buf_init(&line, 64 * MIB);
	for (i = 0; i < s->n && rc == 0; i++) {
		buf_clear(&line);
		rc = store_print(s, sorted[i], &line);
		if (rc == 0 && with_ids) {
			line.bytes[--line.len] = '\0';
			rc = buf_addf(&line, ",\"id\":%u}", (unsigned)sorted[i]->id);
		}
		if (rc == 0 && (rc = buf_addc(&line, '\n')) == 0)
			rc = put(ctx, line.bytes, line.len);
	}
	if (rc == 0)
		rc = write_links(s, put, ctx, &line);
	free(sorted);
	buf_release(&line);
	return rc;
}
