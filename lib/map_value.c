/*
 * The first members of a line: an indicator's canonical value, a group's name
 * and xid, an association's ends.
 */
#include "limit.h"
#include "map_private.h"
#include "object.h"
#include "text.h"

static const char missing[] = "the value is missing";
const char map_not_asked[] = "a type that is not asked for";

static int
refuse(struct map *m, const char *at, const char *why, const struct mval *v)
{
	const char *text = "";
	size_t len = 0;

	if (map_noting(m)) {
		if (v != NULL)
			mval_text(v, &text, &len);
		map_tell(m, NOTE_REFUSED, at, why, text, len);
	}
	m->why = why;
	return -1;
}

/* Put aside as wanted: the type filter, a reserved value. */
static int
drop_it(struct map *m, const char *at, const char *why, const char *text, size_t len, bool *drop)
{
	map_tell(m, NOTE_NO, at, why, text, len);
	m->why = why;
	*drop = true;
	return -1;
}

static bool
wanted(const struct map *m, enum tc_type type)
{
	return m->opt.want == NULL || m->opt.want[type];
}

const char *
indicator_canon(struct map *m, enum tc_type *type, const char *text, size_t len, bool *drop)
{
	const char *why = "not valid";
	enum tc_type actual = *type;

	buf_clear(&m->text);
	switch (value_canon(*type, text, len, &m->value, &m->text, &actual, &why)) {
	case VALUE_OK:
		*type = actual;
		return NULL;
	case VALUE_RESERVED:
		*drop = true;
		return "a reserved value";
	default:
		return why;
	}
}

static void
put_head(struct map *m, struct rule *r, enum tc_type type)
{
	if (r->program[type] == NULL)
		r->program[type] = program_make(m, r, type);
	put(m, m->out, r->program[type]->head, r->program[type]->headlen);
}

/* --- File --- */

static int
file_write(struct map *m, struct root *root, struct rule *r, bool *drop)
{
	static const char *const name[] = { "md5", "sha1", "sha256" };
	char hash[3][65] = { "", "", "" }, one[65];
	const char *why = missing, *at = r->at_value, *bad, *text = "", *rest = NULL, *mark;
	struct mval v;
	bool any = false;
	size_t len = 0, restlen = 0;
	int i, bits, k = 0;

	for (i = 0; i < 4; i += rest == NULL) {
		struct hole *h = i < 3 ? r->hash[i] : r->value != NULL || any ? r->value : r->detect;

		if (h == NULL)
			continue;
		if (rest != NULL) {
			v = (struct mval){ .type = M_STRING, .len = (uint32_t)restlen, .text = rest };
			rest = NULL;
		} else
			hole_eval(m, root, h, &v);
		if (v.type == M_NULL)
			continue;
		/* a summary may be the platform's own, all hashes of a file joined by " : " */
		if (i == 3 && v.type == M_STRING && (mark = memmem(v.text, v.len, " : ", 3)) != NULL) {
			rest = mark + 3;
			restlen = v.len - (size_t)(rest - v.text);
			v.len = (uint32_t)(mark - v.text);
		}
		bad = NULL;
		len = 0;
		if (!mval_text(&v, &text, &len))
			bad = "not a text";
		else {
			trim(&text, &len);
			if (len == 0)
				continue;
			if (value_hash(text, len, one, &bits, &bad) == VALUE_OK) {
				k = bits == 128 ? 0 : bits == 160 ? 1 : 2;
				bad = NULL;
				if (i < 3 && k != i)
					bad = "a hash of another kind";
			}
		}
		if (bad == NULL) {
			memcpy(hash[k], one, sizeof(one));
			any = true;
		} else {
			if (map_noting(m))
				map_tell(m, NOTE_LOST, h->at, bad, text, len);
			map_count(m, "members", i < 3 ? name[i] : "summary", bad);
			why = bad;
			at = h->at;
		}
	}
	if (!any)
		return refuse(m, at, why, NULL);
	if (!wanted(m, TYPE_FILE))
		return drop_it(m, r->at, map_not_asked, "File", 4, drop);
	put_head(m, r, TYPE_FILE);
	for (i = 0; i < 3; i++)
		if (hash[i][0] != '\0') {
			PUT(m, m->out, ",\"");
			put(m, m->out, name[i], strlen(name[i]));
			PUT(m, m->out, "\":\"");
			put(m, m->out, hash[i], strlen(hash[i]));
			PUT(m, m->out, "\"");
		}
	return 0;
}

