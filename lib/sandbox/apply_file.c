/*
 * Files: one object with up to three hashes, any of which names it
 * (batch-api.md section 3, fileMergeMode and hashCollisionMode).
 */
#include "sandbox/apply.h"

#include <stdlib.h>
#include <string.h>

struct match {
	struct entry	*entry;
	struct model	 model;
	bool		 conflict;	/* holds another hash of a kind the incoming one has too */
};

static bool
differ(struct slice x, struct slice y)
{
	return x.text != NULL && y.text != NULL && (x.len != y.len || memcmp(x.text, y.text, x.len) != 0);
}

static bool
conflicting(const struct model *x, const struct model *y)
{
	int k;

	for (k = 0; k < 3; k++)
		if (differ(x->hash[k], y->hash[k]))
			return true;
	return false;
}

static const char *const hash_name[] = { "md5", "sha1", "sha256" };

static void
set_hash(struct model *m, int k, struct slice hash, struct slice json)
{
	m->hash[k] = hash;
	m->scalar[schema_field_index(TYPE_FILE, hash_name[k], strlen(hash_name[k]))] = json;
}

static struct slice
hash_json(const struct model *m, int k)
{
	return m->scalar[schema_field_index(TYPE_FILE, hash_name[k], strlen(hash_name[k]))];
}

static void
set_keys(struct apply *a, struct entry *e, const struct model *m)
{
	uint8_t key[3][STORE_KEY];
	int k, n = 0;

	for (k = 0; k < 3; k++)
		if (m->hash[k].text != NULL)
			store_key(key[n++], TYPE_FILE, m->hash[k].text, m->hash[k].len);
	store_set_keys(a->store, e, key, n);
}

/* A model that outlives its entry: the line is copied, and the models of all matches live side by side. */
static void
restore_copy(struct apply *a, struct model *m, const struct entry *e)
{
	struct entry copy = *e;
	struct scan s;

	copy.line = arena_alloc(&a->arena, e->len);
	if (copy.line == NULL)
		abort();	/* the arena is far larger than any document */
	memcpy(copy.line, e->line, e->len);
	scan_init(&s);
	apply_restore(a, m, &s, &copy);
	scan_release(&s);
}

/* Distinct existing files that share a hash, the most recently written one first. */
static int
find_matches(struct apply *a, const struct model *in, struct match match[3])
{
	struct entry *e;
	struct match swap;
	int i, k, n = 0;

	for (i = 0; i < in->nkey; i++) {
		if ((e = store_find(a->store, in->key[i])) == NULL)
			continue;
		for (k = 0; k < n && match[k].entry != e; k++)
			;
		if (k < n)
			continue;
		match[n].entry = e;
		restore_copy(a, &match[n].model, e);
		match[n].conflict = conflicting(in, &match[n].model);
		for (k = n++; k > 0 && match[k - 1].entry->modified < match[k].entry->modified; k--) {
			swap = match[k];
			match[k] = match[k - 1];
			match[k - 1] = swap;
		}
	}
	return n;
}

static enum stored
create(struct apply *a, struct model *in, struct entry **entry)
{
	if (!apply_room(a, in))
		return NOT_STORED;
	if (a->set->attribute == WRITE_STATIC)
		in->attribute.n = 0;
	*entry = store_add(a->store, TYPE_FILE);
	set_keys(a, *entry, in);
	apply_write(a, *entry, in);
	return STORED;
}

/* Everything but the hashes of the incoming one goes to a match. */
static int
update(struct apply *a, const struct model *in, struct match *m)
{
	struct model merged = *in;
	int k;

	for (k = 0; k < 3; k++)
		set_hash(&merged, k, m->model.hash[k], hash_json(&m->model, k));
	if (apply_merge(a, &merged, &m->model) == -1)
		return -1;
	apply_write(a, m->entry, &merged);
	return 0;
}

static enum stored
update_all(struct apply *a, const struct model *in, struct match *m, int n, struct entry **entry)
{
	int i;

	for (i = 0; i < n; i++)
		if (update(a, in, &m[i]) == -1)
			return apply_refuse(a, in, "0x1002", "your role does not permit to remove attributes, tags or labels");
	*entry = m[0].entry;
	return STORED;
}

