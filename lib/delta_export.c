/* export and import: a state as lines of JSON, and a state made from the platform's own export. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta_read.h"
#include "delta_select.h"
#include "limit.h"
#include "log.h"
#include "receipt.h"
#include "records.h"
#include "text.h"
#include "xmalloc.h"

#define EXPORT_FORMAT	1

/* What of the state's description goes along; the rest is of this machine or this moment. */
static const char *const carried_number[] = { "run", "filter_run", "whole", "empty", "completed_run", "complete_runs", NULL };

/* --- export --- */

struct export {
	struct delta	*d;
	struct out	 out;
	struct buf	 line;
	long long	 n;
};

static int
export_head(struct export *e, struct err *err)
{
	struct json_object *o = json_object_new_object();
	struct state *s = &e->d->state;
	const char *text;
	int i;

	json_object_object_add(o, "tcfeed", json_object_new_string("state"));
	json_object_object_add(o, "format", json_object_new_int(EXPORT_FORMAT));
	json_object_object_add(o, "feed", json_object_new_string(state_text(s, "feed")));
	json_object_object_add(o, "owner", json_object_new_string(state_text(s, "owner")));
	json_object_object_add(o, "map_hash", json_object_new_string(state_text(s, "map_hash")));
	json_object_object_add(o, "hold", json_object_new_string(state_text(s, "hold")));
	for (i = 0; carried_number[i] != NULL; i++)
		json_object_object_add(o, carried_number[i], json_object_new_int64(state_number(s, carried_number[i])));
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	out_write(&e->out, text, strlen(text));
	out_write(&e->out, "\n", 1);
	json_object_put(o);
	return out_error(&e->out, err);
}

static int
add_ledger(struct export *e, const struct row *r, struct err *err)
{
	char code[32], reason[512];
	int64_t when;
	int found = r->flags & ROW_REFUSED ? state_ledger_get(&e->d->state, r->key, code, reason, &when, err) : 0;

	if (found != 1)
		return found;
	return buf_addz(&e->line, ",\"ledger\":{\"code\":") == -1 || buf_add_json(&e->line, code, strlen(code)) == -1 ||
	    buf_addz(&e->line, ",\"reason\":") == -1 || buf_add_json(&e->line, reason, text_utf8_span(reason, strlen(reason))) == -1 ||
	    buf_addf(&e->line, ",\"at\":%lld}", (long long)when) == -1 ? err_set(err, REASON_STATE, "a line is too long") : 0;
}

static int
export_row(void *arg, struct row *r, struct err *err)
{
	struct export *e = arg;
	struct row bare = *r;
	unsigned char bytes[STATE_ROW_FIXED];
	char hex[2 * STATE_ROW_FIXED + 1], *content;
	size_t len;
	int found;

	/* the value stands in the line itself */
	bare.value = "";
	bare.value_len = 0;
	len = state_row_encode(&bare, bytes);
	text_hex(hex, bytes, len);
	buf_clear(&e->line);
	if (delta_row_line(r, "", &e->line) == -1)
		return err_set(err, REASON_STATE, "a line is too long");
	e->line.len--;
	text_hex((char *)bytes, r->key, STATE_KEY);
	if (buf_addf(&e->line, ",\"state\":{\"known\":%s,\"active\":%s,\"pending\":%s,\"missing\":%s,\"refused\":%s,\"key\":\"%.32s\",\"row\":\"%s\"}",
	    r->flags & ROW_KNOWN ? "true" : "false", r->flags & ROW_ACTIVE ? "true" : "false", r->flags & ROW_PENDING ? "true" : "false",
	    r->flags & ROW_MISSING ? "true" : "false", r->flags & ROW_REFUSED ? "true" : "false", (char *)bytes, hex) == -1)
		return err_set(err, REASON_STATE, "a line is too long");
	if (add_ledger(e, r, err) == -1)
		return -1;
	if ((found = state_content_get(&e->d->state, r->key, &content, &len, err)) == -1)
		return -1;
	if (found == 1) {
		/* a line is JSON: it goes in as it stands */
		found = buf_addz(&e->line, ",\"content\":") == -1 || buf_add(&e->line, content, len) == -1 ? -1 : 0;
		free(content);
		if (found == -1)
			return err_set(err, REASON_STATE, "a line is too long");
	}
	if (buf_addz(&e->line, "}\n") == -1)
		return err_set(err, REASON_STATE, "a line is too long");
	out_write(&e->out, e->line.bytes, e->line.len);
	e->n++;
	return out_error(&e->out, err);
}

