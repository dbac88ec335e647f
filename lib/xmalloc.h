/*
 * Memory that is there, or the process ends with exit 1 and one line on
 * stderr. Besides these only a libcrypto without digests (hash.h) and the
 * commands' own tool.h end the process. What they give is freed with free(3).
 */
#ifndef TC_XMALLOC_H
#define TC_XMALLOC_H

#include <stddef.h>

void	*xmalloc(size_t size);
void	*xcalloc(size_t n, size_t size);
void	*xrealloc(void *, size_t size);
void	*xreallocarray(void *, size_t n, size_t size);
char	*xstrdup(const char *);
char	*xstrndup(const char *, size_t len);	/* len bytes, NUL added */

#endif
