#include "sandbox/apply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "log.h"
#include "sandbox/check.h"
#include "text.h"
#include "xmalloc.h"

#define TELL_MAX 20			/* refusals of one document named in the log; the rest is counted */
#define ELEMENT_MAX (16 * MIB)		/* bytes of one object */

/* --- findings --- */

void
outcome_add(struct outcome *out, const char *code, const char *severity, const char *source, size_t len,
    const char *fmt, ...)
{
	struct job_error *e;
	char text[512], *reason;
	va_list ap;

	if (out->n >= APPLY_MAX_ERRORS)
		return;
	if (out->n == out->cap) {
		out->cap = out->cap == 0 ? 64 : out->cap * 2;
		out->list = xreallocarray(out->list, out->cap, sizeof(*out->list));
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* a value cut in the middle of a character is still UTF-8 afterwards */
	text[text_utf8_span(text, strlen(text))] = '\0';
	/* the word in front is Error for warnings too (section 7: "Error (0x1005): ...") */
	reason = xmalloc(strlen(text) + 32);
	snprintf(reason, strlen(text) + 32, "Error (%s): %s", code, text);
	e = &out->list[out->n++];
	snprintf(e->code, sizeof(e->code), "%s", code);
	e->severity = severity;
	e->reason = reason;
	e->source = source != NULL ? xstrndup(source, len) : NULL;
}

void
outcome_release(struct outcome *out)
{
	size_t i;

	for (i = 0; i < out->n; i++) {
		free(out->list[i].reason);
		free(out->list[i].source);
	}
	free(out->list);
	memset(out, 0, sizeof(*out));
}

static void
tell(struct apply *a, const struct model *m, const char *code, const char *text)
{
	if (++a->told > TELL_MAX) {
		log_debug("batch %u: %s %.*s: %s: %s", (unsigned)a->batch, schema_type_name(m->type),
		    (int)(m->value.len < 200 ? m->value.len : 200), m->value.text != NULL ? m->value.text : "", code, text);
		return;
	}
	log_info("batch %u refused %s %.*s: %s: %s", (unsigned)a->batch, schema_type_name(m->type),
	    (int)(m->value.len < 200 ? m->value.len : 200), m->value.text != NULL ? m->value.text : "", code, text);
	if (a->told == TELL_MAX)
		log_info("batch %u: further refusals of this batch are told at log level debug only", (unsigned)a->batch);
}

enum stored
apply_refuse(struct apply *a, const struct model *m, const char *code, const char *fmt, ...)
{
	bool warning = strcmp(code, "0x100A") == 0 || strcmp(code, "0x2003") == 0;
	char text[480];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tell(a, m, code, text);
	if (a->in->silent_losses && (warning || strstr(text, "exclusion list") != NULL))
		return NOT_COUNTED;
	outcome_add(a->out, code, warning ? "Warning" : "Error", m->value.text, m->value.len, "%s", text);
	return NOT_STORED;
}

/* --- what the rules ask of the instance --- */

static size_t
rule_attribute(void *ctx, const char *type, size_t len)
{
	return instance_attribute(((struct apply *)ctx)->in, type, len);
}

static bool
rule_label(void *ctx, const char *name, size_t len, bool described)
{
	struct apply *a = ctx;

	if (strings_has(&a->owner->label, name, len))
		return true;
	if (!described && !a->in->loading)
		return false;
	strings_add(&a->owner->label, name, len);
	return true;
}

static bool
rule_excluded(void *ctx, enum tc_type type, const char *value, size_t len)
{
	return instance_excluded(((struct apply *)ctx)->in, type, value, len);
}

static void
rule_ignored(void *ctx, const char *member, size_t len)
{
	log_debug("batch %u: member '%.*s' means nothing to the platform and was passed over",
	    (unsigned)((struct apply *)ctx)->batch, (int)(len < 60 ? len : 60), member);
}

/* --- merging --- */

static bool
has_item(const struct items *list, const struct item *item, bool whole)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		const struct slice *x = whole ? &list->item[i].json : &list->item[i].name;
		const struct slice *y = whole ? &item->json : &item->name;

		if (x->len == y->len && memcmp(x->text, y->text, x->len) == 0)
			return true;
	}
	return false;
}

