/*
 * What the names of parameters say by themselves: which are two spellings of
 * one, which belong to the platform, which hold a secret.
 *
 * Source: platform/runtime-app.md section 1, "Reserved names".
 *
 * Ownership: names handed out are constants or the argument itself. Nothing can
 * fail.
 */
#ifndef TC_PARAMS_NAMES_H
#define TC_PARAMS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* The one spelling we keep for a name that has several ("tc_api_access_id" is "api_access_id"); else name itself. */
const char *params_canonical(const char *name);

/* How a reserved name is written on a command line. */
enum params_form {
	PARAMS_NOT_RESERVED,
	PARAMS_TEXT,		/* --name value */
	PARAMS_FLAG,		/* --name alone is true; a following true/false word is taken */
	PARAMS_LIST,		/* --name value, repeated: joined by | */
	PARAMS_IGNORED_TEXT,	/* other features of the platform: taken, never used */
	PARAMS_IGNORED_FLAG
};
enum params_form params_reserved(const char *name);

/* Does the name itself say that the value is a secret (token, secret, password, key, cookie ...)? */
bool	 params_name_is_secret(const char *name);

/* The names asked of the environment at a shell, in capitals there; NULL past the end. */
const char *params_environment(size_t i);

/* 1 t true y yes on (any case) are true, 0 f false n no off are not; -1 for anything else. */
int	 params_bool_word(const char *text);

#endif
