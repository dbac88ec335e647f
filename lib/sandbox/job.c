#include "sandbox/job.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "sandbox/faults.h"
#include "sandbox/multipart.h"
#include "text.h"
#include "xmalloc.h"

struct jobs {
	struct job	**job;
	size_t		  n, first;	/* jobs before first are Completed for good */
	uint32_t	  next_id;
};

static const char *const state_name[] = { "Created", "Queued", "Running", "Completed" };

struct jobs *
jobs_new(uint32_t first_id)
{
	struct jobs *js = xcalloc(1, sizeof(*js));

	js->next_id = first_id;
	return js;
}

static void
job_free(struct job *j)
{
	size_t i;

	body_release(&j->body);
	outcome_release(&j->out);
	for (i = 0; i < j->fault.nadd; i++) {
		free(j->fault.add[i].reason);
		free(j->fault.add[i].source);
	}
	free(j->fault.add);
	free(j->fault.state_word);
	free(j->fault.errors);
	free(j->fault.errors_type);
	free(j);
}

void
jobs_clear(struct jobs *js)
{
	size_t i;

	for (i = 0; i < js->n; i++)
		job_free(js->job[i]);
	free(js->job);
	js->job = NULL;
	js->n = js->first = 0;
}

void
jobs_free(struct jobs *js)
{
	if (js == NULL)
		return;
	jobs_clear(js);
	free(js);
}

static struct job *
add(struct jobs *js, const struct settings *set, struct owner *owner)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->id = js->next_id++;
	j->set = *set;
	j->owner = owner;
	j->fault.counter[0] = j->fault.counter[1] = j->fault.counter[2] = j->fault.errors_cut = -1;
	body_init(&j->body);
	js->job = xreallocarray(js->job, js->n + 1, sizeof(struct job *));
	js->job[js->n++] = j;
	return j;
}

static size_t
sum(const size_t count[CONTENT_ARRAYS])
{
	return count[0] + count[1] + count[2];
}

/* Running is over. */
static void
process(struct instance *in, struct job *j)
{
	struct outcome *out = &j->out;
	struct err err;
	size_t i;

	if (!j->fault.drop)
		apply_document(in, j->owner, &j->set, j->id, j->text, j->len, out);
	for (i = 0; i < j->fault.nadd; i++)
		outcome_add(out, j->fault.add[i].code, j->fault.add[i].severity, j->fault.add[i].source,
		    j->fault.add[i].source != NULL ? strlen(j->fault.add[i].source) : 0, "%s", "");
	for (i = 0; i < j->fault.nadd && i < out->n; i++) {
		struct job_error *e = &out->list[out->n - j->fault.nadd + i];

		/* a script's entry is given out as it stands, if only as null */
		free(e->reason);
		e->reason = j->fault.add[i].reason != NULL ? xstrdup(j->fault.add[i].reason) : NULL;
		out->error[CONTENT_INDICATOR]++;
		if (out->success[CONTENT_INDICATOR] > 0)
			out->success[CONTENT_INDICATOR]--;
	}
	j->state = JOB_COMPLETED;
	body_release(&j->body);
	j->text = NULL;
	log_info("batch %u %s in %s: %zu stored, %zu refused, %zu unprocessed", (unsigned)j->id,
	    j->set.delete ? "Delete" : "Create", j->owner->name, sum(out->success), sum(out->error), out->unprocessed);
	if (j->owner->dirty && instance_ms() >= j->owner->save_at && owner_save(j->owner, &err) == -1)
		log_error("%s", err.text);
}

static void
enter(struct instance *in, struct job *j, enum job_state state)
{
	int64_t now = instance_ms();

	j->state = state;
	j->due_ms = now + (state == JOB_QUEUED ? in->queued_ms : in->running_ms);
	if (j->fault.stuck == state) {
		j->due_ms = j->fault.stuck_ms >= 0 ? now + j->fault.stuck_ms : INT64_MAX;
		log_info("batch %u is stuck in %s, as the fault script says", (unsigned)j->id, state_name[state]);
	}
}

