#include "sandbox/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "log.h"
#include "sandbox/auth.h"
#include "sandbox/instance.h"
#include "sandbox/job.h"
#include "xmalloc.h"

#define SCRIPT_MAX (64 * MIB)

/* A line, kept as the object it is; what is asked of it for every request is taken out. */
struct fault {
	struct json_object *o;
	const char	*method, *path, *query;	/* patterns; NULL: any */
	long long	 nth, times;		/* from which match on, for how many */
	long long	 seen;
	bool		 batch;			/* about a batch, not a request */
	long long	 batch_nth;		/* 0: each */
};

/* A script that was replaced: requests that came before still hold on to its lines. */
struct retired {
	struct fault	*fault;
	size_t		 n;
	struct retired	*older;
};

struct faults {
	struct fault	*fault;
	size_t		 n;
	long long	 documents;		/* that arrived so far */
	struct retired	*retired;
};

enum member_kind { M_TEXT, M_NUMBER, M_BOOL, M_ANY, M_OBJECT, M_ARRAY, M_CUT };

static const struct member {
	const char	*name;
	enum member_kind kind;
} request_member[] = {
	{ "method", M_TEXT }, { "path", M_TEXT }, { "query", M_TEXT }, { "nth", M_NUMBER }, { "times", M_NUMBER },
	{ "status", M_NUMBER }, { "headers", M_OBJECT }, { "body", M_ANY }, { "body_file", M_TEXT }, { "gzip", M_BOOL },
	{ "redirect", M_TEXT }, { "raw", M_TEXT }, { "hold", M_BOOL }, { "delay", M_NUMBER }, { "rate", M_NUMBER },
	{ "chunked", M_BOOL }, { "cut", M_CUT }, { "reset", M_BOOL }, { "lose", M_BOOL }, { "process", M_BOOL },
	{ "cut_upload", M_NUMBER }, { "stall_upload", M_NUMBER }, { "revoke", M_BOOL }, { "refuse_renewal", M_BOOL },
	{ NULL, M_ANY },
}, batch_member[] = {
	{ "batch", M_ANY }, { "stuck", M_TEXT }, { "polls", M_NUMBER }, { "seconds", M_NUMBER }, { "state", M_TEXT },
	{ "errors", M_ARRAY }, { "errors_body", M_TEXT }, { "errors_file", M_TEXT }, { "errors_status", M_NUMBER },
	{ "errors_type", M_TEXT }, { "errors_plain", M_BOOL }, { "errors_cut", M_NUMBER }, { "counters", M_OBJECT },
	{ "drop", M_BOOL },
	{ NULL, M_ANY },
};

struct faults *
faults_new(void)
{
	return xcalloc(1, sizeof(struct faults));
}

void
faults_clear(struct faults *f)
{
	struct retired *r;

	if (f->n > 0) {
		r = xcalloc(1, sizeof(*r));
		*r = (struct retired){ f->fault, f->n, f->retired };
		f->retired = r;
	}
	f->fault = NULL;
	f->n = 0;
	f->documents = 0;
}

void
faults_free(struct faults *f)
{
	struct retired *r;
	size_t i;

	if (f == NULL)
		return;
	faults_clear(f);
	while ((r = f->retired) != NULL) {
		f->retired = r->older;
		for (i = 0; i < r->n; i++)
			json_object_put(r->fault[i].o);
		free(r->fault);
		free(r);
	}
	free(f);
}

/* --- members of a line --- */

static struct json_object *
get(const struct fault *f, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(f->o, name, &v) ? v : NULL;
}

static const char *
text(const struct fault *f, const char *name)
{
	struct json_object *v = get(f, name);

	return v != NULL ? json_object_get_string(v) : NULL;
}

static long long
number(const struct fault *f, const char *name, long long otherwise)
{
	struct json_object *v = get(f, name);

	return v != NULL ? json_object_get_int64(v) : otherwise;
}

static int64_t
milliseconds(const struct fault *f, const char *name, int64_t otherwise)
{
	struct json_object *v = get(f, name);
	double s = v != NULL ? json_object_get_double(v) : 0;

	return v == NULL ? otherwise : s > 1e9 ? (int64_t)1e12 : s < 0 ? 0 : (int64_t)(s * 1000);
}

