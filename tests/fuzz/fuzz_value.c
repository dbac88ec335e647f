/*
 * Values: the first byte picks the type, the rest is the value. What is taken
 * must be canonical again, under the type it really has; what is refused must
 * leave the buffer as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct value_options options = { .keep_reserved = true };
	const char *text = (const char *)data + 1, *why, *host;
	enum tc_type type, actual, again, seen;
	size_t len = size - 1, hostlen;
	struct buf first, second;
	char hash[65];
	int bits;

	if (size == 0)
		return 0;
	type = (enum tc_type)(TYPE_ADDRESS + data[0] % (TYPE_USER_AGENT - TYPE_ADDRESS + 1));
	options.refang = data[0] & 0x80;
	options.decimal_zeros = data[0] & 0x40;
	buf_init(&first, 1 << 16);
	buf_init(&second, 1 << 17);
	if (value_canon(type, text, len, &options, &first, &actual, &why) == VALUE_OK) {
		options.refang = options.decimal_zeros = false;
		if (first.len == 0 || *why != '\0' || text_utf8_span(first.bytes, first.len) != first.len ||
		    strlen(first.bytes) != first.len ||
		    value_canon(actual, first.bytes, first.len, &options, &second, &again, &why) != VALUE_OK || again != actual ||
		    strcmp(first.bytes, second.bytes) != 0)
			abort();
		if (actual == TYPE_URL && value_url_host(first.bytes, first.len, &host, &hostlen) == TYPE_NONE)
			abort();
		buf_clear(&second);
		options.keep_reserved = false;
		if ((value_canon(actual, first.bytes, first.len, &options, &second, NULL, NULL) == VALUE_RESERVED) !=
		    value_reserved(actual, first.bytes, first.len))
			abort();
	} else if (first.len != 0 || *why == '\0')
		abort();
	if ((seen = value_detect(text, len)) != TYPE_NONE) {
		options.keep_reserved = true;
		buf_clear(&second);
		if (value_canon(seen, text, len, &options, &second, NULL, NULL) != VALUE_OK)
			abort();
	}
	buf_clear(&second);
	if (value_refang(text, len, &second) == -1 || second.len > len)
		abort();
	buf_clear(&second);
	if (len < 1 << 15 && value_defang(text, len, &second) == -1)
		abort();
	if (value_hash(text, len, hash, &bits, &why) == VALUE_OK && strlen(hash) * 4 != (size_t)bits)
		abort();
	(void)value_registry_type(text, len);
	buf_release(&first);
	buf_release(&second);
	return 0;
}
