/* object: what a line is, its identities, its one form, receipts. */
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object.h"
#include "tap.h"

static struct scan scan;
static struct err err;

/* The canonical form of a line is want, and want is its own canonical form and known as such. */
static void
canon(const char *line, const char *want)
{
	struct object o;
	struct buf out;

	buf_init(&out, LIMIT_LINE);
	if (object_read(&o, &scan, line, strlen(line), &err) == -1) {
		tap_ok(false, "%s: %s", line, err.text);
	} else {
		tap_ok(object_canonical(&o, false, &out) == 0, "written");
		tap_is(out.bytes, want, want);
		if (strcmp(line, want) != 0)
			tap_ok(!o.canonical, "not taken for canonical: %s", line);
	}
	if (object_read(&o, &scan, want, strlen(want), &err) == -1)
		tap_ok(false, "%s: %s", want, err.text);
	else
		tap_ok(o.canonical, "canonical as it stands: %s", want);
	buf_release(&out);
}

static void
refused(const char *line, const char *why)
{
	struct object o;
	struct err e = { 0 };

	tap_ok(object_read(&o, &scan, line, strlen(line), &e) == -1, "refused: %s", line);
	tap_is(e.text, why, why);
}

/* Identities with \x1f shown as | and one a line. */
static void
identities(const char *line, int n, const char *want)
{
	struct object o;
	struct buf keys;
	size_t i;

	buf_init(&keys, LIMIT_LINE);
	if (object_read(&o, &scan, line, strlen(line), &err) == -1) {
		tap_ok(false, "%s: %s", line, err.text);
		return;
	}
	tap_ok(object_identities(&o, &keys) == n, "%d identities of %s", n, line);
	for (i = 0; i < keys.len; i++)
		if (keys.bytes[i] == '\x1f')
			keys.bytes[i] = '|';
		else if (keys.bytes[i] == '\0')
			keys.bytes[i] = '\n';
	tap_is(keys.bytes, want, line);
	buf_release(&keys);
}

static void
receipt(const char *line, const char *status, long long batch, const char *code, const char *reason, const char *want)
{
	struct object o;
	struct buf out;

	buf_init(&out, LIMIT_LINE);
	if (object_read(&o, &scan, line, strlen(line), &err) == -1)
		tap_ok(false, "%s: %s", line, err.text);
	else if (tap_ok(object_receipt(&o, status, batch, code, reason, &out) == 0, "receipt"))
		tap_is(out.bytes, want, line);
	buf_release(&out);
}

static bool
reads(struct object *o, const char *line)
{
	return object_read(o, &scan, line, strlen(line), &err) == 0;
}

#define MD5 "0123456789abcdef0123456789abcdef"
#define SHA1 MD5 "01234567"
#define SHA256 MD5 MD5

