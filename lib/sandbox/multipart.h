/*
 * The body of createAndUpload: exactly the parts config and content, in this
 * order (batch-api.md section 5).
 */
#ifndef TC_SANDBOX_MULTIPART_H
#define TC_SANDBOX_MULTIPART_H

#include <stddef.h>

#include "sandbox/exchange.h"

struct part {
	const char	*text;		/* in the request's body */
	size_t		 len;
};

/* NULL, or what is wrong with the body. */
const char *multipart_read(struct request *, struct part *config, struct part *content);

#endif
