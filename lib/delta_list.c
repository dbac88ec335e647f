#include "delta_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmalloc.h"

#define BLOCK		((size_t)64 * 1024)
#define INLINE		UINT32_MAX	/* in place of a part: len bytes follow */
#define MANY		64		/* places of a part that make it worth reading as a whole */

struct entry {
	uint64_t	 off;
	uint32_t	 len;
	uint32_t	 part;
};

void
delta_list_init(struct delta_list *l)
{
	memset(l, 0, sizeof(*l));
	l->fd = -1;
}

int
delta_list_open(struct delta_list *l, struct err *err)
{
	if ((l->fd = io_spool(err)) == -1)
		return -1;
	out_init(&l->out, l->fd, "the spool file", BLOCK);
	return 0;
}

void
delta_list_release(struct delta_list *l)
{
	out_release(&l->out);
	if (l->fd != -1)
		close(l->fd);
	delta_list_init(l);
}

void
delta_list_restart(struct delta_list *l)
{
	if (l->fd == -1)
		return;
	l->out.len = 0;
	l->out.total = 0;
	memset(l->places, 0, sizeof(l->places));
	if (ftruncate(l->fd, 0) == -1 || lseek(l->fd, 0, SEEK_SET) == -1)
		l->out.error = errno;
}

int
delta_list_line(struct delta_list *l, const char *line, size_t len, struct err *err)
{
	struct entry e = { 0, (uint32_t)len, INLINE };

	if (l->fd == -1)
		return 0;
	out_write(&l->out, (const char *)&e, sizeof(e));
	out_write(&l->out, line, len);
	return out_error(&l->out, err);
}

int
delta_list_place(struct delta_list *l, const struct rec *r, struct err *err)
{
	struct entry e = { r->off, r->len, (uint32_t)spool_part(r->key) };

	if (l->fd == -1)
		return 0;
	l->places[e.part]++;
	out_write(&l->out, (const char *)&e, sizeof(e));
	return out_error(&l->out, err);
}

int
delta_list_end(struct delta_list *l, struct err *err)
{
	if (l->fd == -1)
		return 0;
	out_flush(&l->out);
	return out_error(&l->out, err);
}

/* --- out again --- */

struct in {
	int		 fd;
	char		*bytes;
	size_t		 at, len;
	off_t		 off;
};

/* 1: some bytes are there; 0: the end. */
static int
more(struct in *in, struct err *err)
{
	ssize_t n;

	if (in->at < in->len)
		return 1;
	while ((n = pread(in->fd, in->bytes, BLOCK, in->off)) == -1 && errno == EINTR)
		;
	if (n == -1)
		return err_set(err, REASON_STATE, "cannot read the spool file: %s", strerror(errno));
	in->at = 0;
	in->len = (size_t)n;
	in->off += n;
	return n > 0;
}

static int
cut(struct err *err)
{
	return err_set(err, REASON_STATE, "cannot read the spool file: it was cut");
}

/* 0: the end. */
static int
next_entry(struct in *in, struct entry *e, struct err *err)
{
	size_t have, part;
	int rc;

	for (have = 0; have < sizeof(*e); have += part) {
		if ((rc = more(in, err)) <= 0)
			return rc == 0 && have > 0 ? cut(err) : rc;
		part = in->len - in->at < sizeof(*e) - have ? in->len - in->at : sizeof(*e) - have;
		memcpy((char *)e + have, in->bytes + in->at, part);
		in->at += part;
	}
	return 1;
}

static int
copy_line(struct in *in, size_t len, struct out *out, struct err *err)
{
	size_t part;
	int rc;

	for (; len > 0; len -= part) {
		if ((rc = more(in, err)) <= 0)
			return rc == 0 ? cut(err) : -1;
		part = in->len - in->at < len ? in->len - in->at : len;
		out_write(out, in->bytes + in->at, part);
		in->at += part;
	}
	return 0;
}

static int
print_place(const struct delta_list *l, const struct entry *e, struct spool *spool, struct out *out, struct err *err)
{
	const char *line;

	if (l->places[e->part] > MANY && spool_load_lines(spool, (int)e->part, err) == -1)
		return -1;
	if (spool_line(spool, e->off, e->len, NULL, &line, err) == -1)
		return -1;
	out_write(out, line, e->len);
	return 0;
}

int
delta_list_print(struct delta_list *l, struct spool *spool, struct out *out, struct err *err)
{
	struct in in = { .fd = l->fd, .bytes = xmalloc(BLOCK) };
	struct entry e;
	int rc;

	while ((rc = next_entry(&in, &e, err)) == 1) {
		if ((e.part == INLINE ? copy_line(&in, e.len, out, err) : print_place(l, &e, spool, out, err)) == -1) {
			rc = -1;
			break;
		}
		out_write(out, "\n", 1);
		if (out->error != 0) {
			rc = out_error(out, err);
			break;
		}
	}
	free(in.bytes);
	return rc;
}
