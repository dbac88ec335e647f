/* text, buf, mask: the rooms that make foreign bytes fit to print. */
#include <string.h>

#include "buf.h"
#include "mask.h"
#include "tap.h"
#include "text.h"

static void
safe(const char *in, size_t len, size_t size, const char *want)
{
	char out[256];

	text_safe(out, size, in, len);
	tap_is(out, want, want);
}

int
main(void)
{
	struct buf b;
	char line[200];

	safe("plain", 5, 64, "plain");
	safe("a\033[2Jb\r\n", 8, 64, "a\\x1b[2Jb\\x0d\\x0a");
	safe("x\xe2\x80\xaey", 5, 64, "x\\u{202e}y");
	safe("caf\xc3\xa9", 5, 64, "caf\xc3\xa9");
	safe("\xff\xfe", 2, 64, "\\xff\\xfe");
	safe("\xed\xa0\x80", 3, 64, "\\xed\\xa0\\x80");		/* a surrogate */
	safe("\xc0\x80", 2, 64, "\\xc0\\x80");			/* overlong NUL */
	safe("0123456789", 10, 8, "0123...");
	safe("0123456", 7, 8, "0123456");

	tap_ok(text_utf8_span("abc\xc3\xa9\xff", 6) == 5, "first byte that is no UTF-8");
	tap_ok(text_cut("ab\xc3\xa9", 4, 3) == 2, "a cut falls on a character boundary");
	tap_ok(text_chars("a\xc3\xa9\xf0\x9f\x98\x80", 7) == 3, "characters are code points");

	buf_init(&b, 16);
	tap_ok(buf_add_json(&b, "a\"\n\x01", 4) == 0, "JSON string fits");
	tap_is(b.bytes, "\"a\\\"\\n\\u0001\"", "JSON escapes");
	tap_ok(buf_add(&b, "0123456789", 10) == -1 && b.len == 13, "past the ceiling nothing changes");
	buf_release(&b);
	buf_release(&b);

	/* base64("xs3cr3t-tokeny") etc.: made with coreutils' base64 */
	mask_add("s3cr3t-token/+", 14);
	strcpy(line, "plain s3cr3t-token/+ end");
	mask_apply(line);
	tap_is(line, "plain *** end", "plain secret");
	strcpy(line, "url ?k=s3cr3t-token%2F%2B&x");
	mask_apply(line);
	tap_is(line, "url ?k=***&x", "percent-encoded secret");
	strcpy(line, "czNjcjN0LXRva2VuLys=");			/* the secret alone */
	mask_apply(line);
	tap_ok(strstr(line, "NjcjN0LXRva2") == NULL && strstr(line, "***") != NULL, "base64, aligned");
	strcpy(line, "dTpzM2NyM3QtdG9rZW4vKw==");		/* u:secret */
	mask_apply(line);
	tap_ok(strstr(line, "***") != NULL && strstr(line, "NyM3QtdG9r") == NULL, "base64, shifted by two");
	strcpy(line, "eHMzY3IzdC10b2tlbi8r");			/* x + secret */
	mask_apply(line);
	tap_ok(strstr(line, "***") != NULL && strstr(line, "Y3IzdC10b2tl") == NULL, "base64, shifted by one");
	return tap_done();
}