/* in becomes what the owner holds afterwards; true where something of old is gone. */
static bool
merge_items(struct items *in, const struct items *old, enum write_type write, bool redundancy_check, struct arena *arena)
{
	struct items out = { 0 };
	bool removed = false;
	size_t i;

	for (i = 0; i < old->n; i++) {
		if (write == WRITE_REPLACE || (write == WRITE_SINGLETON && has_item(in, &old->item[i], false)))
			removed |= !has_item(in, &old->item[i], true);
		else
			items_add(&out, arena, old->item[i].json, old->item[i].name);
	}
	for (i = 0; write != WRITE_STATIC && i < in->n; i++)
		if (write != WRITE_APPEND || !redundancy_check || !has_item(&out, &in->item[i], false))
			items_add(&out, arena, in->item[i].json, in->item[i].name);
	items_sort(&out);
	*in = out;
	return removed;
}

int
apply_merge(struct apply *a, struct model *in, const struct model *old)
{
	bool removed;
	size_t i;

	/* scalars: what comes overwrites, what does not come stays */
	for (i = 0; i < MODEL_FIELDS; i++)
		if (in->scalar[i].text == NULL)
			in->scalar[i] = old->scalar[i];
	removed = merge_items(&in->attribute, &old->attribute, a->set->attribute, false, &a->arena);
	removed |= merge_items(&in->tag, &old->tag, a->set->tag, true, &a->arena);
	removed |= merge_items(&in->label, &old->label, a->set->label, true, &a->arena);
	merge_items(&in->occurrence, &old->occurrence, WRITE_APPEND, true, &a->arena);
	return removed && a->in->role >= ROLE_CONTRIBUTOR ? -1 : 0;
}

void
apply_restore(struct apply *a, struct model *m, struct scan *s, const struct entry *e)
{
	struct err err;

	if (scan_text(s, e->line, e->len, &err) == -1 || model_restore(m, s, &a->arena) == -1) {
		/* a stored line was made by model_print(): only a fault of this program gets here */
		log_critical("stored object cannot be read: %.*s", (int)(e->len < 200 ? e->len : 200), e->line);
		abort();
	}
}

void
apply_write(struct apply *a, struct entry *e, struct model *m)
{
	buf_clear(&a->line);
	if (model_print(m, &a->line) == -1) {
		log_critical("an object of over %zu bytes cannot be kept", a->line.max);
		abort();
	}
	store_set_line(a->store, e, a->line.bytes, a->line.len);
	e->batch = a->batch;
}

bool
apply_room(struct apply *a, const struct model *m)
{
	if (a->in->indicator_limit == 0 || a->store->indicators < a->in->indicator_limit)
		return true;
	apply_refuse(a, m, "0x1008", "importing this batch would exceed the number of allowed indicators (%zu) of owner %s",
	    a->in->indicator_limit, a->owner->name);
	a->stopped = true;
	return false;
}

/* --- references --- */

struct entry *
apply_find(struct apply *a, enum tc_type type, const char *text, size_t len)
{
	uint8_t key[STORE_KEY];
	char lower[64];
	struct entry *e = NULL;
	struct buf b;
	size_t i;

	if (schema_class(type) != CLASS_INDICATOR) {
		store_key(key, TYPE_NONE, text, len);
		return store_find(a->store, key);
	}
	if (type == TYPE_FILE) {
		/* of "md5 : sha1 : sha256" the first names the file as well as the others */
		const char *end = memmem(text, len, " : ", 3);

		len = end != NULL ? (size_t)(end - text) : len;
		for (i = 0; i < len && len <= sizeof(lower); i++)
			lower[i] = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 32) : text[i];
		if (len > sizeof(lower))
			return NULL;
		store_key(key, type, lower, len);
		return store_find(a->store, key);
	}
	if (type == TYPE_REGISTRY_KEY) {
		store_key(key, type, text, len);
		return store_find(a->store, key);
	}
	buf_init(&b, len + 64);
	if (check_value(type, text, len, &b) == NULL) {
		store_key(key, type, b.bytes, b.len);
		e = store_find(a->store, key);
	}
	buf_release(&b);
	return e;
}