static void
advance(struct instance *in, struct job *j)
{
	while ((j->state == JOB_QUEUED || j->state == JOB_RUNNING) && instance_ms() >= j->due_ms) {
		if (j->fault.stuck == j->state)
			j->fault.stuck = JOB_CREATED;
		if (j->state == JOB_QUEUED)
			enter(in, j, JOB_RUNNING);
		else
			process(in, j);
	}
}

int64_t
jobs_run(struct instance *in)
{
	struct jobs *js = in->jobs;
	int64_t next = -1, left;
	size_t i;

	for (i = js->first; i < js->n; i++) {
		struct job *j = js->job[i];

		advance(in, j);
		if (j->state == JOB_COMPLETED && i == js->first)
			js->first++;
		if ((j->state == JOB_QUEUED || j->state == JOB_RUNNING) && j->due_ms != INT64_MAX) {
			left = j->due_ms - instance_ms();
			if (left < 0)
				left = 0;
			if (next < 0 || left < next)
				next = left;
		}
	}
	return next;
}

/* --- creating --- */

/* Sections 1 and 15. NULL: the answer says why not. */
static struct owner *
may_create(struct instance *in, struct request *r, const char *settings, size_t len, struct settings *set,
    struct answer *a)
{
	struct owner *o;
	struct err err;

	if (in->batch_off) {
		answer_text(a, 503, "Batch job api is not available");
		log_info("refused %s %s: 503: batch jobs or document storage are off on this instance", r->method, r->path);
		return NULL;
	}
	if (settings_read(set, settings, len, &err) == -1) {
		answer_invalid(a, "%s", err.text);
		log_info("refused %s %s: 400: %s (Batch API, job settings)", r->method, r->path, err.text);
		return NULL;
	}
	if ((o = instance_owner(in, set->owner)) == NULL) {
		answer_failure(a, 403, "The owner %s does not exist or you have no access to it", set->owner);
		log_info("refused %s %s: 403: there is no owner '%s'; owner names must match exactly", r->method, r->path,
		    set->owner);
		return NULL;
	}
	if (in->role == ROLE_READER) {
		answer_text(a, 401, "You do not have permission to create batch jobs in owner %s", o->name);
		log_info("refused %s %s: 401: the API user's role may only read (Batch API, preconditions)", r->method, r->path);
		return NULL;
	}
	return o;
}

void
job_create(struct instance *in, struct request *r, struct answer *a)
{
	struct settings set;
	struct owner *o = may_create(in, r, r->body.bytes, r->body.len, &set, a);
	struct job *j;

	if (o == NULL)
		return;
	j = add(in->jobs, &set, o);
	answer_json(a, 201, "{\"status\":\"Success\",\"data\":{\"batchId\":%u}}", (unsigned)j->id);
}

/* --- uploading --- */

static bool
fits(struct instance *in, struct request *r, const char *text, size_t len, struct answer *a)
{
	struct content c;
	size_t n;

	if (r->too_large || len > in->max_bytes) {
		answer_invalid(a, "File size greater than allowable limit of %zu", in->max_bytes);
		log_info("refused %s %s: 400: a document of %llu bytes, the limit is %zu (Batch API, upload)", r->method, r->path,
		    (unsigned long long)r->received, in->max_bytes);
		return false;
	}
	/* an indicator takes some twenty bytes at least */
	if (len < in->max_indicators * 16)
		return true;
	content_split(&c, text, len);
	n = c.count[CONTENT_INDICATOR];
	content_release(&c);
	if (n <= in->max_indicators)
		return true;
	answer_invalid(a, "Number of indicators greater than allowable limit of %zu", in->max_indicators);
	log_info("refused %s %s: 400: %zu indicators, a job takes %zu (Batch API, limits)", r->method, r->path, n,
	    in->max_indicators);
	return false;
}

static void
fill(struct instance *in, struct job *j, struct request *r, const char *text, size_t len)
{
	faults_job(in->faults, &j->fault);
	j->body = r->body;
	body_init(&r->body);
	j->text = text;
	j->len = j->size = len;
	enter(in, j, JOB_QUEUED);
}

