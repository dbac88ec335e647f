/*
 * The rows of objects, in two tables: "object", and beside it "unsettled" with
 * those that something is open about (sent, in doubt, missing, refused,
 * retracted). Where both have a key, the unsettled row is the row.
 *
 * Keys are hashes, so what a run notes is scattered over the whole of a large
 * table: written there, 3 % of a million rows change every second page of the
 * file. Written beside it in the order of their keys, they are a few hundred
 * pages; the large table changes when the platform has acknowledged, and only
 * for what was sent.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "state_private.h"
#include "xmalloc.h"

#define FOLD_SHARE	4	/* unsettled rows are brought home when they are more than one in so many */
#define FOLD_LEAST	4096

static const uint8_t end_of_keys[STATE_KEY] = { 0xff };

static int
read_row(struct state *s, struct sqlite3_stmt *st, struct row *r, struct err *err)
{
	const void *key = sqlite3_column_blob(st, 0), *bytes = sqlite3_column_blob(st, 1);

	if (key == NULL || bytes == NULL || sqlite3_column_bytes(st, 0) != STATE_KEY ||
	    state_row_decode(r, key, bytes, (size_t)sqlite3_column_bytes(st, 1)) == -1)
		return state_damage(s, err, "a row does not match its check value");
	return 0;
}

/* --- in order --- */

/* One table's rows, one after the other. */
struct state_cursor {
	struct sqlite3_stmt *st;	/* NULL: a table that is not there */
	struct row	 row;		/* value belongs to SQLite */
	uint8_t		 last[STATE_KEY];
	bool		 there;		/* row is one */
};

/* Both tables side by side; what is unsettled stands for what is not. */
struct state_walk {
	struct state_cursor home, open;
};