/* --- Registry Key --- */

/*
 * "Key : Name : REG_SZ", the platform's own summary: told by the word behind
 * the last " : ", so that a key with " : " in it stays one (batch-api.md
 * section 12, oddity 2). The text becomes the key.
 */
static void
registry_parts(const char **text, size_t *len, struct mval *name, struct mval *kind)
{
	const char *first = memmem(*text, *len, " : ", 3), *last = first, *next, *end = *text + *len;

	while (last != NULL && (next = memmem(last + 3, (size_t)(end - last - 3), " : ", 3)) != NULL)
		last = next;
	if (last == first || !value_registry_type(last + 3, (size_t)(end - last - 3)))
		return;
	*name = (struct mval){ .type = M_STRING, .len = (uint32_t)(last - first - 3), .text = first + 3 };
	*kind = (struct mval){ .type = M_STRING, .len = (uint32_t)(end - last - 3), .text = last + 3 };
	*len = (size_t)(first - *text);
}

static int
registry_write(struct map *m, struct root *root, struct rule *r, bool *drop)
{
	static int value_type = -1;
	struct hole *h = r->key[0] != NULL ? r->key[0] : r->value;
	const char *text, *why = "not valid";
	struct mval v = { 0 }, name = { 0 }, kind = { 0 };
	size_t len = 0, before;

	if (value_type == -1)
		value_type = schema_field_index(TYPE_REGISTRY_KEY, "Value Type", 10);
	if (h != NULL)
		hole_eval(m, root, h, &v);
	if (!mval_text(&v, &text, &len) || len == 0)
		return refuse(m, r->at_value, missing, &v);
	if (h == r->value)
		registry_parts(&text, &len, &name, &kind);
	buf_clear(&m->text);
	if (value_registry_key(text, len, &m->text, &why) != VALUE_OK)
		return refuse(m, h->at, why, &v);
	if (!wanted(m, TYPE_REGISTRY_KEY))
		return drop_it(m, r->at, map_not_asked, text, len, drop);
	put_head(m, r, TYPE_REGISTRY_KEY);
	PUT(m, m->out, ",\"Key Name\":");
	put_json(m, m->out, m->text.bytes, m->text.len);
	PUT(m, m->out, ",\"Value Name\":");
	v = name;
	if (r->key[1] != NULL)
		hole_eval(m, root, r->key[1], &v);
	/* an empty value name is sent as a blank (batch-api.md section 12) */
	if (mval_text(&v, &text, &len) && len > 0)
		put_json(m, m->out, text, len);
	else
		PUT(m, m->out, "\" \"");
	v.type = M_NULL;
	if (r->key[2] != NULL)
		hole_eval(m, root, r->key[2], &v);
	else if (kind.len > 0)
		v = kind;
	if (v.type != M_NULL) {
		before = m->out->len;
		PUT(m, m->out, ",\"Value Type\":");
		why = scalar_write(m, m->out, schema_field(TYPE_REGISTRY_KEY, (size_t)value_type), 0, &v);
		if (why != NULL) {
			m->out->len = before;
			if (*why != '\0')
				map_lose(m, r->key[2] != NULL ? r->key[2]->at : h->at, "Value Type", why, &v);
		}
	}
	return 0;
}

/* --- groups --- */

/* A name over the platform's length ends at a word (data-model.md section 4). */
static void
put_name(struct map *m, const char *text, size_t len)
{
	size_t n, cut;

	if (len <= LIMIT_GROUP_NAME || text_chars(text, len) <= LIMIT_GROUP_NAME) {
		put_json(m, m->out, text, len);
		return;
	}
	n = cut = text_first(text, len, LIMIT_GROUP_NAME - 4);
	if (!is_blank((unsigned char)text[n]))
		while (cut > 0 && !is_blank((unsigned char)text[cut - 1]))
			cut--;
	/* one endless word is cut where it must be */
	if (cut < n / 2)
		cut = n;
	while (cut > 0 && is_blank((unsigned char)text[cut - 1]))
		cut--;
	put_json(m, m->out, text, cut);
	if (!m->full) {
		m->out->len--;
		PUT(m, m->out, " ...\"");
	}
	map_count(m, "cut", "name", "too long");
	map_tell(m, NOTE_LOST, m->now->at, "cut: too long", text, len);
}

