/* receipt: any bytes are refused or name an object by 1 to 3 identities; rows of a state decode or are damage. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "receipt.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static volatile size_t sum;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy, again[STATE_ROW_FIXED + 4096];
	struct receipt r;
	struct scan scan;
	struct row row;
	struct err err;
	const char *p;
	uint32_t check;
	int i;

	scan_init(&scan);
	receipt_init(&r);
	if (size < LIMIT_LINE / 8 && receipt_read(&r, &scan, (const char *)data, size, &err) == 0) {
		if (r.nidentity < 1 || r.nidentity > 3 || r.batch_id < 0)
			abort();
		for (i = 0, p = r.identity.bytes; i < r.nidentity; i++, p += strlen(p) + 1)
			sum += strlen(p);
		if ((size_t)(p - r.identity.bytes) != r.identity.len)
			abort();
		sum += strlen(r.code.bytes) + strlen(r.reason.bytes);
	}
	receipt_release(&r);
	scan_release(&scan);
	/* the same bytes as a row, with a check value that fits: what decodes encodes to the same bytes */
	if (size >= STATE_KEY + 4 && size < 4096) {
		copy = malloc(size);
		memcpy(copy, data, size);
		check = state_check(copy, STATE_KEY, copy + STATE_KEY + 4, size - STATE_KEY - 4);
		for (i = 0; i < 4; i++)
			copy[STATE_KEY + i] = (unsigned char)(check >> 8 * i);
		if (state_row_decode(&row, copy, copy + STATE_KEY, size - STATE_KEY) == 0) {
			if (state_row_encode(&row, again) != size - STATE_KEY || memcmp(again, copy + STATE_KEY, size - STATE_KEY) != 0)
				abort();
			sum += row.value_len;
		}
		free(copy);
	}
	return 0;
}