int
delta_export(struct delta *d, struct err *err)
{
	struct export e = { .d = d };
	int rc;

	if (delta_open(d, STATE_READ, err) == -1)
		return -1;
	if (d->state.db == NULL) {
		delta_close(d);
		return err_set(err, REASON_USAGE, "there is no state of feed %s, owner '%s'", d->feed->id, d->owner);
	}
	buf_init(&e.line, 8 * LIMIT_LINE);
	out_init(&e.out, STDOUT_FILENO, "standard output", 256 * 1024);
	rc = export_head(&e, err) == -1 || state_scan(&d->state, NULL, NULL, export_row, &e, err) == -1 ? -1 : 0;
	if (rc == 0) {
		out_flush(&e.out);
		rc = out_error(&e.out, err);
	}
	snprintf(d->summary, sizeof(d->summary), "%lld objects exported", e.n);
	delta_close(d);
	out_release(&e.out);
	buf_release(&e.line);
	return rc;
}

/* --- import --- */

struct import {
	struct delta	*d;
	struct scan	 scan, small;
	struct buf	 line, canonical, identity;
	long long	 n, active, known, pending, skipped;
};

static int
put_aliases(struct import *m, const struct row *r, struct err *err)
{
	uint8_t key[3][STATE_KEY];
	int n = r->type == TYPE_FILE ? delta_row_keys(r, key) : 0;

	while (n-- > 0)
		if (memcmp(key[n], r->key, STATE_KEY) != 0 && state_alias_put(&m->d->state, key[n], r->key, err) == -1)
			return -1;
	return 0;
}

static int
put_row(struct import *m, struct row *r, struct err *err)
{
	m->n++;
	m->known += (r->flags & ROW_KNOWN) != 0;
	m->active += (r->flags & (ROW_KNOWN | ROW_ACTIVE)) == (ROW_KNOWN | ROW_ACTIVE);
	m->pending += (r->flags & ROW_PENDING) != 0;
	return state_put(&m->d->state, r, err) == -1 || put_aliases(m, r, err) == -1 ? -1 : 0;
}

static bool
unhex(const char *text, size_t len, unsigned char *to)
{
	static const char digit[] = "0123456789abcdef";
	const char *a, *b;
	size_t i;

	for (i = 0; i + 1 < len; i += 2) {
		if (text[i] == '\0' || text[i + 1] == '\0' || (a = strchr(digit, text[i])) == NULL || (b = strchr(digit, text[i + 1])) == NULL)
			return false;
		to[i / 2] = (unsigned char)((a - digit) << 4 | (b - digit));
	}
	return len % 2 == 0;
}

/* The members of node that identify it, as an object with no more, read into o and written canonically. */
static int
value_object(struct import *m, uint32_t node, struct object *o, struct err *err)
{
	static const char *const member[] = { "type", "summary", "md5", "sha1", "sha256", "Key Name", "Value Name", "Value Type", "name", "xid",
		"ref_1", "type_1", "id_1", "ref_2", "type_2", "id_2", "associationType", NULL };
	struct buf first;
	int i, rc = 0;
	uint32_t v;

	buf_init(&first, 2 * LIMIT_LINE);
	for (i = 0; member[i] != NULL && rc == 0; i++)
		if ((v = scan_member(&m->scan, node, member[i])) != SCAN_NONE)
			rc = buf_addf(&first, "%c\"%s\":", first.len == 0 ? '{' : ',', member[i]) == -1 ||
			    scan_canonical(&m->scan, v, &first) == -1 ? -1 : 0;
	if (rc == 0)
		rc = buf_addc(&first, '}');
	if (rc == -1)
		err_set(err, REASON_CONTRACT, "too long");
	else if ((rc = object_read(o, &m->small, first.bytes, first.len, err)) == 0) {
		buf_clear(&m->canonical);
		rc = object_canonical(o, true, &m->canonical) == -1 ? err_set(err, REASON_CONTRACT, "too long") :
		    object_read(o, &m->small, m->canonical.bytes, m->canonical.len, err);
	}
	buf_release(&first);
	return rc;
}

