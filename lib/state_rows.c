/* Aliases, the ledger, contents, runs: what a transaction reads and writes beside the rows of objects. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "state_private.h"
#include "xmalloc.h"

static const uint8_t end_of_keys[STATE_KEY] = { 0xff };

int
state_step(struct state *s, struct sqlite3_stmt *st, const char *what, struct err *err)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_DONE)
		state_fail(s, err, what);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
state_by_key(struct state *s, enum state_stmt which, const uint8_t key[STATE_KEY], struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, which);

	if (st == NULL)
		return state_fail(s, err, "write");
	sqlite3_bind_blob(st, 1, key, STATE_KEY, SQLITE_STATIC);
	return state_step(s, st, "write", err);
}

/* --- aliases --- */

static int
read_alias(struct state *s, struct sqlite3_stmt *st, const uint8_t **alias, const uint8_t **of, struct err *err)
{
	*alias = sqlite3_column_blob(st, 0);
	*of = sqlite3_column_blob(st, 1);
	if (*alias == NULL || *of == NULL || sqlite3_column_bytes(st, 0) != STATE_KEY || sqlite3_column_bytes(st, 1) != STATE_KEY ||
	    sqlite3_column_int64(st, 2) != state_check(*alias, STATE_KEY, *of, STATE_KEY))
		return state_damage(s, err, "an alias does not match its check value");
	return 0;
}

int
state_get_alias(struct state *s, const uint8_t key[STATE_KEY], struct row *r, struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, STMT_ALIAS_GET);
	uint8_t other[STATE_KEY];
	const uint8_t *alias, *of;
	int rc, found = 0;

	if (key[0] != 2)	/* only Files have aliases */
		return 0;
	if (st == NULL)
		return state_fail(s, err, "read");
	sqlite3_bind_blob(st, 1, key, STATE_KEY, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		found = read_alias(s, st, &alias, &of, err) == -1 ? -1 : 1;
		if (found == 1)
			memcpy(other, of, STATE_KEY);
	} else if (rc != SQLITE_DONE)
		found = state_fail(s, err, "read");
	sqlite3_reset(st);
	return found == 1 ? state_get_exact(s, other, r, err) : found;
}

int
state_alias_put(struct state *s, const uint8_t alias[STATE_KEY], const uint8_t key[STATE_KEY], struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, STMT_ALIAS_PUT);

	if (st == NULL)
		return state_fail(s, err, "write");
	sqlite3_bind_blob(st, 1, alias, STATE_KEY, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, key, STATE_KEY, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, state_check(alias, STATE_KEY, key, STATE_KEY));
	return state_step(s, st, "write", err);
}

int
state_alias_delete(struct state *s, const uint8_t alias[STATE_KEY], struct err *err)
{
	return state_by_key(s, STMT_ALIAS_DELETE, alias, err);
}

int
state_alias_scan(struct state *s, const uint8_t *from, const uint8_t *to,
    int (*fn)(void *, const uint8_t *alias, const uint8_t *key, struct err *), void *arg, struct err *err)
{
	static const uint8_t first[STATE_KEY];
	struct sqlite3_stmt *st = state_stmt(s, STMT_ALIAS_SCAN);
	const uint8_t *alias, *of;
	int rc;

	if (st == NULL)
		return state_fail(s, err, "read");
	sqlite3_bind_blob(st, 1, from != NULL ? from : first, STATE_KEY, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, to != NULL ? to : end_of_keys, STATE_KEY, SQLITE_STATIC);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if (read_alias(s, st, &alias, &of, err) == -1 || fn(arg, alias, of, err) == -1) {
			rc = -1;
			break;
		}
	if (rc != SQLITE_DONE && rc != -1)
		state_fail(s, err, "read");
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* --- ledger --- */

int
state_ledger_put(struct state *s, const uint8_t key[STATE_KEY], const char *code, const char *reason, int64_t when, struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, STMT_LEDGER_PUT);

	if (st == NULL)
		return state_fail(s, err, "write");
	sqlite3_bind_blob(st, 1, key, STATE_KEY, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, code, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, reason, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 4, when);
	return state_step(s, st, "write", err);
}

int
state_ledger_delete(struct state *s, const uint8_t key[STATE_KEY], struct err *err)
{
	return state_by_key(s, STMT_LEDGER_DELETE, key, err);
}

