/* The specification's functions of arrays and objects. */
#include <string.h>

#include "private.h"

/* --- objects whose members come from data: names unique, in order of first appearance, the last value wins --- */

struct members {
	struct jval	*object;	/* room for max members, len of them set */
	uint32_t	*bucket;	/* index + 1; NULL while few: then a plain search */
	uint32_t	 mask, max;
};

static bool
members_init(struct run *r, struct members *m, size_t max)
{
	uint32_t size = 1;

	if ((m->object = jval_object(r->arena, max)) == NULL)
		return jmes_full(r) != NULL;
	m->object->len = 0;
	m->max = (uint32_t)max;
	m->bucket = NULL;
	if (max <= 8)
		return true;
	while (size < 2 * max)
		size *= 2;
	m->mask = size - 1;
	if ((m->bucket = arena_alloc(r->arena, size * sizeof(*m->bucket))) == NULL)
		return jmes_full(r) != NULL;
	memset(m->bucket, 0, size * sizeof(*m->bucket));
	return true;
}

static bool
named(const struct jmember *m, const char *name, uint32_t len)
{
	return m->len == len && memcmp(m->name, name, len) == 0;
}

static uint32_t
hash_name(const char *name, uint32_t len)
{
	uint32_t h = 2166136261u, i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h ^ h >> 15;
}

/* The member of this name, made with value NULL where it is new. NULL: too many steps (names made to collide). */
static struct jmember *
members_get(struct run *r, struct members *m, const char *name, uint32_t len)
{
	struct jmember *member = m->object->u.member;
	uint32_t i, at = 0;

	if (!jmes_charge(r, 1 + len / 16))
		return NULL;
	if (m->bucket == NULL) {
		for (i = 0; i < m->object->len; i++)
			if (named(&member[i], name, len))
				return &member[i];
	} else
		for (at = hash_name(name, len) & m->mask; (i = m->bucket[at]) != 0; at = (at + 1) & m->mask) {
			if (named(&member[i - 1], name, len))
				return &member[i - 1];
			if (!jmes_charge(r, 1))
				return NULL;
		}
	i = m->object->len++;
	member[i] = (struct jmember){ name, len, NULL };
	if (m->bucket != NULL)
		m->bucket[at] = i + 1;
	return &member[i];
}

struct jval *
jmes_merge(struct run *r, struct jval **arg, int n)
{
	struct members m;
	struct jmember *to;
	size_t total = 0;
	uint32_t k;
	int i;

	for (i = 0; i < n; i++)
		total += arg[i]->len;
	if (!members_init(r, &m, total))
		return NULL;
	for (i = 0; i < n; i++)
		for (k = 0; k < arg[i]->len; k++) {
			const struct jmember *from = &arg[i]->u.member[k];

			if ((to = members_get(r, &m, from->name, from->len)) == NULL)
				return NULL;
			to->value = from->value;
		}
	return jmes_seal(r, m.object);
}

struct jval *
jmes_from_items(struct run *r, struct jval **arg, int n)
{
	struct members m;
	struct jmember *to;
	uint32_t i;

	(void)n;
	if (!members_init(r, &m, arg[0]->len))
		return NULL;
	for (i = 0; i < arg[0]->len; i++) {
		const struct jval *pair = arg[0]->u.item[i];

		if (pair->type != J_ARRAY || pair->len != 2)
			return jmespath_fail(JE_INVALID_VALUE, r->err, "from_items() takes an array of [name, value] pairs; element %u is none", i);
		if (pair->u.item[0]->type != J_STRING)
			return jmespath_fail(JE_INVALID_VALUE, r->err, "from_items(): the name of pair %u is %s, not string", i,
			    jmes_type_name(pair->u.item[0]));
		if ((to = members_get(r, &m, pair->u.item[0]->u.text, pair->u.item[0]->len)) == NULL)
			return NULL;
		to->value = pair->u.item[1];
	}
	return jmes_seal(r, m.object);
}

