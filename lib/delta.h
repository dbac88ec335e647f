/*
 * tc-delta: between what a feed lists and what the platform is known to hold.
 *
 * tools/tc-delta.c reads the options into a struct delta and calls one of the
 * subcommands below, each in a file of its own. A subcommand returns 0 or -1
 * with err; counts go to delta->tool->stats, the summary line to
 * delta->summary. See tc-delta(1) for what they promise.
 */
#ifndef TC_DELTA_H
#define TC_DELTA_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "feed.h"
#include "io.h"
#include "lock.h"
#include "object.h"
#include "params.h"
#include "state.h"
#include "tool.h"

struct delta {
	struct tool	*tool;
	struct feed	*feed;
	struct params	*params;
	const char	*owner;		/* "" where none was given */
	char		 dir[PATH_MAX];
	int64_t		 now;
	struct lock	 lock;
	struct state	 state;
	char		 summary[512];

	/* options */
	bool		 dry_run, json, complete, all, platform, forget, replace, refresh_now;
	const char	*journal;	/* settle */
	const char	*removed;	/* expire: where removed lines are kept */
	const char	*type, *object, *code;	/* reset, retry, rejects: which */
	const char	*missing;	/* expire: policy in place of the definition's */
	long long	 confirm;	/* --confirm-removals; -1: the parameter */
	char		**argv;		/* lock: the command; import: the file */
};

int	 delta_filter(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_explain(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_commit(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_expire(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_settle(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_present(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_stats(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_rejects(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_reset(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_retry(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_export(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_import(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_verify(struct delta *, struct err *) TC_MUST_CHECK;
int	 delta_lock(struct delta *, struct err *) TC_MUST_CHECK;	/* returns only on failure */

/* --- shared by the subcommands (delta.c) --- */

/*
 * Takes the lock (not for STATE_READ) and opens the state. Damage is repaired
 * on the spot and said aloud, except for STATE_READ, which changes nothing.
 */
int	 delta_open(struct delta *, enum state_open, struct err *) TC_MUST_CHECK;
/* After -1 with state.damaged set: repairs and opens again. -1: err stands, and it was no damage or cannot be repaired. */
int	 delta_reopen(struct delta *, enum state_open, struct err *) TC_MUST_CHECK;
void	 delta_close(struct delta *);		/* state and lock */

/* Key of an identity text as of object_identities(), without its NUL. */
void	 delta_key(uint8_t key[STATE_KEY], const char *identity, size_t len);
/* Keys of up to 3 identity texts in one buffer; returns how many. */
int	 delta_keys(uint8_t key[3][STATE_KEY], const struct buf *identities, int n);

/*
 * The row that a receipt or the journal means: of those that the n identities
 * name, the pending one, else any. 1 found, 0 none, -1.
 */
int	 delta_find(struct delta *, const struct buf *identities, int n, struct row *, struct err *) TC_MUST_CHECK;

/* Bytes of a canonical line before its value members: {"type":"URL", or { */
size_t	 delta_value_start(unsigned type);
/* Bytes of the value members that start there (without the comma behind them), in a canonical line just read. */
size_t	 delta_value_length(const struct object *, size_t start);

/* A row's object as a line: {"type":"URL",VALUE EXTRA}; extra may be "". Appended to out. */
int	 delta_row_line(const struct row *, const char *extra, struct buf *out) TC_MUST_CHECK;
/* Its value for people. */
int	 delta_row_summary(const struct row *, struct buf *out) TC_MUST_CHECK;
/* Keys of all its identities (a File's hashes), read from its value. */
int	 delta_row_keys(const struct row *, uint8_t key[3][STATE_KEY]);

/* "URL", or "association". */
const char *delta_type_name(unsigned type);
const char *delta_kind_name(unsigned kind);

/* Hash of the map section and the parameters used in it. */
int	 delta_map_hash(const struct delta *, char hex[65], struct err *) TC_MUST_CHECK;

/* Notes a count of this run in the state's run list: adds value to the number at path "a.b". */
int	 delta_run_add(struct delta *, uint32_t run, const char *const *name, const long long *value, int n, struct err *) TC_MUST_CHECK;

#endif
