#include "delta_select.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object.h"
#include "xmalloc.h"

int
delta_select_check(const struct delta *d, struct err *err)
{
	if (d->type != NULL && strcmp(d->type, "association") != 0 && schema_type(d->type, strlen(d->type)) == TYPE_NONE)
		return err_set(err, REASON_USAGE, "--type: '%s' is no type", d->type);
	return 0;
}

/* By any of its identities, so that a File may be named by any hash. */
static bool
is_object(const struct delta *d, const struct row *r)
{
	uint8_t key[3][STATE_KEY], want[STATE_KEY];
	struct buf identity, summary;
	bool same = false;
	int n;

	buf_init(&identity, LIMIT_LINE);
	if (r->type != TYPE_NONE && object_identity(schema_class((enum tc_type)r->type), (enum tc_type)r->type, d->object, strlen(d->object), &identity) == 0) {
		delta_key(want, identity.bytes, strlen(identity.bytes));
		same = memcmp(want, r->key, STATE_KEY) == 0;
		if (!same && r->type == TYPE_FILE)
			for (n = delta_row_keys(r, key); n-- > 0;)
				same = same || memcmp(want, key[n], STATE_KEY) == 0;
	}
	buf_release(&identity);
	if (r->type == TYPE_NONE) {
		buf_init(&summary, LIMIT_LINE);
		same = delta_row_summary(r, &summary) == 0 && strcmp(summary.bytes, d->object) == 0;
		buf_release(&summary);
	}
	return same;
}

bool
delta_selected(struct delta *d, const struct row *r)
{
	char code[32], reason[512];
	struct err err;
	int64_t when;

	if (d->type != NULL && strcmp(d->type, delta_type_name(r->type)) != 0)
		return false;
	if (d->object != NULL && !is_object(d, r))
		return false;
	return d->code == NULL || (state_ledger_get(&d->state, r->key, code, reason, &when, &err) == 1 && strcmp(code, d->code) == 0);
}

int
delta_forget(struct state *s, const struct row *r, struct err *err)
{
	uint8_t key[3][STATE_KEY];
	int n = r->type == TYPE_FILE ? delta_row_keys(r, key) : 0;

	while (n-- > 0)
		if (state_alias_delete(s, key[n], err) == -1)
			return -1;
	return state_delete(s, r->key, err) == -1 || state_content_delete(s, r->key, err) == -1 || state_ledger_delete(s, r->key, err) == -1 ? -1 : 0;
}

static int
collect(void *arg, struct row *r, struct err *err)
{
	return buf_add(arg, (const char *)r->key, STATE_KEY) == -1 ? err_set(err, REASON_STATE, "too many rows") : 0;
}

int
delta_each(struct delta *d, int (*fn)(struct delta *, struct row *, struct err *), long long *changed, struct err *err)
{
	uint8_t from[STATE_KEY] = { 0 }, to[STATE_KEY];
	struct buf keys;
	struct row r;
	char *value;
	int part, rc = 0, did;
	size_t i;

	*changed = 0;
	buf_init(&keys, GIB);
	/* a piece of the keys at a time: rows are not written under a scan */
	for (part = 256; part < 4 * 256 && rc == 0; part++) {
		from[0] = (uint8_t)(part / 256);
		from[1] = (uint8_t)(part % 256);
		memset(to, 0, sizeof(to));
		to[0] = (uint8_t)((part + 1) / 256);
		to[1] = (uint8_t)((part + 1) % 256);
		buf_clear(&keys);
		rc = state_scan(&d->state, from, to, collect, &keys, err);
		for (i = 0; i < keys.len && rc == 0; i += STATE_KEY) {
			if ((did = state_get(&d->state, (const uint8_t *)keys.bytes + i, &r, err)) == -1) {
				rc = -1;
				break;
			}
			if (did == 0)
				continue;
			r.value = value = xstrndup(r.value, r.value_len);
			if (delta_selected(d, &r)) {
				if ((did = fn(d, &r, err)) == -1)
					rc = -1;
				else
					*changed += did;
			}
			free(value);
		}
	}
	buf_release(&keys);
	return rc;
}
