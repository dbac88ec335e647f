/*
 * The barrier's store: every object of a run, on disk, in parts by the first
 * bytes of their keys.
 *
 * A part's records and lines are read back together, so the merge against the
 * state works on one small part at a time, in memory, in key order, whatever
 * the size of the feed: parts follow each other in key order, and within a
 * part the records are sorted. Keys are hashes, so parts are about equal.
 *
 * Memory: a write buffer for each part that is in use (some 40 KiB, 256 of
 * them for indicators), a few bytes for each 32 KiB of lines, and the part
 * that is loaded.
 */
#ifndef TC_DELTA_SPOOL_H
#define TC_DELTA_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "state.h"

#define SPOOL_PARTS	(3 * 256)	/* class, then the key's second byte */

enum { RETRACT_NO, RETRACT_INACTIVE, RETRACT_DELETE };

/* An object of the input. Its prints and its line stand at off in the spool. */
struct rec {
	uint8_t		key[STATE_KEY];
	uint8_t		hash[STATE_HASH];
	uint64_t	off;
	uint32_t	len;		/* of the line */
	uint32_t	bits;		/* rec_value(), rec_type(), rec_retract() */
};

static inline uint32_t rec_bits(uint32_t value, unsigned type, unsigned retract) { return value | type << 21 | retract << 27; }
static inline uint32_t rec_value(const struct rec *r) { return r->bits & 0x1fffff; }	/* bytes of the value members */
static inline unsigned rec_type(const struct rec *r) { return r->bits >> 21 & 0x3f; }
static inline unsigned rec_retract(const struct rec *r) { return r->bits >> 27 & 3; }

struct spool;

struct spool *spool_new(struct err *);		/* NULL: err */
void	 spool_free(struct spool *);

/* Stores prints and line with the record, whose off and len are filled in. */
int	 spool_add(struct spool *, struct rec *, const struct row_prints *, const char *line, size_t len, struct err *) TC_MUST_CHECK;
/* Only prints and line, in the part of that key; the record comes later or never. */
int	 spool_add_line(struct spool *, const uint8_t *key, const struct row_prints *, const char *line, size_t len, uint64_t *off,
    struct err *) TC_MUST_CHECK;
/* Only the record, for a line that is stored already. */
int	 spool_add_rec(struct spool *, const struct rec *, struct err *) TC_MUST_CHECK;
/* All is in: what is buffered goes to disk. More may be added afterwards; call again before reading. */
int	 spool_flush(struct spool *, struct err *) TC_MUST_CHECK;

/* Records of a part, sorted by key, valid until the next load. */
int	 spool_load(struct spool *, int part, struct rec **, size_t *n, struct err *) TC_MUST_CHECK;
/* The part's lines are going to be read, most of them: take them in at once. */
int	 spool_load_lines(struct spool *, int part, struct err *) TC_MUST_CHECK;
/* A line; valid until the next call or load. prints may be NULL. */
int	 spool_line(struct spool *, uint64_t off, size_t len, struct row_prints *, const char **line, struct err *) TC_MUST_CHECK;

/* Number of the part a key is in, and the first key of a part. */
int	 spool_part(const uint8_t *key);
void	 spool_part_key(int part, uint8_t key[STATE_KEY]);
bool	 spool_part_empty(const struct spool *, int part);

#endif