struct jval *
jmes_group_by(struct run *r, struct jval **arg, int n)
{
	const struct node *by = arg[1]->u.expref;
	struct jval *all = arg[0], **key;
	struct members m;
	uint32_t i;

	(void)n;
	if (!members_init(r, &m, all->len))
		return NULL;
	if ((key = arena_alloc(r->arena, all->len * sizeof(*key) + 1)) == NULL)
		return jmes_full(r);
	for (i = 0; i < all->len; i++) {
		struct jmember *group;

		if ((key[i] = jmes_eval(r, by, all->u.item[i])) == NULL)
			return NULL;
		if (key[i]->type == J_NULL)
			continue;
		if (key[i]->type != J_STRING)
			return jmespath_fail(JE_INVALID_TYPE, r->err, "group_by() needs strings as keys; that of element %u is %s", i,
			    jmes_type_name(key[i]));
		if ((group = members_get(r, &m, key[i]->u.text, key[i]->len)) == NULL)
			return NULL;
		if (group->value == NULL && (group->value = jval_array(r->arena, 0)) == NULL)
			return jmes_full(r);
		group->value->len++;	/* counted first, filled below */
	}
	for (i = 0; i < m.object->len; i++) {
		uint32_t size = m.object->u.member[i].value->len;

		if ((m.object->u.member[i].value = jval_array(r->arena, size)) == NULL)
			return jmes_full(r);
		m.object->u.member[i].value->len = 0;
	}
	for (i = 0; i < all->len; i++) {
		struct jval *group;

		if (key[i]->type == J_NULL)
			continue;
		group = members_get(r, &m, key[i]->u.text, key[i]->len)->value;
		group->u.item[group->len++] = all->u.item[i];
	}
	for (i = 0; i < m.object->len; i++)
		if (jmes_seal(r, m.object->u.member[i].value) == NULL)
			return NULL;
	return jmes_seal(r, m.object);
}

/* --- objects taken apart --- */

static struct jval *
name_of(struct run *r, const struct jmember *m)
{
	struct jval *v = jval_string(r->arena, m->name, m->len);

	return v != NULL ? v : jmes_full(r);
}

struct jval *
jmes_keys(struct run *r, struct jval **arg, int n)
{
	struct jval *out = jval_array(r->arena, arg[0]->len);
	uint32_t i;

	(void)n;
	if (out == NULL)
		return jmes_full(r);
	for (i = 0; i < out->len; i++)
		if ((out->u.item[i] = name_of(r, &arg[0]->u.member[i])) == NULL)
			return NULL;
	return jmes_charge(r, out->len) ? out : NULL;
}

struct jval *
jmes_values(struct run *r, struct jval **arg, int n)
{
	struct jval *out = jval_array(r->arena, arg[0]->len);
	uint32_t i;

	(void)n;
	if (out == NULL)
		return jmes_full(r);
	for (i = 0; i < out->len; i++)
		out->u.item[i] = arg[0]->u.member[i].value;
	return jmes_charge(r, out->len) ? jmes_seal(r, out) : NULL;
}

struct jval *
jmes_items(struct run *r, struct jval **arg, int n)
{
	struct jval *out = jval_array(r->arena, arg[0]->len);
	uint32_t i;

	(void)n;
	if (out == NULL)
		return jmes_full(r);
	for (i = 0; i < out->len; i++) {
		struct jval *pair = jval_array(r->arena, 2);

		if (pair == NULL)
			return jmes_full(r);
		if ((pair->u.item[0] = name_of(r, &arg[0]->u.member[i])) == NULL)
			return NULL;
		pair->u.item[1] = arg[0]->u.member[i].value;
		if ((out->u.item[i] = jmes_seal(r, pair)) == NULL)
			return NULL;
	}
	return jmes_charge(r, out->len) ? jmes_seal(r, out) : NULL;
}

/* --- order --- */

