/* Elements of an object's arrays: labels, attributes, tags, occurrences, references. */
#include "sandbox/model_private.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "sandbox/check.h"
#include "text.h"

/* Reads label element i; appends it where the owner knows or learns it. */
static enum verdict
read_label(struct reading *r, uint32_t i, struct items *list)
{
	const struct scan *s = r->s;
	struct slice name, json[3] = { { NULL, 0 } };
	static const char *const member[] = { "name", "color", "description" };
	struct buf b;
	uint32_t v;
	bool described;
	int k;

	if (s->node[i].type != SCAN_OBJECT)
		return model_syntax(r, "securityLabel holds something that is no object");
	for (k = 0; k < 3; k++) {
		v = scan_member(s, i, member[k]);
		if (v == SCAN_NONE || s->node[v].type == SCAN_NULL)
			continue;
		if (s->node[v].type != SCAN_STRING)
			return model_syntax(r, "%s of a securityLabel is no string", member[k]);
		json[k] = model_json_at(r->arena, s, v);
		if (k == 0)
			name = model_string_at(r->arena, s, v);
	}
	if (json[0].text == NULL || name.len == 0) {
		model_lose(r, "a security label without name was left out");
		return MODEL_OK;
	}
	if (text_chars(name.text, name.len) > LIMIT_LABEL_NAME) {
		model_lose(r, "a security label over 50 characters was left out");
		return MODEL_OK;
	}
	described = json[1].len == 8 && check_hash(json[1].text + 1, 6, 6) == NULL && json[2].len > 2;
	if (r->rules != NULL && !r->rules->label(r->rules->ctx, name.text, name.len, described))
		return model_refuse(r, "0x1007",
		    "security label '%.*s' does not exist; a new one needs color (6 hexadecimal digits) and description",
		    (int)(name.len < 100 ? name.len : 100), name.text);
	buf_init(&b, 2 * LIMIT_RECORD);
	if (buf_addz(&b, "{\"name\":") == -1 || buf_add(&b, json[0].text, json[0].len) == -1 || buf_addc(&b, '}') == -1)
		abort();
	items_add(list, r->arena, model_keep(r->arena, b.bytes, b.len), name);
	buf_release(&b);
	return MODEL_OK;
}

enum verdict
model_read_labels(struct reading *r, uint32_t array, struct items *list)
{
	uint32_t i;
	enum verdict v;

	for (i = scan_first(r->s, array); i != SCAN_NONE && i < r->s->node[array].next; i = r->s->node[i].next)
		if ((v = read_label(r, i, list)) != MODEL_OK)
			return v;
	items_sort(list);
	return MODEL_OK;
}

void
model_add_attribute(struct reading *r, struct slice type, struct slice type_json, struct slice value_json, bool displayed,
    bool pinned, struct slice source_json, const struct items *labels)
{
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, 16 * LIMIT_RECORD);
	rc = buf_addz(&b, "{\"type\":") | buf_add(&b, type_json.text, type_json.len) | buf_addz(&b, ",\"value\":") |
	    buf_add(&b, value_json.text, value_json.len);
	if (displayed)
		rc |= buf_addz(&b, ",\"displayed\":true");
	if (pinned)
		rc |= buf_addz(&b, ",\"pinned\":true");
	if (source_json.text != NULL)
		rc |= buf_addz(&b, ",\"source\":") | buf_add(&b, source_json.text, source_json.len);
	for (i = 0; labels != NULL && i < labels->n; i++)
		rc |= buf_addz(&b, i == 0 ? ",\"securityLabel\":[" : ",") |
		    buf_add(&b, labels->item[i].json.text, labels->item[i].json.len);
	if (labels != NULL && labels->n > 0)
		rc |= buf_addc(&b, ']');
	rc |= buf_addc(&b, '}');
	if (rc != 0)
		abort();
	items_add(&r->m->attribute, r->arena, model_keep(r->arena, b.bytes, b.len), type);
	buf_release(&b);
}

