/*
 * Which call goes where.
 */
#ifndef TC_SANDBOX_ROUTES_H
#define TC_SANDBOX_ROUTES_H

#include "sandbox/exchange.h"
#include "sandbox/instance.h"

/* Fills the answer to a request whose body is complete. */
void	 route(struct instance *, struct request *, struct answer *);

#endif