static bool
flag(const struct fault *f, const char *name)
{
	struct json_object *v = get(f, name);

	return v != NULL && json_object_get_boolean(v);
}

static bool
fits_kind(struct json_object *v, enum member_kind kind)
{
	enum json_type t = json_object_get_type(v);

	switch (kind) {
	case M_TEXT:
		return t == json_type_string;
	case M_NUMBER:
		return (t == json_type_int || t == json_type_double) && json_object_get_double(v) >= 0;
	case M_BOOL:
		return t == json_type_boolean;
	case M_OBJECT:
		return t == json_type_object;
	case M_ARRAY:
		return t == json_type_array;
	case M_CUT:
		return (t == json_type_int && json_object_get_int64(v) >= 0) ||
		    (t == json_type_string && strcmp(json_object_get_string(v), "before") == 0);
	default:
		return true;
	}
}

static int
check(const struct fault *f, struct err *err)
{
	const struct member *m;
	const char *stuck;

	json_object_object_foreach(f->o, key, value) {
		for (m = f->batch ? batch_member : request_member; m->name != NULL && strcmp(m->name, key) != 0; m++)
			;
		if (m->name == NULL)
			return err_set(err, REASON_USAGE, "a %s has no member '%s'", f->batch ? "batch's line" : "request's line", key);
		if (!fits_kind(value, m->kind))
			return err_set(err, REASON_USAGE, "member '%s' has the wrong kind of value", key);
	}
	stuck = text(f, "stuck");
	if (stuck != NULL && strcmp(stuck, "Queued") != 0 && strcmp(stuck, "Running") != 0)
		return err_set(err, REASON_USAGE, "stuck is Queued or Running");
	return 0;
}

static int
add(struct faults *fs, struct json_object *o, struct err *err)
{
	struct fault f = { .o = o };
	struct json_object *v;

	f.batch = json_object_object_get_ex(o, "batch", &v);
	if (f.batch)
		f.batch_nth = json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : 0;
	if (check(&f, err) == -1)
		return -1;
	f.method = text(&f, "method");
	f.path = text(&f, "path");
	f.query = text(&f, "query");
	f.nth = number(&f, "nth", 1);
	f.times = number(&f, "times", get(&f, "nth") != NULL ? 1 : -1);
	fs->fault = xreallocarray(fs->fault, fs->n + 1, sizeof(*fs->fault));
	fs->fault[fs->n++] = f;
	return 0;
}

int
faults_parse(struct faults *fs, const char *bytes, size_t len, const char *where, struct err *err)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *o;
	const char *p = bytes, *end = bytes + len, *nl;
	int rc = 0;
	size_t line = 0;

	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	for (; rc == 0 && p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		line++;
		if (nl == p || *p == '#' || strspn(p, " \t\r") >= (size_t)(nl - p))
			continue;
		json_tokener_reset(t);
		o = json_tokener_parse_ex(t, p, (int)(nl - p));
		if (o == NULL || !json_object_is_type(o, json_type_object) || json_tokener_get_parse_end(t) != (size_t)(nl - p)) {
			json_object_put(o);
			rc = err_set(err, REASON_USAGE, "%s: line %zu is no JSON object", where, line);
		} else if (add(fs, o, err) == -1) {
			json_object_put(o);
			rc = err_prefix(err, "%s: line %zu", where, line);
		}
	}
	json_tokener_free(t);
	return rc;
}

int
faults_load(struct faults *fs, const char *file, struct err *err)
{
	char *bytes;
	size_t len;
	int rc;

	if (io_slurp(file, SCRIPT_MAX, &bytes, &len, err) == -1)
		return -1;
	rc = faults_parse(fs, bytes, len, file, err);
	free(bytes);
	return rc;
}

/* --- requests --- */

struct fault *
faults_match(struct faults *fs, const struct request *r)
{
	struct fault *hit = NULL, *f;
	size_t i;

	for (i = 0; i < fs->n; i++) {
		f = &fs->fault[i];
		if (f->batch || (f->method != NULL && strcasecmp(f->method, r->method) != 0) ||
		    (f->path != NULL && fnmatch(f->path, r->path, 0) != 0) ||
		    (f->query != NULL && fnmatch(f->query, r->query, 0) != 0))
			continue;
		/* every line counts what it would match, also behind one that answers */
		f->seen++;
		if (hit == NULL && f->seen >= f->nth && (f->times < 0 || f->seen < f->nth + f->times))
			hit = f;
	}
	return hit;
}

