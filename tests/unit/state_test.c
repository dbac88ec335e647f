/*
 * state: rows, aliases, migrations, refusals; and damage: every byte flipped
 * and every length cut off, through filter and expire in this one process.
 *
 * As a quick test a sample of the bytes is taken; with an argument "all" (the
 * torture tier) every one; a number behind it says from which byte on, and then
 * the messages are shown.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delta.h"
#include "limit.h"
#include "log.h"
#include "state.h"
#include "tap.h"

static char dir[64] = "/tmp/state_test.XXXXXX";
static struct err err;
static int real_stdout;

/* --- small helpers --- */

static void
path_in(char *to, size_t size, const char *name)
{
	snprintf(to, size, "%s/%s", dir, name);
}

static void
write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	close(fd);
}

static size_t
read_file(const char *path, char *to, size_t max)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd == -1 ? 0 : read(fd, to, max);

	if (fd != -1)
		close(fd);
	return n > 0 ? (size_t)n : 0;
}

static void
clean(bool all)
{
	struct dirent *e;
	char path[512];
	DIR *d = opendir(dir);

	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || (!all && strstr(e->d_name, ".state") == NULL))
			continue;
		path_in(path, sizeof(path), e->d_name);
		unlink(path);
	}
	closedir(d);
	if (all)
		rmdir(dir);
}

static void
make_row(struct row *r, int i, char *value, size_t size)
{
	memset(r, 0, sizeof(*r));
	r->key[0] = 2;
	r->key[1] = (uint8_t)i;
	r->key[15] = (uint8_t)(i * 7);
	r->type = TYPE_URL;
	r->flags = ROW_KNOWN | ROW_ACTIVE;
	memset(r->hash, i, sizeof(r->hash));
	r->sent_at = 1700000000u + (uint32_t)i;
	r->prints.n = 2;
	r->value = value;
	r->value_len = (uint32_t)snprintf(value, size, "\"summary\":\"http://a.example/%d\"", i);
}

static int
same_row(const struct row *a, const struct row *b)
{
	unsigned char x[2048], y[2048];
	size_t n = state_row_encode(a, x);

	return n == state_row_encode(b, y) && memcmp(x, y, n) == 0;
}

/* --- rows --- */

static int
count_rows(void *arg, struct row *r, struct err *e)
{
	(void)r;
	(void)e;
	++*(int *)arg;
	return 0;
}

