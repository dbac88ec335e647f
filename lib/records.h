/*
 * Splits a stream of pages into records without holding a page.
 *
 * One reader for every format that tc-map takes. A record is at most
 * LIMIT_RECORD bytes; a longer or damaged one is handed out as bad, with its
 * position and reason, and costs no neighbour. Memory is bound by one record,
 * whatever the stream's size.
 *
 *	struct records *r = records_open(fd, &opt, &err);
 *	while ((rc = records_next(r, &rec, &err)) == 1)
 *		rec.bad ? reject : use;
 *	rc == 0: the input ended where a record may end; -1: err says what was
 *	cut, or how the stream cannot be followed any more (CONTRACT), or what
 *	the system said (STATE).
 *
 * To add a format: a file lib/records_NAME.c with a struct records_format
 * (records_private.h), a row in the table of records.c, a word in
 * feed_parse.c, a fixture, a paragraph in tc-feed(5), a fuzz target.
 *
 * Bytes: UTF-8 with or without BOM (one at each page's start is skipped),
 * UTF-16 either way round by its BOM, ISO 8859-1 when told. What is not valid
 * UTF-8, and NUL, makes its record bad. Offsets count the stream's bytes, of
 * UTF-16 and ISO 8859-1 the bytes of the same text in UTF-8.
 *
 * Pages are concatenated, a newline between them. In detail:
 *
 * JSON. Any number of documents, white space (and RFC 7464's separator)
 * between them; each is a page. The structure outside and around the records is
 * followed strictly; what is wrong inside a record (bad UTF-8, duplicate keys,
 * nesting, numbers, size) makes that record bad. The path must be there in
 * every document; null there is no records, an object where an array is meant
 * is the one record, an array where a map is meant (PHP writes an empty map so)
 * is taken as the array. An array's elements may be of any type.
 *
 * NDJSON. A value a line; blank lines are none. A last line without a newline
 * that is no JSON is a cut stream, not a bad record.
 *
 * CSV. RFC 4180, and: lines end in LF, CRLF or CR; blank lines are none;
 * blanks between a delimiter and an opening quote, and behind a closing one,
 * go; a quote inside an unquoted field is a character. Names have their
 * outer blanks taken off, a nameless column is called by its number ("4"), of
 * columns of one name the first is meant. Missing fields at a record's end are
 * absent; fields beyond the columns make it bad unless they are empty. A record
 * equal to the header is the header again (of the next page) and skipped.
 *   A stray quote costs its line. A quoted field that is followed by other
 * text, or never closed, or open for over LIMIT_CSV_QUOTED_LINES lines, makes
 * the line it began on bad, and reading goes on with the next line. So does a
 * quoted field over several lines whose record does not have as many fields as there
 * are columns, or (with three columns and more) in which each inner line is
 * itself as many fields as there are columns: that was a stray quote that
 * happened to meet another.
 *   The last line without a line end and with fewer fields than every record
 * before had is a cut stream.
 *
 * Text. Lines end in LF, CRLF or CR; white space (Unicode's, U+00A0 too) around
 * a line and around fields goes; empty lines are none.
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

/* Zeroed: JSON, the document itself. The strings are the caller's and must stay until records_close(). */
struct records_options {
	enum records_kind kind;
	const char	*path;		/* JSON: dotted members to the array of records ("\." is a dot in a name), NULL or "": the document
					   itself (an array: its elements; an object: the one record). "a.*": the members of
					   object a, each a record (a map of id -> record; the record's key is the id); "*": of the document */
	bool		 each_value_array; /* with "*": a member's value is an array whose elements are the records */
	char		 delimiter;	/* CSV: ',' where 0; '\t' for tsv */
	enum { QUOTES_DOUBLE, QUOTES_BACKSLASH, QUOTES_NONE } quotes;	/* CSV: "" is a quote; \" too (and \\ a backslash); quotes are characters */
	const char	*comment;	/* CSV, text: a line that starts with this (after blanks, for text) is none; NULL: no comments */
	enum { HEADER_FIRST, HEADER_COMMENT, HEADER_NONE } header;	/* CSV: first record; the last comment line before the data
					   that holds a delimiter (or the last at all); none, columns gives the names */
	const char	*const *columns; /* CSV: names, NULL-terminated, required with HEADER_NONE, else instead of the header's; text: see split */
	const char	*inline_comment; /* text: what follows this, with a blank before it, is a comment (";", "#"); NULL */
	const char	*pattern;	/* text: PCRE2 that must match the whole line; its named groups are the fields; NULL: the line is "value" */
	const char	*split;		/* text: the line is fields separated by one of these characters (by a run of them if a blank is among them),
					   named by columns; the last column takes all that is left; NULL: no. Without it columns[0] names the line */
	const char	*trailer;	/* CSV, text: a line that starts with this ends a page; a number in it must be the page's records: "# END"; NULL */
	bool		 trailer_required;	/* the stream must end in one */
	bool		 latin1;	/* decode ISO 8859-1; else UTF-8, or UTF-16 by its BOM */
};

struct record {
	uint64_t	 number;	/* 1 for the first record, bad ones counted */
	uint64_t	 line;		/* of its first byte in the stream, from 1 */
	uint64_t	 offset;	/* of its first byte in the stream, bytes, from 0 */
	unsigned	 page;		/* JSON documents: which one, from 1; else the page as far as known */
	const char	*bytes;		/* the record as it stood (for rejects; of one too long its first 4 KiB), valid until the next call */
	size_t		 len;
	const char	*bad;		/* why it is no record, or NULL; then nothing below is set but key */
	/* JSON and NDJSON: */
	const struct scan *scan;	/* tape of bytes; node 0 is the record */
	const char	*key;		/* "a.*": the member's name, unescaped; else NULL */
	size_t		 keylen;
	/* CSV and text: */
	int		 nfield;	/* at most nname */
	const struct record_field {
		const char	*text;	/* unquoted, valid UTF-8, no NUL, not NUL-terminated; NULL: absent (a group that took no part) */
		size_t		 len;
	}		*field;
	const struct record_field *name;	/* column names; as many as nfield or more; the same pointer while the header holds */
	int		 nname;
};

struct records;

struct records	*records_open(int fd, const struct records_options *, struct err *);	/* NULL: err (USAGE); fd is not read yet */
int	 records_next(struct records *, struct record *, struct err *) TC_MUST_CHECK;
void	 records_close(struct records *);		/* does not close fd; NULL is fine */

/* Bytes read so far, for progress. */
uint64_t records_offset(const struct records *);

/* The record as a value: an object of its fields (CSV, text) or the JSON; NULL: arena full. Repeated column names: first wins. */
struct jval *record_value(const struct record *, struct arena *);

/*
 * The document around the records, for $page: an object of its members that
 * stand BEFORE the records, those on the way nested as they are, at most
 * 64 KiB together (a member that does not fit is left out, later ones still
 * get their chance); null where the format has no such thing or what was kept
 * is damaged. It is the same for all records of one record.page; its strings
 * are valid until records_next() hands out a record of another page.
 * NULL: arena full.
 */
struct jval *records_page_value(struct records *, struct arena *);

#endif
