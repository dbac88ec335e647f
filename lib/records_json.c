/*
 * JSON documents, record by record.
 *
 * The structure outside the records is walked strictly, a token at a time.
 * A record, and each member that is passed over, is taken as a whole: its end
 * is found by its brackets and quotes alone, and only then is it scanned, so
 * that whatever is wrong inside it stays inside.
 */
#include <stdlib.h>
#include <string.h>

#include "records_json_private.h"
#include "xmalloc.h"

/* --- records --- */

/* The record at start. */
static int
hand_out(struct records *r, struct record *rec, bool keyed, struct err *err)
{
	struct json *j = r->state;
	struct err why;
	uint64_t full, line = input_line(&r->in);
	size_t len;
	int rc;

	record_begin(r, rec);
	rec->line = line;
	if (keyed) {
		rec->key = j->key.bytes;
		rec->keylen = j->key.len;
	}
	if ((rc = json_take(r, LIMIT_RECORD, &len, &full, err)) == -1)
		return -1;
	if (rc == 2) {
		rec->bytes = r->kept;
		rec->len = sizeof(r->kept);
		record_bad(r, rec, "record of %llu bytes is over %zu", (unsigned long long)full, LIMIT_RECORD);
		return 1;
	}
	rec->bytes = r->in.bytes + r->in.start;
	rec->len = len;
	r->in.start += len;
	if (scan_text(&r->scan, rec->bytes, len, &why) == 0)
		rec->scan = &r->scan;
	else
		record_bad(r, rec, "%s", why.text);
	return 1;
}

/* 1 a record, 0 the array is over, -1 with err. */
static int
next_element(struct records *r, struct record *rec, struct err *err)
{
	struct json *j = r->state;
	int c = json_peek(r, err);

	if (c == -1)
		return -1;
	if (c == ']') {
		r->in.start++;
		return 0;
	}
	if (!j->first && json_expect(r, ",", "a comma or a closing bracket", err) == -1)
		return -1;
	if (json_peek(r, err) == -1)
		return -1;
	if (json_at_end(r))
		return json_cut(r, err);
	j->first = false;
	return hand_out(r, rec, j->in_map, err);
}

/* 1 a record, 0 the map is over, 2 look again, -1 with err. */
static int
next_member(struct records *r, struct record *rec, struct err *err)
{
	struct json *j = r->state;
	bool named;
	int c = json_peek(r, err), rc;

	if (c == -1)
		return -1;
	if (c == '}') {
		r->in.start++;
		return 0;
	}
	if (!j->first && json_expect(r, ",", "a comma or a closing brace", err) == -1)
		return -1;
	if ((rc = json_take_name(r, NULL, err)) == -1)
		return -1;
	named = rc == 1;
	buf_clear(&j->key);
	if (named && buf_add(&j->key, j->word.bytes, j->word.len) == -1)
		named = false;
	j->first = false;
	c = json_peek(r, err);
	if (named && r->opt.each_value_array && c == '[') {
		r->in.start++;
		j->in_map = j->first = true;
		j->where = ARRAY;
		return 2;
	}
	if (c == -1 || hand_out(r, rec, true, err) == -1)
		return -1;
	if (!named)
		record_bad(r, rec, "its name is damaged or over %zu bytes", RECORDS_NAME);
	else if (r->opt.each_value_array && rec->bad == NULL)
		record_bad(r, rec, "an array of records was expected under this name");
	return 1;
}

/* The first byte of the next document: 1, 0 at the end, -1 with err. */
static int
next_document(struct records *r, struct err *err)
{
	struct input *in = &r->in;
	int c, rc;

	for (;;) {
		if ((c = json_peek(r, err)) == -1)
			return -1;
		if (c == 0 && json_at_end(r))
			return 0;
		/* a BOM, or the record separator of JSON text sequences */
		if (c == 0x1e)
			in->start++;
		else if (c == 0xef) {
			uint64_t was = input_offset(in);

			if ((rc = input_begin(r, err)) == -1)
				return -1;
			if (input_offset(in) == was)
				return 1;
		} else
			return 1;
	}
}

static int
json_next(struct records *r, struct record *rec, struct err *err)
{
	struct json *j = r->state;
	int rc, c;

	for (;;) {
		switch (j->where) {
		case DOCUMENT:
			if ((rc = next_document(r, err)) != 1)
				return rc;
			r->page++;
			c = (unsigned char)r->in.bytes[r->in.start];
			if (c != '{' && c != '[')
				return json_unexpected(r, "an object or an array", err);
			if (json_descend(r, err) == -1)
				return -1;
			break;
		case ARRAY:
			if ((rc = next_element(r, rec, err)) != 0)
				return rc;
			if (j->in_map) {
				j->in_map = j->first = false;
				j->where = MAP;
			} else
				j->where = TAIL;
			break;
		case MAP:
			if ((rc = next_member(r, rec, err)) == 2)
				break;
			if (rc != 0)
				return rc;
			j->where = TAIL;
			break;
		case ONE:
			j->where = TAIL;
			return hand_out(r, rec, false, err);
		case TAIL:
			if (json_leave(r, err) == -1)
				return -1;
			break;
		}
	}
}

/* --- opening --- */

/* "a.b", "a.*", "*": split at dots; "\." is a dot in a name. */
static int
split_path(struct records *r, struct json *j, struct err *err)
{
	const char *p = r->opt.path;
	char *to;

	if (p == NULL || *p == '\0')
		return 0;
	to = j->path_bytes = xmalloc(strlen(p) + 1);
	for (;;) {
		char *name = to;
		bool star = p[0] == '*' && p[1] == '\0';

		if (j->npath == RECORDS_PATH)
			return err_set(err, REASON_USAGE, "path \"%s\" has more than %d members", r->opt.path, RECORDS_PATH);
		while (*p != '\0' && *p != '.') {
			if (*p == '\\' && (p[1] == '.' || p[1] == '\\'))
				p++;
			*to++ = *p++;
		}
		*to++ = '\0';
		if (*name == '\0')
			return err_set(err, REASON_USAGE, "path \"%s\" has an empty member", r->opt.path);
		if (star) {
			j->map = true;
			return 0;
		}
		if (strcmp(name, "*") == 0)
			return err_set(err, REASON_USAGE, "path \"%s\": * can only stand at the end", r->opt.path);
		j->path[j->npath++] = name;
		if (*p == '\0')
			return 0;
		p++;
	}
}

static int
json_open(struct records *r, struct err *err)
{
	struct json *j = xcalloc(1, sizeof(*j));

	r->state = j;
	r->page = 0;
	r->in.count = true;
	buf_init(&j->key, RECORDS_NAME);
	buf_init(&j->word, RECORDS_NAME);
	/* room for the closing braces of all that can be open */
	buf_init(&j->page, RECORDS_PAGE + RECORDS_PATH);
	scan_init(&j->name);
	scan_init(&j->page_scan);
	if (split_path(r, j, err) == -1)
		return -1;
	if (r->opt.each_value_array && !j->map)
		return err_set(err, REASON_USAGE, "arrays of records as values need a path that ends in *");
	return 0;
}

static void
json_close(struct records *r)
{
	struct json *j = r->state;

	if (j == NULL)
		return;
	buf_release(&j->key);
	buf_release(&j->word);
	buf_release(&j->page);
	scan_release(&j->name);
	scan_release(&j->page_scan);
	free(j->path_bytes);
	free(j);
}

const struct records_format records_json = { json_open, json_next, json_close };
