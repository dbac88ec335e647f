/* --dry-run: the documents and settings that would be sent, as files. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io.h"
#include "limit.h"
#include "log.h"
#include "submit_run.h"

/* There, and empty: files of another run beside ours would be taken for this one's. */
static int
ready(const char *dir, struct err *err)
{
	struct dirent *e;
	DIR *d;

	if (mkdir(dir, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(err, REASON_USAGE, "cannot make directory %s: %m", dir);
	d = opendir(dir);
	if (d == NULL)
		return err_set(err, REASON_USAGE, "cannot use directory %s: %m", dir);
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			break;
	closedir(d);
	return e == NULL ? 0 : err_set(err, REASON_USAGE, "directory %s is not empty", dir);
}

static int
write_batch(struct submit_run *run, const char *dir, const struct submit_chunk *c, struct err *err)
{
	char name[PATH_MAX], word[32];
	struct buf text;
	size_t i;
	int rc = 0, k;

	snprintf(word, sizeof(word), "%s", submit_kind_name(c->kind));
	for (i = 0; word[i] != '\0'; i++)
		if (word[i] == ' ')
			word[i] = '-';
	buf_init(&text, GIB);
	for (k = 0; k < 2 && rc == 0; k++) {
		buf_clear(&text);
		if (snprintf(name, sizeof(name), "%s/%04llu-%s.%s", dir, run->batches + 1, word,
		    k == 0 ? "settings.json" : "json") >= (int)sizeof(name))
			rc = err_set(err, REASON_USAGE, "directory %s: name too long", dir);
		else if ((k == 0 ? submit_settings_json(&run->settings, c->kind, &text) :
		    submit_chunk_document(c, 0, c->n, &text)) == -1)
			rc = err_set(err, REASON_STATE, "a batch document grows past its ceiling");
		else
			rc = io_replace_file(name, text.bytes, text.len, err);
	}
	run->batches++;
	run->bytes += text.len;
	buf_release(&text);
	return rc;
}

int
submit_dry_run(struct submit_run *run, struct submit_lanes *lanes, const char *dir, struct err *err)
{
	struct submit_chunk c;
	int rc;

	if (ready(dir, err) == -1)
		return -1;
	submit_chunk_init(&c);
	while ((rc = submit_lanes_next(lanes, &c, -1, err)) == 1) {
		rc = write_batch(run, dir, &c, err);
		submit_chunk_clear(&c, SUBMIT_GROUPS);
		if (rc == -1)
			break;
	}
	if (rc == -2)
		rc = err_set(err, REASON_TEMPORARY, "stopped by a signal");
	submit_chunk_release(&c);
	return rc;
}
