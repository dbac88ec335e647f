#include "params_message.h"

#include <dirent.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "limit.h"
#include "text.h"
#include "xmalloc.h"

#define STAGES 4096	/* of one feed: a few a window */
#define WHY_BYTES 170	/* of one stage's reason: a held removal's number stands at its end, and counts must find room behind it */

struct stage {
	char		 name[32];
	int		 code;		/* exit, 128 + n for a signal */
	struct json_object *stats;	/* NULL: it left none */
};

struct job {			/* one feed */
	char		*name, *note;
	int		 code;
	struct stage	*stage;
	size_t		 n;
};

/* --- reading --- */

/* A small file's text without its last newline, or NULL. */
static char *
small(const char *dir, const char *name, size_t *len)
{
	char path[PATH_MAX], *bytes;
	struct err err;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path) ||
	    io_slurp(path, LIMIT_PARAMS, &bytes, len, &err) == -1)
		return NULL;
	while (*len > 0 && bytes[*len - 1] == '\n')
		bytes[--*len] = '\0';
	return bytes;
}

static struct json_object *
stats_of(const char *dir, const char *name)
{
	struct json_object *root;
	char *bytes;
	size_t len;

	if ((bytes = small(dir, name, &len)) == NULL)
		return NULL;
	root = json_tokener_parse(bytes);
	free(bytes);
	if (!json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		return NULL;
	}
	return root;
}

static void
read_status(struct job *j, const char *dir)
{
	size_t len;
	char *all = small(dir, "status", &len), *line, *rest = all;

	j->stage = xcalloc(STAGES, sizeof(*j->stage));
	while (all != NULL && (line = strsep(&rest, "\n")) != NULL && j->n < STAGES) {
		struct stage *s = &j->stage[j->n];
		char file[64];
		int n = sscanf(line, "%31s %d %63s", s->name, &s->code, file);

		if (n < 2)
			continue;
		if (n == 2)
			snprintf(file, sizeof(file), "%s.json", s->name);
		if (strchr(file, '/') == NULL)
			s->stats = stats_of(dir, file);
		j->n++;
	}
	free(all);
}

static int
job_read(struct job *j, const char *parent, const char *name)
{
	char dir[PATH_MAX], *code;
	size_t len;

	memset(j, 0, sizeof(*j));
	if (snprintf(dir, sizeof(dir), "%s/%s", parent, name) >= (int)sizeof(dir) || (code = small(dir, "exit", &len)) == NULL)
		return -1;
	j->code = atoi(code);
	free(code);
	if ((j->name = small(dir, "name", &len)) == NULL || len == 0) {
		free(j->name);
		j->name = xstrdup(name);
	}
	j->note = small(dir, "note", &len);
	read_status(j, dir);
	return 0;
}

static void
job_release(struct job *j)
{
	size_t i;

	free(j->name);
	free(j->note);
	for (i = 0; i < j->n; i++)
		json_object_put(j->stage[i].stats);
	free(j->stage);
}

/* --- asking --- */

