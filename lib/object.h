/*
 * The line: one batch object (tc-batch(5)), read, identified, written.
 *
 * object_read() scans and classifies a line without building a tree; the
 * object points into the caller's bytes and the scan's tape, and lives as long
 * as both. Identity (design.md "The line format"): indicator: type and
 * canonical value; File: each hash it has, any shared hash is the same file;
 * Registry Key: its "key : name : type" form; group: xid; association: refs,
 * types and associationType, the two ends sorted.
 *
 * Units: lengths in bytes, without a closing NUL unless one is named. Errors:
 * -1 with err (CONTRACT) from object_read(); the functions without a struct err
 * fail only past a ceiling, and what stands in out then is for the caller to
 * cut off, save after object_receipt().
 */
#ifndef TC_OBJECT_H
#define TC_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "scan.h"
#include "schema.h"

enum object_action { ACTION_CREATE, ACTION_DELETE };

#define OBJECT_FIELDS	40	/* more than schema_field() has for any type */
#define OBJECT_VALUES	3	/* value members of a type: File's hashes, Registry Key's parts */

struct object {
	enum tc_class	 class;
	enum tc_type	 type;		/* TYPE_NONE for an association */
	enum object_action action;
	bool		 has_active, active;	/* the member "active" */
	bool		 inactive_line;	/* type, value and "active": false only */
	bool		 canonical;	/* the line is object_canonical()'s, byte for byte (strip_ours false) */
	long long	 batch_id;	/* the member "batchId", or 0 */
	const struct scan *scan;	/* tape; node 0 is the object */
	uint32_t	 at[OBJECT_FIELDS];	/* value node of the member with that schema_field_index(), or SCAN_NONE */
	uint32_t	 value[OBJECT_VALUES];	/* nodes of the value members (schema_value_members()), or SCAN_NONE */
	uint32_t	 summary;	/* node of "summary", or SCAN_NONE */
};

/*
 * Reads a line (without its newline). -1: not an object, no class, members
 * with the wrong kind of value, unknown members, no value; err says which.
 * A value may stand in "summary" or in the type's own members ("ip", "md5");
 * a group needs a name and an xid, on a line with "batchId" the xid will do.
 */
int	 object_read(struct object *, struct scan *, const char *line, size_t len, struct err *) TC_MUST_CHECK;
/* Fills the tables that are otherwise filled when first used: before several threads read objects. */
void	 object_prepare(void);

/*
 * The object's identities, each as text "class\x1ftype\x1fvalue", appended to
 * keys one after the other with a closing NUL each; returns how many: 1, or up
 * to 3 for a File (sha256 first, then sha1, md5). 0: past the ceiling.
 * class is 1 (group), 2 (indicator) or 3 (association), so that texts sort in
 * the order objects are sent in; a group's type is left empty, since an xid
 * is unique over all of them. Values are folded as the platform compares
 * them: Address, CIDR, EmailAddress, File and Host to lower case, ASN to
 * upper, the rest as they stand.
 */
int	 object_identities(const struct object *, struct buf *keys);

/* One identity text of its parts, the value folded, with its closing NUL. For a File, value is one hash. */
int	 object_identity(enum tc_class, enum tc_type, const char *value, size_t len, struct buf *out) TC_MUST_CHECK;

/*
 * The value for people and receipts, appended to out: summary; a File's
 * longest hash; Registry Key's joined form; a group's xid; an association's
 * "ref_1 - ref_2".
 */
int	 object_summary(const struct object *, struct buf *out) TC_MUST_CHECK;

/*
 * The canonical line, appended to out without newline: members in schema
 * order, arrays of tags, attributes, labels, references sorted and without
 * repeats (tags by their names without case, attributes by type and value,
 * labels by name, of several TLP labels the strictest), empty arrays left
 * out, the value in the one form a line has, an association's ends sorted, no
 * white space. Same object, same bytes. strip_ours leaves "action" and
 * "batchId" out.
 */
int	 object_canonical(const struct object *, bool strip_ours, struct buf *out) TC_MUST_CHECK;

/*
 * The members that name an object in receipts and in the journal, appended
 * without braces: "type":"URL","summary":"..."; a group by xid, an association
 * by its ends.
 */
int	 object_names(const struct object *, struct buf *out) TC_MUST_CHECK;

/*
 * One receipt line (tc-submit -> tc-delta commit), appended with its newline:
 * {"type":"URL","summary":"...","status":"accepted","batchId":7}; a group has
 * "xid" instead of summary, an association its ends. status: accepted,
 * rejected (with code and reason), unknown, unsent. batch_id 0 and NULL code
 * and reason are left out.
 */
int	 object_receipt(const struct object *, const char *status, long long batch_id,
    const char *code, const char *reason, struct buf *out) TC_MUST_CHECK;

#endif
