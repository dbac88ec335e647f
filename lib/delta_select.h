/*
 * Which rows --type, --object and --code mean. Given none, all.
 */
#ifndef TC_DELTA_SELECT_H
#define TC_DELTA_SELECT_H

#include "delta.h"

/* -1 (USAGE): --type is no type. */
int	 delta_select_check(const struct delta *, struct err *) TC_MUST_CHECK;
bool	 delta_selected(struct delta *, const struct row *);

/*
 * Calls fn for every selected row, with the row's value its own, inside the
 * transaction: fn may write. changed counts what fn returns 1 for; -1 stops.
 */
int	 delta_each(struct delta *, int (*fn)(struct delta *, struct row *, struct err *), long long *changed, struct err *) TC_MUST_CHECK;

/* The row and all that hangs on it: aliases, ledger, content. */
int	 delta_forget(struct state *, const struct row *, struct err *) TC_MUST_CHECK;

#endif
