#include "fetch_look.h"

#include <stdlib.h>
#include <string.h>

#include "feed_parse.h"
#include "json_pick.h"
#include "limit.h"
#include "records.h"
#include "xmalloc.h"

#define CHAIN 16	/* names of a chain that is followed without the page in memory */

struct fetch_look {
	const struct feed *feed;
	struct scan	   scan;
	struct arena	   arena;
};

struct fetch_look *
fetch_look_new(const struct feed *feed)
{
	struct fetch_look *l = xcalloc(1, sizeof(*l));

	l->feed = feed;
	scan_init(&l->scan);
	arena_init(&l->arena, 256 * MIB);
	return l;
}

void
fetch_look_free(struct fetch_look *l)
{
	if (l == NULL)
		return;
	scan_release(&l->scan);
	arena_release(&l->arena);
	free(l);
}

static struct jval *
evaluate(struct fetch_look *l, struct page *p, const struct jmespath *e, const struct jmespath_var *var, int nvar, struct err *err)
{
	struct jmespath_ctx ctx = { .arena = &l->arena, .var = var, .nvar = nvar };
	const char *bytes;
	struct jval *root, *v;
	size_t len;

	if (page_bytes(p, LIMIT_PAGE_LOOK, &bytes, &len, err) == -1)
		return NULL;
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	if (scan_text(&l->scan, bytes, len, err) == -1)
		return NULL;
	arena_reset(&l->arena);
	root = jval_from_scan(&l->arena, &l->scan, 0);
	v = root != NULL ? jmespath_eval(e, &ctx, root, err) : NULL;
	if (v == NULL && err->text[0] == '\0')
		err_set(err, REASON_CONTRACT, "a page is too large to be looked into");
	return v;
}

int
fetch_look_scalar(struct fetch_look *l, struct page *p, const struct jmespath *e, struct buf *out, struct err *err)
{
	const char *name[CHAIN];
	size_t len[CHAIN];
	int n = jmespath_chain(e, name, len, CHAIN), rc;
	struct buf raw;
	struct jval *v;
	bool quoted;

	if (n > 0) {
		buf_init(&raw, 64 * KIB);
		rc = json_pick(p, name, len, n, &raw, &quoted, err);
		if (rc == 1 && quoted)
			rc = json_unescape(raw.bytes, raw.len, out, err) == -1 ? -1 : 1;
		else if (rc == 1 && strcmp(raw.bytes, "false") == 0)
			rc = 0;
		else if (rc == 1)
			rc = buf_add(out, raw.bytes, raw.len) == -1 ? err_set(err, REASON_CONTRACT, "a cursor is too long") : 1;
		buf_release(&raw);
		return rc == 1 && out->len == 0 ? 0 : rc;
	}
	v = evaluate(l, p, e, NULL, 0, err);
	if (v == NULL)
		return -1;
	if (v->type == J_NULL || (v->type == J_BOOL && !v->boolean))
		return 0;
	if (v->type == J_ARRAY || v->type == J_OBJECT)
		return err_set(err, REASON_CONTRACT, "the expression for paging yields no plain value");
	if (v->type == J_STRING)
		rc = buf_add(out, v->u.text, v->len);
	else
		rc = jval_print(v, out);
	if (rc == -1)
		return err_set(err, REASON_CONTRACT, "a cursor is too long");
	return out->len > 0;
}

int
fetch_look_list(struct fetch_look *l, struct page *p, const struct jmespath *e, int64_t last_run, struct buf *out,
    size_t *n, struct err *err)
{
	struct jmespath_var var = { "last_run", NULL };
	struct arena small;
	struct jval *v;
	uint32_t i;
	int rc = 0;

	arena_init(&small, 4096);
	var.value = jval_number(&small, (double)last_run);
	v = evaluate(l, p, e, &var, 1, err);
	arena_release(&small);
	*n = 0;
	if (v == NULL)
		return -1;
	if (v->type == J_NULL)
		return 0;
	if (v->type != J_ARRAY)
		return err_set(err, REASON_CONTRACT, "the index page: entries yields no array");
	for (i = 0; rc == 0 && i < v->len; i++) {
		struct jval *x = v->u.item[i];

		if (x->type == J_STRING)
			rc = buf_add(out, x->u.text, x->len);
		else if (x->type == J_NUMBER)
			rc = jval_print(x, out);
		else
			return err_set(err, REASON_CONTRACT, "the index page: entry %u is no string", i);
		if (rc == 0)
			rc = buf_addc(out, '\0');
		++*n;
	}
	return rc == 0 ? 0 : err_set(err, REASON_CONTRACT, "the index page names too many entries");
}

struct jval *
fetch_look_value(struct fetch_look *l, struct page *p, const struct jmespath *e, struct err *err)
{
	return evaluate(l, p, e, NULL, 0, err);
}

int
fetch_look_records(struct fetch_look *l, struct page *p, long *n, struct err *err)
{
	struct feed_parse parse;
	struct records *r;
	struct record rec;
	int fd, rc;

	*n = 0;
	if (l->feed->parse == NULL)
		return err_set(err, REASON_USAGE, "this style of paging counts records: the definition needs a parse section");
	if (p->len == 0)
		return 0;
	fd = page_fd(p, err);
	if (fd == -1 || feed_parse_load(&parse, l->feed, err) == -1)
		return -1;
	r = records_open(fd, &parse.records, err);
	rc = r != NULL ? 0 : -1;
	if (r != NULL) {
		while ((rc = records_next(r, &rec, err)) == 1)
			++*n;
		records_close(r);
	}
	feed_parse_release(&parse);
	return rc;
}
