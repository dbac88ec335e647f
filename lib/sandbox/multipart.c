#include "sandbox/multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The part's bytes; *at moves behind the boundary that ends it. */
static const char *
read_part(const char **at, const char *end, const char *boundary, const char *name, struct part *part)
{
	size_t n = strlen(boundary);
	const char *head = *at, *body, *stop;
	char want[32];

	if ((size_t)(end - head) < 2 || memcmp(head, "\r\n", 2) != 0)
		return "a boundary is not followed by a part";
	body = memmem(head, (size_t)(end - head), "\r\n\r\n", 4);
	if (body == NULL || body - head > 4096)
		return "a part has no end of its headers";
	snprintf(want, sizeof(want), "name=\"%s\"", name);
	if (memmem(head, (size_t)(body - head), want, strlen(want)) == NULL)
		return strcmp(name, "config") == 0 ? "the first part is not config" : "the second part is not content";
	body += 4;
	for (stop = body; (stop = memmem(stop, (size_t)(end - stop), "\r\n--", 4)) != NULL; stop += 4)
		if ((size_t)(end - stop) >= n + 4 && memcmp(stop + 4, boundary, n) == 0)
			break;
	if (stop == NULL)
		return "a part is not ended by the boundary";
	*part = (struct part){ body, (size_t)(stop - body) };
	*at = stop + 4 + n;
	return NULL;
}

const char *
multipart_read(struct request *r, struct part *config, struct part *content)
{
	const char *type = request_header(r, "Content-Type"), *b, *at, *end, *why;
	char boundary[128];
	size_t n;

	if (type == NULL || strncasecmp(type, "multipart/form-data", 19) != 0 || (b = strcasestr(type, "boundary=")) == NULL)
		return "Content-Type is not multipart/form-data with a boundary";
	b += 9;
	n = *b == '"' ? strcspn(++b, "\"") : strcspn(b, "; ");
	if (n == 0 || n > 70)
		return "the boundary is no boundary";
	memcpy(boundary, b, n);
	boundary[n] = '\0';
	at = r->body.bytes;
	end = at + r->body.len;
	if (r->body.len < n + 2 || memcmp(at, "--", 2) != 0 || memcmp(at + 2, boundary, n) != 0)
		return "the body does not begin with the boundary";
	at += n + 2;
	if ((why = read_part(&at, end, boundary, "config", config)) != NULL ||
	    (why = read_part(&at, end, boundary, "content", content)) != NULL)
		return why;
	return end - at >= 2 && memcmp(at, "--", 2) == 0 ? NULL : "there are more than two parts";
}
