#include "sandbox/settings.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "limit.h"
#include "scan.h"

static const char *const version[] = { "V2", NULL };
static const char *const action[] = { "Create", "Delete", NULL };
static const char *const attribute_write[] = { "Replace", "Append", "Singleton", "Static", NULL };
static const char *const other_write[] = { "Replace", "Append", NULL };
static const char *const merge_mode[] = { "Merge", "Distribute", NULL };
static const char *const collision_mode[] = { "FavorIncoming", "FavorExisting", "IgnoreIncoming", "IgnoreExisting", "Split",
	NULL };
static const char *const truth[] = { "false", "true", NULL };

/* In the document's order. A text setting's value is an index into allowed; owner has none. */
static const struct setting {
	const char		*name;
	bool			 required, boolean;	/* boolean: true and false, or their names as strings */
	const char *const	*allowed;
} known[] = {
	{ "version", true, false, version },
	{ "owner", true, false, NULL },
	{ "haltOnError", true, true, truth },
	{ "action", true, false, action },
	{ "attributeWriteType", true, false, attribute_write },
	{ "tagWriteType", false, false, other_write },
	{ "securityLabelWriteType", false, false, other_write },
	{ "fileMergeMode", false, false, merge_mode },
	{ "hashCollisionMode", false, false, collision_mode },
	{ "playbookTriggersEnabled", false, true, truth },
	{ "removeOrphanIndicators", false, true, truth },
};
enum { N_KNOWN = sizeof(known) / sizeof(known[0]) };

static int
choice(const struct scan *s, uint32_t v, const struct setting *k)
{
	int i;

	if (k->boolean && (s->node[v].type == SCAN_TRUE || s->node[v].type == SCAN_FALSE))
		return s->node[v].type == SCAN_TRUE;
	if (s->node[v].type != SCAN_STRING)
		return -1;
	for (i = 0; k->allowed[i] != NULL; i++)
		if (scan_is(s, v, k->allowed[i]))
			return i;
	return -1;
}

static int
bad_value(const struct setting *k, const struct scan *s, uint32_t v, struct err *err)
{
	char list[160] = "";
	size_t n = 0;
	int i;

	for (i = 0; k->allowed[i] != NULL && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? ", " : "", k->allowed[i]);
	return err_set(err, REASON_CONTRACT, "setting %s is '%.*s' but has to be %s%s", k->name,
	    (int)(s->node[v].len < 60 ? s->node[v].len : 60), scan_bytes(s, v), k->allowed[1] != NULL ? "one of " : "", list);
}

static int
read_owner(struct settings *to, const struct scan *s, uint32_t v, struct err *err)
{
	struct buf b;

	buf_init(&b, sizeof(to->owner) - 1);
	if (s->node[v].type != SCAN_STRING || scan_string(s, v, &b) == -1 || b.len == 0) {
		buf_release(&b);
		return err_set(err, REASON_CONTRACT, "setting owner has to be the name of an owner, at most 255 bytes");
	}
	memcpy(to->owner, b.bytes, b.len + 1);
	buf_release(&b);
	return 0;
}

static int
read_members(struct settings *to, const struct scan *s, struct err *err)
{
	int value[N_KNOWN], i;
	uint32_t n, v;

	for (i = 0; i < N_KNOWN; i++)
		value[i] = -1;
	if (s->node[0].type != SCAN_OBJECT)
		return err_set(err, REASON_CONTRACT, "the settings are no JSON object");
	for (n = scan_first(s, 0); n != SCAN_NONE && n < s->node[0].next; n = s->node[v].next) {
		v = s->node[n].next;
		for (i = 0; i < N_KNOWN && !scan_is(s, n, known[i].name); i++)
			;
		if (i == N_KNOWN)
			return err_set(err, REASON_CONTRACT, "there is no setting '%.*s' (names are case-sensitive)",
			    (int)(s->node[n].len < 60 ? s->node[n].len : 60), scan_bytes(s, n));
		if (known[i].allowed == NULL) {
			if (read_owner(to, s, v, err) == -1)
				return -1;
			value[i] = 0;
		} else if ((value[i] = choice(s, v, &known[i])) < 0) {
			return bad_value(&known[i], s, v, err);
		}
	}
	for (i = 0; i < N_KNOWN; i++)
		if (known[i].required && value[i] < 0)
			return err_set(err, REASON_CONTRACT, "setting %s is missing", known[i].name);
	to->halt_on_error = value[2] == 1;
	to->delete = value[3] == 1;
	to->attribute = (enum write_type)value[4];
	to->tag = value[5] == 1 ? WRITE_APPEND : WRITE_REPLACE;
	to->label = value[6] == 1 ? WRITE_APPEND : WRITE_REPLACE;
	to->distribute = value[7] == 1;
	to->collision = value[8] > 0 ? (enum collision)value[8] : FAVOR_INCOMING;
	return 0;
}

int
settings_read(struct settings *to, const char *text, size_t len, struct err *err)
{
	struct scan s;
	int rc;

	memset(to, 0, sizeof(*to));
	scan_init(&s);
	if (len > 64 * KIB)
		rc = err_set(err, REASON_CONTRACT, "the settings are over 64 KiB");
	else if ((rc = scan_text(&s, text, len, err)) == -1)
		err_prefix(err, "the settings are no JSON");
	else
		rc = read_members(to, &s, err);
	scan_release(&s);
	return rc;
}
