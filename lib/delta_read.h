/*
 * The input of filter and explain: object lines, checked, identified, hashed,
 * into the spool. Files go through delta_files first (any shared hash).
 */
#ifndef TC_DELTA_READ_H
#define TC_DELTA_READ_H

#include "delta.h"
#include "delta_spool.h"

struct delta_files;

struct delta_input {
	struct spool	*spool;
	struct delta_files *files;	/* NULL while there was no File */
	long long	 read;		/* objects, good and bad */
	long long	 lines;		/* of the blocks that are stored */
	long long	 rejected;	/* lines that are no object */
	bool		 cut;		/* the last line was one half */
	char		 why[256];	/* the first rejected line: what was wrong */
};

/* Reads descriptor fd to its end. */
int	 delta_read(struct delta *, int fd, struct delta_input *, struct err *) TC_MUST_CHECK;
void	 delta_input_release(struct delta_input *);

/* Content hash of a canonical line, without what the definition ignores. */
void	 delta_content_hash(const struct feed *, const struct object *, uint8_t hash[STATE_HASH]);
/* One byte a member, so that what changed can be named later. */
void	 delta_prints(const struct object *, struct row_prints *);

/*
 * delta_files: objects of the run that share a hash, directly or through
 * others or through a row of the state, get one key: the row's, else the
 * smallest of theirs. Memory: some 24 bytes a File; the rest is on disk.
 */
struct delta_files *delta_files_new(struct err *);
void	 delta_files_free(struct delta_files *);
/* rec is complete but for its final key; key are those of its n hashes. The line is stored in the spool under key[0]. */
int	 delta_files_add(struct delta_files *, const struct rec *, uint8_t key[3][STATE_KEY], int n, struct err *) TC_MUST_CHECK;
/*
 * Links all and adds the records to the spool. Rows of the state that turn
 * out to be the same file as another are appended to absorbed (their keys,
 * sorted): they are listed by the feed, under the other's key.
 */
int	 delta_files_link(struct delta_files *, struct state *, struct spool *, struct buf *absorbed, struct err *) TC_MUST_CHECK;

#endif