static void
put_off(struct apply *a, const struct entry *e, const struct ref *ref)
{
	char *text = arena_alloc(&a->keep, ref->text.len + 1);

	if (text == NULL)
		return;
	if (a->nlater == a->caplater) {
		a->caplater = a->caplater == 0 ? 64 : a->caplater * 2;
		a->later = xreallocarray(a->later, a->caplater, sizeof(*a->later));
	}
	memcpy(text, ref->text.text, ref->text.len);
	text[ref->text.len] = '\0';
	a->later[a->nlater++] = (struct later){ e->id, { { text, ref->text.len }, ref->type } };
}

/* Associations of groups, once everything they may name is there. */
static void
catch_up(struct apply *a)
{
	struct entry *e, *to;
	struct model m;
	uint32_t lost = 0;
	size_t i;

	for (i = 0; i < a->nlater; i++) {
		struct later *l = &a->later[i];

		if ((e = store_by_id(a->store, l->id)) == NULL)
			continue;
		to = apply_find(a, l->ref.type, l->ref.text.text, l->ref.text.len);
		if (to != NULL) {
			store_link(a->store, e, to, NULL);
		} else if (l->ref.type != TYPE_NONE && lost != e->id && !a->abandoned && !a->stopped) {
			/* once for each group, for its first */
			lost = e->id;
			arena_reset(&a->arena);
			apply_restore(a, &m, &a->old, e);
			apply_refuse(a, &m, "0x2002", "associated indicator %.*s is not in this owner",
			    (int)(l->ref.text.len < 200 ? l->ref.text.len : 200), l->ref.text.text);
			if (e->batch == a->batch && a->out->success[CONTENT_GROUP] > 0) {
				a->out->success[CONTENT_GROUP]--;
				a->out->error[CONTENT_GROUP]++;
			}
		}
	}
}

/* --- indicators --- */

static enum stored
write_indicator(struct apply *a, struct model *m, struct entry **entry)
{
	struct model old;
	struct entry *e;

	if (m->type == TYPE_FILE)
		return apply_file(a, m, entry);
	e = store_find(a->store, m->key[0]);
	if (e != NULL && e->batch == a->batch)
		return apply_refuse(a, m, "0x100A", "%s occurs more than once in this batch", schema_type_name(m->type));
	if (e != NULL) {
		apply_restore(a, &old, &a->old, e);
		if (apply_merge(a, m, &old) == -1)
			return apply_refuse(a, m, "0x1002", "your role does not permit to remove attributes, tags or labels");
	} else {
		if (!apply_room(a, m))
			return NOT_STORED;
		if (a->set->attribute == WRITE_STATIC)
			m->attribute.n = 0;
		e = store_add(a->store, m->type);
		store_set_keys(a->store, e, m->key, m->nkey);
	}
	apply_write(a, e, m);
	*entry = e;
	return STORED;
}

static enum stored
create_indicator(struct apply *a, struct model *m, const struct finding *partial)
{
	struct entry *e = NULL, *to;
	enum stored rc;
	size_t i;

	for (i = 0; i < m->ref.n; i++)
		if (apply_find(a, TYPE_NONE, m->ref.ref[i].text.text, m->ref.ref[i].text.len) == NULL)
			return apply_refuse(a, m, "0x1007", "associated group with xid %.*s does not exist",
			    (int)(m->ref.ref[i].text.len < 100 ? m->ref.ref[i].text.len : 100), m->ref.ref[i].text.text);
	rc = write_indicator(a, m, &e);
	for (i = 0; e != NULL && i < m->ref.n; i++)
		if ((to = apply_find(a, TYPE_NONE, m->ref.ref[i].text.text, m->ref.ref[i].text.len)) != NULL)
			store_link(a->store, e, to, NULL);
	if (rc == STORED && partial->code[0] != '\0') {
		apply_refuse(a, m, partial->code, "%s", partial->text);
		return STORED_PARTLY;
	}
	return rc;
}

/* --- groups --- */

/* The same xid in another owner: it names one group of the whole instance (section 13). */
static const struct owner *
elsewhere(const struct apply *a, const struct model *m)
{
	size_t i;

	for (i = 0; i < a->in->nowner; i++)
		if (&a->in->owner[i] != a->owner && store_find(&a->in->owner[i].store, m->key[0]) != NULL)
			return &a->in->owner[i];
	return NULL;
}