/* batch-api.md section 10 */
enum verdict
model_read_attribute(struct reading *r, uint32_t i)
{
	const struct scan *s = r->s;
	struct slice type = { NULL, 0 }, value = { NULL, 0 }, source = { NULL, 0 }, type_json = { NULL, 0 },
	    value_json = { NULL, 0 };
	struct items labels = { 0 };
	bool displayed = false, pinned = false;
	enum verdict verdict;
	uint32_t n, v;
	size_t max;

	if (s->node[i].type != SCAN_OBJECT)
		return model_syntax(r, "attribute holds something that is no object");
	for (n = scan_first(s, i); n != SCAN_NONE && n < s->node[i].next; n = s->node[v].next) {
		v = s->node[n].next;
		if (s->node[v].type == SCAN_NULL)
			continue;
		if (scan_is(s, n, "displayed") || scan_is(s, n, "pinned")) {
			if (s->node[v].type != SCAN_TRUE && s->node[v].type != SCAN_FALSE)
				return model_syntax(r, "displayed or pinned of an attribute is no boolean");
			*(scan_is(s, n, "pinned") ? &pinned : &displayed) = s->node[v].type == SCAN_TRUE;
		} else if (scan_is(s, n, "securityLabel")) {
			if (s->node[v].type != SCAN_ARRAY)
				return model_syntax(r, "securityLabel of an attribute is no array");
			if ((verdict = model_read_labels(r, v, &labels)) != MODEL_OK)
				return verdict;
		} else if (scan_is(s, n, "type") || scan_is(s, n, "value") || scan_is(s, n, "source")) {
			if (s->node[v].type != SCAN_STRING)
				return model_syntax(r, "a text member of an attribute is no string");
			if (scan_is(s, n, "type")) {
				type = model_string_at(r->arena, s, v);
				type_json = model_json_at(r->arena, s, v);
			} else if (scan_is(s, n, "value")) {
				value = model_string_at(r->arena, s, v);
				value_json = model_json_at(r->arena, s, v);
			} else {
				source = model_json_at(r->arena, s, v);
			}
		}
	}
	if (type.len == 0 || value.len == 0) {
		model_lose(r, "an attribute without %s was left out", type.len == 0 ? "type" : "value");
		return MODEL_OK;
	}
	max = r->rules != NULL ? r->rules->attribute(r->rules->ctx, type.text, type.len) : SIZE_MAX;
	if (max == 0)
		return model_refuse(r, "0x1007", "attribute type '%.*s' does not exist in this owner",
		    (int)(type.len < 100 ? type.len : 100), type.text);
	if (text_chars(value.text, value.len) > max) {
		model_lose(r, "attribute '%.*s' is over its %zu characters and was left out",
		    (int)(type.len < 100 ? type.len : 100), type.text, max);
		return MODEL_OK;
	}
	/* only Description and Source can be displayed */
	displayed = displayed && (text_eq(type.text, type.len, "Description") || text_eq(type.text, type.len, "Source"));
	model_add_attribute(r, type, type_json, value_json, displayed, pinned, source, &labels);
	return MODEL_OK;
}

