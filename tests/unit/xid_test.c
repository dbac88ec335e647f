/*
 * xid: frozen values. A group keeps its xid for ever; a change here makes
 * every customer's groups double. The digests were made with sha256sum(1) and
 * the first two stand in the platform's documents.
 */
#include "tap.h"
#include "xid.h"

#define P(s) { s, sizeof(s) - 1 }

static void
made(const struct xid_part *part, int n, const char *want, const char *name)
{
	char got[XID_LEN + 1];

	xid_make(got, part, n);
	tap_is(got, want, name);
}

int
main(void)
{
	static const struct xid_part report[] = { P("Example Source"), P("Report"), P("r-1") };
	static const struct xid_part family[] = { P("Example Source"), P("Malware"), P("Emotet") };
	static const struct xid_part owner[] = { P("Example-Source"), P("Malware"), P("Emotet") };
	static const struct xid_part left[] = { P("O"), P("a-b"), P("c") }, right[] = { P("O"), P("a"), P("b-c") };
	char a[XID_LEN + 1], b[XID_LEN + 1];
	char most[3001];
	struct xid_part big[] = { P("O"), { most, 3000 } };

	xid_plain(a, report, 3);
	tap_is(a, "c99ba21f1fad45d24100abeec8e7d112dfef280ea4e3cb29eadb0c8ad5903286", "TcEx's list form");
	xid_string(a, "Example Source-Report-r-1", 25);
	tap_is(a, "afd9b48e85e40a0af0d1f9af1bede62a184ce2b1db61987c739afbb90946f9ba", "TcEx's string form");

	made(report, 3, "18cf9856406c81e08376dfd89d30b403abd46dedcf24c3568ce912a73084daf6", "a '-' in a part is escaped");
	made(family, 3, "3aa8e00a20181dd740c069c0307e4e331ce0e6bb7533e0a40d17b356283ffa76", "nothing to escape");
	xid_plain(a, family, 3);
	xid_make(b, family, 3);
	tap_is(b, a, "without '-' it is TcEx's xid");
	made(owner, 3, "1455d30f6f2c10800bd41f41617737146b5ca76ef23cf33b21d6cde71ac2051a", "a '-' in the owner is escaped");
	xid_make(a, left, 3);
	xid_make(b, right, 3);
	tap_ok(strcmp(a, b) != 0, "the parts' borders count");
	xid_plain(a, left, 3);
	xid_plain(b, right, 3);
	tap_is(b, a, "for TcEx they do not");
	memset(most, '-', sizeof(most));
	made(big, 2, "801cb8f5215855e3cd218723621b2f627f3f60ba2ae3aa938ae77c4711b49816", "a long part of nothing but '-'");
	return tap_done();
}
