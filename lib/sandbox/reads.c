#include "sandbox/reads.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "hash.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "scan.h"

static void
end_list(struct answer *a, int rc)
{
	if (rc == -1 || buf_addz(&a->body, "]}}") == -1)
		answer_text(a, 500, "the list is too large");
}

static int
quote(struct buf *b, const char *before, const char *text)
{
	return buf_addz(b, before) == -1 ? -1 : buf_add_json(b, text, strlen(text));
}

/* The owner of the query, the first where it names none; NULL: the 403 is filled. */
static struct owner *
owner_of(struct instance *in, struct request *r, struct answer *a)
{
	char name[256];
	struct owner *o;

	if (strstr(r->query, "owner=") == NULL)
		return &in->owner[0];
	if (request_query(r, "owner", name, sizeof(name)) && (o = instance_owner(in, name)) != NULL)
		return o;
	answer_failure(a, 403, "The owner does not exist or you have no access to it");
	log_info("refused %s %s: 403: there is no such owner", r->method, r->path);
	return NULL;
}

void
read_owners(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	size_t i;
	int rc = 0;

	(void)r;
	(void)seg;
	answer_json(a, 200, "{\"status\":\"Success\",\"data\":{\"resultCount\":%zu,\"owner\":[", in->nowner);
	for (i = 0; i < in->nowner && rc == 0; i++) {
		rc = buf_addf(&a->body, "%s{\"id\":%zu", i > 0 ? "," : "", i + 1);
		if (rc == 0)
			rc = quote(&a->body, ",\"name\":", in->owner[i].name);
		if (rc == 0)
			rc = buf_addf(&a->body, ",\"type\":\"%s\"}", in->owner[i].type);
	}
	end_list(a, rc);
}

/* data-model.md section 2; branches from batch-api.md section 14 */
static const struct {
	enum tc_type	 type;
	const char	*branch, *preference;
} indicator_type[] = {
	{ TYPE_ADDRESS, "addresses", NULL }, { TYPE_EMAIL_ADDRESS, "emailAddresses", NULL }, { TYPE_FILE, "files", NULL },
	{ TYPE_HOST, "hosts", NULL }, { TYPE_URL, "urls", NULL }, { TYPE_ASN, "asns", "upper" },
	{ TYPE_CIDR, "cidrBlocks", "lower" }, { TYPE_EMAIL_SUBJECT, "emailSubjects", "sensitive" },
	{ TYPE_HASHTAG, "hashtags", "sensitive" }, { TYPE_MUTEX, "mutexes", "sensitive" },
	{ TYPE_REGISTRY_KEY, "registryKeys", "sensitive" }, { TYPE_USER_AGENT, "userAgents", "sensitive" },
};

void
read_indicator_types(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	size_t i, n = sizeof(indicator_type) / sizeof(indicator_type[0]);
	int rc = 0;

	(void)in;
	(void)r;
	(void)seg;
	answer_json(a, 200, "{\"status\":\"Success\",\"data\":{\"resultCount\":%zu,\"indicatorType\":[", n);
	for (i = 0; i < n && rc == 0; i++) {
		rc = buf_addf(&a->body, "%s{\"name\":\"%s\",\"custom\":\"%s\",\"apiBranch\":\"%s\"", i > 0 ? "," : "",
		    schema_type_name(indicator_type[i].type), indicator_type[i].preference != NULL ? "true" : "false",
		    indicator_type[i].branch);
		if (rc == 0 && indicator_type[i].preference != NULL)
			rc = buf_addf(&a->body, ",\"casePreference\":\"%s\"", indicator_type[i].preference);
		if (rc == 0)
			rc = buf_addc(&a->body, '}');
	}
	end_list(a, rc);
}

void
read_association_types(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	const char *name;
	size_t i;
	int rc = 0;

	(void)in;
	(void)r;
	(void)seg;
	answer_json(a, 200, "{\"status\":\"Success\",\"data\":{\"associationType\":[");
	for (i = 0; rc == 0 && (name = instance_association_name(i)) != NULL; i++)
		rc = buf_addf(&a->body, "%s{\"name\":\"%s\",\"custom\":\"true\"}", i > 0 ? "," : "", name);
	end_list(a, rc);
}

static long long
query_number(struct request *r, const char *name, long long otherwise)
{
	char text[24];

	return request_query(r, name, text, sizeof(text)) ? atoll(text) : otherwise;
}

