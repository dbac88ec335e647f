/*
 * Whom to trust on the network: the host's certificate bundle, and a file of
 * the administrator's that adds to it (never replaces it).
 *
 * Ownership: the bundle's name is not the caller's to free; certificates are
 * appended to pem, whose ceiling bounds them.
 */
#ifndef TC_HTTP_TRUST_H
#define TC_HTTP_TRUST_H

#include "buf.h"
#include "err.h"

/*
 * Where the host keeps its bundle: SSL_CERT_FILE, what libcurl was built with,
 * then the places of Debian-, RedHat-, SUSE-, Alpine- and BSD-like hosts. NULL: none found.
 */
const char *http_trust_bundle(void);

/* The bundle and ca_file behind each other; -1 (USAGE) where ca_file holds no certificate. */
int	 http_trust_with(const char *ca_file, struct buf *pem, struct err *) TC_MUST_CHECK;

#endif
