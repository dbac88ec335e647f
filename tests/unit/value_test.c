/*
 * Indicator values, both ways: what is taken and its canonical form, and what
 * is refused. Rows come from platform/data-model.md section 3 (the table, the
 * refang list, the reserved list), platform/batch-api.md section 12, RFC 5952
 * and the near-misses of pitfalls.md 23 to 25.
 */
#include <stdlib.h>

#include "tap.h"
#include "text.h"
#include "value.h"

static struct buf out;
static char label[400];

struct row {
	enum tc_type	 type;
	const char	*in, *want;	/* want: canonical; NULL: refused */
	enum tc_type	 actual;	/* TYPE_NONE: the same */
};

static const char *
name(enum tc_type type, const char *in)
{
	char safe[200];

	text_safe(safe, sizeof(safe), in, strlen(in));
	snprintf(label, sizeof(label), "%s '%s'", schema_type_name(type), safe);
	return label;
}

static enum value_verdict
canon(enum tc_type type, const char *in, size_t len, bool keep, bool refang, enum tc_type *actual, const char **why)
{
	struct value_options options = { .keep_reserved = keep, .refang = refang };

	buf_clear(&out);
	return value_canon(type, in, len, &options, &out, actual, why);
}

/* Taken, as wanted, and then canonical again. */
static void
takes(enum tc_type type, const char *in, const char *want, enum tc_type actual, bool refang)
{
	enum tc_type got, again;
	const char *why;
	char *first;
	enum value_verdict v = canon(type, in, strlen(in), true, refang, &got, &why);
	bool ok = v == VALUE_OK && strcmp(out.bytes, want) == 0 && got == (actual ? actual : type) && *why == '\0';

	if (ok) {
		first = strdup(out.bytes);
		ok = canon(got, first, strlen(first), true, false, &again, &why) == VALUE_OK && again == got &&
		    strcmp(first, out.bytes) == 0;
		free(first);
	}
	if (!tap_ok(ok, "%s", name(type, in)))
		fprintf(stderr, "# verdict %d, got '%s', want '%s': %s\n", v, out.bytes, want, why);
}

static void
refuses(enum tc_type type, const char *in, size_t len)
{
	enum tc_type got;
	const char *why;
	enum value_verdict v;

	buf_clear(&out);
	v = buf_add(&out, "before", 6) == -1 ? VALUE_OK :
	    value_canon(type, in, len, &(struct value_options){ .keep_reserved = true }, &out, &got, &why);
	if (!tap_ok(v == VALUE_INVALID && *why != '\0' && strcmp(out.bytes, "before") == 0, "refused: %s", name(type, in)))
		fprintf(stderr, "# verdict %d, '%s'\n", v, out.bytes);
}

static void
reserved(enum tc_type type, const char *in, bool want)
{
	enum tc_type got;
	const char *why;
	enum value_verdict v = canon(type, in, strlen(in), false, false, &got, &why);
	bool ok = v == (want ? VALUE_RESERVED : VALUE_OK) && (want ? out.len == 0 : out.len > 0);

	tap_ok(ok && value_reserved(type, in, strlen(in)) == want, "%s: %s", want ? "reserved" : "public", name(type, in));
}

#define A TYPE_ADDRESS
#define C TYPE_CIDR
#define H TYPE_HOST
#define U TYPE_URL
#define F TYPE_FILE
#define E TYPE_EMAIL_ADDRESS
#define N TYPE_ASN
#define S TYPE_EMAIL_SUBJECT
#define T TYPE_HASHTAG
#define M TYPE_MUTEX
#define G TYPE_USER_AGENT
#define R TYPE_REGISTRY_KEY

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define L50 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"
#define P100 L50 L50
#define MD5 "0cc175b9c0f1b6a831c399e269772661"
#define SHA1 "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
#define SHA256 "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

