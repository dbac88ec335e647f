#include "params_set.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "params_names.h"
#include "xmalloc.h"

void
pset_init(struct pset *set, const struct install *install)
{
	memset(set, 0, sizeof(*set));
	set->install = install;
}

static void
wipe(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

void
pset_release(struct pset *set)
{
	size_t i;

	for (i = 0; i < set->n; i++) {
		free(set->v[i].name);
		wipe(set->v[i].value);
	}
	free(set->v);
	set->v = NULL;
	set->n = 0;
}

struct pset_value *
pset_find(const struct pset *set, const char *name)
{
	size_t i;

	name = params_canonical(name);
	for (i = 0; i < set->n; i++)
		if (strcmp(set->v[i].name, name) == 0)
			return &set->v[i];
	return NULL;
}

const char *
pset_get(const struct pset *set, const char *name)
{
	const struct pset_value *v = pset_find(set, name);

	return v != NULL ? v->value : NULL;
}

void
pset_unset(struct pset *set, const char *name)
{
	struct pset_value *v = pset_find(set, name);

	if (v == NULL)
		return;
	free(v->name);
	wipe(v->value);
	*v = set->v[--set->n];
}

static bool
is_list(const struct pset *set, const char *name)
{
	const struct install_param *p = install_find(set->install, name);

	return p != NULL ? p->multiple : params_reserved(name) == PARAMS_LIST;
}

static bool
is_boolean(const struct pset *set, const char *name)
{
	const struct install_param *p = install_find(set->install, name);

	return p != NULL ? p->type == INSTALL_BOOLEAN : params_reserved(name) == PARAMS_FLAG;
}

static void
append(struct pset_value *v, const char *value, size_t len, char delimiter)
{
	size_t have = strlen(v->value);

	v->value = xrealloc(v->value, have + len + 2);
	v->value[have] = delimiter;
	memcpy(v->value + have + 1, value, len);
	v->value[have + 1 + len] = '\0';
}

void
pset_put(struct pset *set, const char *name, const char *value, size_t len, enum pset_rank rank, bool secret)
{
	const struct install_param *p;
	struct pset_value *v;

	name = params_canonical(name);
	if (len == 0)
		return;
	p = install_find(set->install, name);
	secret = secret || (p != NULL && p->encrypt) || params_name_is_secret(name);
	if (secret)
		log_secret(value, len);
	v = pset_find(set, name);
	if (v != NULL && v->rank > rank)
		return;
	if (v != NULL && v->rank == FROM_ARGUMENT && rank == FROM_ARGUMENT && is_list(set, name)) {
		append(v, value, len, set->install != NULL ? set->install->delimiter : '|');
		return;
	}
	if (v == NULL) {
		set->v = xreallocarray(set->v, set->n + 1, sizeof(*set->v));
		v = &set->v[set->n++];
		memset(v, 0, sizeof(*v));
		v->name = xstrdup(name);
	}
	wipe(v->value);
	v->value = xstrndup(value, len);
	v->rank = rank;
	v->secret = v->secret || secret;
	v->boolean = is_boolean(set, name);
}

static bool
known(const struct pset *set, const char *name)
{
	return install_find(set->install, name) != NULL || params_reserved(name) != PARAMS_NOT_RESERVED;
}

void
pset_take(void *arg, const char *name, const char *value, size_t len, bool secret)
{
	struct pset *set = arg;

	/* a configuration file may hold what other feeds need; the platform's transports should not */
	if (set->install != NULL && !known(set, name) && set->rank >= FROM_SECURE)
		log_warning("unknown parameter %.80s: passed on as it stands", name);
	pset_put(set, name, value, len, set->rank, secret);
}

static int
print_value(const struct pset_value *v, bool show, struct buf *out)
{
	if (show && v->secret)
		return buf_addz(out, "\"***\"");
	if (v->boolean)
		return buf_addz(out, params_bool_word(v->value) == 1 ? "true" : "false");
	return buf_add_json(out, v->value, strlen(v->value));
}

int
pset_print(const struct pset *set, bool show, struct buf *out)
{
	const char *comma = "";
	size_t i;

	if (buf_addc(out, '{') == -1)
		return -1;
	for (i = 0; i < set->n; i++, comma = ",")
		if (buf_addz(out, comma) == -1 || buf_add_json(out, set->v[i].name, strlen(set->v[i].name)) == -1 ||
		    buf_addc(out, ':') == -1 || print_value(&set->v[i], show, out) == -1)
			return -1;
	if (!show) {
		const char *sep = "";

		if (buf_addz(out, comma) == -1 || buf_addz(out, "\"secret\":[") == -1)
			return -1;
		for (i = 0; i < set->n; i++) {
			if (!set->v[i].secret)
				continue;
			if (buf_addz(out, sep) == -1 || buf_add_json(out, set->v[i].name, strlen(set->v[i].name)) == -1)
				return -1;
			sep = ",";
		}
		if (buf_addc(out, ']') == -1)
			return -1;
	}
	return buf_addz(out, "}\n");
}
