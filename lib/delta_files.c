/* File objects: which of them are one, by any shared hash. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta_read.h"
#include "io.h"
#include "xmalloc.h"

#define BUCKETS		256
#define PIECE		340	/* items a write: under 8 KiB */

/* A hash or row key, and the File of the run that has it. */
struct item {
	uint8_t		key[STATE_KEY];
	uint32_t	file;
};

/* Items on disk by the second byte of their keys, as in delta_spool. */
struct buckets {
	int		 fd;
	uint64_t	 end;
	struct item	*head[BUCKETS];		/* not written yet */
	uint32_t	 nhead[BUCKETS];
	uint64_t	*piece[BUCKETS];
	uint32_t	 npiece[BUCKETS];
	struct item	*loaded;
	size_t		 cap;
};

/* One File as it stands on disk until its key is known. */
struct waiting {
	struct rec	 rec;
	uint8_t		 key[3][STATE_KEY];
	uint32_t	 nkey;
};

struct delta_files {
	struct buckets	 hash, link;
	struct out	 out;		/* the waiting ones, in order of arrival */
	int		 fd;
	uint32_t	 n;
	uint32_t	*parent;	/* union-find over the run's Files */
	uint8_t		(*key)[STATE_KEY];	/* of each root */
	uint8_t		*known;		/* root has the key of a row */
};

/* --- buckets --- */

static void
buckets_free(struct buckets *b)
{
	int i;

	for (i = 0; i < BUCKETS; i++) {
		free(b->head[i]);
		free(b->piece[i]);
	}
	free(b->loaded);
	if (b->fd != -1)
		close(b->fd);
}

static int
bucket_add(struct buckets *b, const uint8_t key[STATE_KEY], uint32_t file, struct err *err)
{
	int i = key[1];
	struct item *it;

	if (b->head[i] == NULL)
		b->head[i] = xmalloc(PIECE * sizeof(*it));
	it = &b->head[i][b->nhead[i]++];
	memcpy(it->key, key, STATE_KEY);
	it->file = file;
	if (b->nhead[i] < PIECE)
		return 0;
	if (io_spool_write(b->fd, b->head[i], PIECE * sizeof(*it), b->end, err) == -1)
		return -1;
	if ((b->npiece[i] & (b->npiece[i] - 1)) == 0)	/* grows at powers of two */
		b->piece[i] = xreallocarray(b->piece[i], b->npiece[i] == 0 ? 1 : 2 * (size_t)b->npiece[i], sizeof(uint64_t));
	b->piece[i][b->npiece[i]++] = b->end;
	b->end += PIECE * sizeof(*it);
	b->nhead[i] = 0;
	return 0;
}

static int
by_item(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = memcmp(x->key, y->key, STATE_KEY);

	return c != 0 ? c : x->file < y->file ? -1 : x->file > y->file;
}

static int
bucket_load(struct buckets *b, int i, size_t *n, struct err *err)
{
	size_t all = (size_t)b->npiece[i] * PIECE + b->nhead[i];
	uint32_t k;

	if (all > b->cap) {
		b->cap = all + all / 4;
		free(b->loaded);
		b->loaded = xmalloc(b->cap * sizeof(*b->loaded));
	}
	for (k = 0; k < b->npiece[i]; k++)
		if (io_spool_read(b->fd, b->loaded + (size_t)k * PIECE, PIECE * sizeof(struct item), PIECE * sizeof(struct item), b->piece[i][k], err) == -1)
			return -1;
	if (b->nhead[i] > 0)
		memcpy(b->loaded + (size_t)b->npiece[i] * PIECE, b->head[i], b->nhead[i] * sizeof(struct item));
	if (all > 1)
		qsort(b->loaded, all, sizeof(*b->loaded), by_item);
	*n = all;
	return 0;
}

/* --- the Files --- */

struct delta_files *
delta_files_new(struct err *err)
{
	struct delta_files *f = xcalloc(1, sizeof(*f));

	f->fd = f->hash.fd = f->link.fd = -1;
	if ((f->fd = io_spool(err)) == -1 || (f->hash.fd = io_spool(err)) == -1 || (f->link.fd = io_spool(err)) == -1) {
		delta_files_free(f);
		return NULL;
	}
	out_init(&f->out, f->fd, "the spool file", 64 * 1024);
	return f;
}

void
delta_files_free(struct delta_files *f)
{
	if (f == NULL)
		return;
	buckets_free(&f->hash);
	buckets_free(&f->link);
	out_release(&f->out);
	if (f->fd != -1)
		close(f->fd);
	free(f->parent);
	free(f->key);
	free(f->known);
	free(f);
}

int
delta_files_add(struct delta_files *f, const struct rec *rec, uint8_t key[3][STATE_KEY], int n, struct err *err)
{
	struct waiting w;
	int i;

	if (f->n == UINT32_MAX)
		return err_set(err, REASON_CONTRACT, "more than %u File objects", UINT32_MAX);
	memset(&w, 0, sizeof(w));
	w.rec = *rec;
	w.nkey = (uint32_t)n;
	memcpy(w.key, key, (size_t)n * STATE_KEY);
	out_write(&f->out, (const char *)&w, sizeof(w));
	for (i = 0; i < n; i++)
		if (bucket_add(&f->hash, key[i], f->n, err) == -1)
			return -1;
	f->n++;
	return out_error(&f->out, err);
}

static uint32_t
root_of(struct delta_files *f, uint32_t i)
{
	while (f->parent[i] != i) {
		f->parent[i] = f->parent[f->parent[i]];
		i = f->parent[i];
	}
	return i;
}

