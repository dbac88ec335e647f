#include "params_environment.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io.h"
#include "limit.h"
#include "params_names.h"
#include "xmalloc.h"

#define OTHER "TC_PARAM_"

extern char **environ;

static void
to_upper(char *out, size_t size, const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0' && i + 1 < size; i++)
		out[i] = (char)toupper((unsigned char)name[i]);
	out[i] = '\0';
}

static void
take(const char *variable, const char *name, params_taker *taker, void *arg)
{
	const char *value = getenv(variable);

	if (value != NULL)
		taker(arg, name, value, strlen(value), false);
}

/* The parameter name of a variable TC_PARAM_NAME, or "" */
static const char *
other_name(const char *variable, char *name, size_t size)
{
	size_t i;

	name[0] = '\0';
	if (strncmp(variable, OTHER, strlen(OTHER)) != 0)
		return name;
	variable += strlen(OTHER);
	for (i = 0; variable[i] != '=' && variable[i] != '\0' && i + 1 < size; i++)
		name[i] = (char)tolower((unsigned char)variable[i]);
	name[variable[i] == '=' ? i : 0] = '\0';
	return name;
}

void
params_from_environment(params_taker *taker, void *arg)
{
	char word[128];
	const char *name;
	size_t i;
	char **e;

	for (i = 0; (name = params_environment(i)) != NULL; i++) {
		to_upper(word, sizeof(word), name);
		take(word, name, taker, arg);
	}
	/* the two credentials have a second spelling */
	take("TC_API_ACCESS_ID", "api_access_id", taker, arg);
	take("TC_API_SECRET_KEY", "api_secret_key", taker, arg);
	for (e = environ; *e != NULL; e++)
		if (*other_name(*e, word, sizeof(word)) != '\0') {
			const char *value = strchr(*e, '=') + 1;

			taker(arg, word, value, strlen(value), false);
		}
}

void
params_clean_environment(void)
{
	char word[128], variable[160];
	const char *name;
	size_t i;
	char **e;

	for (i = 0; (name = params_environment(i)) != NULL; i++) {
		to_upper(word, sizeof(word), name);
		if (params_name_is_secret(name))
			unsetenv(word);
	}
	unsetenv("TC_API_SECRET_KEY");
	unsetenv("TC_APP_PARAM_FILE");
	unsetenv("TC_APP_PARAM_KEY");
	for (e = environ; *e != NULL; ) {
		if (*other_name(*e, word, sizeof(word)) == '\0') {
			e++;
			continue;
		}
		snprintf(variable, sizeof(variable), "%.*s", (int)(strchr(*e, '=') - *e), *e);
		unsetenv(variable);	/* moves the rest up */
		e = environ;
	}
}

void
params_config_path(char *path, size_t size)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n = 0;

	path[0] = '\0';
	if (dir != NULL && *dir == '/')
		n = snprintf(path, size, "%s/tcfeed/platform.json", dir);
	else if (home != NULL && *home == '/')
		n = snprintf(path, size, "%s/.config/tcfeed/platform.json", home);
	if (n < 0 || (size_t)n >= size)
		path[0] = '\0';
}

/* systemd's credentials are private by an access list, which shows as a group's permission. */
static int
is_credential(const char *file)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	size_t len = dir != NULL ? strlen(dir) : 0;

	return len > 1 && strncmp(file, dir, len) == 0 && file[len] == '/' && strstr(file + len, "..") == NULL;
}

int
params_from_file(const char *file, int must_exist, params_taker *taker, void *arg, struct err *err)
{
	char what[PATH_MAX + 32], *bytes;
	struct stat st;
	size_t len;
	int rc;

	snprintf(what, sizeof(what), "parameter file %s", file);
	if (stat(file, &st) == -1) {
		if (!must_exist && (errno == ENOENT || errno == ENOTDIR))
			return 0;
		return err_set(err, REASON_USAGE, "cannot read %s: %m", what);
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) && !is_credential(file))
		return err_set(err, REASON_USAGE, "refusing %s: others may read it (chmod 600 %s)", what, file);
	if (io_slurp(file, LIMIT_PARAMS, &bytes, &len, err) == -1)
		return -1;
	rc = params_json(what, bytes, len, '|', taker, arg, err);
	explicit_bzero(bytes, len);
	free(bytes);
	return rc;
}
