/* scan: what passes has a canonical form that passes, too, and is its own canonical form. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "scan.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static volatile unsigned touched;

static void
touch(const struct scan *s, struct buf *b)
{
	uint32_t i, j;

	for (i = 0; i < s->nnode; i++) {
		const struct scan_node *n = &s->node[i];

		if (n->off + (size_t)n->len > s->len || n->next > s->nnode || n->next <= i)
			abort();
		for (j = 0; j < n->len; j++)
			touched += (unsigned char)s->bytes[n->off + j];
		if (n->type != SCAN_STRING)
			continue;
		buf_clear(b);
		if (scan_string(s, i, b) == -1)
			abort();
		if (text_utf8_span(b->bytes, b->len) != b->len || memchr(b->bytes, 0, b->len) != NULL)
			abort();
		if (!scan_is(s, i, b->bytes))
			abort();
	}
	if (s->node[0].next != s->nnode)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scan s;
	struct err err;
	struct buf one, two, text;
	char *copy = malloc(size + 1);	/* of the exact size, for the sanitizer */

	scan_init(&s);
	buf_init(&one, 64 * MIB);
	buf_init(&two, 64 * MIB);
	buf_init(&text, 64 * MIB);
	copy = realloc(copy, size > 0 ? size : 1);
	if (size > 0)
		memcpy(copy, data, size);
	if (scan_text(&s, copy, size, &err) == 0) {
		uint32_t nodes = s.nnode;

		touch(&s, &text);
		if (scan_canonical(&s, 0, &one) == -1 || one.len > size)
			abort();
		if (scan_text(&s, one.bytes, one.len, &err) == -1 || s.nnode != nodes)
			abort();
		if (scan_canonical(&s, 0, &two) == -1 || one.len != two.len || memcmp(one.bytes, two.bytes, one.len) != 0)
			abort();
	} else if (err.text[0] == '\0')
		abort();
	free(copy);
	buf_release(&one);
	buf_release(&two);
	buf_release(&text);
	scan_release(&s);
	return 0;
}
