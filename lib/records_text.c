/* One value a line; or fields by delimiters, or by the named groups of a pattern. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "records_private.h"
#include "text.h"
#include "xmalloc.h"

struct text {
	struct lines		 lines;
	struct trailer		 trailer;
	bool			 looked;	/* whether this is HTML */
	struct record_field	*name;
	int			 nname;
	struct record_field	*field;
	size_t			 comment, inline_comment, trailing;	/* lengths */
	bool			 runs;		/* split: a run of delimiters is one */
	pcre2_code		*code;
	pcre2_match_data	*match;
	pcre2_match_context	*context;
	int			*group;		/* of a pattern: number of the field's group */
	bool			 twins;		/* several of its groups have one name */
};

static size_t
length(const char *s)
{
	return s == NULL ? 0 : strlen(s);
}

/* --- names --- */

static void
names_from_columns(struct text *t, const char *const *columns)
{
	static const char *const value[] = { "value", NULL };
	int i;

	if (columns == NULL)
		columns = value;
	while (columns[t->nname] != NULL)
		t->nname++;
	t->name = xcalloc((size_t)t->nname, sizeof(*t->name));
	for (i = 0; i < t->nname; i++) {
		t->name[i].text = columns[i];
		t->name[i].len = strlen(columns[i]);
	}
}

