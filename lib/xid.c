#include "xid.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "text.h"
#include "xmalloc.h"

static void
make(char out[XID_LEN + 1], const struct xid_part *part, int n, int escape)
{
	char small[512], *joined = small, *to, hex[XID_LEN + 1];
	size_t i, most = 0;
	int p;

	for (p = 0; p < n; p++)
		most += 2 * part[p].len + 1;
	if (most > sizeof(small))
		joined = xmalloc(most);
	to = joined;
	*to = 0;		/* no parts: the digest of nothing */
	for (p = 0; p < n; p++) {
		if (p > 0)
			*to++ = '-';
		for (i = 0; i < part[p].len; i++) {
			if (escape && part[p].text[i] == '-')
				*to++ = '\\';
			*to++ = part[p].text[i];
		}
	}
	hash_sha256_hex(hex, joined, (size_t)(to - joined));
	hash_sha256_hex(out, hex, XID_LEN);
	if (joined != small)
		free(joined);
}

void
xid_make(char out[XID_LEN + 1], const struct xid_part *part, int n)
{
	make(out, part, n, 1);
}

void
xid_plain(char out[XID_LEN + 1], const struct xid_part *part, int n)
{
	make(out, part, n, 0);
}

void
xid_string(char out[XID_LEN + 1], const char *text, size_t len)
{
	hash_sha256_hex(out, text, len);
}
