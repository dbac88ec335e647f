#include "delta_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hash.h"
#include "limit.h"
#include "log.h"
#include "object_private.h"
#include "text.h"
#include "xmalloc.h"

#define BLOCK		((size_t)512 * 1024)
#define NAMED_REJECTS	10	/* warnings; the rest is only counted */

/* --- hashes --- */

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

/* --- one line --- */

struct reader {
	struct delta	*d;
	struct delta_input *in;
	struct scan	 scan, again;
	struct buf	 line;		/* the canonical form, where the input's is not */
	struct buf	 identity;
	long long	 number;	/* of the line */
};

static int
reject(struct reader *r, const char *why)
{
	if (r->in->rejected++ == 0)
		snprintf(r->in->why, sizeof(r->in->why), "line %lld: %.200s", r->number, why);
	if (r->in->rejected <= NAMED_REJECTS)
		log_warning("line %lld is no object: %s", r->number, why);
	return 0;
}

static int
take_object(struct reader *r, struct object *o, struct err *err)
{
	struct delta_input *in = r->in;
	struct row_prints prints;
	uint8_t key[3][STATE_KEY];
	size_t start;
	struct rec rec;
	int n;

	start = delta_value_start(o->type);
	rec.bits = rec_bits((uint32_t)delta_value_length(o, start), o->type,
	    o->action == ACTION_DELETE ? RETRACT_DELETE : o->inactive_line ? RETRACT_INACTIVE : RETRACT_NO);
	buf_clear(&r->identity);
	if ((n = object_identities(o, &r->identity)) == 0)
		return reject(r, "its identity is too long");
	delta_keys(key, &r->identity, n);
	memcpy(rec.key, key[0], STATE_KEY);
	if (rec_retract(&rec) == RETRACT_NO) {
		delta_content_hash(r->d->feed, o, rec.hash);
		delta_prints(o, &prints);
	} else {
		memset(rec.hash, 0, sizeof(rec.hash));
		prints.n = 0;
	}
	if (o->type != TYPE_FILE)
		return spool_add(in->spool, &rec, &prints, o->scan->bytes, o->scan->len, err);
	if (in->files == NULL && (in->files = delta_files_new(err)) == NULL)
		return -1;
	rec.len = (uint32_t)o->scan->len;
	/* the line goes to disk now, the record when its key is known */
	if (spool_add_line(in->spool, key[0], &prints, o->scan->bytes, o->scan->len, &rec.off, err) == -1)
		return -1;
	return delta_files_add(in->files, &rec, key, n, err);
}

static int
take_line(struct reader *r, const char *line, size_t len, struct err *err)
{
	struct object o;
	struct err why;

	r->number++;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0)
		return 0;
	r->in->read++;
	if (len > LIMIT_LINE)
		return reject(r, "longer than 1 MiB");
	if (object_read(&o, &r->scan, line, len, &why) == -1)
		return reject(r, why.text);
	if (o.action == ACTION_DELETE || !o.canonical || o.batch_id != 0) {
		enum object_action action = o.action;
		bool inactive = o.inactive_line;

		buf_clear(&r->line);
		if (object_canonical(&o, true, &r->line) == -1)
			return reject(r, "longer than 1 MiB in its canonical form");
		if (object_read(&o, &r->again, r->line.bytes, r->line.len, &why) == -1)
			return reject(r, why.text);
		o.action = action;
		o.inactive_line = inactive;
	}
	return take_object(r, &o, err);
}

/* --- the stream --- */

static int
read_lines(struct reader *r, int fd, struct err *err)
{
	size_t cap = BLOCK + LIMIT_LINE + 2, have = 0, at, len;
	char *bytes = xmalloc(cap), *nl;
	bool skipping = false;		/* in a line that is longer than any may be */
	ssize_t n;
	int rc = -1;

	for (;;) {
		n = io_read(fd, bytes + have, cap - have);
		if (n == -1) {
			err_set(err, REASON_STATE, "cannot read standard input: %s", strerror(errno));
			goto done;
		}
		if (n == 0)
			break;
		have += (size_t)n;
		for (at = 0; (nl = memchr(bytes + at, '\n', have - at)) != NULL; at = (size_t)(nl - bytes) + 1) {
			len = (size_t)(nl - bytes) - at;
			if (skipping) {
				skipping = false;
				continue;
			}
			if (take_line(r, bytes + at, len, err) == -1)
				goto done;
		}
		memmove(bytes, bytes + at, have - at);
		have -= at;
		if (have > LIMIT_LINE + 1) {
			if (!skipping) {
				r->number++;
				r->in->read++;
				reject(r, "longer than 1 MiB");
			}
			skipping = true;
			have = 0;
		}
		log_progress("%lld objects read", r->in->read);
	}
	if (skipping) {
		r->in->cut = true;
	} else if (have > 0) {
		long long bad = r->in->rejected;

		/* whole but for its newline, or what a writer that died has left */
		if (take_line(r, bytes, have, err) == -1)
			goto done;
		r->in->cut = r->in->rejected > bad;
	}
	rc = 0;
done:
	free(bytes);
	return rc;
}

int
delta_read(struct delta *d, int fd, struct delta_input *in, struct err *err)
{
	struct reader r = { .d = d, .in = in };
	int rc;

	memset(in, 0, sizeof(*in));
	if ((in->spool = spool_new(err)) == NULL)
		return -1;
	scan_init(&r.scan);
	scan_init(&r.again);
	buf_init(&r.line, LIMIT_LINE);
	buf_init(&r.identity, 4 * LIMIT_LINE);
	fcntl(fd, F_SETPIPE_SZ, 1024 * 1024);	/* fewer wake-ups where it is a pipe; no matter if refused */
	rc = read_lines(&r, fd, err);
	if (rc == 0)
		rc = spool_flush(in->spool, err);
	scan_release(&r.scan);
	scan_release(&r.again);
	buf_release(&r.line);
	buf_release(&r.identity);
	return rc;
}

void
delta_input_release(struct delta_input *in)
{
	spool_free(in->spool);
	delta_files_free(in->files);
	memset(in, 0, sizeof(*in));
}
