/*
 * The settings of a batch job, checked by name, value and case (batch-api.md
 * section 3).
 *
 * Ownership: the struct is the caller's and holds all. Errors: -1 with err
 * (CONTRACT), fit to be sent to the client.
 */
#ifndef TC_SANDBOX_SETTINGS_H
#define TC_SANDBOX_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum write_type { WRITE_REPLACE, WRITE_APPEND, WRITE_SINGLETON, WRITE_STATIC };
enum collision { FAVOR_INCOMING, FAVOR_EXISTING, IGNORE_INCOMING, IGNORE_EXISTING, SPLIT };

struct settings {
	char		 owner[256];
	bool		 halt_on_error;
	bool		 delete;
	enum write_type	 attribute, tag, label;
	bool		 distribute;	/* fileMergeMode */
	enum collision	 collision;
};

/* -1: err says which setting and what it may be. */
int	 settings_read(struct settings *, const char *text, size_t len, struct err *) TC_MUST_CHECK;

#endif
