/* Addresses and networks: parsing, the forms the platform takes, reserved ranges. */
#include <string.h>

#include "value_part.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* data-model.md section 3; 224/4 and 240/4 in one line, so that a network over both is inside. */
static const struct { uint32_t ip; unsigned prefix; } reserved4[] = {
	{ 0x00000000, 8 },	/* 0.0.0.0/8 */
	{ 0x0a000000, 8 },	/* 10.0.0.0/8 */
	{ 0x64400000, 10 },	/* 100.64.0.0/10 */
	{ 0x7f000000, 8 },	/* 127.0.0.0/8 */
	{ 0xa9fe0000, 16 },	/* 169.254.0.0/16 */
	{ 0xac100000, 12 },	/* 172.16.0.0/12 */
	{ 0xc0000000, 24 },	/* 192.0.0.0/24 */
	{ 0xc0000200, 24 },	/* 192.0.2.0/24 */
	{ 0xc0a80000, 16 },	/* 192.168.0.0/16 */
	{ 0xc6120000, 15 },	/* 198.18.0.0/15 */
	{ 0xc6336400, 24 },	/* 198.51.100.0/24 */
	{ 0xcb007100, 24 },	/* 203.0.113.0/24 */
	{ 0xe0000000, 3 },	/* 224.0.0.0/4 and 240.0.0.0/4 */
};

/* The same section, and two ranges of the IANA registry that cannot be reached either: mapped IPv4, RFC 9637. */
static const struct { uint16_t group[8]; unsigned prefix; } reserved6[] = {
	{ { 0 }, 128 },				/* :: */
	{ { 0, 0, 0, 0, 0, 0, 0, 1 }, 128 },	/* ::1 */
	{ { 0, 0, 0, 0, 0, 0xffff }, 96 },	/* ::ffff:0:0/96 */
	{ { 0xfc00 }, 7 },
	{ { 0xfe80 }, 10 },
	{ { 0xff00 }, 8 },
	{ { 0x2001, 0x0db8 }, 32 },
	{ { 0x3fff }, 20 },
};

bool
part_ipv4(const char *text, size_t len, bool zeros, uint32_t *ip, const char **why)
{
	const char *s = text, *end = text + len;
	uint32_t all = 0;
	int octets;

	for (octets = 0; octets < 4; octets++) {
		unsigned n = 0, digits = 0;

		if (octets > 0) {
			if (s == end || *s != '.')
				break;
			s++;
		}
		while (s < end && digits < 4 && *s >= '0' && *s <= '9') {
			n = n * 10 + (unsigned)(*s++ - '0');
			digits++;
		}
		if (digits == 0 || digits > 3 || n > 255)
			break;
		if (digits > 1 && s[-(int)digits] == '0' && !zeros) {
			*why = "leading zero in an octet: octal or decimal cannot be told";
			return false;
		}
		all = all << 8 | n;
	}
	if (octets == 4 && s == end) {
		*ip = all;
		return true;
	}
	if (octets == 4 && *s == ':')
		*why = "an address with a port";
	else if (octets == 4 && *s == '/')
		*why = "a network, not an address";
	else if (octets == 4 && *s == '-')
		*why = "a range of addresses";
	else if (octets == 4 && (*s == ' ' || *s == ',' || *s == ';' || *s == '|'))
		*why = "more than one word";
	else
		*why = "not an IPv4 or IPv6 address";
	return false;
}

