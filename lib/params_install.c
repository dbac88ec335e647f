#include "params_install.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "limit.h"
#include "xmalloc.h"

static char *
text_member(struct json_object *o, const char *name, const char *otherwise)
{
	struct json_object *v;

	if (json_object_object_get_ex(o, name, &v) && v != NULL)
		return xstrdup(json_object_get_string(v));
	return otherwise != NULL ? xstrdup(otherwise) : NULL;
}

static bool
true_member(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) && json_object_is_type(v, json_type_boolean) &&
	    json_object_get_boolean(v);
}

static int
type_of(const char *word, enum install_type *type)
{
	static const struct { const char *word; enum install_type type; } known[] = {
		{ "String", INSTALL_STRING }, { "StringMixed", INSTALL_STRING }, { "EditChoice", INSTALL_STRING },
		{ "Boolean", INSTALL_BOOLEAN }, { "Choice", INSTALL_CHOICE }, { "MultiChoice", INSTALL_MULTI_CHOICE },
		{ "KeyValueList", INSTALL_PAIRS },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(word, known[i].word) == 0) {
			*type = known[i].type;
			return 0;
		}
	return -1;
}

static char **
texts(struct json_object *o, const char *name)
{
	struct json_object *list;
	size_t i, n;
	char **out;

	if (!json_object_object_get_ex(o, name, &list) || !json_object_is_type(list, json_type_array))
		return NULL;
	n = json_object_array_length(list);
	out = xcalloc(n + 1, sizeof(*out));
	for (i = 0; i < n; i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(list, i));

		out[i] = xstrdup(word != NULL ? word : "");
	}
	return out;
}

static int
take_param(struct install *in, struct json_object *o, const char *file, struct err *err)
{
	struct install_param *p = &in->param[in->n];
	char *type;
	int rc = 0;

	if (!json_object_is_type(o, json_type_object) || (p->name = text_member(o, "name", NULL)) == NULL)
		return err_set(err, REASON_USAGE, "%s: /params/%zu has no name", file, in->n);
	type = text_member(o, "type", "String");
	if (type_of(type, &p->type) == -1)
		rc = err_set(err, REASON_USAGE, "%s: parameter %s: unknown type '%.40s'", file, p->name, type);
	free(type);
	p->required = true_member(o, "required");
	p->encrypt = true_member(o, "encrypt");
	p->multiple = p->type == INSTALL_MULTI_CHOICE || true_member(o, "allowMultiple");
	p->valid = texts(o, "validValues");
	p->otherwise = text_member(o, "default", NULL);
	in->n++;
	return rc;
}

static char *
joined(struct json_object *root, const char *name)
{
	char **word = texts(root, name), *out = xstrdup("");
	size_t i;

	for (i = 0; word != NULL && word[i] != NULL; i++) {
		out = xrealloc(out, strlen(out) + strlen(word[i]) + 2);
		if (i > 0)
			strcat(out, " ");
		strcat(out, word[i]);
		free(word[i]);
	}
	free(word);
	return out;
}

int
install_load(struct install **out, const char *file, struct err *err)
{
	struct install *in;
	struct json_object *root, *list;
	enum json_tokener_error why;
	char *bytes, *word;
	size_t len, i;
	int rc = 0;

	if (io_slurp(file, LIMIT_PARAMS, &bytes, &len, err) == -1)
		return -1;
	root = json_tokener_parse_verbose(bytes, &why);
	free(bytes);
	if (!json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		return err_set(err, REASON_USAGE, "%s is no JSON object: %s", file, json_tokener_error_desc(why));
	}
	in = xcalloc(1, sizeof(*in));
	in->display_name = text_member(root, "displayName", "tcfeed");
	in->version = text_member(root, "programVersion", "?");
	in->min_server = text_member(root, "minServerVersion", "any");
	in->runtime_level = text_member(root, "runtimeLevel", "?");
	in->features = joined(root, "features");
	word = text_member(root, "listDelimiter", "|");
	in->delimiter = *word != '\0' ? *word : '|';
	free(word);
	if (json_object_object_get_ex(root, "params", &list) && json_object_is_type(list, json_type_array)) {
		in->param = xcalloc(json_object_array_length(list) + 1, sizeof(*in->param));
		for (i = 0; rc == 0 && i < json_object_array_length(list); i++)
			rc = take_param(in, json_object_array_get_idx(list, i), file, err);
	}
	json_object_put(root);
	if (rc == -1) {
		install_free(in);
		return -1;
	}
	*out = in;
	return 0;
}

void
install_free(struct install *in)
{
	size_t i, k;

	if (in == NULL)
		return;
	for (i = 0; i < in->n; i++) {
		free(in->param[i].name);
		free(in->param[i].otherwise);
		for (k = 0; in->param[i].valid != NULL && in->param[i].valid[k] != NULL; k++)
			free(in->param[i].valid[k]);
		free(in->param[i].valid);
	}
	free(in->param);
	free(in->display_name);
	free(in->version);
	free(in->min_server);
	free(in->runtime_level);
	free(in->features);
	free(in);
}

const struct install_param *
install_find(const struct install *in, const char *name)
{
	size_t i;

	for (i = 0; in != NULL && i < in->n; i++)
		if (strcmp(in->param[i].name, name) == 0)
			return &in->param[i];
	return NULL;
}
