/* object: any bytes are refused or become a line that reads back as the same object. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf line, again, keys, keys2, text;
	struct scan scan, scan2;
	struct object o, p;
	struct err err;
	int n;

	scan_init(&scan);
	scan_init(&scan2);
	buf_init(&line, LIMIT_LINE);
	buf_init(&again, LIMIT_LINE);
	buf_init(&keys, LIMIT_LINE);
	buf_init(&keys2, LIMIT_LINE);
	buf_init(&text, LIMIT_LINE);
	if (size < LIMIT_LINE / 8 && object_read(&o, &scan, (const char *)data, size, &err) == 0) {
		must(object_canonical(&o, false, &line) == 0);
		n = object_identities(&o, &keys);
		must(n >= 1 && n <= 3);
		must(object_summary(&o, &text) == 0);
		must(object_receipt(&o, "accepted", 1, NULL, NULL, &text) == 0);
		/* its own canonical form: same bytes, same identities, known as canonical */
		must(object_read(&p, &scan2, line.bytes, line.len, &err) == 0);
		must(p.canonical && p.class == o.class && p.type == o.type && p.action == o.action && p.batch_id == o.batch_id);
		p.canonical = false;
		must(object_canonical(&p, false, &again) == 0);
		must(again.len == line.len && memcmp(again.bytes, line.bytes, line.len) == 0);
		must(object_identities(&p, &keys2) == n && keys2.len == keys.len && memcmp(keys2.bytes, keys.bytes, keys.len) == 0);
		if (o.canonical)
			must(line.len == size && memcmp(line.bytes, data, size) == 0);
	}
	buf_release(&line);
	buf_release(&again);
	buf_release(&keys);
	buf_release(&keys2);
	buf_release(&text);
	scan_release(&scan);
	scan_release(&scan2);
	return 0;
}
