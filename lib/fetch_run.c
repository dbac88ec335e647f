#include "fetch_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "date.h"
#include "fetch_get.h"
#include "fetch_look.h"
#include "fetch_paging.h"
#include "limit.h"
#include "log.h"
#include "text.h"
#include "unpack.h"

/* What is known of the page being handed on. */
struct delivery {
	struct fetch_run	*run;
	const char		*url;
	const char		*content_type;	/* NULL where nothing was said, or the page was unpacked */
	const char		*headers;
	long			 status;
	int64_t			 time;
	const char		*request;	/* NULL where none was made */
	int64_t			 until;
};

static void
progress(const struct fetch_run *r, const char *what)
{
	log_progress("%ld pages, %llu KiB%s", r->pages, (unsigned long long)(r->bytes / KIB), what);
}

/* A page is on its way. */
static void
coming(void *run, uint64_t bytes)
{
	char what[64];

	snprintf(what, sizeof(what), "; the next so far %llu KiB", (unsigned long long)(bytes / KIB));
	progress(run, what);
}

static int
hand_on(void *arg, struct page *page, const char *member, struct err *err)
{
	struct delivery *d = arg;
	struct fetch_run *r = d->run;
	struct capture_page info = { .url = d->url, .status = d->status, .headers = d->headers, .time = d->time,
	    .ending = r->def->ending, .request = d->request, .member = member, .last_run = r->last_run, .until = d->until };

	if (page_check(page, r->def->expect, member == NULL ? d->content_type : NULL, err) == -1) {
		if (member != NULL)
			err_prefix(err, "member %s", member);
		return -1;
	}
	if (r->files != NULL && fetch_files_of(r->files, page, d->url, err) == -1)
		return -1;
	if (r->capture != NULL ? capture_add(r->capture, page, &info, err) == -1 : page_copy(page, r->out, err) == -1)
		return -1;
	r->pages++;
	r->bytes += page->len;
	progress(r, "");
	return 0;
}

static int
deliver(struct delivery *d, struct page *page, struct err *err)
{
	struct unpack_options o = { .type = d->run->def->unpack, .member = d->run->def->member,
	    .max_page = d->run->def->max_page_bytes, .max_total = d->run->def->max_bytes };
	struct fetch_vars v = { .params = d->run->params };
	struct buf password;
	int rc = 0;

	buf_init(&password, LIMIT_SECRET);
	if (d->run->def->archive_password != NULL) {
		rc = fetch_template_expand(d->run->def->archive_password, &v, &password, err);
		o.password = password.bytes;
	}
	if (rc == 0)
		rc = unpack_page(page, &o, hand_on, d, err);
	buf_release(&password);
	return rc;
}

/* Text whose charset tc-map is not told of will have its records rejected: better said once, here. */
static void
look_at_charset(const struct fetch_run *r, const char *type)
{
	static const char *const known[] = { "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be" };
	const char *s = type != NULL ? strcasestr(type, "charset=") : NULL, *told;
	struct json_object *v;
	char name[32];
	size_t i;

	if (s == NULL || r->pages > 0 || r->def->expect != PAGE_TEXT)
		return;
	s += strlen("charset=") + (s[8] == '"');
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(s, "\"; "), s);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(name, known[i]) == 0)
			return;
	told = json_object_object_get_ex(r->feed->parse, "encoding", &v) ? json_object_get_string(v) : "utf-8";
	if (strcasecmp(told, "utf-8") == 0)
		log_warning("the feed says its charset is %s, the definition reads UTF-8 (parse.encoding)", name);
}

/* What is older than the publisher keeps was lost while nobody asked. */
static bool
has_gap(const struct fetch_run *r)
{
	int64_t oldest = date_now() - r->def->history_ms / 1000;

	return r->def->history_ms > 0 && r->since.last_run >= 0 && r->since.place == NULL && r->last_run < oldest;
}

static int
tell_gap(const struct fetch_run *r, struct err *err)
{
	char from[DATE_LEN + 1], to[DATE_LEN + 1];

	date_print(r->last_run, from);
	date_print(date_now() - r->def->history_ms / 1000, to);
	return err_set(err, REASON_PENDING, "gap: records from %s to %s are not available any more (fetch.history); "
	    "what is was fetched", from, to);
}

