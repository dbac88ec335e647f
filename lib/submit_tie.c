#include "submit_tie.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "limit.h"
#include "object.h"
#include "xmalloc.h"

#define SEARCHES	200	/* texts that are searched for every value, the slow way: bounded work for a hostile list */
#define SHORTEST	5	/* bytes a value needs for that */

struct name {
	uint32_t	 at, len;	/* in text, lower case */
	uint32_t	 exact;		/* in text, as it stands */
	uint32_t	 item;
	uint32_t	 next;		/* of the same slot, + 1 */
};

struct submit_tie {
	const struct submit_chunk *chunk;
	size_t		 from, to;
	struct buf	 text;
	struct name	*name;
	size_t		 n, cap;
	uint32_t	*slot;
	size_t		 nslot;
	int		 searched;
};

static uint32_t
hash(const char *s, size_t len)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h;
}

static void
lower(char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x80)
			s[i] = (char)tolower((unsigned char)s[i]);
}

static void
add(struct submit_tie *t, const char *value, size_t len, size_t item)
{
	struct name *n;
	size_t exact = t->text.len;

	if (len == 0 || buf_add(&t->text, value, len) == -1 || buf_addc(&t->text, '\0') == -1 ||
	    buf_add(&t->text, value, len) == -1 || buf_addc(&t->text, '\0') == -1)
		return;
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 1024;
		t->name = xreallocarray(t->name, t->cap, sizeof(*t->name));
	}
	n = &t->name[t->n++];
	n->exact = (uint32_t)exact;
	n->at = (uint32_t)(exact + len + 1);
	n->len = (uint32_t)len;
	n->item = (uint32_t)item;
	lower(t->text.bytes + n->at, len);
}

/* All values an item can be named by: its identities, and a group's name. */
static void
add_item(struct submit_tie *t, size_t i, struct scan *scan, struct buf *line, struct buf *keys)
{
	const struct submit_item *it = &t->chunk->item[i];
	struct object o;
	struct err why;
	const char *key, *value;
	uint32_t node;
	int n;

	buf_clear(line);
	buf_clear(keys);
	if (it->len > 0 ? buf_add(line, t->chunk->text.bytes + it->off, it->len) == -1 :
	    buf_addc(line, '{') == -1 || buf_add(line, t->chunk->names.bytes + it->name, it->name_len) == -1 ||
	    buf_addz(line, ",\"batchId\":1}") == -1)
		return;
	if (object_read(&o, scan, line->bytes, line->len, &why) == -1)
		return;
	n = object_identities(&o, keys);
	for (key = keys->bytes; n > 0; n--, key += strlen(key) + 1) {
		value = strrchr(key, '\x1f');
		if (value != NULL)
			add(t, value + 1, strlen(value + 1), i);
	}
	buf_clear(keys);
	if (o.class == CLASS_INDICATOR && object_summary(&o, keys) == 0)
		add(t, keys->bytes, keys->len, i);
	node = scan_member(scan, 0, "name");
	buf_clear(keys);
	if (o.class == CLASS_GROUP && node != SCAN_NONE && scan_string(scan, node, keys) == 0)
		add(t, keys->bytes, keys->len, i);
}

struct submit_tie *
submit_tie_new(const struct submit_chunk *c, size_t from, size_t to)
{
	struct submit_tie *t = xcalloc(1, sizeof(*t));
	struct buf line, keys;
	struct scan scan;
	size_t i;

	t->chunk = c;
	t->from = from;
	t->to = to;
	buf_init(&t->text, GIB);
	buf_init(&line, 2 * LIMIT_LINE);
	buf_init(&keys, 4 * LIMIT_LINE);
	scan_init(&scan);
	for (i = from; i < to; i++)
		add_item(t, i, &scan, &line, &keys);
	scan_release(&scan);
	buf_release(&keys);
	buf_release(&line);
	for (t->nslot = 64; t->nslot < 2 * t->n; t->nslot *= 2)
		;
	t->slot = xcalloc(t->nslot, sizeof(*t->slot));
	for (i = 0; i < t->n; i++) {
		struct name *n = &t->name[i];
		uint32_t *slot = &t->slot[hash(t->text.bytes + n->at, n->len) & (t->nslot - 1)];

		n->next = *slot;
		*slot = (uint32_t)i + 1;
	}
	return t;
}

void
submit_tie_free(struct submit_tie *t)
{
	if (t == NULL)
		return;
	buf_release(&t->text);
	free(t->name);
	free(t->slot);
	free(t);
}

