#include "submit_platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <zlib.h>

#include "limit.h"
#include "log.h"
#include "text.h"

#define ERROR_LIST	(64 * MIB)	/* bytes of an unpacked error list: 25,000 objects that all fail, with their reasons */
#define LOOKS		6		/* how often a list is asked for that is not there yet */

/* --- settings --- */

static const struct {
	const char *setting, *words;
} allowed[] = {
	{ "attributeWriteType", "Append Replace Singleton Static" },
	{ "tagWriteType", "Append Replace" },
	{ "securityLabelWriteType", "Append Replace" },
	{ "fileMergeMode", "Merge Distribute" },
	{ "hashCollisionMode", "FavorIncoming FavorExisting IgnoreIncoming IgnoreExisting Split" },
	{ "playbookTriggersEnabled", "true false" },
};

const char *
submit_setting_wrong(const char *setting, const char *word)
{
	size_t i, n = strlen(word);
	const char *at;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strcmp(setting, allowed[i].setting) != 0)
			continue;
		for (at = allowed[i].words; n > 0 && strchr(word, ' ') == NULL && (at = strstr(at, word)) != NULL; at += n)
			if ((at == allowed[i].words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
				return NULL;
		return allowed[i].words;
	}
	return "";
}

int
submit_settings_json(const struct submit_settings *s, enum submit_kind kind, struct buf *out)
{
	bool inactive = kind == SUBMIT_INACTIVE;

	return buf_addz(out, "{\"version\":\"V2\",\"owner\":") == -1 || buf_add_json(out, s->owner, strlen(s->owner)) == -1 ||
	    buf_addf(out, ",\"haltOnError\":%s,\"action\":\"%s\",\"attributeWriteType\":\"%s\",\"tagWriteType\":\"%s\","
	    "\"securityLabelWriteType\":\"%s\",\"fileMergeMode\":\"%s\",\"hashCollisionMode\":\"%s\"",
	    s->halt_on_error ? "true" : "false", submit_kind_deletes(kind) ? "Delete" : "Create",
	    inactive ? "Static" : s->attribute_write, inactive ? "Append" : s->tag_write, inactive ? "Append" : s->label_write,
	    s->file_merge, s->hash_collision) == -1 ||
	    (s->playbook_triggers != NULL && buf_addf(out, ",\"playbookTriggersEnabled\":\"%s\"", s->playbook_triggers) == -1) ||
	    buf_addc(out, '}') == -1 ? -1 : 0;
}

/* --- status --- */

static bool
number(struct json_object *o, const char *name, long long *value)
{
	struct json_object *v = session_get(o, name);

	if (json_object_is_type(v, json_type_int))
		*value = json_object_get_int64(v);
	else if (json_object_is_type(v, json_type_string)) {
		char *end;

		*value = strtoll(json_object_get_string(v), &end, 10);
		if (*end != '\0' || end == json_object_get_string(v))
			return false;
	} else
		return false;
	return *value >= 0;
}

static void
counters(struct json_object *o, struct submit_status *s)
{
	static const char *const errors[] = { "errorIndicatorCount", "errorGroupCount", "errorAssociationCount" };
	static const char *const success[] = { "successIndicatorCount", "successGroupCount", "successAssociationCount" };
	long long v, sum = 0;
	size_t i;

	if (number(o, "errorCount", &v))
		s->errors = v;
	for (i = 0; i < 3; i++)
		sum += number(o, errors[i], &v) ? v : 0;
	if (sum > s->errors)
		s->errors = sum;
	s->has_success = number(o, "successCount", &s->success);
	for (i = 0, sum = 0; i < 3 && !s->has_success; i++)
		if (number(o, success[i], &v)) {
			sum += v;
			s->success = sum;
		}
	/* the doc's text and its example spell it differently */
	if (number(o, "unprocessCount", &v) || number(o, "unprocessedCount", &v))
		s->unprocessed = v;
}

static int
state_of(const char *word)
{
	if (strcmp(word, "Completed") == 0)
		return STATE_COMPLETED;
	if (strcmp(word, "Created") == 0)
		return STATE_CREATED;
	if (strcmp(word, "Queued") == 0 || strcmp(word, "Running") == 0)
		return STATE_RUNNING;
	return -1;
}

