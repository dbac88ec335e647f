/* URLs: whose are they, where do they point, how are they shown. */
#include <curl/curl.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"
#include "text.h"

#define URL_MAX_BYTES 8192

/* What curl makes of a URL; the caller frees with curl_free. NULL where it has no such part. */
static char *
part(CURLU *u, CURLUPart what, unsigned flags)
{
	char *text = NULL;

	return curl_url_get(u, what, &text, flags) == CURLUE_OK ? text : NULL;
}

static CURLU *
parse(const char *url)
{
	CURLU *u = curl_url();

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK) {
		curl_url_cleanup(u);
		u = NULL;
	}
	return u;
}

static bool
same_part(CURLU *a, CURLU *b, CURLUPart what, unsigned flags)
{
	char *x = part(a, what, flags), *y = part(b, what, flags);
	bool same = x != NULL && y != NULL && strcasecmp(x, y) == 0;

	curl_free(x);
	curl_free(y);
	return same;
}

bool
http_same_origin(const char *url, const char *other)
{
	CURLU *a = parse(url), *b = parse(other);
	bool same = a != NULL && b != NULL && same_part(a, b, CURLUPART_SCHEME, 0) &&
	    same_part(a, b, CURLUPART_HOST, 0) && same_part(a, b, CURLUPART_PORT, CURLU_DEFAULT_PORT);

	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return same;
}

static bool
loopback_host(const char *host)
{
	unsigned a, b, c, d;
	int end = 0;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return sscanf(host, "%3u.%3u.%3u.%3u%n", &a, &b, &c, &d, &end) == 4 && host[end] == '\0' &&
	    a == 127 && b < 256 && c < 256 && d < 256;
}

bool
http_is_loopback(const char *url)
{
	CURLU *u = parse(url);
	char *host = u != NULL ? part(u, CURLUPART_HOST, 0) : NULL;
	bool yes = host != NULL && loopback_host(host);

	curl_free(host);
	curl_url_cleanup(u);
	return yes;
}

void
http_label(const char *url, char *out, size_t size)
{
	CURLU *u = parse(url);
	char *scheme, *host, *port, *path, line[512];

	if (u == NULL) {
		snprintf(out, size, "(a URL that cannot be read)");
		return;
	}
	scheme = part(u, CURLUPART_SCHEME, 0);
	host = part(u, CURLUPART_HOST, 0);
	port = part(u, CURLUPART_PORT, 0);
	path = part(u, CURLUPART_PATH, 0);
	snprintf(line, sizeof(line), "%s://%s%s%s%s", scheme ? scheme : "?", host ? host : "?",
	    port ? ":" : "", port ? port : "", path ? path : "/");
	text_safe(out, size, line, strlen(line));
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(path);
	curl_url_cleanup(u);
}

/* The reference as it may stand in a request: no fragment, blanks and high bytes encoded. */
static int
tidy(const char *url, struct buf *out, struct err *err)
{
	const char *s;

	while (*url == ' ')
		url++;
	for (s = url; *s != '\0' && *s != '#'; s++) {
		unsigned char c = (unsigned char)*s;
		char esc[4];
		int rc;

		if (c < 0x20 || c == 0x7f)
			return err_set(err, REASON_CONTRACT, "a URL holds a control byte");
		snprintf(esc, sizeof(esc), "%%%02X", c);
		rc = c == ' ' || c >= 0x80 || strchr("\"<>\\^`{|}", c) != NULL ?
		    buf_add(out, esc, 3) : buf_addc(out, *s);
		if (rc == -1)
			return err_set(err, REASON_CONTRACT, "a URL is longer than %d bytes", URL_MAX_BYTES);
	}
	return 0;
}

static int
resolve(const char *base, const char *url, struct buf *out, struct err *err)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *whole = NULL;
	CURLUcode code = CURLUE_OK;
	int rc = -1;

	if (base != NULL)
		code = curl_url_set(u, CURLUPART_URL, base, CURLU_DISALLOW_USER);
	else if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		code = CURLUE_UNSUPPORTED_SCHEME;
	/* an empty reference is the base itself, which curl does not know */
	if (code == CURLUE_OK && (*url != '\0' || base == NULL))
		code = curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER);
	if (code == CURLUE_OK && curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK) {
		scheme = part(u, CURLUPART_SCHEME, 0);
		whole = part(u, CURLUPART_URL, 0);
	}
	if (code == CURLUE_USER_NOT_ALLOWED)
		err_set(err, REASON_CONTRACT, "a URL with a user name in it is refused");
	else if (scheme == NULL || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		err_set(err, REASON_CONTRACT, "not an http or https URL: %.200s", url);
	else if (whole == NULL)
		err_set(err, REASON_CONTRACT, "not a URL: %.200s", url);
	else if (buf_addz(out, whole) == -1)
		err_set(err, REASON_CONTRACT, "a URL is longer than %d bytes", URL_MAX_BYTES);
	else
		rc = 0;
	curl_free(scheme);
	curl_free(whole);
	curl_url_cleanup(u);
	return rc;
}

int
http_resolve(const char *base, const char *url, struct buf *out, struct err *err)
{
	struct buf tidied;
	int rc;

	buf_init(&tidied, URL_MAX_BYTES);
	rc = tidy(url, &tidied, err);
	if (rc == 0)
		rc = resolve(base, tidied.bytes, out, err);
	buf_release(&tidied);
	return rc;
}
