/*
 * Follows one chain of member names through a JSON text that is read in
 * pieces, and picks the scalar at its end. No tree, no depth limit, bounded
 * memory: names up to 256 bytes, values up to 64 KiB. The text is known to be
 * whole (page_check()); whether it is JSON in every detail is not asked here.
 *
 * Ownership: the page stays the caller's; the value is appended to out. Errors:
 * -1 with err, CONTRACT for what the page holds, STATE where its spool cannot
 * be read (which is not the same as no such member); out may then hold a part.
 */
#ifndef TC_JSON_PICK_H
#define TC_JSON_PICK_H

#include "buf.h"
#include "err.h"
#include "page.h"

/* 1: the value, a string's still escaped with *quoted set; 0: no such member, or null; -1: err (no scalar, too long). */
int	 json_pick(const struct page *, const char *const *name, const size_t *len, int n, struct buf *out,
    bool *quoted, struct err *) TC_MUST_CHECK;

/* The text between the quotes of a JSON string, appended to out without its escapes. */
int	 json_unescape(const char *text, size_t len, struct buf *out, struct err *) TC_MUST_CHECK;

#endif