/* Matches become one: the first keeps its ratings, lists of all are kept, hashes fill up. */
static void
join(struct apply *a, struct match *m, int n)
{
	struct settings append = *a->set;
	const struct settings *set = a->set;
	struct model *to = &m[0].model;
	int i, k;

	append.attribute = append.tag = append.label = WRITE_APPEND;
	a->set = &append;
	for (i = 1; i < n; i++) {
		for (k = 0; k < 3; k++)
			if (to->hash[k].text == NULL)
				set_hash(to, k, m[i].model.hash[k], hash_json(&m[i].model, k));
		(void)apply_merge(a, to, &m[i].model);
		store_move_links(a->store, m[i].entry, m[0].entry);
		store_remove(a->store, m[i].entry);
	}
	a->set = set;
}

/* FavorIncoming, FavorExisting, and every case without conflict: one file is left. */
static enum stored
merge(struct apply *a, struct model *in, struct match *m, int n, bool favor_existing, struct entry **entry)
{
	struct model *to = &m[0].model;
	struct match *first = &m[0];
	int k;

	join(a, m, n);
	for (k = 0; k < 3; k++)
		if (in->hash[k].text == NULL || (favor_existing && to->hash[k].text != NULL))
			set_hash(in, k, to->hash[k], hash_json(to, k));
	if (apply_merge(a, in, to) == -1)
		return apply_refuse(a, in, "0x1002", "your role does not permit to remove attributes, tags or labels");
	set_keys(a, first->entry, in);
	apply_write(a, first->entry, in);
	*entry = first->entry;
	return STORED;
}

/* IgnoreExisting: existing files that contradict each other go; of the incoming one only what contradicts nothing comes. */
static enum stored
ignore_existing(struct apply *a, struct model *in, struct match *m, int n, bool among, struct entry **entry)
{
	int i, k, left = 0;

	if (among) {
		for (i = 0; i < n; i++)
			store_remove(a->store, m[i].entry);
		return create(a, in, entry);
	}
	/* what a match holds under another value, and what it shares with it, is not the incoming one's to take */
	for (i = 0; i < n; i++)
		for (k = 0; k < 3; k++)
			if (in->hash[k].text != NULL && m[i].model.hash[k].text != NULL)
				set_hash(in, k, (struct slice){ NULL, 0 }, (struct slice){ NULL, 0 });
	for (k = 0; k < 3; k++)
		left += in->hash[k].text != NULL;
	return left > 0 ? create(a, in, entry) : STORED;
}

static bool
same_hashes(const struct model *x, const struct model *y)
{
	int k;

	for (k = 0; k < 3; k++)
		if ((x->hash[k].text == NULL) != (y->hash[k].text == NULL))
			return false;
	return !conflicting(x, y);
}

enum stored
apply_file(struct apply *a, struct model *in, struct entry **entry)
{
	struct match m[3];
	bool conflict = false, among = false;
	enum stored rc;
	int i, k, n;

	n = find_matches(a, in, m);
	if (n == 0)
		return create(a, in, entry);
	if (n == 1 && m[0].entry->batch == a->batch && same_hashes(in, &m[0].model))
		return apply_refuse(a, in, "0x100A", "File occurs more than once in this batch");
	for (i = 0; i < n; i++) {
		conflict |= m[i].conflict;
		for (k = i + 1; k < n; k++)
			among |= conflicting(&m[i].model, &m[k].model);
	}
	if (n > 1 && a->set->distribute)
		return update_all(a, in, m, n, entry);
	if (!conflict && !among)
		return merge(a, in, m, n, false, entry);
	switch (a->set->collision) {
	case IGNORE_INCOMING:
		return apply_refuse(a, in, "0x2003", "its hashes contradict those of an existing File; it was ignored");
	case SPLIT:
		rc = update_all(a, in, m, n, entry);
		break;
	case IGNORE_EXISTING:
		rc = ignore_existing(a, in, m, n, among, entry);
		break;
	default:
		rc = merge(a, in, m, n, a->set->collision == FAVOR_EXISTING, entry);
	}
	if (rc != STORED)
		return rc;
	rc = apply_refuse(a, in, "0x2003", "its hashes contradict those of an existing File");
	return rc == NOT_COUNTED ? STORED : STORED_PARTLY;
}
