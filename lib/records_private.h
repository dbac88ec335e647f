/*
 * What the formats of records.h share: the input they read from, and how they
 * hand a record out. Not for other rooms.
 */
#ifndef TC_RECORDS_PRIVATE_H
#define TC_RECORDS_PRIVATE_H

#include "limit.h"
#include "records.h"

#define RECORDS_READ	(128 * KIB)	/* bytes asked of read(2) at a time */
#define RECORDS_SLACK	64		/* zero bytes behind the input, so that 16 may be read at any of its bytes */
#define RECORDS_KEPT	(4 * KIB)	/* of a record that is too long: enough to know it again */
#define RECORDS_PAGE	(64 * KIB)	/* of a document's members before its records */
#define RECORDS_PATH	16		/* members on the way to the records */

struct records_format {
	int	 (*open)(struct records *, struct err *);
	int	 (*next)(struct records *, struct record *, struct err *);
	void	 (*close)(struct records *);		/* frees state; called also after open failed */
};

extern const struct records_format records_json, records_ndjson, records_csv, records_text;

/*
 * bytes[start..end) is read and not yet taken. A fill keeps those, may move
 * them, and drops what stands before start.
 */
struct input {
	int		 fd;
	char		*bytes;
	size_t		 start, end, cap;
	uint64_t	 base;		/* offset of bytes[0] in the stream */
	uint64_t	 read;		/* raw bytes read, for progress */
	bool		 eof;		/* nothing comes behind end */
	/* decoding, records_decode.c */
	enum { ENCODING_UNKNOWN, ENCODING_UTF8, ENCODING_LATIN1, ENCODING_UTF16LE, ENCODING_UTF16BE } encoding;
	bool		 raw_eof;
	unsigned char	*raw;		/* bytes still to be decoded; NULL for UTF-8 */
	size_t		 rawlen;
	/* lines, counted when asked or before bytes go away, where count is set */
	bool		 count;
	size_t		 counted;	/* bytes[0..counted) are in line */
	uint64_t	 line;		/* of the byte at counted, from 1 */
};

struct records {
	struct records_options	 opt;
	const struct records_format *format;
	struct input		 in;
	uint64_t		 number;
	unsigned		 page;
	char			 why[256];	/* what record.bad points at */
	struct scan		 scan;
	char			 kept[RECORDS_KEPT];	/* the first bytes of a record that is too long */
	bool			 ended;		/* next() has said 0 or -1: it goes on saying so */
	void			*state;
};

/* More bytes behind end: 1, or 0 at the end of the stream, -1 with err. Never to be called with LIMIT_RECORD bytes or more pending. */
int	 input_fill(struct records *, struct err *) TC_MUST_CHECK;
int	 input_decode(struct records *, struct err *) TC_MUST_CHECK;	/* input_fill()'s read, records_decode.c */

/* At least n bytes from start, or all there are: -1 with err. */
int	 input_need(struct records *, size_t n, struct err *) TC_MUST_CHECK;

static inline uint64_t
input_offset(const struct input *in)
{
	return in->base + in->start;
}

/* The line that start stands on. */
uint64_t input_line(struct input *);

/* One byte at start, the byte order mark that may stand there taken: 1, or 0 at the end of the stream, -1 with err. */
int	 input_begin(struct records *, struct err *) TC_MUST_CHECK;

/* Starts a record at start: number, page, line, offset; all else cleared. */
void	 record_begin(struct records *, struct record *);
void	 record_bad(struct records *, struct record *, const char *fmt, ...) TC_PRINTF(3, 4);
/* Bad UTF-8 or NUL in its bytes? Then the record is bad: false. */
bool	 record_check_text(struct records *, struct record *);

/* An HTML page at the stream's start where data should be: -1 with err. */
int	 records_no_html(struct records *, struct err *) TC_MUST_CHECK;

/* --- lines (NDJSON, text) --- */

struct line {
	const char	*bytes;		/* without its end; valid until the next fill */
	size_t		 len;		/* of what is kept */
	uint64_t	 full;		/* bytes it has; more than len where it is too long */
	uint64_t	 number, offset;
	bool		 ended;		/* by a line end, not by the stream's */
};

struct lines {
	bool		 cr;		/* a CR ends a line, too */
	bool		 after_cr;
	uint64_t	 number;	/* of the line handed out last */
};

/* 1, or 0 at the end of the stream, -1 with err. A BOM at the line's start is gone. */
int	 line_next(struct records *, struct lines *, struct line *, struct err *) TC_MUST_CHECK;

/* Where the first of a, b stands in p[0..len), len where none does. */
size_t	 find_two(const char *p, size_t len, char a, char b);

/* --- trailers (CSV, text): "# END (12) entries" --- */

struct trailer {
	uint64_t	 records;	/* of the page so far */
	bool		 seen;		/* the last thing seen is a trailer */
};

/* Is this line one? */
static inline bool
trailer_is(const char *trailer, size_t tlen, const char *line, size_t len)
{
	return tlen > 0 && len >= tlen && __builtin_memcmp(line, trailer, tlen) == 0;
}

/* Takes it: -1 where its number is not that of the page's records. */
int	 trailer_take(struct records *, struct trailer *, const char *line, size_t len, uint64_t number, struct err *) TC_MUST_CHECK;
/* Before a record is handed out. */
void	 trailer_record(struct records *, struct trailer *);
/* At the stream's end: -1 where one is required and is not there. */
int	 trailer_end(struct records *, const struct trailer *, struct err *) TC_MUST_CHECK;

#endif
