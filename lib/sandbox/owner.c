/* The owner's file: one batch line an object, whole and sorted each time it is written. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "log.h"
#include "sandbox/apply.h"
#include "sandbox/instance.h"
#include "xmalloc.h"

#define LOAD_CHUNK (32 * MIB)

/*
 * A group line names the groups it is associated with, and those name it: a
 * chunk of lines cannot know them all. So objects go in first, without what
 * refers, by the arrays of one document a chunk; a second pass over the file
 * links them as associations.
 */
struct loading {
	struct instance	*in;
	struct owner	*owner;
	struct buf	 group, indicator, link;
	struct scan	 scan;
	size_t		 lines, refused;
};

static int
flush(struct loading *l)
{
	struct settings set = { .attribute = WRITE_REPLACE };
	struct outcome out = { 0 };
	struct buf doc;
	enum role role = l->in->role;
	size_t limit = l->in->indicator_limit;
	bool none = l->in->no_association, bad;

	buf_init(&doc, GIB);
	bad = buf_addf(&doc, "{\"group\":[%s],\"indicator\":[", l->group.bytes) == -1 ||
	    buf_add(&doc, l->indicator.bytes, l->indicator.len) == -1 ||
	    buf_addf(&doc, "],\"association\":[") == -1 || buf_add(&doc, l->link.bytes, l->link.len) == -1 ||
	    buf_addz(&doc, "]}") == -1;
	/* what was stored once is not judged by today's limits */
	l->in->role = ROLE_ADMINISTRATOR;
	l->in->indicator_limit = 0;
	l->in->loading = true;
	l->in->no_association = false;
	if (!bad)
		apply_document(l->in, l->owner, &set, 0, doc.bytes, doc.len, &out);
	l->in->role = role;
	l->in->indicator_limit = limit;
	l->in->loading = false;
	l->in->no_association = none;
	l->refused += out.n;
	if (out.n > 0)
		log_warning("owner file: %s", out.list[0].reason);
	outcome_release(&out);
	buf_release(&doc);
	buf_clear(&l->group);
	buf_clear(&l->indicator);
	buf_clear(&l->link);
	return bad ? -1 : 0;
}

static int
add(struct buf *to, const char *text, size_t len)
{
	if (to->len > 0 && buf_addc(to, ',') == -1)
		return -1;
	return buf_add(to, text, len);
}

/* The line without its references. */
static int
add_object(struct loading *l, struct buf *to)
{
	const struct scan *s = &l->scan;
	uint32_t n, v;
	bool first = true;

	if (to->len > 0 && buf_addc(to, ',') == -1)
		return -1;
	for (n = scan_first(s, 0); n != SCAN_NONE && n < s->node[0].next; n = s->node[v].next) {
		v = s->node[n].next;
		if (scan_is(s, n, "associatedGroupXid") || scan_is(s, n, "associatedGroups"))
			continue;
		if (buf_addc(to, first ? '{' : ',') == -1 || scan_canonical(s, n, to) == -1 || buf_addc(to, ':') == -1 ||
		    scan_canonical(s, v, to) == -1)
			return -1;
		first = false;
	}
	return buf_addz(to, first ? "{}" : "}");
}

static int
add_links(struct loading *l, const char *type, const char *value, size_t len)
{
	const struct scan *s = &l->scan;
	const char *member = type == NULL ? "associatedGroupXid" : "associatedGroups";
	uint32_t list = scan_member(s, 0, member), i, v;

	if (list == SCAN_NONE || s->node[list].type != SCAN_ARRAY)
		return 0;
	for (i = scan_first(s, list); i != SCAN_NONE && i < s->node[list].next; i = s->node[i].next) {
		v = type == NULL ? i : scan_member(s, i, "groupXid");
		if (v == SCAN_NONE)
			continue;
		if ((l->link.len > 0 && buf_addc(&l->link, ',') == -1) || buf_addz(&l->link, "{\"ref_1\":") == -1 ||
		    buf_add_json(&l->link, value, len) == -1 ||
		    (type != NULL && buf_addf(&l->link, ",\"type_1\":\"%s\"", type) == -1) ||
		    buf_addz(&l->link, ",\"ref_2\":") == -1 || scan_canonical(s, v, &l->link) == -1 || buf_addc(&l->link, '}') == -1)
			return -1;
	}
	return 0;
}

static int
link_line(struct loading *l, const char *line, size_t len, enum tc_type type)
{
	struct entry e = { .type = (uint8_t)type, .line = (char *)(uintptr_t)line, .len = (uint32_t)len };
	struct buf value;
	int rc;

	buf_init(&value, LIMIT_LINE);
	rc = store_summary(&e, &value);
	if (rc == 0)
		rc = add_links(l, schema_class(type) == CLASS_GROUP ? NULL : schema_type_name(type), value.bytes, value.len);
	buf_release(&value);
	return rc;
}

