#include "feed.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed_json.h"
#include "functions.h"
#include "hash.h"
#include "io.h"
#include "limit.h"
#include "scan.h"
#include "text.h"
#include "xmalloc.h"

/* The definition as json-c sees it, after the scan room has refused what json-c would let through. */
static int
parse(struct feed *f, const char *bytes, size_t len, struct err *err)
{
	struct scan s;
	struct err why;
	struct json_tokener *tok;
	const char *at;
	int rc = -1;

	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	scan_init(&s);
	if (scan_text(&s, bytes, len, &why) == -1) {
		unsigned long byte = 0, line = 1, i;

		if ((at = strstr(why.text, "at byte ")) != NULL)
			byte = strtoul(at + 8, NULL, 10);
		for (i = 0; i < byte && i < len; i++)
			line += bytes[i] == '\n';
		err_set(err, REASON_USAGE, "%s: line %lu: %s", f->file, line, why.text);
		goto out;
	}
	tok = json_tokener_new_ex(LIMIT_DEPTH + 1);
	if (tok == NULL) {
		err_set(err, REASON_STATE, "%s: out of memory", f->file);
		goto out;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	f->root = json_tokener_parse_ex(tok, bytes, (int)len);
	if (f->root == NULL)
		err_set(err, REASON_USAGE, "%s: %s", f->file, json_tokener_error_desc(json_tokener_get_error(tok)));
	else
		rc = 0;
	json_tokener_free(tok);
out:
	scan_release(&s);
	return rc;
}

/* --- complaints --- */

int
feed_complain(const struct feed *f, struct err *err, const char *pointer, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_set(err, REASON_USAGE, "%s: %s: %s", f->file, *pointer != '\0' ? pointer : "/", why);
}

/* How many letters two names differ by, as far as 3: enough to tell a slip from another word. */
static int
distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned row[64], i, j, diagonal, up;

	if (na >= 63 || nb >= 63)
		return 99;
	for (j = 0; j <= nb; j++)
		row[j] = j;
	for (i = 1; i <= na; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			up = row[j];
			row[j] = diagonal + ((a[i - 1] | 32) != (b[j - 1] | 32));
			if (up + 1 < row[j])
				row[j] = up + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diagonal = up;
		}
	}
	return (int)row[nb];
}

/* The nearest of the words that end at NUL, ':' or '?', or NULL where none is near; its length in *len. */
static const char *
nearest(const char *name, const char *const *allowed, size_t *len)
{
	const char *best = NULL;
	int d, least = strlen(name) > 4 ? 3 : 2;
	size_t n;

	for (; *allowed != NULL; allowed++) {
		n = strcspn(*allowed, ":");
		d = distance(name, strlen(name), *allowed, n);
		if (d < least) {
			least = d;
			best = *allowed;
			*len = n;
		}
	}
	return best;
}

int
feed_unknown(const struct feed *f, struct err *err, const char *pointer, const char *name, const char *what,
    const char *const *allowed)
{
	char at[256];
	const char *near;
	size_t n = 0;

	feed_pointer(at, sizeof(at), pointer, name);
	near = nearest(name, allowed, &n);
	if (near != NULL)
		return feed_complain(f, err, at, "unknown %s \"%s\", did you mean \"%.*s\"?", what, name, (int)n, near);
	return feed_complain(f, err, at, "unknown %s \"%s\"", what, name);
}

void
feed_pointer(char *out, size_t size, const char *pointer, const char *name)
{
	size_t n = (size_t)snprintf(out, size, "%s/", pointer);

	for (; *name != '\0' && n + 3 < size; name++) {
		if (*name == '~' || *name == '/') {
			out[n++] = '~';
			out[n++] = *name == '~' ? '0' : '1';
		} else
			out[n++] = *name;
	}
	out[n < size ? n : size - 1] = '\0';
}

/* --- members --- */

static bool
is_type(struct json_object *v, const char *word, size_t n)
{
	enum json_type t = json_object_get_type(v);

	if (text_eq(word, n, "any"))
		return true;
	if (text_eq(word, n, "string"))
		return t == json_type_string;
	if (text_eq(word, n, "int"))
		return t == json_type_int;
	if (text_eq(word, n, "number"))
		return t == json_type_int || t == json_type_double;
	if (text_eq(word, n, "bool"))
		return t == json_type_boolean;
	if (text_eq(word, n, "object"))
		return t == json_type_object;
	if (text_eq(word, n, "array"))
		return t == json_type_array;
	return text_eq(word, n, "null") && t == json_type_null;
}

