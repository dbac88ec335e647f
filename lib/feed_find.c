/* Where a definition is, and the files it names beside itself. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed_json.h"
#include "feed_private.h"
#include "xmalloc.h"

/* The installed feeds: PREFIX/share/tcfeed/feeds beside PREFIX/bin. */
static void
share_dir(char *out, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	*out = '\0';
	if (n <= 0)
		return;
	exe[n] = '\0';
	if (snprintf(out, size, "%s/../share/tcfeed/feeds", dirname(exe)) >= (int)size)
		*out = '\0';
}

char *
feed_find(const char *name, struct err *err)
{
	char path[PATH_MAX], installed[PATH_MAX];
	const char *env = getenv("TC_FEEDS");
	const char *dir[4] = { "feeds" };
	size_t i, n = strlen(name), ndir = 1;

	if (*name == '\0') {
		err_set(err, REASON_USAGE, "the feed's name is empty");
		return NULL;
	}
	if (strchr(name, '/') != NULL || (n > 5 && strcmp(name + n - 5, ".json") == 0))
		return xstrdup(name);
	share_dir(installed, sizeof(installed));
	if (env != NULL && *env != '\0')
		dir[ndir++] = env;
	if (*installed != '\0')
		dir[ndir++] = installed;
	for (i = 0; i < ndir; i++)
		if (snprintf(path, sizeof(path), "%s/%s.json", dir[i], name) < (int)sizeof(path) && access(path, F_OK) == 0)
			return xstrdup(path);
	err_set(err, REASON_USAGE, "no feed definition named %s: looked for %s.json in ./feeds%s%s and the installed feeds"
	    " (a path has a / or ends in .json)", name, name, ndir == 3 ? ", " : "", ndir == 3 ? env : "");
	return NULL;
}

char *
feed_beside(const struct feed *f, const char *name)
{
	char copy[PATH_MAX], path[PATH_MAX * 2];

	if (*name == '/')
		return xstrdup(name);
	snprintf(copy, sizeof(copy), "%s", f->file);
	snprintf(path, sizeof(path), "%s/%s", dirname(copy), name);
	return xstrdup(path);
}
