#include <stddef.h>

#include "functions_private.h"

/* kinds as jmespath_register() has them: a capital letter passes null through. */
static const struct {
	const char	*name;
	int		 min, max;
	const char	*kinds;
	jmespath_fn	*fn;
} function[] = {
	{ "after", 2, 2, "Ss", fn_after },
	{ "attack_id", 1, 1, "S", fn_attack_id },
	{ "before", 2, 2, "Ss", fn_before },
	{ "capitalize", 1, 1, "S", fn_capitalize },
	{ "defang", 1, 1, "S", fn_defang },
	{ "from_json", 1, 1, "S", fn_from_json },
	{ "hash_type", 1, 1, "S", fn_hash_type },
	{ "host", 1, 1, "S", fn_host },
	{ "indicator_type", 1, 1, "S", fn_indicator_type },
	{ "is_address", 1, 1, "v", fn_is_address },
	{ "is_cidr", 1, 1, "v", fn_is_cidr },
	{ "is_email", 1, 1, "v", fn_is_email },
	{ "is_hash", 1, 1, "v", fn_is_hash },
	{ "is_host", 1, 1, "v", fn_is_host },
	{ "is_reserved", 1, 1, "v", fn_is_reserved },
	{ "is_url", 1, 1, "v", fn_is_url },
	{ "lookup", 2, 3, "Tsv", fn_lookup },
	{ "md5", 1, 1, "S", fn_md5 },
	{ "parse_date", 1, 2, "Tv", fn_parse_date },
	{ "port", 1, 1, "S", fn_port },
	{ "refang", 1, 1, "S", fn_refang },
	{ "regex_extract", 2, 3, "Sst", fn_regex_extract },
	{ "regex_find_all", 2, 3, "Sst", fn_regex_find_all },
	{ "regex_match", 2, 2, "Ss", fn_regex_match },
	{ "regex_replace", 3, 3, "Sss", fn_regex_replace },
	{ "sha1", 1, 1, "S", fn_sha1 },
	{ "sha256", 1, 1, "S", fn_sha256 },
	{ "squeeze", 1, 1, "S", fn_squeeze },
	{ "strip_attack_id", 1, 1, "S", fn_strip_attack_id },
	{ "title", 1, 1, "S", fn_title },
	{ "truncate", 2, 3, "Sns", fn_truncate },
	{ "unique", 1, 1, "A", fn_unique },
	{ "words", 1, 2, "Ss", fn_words },
};

#define FUNCTIONS (sizeof(function) / sizeof(function[0]))

void
functions_register(void)
{
	static bool done;
	size_t i;

	for (i = 0; i < FUNCTIONS && !done; i++)
		jmespath_register(function[i].name, function[i].min, function[i].max, function[i].kinds, function[i].fn);
	done = true;
}

const char *
functions_name(int i)
{
	return i >= 0 && (size_t)i < FUNCTIONS ? function[i].name : NULL;
}

struct jval *
fn_full(struct jmespath_ctx *ctx, struct err *err)
{
	return jmespath_fail(JE_LIMIT, err, "result larger than %zu bytes", ctx->arena->max);
}

struct jval *
fn_view(struct jmespath_ctx *ctx, const char *text, size_t len, struct err *err)
{
	struct jval *v = jval_string(ctx->arena, text, len);

	return v != NULL ? v : fn_full(ctx, err);
}

struct jval *
fn_copy(struct jmespath_ctx *ctx, const char *text, size_t len, struct err *err)
{
	struct jval *v = jval_string_copy(ctx->arena, text, len);

	return v != NULL ? v : fn_full(ctx, err);
}
