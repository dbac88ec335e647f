#include "delta.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "limit.h"
#include "log.h"
#include "xmalloc.h"

/* --- lock and state --- */

int
delta_reopen(struct delta *d, enum state_open how, struct err *err)
{
	bool from_copy;
	int tries;

	for (tries = 0; d->state.damaged && tries < 2; tries++) {
		log_warning("%s", err->text);
		state_close(&d->state);
		if (state_repair(&d->state, &from_copy, err) == -1)
			return -1;
		log_warning(from_copy ? "the copy of the last good state is used; nothing is removed until a complete run has passed" :
		    "there is no copy of a good state: everything is sent again, and nothing is removed until a complete run has passed");
		stats_set_text(d->tool->stats, "state.found", from_copy ? "copy" : "lost");
		if (state_open(&d->state, d->dir, d->feed->id, d->owner, how, err) == 0) {
			err->reason = REASON_NONE;
			err->text[0] = '\0';
			return 0;
		}
	}
	return -1;
}

int
delta_open(struct delta *d, enum state_open how, struct err *err)
{
	if (how != STATE_READ && lock_take(&d->lock, d->dir, d->feed->id, getenv("TC_RUN_ID"), err) == -1)
		return -1;
	if (state_open(&d->state, d->dir, d->feed->id, d->owner, how, err) == -1 &&
	    (how == STATE_READ || delta_reopen(d, how, err) == -1)) {
		lock_drop(&d->lock);
		return -1;
	}
	if (d->state.lost && how == STATE_CREATE) {
		log_warning("the state of feed %s is gone: everything is sent again, and nothing is removed until a complete run has passed", d->feed->id);
		stats_set_text(d->tool->stats, "state.found", "lost");
	}
	return 0;
}

void
delta_close(struct delta *d)
{
	state_close(&d->state);
	lock_drop(&d->lock);
}

/* --- keys --- */

void
delta_key(uint8_t key[STATE_KEY], const char *identity, size_t len)
{
	unsigned char sum[HASH_SHA256];

	hash_sha256(sum, identity, len);
	memcpy(key, sum, STATE_KEY);
	/* 120 bits of hash are plenty; the class in front makes key order the order of sending */
	key[0] = (uint8_t)(identity[0] - '0');
}

int
delta_keys(uint8_t key[3][STATE_KEY], const struct buf *identities, int n)
{
	const char *p = identities->bytes;
	int i;

	for (i = 0; i < n; i++) {
		delta_key(key[i], p, strlen(p));
		p += strlen(p) + 1;
	}
	return n;
}

int
delta_find(struct delta *d, const struct buf *identities, int n, struct row *r, struct err *err)
{
	uint8_t key[3][STATE_KEY];
	int i, found = 0, got;

	delta_keys(key, identities, n);
	for (i = 0; i < n; i++) {
		if ((got = state_get(&d->state, key[i], r, err)) == -1)
			return -1;
		/* two Files that one record has made one: the pending row has an alias where the other has its key */
		if (got == 1 && !(r->flags & ROW_PENDING) && r->type == TYPE_FILE && memcmp(r->key, key[i], STATE_KEY) == 0) {
			struct row own = *r;
			int other = state_get_alias(&d->state, key[i], r, err);

			if (other == -1)
				return -1;
			if (other == 0 || !(r->flags & ROW_PENDING)) {
				*r = own;
				if (state_get(&d->state, key[i], r, err) == -1)	/* its value again */
					return -1;
			}
		}
		found = found || got == 1;
		if (got == 1 && r->flags & ROW_PENDING)
			return 1;
	}
	/* none is pending: whichever there is */
	for (i = 0; i < n && found; i++)
		if ((got = state_get(&d->state, key[i], r, err)) != 0)
			return got;
	return 0;
}

/* --- values --- */

size_t
delta_value_start(unsigned type)
{
	return type == TYPE_NONE ? 1 : strlen("{\"type\":\"\",") + strlen(schema_type_name((enum tc_type)type));
}

/* The value members stand together: behind the type, and of a group xid behind its name. */
size_t
delta_value_length(const struct object *o, size_t start)
{
	const struct scan *s = o->scan;
	const struct scan_node *n;
	uint32_t last = 0;
	int k, upto;

	switch (o->class) {
	case CLASS_GROUP:
		upto = schema_field_index(o->type, "xid", 3);
		break;
	case CLASS_ASSOCIATION:
		upto = schema_field_index(o->type, "associationType", strlen("associationType"));
		break;
	default:
		upto = o->type == TYPE_FILE || o->type == TYPE_REGISTRY_KEY ? OBJECT_VALUES : 1;
	}
	for (k = o->type == TYPE_NONE ? 0 : 1; k <= upto; k++)
		if (o->at[k] != SCAN_NONE)
			last = o->at[k];
	n = &s->node[last];
	return n->off + n->len + (n->type == SCAN_STRING) - start;
}

