#include "fetch_template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "date.h"
#include "http.h"
#include "text.h"
#include "xmalloc.h"

enum hole { LITERAL, LAST_RUN, FROM, TO, CURSOR, PAGE, OFFSET, LIMIT, ENTRY, PARAM, URL };

static const struct { const char *name; enum hole hole; bool time; } hole_name[] = {
	{ "last_run", LAST_RUN, true }, { "from", FROM, true }, { "to", TO, true }, { "cursor", CURSOR, false },
	{ "page", PAGE, false }, { "offset", OFFSET, false }, { "limit", LIMIT, false }, { "entry", ENTRY, false },
	{ "param", PARAM, false }, { "url", URL, false },
};

struct piece {
	enum hole hole;
	char	 *text;		/* literal text, parameter name, or form of a time ("" is iso) */
};

struct fetch_template {
	enum fetch_place place;
	struct piece	*piece;
	size_t		 n;
};

static void
add(struct fetch_template *t, enum hole hole, const char *text, size_t len)
{
	t->piece = xreallocarray(t->piece, t->n + 1, sizeof(*t->piece));
	t->piece[t->n].hole = hole;
	t->piece[t->n++].text = xstrndup(text, len);
}

static bool
is_form(const char *s)
{
	static const char *const form[] = { "", "iso", "iso_ms", "epoch", "epoch_ms", "date", "http" };
	size_t i;

	for (i = 0; i < sizeof(form) / sizeof(form[0]); i++)
		if (strcmp(s, form[i]) == 0)
			return true;
	return false;
}

/* text is what stands between the braces. */
static int
add_hole(struct fetch_template *t, const char *text, size_t len, struct err *err)
{
	const char *colon = memchr(text, ':', len), *arg = "";
	size_t namelen = colon != NULL ? (size_t)(colon - text) : len, arglen = 0, i;

	if (colon != NULL) {
		arg = colon + 1;
		arglen = len - namelen - 1;
	}
	for (i = 0; i < sizeof(hole_name) / sizeof(hole_name[0]); i++)
		if (text_eq(text, namelen, hole_name[i].name))
			break;
	if (i == sizeof(hole_name) / sizeof(hole_name[0]))
		return err_set(err, REASON_USAGE, "unknown hole {%.*s}; a literal brace is written {{", (int)len, text);
	add(t, hole_name[i].hole, arg, arglen);
	arg = t->piece[t->n - 1].text;
	if (hole_name[i].time && !is_form(arg))
		return err_set(err, REASON_USAGE, "{%.*s}: the form is one of iso, iso_ms, epoch, epoch_ms, date, http", (int)len, text);
	if ((hole_name[i].hole == PARAM || hole_name[i].hole == URL) && *arg == '\0')
		return err_set(err, REASON_USAGE, "{%.*s}: which parameter", (int)len, text);
	if (!hole_name[i].time && hole_name[i].hole != PARAM && hole_name[i].hole != URL && *arg != '\0')
		return err_set(err, REASON_USAGE, "{%.*s}: this hole has no form", (int)len, text);
	if (hole_name[i].hole == URL && (t->place != PLACE_URL || t->n != 1))
		return err_set(err, REASON_USAGE, "{%.*s} can only stand at the start of a URL", (int)len, text);
	return 0;
}

int
fetch_template_compile(struct fetch_template **out, const char *text, enum fetch_place place, struct err *err)
{
	struct fetch_template *t = xcalloc(1, sizeof(*t));
	const char *s = text, *run = text, *end;

	t->place = place;
	for (; *s != '\0'; s++) {
		if ((s[0] == '{' && s[1] == '{') || (s[0] == '}' && s[1] == '}')) {
			add(t, LITERAL, run, (size_t)(s + 1 - run));
			run = ++s + 1;
			continue;
		}
		/* in JSON and form bodies a lone brace is itself: only {word} and {word:...} are holes */
		if (*s != '{' || (place == PLACE_JSON && strspn(s + 1, "abcdefghijklmnopqrstuvwxyz_") == 0))
			continue;
		if ((end = strchr(s, '}')) == NULL) {
			err_set(err, REASON_USAGE, "a hole is not closed: %s", s);
			goto fail;
		}
		if (s > run)
			add(t, LITERAL, run, (size_t)(s - run));
		if (add_hole(t, s + 1, (size_t)(end - s - 1), err) == -1)
			goto fail;
		s = end;
		run = end + 1;
	}
	if (s > run)
		add(t, LITERAL, run, (size_t)(s - run));
	*out = t;
	return 0;
fail:
	fetch_template_free(t);
	return -1;
}

void
fetch_template_free(struct fetch_template *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n; i++)
		free(t->piece[i].text);
	free(t->piece);
	free(t);
}

bool
fetch_template_uses(const struct fetch_template *t, const char *name)
{
	size_t i, k;

	for (i = 0; t != NULL && i < t->n; i++)
		for (k = 0; k < sizeof(hole_name) / sizeof(hole_name[0]); k++)
			if (t->piece[i].hole == hole_name[k].hole && strcmp(hole_name[k].name, name) == 0)
				return true;
	return false;
}

bool
fetch_template_has_param(const struct fetch_template *t)
{
	return fetch_template_uses(t, "param");
}

