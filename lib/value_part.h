/*
 * What the files of the value room share; callers include value.h.
 *
 * Every parser here works on counted bytes that are already trimmed, keeps
 * nothing, allocates nothing (a host name that is not ASCII is the exception:
 * libidn2 does) and names its refusal by a constant sentence in *why.
 */
#ifndef TC_VALUE_PART_H
#define TC_VALUE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_MAX	253	/* bytes of a host name without its trailing dot, RFC 1035 section 3.1 */
#define LABEL_MAX	63
#define IP_TEXT		40	/* the longest IPv6 address in eight groups, and a NUL */

/* Removes blanks at both ends: ASCII ones and those of Unicode that web pages and spreadsheets leave behind. */
void	 part_trim(const char **text, size_t *len);

/* Characters no value of any type may hold: controls, NUL, bytes that are not UTF-8. */
bool	 part_clean(const char *text, size_t len, const char **why);

/* IPv4: 1, and the address in host order; else 0. zeros: leading zeros are decimal. */
bool	 part_ipv4(const char *text, size_t len, bool zeros, uint32_t *ip, const char **why);
size_t	 part_ipv4_print(char *out, uint32_t ip);
bool	 part_ipv6(const char *text, size_t len, uint16_t group[8], const char **why);
size_t	 part_ipv6_print(char *out, const uint16_t group[8]);		/* RFC 5952 */
size_t	 part_ipv6_print_full(char *out, const uint16_t group[8]);	/* eight groups, no "::" */
bool	 part_ipv4_reserved(uint32_t ip, unsigned prefix);
bool	 part_ipv6_reserved(const uint16_t group[8], unsigned prefix);

struct part_net {
	bool		 v6;
	unsigned	 prefix;
	uint32_t	 ip;		/* host bits cleared */
	uint16_t	 group[8];
};
bool	 part_cidr(const char *text, size_t len, bool zeros, struct part_net *, const char **why);

/*
 * A host name, canonical into out (HOST_MAX bytes, no NUL). deep_underscore:
 * labels below the second level may hold one, as in URLs.
 */
bool	 part_host(const char *text, size_t len, bool deep_underscore, char *out, size_t *outlen, const char **why);
bool	 part_host_reserved(const char *host, size_t len);

/* A URL, canonical into out, which has room for len + HOST_MAX bytes; reserved tells of its host. */
bool	 part_url(const char *text, size_t len, char *out, size_t *outlen, bool *reserved, const char **why);

/* Character classes of ASCII for all of them. */
extern const unsigned char part_class[256];
#define PART_DIGIT	1
#define PART_ALPHA	2
#define PART_HEX	4
#define PART_MAIL	8	/* local part of an address: [A-Za-z0-9._%+-] */
#define PART_URL	16	/* after a URL's authority */
#define PART_IS(c, mask) ((part_class[(unsigned char)(c)] & (mask)) != 0)

static inline char
part_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif
