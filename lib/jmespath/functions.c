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
	{ "abs", 1, 1, jmes_abs, NULL, { NUMBER }, { false }, false },
	{ "avg", 1, 1, jmes_avg, NULL, { NUMBERS }, { false }, false },
	{ "ceil", 1, 1, jmes_ceil, NULL, { NUMBER }, { false }, false },
	{ "contains", 2, 2, jmes_contains, NULL, { ARRAY | STRING, ANY }, { false }, false },
	{ "ends_with", 2, 2, jmes_ends_with, NULL, { STRING, STRING }, { false }, false },
	{ "find_first", 2, 4, jmes_find_first, NULL, { STRING, STRING, NUMBER, NUMBER }, { false }, false },
	{ "find_last", 2, 4, jmes_find_last, NULL, { STRING, STRING, NUMBER, NUMBER }, { false }, false },
	{ "floor", 1, 1, jmes_floor, NULL, { NUMBER }, { false }, false },
	{ "from_items", 1, 1, jmes_from_items, NULL, { ARRAY }, { false }, false },
	{ "group_by", 2, 2, jmes_group_by, NULL, { OBJECTS, EXPREF }, { false }, false },
	{ "items", 1, 1, jmes_items, NULL, { OBJECT }, { false }, false },
	{ "join", 2, 2, jmes_join, NULL, { STRING, STRINGS }, { false }, false },
	{ "keys", 1, 1, jmes_keys, NULL, { OBJECT }, { false }, false },
	{ "length", 1, 1, jmes_length, NULL, { ARRAY | OBJECT | STRING }, { false }, false },
	{ "lower", 1, 1, jmes_lower, NULL, { STRING }, { false }, false },
	{ "map", 2, 2, jmes_map, NULL, { EXPREF, ARRAY }, { false }, false },
	{ "max", 1, 1, jmes_max, NULL, { NUMBERS | STRINGS }, { false }, false },
	{ "max_by", 2, 2, jmes_max_by, NULL, { ARRAY, EXPREF }, { false }, false },
	{ "merge", 1, -1, jmes_merge, NULL, { OBJECT, OBJECT, OBJECT, OBJECT }, { false }, false },
	{ "min", 1, 1, jmes_min, NULL, { NUMBERS | STRINGS }, { false }, false },
	{ "min_by", 2, 2, jmes_min_by, NULL, { ARRAY, EXPREF }, { false }, false },
	{ "not_null", 1, -1, NULL, NULL, { 0 }, { false }, true },
	{ "pad_left", 2, 3, jmes_pad_left, NULL, { STRING, NUMBER, STRING }, { false }, false },
	{ "pad_right", 2, 3, jmes_pad_right, NULL, { STRING, NUMBER, STRING }, { false }, false },
	{ "replace", 3, 4, jmes_replace, NULL, { STRING, STRING, STRING, NUMBER }, { false }, false },
	{ "reverse", 1, 1, jmes_reverse, NULL, { ARRAY | STRING }, { false }, false },
	{ "sort", 1, 1, jmes_sort, NULL, { NUMBERS | STRINGS }, { false }, false },
	{ "sort_by", 2, 2, jmes_sort_by, NULL, { ARRAY, EXPREF }, { false }, false },
	{ "split", 2, 3, jmes_split, NULL, { STRING, STRING, NUMBER }, { false }, false },
	{ "starts_with", 2, 2, jmes_starts_with, NULL, { STRING, STRING }, { false }, false },
	{ "sum", 1, 1, jmes_sum, NULL, { NUMBERS }, { false }, false },
	{ "to_array", 1, 1, jmes_to_array, NULL, { ANY }, { false }, false },
	{ "to_number", 1, 1, jmes_to_number, NULL, { ANY }, { false }, false },
	{ "to_string", 1, 1, jmes_to_string, NULL, { ANY }, { false }, false },
	{ "trim", 1, 2, jmes_trim, NULL, { STRING, STRING }, { false }, false },
	{ "trim_left", 1, 2, jmes_trim_left, NULL, { STRING, STRING }, { false }, false },
	{ "trim_right", 1, 2, jmes_trim_right, NULL, { STRING, STRING }, { false }, false },
	{ "type", 1, 1, jmes_type, NULL, { ANY }, { false }, false },
	{ "upper", 1, 1, jmes_upper, NULL, { STRING }, { false }, false },
	{ "values", 1, 1, jmes_values, NULL, { OBJECT }, { false }, false },
	{ "zip", 1, -1, jmes_zip, NULL, { ARRAY, ARRAY, ARRAY, ARRAY }, { false }, false },
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

static uint16_t
kind_of(char letter)
{
	switch (letter | 0x20) {
	case 's':
		return STRING;
	case 'n':
		return NUMBER;
	case 't':
		return STRING | NUMBER;
	case 'a':
		return ARRAY;
	case 'o':
		return OBJECT;
	default:
		return ANY;
	}
}

void
jmespath_register(const char *name, int min, int max, const char *kinds, jmespath_fn *fn)
{
	struct function *f = xcalloc(1, sizeof(*f));
	size_t i, n = strlen(kinds), last;

	f->name = name;
	f->min = min;
	f->max = max;
	f->ours = fn;
	for (i = 0; i < 4; i++) {
		last = i < n ? i : n - 1;
		f->kind[i] = kind_of(kinds[last]);
		f->null[i] = kinds[last] >= 'A' && kinds[last] <= 'Z';
	}
	registered = xreallocarray(registered, nregistered + 1, sizeof(*registered));
	registered[nregistered++] = f;
}
