#include "fetch_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attachments.h"
#include "fetch_look.h"
#include "fetch_seen.h"
#include "hash.h"
#include "limit.h"
#include "log.h"
#include "text.h"
#include "xmalloc.h"

#define WARNINGS 10	/* one by one; then only their number */

struct fetch_files {
	const struct fetch_def	*def;
	const struct params	*params;
	struct fetcher		*fetcher;
	struct fetch_look	*look;
	struct attachments	*kept;
	struct seen		 addresses, names;	/* of this run */
	struct page		 page;
	struct fetch_files_count count;
	uint64_t		 bytes;
};

/* An entry, as texts that end in NUL. */
struct entry {
	struct buf	url, name, sha256;
};

int
fetch_files_open(struct fetch_files **out, const char *dir, const struct feed *feed, const struct fetch_def *def,
    const struct params *params, struct fetcher *fetcher, struct err *err)
{
	struct attachments *kept;
	struct fetch_files *f;

	if (attachments_open(&kept, dir, true, err) == -1)
		return -1;
	f = xcalloc(1, sizeof(*f));
	f->def = def;
	f->params = params;
	f->fetcher = fetcher;
	f->look = fetch_look_new(feed);
	f->kept = kept;
	page_init(&f->page, def->max_page_bytes);
	*out = f;
	return 0;
}

void
fetch_files_close(struct fetch_files *f)
{
	if (f == NULL)
		return;
	if (f->count.missing > 0)
		log_warning("%ld attachment%s could not be had", f->count.missing, f->count.missing == 1 ? "" : "s");
	fetch_look_free(f->look);
	attachments_close(f->kept);
	seen_release(&f->addresses);
	seen_release(&f->names);
	page_release(&f->page);
	free(f);
}

struct fetch_files_count
fetch_files_count(const struct fetch_files *f)
{
	static const struct fetch_files_count none;

	return f != NULL ? f->count : none;
}

static bool
seen_text(struct seen *s, const char *text)
{
	unsigned char sum[HASH_SHA256];

	hash_sha256(sum, text, strlen(text));
	return seen_before(s, sum);
}

/* Said, counted, and the run goes on. */
static int
leave_out(struct fetch_files *f, const struct entry *e, const char *why)
{
	char safe[128];
	const char *text = e->name.len > 0 ? e->name.bytes : e->url.bytes;

	text_safe(safe, sizeof(safe), text, strlen(text));
	log_mask(safe);
	if (f->count.missing++ < WARNINGS)
		log_warning("attachment \"%s\" is left out: %s", safe, why);
	else
		log_debug("attachment \"%s\" is left out: %s", safe, why);
	return 0;
}

/* Where the entry lies: its address, or the definition's with the entry in it, against the page's. */
static int
address_of(struct fetch_files *f, const struct entry *e, const char *base, struct fetch_request *req, struct err *err)
{
	struct fetch_vars v = { .params = f->params, .entry = e->url.bytes, .cursor = "" };
	struct buf text;
	int rc;

	buf_init(&text, 16 * KIB);
	rc = f->def->files_url != NULL ? fetch_template_expand(f->def->files_url, &v, &text, err) :
	    buf_add(&text, e->url.bytes, e->url.len) == -1 ? err_set(err, REASON_CONTRACT, "its address is too long") : 0;
	if (rc == 0)
		rc = http_resolve(base, text.bytes, &req->url, err);
	req->vars = v;
	buf_release(&text);
	return rc;
}

/* A name means one file: the second of a run with other bytes takes it away from both. */
static int
name_it(struct fetch_files *f, const struct entry *e, const char *sha256, struct err *err)
{
	char old[65];

	if (e->name.len == 0)
		return 0;
	if (seen_text(&f->names, e->name.bytes)) {
		if (attachments_digest(f->kept, e->name.bytes, old) && strcmp(old, sha256) == 0)
			return 0;
		leave_out(f, e, "the feed gives this name to several files");
		sha256 = "";
	}
	return attachments_name(f->kept, e->name.bytes, sha256, err);
}

/* The file came: kept if it is one, and what the feed said it is. */
static int
keep(struct fetch_files *f, const struct entry *e, const char *address, struct http_answer *a, struct err *err)
{
	char type[256], etag[1024], modified[128], sha256[65];
	struct attachment x = { .key = (char *)address };
	struct err why = { 0 };

	if (f->page.len == 0)
		return leave_out(f, e, "it is empty");
	if (page_check(&f->page, PAGE_TEXT, http_header(a, "content-type", type, sizeof(type)), &why) == -1)
		return leave_out(f, e, why.text);
	page_sha256(&f->page, sha256);
	if (e->sha256.len > 0 && strcmp(sha256, e->sha256.bytes) != 0)
		return leave_out(f, e, "its bytes have another SHA-256 than the feed says");
	f->bytes += f->page.len;
	if (attachments_keep(f->kept, &f->page, x.sha256, err) == -1)
		return -1;
	x.etag = (char *)http_header(a, "etag", etag, sizeof(etag));
	x.last_modified = (char *)http_header(a, "last-modified", modified, sizeof(modified));
	f->count.fetched++;
	return attachments_address(f->kept, &x, err) == -1 ? -1 : name_it(f, e, x.sha256, err);
}

