/* http: URLs, waiting, and one request against a server that misbehaves as told by the path. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "http_retry.h"
#include "limit.h"
#include "log.h"
#include "tap.h"

/* How often each path was asked for; shared with the server process. */
struct seen {
	int	any, posts, flaky, busy;
	char	last[4096];	/* the last request, headers and body */
};
static struct seen *seen;
static int port;

static void
resolves(const char *base, const char *url, const char *want)
{
	struct err err = { 0 };
	struct buf out;
	int rc;

	buf_init(&out, 16384);
	rc = http_resolve(base, url, &out, &err);
	if (want == NULL)
		tap_ok(rc == -1 && err.text[0] != '\0', "refused: %.*s", (int)strcspn(url, "\n"), url);
	else
		tap_is(rc == 0 ? out.bytes : err.text, want, want);
	buf_release(&out);
}

static void
urls(void)
{
	struct buf out;
	char label[200];

	/* RFC 3986 section 5.4, the examples a server's next link may look like */
	resolves("http://a/b/c/d?q", "g", "http://a/b/c/g");
	resolves("http://a/b/c/d?q", "./g", "http://a/b/c/g");
	resolves("http://a/b/c/d?q", "/g", "http://a/g");
	resolves("http://a/b/c/d?q", "//g/x", "http://g/x");
	resolves("http://a/b/c/d?q", "?y", "http://a/b/c/d?y");
	resolves("http://a/b/c/d?q", "g?y#s", "http://a/b/c/g?y");
	resolves("http://a/b/c/d?q", "#s", "http://a/b/c/d?q");
	resolves("http://a/b/c/d?q", "../g", "http://a/b/g");
	resolves("http://a/b/c/d?q", "../../../g", "http://a/g");
	resolves("http://a/b/c/d?q", "", "http://a/b/c/d?q");
	resolves("https://a.example/v1?x=1", "https://b.example/v1", "https://b.example/v1");
	resolves(NULL, "https://a.example/t?since=2026-01-01 00:00:00", "https://a.example/t?since=2026-01-01%2000:00:00");
	resolves(NULL, "https://a.example/\xc3\xa9", "https://a.example/%C3%A9");
	resolves(NULL, "/relative", NULL);
	resolves(NULL, "ftp://a.example/", NULL);
	resolves("https://a.example/", "file:///etc/passwd", NULL);
	resolves("https://a.example/", "javascript:alert(1)", NULL);
	resolves("https://a.example/", "https://user:pw@a.example/", NULL);
	resolves("https://a.example/", "/x\nHost: evil", NULL);

	tap_ok(http_same_origin("https://a.example/x", "https://A.example:443/y"), "default port and case of the host");
	tap_ok(!http_same_origin("https://a.example/x", "http://a.example/x"), "other scheme");
	tap_ok(!http_same_origin("https://a.example/x", "https://a.example:8443/x"), "other port");
	tap_ok(!http_same_origin("https://a.example/x", "https://a.example.evil.example/x"), "other host");
	tap_ok(!http_same_origin("https://a.example/x", "https://u@a.example/x"), "user name in it");
	tap_ok(http_is_loopback("http://127.0.0.1:1/") && http_is_loopback("http://localhost/") &&
	    http_is_loopback("http://[::1]:2/") && http_is_loopback("http://127.8.9.1/"), "loopback");
	tap_ok(!http_is_loopback("http://127.0.0.1.example/") && !http_is_loopback("http://128.0.0.1/") &&
	    !http_is_loopback("http://localhost.example/") && !http_is_loopback("http://127.0.0.1@evil.example/"), "not loopback");

	buf_init(&out, 64);
	tap_ok(http_encode("a b/&\xc3\xa9~-._", 11, &out) == 0, "encodes");
	tap_is(out.bytes, "a%20b%2F%26%C3%A9~-._", "all but unreserved characters");
	buf_clear(&out);
	tap_ok(http_encode("////////////////////////", 24, &out) == -1 && out.len == 0, "over the ceiling nothing is left");
	buf_release(&out);
	http_label("https://h.example:8443/p/q?token=secret#f", label, sizeof(label));
	tap_is(label, "https://h.example:8443/p/q", "labels have no query");
}

