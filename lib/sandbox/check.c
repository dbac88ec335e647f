#include "sandbox/check.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "text.h"

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_xdigit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *
add(struct buf *key, const char *text, size_t len)
{
	return buf_add(key, text, len) == -1 ? "the value is too long" : NULL;
}

static const char *
add_lower(struct buf *key, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (buf_addc(key, text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i]) == -1)
			return "the value is too long";
	return NULL;
}

/* A number of at most max without leading zeros; -1 where it is none. */
static long long
number(const char *text, size_t len, long long max)
{
	long long n = 0;
	size_t i;

	if (len == 0 || (len > 1 && text[0] == '0'))
		return -1;
	for (i = 0; i < len; i++) {
		if (!is_digit(text[i]) || (n = n * 10 + (text[i] - '0')) > max)
			return -1;
	}
	return n;
}

static bool
is_ipv4(const char *text, size_t len, uint32_t *addr)
{
	const char *end = text + len, *dot;
	uint32_t a = 0;
	long long n;
	int i;

	for (i = 0; i < 4; i++) {
		dot = i < 3 ? memchr(text, '.', (size_t)(end - text)) : end;
		if (dot == NULL || (n = number(text, (size_t)(dot - text), 255)) < 0)
			return false;
		a = a << 8 | (uint32_t)n;
		text = dot + 1;
	}
	if (addr != NULL)
		*addr = a;
	return true;
}

