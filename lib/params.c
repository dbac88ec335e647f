#include "params.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limit.h"
#include "log.h"
#include "params_environment.h"
#include "params_json.h"
#include "params_names.h"
#include "xmalloc.h"

struct entry {
	char	*name;
	char	*value;		/* never "" */
	bool	 secret;
};

struct params {
	struct entry	*entry;
	int		 n;
};

static struct entry *
find(const struct params *p, const char *name)
{
	int i;

	name = params_canonical(name);
	for (i = 0; i < p->n; i++)
		if (strcmp(p->entry[i].name, name) == 0)
			return &p->entry[i];
	return NULL;
}

static void
wipe(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

/* The later value stands: the environment over the file. */
static void
put(void *arg, const char *name, const char *value, size_t len, bool secret)
{
	struct params *p = arg;
	struct entry *e = find(p, name);

	if (len == 0)
		return;
	if (e == NULL) {
		p->entry = xreallocarray(p->entry, (size_t)p->n + 1, sizeof(*p->entry));
		e = &p->entry[p->n++];
		memset(e, 0, sizeof(*e));
		e->name = xstrdup(params_canonical(name));
	}
	wipe(e->value);
	e->value = xstrndup(value, len);
	e->secret = e->secret || secret || params_name_is_secret(e->name);
	if (e->secret)
		log_secret(e->value, len);
}

/* --- where it comes from --- */

/* All of an open file from its start; several stages read the same descriptor, so its offset is left alone. */
static int
pread_all(int fd, const char *what, char **bytes, size_t *len, struct err *err)
{
	size_t have = 0, cap = 16384;
	char *all = xmalloc(cap + 1);
	ssize_t n;

	while ((n = pread(fd, all + have, cap - have, (off_t)have)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			err_set(err, REASON_USAGE, "cannot read %s: %m", what);
			break;
		}
		have += (size_t)n;
		if (have > LIMIT_PARAMS) {
			err_set(err, REASON_USAGE, "%s is longer than %zu bytes", what, LIMIT_PARAMS);
			n = -1;
			break;
		}
		if (have == cap) {
			char *more = xmalloc(2 * cap + 1);

			memcpy(more, all, have);
			explicit_bzero(all, have);
			free(all);
			all = more;
			cap *= 2;
		}
	}
	if (n == -1) {
		explicit_bzero(all, have);
		free(all);
		return -1;
	}
	all[have] = '\0';
	*bytes = all;
	*len = have;
	return 0;
}

static int
load_descriptor(struct params *p, const char *number, struct err *err)
{
	char *end, *bytes;
	size_t len;
	long fd;
	int rc;

	errno = 0;
	fd = strtol(number, &end, 10);
	if (errno != 0 || *end != '\0' || !isdigit((unsigned char)*number) || fd > INT_MAX)
		return err_set(err, REASON_USAGE, "TC_PARAMS_FD '%s' is no descriptor number", number);
	if (pread_all((int)fd, "the parameters in TC_PARAMS_FD", &bytes, &len, err) == -1)
		return -1;
	rc = params_json("the parameters in TC_PARAMS_FD", bytes, len, '|', put, p, err);
	explicit_bzero(bytes, len);
	free(bytes);
	return rc;
}

static int
load_shell(struct params *p, struct err *err)
{
	char file[PATH_MAX];

	params_config_path(file, sizeof(file));
	if (*file != '\0' && params_from_file(file, 0, put, p, err) == -1)
		return -1;
	params_from_environment(put, p);
	return 0;
}

int
params_load(struct params **out, const char *file, struct err *err)
{
	struct params *p = xcalloc(1, sizeof(*p));
	const char *fd = getenv("TC_PARAMS_FD");
	int rc;

	if (file != NULL)
		rc = params_from_file(file, 1, put, p, err);
	else if (fd != NULL && *fd != '\0')
		rc = load_descriptor(p, fd, err);
	else
		rc = load_shell(p, err);
	if (rc == -1) {
		params_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

void
params_free(struct params *p)
{
	int i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++) {
		free(p->entry[i].name);
		wipe(p->entry[i].value);
	}
	free(p->entry);
	free(p);
}

/* --- questions --- */

const char *
params_get(const struct params *p, const char *name)
{
	const struct entry *e = find(p, name);

	return e != NULL ? e->value : NULL;
}

bool
params_true(const struct params *p, const char *name, bool otherwise)
{
	const char *value = params_get(p, name);

	return value != NULL ? params_bool_word(value) == 1 : otherwise;
}

long long
params_int(const struct params *p, const char *name, long long otherwise, struct err *err)
{
	const char *value = params_get(p, name);
	long long n;
	char *end;

	if (value == NULL)
		return otherwise;
	errno = 0;
	n = strtoll(value, &end, 10);
	if (errno == 0 && *end == '\0' && (isdigit((unsigned char)*value) || (*value == '-' && isdigit((unsigned char)value[1]))))
		return n;
	if (params_secret(p, name))
		err_set(err, REASON_USAGE, "parameter %s is not a whole number", name);
	else
		err_set(err, REASON_USAGE, "parameter %s: '%.80s' is not a whole number", name, value);
	return otherwise;
}

bool
params_secret(const struct params *p, const char *name)
{
	const struct entry *e = find(p, name);

	return e != NULL ? e->secret : params_name_is_secret(params_canonical(name));
}

const char *
params_name(const struct params *p, int i)
{
	return i >= 0 && i < p->n ? p->entry[i].name : NULL;
}