static bool
of_type(const struct submit_tie *t, const struct name *n, const char *type)
{
	const struct submit_item *it = &t->chunk->item[n->item];
	char want[80];
	int len;

	if (type == NULL)
		return true;
	len = snprintf(want, sizeof(want), "\"type\":\"%s\"", type);
	return len < (int)sizeof(want) && (int)it->name_len > len && memcmp(t->chunk->names.bytes + it->name, want, (size_t)len) == 0;
}

size_t
submit_tie_value(const struct submit_tie *t, const char *value, size_t len, const char *type)
{
	size_t found = TIE_NONE, exact = TIE_NONE;
	bool several = false, several_exact = false;
	char small[1024], *low = len < sizeof(small) ? small : xmalloc(len + 1);
	uint32_t i;

	memcpy(low, value, len);
	lower(low, len);
	for (i = t->slot[hash(low, len) & (t->nslot - 1)]; i != 0; i = t->name[i - 1].next) {
		const struct name *n = &t->name[i - 1];

		if (n->len != len || memcmp(t->text.bytes + n->at, low, len) != 0 || !of_type(t, n, type))
			continue;
		several |= found != TIE_NONE && found != n->item;
		found = n->item;
		if (memcmp(t->text.bytes + n->exact, value, len) == 0) {
			several_exact |= exact != TIE_NONE && exact != n->item;
			exact = n->item;
		}
	}
	if (low != small)
		free(low);
	if (exact != TIE_NONE && !several_exact)
		return exact;
	return several ? TIE_NONE : found;
}

static size_t
tie_object(const struct submit_tie *t, struct json_object *o)
{
	struct json_object *type = NULL;
	const char *type_name;
	size_t found = TIE_NONE;

	if (json_object_object_get_ex(o, "type", &type) && !json_object_is_type(type, json_type_string))
		type = NULL;
	type_name = type != NULL ? json_object_get_string(type) : NULL;
	json_object_object_foreach(o, name, v) {
		if (found != TIE_NONE)
			break;
		if (strcmp(name, "type") == 0 || strcmp(name, "description") == 0 || !json_object_is_type(v, json_type_string))
			continue;
		found = submit_tie_value(t, json_object_get_string(v), (size_t)json_object_get_string_len(v), type_name);
	}
	return found;
}

size_t
submit_tie_source(const struct submit_tie *t, struct json_object *source)
{
	const char *text, *piece;
	struct json_object *o;
	size_t found, len;

	if (json_object_is_type(source, json_type_object))
		return tie_object(t, source);
	if (!json_object_is_type(source, json_type_string))
		return TIE_NONE;
	text = json_object_get_string(source);
	len = (size_t)json_object_get_string_len(source);
	found = submit_tie_value(t, text, len, NULL);
	if (found == TIE_NONE && *text == '{' && (o = json_tokener_parse(text)) != NULL) {
		if (json_object_is_type(o, json_type_object))
			found = tie_object(t, o);
		json_object_put(o);
	}
	/* "md5 : sha1 : sha256" */
	for (piece = text; found == TIE_NONE && strstr(text, " : ") != NULL && piece != NULL && *piece != '\0';) {
		const char *end = strstr(piece, " : ");

		found = submit_tie_value(t, piece, end != NULL ? (size_t)(end - piece) : strlen(piece), NULL);
		piece = end != NULL ? end + 3 : NULL;
	}
	return found;
}

/* A word of a sentence, without the quotes and points around it. */
static size_t
tie_words(const struct submit_tie *t, const char *text, bool *several)
{
	static const char apart[] = " \t\r\n\"'<>()[]{},;";
	size_t found = TIE_NONE, one, n;

	while (*(text += strspn(text, apart)) != '\0') {
		n = strcspn(text, apart);
		one = submit_tie_value(t, text, n, NULL);
		if (one == TIE_NONE && n > 1 && strchr(".:!?", text[n - 1]) != NULL)
			one = submit_tie_value(t, text, n - 1, NULL);
		if (one != TIE_NONE) {
			*several |= found != TIE_NONE && found != one;
			found = one;
		}
		text += n;
	}
	return found;
}

size_t
submit_tie_text(const struct submit_tie *t, const char *text)
{
	bool several = false;
	size_t found = tie_words(t, text, &several), i, best = 0;

	if (found != TIE_NONE || several)
		return several ? TIE_NONE : found;
	/* values with blanks in them; the longest, as one may stand inside another */
	if (((struct submit_tie *)t)->searched++ >= SEARCHES)
		return TIE_NONE;
	for (i = 0; i < t->n; i++) {
		const struct name *n = &t->name[i];

		if (n->len < SHORTEST || n->len < best || strcasestr(text, t->text.bytes + n->at) == NULL)
			continue;
		several = n->len == best && found != n->item;
		best = n->len;
		found = n->item;
	}
	return several ? TIE_NONE : found;
}
