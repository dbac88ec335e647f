/*
 * Regular expressions by PCRE2: patterns are compiled once and kept, matches
 * are bounded by LIMIT_REGEX_MATCH and 1 MiB of heap, and cost steps, so that
 * a record cannot buy many expensive ones.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "functions_private.h"
#include "limit.h"
#include "text.h"
#include "xmalloc.h"

#define PATTERN_MAX	(4 * KIB)
#define CACHE		64		/* patterns kept: a definition has a few, a pattern from data may not push memory up */

/* The first try has a small limit, as nearly every match needs less; a match that needs more pays for it. */
#define CHEAP_MATCH	1000
#define CHEAP_STEPS	50
#define DEAR_STEPS	10000
#define COMPILE_STEPS	2000

struct regex {
	char			*pattern;
	size_t			 len;
	pcre2_code		*code;
	pcre2_match_data	*data;
	uint32_t		 groups;
};

static struct regex cache[CACHE];
static pcre2_match_context *cheap, *dear;

static pcre2_match_context *
context(uint32_t limit)
{
	pcre2_match_context *c = pcre2_match_context_create(NULL);

	if (c != NULL) {
		pcre2_set_match_limit(c, limit);
		pcre2_set_depth_limit(c, limit);
		pcre2_set_heap_limit(c, 1024);	/* KiB */
	}
	return c;
}

static struct jval *
bad_pattern(struct err *err, int code, size_t at)
{
	char why[128] = "";

	pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
	return jmespath_fail(JE_INVALID_VALUE, err, "bad pattern: %s at its byte %zu", why, at);
}

static void
forget(struct regex *re)
{
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	free(re->pattern);
	memset(re, 0, sizeof(*re));
}

/* The compiled pattern; valid until the next call. NULL: err is set. */
static struct regex *
get(struct jmespath_ctx *ctx, const char *pattern, size_t len, struct err *err)
{
	static unsigned oldest, last;
	struct regex *re = &cache[last], fresh = { 0 };
	PCRE2_SIZE at;
	unsigned i;
	int code;

	if (re->code != NULL && re->len == len && memcmp(re->pattern, pattern, len) == 0)
		return re;
	for (i = 0; i < CACHE; i++) {
		re = &cache[i];
		if (re->code != NULL && re->len == len && memcmp(re->pattern, pattern, len) == 0) {
			last = i;
			return re;
		}
	}
	if (len > PATTERN_MAX) {
		jmespath_fail(JE_LIMIT, err, "a pattern of more than %zu bytes", PATTERN_MAX);
		return NULL;
	}
	ctx->steps += COMPILE_STEPS;
	if (cheap == NULL)
		cheap = context(CHEAP_MATCH);
	if (dear == NULL)
		dear = context(LIMIT_REGEX_MATCH);
	fresh.code = pcre2_compile((PCRE2_SPTR)pattern, len, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
	if (fresh.code == NULL) {
		bad_pattern(err, code, at);
		return NULL;
	}
	fresh.data = pcre2_match_data_create_from_pattern(fresh.code, NULL);
	if (fresh.data == NULL || cheap == NULL || dear == NULL) {
		forget(&fresh);
		jmespath_fail(JE_LIMIT, err, "no memory for a pattern");
		return NULL;
	}
	pcre2_pattern_info(fresh.code, PCRE2_INFO_CAPTURECOUNT, &fresh.groups);
	fresh.pattern = xstrndup(pattern, len);
	fresh.len = len;
	last = oldest;
	oldest = (oldest + 1) % CACHE;
	forget(&cache[last]);
	cache[last] = fresh;
	return &cache[last];
}

static bool
wants_more(int rc)
{
	return rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT;
}

static struct jval *
match_failed(struct err *err, int rc)
{
	char why[128] = "";

	if (wants_more(rc))
		return jmespath_fail(JE_LIMIT, err, "the pattern takes too long on this text");
	pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof(why));
	return jmespath_fail(JE_INVALID_VALUE, err, "cannot match: %s", why);
}

