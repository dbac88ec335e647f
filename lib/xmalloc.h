/*
 * Memory that is there, or the process ends with exit 1 and one line on
 * stderr. The only functions of this library that end the process.
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
