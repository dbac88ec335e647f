#include "params_crypt.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK 16

static const EVP_CIPHER *
cipher_for(size_t keylen)
{
	switch (keylen) {
	case 16:
		return EVP_aes_128_cbc();
	case 24:
		return EVP_aes_192_cbc();
	case 32:
		return EVP_aes_256_cbc();
	default:
		return NULL;
	}
}

int
params_decrypt(const char *bytes, size_t len, const char *key, char *plain, size_t *plainlen, struct err *err)
{
	static const unsigned char iv[BLOCK];
	const EVP_CIPHER *cipher = cipher_for(strlen(key));
	EVP_CIPHER_CTX *ctx;
	int n = 0, tail = 0, ok;
	size_t i, pad;

	if (cipher == NULL)
		return err_set(err, REASON_USAGE, "its key has %zu bytes, not 16, 24 or 32", strlen(key));
	if (len == 0 || len % BLOCK != 0 || len > INT_MAX)
		return err_set(err, REASON_USAGE, "its %zu bytes are no whole number of blocks (it was cut or is not encrypted)", len);
	ctx = EVP_CIPHER_CTX_new();
	/* the padding is checked here, every byte of it, and not by the library */
	ok = ctx != NULL && EVP_DecryptInit_ex(ctx, cipher, NULL, (const unsigned char *)key, iv) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	    EVP_DecryptUpdate(ctx, (unsigned char *)plain, &n, (const unsigned char *)bytes, (int)len) == 1 &&
	    EVP_DecryptFinal_ex(ctx, (unsigned char *)plain + n, &tail) == 1 && (size_t)(n + tail) == len;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		return err_set(err, REASON_STATE, "libcrypto could not decrypt it");
	pad = (unsigned char)plain[len - 1];
	ok = pad >= 1 && pad <= BLOCK;
	for (i = 0; ok && i < pad; i++)
		ok = (unsigned char)plain[len - 1 - i] == pad;
	if (!ok) {
		explicit_bzero(plain, len);
		return err_set(err, REASON_USAGE, "it does not decrypt with the key that was given (wrong key, or the file was changed)");
	}
	*plainlen = len - pad;
	return 0;
}