/* 1: matched, the groups are in re->data; 0: not; -1: err is set. */
static int
match(struct jmespath_ctx *ctx, struct regex *re, const struct jval *text, size_t from, uint32_t options, struct err *err)
{
	int rc;

	ctx->steps += CHEAP_STEPS + (text->len - from) / 64;
	rc = pcre2_match(re->code, (PCRE2_SPTR)text->u.text, text->len, from, options, re->data, cheap);
	if (wants_more(rc)) {
		ctx->steps += DEAR_STEPS;
		rc = ctx->steps > LIMIT_STEPS ? rc :
		    pcre2_match(re->code, (PCRE2_SPTR)text->u.text, text->len, from, options, re->data, dear);
	}
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc < 0) {
		match_failed(err, rc);
		return -1;
	}
	return 1;
}

/* Group i of the last match; null where it took no part. */
static struct jval *
group(struct jmespath_ctx *ctx, struct regex *re, const struct jval *text, uint32_t i, struct err *err)
{
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->data);

	if (i > re->groups || v[2 * i] == PCRE2_UNSET || v[2 * i] > v[2 * i + 1])	/* \K in a lookahead turns them round */
		return &jval_null;
	return fn_view(ctx, text->u.text + v[2 * i], v[2 * i + 1] - v[2 * i], err);
}

struct jval *
fn_regex_match(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct regex *re = get(ctx, arg[1]->u.text, arg[1]->len, err);
	struct jval *out;
	uint32_t i;
	int rc;

	(void)n;
	if (re == NULL || (rc = match(ctx, re, arg[0], 0, 0, err)) == -1)
		return NULL;
	if (rc == 0)
		return &jval_null;
	if ((out = jval_array(ctx->arena, (size_t)re->groups + 1)) == NULL)
		return fn_full(ctx, err);
	for (i = 0; i < out->len; i++)
		if ((out->u.item[i] = group(ctx, re, arg[0], i, err)) == NULL)
			return NULL;
	return out;
}

/* The group that an argument names; -1: err is set. */
static int
which(struct jmespath_ctx *ctx, struct regex *re, struct jval **arg, int n, struct err *err)
{
	struct jval *name;
	int i;

	if (n < 3)
		return re->groups > 0;
	if (arg[2]->type == J_NUMBER) {
		i = arg[2]->number >= 0 && arg[2]->number <= re->groups ? (int)arg[2]->number : -1;
		if (i != -1 && i == arg[2]->number)
			return i;
	} else if ((name = jval_string_copy(ctx->arena, arg[2]->u.text, arg[2]->len)) != NULL &&
	    (i = pcre2_substring_number_from_name(re->code, (PCRE2_SPTR)name->u.text)) > 0)
		return i;
	jmespath_fail(JE_INVALID_VALUE, err, "the pattern has no such group");
	return -1;
}

struct jval *
fn_regex_extract(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct regex *re = get(ctx, arg[1]->u.text, arg[1]->len, err);
	int i, rc;

	if (re == NULL || (i = which(ctx, re, arg, n, err)) == -1 || (rc = match(ctx, re, arg[0], 0, 0, err)) == -1)
		return NULL;
	return rc == 0 ? &jval_null : group(ctx, re, arg[0], (uint32_t)i, err);
}

/* An array that grows in the arena. */
static bool
push(struct jmespath_ctx *ctx, struct jval **array, uint32_t *n, struct jval *v)
{
	struct jval *grown;

	if (*array == NULL || *n == (*array)->len) {
		grown = jval_array(ctx->arena, *array == NULL ? 4 : 2 * (size_t)*n);
		if (grown == NULL)
			return false;
		if (*n > 0)
			memcpy(grown->u.item, (*array)->u.item, *n * sizeof(struct jval *));
		*array = grown;
	}
	(*array)->u.item[(*n)++] = v;
	return true;
}

