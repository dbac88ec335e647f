/*
 * What the files of the jmespath room share; nobody else includes this.
 *
 * text --lex.c--> tokens --parse.c--> nodes --eval.c--> a value.
 * parse.c has its nodes made by build.c (parse_private.h). eval.c walks;
 * project.c, operators.c and call.c do what a node asks for, with the functions
 * of functions.c (arrays.c, numbers.c, strings.c); fail.c has the errors and
 * ceilings of an evaluation.
 * Chains of equal rank (a.b.c, a || b || c, a + b - c) are one node with many
 * children, so depth of the tree is depth of what the author nested, and that
 * is bounded by LIMIT_EXPRESSION_DEPTH: eval() may recurse over it.
 */
#ifndef TC_JMESPATH_PRIVATE_H
#define TC_JMESPATH_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jmespath.h"
#include "limit.h"

/* --- tokens --- */

enum token_type {
	T_END, T_NAME, T_QUOTED, T_RAW, T_LITERAL, T_NUMBER, T_VARIABLE,
	T_ROOT, T_CURRENT, T_DOT, T_STAR, T_COMMA, T_COLON, T_QUESTION, T_ASSIGN,
	T_LPAREN, T_RPAREN, T_LBRACKET, T_RBRACKET, T_LBRACE, T_RBRACE,
	T_FILTER, T_FLATTEN, T_EXPREF, T_PIPE, T_OR, T_AND, T_NOT,
	T_EQ, T_NE, T_LT, T_LE, T_GT, T_GE,
	T_PLUS, T_MINUS, T_TIMES, T_DIVIDE, T_INTDIV, T_MODULO,
	T_TYPES
};

struct token {
	uint8_t		 type;
	uint32_t	 off, len;	/* the whole token in the expression's text */
	union {
		struct jval	*literal;	/* T_LITERAL, T_RAW, T_QUOTED: a string for the latter two */
		int64_t		 number;	/* T_NUMBER */
	} u;
};

/* Tokens in memory of their own (free()), ended by T_END; literals in the arena. NULL: err is set. */
struct token *jmes_lex(struct arena *, const char *text, size_t len, struct err *);

/* --- nodes --- */

enum op {
	N_CURRENT, N_ROOT, N_LITERAL, N_FIELD, N_LOCAL, N_OUTER,
	N_INDEX, N_SLICE,
	N_CHAIN,	/* each child on the value of the one before, until one is null */
	N_PIPE,		/* the same, null or not */
	N_EACH,		/* [*]: child[0], when there, on every element */
	N_EACH_VALUE,	/* * */
	N_FILTER,	/* child[0] the condition, child[1] the rest */
	N_FLATTEN,
	N_LIST, N_HASH, N_CALL, N_EXPREF,
	N_OR, N_AND, N_NOT, N_PLUS, N_MINUS,
	N_FOLD,		/* child[0] fold[1] child[1] fold[2] ...: arithmetic and comparison, left to right */
	N_TERNARY, N_LET
};

struct fold {
	uint8_t		 op;		/* enum token_type */
	uint32_t	 off;
};

struct slice {
	int64_t		 start, stop, step;
	bool		 has_start, has_stop;
};

struct function;

struct node {
	uint8_t		 op;
	uint32_t	 n;		/* children */
	uint32_t	 off;		/* where it stands in the text, for messages */
	struct node	**child;
	union {
		struct { const char *text; uint32_t len; } name;	/* N_FIELD, N_OUTER */
		int64_t			 index;
		struct slice		*slice;
		struct jval		*literal;
		uint32_t		 slot;		/* N_LOCAL; N_LET: of its first binding */
		struct fold		*fold;
		struct jmember		*key;		/* N_HASH: names of the children */
		const struct function	*function;
	} u;
};

struct jmespath {
	struct arena	 arena;		/* holds all that follows */
	const char	*text;
	size_t		 len;
	struct node	*top;
	uint32_t	 slots;		/* let variables alive at one time, at most */
	struct node	**outer;	/* N_OUTER nodes: variables that the caller must give */
	uint32_t	 nouter;
};

int	 jmes_parse(struct jmespath *, struct err *);

/* "syntax error at column 7: ..."; counts characters up to byte off. Always -1. */
int	 jmes_syntax(const char *text, size_t len, size_t off, struct err *, const char *fmt, ...) TC_PRINTF(5, 6);
size_t	 jmes_column(const char *text, size_t len, size_t off);
void	 jmes_set_error(enum jmespath_error);

/* --- evaluation --- */

struct run {
	const struct jmespath	*jmes;
	struct jmespath_ctx	*ctx;
	struct arena		*arena;
	struct jval		*root;
	struct jval		**slot;
	struct err		*err;
};