int
state_ledger_get(struct state *s, const uint8_t key[STATE_KEY], char code[32], char reason[512], int64_t *when, struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, STMT_LEDGER_GET);
	const char *text;
	int rc;

	code[0] = reason[0] = '\0';
	*when = 0;
	if (st == NULL)
		return state_fail(s, err, "read");
	sqlite3_bind_blob(st, 1, key, STATE_KEY, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		if ((text = (const char *)sqlite3_column_text(st, 0)) != NULL)
			strncat(code, text, 31);
		if ((text = (const char *)sqlite3_column_text(st, 1)) != NULL)
			strncat(reason, text, 511);
		*when = sqlite3_column_int64(st, 2);
	} else if (rc != SQLITE_DONE)
		state_fail(s, err, "read");
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

/* --- contents --- */

int
state_content_put(struct state *s, const uint8_t key[STATE_KEY], const char *line, size_t len, struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, STMT_CONTENT_PUT);

	if (st == NULL)
		return state_fail(s, err, "write");
	sqlite3_bind_blob(st, 1, key, STATE_KEY, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, line, (int)len, SQLITE_STATIC);
	return state_step(s, st, "write", err);
}

int
state_content_accept(struct state *s, const uint8_t key[STATE_KEY], struct err *err)
{
	return state_by_key(s, STMT_CONTENT_ACCEPT, key, err);
}

int
state_content_delete(struct state *s, const uint8_t key[STATE_KEY], struct err *err)
{
	return state_by_key(s, STMT_CONTENT_DELETE, key, err);
}

int
state_content_get(struct state *s, const uint8_t key[STATE_KEY], char **line, size_t *len, struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, STMT_CONTENT_GET);
	const char *text;
	int rc;

	if (st == NULL)
		return state_fail(s, err, "read");
	sqlite3_bind_blob(st, 1, key, STATE_KEY, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && (text = (const char *)sqlite3_column_text(st, 0)) != NULL) {
		*len = (size_t)sqlite3_column_bytes(st, 0);
		*line = xstrndup(text, *len);
		rc = 1;
	} else if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		rc = 0;
	else
		rc = state_fail(s, err, "read");
	sqlite3_reset(st);
	return rc;
}

/* --- runs --- */

int
state_run_put(struct state *s, uint32_t run, const char *json, struct err *err)
{
	struct sqlite3_stmt *st = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(s->db, "INSERT OR REPLACE INTO run (run, body) VALUES (?1, ?2)", -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, run);
		sqlite3_bind_text(st, 2, json, -1, SQLITE_STATIC);
		rc = state_step(s, st, "write", err);
	} else
		state_fail(s, err, "write");
	sqlite3_finalize(st);
	st = NULL;
	if (rc == 0 && run > STATE_RUNS_KEPT) {
		rc = -1;
		if (sqlite3_prepare_v2(s->db, "DELETE FROM run WHERE run <= ?1", -1, &st, NULL) == SQLITE_OK) {
			sqlite3_bind_int64(st, 1, (long long)run - STATE_RUNS_KEPT);
			rc = state_step(s, st, "write", err);
		} else
			state_fail(s, err, "write");
		sqlite3_finalize(st);
	}
	return rc;
}

char *
state_run_get(struct state *s, uint32_t run)
{
	struct sqlite3_stmt *st = NULL;
	const char *text;
	char *copy = NULL;

	if (sqlite3_prepare_v2(s->db, "SELECT body FROM run WHERE run = ?1", -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, run);
		if (sqlite3_step(st) == SQLITE_ROW && (text = (const char *)sqlite3_column_text(st, 0)) != NULL)
			copy = xstrdup(text);
	}
	sqlite3_finalize(st);
	return copy;
}

/* --- verify --- */

static int
count_row(void *arg, struct row *r, struct err *err)
{
	(void)r;
	(void)err;
	++*(long long *)arg;
	return 0;
}

static int
ignore_alias(void *arg, const uint8_t *alias, const uint8_t *key, struct err *err)
{
	(void)arg;
	(void)alias;
	(void)key;
	(void)err;
	return 0;
}

int
state_verify(struct state *s, long long *rows, struct err *err)
{
	struct sqlite3_stmt *st = NULL;
	const char *word = NULL;
	int rc = 0;

	*rows = 0;
	if (sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		rc = state_fail(s, err, "read");
	else if ((word = (const char *)sqlite3_column_text(st, 0)) == NULL || strcmp(word, "ok") != 0)
		rc = state_damage(s, err, word != NULL ? word : "integrity_check fails");
	sqlite3_finalize(st);
	if (rc == 0)
		rc = state_scan(s, NULL, NULL, count_row, rows, err);
	if (rc == 0)
		rc = state_alias_scan(s, NULL, NULL, ignore_alias, NULL, err);
	return rc;
}
