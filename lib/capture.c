#include "capture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "date.h"
#include "io.h"
#include "kept.h"
#include "limit.h"
#include "log.h"
#include "xmalloc.h"

struct capture {
	char	*dir;
	int	 index;		/* pages.ndjson, appended */
	int	 pages;
	struct kept *kept;	/* of the run that was cut, or NULL */
};

/* "DIR/NAME" into path. */
static int
join(char path[PATH_MAX], const char *dir, const char *name, struct err *err)
{
	if (snprintf(path, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		return err_set(err, REASON_USAGE, "capture %s: name too long", dir);
	return 0;
}

/* What a run that was cut left behind; a finished capture is nobody's to write in. */
static int
take_up(struct capture *c, struct err *err)
{
	size_t i;

	if (flock(c->index, LOCK_EX | LOCK_NB) == -1)
		return err_set(err, REASON_BUSY, "another run writes the capture %s", c->dir);
	if (kept_load(&c->kept, c->dir, err) == -1)
		return -1;
	if (c->kept->ended)
		return err_set(err, REASON_USAGE, "%s already holds a capture; name another directory or remove it", c->dir);
	for (i = 0; i < c->kept->n; i++)
		if (c->kept->page[i].request[0] == '\0' || c->kept->page[i].member)
			return err_set(err, REASON_USAGE, "%s holds an unfinished capture that cannot be gone on with; remove it", c->dir);
	if (ftruncate(c->index, (off_t)c->kept->good) == -1)
		return err_set(err, REASON_STATE, "cannot write %s/" KEPT_INDEX ": %s", c->dir, strerror(errno));
	c->pages = (int)c->kept->n;
	if (c->pages > 0)
		log_info("going on with the capture %s behind its page %d", c->dir, c->pages);
	return 0;
}

int
capture_create(struct capture **out, const char *dir, struct err *err)
{
	char path[PATH_MAX];
	struct capture *c;
	int fd;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return err_set(err, REASON_STATE, "cannot make capture directory %s: %s", dir, strerror(errno));
	if (join(path, dir, KEPT_INDEX, err) == -1)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_set(err, REASON_STATE, "cannot write %s: %s", path, strerror(errno));
	c = xcalloc(1, sizeof(*c));
	c->dir = xstrdup(dir);
	c->index = fd;
	if (take_up(c, err) == -1) {
		capture_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

void
capture_free(struct capture *c)
{
	if (c == NULL)
		return;
	close(c->index);
	kept_free(c->kept);
	free(c->dir);
	free(c);
}

int
capture_pages(const struct capture *c)
{
	return c->pages;
}

const struct kept *
capture_kept(const struct capture *c)
{
	return c->kept != NULL && c->kept->n > 0 ? c->kept : NULL;
}

/* Appends one line to pages.ndjson, synced: a page counts once its line is there. */
static int
index_line(struct capture *c, struct buf *line, struct err *err)
{
	log_mask(line->bytes);
	line->len = strlen(line->bytes);
	if (buf_addc(line, '\n') == -1 || io_write_all(c->index, line->bytes, line->len) == -1 || fsync(c->index) == -1)
		return err_set(err, REASON_STATE, "cannot write %s/" KEPT_INDEX ": %s", c->dir, strerror(errno));
	return 0;
}

/* The value at s and those of the same name behind it, which are one list (RFC 9110). */
static int
add_values(struct buf *line, const char *name, const char *s)
{
	size_t n = strlen(name);
	struct buf all;
	const char *eol;
	int rc = 0;

	buf_init(&all, LIMIT_HEADER);
	for (; rc == 0 && (eol = strchr(s, '\n')) != NULL; s = eol + 1) {
		if (strncmp(s, name, n) != 0 || s[n] != ':')
			continue;
		s += n + 1;
		s += strspn(s, " ");
		rc = (all.len > 0 && buf_addz(&all, ", ") == -1) || buf_add(&all, s, (size_t)(eol - s)) == -1 ? -1 : 0;
	}
	if (rc == 0)
		rc = buf_add_json(line, all.bytes, all.len);
	buf_release(&all);
	return rc;
}

static bool
named_before(const char *headers, const char *at, const char *name)
{
	size_t n = strlen(name);
	const char *s;

	for (s = headers; s < at; s = strchr(s, '\n') + 1)
		if (strncmp(s, name, n) == 0 && s[n] == ':')
			return true;
	return false;
}

/* Header lines as a JSON object; values of headers that carry credentials are masked by name. */
static int
add_headers(struct buf *line, const char *headers)
{
	static const char *const hidden[] = { "authorization", "cookie", "password", "secret", "session", "username", "token" };
	const char *s = headers, *colon, *eol;
	bool first = true, mask;
	char name[128];
	size_t i;

	if (buf_addz(line, ",\"headers\":{") == -1)
		return -1;
	while ((eol = strchr(s, '\n')) != NULL) {
		colon = memchr(s, ':', (size_t)(eol - s));
		if (colon != NULL && colon > s && (size_t)(colon - s) < sizeof(name)) {
			snprintf(name, sizeof(name), "%.*s", (int)(colon - s), s);
			for (i = 0, mask = false; i < sizeof(hidden) / sizeof(hidden[0]); i++)
				mask |= strstr(name, hidden[i]) != NULL;
			if (!named_before(headers, s, name)) {
				if ((!first && buf_addc(line, ',') == -1) || buf_add_json(line, name, strlen(name)) == -1 ||
				    buf_addc(line, ':') == -1 || (mask ? buf_add_json(line, "***", 3) : add_values(line, name, s)) == -1)
					return -1;
				first = false;
			}
		}
		s = eol + 1;
	}
	return buf_addc(line, '}');
}

static int
add_request(struct buf *line, const struct capture_page *info)
{
	char last_run[DATE_LEN + 1], until[DATE_LEN + 1];

	if (info->request == NULL)
		return 0;
	date_print(info->last_run, last_run);
	date_print(info->until, until);
	return buf_addf(line, ",\"request\":\"%s\",\"last_run\":\"%s\",\"until\":\"%s\"", info->request, last_run, until);
}

int
capture_add(struct capture *c, struct page *p, const struct capture_page *info, struct err *err)
{
	char path[PATH_MAX], name[64], sha[65], when[DATE_LEN + 1];
	struct buf line;
	int rc = -1;

	snprintf(name, sizeof(name), "%04d.%s", c->pages + 1, info->ending);
	if (join(path, c->dir, name, err) == -1 || page_save(p, path, err) == -1)
		return -1;
	page_sha256(p, sha);
	date_print(info->time, when);
	buf_init(&line, LIMIT_LINE);
	if (buf_addf(&line, "{\"file\":\"%s\",\"url\":", name) == -1 ||
	    buf_add_json(&line, info->url, strlen(info->url)) == -1 ||
	    buf_addf(&line, ",\"status\":%ld,\"time\":\"%s\",\"length\":%llu,\"sha256\":\"%s\"", info->status, when,
	    (unsigned long long)p->len, sha) == -1 ||
	    add_request(&line, info) == -1 || (info->member != NULL && (buf_addz(&line, ",\"member\":") == -1 ||
	    buf_add_json(&line, info->member, strlen(info->member)) == -1)) ||
	    (info->headers != NULL && add_headers(&line, info->headers) == -1) || buf_addc(&line, '}') == -1)
		err_set(err, REASON_CONTRACT, "the headers of a page are too long to be kept");
	else
		rc = index_line(c, &line, err);
	buf_release(&line);
	c->pages += rc == 0;
	return rc;
}

int
capture_end(struct capture *c, struct err *err)
{
	struct buf line;
	int rc;

	buf_init(&line, LIMIT_LINE);
	rc = buf_addf(&line, "{\"end\":true,\"pages\":%d}", c->pages) == -1 ? -1 : index_line(c, &line, err);
	buf_release(&line);
	return rc;
}
