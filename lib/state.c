#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "io.h"
#include "log.h"
#include "state_private.h"
#include "xmalloc.h"

#define APPLICATION_ID	0x74636665	/* "tcfe" */
#define BUSY_MS		30000		/* a reader meets a writer that is committing */

/*
 * The schema as steps: a file at version n is brought to the newest by the
 * steps from n on. A released step is never changed.
 */
static const char *const migration[] = {
	"CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL, sum INTEGER NOT NULL);"
	"CREATE TABLE object (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE alias (key BLOB PRIMARY KEY, of BLOB NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE ledger (key BLOB PRIMARY KEY, code TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE run (run INTEGER PRIMARY KEY, body TEXT NOT NULL);",
	"CREATE TABLE content (key BLOB PRIMARY KEY, line TEXT, pending TEXT) WITHOUT ROWID;",
	"CREATE TABLE unsettled (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;",
};
#define VERSION ((int)(sizeof(migration) / sizeof(migration[0])))
#define VERSION_UNSETTLED 3	/* the first with that table */

static const char *const sql[STMT_COUNT] = {
	[STMT_GET] = "SELECT key, row FROM object WHERE key = ?1",
	[STMT_SCAN] = "SELECT key, row FROM object WHERE key >= ?1 AND key < ?2 ORDER BY key",
	[STMT_WALK] = "SELECT key, row FROM object ORDER BY key",
	[STMT_PUT] = "INSERT OR REPLACE INTO object (key, row) VALUES (?1, ?2)",
	[STMT_DELETE] = "DELETE FROM object WHERE key = ?1",
	[STMT_OPEN_GET] = "SELECT key, row FROM unsettled WHERE key = ?1",
	[STMT_OPEN_SCAN] = "SELECT key, row FROM unsettled WHERE key >= ?1 AND key < ?2 ORDER BY key",
	[STMT_OPEN_WALK] = "SELECT key, row FROM unsettled ORDER BY key",
	[STMT_OPEN_PUT] = "INSERT OR REPLACE INTO unsettled (key, row) VALUES (?1, ?2)",
	[STMT_OPEN_DELETE] = "DELETE FROM unsettled WHERE key = ?1",
	[STMT_ALIAS_GET] = "SELECT key, of, sum FROM alias WHERE key = ?1",
	[STMT_ALIAS_SCAN] = "SELECT key, of, sum FROM alias WHERE key >= ?1 AND key < ?2 ORDER BY key",
	[STMT_ALIAS_PUT] = "INSERT OR REPLACE INTO alias (key, of, sum) VALUES (?1, ?2, ?3)",
	[STMT_ALIAS_DELETE] = "DELETE FROM alias WHERE key = ?1",
	[STMT_LEDGER_GET] = "SELECT code, reason, at FROM ledger WHERE key = ?1",
	[STMT_LEDGER_PUT] = "INSERT OR REPLACE INTO ledger (key, code, reason, at) VALUES (?1, ?2, ?3, ?4)",
	[STMT_LEDGER_DELETE] = "DELETE FROM ledger WHERE key = ?1",
	[STMT_CONTENT_GET] = "SELECT line FROM content WHERE key = ?1",
	[STMT_CONTENT_PUT] = "INSERT INTO content (key, pending) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET pending = ?2",
	[STMT_CONTENT_ACCEPT] = "UPDATE content SET line = pending, pending = NULL WHERE key = ?1 AND pending IS NOT NULL",
	[STMT_CONTENT_DELETE] = "DELETE FROM content WHERE key = ?1",
	[STMT_META_PUT] = "INSERT OR REPLACE INTO meta (id, body, sum) VALUES (1, ?1, ?2)",
};

