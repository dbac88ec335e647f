/* Expressions and values at and past their ceilings; the arena; what callers see of a compiled expression. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "functions.h"
#include "jmespath.h"
#include "limit.h"
#include "xmalloc.h"

#include "tap.h"

/* n times one text, with another before and after. */
static char *
repeat(const char *before, const char *text, int n, const char *after)
{
	size_t len = strlen(text);
	char *all = xmalloc(strlen(before) + len * (size_t)n + strlen(after) + 1), *p = stpcpy(all, before);
	int i;

	for (i = 0; i < n; i++)
		p = stpcpy(p, text);
	strcpy(p, after);
	return all;
}

static char *
nest(const char *open, int n, const char *inner, const char *close)
{
	char *left = repeat("", open, n, inner), *all = repeat(left, close, n, "");

	free(left);
	return all;
}

/* The result's JSON, or the error's text; caller frees. */
static char *
search(const char *expression, const char *json, size_t arena_max)
{
	struct err err = { 0 };
	struct jmespath *j = jmespath_compile(expression, strlen(expression), &err);
	struct jmespath_ctx ctx = { 0 };
	struct arena arena;
	struct jval *v;
	struct scan s;
	struct buf out;
	char *text;

	if (j == NULL)
		return xstrdup(err.text);
	scan_init(&s);
	arena_init(&arena, arena_max);
	buf_init(&out, LIMIT_RESULT);
	ctx.arena = &arena;
	if (scan_text(&s, json, strlen(json), &err) == -1 || (v = jval_from_scan(&arena, &s, 0)) == NULL)
		text = xstrdup(err.text[0] != '\0' ? err.text : "the record is too large");
	else if ((v = jmespath_eval(j, &ctx, v, &err)) == NULL)
		text = xstrdup(err.text);
	else
		text = jval_print(v, &out) == 0 ? buf_take(&out, NULL) : xstrdup("cannot print");
	buf_release(&out);
	arena_release(&arena);
	scan_release(&s);
	jmespath_free(j);
	return text;
}

static void
check(char *expression, const char *json, const char *want, const char *name)
{
	char *got = search(expression, json, LIMIT_RESULT);

	tap_is(got, want, name);
	free(got);
	free(expression);
}

static void
expression_size(void)
{
	char deep[80];

	snprintf(deep, sizeof(deep), "expression nested deeper than %d at column %d", LIMIT_EXPRESSION_DEPTH, LIMIT_EXPRESSION_DEPTH + 1);
	check(nest("(", LIMIT_EXPRESSION_DEPTH - 1, "@", ")"), "1", "1", "the deepest parentheses");
	check(nest("(", LIMIT_EXPRESSION_DEPTH, "@", ")"), "1", deep, "one more");
	check(nest("(", 8000, "@", ")"), "1", deep, "8000 more");
	check(nest("[", 8000, "@", "]"), "1", deep, "8000 lists");
	check(repeat("", "!", 16000, "a"), "1", deep, "16000 nots");
	check(repeat("", "-", 16000, "a"), "1", deep, "16000 signs");
	check(repeat("", "abs(", 4000, "a"), "1", "expression nested deeper than 128 at column 513", "4000 calls");
	check(repeat("", "a?b:", 4000, "c"), "1", "expression nested deeper than 128 at column 511", "4000 conditions");
	check(repeat("a", "[*]", 5000, ""), "1", "expression nested deeper than 128 at column 386", "5000 projections");
	check(repeat("", "{a:", 5000, "b"), "1", "expression nested deeper than 128 at column 385", "5000 objects");
	check(repeat("", "let $a=", 2000, "b"), "1", "expression nested deeper than 128 at column 897", "2000 lets");
	check(repeat("", "a", (int)LIMIT_EXPRESSION, ""), "{}", "null", "the longest expression");
	check(repeat("", "a", (int)LIMIT_EXPRESSION + 1, ""), "{}", "expression of 16385 bytes, 16384 are allowed", "one byte more");

	/* chains are no nesting */
	check(repeat("a", ".a", 8000, ""), "{}", "null", "8000 names");
	check(repeat("a", "||a", 5000, ""), "{\"a\":7}", "7", "5000 ors");
	check(repeat("a", "&&a", 5000, ""), "{\"a\":7}", "7", "5000 ands");
	check(repeat("a", "|@", 8000, ""), "{\"a\":7}", "7", "8000 pipes");
	check(repeat("a", "+`1`", 4000, ""), "{\"a\":7}", "4007", "4000 sums");
	check(repeat("a", "==a", 5000, ""), "{\"a\":true}", "true", "5000 comparisons");
	check(repeat("a", "[0]", 5000, ""), "{\"a\":[1]}", "null", "5000 indexes");
	check(repeat("a", "[]", 8000, ""), "{\"a\":[1]}", "[1]", "8000 flattenings");
	check(repeat("[a", ",a", 8000, "] | length(@)"), "{\"a\":[1]}", "8001", "8000 elements");
	check(repeat("not_null(b", ",b", 8000, ")"), "{}", "null", "8000 arguments");
	check(repeat("zip(a", ",a", 8000, ") | length([0])"), "{\"a\":[1]}", "8001", "8000 zipped");
	check(repeat("length([{a:@", "},{a:@", 2000, "}])"), "1", "2001", "2000 objects in a list");
	check(repeat("let $a=a", ",$b=a", 2000, " in $b"), "{\"a\":7}", "7", "2000 variables");
	check(repeat("`[1", ",1", 8000, "]` | sum(@)"), "1", "8001", "a literal of 8001 numbers");
}

