/*
 * A batch document applied to an owner: what the platform does between
 * Running and Completed.
 *
 * Every object counts once: stored whole is a success; refused, or stored
 * without a part, is an error; behind a stop it is unprocessed.
 *
 * Ownership: the document, the settings and the owner stay the caller's;
 * outcome_release() frees what an outcome gathered, its severities are
 * constants. Errors: none comes back; what is wrong with a document is the
 * outcome.
 */
#ifndef TC_SANDBOX_APPLY_H
#define TC_SANDBOX_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/content.h"
#include "sandbox/instance.h"
#include "sandbox/model.h"
#include "sandbox/settings.h"

#define APPLY_MAX_ERRORS 200000		/* entries kept of one job */

struct job_error {
	char		 code[8];
	const char	*severity;	/* "Error" or "Warning" */
	char		*reason;	/* "Error (0x1005): ..." */
	char		*source;	/* the object's value or xid; NULL: the document as a whole */
};

struct outcome {
	size_t		 success[CONTENT_ARRAYS], error[CONTENT_ARRAYS], unprocessed;
	struct job_error *list;
	size_t		 n, cap;
};

/* batch is the job's id, unique for the owner. */
void	 apply_document(struct instance *, struct owner *, const struct settings *, uint32_t batch, const char *text,
    size_t len, struct outcome *);
void	 outcome_release(struct outcome *);
void	 outcome_add(struct outcome *, const char *code, const char *severity, const char *source, size_t len,
    const char *fmt, ...) TC_PRINTF(6, 7);

/* --- shared by the files of this room --- */

struct later {			/* a group's association, made once everything is stored */
	uint32_t	 id;
	struct ref	 ref;
};

struct apply {
	struct instance	*in;
	struct owner	*owner;
	struct store	*store;
	const struct settings *set;
	uint32_t	 batch;
	struct outcome	*out;
	struct rules	 rules;
	struct scan	 scan, old;
	struct arena	 arena;		/* of one element */
	struct arena	 keep;		/* of the document */
	struct buf	 line;
	struct later	*later;
	size_t		 nlater, caplater;
	bool		 stopped;	/* the rest is unprocessed */
	bool		 abandoned;	/* the rest is not even that (0x1003) */
	size_t		 told;		/* refusals named in the log */
};

enum stored { STORED, STORED_PARTLY, NOT_STORED, NOT_COUNTED };

/* One error about m; always NOT_STORED, so "return apply_refuse(...)" works. */
enum stored apply_refuse(struct apply *, const struct model *, const char *code, const char *fmt, ...) TC_PRINTF(4, 5);

/* What the owner holds of old joins in, by the job's write types; -1: the role may not remove what would go. */
int	 apply_merge(struct apply *, struct model *in, const struct model *old);

/* Takes a stored object apart into m (arena of the element). */
void	 apply_restore(struct apply *, struct model *m, struct scan *, const struct entry *);

/* Writes m as the entry's line. */
void	 apply_write(struct apply *, struct entry *, struct model *);

/* Is there room for another indicator? If not, 0x1008 is noted and the job stopped. */
bool	 apply_room(struct apply *, const struct model *);

/* A File: merge and collision modes of section 3. *entry is where its groups go, NULL for none. */
enum stored apply_file(struct apply *, struct model *, struct entry **entry);

/* An element of the association array (section 9). */
enum stored apply_association(struct apply *, const struct element *);

/* Takes an element apart into m (arena of the element), by the rules. */
enum verdict apply_read(struct apply *, const struct element *, bool for_delete, struct model *m, struct finding *why,
    struct finding *partial);

/* The counters of what became of the element. */
void	 apply_count(struct apply *, const struct element *, enum stored);

/* Which of the n group elements from e on are refused for what they refer to; skip[i] is set. */
void	 apply_groups(struct apply *, const struct element *e, size_t n, bool *skip);

/* The object a reference means, or NULL. */
struct entry *apply_find(struct apply *, enum tc_type, const char *text, size_t len);

#endif