int
submit_status_read(struct json_object *root, struct submit_status *s, struct err *err)
{
	struct json_object *status = session_get(root, "status"), *batch = session_get(root, "data.batchStatus"), *inner;
	const char *top = json_object_is_type(status, json_type_string) ? json_object_get_string(status) : "";
	int state;

	memset(s, 0, sizeof(*s));
	if (json_object_is_type(batch, json_type_object)) {
		inner = session_get(batch, "status");
		if (strcmp(top, "Success") != 0 && state_of(top) == -1)
			return err_set(err, REASON_CONTRACT, "status \"%.40s\"", top);
		if (!json_object_is_type(inner, json_type_string))
			return err_set(err, REASON_CONTRACT, "a batchStatus without status");
		state = state_of(json_object_get_string(inner));
		/* a word of a newer platform: it will end as Completed or run into the deadline */
		s->state = state == -1 ? STATE_RUNNING : (enum submit_state)state;
		text_safe(s->word, sizeof(s->word), json_object_get_string(inner), strlen(json_object_get_string(inner)));
		number(batch, "id", &s->id);
		counters(batch, s);
		return 0;
	}
	state = state_of(top);
	if (state == -1)
		return err_set(err, REASON_CONTRACT, *top != '\0' ? "status \"%.40s\" and no batchStatus" : "no status in it%s", top);
	s->state = (enum submit_state)state;
	snprintf(s->word, sizeof(s->word), "%s", top);
	counters(root, s);
	return 0;
}

/* --- calls --- */

/* An answer that ends the run; says what it is about. */
static int
fatal(const struct session *s, const char *what, const struct http_answer *a, const char *owner, struct err *err)
{
	char says[500];

	session_says(a, says, sizeof(says));
	switch (a->status) {
	case 403:
		return err_set(err, REASON_AUTH, "%s: owner \"%s\" is not known there or not open to this API user: %s",
		    session_host(s), owner != NULL ? owner : "?", says);
	case 503:
		return err_set(err, REASON_AUTH, "%s: the batch API is not available on this instance (503): %s", session_host(s), says);
	case 429: case 500: case 502: case 504:
		return err_set(err, REASON_TEMPORARY, "%s: %s: the platform answered %ld: %s", session_host(s), what, a->status, says);
	default:
		return err_set(err, REASON_CONTRACT, "%s: %s: the platform's answer is not understood: %ld %s", session_host(s), what,
		    a->status, says);
	}
}

static bool
is_2xx(const struct http_answer *a)
{
	return a->status >= 200 && a->status <= 299;
}

int
submit_create(struct session *s, const struct submit_settings *settings, enum submit_kind kind, long long *id, struct err *err)
{
	struct http_header json = { "Content-Type", "application/json" };
	struct http_request req = { .method = "POST", .header = &json, .nheader = 1, .max_body = LIMIT_ANSWER, .accept_encoding = "" };
	struct json_object *root = NULL, *status;
	struct http_answer a;
	struct buf body;
	int rc = -1;

	buf_init(&body, 64 * KIB);
	http_answer_init(&a);
	if (submit_settings_json(settings, kind, &body) == -1)
		err_set(err, REASON_USAGE, "the owner's name is too long");
	else {
		req.body = body.bytes;
		req.body_len = body.len;
		rc = session_call(s, "/v2/batch", &req, SESSION_IDEMPOTENT, &a, err);
	}
	if (rc == 0) {
		root = session_json(&a);
		status = session_get(root, "status");
		if (!is_2xx(&a) || !json_object_is_type(status, json_type_string) ||
		    strcmp(json_object_get_string(status), "Success") != 0 || !number(session_get(root, "data"), "batchId", id) || *id < 1)
			rc = fatal(s, "creating a batch", &a, settings->owner, err);
	}
	json_object_put(root);
	http_answer_release(&a);
	buf_release(&body);
	return rc;
}

/* "File size greater than allowable limit of 2000000" (section 4), or a 413 of something before the platform. */
static bool
too_large(const struct http_answer *a, size_t *limit)
{
	const char *at;

	*limit = 0;
	at = strcasestr(a->body.bytes, "File size greater than");
	if (at != NULL) {
		at += strcspn(at, "0123456789");
		*limit = (size_t)strtoull(at, NULL, 10);
	}
	return at != NULL || a->status == 413;
}

/* The words of an answer whose JSON has unquoted keys, as the documents print some. */
static bool
says_queued(const struct http_answer *a)
{
	return strstr(a->body.bytes, "Queued") != NULL || strstr(a->body.bytes, "Running") != NULL ||
	    strstr(a->body.bytes, "Success") != NULL;
}

static enum submit_sent
judge_upload(const struct session *s, int rc, const struct http_answer *a, const char *owner, struct submit_answer *out, struct err *err)
{
	char says[500];

	if (rc == -1) {
		if (err->reason == REASON_AUTH || err->reason == REASON_USAGE)
			return SENT_FAILED;
		return a->sent || a->status != 0 ? SENT_IN_DOUBT : SENT_FAILED;
	}
	if (too_large(a, &out->limit) && !is_2xx(a))
		return SENT_TOO_LARGE;
	switch (a->status) {
	case 400: case 409: case 415: case 422:
		err_set(err, REASON_REFUSED, "%ld: %s", a->status, session_says(a, says, sizeof(says)));
		return SENT_REFUSED;
	case 429: case 500: case 502: case 504:
		fatal(s, "uploading", a, owner, err);
		return SENT_IN_DOUBT;
	default:
		if (!is_2xx(a)) {
			fatal(s, "uploading", a, owner, err);
			return SENT_FAILED;
		}
		return SENT_QUEUED;
	}
}