/* The day's requests are used up. A feed that is read on from where it was left goes on tomorrow; a snapshot cannot. */
static int
pause_run(struct fetch_run *r, struct paging *p, struct err *err)
{
	if (r->pages == 0 && r->feed->mode == FEED_INCREMENTAL)
		return err_set(err, REASON_PENDING, "the %ld requests of the day are used up (fetch.max_requests)", r->def->max_requests);
	if (!paging_can_pause(p))
		return err_set(err, REASON_TEMPORARY, "the %ld requests of the day are used up (fetch.max_requests): "
		    "the feed is not whole", r->def->max_requests);
	paging_pause(p);
	r->paused = true;
	return err_set(err, REASON_PENDING, "paused: the %ld requests of the day are used up (fetch.max_requests); the next run goes on",
	    r->def->max_requests);
}

static void
count_requests(struct fetch_run *r, int64_t day)
{
	if (r->def->max_requests == 0)
		return;
	r->cursor.day = day;
	r->cursor.requests = r->requests + (r->since.day == day ? r->since.requests : 0);
}

static int
stopped(const struct fetch_run *r, struct err *err)
{
	return r->stop != NULL && *r->stop ? err_set(err, REASON_TEMPORARY, "stopped by a signal after %ld pages", r->pages) : 0;
}

/* --- network --- */

/* The page of an earlier run, with what its answer said. */
static int
take_kept(const struct kept *k, const struct kept_page *old, struct page *page, struct http_answer *a, struct err *err)
{
	char date[64];

	if (kept_read(k, old, page, err) == -1)
		return -1;
	buf_clear(&a->headers);
	a->status = 200;
	if (buf_addz(&a->headers, old->headers) == -1)
		return err_set(err, REASON_CONTRACT, "capture %s: page %s has too many headers", k->dir, old->file);
	if (a->server_date == -1 && http_header(a, "date", date, sizeof(date)) != NULL)
		a->server_date = http_date(date);
	return 0;
}

/* An answer: from the capture that this run goes on with, from the feed, or from the previous capture if the feed says so. */
static int
ask(struct fetch_run *r, struct fetcher *f, struct fetch_request *req, struct page *page, struct http_answer *a,
    bool *kept, struct err *err)
{
	const struct kept *k = r->capture != NULL ? capture_kept(r->capture) : NULL;
	const struct kept_page *old = NULL;
	struct http_answer was = { 0 };
	char etag[1024], modified[128];

	*kept = k != NULL && r->taken < k->n && strcmp(k->page[r->taken].request, req->digest) == 0;
	if (*kept)
		return take_kept(k, &k->page[r->taken++], page, a, err);
	if (r->previous != NULL && req->etag == NULL && req->last_modified == NULL &&
	    (old = kept_find(r->previous, req->digest)) != NULL) {
		was.headers.bytes = old->headers;
		req->etag = http_header(&was, "etag", etag, sizeof(etag));
		req->last_modified = http_header(&was, "last-modified", modified, sizeof(modified));
		if (req->etag == NULL && req->last_modified == NULL)
			old = NULL;
	}
	if (fetcher_get(f, req, page, a, err) == -1)
		return -1;
	return a->status == 304 && old != NULL ? take_kept(r->previous, old, page, a, err) : 0;
}

/* Times in the requests of a run that goes on are those of its beginning. */
static void
go_on(struct fetch_run *r, int64_t *now)
{
	const struct kept *k = r->capture != NULL ? capture_kept(r->capture) : NULL;

	if (k == NULL)
		return;
	if (k->page[0].last_run >= 0)
		r->last_run = k->page[0].last_run;
	if (k->page[0].until >= 0)
		*now = k->page[0].until;
}

/* A page came while pages of the unfinished run are left: it asked for something else. */
static int
other_run(const struct fetch_run *r, struct err *err)
{
	const struct kept *k = r->capture != NULL ? capture_kept(r->capture) : NULL;

	if (k == NULL || r->taken == k->n)
		return 0;
	return err_set(err, REASON_USAGE, "%s holds an unfinished capture of other requests (from %s on); remove it", k->dir,
	    k->page[r->taken].file);
}

