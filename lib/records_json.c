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
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "records_private.h"
#include "text.h"
#include "xmalloc.h"

#define NEST	4096		/* brackets deeper than this are counted, not told apart */
#define NAME	(64 * KIB)	/* bytes of a member's name outside records */

enum where {
	DOCUMENT,		/* between documents */
	ARRAY,			/* in an array of records */
	MAP,			/* in an object of records */
	ONE,			/* before the only record */
	TAIL			/* behind the records, in the objects on the way to them */
};

struct json {
	char		*path[RECORDS_PATH];
	int		 npath;
	char		*path_bytes;
	bool		 map;		/* ... and then "*" */

	enum where	 where;
	int		 level;		/* open objects on the way */
	bool		 first;		/* of its array or map: no comma before it */
	bool		 in_map;	/* ARRAY: it is the value of a map's member */
	bool		 map_first;	/* while in_map: what first was for the map */

	struct buf	 key;		/* of a map's member, unescaped */
	struct scan	 name;		/* of a member's name, to unescape it */
	struct buf	 word;		/* that name */

	struct buf	 page;		/* members before the records, as JSON */
	int		 page_level;	/* its open objects */
	bool		 page_full;	/* an object on the way had no room: no more members */
	struct scan	 page_scan;
	enum { PAGE_NEW, PAGE_GOOD, PAGE_BAD } page_state;
};

/* --- messages --- */

static int
cut(struct records *r, struct err *err)
{
	return err_set(err, REASON_CONTRACT, "the input ends in the middle of a document (page %u, behind record %llu, byte %llu)",
	    r->page, (unsigned long long)r->number, (unsigned long long)input_offset(&r->in));
}

/* What stands at start is not what may stand here. */
static int
unexpected(struct records *r, const char *want, struct err *err)
{
	char shown[4 * 40 + 1];
	const char *p;
	size_t len;

	if (input_need(r, 160, err) == -1)
		return -1;
	p = r->in.bytes + r->in.start;
	len = r->in.end - r->in.start < 160 ? r->in.end - r->in.start : 160;
	if (len == 0)
		return cut(r, err);
	text_safe(shown, sizeof(shown), p, text_first(p, len, 40));
	return err_set(err, REASON_CONTRACT, "page %u is not JSON: line %llu, byte %llu: %s expected, here is: %s", r->page,
	    (unsigned long long)input_line(&r->in), (unsigned long long)input_offset(&r->in), want, shown);
}

/* --- tokens --- */

/* The byte behind white space, not taken; 0 at the end of the stream or for NUL, -1 with err. */
static int
peek(struct records *r, struct err *err)
{
	struct input *in = &r->in;
	int rc;

	for (;;) {
		while (in->start < in->end) {
			char c = in->bytes[in->start];

			if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
				return (unsigned char)c;
			in->start++;
		}
		if ((rc = input_fill(r, err)) != 1)
			return rc;
	}
}

static inline bool
at_end(const struct records *r)
{
	return r->in.start == r->in.end;
}

/* One of the characters in want at start is taken and returned; -1 with err. */
static int
expect(struct records *r, const char *want, const char *words, struct err *err)
{
	int c = peek(r, err);

	if (c == -1)
		return -1;
	if (c == 0 && at_end(r))
		return cut(r, err);
	if (c == 0 || strchr(want, c) == NULL)
		return unexpected(r, words, err);
	r->in.start++;
	return c;
}

/* --- whole values --- */

struct taker {
	uint64_t	 object[NEST / 64];	/* which open brackets are braces */
	size_t		 depth;
	bool		 string, scalar, started;
};

static inline const char *
skip_string(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\');

	/* the input has slack behind its end */
	for (; p < end; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, back)));

		if (mask != 0)
			return p + __builtin_ctz(mask);
	}
#else
	while (p < end && *p != '"' && *p != '\\')
		p++;
#endif
	return p;
}

/*
 * Runs over p..end. 1: the value ends at *pp. 0: it goes on behind end, and a
 * backslash that is the last byte is not taken. -1: brackets that do not match.
 */
