/* scan: what is JSON that we let in (RFC 8259 and the header's list), where an error stands, what the tape says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "scan.h"
#include "tap.h"

static struct scan s;

struct bytes {
	const char	*text;
	size_t		 len;
};
#define B(t) { t, sizeof(t) - 1 }

static const struct bytes good[] = {
	B("0"), B("-0"), B("-1"), B("1.10"), B("1e999"), B("1E+2"), B("1e-2"), B("-0.0"), B("0e0"), B("123456789012345678901234567890"),
	B("true"), B("false"), B("null"), B("\"\""), B("\"a\""), B("[]"), B("{}"), B("[[]]"), B("[1]"), B("[1,2]"), B("[{},{}]"),
	B(" \t\r\n1 \t\r\n"), B("{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }"), B("{\"\":1}"), B("{\"\":1,\"a\":{\"\":2}}"),
	B("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), B("\"\\u0001\""), B("\"\\ud83d\\ude00\""), B("\"\\uD83D\\uDE00\""), B("\"\\uffff\""),
	B("\"\x7f\""), B("\"\xc2\x80\""), B("\"\xdf\xbf\""), B("\"\xe0\xa0\x80\""), B("\"\xed\x9f\xbf\""), B("\"\xee\x80\x80\""),
	B("\"\xef\xbb\xbf\""), B("\"\xf0\x90\x80\x80\""), B("\"\xf4\x8f\xbf\xbf\""), B("\"\xe2\x80\xa8\""),
	B("{\"a\":1,\"A\":1,\"a \":1,\"aa\":1}"), B("[\"a\",\"a\"]"), B("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}"),
	B("{\"12345678\":1,\"123456789\":1,\"1234567812345678\":1,\"12345678x12345678\":1}"),
};

static const struct {
	struct bytes	 in;
	const char	*why;
} bad[] = {
	{ B(""), "empty text" },
	{ B(" \n"), "empty text" },
	{ B("{"), "unterminated object: the text ends at byte 1" },
	{ B("["), "unterminated array: the text ends at byte 1" },
	{ B("[1"), "unterminated array: the text ends at byte 2" },
	{ B("[1,"), "unterminated array: the text ends at byte 3" },
	{ B("{\"a\""), "unterminated object: the text ends at byte 4" },
	{ B("{\"a\":"), "unterminated object: the text ends at byte 5" },
	{ B("{\"a\":1"), "unterminated object: the text ends at byte 6" },
	{ B("{\"a\":1,"), "unterminated object: the text ends at byte 7" },
	{ B("\"abc"), "unterminated string: the text ends at byte 4" },
	{ B("\"abc\\\""), "unterminated string: the text ends at byte 6" },
	{ B("tru"), "unterminated value: the text ends at byte 3" },
	{ B("trux"), "unknown word at byte 1" },
	{ B("truex"), "more text after the value at byte 5" },
	{ B("nul"), "unterminated value" },
	/* every row of what json-c's strict mode lets through */
	{ B("{\"a\":1,\"a\":2}"), "duplicate key \"a\" at byte 9" },
	{ B("{\"type\":1,\"type\\u0000x\":2}"), "NUL (\\u0000) at byte 16" },
	{ B("\"x\\u0000y\""), "NUL (\\u0000) at byte 3" },
	{ B("NaN"), "unexpected N at byte 1" },
	{ B("Infinity"), "unexpected I at byte 1" },
	{ B("-Infinity"), "bad number at byte 1" },
	{ B("\"\xc0\x80\""), "invalid UTF-8 at byte 2" },
	{ B("\"ab\xed\xa0\x80\""), "invalid UTF-8 at byte 4" },
	{ B("\"\\ud800\""), "lone surrogate escape at byte 2" },
	{ B("\"a\x01\""), "raw control byte in a string at byte 3" },
	{ B("\"a\tb\""), "raw control byte in a string at byte 3" },
	{ B("\"a\nb\""), "raw control byte in a string at byte 3" },
	{ B("01"), "number with a leading zero at byte 1" },
	{ B("-01"), "number with a leading zero at byte 1" },
	{ B("[1,]"), "unexpected ] at byte 4" },
	{ B("{\"a\":1,}"), "unexpected } at byte 8" },
	{ B("[1]//x"), "more text after the value at byte 4" },
	{ B("/**/1"), "unexpected / at byte 1" },
	{ B("{'a':1}"), "unexpected ' at byte 2" },
	{ B("1 2"), "more text after the value at byte 3" },
	{ B("{}{}"), "more text after the value at byte 3" },
	{ B("\xef\xbb\xbf{}"), "byte order mark at byte 1" },
	/* and what else is not JSON */
	{ B("+1"), "unexpected + at byte 1" },
	{ B(".5"), "unexpected . at byte 1" },
	{ B("5."), "bad number at byte 1" },
	{ B("-"), "bad number at byte 1" },
	{ B("1e"), "bad number at byte 1" },
	{ B("1e+"), "bad number at byte 1" },
	{ B("0x10"), "more text after the value at byte 2" },
	{ B("[1 2]"), "unexpected 2 at byte 4" },
	{ B("[1}"), "unexpected } at byte 3" },
	{ B("{\"a\":1]"), "unexpected ] at byte 7" },
	{ B("{\"a\" 1}"), "unexpected 1 at byte 6" },
	{ B("{a:1}"), "unexpected a at byte 2" },
	{ B("{1:1}"), "unexpected 1 at byte 2" },
	{ B("]"), "unexpected ] at byte 1" },
	{ B(","), "unexpected , at byte 1" },
	{ B("[,1]"), "unexpected , at byte 2" },
	{ B("\"\\x41\""), "bad escape at byte 2" },
	{ B("\"\\u12\""), "bad escape at byte 2" },
	{ B("\"\\u12g4\""), "bad escape at byte 2" },
	{ B("\"\\udc00\""), "lone surrogate escape at byte 2" },
	{ B("\"\\ud800\\ud800\""), "lone surrogate escape at byte 2" },
	{ B("\"\\ud800x\""), "lone surrogate escape at byte 2" },
	{ B("\"\x80\""), "invalid UTF-8 at byte 2" },
	{ B("\"\xe0\x9f\xbf\""), "invalid UTF-8 at byte 2" },
	{ B("\"\xf0\x8f\xbf\xbf\""), "invalid UTF-8 at byte 2" },
	{ B("\"\xf4\x90\x80\x80\""), "invalid UTF-8 at byte 2" },
	{ B("\"\xf5\x80\x80\x80\""), "invalid UTF-8 at byte 2" },
	{ B("\"\xc3\""), "invalid UTF-8 at byte 2" },
	{ B("\"0123456789abcdef0123456789\xff\""), "invalid UTF-8 at byte 28" },
	{ B("\"0123456789abcdef\0\""), "NUL in a string at byte 18" },
	{ B("\0"), "NUL at byte 1" },
	{ B("{}\0"), "more text after the value at byte 3" },
	{ B("[\x0b]"), "unexpected 0x0b at byte 2" },
	{ B("[\xa0]"), "unexpected 0xa0 at byte 2" },
	{ B("{\"a\":1,\"\\u0061\":2}"), "duplicate key \"a\" at byte 9" },
	{ B("{\"\\u0061\":1,\"b\":1,\"a\":2}"), "duplicate key \"a\" at byte 20" },
	{ B("{\"\":1,\"\":2}"), "duplicate key \"\" at byte 8" },
	{ B("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"), "duplicate key" },
	{ B("{\"x\":[{\"k\":1,\"k\":1}]}"), "duplicate key \"k\" at byte 15" },
	{ B("{\"key\\u001b[2J\":1,\"key\\u001b[2J\":1}"), "duplicate key \"key\\x1b[2J\" at byte 20" },
};