static void
value_size(void)
{
	char *json = nest("[", LIMIT_DEPTH, "", "]"), *got;

	check(xstrdup("[@]"), json, "limit at column 1: result nested deeper than 64", "a level above the record's deepest");
	check(xstrdup("@"), json, json, "the deepest record");
	check(xstrdup("@ == @"), json, "true", "the deepest record is itself");
	check(xstrdup("to_array(@)"), json, json, "an array is not wrapped");
	check(xstrdup("{a: @}"), json, "limit at column 1: result nested deeper than 64", "an object above it");
	free(json);
	check(repeat("[@]", "|[@]", 62, " | length(@)"), "1", "1", "63 levels made");
	check(repeat("[@]", "|[@]", 64, ""), "1", "limit at column 257: result nested deeper than 64", "65 levels made");

	json = repeat("[1", ",1", 2000, "]");
	got = search("@", json, 60 * KIB);
	tap_is(got, "the record is too large", "a record larger than the arena");
	free(got);
	got = search("[*].[@] | length(@)", json, 100 * KIB);
	tap_is(got, "limit at column 5: result larger than 102400 bytes", "a result larger than the arena");
	free(got);
	free(json);
}

static void
numbers(void)
{
	static const double hard[] = { 0.1, 1.0 / 3, 1e-7, 1.5e-7, 9.999e-8, 123456789.125, 1e15, 9007199254740991.0, 9007199254740992.0,
		9007199254740994.0, 1e17, 123456789012345680000.0, 1e20, 1e21, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308,
		-0.0, -1e-300, 4.35, 0.000123456789, 1e22, 1e23, 8.41e21, 2.0 / 3 * 1e-5 };
	char text[JVAL_NUMBER_TEXT];
	uint64_t x = 88172645463325252u;
	size_t i, bad = 0;
	double d;

	for (i = 0; i < sizeof(hard) / sizeof(hard[0]) + 20000; i++) {
		if (i < sizeof(hard) / sizeof(hard[0]))
			d = hard[i];
		else {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			memcpy(&d, &x, sizeof(d));
			if (!(d - d == 0))
				continue;
		}
		text[jval_format_number(d, text)] = '\0';
		bad += strtod(text, NULL) != d || jval_parse_number(text, strlen(text)) != d || strlen(text) >= sizeof(text);
	}
	tap_ok(bad == 0, "20000 numbers read back equal, %zu not", bad);
	text[jval_format_number(0.1, text)] = '\0';
	tap_is(text, "0.1", "the shortest form");
	text[jval_format_number(1e-9, text)] = '\0';
	tap_is(text, "1e-9", "a small one");
	text[jval_format_number(1.25e300, text)] = '\0';
	tap_is(text, "1.25e+300", "a large one");
	text[jval_format_number(-123456.0, text)] = '\0';
	tap_is(text, "-123456", "no fraction");
	tap_ok(jval_parse_number("123456789012345678901234567890", 30) == 123456789012345678901234567890.0, "thirty digits");
	tap_ok(jval_parse_number("-0.000001", 9) == -0.000001 && jval_parse_number("1E5", 3) == 1e5, "fractions and exponents");
}

