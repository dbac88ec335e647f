/*
 * Is a JSON text whole? Follows it in pieces of any size: only brackets,
 * strings and escapes matter here; whether it is JSON in every detail is
 * tc-map's question. Above 2 GB/s where the processor has SSE2.
 *
 * Nothing is owned or allocated, and nothing can fail: what was seen is in the
 * struct. Whole: depth 0, in no string, and nothing below.
 */
#ifndef TC_BRACKETS_H
#define TC_BRACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct brackets {		/* zeroed: at the beginning */
	uint64_t depth;
	bool	 in_string, escaped;
	bool	 below;		/* a bracket closed that was never opened */
};

void	 brackets_follow(struct brackets *, const char *bytes, size_t len);

#endif
