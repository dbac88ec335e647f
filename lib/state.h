/*
 * What the platform is known to hold of a feed: one SQLite file per owner and
 * feed, behind an interface that knows nothing of objects' contents.
 *
 * A row is an object: its key is a hash of its identity, its hash that of the
 * content that was acknowledged last. What has been sent and not been
 * acknowledged is a pending note in the same row. Each row carries a check
 * value over its key and bytes, since SQLite's own checks miss most changes
 * inside values; a row that does not match is damage, never a fact.
 *
 * Damage anywhere makes a function return -1 with state->damaged set; the
 * caller closes, calls state_repair() and starts again: the copy of the last
 * good file takes the place of the damaged one, which is kept beside it.
 *
 * Files in the state directory, all 0600:
 *	FEED.OWNERHASH.state		the state
 *	FEED.OWNERHASH.state.good	copy of the last good one
 *	FEED.OWNERHASH.state.run	says that a state existed
 *	FEED.OWNERHASH.state.hold	after a repair, until removals are off in the state itself
 *	FEED.OWNERHASH.state.damaged	what was set aside
 */
#ifndef TC_STATE_H
#define TC_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "schema.h"

struct json_object;
struct sqlite3;
struct sqlite3_stmt;
struct state_walk;

#define STATE_KEY	16
#define STATE_HASH	16
#define STATE_PRINTS	40	/* members of an object that have a fingerprint */

/* Row flags. */
enum {
	ROW_KNOWN	= 1,	/* acknowledged at least once: the platform has it */
	ROW_ACTIVE	= 2,
	ROW_PENDING	= 4,	/* sent, not acknowledged */
	ROW_DOUBT	= 8,	/* pending in batch: uploaded, outcome not known */
	ROW_MISSING	= 16,	/* the feed does not list it any more */
	ROW_REFUSED	= 32,	/* the platform refused refused_hash; why is in the ledger */
};

/* What a pending note or a retraction asks for. */
enum row_kind { KIND_NONE, KIND_NEW, KIND_CHANGED, KIND_REFRESHED, KIND_RETRIED, KIND_RETURNED, KIND_INACTIVE, KIND_DELETE };

/* Fingerprints of an object's members: which changed can be said without keeping contents. */
struct row_prints {
	uint8_t		n;
	uint8_t		at[STATE_PRINTS][2];	/* schema_field_index(), one byte of a hash */
};

struct row {
	uint8_t		key[STATE_KEY];	/* first byte: 1 group, 2 indicator, 3 association */
	uint16_t	flags;
	uint8_t		type;		/* enum tc_type */
	uint8_t		retract;	/* enum row_kind: the record itself said so; waits for expire */
	/* ROW_KNOWN */
	uint8_t		hash[STATE_HASH];
	uint32_t	sent_at;	/* seconds since 1970 */
	struct row_prints prints;
	/* ROW_PENDING */
	uint8_t		pend_kind;	/* enum row_kind */
	uint8_t		doubt_runs;	/* ROW_DOUBT: filter runs since */
	uint8_t		pend_hash[STATE_HASH];
	uint32_t	pend_run;
	uint64_t	batch;		/* ROW_DOUBT */
	struct row_prints pend_prints;
	/* ROW_MISSING */
	uint32_t	missing_mark;	/* complete runs at the time it was first missed */
	uint32_t	missing_since;
	/* ROW_REFUSED */
	uint8_t		refused_hash[STATE_HASH];
	uint8_t		refused_kind;	/* enum row_kind */
	uint32_t	refused_run;	/* 0: to be tried again */
	/* the value members as a canonical line has them after its type: "summary":"..." */
	const char	*value;		/* belongs to whoever filled the row */
	uint32_t	value_len;
};

struct state {
	struct sqlite3	*db;		/* NULL: there is no state yet */
	char		 path[PATH_MAX];
	char		 feed[80], owner_hash[16];
	bool		 damaged;	/* the last failure was damage */
	bool		 lost;		/* there is none, but there was one */
	bool		 in_transaction;
	bool		 hold_file;	/* private: FEED.OWNERHASH.state.hold is there */
	struct json_object *meta;	/* read-modify-write: what this version does not know stays */
	bool		 has_unsettled;	/* private: an older file, only read, has not */
	bool		 young;		/* private: no rows at the beginning of the run */
	struct state_walk *walk;	/* private: between state_parts_open and _end */
	struct sqlite3_stmt *stmt[24];	/* private */
	char		*scratch;	/* private: the value of the row read last */
	size_t		 scratch_cap;
};

enum state_open { STATE_READ, STATE_WRITE, STATE_CREATE };

/*
 * Opens DIR/FEED.OWNERHASH.state. READ and WRITE leave db NULL where there is
 * none. Another owner's or feed's, and one written by a newer version, are
 * refused untouched (USAGE).
 */
int	 state_open(struct state *, const char *dir, const char *feed, const char *owner, enum state_open, struct err *) TC_MUST_CHECK;
void	 state_close(struct state *);

/*
 * After damage, with the state closed: sets the file aside and puts the copy
 * in its place if there is one (*from_copy). The next state_open() is told by
 * state_meta "hold" that removals are off until a complete run has passed.
 */
int	 state_repair(struct state *, bool *from_copy, struct err *) TC_MUST_CHECK;
/* The file as it is becomes the copy; with no transaction open. */
int	 state_keep_copy(struct state *, struct err *) TC_MUST_CHECK;
/* Leaves the mark that a state exists, if it is not there yet. */
int	 state_mark(struct state *, struct err *) TC_MUST_CHECK;

