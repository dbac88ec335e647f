/*
 * Who may ask: token or signature (runtime-app.md sections 4 and 5).
 *
 * Ownership: auth_free() frees all; texts handed out hold until the token is
 * renewed, or as long. Errors: auth_new() NULL with err (USAGE, STATE where
 * file cannot be read); a caller without credentials is an answer.
 */
#ifndef TC_SANDBOX_AUTH_H
#define TC_SANDBOX_AUTH_H

#include <stdbool.h>

#include "err.h"
#include "sandbox/exchange.h"
#include "sandbox/instance.h"

struct auth;

/*
 * Credentials are random unless file (0600, JSON: api_access_id,
 * api_secret_key, tc_token, tc_token_expires) gives them. All are registered
 * as secrets.
 */
struct auth *auth_new(const struct instance *, const char *file, struct err *);
void	 auth_free(struct auth *);

enum caller { CALLER_NONE, CALLER_TOKEN, CALLER_KEYS };

/* CALLER_NONE: the answer is filled with the 401. */
enum caller auth_check(struct instance *, const struct request *, struct answer *);

/* GET /appAuth */
void	 auth_renew(struct instance *, const struct request *, struct answer *);

/* The current token is no longer known; renewals of it are refused too. */
void	 auth_revoke(struct auth *);
/* The next renewals are answered with success:false. */
void	 auth_refuse_renewals(struct auth *, bool refuse);

/* For the configuration to paste. token is NULL where the instance only knows keys and so on. */
const char *auth_access_id(const struct auth *);
const char *auth_secret_key(const struct auth *);
const char *auth_token(const struct auth *, long long *expires);

#endif
