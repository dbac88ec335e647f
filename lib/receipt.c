#include "receipt.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "object.h"

void
receipt_init(struct receipt *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->code, LIMIT_LINE);
	buf_init(&r->reason, LIMIT_LINE);
	buf_init(&r->identity, 4 * LIMIT_LINE);
}

void
receipt_release(struct receipt *r)
{
	buf_release(&r->code);
	buf_release(&r->reason);
	buf_release(&r->identity);
}

/*
 * An object of the identifying members alone, written out and read by the
 * object room, which knows what identifies what.
 */
int
receipt_identities(const struct scan *s, uint32_t node, struct buf *identity, struct err *err)
{
	static const char *const member[] = { "type", "summary", "md5", "sha1", "sha256", "Key Name", "Value Name", "Value Type", "xid",
		"ref_1", "type_1", "id_1", "ref_2", "type_2", "id_2", "associationType", NULL };
	struct scan small;
	struct object o;
	struct buf line;
	bool group, first = true;
	uint32_t v;
	int i, n = 0;

	buf_init(&line, 2 * LIMIT_LINE);
	scan_init(&small);
	if (buf_addc(&line, '{') == -1)
		goto done;
	v = scan_member(s, node, "type");
	group = v != SCAN_NONE && s->node[v].type == SCAN_STRING &&
	    schema_class(schema_type(scan_bytes(s, v), s->node[v].len)) == CLASS_GROUP;
	for (i = 0; member[i] != NULL; i++) {
		if ((v = scan_member(s, node, member[i])) == SCAN_NONE || (group && i > 0 && strcmp(member[i], "xid") != 0))
			continue;
		if ((!first && buf_addc(&line, ',') == -1) || buf_addf(&line, "\"%s\":", member[i]) == -1 || scan_canonical(s, v, &line) == -1)
			goto done;
		first = false;
	}
	/* with a batchId a group needs no name */
	if ((group && buf_addz(&line, ",\"batchId\":1") == -1) || buf_addc(&line, '}') == -1)
		goto done;
	if (object_read(&o, &small, line.bytes, line.len, err) == 0)
		if ((n = object_identities(&o, identity)) == 0)
			err_set(err, REASON_CONTRACT, "an identity is too long");
done:
	if (line.len == 0)
		err_set(err, REASON_CONTRACT, "an identity is too long");
	buf_release(&line);
	scan_release(&small);
	return n;
}

int
receipt_read(struct receipt *r, struct scan *s, const char *line, size_t len, struct err *err)
{
	static const char *const word[] = { "accepted", "rejected", "unknown", "unsent" };
	uint32_t v;
	size_t i;

	buf_clear(&r->code);
	buf_clear(&r->reason);
	buf_clear(&r->identity);
	r->batch_id = 0;
	r->nidentity = 0;
	if (scan_text(s, line, len, err) == -1)
		return -1;
	if (s->node[0].type != SCAN_OBJECT)
		return err_set(err, REASON_CONTRACT, "not a JSON object");
	v = scan_member(s, 0, "status");
	if (v == SCAN_NONE || s->node[v].type != SCAN_STRING)
		return err_set(err, REASON_CONTRACT, "no \"status\"");
	for (i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (scan_is(s, v, word[i]))
			break;
	if (i == sizeof(word) / sizeof(word[0]))
		return err_set(err, REASON_CONTRACT, "status is none of accepted, rejected, unknown, unsent");
	r->status = (enum receipt_status)i;
	if ((v = scan_member(s, 0, "batchId")) != SCAN_NONE) {
		if (s->node[v].type != SCAN_NUMBER || !s->node[v].integer || s->node[v].len > 18 || scan_bytes(s, v)[0] == '-')
			return err_set(err, REASON_CONTRACT, "batchId is no positive number");
		r->batch_id = strtoll(scan_bytes(s, v), NULL, 10);
	}
	if ((v = scan_member(s, 0, "code")) != SCAN_NONE && s->node[v].type == SCAN_STRING && scan_string(s, v, &r->code) == -1)
		return err_set(err, REASON_CONTRACT, "code is too long");
	if ((v = scan_member(s, 0, "reason")) != SCAN_NONE && s->node[v].type == SCAN_STRING && scan_string(s, v, &r->reason) == -1)
		return err_set(err, REASON_CONTRACT, "reason is too long");
	r->nidentity = receipt_identities(s, 0, &r->identity, err);
	return r->nidentity == 0 ? -1 : 0;
}
