/*
 * What was asked: GET /sandbox/requests, one JSON line a request, secrets
 * masked. The last REQUESTS_KEPT are kept.
 *
 * Ownership: requests_free() frees all; requests are copied as lines. Units:
 * bytes. Nothing can fail.
 */
#ifndef TC_SANDBOX_REQUESTS_H
#define TC_SANDBOX_REQUESTS_H

#include "sandbox/exchange.h"

#define REQUESTS_KEPT 10000

struct requests;

struct requests *requests_new(void);
void	 requests_free(struct requests *);
void	 requests_clear(struct requests *);
/* outcome: "answered", "cut", "lost", "reset", "closed" */
void	 requests_add(struct requests *, const struct request *, int status, uint64_t sent, const char *outcome);
void	 requests_list(const struct requests *, struct answer *);

#endif
