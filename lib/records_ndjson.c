/* One JSON value a line. */
#include <stdlib.h>

#include "records_private.h"
#include "xmalloc.h"

struct ndjson {
	struct lines	 lines;
	bool		 looked;	/* whether this is HTML */
};

static int
ndjson_open(struct records *r, struct err *err)
{
	(void)err;
	r->state = xcalloc(1, sizeof(struct ndjson));
	return 0;
}

static void
ndjson_close(struct records *r)
{
	free(r->state);
}

static bool
blank(const char *p, size_t len)
{
	while (len > 0 && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++, len--;
	return len == 0;
}

static int
ndjson_next(struct records *r, struct record *rec, struct err *err)
{
	struct ndjson *n = r->state;
	struct line line;
	struct err why;
	int rc;

	if (!n->looked && records_no_html(r, err) == -1)
		return -1;
	n->looked = true;
	do {
		if ((rc = line_next(r, &n->lines, &line, err)) != 1)
			return rc;
	} while (blank(line.bytes, line.len));
	record_begin(r, rec);
	rec->line = line.number;
	rec->offset = line.offset;
	rec->bytes = line.bytes;
	rec->len = line.len;
	if (line.full > LIMIT_RECORD)
		record_bad(r, rec, "record of %llu bytes is over %zu", (unsigned long long)line.full, LIMIT_RECORD);
	else if (scan_text(&r->scan, line.bytes, line.len, &why) == 0)
		rec->scan = &r->scan;
	else
		record_bad(r, rec, "%s", why.text);
	if (rec->bad != NULL && !line.ended)
		return err_set(err, REASON_CONTRACT, "the input ends in the middle of record %llu, which begins in line %llu (byte %llu)",
		    (unsigned long long)rec->number, (unsigned long long)rec->line, (unsigned long long)rec->offset);
	return 1;
}

const struct records_format records_ndjson = { ndjson_open, ndjson_next, ndjson_close };
