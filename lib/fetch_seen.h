/* A set of SHA-256 digests: the requests that paging has made. Memory: 16 bytes times two to four an entry. */
#ifndef TC_FETCH_SEEN_H
#define TC_FETCH_SEEN_H

#include <stdbool.h>
#include <stddef.h>

struct seen {
	unsigned char	(*slot)[16];
	size_t		 n, cap;	/* zeroed: empty */
};

/* Puts the digest (32 bytes) in; true where it was there already. */
bool	 seen_before(struct seen *, const unsigned char *sum);
void	 seen_release(struct seen *);	/* empty again */

#endif
