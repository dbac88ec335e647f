/*
 * Prints what the records room makes of standard input, a line a record, for
 * tests/records.bats; without arguments it is a driver with nothing to test.
 *
 *	records_dump FORMAT [path=P] [each] [delimiter=C] [header=first|comment|none] [columns=a,b] [comment=C]
 *	    [inline=C] [split=S] [pattern=P] [trailer=T] [required] [latin1] [quotes=double|backslash|none] [where] [page] [count]
 *
 * where: number, line, offset and page before each record; page: $page behind it; count: only how many, good and bad.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limit.h"
#include "records.h"

static const char *columns[64];
static bool where, page, count;

static const char *
after(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return strncmp(arg, name, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

static void
option(struct records_options *o, char *arg)
{
	const char *v;
	int n = 0;

	if ((v = after(arg, "path")) != NULL)
		o->path = v;
	else if ((v = after(arg, "delimiter")) != NULL)
		o->delimiter = *v;
	else if ((v = after(arg, "header")) != NULL)
		o->header = *v == 'f' ? HEADER_FIRST : *v == 'c' ? HEADER_COMMENT : HEADER_NONE;
	else if ((v = after(arg, "columns")) != NULL) {
		char *at = strchr(arg, '=') + 1, *name;

		while ((name = strsep(&at, ",")) != NULL && n < 63)
			columns[n++] = name;
		o->columns = columns;
	} else if ((v = after(arg, "comment")) != NULL)
		o->comment = v;
	else if ((v = after(arg, "inline")) != NULL)
		o->inline_comment = v;
	else if ((v = after(arg, "split")) != NULL)
		o->split = v;
	else if ((v = after(arg, "pattern")) != NULL)
		o->pattern = v;
	else if ((v = after(arg, "trailer")) != NULL)
		o->trailer = v;
	else if ((v = after(arg, "quotes")) != NULL)
		o->quotes = *v == 'd' ? QUOTES_DOUBLE : *v == 'b' ? QUOTES_BACKSLASH : QUOTES_NONE;
	else if (strcmp(arg, "each") == 0)
		o->each_value_array = true;
	else if (strcmp(arg, "required") == 0)
		o->trailer_required = true;
	else if (strcmp(arg, "latin1") == 0)
		o->latin1 = true;
	else if (strcmp(arg, "where") == 0)
		where = true;
	else if (strcmp(arg, "page") == 0)
		page = true;
	else if (strcmp(arg, "count") == 0)
		count = true;
	else {
		fprintf(stderr, "records_dump: what is %s?\n", arg);
		exit(2);
	}
}

static void
print_value(struct jval *v, struct buf *b)
{
	buf_clear(b);
	if (v == NULL || jval_print(v, b) == -1)
		printf("(too large)");
	else
		fwrite(b->bytes, 1, b->len, stdout);
}

int
main(int argc, char **argv)
{
	static const char *const kind[] = { "json", "ndjson", "csv", "text" };
	struct records_options o = { 0 };
	struct records *r;
	struct record rec;
	struct arena a;
	struct err err;
	struct buf b;
	unsigned long good = 0, bad = 0;
	int rc, i;

	if (argc < 2) {
		puts("1..0");
		return 0;
	}
	for (i = 0; i < 4 && strcmp(argv[1], kind[i]) != 0; i++)
		;
	o.kind = i < 4 ? (enum records_kind)i : RECORDS_JSON;
	for (i = 2; i < argc; i++)
		option(&o, argv[i]);
	if ((r = records_open(STDIN_FILENO, &o, &err)) == NULL) {
		fprintf(stderr, "records_dump: %s\n", err.text);
		return 2;
	}
	arena_init(&a, 64 * MIB);
	buf_init(&b, 64 * MIB);
	while ((rc = records_next(r, &rec, &err)) == 1) {
		rec.bad != NULL ? bad++ : good++;
		if (count)
			continue;
		arena_reset(&a);
		if (where)
			printf("%llu line %llu byte %llu page %u: ", (unsigned long long)rec.number, (unsigned long long)rec.line,
			    (unsigned long long)rec.offset, rec.page);
		if (rec.key != NULL)
			printf("%.*s=", (int)rec.keylen, rec.key);
		if (rec.bad != NULL)
			printf("BAD %s", rec.bad);
		else
			print_value(record_value(&rec, &a), &b);
		if (page) {
			putchar(' ');
			print_value(records_page_value(r, &a), &b);
		}
		putchar('\n');
	}
	if (count)
		printf("%lu %lu\n", good, bad);
	if (rc == -1)
		fprintf(stderr, "records_dump: %s\n", err.text);
	records_close(r);
	arena_release(&a);
	buf_release(&b);
	return rc == -1;
}
