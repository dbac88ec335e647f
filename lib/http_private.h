/* Shared by the files of the http room; nobody else needs it. */
#ifndef TC_HTTP_PRIVATE_H
#define TC_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "http.h"

struct http {
	CURL		*curl;
	struct http_options o;		/* texts are our copies */
	const char	*bundle;	/* trust of the host, NULL where a ca_file was added */
	struct buf	 pem;		/* ... then both stand here */
	char		 why[CURL_ERROR_SIZE];
};

/* One request under way. */
struct transfer {
	const struct http_request *req;
	struct http_answer *a;
	struct err	*err;
	size_t		 given;		/* bytes of req->body handed to curl */
	bool		 body_begun, headers_over, body_over, sink_stopped, source_stopped, stopped, replay_refused;
};

void	 http_explain(struct http *, const struct transfer *, CURLcode, const char *label, struct err *);

#endif
