/*
 * Digests: SHA-256 for xids, identities and content; HMAC for the platform.
 *
 * The EVP_MD is fetched once (OpenSSL 3's one-shot SHA256() spends more time
 * fetching than hashing), by each thread for itself.
 *
 * Ownership: none; outputs are the caller's, the hexadecimal ones in lower case
 * with their NUL. Units: bytes. A libcrypto that refuses a digest ends the
 * process with exit 1: there is nothing to go on with.
 */
#ifndef TC_HASH_H
#define TC_HASH_H

#include <stddef.h>

#define HASH_SHA256 32

struct iovec;

void	 hash_sha256(unsigned char out[HASH_SHA256], const void *bytes, size_t len);
void	 hash_sha256v(unsigned char out[HASH_SHA256], const struct iovec *, int n);	/* pieces, in order */
void	 hash_sha256_hex(char out[2 * HASH_SHA256 + 1], const void *bytes, size_t len);
void	 hash_md5_hex(char out[33], const void *bytes, size_t len);
void	 hash_sha1_hex(char out[41], const void *bytes, size_t len);

/* A thread that has hashed gives back what it holds, before it ends. */
void	 hash_thread_end(void);

/* base64(HMAC-SHA256(key, text)), NUL-terminated, 45 bytes (runtime-app.md section 5). */
void	 hash_hmac_base64(char out[45], const void *key, size_t keylen, const void *text, size_t len);

#endif
