/* Columns' names: from the first record or the comment before the data, and the header known again when it comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records_csv_private.h"
#include "text.h"
#include "xmalloc.h"

static void
trim(struct record_field *f)
{
	while (f->len > 0 && (*f->text == ' ' || *f->text == '\t'))
		f->text++, f->len--;
	while (f->len > 0 && (f->text[f->len - 1] == ' ' || f->text[f->len - 1] == '\t'))
		f->len--;
}

static struct record_field *
copy_fields(const struct record_field *from, int n, char **bytes)
{
	struct record_field *to = xcalloc(n > 0 ? (size_t)n : 1, sizeof(*to));
	size_t total = 1, at = 0;
	int i;

	for (i = 0; i < n; i++)
		total += from[i].len + 12;	/* or the digits of its number */
	*bytes = xmalloc(total);
	for (i = 0; i < n; i++) {
		if (from[i].len > 0)
			memcpy(*bytes + at, from[i].text, from[i].len);
		to[i].text = *bytes + at;
		to[i].len = from[i].len;
		at += from[i].len;
	}
	return to;
}

int
csv_take_header(struct csv *c, struct err *err)
{
	size_t at = 0, len;
	int i;

	c->header = copy_fields(c->field, c->nfield, &c->header_bytes);
	c->nheader = c->nfield;
	if (c->name != NULL)
		return 0;	/* the definition gave columns instead */
	len = (size_t)(c->header[c->nheader - 1].text - c->header_bytes) + c->header[c->nheader - 1].len;
	/* each by itself: halves of a character in two names make a whole one side by side */
	for (i = 0; i < c->nheader; i++)
		if (text_utf8_span(c->header[i].text, c->header[i].len) < c->header[i].len ||
		    memchr(c->header[i].text, 0, c->header[i].len) != NULL)
			return err_set(err, REASON_CONTRACT, "the header in line %llu is not valid UTF-8", (unsigned long long)c->line);
	c->name = copy_fields(c->header, c->nheader, &c->name_bytes);
	c->nname = c->nheader;
	for (i = 0; i < c->nname; i++) {
		trim(&c->name[i]);
		at += c->name[i].len;
	}
	if (at == 0)
		return err_set(err, REASON_CONTRACT, "the header in line %llu has no names", (unsigned long long)c->line);
	/* the nameless are called by their numbers; copy_fields() left room behind all names */
	at = len;
	for (i = 0; i < c->nname; i++)
		if (c->name[i].len == 0) {
			c->name[i].text = c->name_bytes + at;
			c->name[i].len = (size_t)snprintf(c->name_bytes + at, 12, "%d", i + 1);
			at += c->name[i].len;
		}
	return 0;
}

bool
csv_is_header(const struct csv *c)
{
	int i;

	if (c->nfield != c->nheader)
		return false;
	for (i = 0; i < c->nfield; i++)
		if (c->field[i].len != c->header[i].len || memcmp(c->field[i].text, c->header[i].text, c->field[i].len) != 0)
			return false;
	return true;
}

int
csv_take_comment_header(struct records *r, struct csv *c, struct err *err)
{
	const char *p = c->last_comment.bytes;
	size_t len = c->last_comment.len;
	char *copy;
	int rc;

	if (c->name != NULL)
		return 0;
	while (len > 0 && (*p == ' ' || *p == '\t'))
		p++, len--;
	/* csv_parse() wants slack behind what it reads */
	copy = xcalloc(1, len + RECORDS_SLACK);
	memcpy(copy, p, len);
	if (len == 0 || csv_parse(c, copy, copy + len, true, r->opt.quotes) != WHOLE)
		rc = err_set(err, REASON_CONTRACT, "no comment line with the names of the columns stands before the data in line %llu",
		    (unsigned long long)c->line);
	else if (c->nescaped > 0 && csv_unescape(c, r->opt.quotes, err) == -1)
		rc = -1;
	else
		rc = csv_take_header(c, err);
	free(copy);
	return rc;
}
