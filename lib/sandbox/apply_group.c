/* Groups that refer to groups of the same document. */
#include "sandbox/apply.h"

#include <stdlib.h>
#include <string.h>

#include "xmalloc.h"

#define GROUP_ROUNDS 100		/* passes over groups that refer to refused groups */

struct candidate {
	uint8_t		 key[STORE_KEY];
	const struct element *element;
	bool		 good, refers;
};

static int
by_key(const void *x, const void *y)
{
	return memcmp(((const struct candidate *)x)->key, ((const struct candidate *)y)->key, STORE_KEY);
}

static bool
group_known(struct apply *a, struct candidate *c, size_t n, const struct ref *ref)
{
	struct candidate want, *found;

	if (ref->type != TYPE_NONE || apply_find(a, TYPE_NONE, ref->text.text, ref->text.len) != NULL)
		return true;
	store_key(want.key, TYPE_NONE, ref->text.text, ref->text.len);
	found = bsearch(&want, c, n, sizeof(*c), by_key);
	return found != NULL && found->good;
}

static void
refuse_reference(struct apply *a, struct candidate *c, const struct model *m, const struct ref *ref)
{
	c->good = false;
	apply_count(a, c->element, apply_refuse(a, m, "0x1007", "associated group with xid %.*s does not exist",
	    (int)(ref->text.len < 100 ? ref->text.len : 100), ref->text.text));
}

/*
 * A group may refer to groups anywhere in its own document and to those the
 * owner has: the good ones are found first, then those are taken out whose
 * references lead to none, until no more fall.
 */
static size_t
find_candidates(struct apply *a, const struct element *e, size_t n, struct candidate *c)
{
	struct finding why, partial;
	struct model m;
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		if (apply_read(a, &e[i], false, &m, &why, &partial) == MODEL_SYNTAX)
			break;
		if (m.nkey == 0 || why.code[0] != '\0')
			continue;
		memcpy(c[found].key, m.key[0], STORE_KEY);
		c[found].element = &e[i];
		c[found].good = true;
		c[found].refers = m.ref.n > 0;
		found++;
	}
	qsort(c, found, sizeof(*c), by_key);
	return found;
}

static void
drop_unreferable(struct apply *a, struct candidate *c, size_t n)
{
	struct finding why, partial;
	struct model m;
	bool again = true;
	size_t i, k;
	int round;

	for (round = 0; again && round < GROUP_ROUNDS; round++) {
		again = false;
		for (i = 0; i < n; i++) {
			if (!c[i].good || !c[i].refers)
				continue;
			(void)apply_read(a, c[i].element, false, &m, &why, &partial);
			for (k = 0; k < m.ref.n && c[i].good; k++) {
				if (!group_known(a, c, n, &m.ref.ref[k])) {
					refuse_reference(a, &c[i], &m, &m.ref.ref[k]);
					again = true;
				}
			}
		}
	}
}

static int
by_place(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	return (a->element > b->element) - (a->element < b->element);
}

void
apply_groups(struct apply *a, const struct element *e, size_t n, bool *skip)
{
	struct candidate *c = xreallocarray(NULL, n + 1, sizeof(*c));
	size_t found = find_candidates(a, e, n, c), i;

	drop_unreferable(a, c, found);
	qsort(c, found, sizeof(*c), by_place);
	for (i = 0; i < found; i++)
		skip[c[i].element - e] = !c[i].good;
	free(c);
}