static struct job *
find(struct instance *in, struct request *r, const char *id, struct answer *a)
{
	char *end;
	unsigned long n = strtoul(id, &end, 10);
	struct jobs *js = in->jobs;
	size_t i;

	for (i = js->n; end != id && *end == '\0' && i > 0; i--)
		if (js->job[i - 1]->id == n && !js->job[i - 1]->synchronous)
			return js->job[i - 1];
	answer_failure(a, 404, "The requested resource was not found");
	log_info("refused %s %s: 404: there is no batch '%s'", r->method, r->path, id);
	return NULL;
}

void
job_upload(struct instance *in, struct request *r, const char *id, struct answer *a)
{
	struct job *j = find(in, r, id, a);
	const char *type = request_header(r, "Content-Type");

	if (j == NULL)
		return;
	if (j->state != JOB_CREATED) {
		answer_invalid(a, "Batch already in %s state", state_name[j->state]);
		log_info("refused %s %s: 400: the batch has its document already", r->method, r->path);
		return;
	}
	if (type == NULL || strncasecmp(type, "application/octet-stream", 24) != 0) {
		answer_invalid(a, "Content-Type must be application/octet-stream");
		log_info("refused %s %s: 400: Content-Type is not application/octet-stream (Batch API, upload)", r->method, r->path);
		return;
	}
	if (!fits(in, r, r->body.bytes, r->body.len, a))
		return;
	fill(in, j, r, r->body.bytes, r->body.len);
	answer_json(a, 202, "{\"status\":\"Queued\"}");
}

/* --- createAndUpload (section 5) --- */

static void print_status(struct instance *, const struct job *, bool additional, struct answer *);

void
job_create_and_upload(struct instance *in, struct request *r, struct answer *a)
{
	struct part config, content;
	struct settings set;
	struct owner *o;
	struct job *j;
	const char *why;
	char flag[8];
	size_t len;

	if (r->too_large) {
		fits(in, r, NULL, 0, a);
		return;
	}
	if ((why = multipart_read(r, &config, &content)) != NULL) {
		answer_invalid(a, "%s", why);
		log_info("refused %s %s: 400: %s (Batch API, createAndUpload)", r->method, r->path, why);
		return;
	}
	if ((o = may_create(in, r, config.text, config.len, &set, a)) == NULL)
		return;
	if (set.delete) {
		answer_invalid(a, "action Delete is not supported by createAndUpload");
		log_info("refused %s %s: 400: Delete needs the two calls (Batch API, createAndUpload)", r->method, r->path);
		return;
	}
	if (!fits(in, r, content.text, content.len, a))
		return;
	j = add(in->jobs, &set, o);
	len = content.len;
	fill(in, j, r, content.text, len);
	if (len < in->sync_bytes && j->fault.stuck == JOB_CREATED) {
		j->synchronous = true;
		process(in, j);
		print_status(in, j, request_query(r, "includeAdditional", flag, sizeof(flag)) && strcmp(flag, "true") == 0, a);
		return;
	}
	answer_json(a, 200, "{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"id\":%u,\"status\":\"%s\"}}}", (unsigned)j->id,
	    state_name[j->state]);
}

/* --- asking --- */

static void
print_status(struct instance *in, const struct job *j, bool additional, struct answer *a)
{
	const struct outcome *o = &j->out;
	char id[32] = "", more[400] = "";
	long long n[3] = { (long long)sum(o->success), (long long)sum(o->error), (long long)o->unprocessed };
	int i;

	for (i = 0; i < 3; i++)
		if (j->fault.counter[i] >= 0)
			n[i] = j->fault.counter[i];
	if (!j->synchronous)
		snprintf(id, sizeof(id), "\"id\":%u,", (unsigned)j->id);
	if (additional)
		snprintf(more, sizeof(more), ",\"successIndicatorCount\":%zu,\"errorIndicatorCount\":%zu,\"successGroupCount\":%zu,"
		    "\"errorGroupCount\":%zu,\"successAssociationCount\":%zu,\"errorAssociationCount\":%zu",
		    o->success[CONTENT_INDICATOR], o->error[CONTENT_INDICATOR], o->success[CONTENT_GROUP], o->error[CONTENT_GROUP],
		    o->success[CONTENT_ASSOCIATION], o->error[CONTENT_ASSOCIATION]);
	answer_json(a, 200, "{\"status\":\"Success\",\"data\":{\"batchStatus\":{%s\"status\":\"Completed\",\"errorCount\":%lld,"
	    "\"successCount\":%lld,\"%s\":%lld%s}}}", id, n[1], n[0],
	    in->unprocessed_spelling ? "unprocessedCount" : "unprocessCount", n[2], more);
}

