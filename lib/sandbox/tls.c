#include "sandbox/tls.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

#define DAY 86400L

static char *
pem(int (*write)(BIO *, void *), void *what)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *text = NULL;
	long n;

	if (bio != NULL && write(bio, what) == 1 && (n = BIO_get_mem_data(bio, &bytes)) > 0)
		text = xstrndup(bytes, (size_t)n);
	BIO_free(bio);
	return text;
}

static int
write_certificate(BIO *bio, void *what)
{
	return PEM_write_bio_X509(bio, what);
}

static int
write_key(BIO *bio, void *what)
{
	return PEM_write_bio_PrivateKey(bio, what, NULL, NULL, 0, NULL, NULL);
}

static int
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* issuer NULL: signed by itself, as an authority. */
static X509 *
certificate(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const char *san, long from, long to)
{
	X509 *cert = X509_new();
	X509_NAME *subject;
	uint32_t serial;
	int ok;

	if (cert == NULL || RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
		return cert;
	subject = X509_get_subject_name(cert);
	ok = X509_set_version(cert, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(cert), (serial >> 1) + 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), from) != NULL && X509_gmtime_adj(X509_getm_notAfter(cert), to) != NULL &&
	    X509_set_pubkey(cert, key) == 1 &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
	    X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer) : subject) == 1 &&
	    extend(cert, issuer != NULL ? issuer : cert, NID_basic_constraints, issuer != NULL ? "critical,CA:FALSE" : "critical,CA:TRUE") &&
	    extend(cert, issuer != NULL ? issuer : cert, NID_subject_key_identifier, "hash") &&
	    (issuer != NULL || extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign")) &&
	    (issuer == NULL || extend(cert, issuer, NID_authority_key_identifier, "keyid")) &&
	    (san == NULL || extend(cert, issuer, NID_subject_alt_name, san)) && X509_sign(cert, issuer_key, EVP_sha256()) > 0;
	if (!ok) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

int
tls_make(struct tls *t, enum tls_kind kind, struct err *err)
{
	static const char own[] = "IP:127.0.0.1,IP:::1,DNS:localhost", other[] = "DNS:elsewhere.example";
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = NULL, *leaf = NULL;

	memset(t, 0, sizeof(*t));
	if (ca_key != NULL && key != NULL)
		ca = certificate("tc-sandbox authority", ca_key, NULL, ca_key, NULL, -3 * DAY, 30 * DAY);
	if (ca != NULL)
		leaf = certificate(kind == TLS_WRONG_NAME ? "elsewhere.example" : "localhost", key, ca, ca_key,
		    kind == TLS_WRONG_NAME ? other : own, -2 * DAY, kind == TLS_EXPIRED ? -1 * DAY : 30 * DAY);
	if (leaf != NULL) {
		t->ca = pem(write_certificate, ca);
		t->certificate = pem(write_certificate, leaf);
		t->key = pem(write_key, key);
	}
	X509_free(ca);
	X509_free(leaf);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
	if (t->ca != NULL && t->certificate != NULL && t->key != NULL)
		return 0;
	tls_release(t);
	return err_set(err, REASON_STATE, "cannot make a certificate");
}

void
tls_release(struct tls *t)
{
	free(t->ca);
	free(t->certificate);
	if (t->key != NULL)
		OPENSSL_cleanse(t->key, strlen(t->key));
	free(t->key);
	memset(t, 0, sizeof(*t));
}
