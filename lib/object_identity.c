/* What makes two lines the same object: identity texts, and the order of an association's ends. */
#include <string.h>

#include "limit.h"
#include "object_private.h"

/* --- associations --- */

/* One end: "#id", or type and reference; a group's type says nothing, its xid is enough. */
static int
add_end(const struct object *o, int end, struct buf *out)
{
	const struct scan *s = o->scan;
	uint32_t id = object_member(o, end == 1 ? "id_1" : "id_2"), type = object_member(o, end == 1 ? "type_1" : "type_2"),
	    ref = object_member(o, end == 1 ? "ref_1" : "ref_2");

	if (id != SCAN_NONE)
		return buf_addc(out, '#') == -1 || buf_add(out, scan_bytes(s, id), s->node[id].len) == -1 ? -1 : 0;
	if (type != SCAN_NONE && schema_class(schema_type(scan_bytes(s, type), s->node[type].len)) != CLASS_GROUP &&
	    scan_string(s, type, out) == -1)
		return -1;
	return buf_addc(out, ' ') == -1 || scan_string(s, ref, out) == -1 ? -1 : 0;
}

static int
compare_bytes(const char *a, size_t na, const char *b, size_t nb)
{
	int c = memcmp(a, b, na < nb ? na : nb);

	return c != 0 ? c : na < nb ? -1 : na > nb;
}

bool
object_ends_swapped(const struct object *o)
{
	struct buf a, b;
	bool swapped = false;

	buf_init(&a, 2 * LIMIT_LINE);
	buf_init(&b, 2 * LIMIT_LINE);
	if (add_end(o, 1, &a) == 0 && add_end(o, 2, &b) == 0)
		swapped = compare_bytes(a.bytes, a.len, b.bytes, b.len) > 0;
	buf_release(&a);
	buf_release(&b);
	return swapped;
}

/* --- identities --- */

/* From to to's end, as the platform compares values of this type. */
static void
fold(enum tc_type type, char *p, size_t len)
{
	size_t i;

	switch (type) {
	case TYPE_ADDRESS:
	case TYPE_CIDR:
	case TYPE_EMAIL_ADDRESS:
	case TYPE_FILE:
	case TYPE_HOST:
		for (i = 0; i < len; i++)
			if (p[i] >= 'A' && p[i] <= 'Z')
				p[i] += 'a' - 'A';
		return;
	case TYPE_ASN:
		for (i = 0; i < len; i++)
			if (p[i] >= 'a' && p[i] <= 'z')
				p[i] -= 'a' - 'A';
		return;
	default:
		return;
	}
}

int
object_identity(enum tc_class class, enum tc_type type, const char *value, size_t len, struct buf *out)
{
	static const char digit[] = { [CLASS_GROUP] = '1', [CLASS_INDICATOR] = '2', [CLASS_ASSOCIATION] = '3' };
	const char *name = class == CLASS_INDICATOR ? schema_type_name(type) : "";
	size_t start = out->len, n = strlen(name);
	char *to = buf_room(out, n + len + 4);

	if (to == NULL)
		return -1;
	*to++ = digit[class];
	*to++ = '\x1f';
	memcpy(to, name, n);
	to += n;
	*to++ = '\x1f';
	memcpy(to, value, len);
	fold(type, to, len);
	to += len;
	*to++ = '\0';
	out->len = start + (size_t)(to - (out->bytes + start));
	out->bytes[out->len] = '\0';
	return 0;
}

static int
file_identities(const struct object *o, struct buf *keys)
{
	size_t len[OBJECT_VALUES], at[OBJECT_VALUES], start;
	struct buf text;
	int k, n = 0;

	start = keys->len;
	buf_init(&text, LIMIT_LINE);
	if (object_values(o, &text, len) == -1)
		goto full;
	at[0] = 0;
	at[1] = len[0];
	at[2] = len[0] + len[1];
	for (k = OBJECT_VALUES - 1; k >= 0; k--) {
		if (len[k] == 0)
			continue;
		if (object_identity(o->class, o->type, text.bytes + at[k], len[k], keys) == -1)
			goto full;
		n++;
	}
	buf_release(&text);
	return n;
full:
	keys->len = start;
	keys->bytes[start] = '\0';
	buf_release(&text);
	return 0;
}

/* Built in a buffer of its own first: unescaped values, ends in order. */
static int
built_identity(const struct object *o, struct buf *keys)
{
	uint32_t kind;
	struct buf text;
	bool swapped;
	int rc = -1;

	buf_init(&text, 4 * LIMIT_LINE);
	switch (o->class) {
	case CLASS_GROUP:
		rc = scan_string(o->scan, object_member(o, "xid"), &text);
		break;
	case CLASS_ASSOCIATION:
		kind = object_member(o, "associationType");
		swapped = object_ends_swapped(o);
		rc = (kind != SCAN_NONE && scan_string(o->scan, kind, &text) == -1) || buf_addc(&text, '\x1f') == -1 ||
		    add_end(o, swapped ? 2 : 1, &text) == -1 || buf_addc(&text, '\x1f') == -1 ||
		    add_end(o, swapped ? 1 : 2, &text) == -1 ? -1 : 0;
		break;
	default:
		rc = o->type == TYPE_REGISTRY_KEY ? object_add_registry(o, &text) : scan_string(o->scan, object_single_value(o), &text);
	}
	if (rc == 0)
		rc = object_identity(o->class, o->type, text.bytes, text.len, keys);
	buf_release(&text);
	return rc == 0;
}

int
object_identities(const struct object *o, struct buf *keys)
{
	uint32_t node;

	if (o->type == TYPE_FILE)
		return file_identities(o, keys);
	if (o->class == CLASS_INDICATOR && o->type != TYPE_REGISTRY_KEY) {
		node = object_single_value(o);
		if (!o->scan->node[node].escaped)
			return object_identity(o->class, o->type, scan_bytes(o->scan, node), o->scan->node[node].len, keys) == 0;
	}
	return built_identity(o, keys);
}