int
state_fail(struct state *s, struct err *err, const char *what)
{
	int rc = s->db != NULL ? sqlite3_extended_errcode(s->db) : SQLITE_NOMEM;

	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_ERROR:	/* a table or column that is not there: we write no other SQL than this file's */
	case SQLITE_SCHEMA:
		s->damaged = true;
		return err_set(err, REASON_STATE, "state %s is damaged: %s", s->path, sqlite3_errmsg(s->db));
	case SQLITE_FULL:
		return err_set(err, REASON_STATE, "cannot %s state %s: no space left on the disk", what, s->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, REASON_BUSY, "state %s is in use by another process", s->path);
	case SQLITE_READONLY:
		/* a header that says so, of a file that may be written */
		if (access(s->path, W_OK) == 0)
			s->damaged = true;
		return err_set(err, REASON_STATE, "cannot %s state %s: %s", what, s->path, sqlite3_errmsg(s->db));
	case SQLITE_IOERR:
		if (rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_CORRUPTFS)
			s->damaged = true;
		/* fallthrough */
	default:
		return err_set(err, REASON_STATE, "cannot %s state %s: %s (%s)", what, s->path, sqlite3_errmsg(s->db),
		    strerror(sqlite3_system_errno(s->db)));
	}
}

int
state_damage(struct state *s, struct err *err, const char *what)
{
	s->damaged = true;
	return err_set(err, REASON_STATE, "state %s is damaged: %s", s->path, what);
}

struct sqlite3_stmt *
state_stmt(struct state *s, enum state_stmt which)
{
	_Static_assert(sizeof(s->stmt) / sizeof(s->stmt[0]) >= STMT_COUNT, "room for every statement");
	if (s->stmt[which] == NULL)
		sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[which], NULL);
	return s->stmt[which];
}

static int
execute(struct state *s, const char *text, const char *what, struct err *err)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : state_fail(s, err, what);
}

static int
pragma(struct state *s, const char *text, long long *value, struct err *err)
{
	struct sqlite3_stmt *st = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
		*value = sqlite3_column_int64(st, 0);
		rc = 0;
	} else
		state_fail(s, err, "read");
	sqlite3_finalize(st);
	return rc;
}

/* --- meta --- */

long long
state_number(const struct state *s, const char *name)
{
	struct json_object *v;

	return s->meta != NULL && json_object_object_get_ex(s->meta, name, &v) ? json_object_get_int64(v) : 0;
}

void
state_set_number(struct state *s, const char *name, long long value)
{
	json_object_object_add(s->meta, name, json_object_new_int64(value));
}

const char *
state_text(const struct state *s, const char *name)
{
	struct json_object *v;

	return s->meta != NULL && json_object_object_get_ex(s->meta, name, &v) && json_object_is_type(v, json_type_string) ?
	    json_object_get_string(v) : "";
}

void
state_set_text(struct state *s, const char *name, const char *text)
{
	json_object_object_add(s->meta, name, json_object_new_string(text));
}

static int
write_meta(struct state *s, struct err *err)
{
	const char *body = json_object_to_json_string_ext(s->meta, JSON_C_TO_STRING_PLAIN);
	struct sqlite3_stmt *st = state_stmt(s, STMT_META_PUT);

	if (st == NULL)
		return state_fail(s, err, "write");
	sqlite3_bind_text(st, 1, body, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, state_check((const unsigned char *)"meta", 4, body, strlen(body)));
	return state_step(s, st, "write", err);
}

static int
read_meta(struct state *s, struct err *err)
{
	struct sqlite3_stmt *st = NULL;
	const char *body;
	int rc = -1;

	if (sqlite3_prepare_v2(s->db, "SELECT body, sum FROM meta WHERE id = 1", -1, &st, NULL) != SQLITE_OK) {
		state_fail(s, err, "read");
	} else if (sqlite3_step(st) != SQLITE_ROW) {
		if (sqlite3_errcode(s->db) == SQLITE_DONE || sqlite3_errcode(s->db) == SQLITE_OK)
			state_damage(s, err, "its description is gone");
		else
			state_fail(s, err, "read");
	} else {
		body = (const char *)sqlite3_column_text(st, 0);
		if (body == NULL || sqlite3_column_int64(st, 1) != state_check((const unsigned char *)"meta", 4, body, strlen(body)) ||
		    (s->meta = json_tokener_parse(body)) == NULL)
			state_damage(s, err, "its description does not match its check value");
		else
			rc = 0;
	}
	sqlite3_finalize(st);
	return rc;
}

/* --- opening --- */

