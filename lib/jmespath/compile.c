#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "private.h"
#include "xmalloc.h"

/* Nodes, names and literals of an expression of LIMIT_EXPRESSION bytes stay well below. */
#define COMPILED_MAX	(8 * MIB)

struct jmespath *
jmespath_compile(const char *text, size_t len, struct err *err)
{
	struct jmespath *j;
	char *copy;

	if (len > LIMIT_EXPRESSION) {
		jmes_set_error(JE_LIMIT);
		err_set(err, REASON_USAGE, "expression of %zu bytes, %zu are allowed", len, LIMIT_EXPRESSION);
		return NULL;
	}
	j = xcalloc(1, sizeof(*j));
	arena_init(&j->arena, COMPILED_MAX);
	copy = arena_alloc(&j->arena, len + 1);
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	j->text = copy;
	j->len = len;
	if (jmes_parse(j, err) == -1) {
		jmespath_free(j);
		return NULL;
	}
	return j;
}

void
jmespath_free(struct jmespath *j)
{
	if (j == NULL)
		return;
	arena_release(&j->arena);
	free(j);
}

int
jmespath_chain(const struct jmespath *j, const char **name, size_t *len, int max)
{
	const struct node *top = j->top;
	uint32_t n = top->op == N_CHAIN ? top->n : 1, i;

	if (n > (uint32_t)max)
		return 0;
	for (i = 0; i < n; i++) {
		const struct node *field = top->op == N_CHAIN ? top->child[i] : top;

		if (field->op != N_FIELD)
			return 0;
		name[i] = field->u.name.text;
		len[i] = field->u.name.len;
	}
	return (int)n;
}

bool
jmespath_variable(const struct jmespath *j, int i, const char **name, size_t *len)
{
	if (i < 0 || (uint32_t)i >= j->nouter)
		return false;
	*name = j->outer[i]->u.name.text;
	*len = j->outer[i]->u.name.len;
	return true;
}