void
job_status(struct instance *in, struct request *r, const char *id, struct answer *a)
{
	struct job *j = find(in, r, id, a);
	const char *word;
	char flag[8];

	if (j == NULL)
		return;
	j->polls++;
	if (j->fault.stuck == j->state && j->state != JOB_CREATED && j->fault.stuck_polls >= 0 &&
	    j->polls > (size_t)j->fault.stuck_polls)
		j->due_ms = instance_ms();
	advance(in, j);
	if (j->state == JOB_COMPLETED) {
		print_status(in, j, request_query(r, "includeAdditional", flag, sizeof(flag)) && strcmp(flag, "true") == 0, a);
		return;
	}
	word = j->fault.stuck == j->state && j->state != JOB_CREATED && j->fault.state_word != NULL ? j->fault.state_word :
	    state_name[j->state];
	if (in->bare_status)
		answer_json(a, 200, "{\"status\":\"%s\"}", word);
	else
		answer_json(a, 200, "{\"status\":\"Success\",\"data\":{\"batchStatus\":{\"id\":%u,\"status\":\"%s\"}}}", (unsigned)j->id,
		    word);
}

static bool
unfinished(struct request *r, const struct job *j, struct answer *a)
{
	if (j->state == JOB_COMPLETED)
		return false;
	answer_invalid(a, "Batch still in %s state", state_name[j->state]);
	log_info("refused %s %s: 400: the batch is still in %s state", r->method, r->path, state_name[j->state]);
	return true;
}

static int
add_text(struct buf *b, const char *name, const char *text)
{
	if (buf_addf(b, "\"%s\":", name) == -1)
		return -1;
	return text != NULL ? buf_add_json(b, text, strlen(text)) : buf_addz(b, "null");
}

/* The script's answer instead of the list. */
static void
scripted_errors(const struct job *j, struct answer *a)
{
	a->status = j->fault.errors_status != 0 ? j->fault.errors_status : 200;
	snprintf(a->type, sizeof(a->type), "%s", j->fault.errors_type != NULL ? j->fault.errors_type : "application/octet-stream");
	if (buf_add(&a->body, j->fault.errors, j->fault.errors_len) == -1)
		a->status = 500;
}

void
job_errors(struct instance *in, struct request *r, const char *id, struct answer *a)
{
	struct job *j = find(in, r, id, a);
	struct err err;
	size_t i;
	int rc = 0;

	if (j == NULL || unfinished(r, j, a))
		return;
	if (j->fault.errors != NULL || (j->fault.errors_status != 0 && j->fault.errors_status != 200)) {
		scripted_errors(j, a);
	} else if (j->out.n == 0) {
		answer_failure(a, 404, "No errors found for batch %u", (unsigned)j->id);
		return;
	} else {
		a->status = 200;
		snprintf(a->type, sizeof(a->type), "%s", j->fault.errors_type != NULL ? j->fault.errors_type :
		    "application/octet-stream");
		for (i = 0; i < j->out.n && rc == 0; i++) {
			rc = buf_addz(&a->body, i == 0 ? "[{" : ",{");
			if (rc == 0)
				rc = add_text(&a->body, "errorReason", j->out.list[i].reason);
			if (rc == 0 && j->out.list[i].source != NULL)
				rc = buf_addc(&a->body, ',') == -1 ? -1 : add_text(&a->body, "errorSource", j->out.list[i].source);
			if (rc == 0)
				rc = buf_addc(&a->body, '}');
		}
		if (rc == -1 || buf_addc(&a->body, ']') == -1)
			a->status = 500;
	}
	if (!j->fault.errors_plain && answer_gzip(a, &err) == -1)
		answer_text(a, 500, "%s", err.text);
	if (j->fault.errors_cut >= 0 && (size_t)j->fault.errors_cut < a->body.len) {
		a->body.len = (size_t)j->fault.errors_cut;
		a->body.bytes[a->body.len] = '\0';
	}
}

