/*
 * Runs JMESPath suites: files of [{"given": ..., "cases": [{"expression",
 * "result" | "error" | "bench"}]}], as the JMESPath projects publish them.
 *
 *	jmespath_suite DIRECTORY|FILE ...
 *
 * json-c reads the suites and our printed results: it shares no code with
 * what is tested. In the project's own cases "error_text" must stand in the
 * message, "text" is the result as printed, and a group's "tables" are lookup()'s.
 */
#include <dirent.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "functions.h"
#include "jmespath.h"
#include "limit.h"
#include "xmalloc.h"

#include "tap.h"

/*
 * What the community's grammar changed on purpose against the original
 * specification: the case's old result is then not ours. expected is what
 * the new rule gives.
 */
static const struct change {
	const char	*file, *expression, *expected, *why;
} changes[] = {
	{ "literal.json", "'\\\\'", "\"\\\\\"", "raw-string-escape = escape (\"'\" / escape): \\\\ is one backslash (JEP-12a)" },
};

static const char *
error_word(enum jmespath_error e)
{
	static const char *const word[] = { "none", "syntax", "invalid-type", "invalid-value", "invalid-arity",
		"unknown-function", "undefined-variable", "not-a-number", "limit" };

	return word[e];
}

/* Equal as JSON: numbers by value, members in any order. */
static bool
same(struct json_object *a, struct json_object *b)
{
	enum json_type ta = json_object_get_type(a), tb = json_object_get_type(b);
	size_t i;

	if ((ta == json_type_int || ta == json_type_double) && (tb == json_type_int || tb == json_type_double)) {
		double x = json_object_get_double(a), y = json_object_get_double(b);

		return x == y || fabs(x - y) <= 1e-12 * fabs(x);
	}
	if (ta != tb)
		return false;
	if (ta == json_type_array) {
		if (json_object_array_length(a) != json_object_array_length(b))
			return false;
		for (i = 0; i < json_object_array_length(a); i++)
			if (!same(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
				return false;
		return true;
	}
	if (ta == json_type_object) {
		if (json_object_object_length(a) != json_object_object_length(b))
			return false;
		json_object_object_foreach(a, key, value) {
			struct json_object *other;

			if (!json_object_object_get_ex(b, key, &other) || !same(value, other))
				return false;
		}
		return true;
	}
	return json_object_equal(a, b) != 0;
}

struct outcome {
	enum jmespath_error	 error;
	char			*json;		/* NULL on an error */
	struct err		 err;
};

static void
evaluate(struct outcome *o, const char *expression, size_t explen, const char *given, const struct tables *tables)
{
	struct scan s;
	struct arena arena;
	struct jmespath *j;
	struct jval *root, *v;
	struct buf out;

	memset(o, 0, sizeof(*o));
	scan_init(&s);
	arena_init(&arena, LIMIT_RESULT);
	buf_init(&out, LIMIT_RESULT);
	if ((j = jmespath_compile(expression, explen, &o->err)) == NULL)
		o->error = jmespath_last_error();
	else if (scan_text(&s, given, strlen(given), &o->err) == -1 || (root = jval_from_scan(&arena, &s, 0)) == NULL)
		snprintf(o->err.text, sizeof(o->err.text), "the suite's document is not ours to read");
	else {
		const struct jmespath_var var[] = { { "record", root } };
		struct jmespath_ctx ctx = { .arena = &arena, .var = var, .nvar = 1, .user = tables };

		if ((v = jmespath_eval(j, &ctx, root, &o->err)) == NULL)
			o->error = jmespath_last_error();
		else if (jval_print(v, &out) == 0)
			o->json = xstrdup(out.bytes);
	}
	jmespath_free(j);
	buf_release(&out);
	arena_release(&arena);
	scan_release(&s);
}

static const struct change *
find_change(const char *file, const char *expression)
{
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (strcmp(changes[i].file, file) == 0 && strcmp(changes[i].expression, expression) == 0)
			return &changes[i];
	return NULL;
}

enum verdict { PASSED, CHANGED, FAILED };

static enum verdict
judge_value(const char *file, const char *expression, struct json_object *want, const char *json)
{
	struct json_object *got = json == NULL ? NULL : json_tokener_parse(json), *ours;
	const struct change *change;
	enum verdict v = FAILED;

	if (json == NULL)
		return FAILED;
	if (same(got, want))
		v = PASSED;
	else if ((change = find_change(file, expression)) != NULL) {
		ours = json_tokener_parse(change->expected);
		if (same(got, ours)) {
			v = CHANGED;
			printf("# %s: %s gives %s: %s\n", file, expression, json, change->why);
		}
		json_object_put(ours);
	}
	json_object_put(got);
	return v;
}

static enum verdict
run_case(const char *file, struct json_object *one, const char *given, const struct tables *tables)
{
	struct json_object *expression, *want, *text;
	enum verdict v;
	struct outcome o;
	const char *exp, *error = NULL;

	json_object_object_get_ex(one, "expression", &expression);
	exp = json_object_get_string(expression);
	evaluate(&o, exp, (size_t)json_object_get_string_len(expression), given, tables);
	if (json_object_object_get_ex(one, "error", &want)) {
		error = json_object_get_string(want);
		v = o.json == NULL && strcmp(error_word(o.error), error) == 0 ? PASSED : FAILED;
		if (json_object_object_get_ex(one, "error_text", &text) && strstr(o.err.text, json_object_get_string(text)) == NULL)
			v = FAILED;
	} else if (json_object_object_get_ex(one, "result", &want))
		v = judge_value(file, exp, want, o.json);
	else	/* a benchmark: it must run */
		v = o.json != NULL ? PASSED : FAILED;
	if (json_object_object_get_ex(one, "text", &text) && (o.json == NULL || strcmp(o.json, json_object_get_string(text)) != 0))
		v = FAILED;
	if (v == FAILED)
		printf("# %s: %.300s\n#   wanted %.300s\n#   got %.300s %s\n", file, exp, error != NULL ? error : json_object_to_json_string(want),
		    o.json != NULL ? o.json : error_word(o.error), o.err.text);
	free(o.json);
	return v;
}

static void
run_file(const char *path)
{
	const char *file = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	struct json_object *suite = json_object_from_file(path), *given, *cases;
	int count[3] = { 0, 0, 0 };
	size_t i, k;

	if (!json_object_is_type(suite, json_type_array)) {
		tap_ok(false, "%s: no suite", file);
		json_object_put(suite);
		return;
	}
	for (i = 0; i < json_object_array_length(suite); i++) {
		struct json_object *group = json_object_array_get_idx(suite, i);
		struct tables *tables = NULL;
		struct json_object *t;
		struct err err;
		char *text;

		if (json_object_object_get_ex(group, "tables", &t)) {
			const char *json = json_object_to_json_string_ext(t, JSON_C_TO_STRING_PLAIN);

			if ((tables = tables_read(json, strlen(json), &err)) == NULL)
				tap_ok(false, "%s: %s", file, err.text);
		}
		json_object_object_get_ex(group, "given", &given);
		json_object_object_get_ex(group, "cases", &cases);
		text = xstrdup(json_object_to_json_string_ext(given, JSON_C_TO_STRING_PLAIN));
		for (k = 0; k < json_object_array_length(cases); k++)
			count[run_case(file, json_object_array_get_idx(cases, k), text, tables)]++;
		free(text);
		tables_free(tables);
	}
	json_object_put(suite);
	tap_ok(count[FAILED] == 0 && count[PASSED] > 0, "%s: %d passed, %d changed on purpose, %d failed", file, count[PASSED],
	    count[CHANGED], count[FAILED]);
}

static void
run_directory(const char *path)
{
	struct dirent **entry;
	int n = scandir(path, &entry, NULL, alphasort), i;

	if (n < 0)
		tap_ok(false, "%s: cannot be read", path);
	for (i = 0; i < n; i++) {
		size_t len = strlen(entry[i]->d_name);
		char *file = xmalloc(strlen(path) + len + 2);

		sprintf(file, "%s/%s", path, entry[i]->d_name);
		if (len > 5 && strcmp(entry[i]->d_name + len - 5, ".json") == 0)
			run_file(file);
		free(file);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

int
main(int argc, char **argv)
{
	struct stat st;
	int i;

	functions_register();
	for (i = 1; i < argc; i++)
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			run_directory(argv[i]);
		else
			run_file(argv[i]);
	return tap_done();
}