enum submit_sent
submit_upload(struct session *s, long long id, const struct submit_chunk *c, size_t from, size_t to, struct submit_answer *out,
    struct err *err)
{
	struct http_header type = { "Content-Type", "application/octet-stream" };
	struct submit_stream stream;
	struct http_request req = { .method = "POST", .header = &type, .nheader = 1, .max_body = LIMIT_ANSWER, .accept_encoding = "",
	    .source = submit_stream_read, .rewind = submit_stream_rewind, .source_arg = &stream };
	enum submit_sent sent;
	struct http_answer a;
	char path[64];
	int rc;

	memset(out, 0, sizeof(*out));
	submit_stream_init(&stream, c, from, to, NULL, NULL);
	req.source_len = (long long)stream.total;
	snprintf(path, sizeof(path), "/v2/batch/%lld", id);
	http_answer_init(&a);
	rc = session_call(s, path, &req, 0, &a, err);
	sent = judge_upload(s, rc, &a, NULL, out, err);
	if (sent == SENT_QUEUED && !says_queued(&a)) {
		err_set(err, REASON_CONTRACT, "the answer to an upload is not understood");
		sent = SENT_IN_DOUBT;
	}
	http_answer_release(&a);
	return sent;
}

/* Random, so that no feed can put it into its own text. */
static void
boundary(char out[49])
{
	unsigned char raw[24];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		memset(raw, 0x5a, sizeof(raw));
	text_hex(out, raw, sizeof(raw));
}

enum submit_sent
submit_create_and_upload(struct session *s, const struct submit_settings *settings, const struct submit_chunk *c, size_t from,
    size_t to, struct submit_answer *out, struct err *err)
{
	char mark[49], type_value[100], after[64];
	struct http_header type = { "Content-Type", type_value };
	struct submit_stream stream;
	struct http_request req = { .method = "POST", .header = &type, .nheader = 1, .max_body = LIMIT_ANSWER, .accept_encoding = "",
	    .source = submit_stream_read, .rewind = submit_stream_rewind, .source_arg = &stream };
	enum submit_sent sent = SENT_FAILED;
	struct json_object *root = NULL;
	struct http_answer a;
	struct buf before;
	int rc;

	memset(out, 0, sizeof(*out));
	boundary(mark);
	snprintf(type_value, sizeof(type_value), "multipart/form-data; boundary=%s", mark);
	snprintf(after, sizeof(after), "\r\n--%s--\r\n", mark);
	buf_init(&before, 128 * KIB);
	http_answer_init(&a);
	if (buf_addf(&before, "--%s\r\nContent-Disposition: form-data; name=\"config\"; filename=\"config\"\r\n\r\n", mark) == -1 ||
	    submit_settings_json(settings, c->kind, &before) == -1 ||
	    buf_addf(&before, "\r\n--%s\r\nContent-Disposition: form-data; name=\"content\"; filename=\"content\"\r\n\r\n", mark) == -1)
		err_set(err, REASON_USAGE, "the owner's name is too long");
	else {
		submit_stream_init(&stream, c, from, to, before.bytes, after);
		req.source_len = (long long)stream.total;
		rc = session_call(s, "/v2/batch/createAndUpload?includeAdditional=true", &req, 0, &a, err);
		sent = judge_upload(s, rc, &a, settings->owner, out, err);
	}
	if (sent == SENT_QUEUED) {
		root = session_json(&a);
		if (submit_status_read(root, &out->status, err) == -1)
			sent = SENT_IN_DOUBT;
		else if (out->status.id == 0)
			sent = out->status.state == STATE_COMPLETED || out->status.has_success ? SENT_DONE : SENT_IN_DOUBT;
	}
	json_object_put(root);
	http_answer_release(&a);
	buf_release(&before);
	return sent;
}

int
submit_ask(struct session *s, long long id, struct submit_status *status, struct err *err)
{
	struct http_request req = { .method = "GET", .max_body = LIMIT_ANSWER, .accept_encoding = "" };
	struct json_object *root;
	struct http_answer a;
	char path[96], says[300];
	int rc;

	memset(status, 0, sizeof(*status));
	snprintf(path, sizeof(path), "/v2/batch/%lld?includeAdditional=true", id);
	http_answer_init(&a);
	rc = session_call(s, path, &req, SESSION_IDEMPOTENT, &a, err);
	if (rc == 0 && a.status == 404) {
		status->state = STATE_GONE;
	} else if (rc == 0 && !is_2xx(&a)) {
		rc = fatal(s, "asking for a batch", &a, NULL, err);
	} else if (rc == 0) {
		root = session_json(&a);
		rc = submit_status_read(root, status, err);
		if (rc == -1)
			err_set(err, REASON_CONTRACT, "%s: the status of batch %lld is not understood: %s", session_host(s), id,
			    session_says(&a, says, sizeof(says)));
		json_object_put(root);
	}
	http_answer_release(&a);
	return rc;
}

