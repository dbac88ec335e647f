/*
 * Indicator values: is it one, and how does the platform want it written?
 *
 * The rules are platform/data-model.md section 3: trim, refang, validate,
 * canonicalise; nothing is repaired beyond that table. All twelve standard
 * indicator types. Used by tc-map for every value, by tc-sandbox for its own
 * checks, by tc-delta for identities.
 *
 * A canonical value is canonical again (with refang off), so a check of a
 * value is: canon it and compare. Nothing here keeps state, reads the locale
 * or, save for host names that are not ASCII (libidn2), allocates.
 *
 * Units: lengths in bytes. Errors: a verdict, or -1 past out's ceiling; there
 * is no struct err, *why is a constant.
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
 * Canonical form, appended to out where the verdict is VALUE_OK; else out
 * holds what it held and *why points at a constant sentence. Of a File one
 * hash, of a Registry Key the key's name. *actual is the type the value really
 * has (a CIDR /32 or /128 is an Address; an IP literal under Host stays
 * invalid), else type. options, actual and why may be NULL.
 *
 * What the table leaves open, decided here:
 * - Blanks of Unicode (U+00A0, U+200B, U+FEFF ...) are trimmed as ASCII ones.
 * - The last label of a host is alphabetic or "xn--": "1.2.3" is no host.
 * - A host that is not ASCII: IDNA2008 with UTS 46's non-transitional mapping;
 *   symbols by the transitional one (value_host.c).
 * - URL: a port is 1-65535 and stays as written; an empty one is refused, as
 *   are "\" in the authority and <>"^`\ after it; []{|} and characters that
 *   are not ASCII stay. The limit of 500 characters holds for what comes out.
 * - IPv4 in other notations (octal, hexadecimal, one number) is refused.
 * - Free text (Mutex, User Agent, Email Subject, Hashtag) of one character, or
 *   without any letter or digit ("*", "-"), or with control characters, is
 *   refused; it is never refanged.
 * - An EmailAddress, like a URL, is reserved where its domain is.
 */
enum value_verdict value_canon(enum tc_type type, const char *text, size_t len,
    const struct value_options *, struct buf *out, enum tc_type *actual, const char **why);

/* A file hash by its length: 32, 40 or 64 hexadecimal digits, lower-cased into out; well-known empty-file and all-equal ones are invalid. */
enum value_verdict value_hash(const char *text, size_t len, char out[65], int *bits /* 128, 160, 256 */, const char **why);

/* Registry key name with its root expanded (HKLM ...), backslashes; value type from the platform's list. */
enum value_verdict value_registry_key(const char *text, size_t len, struct buf *out, const char **why);
bool	 value_registry_type(const char *text, size_t len);

/*
 * Which type is this value, looked at by itself: Address, CIDR, URL,
 * EmailAddress, File, Host, ASN ("AS64500", not a bare number); TYPE_NONE
 * otherwise. Refang first. A name that ends in the extension of a file which
 * is no top-level domain ("a.exe", "b.php") is not taken for a host.
 */
enum tc_type value_detect(const char *text, size_t len);

/*
 * Refanged text appended to out (data-model.md section 3): hxxp(s) and fxp
 * before a colon; . : :// @ dot at in [], () or {}; of a single word that is
 * no URL with a path also the trailing dot. -1: past the ceiling, out as it was.
 */
int	 value_refang(const char *text, size_t len, struct buf *out) TC_MUST_CHECK;
/* For people: http -> hxxp, the last dot of the host -> [.] */
int	 value_defang(const char *text, size_t len, struct buf *out) TC_MUST_CHECK;

/* The host of a canonical URL, inside url, without brackets and port: TYPE_HOST or TYPE_ADDRESS; TYPE_NONE: no URL. */
enum tc_type value_url_host(const char *url, size_t len, const char **host, size_t *hostlen);

/* Is this address, network, host name, URL or e-mail address private, reserved or for documentation? */
bool	 value_reserved(enum tc_type type, const char *canonical, size_t len);

#endif
