/*
 * What the files of the map engine share; nobody else includes this.
 *
 *	map_check.c    the section's shape, feed_check_map()
 *	map_compile.c  rules and objects: the template compiled
 *	map_type.c     the types a rule's object may get
 *	map_rule.c     what must be right about a rule's object
 *	map_program.c  the program that writes one type
 *	map_hole.c     holes, tables, transforms, conditions: compiled
 *	map_eval.c     holes and conditions: evaluated
 *	map_join.c     join('', [...]) without JMESPath
 *	map_scalar.c   String, Integer, Boolean and Date places
 *	map_elements.c arrays of the template, compiled
 *	map_array.c    arrays: fan-out, order, no repeats
 *	map_tag.c      tags and security labels, normalised
 *	map_value.c    the value of an indicator, a group's name and xid
 *	map_run.c      rules over a record
 */
#ifndef TC_MAP_PRIVATE_H
#define TC_MAP_PRIVATE_H

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "functions.h"
#include "jmespath.h"
#include "map.h"
#include "value.h"
#include "xid.h"

/* --- a value on its way from a record into a line --- */

enum mtype { M_NULL, M_BOOL, M_NUMBER, M_STRING, M_LIST, M_OBJECT };

/* Text is valid UTF-8, points into the record, the definition or the arena, and is not NUL-terminated. */
struct mval {
	uint8_t			 type;
	uint32_t		 len;		/* bytes of text; elements of a list */
	union {
		const char	*text;		/* M_STRING; M_NUMBER as written; M_BOOL "true" or "false" */
		const struct mval *item;	/* M_LIST */
		struct jval	*object;	/* M_OBJECT */
	};
};

/* What paths look into: the record, or an element that "each" found. */
struct root {
	const struct record	*rec;
	struct jval		*value;		/* of an element; of a record NULL until an expression needs it */
	bool			 element;
};

/* --- compiled pieces --- */

/* A path that is only a chain of member names, looked up without JMESPath. */
struct chain {
	const char	**name;		/* NUL-terminated */
	int		  n;		/* 0: no chain */
	int		  column;	/* of a one-name chain in the header at hand, or -1 */
	const char	 *at;		/* the hole's JSON pointer */
	bool		  inner;	/* looks into what "each" found, not into the record */
};

/* join('separator', ['text', member, ...]); see map_join.c. */
struct join {
	struct piece {
		const char	*text;		/* of a literal */
		size_t		 len;
		struct chain	 chain;		/* of a member: n is 1 */
	}		*piece;
	int		 n;		/* 0: the expression is no such join */
	const char	*separator;
	size_t		 seplen;
};

struct transform {
	enum { TF_EXPR, TF_TRIM, TF_LOWER, TF_UPPER, TF_REFANG, TF_SPLIT } op;
	const char	*name;
	char		*delimiter;	/* TF_SPLIT */
	size_t		 delimiter_len;
	struct jmespath	*expr;		/* name(@, arguments): always there */
};

struct table {
	struct entry {
		const char	*key;
		uint32_t	 len, hash;
		struct mval	 value;
	}		*entry;		/* open addressing, cap a power of two, key NULL: free */
	uint32_t	 cap;
	bool		 has_other;
	struct mval	 other;		/* "*" */
};

struct hole {
	enum { HOLE_LITERAL, HOLE_PATH, HOLE_PARAM, HOLE_XID } source;
	const char	*at;		/* JSON pointer, for messages */
	const char	*text;		/* the expression, for --explain */
	struct mval	 literal;	/* HOLE_LITERAL */
	struct chain	 chain;		/* HOLE_PATH: n > 0, or */
	struct join	 join;		/* n > 0 (tried first), or */
	struct jmespath	*expr;
	struct hole	**part;		/* HOLE_XID, without the owner */
	int		 npart;
	struct transform *transform;
	int		 ntransform;
	struct table	*table;
	bool		 has_param, has_default;
	const char	*param_name;
	struct mval	 param, otherwise;
};

struct condition {
	enum { COND_ALWAYS, COND_TRUE, COND_EQUAL, COND_DIFFERENT, COND_EXPR } op;
	const char	*text;
	struct chain	 chain;
	const char	*word;		/* what chain is compared with */
	size_t		 wordlen;
	struct jmespath	*expr;
};

struct array;