/* The fields are the named groups, in the order of their numbers. */
static int
names_from_pattern(struct text *t, struct err *err)
{
	PCRE2_SPTR table;
	uint32_t count, size, i, j;

	pcre2_pattern_info(t->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(t->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(t->code, PCRE2_INFO_NAMETABLE, &table);
	if (count == 0)
		return err_set(err, REASON_USAGE, "pattern has no named group such as (?<value>...)");
	t->name = xcalloc(count, sizeof(*t->name));
	t->group = xcalloc(count, sizeof(*t->group));
	t->nname = (int)count;
	for (i = 0; i < count; i++, table += size) {
		int number = table[0] << 8 | table[1];

		/* the table is sorted by name */
		for (j = i; j > 0 && t->group[j - 1] > number; j--) {
			t->group[j] = t->group[j - 1];
			t->name[j] = t->name[j - 1];
		}
		t->group[j] = number;
		t->name[j].text = (const char *)table + 2;
		t->name[j].len = strlen(t->name[j].text);
		/* sorted by name: twins are neighbours there */
		t->twins = t->twins || (i > 0 && strcmp((const char *)table + 2, (const char *)table + 2 - size) == 0);
	}
	return 0;
}

/* Of several groups of one name, which (?J) allows, the first that took part is the field. */
static void
one_of_each(struct text *t)
{
	int i, k;

	for (i = 1; i < t->nname; i++)
		for (k = 0; k < i && t->field[i].text != NULL; k++)
			if (strcmp(t->name[k].text, t->name[i].text) == 0) {
				if (t->field[k].text == NULL)
					t->field[k] = t->field[i];
				t->field[i].text = NULL;
				t->field[i].len = 0;
			}
}

static int
compile(struct records *r, struct text *t, struct err *err)
{
	PCRE2_UCHAR why[200];
	PCRE2_SIZE at;
	int code;

	t->code = pcre2_compile((PCRE2_SPTR)r->opt.pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
	if (t->code == NULL) {
		pcre2_get_error_message(code, why, sizeof(why));
		return err_set(err, REASON_USAGE, "pattern: %s at character %zu", (char *)why, (size_t)at + 1);
	}
	t->match = pcre2_match_data_create_from_pattern(t->code, NULL);
	t->context = pcre2_match_context_create(NULL);
	if (t->match == NULL || t->context == NULL)
		return err_set(err, REASON_STATE, "no memory for the pattern");
	pcre2_set_match_limit(t->context, LIMIT_REGEX_MATCH);
	pcre2_set_heap_limit(t->context, 1024);		/* KiB */
	return names_from_pattern(t, err);
}

static int
text_open(struct records *r, struct err *err)
{
	struct text *t = xcalloc(1, sizeof(*t));

	r->state = t;
	t->lines.cr = true;
	t->comment = length(r->opt.comment);
	t->inline_comment = length(r->opt.inline_comment);
	t->trailing = length(r->opt.trailer);
	if (r->opt.pattern != NULL && r->opt.split != NULL)
		return err_set(err, REASON_USAGE, "pattern and split exclude each other");
	if (r->opt.split != NULL && (r->opt.columns == NULL || r->opt.split[0] == '\0'))
		return err_set(err, REASON_USAGE, "split needs delimiters and columns to name the fields");
	if (r->opt.columns != NULL && r->opt.columns[0] == NULL)
		return err_set(err, REASON_USAGE, "columns is empty");
	if (r->opt.pattern != NULL) {
		if (compile(r, t, err) == -1)
			return -1;
	} else
		names_from_columns(t, r->opt.columns);
	t->runs = r->opt.split != NULL && strchr(r->opt.split, ' ') != NULL;
	t->field = xcalloc((size_t)t->nname, sizeof(*t->field));
	return 0;
}

static void
text_close(struct records *r)
{
	struct text *t = r->state;

	if (t == NULL)
		return;
	pcre2_match_data_free(t->match);
	pcre2_match_context_free(t->context);
	pcre2_code_free(t->code);
	free(t->group);
	free(t->name);
	free(t->field);
	free(t);
}

/* --- a line --- */

/* Length of the white space that p begins with, 0 where it is none. */
static size_t
blank_at(const char *p, size_t len)
{
	uint32_t cp;
	size_t n = text_utf8(p, len, &cp);

	return n > 0 && text_is_space(cp) ? n : 0;
}

/* Length of the white space that ends before end; start bounds it. */
static size_t
blank_before(const char *start, const char *end)
{
	size_t n, most = end - start < 3 ? (size_t)(end - start) : 3;

	for (n = 1; n <= most; n++)
		if (blank_at(end - n, n) == n)
			return n;
	return 0;
}

static void
trim(const char **p, size_t *len)
{
	size_t n;

	while ((n = blank_at(*p, *len)) > 0) {
		*p += n;
		*len -= n;
	}
	while ((n = blank_before(*p, *p + *len)) > 0)
		*len -= n;
}

/* Where an inline comment begins: its mark with a blank before it. */
static size_t
comment_at(const struct records *r, const struct text *t, const char *p, size_t len)
{
	size_t at = 0;
	const char *hit;

	while (t->inline_comment > 0 &&
	    (hit = memmem(p + at, len - at, r->opt.inline_comment, t->inline_comment)) != NULL) {
		at = (size_t)(hit - p);
		if (blank_before(p, hit) > 0)
			return at;
		at++;
	}
	return len;
}

static int
split_line(const struct records *r, struct text *t, const char *p, size_t len)
{
	const char *end = p + len, *q;
	int n = 0;

	for (;;) {
		struct record_field *f = &t->field[n];

		q = p;
		if (n + 1 < t->nname)
			while (q < end && (*q == '\0' || strchr(r->opt.split, *q) == NULL))
				q++;
		else
			q = end;
		f->text = p;
		f->len = (size_t)(q - p);
		trim(&f->text, &f->len);
		n++;
		if (q == end)
			return n;
		p = q + 1;
		if (t->runs) {
			while (p < end && strchr(r->opt.split, *p) != NULL)
				p++;
			if (p == end)
				return n;
		}
	}
}

/* 0, or -1 and then the record is bad. */
static int
match_line(struct records *r, struct text *t, struct record *rec, const char *p, size_t len)
{
	PCRE2_SIZE *at;
	int i, rc = pcre2_match(t->code, (PCRE2_SPTR)p, len, 0, PCRE2_NO_UTF_CHECK, t->match, t->context);

	if (rc < 0) {
		if (rc == PCRE2_ERROR_NOMATCH)
			record_bad(r, rec, "the line does not match the pattern");
		else
			record_bad(r, rec, "the pattern takes too many steps for this line");
		return -1;
	}
	at = pcre2_get_ovector_pointer(t->match);
	for (i = 0; i < t->nname; i++) {
		bool took_part = t->group[i] < rc && at[2 * t->group[i]] != PCRE2_UNSET && at[2 * t->group[i]] <= at[2 * t->group[i] + 1];

		t->field[i].text = took_part ? p + at[2 * t->group[i]] : NULL;
		t->field[i].len = took_part ? at[2 * t->group[i] + 1] - at[2 * t->group[i]] : 0;
	}
	if (t->twins)
		one_of_each(t);
	return 0;
}

static int
text_next(struct records *r, struct record *rec, struct err *err)
{
	struct text *t = r->state;
	struct line line;
	const char *p;
	size_t len;
	int rc;

	if (!t->looked && records_no_html(r, err) == -1)
		return -1;
	t->looked = true;
	for (;;) {
		if ((rc = line_next(r, &t->lines, &line, err)) == -1)
			return -1;
		if (rc == 0)
			return trailer_end(r, &t->trailer, err);
		p = line.bytes;
		len = line.len;
		if (trailer_is(r->opt.trailer, t->trailing, p, len)) {
			if (trailer_take(r, &t->trailer, p, len, line.number, err) == -1)
				return -1;
			continue;
		}
		trim(&p, &len);
		if (len > 0 && (t->comment == 0 || len < t->comment || memcmp(p, r->opt.comment, t->comment) != 0))
			break;
	}
	trailer_record(r, &t->trailer);
	record_begin(r, rec);
	rec->line = line.number;
	rec->offset = line.offset;
	rec->bytes = line.bytes;
	rec->len = line.len;
	if (line.full > LIMIT_RECORD) {
		record_bad(r, rec, "record of %llu bytes is over %zu", (unsigned long long)line.full, LIMIT_RECORD);
		return 1;
	}
	if (!record_check_text(r, rec))
		return 1;
	len = comment_at(r, t, p, len);
	trim(&p, &len);
	rec->nfield = t->nname;
	if (t->code != NULL) {
		if (match_line(r, t, rec, p, len) == -1)
			return 1;
	} else if (r->opt.split != NULL)
		rec->nfield = split_line(r, t, p, len);
	else {
		rec->nfield = 1;
		t->field[0].text = p;
		t->field[0].len = len;
	}
	rec->field = t->field;
	rec->name = t->name;
	rec->nname = t->nname;
	return 1;
}

const struct records_format records_text = { text_open, text_next, text_close };
