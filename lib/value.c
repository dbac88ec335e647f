/* Indicator values: trim, refang, then the rule of the type. */
#include "value.h"

#include <string.h>

#include "limit.h"
#include "text.h"
#include "value_part.h"

#define D	(PART_DIGIT | PART_HEX | PART_MAIL | PART_URL)
#define H	(PART_ALPHA | PART_HEX | PART_MAIL | PART_URL)
#define A	(PART_ALPHA | PART_MAIL | PART_URL)
#define M	(PART_MAIL | PART_URL)
#define U	PART_URL
/*
 * PART_URL is what may follow a URL's authority: RFC 3986's characters and []{|}, which are no part of it but
 * stand in real ones; not the delimiters <>"^`\ that tell of a cut out of running text.
 */
const unsigned char part_class[256] = {
	['!'] = U, ['#'] = U, U, M, U, U, U, U, U, M, U, M, M, U,	/* ! # $ % & ' ( ) * + , - . / */
	['0'] = D, D, D, D, D, D, D, D, D, D, U, U,			/* 0-9 : ; */
	['='] = U, ['?'] = U, U,					/* = ? @ */
	['A'] = H, H, H, H, H, H, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, U,	/* A-Z [ */
	[']'] = U, ['_'] = M,
	['a'] = H, H, H, H, H, H, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, U, U, U, U, /* a-z { | } ~ */
};
#undef D
#undef H
#undef A
#undef M
#undef U

/* Bytes worth a look: a URL of 500 characters of four bytes, and as much user-info. Free text is not bound by it. */
#define LOOK_MAX	(8 * LIMIT_URL)

#define EMAIL_MAX	254	/* bytes of an address, RFC 5321 errata 1690 */
#define EMAIL_LOCAL_MAX	64	/* RFC 5321 section 4.5.3.1.1 */

static bool
blank(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
	    (cp >= 0x2000 && cp <= 0x200b) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
	    cp == 0x3000 || cp == 0xfeff;
}

void
part_trim(const char **text, size_t *len)
{
	const char *s = *text, *end = s + *len, *p;
	uint32_t cp;
	size_t n;

	while (s < end && (n = text_utf8(s, (size_t)(end - s), &cp)) > 0 && blank(cp))
		s += n;
	while (s < end) {
		for (p = end - 1; p > s && end - p < 4 && ((unsigned char)*p & 0xc0) == 0x80; p--)
			continue;
		if (text_utf8(p, (size_t)(end - p), &cp) != (size_t)(end - p) || !blank(cp))
			break;
		end = p;
	}
	*text = s;
	*len = (size_t)(end - s);
}

bool
part_clean(const char *text, size_t len, const char **why)
{
	size_t i, n;
	uint32_t cp;

	for (i = 0; i < len; i += n) {
		if ((n = text_utf8(text + i, len - i, &cp)) == 0) {
			*why = "invalid UTF-8";
			return false;
		}
		if (cp == 0) {
			*why = "NUL in the value";
			return false;
		}
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
			*why = "control character in the value";
			return false;
		}
	}
	return true;
}

/* Free text is kept as it is, but one character, "*" or "-" would match half the world or nothing. */
static bool
telling(const char *text, size_t len, const char **why)
{
	size_t i;

	if (text_chars(text, len) < 2) {
		*why = "a single character";
		return false;
	}
	for (i = 0; i < len; i++)
		if (PART_IS(text[i], PART_ALPHA | PART_DIGIT) || (unsigned char)text[i] >= 0x80)
			return true;
	*why = "no letter or digit in the value";
	return false;
}

static enum value_verdict
put(struct buf *out, const char *text, size_t len, bool reserved, const struct value_options *options, const char **why)
{
	if (reserved && !options->keep_reserved) {
		*why = "private, reserved or for documentation";
		return VALUE_RESERVED;
	}
	if (buf_add(out, text, len) == -1) {
		*why = "value too long";
		return VALUE_INVALID;
	}
	return VALUE_OK;
}

