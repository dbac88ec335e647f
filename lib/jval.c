/* Values made in an arena, taken from a scanned record, and looked into. */
#include <stdlib.h>
#include <string.h>

#include "jval_private.h"
#include "xmalloc.h"

struct jval jval_null = { .type = J_NULL };
struct jval jval_true = { .type = J_BOOL, .boolean = true };
struct jval jval_false = { .type = J_BOOL };

/* --- making values --- */

struct jval *
jval_string(struct arena *a, const char *text, size_t len)
{
	struct jval *v = len > UINT32_MAX ? NULL : arena_alloc(a, sizeof(*v));

	if (v == NULL)
		return NULL;
	*v = (struct jval){ .type = J_STRING, .len = (uint32_t)len, .u.text = text };
	return v;
}

struct jval *
jval_string_copy(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return jval_string(a, copy, len);
}

struct jval *
jval_number(struct arena *a, double number)
{
	struct jval *v = arena_alloc(a, sizeof(*v));

	if (v == NULL)
		return NULL;
	*v = (struct jval){ .type = J_NUMBER, .number = number };
	return v;
}

struct jval *
jval_array(struct arena *a, size_t n)
{
	struct jval *v;
	size_t i;

	if (n > UINT32_MAX || n > a->max / sizeof(struct jval *))
		return NULL;
	v = arena_alloc(a, sizeof(*v) + n * sizeof(struct jval *));
	if (v == NULL)
		return NULL;
	*v = (struct jval){ .type = J_ARRAY, .depth = 1, .len = (uint32_t)n, .u.item = (struct jval **)(v + 1) };
	for (i = 0; i < n; i++)
		v->u.item[i] = &jval_null;
	return v;
}

struct jval *
jval_object(struct arena *a, size_t n)
{
	struct jval *v;
	size_t i;

	if (n > UINT32_MAX || n > a->max / sizeof(struct jmember))
		return NULL;
	v = arena_alloc(a, sizeof(*v) + n * sizeof(struct jmember));
	if (v == NULL)
		return NULL;
	*v = (struct jval){ .type = J_OBJECT, .depth = 1, .len = (uint32_t)n, .u.member = (struct jmember *)(v + 1) };
	for (i = 0; i < n; i++)
		v->u.member[i] = (struct jmember){ "", 0, &jval_null };
	return v;
}

struct jval *
jval_seal(struct jval *v)
{
	unsigned depth = 0;
	uint32_t i;

	if (v->type == J_ARRAY)
		for (i = 0; i < v->len; i++) {
			if (v->u.item[i]->depth > depth)
				depth = v->u.item[i]->depth;
		}
	else if (v->type == J_OBJECT)
		for (i = 0; i < v->len; i++) {
			if (v->u.member[i].value->depth > depth)
				depth = v->u.member[i].value->depth;
		}
	else
		return v;
	if (depth + 1 > LIMIT_DEPTH)
		return NULL;
	v->depth = (uint8_t)(depth + 1);
	return v;
}

/* --- numbers --- */

