/*
 * Group xids that are the same in every run.
 *
 * The platform keeps xids unique over a whole instance and updates the group
 * that has one, so the owner's name is the first part. The scheme is TcEx's:
 * sha256hex(sha256hex(join("-", owner, part...))), the inner digest taken as
 * its hexadecimal text.
 *
 * TcEx joins the parts as they are, and thus cannot tell ("a", "b-c") from
 * ("a-b", "c"). Ours writes a '-' inside the owner or a part as "\-". Where
 * nothing holds a '-' both are the same; xid_plain() is TcEx's own, for its
 * published vectors and for whoever looks for groups that a TcEx app made.
 * Neither may ever change: tests/unit/xid_test.c holds the frozen values.
 *
 * Ownership: none; out is the caller's. Nothing can fail.
 */
#ifndef TC_XID_H
#define TC_XID_H

#include <stddef.h>

#define XID_LEN 64	/* hexadecimal digits; a buffer takes one more for the NUL */

struct xid_part {
	const char	*text;
	size_t		 len;
};

/* part[0] is the owner. At least one part. */
void	 xid_make(char out[XID_LEN + 1], const struct xid_part *part, int n);

/* TcEx's list form, without escapes. */
void	 xid_plain(char out[XID_LEN + 1], const struct xid_part *part, int n);

/* TcEx's form for one string: sha256hex(text). */
void	 xid_string(char out[XID_LEN + 1], const char *text, size_t len);

#endif
