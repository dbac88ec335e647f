/*
 * Text with {holes} in the fetch section: URLs, header values, bodies.
 *
 * Holes: {last_run} {from} {to} (with a form: {last_run:epoch}, epoch_ms,
 * date, iso (default), iso_ms, http), {cursor} {page} {offset} {limit}
 * {entry}, {param:NAME}, and at the very start of a URL {url:NAME}, a
 * parameter that is itself a URL. "{{" is a brace. What is put in is encoded
 * for its place, so that no value can leave it (a "&" or a line break in a
 * cursor stays data).
 */
#ifndef TC_FETCH_TEMPLATE_H
#define TC_FETCH_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "params.h"

enum fetch_place { PLACE_URL, PLACE_HEADER, PLACE_JSON, PLACE_FORM };

struct fetch_vars {
	int64_t		 last_run, from, to;	/* epoch seconds */
	const char	*cursor;		/* "" where there is none */
	long		 page, offset, limit;
	const char	*entry;
	const struct params *params;
};

struct fetch_template;

/* err: what is wrong with the text, without file or pointer. */
int	 fetch_template_compile(struct fetch_template **, const char *text, enum fetch_place, struct err *) TC_MUST_CHECK;
void	 fetch_template_free(struct fetch_template *);
/* Appends; -1: a parameter that is not set, a value that cannot stand there, past the ceiling. */
int	 fetch_template_expand(const struct fetch_template *, const struct fetch_vars *, struct buf *, struct err *) TC_MUST_CHECK;

bool	 fetch_template_uses(const struct fetch_template *, const char *name);	/* "cursor", "last_run", "param" ... */
/* Does it hold a parameter, which may be a credential? */
bool	 fetch_template_has_param(const struct fetch_template *);
/* Adds the names of the parameters, each once, separated by ", ". */
void	 fetch_template_add_params(const struct fetch_template *, char *names, size_t size);

#endif