/* Does v have one of the types in spec ("string|array?")? */
static bool
takes(struct json_object *v, const char *spec)
{
	size_t n;

	for (;; spec += n + 1) {
		n = strcspn(spec, "|?");
		if (is_type(v, spec, n))
			return true;
		if (spec[n] != '|')
			return false;
	}
}

int
feed_members(const struct feed *f, struct json_object *o, const char *pointer, const char *const *allowed,
    struct err *err)
{
	char at[256], kinds[128];
	const char *spec;
	size_t i, n;

	if (!json_object_is_type(o, json_type_object))
		return feed_complain(f, err, pointer, "must be an object");
	json_object_object_foreach(o, name, v) {
		for (i = 0; allowed[i] != NULL; i++) {
			n = strcspn(allowed[i], ":");
			if (strlen(name) == n && memcmp(name, allowed[i], n) == 0)
				break;
		}
		if (allowed[i] == NULL)
			return feed_unknown(f, err, pointer, name, "member", allowed);
		spec = allowed[i] + n + (allowed[i][n] == ':');
		if (!takes(v, spec)) {
			size_t k = 0;

			for (; *spec != '\0' && *spec != '?' && k + 5 < sizeof(kinds); spec++)
				if (*spec == '|')
					k += (size_t)sprintf(kinds + k, " or ");
				else
					kinds[k++] = *spec;
			kinds[k] = '\0';
			feed_pointer(at, sizeof(at), pointer, name);
			return feed_complain(f, err, at, "must be of type %s", kinds);
		}
	}
	for (i = 0; allowed[i] != NULL; i++) {
		char word[128];

		n = strlen(allowed[i]);
		if (allowed[i][n - 1] == '?')
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(allowed[i], ":"), allowed[i]);
		if (!json_object_object_get_ex(o, word, NULL))
			return feed_complain(f, err, pointer, "member \"%s\" is missing", word);
	}
	return 0;
}

struct json_object *
feed_get(struct json_object *o, const char *name)
{
	struct json_object *v;

	return o != NULL && json_object_object_get_ex(o, name, &v) ? v : NULL;
}

