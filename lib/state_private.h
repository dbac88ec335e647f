/*
 * What the files of the state room share.
 */
#ifndef TC_STATE_PRIVATE_H
#define TC_STATE_PRIVATE_H

#include "state.h"

enum state_stmt {
	STMT_GET, STMT_SCAN, STMT_WALK, STMT_PUT, STMT_DELETE,
	STMT_OPEN_GET, STMT_OPEN_SCAN, STMT_OPEN_WALK, STMT_OPEN_PUT, STMT_OPEN_DELETE,
	STMT_ALIAS_GET, STMT_ALIAS_SCAN, STMT_ALIAS_PUT, STMT_ALIAS_DELETE, STMT_LEDGER_GET, STMT_LEDGER_PUT, STMT_LEDGER_DELETE, STMT_CONTENT_GET, STMT_CONTENT_PUT, 
	STMT_CONTENT_ACCEPT, STMT_CONTENT_DELETE, STMT_META_PUT, STMT_COUNT
};

/* The prepared statement, NULL where SQLite refuses it (damage). */
struct sqlite3_stmt *state_stmt(struct state *, enum state_stmt);

/* Runs a statement that returns no row, resets it. */
int	 state_step(struct state *, struct sqlite3_stmt *, const char *what, struct err *) TC_MUST_CHECK;

/* The same, for one that has a key as its only parameter. */
int	 state_by_key(struct state *, enum state_stmt, const uint8_t key[STATE_KEY], struct err *) TC_MUST_CHECK;

/* state_get() without the aliases. */
int	 state_get_exact(struct state *, const uint8_t key[STATE_KEY], struct row *, struct err *) TC_MUST_CHECK;

/* What SQLite said last, told apart: damage, no space, in use, the rest. Always -1. */
int	 state_fail(struct state *, struct err *, const char *what);
int	 state_damage(struct state *, struct err *, const char *what);

#endif
