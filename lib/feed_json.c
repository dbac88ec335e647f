#include "feed_json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

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