/* A member of an array's element. */
struct slot {
	const struct field *field;
	enum { SLOT_PLAIN, SLOT_TAG, SLOT_LABEL, SLOT_COLOR, SLOT_TYPE, SLOT_VALUE, SLOT_LABELS } role;
	bool		 needed;	/* no element without it */
	bool		 key;		/* the element's key ends with it */
	const char	*text;		/* ready: "name":"value", or NULL */
	size_t		 textlen;
	const char	*head;		/* "name": */
	size_t		 headlen;
	struct hole	*hole;
	struct array	*labels;	/* attribute.securityLabel */
};

struct element {
	struct jmespath	*each;		/* NULL: the rule's own root */
	struct condition when;
	struct slot	*slot;
	int		 nslot;
	const char	*at;
	size_t		 max;		/* attribute of a literal type: its value's longest, characters; else 0 */
};

struct array {
	enum field_kind	 kind;
	const char	*name;		/* "tag" */
	const char	*at;
	struct element	*element;
	int		 nelement;
};

/* A member of the object as the definition has it, whatever type the object gets. */
struct member {
	const char	*name;
	const char	*at;
	struct hole	*hole;
	struct array	*array;		/* array kinds */
};

struct step {
	enum { STEP_TEXT, STEP_SCALAR, STEP_ARRAY } op;
	const char	*text;		/* bytes as they go into the line; a scalar's or array's ',"name":' */
	size_t		 textlen;
	const struct field *field;
	const struct member *member;
	bool		 required;
	bool		 opens, closes;	/* a member that may not stand without the next, and that next one */
};

struct program {
	const char	*head;		/* {"type":"URL","summary": */
	size_t		 headlen;
	struct step	*step;
	int		 nstep;
};

struct rule {
	int		 index;
	const char	*at;		/* /map/0 */
	const char	*at_value;	/* the summary's, name's or first hash's pointer */
	struct condition when;
	struct jmespath	*each;
	enum tc_class	 class;		/* decides the order in which a record's objects are written */
	enum tc_type	 type;		/* TYPE_NONE: an association, or the next two say it */
	struct hole	*detect, *type_hole;
	const char	*type_name;	/* as the definition has it */
	struct hole	*value;		/* summary, or the single value member */
	struct hole	*hash[3];	/* md5, sha1, sha256 */
	struct hole	*key[3];	/* Key Name, Value Name, Value Type */
	struct hole	*name, *xid;
	struct hole	*ref[2], *ref_type[2], *ref_id[2], *association;
	bool		 delete_;	/* "action": "Delete" */
	struct member	*member;
	int		 nmember;
	struct program	*program[TYPE_COUNT];	/* made when first needed */
};

#define XID_PARTS 16	/* beside the owner */

/* --- caches, bounded --- */

#define XID_CACHE	4096
#define XID_CACHE_KEY	111
struct xid_entry {
	uint32_t	hash;
	uint8_t		len;		/* 0: free */
	char		key[XID_CACHE_KEY];
	char		xid[XID_LEN];
};

#define TAG_CACHE	4096
#define TAG_CACHE_KEY	55
struct tag_entry {
	uint32_t	 hash;
	uint8_t		 rawlen;	/* 0: free */
	uint8_t		 len;		/* of the tag that came out */
	char		 raw[TAG_CACHE_KEY];
	char		 tag[TAG_CACHE_KEY];
	const char	*why;		/* why it is no tag, or NULL */
};

/* --- counts of what was left out --- */

struct lost {
	const char	*kind, *name, *why;	/* compared by address: all are constants of the program */
	char		*key;
	uint64_t	 count;
};

struct slice {
	uint32_t	 off, len;	/* in the buffer that gathers the elements */
	uint32_t	 key;		/* length of its first bytes that say what it is: elements with the same key are one */
	int		 rank;		/* of a TLP label, else 0 */
};

struct map {
	const struct feed	*feed;
	struct map_options	 opt;
	struct arena		 pool;		/* what was compiled */
	struct arena		 arena;		/* one record's values */
	struct jmespath		**expr;		/* to be freed */
	int			 nexpr;
	struct chain		**column;	/* one-name chains, resolved once a header */
	int			 ncolumn;
	const struct record_field *header;
	int			 nheader;
	struct rule		*rule;
	struct rule		**order;	/* groups, indicators, associations; NULL past the end */
	int			 nrule;
	bool			 needs_owner;
	bool			*set_named;	/* of each of opt.set: a hole names it */

