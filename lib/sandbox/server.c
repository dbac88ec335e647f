#include "sandbox/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "limit.h"
#include "log.h"
#include "sandbox/exchange.h"
#include "sandbox/faults.h"
#include "sandbox/job.h"
#include "sandbox/requests.h"
#include "sandbox/routes.h"
#include "xmalloc.h"

#define TICK_MS		200		/* how often suspended connections are looked at */
#define MULTIPART_ROOM	(64 * KIB)	/* bytes around a document in a multipart body */
#define CONNECTIONS	256

struct exchange {
	struct server	*server;
	struct request	 r;
	struct answer	 a;
	struct fault	*fault;
	bool		 begun, processed, delayed, waiting, gone;
	const char	*outcome;
	uint64_t	 sent;
	int64_t		 resume_at;	/* ms; while waiting */
	int64_t		 began_ms;	/* of a body that drips */
	struct exchange	*next;		/* of those waiting */
};

struct server {
	struct instance	*in;
	struct MHD_Daemon *daemon;
	struct exchange	*waiting;
	uint64_t	 requests;
	unsigned	 port;
};

/* --- waiting: a suspended connection --- */

static void
wait_until(struct exchange *x, int64_t when)
{
	x->resume_at = when;
	x->waiting = true;
	x->next = x->server->waiting;
	x->server->waiting = x;
	MHD_suspend_connection(x->r.connection);
}

static int
socket_of(struct exchange *x)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->r.connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info != NULL ? info->connect_fd : -1;
}

/* The library does not watch a suspended connection: has its client gone? */
static bool
client_gone(struct exchange *x)
{
	char c;
	ssize_t n = recv(socket_of(x), &c, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
}

static void
wake(struct server *s, bool all)
{
	struct exchange **at = &s->waiting, *x;
	int64_t now = instance_ms();

	while ((x = *at) != NULL) {
		if (!all && x->resume_at > now && !client_gone(x)) {
			at = &x->next;
			continue;
		}
		x->gone = all || x->resume_at > now;
		x->waiting = false;
		*at = x->next;
		MHD_resume_connection(x->r.connection);
	}
}

static int64_t
next_wake(const struct server *s)
{
	const struct exchange *x;
	int64_t next = -1, now = instance_ms(), left;

	for (x = s->waiting; x != NULL; x = x->next) {
		left = x->resume_at - now;
		if (left > TICK_MS)
			left = TICK_MS;
		if (left < 0)
			left = 0;
		if (next < 0 || left < next)
			next = left;
	}
	return next;
}

/* --- ending badly --- */

/*
 * A reset now. SO_LINGER does not do: the library shuts the socket down before
 * it closes it, and the client would see an orderly end. Connecting to nowhere
 * dissolves the connection with a reset and leaves the descriptor alone.
 */
static void
reset_socket(struct exchange *x)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	if (connect(socket_of(x), &nowhere, sizeof(nowhere)) == -1)
		log_debug("cannot reset a connection: %s", strerror(errno));
}

static enum MHD_Result
end_without_answer(struct exchange *x, const char *outcome)
{
	x->outcome = outcome;
	if (x->a.reset || strcmp(outcome, "cut upload") == 0)
		reset_socket(x);
	return MHD_NO;
}