static const char *
address(const char *text, size_t len, struct buf *key)
{
	char z[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (is_ipv4(text, len, NULL))
		return add(key, text, len);
	if (len >= sizeof(z) || memchr(text, ':', len) == NULL)
		return "it is neither an IPv4 nor an IPv6 address";
	if (memchr(text, '.', len) != NULL)
		return "mixed IPv6 notation is not supported";
	memcpy(z, text, len);
	z[len] = '\0';
	if (strlen(z) != len || inet_pton(AF_INET6, z, bytes) != 1)
		return "it is neither an IPv4 nor an IPv6 address";
	if (inet_ntop(AF_INET6, bytes, z, sizeof(z)) == NULL)
		return "it is neither an IPv4 nor an IPv6 address";
	return add_lower(key, z, strlen(z));
}

/* Eight groups, no "::", no leading zeros, zero as "0"; /128 is an Address. */
static const char *
cidr6(const char *text, size_t len, long long bits)
{
	const char *end = text + len, *colon;
	size_t n, i;
	int group;

	for (group = 0; group < 8; group++) {
		colon = group < 7 ? memchr(text, ':', (size_t)(end - text)) : end;
		n = colon != NULL ? (size_t)(colon - text) : 0;
		if (n < 1 || n > 4)
			return "an IPv6 network needs exactly eight groups without \"::\"";
		if (n > 1 && text[0] == '0')
			return "a group of an IPv6 network has leading zeros";
		for (i = 0; i < n; i++)
			if (!is_xdigit(text[i]))
				return "an IPv6 network needs exactly eight groups without \"::\"";
		text = colon + 1;
	}
	return bits == 128 ? "a /128 is an Address" : NULL;
}

static const char *
cidr(const char *text, size_t len, struct buf *key)
{
	const char *slash = memchr(text, '/', len), *why;
	size_t n = slash != NULL ? (size_t)(slash - text) : 0;
	long long bits;

	if (slash == NULL)
		return "it is no network in the form address/bits";
	if (memchr(text, ':', n) == NULL) {
		bits = number(slash + 1, len - n - 1, 32);
		if (!is_ipv4(text, n, NULL) || bits < 0)
			return "it is no network in the form a.b.c.d/bits";
		why = bits == 32 ? "a /32 is an Address" : NULL;
	} else {
		bits = number(slash + 1, len - n - 1, 128);
		why = bits < 0 ? "the prefix length is no number up to 128" : cidr6(text, n, bits);
	}
	return why != NULL ? why : add_lower(key, text, len);
}

/* RFC 952/1123 labels. Underscores: none in a Host; in a URL below the registered domain (data-model.md section 3). */
static const char *
host_name(const char *text, size_t len, bool in_url)
{
	size_t start = 0, i, n, labels = 1, label = 0;
	bool digits = true;
	char c;

	if (len == 0)
		return "the host name is empty";
	if (len > 253)
		return "the host name is over 253 characters";
	for (i = 0; i < len; i++)
		labels += text[i] == '.';
	for (i = 0; i <= len; i++) {
		c = i < len ? text[i] : '.';
		if (c != '.') {
			if (c == '_' && in_url && label + 2 < labels)
				continue;
			if (c == '_')
				return "a host name must not hold an underscore";
			if (c == '*')
				return "wildcards are no host names";
			if (!is_alpha(c) && !is_digit(c) && c != '-')
				return (unsigned char)c >= 0x80 ? "an international name has to be in Punycode" :
				    "a host name holds letters, digits and hyphens only";
			continue;
		}
		n = i - start;
		if (n == 0)
			return "a label of the host name is empty";
		if (n > 63)
			return "a label of the host name is over 63 characters";
		if (text[start] == '-' || text[i - 1] == '-')
			return "a label of the host name begins or ends with a hyphen";
		start = i + 1;
		label++;
	}
	for (i = len; i > 0 && text[i - 1] != '.'; i--)
		if (!is_digit(text[i - 1]))
			digits = false;
	return digits ? "the last label of a host name is no number" : NULL;
}

static const char *
host(const char *text, size_t len, struct buf *key)
{
	const char *why;

	if (is_ipv4(text, len, NULL) || memchr(text, ':', len) != NULL)
		return "an IP address is an Address, and a port has no place in a host name";
	why = host_name(text, len, false);
	return why != NULL ? why : add_lower(key, text, len);
}

static const char *
url(const char *text, size_t len, struct buf *key)
{
	static const char *const scheme[] = { "http://", "https://", "ftp://", "sftp://" };
	const char *why, *port;
	size_t i, from = 0, end;

	for (i = 0; i < 4 && from == 0; i++)
		if (len >= strlen(scheme[i]) && memcmp(text, scheme[i], strlen(scheme[i])) == 0)
			from = strlen(scheme[i]);
	if (from == 0)
		return "a URL begins with http://, https://, ftp:// or sftp://, in lower case";
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return "a URL holds no blanks and no control characters";
	for (end = from; end < len && text[end] != '/' && text[end] != '?' && text[end] != '#'; end++) {
		if (text[end] == '@')
			return "user information has no place in a URL";
		if (text[end] >= 'A' && text[end] <= 'Z')
			return "the host of a URL must be in lower case";
	}
	port = memchr(text + from, ':', end - from);
	if (port != NULL) {
		if (number(port + 1, (size_t)(text + end - port - 1), 65535) < 1)
			return "the port is no number from 1 to 65535";
		end = (size_t)(port - text);
	}
	if (!is_ipv4(text + from, end - from, NULL) && (why = host_name(text + from, end - from, true)) != NULL)
		return why;
	return add(key, text, len);
}

/* [A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,} */
static const char *
email(const char *text, size_t len, struct buf *key)
{
	const char *at = memchr(text, '@', len);
	size_t i, n = at != NULL ? (size_t)(at - text) : 0, dot = 0;

	if (n == 0)
		return "it is no address in the form local@domain";
	for (i = 0; i < n; i++)
		if (!is_alpha(text[i]) && !is_digit(text[i]) && strchr("._%+-", text[i]) == NULL)
			return "the part before the @ holds a character that no address has";
	for (i = n + 1; i < len; i++) {
		if (!is_alpha(text[i]) && !is_digit(text[i]) && text[i] != '.' && text[i] != '-')
			return "the domain holds a character that no domain has";
		if (text[i] == '.')
			dot = i;
	}
	if (dot <= n + 1 || len - dot < 3)
		return "the domain has no top-level domain of two letters or more";
	for (i = dot + 1; i < len; i++)
		if (!is_alpha(text[i]))
			return "the domain has no top-level domain of two letters or more";
	return add_lower(key, text, len);
}

static const char *
asn(const char *text, size_t len, struct buf *key)
{
	if (len < 4 || strncasecmp(text, "ASN", 3) != 0 || number(text + 3, len - 3, 4294967295LL) < 1)
		return "it is not in the form ASN12345";
	return buf_addz(key, "ASN") == -1 ? "the value is too long" : add(key, text + 3, len - 3);
}

const char *
check_value(enum tc_type type, const char *text, size_t len, struct buf *key)
{
	if (len == 0)
		return "the value is empty";
	switch (type) {
	case TYPE_ADDRESS:
		return address(text, len, key);
	case TYPE_CIDR:
		return cidr(text, len, key);
	case TYPE_HOST:
		return host(text, len, key);
	case TYPE_URL:
		return url(text, len, key);
	case TYPE_EMAIL_ADDRESS:
		return email(text, len, key);
	case TYPE_ASN:
		return asn(text, len, key);
	case TYPE_HASHTAG:
		if (memchr(text, ' ', len) != NULL)
			return "a hashtag is one word";
		return add(key, text, len);
	case TYPE_EMAIL_SUBJECT:
	case TYPE_MUTEX:
	case TYPE_USER_AGENT:
		return add(key, text, len);
	default:
		return "no single value makes an indicator of this type";
	}
}

const char *
check_hash(const char *text, size_t len, size_t digits)
{
	size_t i;

	if (len != digits)
		return digits == 32 ? "an MD5 has 32 digits" : digits == 40 ? "a SHA1 has 40 digits" : "a SHA256 has 64 digits";
	for (i = 0; i < len; i++)
		if (!is_xdigit(text[i]))
			return "a hash holds hexadecimal digits only";
	return NULL;
}

const char *
check_registry(const char *key, size_t keylen, const char *name, size_t namelen, const char *type, size_t typelen)
{
	static const char *const root[] = { "HKEY_CLASSES_ROOT", "HKEY_CURRENT_CONFIG", "HKEY_CURRENT_USER_LOCAL_SETTINGS",
		"HKEY_CURRENT_USER", "HKEY_LOCAL_MACHINE", "HKEY_PERFORMANCE_DATA", "HKEY_PERFORMANCE_NLSTEXT",
		"HKEY_PERFORMANCE_TEXT", "HKEY_USERS" };
	static const char *const kind[] = { "REG_NONE", "REG_BINARY", "REG_DWORD", "REG_DWORD_LITTLE_ENDIAN",
		"REG_DWORD_BIG_ENDIAN", "REG_EXPAND_SZ", "REG_LINK", "REG_MULTI_SZ", "REG_QWORD", "REG_QWORD_LITTLE_ENDIAN",
		"REG_SZ" };
	size_t i, n;
	bool known = false;

	for (i = 0; i < sizeof(root) / sizeof(root[0]) && !known; i++) {
		n = strlen(root[i]);
		known = keylen >= n && memcmp(key, root[i], n) == 0 && (keylen == n || key[n] == '\\');
	}
	if (!known)
		return "the key name does not begin with a root such as HKEY_LOCAL_MACHINE";
	(void)name;
	if (namelen == 0)
		return "a registry key needs a value name, a single blank where there is none";
	for (i = 0; i < sizeof(kind) / sizeof(kind[0]); i++)
		if (text_eq(type, typelen, kind[i]))
			return NULL;
	return "the value type is not one of REG_SZ, REG_DWORD and so on";
}

bool
check_date(const char *text, size_t len)
{
	static const int month[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	static const char form[] = "0000-00-00T00:00:00Z";
	int y, m, d, leap;
	size_t i;

	if (len != sizeof(form) - 1)
		return false;
	for (i = 0; i < len; i++)
		if (form[i] == '0' ? !is_digit(text[i]) : text[i] != form[i])
			return false;
#define TWO(at) ((text[at] - '0') * 10 + text[(at) + 1] - '0')
	y = TWO(0) * 100 + TWO(2);
	m = TWO(5);
	d = TWO(8);
	leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return m >= 1 && m <= 12 && d >= 1 && d <= month[m - 1] + (m == 2 && leap) && TWO(11) < 24 && TWO(14) < 60 &&
	    TWO(17) < 61;
#undef TWO
}
