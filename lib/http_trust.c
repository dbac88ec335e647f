#include "http_trust.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "log.h"

const char *
http_trust_bundle(void)
{
	static const char *const place[] = {
		"/etc/ssl/certs/ca-certificates.crt",		/* Debian, Alpine, Arch */
		"/etc/pki/tls/certs/ca-bundle.crt",		/* RedHat */
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/ca-bundle.pem",			/* SUSE */
		"/etc/ssl/cert.pem",				/* BSD, Alpine */
	};
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	const char *env = getenv("SSL_CERT_FILE");
	size_t i;

	if (env != NULL && *env != '\0')
		return env;
	if (v->age >= CURLVERSION_SEVENTH && v->cainfo != NULL && access(v->cainfo, R_OK) == 0)
		return v->cainfo;
	for (i = 0; i < sizeof(place) / sizeof(place[0]); i++)
		if (access(place[i], R_OK) == 0)
			return place[i];
	return NULL;
}

static int
add_file(const char *file, struct buf *pem, struct err *err)
{
	char *bytes;
	size_t len;
	int rc;

	if (io_slurp(file, 4 * MIB, &bytes, &len, err) == -1) {
		err->reason = REASON_USAGE;
		return -1;
	}
	if (strstr(bytes, "-----BEGIN CERTIFICATE-----") == NULL &&
	    strstr(bytes, "-----BEGIN TRUSTED CERTIFICATE-----") == NULL) {
		free(bytes);
		return err_set(err, REASON_USAGE, "%s holds no certificate in PEM form", file);
	}
	rc = buf_add(pem, bytes, len) == -1 || buf_addc(pem, '\n') == -1 ?
	    err_set(err, REASON_USAGE, "too many certificates in %s", file) : 0;
	free(bytes);
	return rc;
}

int
http_trust_with(const char *ca_file, struct buf *pem, struct err *err)
{
	const char *bundle = http_trust_bundle();
	struct err why = { 0 };

	if (bundle != NULL && add_file(bundle, pem, &why) == -1)
		log_warning("the host's certificates are not used: %s", why.text);
	return add_file(ca_file, pem, err);
}
