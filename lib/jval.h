/*
 * JSON values that live in an arena: what expressions read and make.
 *
 * Why not json-c's objects: they clip large integers, cut keys at NUL, are
 * freed recursively, and cost more than a whole stage may (160 MB/s). A jval
 * is immutable, keeps a number's source text, and is freed with its arena,
 * all at once. Strings and number texts may point into the scanned record:
 * a jval is valid until the arena is reset or the record's bytes go away.
 *
 * Ownership: the arena owns every value; nothing is freed by itself.
 * Units: lengths in bytes, of arrays and objects in elements.
 * Errors: NULL where the arena is full (and from jval_seal() what its line
 * says); there is no other, and none has a struct err.
 */
#ifndef TC_JVAL_H
#define TC_JVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "err.h"
#include "scan.h"

enum jtype { J_NULL, J_BOOL, J_NUMBER, J_STRING, J_ARRAY, J_OBJECT, J_EXPREF };

struct jval {
	uint8_t		type;		/* enum jtype */
	bool		boolean;	/* J_BOOL */
	bool		text_is_source;	/* J_NUMBER: text/len is how the feed wrote it */
	uint8_t		depth;		/* array, object: levels of nesting, 1 for a flat one; else 0 */
	uint32_t	len;		/* string: bytes; number: of text; array, object: elements */
	union {
		const char	*text;		/* string: UTF-8, not NUL-terminated; number: source text or NULL */
		struct jval	**item;		/* array */
		struct jmember	*member;	/* object, in source order, names unique */
		const void	*expref;	/* J_EXPREF: private to jmespath */
	} u;
	double		number;		/* J_NUMBER: the nearest double */
};

struct jmember {
	const char	*name;		/* unescaped, not NUL-terminated */
	uint32_t	 len;
	struct jval	*value;
};

extern struct jval jval_null, jval_true, jval_false;	/* shared constants; never written */

struct jval *jval_from_scan(struct arena *, const struct scan *, uint32_t node);	/* NULL: arena full */
struct jval *jval_string(struct arena *, const char *text, size_t len);	/* text is not copied */
struct jval *jval_string_copy(struct arena *, const char *text, size_t len);
struct jval *jval_number(struct arena *, double);
struct jval *jval_array(struct arena *, size_t n);	/* n slots, all &jval_null */
struct jval *jval_object(struct arena *, size_t n);	/* n members to be filled by the caller */
/* Sets depth from the elements: called once an array or object is filled that holds others. NULL: deeper than LIMIT_DEPTH. */
struct jval *jval_seal(struct jval *) TC_MUST_CHECK;
static inline struct jval *
jval_bool(bool b)
{
	return b ? &jval_true : &jval_false;
}

/* NULL where v is no object or has no such member. */
struct jval *jval_get(const struct jval *v, const char *name, size_t len);

/* JMESPath's ==: members in any order, numbers by value. No recursion; values deeper than LIMIT_DEPTH are equal to nothing. */
bool	 jval_equal(const struct jval *, const struct jval *);
bool	 jval_equal_counted(const struct jval *, const struct jval *, uint64_t *work);	/* adds the values looked at */
/* -1, 0, 1; integers that a double cannot tell apart by their source text. */
int	 jval_compare_numbers(const struct jval *, const struct jval *);

double	 jval_parse_number(const char *text, size_t len);	/* text in JSON's number form */
#define JVAL_NUMBER_TEXT 32
size_t	 jval_format_number(double, char out[JVAL_NUMBER_TEXT]);	/* as jval_print() writes it; returns the length */

/* Appends as JSON, canonical form; numbers by their source text, made ones in the shortest form that reads back equal. */
int	 jval_print(const struct jval *, struct buf *) TC_MUST_CHECK;

#endif