static struct json_object *
member(const struct stage *s, const char *path)
{
	struct json_object *at = s->stats;
	char part[64];
	const char *dot;

	for (; at != NULL && (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		snprintf(part, sizeof(part), "%.*s", (int)(dot - path), path);
		if (!json_object_is_type(at, json_type_object) || !json_object_object_get_ex(at, part, &at))
			return NULL;
	}
	if (!json_object_is_type(at, json_type_object) || !json_object_object_get_ex(at, path, &at))
		return NULL;
	return at;
}

static const char *
word(const struct stage *s, const char *path)
{
	struct json_object *v = member(s, path);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

/* The sum over all stages whose name begins so ("submit" and "submit_removals" have different beginnings: exact names). */
static long long
count(const struct job *j, const char *stage, const char *path)
{
	long long sum = 0;
	size_t i;

	for (i = 0; i < j->n; i++)
		if (strcmp(j->stage[i].name, stage) == 0)
			sum += json_object_get_int64(member(&j->stage[i], path));
	return sum;
}

/* --- writing --- */

static void
number(long long n, char *out, size_t size)
{
	char raw[32];
	size_t len = (size_t)snprintf(raw, sizeof(raw), "%lld", n), i, k = 0;

	for (i = 0; i < len && k + 2 < size; i++) {
		if (i > 0 && (len - i) % 3 == 0 && raw[i - 1] != '-')
			out[k++] = ',';
		out[k++] = raw[i];
	}
	out[k] = '\0';
}

static int
add_count(struct buf *text, const char **sep, long long n, const char *what)
{
	char digits[48];

	if (n == 0)
		return 0;
	number(n, digits, sizeof(digits));
	if (buf_addf(text, "%s%s %s", *sep, digits, what) == -1)
		return -1;
	*sep = ", ";
	return 0;
}

static int
add_counts(const struct job *j, struct buf *text, const char *sep)
{
	const char *first = sep;
	long long sent = count(j, "submit", "objects.accepted"), removed = count(j, "submit_removals", "objects.accepted");
	long long settled = count(j, "submit_settle", "objects.accepted");
	long long refused = count(j, "submit", "objects.rejected") + count(j, "submit_removals", "objects.rejected") +
	    count(j, "submit_settle", "objects.rejected");
	long long unknown = count(j, "submit", "objects.unknown") + count(j, "submit_removals", "objects.unknown");

	if (add_count(text, &sep, sent, "created or updated") == -1 ||
	    add_count(text, &sep, removed, "removed") == -1 ||
	    add_count(text, &sep, refused, "refused by the platform") == -1 ||
	    add_count(text, &sep, unknown, "not yet known") == -1 ||
	    add_count(text, &sep, count(j, "map", "records.rejected"), "rejected") == -1 ||
	    add_count(text, &sep, settled, "settled from the last run") == -1 ||
	    add_count(text, &sep, count(j, "filter", "objects.unchanged") + count(j, "present", "present.active"),
	    "unchanged") == -1 ||
	    add_count(text, &sep, count(j, "map", "records.dropped"), "dropped") == -1)
		return -1;
	if (sep == first && j->code == 0)
		return buf_addf(text, "%snothing new", sep);
	return 0;
}

static bool
is_echo(const struct stage *s)
{
	return strstr(word(s, "message"), " went away") != NULL;
}

/*
 * The stage whose failure explains the others: the first in the pipe that did
 * not only notice that its reader was gone.
 */
static const struct stage *
culprit(const struct job *j)
{
	const struct stage *first = NULL;
	size_t i;

	for (i = 0; i < j->n; i++) {
		const struct stage *s = &j->stage[i];

		if (s->code == 0 || s->code == 3)
			continue;
		if (!is_echo(s))
			return s;
		if (first == NULL)
			first = s;
	}
	return first;
}

static int
add_why(const struct stage *s, struct buf *text)
{
	const char *why = word(s, "message");
	size_t len = strlen(why), n;

	if (s->stats == NULL && s->code > 128)
		return buf_addf(text, "%s was killed by signal %d", s->name, s->code - 128);
	if (len == 0)
		return buf_addf(text, "%s ended with %d%s%s", s->name, s->code, *word(s, "reason") ? ", reason " : "",
		    word(s, "reason"));
	n = text_cut(why, len, WHY_BYTES);
	return buf_addf(text, "%.*s%s", (int)n, why, n < len ? "..." : "");
}

static int
add_job(const struct job *j, struct buf *text)
{
	const struct stage *bad = culprit(j);
	const char *sep = "";
	size_t i;

	if (buf_addf(text, "%.60s: ", j->name) == -1)
		return -1;
	if (j->note != NULL && *j->note != '\0') {
		if (buf_addf(text, "%.120s", j->note) == -1)
			return -1;
		sep = "; ";
	} else if (bad != NULL) {
		if (buf_addz(text, "failed: ") == -1 || add_why(bad, text) == -1)
			return -1;
		sep = "; ";
	}
	for (i = 0; i < j->n; i++) {
		if (j->stage[i].code != 3)
			continue;
		if (buf_addz(text, sep) == -1 || add_why(&j->stage[i], text) == -1)
			return -1;
		sep = "; ";
	}
	return add_counts(j, text, sep);
}

/* --- all feeds --- */

static int
not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int
severity(int code)
{
	return code == 0 ? 0 : code == 3 ? 1 : 2;
}

int
message_of(const char *dir, struct buf *text, struct err *err)
{
	struct dirent **entry;
	const char *sep = "";
	int n = scandir(dir, &entry, not_hidden, alphasort), i, level, rc = 0;

	if (n == -1)
		return err_set(err, REASON_STATE, "cannot read %s: %m", dir);
	for (level = 2; level >= 0; level--) {
		for (i = 0; i < n; i++) {
			struct job j;

			if (job_read(&j, dir, entry[i]->d_name) == -1)
				continue;
			if (severity(j.code) == level && rc == 0) {
				rc = buf_addz(text, sep) == -1 || add_job(&j, text) == -1 ? -1 : 0;
				sep = ". ";
			}
			job_release(&j);
		}
	}
	for (i = 0; i < n; i++)
		free(entry[i]);
	free(entry);
	if (text->len == 0)
		rc = buf_addz(text, "nothing was done");
	/* past the buffer's ceiling the line is far over its own limit anyway */
	(void)rc;
	return 0;
}

bool
message_failed(const char *dir)
{
	struct dirent **entry;
	int n = scandir(dir, &entry, not_hidden, alphasort), i;
	bool failed = n <= 0;

	for (i = 0; i < n; i++) {
		struct job j;

		if (job_read(&j, dir, entry[i]->d_name) == 0) {
			failed = failed || severity(j.code) == 2;
			job_release(&j);
		}
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return failed;
}