	/* evaluation */
	struct jmespath_ctx	 ctx;
	struct jmespath_var	 var[3];	/* record, page, key */
	bool			 uses_page, uses_key, uses_record;
	struct records		*records;	/* whose $page it is; NULL: null */
	struct tables		*tables;
	struct arena		 page_arena;
	unsigned		 page;
	const struct rule	*now;		/* the rule at work */
	const char		*why;		/* of the last refusal */
	struct buf		*out;
	bool			 full;		/* a ceiling was met */
	int			 objects;	/* of this record */
	struct {
		const char	*kind, *name, *why;	/* constants */
		uint64_t	 count;
	}			 refused[32];	/* what this record did not get, counted if it got an object */
	int			 nrefused;

	/* arrays */
	struct buf		 scratch, labels;	/* elements; labels inside one of them */
	struct slice		*slice;
	size_t			 nslice, cap_slice;
	struct buf		 text;		/* canonical values, refanged texts, tags */

	struct scan		 number;	/* reads a number's text for expressions */

	struct value_options	 value;
	char			**stop;		/* lower case, NULL-terminated */
	struct xid_entry	*xids;
	struct tag_entry	*tags;
	struct lost		*lost;
	int			 nlost, cap_lost;
	uint64_t		 made[TYPE_COUNT];
};

/* --- compiling --- */

struct compile {
	struct map		*map;
	const struct feed	*feed;
	struct err		*err;
	bool			 inner;		/* below an "each" */
};

void	*pool_alloc(struct map *, size_t size);			/* zeroed; ends the process where a definition is monstrous */
char	*pool_text(struct map *, const char *text, size_t len);
char	*pool_pointer(struct map *, const char *pointer, const char *name);
char	*pool_index(struct map *, const char *pointer, size_t i);

int	 hole_compile(struct compile *, struct json_object *, const char *at, struct hole **);
int	 expr_compile(struct compile *, const char *text, const char *at, struct jmespath **);
int	 condition_compile(struct compile *, const char *text, const char *at, struct condition *);
int	 literal_compile(struct compile *, struct json_object *, const char *at, struct mval *);
bool	 hole_is(struct json_object *);				/* an object with path, param or xid */
int	 array_compile(struct compile *, struct json_object *, const char *name, enum field_kind, const char *at,
    struct array **);
int	 rule_compile(struct compile *, struct json_object *, int index, struct rule *);
struct program *program_make(struct map *, const struct rule *, enum tc_type);

/* The types that a rule's object may get. */
struct types {
	bool	on[TYPE_COUNT];
	int	n;
};

void	 types_add(struct types *, enum tc_type);
/* The member "type" v at pointer at, into the rule and into the types; -1 with a complaint. */
int	 type_compile(struct compile *, struct json_object *v, const char *at, struct rule *, struct types *);

/* What must be right about a rule's object, see map_rule.c; each returns -1 with a complaint. */
int	 rule_check(struct compile *, const struct rule *, const struct types *, const char *at);
int	 literals_check(struct compile *, const struct hole *, const struct field *);
int	 member_unknown(struct compile *, const struct rule *, const struct types *, const char *at, const char *name);
int	 not_standard(struct compile *, const char *at, const char *name);
const struct member *rule_member(const struct rule *, const char *name);
bool	 member_required(enum tc_type, const char *name);	/* no object of the type without it */

/* --- evaluating --- */

/* out->type M_NULL where there is nothing. Failures are counted and noted here. */
void	 hole_eval(struct map *, struct root *, const struct hole *, struct mval *out);
int	 condition_eval(struct map *, struct root *, const struct condition *);	/* 1 yes, 0 no, -1 it failed */
struct jval *root_value(struct map *, struct root *);
void	 chain_eval(struct map *, struct root *, const struct chain *, struct mval *out);
void	 join_compile(struct compile *, const char *expression, const char *at, struct join *);
/* False where a piece is no string: the expression itself must say what comes of it. */
bool	 join_eval(struct map *, struct root *, const struct join *, struct mval *out);
void	 eval_expr(struct map *, struct root *, const struct jmespath *, const char *at, struct mval *out);
void	 mval_from_jval(struct map *, struct jval *, struct mval *out);


