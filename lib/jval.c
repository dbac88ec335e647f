#include "jval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "xmalloc.h"

#define BLOCK_FIRST	(4 * KIB)
#define BLOCK_KEEP	(1 * MIB)	/* larger blocks go back to the system at a reset */

/* Frames of a walk: LIMIT_DEPTH containers, and room to notice one that is deeper. */
#define FRAMES		(LIMIT_DEPTH + 2)

struct jval jval_null = { .type = J_NULL };
struct jval jval_true = { .type = J_BOOL, .boolean = true };
struct jval jval_false = { .type = J_BOOL };

/* --- arena --- */

struct arena_block {
	struct arena_block	*older;
	size_t			 cap, pos;
	_Alignas(16) char	 bytes[];
};

void
arena_init(struct arena *a, size_t max)
{
	a->block = NULL;
	a->used = 0;
	a->max = max;
}

static void *
arena_grow(struct arena *a, size_t size)
{
	size_t cap = a->block == NULL ? BLOCK_FIRST : a->block->cap * 2;
	struct arena_block *b;

	if (cap > BLOCK_KEEP)
		cap = BLOCK_KEEP;
	if (cap < size)
		cap = size;
	b = xmalloc(sizeof(*b) + cap);
	b->older = a->block;
	b->cap = cap;
	b->pos = size;
	a->block = b;
	return b->bytes;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->block;
	void *p;

	if (size > a->max || a->used > a->max - size)
		return NULL;
	size = (size + 7) & ~(size_t)7;
	a->used += size;
	if (b == NULL || size > b->cap - b->pos)
		return arena_grow(a, size);
	p = b->bytes + b->pos;
	b->pos += size;
	return p;
}

/* The largest block of ordinary size stays: a stream of like records then allocates nothing. */
void
arena_reset(struct arena *a)
{
	struct arena_block *b, *older, *keep = NULL;

	for (b = a->block; b != NULL; b = older) {
		older = b->older;
		if (b->cap > BLOCK_KEEP || (keep != NULL && keep->cap >= b->cap)) {
			free(b);
			continue;
		}
		free(keep);
		keep = b;
	}
	if (keep != NULL) {
		keep->older = NULL;
		keep->pos = 0;
	}
	a->block = keep;
	a->used = 0;
}

void
arena_release(struct arena *a)
{
	arena_reset(a);
	free(a->block);
	a->block = NULL;
}

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
	struct frame stack[FRAMES], *f = NULL;
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
			if (f != NULL && f - stack + 1 >= FRAMES)
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

/* --- looking and comparing --- */

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
	struct pair stack[FRAMES], *p = stack;
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
		if (same == 0 || (same == -1 && p - stack + 1 >= FRAMES))
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

/* --- printing --- */

/* The digits of %.*e, moved into plain form unless that takes many zeros. */
static size_t
lay_out(char *out, const char *digits, int n, int exponent, bool minus)
{
	char *p = out;
	int i;

	if (minus)
		*p++ = '-';
	if (exponent < -7 || exponent > 20) {
		*p++ = digits[0];
		if (n > 1) {
			*p++ = '.';
			memcpy(p, digits + 1, (size_t)n - 1);
			p += n - 1;
		}
		return (size_t)(p - out) + (size_t)sprintf(p, "e%+d", exponent);
	}
	if (exponent < 0) {
		*p++ = '0';
		*p++ = '.';
		for (i = -1; i > exponent; i--)
			*p++ = '0';
	}
	for (i = 0; i < n || i <= exponent; i++) {
		if (i == exponent + 1 && exponent >= 0)
			*p++ = '.';
		*p++ = i < n ? digits[i] : '0';
	}
	return (size_t)(p - out);
}

size_t
jval_format_number(double d, char out[JVAL_NUMBER_TEXT])
{
	char text[40], digits[20];
	int precision, n = 0, exponent;
	const char *p;

	if (d == 0 || !isfinite(d))	/* -0 reads back equal to 0; the rest has no JSON form and is never made */
		return (size_t)sprintf(out, d == 0 ? "0" : "null");
	if (fabs(d) < 9007199254740992.0 && d == (double)(int64_t)d)
		return (size_t)sprintf(out, "%lld", (long long)d);
	for (precision = 14; precision < 16; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	snprintf(text, sizeof(text), "%.*e", precision, d);
	for (p = text; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	exponent = atoi(p + 1);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return lay_out(out, digits, n, exponent, d < 0);
}

static int
print_scalar(const struct jval *v, struct buf *out)
{
	char text[JVAL_NUMBER_TEXT];

	switch (v->type) {
	case J_BOOL:
		return buf_addz(out, v->boolean ? "true" : "false");
	case J_NUMBER:
		if (v->text_is_source)
			return buf_add(out, v->u.text, v->len);
		return buf_add(out, text, jval_format_number(v->number, text));
	case J_STRING:
		return buf_add_json(out, v->u.text, v->len);
	default:
		return buf_add(out, "null", 4);
	}
}

int
jval_print(const struct jval *v, struct buf *out)
{
	struct { const struct jval *v; uint32_t at; } stack[FRAMES], *f = NULL;
	size_t start = out->len;

	for (;;) {
		if (v->type == J_ARRAY || v->type == J_OBJECT) {
			if (f != NULL && f - stack + 1 >= FRAMES)
				goto full;
			f = f == NULL ? stack : f + 1;
			f->v = v;
			f->at = 0;
			if (buf_addc(out, v->type == J_ARRAY ? '[' : '{') == -1)
				goto full;
		} else if (print_scalar(v, out) == -1)
			goto full;
		while (f != NULL && f->at == f->v->len) {
			if (buf_addc(out, f->v->type == J_ARRAY ? ']' : '}') == -1)
				goto full;
			f = f == stack ? NULL : f - 1;
		}
		if (f == NULL)
			return 0;
		if (f->at > 0 && buf_addc(out, ',') == -1)
			goto full;
		if (f->v->type == J_OBJECT) {
			const struct jmember *m = &f->v->u.member[f->at++];

			if (buf_add_json(out, m->name, m->len) == -1 || buf_addc(out, ':') == -1)
				goto full;
			v = m->value;
		} else
			v = f->v->u.item[f->at++];
	}
full:
	out->len = start;
	out->bytes[start] = '\0';
	return -1;
}