/* A copy of exactly these bytes, so that a sanitizer sees a read behind them. */
static int
scan_copy(const struct bytes *b, struct err *err, char **copy)
{
	*copy = malloc(b->len == 0 ? 1 : b->len);
	memcpy(*copy, b->text, b->len);
	return scan_text(&s, *copy, b->len, err);
}

static void
nesting(int depth, bool fine)
{
	char text[400];
	struct err err = { 0 };
	int i, rc;

	for (i = 0; i < depth; i++)
		text[i] = '[', text[2 * depth - 1 - i] = ']';
	rc = scan_text(&s, text, (size_t)(2 * depth), &err);
	tap_ok(fine ? rc == 0 : rc == -1 && strcmp(err.text, "nesting over 64 at byte 65") == 0, "nesting of %d", depth);
}

/* An object of n distinct names; with twice >= 0, the last repeats that one. */
static int
members(int n, int twice, struct err *err)
{
	struct buf b;
	int i, rc;

	buf_init(&b, 64 * MIB);
	for (i = 0; i < n; i++)
		if (buf_addf(&b, "%c\"name-%s%d\":%d", i == 0 ? '{' : ',', i % 3 == 0 ? "\\u006f" : "o", i, i) == -1)
			abort();
	if (twice >= 0 && buf_addf(&b, ",\"name-o%d\":0", twice) == -1)
		abort();
	if (buf_addc(&b, '}') == -1)
		abort();
	rc = scan_text(&s, b.bytes, b.len, err);
	buf_release(&b);
	return rc;
}

