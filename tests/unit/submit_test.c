/* submit: every shape of a status, codes, what an error names, documents as streams, gzip, the order of groups. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "limit.h"
#include "log.h"
#include "submit_judge.h"
#include "submit_lanes.h"
#include "submit_run.h"
#include "submit_tie.h"
#include "tap.h"

static void
status(const char *json, int state, long long success, long long errors, long long unprocessed)
{
	struct json_object *root = json_tokener_parse(json);
	struct submit_status s;
	struct err err;
	int rc = submit_status_read(root, &s, &err);

	if (state < 0)
		tap_ok(rc == -1 && err.reason == REASON_CONTRACT, "not understood: %s", json);
	else
		tap_ok(rc == 0 && (int)s.state == state && s.success == success && s.errors == errors && s.unprocessed == unprocessed,
		    "%s", json);
	json_object_put(root);
}

/* batch-api.md section 6 */
static void
statuses(void)
{
	status("{\"status\":\"Running\"}", STATE_RUNNING, 0, 0, 0);
	status("{\"status\":\"Queued\"}", STATE_RUNNING, 0, 0, 0);
	status("{\"status\":\"Created\"}", STATE_CREATED, 0, 0, 0);
	status("{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"id\":7,\"status\":\"Running\"}}}", STATE_RUNNING, 0, 0, 0);
	status("{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"id\":7,\"status\":\"Paused\"}}}", STATE_RUNNING, 0, 0, 0);
	status("{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"id\":7,\"status\":\"Completed\",\"errorCount\":1,\"successCount\":8,\"unprocessCount\":2}}}",
	    STATE_COMPLETED, 8, 1, 2);
	status("{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"status\":\"Completed\",\"unprocessedCount\":\"2\",\"successIndicatorCount\":3,\"successGroupCount\":1,\"errorIndicatorCount\":2,\"errorGroupCount\":1,\"errorAssociationCount\":1}}}",
	    STATE_COMPLETED, 4, 4, 2);
	status("{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"status\":\"Completed\"}}}", STATE_COMPLETED, 0, 0, 0);
	status("{\"status\":\"Success\",\"data\":{}}", -1, 0, 0, 0);
	status("{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"id\":7}}}", -1, 0, 0, 0);
	status("{\"status\":\"Failure\",\"message\":\"no\"}", -1, 0, 0, 0);
	status("{\"status\":\"Failure\",\"data\":{\"batchStatus\":{\"status\":\"Completed\"}}}", -1, 0, 0, 0);
	status("[]", -1, 0, 0, 0);
	status("{\"status\":7}", -1, 0, 0, 0);
	status("{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"status\":\"Completed\",\"errorCount\":-3,\"successCount\":\"many\"}}}",
	    STATE_COMPLETED, 0, 0, 0);
}

static void
code(const char *text, const char *want)
{
	char got[7];

	submit_code(text, got);
	tap_is(got, want, text);
}

static void
add(struct submit_chunk *c, const char *line)
{
	struct object o;
	struct scan s;
	struct err err;

	scan_init(&s);
	if (object_read(&o, &s, line, strlen(line), &err) == -1 || submit_chunk_add(c, &o, line, strlen(line)) == -1)
		tap_ok(false, "%s: %s", line, err.text);
	scan_release(&s);
}

#define SHA256 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"
#define MD5 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"

