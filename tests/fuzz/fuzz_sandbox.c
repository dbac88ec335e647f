/*
 * A batch document from anywhere: settings, cutting, judging, storing,
 * printing. What the owner holds afterwards must be lines that scan, and every
 * object of the document is in exactly one counter.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "sandbox/apply.h"
#include "sandbox/setup.h"

static int
check_line(void *ctx, const char *line, size_t len)
{
	struct err err;

	if (len == 0 || line[len - 1] != '\n' || scan_text(ctx, line, len - 1, &err) == -1)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct instance *in;
	struct settings set = { 0 };
	struct outcome out;
	struct scan scan;
	struct err err;
	int round;

	if (size < 2)
		return 0;
	log_set_level(LOG_CRITICAL);
	in = instance_new();
	if (instance_add_owner(in, "Fuzz Source", &err) == -1)
		abort();
	if (settings_read(&set, (const char *)data, size, &err) == -1)
		memset(&set, 0, sizeof(set));
	/* the first two bytes choose the modes */
	set.attribute = (enum write_type)(data[0] & 3);
	set.tag = data[0] & 4 ? WRITE_APPEND : WRITE_REPLACE;
	set.label = data[0] & 8 ? WRITE_APPEND : WRITE_REPLACE;
	set.distribute = data[0] & 16;
	set.halt_on_error = data[0] & 32;
	set.collision = (enum collision)(data[1] % 5);
	in->role = data[1] & 64 ? ROLE_CONTRIBUTOR : ROLE_EDITOR;
	in->any_attribute = data[1] & 32;
	scan_init(&scan);
	for (round = 1; round <= 3; round++) {
		memset(&out, 0, sizeof(out));
		set.delete = round == 3 && (data[1] & 128);
		apply_document(in, &in->owner[0], &set, (uint32_t)round, (const char *)data + 2, size - 2, &out);
		outcome_release(&out);
		if (store_write(&in->owner[0].store, round == 2, check_line, &scan) == -1)
			abort();
	}
	scan_release(&scan);
	instance_free(in);
	return 0;
}
