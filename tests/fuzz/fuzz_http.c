/* Retry-After values, dates and links as a hostile server writes them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "http_retry.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static volatile size_t sum;	/* so that every byte handed back is read */
	char *text = malloc(len + 1), label[200];
	struct err err;
	struct buf out;
	size_t i;

	memcpy(text, bytes, len);
	text[len] = '\0';
	buf_init(&out, 16384);
	sum += (size_t)http_retry_after(text, 1700000000);
	sum += (size_t)http_date(text);
	if (http_resolve("https://feed.example/v1/x?y=z", text, &out, &err) == 0)
		for (i = 0; i < out.len; i++) {
			if ((unsigned char)out.bytes[i] <= ' ')
				abort();
			sum += (unsigned char)out.bytes[i];
		}
	sum += http_same_origin("https://feed.example/", text) + http_is_loopback(text);
	http_label(text, label, sizeof(label));
	sum += strlen(label);
	buf_clear(&out);
	if (http_encode((const char *)bytes, len, &out) == 0)
		sum += out.len;
	buf_release(&out);
	free(text);
	return sum == SIZE_MAX;
}