static const double power[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static double
number_slow(const char *text, size_t len)
{
	char small[64], *copy = len < sizeof(small) ? small : xmalloc(len + 1);
	double d;

	memcpy(copy, text, len);
	copy[len] = '\0';
	d = strtod(copy, NULL);		/* the locale is never set: the point is a point */
	if (copy != small)
		free(copy);
	return d;
}

/*
 * Up to 15 digits and a small exponent: both fit a double exactly, so one
 * multiplication or division rounds once and is right (Clinger 1990).
 */
double
jval_parse_number(const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	bool minus = p < end && *p == '-';
	uint64_t digits = 0;
	int scale = 0, n = 0;
	double d;

	for (p += minus; p < end && *p >= '0' && *p <= '9'; p++, n++)
		digits = digits * 10 + (uint64_t)(*p - '0');
	if (p < end && *p == '.')
		for (p++; p < end && *p >= '0' && *p <= '9'; p++, n++, scale++)
			digits = digits * 10 + (uint64_t)(*p - '0');
	if (p != end || n > 15)
		return number_slow(text, len);
	d = (double)digits / power[scale];
	return minus ? -d : d;
}

/* --- from the scanned record --- */

struct frame {
	struct jval	*v;
	struct jval	*child;		/* the next value's place */
	uint32_t	 at;		/* its index */
};

/* A container with room for its slots and for the values that fill them, all in one piece. */
static bool
open_container(struct arena *a, struct jval *v, struct frame *f, uint32_t n, bool object)
{
	size_t slot = object ? sizeof(struct jmember) : sizeof(struct jval *);
	char *mem = arena_alloc(a, n * (slot + sizeof(struct jval)));

	if (mem == NULL)
		return false;
	v->type = object ? J_OBJECT : J_ARRAY;
	v->depth = 1;
	v->len = n;
	if (object)
		v->u.member = (struct jmember *)(void *)mem;
	else
		v->u.item = (struct jval **)(void *)mem;
	f->v = v;
	f->child = (struct jval *)(void *)(mem + n * slot);
	f->at = 0;
	return true;
}

/* Text of the string at node i: where it stands, or unescaped in the arena. */
static const char *
text_of(struct arena *a, const struct scan *s, uint32_t i, uint32_t *len)
{
	const struct scan_node *n = &s->node[i];
	struct buf window;

	*len = n->len;
	if (!n->escaped)
		return s->bytes + n->off;
	/* A buffer over arena memory: unescaped text is never longer, so it never grows. */
	window = (struct buf){ arena_alloc(a, (size_t)n->len + 1), 0, n->len, n->len };
	if (window.bytes == NULL || scan_string(s, i, &window) == -1)
		return NULL;
	*len = (uint32_t)window.len;
	return window.bytes;
}

struct jval *
jval_from_scan(struct arena *a, const struct scan *s, uint32_t root)
{
	struct frame stack[JVAL_FRAMES], *f = NULL;
	struct jval *top = arena_alloc(a, sizeof(*top)), *v = top;
	uint32_t i = root, end = s->node[root].next;

	if (top == NULL)
		return NULL;
	while (i < end) {
		const struct scan_node *n;
		struct jmember *m = NULL;

		if (f != NULL) {
			v = f->child++;
			if (f->v->type == J_OBJECT) {
				m = &f->v->u.member[f->at++];
				if ((m->name = text_of(a, s, i++, &m->len)) == NULL)
					return NULL;
				m->value = v;
			} else
				f->v->u.item[f->at++] = v;
		}
		n = &s->node[i];
		*v = (struct jval){ .type = J_NULL };
		switch (n->type) {
		case SCAN_NULL:
			break;
		case SCAN_TRUE:
			v->boolean = true;
			/* FALLTHROUGH */
		case SCAN_FALSE:
			v->type = J_BOOL;
			break;
		case SCAN_NUMBER:
			v->type = J_NUMBER;
			v->text_is_source = true;
			v->u.text = s->bytes + n->off;
			v->len = n->len;
			v->number = jval_parse_number(v->u.text, v->len);
			break;
		case SCAN_STRING:
			v->type = J_STRING;
			if ((v->u.text = text_of(a, s, i, &v->len)) == NULL)
				return NULL;
			break;
		default:
			if (f != NULL && f - stack + 1 >= JVAL_FRAMES)
				return NULL;
			f = f == NULL ? stack : f + 1;
			if (!open_container(a, v, f, n->count, n->type == SCAN_OBJECT))
				return NULL;
		}
		i++;
		while (f != NULL && f->at == f->v->len) {	/* containers that end here */
			uint8_t depth = (uint8_t)(f->v->depth + 1);

			f = f == stack ? NULL : f - 1;
			if (f != NULL && f->v->depth < depth)
				f->v->depth = depth;
		}
	}
	return top;
}

/* --- looking --- */

struct jval *
jval_get(const struct jval *v, const char *name, size_t len)
{
	const struct jmember *m, *end;

	if (v->type != J_OBJECT)
		return NULL;
	for (m = v->u.member, end = m + v->len; m < end; m++)
		if (m->len == len && memcmp(m->name, name, len) == 0)
			return m->value;
	return NULL;
}
