/* CSV and TSV as a stream of records: RFC 4180, and what stands in records.h beside it. */
#include <stdlib.h>
#include <string.h>

#include "records_csv_private.h"
#include "xmalloc.h"

#define REPARSE	(64 * KIB)	/* a record longer than this is looked at again only when twice as much of it has come */

static size_t
first_line(const char *p, size_t len)
{
	return find_two(p, len, '\n', '\r');
}

/* --- stray quotes --- */

/*
 * A record over several lines: did a stray quote meet another one? Its inner
 * lines then are records by themselves. Two columns prove nothing: a text has
 * commas, too.
 */
static bool
swallowed(const struct csv *c, const char *p)
{
	const char *end = p + c->len, *line;
	bool any = false;

	if (c->nname < 3)
		return false;
	p += first_line(p, (size_t)(end - p));
	while (p < end) {
		int delimiters = 0;

		p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
		line = p;
		p += first_line(p, (size_t)(end - p));
		if (p == end)
			break;		/* the last one: not an inner line */
		for (; line < p; line++)
			delimiters += *line == c->delimiter;
		if (delimiters != c->nname - 1)
			return false;
		any = true;
	}
	return any;
}

/* --- the stream --- */

static int
csv_open(struct records *r, struct err *err)
{
	struct csv *c = xcalloc(1, sizeof(*c));
	const char *const *columns = r->opt.columns;
	int i;

	r->state = c;
	buf_init(&c->plain, LIMIT_RECORD + KIB);
	buf_init(&c->last_comment, 64 * KIB);
	c->line = 1;
	c->delimiter = r->opt.delimiter != 0 ? r->opt.delimiter : ',';
	c->comment = r->opt.comment != NULL ? strlen(r->opt.comment) : 0;
	c->trailing = r->opt.trailer != NULL ? strlen(r->opt.trailer) : 0;
	if (c->delimiter == '"' || c->delimiter == '\n' || c->delimiter == '\r' || (unsigned char)c->delimiter >= 0x80)
		return err_set(err, REASON_USAGE, "delimiter must be one ASCII character, no quote and no line end");
	if (r->opt.header == HEADER_COMMENT && c->comment == 0)
		return err_set(err, REASON_USAGE, "a header in a comment needs to know what a comment begins with");
	if (columns == NULL) {
		if (r->opt.header == HEADER_NONE)
			return err_set(err, REASON_USAGE, "without a header the columns need names");
		return 0;
	}
	while (columns[c->nname] != NULL)
		c->nname++;
	if (c->nname == 0 || c->nname > LIMIT_CSV_FIELDS)
		return err_set(err, REASON_USAGE, "columns must be 1 to %d names", LIMIT_CSV_FIELDS);
	c->name = xcalloc((size_t)c->nname, sizeof(*c->name));
	for (i = 0; i < c->nname; i++) {
		c->name[i].text = columns[i];
		c->name[i].len = strlen(columns[i]);
	}
	return 0;
}

static void
csv_close(struct records *r)
{
	struct csv *c = r->state;

	if (c == NULL)
		return;
	buf_release(&c->plain);
	buf_release(&c->last_comment);
	free(c->header);
	free(c->name);
	free(c->header_bytes);
	free(c->name_bytes);
	free(c);
}

/* Makes the first n bytes at start the damaged record, and goes on behind them and their line end. */
static int
hand_out_damaged(struct records *r, struct record *rec, struct csv *c, size_t n, const char *why)
{
	struct input *in = &r->in;

	trailer_record(r, &c->trailer);
	record_begin(r, rec);
	rec->line = c->line;
	rec->bytes = in->bytes + in->start;
	rec->len = n;
	record_bad(r, rec, "%s", why);
	in->start += n;
	if (in->start < in->end) {
		c->after_cr = in->bytes[in->start] == '\r';
		in->start++;
		c->line++;
	}
	c->since_header = true;
	return 1;
}