int
main(void)
{
	struct object o;

	scan_init(&scan);

	canon("{ \"summary\" : \"http:\\/\\/a.example\\/\", \"type\":\"Url\" }", "{\"type\":\"URL\",\"summary\":\"http://a.example/\"}");
	canon("{\"type\":\"Address\",\"ip\":\"192.0.2.1\",\"confidence\":0,\"rating\":0,\"active\":false}",
	    "{\"type\":\"Address\",\"summary\":\"192.0.2.1\",\"rating\":0,\"confidence\":0,\"active\":false}");
	canon("{\"type\":\"Host\",\"summary\":\"a.example\",\"tag\":[{\"name\":\"b\"},{\"name\":\"A\"},{\"name\":\"a\"},{\"description\":\"x\",\"name\":\"b\"}]}",
	    "{\"type\":\"Host\",\"summary\":\"a.example\",\"tag\":[{\"name\":\"A\"},{\"name\":\"b\",\"description\":\"x\"}]}");
	canon("{\"type\":\"Host\",\"summary\":\"a.example\",\"tag\":[],\"action\":\"Create\"}", "{\"type\":\"Host\",\"summary\":\"a.example\"}");
	canon("{\"type\":\"Host\",\"summary\":\"a.example\",\"attribute\":[{\"value\":\"v\",\"type\":\"Source\"},{\"type\":\"Source\",\"value\":\"v\",\"displayed\":true},"
	    "{\"type\":\"Description\",\"value\":\"d\",\"securityLabel\":[{\"name\":\"b\"},{\"name\":\"a\"}]}]}",
	    "{\"type\":\"Host\",\"summary\":\"a.example\",\"attribute\":[{\"type\":\"Description\",\"value\":\"d\",\"securityLabel\":[{\"name\":\"a\"},{\"name\":\"b\"}]},"
	    "{\"type\":\"Source\",\"value\":\"v\",\"displayed\":true}]}");
	canon("{\"type\":\"Host\",\"summary\":\"a.example\",\"securityLabel\":[{\"name\":\"TLP:GREEN\"},{\"name\":\"Other\"},{\"name\":\"TLP:AMBER+STRICT\"},{\"name\":\"TLP:AMBER\"}]}",
	    "{\"type\":\"Host\",\"summary\":\"a.example\",\"securityLabel\":[{\"name\":\"Other\"},{\"name\":\"TLP:AMBER+STRICT\"}]}");
	canon("{\"type\":\"File\",\"summary\":\"" MD5 " : " SHA256 "\"}", "{\"type\":\"File\",\"md5\":\"" MD5 "\",\"sha256\":\"" SHA256 "\"}");
	canon("{\"type\":\"File\",\"sha1\":\"0123456789ABCDEF0123456789abcdef01234567\",\"summary\":\"ignored\",\"size\":12}",
	    "{\"type\":\"File\",\"sha1\":\"" SHA1 "\",\"size\":12}");
	canon("{\"type\":\"Registry Key\",\"summary\":\"HKEY_USERS\\\\a : b : c : REG_SZ\"}",
	    "{\"type\":\"Registry Key\",\"Key Name\":\"HKEY_USERS\\\\a\",\"Value Name\":\"b : c\",\"Value Type\":\"REG_SZ\"}");
	canon("{\"type\":\"Registry Key\",\"Key Name\":\"HKEY_USERS\\\\a\",\"Value Type\":\"REG_SZ\"}",
	    "{\"type\":\"Registry Key\",\"Key Name\":\"HKEY_USERS\\\\a\",\"Value Name\":\" \",\"Value Type\":\"REG_SZ\"}");
	canon("{\"xid\":\"x1\",\"name\":\"R\\u0007\\u0041\",\"type\":\"Report\",\"associatedGroupXid\":[\"b\",\"a\",\"b\"]}",
	    "{\"type\":\"Report\",\"name\":\"R\\u0007A\",\"xid\":\"x1\",\"associatedGroupXid\":[\"a\",\"b\"]}");
	canon("{\"ref_1\":\"b.example\",\"type_1\":\"Host\",\"ref_2\":\"192.0.2.1\",\"type_2\":\"Address\",\"associationType\":\"x\"}",
	    "{\"ref_1\":\"192.0.2.1\",\"type_1\":\"Address\",\"ref_2\":\"b.example\",\"type_2\":\"Host\",\"associationType\":\"x\"}");
	canon("{\"type\":\"Host\",\"summary\":\"a.example\",\"batchId\":7,\"action\":\"Delete\"}",
	    "{\"type\":\"Host\",\"summary\":\"a.example\",\"action\":\"Delete\",\"batchId\":7}");

	refused("[1]", "not a JSON object");
	refused("{\"summary\":\"x\"}", "neither \"type\" nor \"ref_1\": no group, indicator or association");
	refused("{\"type\":\"Thing\",\"summary\":\"x\"}", "type \"Thing\" is no standard type");
	refused("{\"type\":\"URL\"}", "URL without a value");
	refused("{\"type\":\"URL\",\"summary\":\"\"}", "URL without a value");
	refused("{\"type\":\"URL\",\"summary\":7}", "summary is no string");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"rating\":\"3\"}", "rating is no whole number");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"rating\":6}", "rating 6 is not within 0 and 5");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"confidence\":50000000000000000000000000}", "confidence is too large");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"active\":0}", "active is neither true nor false");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"lastSeen\":\"2024-05-01\"}", "lastSeen is no date of the form YYYY-MM-DDTHH:MM:SSZ");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"tag\":{}}", "tag is no array");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"tag\":[\"a\"]}", "tag holds something that is no object");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"tag\":[{\"name\":\"\"}]}", "tag: an element lacks its name");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"attribute\":[{\"type\":\"Source\"}]}", "attribute: an element lacks its type or value");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"size\":1}", "unknown member \"size\" of URL");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"action\":\"Drop\"}", "action is neither Create nor Delete");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"batchId\":-1}", "batchId is no positive number");
	refused("{\"type\":\"File\",\"md5\":\"0123\"}", "md5 is not 32 hexadecimal digits");
	refused("{\"type\":\"File\",\"summary\":\"nothing\"}", "File without a hash");
	refused("{\"type\":\"Report\",\"name\":\"x\"}", "Report without an xid");
	refused("{\"type\":\"Report\",\"xid\":\"x\"}", "Report without a name");
	refused("{\"ref_1\":\"x\"}", "an association needs ref_1 or id_1, and ref_2 or id_2");
	refused("{\"type\":\"URL\",\"summary\":\"x\",\"type\":\"Host\"}", "duplicate key \"type\" at byte 30");
	refused("{\"type\":\"URL\",\"summary\":\"x\\u0000\"}", "NUL (\\u0000) at byte 27");

	identities("{\"type\":\"URL\",\"summary\":\"http://a.example/A\"}", 1, "2|URL|http://a.example/A\n");
	identities("{\"type\":\"Host\",\"hostName\":\"A.Example\"}", 1, "2|Host|a.example\n");
	identities("{\"type\":\"ASN\",\"summary\":\"asn64496\"}", 1, "2|ASN|ASN64496\n");
	identities("{\"type\":\"URL\",\"summary\":\"http:\\/\\/a.example\"}", 1, "2|URL|http://a.example\n");
	identities("{\"type\":\"File\",\"md5\":\"" MD5 "\",\"sha1\":\"" SHA1 "\",\"sha256\":\"" SHA256 "\"}", 3,
	    "2|File|" SHA256 "\n2|File|" SHA1 "\n2|File|" MD5 "\n");
	identities("{\"type\":\"File\",\"summary\":\"" SHA1 "\"}", 1, "2|File|" SHA1 "\n");
	identities("{\"type\":\"Registry Key\",\"Key Name\":\"HKEY_USERS\\\\A\",\"Value Type\":\"REG_SZ\"}", 1, "2|Registry Key|HKEY_USERS\\A :   : REG_SZ\n");
	identities("{\"type\":\"Registry Key\",\"summary\":\"HKEY_USERS\\\\A :   : REG_SZ\"}", 1, "2|Registry Key|HKEY_USERS\\A :   : REG_SZ\n");
	identities("{\"type\":\"Report\",\"name\":\"n\",\"xid\":\"X\"}", 1, "1||X\n");
	identities("{\"ref_1\":\"b\",\"type_1\":\"Host\",\"ref_2\":\"a\",\"type_2\":\"Report\",\"associationType\":\"t\"}", 1, "3||t| a|Host b\n");
	identities("{\"ref_2\":\"b\",\"type_2\":\"Host\",\"ref_1\":\"a\",\"associationType\":\"t\"}", 1, "3||t| a|Host b\n");
	identities("{\"id_1\":5,\"ref_1\":\"b\",\"id_2\":4}", 1, "3|||#4|#5\n");

	tap_ok(reads(&o, "{\"type\":\"URL\",\"active\":false,\"summary\":\"x\"}") && o.inactive_line, "an inactive line");
	tap_ok(reads(&o, "{\"type\":\"File\",\"md5\":\"" MD5 "\",\"active\":false}") && o.inactive_line, "an inactive File");
	tap_ok(reads(&o, "{\"type\":\"URL\",\"summary\":\"x\",\"rating\":1,\"active\":false}") && !o.inactive_line,
	    "more than an inactive line");
	tap_ok(reads(&o, "{\"type\":\"URL\",\"summary\":\"x\",\"active\":true}") && !o.inactive_line, "an active line");
	tap_ok(reads(&o, "{\"type\":\"Report\",\"xid\":\"x\",\"batchId\":9}") && o.batch_id == 9, "a group to settle needs no name");

	receipt("{\"type\":\"URL\",\"text\":\"http://a.example/\\\"\"}", "accepted", 7, NULL, NULL,
	    "{\"type\":\"URL\",\"summary\":\"http://a.example/\\\"\",\"status\":\"accepted\",\"batchId\":7}\n");
	receipt("{\"type\":\"File\",\"md5\":\"" MD5 "\",\"sha1\":\"" SHA1 "\"}", "rejected", 7, "0x1005", "no\nway",
	    "{\"type\":\"File\",\"summary\":\"" SHA1 "\",\"status\":\"rejected\",\"batchId\":7,\"code\":\"0x1005\",\"reason\":\"no\\nway\"}\n");
	receipt("{\"type\":\"Report\",\"name\":\"n\",\"xid\":\"X\"}", "unknown", 0, NULL, NULL, "{\"type\":\"Report\",\"xid\":\"X\",\"status\":\"unknown\"}\n");
	receipt("{\"ref_1\":\"b\",\"type_1\":\"Host\",\"ref_2\":\"a\",\"action\":\"Create\"}", "accepted", 1, NULL, NULL,
	    "{\"ref_1\":\"b\",\"type_1\":\"Host\",\"ref_2\":\"a\",\"status\":\"accepted\",\"batchId\":1}\n");

	scan_release(&scan);
	return tap_done();
}