/* "invalid type: abs() ..." becomes "invalid type at column 7: abs() ...", once. Returns NULL. */
struct jval *jmes_locate(struct run *, const struct node *);

/* For jmes_eval() alone. */
struct jval *jmes_eval_node(struct run *, const struct node *, struct jval *current);

/* NULL: err and the error's kind are set. */
static inline struct jval *
jmes_eval(struct run *r, const struct node *n, struct jval *current)
{
	struct jval *v = jmes_eval_node(r, n, current);

	return __builtin_expect(v != NULL, 1) ? v : jmes_locate(r, n);
}

/* Past LIMIT_STEPS: err is set; false. */
bool	 jmes_tired(struct run *);

/* Adds work to the steps: once and more for each node. False past LIMIT_STEPS: err is set. */
static inline bool
jmes_charge(struct run *r, uint64_t work)
{
	r->ctx->steps += work;
	return __builtin_expect(r->ctx->steps <= LIMIT_STEPS, 1) || jmes_tired(r);
}

struct jval *jmes_full(struct run *);		/* "result too large"; returns NULL */

/* A filled array or object: sets its depth, or fails. */
struct jval *jmes_seal(struct run *, struct jval *);

/*
 * The parts of jmes_eval(), each for its kind of node; NULL as there.
 * jmes_project(): rest (NULL: nothing) on every item, what is null left out;
 * without rest and nulls the array itself is the result.
 */
struct jval *jmes_project(struct run *, const struct node *rest, struct jval *array);
struct jval *jmes_each_value(struct run *, const struct node *, struct jval *object);
struct jval *jmes_filter(struct run *, const struct node *, struct jval *array);
struct jval *jmes_flatten(struct run *, const struct node *, struct jval *array);
struct jval *jmes_slice(struct run *, const struct node *, struct jval *);
struct jval *jmes_fold(struct run *, const struct node *, struct jval *current);
struct jval *jmes_sign(struct run *, const struct node *, struct jval *current);
struct jval *jmes_call(struct run *, const struct node *, struct jval *current);
struct jval *jmes_expref(struct run *, const struct node *);

/* --- functions of the specification --- */

/* What an argument may be; KIND_ARRAY_OF_* look at the elements. */
#define KIND_NULL		0x01
#define KIND_BOOL		0x02
#define KIND_NUMBER		0x04
#define KIND_STRING		0x08
#define KIND_ARRAY		0x10
#define KIND_OBJECT		0x20
#define KIND_EXPREF		0x40
#define KIND_NUMBERS		0x80	/* array of numbers */
#define KIND_STRINGS		0x100	/* array of strings */
#define KIND_OBJECTS		0x200	/* array of objects */
#define KIND_ANY		(KIND_NULL | KIND_BOOL | KIND_NUMBER | KIND_STRING | KIND_ARRAY | KIND_OBJECT)

typedef struct jval *jmes_builtin(struct run *, struct jval **arg, int n);

struct function {
	const char	*name;
	int		 min, max;	/* arguments; max -1: no limit */
	jmes_builtin	*builtin;	/* the specification's */
	jmespath_fn	*ours;		/* registered ones */
	uint16_t	 kind[4];	/* of each argument; the last one stands for all further ones */
	bool		 null[4];	/* a null argument makes the result null */
	bool		 lazy;		/* not_null: arguments are evaluated by the function's node */
};

/* May it be the i-th argument? False: err is set, without its column. */
bool	 jmes_fits(struct run *, const struct function *, int i, const struct jval *);

/* NULL: no such function. */
const struct function *jmes_function(const char *name, size_t len);

jmes_builtin jmes_abs, jmes_avg, jmes_ceil, jmes_floor, jmes_max, jmes_min, jmes_sum, jmes_to_number;
jmes_builtin jmes_contains, jmes_ends_with, jmes_find_first, jmes_find_last, jmes_join, jmes_length, jmes_lower,
    jmes_pad_left, jmes_pad_right, jmes_replace, jmes_reverse, jmes_split, jmes_starts_with, jmes_to_string,
    jmes_trim, jmes_trim_left, jmes_trim_right, jmes_upper;
jmes_builtin jmes_from_items, jmes_group_by, jmes_items, jmes_keys, jmes_map, jmes_max_by, jmes_merge, jmes_min_by,
    jmes_not_null, jmes_sort, jmes_sort_by, jmes_to_array, jmes_type, jmes_values, jmes_zip;

/* [start:stop:step] on a length, Python's rules: the number of elements, the first one in *first. */
size_t	 jmes_slice_span(const struct slice *, size_t len, int64_t *first);
struct jval *jmes_slice_string(struct run *, const struct slice *, struct jval *);
const char *jmes_type_name(const struct jval *);

#endif
