#include "params_json.h"

#include <string.h>

#include "buf.h"
#include "limit.h"
#include "params_names.h"
#include "scan.h"

/* Is name (unescaped) one of the texts of the list at node? */
static bool
listed(const struct scan *s, uint32_t list, const char *name)
{
	uint32_t i;

	if (list == SCAN_NONE)
		return false;
	for (i = scan_first(s, list); i != SCAN_NONE && i < s->node[list].next; i = s->node[i].next)
		if (s->node[i].type == SCAN_STRING && scan_is(s, i, name))
			return true;
	return false;
}

static int
add_scalar(const struct scan *s, uint32_t i, struct buf *out)
{
	switch (s->node[i].type) {
	case SCAN_STRING:
		return scan_string(s, i, out);
	case SCAN_NULL:
		return 0;
	default:
		return buf_add(out, scan_bytes(s, i), s->node[i].len);
	}
}

static bool
plain_list(const struct scan *s, uint32_t list)
{
	uint32_t i;

	for (i = scan_first(s, list); i != SCAN_NONE && i < s->node[list].next; i = s->node[i].next)
		if (s->node[i].type == SCAN_ARRAY || s->node[i].type == SCAN_OBJECT)
			return false;
	return true;
}

static int
text_of(const struct scan *s, uint32_t i, char delimiter, struct buf *out)
{
	uint32_t k;

	if (s->node[i].type == SCAN_OBJECT || (s->node[i].type == SCAN_ARRAY && !plain_list(s, i)))
		return scan_canonical(s, i, out);
	if (s->node[i].type != SCAN_ARRAY)
		return add_scalar(s, i, out);
	for (k = scan_first(s, i); k != SCAN_NONE && k < s->node[i].next; k = s->node[k].next)
		if ((out->len > 0 && buf_addc(out, delimiter) == -1) || add_scalar(s, k, out) == -1)
			return -1;
	return 0;
}

static int
take_members(const struct scan *s, uint32_t obj, char delimiter, params_taker *take, void *arg, struct err *err)
{
	struct buf name, value;
	uint32_t i, v, secret;
	int rc = 0;

	secret = scan_member(s, obj, "secret");
	if (secret != SCAN_NONE && s->node[secret].type != SCAN_ARRAY)
		secret = SCAN_NONE;
	buf_init(&name, LIMIT_PARAMS);
	buf_init(&value, LIMIT_PARAMS);
	for (i = scan_first(s, obj); i != SCAN_NONE && i < s->node[obj].next; i = s->node[v].next) {
		v = i + 1;
		if (v == secret)
			continue;
		buf_clear(&name);
		if (scan_string(s, i, &name) == -1 || text_of(s, v, delimiter, &value) == -1) {
			rc = err_set(err, REASON_USAGE, "a parameter is longer than %zu bytes", LIMIT_PARAMS);
			break;
		}
		take(arg, name.bytes, value.bytes, value.len, listed(s, secret, name.bytes));
		explicit_bzero(value.bytes, value.len);
		buf_clear(&value);
	}
	explicit_bzero(value.bytes, value.len);
	buf_release(&name);
	buf_release(&value);
	return rc;
}

int
params_json_under(const char *what, const char *member, const char *bytes, size_t len, char delimiter,
    params_taker *take, void *arg, struct err *err)
{
	struct scan s;
	uint32_t obj = 0;
	int rc;

	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	if (len == 0)
		return err_set(err, REASON_USAGE, "%s is empty: a JSON object is needed", what);
	scan_init(&s);
	if (scan_text(&s, bytes, len, err) == -1) {
		err->reason = REASON_USAGE;
		rc = err_prefix(err, "%s is no JSON object", what);
	} else if (s.node[0].type != SCAN_OBJECT)
		rc = err_set(err, REASON_USAGE, "%s is JSON but no object", what);
	else if (member != NULL && ((obj = scan_member(&s, 0, member)) == SCAN_NONE || s.node[obj].type != SCAN_OBJECT))
		rc = err_set(err, REASON_CONTRACT, "%s has no object \"%s\"", what, member);
	else if ((rc = take_members(&s, obj, delimiter, take, arg, err)) == -1)
		err_prefix(err, "%s", what);
	scan_release(&s);
	return rc;
}

int
params_json(const char *what, const char *bytes, size_t len, char delimiter, params_taker *take, void *arg,
    struct err *err)
{
	return params_json_under(what, NULL, bytes, len, delimiter, take, arg, err);
}
