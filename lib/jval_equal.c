/* Values compared: numbers beyond a double's reach, members in any order, nothing recursive. */
#include <stdlib.h>
#include <string.h>

#include "jval_private.h"
#include "xmalloc.h"

/* Integers as the feed wrote them, beyond what a double tells apart: 64-bit ids. */
static bool
is_long_integer(const struct jval *v)
{
	uint32_t i;

	if (!v->text_is_source || v->len < 16)
		return false;
	for (i = v->u.text[0] == '-'; i < v->len; i++)
		if (v->u.text[i] < '0' || v->u.text[i] > '9')
			return false;
	return true;
}

int
jval_compare_numbers(const struct jval *a, const struct jval *b)
{
	int c;

	if (a->number < b->number)
		return -1;
	if (a->number > b->number)
		return 1;
	if (!is_long_integer(a) || !is_long_integer(b))
		return 0;
	/* JSON has no leading zeros and both have one sign: longer is larger. */
	c = a->len != b->len ? (a->len < b->len ? -1 : 1) : memcmp(a->u.text, b->u.text, a->len);
	if (a->u.text[0] == '-')
		c = -c;
	return c < 0 ? -1 : c > 0;
}

static int
by_name(const void *left, const void *right)
{
	const struct jmember *a = *(const struct jmember *const *)left, *b = *(const struct jmember *const *)right;
	int c = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static const struct jmember **
sorted_members(const struct jval *v)
{
	const struct jmember **m = xreallocarray(NULL, v->len, sizeof(*m));
	uint32_t i;

	for (i = 0; i < v->len; i++)
		m[i] = &v->u.member[i];
	qsort(m, v->len, sizeof(*m), by_name);
	return m;
}

struct pair {
	const struct jval	*a, *b;
	uint32_t		 at;
	const struct jmember   **sa, **sb;	/* objects in another order: members by name */
};

/* Same names in the same order, as the records of one feed nearly always have? */
static bool
same_order(const struct jval *a, const struct jval *b)
{
	uint32_t i;

	for (i = 0; i < a->len; i++) {
		const struct jmember *m = &a->u.member[i], *n = &b->u.member[i];

		if (m->len != n->len || memcmp(m->name, n->name, m->len) != 0)
			return false;
	}
	return true;
}

/* Scalars: 0 or 1. Containers of one type and length: -1, look inside. */
static int
equal_here(const struct jval *a, const struct jval *b)
{
	if (a == b)
		return 1;
	if (a->type != b->type)
		return 0;
	switch (a->type) {
	case J_NULL:
		return 1;
	case J_BOOL:
		return a->boolean == b->boolean;
	case J_NUMBER:
		return jval_compare_numbers(a, b) == 0;
	case J_STRING:
		return a->len == b->len && (a->len == 0 || memcmp(a->u.text, b->u.text, a->len) == 0);
	case J_EXPREF:
		return a->u.expref == b->u.expref;
	default:
		return a->len != b->len ? 0 : a->len == 0 ? 1 : -1;
	}
}

static void
pair_open(struct pair *p, const struct jval *a, const struct jval *b)
{
	*p = (struct pair){ .a = a, .b = b };
	if (a->type == J_OBJECT && !same_order(a, b)) {
		p->sa = sorted_members(a);
		p->sb = sorted_members(b);
	}
}

static void
pair_close(struct pair *p)
{
	free(p->sa);
	free(p->sb);
}

bool
jval_equal_counted(const struct jval *a, const struct jval *b, uint64_t *work)
{
	struct pair stack[JVAL_FRAMES], *p = stack;
	int same = equal_here(a, b);

	*work += 1;
	if (same != -1)
		return same;
	pair_open(p, a, b);
	for (;;) {
		const struct jval *x, *y;

		if (p->at == p->a->len) {
			pair_close(p);
			if (p == stack)
				return true;
			p--;
			continue;
		}
		if (p->a->type == J_ARRAY) {
			x = p->a->u.item[p->at];
			y = p->b->u.item[p->at];
		} else {
			const struct jmember *m = p->sa != NULL ? p->sa[p->at] : &p->a->u.member[p->at];
			const struct jmember *n = p->sb != NULL ? p->sb[p->at] : &p->b->u.member[p->at];

			if (p->sa != NULL && by_name(&m, &n) != 0)
				break;
			x = m->value;
			y = n->value;
		}
		p->at++;
		*work += 1;
		same = equal_here(x, y);
		if (same == 0 || (same == -1 && p - stack + 1 >= JVAL_FRAMES))
			break;
		if (same == -1)
			pair_open(++p, x, y);
	}
	for (;; p--) {
		pair_close(p);
		if (p == stack)
			return false;
	}
}

bool
jval_equal(const struct jval *a, const struct jval *b)
{
	uint64_t work = 0;

	return jval_equal_counted(a, b, &work);
}
