/*
 * The "parse" section of a definition: how the feed's bytes become records.
 *
 * A definition must have one; tc-feed(5) is written from this list. Every
 * member but format has a default; a member that its format does not know is an
 * error.
 *
 *	"format"	"json", "ndjson", "csv", "tsv" or "text". ("stix", "misp" and
 *			"prose" are words kept for formats to come.)
 *	"encoding"	"utf-8" (default: UTF-8 with or without BOM, UTF-16 by its
 *			BOM) or "latin1" (ISO 8859-1, unless a BOM says otherwise)
 *
 * json: one document or many; each document is a page.
 *	"records"	where the records are: members joined by dots ("data.items");
 *			a backslash before a dot makes it part of a name.
 *			Absent or "": the document itself, an array of records or one
 *			record. Ends in "*" ("data.*", "*"): the values of that object's
 *			members, the member's name being $key. Ends in "*[]": each of
 *			these values is an array of records (ThreatFox).
 *			$page: the members of the document that stand before the
 *			records, up to 64 KiB; null in the other formats.
 *
 * ndjson: one JSON value a line. No further members.
 *
 * csv, tsv: a record is an object of its columns, each a string.
 *	"delimiter"	one ASCII character; default "," for csv, a tab for tsv
 *	"header"	"first" (default): the first record; "comment": the last
 *			comment line before the data that holds a delimiter;
 *			["name", ...]: there is none, these are the names
 *	"columns"	["name", ...]: names to be used instead of a header that is
 *			there (first, comment)
 *	"comment"	a line that begins with this is none; default: no comments,
 *			with "header": "comment" "#"
 *	"quotes"	"double" (default): "" in a quoted field is a quote;
 *			"backslash": \" and \\ too; "none": quotes are characters
 *	"trailer"	a line that begins with this ("# END") ends a page; if it
 *			holds a number, that must be the page's records
 *	"trailer_required"	true: input that does not end in one is cut;
 *			default false
 *
 * text: one record a line, white space around it gone, empty lines none. A record is
 * an object, of one member "value" unless told:
 *	"comment"	a line that begins with this (after blanks) is none; default:
 *			no comments
 *	"inline_comment"	what follows this, a blank before it, is a comment
 *	"columns"	["name"]: the name of the value, instead of "value"; with
 *			"split" the names of the fields
 *	"split"		characters of which each separates fields (if a blank is
 *			among them a run of them is one separator); the last column
 *			takes what is left, separators and all; missing fields are
 *			absent. Hosts files: {"split": " \t", "columns": ["address",
 *			"host"]}; "IP;date": {"split": ";", "columns": ["ip", "date"]}
 *	"pattern"	PCRE2 that must match the whole line; its named groups are
 *			the members; a line that does not match is rejected. Not
 *			together with "split" or "columns"
 *	"trailer", "trailer_required"	as for csv
 */
#ifndef TC_FEED_PARSE_H
#define TC_FEED_PARSE_H

#include "err.h"
#include "feed.h"
#include "records.h"

struct feed_parse {
	struct records_options records;		/* for records_open() */
	char		*path;			/* private */
	const char	**columns;		/* private */
};

/* The section compiled. Strings are the feed's: release it before feed_free(), close the records before both. */
int	 feed_parse_load(struct feed_parse *, const struct feed *, struct err *) TC_MUST_CHECK;
void	 feed_parse_release(struct feed_parse *);	/* safe to call twice, and after a load that failed */

#endif
