/*
 * What the files of records_json share. Not for other rooms.
 *
 *	records_json.c        records: handed out one after the other
 *	records_json_token.c  bytes and whole values, taken off the input
 *	records_json_way.c    from a document's first byte to its records and out
 *	                      again behind them, and what $page is
 *
 * Errors: -1 with err (CONTRACT: the stream cannot be followed any more, or is
 * cut; STATE: the system's), wherever a struct err is given. Sizes in bytes.
 */
#ifndef TC_RECORDS_JSON_PRIVATE_H
#define TC_RECORDS_JSON_PRIVATE_H

#include "records_private.h"

#define RECORDS_NAME	(64 * KIB)	/* bytes of a member's name outside records */

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

/* --- records_json_token.c --- */

/* The byte behind white space, not taken; 0 at the end of the stream or for NUL, -1 with err. */
static inline int
json_peek(struct records *r, struct err *err)
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

/* After json_peek() gave 0: is it the end of the stream? */
static inline bool
json_at_end(const struct records *r)
{
	return r->in.start == r->in.end;
}

/* The message that the input is cut, or that what stands at start is not what may stand there: always -1. */
int	 json_cut(struct records *, struct err *);
int	 json_unexpected(struct records *, const char *want, struct err *);

/* One of the characters in want at start is taken and returned; -1 with err. */
int	 json_expect(struct records *, const char *want, const char *words, struct err *) TC_MUST_CHECK;

/*
 * The value at start, which is not white space: 1 and *len bytes from start
 * hold it, or 2 where it is longer than max: then it is gone, *full its length
 * and r->kept its first bytes. -1 with err. Nothing is taken on 1.
 */
int	 json_take(struct records *, size_t max, size_t *len, uint64_t *full, struct err *) TC_MUST_CHECK;

/*
 * A member's name and its colon, taken. 1: j->word holds the name unescaped;
 * 2: a name that cannot be one of ours (too long, damaged). In both cases what
 * stood there is appended to raw where that is not NULL.
 */
int	 json_take_name(struct records *, struct buf *raw, struct err *) TC_MUST_CHECK;

/* --- records_json_way.c --- */

/* From a document's first byte to its records: j->where says what they are. */
int	 json_descend(struct records *, struct err *) TC_MUST_CHECK;

/* Out of the objects on the way, to the end of the document. */
int	 json_leave(struct records *, struct err *) TC_MUST_CHECK;

#endif
