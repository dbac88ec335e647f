/* object_merge: one object of several, blind to their order. */
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object_merge.h"
#include "tap.h"

#define MD5 "0123456789abcdef0123456789abcdef"
#define SHA256 MD5 MD5

static const char *const host[] = {
	"{\"type\":\"Host\",\"summary\":\"a.example\",\"rating\":1,\"confidence\":90,\"description\":\"old\",\"firstSeen\":\"2024-02-01T00:00:00Z\",\"lastSeen\":\"2024-03-01T00:00:00Z\",\"tag\":[{\"name\":\"Phishing\"}]}",
	"{\"type\":\"Host\",\"hostName\":\"A.example\",\"rating\":4,\"description\":\"new\",\"active\":true,\"lastSeen\":\"2024-04-01T00:00:00Z\",\"tag\":[{\"name\":\"phishing\"},{\"name\":\"C2\"}]}",
	"{\"type\":\"Host\",\"summary\":\"a.example\",\"confidence\":10,\"firstSeen\":\"2024-01-01T00:00:00Z\",\"attribute\":[{\"type\":\"Source\",\"value\":\"s\"}]}",
	"{\"type\":\"Host\",\"summary\":\"a.example\",\"rating\":4,\"privateFlag\":true,\"attribute\":[{\"type\":\"Source\",\"value\":\"s\",\"displayed\":true}],\"associatedGroups\":[{\"groupXid\":\"b\"}]}",
	"{\"type\":\"Host\",\"summary\":\"a.example\",\"rating\":0,\"privateFlag\":false,\"associatedGroups\":[{\"groupXid\":\"a\"},{\"groupXid\":\"b\"}],\"securityLabel\":[{\"name\":\"TLP:RED\"}]}",
	"{\"type\":\"Host\",\"summary\":\"a.example\",\"securityLabel\":[{\"name\":\"TLP:GREEN\"}]}",
};

static const char *const file[] = {
	"{\"type\":\"File\",\"md5\":\"" MD5 "\",\"size\":1}",
	"{\"type\":\"File\",\"md5\":\"" MD5 "\",\"sha256\":\"" SHA256 "\",\"fileOccurrence\":[{\"fileName\":\"b\"}]}",
	"{\"type\":\"File\",\"summary\":\"" SHA256 "\",\"size\":2,\"fileOccurrence\":[{\"fileName\":\"a\"}]}",
};

static const char *const end[] = {
	"{\"ref_1\":\"b\",\"type_1\":\"Host\",\"ref_2\":\"a\",\"associationType\":\"t\"}",
	"{\"ref_1\":\"a\",\"type_1\":\"Report\",\"ref_2\":\"b\",\"type_2\":\"Host\",\"associationType\":\"t\"}",
};

static uint32_t seed = 1;

static uint32_t
dice(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static void
shuffled(const char *const *line, size_t n, const char *want, const char *name)
{
	const struct object *o[16];
	struct object object[16];
	struct scan scan[16];
	struct buf out;
	struct err err;
	size_t i, j;
	int round, same = 0;

	buf_init(&out, LIMIT_LINE);
	for (i = 0; i < n; i++) {
		scan_init(&scan[i]);
		if (object_read(&object[i], &scan[i], line[i], strlen(line[i]), &err) == -1)
			tap_ok(false, "%s: %s", line[i], err.text);
		o[i] = &object[i];
	}
	for (round = 0; round < 100; round++) {
		for (i = n - 1; i > 0; i--) {
			const struct object *t = o[i];

			j = dice((uint32_t)i + 1);
			o[i] = o[j];
			o[j] = t;
		}
		buf_clear(&out);
		if (object_merge(o, n, &out, &err) == 0 && strcmp(out.bytes, want) == 0)
			same++;
	}
	tap_ok(same == 100, "%s: 100 orders, the same bytes (%d)", name, same);
	if (same < 100)
		tap_is(out.bytes, want, name);
	/* what comes out is canonical, and merging it with itself changes nothing */
	if (object_read(&object[0], &scan[0], want, strlen(want), &err) == -1)
		tap_ok(false, "%s: %s", want, err.text);
	tap_ok(object[0].canonical, "%s: canonical", name);
	o[0] = o[1] = &object[0];
	buf_clear(&out);
	tap_ok(object_merge(o, 2, &out, &err) == 0 && strcmp(out.bytes, want) == 0, "%s: merged with itself", name);
	for (i = 0; i < n; i++)
		scan_release(&scan[i]);
	buf_release(&out);
}

int
main(void)
{
	shuffled(host, 6, "{\"type\":\"Host\",\"summary\":\"A.example\",\"rating\":4,\"confidence\":90,\"active\":true,\"privateFlag\":true,\"description\":\"new\","
	    "\"firstSeen\":\"2024-01-01T00:00:00Z\",\"lastSeen\":\"2024-04-01T00:00:00Z\","
	    "\"attribute\":[{\"type\":\"Source\",\"value\":\"s\",\"displayed\":true}],\"tag\":[{\"name\":\"C2\"},{\"name\":\"Phishing\"}],"
	    "\"securityLabel\":[{\"name\":\"TLP:RED\"}],\"associatedGroups\":[{\"groupXid\":\"a\"},{\"groupXid\":\"b\"}]}", "host");
	shuffled(file, 3, "{\"type\":\"File\",\"md5\":\"" MD5 "\",\"sha256\":\"" SHA256 "\",\"size\":2,\"fileOccurrence\":[{\"fileName\":\"a\"},{\"fileName\":\"b\"}]}", "file");
	shuffled(end, 2, "{\"ref_1\":\"a\",\"type_1\":\"Report\",\"ref_2\":\"b\",\"type_2\":\"Host\",\"associationType\":\"t\"}", "association");
	return tap_done();
}
