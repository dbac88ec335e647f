/*
 * A certificate made at start, for https on loopback.
 *
 * Ownership: tls_release() frees the texts and wipes the key. Errors: -1 with
 * err (STATE).
 */
#ifndef TC_SANDBOX_TLS_H
#define TC_SANDBOX_TLS_H

#include "err.h"

enum tls_kind { TLS_GOOD, TLS_EXPIRED, TLS_WRONG_NAME };

struct tls {
	char	*ca;		/* PEM of the authority that signed */
	char	*certificate;	/* PEM, for 127.0.0.1, ::1 and localhost unless kind is TLS_WRONG_NAME */
	char	*key;
};

int	 tls_make(struct tls *, enum tls_kind, struct err *) TC_MUST_CHECK;
void	 tls_release(struct tls *);

#endif