struct jval *
fn_regex_find_all(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct regex *re = get(ctx, arg[1]->u.text, arg[1]->len, err);
	struct jval *out = NULL, *v;
	const struct jval *text = arg[0];
	uint32_t count = 0, options = 0;
	size_t at = 0;
	int i, rc;

	if (re == NULL || (i = which(ctx, re, arg, n, err)) == -1)
		return NULL;
	while (at <= text->len && (rc = match(ctx, re, text, at, options, err)) != 0) {
		const PCRE2_SIZE *where = pcre2_get_ovector_pointer(re->data);

		if (rc == -1)
			return NULL;
		if (ctx->steps > LIMIT_STEPS)
			return jmespath_fail(JE_LIMIT, err, "too many matches for one record");
		if ((v = group(ctx, re, text, (uint32_t)i, err)) == NULL)
			return NULL;
		if (v->type != J_NULL && !push(ctx, &out, &count, v))
			return fn_full(ctx, err);
		if (where[1] > at || where[1] > where[0]) {
			at = where[1] > at ? where[1] : at + 1;
			options = where[1] == where[0] ? PCRE2_NOTEMPTY_ATSTART : 0;
		} else {	/* an empty match where we stand: look further on */
			at += at < text->len ? text_utf8(text->u.text + at, text->len - at, NULL) : 1;
			options = 0;
		}
	}
	if (out == NULL && (out = jval_array(ctx->arena, 0)) == NULL)
		return fn_full(ctx, err);
	out->len = count;
	return out;
}

/* Twice: the first time tells the size where the guess was too small. */
static struct jval *
substitute(struct jmespath_ctx *ctx, struct regex *re, struct jval *text, const char *with, size_t withlen, struct err *err)
{
	const uint32_t options = PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_EXTENDED | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH |
	    PCRE2_SUBSTITUTE_UNSET_EMPTY;
	PCRE2_SIZE room = (PCRE2_SIZE)text->len + text->len / 4 + withlen + 64;
	char *out;
	int rc, i;

	for (i = 0; i < 3; i++) {
		PCRE2_SIZE size = room;

		if (size > ctx->arena->max || (out = arena_alloc(ctx->arena, size)) == NULL)
			return fn_full(ctx, err);
		ctx->steps += CHEAP_STEPS + text->len / 8;
		rc = pcre2_substitute(re->code, (PCRE2_SPTR)text->u.text, text->len, 0, options, re->data, cheap,
		    (PCRE2_SPTR)with, withlen, (PCRE2_UCHAR *)out, &size);
		if (wants_more(rc)) {
			size = room;
			ctx->steps += DEAR_STEPS + text->len;
			rc = ctx->steps > LIMIT_STEPS ? rc : pcre2_substitute(re->code, (PCRE2_SPTR)text->u.text, text->len, 0,
			    options, re->data, dear, (PCRE2_SPTR)with, withlen, (PCRE2_UCHAR *)out, &size);
		}
		if (rc == 0)
			return text;
		if (rc > 0)
			return fn_view(ctx, out, size, err);
		if (rc != PCRE2_ERROR_NOMEMORY)
			break;
		room = size + 1;
	}
	return match_failed(err, rc);
}

struct jval *
fn_regex_replace(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct regex *re = get(ctx, arg[1]->u.text, arg[1]->len, err);

	(void)n;
	return re == NULL ? NULL : substitute(ctx, re, arg[0], arg[2]->u.text, arg[2]->len, err);
}

/* --- what other functions do by a pattern of ours --- */

struct jval *
fn_regex_group(struct jmespath_ctx *ctx, const struct jval *text, const char *pattern, int i, bool *failed, struct err *err)
{
	struct regex *re = get(ctx, pattern, strlen(pattern), err);
	struct jval *v;
	int rc = re == NULL ? -1 : match(ctx, re, text, 0, 0, err);

	*failed = rc == -1;
	if (rc <= 0)
		return NULL;
	v = group(ctx, re, text, (uint32_t)i, err);
	*failed = v == NULL;
	return v;
}

static struct jval *
replace(struct jmespath_ctx *ctx, struct jval *text, const char *pattern, const char *with, struct err *err)
{
	struct regex *re = get(ctx, pattern, strlen(pattern), err);

	return re == NULL ? NULL : substitute(ctx, re, text, with, strlen(with), err);
}

/* First letters only: what follows may be an abbreviation (APT28, js.clearfake) and stays. */
struct jval *
fn_title(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	return replace(ctx, arg[0], "(?<![\\p{L}\\p{M}\\p{N}'\xe2\x80\x99.])\\p{Ll}", "\\u$0", err);
}

struct jval *
fn_capitalize(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	return replace(ctx, arg[0], "\\A(\\P{L}*)(\\p{Ll})", "$1\\u$2", err);
}
