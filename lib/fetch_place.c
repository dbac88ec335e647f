#include "fetch_paging_private.h"

#include <json-c/json.h>
#include <string.h>

#include "date.h"
#include "log.h"
#include "xmalloc.h"

/* The document stands in a file that is no secret's place: a value that would be masked in a message is not kept. */
static bool
is_safe(const char *value)
{
	char *copy = xstrdup(value);
	bool safe;

	log_mask(copy);
	safe = strcmp(copy, value) == 0;
	free(copy);
	return safe;
}

static void
add_text(struct json_object *o, const char *name, const char *value)
{
	json_object_object_add(o, name, json_object_new_string(value));
}

static void
add_number(struct json_object *o, const char *name, long long n)
{
	json_object_object_add(o, name, json_object_new_int64(n));
}

struct json_object *
paging_place_save(const struct paging *p)
{
	struct json_object *o = json_object_new_object();
	char when[DATE_LEN + 1];
	bool safe = true;

	if (p->server_time >= 0) {
		date_print(p->server_time, when);
		add_text(o, "begun", when);
	}
	if (p->url > 0)
		add_number(o, "url", p->url);
	switch (p->def->style) {
	case STYLE_PAGE:
	case STYLE_OFFSET:
		add_number(o, "page", p->page);
		add_number(o, "offset", p->offset);
		add_number(o, "records", p->records);
		add_number(o, "fullest", p->fullest);
		break;
	case STYLE_CURSOR:
	case STYLE_NEXT:
	case STYLE_LINK:
		if (!p->begun)
			break;
		safe = is_safe(p->place.bytes);
		if (p->def->style != STYLE_CURSOR)
			add_text(o, "next", p->place.bytes);
		break;
	case STYLE_WINDOW:
		date_print(p->from, when);
		add_text(o, "from", when);
		break;
	case STYLE_INDEX:
		if (p->entry < p->nentry)
			add_text(o, "entry", p->entries.bytes + p->entry_at);
		break;
	case STYLE_TAXII:
		taxii_place_save(p->taxii, o);
		break;
	case STYLE_NONE:
		break;
	}
	if (safe)
		return o;
	json_object_put(o);
	return NULL;
}

static const char *
text(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

static long
number(struct json_object *o, const char *name, long otherwise)
{
	struct json_object *v;
	int64_t n;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_int))
		return otherwise;
	n = json_object_get_int64(v);
	return n < 0 || n > (1L << 40) ? otherwise : (long)n;
}

void
paging_place_load(struct paging *p, struct json_object *o)
{
	const char *s;
	struct err ignored;
	long url = number(o, "url", 0);

	p->resumed = true;
	p->url = url < p->def->nurl ? (int)url : 0;
	p->page = number(o, "page", p->page);
	p->offset = number(o, "offset", p->offset);
	p->records = number(o, "records", 0);
	p->fullest = number(o, "fullest", 0);
	if ((s = text(o, "begun")) != NULL && date_parse(s, strlen(s), -1, &p->server_time, &ignored) == -1)
		p->server_time = -1;
	if ((s = text(o, "from")) != NULL && date_parse(s, strlen(s), -1, &p->from, &ignored) == -1)
		p->from = p->o.last_run;
	if ((s = text(o, "entry")) != NULL)
		p->entry_wanted = xstrdup(s);
	if ((s = text(o, "next")) != NULL && (p->def->style == STYLE_NEXT || p->def->style == STYLE_LINK) &&
	    buf_addz(&p->place, s) == 0)
		p->begun = true;
	if (p->taxii != NULL)
		taxii_place_load(p->taxii, o);
}
