/* What the files of the functions room share; nobody else includes this. */
#ifndef TC_FUNCTIONS_PRIVATE_H
#define TC_FUNCTIONS_PRIVATE_H

#include "functions.h"

jmespath_fn fn_refang, fn_defang, fn_host, fn_port, fn_indicator_type, fn_hash_type, fn_is_address, fn_is_cidr, fn_is_host,
    fn_is_url, fn_is_email, fn_is_hash, fn_is_reserved, fn_parse_date, fn_md5, fn_sha1, fn_sha256;
jmespath_fn fn_truncate, fn_squeeze, fn_before, fn_after, fn_words, fn_unique, fn_from_json;
jmespath_fn fn_regex_match, fn_regex_extract, fn_regex_find_all, fn_regex_replace, fn_title, fn_capitalize;
jmespath_fn fn_strip_attack_id, fn_attack_id;
jmespath_fn fn_lookup;

/* Each returns v, or fails because the arena is full. */
struct jval *fn_full(struct jmespath_ctx *, struct err *);
struct jval *fn_view(struct jmespath_ctx *, const char *text, size_t len, struct err *);	/* text lives as long as the arena */
struct jval *fn_copy(struct jmespath_ctx *, const char *text, size_t len, struct err *);

/* Adds what reading len bytes is worth. */
static inline void
fn_charge(struct jmespath_ctx *ctx, size_t len)
{
	ctx->steps += 1 + len / 64;
}

/* The pattern's group in text's first match: NULL where it does not match (err untouched, *failed false) or on an error. */
struct jval *fn_regex_group(struct jmespath_ctx *, const struct jval *text, const char *pattern, int group, bool *failed,
    struct err *);

#endif