/* Bytes as they stand, past the library. */
static enum MHD_Result
send_raw(struct exchange *x)
{
	const char *p = x->a.body.bytes;
	size_t left = x->a.body.len;
	int fd = socket_of(x), tries = 0;
	ssize_t n;

	while (left > 0 && tries < 1000) {
		n = send(fd, p, left, MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			break;
		if (n == -1) {
			struct timespec ms = { 0, 1000000 };

			nanosleep(&ms, NULL);
			tries++;
			continue;
		}
		p += n;
		left -= (size_t)n;
		x->sent += (size_t)n;
	}
	if (x->a.hold && !x->gone) {
		buf_clear(&x->a.body);
		wait_until(x, INT64_MAX);
		return MHD_YES;
	}
	return end_without_answer(x, "raw");
}

/* --- answering --- */

static ssize_t
read_answer(void *cls, uint64_t pos, char *to, size_t max)
{
	struct exchange *x = cls;
	uint64_t total = x->a.fd != -1 ? x->a.fd_size : x->a.body.len, limit = total, allowed;
	size_t n = max;
	ssize_t got;

	if (x->a.cut >= 0 && (uint64_t)x->a.cut < total)
		limit = (uint64_t)x->a.cut;
	if (pos >= limit && (x->gone || x->a.cut >= 0)) {
		if (x->a.hold && !x->gone) {
			wait_until(x, INT64_MAX);
			return 0;
		}
		x->outcome = "cut";
		if (x->a.reset)
			reset_socket(x);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (pos >= limit)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (x->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n > limit - pos)
		n = (size_t)(limit - pos);
	if (x->a.rate > 0) {
		allowed = (uint64_t)((instance_ms() - x->began_ms) * x->a.rate / 1000) + 1;
		if (pos >= allowed) {
			wait_until(x, instance_ms() + (1000 / x->a.rate > 50 ? 1000 / x->a.rate : 50));
			return 0;
		}
		if (n > allowed - pos)
			n = (size_t)(allowed - pos);
	}
	if (x->a.fd != -1) {
		got = pread(x->a.fd, to, n, (off_t)pos);
		if (got <= 0)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		n = (size_t)got;
	} else {
		memcpy(to, x->a.body.bytes + pos, n);
	}
	x->sent = pos + n;
	return (ssize_t)n;
}

static void
add_headers(struct exchange *x, struct MHD_Response *response)
{
	time_t now = (time_t)instance_now(x->server->in);
	char date[64];
	struct tm tm;
	size_t i;

	/* its clock may be off on purpose, and a client reads it here */
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	MHD_add_response_header(response, "Date", date);
	if (x->a.type[0] != '\0' && x->a.status != 304)
		MHD_add_response_header(response, "Content-Type", x->a.type);
	for (i = 0; i < x->a.nheader; i++)
		if (MHD_add_response_header(response, x->a.header[i].name, x->a.header[i].value) == MHD_NO)
			log_warning("header %s of the fault script cannot be sent this way; use raw", x->a.header[i].name);
}

static enum MHD_Result
send_answer(struct exchange *x)
{
	struct MHD_Response *response;
	uint64_t total = x->a.fd != -1 ? x->a.fd_size : x->a.body.len;
	enum MHD_Result rc;
	int fd;

	if (x->a.cut >= 0 || x->a.rate > 0 || x->a.chunked) {
		x->began_ms = instance_ms();
		response = MHD_create_response_from_callback(x->a.chunked ? MHD_SIZE_UNKNOWN : total, 16 * KIB, read_answer, x, NULL);
	} else if (x->a.fd != -1) {
		fd = x->a.fd;
		x->a.fd = -1;	/* the response's from here on */
		response = MHD_create_response_from_fd64(total, fd);
		x->sent = total;
	} else {
		response = MHD_create_response_from_buffer(x->a.body.len, x->a.body.bytes, MHD_RESPMEM_PERSISTENT);
		x->sent = total;
	}
	if (response == NULL)
		return MHD_NO;
	add_headers(x, response);
	rc = MHD_queue_response(x->r.connection, (unsigned)x->a.status, response);
	MHD_destroy_response(response);
	return rc;
}

/* --- receiving --- */

static enum MHD_Result
take_upload(struct exchange *x, const char *bytes, size_t *len)
{
	struct instance *in = x->server->in;
	bool stall = false;
	long long limit = x->fault != NULL ? fault_upload(x->fault, &stall) : -1;
	struct err err;

	if (x->gone)
		return MHD_NO;
	x->r.received += *len;
	if (limit >= 0 && x->r.received >= (uint64_t)limit) {
		log_info("fault script: %s %s: the upload ends after %lld bytes", x->r.method, x->r.path, limit);
		if (!stall)
			return end_without_answer(x, "cut upload");
		wait_until(x, INT64_MAX);
		*len = 0;
		return MHD_YES;
	}
	if (x->r.received > in->max_bytes + MULTIPART_ROOM)
		x->r.too_large = true;
	if (!x->r.too_large && body_add(&x->r.body, bytes, *len, &err) == -1) {
		log_error("%s", err.text);
		return MHD_NO;
	}
	*len = 0;
	return MHD_YES;
}

static void
process(struct exchange *x)
{
	struct instance *in = x->server->in;
	struct err err;

	x->processed = true;
	if (body_end(&x->r.body, &err) == -1) {
		log_error("%s", err.text);
		answer_text(&x->a, 500, "%s", err.text);
		return;
	}
	if (x->fault == NULL || fault_processes(x->fault))
		route(in, &x->r, &x->a);
	if (x->fault != NULL)
		fault_answer(in, x->fault, &x->r, &x->a);
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **con_cls)
{
	struct exchange *x = *con_cls;

	(void)cls;
	(void)url;
	(void)version;
	if (!x->begun) {
		x->begun = true;
		x->r.connection = connection;
		snprintf(x->r.method, sizeof(x->r.method), "%s", method);
		x->fault = faults_match(x->server->in->faults, &x->r);
		return MHD_YES;
	}
	if (*upload_size > 0)
		return take_upload(x, upload, upload_size);
	if (!x->processed)
		process(x);
	if (x->a.delay_ms > 0 && !x->delayed) {
		x->delayed = true;
		wait_until(x, instance_ms() + x->a.delay_ms);
		return MHD_YES;
	}
	if (x->gone)
		return end_without_answer(x, "client gone");
	if (x->a.lost)
		return end_without_answer(x, "lost");
	if (x->a.raw)
		return send_raw(x);
	return send_answer(x);
}

static void *
begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct server *s = cls;
	struct exchange *x = xcalloc(1, sizeof(*x));
	const char *q = strchrnul(uri, '?');

	x->server = s;
	x->outcome = "answered";
	x->r.connection = connection;
	x->r.number = ++s->requests;
	x->r.target = xstrdup(uri);
	x->r.api = strncmp(uri, "/api/", 5) == 0;
	x->r.path = x->r.api ? xstrndup(uri + 4, (size_t)(q - uri) - 4) : xstrndup(uri, (size_t)(q - uri));
	x->r.query = x->r.target + (q - uri) + (*q == '?');
	body_init(&x->r.body);
	answer_init(&x->a);
	return x;
}

static void
end(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *con_cls;

	(void)cls;
	(void)connection;
	if (x == NULL)
		return;
	if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK && strcmp(x->outcome, "answered") == 0)
		x->outcome = "closed";
	if (x->begun && strncmp(x->r.path, "/sandbox/", 9) != 0)
		requests_add(x->server->in->requests, &x->r, x->a.lost || x->a.raw ? 0 : x->a.status, x->sent, x->outcome);
	answer_release(&x->a);
	body_release(&x->r.body);
	free(x->r.target);
	free(x->r.path);
	free(x);
	*con_cls = NULL;
}

