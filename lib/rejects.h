/*
 * The rejects file: a line of JSON for every record in which nothing was
 * valid, with its place, the reason and the content, made safe and bounded.
 *
 *	{"feed":"id","page":1,"record":17,"line":18,"byte":1834,"reason":"...","bytes":193,"content":"..."}
 *
 * "input" names the file where records come from named ones. Content is at
 * most 1 KiB, control bytes, bidirectional overrides and bytes that are not
 * UTF-8 written as \xNN; past 64 MiB of contents only places and reasons are
 * written.
 *
 * Ownership: rejects_close() frees it, after failures too; file and feed are
 * not copied, records and reasons are looked at during the call only. Errors:
 * STATE; the first one is kept until rejects_close() says it.
 */
#ifndef TC_REJECTS_H
#define TC_REJECTS_H

#include "err.h"
#include "records.h"

struct rejects;

/* A new file (0600), or a device; NULL: err. */
struct rejects	*rejects_open(const char *file, const char *feed, struct err *);
/* input may be NULL. Failures are remembered for rejects_close(). */
void	 rejects_add(struct rejects *, const char *input, const struct record *, const char *reason);
/* -1 where a line could not be written: err says why. */
int	 rejects_close(struct rejects *, struct err *) TC_MUST_CHECK;

#endif