/* The line at start is over LIMIT_RECORD and its end is not in sight. */
static int
skip_long_line(struct records *r, struct record *rec, struct csv *c, struct err *err)
{
	struct input *in = &r->in;
	uint64_t full = 0;
	int rc = 1;

	memcpy(r->kept, in->bytes + in->start, sizeof(r->kept));
	trailer_record(r, &c->trailer);
	record_begin(r, rec);
	rec->line = c->line;
	while (rc == 1) {
		size_t n = first_line(in->bytes + in->start, in->end - in->start);

		full += n;
		in->start += n;
		if (in->start < in->end) {
			c->after_cr = in->bytes[in->start] == '\r';
			in->start++;
			c->line++;
			break;
		}
		rc = input_fill(r, err);
	}
	if (rc == -1)
		return -1;
	rec->bytes = r->kept;
	rec->len = sizeof(r->kept);
	record_bad(r, rec, "record of %llu bytes is over %zu", (unsigned long long)full, LIMIT_RECORD);
	c->since_header = true;
	return 1;
}

/*
 * Comments, blank lines, trailers: 1 where a record begins at start, 0 at the
 * end of the stream, -1 with err.
 */
static int
to_record(struct records *r, struct csv *c, struct err *err)
{
	struct input *in = &r->in;
	const char *p;
	size_t n, have, done;
	int rc;
	char first;

	for (;;) {
		if ((rc = input_begin(r, err)) != 1)
			return rc;
		first = in->bytes[in->start];
		if (first == '\n' || first == '\r') {
			in->start++;
			if (first == '\r' || !c->after_cr)
				c->line++;
			c->after_cr = first == '\r';
			continue;
		}
		c->after_cr = false;
		if ((c->comment == 0 || first != r->opt.comment[0]) && (c->trailing == 0 || first != r->opt.trailer[0]) &&
		    first != ' ' && first != '\t')
			return 1;
		/* the whole line, as far as it may be long */
		done = 0;
		for (;;) {
			p = in->bytes + in->start;
			have = in->end - in->start;
			n = done + first_line(p + done, have - done);
			if (n < have || n > LIMIT_RECORD)
				break;
			done = n;
			if ((rc = input_fill(r, err)) == -1)
				return -1;
			if (rc == 0)
				break;
		}
		p = in->bytes + in->start;
		if (trailer_is(r->opt.trailer, c->trailing, p, n)) {
			if (trailer_take(r, &c->trailer, p, n, c->line, err) == -1)
				return -1;
			c->since_header = false;
		} else if (c->comment > 0 && n >= c->comment && memcmp(p, r->opt.comment, c->comment) == 0) {
			bool fits = memchr(p + c->comment, c->delimiter, n - c->comment) != NULL;

			if (r->opt.header == HEADER_COMMENT && c->name == NULL && n <= 64 * KIB && (fits || !c->last_comment_fits)) {
				buf_clear(&c->last_comment);
				if (buf_add(&c->last_comment, p + c->comment, n - c->comment) == -1)
					return err_set(err, REASON_CONTRACT, "comment line %llu is too long", (unsigned long long)c->line);
				c->last_comment_fits = fits;
			}
		} else {
			for (have = n; have > 0 && (*p == ' ' || *p == '\t'); have--)
				p++;
			if (have > 0 || (c->delimiter == '\t' && n > 0 && memchr(in->bytes + in->start, '\t', n) != NULL))
				return 1;
		}
		/* a comment longer than a record: its rest is read as if it were one, and is bad as a whole */
		in->start += n;
		while (n > LIMIT_RECORD && in->start == in->end && (rc = input_fill(r, err)) == 1)
			in->start += first_line(in->bytes + in->start, in->end - in->start);
		if (rc == -1)
			return -1;
	}
}

/* Parses the record at start, reading as much as it needs. 1, 2 damaged, 3 a line too long, -1 with err. */
static int
read_record(struct records *r, struct csv *c, struct err *err)
{
	struct input *in = &r->in;
	size_t had;
	int rc;

	for (;;) {
		enum outcome outcome = csv_parse(c, in->bytes + in->start, in->bytes + in->end, in->eof, r->opt.quotes);

		if (outcome == WHOLE && c->len <= LIMIT_RECORD)
			return 1;
		had = in->end - in->start;
		if (outcome == DAMAGED) {
			/* its first line goes, and thus must be here */
			while (first_line(in->bytes + in->start, had) == had && had <= LIMIT_RECORD) {
				if ((rc = input_fill(r, err)) == -1)
					return -1;
				if (rc == 0)
					return 2;
				had = in->end - in->start;
			}
			return first_line(in->bytes + in->start, had) <= LIMIT_RECORD ? 2 : 3;
		}
		if (had > LIMIT_RECORD) {
			c->damage = "a record over 4 MiB, or a quote that is not closed";
			return first_line(in->bytes + in->start, had) <= LIMIT_RECORD ? 2 : 3;
		}
		do {
			if ((rc = input_fill(r, err)) == -1)
				return -1;
		} while (rc == 1 && had > REPARSE && in->end - in->start < 2 * had && in->end - in->start <= LIMIT_RECORD);
	}
}

