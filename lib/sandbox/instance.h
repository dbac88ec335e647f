/*
 * The stand-in's instance: what it was configured to be and what it holds.
 *
 * Everything runs in one thread (server.h): handlers may read and write these
 * without care. Sections named in comments are platform/batch-api.md's unless
 * said otherwise.
 *
 * Ownership: the instance owns all it points at (setup.h frees it), strings and
 * owners copy what they are given; what is looked up is lent. Errors: -1 with
 * err: USAGE for a file of an owner that is none, STATE where it cannot be
 * written.
 */
#ifndef TC_SANDBOX_INSTANCE_H
#define TC_SANDBOX_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "sandbox/store.h"

enum role { ROLE_ADMINISTRATOR, ROLE_EDITOR, ROLE_CONTRIBUTOR, ROLE_READER };

struct strings {
	char	**text;
	size_t	  n;
};

struct owner {
	char		*name;
	const char	*type;			/* Organization, Community or Source */
	char		*file;			/* where it is kept; NULL: in memory only */
	struct store	 store;
	struct strings	 label;			/* security labels it has */
	struct strings	 uploaded;		/* "documents/XID" of files that were uploaded */
	bool		 dirty;			/* holds what the file does not */
	int64_t		 save_at;		/* ms, monotonic; when dirty */
};

struct instance {
	/* configuration; set before the server starts, constant after */
	struct owner	*owner;
	size_t		 nowner;
	enum role	 role;
	bool		 batch_off;		/* section 1: 503 */
	size_t		 max_bytes;		/* of an uploaded document; section 4 */
	size_t		 max_indicators;	/* of a job; section 9 */
	size_t		 indicator_limit;	/* of an owner, 0: none; section 9 */
	size_t		 sync_bytes;		/* createAndUpload below this is answered with the result; section 5 */
	int64_t		 queued_ms, running_ms;	/* how long a job is in each state */
	bool		 bare_status;		/* {"status":"Running"} at top level; section 6 */
	bool		 unprocessed_spelling;	/* unprocessedCount instead of unprocessCount; section 6 */
	bool		 silent_losses;		/* excluded, merged and repeated objects are in no counter */
	bool		 missing_delete_ok;	/* Delete of what is not there succeeds; section 14 */
	bool		 any_attribute;		/* every attribute type exists */
	bool		 loading;		/* an owner file is being read: what was stored once is not judged again */
	bool		 no_association;	/* server before 7.8.2; section 9 */
	struct strings	 attribute;		/* further attribute types, "Name" or "Name:MAXSIZE" */
	struct strings	 excluded;		/* exclusion list: values, *.domain, networks */
	int64_t		 clock_skew;		/* seconds added to its clock */
	int64_t		 token_life;		/* seconds */
	char		 api_path[128];		/* "http://127.0.0.1:8080/api" once it listens */

	/* what it holds */
	struct auth	*auth;
	struct jobs	*jobs;
	struct faults	*faults;
	struct requests	*requests;
	struct docs	*docs;			/* DataStore records */
	struct strings	 param_name, param_value;	/* secure parameters, value in JSON */
};

struct owner *instance_owner(struct instance *, const char *name);	/* NULL where there is none */
int64_t	 instance_now(const struct instance *);		/* its wall clock, seconds (TC_NOW pins it) */
int64_t	 instance_ms(void);				/* monotonic */

void	 strings_add(struct strings *, const char *text, size_t len);
bool	 strings_has(const struct strings *, const char *text, size_t len);
void	 strings_release(struct strings *);

/* Maximum characters of an attribute type, 0 where the instance has none of that name. */
size_t	 instance_attribute(const struct instance *, const char *type, size_t len);
/* The types it was made with; NULL past the end. */
const char *instance_attribute_name(const struct instance *, size_t i, size_t *max);
bool	 instance_excluded(const struct instance *, enum tc_type, const char *value, size_t len);
/* Association types and what they join (data-model.md section 8). Constant text or NULL. */
const char *instance_association(const char *name, size_t len, enum tc_type a, enum tc_type b, bool *known);
const char *instance_association_name(size_t i);

/* Owner files: one batch line an object. */
int	 owner_load(struct instance *, struct owner *, struct err *) TC_MUST_CHECK;
int	 owner_save(struct owner *, struct err *) TC_MUST_CHECK;
void	 owner_touch(struct owner *);		/* it changed: save soon, however large it is */

#endif
