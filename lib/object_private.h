/*
 * What the files of the object room share and nobody else needs.
 *
 *	object_read.c       a line scanned, classified and checked
 *	object_table.c      which members there are, for it
 *	object_value.c      hashes and Registry Keys taken apart and put together
 *	object_identity.c   identities
 *	object_names.c      what an object is called in receipts
 *	object_canonical.c  the line as it is written
 *	object_elements.c   arrays as sets
 *	object_merge.c      several lines of one identity
 */
#ifndef TC_OBJECT_PRIVATE_H
#define TC_OBJECT_PRIVATE_H

#include <string.h>

#include "object.h"

/* What object_read() has to know of a member beyond its kind. */
enum object_role { ROLE_NONE, ROLE_VALUE, ROLE_ACTIVE, ROLE_ACTION, ROLE_BATCH };

/* schema_field() of a type, or schema_element() of an array, with the lengths of the names, made once. */
struct object_table {
	int		 n;
	struct object_field {
		const struct field *f;
		size_t	 len;
		enum object_role role;
		bool	 required;	/* of an element: not to be left out or empty */
	}		 field[OBJECT_FIELDS];
	int		 nrequired;
};

const struct object_table *object_table(enum tc_type);
const struct object_table *object_element_table(enum field_kind);

/* Is the name at node i this word? Short words, nearly always without escapes: no call. */
static inline bool
object_is_name(const struct scan *s, uint32_t i, const char *word, size_t len)
{
	const struct scan_node *n = &s->node[i];
	const char *p = s->bytes + n->off;

	if (__builtin_expect(n->escaped, 0))
		return scan_is(s, i, word);
	return n->len == len && p[0] == word[0] && p[len - 1] == word[len - 1] && memcmp(p, word, len) == 0;
}

/* Is there a value at node, and is it more than an empty string? */
static inline bool
object_filled(const struct object *o, uint32_t node)
{
	return node != SCAN_NONE && o->scan->node[node].len > 0;
}

/* Node of the value of the member of that name, which the type must have in its schema; SCAN_NONE where the line has none. */
static inline uint32_t
object_member(const struct object *o, const char *name)
{
	int i = schema_field_index(o->type, name, strlen(name));

	return i == -1 ? SCAN_NONE : o->at[i];
}

/* Is the line that was read object_canonical()'s own, byte for byte? For object_read(). */
bool	 object_is_canonical(const struct object *);

/* Length of the hexadecimal digits of a hash kind: 0 md5, 1 sha1, 2 sha256. */
size_t	 object_hash_length(int kind);
bool	 object_is_hash(const char *text, size_t len, int kind);

/*
 * The value members' texts, appended to out one after the other, unescaped:
 * File md5, sha1, sha256 in lower case; Registry Key name, value name, value
 * type. len[i] is 0 where there is none. Taken from "summary" where the line
 * has that form. -1: past the ceiling.
 */
int	 object_values(const struct object *, struct buf *out, size_t len[OBJECT_VALUES]) TC_MUST_CHECK;

/* The value's node of a type that has one value: from summary or from its own member. */
static inline uint32_t
object_single_value(const struct object *o)
{
	return object_filled(o, o->summary) ? o->summary : o->value[0];
}

/* A Registry Key's joined form, appended to out: "key : name : type". -1: past the ceiling. */
int	 object_add_registry(const struct object *, struct buf *out) TC_MUST_CHECK;

/* Are the ends of the association in the other order than a canonical line's? */
bool	 object_ends_swapped(const struct object *);

#endif
