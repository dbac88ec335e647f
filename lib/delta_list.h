/*
 * What a run sends, in the order of sending, until the state has been noted
 * and it may go out: a line stands in the list itself, or, where a whole part
 * of the spool goes out, as its place there.
 */
#ifndef TC_DELTA_LIST_H
#define TC_DELTA_LIST_H

#include "delta_spool.h"
#include "io.h"

struct delta_list {
	int		 fd;		/* -1: nothing is listed */
	struct out	 out;		/* private */
	uint32_t	 places[SPOOL_PARTS];	/* private: how many of each part */
};

void	 delta_list_init(struct delta_list *);	/* nothing is listed */
int	 delta_list_open(struct delta_list *, struct err *) TC_MUST_CHECK;
void	 delta_list_release(struct delta_list *);
/* Forgets what is listed. A failure shows at the next call that adds. */
void	 delta_list_restart(struct delta_list *);

/* Both do nothing where nothing is listed. */
int	 delta_list_line(struct delta_list *, const char *line, size_t len, struct err *) TC_MUST_CHECK;
int	 delta_list_place(struct delta_list *, const struct rec *, struct err *) TC_MUST_CHECK;
int	 delta_list_end(struct delta_list *, struct err *) TC_MUST_CHECK;

/* Every line with its newline. */
int	 delta_list_print(struct delta_list *, struct spool *, struct out *, struct err *) TC_MUST_CHECK;

#endif
