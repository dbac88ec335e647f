/*
 * From bytes to records: the part of filter's reading that looks at nothing
 * but the bytes, a block of lines at a time, in as many threads as there are
 * processors to spare, and in the caller's own while it would wait.
 *
 *	struct delta_parser *p = delta_parser_new(feed);
 *	fill b->bytes, b->len;
 *	delta_parse_start(p, b);	-- returns at once
 *	... fill or store other blocks ...
 *	delta_parse_wait(p, b);		-- b->item are there
 *	delta_parser_free(p);
 *
 * Between start and wait the block is the parser's. Up to PARSE_BLOCKS may be
 * under way; they may be done in another order than they were started in.
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
	long long	 number;	/* of the line in its block, the first is 1 */
};

struct delta_block {
	/* the caller's */
	char		*bytes;		/* lines; the last one may lack its newline */
	size_t		 len;
	/* the parser's; items point into bytes and text, until the next start with this block */
	struct delta_item *item;
	size_t		 nitem, itemcap;
	long long	 nline;		/* lines, those that are no objects among them */
	struct buf	 text;		/* lines made canonical, and complaints */
	bool		 tail_bad;	/* a last line without newline is no object */
	bool		 done;		/* private, under the parser's lock */
};

void	 delta_block_init(struct delta_block *, size_t capacity);
void	 delta_block_release(struct delta_block *);

#define PARSE_BLOCKS	4

struct delta_parser;

/* feed: borrowed, for what it ignores. */
struct delta_parser *delta_parser_new(const struct feed *);
void	 delta_parser_free(struct delta_parser *);	/* waits for what is under way */
void	 delta_parse_start(struct delta_parser *, struct delta_block *);
/* Is it done, so that delta_parse_wait() would return at once? */
bool	 delta_parse_done(struct delta_parser *, const struct delta_block *);
void	 delta_parse_wait(struct delta_parser *, const struct delta_block *);

#endif
