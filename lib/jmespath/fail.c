/* What ends an evaluation: errors with their names and columns, and the ceilings of work, size and depth. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "limit.h"
#include "private.h"

static enum jmespath_error last_error;

static const char *const error_name[] = {
	[JE_NONE] = "", [JE_SYNTAX] = "syntax error", [JE_INVALID_TYPE] = "invalid type",
	[JE_INVALID_VALUE] = "invalid value", [JE_INVALID_ARITY] = "invalid arity",
	[JE_UNKNOWN_FUNCTION] = "unknown function", [JE_UNDEFINED_VARIABLE] = "undefined variable",
	[JE_NOT_A_NUMBER] = "not a number", [JE_LIMIT] = "limit",
};

void
jmes_set_error(enum jmespath_error kind)
{
	last_error = kind;
}

enum jmespath_error
jmespath_last_error(void)
{
	return last_error;
}

struct jval *
jmespath_fail(enum jmespath_error kind, struct err *err, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	last_error = kind;
	err_set(err, REASON_CONTRACT, "%s: %s", error_name[kind], why);
	return NULL;
}

/* "invalid type: abs() ..." becomes "invalid type at column 7: abs() ...", once. */
struct jval *
jmes_locate(struct run *r, const struct node *n)
{
	const char *kind = error_name[last_error];
	size_t len = strlen(kind);
	struct err was;

	if (r->err == NULL || strncmp(r->err->text, kind, len) != 0 || r->err->text[len] != ':')
		return NULL;
	was = *r->err;
	err_set(r->err, was.reason, "%s at column %zu%s", kind, jmes_column(r->jmes->text, r->jmes->len, n->off), was.text + len);
	return NULL;
}

bool
jmes_tired(struct run *r)
{
	jmespath_fail(JE_LIMIT, r->err, "more than %d evaluation steps for one record", LIMIT_STEPS);
	return false;
}

struct jval *
jmes_full(struct run *r)
{
	return jmespath_fail(JE_LIMIT, r->err, "result larger than %zu bytes", r->arena->max);
}

struct jval *
jmes_seal(struct run *r, struct jval *v)
{
	if (jval_seal(v) == NULL)
		return jmespath_fail(JE_LIMIT, r->err, "result nested deeper than %d", LIMIT_DEPTH);
	return v;
}

const char *
jmes_type_name(const struct jval *v)
{
	static const char *const name[] = { "null", "boolean", "number", "string", "array", "object", "expression" };

	return name[v->type];
}
