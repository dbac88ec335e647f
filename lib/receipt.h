/*
 * Receipts and the journal's objects: lines that name an object and say what
 * became of it (tc-batch(5)). They may have passed through other hands, so
 * members that nobody knows are no error.
 *
 * Ownership: the struct owns its texts, which hold until the next
 * receipt_read() with it; it is reused from line to line, and so is the scan.
 * Errors: -1 (0 from receipt_identities()) with err, CONTRACT: a line that does
 * not count, not the end of anything.
 */
#ifndef TC_RECEIPT_H
#define TC_RECEIPT_H

#include "buf.h"
#include "err.h"
#include "scan.h"
#include "schema.h"

enum receipt_status { RECEIPT_ACCEPTED, RECEIPT_REJECTED, RECEIPT_UNKNOWN, RECEIPT_UNSENT };

struct receipt {
	enum receipt_status status;
	long long	 batch_id;	/* 0: none */
	struct buf	 code, reason;	/* "" where there is none */
	struct buf	 identity;	/* texts as of object_identities(), NUL after each */
	int		 nidentity;	/* 1 to 3 */
};

void	 receipt_init(struct receipt *);
void	 receipt_release(struct receipt *);

/* One line, without its newline. -1: no receipt, err says why. */
int	 receipt_read(struct receipt *, struct scan *, const char *line, size_t len, struct err *) TC_MUST_CHECK;

/* Identities of the object named by the members of node (type and summary or xid or ref_...). 0: none, err says why. */
int	 receipt_identities(const struct scan *, uint32_t node, struct buf *identity, struct err *);

#endif