static int
stays(struct fetch_files *f, const struct entry *e, const char *sha256, struct err *err)
{
	f->count.unchanged++;
	return name_it(f, e, sha256, err);
}

/* Asks for it; conditionally where an earlier run has it still. */
static int
ask(struct fetch_files *f, const struct entry *e, struct fetch_request *req, struct err *err)
{
	const struct attachment *old;
	struct http_answer a;
	char address[2 * HASH_SHA256 + 1], known[65];
	struct err why = { 0 };
	bool again;
	int rc;

	hash_sha256_hex(address, req->url.bytes, req->url.len);
	again = seen_text(&f->addresses, address);
	old = attachments_known(f->kept, address);
	if (old != NULL && !attachments_has(f->kept, old->sha256))
		old = NULL;
	if (old != NULL)
		memcpy(known, old->sha256, sizeof(known));
	/* asked for already in this run, or the feed itself says that it is the same */
	if (old != NULL && (again || strcmp(old->sha256, e->sha256.bytes) == 0))
		return stays(f, e, known, err);
	if (e->sha256.len > 0 && attachments_has(f->kept, e->sha256.bytes))
		return stays(f, e, e->sha256.bytes, err);
	if (again)
		return leave_out(f, e, "it was asked for already");
	if (fetcher_budget_spent(f->fetcher))
		return leave_out(f, e, "the requests of the day are used up (fetch.max_requests)");
	if (f->bytes >= f->def->max_bytes)
		return leave_out(f, e, "the attachments of a run are over fetch.limits.bytes");
	req->attachment = true;
	req->probe = true;
	req->accept = f->def->files_accept != NULL ? f->def->files_accept : "*/*";
	if (old != NULL) {
		req->etag = old->etag;
		req->last_modified = old->last_modified;
	}
	http_answer_init(&a);
	if (fetcher_get(f->fetcher, req, &f->page, &a, &why) == -1) {
		/* what the feed answers concerns this file; where it does not, the next page would not come either */
		if (why.reason == REASON_STATE || (why.reason == REASON_TEMPORARY && a.status < 400)) {
			*err = why;
			rc = -1;
		} else
			rc = leave_out(f, e, why.text);
	} else if (a.status == 304)
		rc = stays(f, e, known, err);
	else if (a.status >= 400) {
		snprintf(why.text, sizeof(why.text), "the feed answers %ld", a.status);
		rc = leave_out(f, e, why.text);
	} else
		rc = keep(f, e, address, &a, err);
	http_answer_release(&a);
	return rc;
}

static int
one(struct fetch_files *f, const struct entry *e, const char *base, struct err *err)
{
	struct fetch_request req;
	struct err why = { 0 };
	int rc;

	fetch_request_init(&req);
	if (address_of(f, e, base, &req, &why) == -1)
		rc = leave_out(f, e, why.text);
	else if (!fetcher_own(f->fetcher, req.url.bytes))
		rc = leave_out(f, e, "it lies elsewhere, and only the feed's own origin is asked");
	else
		rc = ask(f, e, &req, err);
	fetch_request_release(&req);
	return rc;
}

/* A text of the entry into out; anything else, or a NUL in it, is none. */
static int
take(const struct jval *v, struct buf *out)
{
	buf_clear(out);
	if (v == NULL || (v->type != J_STRING && v->type != J_NUMBER))
		return 0;
	if (v->type == J_STRING ? memchr(v->u.text, '\0', v->len) != NULL || buf_add(out, v->u.text, v->len) == -1 :
	    jval_print(v, out) == -1) {
		buf_clear(out);
		return -1;
	}
	return 0;
}

static int
read_entry(const struct jval *v, struct entry *e)
{
	char *p;

	if (v->type != J_OBJECT)
		return take(v, &e->url) == -1 || take(NULL, &e->name) == -1 || take(NULL, &e->sha256) == -1 ? -1 : 0;
	if (take(jval_get(v, "url", 3), &e->url) == -1 || take(jval_get(v, "name", 4), &e->name) == -1 ||
	    take(jval_get(v, "sha256", 6), &e->sha256) == -1)
		return -1;
	for (p = e->sha256.bytes; e->sha256.len > 0 && *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'F')
			*p += 'a' - 'A';
	return 0;
}

int
fetch_files_of(struct fetch_files *f, struct page *page, const char *base, struct err *err)
{
	struct entry e;
	struct jval *list;
	uint32_t i;
	int rc = 0;

	if (page->len == 0)
		return 0;
	list = fetch_look_value(f->look, page, f->def->files, err);
	if (list == NULL)
		return err_prefix(err, "attachments");
	if (list->type != J_ARRAY && list->type != J_NULL)
		return err_set(err, REASON_CONTRACT, "attachments: entries yields no array");
	buf_init(&e.url, 16 * KIB);
	buf_init(&e.name, 16 * KIB);
	buf_init(&e.sha256, 16 * KIB);
	for (i = 0; rc == 0 && list->type == J_ARRAY && i < list->len; i++)
		if (read_entry(list->u.item[i], &e) == -1)
			rc = leave_out(f, &e, "its address or name is too long");
		else if (e.url.len > 0)
			rc = one(f, &e, base, err);
	buf_release(&e.url);
	buf_release(&e.name);
	buf_release(&e.sha256);
	return rc == -1 ? err_prefix(err, "an attachment") : 0;
}
