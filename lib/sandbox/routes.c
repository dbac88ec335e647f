#include "sandbox/routes.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "sandbox/auth.h"
#include "sandbox/docs.h"
#include "sandbox/faults.h"
#include "sandbox/job.h"
#include "sandbox/reads.h"
#include "sandbox/requests.h"

#define SEGMENT 512

/* --- calls whose handler takes no segment --- */

static void
call_create(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	(void)seg;
	job_create(in, r, a);
}

static void
call_create_and_upload(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	(void)seg;
	job_create_and_upload(in, r, a);
}

static void
call_renew(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	(void)seg;
	auth_renew(in, r, a);
}

/* --- the stand-in's own --- */

static void
call_reset(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	struct err err;
	size_t i;

	(void)r;
	(void)seg;
	for (i = 0; i < in->nowner; i++) {
		store_clear(&in->owner[i].store);
		strings_release(&in->owner[i].uploaded);
		if (owner_save(&in->owner[i], &err) == -1)
			log_error("%s", err.text);
	}
	jobs_clear(in->jobs);
	docs_clear(in->docs);
	requests_clear(in->requests);
	answer_json(a, 200, "{\"status\":\"Success\"}");
	log_info("reset: owners, batches, records and the log of requests are empty");
}

static void
call_requests(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	(void)r;
	(void)seg;
	requests_list(in->requests, a);
	snprintf(a->type, sizeof(a->type), "application/x-ndjson");
}

static void
call_batches(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	(void)r;
	(void)seg;
	jobs_list(in, a);
}

/* The script from now on; an empty body ends it. */
static void
call_faults(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	struct err err;

	(void)seg;
	faults_clear(in->faults);
	if (faults_parse(in->faults, r->body.bytes, r->body.len, "the script", &err) == -1) {
		faults_clear(in->faults);
		answer_invalid(a, "%s", err.text);
	} else {
		answer_json(a, 200, "{\"status\":\"Success\"}");
	}
}

static void
call_revoke(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	(void)r;
	(void)seg;
	auth_revoke(in->auth);
	answer_json(a, 200, "{\"status\":\"Success\"}");
}

enum needs { NEEDS_NOTHING, NEEDS_CREDENTIALS, NEEDS_TOKEN };

/* {} is one segment, decoded; {*} all that is left. With two, a newline is between them. */
static const struct call {
	const char	*method, *pattern;
	bool		 api;
	enum needs	 needs;
	void		(*handler)(struct instance *, struct request *, const char *, struct answer *);
} call[] = {
	{ "GET", "/appAuth", true, NEEDS_NOTHING, call_renew },
	{ "GET", "/appAuth/", true, NEEDS_NOTHING, call_renew },
	{ "POST", "/v2/batch", true, NEEDS_CREDENTIALS, call_create },
	{ "POST", "/v2/batch/createAndUpload", true, NEEDS_CREDENTIALS, call_create_and_upload },
	{ "POST", "/v2/batch/{}", true, NEEDS_CREDENTIALS, job_upload },
	{ "GET", "/v2/batch/{}", true, NEEDS_CREDENTIALS, job_status },
	{ "GET", "/v2/batch/{}/errors", true, NEEDS_CREDENTIALS, job_errors },
	{ "GET", "/v2/batch/{}/results", true, NEEDS_CREDENTIALS, job_results },
	{ "POST", "/v2/groups/{}/{}/upload", true, NEEDS_CREDENTIALS, write_group_file },
	{ "PUT", "/v2/groups/{}/{}/upload", true, NEEDS_CREDENTIALS, write_group_file },
	{ "GET", "/v2/owners", true, NEEDS_CREDENTIALS, read_owners },
	{ "GET", "/v2/types/indicatorTypes", true, NEEDS_CREDENTIALS, read_indicator_types },
	{ "GET", "/v2/types/associationTypes", true, NEEDS_CREDENTIALS, read_association_types },
	{ "GET", "/v3/attributeTypes", true, NEEDS_CREDENTIALS, read_attribute_types },
	{ "GET", "/v2/securityLabels", true, NEEDS_CREDENTIALS, read_labels_of },
	{ "GET", "/v2/indicators/bulk/json", true, NEEDS_CREDENTIALS, read_bulk },
	{ "POST", "/v2/logs/app", true, NEEDS_TOKEN, write_log },
	{ "POST", "/v2/exchange/db/{*}", true, NEEDS_TOKEN, docs_call },
	{ "GET", "/internal/job/execution/parameters", true, NEEDS_TOKEN, read_parameters },
	{ "GET", "/sandbox/owner", false, NEEDS_NOTHING, sandbox_owner },
	{ "GET", "/sandbox/files", false, NEEDS_NOTHING, sandbox_files },
	{ "GET", "/sandbox/requests", false, NEEDS_NOTHING, call_requests },
	{ "GET", "/sandbox/batches", false, NEEDS_NOTHING, call_batches },
	{ "POST", "/sandbox/reset", false, NEEDS_NOTHING, call_reset },
	{ "POST", "/sandbox/faults", false, NEEDS_NOTHING, call_faults },
	{ "POST", "/sandbox/revoke", false, NEEDS_NOTHING, call_revoke },
};

/* Fills seg with the decoded segments; false where the path does not fit. */
static bool
matches(const char *pattern, const char *path, char *seg, size_t size)
{
	size_t n, used = 0;

	seg[0] = '\0';
	while (*pattern != '\0') {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		n = pattern[1] == '*' ? strlen(path) : strcspn(path, "/");
		if (n == 0 || used + 2 >= size)
			return false;
		if (used > 0)
			seg[used++] = '\n';
		if (!percent_decode(path, n, false, seg + used, size - used))
			return false;
		used += strlen(seg + used);
		path += n;
		pattern = strchr(pattern, '}') + 1;
	}
	return *path == '\0';
}

static bool
permitted(struct instance *in, const struct call *c, struct request *r, struct answer *a)
{
	enum caller caller;

	if (c->needs == NEEDS_NOTHING)
		return true;
	caller = auth_check(in, r, a);
	if (caller == CALLER_NONE)
		return false;
	if (c->needs != NEEDS_TOKEN || caller == CALLER_TOKEN)
		return true;
	answer_text(a, 401, "Access Denied");
	log_info("refused %s %s: 401: this call needs the token, keys will not do (runtime apps, credentials)", r->method,
	    r->path);
	return false;
}

void
route(struct instance *in, struct request *r, struct answer *a)
{
	const struct call *c, *other = NULL;
	char seg[2 * SEGMENT];
	size_t i;

	for (i = 0; i < sizeof(call) / sizeof(call[0]); i++) {
		c = &call[i];
		if (c->api != r->api || !matches(c->pattern, r->path, seg, sizeof(seg)))
			continue;
		if (strcmp(c->method, r->method) != 0) {
			other = c;
			continue;
		}
		if (permitted(in, c, r, a))
			c->handler(in, r, seg, a);
		if (a->status == 0)
			answer_failure(a, 404, "The requested resource was not found");
		return;
	}
	/* who may not ask at all is not told what could be asked */
	if (other != NULL && !permitted(in, other, r, a))
		return;
	answer_failure(a, other != NULL ? 405 : 404, other != NULL ? "The method is not allowed" :
	    "The requested resource was not found");
	log_info("refused %s %s: %d: the stand-in has no such call%s", r->method, r->path, a->status,
	    other != NULL ? " with this method" : r->api ? "" : "; API paths begin with /api");
}