static int
group_write(struct map *m, struct root *root, struct rule *r, enum tc_type type, bool *drop)
{
	const char *text, *xid, *type_name = schema_type_name(type);
	struct mval name = { 0 }, id = { 0 };
	size_t len, xidlen;
	char made[XID_LEN + 1];

	if (!wanted(m, type))
		return drop_it(m, r->at, map_not_asked, type_name, strlen(type_name), drop);
	hole_eval(m, root, r->name, &name);
	if (name.type == M_NULL)
		return refuse(m, r->name->at, "the name is missing", NULL);
	if (!mval_text(&name, &text, &len))
		return refuse(m, r->name->at, "the name is no text", NULL);
	trim(&text, &len);
	if (len == 0)
		return refuse(m, r->name->at, "the name is missing", NULL);
	if (r->xid != NULL) {
		hole_eval(m, root, r->xid, &id);
		if (!mval_text(&id, &xid, &xidlen) || xidlen == 0)
			return refuse(m, r->xid->at, "the xid is missing", &id);
	} else {
		struct xid_part part[3] = { { m->opt.owner, m->opt.owner != NULL ? strlen(m->opt.owner) : 0 },
			{ type_name, strlen(type_name) }, { text, len } };

		xid_make(made, part, 3);
		xid = made;
		xidlen = XID_LEN;
	}
	put_head(m, r, type);
	put_name(m, text, len);
	PUT(m, m->out, ",\"xid\":");
	put_json(m, m->out, xid, xidlen);
	return 0;
}

/* --- whichever it is --- */

static int
find_type(struct map *m, struct root *root, struct rule *r, enum tc_type *type)
{
	struct hole *h = r->detect != NULL ? r->detect : r->type_hole;
	const char *text;
	struct mval v;
	size_t len;

	*type = r->type;
	if (h == NULL)
		return 0;
	hole_eval(m, root, h, &v);
	if (!mval_text(&v, &text, &len) || len == 0)
		return refuse(m, h->at, "the type is missing", &v);
	trim(&text, &len);
	if (r->detect != NULL) {
		buf_clear(&m->text);
		if (m->value.refang && value_refang(text, len, &m->text) == 0) {
			text = m->text.bytes;
			len = m->text.len;
		}
		*type = value_detect(text, len);
	} else
		*type = schema_type(text, len);
	if (*type == TYPE_NONE)
		return refuse(m, h->at, r->detect != NULL ? "no indicator of a known type" : "not one of the platform's types", &v);
	return 0;
}

int
value_write(struct map *m, struct root *root, struct rule *r, enum tc_type *type, bool *drop)
{
	const char *text, *why;
	struct mval v;
	size_t len;

	if (find_type(m, root, r, type) == -1)
		return -1;
	if (schema_class(*type) == CLASS_GROUP)
		return group_write(m, root, r, *type, drop);
	if (*type == TYPE_FILE)
		return file_write(m, root, r, drop);
	if (*type == TYPE_REGISTRY_KEY)
		return registry_write(m, root, r, drop);
	hole_eval(m, root, r->value != NULL ? r->value : r->detect, &v);
	if (v.type == M_NULL)
		return refuse(m, r->at_value, missing, NULL);
	if (!mval_text(&v, &text, &len))
		return refuse(m, r->at_value, "the value is no text", NULL);
	if (len == 0)
		return refuse(m, r->at_value, missing, NULL);
	why = indicator_canon(m, type, text, len, drop);
	if (why != NULL)
		return *drop ? drop_it(m, r->at_value, why, text, len, drop) : refuse(m, r->at_value, why, &v);
	if (!wanted(m, *type))
		return drop_it(m, r->at, map_not_asked, text, len, drop);
	put_head(m, r, *type);
	put_json(m, m->out, m->text.bytes, m->text.len);
	return 0;
}

