/* An expression, a newline, a JSON document: compiled, evaluated, printed, and what was printed read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "jmespath.h"
#include "limit.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct tables *tables;

static void
evaluate(const struct jmespath *j, struct arena *arena, const char *json, size_t len)
{
	struct err err = { 0 };
	struct jval *root, *v;
	struct scan s, again;
	struct buf out;

	scan_init(&s);
	scan_init(&again);
	buf_init(&out, 2 * MIB);
	if (scan_text(&s, json, len, &err) == 0 && (root = jval_from_scan(arena, &s, 0)) != NULL) {
		const struct jmespath_var var[] = { { "record", root }, { "page", &jval_null } };
		struct jmespath_ctx ctx = { .arena = arena, .var = var, .nvar = 2, .user = tables };

		v = jmespath_eval(j, &ctx, root, &err);
		if (v == NULL && (jmespath_last_error() == JE_NONE || err.text[0] == '\0'))
			abort();
		if (ctx.steps > 2 * (uint64_t)LIMIT_STEPS)
			abort();
		if (v != NULL && !jval_equal(v, v))
			abort();
		/* our own output is JSON that the next stage lets in */
		if (v != NULL && jval_print(v, &out) == 0 && scan_text(&again, out.bytes, out.len, &err) == -1)
			abort();
	}
	buf_release(&out);
	scan_release(&again);
	scan_release(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *json = memchr(data, '\n', size);
	const char *name[8];
	struct arena arena;
	struct jmespath *j;
	struct err err;
	size_t len[8], sum = 0;
	int i, n;

	if (tables == NULL) {
		functions_register();
		tables = tables_read("{\"t\":{\"a\":1}}", 13, &err);
	}
	if (json == NULL)
		return 0;
	if ((j = jmespath_compile(text, (size_t)(json - text), &err)) == NULL) {
		if (err.text[0] == '\0' || err.reason != REASON_USAGE)
			abort();
		return 0;
	}
	for (i = 0, n = jmespath_chain(j, name, len, 8); i < n; i++)
		while (len[i] > 0)
			sum += (unsigned char)name[i][--len[i]];
	arena_init(&arena, 1 * MIB);
	json++;
	evaluate(j, &arena, json, size - (size_t)(json - text));
	arena_release(&arena);
	jmespath_free(j);
	return sum == SIZE_MAX;
}
