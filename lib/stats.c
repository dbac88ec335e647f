#include "stats.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "log.h"
#include "xmalloc.h"

struct stats {
	struct json_object *root;
};

struct stats *
stats_new(void)
{
	struct stats *s = xmalloc(sizeof(*s));

	s->root = json_object_new_object();
	return s;
}

void
stats_free(struct stats *s)
{
	if (s == NULL)
		return;
	json_object_put(s->root);
	free(s);
}

/* The object that holds the last part of path, made if it is missing; *last is that part. */
static struct json_object *
parent(struct stats *s, const char *path, char *part, size_t size)
{
	struct json_object *at = s->root, *next;
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		snprintf(part, size, "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(at, part, &next)) {
			next = json_object_new_object();
			json_object_object_add(at, part, next);
		}
		at = next;
		path = dot + 1;
	}
	snprintf(part, size, "%s", path);
	return at;
}

void
stats_set(struct stats *s, const char *path, long long value)
{
	char part[128];
	struct json_object *at = parent(s, path, part, sizeof(part));

	json_object_object_add(at, part, json_object_new_int64(value));
}

static void
add_to(struct json_object *at, const char *key, long long value)
{
	struct json_object *old;

	if (json_object_object_get_ex(at, key, &old))
		value += json_object_get_int64(old);
	json_object_object_add(at, key, json_object_new_int64(value));
}

void
stats_add(struct stats *s, const char *path, long long value)
{
	char part[128];
	struct json_object *at = parent(s, path, part, sizeof(part));

	add_to(at, part, value);
}

void
stats_add_key(struct stats *s, const char *path, const char *key, long long value)
{
	char part[128];
	struct json_object *at = parent(s, path, part, sizeof(part)), *next;

	if (!json_object_object_get_ex(at, part, &next)) {
		next = json_object_new_object();
		json_object_object_add(at, part, next);
	}
	add_to(next, key, value);
}

long long
stats_get(const struct stats *s, const char *path)
{
	struct json_object *at = s->root;
	char part[128];
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		snprintf(part, sizeof(part), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(at, part, &at))
			return 0;
		path = dot + 1;
	}
	return json_object_object_get_ex(at, path, &at) ? json_object_get_int64(at) : 0;
}

void
stats_set_text(struct stats *s, const char *path, const char *text)
{
	char part[128], *masked = xstrdup(text);
	struct json_object *at = parent(s, path, part, sizeof(part));

	log_mask(masked);
	json_object_object_add(at, part, json_object_new_string(masked));
	free(masked);
}

int
stats_write(const struct stats *s, const char *file, struct err *err)
{
	const char *json = json_object_to_json_string_ext(s->root,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char *line = xmalloc(strlen(json) + 2);
	int rc;

	sprintf(line, "%s\n", json);
	if (strcmp(file, "-") == 0) {
		rc = io_write_all(STDERR_FILENO, line, strlen(line));
		if (rc == -1)
			err_set(err, REASON_STATE, "cannot write statistics: %m");
	} else
		rc = io_replace_file(file, line, strlen(line), err);
	free(line);
	return rc;
}