long long
fault_upload(const struct fault *f, bool *stall)
{
	*stall = get(f, "stall_upload") != NULL;
	return *stall ? number(f, "stall_upload", 0) : number(f, "cut_upload", -1);
}

/* Does it give an answer of its own, or end without one? */
static bool
own_answer(const struct fault *f)
{
	struct json_object *cut = get(f, "cut");

	return get(f, "status") != NULL || get(f, "body") != NULL || get(f, "body_file") != NULL || get(f, "raw") != NULL ||
	    get(f, "redirect") != NULL || get(f, "headers") != NULL ||
	    (cut != NULL && json_object_is_type(cut, json_type_string));
}

bool
fault_processes(const struct fault *f)
{
	if (get(f, "process") != NULL)
		return flag(f, "process");
	return flag(f, "lose") || !own_answer(f);
}

static void
add_headers(const struct fault *f, struct answer *a)
{
	struct json_object *headers = get(f, "headers");
	size_t i;

	if (headers == NULL)
		return;
	json_object_object_foreach(headers, name, value) {
		if (json_object_is_type(value, json_type_array)) {
			for (i = 0; i < json_object_array_length(value); i++)
				answer_header(a, name, json_object_get_string(json_object_array_get_idx(value, i)));
		} else if (strcasecmp(name, "Content-Type") == 0) {
			snprintf(a->type, sizeof(a->type), "%s", json_object_get_string(value) != NULL ? json_object_get_string(value) : "");
		} else if (json_object_get_string(value) != NULL) {
			answer_header(a, name, json_object_get_string(value));
		}
	}
}

/* ETag and Last-Modified among the headers make a 304 of their own. */
static bool
unchanged(const struct request *r, const struct answer *a)
{
	const char *tag = request_header(r, "If-None-Match"), *since = request_header(r, "If-Modified-Since");
	size_t i;

	for (i = 0; i < a->nheader; i++) {
		if (strcasecmp(a->header[i].name, "ETag") == 0 && tag != NULL)
			return strcmp(a->header[i].value, tag) == 0;
		if (strcasecmp(a->header[i].name, "Last-Modified") == 0 && tag == NULL && since != NULL)
			return strcmp(a->header[i].value, since) == 0;
	}
	return false;
}

static void
set_body(const struct fault *f, struct answer *a)
{
	struct json_object *body = get(f, "body");
	const char *file = text(f, "body_file"), *raw = text(f, "raw");
	struct stat st;

	buf_clear(&a->body);
	if (file != NULL) {
		a->fd = open(file, O_RDONLY | O_CLOEXEC);
		if (a->fd == -1 || fstat(a->fd, &st) == -1 || !S_ISREG(st.st_mode)) {
			answer_text(a, 500, "body_file %s cannot be read", file);
			log_error("body_file %s cannot be read: %s", file, strerror(errno));
		} else {
			a->fd_size = (uint64_t)st.st_size;
		}
	} else if (raw != NULL) {
		a->raw = buf_add(&a->body, raw, (size_t)json_object_get_string_len(get(f, "raw"))) == 0;
	} else if (body != NULL && json_object_is_type(body, json_type_string)) {
		if (buf_add(&a->body, json_object_get_string(body), (size_t)json_object_get_string_len(body)) == -1)
			a->status = 500;
	} else if (body != NULL) {
		if (buf_addz(&a->body, json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN)) == -1)
			a->status = 500;
		snprintf(a->type, sizeof(a->type), "application/json");
	}
}

