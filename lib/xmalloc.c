#include "xmalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static void *
or_end(void *p, size_t size)
{
	if (p == NULL && size > 0) {
		log_out_of_memory();
		_exit(1);
	}
	return p;
}

void *
xmalloc(size_t size)
{
	return or_end(malloc(size), size);
}

void *
xcalloc(size_t n, size_t size)
{
	return or_end(calloc(n, size), n && size);
}

void *
xrealloc(void *p, size_t size)
{
	return or_end(realloc(p, size), size);
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	return or_end(reallocarray(p, n, size), n && size);
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t len)
{
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}