int
fetch_run_http(struct fetch_run *r, struct err *err)
{
	int64_t now = date_now(), day = now - now % 86400;
	struct paging_options po;
	struct delivery d = { .run = r };
	struct fetcher *f = NULL;
	struct paging *p;
	struct fetch_request req;
	struct http_answer a;
	struct page page;
	char type[256];
	bool kept = false;
	int rc = -1;

	go_on(r, &now);
	po = (struct paging_options){ r->feed, r->def, r->params, &r->since, r->last_run, now, r->windows };
	fetch_request_init(&req);
	req.coming = coming;
	req.coming_arg = r;
	page_init(&page, r->def->max_page_bytes);
	page.follow = r->def->expect == PAGE_JSON;
	p = paging_open(&po);
	if (fetcher_open(&f, r->def, r->params, r->stop, err) == 0 &&
	    (r->def->files == NULL || r->files_dir == NULL ||
	    fetch_files_open(&r->files, r->files_dir, r->feed, r->def, r->params, f, err) == 0)) {
		fetcher_used(f, r->since.day == day ? r->since.requests : 0);
		while ((rc = paging_next(p, &req, err)) == 1) {
			if (fetcher_budget_spent(f)) {
				rc = pause_run(r, p, err);
				break;
			}
			http_answer_init(&a);
			if ((rc = ask(r, f, &req, &page, &a, &kept, err)) == 0)
				rc = paging_saw(p, &req, &page, &a, err);
			if (rc == 1 && kept)
				r->pages++;
			else if (rc == 1 && (rc = other_run(r, err)) == 0) {
				d.url = req.url.bytes;
				d.content_type = http_header(&a, "content-type", type, sizeof(type));
				look_at_charset(r, d.content_type);
				d.headers = a.headers.bytes;
				d.status = a.status;
				d.time = date_now();
				d.request = req.digest;
				d.until = now;
				rc = deliver(&d, &page, err);
			}
			if (rc == -1 && err->reason != REASON_USAGE)
				err_prefix(err, "page %ld", r->pages + 1);
			http_answer_release(&a);
			if (rc == -1 || stopped(r, err) == -1) {
				rc = -1;
				break;
			}
		}
	}
	r->requests = f != NULL ? fetcher_requests(f) : 0;
	if (rc == 0 || r->paused) {
		paging_cursor(p, &r->cursor);
		count_requests(r, day);
		r->complete = paging_whole(p);
	}
	if (rc == 0 && has_gap(r)) {
		r->paused = true;
		rc = tell_gap(r, err);
	}
	r->attachments = fetch_files_count(r->files);
	fetch_files_close(r->files);
	r->files = NULL;
	fetcher_close(f);
	paging_close(p);
	page_release(&page);
	fetch_request_release(&req);
	return rc;
}

/* --- captures and files --- */

/* A plain file is a page as it lies there; anything else (a pipe) is read to its end first. */
static int
read_file(struct fetch_run *r, const char *path, struct page *page, struct err *err)
{
	char chunk[65536];
	struct stat st;
	ssize_t n;
	int fd = io_open_input(path, err);

	if (fd == -1)
		return -1;
	page_clear(page);
	if (fd != STDIN_FILENO && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		page->fd = fd;
		page->len = (uint64_t)st.st_size;
		return 0;
	}
	while ((n = io_read(fd, chunk, sizeof(chunk))) > 0)
		if (page_add(page, chunk, (size_t)n) == -1 || stopped(r, err) == -1)
			break;
	if (fd != STDIN_FILENO)
		close(fd);
	if (page->failed.reason != REASON_NONE) {
		*err = page->failed;
		return -1;
	}
	if (n == -1)
		return err_set(err, REASON_STATE, "cannot read %s: %s", path, strerror(errno));
	return err->reason == REASON_NONE ? 0 : -1;
}

static int
from_stdin(struct delivery *d, struct page *page, struct err *err)
{
	d->url = "-";
	if (read_file(d->run, "-", page, err) == -1)
		return -1;
	return deliver(d, page, err) == -1 ? err_prefix(err, "standard input") : 0;
}

int
fetch_run_replay(struct fetch_run *r, char *const *source, int n, struct err *err)
{
	struct delivery d = { .run = r, .status = 200, .time = date_now() };
	struct replay *replay;
	struct page page;
	int i, rc = 0;

	if (other_run(r, err) == -1)
		return -1;
	r->complete = true;
	page_init(&page, r->def->max_bytes);
	page.follow = r->def->expect == PAGE_JSON;
	for (i = 0; rc == 0 && i < n; i++) {
		if (strcmp(source[i], "-") == 0) {
			rc = from_stdin(&d, &page, err);
			r->complete = false;
			continue;
		}
		rc = replay_open(&replay, source[i], err);
		if (rc == -1)
			break;
		while ((rc = replay_next(replay, &page, &d.url, err)) == 1)
			if (deliver(&d, &page, err) == -1 || stopped(r, err) == -1) {
				rc = err_prefix(err, "%s", d.url);
				break;
			}
		r->complete &= replay_complete(replay);
		replay_free(replay);
	}
	page_release(&page);
	return rc;
}

/* --- files --- */