void
fault_answer(struct instance *in, const struct fault *f, const struct request *r, struct answer *a)
{
	struct json_object *cut = get(f, "cut");
	struct err err;

	if (own_answer(f)) {
		answer_release(a);
		answer_init(a);
		a->status = (int)number(f, "status", text(f, "redirect") != NULL ? 302 : 200);
		snprintf(a->type, sizeof(a->type), "text/plain");
		set_body(f, a);
		add_headers(f, a);
		if (text(f, "redirect") != NULL)
			answer_header(a, "Location", text(f, "redirect"));
		if (a->status == 200 && unchanged(r, a)) {
			buf_clear(&a->body);
			if (a->fd != -1)
				close(a->fd);
			a->fd = -1;
			a->status = 304;
		} else if (flag(f, "gzip") && a->fd == -1 && answer_gzip(a, &err) == -1) {
			answer_text(a, 500, "%s", err.text);
		}
	}
	if (flag(f, "revoke"))
		auth_revoke(in->auth);
	if (get(f, "refuse_renewal") != NULL)
		auth_refuse_renewals(in->auth, flag(f, "refuse_renewal"));
	a->delay_ms = milliseconds(f, "delay", 0);
	a->rate = number(f, "rate", 0);
	a->chunked = flag(f, "chunked");
	a->hold = flag(f, "hold");
	a->reset = flag(f, "reset");
	a->lost = flag(f, "lose") || (cut != NULL && json_object_is_type(cut, json_type_string));
	if (cut != NULL && json_object_is_type(cut, json_type_int))
		a->cut = json_object_get_int64(cut);
	log_info("fault script: %s %s: %s", r->method, r->path, json_object_to_json_string_ext(f->o, JSON_C_TO_STRING_PLAIN));
}

/* --- batches --- */

static char *
copy(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

static const char *
member(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) && !json_object_is_type(v, json_type_null) ? json_object_get_string(v) : NULL;
}

static void
add_errors(struct job_fault *to, struct json_object *list)
{
	struct json_object *o;
	const char *code, *severity;
	size_t n = json_object_array_length(list), i;

	to->add = xcalloc(n + 1, sizeof(*to->add));
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(list, i);
		if (!json_object_is_type(o, json_type_object))
			continue;
		code = member(o, "code");
		severity = member(o, "severity");
		snprintf(to->add[to->nadd].code, sizeof(to->add[0].code), "%s", code != NULL ? code : "0x1001");
		to->add[to->nadd].severity = severity != NULL && strcmp(severity, "Warning") == 0 ? "Warning" : "Error";
		to->add[to->nadd].reason = copy(member(o, "reason"));
		to->add[to->nadd++].source = copy(member(o, "source"));
	}
}

static void
fill(const struct fault *f, struct job_fault *to)
{
	static const char *const counter[] = { "success", "error", "unprocessed" };
	struct json_object *v;
	const char *stuck = text(f, "stuck"), *file = text(f, "errors_file");
	struct err err;
	int i;

	to->stuck = stuck == NULL ? JOB_CREATED : strcmp(stuck, "Queued") == 0 ? JOB_QUEUED : JOB_RUNNING;
	to->stuck_polls = number(f, "polls", -1);
	to->stuck_ms = milliseconds(f, "seconds", -1);
	to->state_word = copy(text(f, "state"));
	to->errors_status = (int)number(f, "errors_status", 0);
	to->errors_type = copy(text(f, "errors_type"));
	to->errors_plain = flag(f, "errors_plain");
	to->errors_cut = number(f, "errors_cut", -1);
	to->drop = flag(f, "drop");
	if (get(f, "errors") != NULL)
		add_errors(to, get(f, "errors"));
	if (text(f, "errors_body") != NULL) {
		to->errors = copy(text(f, "errors_body"));
		to->errors_len = strlen(to->errors);
	} else if (file != NULL && io_slurp(file, GIB, &to->errors, &to->errors_len, &err) == -1) {
		log_error("%s", err.text);
		to->errors = NULL;
	}
	for (i = 0; i < 3; i++)
		if (get(f, "counters") != NULL && json_object_object_get_ex(get(f, "counters"), counter[i], &v))
			to->counter[i] = json_object_get_int64(v);
}

void
faults_job(struct faults *fs, struct job_fault *to)
{
	size_t i;

	fs->documents++;
	for (i = 0; i < fs->n; i++) {
		if (fs->fault[i].batch && (fs->fault[i].batch_nth == 0 || fs->fault[i].batch_nth == fs->documents)) {
			fill(&fs->fault[i], to);
			return;
		}
	}
}
