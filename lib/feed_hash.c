/* What of a definition changes the objects it makes: its hash, which holds removals back, and the parameters it uses. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "feed_json.h"
#include "feed_private.h"
#include "hash.h"
#include "io.h"
#include "limit.h"
#include "xmalloc.h"

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

int
feed_hash_map(struct feed *f, struct err *err)
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
