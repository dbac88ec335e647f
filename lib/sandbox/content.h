/*
 * A batch document cut into its elements (batch-api.md section 8).
 *
 * One pass over the bytes finds where each element of the arrays group,
 * indicator and association begins and ends; what is inside is judged later,
 * one element at a time, as the platform's streaming reader does. Where the
 * document cannot be read on, the elements before that place are kept and
 * broken says what was wrong there.
 *
 * Ownership: elements point into the text, which stays the caller's;
 * content_release() frees the list and may be called twice. Units: bytes.
 * Nothing can fail but the document, and broken says so.
 */
#ifndef TC_SANDBOX_CONTENT_H
#define TC_SANDBOX_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

enum content_array { CONTENT_GROUP, CONTENT_INDICATOR, CONTENT_ASSOCIATION, CONTENT_ARRAYS };

struct element {
	const char	*text;
	size_t		 len;
	enum content_array array;
	size_t		 index;		/* in its array */
};

struct content {
	struct element	*element;
	size_t		 n, cap;
	size_t		 count[CONTENT_ARRAYS];
	char		 broken[160];	/* "" where the document is whole */
	char		 path[64];	/* last known JSON path */
};

extern const char *const content_array_name[CONTENT_ARRAYS];

void	 content_split(struct content *, const char *text, size_t len);
void	 content_release(struct content *);

#endif
