/*
 * The platform's encrypted parameter file (runtime-app.md section 2):
 * AES-CBC, the key string's own bytes as the key (16, 24 or 32), a zero IV,
 * PKCS#7 padding, nothing around it.
 *
 * Ownership: plain is the caller's, who wipes it. Units: bytes; key ends in a
 * NUL. Errors: -1 with err (USAGE, or STATE where libcrypto fails); plain then
 * holds nothing to be used.
 */
#ifndef TC_PARAMS_CRYPT_H
#define TC_PARAMS_CRYPT_H

#include <stddef.h>

#include "err.h"

/*
 * plain takes len bytes; *plainlen is set. -1: a length that no ciphertext
 * has, a key of another length, or padding of which any byte is wrong (a
 * wrong key, a cut file); the text never tells which byte.
 */
int	 params_decrypt(const char *bytes, size_t len, const char *key, char *plain, size_t *plainlen,
    struct err *) TC_MUST_CHECK;

#endif
