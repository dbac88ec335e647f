/*
 * What the files of records_csv share. Not for other rooms.
 *
 *	records_csv.c        the stream: comments, trailers, damaged records, records
 *	records_csv_parse.c  one record taken apart
 *	records_csv_names.c  headers and the columns' names
 *
 * Ownership: struct csv is records.state; its fields point into the input or
 * into plain until the next record. Sizes in bytes. Errors: -1 with err
 * (CONTRACT: the stream cannot be followed).
 */
#ifndef TC_RECORDS_CSV_PRIVATE_H
#define TC_RECORDS_CSV_PRIVATE_H

#include "records_private.h"

struct csv {
	char			 delimiter;
	bool			 looked;	/* whether this is HTML */
	bool			 after_cr;
	uint64_t		 line;		/* that the input stands on */
	size_t			 comment, trailing;	/* lengths */
	struct trailer		 trailer;
	struct buf		 last_comment;	/* HEADER_COMMENT, until the data begins */
	bool			 last_comment_fits;	/* it holds a delimiter */

	/* names: of the header as it came (to know it again), and as used */
	struct record_field	*header, *name;
	int			 nheader, nname;
	char			*header_bytes, *name_bytes;
	uint64_t		 full, ragged;	/* records with all fields, with fewer */
	bool			 since_header;	/* a record came since a header or trailer */

	/* the record being parsed */
	struct record_field	 field[LIMIT_CSV_FIELDS];
	bool			 escaped[LIMIT_CSV_FIELDS];
	int			 nfield;
	int			 nescaped;
	unsigned		 lines;		/* line ends inside it */
	size_t			 len;		/* of it, without its end */
	size_t			 taken;		/* with it */
	bool			 ended;		/* by a line end, not by the stream's */
	bool			 by_cr;
	const char		*damage;
	bool			 open;		/* the damage is a quote that was still open at the end of the stream */
	struct buf		 plain;		/* unescaped fields */
};

enum outcome {
	WHOLE,
	MORE,			/* its end is not there yet */
	DAMAGED			/* c->damage says why */
};

/*
 * The record at start, whose bytes end at end, with RECORDS_SLACK bytes to be
 * read behind it; eof: nothing comes behind them. quotes is
 * records_options.quotes. On WHOLE len, taken, ended, nfield and field are its;
 * fields are still escaped.
 */
enum outcome csv_parse(struct csv *, const char *start, const char *end, bool eof, int quotes);

/* The fields of the record just parsed, unescaped: "" to ", and with backslashes \" to " and \\ to \. */
int	 csv_unescape(struct csv *, int quotes, struct err *) TC_MUST_CHECK;

/* The record just parsed is the header. */
int	 csv_take_header(struct csv *, struct err *) TC_MUST_CHECK;

/* The header in the comment before the data. */
int	 csv_take_comment_header(struct records *, struct csv *, struct err *) TC_MUST_CHECK;

/* Is the record just parsed the header again? There must be one. */
bool	 csv_is_header(const struct csv *);

#endif
