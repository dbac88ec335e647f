/* Which functions there are: the specification's, then the registered ones. */
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "text.h"
#include "xmalloc.h"

#define ANY	KIND_ANY
#define NUMBER	KIND_NUMBER
#define STRING	KIND_STRING
#define ARRAY	KIND_ARRAY
#define OBJECT	KIND_OBJECT
#define EXPREF	KIND_EXPREF
#define NUMBERS	KIND_NUMBERS
#define STRINGS	KIND_STRINGS
#define OBJECTS	KIND_OBJECTS

static const struct function standard[] = {
	{ "abs", 1, 1, jmes_abs, NULL, { NUMBER }, false },
	{ "avg", 1, 1, jmes_avg, NULL, { NUMBERS }, false },
	{ "ceil", 1, 1, jmes_ceil, NULL, { NUMBER }, false },
	{ "contains", 2, 2, jmes_contains, NULL, { ARRAY | STRING, ANY }, false },
	{ "ends_with", 2, 2, jmes_ends_with, NULL, { STRING, STRING }, false },
	{ "find_first", 2, 4, jmes_find_first, NULL, { STRING, STRING, NUMBER, NUMBER }, false },
	{ "find_last", 2, 4, jmes_find_last, NULL, { STRING, STRING, NUMBER, NUMBER }, false },
	{ "floor", 1, 1, jmes_floor, NULL, { NUMBER }, false },
	{ "from_items", 1, 1, jmes_from_items, NULL, { ARRAY }, false },
	{ "group_by", 2, 2, jmes_group_by, NULL, { OBJECTS, EXPREF }, false },
	{ "items", 1, 1, jmes_items, NULL, { OBJECT }, false },
	{ "join", 2, 2, jmes_join, NULL, { STRING, STRINGS }, false },
	{ "keys", 1, 1, jmes_keys, NULL, { OBJECT }, false },
	{ "length", 1, 1, jmes_length, NULL, { ARRAY | OBJECT | STRING }, false },
	{ "lower", 1, 1, jmes_lower, NULL, { STRING }, false },
	{ "map", 2, 2, jmes_map, NULL, { EXPREF, ARRAY }, false },
	{ "max", 1, 1, jmes_max, NULL, { NUMBERS | STRINGS }, false },
	{ "max_by", 2, 2, jmes_max_by, NULL, { ARRAY, EXPREF }, false },
	{ "merge", 1, -1, jmes_merge, NULL, { OBJECT, OBJECT, OBJECT, OBJECT }, false },
	{ "min", 1, 1, jmes_min, NULL, { NUMBERS | STRINGS }, false },
	{ "min_by", 2, 2, jmes_min_by, NULL, { ARRAY, EXPREF }, false },
	{ "not_null", 1, -1, NULL, NULL, { 0 }, true },
	{ "pad_left", 2, 3, jmes_pad_left, NULL, { STRING, NUMBER, STRING }, false },
	{ "pad_right", 2, 3, jmes_pad_right, NULL, { STRING, NUMBER, STRING }, false },
	{ "replace", 3, 4, jmes_replace, NULL, { STRING, STRING, STRING, NUMBER }, false },
	{ "reverse", 1, 1, jmes_reverse, NULL, { ARRAY | STRING }, false },
	{ "sort", 1, 1, jmes_sort, NULL, { NUMBERS | STRINGS }, false },
	{ "sort_by", 2, 2, jmes_sort_by, NULL, { ARRAY, EXPREF }, false },
	{ "split", 2, 3, jmes_split, NULL, { STRING, STRING, NUMBER }, false },
	{ "starts_with", 2, 2, jmes_starts_with, NULL, { STRING, STRING }, false },
	{ "sum", 1, 1, jmes_sum, NULL, { NUMBERS }, false },
	{ "to_array", 1, 1, jmes_to_array, NULL, { ANY }, false },
	{ "to_number", 1, 1, jmes_to_number, NULL, { ANY }, false },
	{ "to_string", 1, 1, jmes_to_string, NULL, { ANY }, false },
	{ "trim", 1, 2, jmes_trim, NULL, { STRING, STRING }, false },
	{ "trim_left", 1, 2, jmes_trim_left, NULL, { STRING, STRING }, false },
	{ "trim_right", 1, 2, jmes_trim_right, NULL, { STRING, STRING }, false },
	{ "type", 1, 1, jmes_type, NULL, { ANY }, false },
	{ "upper", 1, 1, jmes_upper, NULL, { STRING }, false },
	{ "values", 1, 1, jmes_values, NULL, { OBJECT }, false },
	{ "zip", 1, -1, jmes_zip, NULL, { ARRAY, ARRAY, ARRAY, ARRAY }, false },
};

/* Registered functions stay for the process's life; each has its own piece, as compiled expressions point at it. */
static struct function **registered;
static size_t nregistered;

const struct function *
jmes_function(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
		if (text_eq(name, len, standard[i].name))
			return &standard[i];
	for (i = 0; i < nregistered; i++)
		if (text_eq(name, len, registered[i]->name))
			return registered[i];
	return NULL;
}

void
jmespath_register(const char *name, int min, int max, jmespath_fn *fn)
{
	struct function *f = xmalloc(sizeof(*f));

	*f = (struct function){ name, min, max, NULL, fn, { ANY, ANY, ANY, ANY }, false };
	registered = xreallocarray(registered, nregistered + 1, sizeof(*registered));
	registered[nregistered++] = f;
}