static enum value_verdict
canon_address(const char *text, size_t len, const struct value_options *options, struct buf *out, const char **why)
{
	char canonical[IP_TEXT];
	uint16_t group[8];
	uint32_t ip;
	size_t i;

	for (i = 0; i < len && PART_IS(text[i], PART_HEX); i++)
		continue;
	if (i < len && text[i] == ':') {
		if (!part_ipv6(text, len, group, why))
			return VALUE_INVALID;
		return put(out, canonical, part_ipv6_print(canonical, group), part_ipv6_reserved(group, 128), options, why);
	}
	if (!part_ipv4(text, len, options->decimal_zeros, &ip, why))
		return VALUE_INVALID;
	return put(out, canonical, part_ipv4_print(canonical, ip), part_ipv4_reserved(ip, 32), options, why);
}

static enum value_verdict
canon_cidr(const char *text, size_t len, const struct value_options *options, struct buf *out, enum tc_type *actual,
    const char **why)
{
	char canonical[IP_TEXT + sizeof("/128")];
	struct part_net net;
	bool reserved;
	size_t n;

	if (!part_cidr(text, len, options->decimal_zeros, &net, why))
		return VALUE_INVALID;
	reserved = net.v6 ? part_ipv6_reserved(net.group, net.prefix) : part_ipv4_reserved(net.ip, net.prefix);
	if (net.prefix == (net.v6 ? 128 : 32)) {
		*actual = TYPE_ADDRESS;
		n = net.v6 ? part_ipv6_print(canonical, net.group) : part_ipv4_print(canonical, net.ip);
		return put(out, canonical, n, reserved, options, why);
	}
	n = net.v6 ? part_ipv6_print_full(canonical, net.group) : part_ipv4_print(canonical, net.ip);
	canonical[n++] = '/';
	if (net.prefix >= 100)
		canonical[n++] = (char)('0' + net.prefix / 100);
	if (net.prefix >= 10)
		canonical[n++] = (char)('0' + net.prefix / 10 % 10);
	canonical[n++] = (char)('0' + net.prefix % 10);
	return put(out, canonical, n, reserved, options, why);
}

static enum value_verdict
canon_host(const char *text, size_t len, const struct value_options *options, struct buf *out, const char **why)
{
	char host[HOST_MAX];
	uint16_t group[8];
	size_t n;

	if (!part_host(text, len, false, host, &n, why)) {
		if (len > 0 && memchr(text, ':', len) != NULL && part_ipv6(text, len, group, &(const char *){ NULL }))
			*why = "an IP address or a number, not a host name";
		return VALUE_INVALID;
	}
	return put(out, host, n, part_host_reserved(host, n), options, why);
}

static enum value_verdict
canon_url(const char *text, size_t len, const struct value_options *options, struct buf *out, const char **why)
{
	char *to;
	size_t n;
	bool reserved;

	if (len > LOOK_MAX) {
		*why = "URL over 500 characters";
		return VALUE_INVALID;
	}
	if ((to = buf_room(out, len + HOST_MAX)) == NULL) {
		*why = "value too long";
		return VALUE_INVALID;
	}
	if (!part_url(text, len, to, &n, &reserved, why)) {
		out->bytes[out->len] = '\0';
		return VALUE_INVALID;
	}
	if (reserved && !options->keep_reserved) {
		out->bytes[out->len] = '\0';
		*why = "private, reserved or for documentation";
		return VALUE_RESERVED;
	}
	out->len += n;
	out->bytes[out->len] = '\0';
	return VALUE_OK;
}

