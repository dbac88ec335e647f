#include "feed_parse.h"

#include <stdlib.h>
#include <string.h>

#include "feed_json.h"
#include "limit.h"
#include "xmalloc.h"

/* What each format takes, as feed_members() wants it. */
static const char *const json_members[] = { "format:string", "encoding:string?", "records:string?", NULL };
static const char *const ndjson_members[] = { "format:string", "encoding:string?", NULL };
static const char *const csv_members[] = { "format:string", "encoding:string?", "delimiter:string?", "header:string|array?",
	"columns:array?", "comment:string?", "quotes:string?", "trailer:string?", "trailer_required:bool?", NULL };
static const char *const text_members[] = { "format:string", "encoding:string?", "comment:string?", "inline_comment:string?",
	"columns:array?", "split:string?", "pattern:string?", "trailer:string?", "trailer_required:bool?", NULL };

static const struct format {
	const char		*word;
	const char		*const *members;	/* NULL: a word that is kept */
	enum records_kind	 kind;
	char			 delimiter;
} formats[] = {
	{ "json", json_members, RECORDS_JSON, 0 },
	{ "ndjson", ndjson_members, RECORDS_NDJSON, 0 },
	{ "csv", csv_members, RECORDS_CSV, ',' },
	{ "tsv", csv_members, RECORDS_CSV, '\t' },
	{ "text", text_members, RECORDS_TEXT, 0 },
	{ "stix", NULL, 0, 0 },
	{ "misp", NULL, 0, 0 },
	{ "prose", NULL, 0, 0 },
	{ NULL, NULL, 0, 0 }
};

/* A string that is not empty and holds no line end; NULL where it is absent. */
static int
word(const struct feed *f, const char *name, const char **out, struct err *err)
{
	const char *s = feed_string(f->parse, name);
	char at[128];

	*out = s;
	if (s == NULL || (*s != '\0' && strpbrk(s, "\r\n") == NULL))
		return 0;
	feed_pointer(at, sizeof(at), "/parse", name);
	return feed_complain(f, err, at, *s == '\0' ? "must not be empty: leave the member out" : "must be without line ends");
}

static int
names(struct feed_parse *p, const struct feed *f, const char *name, struct err *err)
{
	struct json_object *list = feed_get(f->parse, name), *v;
	char at[128];
	size_t i, j, n = json_object_array_length(list);

	feed_pointer(at, sizeof(at), "/parse", name);
	if (n == 0 || n > LIMIT_CSV_FIELDS)
		return feed_complain(f, err, at, "must be 1 to %d names", LIMIT_CSV_FIELDS);
	p->columns = xcalloc(n + 1, sizeof(*p->columns));
	for (i = 0; i < n; i++) {
		v = json_object_array_get_idx(list, i);
		if (!json_object_is_type(v, json_type_string) || json_object_get_string_len(v) == 0)
			return feed_complain(f, err, at, "must be names: number %zu is none", i + 1);
		p->columns[i] = json_object_get_string(v);
		for (j = 0; j < i; j++)
			if (strcmp(p->columns[j], p->columns[i]) == 0)
				return feed_complain(f, err, at, "has the name \"%s\" twice", p->columns[i]);
	}
	p->records.columns = p->columns;
	return 0;
}

/* Who writes "$.data[*]" means the path "data": names and dots, no expression. */
static int
no_expression(const struct feed *f, const char *path, struct err *err)
{
	char meant[128];
	size_t n = 0;
	const char *s = path;

	for (; *s != '\0' && *s != '[' && *s != '$' && *s != '('; s++)
		s += *s == '\\' && s[1] != '\0';
	if (*s == '\0' || (s > path && s[-1] == '*' && strcmp(s, "[]") == 0))
		return 0;
	for (s = path + (*path == '$'); *s != '\0' && n + 1 < sizeof(meant); s++)
		if (*s == '[')
			s += strcspn(s, "]") - (strchr(s, ']') == NULL);
		else if (*s != '.' || n > 0)
			meant[n++] = *s;
	meant[n] = '\0';
	return feed_complain(f, err, "/parse/records", "is a path of names with dots between, no expression%s%s%s", n > 0 ? ": \"" : "",
	    meant, n > 0 ? "\"; a bracket that is part of a name stands behind a backslash" : "");
}

static int
load_json(struct feed_parse *p, const struct feed *f, struct err *err)
{
	const char *path = feed_string(f->parse, "records");
	size_t len;

	if (path == NULL)
		return 0;
	if (no_expression(f, path, err) == -1)
		return -1;
	p->path = xstrdup(path);
	len = strlen(path);
	if (len >= 3 && strcmp(path + len - 3, "*[]") == 0) {
		p->path[len - 2] = '\0';
		p->records.each_value_array = true;
	}
	p->records.path = p->path;
	return 0;
}

static int
load_header(struct feed_parse *p, const struct feed *f, struct err *err)
{
	struct json_object *header = feed_get(f->parse, "header");
	const char *s = feed_string(f->parse, "header");

	if (json_object_is_type(header, json_type_array)) {
		p->records.header = HEADER_NONE;
		if (feed_get(f->parse, "columns") != NULL)
			return feed_complain(f, err, "/parse/columns", "excludes a header that is given as a list");
		return names(p, f, "header", err);
	}
	if (s == NULL || strcmp(s, "first") == 0)
		p->records.header = HEADER_FIRST;
	else if (strcmp(s, "comment") == 0) {
		p->records.header = HEADER_COMMENT;
		if (p->records.comment == NULL)
			p->records.comment = "#";
	} else
		return feed_complain(f, err, "/parse/header", "must be \"first\", \"comment\" or a list of names, not \"%s\"", s);
	return feed_get(f->parse, "columns") != NULL ? names(p, f, "columns", err) : 0;
}

