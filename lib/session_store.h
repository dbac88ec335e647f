/*
 * Files kept in the platform's DataStore (runtime-app.md section 10), for jobs
 * whose sandbox forgets every path: the state of tc-delta.
 *
 * A file is cut into blocks of 512 KiB, each a record of its own named by its
 * SHA-256, compressed (zlib) and in base64; a manifest written last lists
 * them. So an update sends only the blocks that changed, what was stored
 * before stays whole until the new manifest stands, and what a crash left
 * behind is known from a list written first and taken away by the next put.
 * Digests of every block and of the file are checked when it is read.
 *
 * Needs the token: keys are not taken by the DataStore.
 *
 * Ownership: nothing is kept; infos and names are the caller's, those given to
 * each() last for its call.
 * Units: bytes; epoch seconds. Errors: -1 with err: USAGE (no token, no name,
 * too large), AUTH (403, 503: not allowed, not licensed), TEMPORARY (5xx,
 * network), CONTRACT (any other answer), STATE (damaged, newer, or a file of
 * ours cannot be read or written).
 */
#ifndef TC_SESSION_STORE_H
#define TC_SESSION_STORE_H

#include <stdint.h>

#include "session.h"

#define STORE_BLOCK	(512 * KIB)	/* bytes of a file in one record: some 700 KB of base64 at worst */
#define STORE_MOST	(256 * MIB)	/* bytes of a file; two million objects of some 120 bytes */

struct store_info {
	int64_t		 generation, size, time;	/* time: epoch seconds of the put */
	size_t		 blocks, sent;			/* sent: put only, those that were not there */
	char		 sha256[65];
};

/* name: a-z 0-9 . - and at most 64 of them; -1 USAGE. */
int	 store_name(const char *name, struct err *) TC_MUST_CHECK;

/* The regular file becomes NAME's content. -1 USAGE: over STORE_MOST. */
int	 store_put(struct session *, const char *name, const char *file, struct store_info *, struct err *) TC_MUST_CHECK;
/* NAME's content into file (a new one, renamed once it is whole and right): 1; 0: nothing is stored; -1. */
int	 store_get(struct session *, const char *name, const char *file, struct store_info *, struct err *) TC_MUST_CHECK;
int	 store_delete(struct session *, const char *name, struct err *) TC_MUST_CHECK;
/* Calls each for every name stored. */
int	 store_list(struct session *, void (*each)(void *arg, const char *name, const struct store_info *), void *arg,
    struct err *) TC_MUST_CHECK;

#endif