int
delta_row_line(const struct row *r, const char *extra, struct buf *out)
{
	if (r->type == TYPE_NONE ? buf_addc(out, '{') == -1 :
	    buf_addf(out, "{\"type\":\"%s\",", schema_type_name((enum tc_type)r->type)) == -1)
		return -1;
	return buf_add(out, r->value, r->value_len) == -1 || buf_addz(out, extra) == -1 || buf_addc(out, '}') == -1 ? -1 : 0;
}

static int
read_row_object(const struct row *r, struct object *o, struct scan *s, struct buf *line, struct err *err)
{
	if (delta_row_line(r, "", line) == -1)
		return -1;
	return object_read(o, s, line->bytes, line->len, err);
}

int
delta_row_summary(const struct row *r, struct buf *out)
{
	struct object o;
	struct scan s;
	struct buf line;
	struct err err;
	int rc;

	scan_init(&s);
	buf_init(&line, 2 * LIMIT_LINE);
	rc = read_row_object(r, &o, &s, &line, &err) == -1 ? buf_add(out, r->value, r->value_len) : object_summary(&o, out);
	buf_release(&line);
	scan_release(&s);
	return rc;
}

int
delta_row_keys(const struct row *r, uint8_t key[3][STATE_KEY])
{
	struct object o;
	struct scan s;
	struct buf line, identity;
	struct err err;
	int n = 0;

	scan_init(&s);
	buf_init(&line, 2 * LIMIT_LINE);
	buf_init(&identity, 4 * LIMIT_LINE);
	if (read_row_object(r, &o, &s, &line, &err) == 0)
		n = delta_keys(key, &identity, object_identities(&o, &identity));
	buf_release(&identity);
	buf_release(&line);
	scan_release(&s);
	return n;
}

const char *
delta_type_name(unsigned type)
{
	return type == TYPE_NONE || type >= TYPE_COUNT ? "association" : schema_type_name((enum tc_type)type);
}

const char *
delta_kind_name(unsigned kind)
{
	static const char *const name[] = { "", "new", "changed", "refreshed", "retried", "returned", "inactive", "delete" };

	return kind < sizeof(name) / sizeof(name[0]) ? name[kind] : "";
}

/* --- the map --- */

int
delta_map_hash(const struct delta *d, char hex[65], struct err *err)
{
	const char **name = feed_map_params(d->feed), *value;
	struct buf all;
	size_t i;
	int rc;

	buf_init(&all, 16 * LIMIT_LINE);
	rc = buf_addz(&all, d->feed->map_hash);
	for (i = 0; name != NULL && name[i] != NULL && rc == 0; i++) {
		value = params_get(d->params, name[i]);
		rc = buf_addf(&all, "\n%s=%s", name[i], value != NULL ? value : "") == -1 ? -1 : 0;
	}
	if (rc == 0)
		hash_sha256_hex(hex, all.bytes, all.len);
	else
		err_set(err, REASON_USAGE, "the parameters of the map section are too long");
	buf_release(&all);
	free(name);
	return rc;
}

/* --- notes of runs --- */

int
delta_run_add(struct delta *d, uint32_t run, const char *const *name, const long long *value, int n, struct err *err)
{
	char *text = state_run_get(&d->state, run), part[64];
	struct json_object *root = text != NULL ? json_tokener_parse(text) : NULL, *at, *old;
	const char *dot;
	int i, rc;

	free(text);
	if (root == NULL || !json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		root = json_object_new_object();
	}
	for (i = 0; i < n; i++) {
		at = root;
		dot = strchr(name[i], '.');
		if (dot != NULL) {
			snprintf(part, sizeof(part), "%.*s", (int)(dot - name[i]), name[i]);
			if (!json_object_object_get_ex(at, part, &old)) {
				old = json_object_new_object();
				json_object_object_add(at, part, old);
			}
			at = old;
		}
		dot = dot != NULL ? dot + 1 : name[i];
		json_object_object_add(at, dot, json_object_new_int64(value[i] +
		    (json_object_object_get_ex(at, dot, &old) ? json_object_get_int64(old) : 0)));
	}
	rc = state_run_put(&d->state, run, json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN), err);
	json_object_put(root);
	return rc;
}
