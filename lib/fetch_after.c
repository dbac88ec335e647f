#include "fetch_paging_private.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "link_header.h"
#include "log.h"

int
paging_after_counted(struct paging *p, struct page *page, struct err *err)
{
	const struct fetch_def *d = p->def;
	struct buf text;
	long n = 0, total = -1;
	int rc = 0, more = -1;

	buf_init(&text, 256);
	if (d->count != NULL) {
		rc = fetch_look_scalar(p->look, page, d->count, &text, err);
		n = rc == 1 ? strtol(text.bytes, NULL, 10) : 0;
	} else
		rc = fetch_look_records(p->look, page, &n, err);
	if (rc != -1 && d->total != NULL) {
		buf_clear(&text);
		rc = fetch_look_scalar(p->look, page, d->total, &text, err);
		if (rc == 1)
			total = strtol(text.bytes, NULL, 10);
	}
	if (rc != -1 && d->more != NULL) {
		buf_clear(&text);
		rc = more = fetch_look_scalar(p->look, page, d->more, &text, err);
	}
	buf_release(&text);
	if (rc == -1)
		return -1;
	p->records += n;
	p->page++;
	p->offset += n;
	if (n > p->fullest)
		p->fullest = n;
	p->maybe_last = false;
	if (more >= 0)
		p->done = more == 0;
	else if (n == 0) {
		p->done = true;
		if (total > p->records) {
			log_warning("the feed speaks of %ld records, but %ld came: it is not taken for whole", total, p->records);
			p->missing = true;
		}
	} else if (total >= 0)
		p->done = p->records >= total;
	else if (d->size > 0 && n < d->size) {
		/* shorter than a page before: the last. The first of all may only show that the server grants less than we ask for. */
		p->done = n < p->fullest;
		p->maybe_last = !p->done;
	}
	return 0;
}

int
paging_after_cursor(struct paging *p, struct fetch_request *r, struct page *page, struct err *err)
{
	const struct fetch_def *d = p->def;
	struct buf next, more;
	int rc, want = -1;

	buf_init(&next, 64 * KIB);
	buf_init(&more, 1024);
	rc = fetch_look_scalar(p->look, page, d->next, &next, err);
	if (rc != -1 && d->more != NULL)
		want = fetch_look_scalar(p->look, page, d->more, &more, err);
	if (rc == -1 || (d->more != NULL && want == -1))
		rc = -1;
	else if (want == 1 && rc == 0)
		rc = err_set(err, REASON_CONTRACT, "page %ld says there is more, but not where (no cursor)", p->pages + 1);
	else if (want == 0 || rc == 0) {
		/* the last cursor is kept: the next run goes on from it */
		if (rc == 1 && d->style == STYLE_CURSOR) {
			buf_clear(&p->place);
			(void)!buf_add(&p->place, next.bytes, next.len);
		}
		p->done = true;
		rc = 0;
	} else {
		buf_clear(&p->place);
		if (d->style == STYLE_NEXT)
			rc = http_resolve(r->url.bytes, next.bytes, &p->place, err);
		else
			rc = buf_add(&p->place, next.bytes, next.len);
	}
	buf_release(&next);
	buf_release(&more);
	return rc == -1 ? -1 : 0;
}

int
paging_after_link(struct paging *p, struct fetch_request *r, struct http_answer *a, struct err *err)
{
	struct buf next, value;
	char *line, *save = NULL;
	int rc = 0;

	buf_init(&next, 16 * KIB);
	buf_init(&value, 64 * KIB);
	/* several Link headers are one list */
	for (line = strtok_r(a->headers.bytes, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "link:", 5) == 0)
			(void)!buf_addf(&value, "%s,", line + 5);
	p->done = link_header_find(value.bytes, "next", &next) != 1;
	if (!p->done) {
		buf_clear(&p->place);
		rc = http_resolve(r->url.bytes, next.bytes, &p->place, err);
	}
	buf_release(&next);
	buf_release(&value);
	return rc;
}

/* The index page: its entries are the pages. */
int
paging_after_index(struct paging *p, struct fetch_request *r, struct page *page, struct err *err)
{
	size_t n;

	p->entry = p->entry_at = 0;
	buf_clear(&p->entries);
	buf_clear(&p->place);
	if (buf_add(&p->place, r->url.bytes, r->url.len) == -1 ||
	    fetch_look_list(p->look, page, p->def->entries, p->o.last_run, &p->entries, &p->nentry, err) == -1)
		return -1;
	p->done = p->nentry == 0;
	if (p->entry_wanted == NULL)
		return 0;
	/* where the last run stopped; an index that no longer names it is read from its beginning */
	for (n = 0; n < p->nentry && strcmp(p->entries.bytes + p->entry_at, p->entry_wanted) != 0; n++)
		p->entry_at += strlen(p->entries.bytes + p->entry_at) + 1;
	p->entry = n < p->nentry ? n : 0;
	p->entry_at = n < p->nentry ? p->entry_at : 0;
	free(p->entry_wanted);
	p->entry_wanted = NULL;
	return 0;
}

void
paging_next_entry(struct paging *p)
{
	p->entry_at += strlen(p->entries.bytes + p->entry_at) + 1;
	p->done = ++p->entry == p->nentry;
}