static void
rows(void)
{
	struct state s;
	struct row r, got;
	char value[128];
	uint8_t other[STATE_KEY] = { 2, 0xee };
	int i, n = 0, same = 0;
	int64_t when;
	char code[32], reason[512];

	tap_ok(state_open(&s, dir, "f", "Owner", STATE_WRITE, &err) == 0 && s.db == NULL && !s.lost, "no state yet");
	state_close(&s);
	tap_ok(state_open(&s, dir, "f", "Owner", STATE_CREATE, &err) == 0, "made: %s", err.text);
	tap_ok(state_begin(&s, &err) == 0, "transaction");
	for (i = 99; i >= 0; i--) {
		make_row(&r, i, value, sizeof(value));
		if (i % 3 == 0) {
			r.flags |= ROW_PENDING | ROW_DOUBT | ROW_MISSING | ROW_REFUSED;
			r.batch = 1ull << 40;
			r.pend_kind = KIND_CHANGED;
			r.missing_mark = 5;
			r.refused_kind = KIND_NEW;
			r.refused_run = 3;
		}
		if (state_put(&s, &r, &err) == -1)
			tap_ok(false, "%s", err.text);
	}
	make_row(&r, 5, value, sizeof(value));
	tap_ok(state_alias_put(&s, other, r.key, &err) == 0 && state_ledger_put(&s, r.key, "0x1005", "why", 12, &err) == 0 &&
	    state_content_put(&s, r.key, "{}", 2, &err) == 0, "alias, ledger, content");
	state_set_number(&s, "run", 42);
	state_set_text(&s, "of the future", "kept");
	tap_ok(state_run_put(&s, 42, "{}", &err) == 0 && state_commit(&s, &err) == 0, "committed: %s", err.text);
	tap_ok(state_mark(&s, &err) == 0, "marked");
	state_close(&s);

	tap_ok(state_open(&s, dir, "f", "Owner", STATE_WRITE, &err) == 0 && s.db != NULL, "opened again: %s", err.text);
	tap_ok(state_number(&s, "run") == 42, "numbers stay");
	tap_is(state_text(&s, "of the future"), "kept", "members nobody knows stay");
	tap_ok(state_scan(&s, NULL, NULL, count_rows, &n, &err) == 0 && n == 100, "100 rows in order");
	for (i = 0; i < 100; i++) {
		make_row(&r, i, value, sizeof(value));
		if (i % 3 != 0 && state_get(&s, r.key, &got, &err) == 1)
			same += same_row(&r, &got);
	}
	tap_ok(same == 66, "rows read as written");
	tap_ok(state_get(&s, other, &got, &err) == 1 && got.key[1] == 5, "by its alias");
	tap_ok(state_ledger_get(&s, got.key, code, reason, &when, &err) == 1 && strcmp(code, "0x1005") == 0 && when == 12, "ledger");
	other[1] = 0xef;
	tap_ok(state_get(&s, other, &got, &err) == 0, "what is not there");
	tap_ok(state_begin(&s, &err) == 0 && state_delete(&s, r.key, &err) == 0, "deleted");
	state_rollback(&s);
	tap_ok(state_get(&s, r.key, &got, &err) == 1, "and rolled back");
	n = 0;
	{
		long long rows_seen;

		tap_ok(state_verify(&s, &rows_seen, &err) == 0 && rows_seen == 100, "verified: %s", err.text);
	}
	state_close(&s);

	tap_ok(state_open(&s, dir, "f", "Else", STATE_READ, &err) == 0 && s.db == NULL, "another owner has another file");
	state_close(&s);
}