static int
next_row(struct state *s, struct state_cursor *c, struct err *err)
{
	int rc;

	c->there = false;
	if (c->st == NULL)
		return 0;
	if ((rc = sqlite3_step(c->st)) == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return state_fail(s, err, "read");
	if (read_row(s, c->st, &c->row, err) == -1)
		return -1;
	/* a page that is hung in twice or at the wrong place */
	if (memcmp(c->row.key, c->last, STATE_KEY) <= 0)
		return state_damage(s, err, "its rows are not in order");
	memcpy(c->last, c->row.key, STATE_KEY);
	c->there = true;
	return 0;
}

static int
open_cursor(struct state *s, struct state_cursor *c, enum state_stmt which, struct err *err)
{
	return (c->st = state_stmt(s, which)) == NULL ? state_fail(s, err, "read") : 0;
}

/* In both tables the first row is there, if there is one. */
static int
begin_walk(struct state *s, struct state_walk *w, struct err *err)
{
	return next_row(s, &w->home, err) == -1 ? -1 : next_row(s, &w->open, err);
}

static void
bind_range(struct sqlite3_stmt *st, const uint8_t *from, const uint8_t *to)
{
	static const uint8_t first[STATE_KEY];

	sqlite3_bind_blob(st, 1, from != NULL ? from : first, STATE_KEY, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, to != NULL ? to : end_of_keys, STATE_KEY, SQLITE_STATIC);
}

static void
close_walk(struct state_walk *w)
{
	if (w->home.st != NULL)
		sqlite3_reset(w->home.st);
	if (w->open.st != NULL)
		sqlite3_reset(w->open.st);
}

/* The next row of both; NULL: none. */
static struct row *
walk_row(struct state_walk *w)
{
	if (!w->open.there)
		return w->home.there ? &w->home.row : NULL;
	return w->home.there && memcmp(w->home.row.key, w->open.row.key, STATE_KEY) < 0 ? &w->home.row : &w->open.row;
}

static int
walk_on(struct state *s, struct state_walk *w, struct err *err)
{
	int order = !w->open.there ? -1 : !w->home.there ? 1 : memcmp(w->home.row.key, w->open.row.key, STATE_KEY);

	if (order <= 0 && next_row(s, &w->home, err) == -1)
		return -1;
	return order >= 0 ? next_row(s, &w->open, err) : 0;
}

int
state_scan(struct state *s, const uint8_t *from, const uint8_t *to, int (*fn)(void *, struct row *, struct err *), void *arg, struct err *err)
{
	struct state_walk w = { 0 };
	struct row *r;
	int rc;

	if (open_cursor(s, &w.home, STMT_SCAN, err) == -1 || (s->has_unsettled && open_cursor(s, &w.open, STMT_OPEN_SCAN, err) == -1))
		return -1;
	bind_range(w.home.st, from, to);
	if (w.open.st != NULL)
		bind_range(w.open.st, from, to);
	rc = begin_walk(s, &w, err);
	while (rc == 0 && (r = walk_row(&w)) != NULL)
		rc = fn(arg, r, err) == -1 ? -1 : walk_on(s, &w, err);
	close_walk(&w);
	return rc;
}

int
state_parts_open(struct state *s, struct err *err)
{
	state_parts_close(s);
	if (s->db == NULL)
		return 0;
	s->walk = xcalloc(1, sizeof(*s->walk));
	if (open_cursor(s, &s->walk->home, STMT_WALK, err) == -1 ||
	    (s->has_unsettled && open_cursor(s, &s->walk->open, STMT_OPEN_WALK, err) == -1))
		return -1;
	return begin_walk(s, s->walk, err);
}

int
state_part(struct state *s, const uint8_t *from, const uint8_t *to, int (*fn)(void *, struct row *, struct err *), void *arg, struct err *err)
{
	struct row *r;

	while (s->walk != NULL && (r = walk_row(s->walk)) != NULL && (to == NULL || memcmp(r->key, to, STATE_KEY) < 0)) {
		if (memcmp(r->key, from, STATE_KEY) < 0)
			return state_damage(s, err, "a row stands where none belongs");
		if (fn(arg, r, err) == -1 || walk_on(s, s->walk, err) == -1)
			return -1;
	}
	return 0;
}

int
state_parts_end(struct state *s, struct err *err)
{
	bool more = s->walk != NULL && walk_row(s->walk) != NULL;

	state_parts_close(s);
	return more ? state_damage(s, err, "a row stands behind all that belong") : 0;
}

void
state_parts_close(struct state *s)
{
	if (s->walk != NULL)
		close_walk(s->walk);
	free(s->walk);
	s->walk = NULL;
}

/* --- where the rows stand --- */

static int
number(struct state *s, const char *query, long long *n, struct err *err)
{
	struct sqlite3_stmt *st = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(s->db, query, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		rc = state_fail(s, err, "read");
	else
		*n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc;
}

int
state_run_begin(struct state *s, struct err *err)
{
	long long any = 0, open = 0;

	if (state_begin(s, err) == -1 || number(s, "SELECT EXISTS (SELECT 1 FROM object)", &any, err) == -1 ||
	    number(s, "SELECT count(*) FROM unsettled", &open, err) == -1)
		return -1;
	s->young = any == 0;
	if (open < FOLD_LEAST || open * FOLD_SHARE < state_number(s, "known"))
		return 0;
	if (sqlite3_exec(s->db, "INSERT OR REPLACE INTO object (key, row) SELECT key, row FROM unsettled ORDER BY key; DELETE FROM unsettled",
	    NULL, NULL, NULL) != SQLITE_OK)
		return state_fail(s, err, "write");
	return 0;
}

/* --- one --- */

static int
get_from(struct state *s, enum state_stmt which, const uint8_t key[STATE_KEY], struct row *r, struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, which);
	int rc, found = 0;

	if (st == NULL)
		return state_fail(s, err, "read");
	sqlite3_bind_blob(st, 1, key, STATE_KEY, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		found = read_row(s, st, r, err) == -1 ? -1 : 1;
		if (found == 1) {
			if (s->scratch_cap < r->value_len + 1) {
				s->scratch_cap = r->value_len + 1024;
				s->scratch = xrealloc(s->scratch, s->scratch_cap);
			}
			memcpy(s->scratch, r->value, r->value_len);
			r->value = s->scratch;
		}
	} else if (rc != SQLITE_DONE)
		found = state_fail(s, err, "read");
	sqlite3_reset(st);
	return found;
}

int
state_get_exact(struct state *s, const uint8_t key[STATE_KEY], struct row *r, struct err *err)
{
	int found = s->has_unsettled ? get_from(s, STMT_OPEN_GET, key, r, err) : 0;

	return found != 0 ? found : get_from(s, STMT_GET, key, r, err);
}

int
state_get(struct state *s, const uint8_t key[STATE_KEY], struct row *r, struct err *err)
{
	int found = state_get_exact(s, key, r, err);

	return found != 0 ? found : state_get_alias(s, key, r, err);
}

static bool
is_settled(const struct row *r)
{
	return (r->flags & (ROW_PENDING | ROW_DOUBT | ROW_MISSING | ROW_REFUSED)) == 0 && r->retract == KIND_NONE;
}

static int
put_into(struct state *s, enum state_stmt which, const struct row *r, struct err *err)
{
	struct sqlite3_stmt *st = state_stmt(s, which);
	unsigned char small[2048], *bytes = small;
	int rc;

	if (st == NULL)
		return state_fail(s, err, "write");
	if (r->value_len + STATE_ROW_FIXED > sizeof(small))
		bytes = xmalloc(r->value_len + STATE_ROW_FIXED);
	sqlite3_bind_blob(st, 1, r->key, STATE_KEY, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, bytes, (int)state_row_encode(r, bytes), SQLITE_STATIC);
	rc = state_step(s, st, "write", err);
	if (bytes != small)
		free(bytes);
	return rc;
}

int
state_put(struct state *s, const struct row *r, struct err *err)
{
	/* a first run comes in the order of the keys and fills the large table itself */
	if (!s->young && !is_settled(r))
		return put_into(s, STMT_OPEN_PUT, r, err);
	return put_into(s, STMT_PUT, r, err) == -1 || state_by_key(s, STMT_OPEN_DELETE, r->key, err) == -1 ? -1 : 0;
}

int
state_delete(struct state *s, const uint8_t key[STATE_KEY], struct err *err)
{
	return state_by_key(s, STMT_DELETE, key, err) == -1 || state_by_key(s, STMT_OPEN_DELETE, key, err) == -1 ? -1 : 0;
}
