#include "rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "io.h"
#include "limit.h"
#include "text.h"
#include "xmalloc.h"

#define CONTENT		1024			/* bytes of a record that are kept */
#define CONTENTS	((uint64_t)64 * MIB)	/* of all of them */

struct rejects {
	struct out	 out;
	struct buf	 line;
	const char	*feed;
	uint64_t	 contents;
};

struct rejects *
rejects_open(const char *file, const char *feed, struct err *err)
{
	struct rejects *r;
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd == -1) {
		err_set(err, REASON_STATE, "cannot write %s: %s", file, strerror(errno));
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	out_init(&r->out, fd, file, 64 * KIB);
	buf_init(&r->line, 64 * KIB);
	r->feed = feed;
	return r;
}

void
rejects_add(struct rejects *r, const char *input, const struct record *rec, const char *reason)
{
	char content[4 * CONTENT + 1];
	struct buf *b = &r->line;
	size_t n;
	int rc;

	buf_clear(b);
	rc = buf_addz(b, "{\"feed\":") | buf_add_json(b, r->feed, strlen(r->feed));
	if (input != NULL) {
		n = text_safe(content, sizeof(content), input, strlen(input));
		rc |= buf_addz(b, ",\"input\":") | buf_add_json(b, content, n);
	}
	rc |= buf_addf(b, ",\"page\":%u,\"record\":%llu,\"line\":%llu,\"byte\":%llu", rec->page, (unsigned long long)rec->number,
	    (unsigned long long)rec->line, (unsigned long long)rec->offset);
	n = text_safe(content, sizeof(content), reason, strlen(reason));
	rc |= buf_addz(b, ",\"reason\":") | buf_add_json(b, content, n);
	rc |= buf_addf(b, ",\"bytes\":%zu", rec->len);
	if (rec->bytes != NULL && r->contents < CONTENTS) {
		n = rec->len < CONTENT ? rec->len : text_cut(rec->bytes, rec->len, CONTENT);
		n = text_safe(content, sizeof(content), rec->bytes, n);
		r->contents += n;
		rc |= buf_addz(b, ",\"content\":") | buf_add_json(b, content, n);
	}
	rc |= buf_addz(b, "}\n");
	if (rc == 0)
		out_write(&r->out, b->bytes, b->len);
}

int
rejects_close(struct rejects *r, struct err *err)
{
	int rc;

	if (r == NULL)
		return 0;
	out_flush(&r->out);
	if (close(r->out.fd) == -1 && r->out.error == 0)
		r->out.error = errno;
	rc = out_error(&r->out, err);
	out_release(&r->out);
	buf_release(&r->line);
	free(r);
	return rc;
}