size_t
part_ipv4_print(char *out, uint32_t ip)
{
	char *to = out;
	int shift;

	for (shift = 24; shift >= 0; shift -= 8) {
		unsigned n = ip >> shift & 255;

		if (n >= 100)
			*to++ = (char)('0' + n / 100);
		if (n >= 10)
			*to++ = (char)('0' + n / 10 % 10);
		*to++ = (char)('0' + n % 10);
		if (shift > 0)
			*to++ = '.';
	}
	return (size_t)(to - out);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = part_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
part_ipv6(const char *text, size_t len, uint16_t group[8], const char **why)
{
	size_t i = 0;
	int n = 0, gap = -1, digits, d;
	unsigned value;

	*why = "not an IPv4 or IPv6 address";
	if (len < 2 || len > 64)
		return false;
	if (text[0] == ':') {
		if (text[1] != ':')
			return false;
		gap = 0;
		i = 2;
	}
	while (i < len) {
		value = 0;
		for (digits = 0; i < len && digits < 5 && (d = hex_digit(text[i])) >= 0; digits++, i++)
			value = value << 4 | (unsigned)d;
		if (i < len && text[i] == '.' && digits > 0) {
			*why = "IPv6 address with an IPv4 tail, which the platform does not take";
			return false;
		}
		if (i < len && text[i] == '%') {
			*why = "IPv6 address with a zone";
			return false;
		}
		if (digits == 0 || digits > 4 || n == 8)
			return false;
		group[n++] = (uint16_t)value;
		if (i == len)
			break;
		if (text[i] == '/') {
			*why = "a network, not an address";
			return false;
		}
		if (text[i++] != ':' || i == len)
			return false;
		if (text[i] == ':') {
			if (gap >= 0)
				return false;
			gap = n;
			i++;
		}
	}
	if (gap < 0 ? n != 8 : n > 7)
		return false;
	if (gap >= 0) {
		int tail = n - gap;

		memmove(group + 8 - tail, group + gap, (size_t)tail * sizeof(group[0]));
		memset(group + gap, 0, (size_t)(8 - n) * sizeof(group[0]));
	}
	return true;
}

static char *
group_print(char *to, unsigned value)
{
	static const char digit[] = "0123456789abcdef";

	if (value > 0xfff)
		*to++ = digit[value >> 12];
	if (value > 0xff)
		*to++ = digit[value >> 8 & 15];
	if (value > 0xf)
		*to++ = digit[value >> 4 & 15];
	*to++ = digit[value & 15];
	return to;
}

size_t
part_ipv6_print(char *out, const uint16_t group[8])
{
	int i, start = -1, best = -1, length = 0;
	char *to = out;

	/* RFC 5952 section 4.2: the longest run of two zero groups or more, the first of equals. */
	for (i = 0; i <= 8; i++) {
		if (i < 8 && group[i] == 0) {
			if (start < 0)
				start = i;
			continue;
		}
		if (start >= 0 && i - start > 1 && i - start > length) {
			best = start;
			length = i - start;
		}
		start = -1;
	}
	for (i = 0; i < 8; i++) {
		if (i == best) {
			*to++ = ':';
			*to++ = ':';
			i += length - 1;
			continue;
		}
		if (i > 0 && i != best + length)
			*to++ = ':';
		to = group_print(to, group[i]);
	}
	return (size_t)(to - out);
}

size_t
part_ipv6_print_full(char *out, const uint16_t group[8])
{
	char *to = out;
	int i;

	for (i = 0; i < 8; i++) {
		if (i > 0)
			*to++ = ':';
		to = group_print(to, group[i]);
	}
	return (size_t)(to - out);
}

static uint16_t
group_mask(unsigned prefix, int i)
{
	unsigned bits = prefix > (unsigned)i * 16 ? prefix - (unsigned)i * 16 : 0;

	return bits >= 16 ? 0xffff : (uint16_t)(0xffffU << (16 - bits));
}

bool
part_cidr(const char *text, size_t len, bool zeros, struct part_net *net, const char **why)
{
	const char *slash = memchr(text, '/', len), *p;
	size_t head;
	unsigned prefix = 0;
	int i;

	if (slash == NULL) {
		*why = "no prefix length";
		return false;
	}
	head = (size_t)(slash - text);
	net->v6 = memchr(text, ':', head) != NULL;
	if (net->v6 ? !part_ipv6(text, head, net->group, why) : !part_ipv4(text, head, zeros, &net->ip, why))
		return false;
	for (p = slash + 1; p < text + len && PART_IS(*p, PART_DIGIT) && p - slash <= 3; p++)
		prefix = prefix * 10 + (unsigned)(*p - '0');
	if (p == slash + 1 || p != text + len || (slash[1] == '0' && p - slash > 2) || prefix > (net->v6 ? 128u : 32u)) {
		*why = "bad prefix length";
		return false;
	}
	net->prefix = prefix;
	if (net->v6)
		for (i = 0; i < 8; i++)
			net->group[i] &= group_mask(prefix, i);
	else
		net->ip &= prefix == 0 ? 0 : 0xffffffffu << (32 - prefix);
	return true;
}

/* A network is reserved where all of it is, and where it is everything: no indicator. */
bool
part_ipv4_reserved(uint32_t ip, unsigned prefix)
{
	size_t i;

	if (prefix == 0)
		return true;
	for (i = 0; i < N(reserved4); i++)
		if (prefix >= reserved4[i].prefix && (ip ^ reserved4[i].ip) >> (32 - reserved4[i].prefix) == 0)
			return true;
	return false;
}

bool
part_ipv6_reserved(const uint16_t group[8], unsigned prefix)
{
	size_t i;
	int g;

	if (prefix == 0)
		return true;
	for (i = 0; i < N(reserved6); i++) {
		if (prefix < reserved6[i].prefix)
			continue;
		for (g = 0; g < 8; g++)
			if (((group[g] ^ reserved6[i].group[g]) & group_mask(reserved6[i].prefix, g)) != 0)
				break;
		if (g == 8)
			return true;
	}
	return false;
}