static int
check_owner(struct state *s, const char *feed, const char *owner, struct err *err)
{
	if (strcmp(state_text(s, "feed"), feed) != 0)
		return err_set(err, REASON_USAGE, "state %s belongs to feed '%s', not to '%s'", s->path, state_text(s, "feed"), feed);
	if (strcmp(state_text(s, "owner"), owner) != 0)
		return err_set(err, REASON_USAGE, "state %s belongs to owner '%s', not to '%s'", s->path, state_text(s, "owner"), owner);
	return 0;
}

static int
migrate(struct state *s, int from, struct err *err)
{
	char text[64];
	int v;

	for (v = from; v < VERSION; v++) {
		if (execute(s, "BEGIN IMMEDIATE", "write", err) == -1)
			return -1;
		snprintf(text, sizeof(text), "PRAGMA user_version = %d", v + 1);
		if (execute(s, migration[v], "write", err) == -1 || execute(s, text, "write", err) == -1 ||
		    execute(s, "COMMIT", "write", err) == -1) {
			state_rollback(s);
			return -1;
		}
	}
	return 0;
}

static int
create(struct state *s, const char *feed, const char *owner, struct err *err)
{
	char text[64];
	int v;

	snprintf(text, sizeof(text), "PRAGMA application_id = %d", APPLICATION_ID);
	if (execute(s, "PRAGMA page_size = 4096; BEGIN IMMEDIATE", "write", err) == -1 || execute(s, text, "write", err) == -1)
		return -1;
	for (v = 0; v < VERSION; v++)
		if (execute(s, migration[v], "write", err) == -1)
			return -1;
	snprintf(text, sizeof(text), "PRAGMA user_version = %d", VERSION);
	if (execute(s, text, "write", err) == -1)
		return -1;
	s->meta = json_object_new_object();
	state_set_text(s, "feed", feed);
	state_set_text(s, "owner", owner);
	state_set_number(s, "format", VERSION);
	s->has_unsettled = true;
	if (s->lost)
		state_set_text(s, "hold", "the state was lost");
	if (write_meta(s, err) == -1 || execute(s, "COMMIT", "write", err) == -1) {
		state_rollback(s);
		return -1;
	}
	return 0;
}

/*
 * A version above ours is a newer program's file, unless the file itself says
 * otherwise: then a bit of the header has changed.
 */
static int
check_version(struct state *s, long long version, struct err *err)
{
	struct err why;

	if (version == 0)
		return state_damage(s, err, "it has no version");
	if (version <= VERSION && version > 0)
		return 0;
	if (read_meta(s, &why) == 0) {
		long long format = state_number(s, "format");

		json_object_put(s->meta);
		s->meta = NULL;
		if (format > 0 && format <= VERSION)
			return state_damage(s, err, "its version does not match its description");
	}
	s->damaged = false;
	return err_set(err, REASON_USAGE, "state %s has format %lld, this program knows formats up to %d: it was written by a newer version; "
	    "it is left as it is", s->path, version, VERSION);
}

static int
open_existing(struct state *s, const char *feed, const char *owner, enum state_open how, struct err *err)
{
	long long id, version;
	struct stat st;

	if (pragma(s, "PRAGMA application_id", &id, err) == -1 || pragma(s, "PRAGMA user_version", &version, err) == -1)
		return -1;
	if (id != APPLICATION_ID)
		return state_damage(s, err, "it is no state of this program");
	if (check_version(s, version, err) == -1 || read_meta(s, err) == -1 || check_owner(s, feed, owner, err) == -1)
		return -1;
	if (version < VERSION && how != STATE_READ) {
		if (migrate(s, (int)version, err) == -1)
			return -1;
		state_set_number(s, "format", VERSION);
		version = VERSION;
	}
	s->has_unsettled = version >= VERSION_UNSETTLED;
	/* a small file is checked as a whole; of a large one, filter checks every row as it reads it */
	if (stat(s->path, &st) == 0 && st.st_size < 1024 * 1024) {
		struct sqlite3_stmt *q = NULL;
		const char *word = NULL;
		int rc = 0;

		if (sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW)
			rc = state_fail(s, err, "read");
		else if ((word = (const char *)sqlite3_column_text(q, 0)) == NULL || strcmp(word, "ok") != 0)
			rc = state_damage(s, err, word != NULL ? word : "quick_check fails");
		sqlite3_finalize(q);
		return rc;
	}
	return 0;
}

