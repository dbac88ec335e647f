/* Why a transfer did not end well, in words and as a reason. */
#include "http_private.h"

#include <string.h>

#include "limit.h"

static void
explain_tls(struct http *h, CURLcode code, const char *label, struct err *err)
{
	const char *why = h->why[0] != '\0' ? h->why : curl_easy_strerror(code);

	if (code == CURLE_SSL_CONNECT_ERROR) {
		if (strstr(why, "wrong version number") != NULL || strstr(why, "http request") != NULL) {
			err_set(err, REASON_CONTRACT, "%s: what answers there does not speak TLS (%s)", label, why);
			return;
		}
		/* without an "error:" of OpenSSL's it was the network that broke the handshake */
		if (strstr(why, "error:") == NULL || strstr(why, "unexpected eof") != NULL) {
			err_set(err, REASON_TEMPORARY, "%s: the TLS handshake was broken off (%s)", label, why);
			return;
		}
	}
	err_set(err, REASON_AUTH, "%s: TLS verification failed: %s; a private authority's certificate goes into ca_file",
	    label, why);
}

void
http_explain(struct http *h, const struct transfer *t, CURLcode code, const char *label, struct err *err)
{
	const char *why = h->why[0] != '\0' ? h->why : curl_easy_strerror(code);
	long connect_code = 0;

	if (t->stopped) {
		err_set(err, REASON_TEMPORARY, "%s: stopped by a signal", label);
		return;
	}
	if (t->sink_stopped || t->source_stopped) {
		if (err->reason == REASON_NONE)
			err_set(err, REASON_STATE, "%s: the transfer was stopped by its %s", label,
			    t->sink_stopped ? "reader" : "source");
		return;
	}
	if (t->headers_over) {
		err_set(err, REASON_CONTRACT, "%s: headers longer than %zu bytes", label, LIMIT_HEADER);
		return;
	}
	if (t->body_over) {
		err_set(err, REASON_CONTRACT, "%s: the answer is longer than the limit of %zu bytes", label,
		    t->a->status >= 200 && t->a->status <= 299 ? t->req->max_body : LIMIT_ANSWER);
		return;
	}
	curl_easy_getinfo(h->curl, CURLINFO_HTTP_CONNECTCODE, &connect_code);
	if (h->o.proxy_host != NULL && connect_code != 0 && (connect_code < 200 || connect_code > 299)) {
		err_set(err, connect_code == 407 ? REASON_AUTH : REASON_TEMPORARY,
		    "%s: proxy %s:%ld %s (%ld)", label, h->o.proxy_host, h->o.proxy_port,
		    connect_code == 407 ? "rejects its credentials" : "does not connect", connect_code);
		return;
	}
	switch (code) {
	case CURLE_SSL_CONNECT_ERROR: case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE: case CURLE_SSL_ISSUER_ERROR: case CURLE_SSL_CIPHER:
	case CURLE_SSL_INVALIDCERTSTATUS: case CURLE_SSL_ENGINE_NOTFOUND: case CURLE_USE_SSL_FAILED:
		explain_tls(h, code, label, err);
		return;
	case CURLE_URL_MALFORMAT: case CURLE_OUT_OF_MEMORY:
		err_set(err, REASON_USAGE, "%s: %s", label, why);
		return;
	case CURLE_WEIRD_SERVER_REPLY: case CURLE_UNSUPPORTED_PROTOCOL: case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_FILESIZE_EXCEEDED: case CURLE_HTTP2: case CURLE_WRITE_ERROR:
		err_set(err, REASON_CONTRACT, "%s: the answer cannot be read: %s", label, why);
		return;
	case CURLE_PARTIAL_FILE:
		err_set(err, REASON_TEMPORARY, "%s: the answer was cut after %llu bytes: %s", label,
		    (unsigned long long)t->a->decoded, why);
		return;
	case CURLE_SEND_FAIL_REWIND:
		err_set(err, REASON_TEMPORARY, "%s: the connection was lost before an answer came", label);
		return;
	default:
		err_set(err, REASON_TEMPORARY, "%s: %s%s", label, t->body_begun ? "the answer was cut: " : "", why);
	}
}