TC_PRINTF(2, 0) static void
complain(void *cls, const char *fmt, va_list ap)
{
	char text[512];

	(void)cls;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("%s", text);
}

/* --- the loop --- */

struct server *
server_start(struct instance *in, const struct server_options *o, struct err *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)o->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct server *s = xcalloc(1, sizeof(*s));
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->key }, { MHD_OPTION_END, 0, NULL } };
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
	const union MHD_DaemonInfo *info;

	s->in = in;
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ERROR_LOG |
	    (o->certificate != NULL ? MHD_USE_TLS : 0), (uint16_t)o->port, NULL, NULL, handle, s,
	    MHD_OPTION_EXTERNAL_LOGGER, complain, NULL,
	    MHD_OPTION_SOCK_ADDR, &address,
	    MHD_OPTION_URI_LOG_CALLBACK, begin, s,
	    MHD_OPTION_NOTIFY_COMPLETED, end, s,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 * KIB),
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, o->idle_seconds,
	    MHD_OPTION_ARRAY, o->certificate != NULL ? tls : none,
	    MHD_OPTION_END);
	if (s->daemon == NULL || (info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)) == NULL) {
		err_set(err, REASON_STATE, "cannot listen on 127.0.0.1 port %u: %s", o->port, strerror(errno));
		free(s);
		return NULL;
	}
	s->port = info->port;
	return s;
}

unsigned
server_port(const struct server *s)
{
	return s->port;
}

static int64_t
save_owners(struct instance *in, bool now)
{
	struct err err;
	int64_t next = -1, left;
	size_t i;

	for (i = 0; i < in->nowner; i++) {
		if (!in->owner[i].dirty || in->owner[i].file == NULL)
			continue;
		left = in->owner[i].save_at - instance_ms();
		if (now || left <= 0) {
			if (owner_save(&in->owner[i], &err) == -1) {
				log_error("%s", err.text);
				in->owner[i].save_at = instance_ms() + 60000;
				in->owner[i].dirty = !now;
			}
		} else if (next < 0 || left < next) {
			next = left;
		}
	}
	return next;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

int
server_run(struct server *s, volatile sig_atomic_t *stop, struct err *err)
{
	int64_t wait;

	while (!*stop) {
		wake(s, false);
		wait = sooner(sooner(jobs_run(s->in), save_owners(s->in, false)), next_wake(s));
		/* a signal that comes between the test above and the wait is seen after half a second at most */
		if (wait < 0 || wait > 500)
			wait = 500;
		if (MHD_run_wait(s->daemon, (int32_t)wait) == MHD_NO)
			return err_set(err, REASON_STATE, "the HTTP library's loop failed");
	}
	save_owners(s->in, true);
	return 0;
}

void
server_stop(struct server *s)
{
	if (s == NULL)
		return;
	wake(s, true);
	MHD_run(s->daemon);
	MHD_stop_daemon(s->daemon);
	free(s);
}
