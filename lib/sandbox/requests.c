#include "sandbox/requests.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "limit.h"
#include "log.h"
#include "xmalloc.h"

struct requests {
	char	*line[REQUESTS_KEPT];
	size_t	 n, at;
};

struct requests *
requests_new(void)
{
	return xcalloc(1, sizeof(struct requests));
}

void
requests_clear(struct requests *rs)
{
	size_t i;

	for (i = 0; i < rs->n; i++)
		free(rs->line[i]);
	memset(rs, 0, sizeof(*rs));
}

void
requests_free(struct requests *rs)
{
	if (rs == NULL)
		return;
	requests_clear(rs);
	free(rs);
}

static int
add_header(struct buf *b, const struct request *r, const char *name, const char *member)
{
	const char *value = request_header(r, name);

	if (value == NULL)
		return 0;
	if (strcasecmp(name, "Authorization") == 0)
		value = strncmp(value, "TC-Token ", 9) == 0 ? "TC-Token ***" : strncmp(value, "TC ", 3) == 0 ? "TC ***" : "***";
	return buf_addf(b, ",\"%s\":", member) == -1 ? -1 : buf_add_json(b, value, strlen(value));
}

void
requests_add(struct requests *rs, const struct request *r, int status, uint64_t sent, const char *outcome)
{
	char *target = xstrdup(r->target);
	const char *renew;
	struct buf b;

	log_mask(target);
	/* an unknown token is somebody's secret too */
	renew = strstr(target, "expiredToken=");
	if (renew != NULL)
		strcpy(target + (renew - target) + 13, strlen(renew) >= 16 ? "***" : "");
	buf_init(&b, MIB);
	if (buf_addf(&b, "{\"n\":%llu,\"method\":\"%s\",\"target\":", (unsigned long long)r->number, r->method) == 0 &&
	    buf_add_json(&b, target, strlen(target)) == 0 &&
	    buf_addf(&b, ",\"status\":%d,\"received\":%llu,\"sent\":%llu,\"outcome\":\"%s\"", status,
	    (unsigned long long)r->received, (unsigned long long)sent, outcome) == 0 &&
	    add_header(&b, r, "Authorization", "authorization") == 0 && add_header(&b, r, "User-Agent", "user_agent") == 0 &&
	    add_header(&b, r, "Content-Type", "content_type") == 0 && add_header(&b, r, "DB-Method", "db_method") == 0 &&
	    add_header(&b, r, "If-None-Match", "if_none_match") == 0 && buf_addz(&b, "}\n") == 0) {
		free(rs->line[rs->at]);
		rs->line[rs->at] = buf_take(&b, NULL);
		rs->at = (rs->at + 1) % REQUESTS_KEPT;
		if (rs->n < REQUESTS_KEPT)
			rs->n++;
	}
	buf_release(&b);
	free(target);
	log_debug("%s %s: %d, %llu bytes in, %llu out, %s", r->method, r->path, status, (unsigned long long)r->received,
	    (unsigned long long)sent, outcome);
}

void
requests_list(const struct requests *rs, struct answer *a)
{
	size_t i, from = rs->n < REQUESTS_KEPT ? 0 : rs->at;

	answer_text(a, 200, "%s", "");
	for (i = 0; i < rs->n; i++)
		if (buf_addz(&a->body, rs->line[(from + i) % REQUESTS_KEPT]) == -1)
			break;
}
