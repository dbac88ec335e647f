/* What makes an indicator: its value, by type. */
#include "sandbox/model_private.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "sandbox/check.h"
#include "text.h"

static enum verdict
read_file(struct reading *r, struct slice summary, const struct slice part[3])
{
	static const char *const name[] = { "md5", "sha1", "sha256" };
	static const size_t digits[] = { 32, 40, 64 };
	struct slice hash[3];
	const char *why, *at, *end;
	size_t n;
	int k, any = 0;

	memcpy(hash, part, sizeof(hash));
	/* any hash member makes the summary count for nothing (batch-api.md section 12) */
	if (part[0].text == NULL && part[1].text == NULL && part[2].text == NULL && summary.text != NULL) {
		for (at = summary.text; at <= summary.text + summary.len; at = end + 3) {
			end = memmem(at, (size_t)(summary.text + summary.len - at), " : ", 3);
			if (end == NULL)
				end = summary.text + summary.len;
			n = (size_t)(end - at);
			k = n == 32 ? 0 : n == 40 ? 1 : 2;
			if (hash[k].text != NULL)
				return model_refuse(r, "0x1005", "the summary of a File is md5 : sha1 : sha256, each at most once");
			hash[k] = (struct slice){ at, n };
			if (end == summary.text + summary.len)
				break;
		}
	}
	for (k = 0; k < 3; k++) {
		if (hash[k].text == NULL)
			continue;
		if ((why = check_hash(hash[k].text, hash[k].len, digits[k])) != NULL)
			return model_refuse(r, "0x1005", "%.*s is not valid: %s", (int)(hash[k].len < 80 ? hash[k].len : 80),
			    hash[k].text, why);
		r->m->hash[k] = model_fold(r->arena, hash[k]);
		model_set(r, name[k], r->m->hash[k]);
		store_key(r->m->key[r->m->nkey++], TYPE_FILE, r->m->hash[k].text, r->m->hash[k].len);
		r->m->value = r->m->hash[k];
		any++;
	}
	return any > 0 ? MODEL_OK : model_refuse(r, "0x1005", "a File needs md5, sha1, sha256 or a summary");
}

static enum verdict
read_registry(struct reading *r, struct slice summary, struct slice part[3])
{
	static const char *const name[] = { "Key Name", "Value Name", "Value Type" };
	const char *why, *first, *last, *p;
	struct buf b;
	int k;

	if (part[0].text == NULL && summary.text != NULL) {
		first = memmem(summary.text, summary.len, " : ", 3);
		for (last = first; last != NULL; last = p)
			if ((p = memmem(last + 3, (size_t)(summary.text + summary.len - last - 3), " : ", 3)) == NULL)
				break;
		if (first == NULL || last == first)
			return model_refuse(r, "0x1005", "the summary of a Registry Key is Key : Value : Type");
		part[0] = (struct slice){ summary.text, (size_t)(first - summary.text) };
		part[1] = (struct slice){ first + 3, (size_t)(last - first - 3) };
		part[2] = (struct slice){ last + 3, (size_t)(summary.text + summary.len - last - 3) };
	}
	for (k = 0; k < 3; k++)
		if (part[k].text == NULL)
			return model_refuse(r, "0x1005", "a Registry Key needs %s", name[k]);
	why = check_registry(part[0].text, part[0].len, part[1].text, part[1].len, part[2].text, part[2].len);
	buf_init(&b, part[0].len + part[1].len + part[2].len + 16);
	for (k = 0; k < 3; k++)
		if ((k > 0 && buf_addz(&b, " : ") == -1) || buf_add(&b, part[k].text, part[k].len) == -1)
			abort();
	r->m->value = model_keep(r->arena, b.bytes, b.len);
	buf_release(&b);
	if (why != NULL)
		return model_refuse(r, "0x1005", "%.*s is not valid: %s", (int)(part[0].len < 100 ? part[0].len : 100), part[0].text, why);
	for (k = 0; k < 3; k++)
		model_set(r, name[k], part[k]);
	store_key(r->m->key[r->m->nkey++], TYPE_REGISTRY_KEY, r->m->value.text, r->m->value.len);
	return MODEL_OK;
}

enum verdict
model_read_value(struct reading *r)
{
	struct slice summary = { NULL, 0 }, part[3] = { { NULL, 0 } };
	const char *const *m = schema_value_members(r->m->type), *why;
	enum tc_type type = r->m->type;
	struct buf key;
	uint32_t v;
	int k;

	v = scan_member(r->s, 0, "summary");
	if (v != SCAN_NONE && r->s->node[v].type != SCAN_NULL) {
		if (r->s->node[v].type != SCAN_STRING)
			return model_syntax(r, "summary is no string");
		summary = model_string_at(r->arena, r->s, v);
	}
	for (k = 0; k < 3 && m[k] != NULL; k++) {
		v = scan_member(r->s, 0, m[k]);
		if (v == SCAN_NONE || r->s->node[v].type == SCAN_NULL)
			continue;
		if (r->s->node[v].type != SCAN_STRING)
			return model_syntax(r, "%s is no string", m[k]);
		part[k] = model_string_at(r->arena, r->s, v);
	}
	r->m->value = summary;
	if (type == TYPE_FILE)
		return read_file(r, summary, part);
	if (type == TYPE_REGISTRY_KEY)
		return read_registry(r, summary, part);
	if (summary.text == NULL)
		summary = part[0];
	r->m->value = summary;
	if (summary.text == NULL)
		return model_refuse(r, "0x1005", "an indicator of type %s needs a summary or %s", schema_type_name(type), m[0]);
	buf_init(&key, summary.len + 64);
	why = check_value(type, summary.text, summary.len, &key);
	if (why == NULL) {
		store_key(r->m->key[r->m->nkey++], type, key.bytes, key.len);
		if (type == TYPE_ADDRESS || type == TYPE_HOST || type == TYPE_ASN || type == TYPE_CIDR || type == TYPE_EMAIL_ADDRESS)
			summary = model_keep(r->arena, key.bytes, key.len);
	}
	buf_release(&key);
	if (why != NULL)
		return model_refuse(r, "0x1005", "%.*s is not valid: %s", (int)(summary.len < 200 ? summary.len : 200), summary.text, why);
	r->m->value = summary;
	model_set(r, "summary", summary);
	return MODEL_OK;
}
