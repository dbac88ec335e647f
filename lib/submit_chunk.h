/*
 * A chunk: the objects of one batch document, and what became of each.
 *
 * Held as the document's own bytes (objects joined by commas), the members
 * that name each object in receipts, and a small record an object; so a part
 * of it can be sent (after a refusal for size, or in search of a poisoned
 * object) without copying. Freed or cleared by its owner.
 */
#ifndef TC_SUBMIT_CHUNK_H
#define TC_SUBMIT_CHUNK_H

#include "buf.h"
#include "object.h"

/* In the order they are sent; each is complete before the next begins. */
enum submit_kind {
	SUBMIT_GROUPS, SUBMIT_INDICATORS, SUBMIT_ASSOCIATIONS, SUBMIT_INACTIVE, SUBMIT_DELETE_INDICATORS, SUBMIT_DELETE_GROUPS,
	SUBMIT_KINDS
};

const char *submit_kind_name(enum submit_kind);		/* "groups", "deleted indicators" ... for people */
const char *submit_kind_array(enum submit_kind);	/* the document's member: group, indicator, association */
bool	 submit_kind_deletes(enum submit_kind);
/* -1: an association to delete, which no batch can. */
int	 submit_kind_of(const struct object *);

enum submit_outcome { OUTCOME_OPEN, OUTCOME_ACCEPTED, OUTCOME_REJECTED, OUTCOME_UNKNOWN, OUTCOME_UNSENT };

struct submit_item {
	uint32_t	off, len;	/* in text */
	uint32_t	name, name_len;	/* in names */
	uint32_t	why;		/* in reasons: "code\0reason\0"; 0: none */
	enum submit_outcome outcome;
	long long	batch_id;
};

struct submit_chunk {
	enum submit_kind kind;
	struct buf	 text, names, reasons;
	struct submit_item *item;
	size_t		 n, cap;
};

void	 submit_chunk_init(struct submit_chunk *);
void	 submit_chunk_clear(struct submit_chunk *, enum submit_kind);
void	 submit_chunk_release(struct submit_chunk *);

/* Appends an object as the platform wants it (action and batchId left out). line is what it was read from. */
int	 submit_chunk_add(struct submit_chunk *, const struct object *, const char *line, size_t len) TC_MUST_CHECK;
/* Appends a name only, for settling: no content. */
int	 submit_chunk_add_name(struct submit_chunk *, const struct object *) TC_MUST_CHECK;

/* Bytes of the document that holds items from..to-1. */
size_t	 submit_chunk_bytes(const struct submit_chunk *, size_t from, size_t to);
/* That document, appended whole (dry runs, tests). */
int	 submit_chunk_document(const struct submit_chunk *, size_t from, size_t to, struct buf *out) TC_MUST_CHECK;

void	 submit_chunk_set(struct submit_chunk *, size_t i, enum submit_outcome, long long batch_id, const char *code, const char *reason);
/* The same for every item from..to-1 that is still open. */
void	 submit_chunk_rest(struct submit_chunk *, size_t from, size_t to, enum submit_outcome, long long batch_id,
    const char *code, const char *reason);

/* A document as an upload's source (http_source, http_rewind): the items from..to-1, between a head and a tail. */
struct submit_stream {
	const struct submit_chunk *chunk;
	size_t		 from, to;
	const char	*before;	/* may be NULL: what stands before and behind the document (multipart) */
	const char	*after;
	char		 head[32];
	size_t		 at;		/* bytes given so far */
	size_t		 total;
};

void	 submit_stream_init(struct submit_stream *, const struct submit_chunk *, size_t from, size_t to,
    const char *before, const char *after);
long	 submit_stream_read(void *stream, char *to, size_t room);
int	 submit_stream_rewind(void *stream);

#endif