/* String place: text of a string, number or boolean; false for anything else. */
static inline bool
mval_text(const struct mval *v, const char **text, size_t *len)
{
	if (v->type != M_STRING && v->type != M_NUMBER && v->type != M_BOOL)
		return false;
	*text = v->text;
	*len = v->len;
	return true;
}

extern const char not_a_word[];			/* why scalar_write() refuses a word where there is a list of them */
/* Writes the place's JSON into b, or returns why not; "" for an empty value that is silently left out. */
const char *scalar_write(struct map *, struct buf *b, const struct field *, size_t max, const struct mval *);

/* head and the array into out, or nothing where it has no elements; work gathers them. */
void	 array_write(struct map *, struct root *, const struct array *, const char *head, size_t headlen, struct buf *out,
    struct buf *work);

/* The tag's normal form; NULL and *why where it is no tag. Valid until the next call. */
const char *tag_normal(struct map *, const char *text, size_t len, size_t *outlen, const char **why);
void	 tag_stop_words(struct map *);
/* TLP:CLEAR and so on for any way of writing it, with its rank from 1; NULL for another label. */
const char *tlp_label(const char *text, size_t len, int *rank);

/* Values: write head and value; return 0, or -1 with map->why set (*drop: by policy). */
int	 value_write(struct map *, struct root *, struct rule *, enum tc_type *type, bool *drop);
extern const char map_not_asked[];		/* the reason of the type filter */
int	 association_write(struct map *, struct root *, struct rule *, bool *drop);
/* The canonical value in map->text, NULL, or why not; *drop where that is policy. */
const char *indicator_canon(struct map *, enum tc_type *type, const char *text, size_t len, bool *drop);

/* --- counting and noting --- */

void	 map_count(struct map *, const char *kind, const char *name, const char *why);
void	 map_count_add(struct map *, const char *kind, const char *name, const char *why, uint64_t count);
void	 map_tell(struct map *, int kind, const char *at, const char *why, const char *text, size_t len);
static inline bool
map_noting(const struct map *m)
{
	return m->opt.note != NULL;
}
/* A member that was left out: counted as "members", noted. */
void	 map_lose(struct map *, const char *at, const char *name, const char *why, const struct mval *);

/* --- writing --- */

static inline char *
put_room(struct map *m, struct buf *b, size_t n)
{
	char *to;

	if (__builtin_expect(b->cap - b->len >= n, 1))
		return b->bytes + b->len;
	to = buf_room(b, n);
	if (to == NULL)
		m->full = true;
	return to;
}

static inline void
put(struct map *m, struct buf *b, const char *from, size_t n)
{
	char *to = put_room(m, b, n);

	if (to != NULL) {
		memcpy(to, from, n);
		b->len += n;
	}
}

#define PUT(m, b, literal) put(m, b, literal, sizeof(literal) - 1)

/* text as a JSON string in buf_add_json()'s form; the text is known to be UTF-8. */
static inline void
put_json(struct map *m, struct buf *b, const char *text, size_t n)
{
	char *to = put_room(m, b, n + 2);
	size_t i = 0;

	if (to == NULL)
		return;
	*to++ = '"';
#ifdef __SSE2__
	for (; i + 16 <= n; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
		__m128i bad = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
		    _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),
		    _mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f)));

		if (_mm_movemask_epi8(bad) != 0)
			goto escape;
		_mm_storeu_si128((__m128i *)(void *)(to + i), v);
	}
#endif
	for (; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == '"' || c == '\\')
			goto escape;
		to[i] = (char)c;
	}
	to[n] = '"';
	b->len += n + 2;
	return;
escape:
	if (buf_add_json(b, text, n) == -1)
		m->full = true;
}

/* For the tables and caches of this room; not for anything that lasts. */
static inline uint32_t
text_hash(const char *text, size_t len)
{
	uint64_t h = len * 0x9e3779b97f4a7c15u, w;

	for (; len >= 8; len -= 8, text += 8) {
		memcpy(&w, text, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, text, len);
	h = (h ^ w) * 0xff51afd7ed558ccdu;
	h ^= h >> 29;
	return (uint32_t)(h ^ h >> 32);
}

static inline bool
is_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ASCII blanks off both ends. */
static inline void
trim(const char **text, size_t *len)
{
	while (*len > 0 && is_blank((unsigned char)(*text)[*len - 1]))
		(*len)--;
	while (*len > 0 && is_blank((unsigned char)**text)) {
		(*text)++;
		(*len)--;
	}
}

#endif