static enum value_verdict
canon_email(const char *text, size_t len, const struct value_options *options, struct buf *out, const char **why)
{
	char whole[EMAIL_LOCAL_MAX + 1 + HOST_MAX];
	const char *at;
	size_t local, domain, i;

	if (len > 7 && text_eq_nocase(text, 7, "mailto:")) {
		text += 7;
		len -= 7;
	}
	if ((at = memchr(text, '@', len)) == NULL) {
		*why = "no @ in the address";
		return VALUE_INVALID;
	}
	local = (size_t)(at - text);
	if (local == 0 || local > EMAIL_LOCAL_MAX) {
		*why = local == 0 ? "nothing before the @" : "local part over 64 characters";
		return VALUE_INVALID;
	}
	for (i = 0; i < local; i++) {
		if (!PART_IS(text[i], PART_MAIL) || (text[i] == '.' && (i == 0 || i + 1 == local || text[i - 1] == '.'))) {
			*why = "local part is not of [A-Za-z0-9._%+-]";
			return VALUE_INVALID;
		}
		whole[i] = part_lower(text[i]);
	}
	whole[local] = '@';
	if (!part_host(at + 1, len - local - 1, false, whole + local + 1, &domain, why))
		return VALUE_INVALID;
	len = local + 1 + domain;
	/* The platform's own pattern ends in \.[A-Za-z]{2,}: no international top-level domain. */
	for (i = len; PART_IS(whole[i - 1], PART_ALPHA); i--)
		continue;
	if (whole[i - 1] != '.') {
		*why = "top-level domain of the address is not alphabetic";
		return VALUE_INVALID;
	}
	if (len > EMAIL_MAX) {
		*why = "address over 254 characters";
		return VALUE_INVALID;
	}
	return put(out, whole, len, part_host_reserved(whole + local + 1, domain), options, why);
}

static enum value_verdict
canon_asn(const char *text, size_t len, struct buf *out, const char **why)
{
	char canonical[16] = "ASN";
	unsigned long long n = 0;
	size_t i = 0, digits, start;

	if (len >= 2 && text_eq_nocase(text, 2, "AS"))
		i = len >= 3 && part_lower(text[2]) == 'n' ? 3 : 2;
	while (i > 0 && i < len && text[i] == ' ')
		i++;
	for (start = i; i < len && PART_IS(text[i], PART_DIGIT) && n <= 4294967295ULL; i++)
		n = n * 10 + (unsigned long long)(text[i] - '0');
	if (i == start || i < len || n == 0 || n > 4294967295ULL) {
		*why = i == len && i > start ? "AS number outside 1-4294967295" : "not an AS number";
		return VALUE_INVALID;
	}
	for (digits = 0; n > 0; n /= 10)
		canonical[sizeof(canonical) - ++digits] = (char)('0' + n % 10);
	memmove(canonical + 3, canonical + sizeof(canonical) - digits, digits);
	if (buf_add(out, canonical, 3 + digits) == -1) {
		*why = "value too long";
		return VALUE_INVALID;
	}
	return VALUE_OK;
}

/* A folded header line is one line: CR, LF and the blanks around them are one blank. */
static enum value_verdict
canon_subject(const char *text, size_t len, struct buf *out, const char **why)
{
	char subject[LIMIT_EMAIL_SUBJECT * 4];
	size_t i, n = 0, end;

	for (i = 0; i < len; i++) {
		char c = text[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			bool broken = false;

			for (end = i; end < len && (text[end] == ' ' || (text[end] >= '\t' && text[end] <= '\r')); end++)
				broken |= text[end] == '\r' || text[end] == '\n';
			if (broken) {
				i = end - 1;
				c = ' ';
			} else if (c == '\t')
				c = ' ';
		}
		if (n == sizeof(subject)) {
			*why = "subject over 255 characters";
			return VALUE_INVALID;
		}
		subject[n++] = c;
	}
	if (!part_clean(subject, n, why) || !telling(subject, n, why))
		return VALUE_INVALID;
	if (text_chars(subject, n) > LIMIT_EMAIL_SUBJECT) {
		*why = "subject over 255 characters";
		return VALUE_INVALID;
	}
	if (buf_add(out, subject, n) == -1) {
		*why = "value too long";
		return VALUE_INVALID;
	}
	return VALUE_OK;
}

static enum value_verdict
canon_hashtag(const char *text, size_t len, struct buf *out, const char **why)
{
	size_t i, n;
	uint32_t cp;

	while (len > 0 && *text == '#') {
		text++;
		len--;
	}
	if (!part_clean(text, len, why) || !telling(text, len, why))
		return VALUE_INVALID;
	for (i = 0; i < len; i += n) {
		n = text_utf8(text + i, len - i, &cp);
		if (blank(cp) || cp == '#' || cp == ',' || cp == ';' || cp == '*') {
			*why = "more than one word";
			return VALUE_INVALID;
		}
	}
	if (buf_addc(out, '#') == -1 || buf_add(out, text, len) == -1) {
		*why = "value too long";
		return VALUE_INVALID;
	}
	return VALUE_OK;
}