static int
load_csv(struct feed_parse *p, const struct feed *f, struct err *err)
{
	const char *s;

	if ((s = feed_string(f->parse, "delimiter")) != NULL) {
		if (strlen(s) != 1 || strpbrk(s, "\"\r\n") != NULL || (unsigned char)*s >= 0x80)
			return feed_complain(f, err, "/parse/delimiter", "must be one ASCII character, no quote and no line end");
		p->records.delimiter = *s;
	}
	if ((s = feed_string(f->parse, "quotes")) == NULL || strcmp(s, "double") == 0)
		p->records.quotes = QUOTES_DOUBLE;
	else if (strcmp(s, "backslash") == 0)
		p->records.quotes = QUOTES_BACKSLASH;
	else if (strcmp(s, "none") == 0)
		p->records.quotes = QUOTES_NONE;
	else
		return feed_complain(f, err, "/parse/quotes", "must be \"double\", \"backslash\" or \"none\", not \"%s\"", s);
	return load_header(p, f, err);
}

static int
load_text(struct feed_parse *p, const struct feed *f, struct err *err)
{
	struct json_object *columns = feed_get(f->parse, "columns");

	if (word(f, "inline_comment", &p->records.inline_comment, err) == -1 ||
	    word(f, "split", &p->records.split, err) == -1 || word(f, "pattern", &p->records.pattern, err) == -1)
		return -1;
	if (p->records.pattern != NULL && (p->records.split != NULL || columns != NULL))
		return feed_complain(f, err, "/parse/pattern", "excludes split and columns: its named groups are the fields");
	if (p->records.split != NULL && columns == NULL)
		return feed_complain(f, err, "/parse/split", "needs columns to name the fields");
	if (columns == NULL)
		return 0;
	if (p->records.split == NULL && json_object_array_length(columns) > 1)
		return feed_complain(f, err, "/parse/columns", "has several names, but nothing splits the line");
	return names(p, f, "columns", err);
}

static int
load(struct feed_parse *p, const struct feed *f, struct err *err)
{
	static const char *const any[] = { "json", "ndjson", "csv", "tsv", "text", "stix", "misp", "prose", NULL };
	const struct format *format;
	const char *s = feed_string(f->parse, "format");
	struct json_object *required;
	struct records *probe;
	struct err why;

	if (f->parse == NULL)
		return feed_complain(f, err, "/parse", "is missing: {\"format\": \"json\"} and the like");
	if (!json_object_is_type(f->parse, json_type_object))
		return feed_complain(f, err, "/parse", "must be an object");
	if (s == NULL)
		return feed_complain(f, err, "/parse/format", "must be a word such as \"json\" or \"csv\"");
	for (format = formats; format->word != NULL && strcmp(format->word, s) != 0; format++)
		;
	if (format->word == NULL) {
		if (feed_unknown(f, &why, "/parse/format", s, "format", any) == 0)
			return -1;
		/* the pointer is to format, not to a member of it */
		return feed_complain(f, err, "/parse/format", "unknown format \"%s\"%s", s, strstr(why.text, ", did you mean") != NULL ?
		    strstr(why.text, ", did you mean") : "; there are json, ndjson, csv, tsv and text");
	}
	if (format->members == NULL)
		return feed_complain(f, err, "/parse/format", "format \"%s\" is not built yet; there are json, ndjson, csv, tsv and text", s);
	if (feed_members(f, f->parse, "/parse", format->members, err) == -1)
		return -1;
	p->records.kind = format->kind;
	p->records.delimiter = format->delimiter;
	if ((s = feed_string(f->parse, "encoding")) != NULL) {
		if (strcmp(s, "latin1") == 0)
			p->records.latin1 = true;
		else if (strcmp(s, "utf-8") != 0)
			return feed_complain(f, err, "/parse/encoding", "must be \"utf-8\" or \"latin1\", not \"%s\"; UTF-16 is known by its byte order mark", s);
	}
	if (word(f, "comment", &p->records.comment, err) == -1 || word(f, "trailer", &p->records.trailer, err) == -1)
		return -1;
	required = feed_get(f->parse, "trailer_required");
	p->records.trailer_required = required != NULL && json_object_get_boolean(required);
	if (p->records.trailer_required && p->records.trailer == NULL)
		return feed_complain(f, err, "/parse/trailer_required", "needs trailer, which says how the line begins");
	switch (format->kind) {
	case RECORDS_JSON:
		if (load_json(p, f, err) == -1)
			return -1;
		break;
	case RECORDS_NDJSON:
		break;
	case RECORDS_CSV:
		if (load_csv(p, f, err) == -1)
			return -1;
		break;
	case RECORDS_TEXT:
		if (load_text(p, f, err) == -1)
			return -1;
		break;
	}
	/* what only the reader itself knows: the pattern, the path */
	if ((probe = records_open(-1, &p->records, &why)) == NULL)
		return feed_complain(f, err, p->records.pattern != NULL ? "/parse/pattern" : p->records.path != NULL ? "/parse/records" :
		    "/parse", "%s", why.text);
	records_close(probe);
	return 0;
}

int
feed_parse_load(struct feed_parse *p, const struct feed *f, struct err *err)
{
	memset(p, 0, sizeof(*p));
	if (load(p, f, err) == 0)
		return 0;
	feed_parse_release(p);
	return -1;
}

void
feed_parse_release(struct feed_parse *p)
{
	free(p->path);
	free(p->columns);
	memset(p, 0, sizeof(*p));
}

int
feed_check_parse(const struct feed *f, struct err *err)
{
	struct feed_parse p;

	if (feed_parse_load(&p, f, err) == -1)
		return -1;
	feed_parse_release(&p);
	return 0;
}
