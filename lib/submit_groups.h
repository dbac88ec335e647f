/*
 * Groups in an order that lets a batch end anywhere: a group comes behind the
 * groups it names in associatedGroupXid, so these are in the same or an
 * earlier batch (batch-api.md section 9). Where groups name each other in a
 * circle the batch must not end inside it: submit_groups_may_cut() says.
 *
 * Groups are put aside (submit_spool.h) with some 40 bytes each in memory.
 */
#ifndef TC_SUBMIT_GROUPS_H
#define TC_SUBMIT_GROUPS_H

#include <stdbool.h>

#include "object.h"
#include "submit_spool.h"

struct submit_groups;

struct submit_groups *submit_groups_new(void);
void	 submit_groups_free(struct submit_groups *);

/* A group's line. A second one with the xid of one that is still here takes its place, and 1 is returned. */
int	 submit_groups_add(struct submit_groups *, const struct object *, const char *line, size_t len, struct err *) TC_MUST_CHECK;
/* Has each group that an indicator names come in already (and perhaps gone out)? True where it names none. */
bool	 submit_groups_know(const struct submit_groups *, const struct object *);
size_t	 submit_groups_left(const struct submit_groups *);

/* The next group's line into out (cleared first): 1, 0 none left, -1. It stays next until submit_groups_taken(). */
int	 submit_groups_next(struct submit_groups *, struct buf *out, struct err *) TC_MUST_CHECK;
void	 submit_groups_taken(struct submit_groups *);
/* May a batch end here, so that no group taken so far names one that is still to come? */
bool	 submit_groups_may_cut(const struct submit_groups *);

#endif