static void
canonical(const char *in, const char *want)
{
	struct err err;
	struct buf b;

	buf_init(&b, 1000);
	if (scan_text(&s, in, strlen(in), &err) == -1 || scan_canonical(&s, 0, &b) == -1)
		tap_ok(false, "canonical of %s: %s", in, err.text);
	else
		tap_is(b.bytes, want, "canonical form");
	buf_release(&b);
}

static void
tape(void)
{
	static const char text[] = " {\"a\":[1,-2.5e3,\"x\\ny\"],\"b\\/\":{\"c\":null},\"d\":true,\"e\":{},\"f\":[]} ";
	struct err err;
	struct buf b;
	uint32_t a, i;

	tap_ok(scan_text(&s, text, sizeof(text) - 1, &err) == 0, "a whole object");
	tap_ok(s.node[0].type == SCAN_OBJECT && s.node[0].count == 5 && s.node[0].next == s.nnode, "top: 5 members");
	tap_ok(s.node[0].off == 1 && s.node[0].len == sizeof(text) - 3, "top: offset and length");
	a = scan_member(&s, 0, "a");
	tap_ok(a != SCAN_NONE && s.node[a].type == SCAN_ARRAY && s.node[a].count == 3, "a: 3 elements");
	i = scan_first(&s, a);
	tap_ok(s.node[i].type == SCAN_NUMBER && s.node[i].integer && s.node[i].len == 1, "1 is an integer");
	i = s.node[i].next;
	tap_ok(s.node[i].type == SCAN_NUMBER && !s.node[i].integer && memcmp(scan_bytes(&s, i), "-2.5e3", 6) == 0, "a number's text");
	i = s.node[i].next;
	tap_ok(s.node[i].escaped && scan_is(&s, i, "x\ny") && !scan_is(&s, i, "x\n") && !scan_is(&s, i, "x\nyz"), "scan_is unescapes");
	tap_ok(s.node[i].next == s.node[a].next, "the last element ends where the array ends");
	buf_init(&b, 5);
	tap_ok(scan_string(&s, i, &b) == 0 && strcmp(b.bytes, "x\ny") == 0, "scan_string unescapes");
	tap_ok(scan_string(&s, i, &b) == -1 && b.len == 3, "scan_string minds the ceiling");
	buf_release(&b);
	i = scan_member(&s, 0, "b/");
	tap_ok(i != SCAN_NONE && scan_member(&s, i, "c") != SCAN_NONE, "a member by its unescaped name");
	tap_ok(scan_member(&s, 0, "c") == SCAN_NONE && scan_member(&s, a, "a") == SCAN_NONE, "no such member");
	tap_ok(scan_first(&s, scan_member(&s, 0, "e")) == SCAN_NONE && scan_first(&s, scan_member(&s, 0, "f")) == SCAN_NONE, "empty ones have no child");
	tap_ok(s.node[scan_member(&s, 0, "d")].type == SCAN_TRUE, "true");
}

