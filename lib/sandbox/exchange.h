/*
 * One request and the answer to it, apart from the HTTP library.
 *
 * The path and query are the bytes of the request line, since signatures are
 * over exactly those. A body is held in memory while small and in an unlinked
 * file beyond that.
 *
 * Ownership: what *_init() begins *_release() frees; header names and values
 * are copied. Units: bytes, milliseconds where a name ends in _ms. Errors: -1
 * with err (STATE): a spool or the compression failed.
 */
#ifndef TC_SANDBOX_EXCHANGE_H
#define TC_SANDBOX_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

struct body {
	char	*bytes;		/* what was received, or the mapped file */
	size_t	 len, cap;
	int	 fd;		/* -1 while in memory */
	bool	 mapped;
};

void	 body_init(struct body *);
int	 body_add(struct body *, const char *bytes, size_t len, struct err *) TC_MUST_CHECK;
int	 body_end(struct body *, struct err *) TC_MUST_CHECK;	/* bytes and len are the whole from here on */
void	 body_release(struct body *);

struct request {
	struct MHD_Connection *connection;
	uint64_t	 number;
	char		*target;		/* as on the request line */
	char		*path;			/* up to the question mark, still encoded; below /api for API calls */
	const char	*query;			/* behind it, or "" */
	bool		 api;			/* the path was below /api */
	char		 method[16];
	struct body	 body;
	uint64_t	 received;		/* bytes of the body, kept or not */
	bool		 too_large;		/* over the instance's limit: the rest was thrown away */
};

/* NULL where there is no such header. Valid during the request. */
const char *request_header(const struct request *, const char *name);
/* A decoded query parameter into out; false where it is absent or too long. */
bool	 request_query(const struct request *, const char *name, char *out, size_t size);
/* Decodes percent-encoding into out (plus is a blank only where form is set); false where it is malformed or too long. */
bool	 percent_decode(const char *text, size_t len, bool form, char *out, size_t size);

struct answer {
	int		 status;		/* 0: none yet */
	struct buf	 body;
	char		 type[96];		/* Content-Type; "" for none */
	struct { char *name, *value; } header[32];
	size_t		 nheader;
	int		 fd;			/* a body from a file instead; -1 */
	uint64_t	 fd_size;
	/* how it is delivered; what faults are made of */
	int64_t		 delay_ms;
	bool		 lost;			/* the connection ends without an answer */
	bool		 reset;			/* and ends with a reset */
	bool		 raw;			/* body is what goes on the wire, headers and all */
	bool		 hold;			/* stays open after the last byte */
	bool		 chunked;
	long long	 cut;			/* bytes of the body that get through; -1: all */
	long long	 rate;			/* bytes a second, 0: at once */
};

void	 answer_init(struct answer *);
void	 answer_release(struct answer *);
void	 answer_header(struct answer *, const char *name, const char *value);
void	 answer_text(struct answer *, int status, const char *fmt, ...) TC_PRINTF(3, 4);	/* text/plain */
void	 answer_json(struct answer *, int status, const char *fmt, ...) TC_PRINTF(3, 4);	/* as it stands */
/* {"status":"Failure" or "Invalid","message" or "description": text} (sections 3, 4, 15) */
void	 answer_failure(struct answer *, int status, const char *fmt, ...) TC_PRINTF(3, 4);
void	 answer_invalid(struct answer *, const char *fmt, ...) TC_PRINTF(2, 3);
/* Replaces the body by its gzip form and says so in Content-Encoding. */
int	 answer_gzip(struct answer *, struct err *) TC_MUST_CHECK;

#endif