static int
import_row(struct import *m, const char *line, size_t len, struct err *err)
{
	unsigned char bytes[STATE_ROW_FIXED], key[STATE_KEY];
	struct object o;
	struct row r;
	uint32_t s, v, k;
	size_t start;

	if (scan_text(&m->scan, line, len, err) == -1)
		return -1;
	s = scan_member(&m->scan, 0, "state");
	v = s != SCAN_NONE ? scan_member(&m->scan, s, "row") : SCAN_NONE;
	k = s != SCAN_NONE ? scan_member(&m->scan, s, "key") : SCAN_NONE;
	if (v == SCAN_NONE || k == SCAN_NONE || m->scan.node[v].type != SCAN_STRING || m->scan.node[k].len != 2 * STATE_KEY ||
	    m->scan.node[v].len > 2 * sizeof(bytes) || !unhex(scan_bytes(&m->scan, v), m->scan.node[v].len, bytes) ||
	    !unhex(scan_bytes(&m->scan, k), m->scan.node[k].len, key) || key[0] < 1 || key[0] > 3 ||
	    state_row_decode(&r, key, bytes, m->scan.node[v].len / 2) == -1)
		return err_set(err, REASON_CONTRACT, "its state does not match its check value");
	if (value_object(m, 0, &o, err) == -1)
		return -1;
	if (o.type != (enum tc_type)r.type)
		return err_set(err, REASON_CONTRACT, "its type is another");
	start = delta_value_start(r.type);
	r.value = m->canonical.bytes + start;
	r.value_len = (uint32_t)delta_value_length(&o, start);
	if (put_row(m, &r, err) == -1)
		return -1;
	if ((v = scan_member(&m->scan, 0, "ledger")) != SCAN_NONE && m->scan.node[v].type == SCAN_OBJECT) {
		uint32_t code = scan_member(&m->scan, v, "code"), reason = scan_member(&m->scan, v, "reason"), at = scan_member(&m->scan, v, "at");
		struct buf c, why;
		int rc = 0;

		buf_init(&c, LIMIT_LINE);
		buf_init(&why, LIMIT_LINE);
		if (code == SCAN_NONE || reason == SCAN_NONE || at == SCAN_NONE || m->scan.node[code].type != SCAN_STRING ||
		    m->scan.node[reason].type != SCAN_STRING || scan_string(&m->scan, code, &c) == -1 || scan_string(&m->scan, reason, &why) == -1)
			rc = err_set(err, REASON_CONTRACT, "its ledger entry is not whole");
		else
			rc = state_ledger_put(&m->d->state, r.key, c.bytes, why.bytes, strtoll(scan_bytes(&m->scan, at), NULL, 10), err);
		buf_release(&c);
		buf_release(&why);
		if (rc == -1)
			return -1;
	}
	if ((v = scan_member(&m->scan, 0, "content")) != SCAN_NONE && m->d->feed->keep_content) {
		buf_clear(&m->line);
		if (scan_canonical(&m->scan, v, &m->line) == -1)
			return err_set(err, REASON_CONTRACT, "its content is too long");
		return state_content_put(&m->d->state, r.key, m->line.bytes, m->line.len, err) == -1 ||
		    state_content_accept(&m->d->state, r.key, err) == -1 ? -1 : 0;
	}
	return 0;
}

static int
import_head(struct import *m, const char *line, size_t len, struct err *err)
{
	struct json_object *o = NULL, *v;
	struct state *s = &m->d->state;
	int i, rc = -1;

	if (scan_text(&m->scan, line, len, err) == -1)
		return -1;
	o = json_tokener_parse(line);
	if (o == NULL || !json_object_object_get_ex(o, "tcfeed", &v) || strcmp(json_object_get_string(v), "state") != 0 ||
	    !json_object_object_get_ex(o, "format", &v))
		err_set(err, REASON_USAGE, "this is no export of a state (tc-delta export); for the platform's export say --platform");
	else if (json_object_get_int(v) > EXPORT_FORMAT || json_object_get_int(v) < 1)
		err_set(err, REASON_USAGE, "this export has format %d, this program knows %d", json_object_get_int(v), EXPORT_FORMAT);
	else if (!json_object_object_get_ex(o, "feed", &v) || strcmp(json_object_get_string(v), m->d->feed->id) != 0)
		err_set(err, REASON_USAGE, "this export is of another feed than '%s'", m->d->feed->id);
	else if (!json_object_object_get_ex(o, "owner", &v) || strcmp(json_object_get_string(v), m->d->owner) != 0)
		err_set(err, REASON_USAGE, "this export is of another owner than '%s'", m->d->owner);
	else {
		for (i = 0; carried_number[i] != NULL; i++)
			if (json_object_object_get_ex(o, carried_number[i], &v))
				state_set_number(s, carried_number[i], json_object_get_int64(v));
		if (json_object_object_get_ex(o, "map_hash", &v))
			state_set_text(s, "map_hash", json_object_get_string(v));
		if (json_object_object_get_ex(o, "hold", &v))
			state_set_text(s, "hold", json_object_get_string(v));
		rc = 0;
	}
	json_object_put(o);
	return rc;
}