static void
ties(void)
{
	struct submit_chunk c;
	struct submit_tie *t;
	struct json_object *o;

	submit_chunk_init(&c);
	submit_chunk_clear(&c, SUBMIT_INDICATORS);
	add(&c, "{\"type\":\"Host\",\"summary\":\"a.example.com\"}");
	add(&c, "{\"type\":\"URL\",\"summary\":\"http://a.example.com/X\"}");
	add(&c, "{\"type\":\"File\",\"md5\":\"" MD5 "\",\"sha256\":\"" SHA256 "\"}");
	add(&c, "{\"type\":\"Mutex\",\"summary\":\"One\"}");
	add(&c, "{\"type\":\"Mutex\",\"summary\":\"one\"}");
	add(&c, "{\"type\":\"Email Subject\",\"summary\":\"you have won\"}");
	add(&c, "{\"type\":\"Email Subject\",\"summary\":\"you have won a prize\"}");
	add(&c, "{\"type\":\"User Agent\",\"summary\":\"same\"}");
	add(&c, "{\"type\":\"Mutex\",\"summary\":\"same\"}");
	t = submit_tie_new(&c, 0, c.n);
	tap_ok(submit_tie_value(t, "A.EXAMPLE.com", 13, NULL) == 0, "without regard to case");
	tap_ok(submit_tie_value(t, "One", 3, NULL) == 3 && submit_tie_value(t, "one", 3, NULL) == 4, "with it, where there are two");
	tap_ok(submit_tie_value(t, "ONE", 3, NULL) == TIE_NONE, "two that may be meant are none");
	tap_ok(submit_tie_value(t, "same", 4, NULL) == TIE_NONE && submit_tie_value(t, "same", 4, "Mutex") == 8, "the type tells them apart");
	o = json_tokener_parse("\"" MD5 " : " SHA256 "\"");
	tap_ok(submit_tie_source(t, o) == 2, "joined hashes");
	json_object_put(o);
	o = json_tokener_parse("{\"type\":\"Mutex\",\"summary\":\"same\"}");
	tap_ok(submit_tie_source(t, o) == 8, "an object");
	json_object_put(o);
	o = json_object_new_string("{\"type\":\"User Agent\",\"summary\":\"same\"}");
	tap_ok(submit_tie_source(t, o) == 7, "an object as text");
	json_object_put(o);
	tap_ok(submit_tie_source(t, NULL) == TIE_NONE, "nothing");
	tap_ok(submit_tie_text(t, "Error (0x1005): a.example.com is not valid.") == 0, "in a sentence");
	tap_ok(submit_tie_text(t, "value 'http://a.example.com/X'.") == 1, "in quotes");
	tap_ok(submit_tie_text(t, "bad: you have won a prize!") == 6, "with blanks in it, the longest");
	tap_ok(submit_tie_text(t, "a.example.com and http://a.example.com/X") == TIE_NONE, "two in one sentence");
	tap_ok(submit_tie_text(t, "nothing of ours") == TIE_NONE, "none");
	submit_tie_free(t);
	submit_chunk_release(&c);
}

static void
streams(void)
{
	struct submit_chunk c;
	struct submit_stream s;
	struct buf whole, pieces;
	char piece[7];
	long n;
	size_t step;

	submit_chunk_init(&c);
	submit_chunk_clear(&c, SUBMIT_DELETE_INDICATORS);
	add(&c, "{\"type\":\"Host\",\"summary\":\"a.example.com\",\"action\":\"Delete\"}");
	add(&c, "{\"type\":\"Host\",\"summary\":\"b.example.com\",\"action\":\"Delete\"}");
	add(&c, "{\"type\":\"Host\",\"summary\":\"c.example.com\",\"action\":\"Delete\"}");
	buf_init(&whole, 10000);
	buf_init(&pieces, 10000);
	tap_ok(submit_chunk_document(&c, 1, 3, &whole) == 0, "a part of a chunk");
	tap_is(whole.bytes, "{\"indicator\":[{\"type\":\"Host\",\"summary\":\"b.example.com\"},{\"type\":\"Host\",\"summary\":\"c.example.com\"}]}",
	    "as a document, without what is ours");
	tap_ok(submit_chunk_bytes(&c, 1, 3) == whole.len, "its size is known before");
	for (step = 1; step <= sizeof(piece); step++) {
		submit_stream_init(&s, &c, 1, 3, "<<", ">>");
		buf_clear(&pieces);
		while ((n = submit_stream_read(&s, piece, step)) > 0)
			if (buf_add(&pieces, piece, (size_t)n) == -1)
				exit(1);
		tap_ok(pieces.len == s.total && pieces.len == whole.len + 4 && memcmp(pieces.bytes + 2, whole.bytes, whole.len) == 0,
		    "read in pieces of %zu", step);
	}
	submit_stream_rewind(&s);
	tap_ok(submit_stream_read(&s, piece, 2) == 2 && memcmp(piece, "<<", 2) == 0, "and again from the start");
	buf_release(&whole);
	buf_release(&pieces);
	submit_chunk_release(&c);
}

static void
gunzips(void)
{
	unsigned char packed[4096];
	z_stream z = { 0 };
	struct buf b;
	struct err err;
	static const char text[] = "[{\"errorReason\":\"x\"}]";
	size_t len, cut;
	int bad = 0;

	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (unsigned char *)(size_t)text;
	z.avail_in = sizeof(text) - 1;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	deflate(&z, Z_FINISH);
	len = z.total_out;
	deflateEnd(&z);
	for (cut = 2; cut <= len; cut++) {
		buf_init(&b, 10000);
		if (buf_add(&b, (char *)packed, cut) == -1)
			exit(1);
		if (submit_gunzip(&b, 1000, &err) == 0) {
			tap_ok(cut == len, "whole gzip");
			tap_is(b.bytes, text, "unpacked");
		} else
			bad++;
		buf_release(&b);
	}
	tap_ok(bad == (int)len - 2, "gzip cut anywhere is an error");
	buf_init(&b, 10000);
	if (buf_add(&b, (char *)packed, len) == -1)
		exit(1);
	tap_ok(submit_gunzip(&b, 10, &err) == -1, "gzip that grows past the ceiling");
	buf_clear(&b);
	tap_ok(buf_addz(&b, text) == 0 && submit_gunzip(&b, 1000, &err) == 0 && strcmp(b.bytes, text) == 0, "what is no gzip stays");
	buf_release(&b);
}

