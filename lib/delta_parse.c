#include "delta_parse.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "delta.h"
#include "delta_read.h"
#include "limit.h"
#include "object.h"
#include "xmalloc.h"

#define STACK		((size_t)1024 * 1024)

struct delta_parser {
	const struct feed *feed;
	struct scan	 scan, again;
	struct buf	 line;		/* the canonical form, where the input's is not */
	struct buf	 identity;
	long long	 number;	/* of the line */
	struct delta_block *block;
	/* the thread, where there is one */
	bool		 threaded;
	pthread_t	 thread;
	pthread_mutex_t	 lock;
	pthread_cond_t	 changed;
	struct delta_block *todo;	/* set by the caller, cleared by the thread when done */
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
add_item(struct delta_parser *p)
{
	struct delta_block *b = p->block;

	if (b->nitem == b->itemcap) {
		b->itemcap = b->itemcap == 0 ? 1024 : b->itemcap * 2;
		b->item = xreallocarray(b->item, b->itemcap, sizeof(*b->item));
	}
	b->item[b->nitem].number = p->number;
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
reject(struct delta_parser *p, const char *why)
{
	struct delta_item *it = add_item(p);

	it->nkey = 0;
	keep_text(p->block, it, why, strlen(why));
}

static void
take_object(struct delta_parser *p, struct object *o, bool own)
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
take_line(struct delta_parser *p, const char *line, size_t len)
{
	struct object o;
	struct err why;

	p->number++;
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
parse(struct delta_parser *p, struct delta_block *b)
{
	const char *at = b->bytes, *end = b->bytes + b->len, *nl;
	size_t i;

	p->block = b;
	b->nitem = 0;
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

/* --- the thread --- */

static void *
work(void *arg)
{
	struct delta_parser *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->todo == NULL && !p->quit)
			pthread_cond_wait(&p->changed, &p->lock);
		if (p->todo == NULL)
			break;
		pthread_mutex_unlock(&p->lock);
		parse(p, p->todo);
		pthread_mutex_lock(&p->lock);
		p->todo = NULL;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Signals are the caller's, and its malloc arena is shared: one of its own would reserve 64 MiB of addresses. */
static bool
start_thread(struct delta_parser *p)
{
	pthread_attr_t attr;
	sigset_t all, old;
	cpu_set_t cpus;
	bool ok;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) < 2)
		return false;
	mallopt(M_ARENA_MAX, 1);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ok = pthread_create(&p->thread, &attr, work, p) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return ok;
}

struct delta_parser *
delta_parser_new(const struct feed *f)
{
	struct delta_parser *p = xcalloc(1, sizeof(*p));

	p->feed = f;
	scan_init(&p->scan);
	scan_init(&p->again);
	buf_init(&p->line, LIMIT_LINE);
	buf_init(&p->identity, 4 * LIMIT_LINE);
	p->threaded = start_thread(p);
	return p;
}

void
delta_parse_start(struct delta_parser *p, struct delta_block *b)
{
	if (!p->threaded) {
		parse(p, b);
		return;
	}
	pthread_mutex_lock(&p->lock);
	p->todo = b;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

void
delta_parse_wait(struct delta_parser *p)
{
	if (!p->threaded)
		return;
	pthread_mutex_lock(&p->lock);
	while (p->todo != NULL)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void
delta_parser_free(struct delta_parser *p)
{
	if (p->threaded) {
		delta_parse_wait(p);
		pthread_mutex_lock(&p->lock);
		p->quit = true;
		pthread_cond_broadcast(&p->changed);
		pthread_mutex_unlock(&p->lock);
		pthread_join(p->thread, NULL);
	}
	scan_release(&p->scan);
	scan_release(&p->again);
	buf_release(&p->line);
	buf_release(&p->identity);
	free(p);
}