const char *
feed_string(struct json_object *o, const char *name)
{
	struct json_object *v = feed_get(o, name);

	return v != NULL && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

/* "10%", "0.5%": a share between 0 and 1. */
static bool
share(const char *text, double *out)
{
	char *end;
	double v;

	if (*text < '0' || *text > '9')
		return false;
	v = strtod(text, &end);
	if (strcmp(end, "%") != 0 || !isfinite(v) || v < 0 || v > 100)
		return false;
	*out = v / 100;
	return true;
}

int
feed_bound(const struct feed *f, struct json_object *v, const char *pointer, double *part, long long *count,
    struct err *err)
{
	static const char *const allowed[] = { "share:string?", "count:int?", NULL };
	char at[256];
	struct json_object *m;

	switch (json_object_get_type(v)) {
	case json_type_string:
		if (!share(json_object_get_string(v), part))
			return feed_complain(f, err, pointer, "must be a share such as \"1%%\", a count, or both");
		*count = -1;
		return 0;
	case json_type_int:
		if (json_object_get_int64(v) < 0)
			return feed_complain(f, err, pointer, "must not be negative");
		*count = json_object_get_int64(v);
		*part = 1;
		return 0;
	case json_type_object:
		if (feed_members(f, v, pointer, allowed, err) == -1)
			return -1;
		*part = 1;
		*count = -1;
		if ((m = feed_get(v, "share")) != NULL && !share(json_object_get_string(m), part)) {
			feed_pointer(at, sizeof(at), pointer, "share");
			return feed_complain(f, err, at, "must be a share such as \"10%%\"");
		}
		if ((m = feed_get(v, "count")) != NULL) {
			*count = json_object_get_int64(m);
			feed_pointer(at, sizeof(at), pointer, "count");
			if (*count < 0)
				return feed_complain(f, err, at, "must not be negative");
		}
		if (json_object_object_length(v) == 0)
			return feed_complain(f, err, pointer, "needs \"share\", \"count\" or both");
		return 0;
	default:
		return feed_complain(f, err, pointer, "must be a share such as \"1%%\", a count, or both");
	}
}

/* --- the sections that belong to no other room --- */

static int
check_identity(struct feed *f, struct err *err)
{
	const char *id = json_object_get_string(feed_get(f->root, "id")), *s;

	if (*id == '\0' || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(id))
		return feed_complain(f, err, "/id", "must be of a-z, 0-9 and '-' only");
	if (strlen(id) > 64)
		return feed_complain(f, err, "/id", "is longer than 64 characters");
	f->id = xstrdup(id);
	f->name = xstrdup((s = feed_string(f->root, "name")) != NULL && *s != '\0' ? s : id);
	f->vendor = xstrdup((s = feed_string(f->root, "vendor")) != NULL ? s : "");
	if ((s = feed_string(f->root, "write")) != NULL) {
		if (strcmp(s, "merge") != 0 && strcmp(s, "replace") != 0)
			return feed_complain(f, err, "/write", "must be \"merge\" or \"replace\", not \"%s\"", s);
		f->write_merge = strcmp(s, "merge") == 0;
	}
	return 0;
}

static int
check_values(struct feed *f, struct err *err)
{
	static const char *const allowed[] = { "reserved:string?", "refang:bool?", "leading_zeros:string?",
		"stop_tags:array?", NULL };
	struct json_object *v;
	const char *s;
	char at[64];
	size_t i;

	if (f->values == NULL)
		return 0;
	if (feed_members(f, f->values, "/values", allowed, err) == -1)
		return -1;
	if ((s = feed_string(f->values, "reserved")) != NULL) {
		if (strcmp(s, "keep") != 0 && strcmp(s, "drop") != 0)
			return feed_complain(f, err, "/values/reserved", "must be \"keep\" or \"drop\", not \"%s\"", s);
		f->keep_reserved = strcmp(s, "keep") == 0;
	}
	if ((s = feed_string(f->values, "leading_zeros")) != NULL && strcmp(s, "decimal") != 0 && strcmp(s, "refuse") != 0)
		return feed_complain(f, err, "/values/leading_zeros", "must be \"decimal\" or \"refuse\", not \"%s\"", s);
	if ((v = feed_get(f->values, "stop_tags")) != NULL)
		for (i = 0; i < json_object_array_length(v); i++)
			if (!json_object_is_type(json_object_array_get_idx(v, i), json_type_string)) {
				snprintf(at, sizeof(at), "/values/stop_tags/%zu", i);
				return feed_complain(f, err, at, "must be a string");
			}
	return 0;
}

static int
check_limits(struct feed *f, struct err *err)
{
	static const char *const allowed[] = { "max_rejects:string|int|object?", NULL };
	struct json_object *v;

	f->max_reject_share = 0.01;
	f->max_reject_count = -1;
	if (f->limits == NULL)
		return 0;
	if (feed_members(f, f->limits, "/limits", allowed, err) == -1)
		return -1;
	if ((v = feed_get(f->limits, "max_rejects")) != NULL)
		return feed_bound(f, v, "/limits/max_rejects", &f->max_reject_share, &f->max_reject_count, err);
	return 0;
}

/* --- the hash that holds removals when the mapping changed --- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Members sorted: their order in the file means nothing. Depth is bounded by the scan of the definition. */
static void
canonical(struct json_object *v, struct buf *out)
{
	const char **name;
	size_t i, n = 0;
	int rc = 0;

	switch (json_object_get_type(v)) {
	case json_type_object:
		name = xreallocarray(NULL, (size_t)json_object_object_length(v) + 1, sizeof(*name));
		json_object_object_foreach(v, key, val) {
			(void)val;
			name[n++] = key;
		}
		qsort(name, n, sizeof(*name), by_name);
		rc |= buf_addc(out, '{');
		for (i = 0; i < n; i++) {
			rc |= buf_add_json(out, name[i], strlen(name[i]));
			rc |= buf_addc(out, ':');
			canonical(feed_get(v, name[i]), out);
			rc |= buf_addc(out, ',');
		}
		rc |= buf_addc(out, '}');
		free(name);
		break;
	case json_type_array:
		rc |= buf_addc(out, '[');
		for (i = 0; i < json_object_array_length(v); i++) {
			canonical(json_object_array_get_idx(v, i), out);
			rc |= buf_addc(out, ',');
		}
		rc |= buf_addc(out, ']');
		break;
	case json_type_string:
		rc |= buf_add_json(out, json_object_get_string(v), (size_t)json_object_get_string_len(v));
		break;
	default:
		rc |= buf_addz(out, json_object_to_json_string(v));
	}
	(void)rc;	/* the ceiling is far above what a definition of LIMIT_DEFINITION can make */
}

static int
hash_map(struct feed *f, struct err *err)
{
	struct json_object *tables = feed_get(f->root, "tables");
	char *bytes, *path;
	struct buf all;
	size_t len;
	int rc = 0;

	buf_init(&all, 16 * LIMIT_DEFINITION + 10 * LIMIT_DEFINITION);
	canonical(f->map, &all);
	canonical(f->parse, &all);
	canonical(f->values, &all);
	canonical(tables, &all);
	if (tables != NULL && json_object_is_type(tables, json_type_string)) {
		path = feed_beside(f, json_object_get_string(tables));
		if (io_slurp(path, 10 * LIMIT_DEFINITION, &bytes, &len, err) == -1) {
			struct err why = *err;

			rc = feed_complain(f, err, "/tables", "%s", why.text);
		} else {
			if (buf_add(&all, bytes, len) == -1)
				rc = feed_complain(f, err, "/tables", "the file is too long");
			free(bytes);
		}
		free(path);
	}
	if (rc == 0)
		hash_sha256_hex(f->map_hash, all.bytes, all.len);
	buf_release(&all);
	return rc;
}

static void
gather_params(struct json_object *v, const char ***name, size_t *n)
{
	size_t i;

	if (json_object_is_type(v, json_type_array)) {
		for (i = 0; i < json_object_array_length(v); i++)
			gather_params(json_object_array_get_idx(v, i), name, n);
	} else if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach(v, key, m) {
			if (strcmp(key, "param") == 0 && json_object_is_type(m, json_type_string)) {
				*name = xreallocarray(*name, *n + 2, sizeof(**name));
				(*name)[(*n)++] = json_object_get_string(m);
			} else
				gather_params(m, name, n);
		}
	}
}