static enum value_verdict
canon_verbatim(const char *text, size_t len, struct buf *out, const char **why)
{
	if (!part_clean(text, len, why) || !telling(text, len, why))
		return VALUE_INVALID;
	if (buf_add(out, text, len) == -1) {
		*why = "value too long";
		return VALUE_INVALID;
	}
	return VALUE_OK;
}

static enum value_verdict
canon_hash(const char *text, size_t len, struct buf *out, const char **why)
{
	static const struct value_options none;
	char hash[65];
	int bits;
	enum value_verdict v = value_hash(text, len, hash, &bits, why);

	return v == VALUE_OK ? put(out, hash, strlen(hash), false, &none, why) : v;
}

static enum value_verdict
canon(enum tc_type type, const char *text, size_t len, const struct value_options *options, struct buf *out,
    enum tc_type *actual, const char **why)
{
	switch (type) {
	case TYPE_ADDRESS:
		return canon_address(text, len, options, out, why);
	case TYPE_EMAIL_ADDRESS:
		return canon_email(text, len, options, out, why);
	case TYPE_FILE:
		return canon_hash(text, len, out, why);
	case TYPE_HOST:
		return canon_host(text, len, options, out, why);
	case TYPE_URL:
		return canon_url(text, len, options, out, why);
	case TYPE_ASN:
		return canon_asn(text, len, out, why);
	case TYPE_CIDR:
		return canon_cidr(text, len, options, out, actual, why);
	case TYPE_EMAIL_SUBJECT:
		return canon_subject(text, len, out, why);
	case TYPE_HASHTAG:
		return canon_hashtag(text, len, out, why);
	case TYPE_MUTEX:
	case TYPE_USER_AGENT:
		return canon_verbatim(text, len, out, why);
	case TYPE_REGISTRY_KEY:
		return value_registry_key(text, len, out, why);
	default:
		*why = "not an indicator type";
		return VALUE_INVALID;
	}
}

/* A buffer that never allocates: its ceiling is the room it has. */
static struct buf
on_stack(char *room, size_t size)
{
	room[0] = '\0';
	return (struct buf){ .bytes = room, .cap = size - 1, .max = size - 1 };
}

/* What a defanger may have touched; a mutex or user agent is taken as it is. */
static bool
fanged(enum tc_type type, const char *text, size_t len)
{
	return (type == TYPE_ADDRESS || type == TYPE_CIDR || type == TYPE_EMAIL_ADDRESS || type == TYPE_HOST ||
	    type == TYPE_URL) && len > 0 && (memchr(text, '[', len) != NULL || memchr(text, '(', len) != NULL ||
	    memchr(text, '{', len) != NULL || text[len - 1] == '.' || text_eq_nocase(text, len < 3 ? len : 3, "hxx") ||
	    text_eq_nocase(text, len < 3 ? len : 3, "fxp"));
}

enum value_verdict
value_canon(enum tc_type type, const char *text, size_t len, const struct value_options *options, struct buf *out,
    enum tc_type *actual, const char **why)
{
	static const struct value_options none;
	enum tc_type ignored_type;
	const char *ignored;
	char room[LOOK_MAX + 1];
	struct buf plain;
	enum value_verdict v;

	if (actual == NULL)
		actual = &ignored_type;
	if (why == NULL)
		why = &ignored;
	if (options == NULL)
		options = &none;
	*actual = type;
	*why = "";
	part_trim(&text, &len);
	if (len == 0) {
		*why = "empty value";
		return VALUE_INVALID;
	}
	if (options->refang && fanged(type, text, len)) {
		plain = on_stack(room, sizeof(room));
		if (value_refang(text, len, &plain) == -1) {
			*why = "value too long";
			return VALUE_INVALID;
		}
		text = plain.bytes;
		len = plain.len;
		part_trim(&text, &len);
	}
	v = canon(type, text, len, options, out, actual, why);
	if (v == VALUE_OK)
		*why = "";	/* a parser that was tried first may have said no */
	return v;
}