static int
import_lines(struct import *m, FILE *f, struct err *err)
{
	char *line = NULL;
	size_t cap = 0;
	long long n = 0;
	ssize_t len;
	int rc = 0;

	while (rc == 0 && (len = getline(&line, &cap, f)) > 0) {
		if ((size_t)len > 8 * LIMIT_LINE)
			rc = err_set(err, REASON_CONTRACT, "longer than 8 MiB");
		else if (line[len - 1] != '\n')
			rc = err_set(err, REASON_CONTRACT, "cut");
		else {
			line[--len] = '\0';
			rc = n == 0 ? import_head(m, line, (size_t)len, err) : import_row(m, line, (size_t)len, err);
		}
		n++;
		if (rc == -1)
			err_prefix(err, "line %lld: ", n);
	}
	if (rc == 0 && (ferror(f) || n == 0))
		rc = err_set(err, REASON_USAGE, n == 0 ? "the export is empty" : "cannot read the export: %m");
	free(line);
	return rc;
}

/* --- the platform's export --- */

/* Members of the export that a line may have, in their values' forms; what only says the default is left out. */
static int
comparable(struct import *m, const struct scan *s, enum tc_type type)
{
	const struct field *f;
	bool first = true;
	uint32_t v;
	size_t i;

	buf_clear(&m->line);
	if (buf_addc(&m->line, '{') == -1)
		return -1;
	for (i = 0; (f = schema_field(type, i)) != NULL; i++) {
		if ((v = scan_member(s, 0, f->name)) == SCAN_NONE || s->node[v].type == SCAN_NULL || strcmp(f->name, "batchId") == 0 ||
		    strcmp(f->name, "action") == 0)
			continue;
		if ((strcmp(f->name, "active") == 0 && s->node[v].type == SCAN_TRUE) ||
		    ((strcmp(f->name, "activeLocked") == 0 || strcmp(f->name, "privateFlag") == 0) && s->node[v].type == SCAN_FALSE))
			continue;
		if ((!first && buf_addc(&m->line, ',') == -1) || buf_addf(&m->line, "\"%s\":", f->name) == -1)
			return -1;
		first = false;
		/* 3.0 is 3 */
		if (f->kind == FIELD_INTEGER && s->node[v].type == SCAN_NUMBER && !s->node[v].integer) {
			if (buf_addf(&m->line, "%.0f", strtod(scan_bytes(s, v), NULL)) == -1)
				return -1;
		} else if (scan_canonical(s, v, &m->line) == -1)
			return -1;
	}
	/* a File or Registry Key may come with its summary only */
	if (type != TYPE_NONE && schema_field_index(type, "summary", 7) == -1 && schema_class(type) == CLASS_INDICATOR &&
	    (v = scan_member(s, 0, "summary")) != SCAN_NONE && (buf_addz(&m->line, ",\"summary\":") == -1 || scan_canonical(s, v, &m->line) == -1))
		return -1;
	return buf_addc(&m->line, '}');
}

/* An association has ends and no type; of what has one, it must be a type we know. */
static bool
record_type(const struct scan *s, enum tc_type *type)
{
	uint32_t v = scan_member(s, 0, "type");

	*type = v == SCAN_NONE ? TYPE_NONE : schema_type(scan_bytes(s, v), s->node[v].len);
	return v == SCAN_NONE ? scan_member(s, 0, "associationType") != SCAN_NONE || scan_member(s, 0, "type_1") != SCAN_NONE : *type != TYPE_NONE;
}

