/*
 * The platform's arguments (runtime-app.md section 1, "Parsing rules").
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "params_names.h"
#include "params_set.h"
#include "xmalloc.h"

/* A name as the platform normalises it: lower case, - and blank are _; len bytes of text. */
static char *
name_of(const char *text, size_t len)
{
	char *name = xmalloc(len + 1);
	size_t i;

	for (i = 0; i < len; i++)
		name[i] = text[i] == '-' || text[i] == ' ' ? '_' : (char)tolower((unsigned char)text[i]);
	name[len] = '\0';
	return name;
}

static bool
is_flag(const struct pset *set, const char *name)
{
	const struct install_param *p = install_find(set->install, params_canonical(name));
	enum params_form form = params_reserved(name);

	if (p != NULL)
		return p->type == INSTALL_BOOLEAN;
	return form == PARAMS_FLAG || form == PARAMS_IGNORED_FLAG;
}

static bool
is_known(const struct pset *set, const char *name)
{
	return install_find(set->install, params_canonical(name)) != NULL || params_reserved(name) != PARAMS_NOT_RESERVED;
}

/* Does arg name a parameter we know? Then it cannot be the value of the one before. */
static bool
begins_known(const struct pset *set, const char *arg)
{
	char *name;
	bool known;

	if (strncmp(arg, "--", 2) != 0)
		return false;
	name = name_of(arg + 2, strcspn(arg + 2, "="));
	known = is_known(set, name);
	free(name);
	return known;
}

/* Is next the value of the parameter name? */
static bool
takes(const struct pset *set, const char *name, const char *next)
{
	if (next == NULL)
		return false;
	if (is_flag(set, name))
		return params_bool_word(next) != -1;
	if (is_known(set, name))
		return !begins_known(set, next);	/* a password may begin with -- */
	return strncmp(next, "--", 2) != 0;
}

static void
hide(char *arg)
{
	memset(arg, '*', strlen(arg));
}

void
pset_args(struct pset *set, int argc, char **argv)
{
	char *name, *value;
	int i;

	for (i = 0; i < argc; i++) {
		size_t len;

		if (strncmp(argv[i], "--", 2) != 0 || argv[i][2] == '\0' || argv[i][2] == '=') {
			log_warning("argument %d is no --name: ignored", i + 1);
			hide(argv[i]);
			continue;
		}
		len = strcspn(argv[i] + 2, "=");
		name = name_of(argv[i] + 2, len);
		if (argv[i][2 + len] == '=')
			value = argv[i] + 2 + len + 1;
		else if (takes(set, name, i + 1 < argc ? argv[i + 1] : NULL))
			value = argv[++i];
		else
			value = NULL;
		if (!is_known(set, name) && set->install != NULL)
			log_warning("unknown argument --%.80s: passed on as it stands", name);
		if (value != NULL) {
			pset_put(set, name, value, strlen(value), FROM_ARGUMENT, false);
			hide(value);
		} else if (is_flag(set, name) || !is_known(set, name))
			pset_put(set, name, "true", 4, FROM_ARGUMENT, false);
		else
			log_warning("argument --%.80s has no value: ignored", name);
		free(name);
	}
}
