/*
 * What tc-sandbox lets in as an indicator's value.
 *
 * Written from platform/data-model.md section 3 on its own, without the value
 * room that tc-map normalises with: a mistake there has to show here. A value
 * is refused where the document says that the platform rejects it or that it
 * is no such value; what the document merely recommends to drop (reserved
 * addresses, the hash of an empty file) is taken, as an instance without
 * exclusion list would.
 *
 * The key is the form two spellings of one indicator have in common (the
 * type's case rule applied, an IPv6 address compressed).
 */
#ifndef TC_SANDBOX_CHECK_H
#define TC_SANDBOX_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "schema.h"

/* NULL where text is a value of this single-valued type, and then its key is appended to key; else why not, a constant sentence. */
const char *check_value(enum tc_type, const char *text, size_t len, struct buf *key);

/* NULL where text is a hash of so many hexadecimal digits (32, 40, 64). */
const char *check_hash(const char *text, size_t len, size_t digits);

/* NULL where these are the parts of a registry key (batch-api.md section 12, oddity 3). */
const char *check_registry(const char *key, size_t keylen, const char *name, size_t namelen, const char *type, size_t typelen);

/* "YYYY-MM-DDTHH:MM:SSZ", a day that exists (batch-api.md section 1). */
bool	 check_date(const char *text, size_t len);

#endif
