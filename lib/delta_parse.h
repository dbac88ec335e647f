/*
 * From bytes to records: the part of filter's reading that looks at nothing
 * but the bytes, a block of lines at a time, so that it can run in a thread
 * of its own while another block is read and the one before is stored.
 *
 *	struct delta_parser *p = delta_parser_new(feed);
 *	fill b->bytes, b->len;
 *	delta_parse_start(p, b);	-- returns at once where there is a second processor
 *	... fill or store another block ...
 *	delta_parse_wait(p);		-- b->item are there
 *	delta_parser_free(p);
 *
 * Blocks are parsed one after the other, in the order they were started; at
 * most one may be under way. Between start and wait the block is the
 * parser's, and the caller must not hash (hash.h keeps its contexts).
 */
#ifndef TC_DELTA_PARSE_H
#define TC_DELTA_PARSE_H

#include "buf.h"
#include "delta_spool.h"
#include "feed.h"

struct delta_item {
	struct rec	 rec;		/* but for off, which is the caller's; len is that of line */
	struct row_prints prints;
	uint8_t		 key[3][STATE_KEY];
	int		 nkey;		/* 0: no object, see line */
	bool		 file;
	const char	*line;		/* canonical; or what is wrong with the line, NUL-terminated */
	long long	 number;	/* of the line in the input, the first is 1 */
};

struct delta_block {
	/* the caller's */
	char		*bytes;		/* lines; the last one may lack its newline */
	size_t		 len;
	/* the parser's; items point into bytes and text, until the next start with this block */
	struct delta_item *item;
	size_t		 nitem, itemcap;
	struct buf	 text;		/* lines made canonical, and complaints */
	bool		 tail_bad;	/* a last line without newline is no object */
};

void	 delta_block_init(struct delta_block *, size_t capacity);
void	 delta_block_release(struct delta_block *);

struct delta_parser;

/* feed: borrowed, for what it ignores. */
struct delta_parser *delta_parser_new(const struct feed *);
void	 delta_parser_free(struct delta_parser *);	/* waits for a block that is under way */
void	 delta_parse_start(struct delta_parser *, struct delta_block *);
void	 delta_parse_wait(struct delta_parser *);

#endif