static void
join(struct delta_files *f, uint32_t a, uint32_t b)
{
	a = root_of(f, a);
	b = root_of(f, b);
	if (a < b)
		f->parent[b] = a;
	else
		f->parent[a] = b;
}

/* --- what the state knows of a bucket's hashes --- */

struct hashes {
	struct item	*item;		/* of the bucket, sorted */
	size_t		 n, at;
	struct delta_files *files;
};

/* The state lists a hash, too: the Files with it belong to that row. */
static int
listed(struct hashes *h, const uint8_t *hash, const uint8_t *row, struct err *err)
{
	while (h->at < h->n && memcmp(h->item[h->at].key, hash, STATE_KEY) < 0)
		h->at++;
	if (h->at == h->n || memcmp(h->item[h->at].key, hash, STATE_KEY) != 0)
		return 0;
	return bucket_add(&h->files->link, row, h->item[h->at].file, err);
}

static int
on_row(void *arg, struct row *r, struct err *err)
{
	return r->type == TYPE_FILE ? listed(arg, r->key, r->key, err) : 0;
}

static int
on_alias(void *arg, const uint8_t *alias, const uint8_t *key, struct err *err)
{
	return listed(arg, alias, key, err);
}

static int
link_hashes(struct delta_files *f, struct state *state, struct err *err)
{
	struct hashes h = { .files = f };
	uint8_t from[STATE_KEY] = { 2 }, to[STATE_KEY] = { 2 };
	size_t k;
	int i;

	for (i = 0; i < BUCKETS; i++) {
		if (bucket_load(&f->hash, i, &h.n, err) == -1)
			return -1;
		h.item = f->hash.loaded;
		for (k = 1; k < h.n; k++)
			if (memcmp(h.item[k - 1].key, h.item[k].key, STATE_KEY) == 0)
				join(f, h.item[k - 1].file, h.item[k].file);
		if (h.n == 0 || state->db == NULL)
			continue;
		from[1] = (uint8_t)i;
		to[0] = i == BUCKETS - 1 ? 3 : 2;
		to[1] = (uint8_t)(i + 1);
		h.at = 0;
		if (state_scan(state, from, to, on_row, &h, err) == -1)
			return -1;
		h.at = 0;
		if (state_alias_scan(state, from, to, on_alias, &h, err) == -1)
			return -1;
	}
	return 0;
}

/* Files that lead to the same row are one, and then each set takes its smallest row's key. */
static int
link_rows(struct delta_files *f, struct buf *absorbed, struct err *err)
{
	const struct item *it;
	uint32_t root;
	size_t n, k;
	int i, pass;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < BUCKETS; i++) {
			if (bucket_load(&f->link, i, &n, err) == -1)
				return -1;
			for (k = 0; k < n; k++) {
				it = &f->link.loaded[k];
				if (pass == 0) {
					if (k > 0 && memcmp(it[-1].key, it->key, STATE_KEY) == 0)
						join(f, it[-1].file, it->file);
					continue;
				}
				/* rows come in key order: the first is the smallest */
				root = root_of(f, it->file);
				if (!f->known[root]) {
					f->known[root] = 1;
					memcpy(f->key[root], it->key, STATE_KEY);
				} else if (memcmp(f->key[root], it->key, STATE_KEY) != 0 && (k == 0 || memcmp(it[-1].key, it->key, STATE_KEY) != 0) &&
				    buf_add(absorbed, (const char *)it->key, STATE_KEY) == -1)
					return err_set(err, REASON_STATE, "too many Files of the state are the same file");
			}
		}
	return 0;
}

static int
give_out(struct delta_files *f, struct spool *spool, bool keys_only, struct err *err)
{
	struct waiting w[64];
	uint32_t i, k, n, root;

	for (i = 0; i < f->n; i += n) {
		n = f->n - i < 64 ? f->n - i : 64;
		if (io_spool_read(f->fd, w, n * sizeof(w[0]), n * sizeof(w[0]), (uint64_t)i * sizeof(w[0]), err) == -1)
			return -1;
		for (k = 0; k < n; k++) {
			root = root_of(f, i + k);
			if (!keys_only) {
				memcpy(w[k].rec.key, f->key[root], STATE_KEY);
				if (spool_add_rec(spool, &w[k].rec, err) == -1)
					return -1;
			} else if (!f->known[root])
				for (uint32_t j = 0; j < w[k].nkey; j++)
					if (memcmp(w[k].key[j], f->key[root], STATE_KEY) < 0)
						memcpy(f->key[root], w[k].key[j], STATE_KEY);
		}
	}
	return 0;
}

int
delta_files_link(struct delta_files *f, struct state *state, struct spool *spool, struct buf *absorbed, struct err *err)
{
	uint32_t i;

	if (out_flush(&f->out) == -1)
		return out_error(&f->out, err);
	if (f->parent == NULL) {
		f->parent = xreallocarray(NULL, f->n, sizeof(*f->parent));
		f->key = xreallocarray(NULL, f->n, sizeof(*f->key));
		f->known = xmalloc(f->n);
	}
	/* a second call, after the state was repaired, starts from nothing */
	for (i = 0; i < f->n; i++)
		f->parent[i] = i;
	memset(f->key, 0xff, (size_t)f->n * STATE_KEY);
	memset(f->known, 0, f->n);
	memset(f->link.nhead, 0, sizeof(f->link.nhead));
	memset(f->link.npiece, 0, sizeof(f->link.npiece));
	f->link.end = 0;
	buf_clear(absorbed);
	if (link_hashes(f, state, err) == -1 || link_rows(f, absorbed, err) == -1 || give_out(f, spool, true, err) == -1)
		return -1;
	return give_out(f, spool, false, err);
}
