/*
 * The fetch section of a feed definition, compiled.
 *
 * fetch_def_compile() is feed_check_fetch() with the result kept: what passes
 * the check compiles. Members (tc-feed(5) is written from this list):
 *
 *   url | urls        template(s); http(s), file:// or a plain path, "-" is stdin
 *   method, body, body_type, headers
 *   auth              {type: basic|bearer|header|query|oauth2|certificate, ...}
 *   pages             {style: none|page|offset|cursor|next|link|taxii|window|index, ...}
 *   expect            json|csv|text|any; default by parse.format
 *   unpack            auto (default)|none|gzip|zstd|xz|zip|tar or {type, member, password}
 *   first_run         how far a first run looks back; "30 days ago"
 *   window_pages      pages after which an incremental run stops with "more"
 *   min_interval      time between requests; max_requests a day
 *   refetch           after which a feed is asked unconditionally again; "1 day"
 *   history           how long the publisher keeps records: an older last run leaves a gap
 *   tries, connect_timeout, low_speed, timeout
 *   limits            {pages, page_bytes, bytes, time}
 *   allow_origins     other origins that next links and redirects may lead to, without credentials
 *   ca_file           a file that adds trust
 */
#ifndef TC_FETCH_DEF_H
#define TC_FETCH_DEF_H

#include <stdbool.h>
#include <stdint.h>

#include "feed.h"
#include "fetch_template.h"
#include "jmespath.h"
#include "page.h"

enum fetch_style { STYLE_NONE, STYLE_PAGE, STYLE_OFFSET, STYLE_CURSOR, STYLE_NEXT, STYLE_LINK, STYLE_TAXII,
	STYLE_WINDOW, STYLE_INDEX };
enum fetch_auth { AUTH_NONE, AUTH_BASIC, AUTH_BEARER, AUTH_HEADER, AUTH_QUERY, AUTH_OAUTH2, AUTH_CERTIFICATE };

struct fetch_header {
	char			*name;
	struct fetch_template	*value;
};

struct fetch_def {
	struct fetch_template	**url;		/* at least one */
	int			  nurl;
	char			 *first_url;	/* as written, for messages and for file sources */
	const char		 *method;	/* "GET" or "POST" */
	struct fetch_template	 *body;		/* NULL: none */
	const char		 *body_type;
	struct fetch_header	 *header;
	int			  nheader;

	enum fetch_auth		  auth;
	struct fetch_template	 *user, *password;	/* basic; oauth2: client id and secret; certificate: key password */
	struct fetch_template	 *token;	/* bearer, header and query: the value; oauth2: token URL */
	const char		 *auth_name;	/* header or query member */
	const char		 *scope;
	struct fetch_template	 *cert_file, *key_file;

	enum fetch_style	  style;
	const char		 *page_query, *page_header, *page_body;	/* where page, offset or cursor go */
	const char		 *size_query;
	long			  first, size;
	struct jmespath		 *next, *more, *total, *count, *entries;
	struct fetch_template	 *entry_url;
	struct jmespath		 *files;	/* attachments: the entries, or NULL */
	struct fetch_template	 *files_url;
	const char		 *files_accept;
	int64_t			  window;	/* seconds a request of style window covers */
	const char		 *const *collections;	/* taxii: NULL-terminated names or ids; NULL: all */

	enum page_kind		  expect;
	const char		 *ending;	/* of captured files */
	const char		 *unpack;	/* type */
	const char		 *member;	/* pattern of members, NULL: all */
	struct fetch_template	 *archive_password;

	const char		 *first_run;
	long			  window_pages;
	long			  min_interval_ms, max_requests;
	long			  tries, connect_ms, total_ms, run_ms;
	long			  refetch_ms, history_ms;	/* history 0: not said */
	long			  low_speed_bytes, low_speed_seconds;
	long			  max_pages;
	uint64_t		  max_page_bytes, max_bytes;
	const char		 *const *allow_origins;
	const char		 *ca_file;
	bool			  has_credentials;	/* any parameter or auth in what goes out */
	char			  credentials[120];	/* the parameters that may be meant, for messages */
};

int	 fetch_def_compile(struct fetch_def **, const struct feed *, struct err *) TC_MUST_CHECK;
void	 fetch_def_free(struct fetch_def *);

#endif
