/* The members of each type and of each array's elements, as the object room looks them up: made once of the schema. */
#include <string.h>

#include "object_private.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static enum object_role
role_of(enum tc_type type, const struct field *f)
{
	const char *const *value = schema_value_members(type);
	int k;

	if (strcmp(f->name, "active") == 0)
		return ROLE_ACTIVE;
	if (strcmp(f->name, "action") == 0)
		return ROLE_ACTION;
	if (strcmp(f->name, "batchId") == 0)
		return ROLE_BATCH;
	if (strcmp(f->name, "type") == 0 || strcmp(f->name, "summary") == 0)
		return ROLE_VALUE;
	for (k = 0; value != NULL && k < OBJECT_VALUES && value[k] != NULL; k++)
		if (strcmp(f->name, value[k]) == 0)
			return ROLE_VALUE;
	return ROLE_NONE;
}

const struct object_table *
object_table(enum tc_type type)
{
	static struct object_table table[TYPE_COUNT];
	struct object_table *t = &table[type];
	const struct field *f;
	int i;

	if (t->n == 0) {
		for (i = 0; i < OBJECT_FIELDS && (f = schema_field(type, (size_t)i)) != NULL; i++) {
			t->field[i].f = f;
			t->field[i].len = strlen(f->name);
			t->field[i].role = role_of(type, f);
		}
		t->n = i;
	}
	return t;
}

const struct object_table *
object_element_table(enum field_kind kind)
{
	static struct object_table table[FIELD_REF_ID + 1];
	/* members an element is of no use without */
	static const struct { enum field_kind kind; const char *name; } need[] = {
		{ FIELD_ATTRIBUTES, "type" }, { FIELD_ATTRIBUTES, "value" }, { FIELD_TAGS, "name" }, { FIELD_LABELS, "name" },
		{ FIELD_GROUP_REFS, "groupXid" }, { FIELD_INDICATOR_REFS, "summary" }, { FIELD_INDICATOR_REFS, "indicatorType" },
	};
	struct object_table *t = &table[kind];
	const struct field *f;
	size_t k;
	int i;

	if (t->n == 0) {
		for (i = 0; i < OBJECT_FIELDS && (f = schema_element(kind, (size_t)i)) != NULL; i++) {
			t->field[i].f = f;
			t->field[i].len = strlen(f->name);
			for (k = 0; k < N(need); k++)
				if (need[k].kind == kind && strcmp(need[k].name, f->name) == 0) {
					t->field[i].required = true;
					t->nrequired++;
				}
		}
		t->n = i;
	}
	return t;
}

void
object_prepare(void)
{
	int i;

	for (i = 0; i < TYPE_COUNT; i++)
		object_table((enum tc_type)i);
	for (i = FIELD_ATTRIBUTES; i <= FIELD_REF_ID; i++)
		object_element_table((enum field_kind)i);
}