static int
run(struct taker *t, const char **pp, const char *end)
{
	const char *p = *pp;

	while (p < end) {
		if (t->string) {
			p = skip_string(p, end);
			if (p >= end) {
				p = end;
				break;
			}
			if (*p == '\\') {
				if (p + 1 == end)
					break;
				p += 2;
				continue;
			}
			p++;
			t->string = false;
			if (t->depth == 0)
				goto whole;
			continue;
		}
		switch (*p) {
		case '"':
			if (t->scalar)
				goto whole;
			t->string = t->started = true;
			p++;
			break;
		case '{':
		case '[':
			if (t->scalar)
				goto whole;
			t->started = true;
			if (t->depth < NEST) {
				uint64_t bit = 1ULL << (t->depth % 64), *word = &t->object[t->depth / 64];

				if (t->depth % 64 == 0)
					*word = 0;
				*word = *p == '{' ? *word | bit : *word & ~bit;
			}
			t->depth++;
			p++;
			break;
		case '}':
		case ']':
			if (t->depth == 0)
				goto whole;
			t->depth--;
			if (t->depth < NEST && (t->object[t->depth / 64] >> (t->depth % 64) & 1) != (*p == '}')) {
				*pp = p;
				return -1;
			}
			p++;
			if (t->depth == 0)
				goto whole;
			break;
		case ',': case ':': case ' ': case '\t': case '\n': case '\r':
			if (t->depth == 0)
				goto whole;
			p++;
			break;
		default:
			if (t->depth == 0)
				t->scalar = t->started = true;
			p++;
		}
	}
	*pp = p;
	return 0;
whole:
	*pp = p;
	return 1;
}

/*
 * The value at start, which is not white space: 1 and *len bytes from start
 * hold it, or 2 where it is longer than max: then it is gone, *full its length
 * and r->kept its first bytes. -1 with err. Nothing is taken on 1.
 */
static int
take(struct records *r, size_t max, size_t *len, uint64_t *full, struct err *err)
{
	struct input *in = &r->in;
	struct taker t;
	size_t off = 0;
	uint64_t gone = 0;
	const char *p;
	int rc;

	t.depth = 0;
	t.string = t.scalar = t.started = false;
	for (;;) {
		p = in->bytes + in->start + off;
		rc = run(&t, &p, in->bytes + in->end);
		off = (size_t)(p - (in->bytes + in->start));
		if (rc == -1) {
			in->start += off;
			return unexpected(r, "the other closing bracket", err);
		}
		if (rc == 1)
			break;
		if (off > max) {
			if (gone == 0)
				memcpy(r->kept, in->bytes + in->start, sizeof(r->kept));
			gone += off;
			in->start += off;
			off = 0;
		}
		if ((rc = input_fill(r, err)) == -1)
			return -1;
		if (rc == 0) {
			if (t.scalar && t.depth == 0)
				break;
			in->start = in->end;
			return cut(r, err);
		}
	}
	if (gone == 0 && off <= max) {
		*len = off;
		if (off == 0)
			return unexpected(r, "a value", err);
		return 1;
	}
	if (gone == 0)
		memcpy(r->kept, in->bytes + in->start, off < sizeof(r->kept) ? off : sizeof(r->kept));
	in->start += off;
	*full = gone + off;
	return 2;
}

/*
 * A member's name and its colon, taken. 1: j->word holds the name unescaped;
 * 2: a name that cannot be one of ours (too long, damaged). In both cases what
 * stood there is appended to raw where that is not NULL.
 */
static int
take_name(struct records *r, struct buf *raw, struct err *err)
{
	struct json *j = r->state;
	struct err why;
	uint64_t full;
	size_t len;
	int rc, c = peek(r, err);

	if (c == -1)
		return -1;
	if (c != '"')
		return c == 0 && at_end(r) ? cut(r, err) : unexpected(r, "a member's name", err);
	if ((rc = take(r, NAME, &len, &full, err)) == -1)
		return -1;
	buf_clear(&j->word);
	if (rc == 1) {
		const char *p = r->in.bytes + r->in.start;

		if (scan_text(&j->name, p, len, &why) == -1 || scan_string(&j->name, 0, &j->word) == -1 ||
		    (raw != NULL && buf_add(raw, p, len) == -1))
			rc = 2;
		r->in.start += len;
	}
	if (expect(r, ":", "a colon", err) == -1 || peek(r, err) == -1)
		return -1;
	return at_end(r) ? cut(r, err) : rc;
}

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
	int rc = take(r, RECORDS_PAGE, &len, &full, err);

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
		if ((c = peek(r, err)) == -1)
			return -1;
		if (c == '}')
			return no_member(r, err);
		if (!first) {
			if (expect(r, ",", "a comma or a closing brace", err) == -1)
				return -1;
		}
		first = false;
		at = j->page.len;
		rc = 1;
		if (!j->page_full) {
			if (at > 0 && j->page.bytes[at - 1] != '{')
				rc = buf_addc(&j->page, ',') == 0 ? 1 : 2;
		}
		c = take_name(r, j->page_full ? NULL : &j->page, err);
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