static void
waits(void)
{
	const int64_t now = 1700000000;		/* Tue, 14 Nov 2023 22:13:20 GMT */

	tap_ok(http_retry_after("3", now) == 3, "seconds");
	tap_ok(http_retry_after(" 3 ", now) == 3, "seconds with blanks");
	tap_ok(http_retry_after("2.5", now) == 3, "seconds with a fraction, up");
	tap_ok(http_retry_after("0", now) == 0, "zero");
	tap_ok(http_retry_after("86400", now) == 86400, "a day");
	tap_ok(http_retry_after("99999999999999999999999", now) == 1000000000, "absurd");
	tap_ok(http_retry_after("1700000005", now) == 5, "epoch");
	tap_ok(http_retry_after("1600000000", now) == 0, "epoch of the past");
	tap_ok(http_retry_after("Tue, 14 Nov 2023 22:13:25 GMT", now) == 5, "RFC 1123 date");
	tap_ok(http_retry_after("Tuesday, 14-Nov-23 22:13:25 GMT", now) == 5, "RFC 850 date");
	tap_ok(http_retry_after("Tue Nov 14 22:13:25 2023", now) == 5, "asctime date");
	tap_ok(http_retry_after("Tue, 14 Nov 2023 22:13:15 GMT", now) == 0, "date of the past");
	tap_ok(http_retry_after("banana", now) == -1, "no number, no date");
	tap_ok(http_retry_after("-5", now) == -1, "negative");
	tap_ok(http_retry_after("3 bananas", now) == -1, "a number and more");
	tap_ok(http_retry_after("0x10", now) == -1, "not decimal");
	tap_ok(http_retry_after("", now) == -1, "empty");
}

/* --- a server of few words --- */

static void
say(int fd, const char *text)
{
	ssize_t n = write(fd, text, strlen(text));

	(void)n;
}