/* Section 7: code (0x prefix), contains, severity. NULL, or what is wrong with a filter. */
static const char *
read_filter(struct request *r, char code[16], char contains[256], char severity[16])
{
	code[0] = contains[0] = severity[0] = '\0';
	if (strstr(r->query, "code=") != NULL && (!request_query(r, "code", code, 16) || strncmp(code, "0x", 2) != 0))
		return "code is not in the form 0x1005";
	(void)request_query(r, "contains", contains, 256);
	if (!request_query(r, "severity", severity, 16))
		return NULL;
	if (strcmp(severity, "err") == 0 || strcmp(severity, "error") == 0)
		strcpy(severity, "Error");
	else if (strcmp(severity, "warn") == 0 || strcmp(severity, "warning") == 0)
		strcpy(severity, "Warning");
	else if (strcmp(severity, "info") == 0)
		strcpy(severity, "Info");
	else
		return "severity is none of err, error, info, warn, warning";
	return NULL;
}

void
job_results(struct instance *in, struct request *r, const char *id, struct answer *a)
{
	struct job *j = find(in, r, id, a);
	char code[16], contains[256], severity[16];
	const char *why;
	size_t i, n = 0;
	int rc = 0;

	if (j == NULL || unfinished(r, j, a))
		return;
	if ((why = read_filter(r, code, contains, severity)) != NULL) {
		answer_invalid(a, "%s", why);
		return;
	}
	answer_json(a, 200, "[");
	for (i = 0; i < j->out.n && rc == 0; i++) {
		const struct job_error *e = &j->out.list[i];

		if ((code[0] != '\0' && strcasecmp(code, e->code) != 0) || (severity[0] != '\0' && strcmp(severity, e->severity) != 0) ||
		    (contains[0] != '\0' && (e->reason == NULL || strstr(e->reason, contains) == NULL) &&
		    (e->source == NULL || strstr(e->source, contains) == NULL)))
			continue;
		rc = buf_addf(&a->body, "%s{\"code\":\"%s\",\"severity\":\"%s\",", n++ > 0 ? "," : "", e->code, e->severity);
		if (rc == 0)
			rc = add_text(&a->body, "errorReason", e->reason);
		if (rc == 0)
			rc = buf_addc(&a->body, ',') == -1 ? -1 : add_text(&a->body, "errorMessage", e->source != NULL ? e->source : e->reason);
		if (rc == 0)
			rc = buf_addc(&a->body, '}');
	}
	if (n == 0)
		answer_failure(a, 404, "No results found for batch %u", (unsigned)j->id);
	else if (rc == -1 || buf_addc(&a->body, ']') == -1)
		answer_text(a, 500, "the results are too large");
}

void
jobs_list(struct instance *in, struct answer *a)
{
	struct jobs *js = in->jobs;
	size_t i;
	int rc = 0;

	answer_text(a, 200, "%s", "");
	snprintf(a->type, sizeof(a->type), "application/x-ndjson");
	for (i = 0; i < js->n && rc == 0; i++) {
		const struct job *j = js->job[i];

		rc = buf_addf(&a->body, "{\"id\":%u,\"status\":\"%s\",\"action\":\"%s\",\"owner\":", (unsigned)j->id,
		    state_name[j->state], j->set.delete ? "Delete" : "Create");
		if (rc == 0)
			rc = buf_add_json(&a->body, j->owner->name, strlen(j->owner->name));
		if (rc == 0)
			rc = buf_addf(&a->body, ",\"bytes\":%zu,\"success\":%zu,\"error\":%zu,\"unprocessed\":%zu,\"polls\":%zu,\"groups\":%zu,"
			    "\"indicators\":%zu,\"associations\":%zu}\n", j->size, sum(j->out.success), sum(j->out.error), j->out.unprocessed,
			    j->polls, j->out.success[0] + j->out.error[0], j->out.success[1] + j->out.error[1],
			    j->out.success[2] + j->out.error[2]);
	}
	if (rc == -1)
		answer_text(a, 500, "the list is too large");
}