/* Every batch of a random graph of groups holds or follows what its groups name. */
static void
closure(unsigned seed, size_t n, size_t edges, size_t max)
{
	struct submit_lanes l;
	struct submit_chunk c;
	struct err err = { 0 };
	char name[] = "/tmp/submit_test.XXXXXX";
	unsigned *from = calloc(edges, sizeof(*from)), *to = calloc(edges, sizeof(*to));
	int *batch = calloc(n, sizeof(*batch)), fd = mkstemp(name), rc, b = 0;
	size_t i, k, seen = 0, over = 0;
	bool ok = true;
	FILE *f = fdopen(fd, "w");

	unlink(name);
	for (i = 0; i < edges; i++) {
		from[i] = (unsigned)rand_r(&seed) % (unsigned)n;
		to[i] = (unsigned)rand_r(&seed) % (unsigned)n;
	}
	for (i = 0; i < n; i++) {
		fprintf(f, "{\"type\":\"Threat\",\"name\":\"g\",\"xid\":\"x%zu\",\"associatedGroupXid\":[\"outside\"", i);
		for (k = 0; k < edges; k++)
			if (from[k] == i)
				fprintf(f, ",\"x%u\"", to[k]);
		fprintf(f, "]}\n");
	}
	fflush(f);
	lseek(fd, 0, SEEK_SET);
	submit_lanes_init(&l, fd, max, 8000000);
	submit_chunk_init(&c);
	while ((rc = submit_lanes_next(&l, &c, -1, &err)) == 1) {
		b++;
		over += c.n > max;
		for (i = 0; i < c.n; i++, seen++)
			batch[strtoul(strstr(c.names.bytes + c.item[i].name, "\"xid\":\"x") + 8, NULL, 10)] = b;
		submit_chunk_clear(&c, SUBMIT_GROUPS);
	}
	for (k = 0; k < edges; k++)
		ok = ok && batch[to[k]] <= batch[from[k]];
	tap_ok(rc == 0 && seen == n && ok, "%zu groups, %zu references, batches of %zu: %d batches, %zu over", n, edges, max, b, over);
	submit_chunk_release(&c);
	submit_lanes_release(&l);
	fclose(f);
	free(from);
	free(to);
	free(batch);
}

static void
waits(void)
{
	int64_t at = 0, worst = 0;
	int n = 0;

	/* asked for at "at", complete just after the time before: what is waited too long */
	while (at < 3600000) {
		long w = submit_poll_wait(at);

		if (w < 20000 && w - at / 10 > worst)
			worst = w - at / 10;
		at += w;
		n++;
	}
	tap_ok(worst <= 500, "never later than a tenth and half a second (%lld ms)", (long long)worst);
	tap_ok(n < 260, "an hour costs %d looks", n);
	tap_ok(submit_poll_wait(0) <= 50 && submit_poll_wait(3600000) == 20000, "soon at first, 20 s at most");
}

int
main(void)
{
	log_open("submit_test");
	log_set_level(LOG_CRITICAL);
	statuses();
	code("Error (0x1005): x is not valid", "0x1005");
	code("Error (0x100a)", "0x100A");
	code("0x12 then 0x2003", "0x2003");
	code("none", "");
	code("0x", "");
	ties();
	streams();
	gunzips();
	closure(1, 40, 0, 7);
	closure(2, 200, 150, 10);
	closure(3, 200, 190, 10);
	closure(4, 200, 400, 10);
	closure(5, 1000, 900, 50);
	waits();
	tap_is(submit_setting_wrong("tagWriteType", "Append"), NULL, "a setting's word");
	tap_ok(submit_setting_wrong("tagWriteType", "append") != NULL && submit_setting_wrong("tagWriteType", "") != NULL &&
	    submit_setting_wrong("tagWriteType", "Append Replace") != NULL && submit_setting_wrong("hashCollisionMode", "Favor") != NULL,
	    "not its word");
	return tap_done();
}