int	 state_begin(struct state *, struct err *) TC_MUST_CHECK;
/* The transaction of a whole run: decides where its notes are written, keeps the table of what is open small beside the other. */
int	 state_run_begin(struct state *, struct err *) TC_MUST_CHECK;
int	 state_commit(struct state *, struct err *) TC_MUST_CHECK;	/* meta is written with it */
void	 state_rollback(struct state *);

/* Numbers and texts of the state itself; 0 and "" where unset. */
long long state_number(const struct state *, const char *name);
void	 state_set_number(struct state *, const char *name, long long);
const char *state_text(const struct state *, const char *name);
void	 state_set_text(struct state *, const char *name, const char *text);

/* Rows in key order, from >= from and < to (NULL: end); fn returns -1 to stop with err. value is valid during the call. */
int	 state_scan(struct state *, const uint8_t *from, const uint8_t *to, int (*fn)(void *, struct row *, struct err *), void *, struct err *)
    TC_MUST_CHECK;
/*
 * The same for a state that is walked in parts, each behind the one before,
 * with writes between them to what has been passed. All rows are met: one
 * that stands where no part is, is damage.
 */
int	 state_parts_open(struct state *, struct err *) TC_MUST_CHECK;
int	 state_part(struct state *, const uint8_t *from, const uint8_t *to, int (*fn)(void *, struct row *, struct err *), void *, struct err *)
    TC_MUST_CHECK;
int	 state_parts_end(struct state *, struct err *) TC_MUST_CHECK;
void	 state_parts_close(struct state *);	/* before the end, where something failed */
/* 1 found, 0 not there, -1. By the key itself, else by an alias of it. value is valid until the next call. */
int	 state_get(struct state *, const uint8_t key[STATE_KEY], struct row *, struct err *) TC_MUST_CHECK;
/* By an alias only, although there may be a row with that key as well: until they are known to be one. */
int	 state_get_alias(struct state *, const uint8_t key[STATE_KEY], struct row *, struct err *) TC_MUST_CHECK;
int	 state_put(struct state *, const struct row *, struct err *) TC_MUST_CHECK;
int	 state_delete(struct state *, const uint8_t key[STATE_KEY], struct err *) TC_MUST_CHECK;

/* Other hashes of a File. scan: fn gets hash key and row key. */
int	 state_alias_put(struct state *, const uint8_t alias[STATE_KEY], const uint8_t key[STATE_KEY], struct err *) TC_MUST_CHECK;
int	 state_alias_delete(struct state *, const uint8_t alias[STATE_KEY], struct err *) TC_MUST_CHECK;
int	 state_alias_scan(struct state *, const uint8_t *from, const uint8_t *to,
    int (*fn)(void *, const uint8_t *alias, const uint8_t *key, struct err *), void *, struct err *) TC_MUST_CHECK;

/* Why objects were refused. scan: code, reason, time, in key order. */
int	 state_ledger_put(struct state *, const uint8_t key[STATE_KEY], const char *code, const char *reason, int64_t when, struct err *) TC_MUST_CHECK;
int	 state_ledger_delete(struct state *, const uint8_t key[STATE_KEY], struct err *) TC_MUST_CHECK;
int	 state_ledger_get(struct state *, const uint8_t key[STATE_KEY], char code[32], char reason[512], int64_t *when, struct err *) TC_MUST_CHECK;

/* Contents, where the definition keeps them: the acknowledged line and the pending one (NULL, 0: none). */
int	 state_content_put(struct state *, const uint8_t key[STATE_KEY], const char *line, size_t len, struct err *) TC_MUST_CHECK;	/* as pending */
int	 state_content_accept(struct state *, const uint8_t key[STATE_KEY], struct err *) TC_MUST_CHECK;	/* pending becomes acknowledged */
int	 state_content_delete(struct state *, const uint8_t key[STATE_KEY], struct err *) TC_MUST_CHECK;
/* 1 found: the acknowledged line, caller frees; 0 none; -1. */
int	 state_content_get(struct state *, const uint8_t key[STATE_KEY], char **line, size_t *len, struct err *) TC_MUST_CHECK;

/* Notes of runs, JSON by run number; the last RUNS_KEPT stay. */
#define STATE_RUNS_KEPT 100
int	 state_run_put(struct state *, uint32_t run, const char *json, struct err *) TC_MUST_CHECK;
char	*state_run_get(struct state *, uint32_t run);	/* caller frees; NULL: none */

/* The whole file, page by page and row by row. -1: err says what is wrong. *rows counts. */
int	 state_verify(struct state *, long long *rows, struct err *) TC_MUST_CHECK;

/* Encoding, for tests: the row's bytes with their check value; -1: damaged. */
#define STATE_ROW_FIXED 512
size_t	 state_row_encode(const struct row *, unsigned char *to);	/* at most STATE_ROW_FIXED + value_len */
int	 state_row_decode(struct row *, const unsigned char key[STATE_KEY], const unsigned char *bytes, size_t len) TC_MUST_CHECK;
uint32_t state_check(const unsigned char *key, size_t keylen, const void *bytes, size_t len);

/* Names: DIR/FEED.OWNERHASH.state, cut off by state_open's rules. */
int	 state_path(char *path, size_t size, const char *dir, const char *feed, const char *owner, struct err *) TC_MUST_CHECK;

#endif