const char **
feed_map_params(const struct feed *f)
{
	const char **name = xcalloc(1, sizeof(*name));
	size_t i, n = 0, kept = 0;

	gather_params(f->map, &name, &n);
	qsort(name, n, sizeof(*name), by_name);
	for (i = 0; i < n; i++)
		if (kept == 0 || strcmp(name[kept - 1], name[i]) != 0)
			name[kept++] = name[i];
	name[kept] = NULL;
	return name;
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

/* --- finding the file --- */

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

static char *
find(const char *name, struct err *err)
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

static int
check(struct feed *f, struct err *err)
{
	static const char *const allowed[] = { "id:string", "name:string?", "vendor:string?", "description:string?",
		"fetch:object?", "parse:object?", "map:array?", "delta:object?", "limits:object?", "values:object?",
		"write:string?", "tables:string|object?", NULL };

	if (feed_members(f, f->root, "", allowed, err) == -1)
		return -1;
	f->fetch = feed_get(f->root, "fetch");
	f->parse = feed_get(f->root, "parse");
	f->map = feed_get(f->root, "map");
	f->delta = feed_get(f->root, "delta");
	f->limits = feed_get(f->root, "limits");
	f->values = feed_get(f->root, "values");
	if (check_identity(f, err) == -1 || check_values(f, err) == -1 || check_limits(f, err) == -1 ||
	    feed_check_fetch(f, err) == -1 || feed_check_parse(f, err) == -1 || feed_check_map(f, err) == -1 ||
	    feed_check_delta(f, err) == -1)
		return -1;
	return hash_map(f, err);
}

int
feed_load(struct feed **out, const char *name, struct err *err)
{
	struct feed *f = xcalloc(1, sizeof(*f));
	char *bytes = NULL;
	size_t len;

	/* sections hold expressions, whose functions must be known when they are checked */
	functions_register();
	f->file = find(name, err);
	if (f->file == NULL || io_slurp(f->file, LIMIT_DEFINITION, &bytes, &len, err) == -1) {
		/* whatever keeps a definition from being read, nothing has been attempted */
		err->reason = REASON_USAGE;
		goto fail;
	}
	if (parse(f, bytes, len, err) == -1 || check(f, err) == -1)
		goto fail;
	free(bytes);
	*out = f;
	return 0;
fail:
	free(bytes);
	feed_free(f);
	return -1;
}

void
feed_free(struct feed *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; f->ignore != NULL && f->ignore[i] != NULL; i++)
		free(f->ignore[i]);
	free(f->ignore);
	json_object_put(f->root);
	free(f->file);
	free(f->id);
	free(f->name);
	free(f->vendor);
	free(f);
}
