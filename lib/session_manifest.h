/*
 * What a file in the DataStore consists of:
 * {"format":1,"name":..,"generation":..,"size":..,"time":..,"sha256":..,"block":["..",..]}
 *
 * Ownership: manifest_read() fills a struct that manifest_release() empties,
 * after -1 too; the JSON stays the caller's. Sizes in bytes. Errors: -1 with
 * err (STATE); from manifest_write() past out's ceiling.
 */
#ifndef TC_SESSION_MANIFEST_H
#define TC_SESSION_MANIFEST_H

#include <json-c/json.h>
#include <stdbool.h>

#include "buf.h"
#include "limit.h"
#include "session_store.h"

#define BLOCKS_MOST	(STORE_MOST / STORE_BLOCK)

/* The blocks of a file in order, by digest. */
struct manifest {
	struct store_info info;
	char	(*block)[65];
};

/* -1: written by a newer version, or damaged. */
int	 manifest_read(struct json_object *, const char *name, struct manifest *, struct err *) TC_MUST_CHECK;
int	 manifest_write(const char *name, const struct manifest *, struct buf *out) TC_MUST_CHECK;
void	 manifest_release(struct manifest *);
/* Is the digest among the first blocks? */
bool	 manifest_holds(const struct manifest *, const char *digest, size_t before);

#endif
