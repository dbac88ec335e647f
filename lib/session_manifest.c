#include "session_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "text.h"
#include "xmalloc.h"

void
manifest_release(struct manifest *m)
{
	free(m->block);
	m->block = NULL;
}

static long long
whole(struct json_object *o, const char *name)
{
	struct json_object *v = session_get(o, name);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : -1;
}

int
manifest_read(struct json_object *o, const char *name, struct manifest *m, struct err *err)
{
	struct json_object *list = session_get(o, "block");
	size_t i, n;

	memset(m, 0, sizeof(*m));
	if (whole(o, "format") > 1)
		return err_set(err, REASON_STATE, "state %s in the DataStore was written by a newer version (format %lld)", name,
		    whole(o, "format"));
	n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : BLOCKS_MOST + 1;
	m->info.generation = whole(o, "generation");
	m->info.size = whole(o, "size");
	m->info.time = whole(o, "time");
	m->info.blocks = n;
	snprintf(m->info.sha256, sizeof(m->info.sha256), "%s", session_word(o, "sha256"));
	if (whole(o, "format") != 1 || n > BLOCKS_MOST || m->info.generation < 0 || m->info.size < 0 ||
	    m->info.size > (int64_t)STORE_MOST || (size_t)((m->info.size + (int64_t)STORE_BLOCK - 1) / (int64_t)STORE_BLOCK) != n ||
	    !text_is_sha256(m->info.sha256))
		return err_set(err, REASON_STATE, "state %s in the DataStore is damaged: its manifest makes no sense", name);
	m->block = xcalloc(n + 1, sizeof(*m->block));
	for (i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (!json_object_is_type(v, json_type_string) || !text_is_sha256(json_object_get_string(v))) {
			manifest_release(m);
			return err_set(err, REASON_STATE, "state %s in the DataStore is damaged: its manifest makes no sense", name);
		}
		memcpy(m->block[i], json_object_get_string(v), 65);
	}
	return 0;
}

int
manifest_write(const char *name, const struct manifest *m, struct buf *out)
{
	size_t i;

	if (buf_addf(out, "{\"format\":1,\"name\":\"%s\",\"generation\":%lld,\"size\":%lld,\"time\":%lld,\"sha256\":\"%s\",\"block\":[",
	    name, (long long)m->info.generation, (long long)m->info.size, (long long)m->info.time, m->info.sha256) == -1)
		return -1;
	for (i = 0; i < m->info.blocks; i++)
		if (buf_addf(out, "%s\"%s\"", i > 0 ? "," : "", m->block[i]) == -1)
			return -1;
	return buf_addz(out, "]}");
}

bool
manifest_holds(const struct manifest *m, const char *digest, size_t before)
{
	size_t i;

	for (i = 0; i < before; i++)
		if (strcmp(m->block[i], digest) == 0)
			return true;
	return false;
}
