/*
 * Which object does this text name? An index over the values of a chunk's
 * items, without regard to case where that leaves one only.
 */
#ifndef TC_SUBMIT_TIE_H
#define TC_SUBMIT_TIE_H

#include <json-c/json.h>

#include "submit_chunk.h"

struct submit_tie;

#define TIE_NONE SIZE_MAX

struct submit_tie *submit_tie_new(const struct submit_chunk *, size_t from, size_t to);
void	 submit_tie_free(struct submit_tie *);

/* The item whose value, hash, xid or (group) name this is; TIE_NONE where none or several. type may be NULL. */
size_t	 submit_tie_value(const struct submit_tie *, const char *value, size_t len, const char *type);
/* A source as the platform gives it: a value, joined hashes, an object as text. */
size_t	 submit_tie_source(const struct submit_tie *, struct json_object *source);
/* The one item whose value stands in a sentence; TIE_NONE where none or several. */
size_t	 submit_tie_text(const struct submit_tie *, const char *text);

#endif