/* --- error lists --- */

int
submit_gunzip(struct buf *b, size_t max, struct err *err)
{
	z_stream z;
	struct buf out;
	char *room;
	int code = Z_OK;

	if (b->len < 2 || memcmp(b->bytes, "\x1f\x8b", 2) != 0)
		return 0;
	memset(&z, 0, sizeof(z));
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return err_set(err, REASON_CONTRACT, "zlib cannot start");
	buf_init(&out, max);
	z.next_in = (unsigned char *)b->bytes;
	z.avail_in = (unsigned)b->len;
	while (code == Z_OK) {
		size_t step = out.max - out.len < 64 * KIB ? out.max - out.len : 64 * KIB;

		if (step == 0 || (room = buf_room(&out, step)) == NULL) {
			code = Z_BUF_ERROR;
			break;
		}
		z.next_out = (unsigned char *)room;
		z.avail_out = (unsigned)step;
		code = inflate(&z, Z_NO_FLUSH);
		out.len += step - z.avail_out;
		out.bytes[out.len] = '\0';
	}
	inflateEnd(&z);
	if (code != Z_STREAM_END) {
		buf_release(&out);
		return err_set(err, REASON_CONTRACT, "gzip that is cut, corrupt or too long");
	}
	buf_release(b);
	*b = out;
	return 0;
}

enum look { LOOK_LIST, LOOK_LATER, LOOK_NONE, LOOK_BAD };

static enum look
look(struct session *s, const char *path, struct json_object **list, struct err *err)
{
	struct http_request req = { .method = "GET", .max_body = ERROR_LIST, .accept_encoding = "gzip, deflate" };
	enum look found = LOOK_BAD;
	struct http_answer a;
	char says[200];

	http_answer_init(&a);
	if (session_call(s, path, &req, SESSION_IDEMPOTENT, &a, err) == -1)
		goto out;
	if (a.status == 404 || a.status == 405) {
		found = LOOK_NONE;
	} else if (a.status == 400 && strcasestr(a.body.bytes, "still in") != NULL) {
		err_set(err, REASON_PENDING, "%s", session_says(&a, says, sizeof(says)));
		found = LOOK_LATER;
	} else if (!is_2xx(&a)) {
		err_set(err, REASON_CONTRACT, "%ld %s", a.status, session_says(&a, says, sizeof(says)));
	} else if (submit_gunzip(&a.body, ERROR_LIST, err) == 0) {
		*list = session_json(&a);
		if (json_object_is_type(*list, json_type_array))
			found = LOOK_LIST;
		else {
			json_object_put(*list);
			*list = NULL;
			err_set(err, REASON_CONTRACT, "not a JSON array: %s", session_says(&a, says, sizeof(says)));
		}
	}
out:
	http_answer_release(&a);
	return found;
}

int
submit_error_list(struct session *s, long long id, long wait_ms, volatile int *stop, struct json_object **list, struct err *err)
{
	struct err why = { 0 };
	char path[96];
	enum look found = LOOK_BAD;
	int i, missing = 0;

	*list = NULL;
	snprintf(path, sizeof(path), "/v2/batch/%lld/errors", id);
	for (i = 0; i < LOOKS; i++) {
		found = look(s, path, list, &why);
		if (found == LOOK_NONE)
			err_set(&why, REASON_CONTRACT, "there is none (404)");
		/* not written yet: one more look; still running: some more */
		if (found == LOOK_LIST || found == LOOK_BAD || (found == LOOK_NONE && ++missing > 1))
			break;
		if (!http_wait(wait_ms, stop))
			break;
	}
	if (found == LOOK_LIST && json_object_array_length(*list) > 0)
		return 0;
	if (found == LOOK_BAD && (why.reason == REASON_AUTH || why.reason == REASON_TEMPORARY)) {
		*err = why;
		return -1;
	}
	json_object_put(*list);
	*list = NULL;
	snprintf(path, sizeof(path), "/v2/batch/%lld/results", id);
	if (look(s, path, list, err) == LOOK_LIST)
		return 0;
	return found == LOOK_LIST ? err_set(err, REASON_CONTRACT, "the error list of batch %lld is empty", id) :
	    err_set(err, REASON_CONTRACT, "the error list of batch %lld cannot be read: %s", id, why.text);
}
