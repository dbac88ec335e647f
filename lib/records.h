/*
 * Splits a stream of pages into records without holding a page.
 *
 * One reader for every format that tc-map takes. A record is at most
 * LIMIT_RECORD bytes; a longer or damaged one is handed out as bad, with its
 * position and reason, and costs no neighbour. To add a format: a file
 * lib/records_NAME.c with a struct records_format, a row in the table of
 * records.c, a word in feed.c's parse check, a fixture, a paragraph in
 * tc-feed(5), a fuzz target.
 *
 *	struct records *r = records_open(fd, &opt, &err);
 *	while ((rc = records_next(r, &rec, &err)) == 1)
 *		rec.bad ? reject : use;
 *	rc == 0: the input ended where a record may end; -1: err says what was cut.
 */
#ifndef TC_RECORDS_H
#define TC_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "jval.h"
#include "scan.h"

enum records_kind { RECORDS_JSON, RECORDS_NDJSON, RECORDS_CSV, RECORDS_TEXT };

struct records_options {
	enum records_kind kind;
	const char	*path;		/* JSON: dotted members to the array of records, NULL or "": the document itself
					   (an array: its elements; an object: the one record). "a.*": the members of
					   object a, each a record (a map of id -> record; $key is the id) */
	bool		 each_value_array; /* with "*": a member's value is an array whose elements are the records */
	char		 delimiter;	/* CSV: ',' unless told; '\t' for tsv */
	const char	*comment;	/* CSV, text: a line that starts with this (after blanks, for text) is none; NULL: no comments */
	enum { HEADER_FIRST, HEADER_COMMENT, HEADER_NONE } header;	/* CSV: first record; last comment line before the data; given */
	const char	*const *columns; /* CSV with HEADER_NONE, or to override: names, NULL-terminated */
	const char	*inline_comment; /* text: what follows this and a blank before it is a comment (" ;", " #"); NULL */
	const char	*pattern;	/* text: PCRE2 with named groups, full match of the line; NULL: the line is "value" */
	const char	*split;		/* text: fields by this delimiter set, named by columns; NULL: no */
	const char	*trailer;	/* a line that starts with this ends a page and is checked: "# END" with (n) entries; NULL */
	bool		 trailer_required;
	bool		 latin1;	/* decode ISO 8859-1; else UTF-8, or UTF-16 by its BOM */
};

struct record {
	uint64_t	 number;	/* 1 for the first record, bad ones counted */
	uint64_t	 line;		/* of its first byte in the stream, from 1 */
	uint64_t	 offset;	/* of its first byte in the stream, bytes */
	unsigned	 page;		/* JSON documents: which one, from 1; else the page as far as known */
	const char	*bytes;		/* the record as it stood (for rejects), valid until the next call */
	size_t		 len;
	const char	*bad;		/* why it is no record, or NULL */
	/* JSON and NDJSON: */
	const struct scan *scan;	/* tape of bytes; node 0 is the record */
	const char	*key;		/* "a.*": the member's name; else NULL */
	size_t		 keylen;
	/* CSV and text: */
	int		 nfield;
	const struct record_field {
		const char	*text;	/* unquoted, valid UTF-8, not NUL-terminated */
		size_t		 len;
	}		*field;
	const struct record_field *name;	/* column names; as many as nfield or more; the same pointer while the header holds */
	int		 nname;
};

struct records;

struct records	*records_open(int fd, const struct records_options *, struct err *);	/* NULL: err */
int	 records_next(struct records *, struct record *, struct err *) TC_MUST_CHECK;
void	 records_close(struct records *);		/* does not close fd */

/* Bytes read so far, for progress. */
uint64_t records_offset(const struct records *);

/* The record as a value: an object of its fields (CSV, text) or the JSON; NULL: arena full. Repeated column names: first wins. */
struct jval *record_value(const struct record *, struct arena *);

#endif