static const char ok_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/* Answers one request; false: hang up. */
static bool
serve(int fd, const char *req)
{
	char path[64] = "", method[16] = "";
	int i;

	sscanf(req, "%15s %63[^ ?]", method, path);
	seen->any++;
	snprintf(seen->last, sizeof(seen->last), "%s", req);
	if (strcmp(path, "/cut") == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n14 bytes here.");
	else if (strcmp(path, "/big") == 0)
		for (say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), i = 0; i < 10; i++)
			say(fd, "0123456789");
	else if (strcmp(path, "/cut-chunk") == 0)
		say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
	else if (strcmp(path, "/not-http") == 0)
		say(fd, "SSH-2.0-x\r\n");
	else if (strcmp(path, "/continue") == 0) {
		say(fd, "HTTP/1.1 100 Continue\r\nX-Old: 1\r\n\r\nHTTP/1.1 404 Not Found\r\nX-New:  two \r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: 4\r\n\r\ngone");
		return true;
	} else if (strcmp(path, "/redirect") == 0) {
		say(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
		return true;
	} else if (strcmp(path, "/long-header") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\n");
		for (i = 0; i < 9000; i++)
			say(fd, "X-Filler: 0123456789\r\n");
	} else if (strcmp(path, "/error-page") == 0) {
		say(fd, "HTTP/1.1 500 No\r\nConnection: close\r\n\r\n");
		for (i = 0; i < 20000; i++)
			say(fd, "0123456789");
	} else if (strcmp(path, "/once-then-gone") == 0) {
		/* the first on a connection is answered, the second is read and then the line goes dead */
		if (++seen->posts == 1) {
			say(fd, ok_answer);
			return true;
		}
	} else if (strcmp(path, "/flaky") == 0) {
		if (++seen->flaky < 3)
			say(fd, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
		else
			say(fd, ok_answer);
		return true;
	} else if (strcmp(path, "/busy") == 0) {
		if (++seen->busy < 2)
			say(fd, "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
		else
			say(fd, ok_answer);
		return true;
	} else if (strcmp(path, "/busy-day") == 0) {
		say(fd, "HTTP/1.1 429 Slow\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n");
		return true;
	} else if (strcmp(path, "/503") == 0) {
		say(fd, "HTTP/1.1 503 Not licensed\r\nContent-Length: 0\r\n\r\n");
		return true;
	} else {
		say(fd, ok_answer);
		return true;
	}
	return false;
}

static void
connection(int fd)
{
	char req[4096], *end, *cl;
	size_t have = 0, need;
	ssize_t n;

	while ((n = read(fd, req + have, sizeof(req) - 1 - have)) > 0) {
		have += (size_t)n;
		req[have] = '\0';
		while ((end = strstr(req, "\r\n\r\n")) != NULL) {
			cl = strstr(req, "Content-Length: ");
			need = (size_t)(end + 4 - req) + (cl != NULL && cl < end ? strtoul(cl + 16, NULL, 10) : 0);
			if (have < need)
				break;
			if (!serve(fd, req))
				return;
			memmove(req, req + need, have - need + 1);
			have -= need;
		}
	}
}

static pid_t
start_server(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int s = socket(AF_INET, SOCK_STREAM, 0), fd;
	pid_t pid;

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == -1 || seen == MAP_FAILED || bind(s, (struct sockaddr *)&in, sizeof(in)) == -1 || listen(s, 16) == -1 ||
	    getsockname(s, (struct sockaddr *)&in, &len) == -1)
		exit(1);
	port = ntohs(in.sin_port);
	pid = fork();
	if (pid != 0) {
		close(s);
		return pid;
	}
	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	while ((fd = accept(s, NULL, NULL)) != -1) {
		if (fork() == 0) {
			close(s);
			alarm(60);
			connection(fd);
			_exit(0);
		}
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	_exit(0);
}

static int
ask(struct http *h, const char *method, const char *path, const char *body, bool once, struct http_answer *a, struct err *err)
{
	char url[200];
	struct http_request req = { .method = method, .url = url, .body = body, .body_len = body ? strlen(body) : 0,
	    .max_body = 1000, .once = once };

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	return http_do(h, &req, a, err);
}

static int
try(struct http *h, const char *path, bool once, bool retry_503, struct http_answer *a, int *n, struct err *err)
{
	char url[200];
	struct http_request req = { .method = "GET", .url = url, .max_body = 1000, .once = once };
	struct http_policy p = { .base_ms = 1, .retry_503 = retry_503 };

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	return http_try(h, &req, &p, a, n, err);
}

static void
requests(void)
{
	struct http_options o = { .connect_ms = 5000, .low_speed_seconds = 5 };
	struct http_answer a;
	struct err err = { 0 };
	struct http *h = http_new(&o, &err);
	char value[64], url[64];
	volatile int stop = 1;
	struct http_header bad = { "X-A", "b\r\nX-Evil: 1" };
	struct http_request req = { .method = "GET", .url = "http://127.0.0.1:1/", .header = &bad, .nheader = 1, .max_body = 10 };
	int n, rc;

	http_answer_init(&a);
	tap_ok(ask(h, "GET", "/ok?k=secret", NULL, false, &a, &err) == 0 && a.status == 200, "a plain answer");
	tap_is(a.body.bytes, "ok", "its body");
	tap_is(a.remote, "127.0.0.1", "its address");
	tap_ok(strstr(seen->last, "User-Agent: tcfeed/") != NULL && strstr(seen->last, "Expect") == NULL, "says who asks");
	tap_ok(ask(h, "POST", "/ok", "body", true, &a, &err) == 0 && strstr(seen->last, "\r\n\r\nbody") != NULL &&
	    strstr(seen->last, "Content-Type") == NULL, "a body, with no type made up");
	tap_ok(ask(h, "PUT", "/ok", "", false, &a, &err) == 0 && strncmp(seen->last, "PUT /ok ", 8) == 0, "an empty PUT");
	tap_ok(ask(h, "DELETE", "/a/../ok", NULL, false, &a, &err) == 0 && strncmp(seen->last, "DELETE /a/../ok ", 16) == 0,
	    "the path goes out as it stands");
	tap_ok(ask(h, "GET", "/continue", NULL, false, &a, &err) == 0 && a.status == 404 && a.server_date == 1700000000,
	    "the final answer's status and date");
	tap_is(http_header(&a, "x-new", value, sizeof(value)), "two", "a header, trimmed");
	tap_ok(http_header(&a, "x-old", value, sizeof(value)) == NULL && http_header(&a, "x-ne", value, sizeof(value)) == NULL,
	    "not that of the 100 before it");
	tap_ok(ask(h, "GET", "/redirect", NULL, false, &a, &err) == 0 && a.status == 302, "redirects are the caller's");

	rc = ask(h, "GET", "/cut?k=secret", NULL, false, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_TEMPORARY && strstr(err.text, "14") != NULL && strstr(err.text, "secret") == NULL,
	    "a body shorter than its length: %s", err.text);
	req.header = NULL;
	req.nheader = 0;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/big", port);
	req.url = url;
	req.max_body = 99;
	rc = http_do(h, &req, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_CONTRACT, "a body over max_body: %s", err.text);
	req.max_body = 100;
	tap_ok(http_do(h, &req, &a, &err) == 0 && a.body.len == 100, "a body that just fits");
	req.header = &bad;
	req.nheader = 1;
	rc = ask(h, "GET", "/cut-chunk", NULL, false, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_TEMPORARY, "chunks without an end: %s", err.text);
	rc = ask(h, "GET", "/not-http", NULL, false, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_CONTRACT, "no HTTP: %s", err.text);
	rc = ask(h, "GET", "/long-header?k=secret", NULL, false, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_CONTRACT && strstr(err.text, "secret") == NULL, "headers without end: %s", err.text);
	rc = ask(h, "GET", "/error-page", NULL, false, &a, &err);
	tap_ok(rc == 0 && a.status == 500 && a.body.len == 64 * KIB, "of an error page the beginning is kept");

	/* RFC 9110 9.2.2: a method that is not idempotent is not repeated by itself; libcurl does on a kept connection */
	rc = ask(h, "POST", "/once-then-gone", "x", true, &a, &err);
	tap_ok(rc == 0 && a.status == 200, "first on the connection");
	rc = ask(h, "POST", "/once-then-gone", "x", true, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_TEMPORARY && a.sent && seen->posts == 2, "a lost answer is no second POST (%d): %s",
	    seen->posts, err.text);

	rc = http_do(h, &req, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_USAGE, "a line break in a header: %s", err.text);
	req.nheader = 0;
	req.url = "http://127.0.0.1:1/";
	rc = http_do(h, &req, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_TEMPORARY && !a.sent && a.status == 0, "nobody listens: %s", err.text);
	req.url = "http://192.0.2.1/";
	rc = http_do(h, &req, &a, &err);
	tap_ok(rc == -1 && err.reason == REASON_USAGE, "http to another machine: %s", err.text);
	req.url = "http://127.0.0.1:1/";
	req.stop = &stop;
	rc = http_do(h, &req, &a, &err);
	tap_ok(rc == -1 && strstr(err.text, "signal") != NULL, "stopped before it began");

	rc = try(h, "/flaky", false, false, &a, &n, &err);
	tap_ok(rc == 0 && a.status == 200 && n == 3, "502 twice, then fine");
	seen->flaky = 0;
	rc = try(h, "/flaky", true, false, &a, &n, &err);
	tap_ok(rc == 0 && a.status == 502 && n == 1, "502 to a request that may go out once");
	rc = try(h, "/busy", true, false, &a, &n, &err);
	tap_ok(rc == 0 && a.status == 200 && n == 2, "429 was not taken: asked again");
	rc = try(h, "/busy-day", false, false, &a, &n, &err);
	tap_ok(rc == -1 && err.reason == REASON_TEMPORARY && n == 1 && strstr(err.text, "86400"), "a day is too long: %s", err.text);
	rc = try(h, "/503", false, false, &a, &n, &err);
	tap_ok(rc == 0 && a.status == 503 && n == 1, "503 of the platform");
	rc = try(h, "/503", false, true, &a, &n, &err);
	tap_ok(rc == 0 && a.status == 503 && n == 4, "503 of a feed");
	http_answer_release(&a);
	http_free(h);
}

int
main(void)
{
	pid_t server;

	log_open("http_test");
	log_set_level(LOG_ERROR);
	signal(SIGPIPE, SIG_IGN);
	server = start_server();
	urls();
	waits();
	requests();
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return tap_done();
}
