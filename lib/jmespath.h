/*
 * JMESPath: the JMESPath Community grammar and functions, whole, plus the
 * functions that tcfeed adds (jmespath_register()).
 *
 * Compile once, evaluate for every record. A compiled expression is read-only
 * and owns all it needs; results live in the caller's arena.
 * Bounded: LIMIT_EXPRESSION bytes, LIMIT_EXPRESSION_DEPTH nesting, the arena's
 * ceiling, LIMIT_STEPS evaluation steps; no recursion that input can drive.
 *
 * Ownership: jmespath_free() frees an expression; its text was copied. Results
 * may point into the record and into the expression: they live as long as those
 * and the arena.
 * Units: lengths in bytes; columns in messages are characters from 1.
 * Errors: NULL with err, USAGE from compiling and CONTRACT from evaluating, and
 * jmespath_last_error() says which of the specification's kinds.
 *
 *	jmes = jmespath_compile("a.b[0]", &err);	// err.text: "... at column 4"
 *	v = jmespath_eval(jmes, &ctx, record, &err);	// NULL: err says why
 *	jmespath_free(jmes);
 */
#ifndef TC_JMESPATH_H
#define TC_JMESPATH_H

#include "jval.h"

struct jmespath;

/* NULL on a bad expression: reason USAGE, text with kind (syntax, unknown-function, invalid-arity ...) and column. */
struct jmespath	*jmespath_compile(const char *text, size_t len, struct err *);
void	 jmespath_free(struct jmespath *);

struct jmespath_ctx {
	struct arena	*arena;
	/* let-like variables visible as $name: $record, $page; may be NULL */
	const struct jmespath_var {
		const char	*name;
		struct jval	*value;
	}		*var;
	int		 nvar;
	const void	*user;		/* for registered functions: functions.h says what ours expect */
	uint64_t	 steps;		/* used so far; set to 0 for each record */
};

/* The kinds of run-time error of the specification, for err.text and the suite's runner. */
enum jmespath_error { JE_NONE, JE_SYNTAX, JE_INVALID_TYPE, JE_INVALID_VALUE, JE_INVALID_ARITY,
	JE_UNKNOWN_FUNCTION, JE_UNDEFINED_VARIABLE, JE_NOT_A_NUMBER, JE_LIMIT };
enum jmespath_error jmespath_last_error(void);	/* of the last compile or eval that failed */

struct jval *jmespath_eval(const struct jmespath *, struct jmespath_ctx *, struct jval *root, struct err *);

/*
 * Is the expression only a chain of field names ("a", "a.b", "\"x y\".z")?
 * Then the names are given (pointers into the expression, up to max) and their
 * number returned; else 0. Lets a caller look a CSV column up by itself.
 */
int	 jmespath_chain(const struct jmespath *, const char **name, size_t *len, int max);

/* The i-th use of a variable that no let of the expression binds ($record): lets a caller refuse a misspelt one early. */
bool	 jmespath_variable(const struct jmespath *, int i, const char **name, size_t *len);

/*
 * Looks at the literal arguments of all calls, and calls the functions of
 * ours whose arguments but the first are literals on an empty text: a bad
 * pattern, a number for a text are found before there is data. -1: err says
 * what and at which column. Not part of compiling, because the specification
 * has these errors at run time.
 */
int	 jmespath_check(const struct jmespath *, struct jmespath_ctx *, struct err *) TC_MUST_CHECK;

/*
 * A function of ours, callable in every expression compiled afterwards.
 * Arity as in the specification: min and max arguments (max -1: no limit).
 * kinds has a letter for each argument, the last one standing for all further
 * ones: s string, n number, t string or number, a array, o object, v any. A
 * capital letter takes null too, which makes the whole result null without a
 * call: a member that a record lacks is no error. Other types are an
 * invalid-type error before the function is called.
 * The function gets evaluated arguments, at most 4 of which may be declared,
 * returns a value in ctx's arena or NULL with err and the error kind set by
 * jmespath_fail(), and adds to ctx->steps what its work is worth (a step is
 * some 20 ns).
 */
typedef struct jval *jmespath_fn(struct jmespath_ctx *, struct jval **arg, int n, struct err *);
void	 jmespath_register(const char *name, int min, int max, const char *kinds, jmespath_fn *);
struct jval *jmespath_fail(enum jmespath_error, struct err *, const char *fmt, ...) TC_PRINTF(3, 4);	/* returns NULL */

/* Does a value count as true: not null, false, "", [] or {}? */
bool	 jmespath_true(const struct jval *);

#endif
