/*
 * The way to the records of a document: the objects on it are walked strictly,
 * a token at a time, and what stands in them before the records is kept as
 * $page.
 */
#include <string.h>

#include "records_json_private.h"
#include "text.h"

/* --- the page: what stands before the records --- */

static void
page_begin(struct json *j)
{
	buf_clear(&j->page);
	j->page_level = 0;
	j->page_full = false;
	j->page_state = PAGE_NEW;
}

/* An object on the way opens: as the document, or as the member whose name has just been added. */
static void
page_open(struct json *j)
{
	if (!j->page_full && buf_addc(&j->page, '{') == 0)
		j->page_level++;
	else
		j->page_full = true;
}

/*
 * The member whose value stands at start goes by, into the page if it is whole
 * there; at is where the page ended before the member's name.
 */
static int
page_member(struct records *r, size_t at, bool named, struct err *err)
{
	struct json *j = r->state;
	struct err why;
	uint64_t full;
	size_t len;
	int rc = json_take(r, RECORDS_PAGE, &len, &full, err);

	if (rc == -1)
		return -1;
	if (rc == 1) {
		const char *p = r->in.bytes + r->in.start;

		r->in.start += len;
		if (named && j->page.len + len + 64 <= RECORDS_PAGE && scan_text(&j->name, p, len, &why) == 0 &&
		    buf_add(&j->page, p, len) == 0)
			return 0;
	}
	j->page.len = at;
	j->page.bytes[at] = '\0';
	return 0;
}

/* The records begin: the page is as it will be. */
static void
page_end(struct json *j)
{
	while (j->page_level > 0 && buf_addc(&j->page, '}') == 0)
		j->page_level--;
}

struct jval *
records_page_value(struct records *r, struct arena *a)
{
	struct json *j = r->state;
	struct err why;

	if (r->opt.kind != RECORDS_JSON || j->page.len == 0)
		return &jval_null;
	if (j->page_state == PAGE_NEW)
		j->page_state = scan_text(&j->page_scan, j->page.bytes, j->page.len, &why) == 0 ? PAGE_GOOD : PAGE_BAD;
	return j->page_state == PAGE_GOOD ? jval_from_scan(a, &j->page_scan, 0) : &jval_null;
}

/* --- the way to the records --- */

static int
no_member(struct records *r, struct err *err)
{
	struct json *j = r->state;
	char shown[4 * 60 + 1];

	text_safe(shown, sizeof(shown), j->page.bytes, text_first(j->page.bytes, j->page.len, 60));
	return err_set(err, REASON_CONTRACT, "page %u has no member \"%s\" of the records' path \"%s\"; it begins: %s", r->page,
	    j->path[j->level - 1], r->opt.path, shown);
}

/* In the object on the way that was just entered: to the value of its member path[level - 1]. */
static int
find_member(struct records *r, struct err *err)
{
	struct json *j = r->state;
	bool first = true;
	size_t at;
	int c, rc;

	for (;;) {
		if ((c = json_peek(r, err)) == -1)
			return -1;
		if (c == '}')
			return no_member(r, err);
		if (!first) {
			if (json_expect(r, ",", "a comma or a closing brace", err) == -1)
				return -1;
		}
		first = false;
		at = j->page.len;
		rc = 1;
		if (!j->page_full) {
			if (at > 0 && j->page.bytes[at - 1] != '{')
				rc = buf_addc(&j->page, ',') == 0 ? 1 : 2;
		}
		c = json_take_name(r, j->page_full ? NULL : &j->page, err);
		if (c == -1)
			return -1;
		if (c == 2)
			rc = 2;
		/* a name that is ours may have found no room in the page: it counts all the same */
		if (j->word.len == strlen(j->path[j->level - 1]) &&
		    memcmp(j->word.bytes, j->path[j->level - 1], j->word.len) == 0) {
			if (j->level == j->npath || rc == 2 || j->page_full || j->page.len + 64 > RECORDS_PAGE) {
				/* the records' own name does not show in the page */
				j->page.len = at;
				j->page.bytes[at] = '\0';
				j->page_full = j->page_full || j->level < j->npath;
			} else if (buf_addc(&j->page, ':') == -1)
				j->page_full = true;	/* not with that room */
			return 0;
		}
		if (rc == 1 && !j->page_full && buf_addc(&j->page, ':') == -1)
			rc = 2;
		if (page_member(r, at, rc == 1 && !j->page_full, err) == -1)
			return -1;
	}
}

int
json_descend(struct records *r, struct err *err)
{
	struct json *j = r->state;
	int c;

	page_begin(j);
	j->level = 0;
	for (;;) {
		if ((c = json_peek(r, err)) == -1)
			return -1;
		if (j->level == j->npath)
			break;
		if (c != '{')
			return c == 0 && json_at_end(r) ? json_cut(r, err) :
			    err_set(err, REASON_CONTRACT, "page %u: %s%s%s is no object: no way to the records at \"%s\"", r->page,
			    j->level > 0 ? "member \"" : "the document", j->level > 0 ? j->path[j->level - 1] : "",
			    j->level > 0 ? "\"" : "", r->opt.path);
		r->in.start++;
		page_open(j);
		j->level++;
		if (find_member(r, err) == -1)
			return -1;
	}
	page_end(j);
	j->first = true;
	j->in_map = false;
	switch (c) {
	case '[':
		r->in.start++;
		j->where = ARRAY;
		return 0;
	case '{':
		if (j->map) {
			r->in.start++;
			j->where = MAP;
		} else
			j->where = ONE;
		return 0;
	case 'n':
		if (input_need(r, 5, err) == -1)
			return -1;
		if (j->npath > 0 && r->in.end - r->in.start >= 4 && memcmp(r->in.bytes + r->in.start, "null", 4) == 0) {
			r->in.start += 4;
			j->where = TAIL;
			return 0;
		}
		break;
	}
	if (j->npath == 0)
		return json_unexpected(r, "an object or an array", err);
	return json_unexpected(r, "the records, an array or an object,", err);
}

int
json_leave(struct records *r, struct err *err)
{
	struct json *j = r->state;
	uint64_t full;
	size_t len;
	int c, rc;

	while (j->level > 0) {
		if ((c = json_expect(r, ",}", "a comma or a closing brace", err)) == -1)
			return -1;
		if (c == '}') {
			j->level--;
			continue;
		}
		if ((rc = json_take_name(r, NULL, err)) == -1)
			return -1;
		if (rc == 1 && j->word.len == strlen(j->path[j->level - 1]) &&
		    memcmp(j->word.bytes, j->path[j->level - 1], j->word.len) == 0)
			return err_set(err, REASON_CONTRACT, "page %u has the member \"%s\" of the records' path twice", r->page,
			    j->path[j->level - 1]);
		if ((rc = json_take(r, 0, &len, &full, err)) == -1)
			return -1;
	}
	j->where = DOCUMENT;
	return 0;
}