int
main(void)
{
	struct err err;
	struct buf big;
	char *copy;
	size_t i, cut;
	int j, wrong = 0;

	scan_init(&s);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		tap_ok(scan_copy(&good[i], &err, &copy) == 0, "valid %zu", i);
		free(copy);
		/* a value cut anywhere is none, but for numbers and white space behind */
		for (cut = 1; cut < good[i].len; cut++)
			if (strchr("\"[{tfn", good[i].text[0]) != NULL) {
				struct bytes part = { good[i].text, cut };

				wrong += scan_copy(&part, &err, &copy) == 0;
				free(copy);
			}
	}
	tap_ok(wrong == 0, "no text that is cut passes");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = '\0';
		tap_ok(scan_copy(&bad[i].in, &err, &copy) == -1 && err.reason == REASON_CONTRACT, "refused: %s", bad[i].why);
		if (strstr(err.text, bad[i].why) == NULL)
			tap_is(err.text, bad[i].why, "message");
		free(copy);
	}
	nesting(64, true);
	nesting(65, false);
	nesting(200, false);
	for (j = 30; j <= 36; j++) {
		tap_ok(members(j, -1, &err) == 0, "%d distinct names", j);
		tap_ok(members(j, 0, &err) == -1 && strstr(err.text, "duplicate key \"name-o0\"") != NULL, "the first of %d again", j);
		tap_ok(members(j, j - 1, &err) == -1, "the last of %d again", j);
	}
	tap_ok(members(200000, -1, &err) == 0, "200,000 names");
	tap_ok(members(200000, 77777, &err) == -1 && strstr(err.text, "duplicate key \"name-o77777\"") != NULL, "200,001 names");

	buf_init(&big, 16 * MIB);
	for (j = 0; j < LIMIT_NODES; j++)
		if (buf_addz(&big, j == 0 ? "[" : j == 1 ? "0" : ",0") == -1)
			abort();
	if (buf_addz(&big, "]") == -1)
		abort();
	tap_ok(scan_text(&s, big.bytes, big.len, &err) == 0 && s.nnode == LIMIT_NODES, "as many values as may be");
	big.len--;
	if (buf_addz(&big, ",0]") == -1)
		abort();
	tap_ok(scan_text(&s, big.bytes, big.len, &err) == -1, "one more");
	tap_is(err.text, "more than 1048576 values", "and its message");
	buf_release(&big);

	tape();
	canonical(" { \"a\" : [ 1.10 , { } , [ ] , null ] , \"b\" : { \"c\" : -0 } } ", "{\"a\":[1.10,{},[],null],\"b\":{\"c\":-0}}");
	canonical("\"\\u0041\\/\\\"\\\\\\u0008\\u000C\\u000a\\u000D\\u0009\\u001F\\u007f\\u00e9\\uD83D\\ude00\"",
	    "\"A/\\\"\\\\\\b\\f\\n\\r\\t\\u001f\x7f\xc3\xa9\xf0\x9f\x98\x80\"");
	canonical("[[],[[]],{\"a\":{}},[{\"x\":[{}]},2]]", "[[],[[]],{\"a\":{}},[{\"x\":[{}]},2]]");
	canonical("7", "7");
	scan_release(&s);
	scan_release(&s);
	return tap_done();
}
