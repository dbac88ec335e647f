/*
 * Host names: letters, digits and hyphens of RFC 952 and 1123, lower case,
 * internationalised names as Punycode.
 *
 * ASCII never reaches libidn2: it is checked and copied in one pass, "xn--"
 * labels and all, so a look-alike stays the Punycode the feed has. Other names
 * are mapped as browsers do, by IDNA2008 with the non-transitional mapping of
 * UTS 46 ("faß.de" is xn--fa-hia.de). Symbols, which IDNA2008 forbids but
 * registries sold ("☃.net"), are tried once more with the transitional mapping,
 * the only one libidn2 has that lets them through; not where that mapping would
 * make another name: sharp s and final sigma are rewritten by it, joiners
 * dropped. Then the result passes the ASCII check like any other.
 */
#include <idn2.h>
#include <string.h>

#include "text.h"
#include "value_part.h"

#define HOST_UTF8_MAX 1024	/* bytes; 253 characters of four bytes, and libidn2's work stays bounded */

/* Host bytes: 0 is none; '.' and '-' and '_' stand for themselves. */
static const unsigned char host_byte[256] = {
	['-'] = '-', ['.'] = '.', ['_'] = '_',
	['0'] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
	['a'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['A'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
};

static const char *
bad_byte(unsigned char c)
{
	switch (c) {
	case '*': return "a wildcard, not a host";
	case '/': return "a path after the host";
	case ':': return "a port or scheme with the host";
	case '@': return "a user with the host";
	case '[': case '(': case '{': return "defanged or bracketed host";
	case ' ': case ',': case ';': case '|': return "more than one word";
	default: return "character that no host name has";
	}
}

static bool
host_ascii(const char *text, size_t len, bool deep_underscore, char *out, size_t *outlen, const char **why)
{
	size_t i, start = 0, labels = 0, underscore = 0;	/* underscore: number of the last label with one */
	unsigned char c;
	const char *last;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0) {
		*why = "empty host name";
		return false;
	}
	if (len > HOST_MAX) {
		*why = "host name over 253 characters";
		return false;
	}
	for (i = 0; i <= len; i++) {
		if (i == len || text[i] == '.') {
			if (i == start) {
				*why = "empty host label";
				return false;
			}
			if (i - start > LABEL_MAX) {
				*why = "host label over 63 characters";
				return false;
			}
			if (text[start] == '-' || text[i - 1] == '-') {
				*why = "host label begins or ends with a hyphen";
				return false;
			}
			labels++;
			if (i == len)
				break;
			out[i] = '.';
			start = i + 1;
			continue;
		}
		c = host_byte[(unsigned char)text[i]];
		if (c == 0) {
			*why = bad_byte((unsigned char)text[i]);
			return false;
		}
		if (c == '_')
			underscore = labels + 1;
		out[i] = (char)c;
	}
	if (underscore > 0 && (!deep_underscore || underscore + 2 > labels)) {
		*why = "underscore in a host name";
		return false;
	}
	last = out + start;
	if (labels == 1) {
		*why = PART_IS(last[0], PART_DIGIT) ? "not a host name" : "single label, no domain";
		return false;
	}
	if (len - start < 2 || memcmp(last, "xn--", len - start < 4 ? len - start : 4) != 0 || len - start < 5) {
		for (i = start; i < len && PART_IS(out[i], PART_ALPHA); i++)
			continue;
		if (i < len || len - start < 2) {
			for (i = 0; i < len && (PART_IS(out[i], PART_DIGIT) || out[i] == '.'); i++)
				continue;
			*why = i == len ? "an IP address or a number, not a host name" :
			    "last label of the host is no top-level domain";
			return false;
		}
	}
	*outlen = len;
	return true;
}

/* The four characters that the two mappings of UTS 46 treat differently. */
static bool
deviates(const char *name)
{
	return strstr(name, "\xc3\x9f") != NULL || strstr(name, "\xcf\x82") != NULL ||
	    strstr(name, "\xe2\x80\x8c") != NULL || strstr(name, "\xe2\x80\x8d") != NULL;
}

static bool
host_idn(const char *text, size_t len, bool deep_underscore, char *out, size_t *outlen, const char **why)
{
	char name[HOST_UTF8_MAX + 1];
	uint8_t *ascii = NULL;
	bool ok;
	int rc;

	if (len > HOST_UTF8_MAX) {
		*why = "host name over 253 characters";
		return false;
	}
	if (text_utf8_span(text, len) != len) {
		*why = "invalid UTF-8";
		return false;
	}
	memcpy(name, text, len);
	name[len] = '\0';
	rc = idn2_lookup_u8((const uint8_t *)name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if ((rc == IDN2_DISALLOWED || rc == IDN2_UNASSIGNED) && !deviates(name))
		rc = idn2_lookup_u8((const uint8_t *)name, &ascii, IDN2_NFC_INPUT | IDN2_TRANSITIONAL);
	if (rc != IDN2_OK) {
		*why = "not a valid internationalised host name";
		return false;
	}
	ok = host_ascii((const char *)ascii, strlen((const char *)ascii), deep_underscore, out, outlen, why);
	idn2_free(ascii);
	return ok;
}

bool
part_host(const char *text, size_t len, bool deep_underscore, char *out, size_t *outlen, const char **why)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '\0') {
			*why = "NUL in the value";
			return false;
		}
		if ((unsigned char)text[i] >= 0x80)
			return host_idn(text, len, deep_underscore, out, outlen, why);
	}
	return host_ascii(text, len, deep_underscore, out, outlen, why);
}

static bool
ends_with(const char *host, size_t len, const char *name, size_t namelen)
{
	return len >= namelen && memcmp(host + len - namelen, name, namelen) == 0 &&
	    (len == namelen || host[len - namelen - 1] == '.');
}

/* data-model.md section 3: names for local use, tests and documentation. */
bool
part_host_reserved(const char *host, size_t len)
{
#define ENDS(name) ends_with(host, len, name, sizeof(name) - 1)
	if (len == 0)
		return false;
	switch (host[len - 1]) {	/* most names end in none of these */
	case 'l': return ENDS("local") || ENDS("internal");
	case 't': return ENDS("localhost") || ENDS("test") || ENDS("example.net");
	case 'n': return ENDS("lan");
	case 'd': return ENDS("invalid");
	case 'e': return ENDS("example");
	case 'm': return ENDS("example.com");
	case 'g': return ENDS("example.org");
	}
	return false;
#undef ENDS
}
