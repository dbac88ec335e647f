/*
 * One pass over the bytes of a JSON text: is it JSON that we let in, and where
 * does each value stand?
 *
 * Let in: RFC 8259, in valid UTF-8 without BOM, numbers in the RFC's form, no
 * raw control bytes in strings, no NUL in any form (raw or \u0000), no lone
 * surrogate escapes, no duplicate member names in an object (compared after
 * unescaping), nesting up to LIMIT_DEPTH, up to LIMIT_NODES values and names;
 * white space around the text is taken, anything else after it is not.
 * (json-c 0.16 lets most of this through even in strict mode.)
 *
 * The result is a tape: one node a value in document order, members as a
 * string node (the name) followed by the value's nodes. The tape points into
 * the caller's bytes and is valid as long as those are and until the next
 * scan_text() with the same struct. No recursion, memory reused.
 *
 * Ownership: the caller owns the struct and the text, the struct owns the tape.
 * Units: offsets and lengths in bytes; a text is shorter than 4 GiB.
 * Errors: after scan_text() gave -1 the tape is not to be read. Running out of
 * memory ends the process.
 *
 *	struct scan s;
 *	scan_init(&s);
 *	while (next line) {
 *		if (scan_text(&s, line, len, &err) == -1)
 *			reject, err.text says why and at which byte;
 *		i = scan_member(&s, 0, "type");	...
 *	}
 *	scan_release(&s);
 */
#ifndef TC_SCAN_H
#define TC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum scan_type { SCAN_NULL, SCAN_FALSE, SCAN_TRUE, SCAN_NUMBER, SCAN_STRING, SCAN_ARRAY, SCAN_OBJECT };

struct scan_node {
	uint32_t	off;	/* of the value's first byte; of a string, the byte after its quote */
	uint32_t	len;	/* bytes of the value; of a string, without quotes and still escaped */
	uint32_t	next;	/* index of the node behind this value and all it holds */
	uint32_t	count;	/* array: elements; object: members; else 0 */
	uint8_t		type;	/* enum scan_type */
	bool		escaped;	/* string: holds at least one backslash */
	bool		integer;	/* number: no fraction, no exponent */
};

struct scan {
	const char		*bytes;	/* the caller's text */
	size_t			 len;
	struct scan_node	*node;	/* node[0] is the whole value */
	uint32_t		 nnode;
	uint32_t		 cap;	/* private */
	void			*private_;	/* private: work space of the duplicate check */
};

#define SCAN_NONE UINT32_MAX

void	 scan_init(struct scan *);
void	 scan_release(struct scan *);

/* -1: err->text is "invalid UTF-8 at byte 17", "duplicate key \"type\" at byte 40", ... (reason CONTRACT); the first byte is 1. */
int	 scan_text(struct scan *, const char *bytes, size_t len, struct err *) TC_MUST_CHECK;

/* Node index of member name's value in the object at node obj, or SCAN_NONE. */
uint32_t scan_member(const struct scan *, uint32_t obj, const char *name);

/* First child of an array or object (an object's is a name), SCAN_NONE when empty; go on with node[i].next until node[parent].next. */
uint32_t scan_first(const struct scan *, uint32_t node);

/* The bytes of node i as they stand in the text (strings without quotes). */
static inline const char *
scan_bytes(const struct scan *s, uint32_t i)
{
	return s->bytes + s->node[i].off;
}

/* Appends the string at node i unescaped. -1 past buf's ceiling. */
int	 scan_string(const struct scan *, uint32_t i, struct buf *) TC_MUST_CHECK;

/* Is the string at node i, unescaped, this word? */
bool	 scan_is(const struct scan *, uint32_t i, const char *word);

/*
 * The value at node i in canonical form: no white space, strings with the
 * shortest escapes and raw UTF-8 (buf_add_json's form), numbers as their
 * source text, members in the text's order.
 */
int	 scan_canonical(const struct scan *, uint32_t i, struct buf *) TC_MUST_CHECK;

#endif