/* From a document's first byte to its records. */
static int
descend(struct records *r, struct err *err)
{
	struct json *j = r->state;
	int c;

	page_begin(j);
	j->level = 0;
	for (;;) {
		if ((c = peek(r, err)) == -1)
			return -1;
		if (j->level == j->npath)
			break;
		if (c != '{')
			return c == 0 && at_end(r) ? cut(r, err) :
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
		return unexpected(r, "an object or an array", err);
	return unexpected(r, "the records, an array or an object,", err);
}

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
	if ((rc = take(r, LIMIT_RECORD, &len, &full, err)) == -1)
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
	int c = peek(r, err);

	if (c == -1)
		return -1;
	if (c == ']') {
		r->in.start++;
		return 0;
	}
	if (!j->first && expect(r, ",", "a comma or a closing bracket", err) == -1)
		return -1;
	if (peek(r, err) == -1)
		return -1;
	if (at_end(r))
		return cut(r, err);
	j->first = false;
	return hand_out(r, rec, j->in_map, err);
}

/* 1 a record, 0 the map is over, 2 look again, -1 with err. */
static int
next_member(struct records *r, struct record *rec, struct err *err)
{
	struct json *j = r->state;
	bool named;
	int c = peek(r, err), rc;

	if (c == -1)
		return -1;
	if (c == '}') {
		r->in.start++;
		return 0;
	}
	if (!j->first && expect(r, ",", "a comma or a closing brace", err) == -1)
		return -1;
	if ((rc = take_name(r, NULL, err)) == -1)
		return -1;
	named = rc == 1;
	buf_clear(&j->key);
	if (named && buf_add(&j->key, j->word.bytes, j->word.len) == -1)
		named = false;
	j->first = false;
	c = peek(r, err);
	if (named && r->opt.each_value_array && c == '[') {
		r->in.start++;
		j->in_map = j->first = true;
		j->where = ARRAY;
		return 2;
	}
	if (c == -1 || hand_out(r, rec, true, err) == -1)
		return -1;
	if (!named)
		record_bad(r, rec, "its name is damaged or over %zu bytes", NAME);
	else if (r->opt.each_value_array && rec->bad == NULL)
		record_bad(r, rec, "an array of records was expected under this name");
	return 1;
}

/* Out of the objects on the way, to the end of the document. */
static int
leave(struct records *r, struct err *err)
{
	struct json *j = r->state;
	uint64_t full;
	size_t len;
	int c, rc;

	while (j->level > 0) {
		if ((c = expect(r, ",}", "a comma or a closing brace", err)) == -1)
			return -1;
		if (c == '}') {
			j->level--;
			continue;
		}
		if ((rc = take_name(r, NULL, err)) == -1)
			return -1;
		if (rc == 1 && j->word.len == strlen(j->path[j->level - 1]) &&
		    memcmp(j->word.bytes, j->path[j->level - 1], j->word.len) == 0)
			return err_set(err, REASON_CONTRACT, "page %u has the member \"%s\" of the records' path twice", r->page,
			    j->path[j->level - 1]);
		if ((rc = take(r, 0, &len, &full, err)) == -1)
			return -1;
	}
	j->where = DOCUMENT;
	return 0;
}

/* The first byte of the next document: 1, 0 at the end, -1 with err. */
static int
next_document(struct records *r, struct err *err)
{
	struct input *in = &r->in;
	int c, rc;

	for (;;) {
		if ((c = peek(r, err)) == -1)
			return -1;
		if (c == 0 && at_end(r))
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
				return unexpected(r, "an object or an array", err);
			if (descend(r, err) == -1)
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
			if (leave(r, err) == -1)
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
	buf_init(&j->key, NAME);
	buf_init(&j->word, NAME);
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