static enum stored
create_group(struct apply *a, struct model *m, const struct finding *partial)
{
	struct entry *e = store_find(a->store, m->key[0]);
	struct model old;
	size_t i;

	if (e != NULL && e->batch == a->batch)
		return apply_refuse(a, m, "0x100A", "the xid occurs more than once in this batch");
	if (e != NULL && e->type != m->type)
		return apply_refuse(a, m, "0x1006", "the xid belongs to a %s", schema_type_name(e->type));
	if (e == NULL && elsewhere(a, m) != NULL)
		return apply_refuse(a, m, "0x1006", "the xid belongs to a group of another owner");
	if (e != NULL) {
		apply_restore(a, &old, &a->old, e);
		if (apply_merge(a, m, &old) == -1)
			return apply_refuse(a, m, "0x1002", "your role does not permit to remove attributes, tags or labels");
	} else {
		if (a->set->attribute == WRITE_STATIC)
			m->attribute.n = 0;
		e = store_add(a->store, m->type);
		store_set_keys(a->store, e, m->key, m->nkey);
	}
	apply_write(a, e, m);
	for (i = 0; i < m->ref.n; i++)
		put_off(a, e, &m->ref.ref[i]);
	if (partial->code[0] != '\0') {
		apply_refuse(a, m, partial->code, "%s", partial->text);
		return STORED_PARTLY;
	}
	return STORED;
}

/* --- one element --- */

/* The document cannot be read on from this element: section 7's 0x1003. */
static void
abandon(struct apply *a, const struct element *e, const char *why, const char *last)
{
	char name[64];

	snprintf(name, sizeof(name), "%s[%zu]", content_array_name[e->array], e->index);
	outcome_add(a->out, "0x1003", "Error", NULL, 0, "JsonSyntaxException: %s. Last known JSON path: '$.%s': Last processed "
	    "%s '%.100s'.", why, name, name, last);
	log_info("batch %u: the document cannot be read on from $.%s: 0x1003: %s; what stands behind it is abandoned",
	    (unsigned)a->batch, name, why);
	a->out->error[e->array]++;
	a->abandoned = true;
}

enum verdict
apply_read(struct apply *a, const struct element *e, bool for_delete, struct model *m, struct finding *why,
    struct finding *partial)
{
	struct err err;

	arena_reset(&a->arena);
	memset(m, 0, sizeof(*m));
	partial->code[0] = '\0';
	err.text[0] = '\0';
	if (e->len > ELEMENT_MAX || scan_text(&a->scan, e->text, e->len, &err) == -1) {
		snprintf(why->code, sizeof(why->code), "0x1003");
		snprintf(why->text, sizeof(why->text), "%.300s", e->len > ELEMENT_MAX ? "an object of over 16 MiB" : err.text);
		return MODEL_SYNTAX;
	}
	return model_read(m, &a->scan, e->array == CONTENT_GROUP, for_delete, &a->rules, &a->arena, why, partial);
}

void
apply_count(struct apply *a, const struct element *e, enum stored rc)
{
	if (rc == STORED)
		a->out->success[e->array]++;
	else if (rc != NOT_COUNTED)
		a->out->error[e->array]++;
	if (a->set->halt_on_error && (rc == NOT_STORED || rc == STORED_PARTLY) && !a->stopped) {
		log_info("batch %u stops at its first error, as haltOnError asks", (unsigned)a->batch);
		a->stopped = true;
	}
}

static void
create_element(struct apply *a, const struct element *e)
{
	struct finding why, partial;
	struct model m;
	enum verdict v;
	char last[128];
	enum stored rc;

	if (e->array == CONTENT_ASSOCIATION) {
		apply_count(a, e, apply_association(a, e));
		return;
	}
	v = apply_read(a, e, false, &m, &why, &partial);
	if (v == MODEL_SYNTAX) {
		snprintf(last, sizeof(last), "%.*s", (int)(m.value.len < 100 ? m.value.len : 100),
		    m.value.text != NULL ? m.value.text : "");
		abandon(a, e, why.text, last);
		return;
	}
	if (v == MODEL_REFUSED)
		rc = apply_refuse(a, &m, why.code, "%s", why.text);
	else if (e->array == CONTENT_GROUP)
		rc = create_group(a, &m, &partial);
	else
		rc = create_indicator(a, &m, &partial);
	apply_count(a, e, rc);
}

