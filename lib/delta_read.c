#include "delta_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "delta_parse.h"
#include "io.h"
#include "limit.h"
#include "log.h"

#define BLOCK		((size_t)512 * 1024)
#define NAMED_REJECTS	10	/* warnings; the rest is only counted */

struct reader {
	struct delta_input *in;
	int		 fd;
	struct delta_block block[PARSE_BLOCKS];
	const char	*rest;		/* in the block filled before: the beginning of a line */
	size_t		 nrest;
	bool		 skipping;	/* in a line that is longer than any may be */
	bool		 end;
	bool		 open;		/* the last block's last line has no newline */
};

/* --- into the spool --- */

static void
reject(struct delta_input *in, const struct delta_item *it)
{
	long long number = in->lines + it->number;

	if (in->rejected++ == 0)
		snprintf(in->why, sizeof(in->why), "line %lld: %.200s", number, it->line);
	if (in->rejected <= NAMED_REJECTS)
		log_warning("line %lld is no object: %s", number, it->line);
}

static int
store_item(struct delta_input *in, struct delta_item *it, struct err *err)
{
	uint8_t key[3][STATE_KEY];

	in->read++;
	if (it->nkey == 0) {
		reject(in, it);
		return 0;
	}
	if (!it->file)
		return spool_add(in->spool, &it->rec, &it->prints, it->line, it->rec.len, err);
	if (in->files == NULL && (in->files = delta_files_new(err)) == NULL)
		return -1;
	/* the line goes to disk now, the record when its key is known */
	if (spool_add_line(in->spool, it->key[0], &it->prints, it->line, it->rec.len, &it->rec.off, err) == -1)
		return -1;
	memcpy(key, it->key, sizeof(key));
	return delta_files_add(in->files, &it->rec, key, it->nkey, err);
}

static int
store(struct delta_input *in, struct delta_block *b, struct err *err)
{
	size_t i;

	for (i = 0; i < b->nitem; i++)
		if (store_item(in, &b->item[i], err) == -1)
			return -1;
	in->lines += b->nline;
	log_progress("%lld objects read", in->read);
	return 0;
}

/* --- out of the descriptor --- */

/* Drops what is left of a line that was too long. */
static void
skip(struct reader *r, char *bytes, size_t *have)
{
	char *nl;

	if (!r->skipping)
		return;
	if ((nl = memchr(bytes, '\n', *have)) == NULL) {
		*have = 0;
		return;
	}
	r->skipping = false;
	*have -= (size_t)(nl + 1 - bytes);
	memmove(bytes, nl + 1, *have);
}

/*
 * Some BLOCK bytes of whole lines into b. A line that is too long goes with
 * its first bytes, enough to be refused; at the end of the input the last line
 * may have no newline.
 */
static int
fill(struct reader *r, struct delta_block *b, struct err *err)
{
	size_t have = r->nrest, cap = BLOCK + LIMIT_LINE + 2;
	char *nl;
	ssize_t n;

	if (have > 0)
		memcpy(b->bytes, r->rest, have);
	r->nrest = 0;
	for (;;) {
		if (have >= BLOCK && (nl = memrchr(b->bytes, '\n', have)) != NULL) {
			b->len = (size_t)(nl + 1 - b->bytes);
			r->rest = nl + 1;
			r->nrest = have - b->len;
			return 0;
		}
		if (have > LIMIT_LINE + 1) {
			b->len = have;
			r->skipping = true;
			return 0;
		}
		if ((n = io_read(r->fd, b->bytes + have, cap - have)) == -1)
			return err_set(err, REASON_STATE, "cannot read standard input: %s", strerror(errno));
		if (n == 0)
			break;
		have += (size_t)n;
		skip(r, b->bytes, &have);
	}
	b->len = have;
	r->end = true;
	r->open = have > 0 && b->bytes[have - 1] != '\n';
	return 0;
}

/*
 * Blocks go round: filled, parsed by whoever has time, stored in the order of
 * the input. What is done is stored before more is read, so that blocks are
 * free for the threads; the one filled last is never the one that is filled
 * next, since the rest of its last line is in it.
 */
static int
read_blocks(struct reader *r, struct delta_parser *p, struct err *err)
{
	unsigned filled = 0, stored = 0;
	struct delta_block *b;

	while (!r->end || stored < filled) {
		b = &r->block[filled % PARSE_BLOCKS];
		if (!r->end && filled - stored < PARSE_BLOCKS && !(stored < filled && delta_parse_done(p, &r->block[stored % PARSE_BLOCKS]))) {
			if (fill(r, b, err) == -1)
				return -1;
			delta_parse_start(p, b);
			filled++;
			continue;
		}
		b = &r->block[stored++ % PARSE_BLOCKS];
		delta_parse_wait(p, b);
		if (store(r->in, b, err) == -1)
			return -1;
	}
	/* whole but for its newline, or what a writer that died has left */
	r->in->cut = r->skipping || (r->open && r->block[(filled - 1) % PARSE_BLOCKS].tail_bad);
	return 0;
}

int
delta_read(struct delta *d, int fd, struct delta_input *in, struct err *err)
{
	struct reader r = { .in = in, .fd = fd };
	struct delta_parser *p;
	int rc, i;

	memset(in, 0, sizeof(*in));
	if ((in->spool = spool_new(err)) == NULL)
		return -1;
	for (i = 0; i < PARSE_BLOCKS; i++)
		delta_block_init(&r.block[i], BLOCK + LIMIT_LINE + 2);
	p = delta_parser_new(d->feed);
	fcntl(fd, F_SETPIPE_SZ, 1024 * 1024);	/* fewer wake-ups where it is a pipe; no matter if refused */
	rc = read_blocks(&r, p, err);
	if (rc == 0)
		rc = spool_flush(in->spool, err);
	delta_parser_free(p);
	for (i = 0; i < PARSE_BLOCKS; i++)
		delta_block_release(&r.block[i]);
	return rc;
}

void
delta_input_release(struct delta_input *in)
{
	spool_free(in->spool);
	delta_files_free(in->files);
	memset(in, 0, sizeof(*in));
}
