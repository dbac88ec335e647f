/*
 * URLs: absolute, http, https, ftp or sftp, host as a host name or address.
 *
 * Only what data-model.md section 3 asks for is changed: scheme and host in
 * lower case (an international one as Punycode, an IPv6 literal by RFC 5952),
 * user-info gone, a trailing dot of the host gone. Port, path, query, fragment
 * and percent-encoding stay byte for byte.
 */
#include <string.h>

#include "limit.h"
#include "text.h"
#include "value.h"
#include "value_part.h"

static size_t
scheme(const char *text, size_t len)
{
	static const struct { const char name[6]; unsigned char len; } known[] = {
		{ "http", 4 }, { "https", 5 }, { "ftp", 3 }, { "sftp", 4 },
	};
	size_t i, k, n;

	for (k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
		n = known[k].len;
		if (len < n + 3 || text[n] != ':')
			continue;
		for (i = 0; i < n && part_lower(text[i]) == known[k].name[i]; i++)
			continue;
		if (i == n && text[n + 1] == '/' && text[n + 2] == '/')
			return n;
	}
	return 0;
}

static const char *
no_scheme(const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);

	if (colon != NULL && (size_t)(colon - text) + 2 < len && colon[1] == '/' && colon[2] == '/')
		return "scheme is not http, https, ftp or sftp";
	return "no scheme";
}

/* Characters outside ASCII are kept as the feed has them, save blanks, controls and what reverses reading. */
static bool
wide_ok(uint32_t cp)
{
	return !(cp < 0xa1 || cp == 0x1680 || cp == 0x180e || (cp >= 0x2000 && cp <= 0x200f) ||
	    (cp >= 0x2028 && cp <= 0x202f) || (cp >= 0x205f && cp <= 0x206f) || cp == 0x3000 || cp == 0xfeff ||
	    (cp >= 0xfff0 && cp <= 0xffff));
}

static bool
port_ok(const char *port, size_t len)
{
	unsigned n = 0;
	size_t i;

	if (len == 0 || len > 5)
		return false;
	for (i = 0; i < len; i++) {
		if (!PART_IS(port[i], PART_DIGIT))
			return false;
		n = n * 10 + (unsigned)(port[i] - '0');
	}
	return n > 0 && n <= 65535;
}

/* An address literal, dotted or in brackets, or a name; written at out. */
static bool
url_host(const char *host, size_t len, char *out, size_t *outlen, bool *reserved, const char **why)
{
	uint16_t group[8];
	uint32_t ip;
	const char *ignored;

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		if (!part_ipv6(host + 1, len - 2, group, why))
			return false;
		out[0] = '[';
		*outlen = part_ipv6_print(out + 1, group) + 2;
		out[*outlen - 1] = ']';
		*reserved = part_ipv6_reserved(group, 128);
		return true;
	}
	if (len > 0 && PART_IS(host[0], PART_DIGIT) && part_ipv4(host, len, false, &ip, &ignored)) {
		*outlen = part_ipv4_print(out, ip);
		*reserved = part_ipv4_reserved(ip, 32);
		return true;
	}
	if (!part_host(host, len, true, out, outlen, why))
		return false;
	*reserved = part_host_reserved(out, *outlen);
	return true;
}

bool
part_url(const char *text, size_t len, char *out, size_t *outlen, bool *reserved, const char **why)
{
	size_t n = scheme(text, len), i, rest, host, hostlen, end;
	uint32_t cp;
	char *to = out;

	if (n == 0) {
		*why = no_scheme(text, len);
		return false;
	}
	for (i = 0; i < n; i++)
		*to++ = part_lower(text[i]);
	memcpy(to, "://", 3);
	to += 3;

	host = n + 3;
	for (rest = host; rest < len && text[rest] != '/' && text[rest] != '?' && text[rest] != '#'; rest++) {
		/* Browsers take a backslash for a slash, libraries do not: two hosts in one. */
		if (text[rest] == '\\' || (unsigned char)text[rest] <= ' ' || text[rest] == 0x7f) {
			*why = "blank, control or backslash in the URL";
			return false;
		}
		if (text[rest] == '@')
			host = rest + 1;
	}
	if (host == rest) {
		*why = "no host in the URL";
		return false;
	}
	for (end = rest; end > host && PART_IS(text[end - 1], PART_DIGIT); end--)
		continue;
	if (end > host && text[end - 1] == ':') {
		end--;
		if (!port_ok(text + end + 1, rest - end - 1)) {
			*why = "bad port";
			return false;
		}
	} else
		end = rest;
	if (!url_host(text + host, end - host, to, &hostlen, reserved, why))
		return false;
	to += hostlen;
	memcpy(to, text + end, rest - end);
	to += rest - end;

	for (i = rest; i < len; ) {
		if (PART_IS(text[i], PART_URL)) {
			*to++ = text[i++];
			continue;
		}
		n = text_utf8(text + i, len - i, &cp);
		if (n < 2 || !wide_ok(cp)) {
			*why = n == 0 ? "invalid UTF-8" : "blank, control or delimiter in the URL";
			return false;
		}
		memcpy(to, text + i, n);
		to += n;
		i += n;
	}
	*outlen = (size_t)(to - out);
	if (*outlen > LIMIT_URL && text_chars(out, *outlen) > LIMIT_URL) {
		*why = "URL over 500 characters";
		return false;
	}
	return true;
}

enum tc_type
value_url_host(const char *url, size_t len, const char **host, size_t *hostlen)
{
	const char *end = url + len, *s = memmem(url, len, "://", 3), *p;
	const char *ignored;
	uint32_t ip;

	if (s == NULL)
		return TYPE_NONE;
	s += 3;
	for (p = s; p < end && *p != '/' && *p != '?' && *p != '#'; p++)
		if (*p == '@')
			s = p + 1;
	if (s < p && *s == '[') {
		const char *shut = memchr(s, ']', (size_t)(p - s));

		if (shut == NULL)
			return TYPE_NONE;
		*host = s + 1;
		*hostlen = (size_t)(shut - s - 1);
		return TYPE_ADDRESS;
	}
	*host = s;
	s = memchr(s, ':', (size_t)(p - s));
	*hostlen = (size_t)((s != NULL ? s : p) - *host);
	if (*hostlen == 0)
		return TYPE_NONE;
	return part_ipv4(*host, *hostlen, false, &ip, &ignored) ? TYPE_ADDRESS : TYPE_HOST;
}