/* What a whole record is besides: 1 a record, 0 a header, 2 damaged, -1 with err. */
static int
judge(struct records *r, struct csv *c, struct err *err)
{
	const char *p = r->in.bytes + r->in.start;
	int i;

	if (c->nescaped > 0 && csv_unescape(c, r->opt.quotes, err) == -1)
		return -1;
	if (c->header == NULL && r->opt.header == HEADER_FIRST)
		return csv_take_header(c, err) == -1 ? -1 : 0;
	if (c->header != NULL && c->field[0].len == c->header[0].len && csv_is_header(c)) {
		if (c->since_header) {
			r->page++;
			c->trailer.records = 0;
		}
		return 0;
	}
	for (i = c->nname; i < c->nfield; i++)
		if (c->field[i].len > 0)
			break;
	if (i < c->nfield || (c->lines > 0 && (c->nfield < c->nname || swallowed(c, p)))) {
		c->damage = c->lines > 0 ? "a quote that is not closed on its line, and more lines than one are no record together" :
		    "more fields than columns";
		return 2;
	}
	if (c->nfield > c->nname)
		c->nfield = c->nname;
	return 1;
}

static int
csv_next(struct records *r, struct record *rec, struct err *err)
{
	struct csv *c = r->state;
	struct input *in = &r->in;
	size_t n;
	int rc;

	if (!c->looked && records_no_html(r, err) == -1)
		return -1;
	c->looked = true;
again:
	if ((rc = to_record(r, c, err)) == -1)
		return -1;
	if (rc == 0)
		return trailer_end(r, &c->trailer, err);
	if (r->opt.header == HEADER_COMMENT && c->name == NULL && csv_take_comment_header(r, c, err) == -1)
		return -1;
	if ((rc = read_record(r, c, err)) == 1)
		rc = judge(r, c, err);
	switch (rc) {
	case -1:
		return -1;
	case 0:
		in->start += c->taken;
		c->line += c->lines + c->ended;
		c->after_cr = c->by_cr;
		c->since_header = false;
		goto again;
	case 2:
		n = first_line(in->bytes + in->start, in->end - in->start);
		if (c->name == NULL)
			return err_set(err, REASON_CONTRACT, "the header in line %llu is damaged: %s", (unsigned long long)c->line, c->damage);
		if (in->eof && in->start + n == in->end && n > 0 && c->open)
			return err_set(err, REASON_CONTRACT, "the input ends in the middle of record %llu, which begins in line %llu",
			    (unsigned long long)r->number + 1, (unsigned long long)c->line);
		return hand_out_damaged(r, rec, c, n, c->damage);
	case 3:
		return skip_long_line(r, rec, c, err);
	}
	if (!c->ended && c->nfield < c->nname && c->ragged == 0 && c->full > 1)
		return err_set(err, REASON_CONTRACT, "the input ends in the middle of record %llu in line %llu: %d of %d fields and no line end",
		    (unsigned long long)r->number + 1, (unsigned long long)c->line, c->nfield, c->nname);
	c->full += c->nfield == c->nname;
	c->ragged += c->nfield < c->nname;

	trailer_record(r, &c->trailer);
	record_begin(r, rec);
	rec->line = c->line;
	rec->bytes = in->bytes + in->start;
	rec->len = c->len;
	in->start += c->taken;
	c->line += c->lines + c->ended;
	c->after_cr = c->by_cr;
	c->since_header = true;
	if (!record_check_text(r, rec))
		return 1;
	rec->field = c->field;
	rec->nfield = c->nfield;
	rec->name = c->name;
	rec->nname = c->nname;
	return 1;
}

const struct records_format records_csv = { csv_open, csv_next, csv_close };
