/*
 * Counts and facts of a run, as the JSON that --stats FILE receives.
 *
 * Names are paths: "objects.URL.emitted" makes nested objects; a name part
 * that itself holds a dot is not possible. Values are whole numbers or texts.
 *
 * Ownership: stats_free() frees all; names, keys and texts are copied. Errors:
 * only stats_write() has any, STATE or USAGE as of io_replace_file().
 */
#ifndef TC_STATS_H
#define TC_STATS_H

#include "err.h"

struct stats;

struct stats	*stats_new(void);
void	 stats_free(struct stats *);

void	 stats_set(struct stats *, const char *path, long long value);
void	 stats_add(struct stats *, const char *path, long long value);
/* Like stats_add with one more level whose key may hold any byte: counts by reason or by type. */
void	 stats_add_key(struct stats *, const char *path, const char *key, long long value);
long long stats_get(const struct stats *, const char *path);	/* 0 where there is none */
void	 stats_set_text(struct stats *, const char *path, const char *text);	/* masked by the log room */

/* One line of JSON, through a new file and rename(2); "-" is stderr, "/dev/..." is written in place. */
int	 stats_write(const struct stats *, const char *file, struct err *) TC_MUST_CHECK;

#endif
