/*
 * What the parser's files share: parse.c has the grammar, build.c makes the
 * nodes. Not for the room's other files.
 *
 * Ownership: nodes and lists live in the expression's arena; the scope is
 * memory of the parser's own. Errors: none comes back. What fails sets err and
 * goes back to jmes_parse() by longjmp(), so no function here holds memory
 * that is not in the parser or the arena.
 */
#ifndef TC_JMESPATH_PARSE_PRIVATE_H
#define TC_JMESPATH_PARSE_PRIVATE_H

#include <setjmp.h>

#include "private.h"

struct variable {
	const char	*name;		/* without the $ */
	uint32_t	 len, slot;
	bool		 hidden;	/* until the "in" of its let */
};

/* A list that grows in the arena; the pieces it leaves behind are at most as large as itself. */
struct list {
	struct node	**node;
	uint32_t	 n, cap;
};

struct parser {
	struct jmespath	*jmes;
	struct token	*token;		/* the next one */
	struct err	*err;
	jmp_buf		 failed;	/* err is set */
	int		 depth;
	struct variable	*scope;		/* innermost last */
	uint32_t	 nscope, capscope;
	uint32_t	 slot;		/* the next free one */
	struct list	 outer;
};

/* "syntax error at column 7: WHY, found 'TOKEN'". */
_Noreturn void parse_fail(struct parser *, const struct token *, const char *why);

/* "NAME at column 7: ...", an error of the given kind about a call. */
_Noreturn void parse_fail_call(struct parser *, enum jmespath_error, const char *name, const struct token *, const char *fmt, ...)
    TC_PRINTF(5, 6);

/* In the expression's arena. */
void	*parse_alloc(struct parser *, size_t size);

/* off: where it stands in the text. make1() has a first child where that is not NULL. */
struct node *node_make(struct parser *, enum op, uint32_t off);
struct node *node_make1(struct parser *, enum op, uint32_t off, struct node *child);
void	 node_list_add(struct parser *, struct list *, struct node *);
void	 node_add_child(struct parser *, struct node *, struct node *child);

/* left then right, in a node of the given kind that takes up a left one of its own kind. */
struct node *node_join(struct parser *, enum op, struct node *left, struct node *right);

/* The same for N_FOLD, with the operator at t between them. */
struct node *node_join_fold(struct parser *, struct node *left, const struct token *t, struct node *right);

#endif
