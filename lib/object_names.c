/* What an object is called: for people, in receipts and in the journal. */
#include <string.h>

#include "limit.h"
#include "object_private.h"

int
object_summary(const struct object *o, struct buf *out)
{
	size_t len[OBJECT_VALUES], start = out->len;
	struct buf text;
	int end, rc = -1;

	switch (o->class) {
	case CLASS_GROUP:
		return scan_string(o->scan, object_member(o, "xid"), out);
	case CLASS_ASSOCIATION:
		for (end = 1; end <= 2; end++) {
			uint32_t ref = object_member(o, end == 1 ? "ref_1" : "ref_2");

			if (ref == SCAN_NONE)
				ref = object_member(o, end == 1 ? "id_1" : "id_2");
			if ((end == 2 && buf_addz(out, " - ") == -1) ||
			    (o->scan->node[ref].type == SCAN_STRING ? scan_string(o->scan, ref, out) :
			    buf_add(out, scan_bytes(o->scan, ref), o->scan->node[ref].len)) == -1) {
				out->len = start;
				return -1;
			}
		}
		return 0;
	default:
		break;
	}
	if (o->type == TYPE_REGISTRY_KEY)
		return object_add_registry(o, out);
	if (o->type != TYPE_FILE)
		return scan_string(o->scan, object_single_value(o), out);
	buf_init(&text, LIMIT_LINE);
	if (object_values(o, &text, len) == 0) {
		if (len[2] > 0)
			rc = buf_add(out, text.bytes + len[0] + len[1], len[2]);
		else
			rc = len[1] > 0 ? buf_add(out, text.bytes + len[0], len[1]) : buf_add(out, text.bytes, len[0]);
	}
	buf_release(&text);
	return rc;
}

int
object_names(const struct object *o, struct buf *out)
{
	const struct object_table *t = object_table(o->type);
	struct buf text;
	bool first = true;
	int k, rc;

	if (o->class == CLASS_ASSOCIATION) {
		for (k = 0; k < t->n; k++) {
			if (o->at[k] == SCAN_NONE || strcmp(t->field[k].f->name, "action") == 0 ||
			    strcmp(t->field[k].f->name, "batchId") == 0)
				continue;
			if ((!first && buf_addc(out, ',') == -1) || buf_addf(out, "\"%s\":", t->field[k].f->name) == -1 ||
			    scan_canonical(o->scan, o->at[k], out) == -1)
				return -1;
			first = false;
		}
		return 0;
	}
	buf_init(&text, LIMIT_LINE);
	rc = object_summary(o, &text) == -1 || buf_addf(out, "\"type\":\"%s\",\"%s\":", schema_type_name(o->type),
	    o->class == CLASS_GROUP ? "xid" : "summary") == -1 || buf_add_json(out, text.bytes, text.len) == -1 ? -1 : 0;
	buf_release(&text);
	return rc;
}

int
object_receipt(const struct object *o, const char *status, long long batch_id, const char *code, const char *reason,
    struct buf *out)
{
	size_t start = out->len;

	if (buf_addc(out, '{') == -1 || object_names(o, out) == -1 || buf_addz(out, ",\"status\":") == -1 ||
	    buf_add_json(out, status, strlen(status)) == -1 ||
	    (batch_id > 0 && buf_addf(out, ",\"batchId\":%lld", batch_id) == -1) ||
	    (code != NULL && (buf_addz(out, ",\"code\":") == -1 || buf_add_json(out, code, strlen(code)) == -1)) ||
	    (reason != NULL && (buf_addz(out, ",\"reason\":") == -1 || buf_add_json(out, reason, strlen(reason)) == -1)) ||
	    buf_addz(out, "}\n") == -1) {
		out->len = start;
		out->bytes[start] = '\0';
		return -1;
	}
	return 0;
}
