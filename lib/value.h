/*
 * Indicator values: is it one, and how does the platform want it written?
 *
 * The rules are platform/data-model.md section 3: trim, refang, validate,
 * canonicalise; nothing is repaired beyond that table. All twelve standard
 * indicator types. Used by tc-map for every value, by tc-sandbox for its own
 * checks, by tc-delta for identities.
 */
#ifndef TC_VALUE_H
#define TC_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "schema.h"

enum value_verdict {
	VALUE_OK,
	VALUE_INVALID,		/* why says what: "host label over 63 characters" */
	VALUE_RESERVED		/* valid but private, reserved or for documentation: dropped unless kept */
};

struct value_options {
	bool	 keep_reserved;	/* "values": {"reserved": "keep"} */
	bool	 refang;	/* the map's "refang" is a transform; values of a type are refanged when this is set */
	bool	 decimal_zeros;	/* leading zeros in IPv4 octets are decimal (the feed is known to pad); else invalid */
};

/*
 * Canonical form of a single-valued type (all but File and Registry Key),
 * appended to out. *why points at a constant sentence where the verdict is
 * not OK; *actual is the type the value really has (a CIDR /32 is an Address;
 * an IP literal under Host stays invalid), else type.
 */
enum value_verdict value_canon(enum tc_type type, const char *text, size_t len,
    const struct value_options *, struct buf *out, enum tc_type *actual, const char **why);

/* A file hash by its length: 32, 40 or 64 hexadecimal digits, lower-cased into out; well-known empty-file and all-equal ones are invalid. */
enum value_verdict value_hash(const char *text, size_t len, char out[65], int *bits /* 128, 160, 256 */, const char **why);

/* Registry key name with its root expanded (HKLM ...), backslashes; value type from the platform's list. */
enum value_verdict value_registry_key(const char *text, size_t len, struct buf *out, const char **why);
bool	 value_registry_type(const char *text, size_t len);

/* Which type is this value, looked at by itself: Address, CIDR, URL, EmailAddress, File, Host, ASN; TYPE_NONE otherwise. */
enum tc_type value_detect(const char *text, size_t len);

/* Refanged text appended to out: hxxp, [.], (dot), [at], [://] ... (data-model.md section 3). */
int	 value_refang(const char *text, size_t len, struct buf *out) TC_MUST_CHECK;
/* For people: http -> hxxp, the last dot of the host -> [.] */
int	 value_defang(const char *text, size_t len, struct buf *out) TC_MUST_CHECK;

/* Is this IPv4/IPv6 address, network or host name private, reserved or for documentation? */
bool	 value_reserved(enum tc_type type, const char *canonical, size_t len);

#endif