static int
settings(struct state *s, struct err *err)
{
	sqlite3_busy_timeout(s->db, BUSY_MS);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* TRUNCATE with EXTRA: a transaction that was said to be done survives power loss at once */
	return execute(s, "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA; PRAGMA cell_size_check = ON;"
	    "PRAGMA cache_size = -8192; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY", "open", err);
}

int
state_open(struct state *s, const char *dir, const char *feed, const char *owner, enum state_open how, struct err *err)
{
	char marker[PATH_MAX + 8];
	struct stat st;
	bool empty;

	memset(s, 0, sizeof(*s));
	if (state_path(s->path, sizeof(s->path), dir, feed, owner, err) == -1)
		return -1;
	snprintf(marker, sizeof(marker), "%s.run", s->path);
	if (lstat(s->path, &st) == -1) {
		if (errno != ENOENT)
			return err_set(err, REASON_STATE, "cannot open state %s: %s", s->path, strerror(errno));
		s->lost = access(marker, F_OK) == 0;
		if (how != STATE_CREATE)
			return 0;
		st.st_size = 0;
		empty = true;
	} else {
		if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
			return err_set(err, REASON_USAGE, "refusing state %s: it is no regular file of this user", s->path);
		empty = st.st_size == 0;
		/* made and killed before the first byte, or cut to nothing */
		if (empty && access(marker, F_OK) == 0)
			return state_damage(s, err, "it is empty");
		if (empty && how != STATE_CREATE)
			return 0;
	}
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | (how == STATE_CREATE ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOFOLLOW |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
		state_fail(s, err, "open");
		goto fail;
	}
	if (empty)
		chmod(s->path, 0600);
	if (settings(s, err) == -1)
		goto fail;
	if (empty ? create(s, feed, owner, err) == -1 : open_existing(s, feed, owner, how, err) == -1)
		goto fail;
	snprintf(marker, sizeof(marker), "%s.hold", s->path);
	if (access(marker, F_OK) == 0) {
		s->hold_file = true;
		state_set_text(s, "hold", "the state was damaged");
	}
	return 0;
fail:
	{
		bool damaged = s->damaged, lost = s->lost;

		state_close(s);
		s->damaged = damaged;
		s->lost = lost;
	}
	return -1;
}

void
state_close(struct state *s)
{
	int i;

	if (s->db != NULL) {
		state_rollback(s);
		for (i = 0; i < STMT_COUNT; i++)
			sqlite3_finalize(s->stmt[i]);
		memset(s->stmt, 0, sizeof(s->stmt));
		sqlite3_close(s->db);
		s->db = NULL;
	}
	json_object_put(s->meta);
	s->meta = NULL;
	free(s->scratch);
	s->scratch = NULL;
	s->scratch_cap = 0;
}

/* --- transactions --- */

int
state_begin(struct state *s, struct err *err)
{
	if (s->in_transaction)
		return 0;
	if (execute(s, "BEGIN IMMEDIATE", "write", err) == -1)
		return -1;
	s->in_transaction = true;
	return 0;
}

int
state_commit(struct state *s, struct err *err)
{
	if (!s->in_transaction)
		return 0;
	if (write_meta(s, err) == -1 || execute(s, "COMMIT", "write", err) == -1) {
		state_rollback(s);
		return -1;
	}
	s->in_transaction = false;
	if (s->hold_file) {
		char name[PATH_MAX + 8];

		snprintf(name, sizeof(name), "%s.hold", s->path);
		unlink(name);
		s->hold_file = false;
	}
	return 0;
}

void
state_rollback(struct state *s)
{
	int i;

	state_parts_close(s);
	for (i = 0; i < STMT_COUNT; i++)
		if (s->stmt[i] != NULL)
			sqlite3_reset(s->stmt[i]);
	if (s->db != NULL && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->in_transaction = false;
}
