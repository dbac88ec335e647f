#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "kept.h"
#include "xmalloc.h"

struct replay {
	struct kept	*kept;		/* a capture of ours; NULL: files */
	char		*dir;		/* NULL: a name is the whole path */
	char		**name;		/* files, in the order to be read */
	size_t		 n, next;
};

static void
add_name(struct replay *r, const char *name)
{
	r->name = xreallocarray(r->name, r->n + 1, sizeof(*r->name));
	r->name[r->n++] = xstrdup(name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A directory somebody filled by hand: its plain files in name order. */
static int
list_files(struct replay *r, struct err *err)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(r->dir);

	if (d == NULL)
		return err_set(err, REASON_USAGE, "cannot read directory %s: %s", r->dir, strerror(errno));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || snprintf(path, sizeof(path), "%s/%s", r->dir, e->d_name) >= (int)sizeof(path) ||
		    stat(path, &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		add_name(r, e->d_name);
	}
	closedir(d);
	if (r->n == 0)
		return err_set(err, REASON_USAGE, "directory %s holds no pages", r->dir);
	qsort(r->name, r->n, sizeof(*r->name), by_name);
	return 0;
}

static int
read_index(struct replay *r, struct err *err)
{
	if (kept_load(&r->kept, r->dir, err) == -1)
		return -1;
	r->n = r->kept->n;
	return r->kept->ended ? 0 : err_set(err, REASON_CONTRACT, "capture %s was cut: " KEPT_INDEX " has no end record after %zu page%s",
	    r->dir, r->n, r->n == 1 ? "" : "s");
}

int
replay_open(struct replay **out, const char *source, struct err *err)
{
	struct replay *r = xcalloc(1, sizeof(*r));
	char path[PATH_MAX];
	struct stat st;
	int rc;

	if (stat(source, &st) == -1)
		rc = err_set(err, REASON_USAGE, "cannot open %s: %s", source, strerror(errno));
	else if (!S_ISDIR(st.st_mode)) {
		add_name(r, source);
		rc = 0;
	} else {
		r->dir = xstrdup(source);
		if (snprintf(path, sizeof(path), "%s/" KEPT_INDEX, source) >= (int)sizeof(path))
			rc = err_set(err, REASON_USAGE, "capture %s: name too long", source);
		else if (access(path, F_OK) == 0)
			rc = read_index(r, err);
		else
			rc = list_files(r, err);
	}
	if (rc == -1) {
		replay_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

int
replay_next(struct replay *r, struct page *page, const char **name, struct err *err)
{
	char path[PATH_MAX];
	size_t i = r->next;

	if (i == r->n)
		return 0;
	r->next++;
	*name = r->kept != NULL ? r->kept->page[i].file : r->name[i];
	if (r->kept != NULL)
		return kept_read(r->kept, &r->kept->page[i], page, err) == -1 ? -1 : 1;
	if (snprintf(path, sizeof(path), "%s%s%s", r->dir ? r->dir : "", r->dir ? "/" : "", *name) >= (int)sizeof(path))
		return err_set(err, REASON_USAGE, "capture page %s: name too long", *name);
	return kept_read_file(path, page, err) == -1 ? -1 : 1;
}

bool
replay_complete(const struct replay *r)
{
	return r->kept != NULL && r->kept->ended;
}

void
replay_free(struct replay *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; r->name != NULL && i < r->n; i++)
		free(r->name[i]);
	free(r->name);
	kept_free(r->kept);
	free(r->dir);
	free(r);
}
