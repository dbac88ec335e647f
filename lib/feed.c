#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_json.h"
#include "feed_private.h"
#include "functions.h"
#include "io.h"
#include "limit.h"
#include "scan.h"
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
	return feed_hash_map(f, err);
}

int
feed_load(struct feed **out, const char *name, struct err *err)
{
	struct feed *f = xcalloc(1, sizeof(*f));
	char *bytes = NULL;
	size_t len;

	/* sections hold expressions, whose functions must be known when they are checked */
	functions_register();
	f->file = feed_find(name, err);
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
