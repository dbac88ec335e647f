/*
 * Why something failed, in a sentence fit to print.
 *
 * A function of this library that can fail returns 0 or -1 and fills a
 * struct err that the caller owns; nothing in it is allocated. The text is
 * lower case, has no full stop, says what failed, on what, then why, and
 * holds no secret; bytes that came from outside are made safe by err_set().
 *
 * The reason is design.md's word for the last log line and --stats; each
 * reason has one exit code, see reason_exit().
 */
#ifndef TC_ERR_H
#define TC_ERR_H

#define TC_MUST_CHECK __attribute__((warn_unused_result))
#define TC_PRINTF(f, a) __attribute__((format(printf, f, a)))

enum reason {
	REASON_NONE,		/* exit 0 */
	REASON_TEMPORARY,	/* exit 1: network, server, disk full: try again later */
	REASON_AUTH,		/* exit 1: credentials, permission, certificate */
	REASON_CONTRACT,	/* exit 1: the other side sent what it must not */
	REASON_STATE,		/* exit 1: state, spool or output cannot be read or written */
	REASON_USAGE,		/* exit 2: options, parameters, feed definition */
	REASON_GUARD,		/* exit 3: removals held back */
	REASON_BUSY,		/* exit 3: another run is active */
	REASON_PENDING,		/* exit 3: the platform has not said yet */
	REASON_REFUSED,		/* exit 3: the platform refused objects */
	REASON_REJECTS		/* exit 3: more rejected records than max_rejects */
};

struct err {
	enum reason	reason;
	char		text[768];	/* "" when nothing failed */
};

/* Sets the reason and text; always returns -1, so "return err_set(...)" works. err may be NULL. */
int	 err_set(struct err *err, enum reason, const char *fmt, ...) TC_PRINTF(3, 4);

/* Puts "what: " before the text that is there. Always returns -1. */
int	 err_prefix(struct err *err, const char *fmt, ...) TC_PRINTF(2, 3);

const char *reason_name(enum reason);		/* "" for REASON_NONE */
int	 reason_exit(enum reason);		/* 0, 1, 2 or 3 */

#endif