static const struct row golden[] = {
	/* Address */
	{ A, "8.8.8.8", "8.8.8.8" },
	{ A, "0.0.0.0", "0.0.0.0" },
	{ A, "255.255.255.255", "255.255.255.255" },
	{ A, " 8.8.4.4\r\n", "8.8.4.4" },
	{ A, "8.8.4.4\xc2\xa0", "8.8.4.4" },
	{ A, "\xef\xbb\xbf" "8.8.4.4\xe2\x80\x8b", "8.8.4.4" },
	/* RFC 5952 section 1 and 2: one address in all its spellings */
	{ A, "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ A, "2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ A, "2001:db8::1:0:0:1", "2001:db8::1:0:0:1" },
	{ A, "2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ A, "2001:0db8::1:0:0:1", "2001:db8::1:0:0:1" },
	{ A, "2001:db8:0:0:1::1", "2001:db8::1:0:0:1" },
	{ A, "2001:db8:0000:0:1::1", "2001:db8::1:0:0:1" },
	{ A, "2001:DB8:0:0:1::1", "2001:db8::1:0:0:1" },
	{ A, "2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1" },
	{ A, "2001:db8:0:0:0::1", "2001:db8::1" },			/* 2.2 */
	{ A, "2001:db8:aaaa:bbbb:cccc:dddd::1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1" },	/* 4.2.2 */
	{ A, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },		/* 4.2.2 */
	{ A, "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },			/* 4.2.3: the longest run */
	{ A, "2001:DB8::AAAA", "2001:db8::aaaa" },			/* 4.3 */
	{ A, "0:0:0:0:0:0:0:0", "::" },
	{ A, "0:0:0:0:0:0:0:1", "::1" },
	{ A, "1:0:0:0:0:0:0:0", "1::" },
	{ A, "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ A, "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
	{ A, "::ffff:c000:201", "::ffff:c000:201" },
	/* CIDR */
	{ C, "1.2.3.0/24", "1.2.3.0/24" },
	{ C, "1.2.3.4/24", "1.2.3.0/24" },		/* host bits cleared */
	{ C, "1.2.3.255/31", "1.2.3.254/31" },
	{ C, "223.255.255.255/1", "128.0.0.0/1" },
	{ C, "1.2.3.4/0", "0.0.0.0/0" },
	{ C, "1.2.3.4/32", "1.2.3.4", A },
	{ C, "2001:db8:1234::/48", "2001:db8:1234:0:0:0:0:0/48" },
	{ C, "2001:0DB8:1234:0000::/48", "2001:db8:1234:0:0:0:0:0/48" },
	{ C, "2001:db8:1234:ffff::1/47", "2001:db8:1234:0:0:0:0:0/47" },
	{ C, "2001:db8::1/127", "2001:db8:0:0:0:0:0:0/127" },
	{ C, "2001:db8:0:0::1/128", "2001:db8::1", A },
	{ C, "::/0", "0:0:0:0:0:0:0:0/0" },
	/* Host */
	{ H, "example.com", "example.com" },
	{ H, "WWW.Example.COM.", "www.example.com" },
	{ H, "3com.com", "3com.com" },
	{ H, "1.2.3.4.in-addr.arpa", "1.2.3.4.in-addr.arpa" },
	{ H, "a.b", NULL },				/* no top-level domain of one letter */
	{ H, "r3---sn-4g5e.example.com", "r3---sn-4g5e.example.com" },
	{ H, "b\xc3\xbc" "cher.de", "xn--bcher-kva.de" },
	{ H, "B\xc3\x9c" "CHER.DE", "xn--bcher-kva.de" },
	{ H, "bu\xcc\x88" "cher.de", "xn--bcher-kva.de" },	/* decomposed */
	{ H, "XN--Bcher-kva.de", "xn--bcher-kva.de" },
	{ H, "fa\xc3\x9f.de", "xn--fa-hia.de" },		/* UTS 46, non-transitional */
	{ H, "\xe2\x98\x83.net", "xn--n3h.net" },		/* a symbol: the fallback */
	{ H, "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84", "xn--e1afmkfd.xn--p1ai" },
	{ H, "\xd0\xb0pple.com", "xn--pple-43d.com" },		/* a Cyrillic a: stays another name */
	{ H, "xn--80ak6aa92e.com", "xn--80ak6aa92e.com" },
	{ H, "\xe4\xbe\x8b\xe3\x80\x82\xe4\xb8\xad\xe5\x9b\xbd", "xn--fsq.xn--fiqs8s" },	/* U+3002 is a dot */
	{ H, L63 ".com", L63 ".com" },
	{ H, L63 "." L63 "." L63 "." L50 ".abcdefghij", L63 "." L63 "." L63 "." L50 ".abcdefghij" },	/* 253 */
	{ H, L63 "." L63 "." L63 "." L50 ".abcdefghij.", L63 "." L63 "." L63 "." L50 ".abcdefghij" },
	/* URL */
	{ U, "http://example.com", "http://example.com" },
	{ U, "http://example.com/", "http://example.com/" },
	{ U, "HTTPS://WWW.Example.COM/Path?Q=A#Frag", "https://www.example.com/Path?Q=A#Frag" },
	{ U, "ftp://example.com/a;type=i", "ftp://example.com/a;type=i" },
	{ U, "SFTP://example.com/a", "sftp://example.com/a" },
	{ U, "http://example.com:80/", "http://example.com:80/" },	/* kept as the feed writes it */
	{ U, "https://example.com:65535", "https://example.com:65535" },
	{ U, "http://user:pass@example.com/", "http://example.com/" },
	{ U, "http://user@example.com:8080", "http://example.com:8080" },
	{ U, "http://a@b@example.com/x@y", "http://example.com/x@y" },
	{ U, "http://8.8.8.8:60905/bin.sh", "http://8.8.8.8:60905/bin.sh" },
	{ U, "http://[2001:DB8:0:0::1]:81/x", "http://[2001:db8::1]:81/x" },
	{ U, "http://example.com./x", "http://example.com/x" },
	{ U, "http://under_score.example.com/", "http://under_score.example.com/" },
	{ U, "http://_a.b_c.example.com/", "http://_a.b_c.example.com/" },
	{ U, "http://example.com/%7Efoo%zz%", "http://example.com/%7Efoo%zz%" },	/* percent-encoding is not checked */
	{ U, "http://example.com/a[1]{b}|c", "http://example.com/a[1]{b}|c" },
	{ U, "http://example.com?x=http://other.example/", "http://example.com?x=http://other.example/" },
	{ U, "http://example.com#a", "http://example.com#a" },
	{ U, "http://B\xc3\x9c" "CHER.de/\xc3\x9c", "http://xn--bcher-kva.de/\xc3\x9c" },
	{ U, "http://example.com/a\xc2\xa0", "http://example.com/a" },
	{ U, "http://example.com/" P100 P100 P100 P100 L63 "abcdefghijklmnopq", "http://example.com/" P100 P100 P100 P100 L63 "abcdefghijklmnopq" },	/* 499 */
	{ U, "http://u:" P100 P100 "@example.com/" P100 P100 P100 P100, "http://example.com/" P100 P100 P100 P100 },
	/* File */
	{ F, MD5, MD5 },
	{ F, "0CC175B9C0F1B6A831C399E269772661", MD5 },
	{ F, SHA1, SHA1 },
	{ F, " " SHA256 "\t", SHA256 },
	/* EmailAddress */
	{ E, "User.Name+tag%x_1-2@Example.COM", "user.name+tag%x_1-2@example.com" },
	{ E, "mailto:a@example.com", "a@example.com" },
	{ E, "MAILTO:a@example.com", "a@example.com" },
	{ E, "a@b\xc3\xbc" "cher.de", "a@xn--bcher-kva.de" },
	/* ASN */
	{ N, "ASN12345", "ASN12345" },
	{ N, "AS12345", "ASN12345" },
	{ N, "12345", "ASN12345" },
	{ N, "ASN 12345", "ASN12345" },
	{ N, "as 0012345", "ASN12345" },
	{ N, "4294967295", "ASN4294967295" },
	/* Email Subject, Hashtag, Mutex, User Agent */
	{ S, " Re: Invoice ", "Re: Invoice" },
	{ S, "Your\r\n invoice\n\n is due", "Your invoice is due" },
	{ S, "Two  blanks\tstay", "Two  blanks stay" },
	{ S, P100 P100 L50 "abcde", P100 P100 L50 "abcde" },
	{ T, "#Emotet", "#Emotet" },
	{ T, "Emotet", "#Emotet" },
	{ T, "##Emotet", "#Emotet" },
	{ M, "Global\\{A-1}[.]hxxp", "Global\\{A-1}[.]hxxp" },
	{ M, "!IETld!Mutex", "!IETld!Mutex" },
	{ G, "Mozilla/4.0 (compatible; MSIE 6.0)", "Mozilla/4.0 (compatible; MSIE 6.0)" },
	/* Registry Key */
	{ R, "HKEY_LOCAL_MACHINE\\Software\\Run", "HKEY_LOCAL_MACHINE\\Software\\Run" },
	{ R, "HKLM\\Software\\Run", "HKEY_LOCAL_MACHINE\\Software\\Run" },
	{ R, "hkcu\\a", "HKEY_CURRENT_USER\\a" },
	{ R, "HKCR\\a", "HKEY_CLASSES_ROOT\\a" },
	{ R, "HKU\\S-1-5", "HKEY_USERS\\S-1-5" },
	{ R, "HKCC\\a", "HKEY_CURRENT_CONFIG\\a" },
	{ R, "HKLM/Software/Run", "HKEY_LOCAL_MACHINE\\Software\\Run" },
	{ R, "HKLM\\\\Software\\\\Run\\", "HKEY_LOCAL_MACHINE\\Software\\Run" },
	{ R, "HKCR\\MIME\\text/html", "HKEY_CLASSES_ROOT\\MIME\\text/html" },
	{ R, "HKLM\\a \\", "HKEY_LOCAL_MACHINE\\a" },
	{ R, "HKEY_CURRENT_USER_LOCAL_SETTINGS\\a", "HKEY_CURRENT_USER_LOCAL_SETTINGS\\a" },
	{ R, "HKEY_PERFORMANCE_DATA\\a", "HKEY_PERFORMANCE_DATA\\a" },
	{ R, "HKEY_PERFORMANCE_NLSTEXT\\a", "HKEY_PERFORMANCE_NLSTEXT\\a" },
	{ R, "HKEY_PERFORMANCE_TEXT\\a", "HKEY_PERFORMANCE_TEXT\\a" },
};

/* Defanged, with the refang option on. */
static const struct row fanged[] = {
	{ U, "hxxp://evil.com/a", "http://evil.com/a" },
	{ U, "hXXps://evil.com/a", "https://evil.com/a" },
	{ U, "HXXP://evil.com/a", "http://evil.com/a" },
	{ U, "fxp://evil.com/a", "ftp://evil.com/a" },
	{ U, "hxxps://evil[.]com/a", "https://evil.com/a" },
	{ U, "hxxps[:]//evil[.]com/a", "https://evil.com/a" },
	{ U, "hxxps[://]evil[.]com/a", "https://evil.com/a" },
	{ U, "http[:]//evil(dot)com", "http://evil.com" },
	{ U, "hxxp://evil[.]com.", "http://evil.com" },
	{ U, "hxxp://[2001:db8::1]/a", "http://[2001:db8::1]/a" },
	{ H, "evil[.]com", "evil.com" },
	{ H, "evil(.)com", "evil.com" },
	{ H, "evil{.}com", "evil.com" },
	{ H, "evil[dot]com", "evil.com" },
	{ H, "evil(DOT)com.", "evil.com" },
	{ A, "8[.]8[.]8[.]8", "8.8.8.8" },
	{ A, "8.8.8[.]8.", "8.8.8.8" },
	{ A, "2001[:]db8[:][:]1", "2001:db8::1" },
	{ C, "1.2.3[.]0/24", "1.2.3.0/24" },
	{ E, "bob[@]evil[.]com", "bob@evil.com" },
	{ E, "bob[at]evil(dot)com", "bob@evil.com" },
	{ E, "bob(at)evil.com", "bob@evil.com" },
	{ M, "a[.]b", "a[.]b" },	/* verbatim */
};

#define NM(type, text) { type, text, NULL }
static const struct row near_miss[] = {
	/* one character, wildcards, nothing (pitfall 25) */
	NM(A, ""), NM(A, " "), NM(A, "*"), NM(A, "1"), NM(A, "-"), NM(A, "."), NM(A, ":"), NM(A, "n/a"), NM(A, "unknown"),
	NM(C, ""), NM(C, "*"), NM(C, "/"), NM(C, "/24"), NM(C, "1"), NM(H, ""), NM(H, "*"), NM(H, "a"), NM(H, "."), NM(H, "-"),
	NM(H, ".."), NM(U, ""), NM(U, "*"), NM(U, "a"), NM(U, "/"), NM(U, "://"), NM(U, "http"), NM(F, ""), NM(F, "*"),
	NM(F, "a"), NM(E, ""), NM(E, "*"), NM(E, "@"), NM(E, "a"), NM(N, ""), NM(N, "*"), NM(N, "AS"), NM(N, "ASN"),
	NM(S, ""), NM(S, "*"), NM(S, "a"), NM(S, "---"), NM(T, ""), NM(T, "#"), NM(T, "#*"), NM(T, "##"), NM(T, "#a"),
	NM(M, ""), NM(M, "*"), NM(M, "x"), NM(M, "\xc2\xa0"), NM(G, ""), NM(G, "-"), NM(G, "*"), NM(G, "??"),
	NM(R, ""), NM(R, "*"), NM(R, "\\"),
	/* addresses */
	NM(A, "1.2.3"), NM(A, "1.2.3.4.5"), NM(A, "256.1.1.1"), NM(A, "1.2.3.256"), NM(A, "1.2.3.-4"), NM(A, "1.2.3.4:80"),
	NM(A, "1.2.3.4/24"), NM(A, "1.2.3.4/32"), NM(A, "1.2.3.4-1.2.3.9"), NM(A, "1.2.3.4 5.6.7.8"), NM(A, "1.2.3.4,5.6.7.8"),
	NM(A, "1.2.3.4;5"), NM(A, "01.2.3.4"), NM(A, "1.2.3.010"), NM(A, "1.2.3.00"), NM(A, "1.2.3.0004"), NM(A, "0x1.2.3.4"),
	NM(A, "16909060"), NM(A, "1.2..4"), NM(A, ".1.2.3.4"), NM(A, "1.2.3.4."), NM(A, "1.2.3.*"), NM(A, "1.2.3.x"),
	NM(A, "1,2,3,4"), NM(A, "1. 2.3.4"), NM(A, "+1.2.3.4"), NM(A, "1.2.3.4\n5.6.7.8"), NM(A, "http://1.2.3.4"),
	NM(A, "example.com"), NM(A, "1[.]2[.]3[.]4"), NM(A, "\xef\xbc\x91.2.3.4"), NM(A, "\xd9\xa1.2.3.4"),
	NM(A, "::ffff:1.2.3.4"), NM(A, "::1.2.3.4"), NM(A, "64:ff9b::192.0.2.33"), NM(A, "fe80::1%eth0"), NM(A, "[2001:db8::1]"),
	NM(A, "[2001:db8::1]:80"), NM(A, "2001:db8::1/64"), NM(A, "2001:db8::1::2"), NM(A, ":::"), NM(A, "1:2:3:4:5:6:7"),
	NM(A, "1:2:3:4:5:6:7:8:9"), NM(A, "1:2:3:4:5:6:7:8::"), NM(A, "::1:2:3:4:5:6:7:8"), NM(A, ":1:2:3:4:5:6:7"),
	NM(A, "1:2:3:4:5:6:7:"), NM(A, "12345::"), NM(A, "g::1"), NM(A, "2001:db8::1 "  "2001:db8::2"), NM(A, "1:2"),
	/* networks */
	NM(C, "1.2.3.4"), NM(C, "1.2.3.0/"), NM(C, "1.2.3.0/33"), NM(C, "1.2.3.0/-1"), NM(C, "1.2.3.0/08"), NM(C, "1.2.3.0/2 4"),
	NM(C, "1.2.3/24"), NM(C, "1.2.3.0/24/25"), NM(C, "1.2.3.0/255.255.255.0"), NM(C, "1.2.3.0/024"), NM(C, "1.2.3.0/24,1.2.4.0/24"),
	NM(C, "1.2.3.0-1.2.3.255"), NM(C, "01.2.3.0/24"), NM(C, "2001:db8::/129"), NM(C, "2001:db8/32"), NM(C, "2001:db8::/0x20"),
	NM(C, "::ffff:1.2.3.0/120"), NM(C, "1.2.3.0\\24"), NM(C, "1.2.3.0/999999999999"), NM(C, "1.2.3.*/24"),
	/* hosts */
	NM(H, "localhost"), NM(H, "com"), NM(H, "under_score.com"), NM(H, "_dmarc.example.com"), NM(H, "a_b.c.example.com"),
	NM(H, "*.example.com"), NM(H, ".example.com"), NM(H, "example..com"), NM(H, "example.com.."), NM(H, "-a.example.com"),
	NM(H, "a-.example.com"), NM(H, "example.-com"), NM(H, "1.2.3.4"), NM(H, "1.2.3"), NM(H, "2001:db8::1"), NM(H, "300.300.300.300"),
	NM(H, "example.123"), NM(H, "example.c0m"), NM(H, "example.com:80"), NM(H, "example.com/"), NM(H, "http://example.com"),
	NM(H, "user@example.com"), NM(H, "example.com example.net"), NM(H, "example.com,example.net"), NM(H, "example[.]com"),
	NM(H, "exam ple.com"), NM(H, "example.com?x"), NM(H, "example.com#x"), NM(H, "exa%6dple.com"), NM(H, "exam\tple.com"),
	NM(H, "\"example.com\""), NM(H, "example.com;"), NM(H, "a" L63 ".com"), NM(H, L63 "." L63 "." L63 "." L50 ".abcdefghijk"),
	NM(H, "example.xn--"), NM(H, "a\xe2\x80\x8c" "b.com"), NM(H, "\xff.com"), NM(H, "a\xef\xbc\x8f" "b.com"),
	NM(H, "\xef\xbc\x91.\xef\xbc\x92.\xef\xbc\x93.\xef\xbc\x94"), NM(H, "\xe2\x98\x83\xe2\x80\x8d\xe2\x98\x83.net"),
	NM(H, "-\xc3\xa7.com"), NM(H, "\xcc\x81" "a.com"),
	/* URLs */
	NM(U, "example.com"), NM(U, "example.com/a"), NM(U, "//example.com/a"), NM(U, "/a/b"), NM(U, "http:/example.com"),
	NM(U, "http:example.com"), NM(U, "http//example.com"), NM(U, "tcp://example.com"), NM(U, "tcp://1.2.3.4:80"),
	NM(U, "file:///etc/passwd"), NM(U, "javascript:alert(1)"), NM(U, "data:text/html,x"), NM(U, "mailto:a@example.com"),
	NM(U, "hxxp://example.com"), NM(U, "http://example[.]com"), NM(U, "http://"), NM(U, "http:///a"), NM(U, "http://?a"),
	NM(U, "http://#a"), NM(U, "http://:80/"), NM(U, "http://user@/"), NM(U, "http://example.com:/"), NM(U, "http://example.com:0/"),
	NM(U, "http://example.com:65536/"), NM(U, "http://example.com:80a/"), NM(U, "http://example.com:-1/"),
	NM(U, "http://example.com:80:80/"), NM(U, "http://example.com:123456/"), NM(U, "http://localhost/"), NM(U, "http://host/a"),
	NM(U, "http://1.2.3/"), NM(U, "http://1.2.3.4.5/"), NM(U, "http://256.1.1.1/"), NM(U, "http://0x7f000001/"),
	NM(U, "http://2130706433/"), NM(U, "http://0177.0.0.1/"), NM(U, "http://127.1/"), NM(U, "http://[::1/"), NM(U, "http://::1/"),
	NM(U, "http://[]/"), NM(U, "http://[1.2.3.4]/"), NM(U, "http://[::ffff:1.2.3.4]/"), NM(U, "http://[fe80::1%25eth0]/"),
	NM(U, "http://[2001:db8::1]x/"), NM(U, "http://a_b.com/"), NM(U, "http://www.a_b.com/"), NM(U, "http://*.example.com/"),
	NM(U, "http://exa mple.com/"), NM(U, "http://example.com/a b"), NM(U, "http://example.com/a\tb"), NM(U, "http://example.com/a\nb"),
	NM(U, "http://example.com/a\x7f" "b"), NM(U, "http://example.com/\xc2\xa0" "b"), NM(U, "http://example.com/\xe2\x80\xae" "b"),
	NM(U, "http://example.com/\xff"), NM(U, "http://example.com/\xed\xa0\x80"), NM(U, "http://example.com/\">"),
	NM(U, "http://example.com/<b>"), NM(U, "http://good.com\\@evil.com/"), NM(U, "http://example.com\\a"), NM(U, "http://example.com/a\\b"),
	NM(U, "http://a.comhttp://b.com"), NM(U, "https://https://example.com"), NM(U, "http://a.com,http://b.com"),
	NM(U, "http://a.com/ http://b.com/"), NM(U, "http://ex%61mple.com/"), NM(U, "http://-a.com/"), NM(U, "http://example..com/"),
	NM(U, "http://example.com../"), NM(U, "http://example.com/" P100 P100 P100 P100 P100),
	/* hashes */
	NM(F, "0cc175b9c0f1b6a831c399e26977266"), NM(F, MD5 "1"), NM(F, "0cc175b9c0f1b6a831c399e26977266g"), NM(F, "0x" MD5),
	NM(F, "md5:" MD5), NM(F, "00000000000000000000000000000000"), NM(F, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"),
	NM(F, "d41d8cd98f00b204e9800998ecf8427e"), NM(F, "D41D8CD98F00B204E9800998ECF8427E"),
	NM(F, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
	NM(F, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), NM(F, MD5 " " MD5), NM(F, MD5 "," SHA1),
	NM(F, SHA256 SHA256), NM(F, "3:hMCERJDe:hMCERo"), NM(F, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48b"),
	NM(F, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b"),
	/* mail */
	NM(E, "example.com"), NM(E, "@example.com"), NM(E, "a@"), NM(E, "a@b"), NM(E, "a@@example.com"), NM(E, "a@b@example.com"),
	NM(E, "a b@example.com"), NM(E, "Bob <a@example.com>"), NM(E, "<a@example.com>"), NM(E, "a@example.com, b@example.com"),
	NM(E, "a@1.2.3.4"), NM(E, "a@[1.2.3.4]"), NM(E, ".a@example.com"), NM(E, "a.@example.com"), NM(E, "a..b@example.com"),
	NM(E, "a@under_score.com"), NM(E, "a@example.c0m"), NM(E, "\"a\"@example.com"), NM(E, "mailto:a@example.com?subject=x"),
	NM(E, "a@example.xn--p1ai"), NM(E, "a[at]example.com"), NM(E, "\xc3\xa9@example.com"), NM(E, L63 "ab@example.com"), NM(E, "a@*.example.com"),
	/* the rest */
	NM(N, "0"), NM(N, "AS0"), NM(N, "4294967296"), NM(N, "AS1.10"), NM(N, "AS-1"), NM(N, "AS12345 EVIL"), NM(N, "12 345"), NM(N, "A12345"),
	NM(N, "99999999999999999999999999"), NM(N, "AS12,AS13"), NM(S, P100 P100 L50 "abcdef"), NM(S, "a\001b"), NM(S, "a\xff"),
	NM(T, "#two words"), NM(T, "#a1#b2"), NM(T, "#a1,#b2"), NM(T, "# spaced"), NM(M, "a\nb"), NM(M, "a\xff"), NM(G, "Mozilla\r\nX: y"),
	NM(R, "HKLM"), NM(R, "HKLM\\"), NM(R, "HKEY_LOCAL_MACHINE"), NM(R, "HKEY_LOCAL\\a"), NM(R, "Software\\Run"), NM(R, "HKLMX\\a"),
	NM(R, "HKEY_DYN_DATA\\a"), NM(R, "\\REGISTRY\\MACHINE\\a"), NM(R, "HKLM\\a\nb"), NM(R, "HKLM:\\a"),
};

static const struct { enum tc_type type; const char *value; bool reserved; } places[] = {
	/* first and last of each range of section 3, and the neighbours outside */
	{ A, "0.0.0.0", 1 }, { A, "0.255.255.255", 1 }, { A, "1.0.0.0", 0 }, { A, "9.255.255.255", 0 }, { A, "10.0.0.0", 1 },
	{ A, "10.255.255.255", 1 }, { A, "11.0.0.0", 0 }, { A, "100.63.255.255", 0 }, { A, "100.64.0.0", 1 }, { A, "100.127.255.255", 1 },
	{ A, "100.128.0.0", 0 }, { A, "126.255.255.255", 0 }, { A, "127.0.0.1", 1 }, { A, "128.0.0.0", 0 }, { A, "169.254.0.0", 1 },
	{ A, "169.255.0.0", 0 }, { A, "172.15.255.255", 0 }, { A, "172.16.0.0", 1 }, { A, "172.31.255.255", 1 }, { A, "172.32.0.0", 0 },
	{ A, "192.0.0.255", 1 }, { A, "192.0.1.0", 0 }, { A, "192.0.2.1", 1 }, { A, "192.0.3.0", 0 }, { A, "192.168.0.0", 1 },
	{ A, "192.169.0.0", 0 }, { A, "198.17.255.255", 0 }, { A, "198.18.0.0", 1 }, { A, "198.19.255.255", 1 }, { A, "198.20.0.0", 0 },
	{ A, "198.51.100.7", 1 }, { A, "198.51.101.0", 0 }, { A, "203.0.113.7", 1 }, { A, "203.0.114.0", 0 }, { A, "223.255.255.255", 0 },
	{ A, "224.0.0.0", 1 }, { A, "240.0.0.0", 1 }, { A, "255.255.255.255", 1 },
	{ A, "::", 1 }, { A, "::1", 1 }, { A, "::2", 0 }, { A, "fbff::1", 0 }, { A, "fc00::1", 1 }, { A, "fdff::1", 1 }, { A, "fe00::1", 0 },
	{ A, "fe80::1", 1 }, { A, "febf::1", 1 }, { A, "fec0::1", 0 }, { A, "ff02::1", 1 }, { A, "2001:db7::1", 0 }, { A, "2001:db8::1", 1 },
	{ A, "2001:db9::1", 0 }, { A, "::ffff:808:808", 1 }, { A, "3fff:fff::1", 1 }, { A, "3fff:1000::1", 0 }, { A, "2a00::1", 0 },
	/* a network: all of it, or everything */
	{ C, "10.0.0.0/8", 1 }, { C, "10.1.0.0/16", 1 }, { C, "10.0.0.0/7", 0 }, { C, "192.0.0.0/8", 0 }, { C, "224.0.0.0/3", 1 },
	{ C, "0.0.0.0/0", 1 }, { C, "0.0.0.0/8", 1 }, { C, "192.168.1.1/32", 1 }, { C, "8.8.8.8/32", 0 }, { C, "2001:db8::/32", 1 },
	{ C, "2001:db8::/31", 0 }, { C, "::/0", 1 }, { C, "fe80::/10", 1 }, { C, "2001:db8::1/128", 1 },
	/* names */
	{ H, "printer.local", 1 }, { H, "a.localhost", 1 }, { H, "db.internal", 1 }, { H, "nas.lan", 1 }, { H, "a.test", 1 },
	{ H, "a.invalid", 1 }, { H, "a.example", 1 }, { H, "example.com", 1 }, { H, "WWW.EXAMPLE.COM.", 1 }, { H, "example.net", 1 },
	{ H, "a.example.org", 1 }, { H, "notexample.com", 0 }, { H, "example.com.evil.de", 0 }, { H, "example.de", 0 }, { H, "a.notlocal", 0 },
	{ H, "local.de", 0 }, { H, "atest.de", 0 }, { H, "a.wlan", 0 },
	{ U, "http://example.com/a", 1 }, { U, "http://192.168.1.1/a", 1 }, { U, "http://[::1]/", 1 }, { U, "http://x:y@10.0.0.1:80/", 1 },
	{ U, "http://8.8.8.8/10.0.0.1", 0 }, { U, "http://evil.de/example.com", 0 }, { U, "http://example.com@evil.de/", 0 },
	{ E, "a@example.com", 1 }, { E, "example.com@evil.de", 0 }, { N, "64512", 0 }, { M, "example.com", 0 },
};

static const struct { const char *value; enum tc_type type; } seen[] = {
	{ "8.8.8.8", A }, { " 192.168.0.1 ", A }, { "2001:db8::1", A }, { "1.2.3.0/24", C }, { "1.2.3.4/32", C }, { "2001:db8::/32", C },
	{ "http://example.com/", U }, { "HTTPS://8.8.8.8", U }, { "sftp://a.example.com/x", U }, { "a@example.com", E },
	{ "mailto:a@example.com", E }, { MD5, F }, { SHA1, F }, { SHA256, F }, { "evil.com", H }, { "b\xc3\xbc" "cher.de", H },
	{ "AS64500", N }, { "ASN 64500", N }, { "as123.com", H }, { "12345678901234567890123456789012", F },
	{ "64500", TYPE_NONE }, { "a.exe", TYPE_NONE }, { "Invoice.PDF", TYPE_NONE }, { "index.php", TYPE_NONE }, { "1.2.3.4:80", TYPE_NONE },
	{ "tcp://1.2.3.4:80", TYPE_NONE }, { "evil[.]com", TYPE_NONE }, { "216.238.72.121/t4", TYPE_NONE }, { "C:\\a.txt", TYPE_NONE },
	{ "", TYPE_NONE }, { "*", TYPE_NONE }, { "two words", TYPE_NONE }, { "localhost", TYPE_NONE },
	{ "d41d8cd98f00b204e9800998ecf8427e", TYPE_NONE }, { "8.8.8.8 8.8.4.4", TYPE_NONE },
};

static void
converts(int (*convert)(const char *, size_t, struct buf *), const char *in, const char *want)
{
	buf_clear(&out);
	tap_ok(convert(in, strlen(in), &out) == 0, "converted: %s", in);
	tap_is(out.bytes, want, want);
}

static void
others(void)
{
	struct value_options zeros = { .decimal_zeros = true, .keep_reserved = true };
	char hash[65], small_room[8];
	struct buf small = { .bytes = small_room, .cap = 7, .max = 7 };
	const char *host, *why;
	size_t len;
	int bits = 0;

	buf_clear(&out);
	tap_ok(value_canon(A, "010.001.000.009", 15, &zeros, &out, NULL, NULL) == VALUE_OK, "zeros known to be decimal");
	tap_is(out.bytes, "10.1.0.9", "without them");
	buf_clear(&out);
	tap_ok(value_canon(A, "8.8.8.8", 7, NULL, &out, NULL, NULL) == VALUE_OK, "no options, no type, no reason asked for");
	refuses(A, "8.8.8.8\0", 8);
	refuses(H, "evil.com\0.org", 13);
	refuses(U, "http://evil.com/\0a", 18);
	refuses(M, "ab\0c", 4);
	refuses(F, MD5 "\0", 33);
	refuses(TYPE_MALWARE, "Emotet", 6);
	refuses(TYPE_NONE, "8.8.8.8", 7);

	tap_ok(value_hash(SHA256, 64, hash, &bits, &why) == VALUE_OK && bits == 256, "bits of a hash");
	tap_ok(value_hash(MD5, 32, hash, &bits, &why) == VALUE_OK && bits == 128 && strcmp(hash, MD5) == 0, "and its text");

	tap_ok(value_registry_type("REG_SZ", 6) && value_registry_type("REG_QWORD_LITTLE_ENDIAN", 23) &&
	    !value_registry_type("REG_FOO", 7) && !value_registry_type("reg_sz", 6), "value types of the platform");

	small_room[0] = '\0';
	tap_ok(value_canon(H, "evil-host.com", 13, NULL, &small, NULL, &why) == VALUE_INVALID && strcmp(why, "value too long") == 0,
	    "a buffer that is too small");
	tap_ok(value_canon(U, "http://evil.com/", 16, NULL, &small, NULL, &why) == VALUE_INVALID && small.len == 0, "for a URL too");
	tap_ok(value_refang("evil[.]com", 10, &small) == -1 && small.len == 0 && value_defang("evil-host.com", 13, &small) == -1,
	    "and for both conversions");

	tap_ok(value_url_host("http://evil.com:80/a", 20, &host, &len) == H && text_eq(host, len, "evil.com"), "host of a URL");
	tap_ok(value_url_host("http://8.8.8.8?a@b", 18, &host, &len) == A && text_eq(host, len, "8.8.8.8"), "address of a URL");
	tap_ok(value_url_host("http://[2001:db8::1]:80/", 24, &host, &len) == A && text_eq(host, len, "2001:db8::1"), "IPv6 of a URL");
	tap_ok(value_url_host("evil.com", 8, &host, &len) == TYPE_NONE && value_url_host("http:///a", 9, &host, &len) == TYPE_NONE,
	    "no URL, no host");

	converts(value_refang, "see hxxps://a[.]b/c (and hXXp[://]d(dot)e) or x[at]y{.}z.", "see https://a.b/c (and http://d.e) or x@y.z.");
	converts(value_refang, "xhxxp://a", "xhxxp://a");
	converts(value_refang, "hxxpd://a fxpx:// hxxp", "hxxpd://a fxpx:// hxxp");
	converts(value_refang, "a[..]b [ . ] [dots] (.] [", "a[..]b [ . ] [dots] (.] [");
	converts(value_refang, "evil[.]com.", "evil.com");
	converts(value_refang, "http://evil.com/a.", "http://evil.com/a.");
	converts(value_refang, "", "");
	converts(value_defang, "https://www.evil.com/a.b", "hxxps://www.evil[.]com/a.b");
	converts(value_defang, "ftp://evil.com", "fxp://evil[.]com");
	converts(value_defang, "8.8.8.8", "8.8.8[.]8");
	converts(value_defang, "2001:db8::1", "2001:db8:[:]1");
	converts(value_defang, "http://[2001:db8::1]:80/", "hxxp://[2001:db8:[:]1]:80/");
	converts(value_defang, "a@evil.com", "a@evil[.]com");
	converts(value_defang, "plain", "plain");
}

/* What a defanged value says is what it said. */
static void
there_and_back(void)
{
	struct buf fang;
	size_t i;
	bool same = true;

	buf_init(&fang, 1 << 16);
	for (i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		const char *want = golden[i].want;

		if (want == NULL || (golden[i].type != A && golden[i].type != H && golden[i].type != U && golden[i].type != E))
			continue;
		buf_clear(&fang);
		buf_clear(&out);
		if (value_defang(want, strlen(want), &fang) != 0 || value_refang(fang.bytes, fang.len, &out) != 0 ||
		    strcmp(out.bytes, want) != 0) {
			fprintf(stderr, "# %s -> %s -> %s\n", want, fang.bytes, out.bytes);
			same = false;
		}
	}
	tap_ok(same, "defanged and refanged is the same");
	buf_release(&fang);
}

int
main(void)
{
	size_t i, misses = sizeof(near_miss) / sizeof(near_miss[0]);

	buf_init(&out, 1 << 16);
	for (i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		if (golden[i].want != NULL)
			takes(golden[i].type, golden[i].in, golden[i].want, golden[i].actual, false);
		else
			refuses(golden[i].type, golden[i].in, strlen(golden[i].in));
	for (i = 0; i < sizeof(fanged) / sizeof(fanged[0]); i++)
		takes(fanged[i].type, fanged[i].in, fanged[i].want, TYPE_NONE, true);
	for (i = 0; i < misses; i++)
		refuses(near_miss[i].type, near_miss[i].in, strlen(near_miss[i].in));
	tap_ok(misses >= 200, "%zu near-misses", misses);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		reserved(places[i].type, places[i].value, places[i].reserved);
	for (i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		if (!tap_ok(value_detect(seen[i].value, strlen(seen[i].value)) == seen[i].type, "looks like %s: %s",
		    seen[i].type ? schema_type_name(seen[i].type) : "nothing", seen[i].value))
			fprintf(stderr, "# %d\n", value_detect(seen[i].value, strlen(seen[i].value)));
	others();
	there_and_back();
	buf_release(&out);
	return tap_done();
}
