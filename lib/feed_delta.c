/* The delta section of a definition: what tc-delta does with a feed's objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "feed.h"
#include "feed_json.h"
#include "schema.h"
#include "text.h"
#include "xmalloc.h"

/* A whole number of days, or a duration such as "12h". */
static int
duration(const struct feed *f, struct json_object *v, const char *pointer, int64_t *seconds, struct err *err)
{
	struct err why;

	if (json_object_is_type(v, json_type_int)) {
		if (json_object_get_int64(v) < 0 || json_object_get_int64(v) > 36500)
			return feed_complain(f, err, pointer, "must be days between 0 and 36500");
		*seconds = json_object_get_int64(v) * 86400;
		return 0;
	}
	if (!json_object_is_type(v, json_type_string))
		return feed_complain(f, err, pointer, "must be days or a duration such as \"12h\"");
	if (date_duration(json_object_get_string(v), (size_t)json_object_get_string_len(v), seconds, &why) == -1)
		return feed_complain(f, err, pointer, "%s", why.text);
	if (*seconds < 0)
		return feed_complain(f, err, pointer, "must not be negative");
	return 0;
}

/* "3 runs": the number, else 0. */
static int64_t
count_of_runs(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	return end != text && n > 0 && (strcmp(end, " runs") == 0 || (n == 1 && strcmp(end, " run") == 0)) ? n : 0;
}

static int
check_after(struct feed *f, struct json_object *v, struct err *err)
{
	static const char *const allowed[] = { "runs:int?", "age:string|int?", NULL };
	struct json_object *runs = v, *age = NULL;
	int64_t n;

	if (json_object_is_type(v, json_type_object)) {
		if (feed_members(f, v, "/delta/after", allowed, err) == -1)
			return -1;
		runs = feed_get(v, "runs");
		age = feed_get(v, "age");
		if (age != NULL && runs == NULL)
			f->after_runs = 1;
	} else if (json_object_is_type(v, json_type_string) && (n = count_of_runs(json_object_get_string(v))) > 0) {
		if (n > 1000)
			return feed_complain(f, err, "/delta/after", "must be between 1 and 1000 complete runs");
		f->after_runs = (int)n;
		return 0;
	} else if (json_object_is_type(v, json_type_string)) {
		runs = NULL;
		age = v;
		f->after_runs = 1;
	}
	if (runs != NULL) {
		n = json_object_get_int64(runs);
		if (n < 1 || n > 1000)
			return feed_complain(f, err, "/delta/after", "must be between 1 and 1000 complete runs");
		f->after_runs = (int)n;
	}
	return age != NULL ? duration(f, age, "/delta/after", &f->after_seconds, err) : 0;
}

/* "lastSeen" of any type, or "attribute:TYPE". */
static bool
is_member(const char *name)
{
	int t;

	if (strncmp(name, "attribute:", 10) == 0)
		return name[10] != '\0';
	for (t = TYPE_NONE; t < TYPE_COUNT; t++)
		if (schema_field_index((enum tc_type)t, name, strlen(name)) != -1)
			return true;
	return false;
}

static int
check_ignore(struct feed *f, struct json_object *v, struct err *err)
{
	static const char *const never[] = { "type", "summary", "name", "xid", "action", "batchId", "active", NULL };
	size_t i, k, n = json_object_array_length(v);
	const char *name;
	char at[64];

	f->ignore = xcalloc(n + 1, sizeof(*f->ignore));
	for (i = 0; i < n; i++) {
		struct json_object *e = json_object_array_get_idx(v, i);

		snprintf(at, sizeof(at), "/delta/ignore/%zu", i);
		if (!json_object_is_type(e, json_type_string))
			return feed_complain(f, err, at, "must be a string");
		name = json_object_get_string(e);
		if (!is_member(name))
			return feed_complain(f, err, at, "\"%s\" is no member of a batch object and no \"attribute:TYPE\"", name);
		for (k = 0; never[k] != NULL; k++)
			if (strcmp(name, never[k]) == 0)
				return feed_complain(f, err, at, "a change of \"%s\" cannot be ignored", name);
		f->ignore[i] = xstrdup(name);
	}
	return 0;
}

int
feed_check_delta(struct feed *f, struct err *err)
{
	static const char *const allowed[] = { "mode:string?", "missing:string?", "ignore:array?",
		"max_missing:string|int|object?", "after:int|string|object?", "refresh:int|string?", "retry:int?",
		"keep_content:bool?", "allow_empty:bool?", NULL };
	struct json_object *d = f->delta, *v;
	const char *s;

	f->guard_share = 0.10;
	f->guard_count = 5000;
	f->after_runs = 2;
	if (d == NULL) {
		f->ignore = xcalloc(1, sizeof(*f->ignore));
		return 0;
	}
	if (feed_members(f, d, "/delta", allowed, err) == -1)
		return -1;
	if ((s = feed_string(d, "mode")) != NULL) {
		if (strcmp(s, "incremental") == 0)
			f->mode = FEED_INCREMENTAL;
		else if (strcmp(s, "snapshot") != 0)
			return feed_complain(f, err, "/delta/mode", "must be \"snapshot\" or \"incremental\", not \"%s\"", s);
	}
	if ((s = feed_string(d, "missing")) != NULL) {
		if (strcmp(s, "inactive") == 0)
			f->missing = MISSING_INACTIVE;
		else if (strcmp(s, "delete") == 0)
			f->missing = MISSING_DELETE;
		else if (strcmp(s, "keep") != 0)
			return feed_complain(f, err, "/delta/missing", "must be \"keep\", \"inactive\" or \"delete\", not \"%s\"", s);
	}
	if ((v = feed_get(d, "ignore")) == NULL)
		f->ignore = xcalloc(1, sizeof(*f->ignore));
	else if (check_ignore(f, v, err) == -1)
		return -1;
	if ((v = feed_get(d, "max_missing")) != NULL &&
	    feed_bound(f, v, "/delta/max_missing", &f->guard_share, &f->guard_count, err) == -1)
		return -1;
	if ((v = feed_get(d, "after")) != NULL && check_after(f, v, err) == -1)
		return -1;
	if ((v = feed_get(d, "refresh")) != NULL && duration(f, v, "/delta/refresh", &f->refresh_seconds, err) == -1)
		return -1;
	if ((v = feed_get(d, "retry")) != NULL) {
		int64_t n = json_object_get_int64(v);

		if (n < 0 || n > 1000000)
			return feed_complain(f, err, "/delta/retry", "must be between 0 and 1000000 runs");
		f->retry_runs = (int)n;
	}
	if ((v = feed_get(d, "keep_content")) != NULL)
		f->keep_content = json_object_get_boolean(v);
	if ((v = feed_get(d, "allow_empty")) != NULL)
		f->allow_empty = json_object_get_boolean(v);
	return 0;
}