enum verdict
model_read_tag(struct reading *r, uint32_t i)
{
	const struct scan *s = r->s;
	struct slice name, json, folded;
	struct buf b;
	uint32_t v;
	size_t k;

	if (s->node[i].type != SCAN_OBJECT)
		return model_syntax(r, "tag holds something that is no object");
	v = scan_member(s, i, "name");
	if (v != SCAN_NONE && s->node[v].type != SCAN_STRING && s->node[v].type != SCAN_NULL)
		return model_syntax(r, "name of a tag is no string");
	if (v == SCAN_NONE || s->node[v].type == SCAN_NULL || s->node[v].len == 0) {
		model_lose(r, "a tag without name was left out");
		return MODEL_OK;
	}
	name = model_string_at(r->arena, s, v);
	if (text_chars(name.text, name.len) > LIMIT_TAG) {
		model_lose(r, "a tag over 128 characters was left out");
		return MODEL_OK;
	}
	folded = model_fold(r->arena, name);
	for (k = 0; k < r->m->tag.n; k++)
		if (slice_cmp(r->m->tag.item[k].name, folded) == 0)
			return MODEL_OK;
	json = model_json_at(r->arena, s, v);
	buf_init(&b, json.len + 16);
	if (buf_addz(&b, "{\"name\":") == -1 || buf_add(&b, json.text, json.len) == -1 || buf_addc(&b, '}') == -1)
		abort();
	items_add(&r->m->tag, r->arena, model_keep(r->arena, b.bytes, b.len), folded);
	buf_release(&b);
	return MODEL_OK;
}

enum verdict
model_read_occurrence(struct reading *r, uint32_t i)
{
	static const char *const member[] = { "fileName", "path", "date" };
	const struct scan *s = r->s;
	struct slice text, all;
	struct buf b;
	uint32_t v;
	int k, n = 0, rc = 0;

	if (s->node[i].type != SCAN_OBJECT)
		return model_syntax(r, "fileOccurrence holds something that is no object");
	buf_init(&b, 16 * LIMIT_RECORD);
	for (k = 0; k < 3; k++) {
		v = scan_member(s, i, member[k]);
		if (v == SCAN_NONE || s->node[v].type == SCAN_NULL)
			continue;
		text = s->node[v].type == SCAN_STRING ? model_string_at(r->arena, s, v) : (struct slice){ NULL, 0 };
		if (text.text == NULL || (k == 2 && !check_date(text.text, text.len))) {
			buf_release(&b);
			return model_syntax(r, "%s of a fileOccurrence is no %s", member[k], k == 2 ? "date" : "string");
		}
		text = model_json_at(r->arena, s, v);
		rc |= buf_addf(&b, "%s\"%s\":", n++ == 0 ? "{" : ",", member[k]) | buf_add(&b, text.text, text.len);
	}
	rc |= buf_addc(&b, '}');
	if (rc != 0)
		abort();
	if (n == 0)
		model_lose(r, "a fileOccurrence without fileName, path and date was left out");
	all = model_keep(r->arena, b.bytes, b.len);
	buf_release(&b);
	if (n > 0)
		items_add(&r->m->occurrence, r->arena, all, all);
	return MODEL_OK;
}

enum verdict
model_read_ref(struct reading *r, uint32_t i, const struct field *f)
{
	const struct scan *s = r->s;
	uint32_t v = i, t;
	enum tc_type type = TYPE_NONE;
	struct slice name;

	if (f->kind != FIELD_XIDS) {
		if (s->node[i].type != SCAN_OBJECT)
			return model_syntax(r, "%s holds something that is no object", f->name);
		v = scan_member(s, i, f->kind == FIELD_GROUP_REFS ? "groupXid" : "summary");
	}
	if (v == SCAN_NONE || s->node[v].type != SCAN_STRING)
		return model_syntax(r, "an element of %s has no text to refer by", f->name);
	if (f->kind == FIELD_INDICATOR_REFS) {
		t = scan_member(s, i, "indicatorType");
		if (t == SCAN_NONE || s->node[t].type != SCAN_STRING)
			return model_syntax(r, "an element of %s has no indicatorType", f->name);
		name = model_string_at(r->arena, s, t);
		type = schema_type(name.text, name.len);
		if (schema_class(type) != CLASS_INDICATOR) {
			model_lose(r, "associatedIndicators names the unknown type '%.*s'", (int)(name.len < 60 ? name.len : 60), name.text);
			return MODEL_OK;
		}
	}
	refs_add(&r->m->ref, r->arena, model_string_at(r->arena, s, v), type);
	return MODEL_OK;
}
