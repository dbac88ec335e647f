/*
 * The listening end: connections, bodies, delays, answers cut short.
 *
 * One thread: libmicrohttpd is driven by server_run(), which also moves the
 * jobs on and saves owners. A delayed answer suspends its connection.
 *
 * Ownership: server_stop() frees the server; instance, certificate and key stay
 * the caller's until then. Errors: server_start() NULL, server_run() -1, with
 * err (STATE).
 */
#ifndef TC_SANDBOX_SERVER_H
#define TC_SANDBOX_SERVER_H

#include <signal.h>

#include "err.h"
#include "sandbox/instance.h"

struct server;

struct server_options {
	unsigned	 port;			/* 0: the kernel picks one */
	const char	*certificate, *key;	/* PEM; NULL: no TLS */
	unsigned	 idle_seconds;		/* a connection without traffic is closed; 0: never */
};

struct server *server_start(struct instance *, const struct server_options *, struct err *);
unsigned server_port(const struct server *);
/* Until *stop; -1 with err where the loop itself fails. */
int	 server_run(struct server *, volatile sig_atomic_t *stop, struct err *) TC_MUST_CHECK;
void	 server_stop(struct server *);

#endif