static void
callers(void)
{
	static const struct { const char *text; int n; } chain[] = { { "a", 1 }, { "a.b", 2 }, { "\"x y\".z.\"\\u0041\"", 3 }, { "a[0]", 0 },
		{ "a.*", 0 }, { "@", 0 }, { "a.b.c.d.e", 0 }, { "(a.b)", 2 }, { "a | b", 0 } };
	const char *name[4], *var;
	size_t len[4], i, varlen;
	struct err err;
	struct jmespath *j;
	int n;

	for (i = 0; i < sizeof(chain) / sizeof(chain[0]); i++) {
		j = jmespath_compile(chain[i].text, strlen(chain[i].text), &err);
		n = jmespath_chain(j, name, len, 4);
		tap_ok(n == chain[i].n, "chain of %s: %d", chain[i].text, n);
		if (i == 2)
			tap_ok(len[0] == 3 && memcmp(name[0], "x y", 3) == 0 && len[2] == 1 && *name[2] == 'A', "quoted names are unescaped");
		jmespath_free(j);
	}
	j = jmespath_compile("let $a = $record in [$a, $page]", 31, &err);
	tap_ok(jmespath_variable(j, 0, &var, &varlen) && varlen == 6 && memcmp(var, "record", 6) == 0 &&
	    jmespath_variable(j, 1, &var, &varlen) && varlen == 4 && !jmespath_variable(j, 2, &var, &varlen), "free variables");
	jmespath_free(j);
	tap_ok(jmespath_compile("a.\xff", 3, &err) == NULL && strstr(err.text, "column 3: invalid UTF-8") != NULL, "invalid UTF-8: %s", err.text);
	tap_ok(jmespath_compile("a\0b", 3, &err) == NULL && strstr(err.text, "column 2") != NULL, "a NUL: %s", err.text);
	jmespath_free(NULL);
}

static void
arenas(void)
{
	struct arena a;
	size_t i, n = 0;
	char *p, *big;

	arena_init(&a, 1000);
	tap_ok(arena_alloc(&a, 1001) == NULL && arena_alloc(&a, SIZE_MAX) == NULL, "past the ceiling");
	while ((p = arena_alloc(&a, 10)) != NULL) {
		memset(p, 7, 10);
		tap_bad += ((uintptr_t)p & 7) != 0;
		n++;
	}
	tap_ok(n >= 62 && a.used <= 1000, "%zu pieces of 10 bytes in 1000", n);
	arena_reset(&a);
	tap_ok(a.used == 0 && arena_alloc(&a, 1000) != NULL, "all of it again after a reset");
	arena_release(&a);
	arena_release(&a);

	arena_init(&a, 64 * MIB);
	for (i = 0; i < 3; i++) {
		big = arena_alloc(&a, 5 * MIB);
		memset(big, 1, 5 * MIB);
		for (n = 0; n < 1000; n++)
			memset(arena_alloc(&a, 3000), 2, 3000);
		tap_ok(big[0] == 1 && big[5 * MIB - 1] == 1, "large and small pieces do not overlap");
		arena_reset(&a);
	}
	tap_ok(jval_array(&a, SIZE_MAX / 4) == NULL && jval_object(&a, UINT32_MAX) == NULL, "absurd sizes");
	arena_release(&a);
}

int
main(void)
{
	static const struct rlimit stack = { 256 * KIB, 256 * KIB };

	/* takes effect on the main thread's growth: recursion that input drives would end here */
	setrlimit(RLIMIT_STACK, &stack);
	functions_register();
	expression_size();
	value_size();
	numbers();
	callers();
	arenas();
	return tap_done();
}