bool
fetch_def_is_local(const struct fetch_def *d)
{
	return strncasecmp(d->first_url, "http://", 7) != 0 && strncasecmp(d->first_url, "https://", 8) != 0 &&
	    strncmp(d->first_url, "{url:", 5) != 0;
}

int
fetch_run_local(struct fetch_run *r, struct err *err)
{
	struct fetch_vars v = { .params = r->params, .last_run = r->last_run };
	struct delivery d = { .run = r, .status = 200, .time = date_now() };
	struct page page;
	struct buf path;
	const char *name;
	int i, rc = 0;

	if (other_run(r, err) == -1)
		return -1;
	page_init(&page, r->def->max_bytes);
	page.follow = r->def->expect == PAGE_JSON;
	buf_init(&path, 16 * KIB);
	for (i = 0; rc == 0 && i < r->def->nurl; i++) {
		buf_clear(&path);
		rc = fetch_template_expand(r->def->url[i], &v, &path, err);
		name = strncasecmp(path.bytes, "file://", 7) == 0 ? path.bytes + 7 : path.bytes;
		d.url = name;
		if (rc == 0)
			rc = read_file(r, name, &page, err);
		if (rc == 0 && (rc = deliver(&d, &page, err)) == -1)
			err_prefix(err, "%s", strcmp(name, "-") == 0 ? "standard input" : name);
	}
	r->complete = rc == 0;
	r->cursor.last_run = date_now();
	page_release(&page);
	buf_release(&path);
	return rc;
}

/* --- --check --- */

static void
say_headers(struct out *out, const struct http_answer *a)
{
	static const char *const name[] = { "content-type", "content-encoding", "etag", "last-modified", "x-ratelimit-limit",
	    "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-remaining", "retry-after", "link", NULL };
	char value[512], safe[600], line[768];
	int i;

	for (i = 0; name[i] != NULL; i++)
		if (http_header(a, name[i], value, sizeof(value)) != NULL) {
			log_mask(value);
			text_safe(safe, sizeof(safe), value, strlen(value));
			snprintf(line, sizeof(line), "%s: %s\n", name[i], safe);
			out_puts(out, line);
		}
}

int
fetch_run_check(struct fetch_run *r, struct err *err)
{
	struct paging_options po = { r->feed, r->def, r->params, &r->since, r->last_run, date_now(), false };
	struct fetch_look *look = fetch_look_new(r->feed);
	struct fetcher *f = NULL;
	struct paging *p = paging_open(&po);
	struct fetch_request req;
	struct http_answer a;
	struct page page;
	struct err why = { 0 };
	char type[256], label[256], line[1024];
	long records;
	int rc;

	fetch_request_init(&req);
	http_answer_init(&a);
	page_init(&page, r->def->max_page_bytes);
	page.follow = r->def->expect == PAGE_JSON;
	rc = fetcher_open(&f, r->def, r->params, r->stop, err);
	if (rc == 0)
		rc = paging_next(p, &req, err) == 1 ? 0 : -1;
	if (rc == 0)
		rc = fetcher_get(f, &req, &page, &a, err);
	if (rc == 0) {
		http_label(req.url.bytes, label, sizeof(label));
		snprintf(line, sizeof(line), "%s answered %ld with %llu bytes in %ld ms\n", label, a.status,
		    (unsigned long long)page.len, a.time_ms);
		out_puts(r->out, line);
		say_headers(r->out, &a);
		snprintf(line, sizeof(line), "pages: %s\n", paging_describe(r->def));
		out_puts(r->out, line);
		rc = page_check(&page, r->def->expect, http_header(&a, "content-type", type, sizeof(type)), err);
	}
	if (rc == 0) {
		if (fetch_look_records(look, &page, &records, &why) == 0)
			snprintf(line, sizeof(line), "records in the first page: %ld\n", records);
		else
			snprintf(line, sizeof(line), "records in the first page: not counted (%s)\n", why.text);
		out_puts(r->out, line);
		rc = paging_saw(p, &req, &page, &a, err) == -1 ? -1 : 0;
	}
	if (rc == 0) {
		rc = paging_next(p, &req, err);
		out_puts(r->out, rc == 1 ? "there is a next page\n" : rc == 0 ? "there is no next page\n" : "");
		rc = rc == -1 ? -1 : 0;
	}
	r->requests = f != NULL ? fetcher_requests(f) : 0;
	fetch_look_free(look);
	fetcher_close(f);
	paging_close(p);
	http_answer_release(&a);
	page_release(&page);
	fetch_request_release(&req);
	return rc;
}