static void
sql(const char *file, const char *text)
{
	sqlite3 *db;

	if (sqlite3_open(file, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		tap_ok(false, "%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void
versions(void)
{
	struct state s;
	char file[PATH_MAX], *line = NULL;
	uint8_t key[STATE_KEY] = { 2, 5, [15] = 35 };
	struct row row;
	size_t len;
	int n = 0;

	if (state_path(file, sizeof(file), dir, "f", "Owner", &err) == -1)
		abort();
	/* as version 1 left it */
	sql(file, "INSERT OR REPLACE INTO object SELECT * FROM unsettled; DROP TABLE content; DROP TABLE unsettled; PRAGMA user_version = 1");
	tap_ok(state_open(&s, dir, "f", "Owner", STATE_READ, &err) == 0, "an old state is readable: %s", err.text);
	tap_ok(state_get(&s, key, &row, &err) == 1 && state_scan(&s, NULL, NULL, count_rows, &n, &err) == 0 &&
	    n == 100, "with all its rows: %s", err.text);
	state_close(&s);
	tap_ok(state_open(&s, dir, "f", "Owner", STATE_WRITE, &err) == 0, "an old state is brought up: %s", err.text);
	tap_ok(state_begin(&s, &err) == 0 && state_content_put(&s, key, "{}", 2, &err) == 0 && state_content_accept(&s, key, &err) == 0 &&
	    state_commit(&s, &err) == 0, "what is new works: %s", err.text);
	tap_ok(state_content_get(&s, key, &line, &len, &err) == 1 && len == 2, "contents");
	free(line);
	state_close(&s);
	/* a bit of the header: the file itself says what version it is */
	sql(file, "PRAGMA user_version = 66");
	tap_ok(state_open(&s, dir, "f", "Owner", STATE_WRITE, &err) == -1 && s.damaged, "a flipped version is damage: %s", err.text);
	state_close(&s);
	sql(file, "UPDATE meta SET body = '{}'");
	tap_ok(state_open(&s, dir, "f", "Owner", STATE_WRITE, &err) == -1 && !s.damaged && err.reason == REASON_USAGE, "a newer version is refused: %s", err.text);
	state_close(&s);
	sql(file, "PRAGMA user_version = 2; PRAGMA application_id = 1");
	tap_ok(state_open(&s, dir, "f", "Owner", STATE_WRITE, &err) == -1 && s.damaged, "no state of this program: %s", err.text);
	state_close(&s);
}

/* --- what is open about a row --- */

static int
number(const char *file, const char *query)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	int n = -1;

	if (sqlite3_open(file, &db) != SQLITE_OK || sqlite3_prepare_v2(db, query, -1, &st, NULL) != SQLITE_OK)
		abort();
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

/* Rows come in order, each once, with the flags that make_unsettled() gave. */
static int
check_flags(void *arg, struct row *r, struct err *e)
{
	int *n = arg;

	(void)e;
	if (*n >= 0 && (r->key[1] != *n || (r->flags & ROW_MISSING) != (*n % 5 == 0 ? ROW_MISSING : 0)))
		*n = -1000;
	++*n;
	return 0;
}

static void
put_rows(struct state *s, int n, int each, unsigned flags)
{
	struct row r;
	char value[128];
	int i;

	for (i = 0; i < n; i += each) {
		make_row(&r, i, value, sizeof(value));
		r.flags |= (uint16_t)flags;
		if (state_put(s, &r, &err) == -1)
			tap_ok(false, "%s", err.text);
	}
}

static void
unsettled(void)
{
	uint8_t from[STATE_KEY] = { 2, 10 }, to[STATE_KEY] = { 2, 20 };
	char file[PATH_MAX], value[128], text[128];
	struct state s;
	struct row r, got;
	int n = 0, i;

	err.text[0] = '\0';
	if (state_path(file, sizeof(file), dir, "u", "Owner", &err) == -1 ||
	    state_open(&s, dir, "u", "Owner", STATE_CREATE, &err) == -1 || state_run_begin(&s, &err) == -1)
		abort();
	put_rows(&s, 100, 1, ROW_PENDING);
	tap_ok(state_commit(&s, &err) == 0, "a first run");
	state_close(&s);
	tap_ok(number(file, "SELECT count(*) FROM object") == 100 && number(file, "SELECT count(*) FROM unsettled") == 0,
	    "fills the large table itself");

	if (state_open(&s, dir, "u", "Owner", STATE_WRITE, &err) == -1 || state_begin(&s, &err) == -1)
		abort();
	put_rows(&s, 100, 1, 0);
	put_rows(&s, 100, 5, ROW_MISSING);
	tap_ok(state_commit(&s, &err) == 0, "acknowledged, then missed in a later run");
	state_close(&s);
	tap_ok(number(file, "SELECT count(*) FROM object") == 100 && number(file, "SELECT count(*) FROM unsettled") == 20, "stand beside");

	if (state_open(&s, dir, "u", "Owner", STATE_WRITE, &err) == -1)
		abort();
	tap_ok(state_scan(&s, NULL, NULL, check_flags, &n, &err) == 0 && n == 100, "each row once, the newer one: %s", err.text);
	n = 10;
	tap_ok(state_scan(&s, from, to, check_flags, &n, &err) == 0 && n == 20, "a piece of them");
	/* in parts, with writes behind the walk */
	n = 0;
	tap_ok(state_begin(&s, &err) == 0 && state_parts_open(&s, &err) == 0, "a walk");
	for (i = 0; i < 10; i++) {
		uint8_t a[STATE_KEY] = { 2, (uint8_t)(i * 10) }, b[STATE_KEY] = { 2, (uint8_t)(i * 10 + 10) };

		if (state_part(&s, a, b, check_flags, &n, &err) == -1)
			tap_ok(false, "%s", err.text);
		make_row(&r, i * 10 + 1, value, sizeof(value));
		if (state_delete(&s, r.key, &err) == -1)
			tap_ok(false, "%s", err.text);
	}
	tap_ok(n == 100 && state_parts_end(&s, &err) == 0, "in ten parts: %s", err.text);
	state_rollback(&s);
	make_row(&r, 5, value, sizeof(value));
	tap_ok(state_get(&s, r.key, &got, &err) == 1 && got.flags & ROW_MISSING, "one of them");
	tap_ok(state_begin(&s, &err) == 0 && state_put(&s, &r, &err) == 0 && state_get(&s, r.key, &got, &err) == 1 && !(got.flags & ROW_MISSING),
	    "listed again: it is at home");
	make_row(&r, 10, value, sizeof(value));
	tap_ok(state_delete(&s, r.key, &err) == 0 && state_get(&s, r.key, &got, &err) == 0, "deleted in both");
	tap_ok(state_commit(&s, &err) == 0, "committed");
	state_close(&s);
	tap_ok(number(file, "SELECT count(*) FROM object") == 99 && number(file, "SELECT count(*) FROM unsettled") == 18, "and nothing is left over");

	/* many: home they go */
	if (state_open(&s, dir, "u", "Owner", STATE_WRITE, &err) == -1 || state_run_begin(&s, &err) == -1)
		abort();
	for (i = 0; i < 5000; i++) {
		make_row(&r, i % 256, value, sizeof(value));
		r.key[2] = (uint8_t)(i / 256 + 1);
		r.flags |= ROW_PENDING;
		if (state_put(&s, &r, &err) == -1)
			abort();
	}
	if (state_commit(&s, &err) == -1)
		abort();
	state_close(&s);
	tap_ok(number(file, "SELECT count(*) FROM unsettled") == 5018, "5,000 new ones of a state that is there");
	if (state_open(&s, dir, "u", "Owner", STATE_WRITE, &err) == -1 || state_run_begin(&s, &err) == -1 || state_commit(&s, &err) == -1)
		abort();
	state_close(&s);
	tap_ok(number(file, "SELECT count(*) FROM object") == 5099 && number(file, "SELECT count(*) FROM unsettled") == 0, "are brought home");

	/* where no part is */
	for (i = 1; i < 5; i += 3) {
		snprintf(text, sizeof(text), "UPDATE object SET key = x'%02x' || substr(key, 2) WHERE key = (SELECT %s(key) FROM object)",
		    i == 1 ? 0 : 0x77, i == 1 ? "min" : "max");
		sql(file, text);
		if (state_open(&s, dir, "u", "Owner", STATE_WRITE, &err) == -1)
			abort();
		tap_ok(state_parts_open(&s, &err) == -1 && s.damaged, "a key that was changed does not match: %s", err.text);
		state_parts_close(&s);
		state_close(&s);
	}

}

static int
ignore_row(void *arg, struct row *r, struct err *e)
{
	(void)arg;
	(void)r;
	(void)e;
	return 0;
}

/* Rows whose check values are right, and that stand where no part of a run is. */
static void
misplaced(void)
{
	static const uint8_t first[2] = { 0, 9 };
	uint8_t from[STATE_KEY] = { 1 }, to[STATE_KEY] = { 4 };
	char value[128];
	struct state s;
	struct row r;
	int i;

	for (i = 0; i < 2; i++) {
		err.text[0] = '\0';
		if (state_open(&s, dir, i == 0 ? "m" : "n", "Owner", STATE_CREATE, &err) == -1 || state_run_begin(&s, &err) == -1)
			abort();
		put_rows(&s, 10, 1, 0);
		make_row(&r, 3, value, sizeof(value));
		r.key[0] = first[i];
		if (state_put(&s, &r, &err) == -1)
			abort();
		tap_ok(state_parts_open(&s, &err) == 0, "the walk begins: %s", err.text);
		tap_ok((state_part(&s, from, to, ignore_row, NULL, &err) == -1) == (i == 0), "%s: %s", i == 0 ? "before all parts" : "in no part", err.text);
		tap_ok(i == 0 || state_parts_end(&s, &err) == -1, "behind all parts: %s", err.text);
		tap_ok(s.damaged, "damage");
		state_close(&s);
	}
}

/* --- damage --- */

static struct tool tool = { .name = "state_test", .synopsis = "state_test", .help = "" };
static struct delta delta;
static char input[512], output[512];

/* One subcommand with its own descriptors: exit code; what it printed is in the file output. */
static int
run(int (*subcommand)(struct delta *, struct err *))
{
	struct err e = { 0 };
	int in = open(input, O_RDONLY), out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600), rc;

	if (in == -1 || out == -1)
		abort();
	fflush(stdout);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	close(in);
	close(out);
	delta.lock.fd = -1;
	delta.summary[0] = '\0';
	stats_free(tool.stats);
	tool.stats = stats_new();
	rc = subcommand(&delta, &e);
	fflush(stdout);
	dup2(real_stdout, STDOUT_FILENO);
	return rc == 0 ? 0 : reason_exit(e.reason);
}

static void
setup_feed(void)
{
	static const char definition[] = "{\"id\":\"f\",\"name\":\"F\",\"vendor\":\"V\",\"fetch\":{\"url\":\"https://feed.example/\"},"
	    "\"parse\":{\"format\":\"json\",\"records\":\"data\"},\"map\":[{\"object\":{\"type\":\"URL\",\"summary\":{\"path\":\"url\"}}}],"
	    "\"delta\":{\"missing\":\"delete\",\"after\":1,\"max_missing\":\"100%\"}}";
	char file[512];

	path_in(file, sizeof(file), "f.json");
	write_file(file, definition, strlen(definition));
	delta.tool = &tool;
	delta.owner = "Owner";
	delta.now = 1700000000;
	delta.confirm = -1;
	delta.complete = true;
	snprintf(delta.dir, sizeof(delta.dir), "%s", dir);
	if (feed_load(&delta.feed, file, &err) == -1 || params_load(&delta.params, NULL, &err) == -1)
		tap_ok(false, "%s", err.text);
	path_in(output, sizeof(output), "out");
}

/* Twelve objects, two of them one File's hashes apart, all acknowledged: the bytes of that state. */
static size_t
good_state(char *bytes, size_t max, const char *file)
{
	static const char md5[] = "0123456789abcdef0123456789abcdef";
	char lines[4096], receipts[4096], copy[PATH_MAX + 8];
	size_t n = 0, m = 0;
	int i;

	for (i = 0; i < 11; i++) {
		n += (size_t)snprintf(lines + n, sizeof(lines) - n, "{\"type\":\"URL\",\"summary\":\"http://a.example/%d\",\"rating\":%d}\n", i, i % 5);
		m += (size_t)snprintf(receipts + m, sizeof(receipts) - m,
		    "{\"type\":\"URL\",\"summary\":\"http://a.example/%d\",\"status\":\"%s\",\"batchId\":7}\n", i, i == 3 ? "rejected" : "accepted");
	}
	n += (size_t)snprintf(lines + n, sizeof(lines) - n, "{\"type\":\"File\",\"md5\":\"%s\",\"sha256\":\"%s%s\"}\n", md5, md5, md5);
	m += (size_t)snprintf(receipts + m, sizeof(receipts) - m, "{\"type\":\"File\",\"summary\":\"%s%s\",\"status\":\"accepted\",\"batchId\":7}\n", md5, md5);
	path_in(input, sizeof(input), "lines");
	write_file(input, lines, n);
	tap_ok(run(delta_filter) == 0, "a first run");
	path_in(input, sizeof(input), "receipts");
	write_file(input, receipts, m);
	tap_ok(run(delta_commit) == 3, "its receipts, one of them a refusal");
	path_in(input, sizeof(input), "lines");
	tap_ok(run(delta_filter) == 0 && run(delta_expire) == 0, "a second run");
	/* small pages: the same structures in a quarter of the bytes */
	sql(file, "PRAGMA page_size = 512; VACUUM");
	snprintf(copy, sizeof(copy), "%s.good", file);
	unlink(copy);
	return read_file(file, bytes, max);
}

/* What a run over such a file does: exits as documented, removes nothing, and the run after it is an ordinary one. */
static bool
survives(const char *file, const char *bytes, size_t len, const char *good, size_t goodlen, bool with_copy)
{
	char out[8192], copy[PATH_MAX + 8];
	size_t n;
	int code;

	clean(false);
	write_file(file, bytes, len);
	snprintf(copy, sizeof(copy), "%s.run", file);
	write_file(copy, "{\"run\":1}\n", 10);
	if (with_copy) {
		snprintf(copy, sizeof(copy), "%s.good", file);
		write_file(copy, good, goodlen);
	}
	code = run(delta_filter);
	if (code == 2)
		return true;	/* taken for a newer version's or another owner's: refused, untouched */
	if (code != 0)
		return false;
	code = run(delta_expire);
	n = read_file(output, out, sizeof(out));
	if (n > 0 || (code != 0 && code != 3))
		return false;
	return run(delta_filter) == 0 && run(delta_expire) == 0 && read_file(output, out, sizeof(out)) == 0;
}

static void
damage(bool all, size_t first)
{
	static char good[256 * 1024], bytes[256 * 1024];
	char file[PATH_MAX];
	size_t len, i, step = all ? 1 : 331;
	int bad = 0, tries = 0;

	clean(false);
	setup_feed();
	if (state_path(file, sizeof(file), dir, "f", "Owner", &err) == -1)
		abort();
	len = good_state(good, sizeof(good), file);
	tap_ok(len > 4096 && len < sizeof(good), "a state of %zu bytes", len);
	tap_ok(survives(file, good, len, good, len, false), "undamaged, it passes");
	for (i = first; i < len; i += step, tries++) {
		memcpy(bytes, good, len);
		bytes[i] ^= (char)(1 << i % 8);
		if (!survives(file, bytes, len, good, len, i % 2 == 0)) {
			bad++;
			fprintf(stderr, "# byte %zu flipped\n", i);
		}
		memcpy(bytes, good, len);
		bytes[i] = (char)~bytes[i];
		if (!survives(file, bytes, len, good, len, i % 2 == 1)) {
			bad++;
			fprintf(stderr, "# byte %zu inverted\n", i);
		}
	}
	tap_ok(bad == 0, "%d bytes flipped: no crash, no removal, and the next run is an ordinary one (%d)", tries, bad);
	bad = tries = 0;
	for (i = 0; i < len; i += step, tries++)
		if (!survives(file, good, i, good, len, i % 2 == 0)) {
			bad++;
			fprintf(stderr, "# cut at %zu\n", i);
		}
	tap_ok(bad == 0, "cut at %d lengths: no crash, no removal, and the next run is an ordinary one (%d)", tries, bad);
}

int
main(int argc, char **argv)
{
	/* where there is one, a directory in memory: each case syncs a dozen times */
	if (access("/dev/shm", W_OK) == 0)
		snprintf(dir, sizeof(dir), "/dev/shm/state_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	setenv("TMPDIR", dir, 1);
	unsetenv("TC_OWNER");
	unsetenv("TC_PARAMS_FD");
	setenv("XDG_CONFIG_HOME", dir, 1);
	real_stdout = dup(STDOUT_FILENO);
	log_open("state_test");
	log_set_level(LOG_CRITICAL);
	rows();
	versions();
	unsettled();
	misplaced();
	clean(false);
	if (argc > 2)
		log_set_level(LOG_INFO);
	damage(argc > 1 && strcmp(argv[1], "all") == 0, argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
	clean(true);
	return tap_done();
}
