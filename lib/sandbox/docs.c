#include "sandbox/docs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "log.h"
#include "scan.h"
#include "xmalloc.h"

#define DOCS_MAX 100000

struct doc {
	char		*index;		/* "domain/type" */
	char		*id;
	char		*json;		/* NULL once deleted: the index stays */
	unsigned	 version;
};

struct docs {
	struct doc	*doc;
	size_t		 n;
	unsigned	 auto_id;
};

struct docs *
docs_new(void)
{
	return xcalloc(1, sizeof(struct docs));
}

void
docs_clear(struct docs *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		free(d->doc[i].index);
		free(d->doc[i].id);
		free(d->doc[i].json);
	}
	free(d->doc);
	d->doc = NULL;
	d->n = 0;
}

void
docs_free(struct docs *d)
{
	if (d == NULL)
		return;
	docs_clear(d);
	free(d);
}

static void
refuse(const struct request *r, struct answer *a, const char *why)
{
	answer_invalid(a, "%s", why);
	log_info("refused %s %s: 400: %s (runtime apps, DataStore)", r->method, r->path, why);
}

static struct doc *
find(struct docs *d, const char *index, const char *id)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (strcmp(d->doc[i].index, index) == 0 && strcmp(d->doc[i].id, id) == 0)
			return &d->doc[i];
	return NULL;
}

/* _id is JSON already where it came through quote(). */
static void
print(struct answer *a, int status, const struct doc *doc, const char *id, const char *index, const char *rest)
{
	answer_json(a, status, "{\"_index\":\"%s\",\"_id\":", index);
	if (buf_add_json(&a->body, id, strlen(id)) == -1 ||
	    (doc != NULL && buf_addf(&a->body, ",\"_version\":%u", doc->version) == -1) || buf_addz(&a->body, rest) == -1)
		answer_text(a, 500, "the record is too large");
}

static void
search(struct docs *d, const char *index, struct answer *a)
{
	size_t i, n = 0, known = 0;
	int rc = 0;

	for (i = 0; i < d->n; i++) {
		known += strcmp(d->doc[i].index, index) == 0;
		n += strcmp(d->doc[i].index, index) == 0 && d->doc[i].json != NULL;
	}
	if (known == 0) {
		answer_failure(a, 404, "no such index");
		return;
	}
	answer_json(a, 200, "{\"hits\":{\"total\":%zu,\"hits\":[", n);
	for (i = 0, n = 0; i < d->n && rc == 0; i++) {
		if (strcmp(d->doc[i].index, index) != 0 || d->doc[i].json == NULL)
			continue;
		rc = buf_addz(&a->body, n++ > 0 ? ",{\"_id\":" : "{\"_id\":");
		if (rc == 0)
			rc = buf_add_json(&a->body, d->doc[i].id, strlen(d->doc[i].id));
		if (rc == 0)
			rc = buf_addf(&a->body, ",\"_source\":%s}", d->doc[i].json);
	}
	if (rc == -1 || buf_addz(&a->body, "]}}") == -1)
		answer_text(a, 500, "the records are too many");
}

static void
write_doc(struct docs *d, struct request *r, const char *index, const char *id, struct answer *a)
{
	struct doc *doc;
	struct scan s;
	struct err err;
	bool ok, created;
	char made[32];

	scan_init(&s);
	ok = scan_text(&s, r->body.bytes, r->body.len, &err) == 0 && s.node[0].type == SCAN_OBJECT;
	scan_release(&s);
	if (!ok) {
		refuse(r, a, "the record is no JSON object");
		return;
	}
	if (id == NULL) {
		snprintf(made, sizeof(made), "auto-%u", ++d->auto_id);
		id = made;
	}
	doc = find(d, index, id);
	created = doc == NULL || doc->json == NULL;
	if (doc == NULL) {
		if (d->n == DOCS_MAX) {
			refuse(r, a, "the DataStore is full");
			return;
		}
		d->doc = xreallocarray(d->doc, d->n + 1, sizeof(*d->doc));
		doc = &d->doc[d->n++];
		*doc = (struct doc){ xstrdup(index), xstrdup(id), NULL, 0 };
	}
	free(doc->json);
	doc->json = xstrndup(r->body.bytes, r->body.len);
	doc->version++;
	print(a, created ? 201 : 200, doc, id, index, created ? ",\"result\":\"created\"}" : ",\"result\":\"updated\"}");
}

static void
read_doc(struct docs *d, const char *index, const char *id, struct answer *a)
{
	struct doc *doc = find(d, index, id);

	if (doc == NULL || doc->json == NULL) {
		print(a, 404, NULL, id, index, ",\"found\":false}");
		return;
	}
	print(a, 200, doc, id, index, ",\"found\":true,\"_source\":");
	if (buf_addz(&a->body, doc->json) == -1 || buf_addc(&a->body, '}') == -1)
		answer_text(a, 500, "the record is too large");
}

static void
delete_doc(struct docs *d, const char *index, const char *id, struct answer *a)
{
	struct doc *doc = find(d, index, id);

	if (doc == NULL || doc->json == NULL) {
		print(a, 404, NULL, id, index, ",\"result\":\"not_found\"}");
		return;
	}
	free(doc->json);
	doc->json = NULL;
	doc->version++;
	print(a, 200, doc, id, index, ",\"result\":\"deleted\"}");
}

/* "local/tcfeed" */
static const char *
check_index(const char *index)
{
	static const char *const domain[] = { "local/", "organization/", "system/" };
	const char *type = strchr(index, '/');
	size_t i;
	bool known = false;

	for (i = 0; i < 3; i++)
		known |= strncmp(index, domain[i], strlen(domain[i])) == 0;
	if (!known || type == NULL)
		return "the domain is none of local, organization, system";
	type++;
	if (*type == '\0' || strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(type))
		return "the type is no lower-case word";
	return NULL;
}

void
docs_call(struct instance *in, struct request *r, const char *path, struct answer *a)
{
	const char *verb = request_header(r, "DB-Method"), *why;
	char index[640], *slash, id[640];
	struct docs *d = in->docs;
	bool has_id = false;

	if (strlen(path) >= sizeof(index)) {
		refuse(r, a, "the path is too long");
		return;
	}
	strcpy(index, path);
	slash = strchr(index, '/');
	if (slash != NULL && (slash = strchr(slash + 1, '/')) != NULL) {
		strcpy(id, slash + 1);
		*slash = '\0';
		has_id = id[0] != '\0';
	}
	if ((why = check_index(index)) != NULL || (why = verb == NULL ? "the header DB-Method is missing" : NULL) != NULL) {
		refuse(r, a, why);
		return;
	}
	if (has_id && strcmp(id, "_search") == 0 && strcmp(verb, "GET") == 0)
		search(d, index, a);
	else if (has_id && strcmp(id, "_mappings") == 0 && strcmp(verb, "PUT") == 0)
		answer_json(a, 200, "{\"acknowledged\":true}");
	else if (strcmp(verb, "POST") == 0 || (strcmp(verb, "PUT") == 0 && has_id))
		write_doc(d, r, index, has_id ? id : NULL, a);
	else if (strcmp(verb, "GET") == 0 && has_id)
		read_doc(d, index, id, a);
	else if (strcmp(verb, "DELETE") == 0 && has_id)
		delete_doc(d, index, id, a);
	else
		refuse(r, a, "DB-Method is none of GET, POST, PUT, DELETE for this path");
}