void
read_attribute_types(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	long long from = query_number(r, "resultStart", 0), limit = query_number(r, "resultLimit", 100), k;
	const char *name;
	size_t i, max;
	int rc = 0;

	(void)seg;
	answer_json(a, 200, "{\"data\":[");
	for (i = 0, k = 0; rc == 0 && (name = instance_attribute_name(in, i, &max)) != NULL; i++) {
		if ((long long)i < from || k >= limit)
			continue;
		rc = buf_addf(&a->body, "%s{\"id\":%zu", k++ > 0 ? "," : "", i + 1);
		if (rc == 0)
			rc = quote(&a->body, ",\"name\":", name);
		if (rc == 0)
			rc = buf_addf(&a->body, ",\"maxSize\":%zu}", max);
	}
	if (rc == -1 || buf_addf(&a->body, "],\"count\":%lld,\"status\":\"Success\"}", k) == -1)
		answer_text(a, 500, "the list is too large");
}

void
read_labels_of(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	struct owner *o = owner_of(in, r, a);
	size_t i;
	int rc = 0;

	(void)seg;
	if (o == NULL)
		return;
	answer_json(a, 200, "{\"status\":\"Success\",\"data\":{\"resultCount\":%zu,\"securityLabel\":[", o->label.n);
	for (i = 0; i < o->label.n && rc == 0; i++) {
		rc = quote(&a->body, i > 0 ? ",{\"name\":" : "{\"name\":", o->label.text[i]);
		if (rc == 0)
			rc = buf_addc(&a->body, '}');
	}
	end_list(a, rc);
}

/* --- what the owner holds, through a file: it may be large --- */

struct export {
	struct out	 out;
	bool		 bulk;		/* indicators alone, as members of one array */
	bool		 any;
};

static int
put(void *ctx, const char *line, size_t len)
{
	struct export *e = ctx;

	if (e->bulk) {
		static const char kind[] = "{\"type\":\"";
		const char *end = memchr(line + sizeof(kind) - 1, '"', len - sizeof(kind) + 1);

		if (end == NULL || schema_class(schema_type(line + sizeof(kind) - 1,
		    (size_t)(end - line) - sizeof(kind) + 1)) != CLASS_INDICATOR)
			return 0;
		out_write(&e->out, ",", e->any);
		e->any = true;
		len--;
	}
	out_write(&e->out, line, len);
	return e->out.error != 0 ? -1 : 0;
}

static void
export_owner(struct owner *o, bool bulk, bool ids, struct answer *a)
{
	struct export e = { .bulk = bulk };
	struct err err;
	int fd = io_spool(&err);

	if (fd == -1) {
		answer_text(a, 500, "%s", err.text);
		return;
	}
	out_init(&e.out, fd, "an export", 256 * KIB);
	if (bulk)
		out_puts(&e.out, "{\"indicator\":[");
	if (store_write(&o->store, ids, put, &e) == 0 && bulk)
		out_puts(&e.out, "]}");
	if (out_flush(&e.out) == -1) {
		answer_text(a, 500, "an export cannot be written: %s", strerror(e.out.error));
		close(fd);
	} else {
		answer_json(a, 200, "%s", "");
		if (!bulk)
			snprintf(a->type, sizeof(a->type), "application/x-ndjson");
		a->fd = fd;
		a->fd_size = e.out.total;
	}
	out_release(&e.out);
}

void
read_bulk(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	struct owner *o = owner_of(in, r, a);

	(void)seg;
	if (o != NULL)
		export_owner(o, true, false, a);
}

void
sandbox_owner(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	struct owner *o = owner_of(in, r, a);
	char ids[8];

	(void)seg;
	if (o != NULL)
		export_owner(o, false, request_query(r, "ids", ids, sizeof(ids)) && strcmp(ids, "true") == 0, a);
}

void
read_parameters(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	size_t i;
	int rc = 0;

	(void)r;
	(void)seg;
	answer_json(a, 200, "{\"inputs\":{");
	for (i = 0; i < in->param_name.n && rc == 0; i++) {
		rc = quote(&a->body, i > 0 ? "," : "", in->param_name.text[i]);
		if (rc == 0)
			rc = buf_addf(&a->body, ":%s", in->param_value.text[i]);
	}
	if (rc == -1 || buf_addz(&a->body, "}}") == -1)
		answer_text(a, 500, "the parameters are too large");
}

/* --- the log (runtime-app.md section 9) --- */

static const char *
check_log(const struct scan *s)
{
	static const char *const level[] = { "TRACE", "DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", NULL };
	uint32_t i, v;
	int k;

	if (s->node[0].type != SCAN_ARRAY)
		return "the body is no array";
	for (i = scan_first(s, 0); i != SCAN_NONE && i < s->node[0].next; i = s->node[i].next) {
		if (s->node[i].type != SCAN_OBJECT)
			return "an entry is no object";
		v = scan_member(s, i, "timestamp");
		/* 13 digits: milliseconds of our time */
		if (v == SCAN_NONE || s->node[v].type != SCAN_NUMBER || !s->node[v].integer || s->node[v].len != 13)
			return "timestamp is no number of milliseconds";
		v = scan_member(s, i, "message");
		if (v == SCAN_NONE || s->node[v].type != SCAN_STRING)
			return "message is no string";
		v = scan_member(s, i, "level");
		for (k = 0; v != SCAN_NONE && level[k] != NULL && !(s->node[v].type == SCAN_STRING && scan_is(s, v, level[k])); k++)
			;
		if (v == SCAN_NONE || level[k] == NULL)
			return "level is none of the upper-case words";
	}
	return NULL;
}

