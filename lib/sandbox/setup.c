#include "sandbox/setup.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "limit.h"
#include "sandbox/auth.h"
#include "sandbox/docs.h"
#include "sandbox/faults.h"
#include "sandbox/job.h"
#include "sandbox/requests.h"
#include "xmalloc.h"

static const char *const label[] = { "TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR", "TLP:WHITE" };

struct instance *
instance_new(void)
{
	struct instance *in = xcalloc(1, sizeof(*in));

	in->role = ROLE_EDITOR;
	in->max_bytes = 100 * 1000 * 1000;
	in->max_indicators = LIMIT_CHUNK_INDICATORS;
	in->token_life = 3600;
	in->faults = faults_new();
	in->requests = requests_new();
	in->docs = docs_new();
	return in;
}

void
instance_free(struct instance *in)
{
	size_t i;

	for (i = 0; i < in->nowner; i++) {
		store_clear(&in->owner[i].store);
		free(in->owner[i].store.by_id);
		free(in->owner[i].name);
		free(in->owner[i].file);
		strings_release(&in->owner[i].label);
		strings_release(&in->owner[i].uploaded);
	}
	free(in->owner);
	strings_release(&in->attribute);
	strings_release(&in->excluded);
	strings_release(&in->param_name);
	strings_release(&in->param_value);
	auth_free(in->auth);
	jobs_free(in->jobs);
	faults_free(in->faults);
	requests_free(in->requests);
	docs_free(in->docs);
	free(in);
}

int
instance_add_owner(struct instance *in, const char *text, struct err *err)
{
	static const char *const type[] = { "Source", "Organization", "Community" };
	const char *eq = strrchr(text, '=');
	struct owner *o;
	size_t i, n = 0;

	for (i = 0; eq != NULL && i < 3; i++)
		if (strcmp(eq + 1, type[i]) == 0)
			break;
	if (eq == NULL || i == 3) {
		i = 0;
		eq = text + strlen(text);
	}
	if (eq == text || eq - text > 255)
		return err_set(err, REASON_USAGE, "an owner's name has 1 to 255 bytes");
	in->owner = xreallocarray(in->owner, in->nowner + 1, sizeof(*in->owner));
	o = &in->owner[in->nowner++];
	memset(o, 0, sizeof(*o));
	o->name = xstrndup(text, (size_t)(eq - text));
	o->type = type[i];
	store_init(&o->store);
	for (n = 0; n < sizeof(label) / sizeof(label[0]); n++)
		strings_add(&o->label, label[n], strlen(label[n]));
	return 0;
}

int
instance_add_exclusions(struct instance *in, const char *file, struct err *err)
{
	char *bytes, *line, *save = NULL;
	size_t len;

	if (io_slurp(file, 16 * MIB, &bytes, &len, err) == -1)
		return -1;
	for (line = strtok_r(bytes, "\r\n", &save); line != NULL; line = strtok_r(NULL, "\r\n", &save)) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t#")] = '\0';
		if (*line != '\0')
			strings_add(&in->excluded, line, strlen(line));
	}
	free(bytes);
	return 0;
}

int
instance_add_parameters(struct instance *in, const char *file, struct err *err)
{
	struct json_object *o;
	const char *value;
	char *bytes;
	size_t len;

	if (io_slurp(file, LIMIT_PARAMS, &bytes, &len, err) == -1)
		return -1;
	o = json_tokener_parse(bytes);
	free(bytes);
	if (o == NULL || !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return err_set(err, REASON_USAGE, "%s is no JSON object", file);
	}
	json_object_object_foreach(o, name, v) {
		value = json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		strings_add(&in->param_name, name, strlen(name));
		strings_add(&in->param_value, value, strlen(value));
	}
	json_object_put(o);
	return 0;
}

static int
member(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return 0;
	return buf_addf(b, "%s\"%s\":", b->len == 0 ? "{" : ",", name) == -1 ? -1 : buf_add_json(b, value, strlen(value));
}

int
instance_configuration(const struct instance *in, enum shown shown, const char *ca_file, struct buf *b)
{
	long long expires;
	const char *token = auth_token(in->auth, &expires);
	int rc;

	rc = member(b, "tc_api_path", in->api_path);
	if (rc == 0 && shown != SHOW_TOKEN)
		rc = member(b, "api_access_id", auth_access_id(in->auth)) | member(b, "api_secret_key", auth_secret_key(in->auth));
	if (rc == 0 && shown != SHOW_KEYS) {
		rc = member(b, "tc_token", token);
		if (rc == 0)
			rc = buf_addf(b, ",\"tc_token_expires\":%lld", expires);
	}
	if (rc == 0)
		rc = member(b, "tc_owner", in->owner[0].name) | member(b, "ca_file", ca_file);
	return rc == 0 ? buf_addz(b, "}\n") : -1;
}