/* Both numbers or both strings; strings by code point, which is the order of their bytes. */
static int
order(const struct jval *a, const struct jval *b)
{
	int c;

	if (a->type == J_NUMBER)
		return jval_compare_numbers(a, b);
	c = memcmp(a->u.text, b->u.text, a->len < b->len ? a->len : b->len);
	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static bool
charge_order(struct run *r, const struct jval *key)
{
	return jmes_charge(r, 1 + (key->type == J_STRING ? key->len / 64 : 0));
}

/* What is sorted: a value and the key it is sorted by. */
struct keyed {
	struct jval	*key, *value;
};

/* Bottom-up merge sort: stable, no recursion, no worst case. */
static bool
merge_sort(struct run *r, struct keyed *from, size_t n)
{
	struct keyed *to = arena_alloc(r->arena, n * sizeof(*to) + 1), *start = from, *swap;
	size_t width, left, right, end, i, k, out;

	if (to == NULL)
		return jmes_full(r) != NULL;
	for (width = 1; width < n; width *= 2) {
		for (left = 0; left < n; left = end) {
			right = left + width < n ? left + width : n;
			end = right + width < n ? right + width : n;
			for (i = left, k = right, out = left; out < end; out++) {
				if (i < right && k < end && !charge_order(r, from[i].key))
					return false;
				if (i < right && (k == end || order(from[i].key, from[k].key) <= 0))
					to[out] = from[i++];
				else
					to[out] = from[k++];
			}
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != start && n > 0)
		memcpy(start, from, n * sizeof(*start));
	return true;
}

static struct jval *
sorted(struct run *r, struct keyed *list, uint32_t n)
{
	struct jval *out;
	uint32_t i;

	if (!merge_sort(r, list, n))
		return NULL;
	if ((out = jval_array(r->arena, n)) == NULL)
		return jmes_full(r);
	for (i = 0; i < n; i++)
		out->u.item[i] = list[i].value;
	return jmes_seal(r, out);
}

/* by: NULL for the elements themselves. */
static struct keyed *
keyed(struct run *r, struct jval *array, const struct node *by, const char *name)
{
	struct keyed *list = arena_alloc(r->arena, array->len * sizeof(*list) + 1);
	uint32_t i;

	if (list == NULL) {
		jmes_full(r);
		return NULL;
	}
	for (i = 0; i < array->len; i++) {
		struct jval *key = by == NULL ? array->u.item[i] : jmes_eval(r, by, array->u.item[i]);

		if (key == NULL)
			return NULL;
		if ((key->type != J_NUMBER && key->type != J_STRING) || (i > 0 && key->type != list[0].key->type)) {
			jmespath_fail(JE_INVALID_TYPE, r->err, "%s() needs keys that are all numbers or all strings; that of element %u is %s",
			    name, i, jmes_type_name(key));
			return NULL;
		}
		list[i] = (struct keyed){ key, array->u.item[i] };
	}
	return list;
}

struct jval *
jmes_sort(struct run *r, struct jval **arg, int n)
{
	struct keyed *list = keyed(r, arg[0], NULL, "sort");

	(void)n;
	return list == NULL ? NULL : sorted(r, list, arg[0]->len);
}

struct jval *
jmes_sort_by(struct run *r, struct jval **arg, int n)
{
	struct keyed *list = keyed(r, arg[0], arg[1]->u.expref, "sort_by");

	(void)n;
	return list == NULL ? NULL : sorted(r, list, arg[0]->len);
}

/* The first of the largest (sign 1) or smallest (sign -1). */
static struct jval *
extreme(struct run *r, const struct keyed *list, uint32_t n, int sign)
{
	uint32_t i, best = 0;

	if (list == NULL)
		return NULL;
	for (i = 1; i < n; i++) {
		if (!charge_order(r, list[i].key))
			return NULL;
		if (sign * order(list[i].key, list[best].key) > 0)
			best = i;
	}
	return n == 0 ? &jval_null : list[best].value;
}

struct jval *
jmes_max(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return extreme(r, keyed(r, arg[0], NULL, "max"), arg[0]->len, 1);
}

struct jval *
jmes_min(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return extreme(r, keyed(r, arg[0], NULL, "min"), arg[0]->len, -1);
}

struct jval *
jmes_max_by(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return extreme(r, keyed(r, arg[0], arg[1]->u.expref, "max_by"), arg[0]->len, 1);
}

struct jval *
jmes_min_by(struct run *r, struct jval **arg, int n)
{
	(void)n;
	return extreme(r, keyed(r, arg[0], arg[1]->u.expref, "min_by"), arg[0]->len, -1);
}

/* --- the rest --- */

struct jval *
jmes_map(struct run *r, struct jval **arg, int n)
{
	struct jval *out = jval_array(r->arena, arg[1]->len);
	uint32_t i;

	(void)n;
	if (out == NULL)
		return jmes_full(r);
	for (i = 0; i < out->len; i++)
		if ((out->u.item[i] = jmes_eval(r, arg[0]->u.expref, arg[1]->u.item[i])) == NULL)
			return NULL;
	return jmes_seal(r, out);
}

struct jval *
jmes_to_array(struct run *r, struct jval **arg, int n)
{
	struct jval *out;

	(void)n;
	if (arg[0]->type == J_ARRAY)
		return arg[0];
	if ((out = jval_array(r->arena, 1)) == NULL)
		return jmes_full(r);
	out->u.item[0] = arg[0];
	return jmes_seal(r, out);
}

struct jval *
jmes_type(struct run *r, struct jval **arg, int n)
{
	const char *name = jmes_type_name(arg[0]);
	struct jval *v = jval_string(r->arena, name, strlen(name));

	(void)n;
	return v != NULL ? v : jmes_full(r);
}

struct jval *
jmes_zip(struct run *r, struct jval **arg, int n)
{
	uint32_t len = arg[0]->len, i;
	struct jval *out;
	int k;

	for (k = 1; k < n; k++)
		if (arg[k]->len < len)
			len = arg[k]->len;
	if (!jmes_charge(r, (uint64_t)len * (uint64_t)n))
		return NULL;
	if ((out = jval_array(r->arena, len)) == NULL)
		return jmes_full(r);
	for (i = 0; i < len; i++) {
		struct jval *row = jval_array(r->arena, (size_t)n);

		if (row == NULL)
			return jmes_full(r);
		for (k = 0; k < n; k++)
			row->u.item[k] = arg[k]->u.item[i];
		if ((out->u.item[i] = jmes_seal(r, row)) == NULL)
			return NULL;
	}
	return jmes_seal(r, out);
}
