/*
 * records: the first byte picks the kind and its options, the rest is the
 * stream. Whatever comes: it ends, each record lies within the stream, fields
 * are UTF-8 without NUL, what is a value can be printed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "limit.h"
#include "records.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const columns[] = { "one", "two", "three", NULL };

static const struct records_options options[] = {
	{ .kind = RECORDS_JSON },
	{ .kind = RECORDS_JSON, .path = "a.b" },
	{ .kind = RECORDS_JSON, .path = "a.*" },
	{ .kind = RECORDS_JSON, .path = "*", .each_value_array = true },
	{ .kind = RECORDS_NDJSON },
	{ .kind = RECORDS_CSV },
	{ .kind = RECORDS_CSV, .header = HEADER_COMMENT, .comment = "#", .trailer = "# END" },
	{ .kind = RECORDS_CSV, .header = HEADER_NONE, .columns = columns, .quotes = QUOTES_BACKSLASH },
	{ .kind = RECORDS_CSV, .delimiter = '\t', .comment = "#", .quotes = QUOTES_NONE, .latin1 = true },
	{ .kind = RECORDS_TEXT, .comment = "#", .inline_comment = "#" },
	{ .kind = RECORDS_TEXT, .comment = "#", .split = " \t", .columns = columns, .trailer = "END", .trailer_required = true },
	{ .kind = RECORDS_TEXT, .split = ";", .columns = columns, .latin1 = true },
	{ .kind = RECORDS_TEXT, .pattern = "(?<a>[0-9.]+)(?:[ ;](?<b>.*))?" },
};

static void
check_text(const char *p, size_t len)
{
	if (text_utf8_span(p, len) != len || (len > 0 && memchr(p, 0, len) != NULL))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct records_options *o;
	struct records *r;
	struct record rec;
	struct arena a;
	struct buf b;
	struct err err;
	uint64_t count = 0;
	int fd, rc, i;

	if (size == 0)
		return 0;
	o = &options[data[0] % (sizeof(options) / sizeof(options[0]))];
	data++;
	size--;
	if ((fd = memfd_create("records", MFD_CLOEXEC)) == -1 || write(fd, data, size) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) == -1)
		abort();
	if ((r = records_open(fd, o, &err)) == NULL)
		abort();
	arena_init(&a, 64 * MIB);
	buf_init(&b, 64 * MIB);
	while ((rc = records_next(r, &rec, &err)) == 1) {
		if (rec.number != ++count || count > size + 1 || rec.line == 0 || rec.page == 0)
			abort();
		/* the bytes of the record, where they are those of the stream */
		if (!o->latin1 && size >= 2 && data[0] < 0xfe && rec.len <= size &&
		    (rec.offset + rec.len > size || memcmp(rec.bytes, data + rec.offset, rec.len) != 0))
			abort();
		arena_reset(&a);
		buf_clear(&b);
		if (rec.bad != NULL) {
			if (*rec.bad == '\0' || rec.field != NULL || rec.scan != NULL)
				abort();
			continue;
		}
		for (i = 0; i < rec.nfield; i++)
			if (rec.field[i].text != NULL)
				check_text(rec.field[i].text, rec.field[i].len);
		for (i = 0; i < rec.nname; i++)
			check_text(rec.name[i].text, rec.name[i].len);
		if (rec.nfield > rec.nname)
			abort();
		if (rec.key != NULL)
			check_text(rec.key, rec.keylen);
		if (jval_print(record_value(&rec, &a), &b) == -1 || jval_print(records_page_value(r, &a), &b) == -1)
			abort();
		check_text(b.bytes, b.len);
	}
	if (rc == -1 && err.text[0] == '\0')
		abort();
	records_close(r);
	arena_release(&a);
	buf_release(&b);
	close(fd);
	return 0;
}