static enum stored
delete_object(struct apply *a, const struct model *m)
{
	struct entry *e;
	int i, n = 0;

	if (a->in->role >= ROLE_CONTRIBUTOR)
		return apply_refuse(a, m, "0x1002", "your role does not permit to delete");
	for (i = 0; i < m->nkey; i++) {
		if ((e = store_find(a->store, m->key[i])) != NULL) {
			store_remove(a->store, e);
			n++;
		}
	}
	if (n == 0 && !a->in->missing_delete_ok)
		return apply_refuse(a, m, "0x1007", "there is no such object to delete");
	return STORED;
}

static void
delete_element(struct apply *a, const struct element *e)
{
	struct finding why, partial;
	struct model m;
	enum verdict v;

	if (e->array == CONTENT_ASSOCIATION) {
		memset(&m, 0, sizeof(m));
		apply_count(a, e, apply_refuse(a, &m, "0x1009", "a batch cannot delete associations"));
		return;
	}
	v = apply_read(a, e, true, &m, &why, &partial);
	if (v == MODEL_SYNTAX)
		abandon(a, e, why.text, "");
	else if (v == MODEL_REFUSED)
		apply_count(a, e, apply_refuse(a, &m, why.code, "%s", why.text));
	else
		apply_count(a, e, delete_object(a, &m));
}

/* --- the document --- */

static void
create_all(struct apply *a, const struct content *c)
{
	bool *skip = xcalloc(c->n + 1, sizeof(*skip));
	size_t i, n;

	for (i = 0; i < c->n && !a->abandoned; i++) {
		if (c->element[i].array == CONTENT_GROUP && (i == 0 || c->element[i - 1].array != CONTENT_GROUP)) {
			for (n = i; n < c->n && c->element[n].array == CONTENT_GROUP; n++)
				;
			apply_groups(a, c->element + i, n - i, skip + i);
		}
		if (skip[i])
			continue;
		if (a->stopped)
			a->out->unprocessed++;
		else
			create_element(a, &c->element[i]);
	}
	free(skip);
	catch_up(a);
}

static void
delete_all(struct apply *a, const struct content *c)
{
	size_t i;

	for (i = 0; i < c->n && !a->abandoned; i++) {
		if (a->stopped)
			a->out->unprocessed++;
		else
			delete_element(a, &c->element[i]);
	}
}

void
apply_document(struct instance *in, struct owner *owner, const struct settings *set, uint32_t batch, const char *text,
    size_t len, struct outcome *out)
{
	struct apply a = { .in = in, .owner = owner, .store = &owner->store, .set = set, .batch = batch, .out = out };
	struct content c;

	a.rules = (struct rules){ rule_attribute, rule_label, rule_excluded, rule_ignored, &a };
	scan_init(&a.scan);
	scan_init(&a.old);
	arena_init(&a.arena, 4 * GIB);
	arena_init(&a.keep, GIB);
	buf_init(&a.line, GIB);
	content_split(&c, text, len);
	if (set->delete)
		delete_all(&a, &c);
	else
		create_all(&a, &c);
	if (c.broken[0] != '\0' && !a.abandoned) {
		outcome_add(out, "0x1003", "Error", NULL, 0, "JsonSyntaxException: %s. Last known JSON path: '%s'.", c.broken, c.path);
		log_info("batch %u: the document cannot be read to its end: 0x1003: %s, last known path %s", (unsigned)batch,
		    c.broken, c.path);
		out->error[c.n > 0 ? c.element[c.n - 1].array : CONTENT_INDICATOR]++;
		a.abandoned = true;
	}
	/* invalid JSON leaves nothing unprocessed behind, by the platform's count (section 6) */
	if (a.abandoned)
		out->unprocessed = 0;
	owner_touch(owner);
	content_release(&c);
	scan_release(&a.scan);
	scan_release(&a.old);
	arena_release(&a.arena);
	arena_release(&a.keep);
	buf_release(&a.line);
	free(a.later);
}