void
write_log(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	const char *type = request_header(r, "Content-Type"), *why;
	struct scan s;
	struct err err;

	(void)in;
	(void)seg;
	scan_init(&s);
	if (type == NULL || strncasecmp(type, "application/json", 16) != 0)
		why = "Content-Type is not application/json";
	else if (scan_text(&s, r->body.bytes, r->body.len, &err) == -1)
		why = err.text;
	else
		why = check_log(&s);
	if (why != NULL) {
		answer_invalid(a, "%s", why);
		log_info("refused %s %s: 400: %s (runtime apps, logging)", r->method, r->path, why);
	} else {
		answer_json(a, 200, "{\"status\":\"Success\"}");
		log_debug("log entries: %.*s", (int)(r->body.len < 1000 ? r->body.len : 1000), r->body.bytes);
	}
	scan_release(&s);
}

/* --- group files (section 13) --- */

static struct entry *
find_group(struct owner *o, const char *seg, const char *xid)
{
	uint8_t key[STORE_KEY];
	struct entry *e;

	store_key(key, TYPE_NONE, xid, strlen(xid));
	e = store_find(&o->store, key);
	return e != NULL && e->type == (strcmp(seg, "documents") == 0 ? TYPE_DOCUMENT : TYPE_REPORT) ? e : NULL;
}

static size_t
find_upload(const struct owner *o, const char *name)
{
	size_t i, n = strlen(name);

	for (i = 0; i < o->uploaded.n; i++)
		if (strncmp(o->uploaded.text[i], name, n) == 0 && o->uploaded.text[i][n] == '\t')
			break;
	return i;
}

void
write_group_file(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	const char *type = request_header(r, "Content-Type"), *xid = strchr(seg, '\n');
	char branch[16], name[600], hex[2 * HASH_SHA256 + 1], line[800];
	struct owner *o = owner_of(in, r, a);
	bool put_call = strcmp(r->method, "PUT") == 0;
	size_t at;

	if (o == NULL || xid == NULL)
		return;
	snprintf(branch, sizeof(branch), "%.*s", (int)(xid - seg), seg);
	xid++;
	if ((strcmp(branch, "documents") != 0 && strcmp(branch, "reports") != 0) || find_group(o, branch, xid) == NULL) {
		answer_failure(a, 404, "The requested resource was not found");
		log_info("refused %s %s: 404: there is no such Document or Report", r->method, r->path);
		return;
	}
	if (type == NULL || strncasecmp(type, "application/octet-stream", 24) != 0) {
		answer_invalid(a, "Content-Type must be application/octet-stream");
		return;
	}
	if (r->too_large) {
		answer_invalid(a, "File size greater than allowable limit of %zu", in->max_bytes);
		return;
	}
	snprintf(name, sizeof(name), "%s/%s", branch, xid);
	at = find_upload(o, name);
	if (!put_call && at < o->uploaded.n) {
		answer_text(a, 401, "The file already exists");
		log_info("refused %s %s: 401: the file exists; PUT replaces it (Batch API, group files)", r->method, r->path);
		return;
	}
	hash_sha256_hex(hex, r->body.bytes, r->body.len);
	snprintf(line, sizeof(line), "%s\t%zu\t%s", name, r->body.len, hex);
	if (at < o->uploaded.n) {
		free(o->uploaded.text[at]);
		o->uploaded.text[at] = o->uploaded.text[--o->uploaded.n];
	}
	strings_add(&o->uploaded, line, strlen(line));
	answer_json(a, 200, "{\"status\":\"Success\"}");
}

void
sandbox_files(struct instance *in, struct request *r, const char *seg, struct answer *a)
{
	struct owner *o = owner_of(in, r, a);
	char *tab, *hash;
	size_t i;

	(void)seg;
	if (o == NULL)
		return;
	answer_text(a, 200, "%s", "");
	for (i = 0; i < o->uploaded.n; i++) {
		char name[800];

		snprintf(name, sizeof(name), "%s", o->uploaded.text[i]);
		tab = strchr(name, '\t');
		*tab++ = '\0';
		hash = strchr(tab, '\t');
		*hash++ = '\0';
		if (quote(&a->body, "{\"group\":", name) == -1 ||
		    buf_addf(&a->body, ",\"bytes\":%s,\"sha256\":\"%s\"}\n", tab, hash) == -1)
			break;
	}
}
