/*
 * What the files of the object room share and nobody else needs.
 */
#ifndef TC_OBJECT_PRIVATE_H
#define TC_OBJECT_PRIVATE_H

#include "object.h"

/* schema_field() of a type with the lengths of the names, made once. */
struct object_table {
	int		 n;
	struct object_field {
		const struct field *f;
		size_t	 len;
	}		 field[OBJECT_FIELDS];
};

const struct object_table *object_table(enum tc_type);

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

/* Are the ends of the association in the other order than a canonical line's? */
bool	 object_ends_swapped(const struct object *);

#endif
