#include "delta_parse.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "delta.h"
#include "delta_read.h"
#include "hash.h"
#include "limit.h"
#include "object.h"
#include "xmalloc.h"

#define STACK		((size_t)1024 * 1024)
#define THREADS		3	/* at most: the caller, who reads and stores, is the narrow place then */

/* What one thread works with. */
struct bench {
	const struct feed *feed;
	struct scan	 scan, again;
	struct buf	 line;		/* the canonical form, where the input's is not */
	struct buf	 identity;
	struct delta_block *block;
};

struct delta_parser {
	struct bench	 own;		/* the caller's */
	pthread_t	 thread[THREADS];
	struct bench	 bench[THREADS];
	int		 nthread;
	pthread_mutex_t	 lock;
	pthread_cond_t	 queued, done;
	struct delta_block *queue[PARSE_BLOCKS];	/* that nobody works on yet, the oldest first */
	int		 nqueue;
	bool		 quit;
};

void
delta_block_init(struct delta_block *b, size_t capacity)
{
	memset(b, 0, sizeof(*b));
	b->bytes = xmalloc(capacity);
	buf_init(&b->text, SIZE_MAX);
}

void
delta_block_release(struct delta_block *b)
{
	free(b->bytes);
	free(b->item);
	buf_release(&b->text);
	memset(b, 0, sizeof(*b));
}

/* --- one line --- */

static struct delta_item *
add_item(struct bench *p)
{
	struct delta_block *b = p->block;

	if (b->nitem == b->itemcap) {
		b->itemcap = b->itemcap == 0 ? 1024 : b->itemcap * 2;
		b->item = xreallocarray(b->item, b->itemcap, sizeof(*b->item));
	}
	b->item[b->nitem].number = b->nline;
	return &b->item[b->nitem++];
}

/* Bytes that outlive this line: where they stand is only known when the block is done, since text may move. */
static void
keep_text(struct delta_block *b, struct delta_item *it, const char *bytes, size_t len)
{
	it->line = NULL;
	it->rec.off = b->text.len;
	(void)!buf_add(&b->text, bytes, len);
	(void)!buf_add(&b->text, "", 1);
}

static void
reject(struct bench *p, const char *why)
{
	struct delta_item *it = add_item(p);

	it->nkey = 0;
	keep_text(p->block, it, why, strlen(why));
}

static void
take_object(struct bench *p, struct object *o, bool own)
{
	struct delta_item *it;
	int n;

	buf_clear(&p->identity);
	if ((n = object_identities(o, &p->identity)) == 0) {
		reject(p, "its identity is too long");
		return;
	}
	it = add_item(p);
	memset(it->key, 0, sizeof(it->key));
	it->nkey = n;
	it->file = o->type == TYPE_FILE;
	it->rec.bits = rec_bits((uint32_t)delta_value_length(o, delta_value_start(o->type)), o->type,
	    o->action == ACTION_DELETE ? RETRACT_DELETE : o->inactive_line ? RETRACT_INACTIVE : RETRACT_NO);
	delta_keys(it->key, &p->identity, n);
	memcpy(it->rec.key, it->key[0], STATE_KEY);
	if (rec_retract(&it->rec) == RETRACT_NO) {
		delta_content_hash(p->feed, o, it->rec.hash);
		delta_prints(o, &it->prints);
	} else {
		memset(it->rec.hash, 0, sizeof(it->rec.hash));
		it->prints.n = 0;
	}
	it->rec.len = (uint32_t)o->scan->len;
	if (own)
		keep_text(p->block, it, o->scan->bytes, o->scan->len);
	else
		it->line = o->scan->bytes;
}

static void
take_line(struct bench *p, const char *line, size_t len)
{
	struct object o;
	struct err why;

	p->block->nline++;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0)
		return;
	if (len > LIMIT_LINE) {
		reject(p, "longer than 1 MiB");
		return;
	}
	if (object_read(&o, &p->scan, line, len, &why) == -1) {
		reject(p, why.text);
		return;
	}
	if (o.action == ACTION_DELETE || !o.canonical || o.batch_id != 0) {
		enum object_action action = o.action;
		bool inactive = o.inactive_line;

		buf_clear(&p->line);
		if (object_canonical(&o, true, &p->line) == -1) {
			reject(p, "longer than 1 MiB in its canonical form");
			return;
		}
		if (object_read(&o, &p->again, p->line.bytes, p->line.len, &why) == -1) {
			reject(p, why.text);
			return;
		}
		o.action = action;
		o.inactive_line = inactive;
		take_object(p, &o, true);
		return;
	}
	take_object(p, &o, false);
}

