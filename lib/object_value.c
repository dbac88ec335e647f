/*
 * The values of types that have several: a File's hashes and a Registry Key's
 * three parts, from members of their own or out of "summary".
 */
#include <string.h>

#include "limit.h"
#include "object_private.h"

/* --- hashes --- */

size_t
object_hash_length(int kind)
{
	static const size_t length[OBJECT_VALUES] = { 32, 40, 64 };

	return length[kind];
}

bool
object_is_hash(const char *text, size_t len, int kind)
{
	size_t i;

	if (len != object_hash_length(kind))
		return false;
	for (i = 0; i < len; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') || (text[i] >= 'A' && text[i] <= 'F')))
			return false;
	return true;
}

/* --- values --- */

/* "md5 : sha1 : sha256", any of them left out. */
static int
split_hashes(const char *p, size_t n, struct buf *out, size_t len[OBJECT_VALUES])
{
	const char *part[OBJECT_VALUES] = { NULL }, *sep;
	size_t l;
	int k;

	for (;;) {
		sep = memmem(p, n, " : ", 3);
		l = sep != NULL ? (size_t)(sep - p) : n;
		for (k = 0; k < OBJECT_VALUES; k++)
			if (object_is_hash(p, l, k) && part[k] == NULL)
				break;
		if (k == OBJECT_VALUES)
			break;
		part[k] = p;
		if (sep == NULL)
			break;
		n -= l + 3;
		p = sep + 3;
	}
	for (k = 0; k < OBJECT_VALUES; k++) {
		len[k] = part[k] != NULL ? object_hash_length(k) : 0;
		if (len[k] > 0 && buf_add(out, part[k], len[k]) == -1)
			return -1;
	}
	return 0;
}

/* "Key Name : Value Name : Value Type"; a value name may itself hold " : ". */
static int
split_registry(const char *p, size_t n, struct buf *out, size_t len[OBJECT_VALUES])
{
	const char *first = memmem(p, n, " : ", 3), *last = NULL, *q;

	for (q = first; q != NULL; q = memmem(q + 1, (size_t)(p + n - q - 1), " : ", 3))
		last = q;
	if (first == NULL) {
		len[0] = n;
		return buf_add(out, p, n);
	}
	if (first == last)	/* no value type */
		last = p + n;
	len[0] = (size_t)(first - p);
	len[1] = last > first + 3 ? (size_t)(last - first) - 3 : 0;
	len[2] = last < p + n ? (size_t)(p + n - last) - 3 : 0;
	if (buf_add(out, p, len[0]) == -1 || buf_add(out, first + 3, len[1]) == -1 ||
	    (len[2] > 0 && buf_add(out, last + 3, len[2]) == -1))
		return -1;
	return 0;
}

int
object_values(const struct object *o, struct buf *out, size_t len[OBJECT_VALUES])
{
	struct buf text;
	size_t start = out->len, i, had;
	bool any = false;
	int k, rc;

	memset(len, 0, OBJECT_VALUES * sizeof(len[0]));
	for (k = 0; k < OBJECT_VALUES; k++) {
		if (!object_filled(o, o->value[k]))
			continue;
		any = true;
		had = out->len;
		if (scan_string(o->scan, o->value[k], out) == -1)
			return -1;
		len[k] = out->len - had;
	}
	if (!any && o->summary != SCAN_NONE) {
		buf_init(&text, LIMIT_LINE);
		rc = scan_string(o->scan, o->summary, &text);
		if (rc == 0)
			rc = o->type == TYPE_FILE ? split_hashes(text.bytes, text.len, out, len) :
			    split_registry(text.bytes, text.len, out, len);
		buf_release(&text);
		if (rc == -1)
			return -1;
	}
	if (o->type == TYPE_FILE)
		for (i = start; i < out->len; i++)
			if (out->bytes[i] >= 'A' && out->bytes[i] <= 'F')
				out->bytes[i] += 'a' - 'A';
	return 0;
}

int
object_add_registry(const struct object *o, struct buf *out)
{
	size_t len[OBJECT_VALUES], at = 0;
	struct buf part;
	int rc;

	buf_init(&part, LIMIT_LINE);
	rc = object_values(o, &part, len);
	if (rc == 0) {
		rc = buf_add(out, part.bytes, len[0]);
		at = len[0];
	}
	/* an empty value name is sent as one blank (batch-api.md section 12) */
	if (rc == 0)
		rc = buf_addz(out, " : ") == -1 || (len[1] > 0 ? buf_add(out, part.bytes + at, len[1]) : buf_addc(out, ' ')) == -1 ? -1 : 0;
	at += len[1];
	if (rc == 0 && len[2] > 0)
		rc = buf_addz(out, " : ") == -1 || buf_add(out, part.bytes + at, len[2]) == -1 ? -1 : 0;
	buf_release(&part);
	return rc;
}
