/*
 * The only room that knows curl.h: one request, one answer, bounded.
 *
 * No automatic redirects, no environment proxies, no cookies, no .netrc; TLS
 * 1.2 at least, always verified (a ca_file adds trust); connect, low-speed and
 * overall deadlines; decoded bytes counted by us; "Expect:" never sent; CR, LF
 * and NUL refused in header names and values. The path goes out as it stands
 * in the URL (signatures cover it). Connections are kept in the handle and
 * reused.
 *
 * http_do() is one try. Whether to try again is http_retry.h's question.
 * Ownership: http_free() frees the handle; a request and all it points at are
 * the caller's and must stay until http_do() is back; an answer is the
 * caller's, to be released, and may be used for many requests.
 * Units: bytes, milliseconds where a name ends in _ms, else seconds. Errors: as
 * http_do() says; http_new() NULL, USAGE.
 *
 * Sources: runtime-app.md sections 6 and 7; libcurl-security(3).
 */
#ifndef TC_HTTP_H
#define TC_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

struct http;

/* The texts are copied by http_new(). Credentials must be with log_secret() already. */
struct http_options {
	const char	*user_agent;	/* NULL: http_user_agent() */
	const char	*proxy_host;	/* NULL or "": direct */
	long		 proxy_port;
	const char	*proxy_user, *proxy_password;	/* used only when both are there */
	const char	*ca_file;	/* PEM; adds to the system's trust; NULL: only that */
	const char	*client_cert, *client_key, *client_key_password;
	bool		 insecure;	/* only an explicit tc_verify=false for the platform's host; said aloud each run */
	bool		 allow_plain;	/* http:// to any host; else only to loopback */
	long		 connect_ms;	/* 0: 30 s */
	long		 low_speed_bytes, low_speed_seconds;	/* 0: 1024 bytes/s over 30 s */
	long		 total_ms;	/* 0: 3600 s */
	bool		 http2;		/* where the server offers it by ALPN; else HTTP/1.1 only */
};

/* -1 with USAGE where a certificate file or half a proxy is no use. */
struct http	*http_new(const struct http_options *, struct err *);
void	 http_free(struct http *);

/* "tcfeed/1.2.3", or what the launcher put into TC_USER_AGENT. */
const char *http_user_agent(void);

struct http_header {
	const char *name, *value;
};

/* Where an upload's bytes come from: return bytes given (0: end), -1 stops it. rewind starts over (0, or -1 where it cannot). */
typedef long	 http_source(void *arg, char *to, size_t room);
typedef int	 http_rewind(void *arg);
/* Where a decoded body goes, called as it arrives; -1 stops, and may have filled the err that http_do() was given. */
typedef int	 http_sink(void *arg, const char *bytes, size_t len);
/* Called with sink_arg before a second try: what the sink has taken so far counts for nothing. */
typedef void	 http_restart(void *arg);

struct http_request {
	const char	*method;	/* GET, POST, PUT, DELETE */
	const char	*url;
	const struct http_header *header;
	int		 nheader;
	const char	*body;		/* in memory ... */
	size_t		 body_len;
	http_source	*source;	/* ... or streamed; source_len -1: chunked */
	http_rewind	*rewind;	/* needed for any second try */
	void		*source_arg;
	long long	 source_len;
	http_sink	*sink;		/* NULL: answer.body. Bodies of answers other than 2xx never go here */
	void		*sink_arg;
	http_restart	*restart;	/* needed where a sink is to survive a second try */
	size_t		 max_body;	/* decoded bytes of a 2xx answer, required */
	const char	*accept_encoding;	/* NULL: none asked for; "": all libcurl has */
	long		 total_ms;	/* shorter than the options' for this request; 0: the options' */
	bool		 once;		/* must not reach the server twice: no repeat once a body byte may have been sent */
	volatile int	*stop;		/* set by a signal handler: the transfer ends soon; may be NULL */
};

struct http_answer {
	long		 status;	/* 0: no answer came */
	struct buf	 body;		/* where no sink took it; of other answers than 2xx the first 64 KiB */
	struct buf	 headers;	/* "name: value\n" lines, names lower case, of the final answer only */
	uint64_t	 decoded;	/* body bytes */
	int64_t		 server_date;	/* Date header as epoch seconds, -1: none */
	bool		 sent;		/* at least one byte of the request may have reached the server */
	long		 time_ms;
	char		 remote[64];	/* address it was talked to */
};

void	 http_answer_init(struct http_answer *);
void	 http_answer_release(struct http_answer *);

/*
 * 0: an answer arrived whole, whatever its status. -1: err says what went
 * wrong (TEMPORARY: network, a body that was cut, *stop; AUTH: TLS
 * verification, proxy credentials; CONTRACT: over max_body, bad encoding, not
 * HTTP; USAGE: the request itself); answer->sent tells whether the server may
 * have it. URLs in err carry host and path, never the query.
 */
int	 http_do(struct http *, const struct http_request *, struct http_answer *, struct err *) TC_MUST_CHECK;

/* First value of a header (name in lower case) copied to out; NULL where there is none. */
const char *http_header(const struct http_answer *, const char *name, char *out, size_t size);

/* An HTTP date (RFC 1123, RFC 850, asctime) as epoch seconds, -1: none. */
int64_t	 http_date(const char *text);

/* Percent-encodes all but unreserved characters (RFC 3986), appended to out. */
int	 http_encode(const char *text, size_t len, struct buf *out) TC_MUST_CHECK;

/* Same scheme, host and port? Default ports are filled in. */
bool	 http_same_origin(const char *url, const char *other);
/* Host "localhost", 127.0.0.0/8 or ::1? */
bool	 http_is_loopback(const char *url);
/*
 * url resolved against base (RFC 3986), without its fragment, appended to out.
 * Blanks and bytes above ASCII are percent-encoded. -1 (CONTRACT): not http(s),
 * user-info, control bytes, longer than 8 KiB. base may be NULL: url must then be absolute.
 */
int	 http_resolve(const char *base, const char *url, struct buf *out, struct err *) TC_MUST_CHECK;
/* For messages: scheme, host, port and path; no query, no user-info. */
void	 http_label(const char *url, char *out, size_t size);

#endif
