/* json_pick: found, not there, no scalar, and a page that cannot be read, which must not pass for one without the member. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "json_pick.h"
#include "limit.h"
#include "tap.h"

static int
pick(const struct page *p, struct buf *out, bool *quoted, struct err *err)
{
	static const char *const name[] = { "meta", "next" };
	static const size_t len[] = { 4, 4 };

	buf_clear(out);
	err->text[0] = '\0';
	err->reason = REASON_NONE;
	return json_pick(p, name, len, 2, out, quoted, err);
}

static void
text(const char *json, int want, const char *value, bool want_quoted)
{
	struct page p;
	struct buf out;
	struct err err;
	bool quoted;
	int rc;

	page_init(&p, MIB);
	buf_init(&out, 64 * KIB);
	if (page_add(&p, json, strlen(json)) == -1)
		abort();
	rc = pick(&p, &out, &quoted, &err);
	tap_ok(rc == want && (rc != 1 || (strcmp(out.bytes, value) == 0 && quoted == want_quoted)) &&
	    (rc != -1 || err.reason == REASON_CONTRACT), "%s: %d '%s' %s", json, rc, out.bytes, err.text);
	buf_release(&out);
	page_release(&p);
}

int
main(void)
{
	struct page p;
	struct buf out;
	struct err err;
	bool quoted;
	int rc;

	text("{\"data\":[{\"next\":\"no\"}],\"meta\":{\"total\":2,\"next\":\"a\\u0062\"}}", 1, "a\\u0062", true);
	text("{\"meta\":{\"next\":17}}", 1, "17", false);
	text("{\"meta\":{\"next\":null}}", 0, "", false);
	text("{\"meta\":{}}", 0, "", false);
	text("{\"meta\":{\"next\":[1]}}", -1, "", false);

	page_init(&p, MIB);
	buf_init(&out, 64 * KIB);
	p.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	p.len = 100;
	rc = pick(&p, &out, &quoted, &err);
	tap_ok(rc == -1 && err.reason == REASON_STATE, "a spool that cannot be read: %d %s", rc, err.text);
	page_release(&p);

	rc = json_unescape("a\\u00e9\\n", 9, &out, &err);
	tap_is(rc == 0 ? out.bytes : NULL, "a\xc3\xa9\n", "unescaped");
	buf_release(&out);
	buf_init(&out, 1);
	err.reason = REASON_NONE;
	rc = json_unescape("abc", 3, &out, &err);
	tap_ok(rc == -1 && err.reason == REASON_CONTRACT, "no room: said: %d %s", rc, err.text);
	buf_release(&out);
	return tap_done();
}
