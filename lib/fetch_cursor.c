#include "fetch_cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "date.h"
#include "io.h"
#include "limit.h"
#include "scan.h"
#include "text.h"
#include "xmalloc.h"

void
fetch_cursor_init(struct fetch_cursor *c)
{
	memset(c, 0, sizeof(*c));
	c->last_run = c->fetched = c->day = -1;
}

void
fetch_cursor_release(struct fetch_cursor *c)
{
	free(c->cursor);
	free(c->etag);
	free(c->last_modified);
	json_object_put(c->place);
	json_object_put(c->rest);
	fetch_cursor_init(c);
}

void
fetch_cursor_set(char **field, const char *value)
{
	char *copy = value != NULL && *value != '\0' ? xstrdup(value) : NULL;

	free(*field);
	*field = copy;
}

static int
take(struct fetch_cursor *c, struct json_object *root, const char *file, struct err *err)
{
	struct { const char *name; int64_t *to; } date[] = { { "last_run", &c->last_run }, { "fetched", &c->fetched }, { "day", &c->day } };
	struct err why;
	size_t i;

	json_object_object_foreach(root, name, value) {
		const char *s = json_object_get_string(value);

		for (i = 0; i < 3 && strcmp(name, date[i].name) != 0; i++)
			;
		if (i < 3) {
			if (s != NULL && date_parse(s, strlen(s), -1, date[i].to, &why) == -1)
				return err_set(err, REASON_STATE, "%s: %s: %s", file, name, why.text);
		} else if (strcmp(name, "requests") == 0)
			c->requests = (long)json_object_get_int64(value);
		else if (strcmp(name, "place") == 0) {
			json_object_put(c->place);
			c->place = json_object_is_type(value, json_type_object) ? json_object_get(value) : NULL;
		} else if (strcmp(name, "cursor") == 0)
			fetch_cursor_set(&c->cursor, s);
		else if (strcmp(name, "etag") == 0)
			fetch_cursor_set(&c->etag, s);
		else if (strcmp(name, "last_modified") == 0)
			fetch_cursor_set(&c->last_modified, s);
		else if (strcmp(name, "unchanged") != 0 && strcmp(name, "more") != 0) {
			if (c->rest == NULL)
				c->rest = json_object_new_object();
			json_object_object_add(c->rest, name, json_object_get(value));
		}
	}
	return 0;
}

int
fetch_cursor_load(struct fetch_cursor *c, const char *file, struct err *err)
{
	struct json_object *root;
	struct scan s;
	char *bytes;
	size_t len;
	int rc;

	if (access(file, F_OK) == -1 && errno == ENOENT)
		return 0;
	if (io_slurp(file, 1 * MIB, &bytes, &len, err) == -1)
		return -1;
	if (len == 0) {
		free(bytes);
		return 0;
	}
	scan_init(&s);
	rc = scan_text(&s, bytes, len, err);
	if (rc == -1 || s.node[0].type != SCAN_OBJECT) {
		if (rc == 0)
			err_set(err, REASON_STATE, "no JSON object");
		err->reason = REASON_STATE;
		err_prefix(err, "cannot read the feed's last position in %s", file);
		scan_release(&s);
		free(bytes);
		return -1;
	}
	scan_release(&s);
	root = json_tokener_parse(bytes);
	free(bytes);
	if (root == NULL)
		return err_set(err, REASON_STATE, "cannot read the feed's last position in %s", file);
	rc = take(c, root, file, err);
	json_object_put(root);
	return rc;
}

static void
add_date(struct json_object *root, const char *name, int64_t when)
{
	char text[DATE_LEN + 1];

	if (when < 0)
		return;
	date_print(when, text);
	json_object_object_add(root, name, json_object_new_string(text));
}

int
fetch_cursor_save(const struct fetch_cursor *c, const char *file, struct err *err)
{
	struct json_object *root = json_object_new_object();
	char *line;
	const char *json;
	int rc;

	add_date(root, "last_run", c->last_run);
	if (c->cursor != NULL)
		json_object_object_add(root, "cursor", json_object_new_string(c->cursor));
	if (c->etag != NULL)
		json_object_object_add(root, "etag", json_object_new_string(c->etag));
	if (c->last_modified != NULL)
		json_object_object_add(root, "last_modified", json_object_new_string(c->last_modified));
	add_date(root, "fetched", c->fetched);
	if (c->day >= 0) {
		add_date(root, "day", c->day);
		json_object_object_add(root, "requests", json_object_new_int64(c->requests));
	}
	if (c->unchanged)
		json_object_object_add(root, "unchanged", json_object_new_boolean(1));
	if (c->more)
		json_object_object_add(root, "more", json_object_new_boolean(1));
	if (c->place != NULL)
		json_object_object_add(root, "place", json_object_get(c->place));
	if (c->rest != NULL) {
		json_object_object_foreach(c->rest, name, value)
			json_object_object_add(root, name, json_object_get(value));
	}
	json = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	line = xmalloc(strlen(json) + 2);
	strcpy(line, json);
	strcat(line, "\n");
	rc = io_replace_file(file, line, strlen(line), err);
	free(line);
	json_object_put(root);
	return rc;
}
