/* The map section of a definition, as far as its rules go. */
#include <stdio.h>

#include "feed.h"
#include "feed_json.h"

int
feed_check_map(const struct feed *f, struct err *err)
{
	static const char *const allowed[] = { "each:string?", "when:string?", "object:object", NULL };
	char at[64];
	size_t i;

	for (i = 0; f->map != NULL && i < json_object_array_length(f->map); i++) {
		snprintf(at, sizeof(at), "/map/%zu", i);
		if (feed_members(f, json_object_array_get_idx(f->map, i), at, allowed, err) == -1)
			return -1;
	}
	return 0;
}
