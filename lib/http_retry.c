#include "http_retry.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "date.h"
#include "limit.h"
#include "log.h"

#define SLICE_MS 200	/* how late a stop may be seen that came between the look and the sleep */

bool
http_wait(long ms, volatile int *stop)
{
	struct timespec end, now;
	long long left;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000;
	for (;;) {
		struct timespec nap;

		if (stop != NULL && *stop)
			return false;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = (end.tv_sec - now.tv_sec) * 1000000000LL + end.tv_nsec - now.tv_nsec;
		if (left <= 0)
			return true;
		if (left > SLICE_MS * 1000000LL)
			left = SLICE_MS * 1000000LL;
		nap.tv_sec = 0;
		nap.tv_nsec = (long)left;
		nanosleep(&nap, NULL);
	}
}

long
http_retry_after(const char *value, int64_t now)
{
	const char *s = value;
	int64_t when;
	double n;
	char *end;

	while (*s == ' ' || *s == '\t')
		s++;
	if (isdigit((unsigned char)*s)) {
		/* only digits and one point: strtod alone would take "0x10", "1e9" and the locale's comma */
		size_t whole = strspn(s, "0123456789");

		if (s[whole] == '\0' || s[whole] == ' ' || s[whole] == '.') {
			n = 0;
			for (; isdigit((unsigned char)*s); s++)
				n = n * 10 + (*s - '0');
			if (*s == '.') {
				long fraction = strtol(++s, &end, 10);

				if (fraction > 0)
					n += 1;
				s = end;
			}
			s += strspn(s, " \t");
			if (*s != '\0')
				return -1;
			if (n >= 1e9)	/* an epoch: nobody asks for thirty years */
				n = n - (double)now;
			return n <= 0 ? 0 : n > 1e9 ? 1000000000L : (long)n;
		}
	}
	when = http_date(s);
	if (when < 0)
		return -1;
	return when <= now ? 0 : when - now > 1000000000 ? 1000000000L : (long)(when - now);
}

/* Half of it is sure, the other half is chance, so that many clients do not come back together. */
static long
jitter(long ms)
{
	unsigned r = 0;

	if (ms < 2 || getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		return ms;
	return ms / 2 + (long)(r % (unsigned long)(ms / 2 + 1));
}

static bool
worth_repeating(const struct http_request *req, const struct http_policy *p, const struct http_answer *a,
    int rc, const struct err *err)
{
	if (rc == -1)
		return err->reason == REASON_TEMPORARY && !(req->once && a->sent);
	switch (a->status) {
	case 429:
		return true;
	case 408: case 500: case 502: case 504:
	case 520: case 521: case 522: case 523: case 524:
		return !req->once;
	case 503:
		return !req->once && p->retry_503;
	default:
		return false;
	}
}

/* How long, by the server's word or our own back-off; -1: longer than we grant. */
static long
how_long(const struct http_request *req, struct http_policy *p, const struct http_answer *a, int try, struct err *err)
{
	long base = p->base_ms > 0 ? p->base_ms : 300, most = p->max_ms > 0 ? p->max_ms : 20000, ms, asked = -1;
	char value[128], label[256];

	ms = try < 16 ? base << (try - 1) : most;
	if (ms > most || ms <= 0)
		ms = most;
	ms = jitter(ms);
	if ((a->status == 429 || a->status == 503) && http_header(a, "retry-after", value, sizeof(value)) != NULL)
		asked = http_retry_after(value, a->server_date >= 0 ? a->server_date : (int64_t)time(NULL));
	if (asked <= 0)
		return ms;
	http_label(req->url, label, sizeof(label));
	if (asked > LIMIT_RETRY_AFTER)
		return err_set(err, REASON_TEMPORARY, "%s asks to wait %ld s, more than the %d s granted; try again later",
		    label, asked, LIMIT_RETRY_AFTER);
	if (p->waited_ms / 1000 + asked > LIMIT_RETRY_TOTAL)
		return err_set(err, REASON_TEMPORARY, "%s asks to wait %ld s more after %ld s of such waits, %d s are granted; try again later",
		    label, asked, p->waited_ms / 1000, LIMIT_RETRY_TOTAL);
	return asked * 1000 + jitter(500);
}

int
http_try(struct http *h, const struct http_request *req, struct http_policy *p, struct http_answer *a,
    int *ntries, struct err *err)
{
	int most = p->tries > 0 ? p->tries : 4, try, rc;
	char label[256];
	long ms;

	for (try = 1;; try++) {
		if (ntries != NULL)
			*ntries = try;
		if (try > 1 && req->restart != NULL)
			req->restart(req->sink_arg);
		if (p->before != NULL)
			p->before(p->before_arg);
		rc = http_do(h, req, a, err);
		if (try >= most || (req->stop != NULL && *req->stop) || !worth_repeating(req, p, a, rc, err))
			return rc;
		if (req->sink != NULL && req->restart == NULL && a->decoded > 0 && a->status >= 200 && a->status <= 299)
			return rc;	/* the sink has bytes it cannot give back */
		if (req->source != NULL && (req->rewind == NULL || req->rewind(req->source_arg) == -1))
			return rc;
		ms = how_long(req, p, a, try, err);
		if (ms == -1)
			return -1;
		if (p->deadline_ms != 0 && date_monotonic_ms() + ms >= p->deadline_ms)
			return rc;
		http_label(req->url, label, sizeof(label));
		if (rc == -1)
			log_info("%s; trying again in %ld ms", err->text, ms);
		else
			log_info("%s answered %ld; trying again in %ld ms", label, a->status, ms);
		if (a->status == 429 || a->status == 503)
			p->waited_ms += ms;
		if (!http_wait(ms, req->stop))
			return rc == 0 ? 0 : -1;
		err->reason = REASON_NONE;
		err->text[0] = '\0';
	}
}
