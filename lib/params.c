#include "params.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "params_names.h"
#include "text.h"
#include "xmalloc.h"

extern char **environ;

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

/* The later value stands: a repeated name, and the environment over the file. */
static void
put(struct params *p, const char *name, const char *value, size_t len, bool secret)
{
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

/* --- the JSON object --- */

/* Is name an element of the "secret" array? */
static bool
listed(struct json_object *list, const char *name)
{
	size_t i;

	for (i = 0; list != NULL && i < json_object_array_length(list); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(list, i));

		if (word != NULL && strcmp(params_canonical(word), params_canonical(name)) == 0)
			return true;
	}
	return false;
}

/* Texts of a list are joined as the platform joins them (listDelimiter). */
static int
join(struct buf *out, struct json_object *list)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (json_object_is_type(v, json_type_object) || json_object_is_type(v, json_type_array)) {
			buf_clear(out);
			return buf_addz(out, json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN));
		}
		if ((i > 0 && buf_addc(out, '|') == -1) || (v != NULL && buf_addz(out, json_object_get_string(v)) == -1))
			return -1;
	}
	return 0;
}

static int
put_json(struct params *p, const char *name, struct json_object *v, bool secret, struct err *err)
{
	struct buf text;
	const char *bytes;
	size_t len;
	int rc = 0;

	buf_init(&text, LIMIT_PARAMS);
	switch (json_object_get_type(v)) {
	case json_type_null:
		break;
	case json_type_array:
		if ((rc = join(&text, v)) == 0)
			put(p, name, text.bytes, text.len, secret);
		break;
	default:
		bytes = json_object_get_string(v);
		len = json_object_is_type(v, json_type_string) ? (size_t)json_object_get_string_len(v) : strlen(bytes);
		if (memchr(bytes, 0, len) != NULL)
			rc = err_set(err, REASON_USAGE, "parameter %s holds a NUL", name);
		else
			put(p, name, bytes, len, secret);
	}
	explicit_bzero(text.bytes, text.len);
	buf_release(&text);
	return rc;
}

static int
take_object(struct params *p, const char *what, const char *bytes, size_t len, struct err *err)
{
	struct json_tokener *tok;
	struct json_object *root, *secret = NULL;
	enum json_tokener_error why;
	int rc = 0;

	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	while (len > 0 && strchr(" \t\r\n", bytes[len - 1]) != NULL && bytes[len - 1] != '\0')
		len--;
	if (len == 0)
		return err_set(err, REASON_USAGE, "%s is empty: a JSON object is needed", what);
	if (text_utf8_span(bytes, len) != len)
		return err_set(err, REASON_USAGE, "%s is not valid UTF-8", what);
	tok = json_tokener_new_ex(8);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tok, bytes, (int)len);
	why = json_tokener_get_error(tok);
	if (why == json_tokener_success && json_tokener_get_parse_end(tok) != len)
		why = json_tokener_error_parse_unexpected;
	json_tokener_free(tok);
	if (why != json_tokener_success) {
		json_object_put(root);
		return err_set(err, REASON_USAGE, "%s is no JSON object: %s", what, json_tokener_error_desc(why));
	}
	if (!json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		return err_set(err, REASON_USAGE, "%s is JSON but no object", what);
	}
	if (json_object_object_get_ex(root, "secret", &secret) && !json_object_is_type(secret, json_type_array))
		secret = NULL;
	json_object_object_foreach(root, name, value) {
		if (secret != NULL && strcmp(name, "secret") == 0)
			continue;
		if ((rc = put_json(p, name, value, listed(secret, name), err)) == -1)
			break;
	}
	json_object_put(root);
	if (rc == -1)
		err_prefix(err, "%s", what);
	return rc;
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
	rc = take_object(p, "the parameters in TC_PARAMS_FD", bytes, len, err);
	explicit_bzero(bytes, len);
	free(bytes);
	return rc;
}

/* must_exist: a file that was named, not merely looked for. */
static int
load_file(struct params *p, const char *file, bool must_exist, struct err *err)
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
	if (S_ISREG(st.st_mode) && (st.st_mode & 077))
		return err_set(err, REASON_USAGE, "refusing %s: others may read it (chmod 600 %s)", what, file);
	if (io_slurp(file, LIMIT_PARAMS, &bytes, &len, err) == -1)
		return -1;
	rc = take_object(p, what, bytes, len, err);
	explicit_bzero(bytes, len);
	free(bytes);
	return rc;
}

static void
load_environment(struct params *p)
{
	char upper[64], lower[128];
	const char *name, *value;
	size_t i, k;
	char **e;

	for (i = 0; (name = params_environment(i)) != NULL; i++) {
		for (k = 0; name[k] != '\0'; k++)
			upper[k] = (char)toupper((unsigned char)name[k]);
		upper[k] = '\0';
		if ((value = getenv(upper)) != NULL)
			put(p, name, value, strlen(value), false);
	}
	/* the two credentials have a second spelling */
	if ((value = getenv("TC_API_ACCESS_ID")) != NULL)
		put(p, "api_access_id", value, strlen(value), false);
	if ((value = getenv("TC_API_SECRET_KEY")) != NULL)
		put(p, "api_secret_key", value, strlen(value), false);
	/* TC_PARAM_ACME_KEY is a feed's parameter acme_key */
	for (e = environ; *e != NULL; e++) {
		if (strncmp(*e, "TC_PARAM_", 9) != 0 || (value = strchr(*e, '=')) == NULL)
			continue;
		for (k = 0, name = *e + 9; name < value && k + 1 < sizeof(lower); name++, k++)
			lower[k] = (char)tolower((unsigned char)*name);
		lower[k] = '\0';
		if (name == value && k > 0)
			put(p, lower, value + 1, strlen(value + 1), false);
	}
}

static int
load_shell(struct params *p, struct err *err)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char file[PATH_MAX];
	int n = 0;

	if (dir != NULL && *dir == '/')
		n = snprintf(file, sizeof(file), "%s/tcfeed/platform.json", dir);
	else if (home != NULL && *home == '/')
		n = snprintf(file, sizeof(file), "%s/.config/tcfeed/platform.json", home);
	if (n > 0 && (size_t)n < sizeof(file) && load_file(p, file, false, err) == -1)
		return -1;
	load_environment(p);
	return 0;
}

int
params_load(struct params **out, const char *file, struct err *err)
{
	struct params *p = xcalloc(1, sizeof(*p));
	const char *fd = getenv("TC_PARAMS_FD");
	int rc;

	if (file != NULL)
		rc = load_file(p, file, true, err);
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