static bool
is_listed(const char *names, const char *name)
{
	size_t len = strlen(name);
	const char *at = names;

	for (; (at = strstr(at, name)) != NULL; at += len)
		if ((at == names || at[-1] == ' ') && (at[len] == '\0' || at[len] == ','))
			return true;
	return false;
}

void
fetch_template_add_params(const struct fetch_template *t, char *names, size_t size)
{
	size_t i, used = strlen(names);

	for (i = 0; t != NULL && i < t->n; i++) {
		const char *name = t->piece[i].text;

		if (t->piece[i].hole != PARAM || is_listed(names, name) || used + strlen(name) + 3 > size)
			continue;
		used += (size_t)snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "", name);
	}
}

static void
print_time(int64_t when, const char *form, char *out, size_t size)
{
	static const char day[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char month[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	char iso[DATE_LEN + 1];
	time_t t = (time_t)when;
	struct tm tm;

	date_print(when, iso);
	if (strcmp(form, "epoch") == 0)
		snprintf(out, size, "%lld", (long long)when);
	else if (strcmp(form, "epoch_ms") == 0)
		snprintf(out, size, "%lld000", (long long)when);
	else if (strcmp(form, "date") == 0)
		snprintf(out, size, "%.10s", iso);
	else if (strcmp(form, "iso_ms") == 0)
		snprintf(out, size, "%.19s.000Z", iso);
	else if (strcmp(form, "http") == 0) {
		gmtime_r(&t, &tm);
		snprintf(out, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", day[tm.tm_wday], tm.tm_mday, month[tm.tm_mon],
		    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	} else
		snprintf(out, size, "%s", iso);
}

/* A value into its place. */
static int
put(enum fetch_place place, const char *value, const char *what, struct buf *out, struct err *err)
{
	size_t i, len = strlen(value), start = out->len;
	int rc = 0;

	switch (place) {
	case PLACE_URL:
	case PLACE_FORM:
		rc = http_encode(value, len, out);
		break;
	case PLACE_HEADER:
		for (i = 0; i < len; i++)
			if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
				return err_set(err, REASON_USAGE, "%s holds a control character, which no header can carry", what);
		rc = buf_add(out, value, len);
		break;
	case PLACE_JSON:
		/* between quotes that the body has already */
		if ((rc = buf_add_json(out, value, len)) == 0) {
			memmove(out->bytes + start, out->bytes + start + 1, out->len - start - 2);
			out->len -= 2;
			out->bytes[out->len] = '\0';
		}
		break;
	}
	return rc == 0 ? 0 : err_set(err, REASON_CONTRACT, "%s is too long", what);
}

/* A parameter that is a URL: taken as it stands, but only if it is one. */
static int
put_url(const char *value, const char *name, struct buf *out, struct err *err)
{
	const char *s, *rest = strncasecmp(value, "https://", 8) == 0 ? value + 8 :
	    strncasecmp(value, "http://", 7) == 0 ? value + 7 : NULL;

	if (rest == NULL || *rest == '\0' || *rest == '/')
		return err_set(err, REASON_USAGE, "parameter %s is no http or https URL", name);
	for (s = value; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f || *s == '#' || *s == '@')
			return err_set(err, REASON_USAGE, "parameter %s is no plain URL (no user, fragment or blank in it)", name);
	/* "https://host/" and "/path" behind it make one slash */
	return buf_add(out, value, strlen(value) - (value[strlen(value) - 1] == '/')) == 0 ? 0 :
	    err_set(err, REASON_USAGE, "parameter %s is too long", name);
}

int
fetch_template_expand(const struct fetch_template *t, const struct fetch_vars *v, struct buf *out, struct err *err)
{
	char text[64], what[160];
	const struct piece *p;
	const char *value;
	int rc = 0;

	for (p = t->piece; rc == 0 && p < t->piece + t->n; p++) {
		value = text;
		snprintf(what, sizeof(what), "a value");
		switch (p->hole) {
		case LITERAL:
			if (buf_addz(out, p->text) == -1)
				return err_set(err, REASON_CONTRACT, "a request is too long");
			continue;
		case LAST_RUN: print_time(v->last_run, p->text, text, sizeof(text)); break;
		case FROM: print_time(v->from, p->text, text, sizeof(text)); break;
		case TO: print_time(v->to, p->text, text, sizeof(text)); break;
		case PAGE: snprintf(text, sizeof(text), "%ld", v->page); break;
		case OFFSET: snprintf(text, sizeof(text), "%ld", v->offset); break;
		case LIMIT: snprintf(text, sizeof(text), "%ld", v->limit); break;
		case CURSOR:
			value = v->cursor != NULL ? v->cursor : "";
			snprintf(what, sizeof(what), "the feed's cursor");
			break;
		case ENTRY:
			value = v->entry != NULL ? v->entry : "";
			snprintf(what, sizeof(what), "an entry of the index page");
			break;
		case PARAM:
		case URL:
			value = v->params != NULL ? params_get(v->params, p->text) : NULL;
			if (value == NULL)
				return err_set(err, REASON_USAGE, "parameter %s is not set", p->text);
			snprintf(what, sizeof(what), "parameter %s", p->text);
			break;
		}
		rc = p->hole == URL ? put_url(value, p->text, out, err) : put(t->place, value, what, out, err);
	}
	return rc;
}