static int
load_line(struct loading *l, const char *line, size_t len, bool links, struct err *err)
{
	enum tc_type type = TYPE_NONE;
	uint32_t t;
	int rc;

	l->lines++;
	if (scan_text(&l->scan, line, len, err) == -1)
		return err_prefix(err, "line %zu", l->lines);
	if (l->scan.node[0].type != SCAN_OBJECT)
		return err_set(err, REASON_USAGE, "line %zu is no object", l->lines);
	t = scan_member(&l->scan, 0, "type");
	if (t != SCAN_NONE)
		type = schema_type(scan_bytes(&l->scan, t), l->scan.node[t].len);
	if (type == TYPE_NONE && t != SCAN_NONE)
		return err_set(err, REASON_USAGE, "line %zu has an unknown type", l->lines);
	if (type == TYPE_NONE)
		rc = links ? add(&l->link, line, len) : 0;
	else if (links)
		rc = link_line(l, line, len, type);
	else
		rc = add_object(l, schema_class(type) == CLASS_GROUP ? &l->group : &l->indicator);
	if (rc == 0 && l->group.len + l->indicator.len + l->link.len > LOAD_CHUNK)
		rc = flush(l);
	return rc == 0 ? 0 : err_set(err, REASON_STATE, "line %zu is too long", l->lines);
}

static int
pass(struct loading *l, FILE *f, bool links, struct err *err)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	rewind(f);
	l->lines = 0;
	while (rc == 0 && (n = getline(&line, &cap, f)) > 0) {
		if (line[n - 1] == '\n')
			n--;
		if (n > 0)
			rc = load_line(l, line, (size_t)n, links, err);
	}
	if (rc == 0 && ferror(f))
		rc = err_set(err, REASON_STATE, "%s", strerror(errno));
	if (rc == 0 && flush(l) == -1)
		rc = err_set(err, REASON_STATE, "it is too large");
	free(line);
	return rc;
}

int
owner_load(struct instance *in, struct owner *o, struct err *err)
{
	struct loading l = { .in = in, .owner = o };
	FILE *f;
	int rc;

	if (o->file == NULL)
		return 0;
	if ((f = fopen(o->file, "re")) == NULL)
		return errno == ENOENT ? 0 : err_set(err, REASON_USAGE, "cannot read owner file %s: %s", o->file, strerror(errno));
	buf_init(&l.group, GIB);
	buf_init(&l.indicator, GIB);
	buf_init(&l.link, GIB);
	scan_init(&l.scan);
	rc = pass(&l, f, false, err);
	if (rc == 0)
		rc = pass(&l, f, true, err);
	if (rc == 0 && l.refused > 0)
		rc = err_set(err, REASON_USAGE, "%zu of its objects are refused by the rules", l.refused);
	scan_release(&l.scan);
	buf_release(&l.group);
	buf_release(&l.indicator);
	buf_release(&l.link);
	fclose(f);
	o->dirty = false;
	if (rc == 0)
		return 0;
	err->reason = REASON_USAGE;
	return err_prefix(err, "owner file %s", o->file);
}

static int
put(void *ctx, const char *text, size_t len)
{
	out_write(ctx, text, len);
	return ((struct out *)ctx)->error != 0 ? -1 : 0;
}

int
owner_save(struct owner *o, struct err *err)
{
	char name[PATH_MAX];
	struct out out;
	int64_t start = instance_ms(), took;
	int fd;

	o->dirty = false;
	if (o->file == NULL)
		return 0;
	if (snprintf(name, sizeof(name), "%s.new.%ld", o->file, (long)getpid()) >= (int)sizeof(name))
		return err_set(err, REASON_USAGE, "owner file %s: name too long", o->file);
	if ((fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return err_set(err, REASON_STATE, "cannot write owner file %s: %s", o->file, strerror(errno));
	out_init(&out, fd, o->file, 256 * KIB);
	if (store_write(&o->store, false, put, &out) == -1 || out_flush(&out) == -1 || rename(name, o->file) == -1) {
		err_set(err, REASON_STATE, "cannot write owner file %s: %s", o->file, strerror(out.error != 0 ? out.error : errno));
		out_release(&out);
		close(fd);
		unlink(name);
		return -1;
	}
	out_release(&out);
	close(fd);
	took = instance_ms() - start;
	/* a large owner is not written anew after each batch: saving may take a tenth of the time */
	o->save_at = instance_ms() + 10 * took;
	return 0;
}

void
owner_touch(struct owner *o)
{
	o->dirty = true;
}
