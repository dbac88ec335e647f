/*
 * The map engine: a definition's map section compiled once into a program,
 * run for every record, writing batch objects (tc-batch(5)), one a line.
 *
 * The language is tc-feed(5): the map is the batch object with holes. A line
 * leaves here canonical: members in schema order, arrays sorted and without
 * repeats, exactly as object_canonical() would write it.
 *
 *	map_compile(&map, feed, &options, &err);
 *	while (records_next(...) == 1) {
 *		verdict = map_record(map, &record, &out, &reason);
 *		...
 *	}
 *	map_free(map);
 *
 * Ownership: the caller keeps feed, params and everything in the options
 * until map_free(). Memory does not grow with the number of records.
 */
#ifndef TC_MAP_H
#define TC_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "feed.h"
#include "params.h"
#include "records.h"
#include "schema.h"

struct map;

enum map_verdict {
	MAP_MAPPED,	/* at least one object was written */
	MAP_DROPPED,	/* nothing was written, as wanted: when, reserved value, type filter */
	MAP_REJECTED	/* nothing valid in it */
};

/* What happened to a record, for --explain. Texts are as the feed has them: make them safe. */
struct map_note {
	enum { NOTE_MADE, NOTE_NO, NOTE_LOST, NOTE_REFUSED } kind;
	/* NOTE_MADE: text is the line, without newline. NOTE_NO: why says which policy, text is the expression or value.
	   NOTE_LOST: the member at pointer was left out or cut. NOTE_REFUSED: no object, because of the member at pointer. */
	const char	*pointer;	/* into the definition: "/map/0/object/rating" */
	const char	*why;
	const char	*text;
	size_t		 len;
};

struct map_options {
	const char	*owner;		/* NULL: none; then a map with groups is refused */
	bool		 check_only;	/* tc-map --check: no owner and no parameters are needed */
	const struct params *params;	/* may be NULL */
	const char	*const *set;	/* "name=value", over params; NULL-terminated; may be NULL */
	const bool	*want;		/* TYPE_COUNT flags: types to write; NULL: all */
	void		(*note)(void *arg, const struct map_note *);	/* NULL: nobody asks */
	void		*arg;
};

/* -1 (USAGE): what is wrong with the definition, a parameter, or that an owner is missing. */
int	 map_compile(struct map **, const struct feed *, const struct map_options *, struct err *) TC_MUST_CHECK;
void	 map_free(struct map *);

/* Does a hole of the map name the i-th of the options' set? */
bool	 map_param_named(const struct map *, int i);

/* Where $page comes from: the reader of the records that follow. NULL (at first): $page is null. */
void	 map_source(struct map *, struct records *);

/*
 * Appends the record's lines to out: all or none. *reason is a constant
 * sentence where the verdict is not MAPPED, fit to be a key of a count.
 * A record that is bad (record->bad) is not for this function.
 */
enum map_verdict map_record(struct map *, const struct record *, struct buf *out, const char **reason);

/* Objects written so far, by type (TYPE_NONE: associations). */
uint64_t map_made(const struct map *, enum tc_type);
/* Rules, and the index of the object's rule in the definition's map. */
int	 map_rules(const struct map *);

/*
 * What was left out on the way, i from 0: "rating: not a number" and how
 * often; kind says what it was: "members" left out, "cut" texts, "tags" and
 * "objects" refused or "dropped" by policy although the record was mapped. NULL past the end.
 */
const char *map_lost(const struct map *, int i, const char **kind, uint64_t *count);

#endif