static int
import_platform_record(struct import *m, const struct record *rec, struct err *err)
{
	const struct scan *s = rec->scan;
	uint8_t key[3][STATE_KEY];
	bool compared = true, inactive;
	enum tc_type type;
	struct object o;
	struct row r;
	struct err why;
	size_t start;
	uint32_t v;

	if (rec->bad != NULL || s->node[0].type != SCAN_OBJECT || !record_type(s, &type)) {
		m->skipped++;
		return 0;
	}
	v = scan_member(s, 0, "active");
	inactive = v != SCAN_NONE && s->node[v].type == SCAN_FALSE;
	if (comparable(m, s, type) == -1 || object_read(&o, &m->small, m->line.bytes, m->line.len, &why) == -1) {
		/* what cannot be compared is known all the same, and is sent */
		compared = false;
		if (scan_text(&m->scan, rec->bytes, rec->len, &why) == -1 || value_object(m, 0, &o, &why) == -1) {
			m->skipped++;
			return 0;
		}
	} else {
		buf_clear(&m->canonical);
		if (object_canonical(&o, true, &m->canonical) == -1 ||
		    object_read(&o, &m->small, m->canonical.bytes, m->canonical.len, &why) == -1) {
			m->skipped++;
			return 0;
		}
	}
	memset(&r, 0, sizeof(r));
	buf_clear(&m->identity);
	if (delta_keys(key, &m->identity, object_identities(&o, &m->identity)) == 0) {
		m->skipped++;
		return 0;
	}
	memcpy(r.key, key[0], STATE_KEY);
	r.type = (uint8_t)type;
	r.flags = (uint16_t)(ROW_KNOWN | (inactive ? 0 : ROW_ACTIVE));
	r.sent_at = (uint32_t)m->d->now;
	if (compared) {
		delta_content_hash(m->d->feed, &o, r.hash);
		delta_prints(&o, &r.prints);
	}
	start = delta_value_start(r.type);
	r.value = m->canonical.bytes + start;
	r.value_len = (uint32_t)delta_value_length(&o, start);
	return put_row(m, &r, err);
}

static int
import_platform(struct import *m, int fd, struct err *err)
{
	struct records_options opt = { .kind = RECORDS_JSON, .path = "*", .each_value_array = true };
	struct records *r = records_open(fd, &opt, err);
	struct record rec;
	int rc;

	if (r == NULL)
		return -1;
	while ((rc = records_next(r, &rec, err)) == 1)
		if (import_platform_record(m, &rec, err) == -1) {
			rc = -1;
			break;
		}
	records_close(r);
	if (rc == 0) {
		/* what the platform holds need not all be this feed's: one complete run must say what is listed first */
		state_set_text(&m->d->state, "hold", "the state was made from the platform's export");
		state_set_number(&m->d->state, "run", state_number(&m->d->state, "run") + 1);
	}
	return rc;
}

static int
drop_row(struct delta *d, struct row *r, struct err *err)
{
	return delta_forget(&d->state, r, err) == -1 ? -1 : 1;
}

static int
fill(struct import *m, FILE *f, struct err *err)
{
	struct state *s = &m->d->state;
	long long dropped = 0;

	if (state_begin(s, err) == -1 || delta_each(m->d, drop_row, &dropped, err) == -1)
		return -1;
	if (dropped > 0 && !m->d->replace)
		return err_set(err, REASON_USAGE, "there is a state of feed %s with %lld objects; to put another in its place say --replace", m->d->feed->id, dropped);
	if ((m->d->platform ? import_platform(m, fileno(f), err) : import_lines(m, f, err)) == -1)
		return -1;
	state_set_number(s, "known", m->known);
	state_set_number(s, "active", m->active);
	state_set_number(s, "pending", m->pending);
	return state_commit(s, err) == -1 || state_mark(s, err) == -1 || state_keep_copy(s, err) == -1 ? -1 : 0;
}

int
delta_import(struct delta *d, struct err *err)
{
	const char *name = d->argv[0] != NULL ? d->argv[0] : "-";
	struct import m = { .d = d };
	FILE *f;
	int fd, rc;

	if (d->argv[0] != NULL && d->argv[1] != NULL)
		return err_set(err, REASON_USAGE, "one file at a time, not also '%s'", d->argv[1]);
	if ((fd = io_open_input(name, err)) == -1)
		return -1;
	if ((f = fdopen(fd, "r")) == NULL)
		return err_set(err, REASON_STATE, "cannot read %s: %s", name, strerror(errno));
	scan_init(&m.scan);
	scan_init(&m.small);
	buf_init(&m.line, 8 * LIMIT_LINE);
	buf_init(&m.canonical, 2 * LIMIT_LINE);
	buf_init(&m.identity, 4 * LIMIT_LINE);
	rc = delta_open(d, STATE_CREATE, err);
	if (rc == 0)
		rc = fill(&m, f, err);
	delta_close(d);		/* rolls back what was not finished */
	stats_set(d->tool->stats, "import.objects", m.n);
	stats_set(d->tool->stats, "import.skipped", m.skipped);
	snprintf(d->summary, sizeof(d->summary), "%lld objects imported, %lld skipped", rc == 0 ? m.n : 0, m.skipped);
	scan_release(&m.scan);
	scan_release(&m.small);
	buf_release(&m.line);
	buf_release(&m.canonical);
	buf_release(&m.identity);
	if (fd != STDIN_FILENO)
		fclose(f);
	return rc;
}
