/*
 * The merge of a run's objects with the state, in key order: duplicates
 * become one object, each object gets its verdict, rows that the run does not
 * list are noted as missing. One part of the spool at a time.
 */
#ifndef TC_DELTA_JOIN_H
#define TC_DELTA_JOIN_H

#include "delta_list.h"
#include "delta_read.h"

enum verdict { VERDICT_UNCHANGED, VERDICT_SENT, VERDICT_REFUSED, VERDICT_DOUBT };

/* An object of the run, merged, with what is to become of it. */
struct verdict_on {
	enum verdict	 verdict;
	enum row_kind	 kind;		/* VERDICT_SENT */
	const struct row *row;		/* of the state, or NULL */
	struct rec	 rec;		/* of the line as the feed has it */
	struct row_prints prints;
};

struct delta_join {
	struct delta	*d;
	struct delta_input *in;
	bool		 write;		/* note what is decided in the state */
	/* called for each object that is sent, with its line (as the feed has it); may be NULL */
	int		(*on_sent)(void *, const struct verdict_on *, const char *line, struct err *);
	/* called for each row that the run does not list (and should); may be NULL */
	int		(*on_missing)(void *, const struct row *, struct err *);
	/* called for each listed object that is not sent although it would be: refused before, or in doubt; may be NULL */
	int		(*on_withheld)(void *, const struct row *, enum verdict, struct err *);
	void		*arg;

	/* results */
	long long	 merged, unchanged, refused, doubt, retracted, sent;
	long long	 sent_by[KIND_INACTIVE];
	long long	 contradicted;	/* listed and retracted in the same run: listed wins */
	long long	 clamped;	/* rows whose times were ahead of the clock */
	long long	 known, active, pending, missing;	/* rows as they stand afterwards */
	struct delta_list list;		/* of the lines that are sent, where the caller has opened it */

	/* private */
	uint32_t	 run;
	bool		 mark_missing;
	bool		 whole_part;	/* the lines of the part are in memory */
	struct buf	 absorbed, line, value;
	struct scan	 scan;
	struct row	*rows;
	size_t		 nrows, rowcap;
	struct buf	 values;
};

void	 delta_join_init(struct delta_join *, struct delta *, struct delta_input *);
void	 delta_join_release(struct delta_join *);

/* May be run again after damage was repaired: counts start from 0. The caller holds the transaction. */
int	 delta_join_run(struct delta_join *, uint32_t run, struct err *) TC_MUST_CHECK;

#endif