enum value_verdict
value_hash(const char *text, size_t len, char out[65], int *bits, const char **why)
{
	static const char *const empty[] = {
		"d41d8cd98f00b204e9800998ecf8427e",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	};
	size_t i;
	bool same = true;

	part_trim(&text, &len);
	if (len != 32 && len != 40 && len != 64) {
		*why = "not 32, 40 or 64 hexadecimal digits";
		return VALUE_INVALID;
	}
	for (i = 0; i < len; i++) {
		if (!PART_IS(text[i], PART_HEX)) {
			*why = "not 32, 40 or 64 hexadecimal digits";
			return VALUE_INVALID;
		}
		out[i] = part_lower(text[i]);
		same = same && out[i] == out[0];
	}
	out[len] = '\0';
	if (same) {
		*why = "hash of one repeated digit";
		return VALUE_INVALID;
	}
	for (i = 0; i < 3; i++)
		if (strcmp(out, empty[i]) == 0) {
			*why = "hash of the empty file";
			return VALUE_INVALID;
		}
	*bits = (int)len * 4;
	return VALUE_OK;
}

/* Extensions of files that are no top-level domains: in a column of mixed values "a.exe" is a file name. */
static bool
file_name(const char *text, size_t len)
{
	static const char *const extension[] = {
		"asp", "aspx", "bat", "bin", "bmp", "chm", "cmd", "csv", "dat", "dll", "dmg", "doc", "docm", "docx", "dot",
		"elf", "eml", "exe", "gif", "gz", "hta", "htm", "html", "img", "ini", "iso", "jar", "jpeg", "jpg", "js", "jse",
		"json", "jsp", "lnk", "log", "msi", "ocx", "one", "pdf", "php", "png", "ppt", "pptx", "ps", "rar", "rtf", "scr",
		"sys", "tar", "tmp", "txt", "vbe", "vbs", "vhd", "wsf", "xls", "xlsb", "xlsm", "xlsx", "xml", "apk",
	};
	const char *dot = memrchr(text, '.', len);
	size_t i, n;

	if (dot == NULL)
		return false;
	n = len - (size_t)(dot + 1 - text);
	for (i = 0; i < sizeof(extension) / sizeof(extension[0]); i++)
		if (text_eq_nocase(dot + 1, n, extension[i]))
			return true;
	return false;
}

enum tc_type
value_detect(const char *text, size_t len)
{
	static const enum tc_type order[] = { TYPE_ADDRESS, TYPE_FILE, TYPE_HOST, TYPE_EMAIL_ADDRESS, TYPE_CIDR, TYPE_URL };
	static const struct value_options keep = { .keep_reserved = true };
	enum tc_type found = TYPE_NONE;
	const char *why;
	char room[LOOK_MAX + HOST_MAX + 1];
	struct buf out = on_stack(room, sizeof(room));
	size_t i;

	part_trim(&text, &len);
	if (len < 4 || len > LOOK_MAX)
		return TYPE_NONE;
	/* "AS64500", but not a bare number: that may be anything. */
	if (text_eq_nocase(text, 2, "AS") && canon_asn(text, len, &out, &why) == VALUE_OK)
		found = TYPE_ASN;
	for (i = 0; i < sizeof(order) / sizeof(order[0]) && found == TYPE_NONE; i++) {
		enum tc_type actual = order[i];

		if (canon(order[i], text, len, &keep, &out, &actual, &why) == VALUE_OK)
			found = order[i];
	}
	return found == TYPE_HOST && file_name(text, len) ? TYPE_NONE : found;
}

bool
value_reserved(enum tc_type type, const char *text, size_t len)
{
	static const struct value_options drop;
	enum tc_type actual;
	const char *why;
	char room[LOOK_MAX + HOST_MAX + 1];
	struct buf out = on_stack(room, sizeof(room));

	if (type != TYPE_ADDRESS && type != TYPE_CIDR && type != TYPE_HOST && type != TYPE_URL && type != TYPE_EMAIL_ADDRESS)
		return false;
	return canon(type, text, len, &drop, &out, &actual, &why) == VALUE_RESERVED;
}