static void
parse(struct bench *p, struct delta_block *b)
{
	const char *at = b->bytes, *end = b->bytes + b->len, *nl;
	size_t i;

	p->block = b;
	b->nitem = 0;
	b->nline = 0;
	b->tail_bad = false;
	buf_clear(&b->text);
	for (; (nl = memchr(at, '\n', (size_t)(end - at))) != NULL; at = nl + 1)
		take_line(p, at, (size_t)(nl - at));
	if (at < end) {
		i = b->nitem;
		take_line(p, at, (size_t)(end - at));
		b->tail_bad = b->nitem > i && b->item[i].nkey == 0;
	}
	for (i = 0; i < b->nitem; i++)
		if (b->item[i].line == NULL)
			b->item[i].line = b->text.bytes + b->item[i].rec.off;
}

/* --- the threads --- */

/* Takes the oldest block that nobody works on; NULL: none. The lock is held. */
static struct delta_block *
take_block(struct delta_parser *p)
{
	struct delta_block *b = p->queue[0];

	if (p->nqueue == 0)
		return NULL;
	memmove(p->queue, p->queue + 1, (size_t)--p->nqueue * sizeof(p->queue[0]));
	return b;
}

/* The lock is held before and after, not during. */
static void
work_on(struct delta_parser *p, struct bench *bench, struct delta_block *b)
{
	pthread_mutex_unlock(&p->lock);
	parse(bench, b);
	pthread_mutex_lock(&p->lock);
	b->done = true;
	pthread_cond_signal(&p->done);
}

struct start {
	struct delta_parser *p;
	struct bench	*bench;
};

static void *
work(void *arg)
{
	struct start at = *(struct start *)arg;
	struct delta_parser *p = at.p;
	struct delta_block *b;

	free(arg);
	pthread_mutex_lock(&p->lock);
	for (;;) {
		while ((b = take_block(p)) == NULL && !p->quit)
			pthread_cond_wait(&p->queued, &p->lock);
		if (b == NULL)
			break;
		work_on(p, at.bench, b);
	}
	pthread_mutex_unlock(&p->lock);
	hash_thread_end();
	return NULL;
}

static void
bench_init(struct bench *b, const struct feed *f)
{
	b->feed = f;
	scan_init(&b->scan);
	scan_init(&b->again);
	buf_init(&b->line, LIMIT_LINE);
	buf_init(&b->identity, 4 * LIMIT_LINE);
}

static void
bench_release(struct bench *b)
{
	scan_release(&b->scan);
	scan_release(&b->again);
	buf_release(&b->line);
	buf_release(&b->identity);
}

/* Signals are the caller's, and its malloc arena is shared: others would reserve 64 MiB of addresses each. */
static void
start_threads(struct delta_parser *p)
{
	int cpus, wanted;
	pthread_attr_t attr;
	sigset_t all, old;
	struct start *at;
	cpu_set_t set;

	cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 2;
	wanted = cpus - 1 < THREADS ? cpus - 1 : THREADS;
	mallopt(M_ARENA_MAX, 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (; p->nthread < wanted; p->nthread++) {
		at = xmalloc(sizeof(*at));
		*at = (struct start){ p, &p->bench[p->nthread] };
		bench_init(at->bench, p->own.feed);
		if (pthread_create(&p->thread[p->nthread], &attr, work, at) != 0) {
			/* fewer, or none: the caller does it */
			bench_release(at->bench);
			free(at);
			break;
		}
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
}

struct delta_parser *
delta_parser_new(const struct feed *f)
{
	struct delta_parser *p = xcalloc(1, sizeof(*p));

	object_prepare();
	bench_init(&p->own, f);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->queued, NULL);
	pthread_cond_init(&p->done, NULL);
	start_threads(p);
	return p;
}

void
delta_parse_start(struct delta_parser *p, struct delta_block *b)
{
	pthread_mutex_lock(&p->lock);
	b->done = false;
	p->queue[p->nqueue++] = b;
	pthread_cond_signal(&p->queued);
	pthread_mutex_unlock(&p->lock);
}

bool
delta_parse_done(struct delta_parser *p, const struct delta_block *b)
{
	bool done;

	pthread_mutex_lock(&p->lock);
	done = b->done;
	pthread_mutex_unlock(&p->lock);
	return done;
}

void
delta_parse_wait(struct delta_parser *p, const struct delta_block *b)
{
	struct delta_block *other;

	pthread_mutex_lock(&p->lock);
	while (!b->done)
		if ((other = take_block(p)) != NULL)
			work_on(p, &p->own, other);
		else
			pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void
delta_parser_free(struct delta_parser *p)
{
	int i;

	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->queued);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->nthread; i++) {
		pthread_join(p->thread[i], NULL);
		bench_release(&p->bench[i]);
	}
	bench_release(&p->own);
	pthread_cond_destroy(&p->queued);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
