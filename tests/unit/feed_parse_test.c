/* feed_parse: the parse section becomes reader options, or a complaint that points at what is wrong. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "feed_parse.h"
#include "tap.h"

static struct feed feed;
static struct feed_parse p;
static struct err err;

static int
load(const char *json)
{
	static char file[] = "x.json";

	json_object_put(feed.root);
	memset(&feed, 0, sizeof(feed));
	feed.file = file;
	feed.root = feed.parse = json == NULL ? NULL : json_tokener_parse(json);
	err.text[0] = '\0';
	return feed_parse_load(&p, &feed, &err);
}

static bool
is(const char *got, const char *want)
{
	return want == NULL ? got == NULL : got != NULL && strcmp(got, want) == 0;
}

static void
good(const char *json, bool (*check)(const struct records_options *))
{
	int rc = load(json);

	tap_ok(rc == 0 && check(&p.records) && feed_check_parse(&feed, &err) == 0, "%s", json);
	if (rc == -1)
		fprintf(stderr, "# %s\n", err.text);
	feed_parse_release(&p);
	feed_parse_release(&p);
}

static void
bad(const char *json, const char *want)
{
	int rc = load(json);

	tap_ok(rc == -1 && err.reason == REASON_USAGE, "refused: %s", json == NULL ? "no parse section" : json);
	tap_is(err.text, want, "message");
	feed_parse_release(&p);
}

static bool
json_path(const struct records_options *o)
{
	return o->kind == RECORDS_JSON && is(o->path, "data.items") && !o->each_value_array;
}

static bool
json_whole(const struct records_options *o)
{
	return o->kind == RECORDS_JSON && o->path == NULL && !o->latin1;
}

static bool
json_arrays(const struct records_options *o)
{
	return o->kind == RECORDS_JSON && is(o->path, "*") && o->each_value_array;
}

static bool
json_map(const struct records_options *o)
{
	return o->kind == RECORDS_JSON && is(o->path, "d.*") && !o->each_value_array;
}

static bool
ndjson(const struct records_options *o)
{
	return o->kind == RECORDS_NDJSON;
}

static bool
csv_plain(const struct records_options *o)
{
	return o->kind == RECORDS_CSV && o->delimiter == ',' && o->header == HEADER_FIRST && o->comment == NULL &&
	    o->quotes == QUOTES_DOUBLE && o->columns == NULL && o->trailer == NULL && !o->trailer_required;
}

static bool
csv_comment(const struct records_options *o)
{
	return o->header == HEADER_COMMENT && is(o->comment, "#") && is(o->trailer, "# END") && o->trailer_required && o->latin1;
}

static bool
csv_list(const struct records_options *o)
{
	return o->header == HEADER_NONE && o->delimiter == ';' && is(o->columns[0], "a") && is(o->columns[1], "b") &&
	    o->columns[2] == NULL && o->quotes == QUOTES_BACKSLASH;
}

static bool
tsv(const struct records_options *o)
{
	return o->kind == RECORDS_CSV && o->delimiter == '\t' && o->quotes == QUOTES_NONE && is(o->columns[0], "x") &&
	    o->header == HEADER_FIRST;
}

static bool
text_split(const struct records_options *o)
{
	return o->kind == RECORDS_TEXT && is(o->split, " \t") && is(o->columns[1], "host") && is(o->comment, "#") &&
	    is(o->inline_comment, "#") && o->pattern == NULL;
}

static bool
text_pattern(const struct records_options *o)
{
	return o->kind == RECORDS_TEXT && is(o->pattern, "(?<ip>[0-9.]+)") && o->columns == NULL;
}

int
main(void)
{
	good("{\"format\":\"json\",\"records\":\"data.items\"}", json_path);
	good("{\"format\":\"json\"}", json_whole);
	good("{\"format\":\"json\",\"records\":\"*[]\",\"encoding\":\"utf-8\"}", json_arrays);
	good("{\"format\":\"json\",\"records\":\"d.*\"}", json_map);
	good("{\"format\":\"ndjson\"}", ndjson);
	good("{\"format\":\"csv\"}", csv_plain);
	good("{\"format\":\"csv\",\"header\":\"comment\",\"trailer\":\"# END\",\"trailer_required\":true,\"encoding\":\"latin1\"}", csv_comment);
	good("{\"format\":\"csv\",\"header\":[\"a\",\"b\"],\"delimiter\":\";\",\"quotes\":\"backslash\"}", csv_list);
	good("{\"format\":\"tsv\",\"columns\":[\"x\"],\"quotes\":\"none\"}", tsv);
	good("{\"format\":\"text\",\"split\":\" \\t\",\"columns\":[\"ip\",\"host\"],\"comment\":\"#\",\"inline_comment\":\"#\"}", text_split);
	good("{\"format\":\"text\",\"pattern\":\"(?<ip>[0-9.]+)\"}", text_pattern);

	bad(NULL, "x.json: /parse: is missing: {\"format\": \"json\"} and the like");
	bad("[]", "x.json: /parse: must be an object");
	bad("{}", "x.json: /parse/format: must be a word such as \"json\" or \"csv\"");
	bad("{\"format\":7}", "x.json: /parse/format: must be a word such as \"json\" or \"csv\"");
	bad("{\"format\":\"ndjsn\"}", "x.json: /parse/format: unknown format \"ndjsn\", did you mean \"ndjson\"?");
	bad("{\"format\":\"xml\"}", "x.json: /parse/format: unknown format \"xml\"; there are json, ndjson, csv, tsv and text");
	bad("{\"format\":\"stix\"}", "x.json: /parse/format: format \"stix\" is not built yet; there are json, ndjson, csv, tsv and text");
	bad("{\"format\":\"json\",\"delimiter\":\",\"}", "x.json: /parse/delimiter: unknown member \"delimiter\"");
	bad("{\"format\":\"json\",\"record\":\"x\"}", "x.json: /parse/record: unknown member \"record\", did you mean \"records\"?");
	bad("{\"format\":\"json\",\"records\":7}", "x.json: /parse/records: must be of type string");
	bad("{\"format\":\"json\",\"records\":\"a..b\"}", "x.json: /parse/records: path \"a..b\" has an empty member");
	bad("{\"format\":\"json\",\"records\":\"a.*.b\"}", "x.json: /parse/records: path \"a.*.b\": * can only stand at the end");
	bad("{\"format\":\"csv\",\"encoding\":\"cp1252\"}",
	    "x.json: /parse/encoding: must be \"utf-8\" or \"latin1\", not \"cp1252\"; UTF-16 is known by its byte order mark");
	bad("{\"format\":\"csv\",\"delimiter\":\"::\"}", "x.json: /parse/delimiter: must be one ASCII character, no quote and no line end");
	bad("{\"format\":\"csv\",\"delimiter\":\"\"}", "x.json: /parse/delimiter: must be one ASCII character, no quote and no line end");
	bad("{\"format\":\"csv\",\"header\":\"last\"}", "x.json: /parse/header: must be \"first\", \"comment\" or a list of names, not \"last\"");
	bad("{\"format\":\"csv\",\"header\":[]}", "x.json: /parse/header: must be 1 to 1024 names");
	bad("{\"format\":\"csv\",\"header\":[\"a\",1]}", "x.json: /parse/header: must be names: number 2 is none");
	bad("{\"format\":\"csv\",\"header\":[\"a\",\"a\"]}", "x.json: /parse/header: has the name \"a\" twice");
	bad("{\"format\":\"csv\",\"header\":[\"a\"],\"columns\":[\"b\"]}", "x.json: /parse/columns: excludes a header that is given as a list");
	bad("{\"format\":\"csv\",\"quotes\":\"single\"}", "x.json: /parse/quotes: must be \"double\", \"backslash\" or \"none\", not \"single\"");
	bad("{\"format\":\"csv\",\"comment\":\"\"}", "x.json: /parse/comment: must not be empty: leave the member out");
	bad("{\"format\":\"csv\",\"trailer_required\":true}", "x.json: /parse/trailer_required: needs trailer, which says how the line begins");
	bad("{\"format\":\"text\",\"split\":\";\"}", "x.json: /parse/split: needs columns to name the fields");
	bad("{\"format\":\"text\",\"columns\":[\"a\",\"b\"]}", "x.json: /parse/columns: has several names, but nothing splits the line");
	bad("{\"format\":\"text\",\"pattern\":\"(?<a>x)\",\"columns\":[\"a\"]}", "x.json: /parse/pattern: excludes split and columns: its named groups are the fields");
	bad("{\"format\":\"text\",\"pattern\":\"(?<a>\"}", "x.json: /parse/pattern: pattern: missing closing parenthesis at character 6");
	json_object_put(feed.root);
	return tap_done();
}
