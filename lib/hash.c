#include "hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "log.h"
#include "text.h"

/* A digest that cannot be had means a broken libcrypto: there is nothing to go on with. */
static void
must(int ok)
{
	if (!ok) {
		log_critical("libcrypto refuses a digest");
		exit(1);
	}
}

struct kind {
	EVP_MD		*md;
	EVP_MD_CTX	*ctx;
};

static _Thread_local struct kind sha256, sha1, md5;

static void
digest(struct kind *k, const char *name, unsigned char *out, const struct iovec *v, int n)
{
	int i;

	if (k->md == NULL) {
		k->md = EVP_MD_fetch(NULL, name, NULL);
		k->ctx = EVP_MD_CTX_new();
		must(k->md != NULL && k->ctx != NULL);
	}
	must(EVP_DigestInit_ex2(k->ctx, k->md, NULL) == 1);
	for (i = 0; i < n; i++)
		must(EVP_DigestUpdate(k->ctx, v[i].iov_base, v[i].iov_len) == 1);
	must(EVP_DigestFinal_ex(k->ctx, out, NULL) == 1);
}

static void
release(struct kind *k)
{
	EVP_MD_CTX_free(k->ctx);
	EVP_MD_free(k->md);
	k->ctx = NULL;
	k->md = NULL;
}

void
hash_thread_end(void)
{
	release(&sha256);
	release(&sha1);
	release(&md5);
}

void
hash_sha256v(unsigned char out[HASH_SHA256], const struct iovec *v, int n)
{
	digest(&sha256, "SHA256", out, v, n);
}

void
hash_sha256(unsigned char out[HASH_SHA256], const void *bytes, size_t len)
{
	struct iovec v = { (void *)(size_t)bytes, len };

	hash_sha256v(out, &v, 1);
}

void
hash_sha256_hex(char out[2 * HASH_SHA256 + 1], const void *bytes, size_t len)
{
	unsigned char sum[HASH_SHA256];

	hash_sha256(sum, bytes, len);
	text_hex(out, sum, sizeof(sum));
}

void
hash_md5_hex(char out[33], const void *bytes, size_t len)
{
	struct iovec v = { (void *)(size_t)bytes, len };
	unsigned char sum[16];

	digest(&md5, "MD5", sum, &v, 1);
	text_hex(out, sum, sizeof(sum));
}

void
hash_sha1_hex(char out[41], const void *bytes, size_t len)
{
	struct iovec v = { (void *)(size_t)bytes, len };
	unsigned char sum[20];

	digest(&sha1, "SHA1", sum, &v, 1);
	text_hex(out, sum, sizeof(sum));
}

void
hash_hmac_base64(char out[45], const void *key, size_t keylen, const void *text, size_t len)
{
	unsigned char sum[HASH_SHA256];
	unsigned int n = 0;

	must(HMAC(EVP_sha256(), key, (int)keylen, text, len, sum, &n) != NULL && n == HASH_SHA256);
	EVP_EncodeBlock((unsigned char *)out, sum, HASH_SHA256);
}
