/*
 * DataStore records (runtime-app.md section 10): POST with the real verb in
 * DB-Method.
 *
 * Ownership: docs_free() frees all; requests are looked at during the call
 * only. Errors are answers.
 */
#ifndef TC_SANDBOX_DOCS_H
#define TC_SANDBOX_DOCS_H

#include "sandbox/exchange.h"
#include "sandbox/instance.h"

struct docs;

struct docs *docs_new(void);
void	 docs_free(struct docs *);
void	 docs_clear(struct docs *);
/* path: "domain/type[/rid]" */
void	 docs_call(struct instance *, struct request *, const char *path, struct answer *);

#endif