/* --- associations --- */

static int
put_end(struct map *m, struct root *root, struct rule *r, int end, bool first, struct buf *line, bool *drop)
{
	const char digit[2] = { (char)('1' + end), '\0' };
	const char *text, *kind = "", *why;
	struct mval ref = { 0 }, type = { 0 };
	enum tc_type t = TYPE_NONE;
	size_t len, kindlen = 0;
	static const struct field id = { .name = "id", .kind = FIELD_REF_ID };

	if (r->ref_type[end] != NULL) {
		hole_eval(m, root, r->ref_type[end], &type);
		if (mval_text(&type, &kind, &kindlen) && (t = schema_type(kind, kindlen)) == TYPE_NONE)
			return refuse(m, r->ref_type[end]->at, "not one of the platform's types", &type);
	}
	if (!first)
		PUT(m, line, ",");
	if (r->ref_id[end] != NULL) {
		hole_eval(m, root, r->ref_id[end], &ref);
		PUT(m, line, "\"id_");
		put(m, line, digit, 1);
		PUT(m, line, "\":");
		why = ref.type == M_NULL ? missing : scalar_write(m, line, &id, 0, &ref);
		return why != NULL ? refuse(m, r->ref_id[end]->at, *why != '\0' ? why : missing, &ref) : 0;
	}
	hole_eval(m, root, r->ref[end], &ref);
	if (!mval_text(&ref, &text, &len) || len == 0)
		return refuse(m, r->ref[end]->at, missing, &ref);
	if (schema_class(t) == CLASS_INDICATOR) {
		why = NULL;
		if (t == TYPE_FILE) {
			char hash[65];
			int bits;

			if (value_hash(text, len, hash, &bits, &why) == VALUE_OK) {
				buf_clear(&m->text);
				put(m, &m->text, hash, strlen(hash));
				why = NULL;
			}
		} else if (t == TYPE_REGISTRY_KEY) {
			buf_clear(&m->text);
			put(m, &m->text, text, len);
		} else
			why = indicator_canon(m, &t, text, len, drop);
		if (why != NULL)
			return *drop ? drop_it(m, r->ref[end]->at, why, text, len, drop) : refuse(m, r->ref[end]->at, why, &ref);
		text = m->text.bytes;
		len = m->text.len;
	}
	PUT(m, line, "\"ref_");
	put(m, line, digit, 1);
	PUT(m, line, "\":");
	put_json(m, line, text, len);
	if (t != TYPE_NONE) {
		PUT(m, line, ",\"type_");
		put(m, line, digit, 1);
		PUT(m, line, "\":");
		put_json(m, line, schema_type_name(t), strlen(schema_type_name(t)));
	}
	return 0;
}

int
association_write(struct map *m, struct root *root, struct rule *r, bool *drop)
{
	struct mval kind = { 0 };
	struct object object;
	struct scan scan;
	struct buf line;
	const char *text;
	struct err err = { 0 };
	size_t len;
	int rc = -1;

	if (!wanted(m, TYPE_NONE))
		return drop_it(m, r->at, map_not_asked, "association", 11, drop);
	buf_init(&line, LIMIT_LINE);
	scan_init(&scan);
	PUT(m, &line, "{");
	if (put_end(m, root, r, 0, true, &line, drop) == -1 || put_end(m, root, r, 1, false, &line, drop) == -1)
		goto out;
	if (r->association != NULL) {
		hole_eval(m, root, r->association, &kind);
		if (mval_text(&kind, &text, &len) && len > 0) {
			PUT(m, &line, ",\"associationType\":");
			put_json(m, &line, text, len);
		}
	}
	if (r->delete_)
		PUT(m, &line, ",\"action\":\"Delete\"");
	PUT(m, &line, "}");
	/* which end comes first is the object room's to say */
	if (m->full)
		goto out;
	if (object_read(&object, &scan, line.bytes, line.len, &err) == -1)
		rc = refuse(m, r->at, "the association is incomplete", NULL);
	else if (object_canonical(&object, false, m->out) == -1)
		m->full = true;
	else
		rc = 0;
out:
	scan_release(&scan);
	buf_release(&line);
	return rc;
}
