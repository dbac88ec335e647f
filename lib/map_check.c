/* The map section of a definition: what passes the check compiles. */
#include "feed.h"
#include "map.h"

int
feed_check_map(const struct feed *f, struct err *err)
{
	struct map_options opt = { .check_only = true };
	struct map *m;

	if (f->map == NULL)
		return 0;
	if (map_compile(&m, f, &opt, err) == -1)
		return -1;
	map_free(m);
	return 0;
}
