/* tc-map: raw pages of a feed in, one batch object a line out. See tc-map(1). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"
#include "feed_parse.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "map.h"
#include "params.h"
#include "rejects.h"
#include "text.h"
#include "tool.h"
#include "xmalloc.h"

enum { OPT_OWNER = 256, OPT_REJECTS, OPT_PARAMS, OPT_PARAM, OPT_LIMIT, OPT_TYPE, OPT_CHECK, OPT_EXPLAIN };

static const struct option options[] = {
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "explain", no_argument, NULL, OPT_EXPLAIN },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "owner", required_argument, NULL, OPT_OWNER },
	{ "param", required_argument, NULL, OPT_PARAM },
	{ "params", required_argument, NULL, OPT_PARAMS },
	{ "rejects", required_argument, NULL, OPT_REJECTS },
	{ "type", required_argument, NULL, OPT_TYPE },
	TOOL_OPTIONS,
	{ 0 }
};

static struct tool tool = {
	.name = "tc-map",
	.synopsis = "tc-map [options] FEED [FILE ...]",
	.help =
	"Raw pages of a feed in (standard input, or the files), one batch object a line out.\n\n"
	"      --check           check the definition and stop\n"
	"      --explain         say for the first records (5, or --limit) what each rule made of them\n"
	"      --limit N         stop after N records\n"
	"      --owner NAME      owner on the platform, part of every xid (TC_OWNER, or parameter tc_owner)\n"
	"      --param NAME=VALUE  set a parameter\n"
	"      --params FILE     parameters of the run\n"
	"      --rejects FILE    a line of JSON for every record in which nothing was valid\n"
	"      --type T[,T]      write only objects of these types\n"
	"      --log-level LEVEL debug, info, warning, error (info)\n"
	"      --stats FILE      write counts as JSON\n"
	"  -h, --help            this text\n"
	"  -V, --version         print the version\n",
};

#define OUT_FLUSH	(128 * KIB)
#define EXPLAINED	5	/* records */
#define NAMED		10	/* rejected records that are named on stderr */
#define REASONS		200	/* kinds of reason that are told apart in the counts */

struct reasons {
	struct {
		const char	*text;	/* the constant it came as, or NULL */
		char		*key;
		long long	 count;
	}		 is[REASONS + 1];
	int		 n;
};

struct run {
	const char	*feed_name, *owner, *rejects_file, *params_file;
	const char	**set;
	int		 nset;
	bool		 check, explain, some_types;
	bool		 want[TYPE_COUNT];
	long long	 limit;		/* 0: none */

	struct feed	*feed;
	struct params	*params;
	struct feed_parse parse;
	struct map	*map;
	struct rejects	*rejects;
	struct out	 out;
	struct buf	 lines;
	long long	 read, mapped, dropped, rejected;
	struct reasons	 why_dropped, why_rejected;
};

/* --- reasons, counted --- */

/* What differs from record to record goes: places, numbers, quoted words. */
static char *
general(const char *why)
{
	char key[160];
	size_t n = 0;

	for (; *why != '\0' && n + 8 < sizeof(key); why++) {
		if (strncmp(why, " at byte ", 9) == 0 || strncmp(why, ": the text ends at byte", 23) == 0)
			break;
		if (*why == '"') {
			const char *end = strchr(why + 1, '"');

			n += (size_t)sprintf(key + n, "\"...\"");
			if (end == NULL)
				break;
			why = end;
		} else if (isdigit((unsigned char)*why)) {
			key[n++] = 'N';
			while (isdigit((unsigned char)why[1]))
				why++;
		} else
			key[n++] = *why;
	}
	key[n] = '\0';
	return xstrdup(key);
}

static void
count(struct reasons *r, const char *why, bool constant)
{
	char *key = NULL;
	int i;

	for (i = 0; i < r->n && constant; i++)
		if (r->is[i].text == why) {
			r->is[i].count++;
			return;
		}
	key = constant ? xstrdup(why) : general(why);
	for (i = 0; i < r->n; i++)
		if (strcmp(r->is[i].key, key) == 0)
			break;
	if (i == r->n) {
		if (r->n == REASONS) {
			/* the last one is for whatever comes after */
			if (r->is[REASONS].key == NULL)
				r->is[REASONS].key = xstrdup("other");
			i = REASONS;
		} else {
			r->is[i].key = key;
			r->is[i].text = constant ? why : NULL;
			key = NULL;
			r->n++;
		}
	}
	r->is[i].count++;
	free(key);
}

static void
tell_reasons(struct reasons *r, const char *path)
{
	int i;

	for (i = 0; i <= REASONS; i++) {
		if (r->is[i].key != NULL)
			stats_add_key(tool.stats, path, r->is[i].key, r->is[i].count);
		free(r->is[i].key);
	}
}

/* --- explain --- */

static void
say(struct out *o, const char *text, size_t len, size_t max)
{
	char safe[4096];

	if (len > max)
		len = text_cut(text, len, max);
	out_write(o, safe, text_safe(safe, sizeof(safe), text, len));
}

static void
note(void *arg, const struct map_note *n)
{
	static const char *const word[] = { "made", "no", "lost", "refused" };
	struct run *run = arg;
	struct out *o = &run->out;

	out_puts(o, "  ");
	say(o, n->pointer, strlen(n->pointer), 256);
	out_puts(o, " ");
	out_puts(o, word[n->kind]);
	if (*n->why != '\0') {
		out_puts(o, ": ");
		say(o, n->why, strlen(n->why), 256);
	}
	if (n->len > 0) {
		out_puts(o, ": ");
		say(o, n->text, n->len, 3000);
	}
	out_puts(o, "\n");
}

static void
explain_head(struct run *run, const struct record *rec)
{
	char head[128];

	snprintf(head, sizeof(head), "record %llu (page %u, line %llu, byte %llu): ", (unsigned long long)rec->number, rec->page,
	    (unsigned long long)rec->line, (unsigned long long)rec->offset);
	out_puts(&run->out, head);
	if (rec->bytes != NULL)
		say(&run->out, rec->bytes, rec->len, 300);
	out_puts(&run->out, "\n");
}

/* --- records --- */

static void
reject(struct run *run, const char *input, const struct record *rec, const char *why)
{
	char safe[200];

	run->rejected++;
	count(&run->why_rejected, why, rec->bad == NULL);
	if (run->rejects != NULL)
		rejects_add(run->rejects, input, rec, why);
	if (run->explain) {
		out_puts(&run->out, "  rejected: ");
		say(&run->out, why, strlen(why), 300);
		out_puts(&run->out, "\n");
	} else if (run->rejected <= NAMED || log_at(LOG_DEBUG)) {
		text_safe(safe, sizeof(safe), why, strlen(why));
		log_event(run->rejected <= NAMED ? LOG_WARNING : LOG_DEBUG, "record %llu (page %u, line %llu, byte %llu%s%s) is rejected: %s",
		    (unsigned long long)rec->number, rec->page, (unsigned long long)rec->line, (unsigned long long)rec->offset,
		    input != NULL ? " of " : "", input != NULL ? input : "", safe);
		if (run->rejected == NAMED)
			log_warning("further rejected records are %s", run->rejects != NULL ? "in the rejects file only" :
			    "not named here (--rejects FILE keeps them)");
	}
}

static void
one(struct run *run, const char *input, const struct record *rec)
{
	const char *reason;

	run->read++;
	if (run->explain)
		explain_head(run, rec);
	if (rec->bad != NULL) {
		reject(run, input, rec, rec->bad);
		return;
	}
	switch (map_record(run->map, rec, &run->lines, &reason)) {
	case MAP_MAPPED:
		run->mapped++;
		break;
	case MAP_DROPPED:
		run->dropped++;
		count(&run->why_dropped, reason, true);
		break;
	case MAP_REJECTED:
		reject(run, input, rec, reason);
		break;
	}
	if (run->explain)
		run->lines.len = 0;
	else if (run->lines.len >= OUT_FLUSH) {
		out_write(&run->out, run->lines.bytes, run->lines.len);
		run->lines.len = 0;
	}
}

static int
read_records(struct run *run, int fd, const char *input, struct err *err)
{
	struct records *records = records_open(fd, &run->parse.records, err);
	struct record rec;
	int rc;

	if (records == NULL)
		return -1;
	map_source(run->map, records);
	while ((rc = records_next(records, &rec, err)) == 1) {
		one(run, input, &rec);
		if (run->out.error != 0 || (run->limit > 0 && run->read >= run->limit))
			break;
		if ((run->read & 0xffff) == 0)
			log_progress("%lld records", run->read);
	}
	map_source(run->map, NULL);
	records_close(records);
	return rc == -1 ? -1 : 0;
}

/* Every page, whatever way it comes. What was mapped before a failure is written. */
static int
read_all(struct run *run, char **file, int nfile, struct err *err)
{
	int i, fd, rc = 0;

	if (nfile == 0)
		return read_records(run, STDIN_FILENO, NULL, err);
	for (i = 0; i < nfile && rc == 0; i++) {
		if (run->out.error != 0 || (run->limit > 0 && run->read >= run->limit))
			break;
		fd = io_open_input(file[i], err);
		if (fd == -1)
			return -1;
		rc = read_records(run, fd, file[i], err);
		if (rc == -1)
			err_prefix(err, "%s", file[i]);
		if (fd != STDIN_FILENO)
			close(fd);
	}
	return rc;
}

/* --- options --- */

static void
types(struct run *run, const char *list)
{
	enum tc_type type;
	size_t n;

	run->some_types = true;
	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n == 0)
			continue;
		if (text_eq(list, n, "association")) {
			run->want[TYPE_NONE] = true;
			continue;
		}
		type = schema_type(list, n);
		if (type == TYPE_NONE)
			tool_usage(&tool, "--type: \"%.*s\" is not one of the platform's types", (int)n, list);
		run->want[type] = true;
	}
}

static void
param(struct run *run, const char *text)
{
	const char *equal = strchr(text, '=');

	if (equal == NULL || equal == text)
		tool_usage(&tool, "--param takes NAME=VALUE");
	run->set = xreallocarray(run->set, (size_t)run->nset + 2, sizeof(*run->set));
	run->set[run->nset++] = text;
	run->set[run->nset] = NULL;
}

static void
parse_options(struct run *run, int argc, char **argv)
{
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (c) {
		case OPT_CHECK:
			run->check = true;
			break;
		case OPT_EXPLAIN:
			run->explain = true;
			break;
		case OPT_LIMIT:
			errno = 0;
			run->limit = strtoll(optarg, &end, 10);
			if (errno != 0 || *end != '\0' || end == optarg || run->limit < 1)
				tool_usage(&tool, "--limit takes a number of records from 1, not '%s'", optarg);
			break;
		case OPT_OWNER:
			run->owner = optarg;
			break;
		case OPT_PARAM:
			param(run, optarg);
			break;
		case OPT_PARAMS:
			run->params_file = optarg;
			break;
		case OPT_REJECTS:
			run->rejects_file = optarg;
			break;
		case OPT_TYPE:
			types(run, optarg);
			break;
		default:
			tool_option(&tool, c);
		}
	}
	if (optind == argc)
		tool_usage(&tool, "which feed? Name a definition");
	run->feed_name = argv[optind];
	if (run->check && argc > optind + 1)
		tool_usage(&tool, "--check reads no input");
	if (run->explain && run->limit == 0)
		run->limit = EXPLAINED;
}

static int
prepare(struct run *run, struct err *err)
{
	struct map_options opt = { 0 };
	int i;

	if (feed_load(&run->feed, run->feed_name, err) == -1)
		return -1;
	if (run->check && run->feed->map == NULL)
		return 0;
	if (params_load(&run->params, run->params_file, err) == -1 || feed_parse_load(&run->parse, run->feed, err) == -1)
		return -1;
	if (run->owner == NULL && ((run->owner = getenv("TC_OWNER")) == NULL || *run->owner == '\0'))
		run->owner = params_get(run->params, "tc_owner");
	opt.owner = run->owner;
	opt.check_only = run->check;
	opt.params = run->params;
	opt.set = run->set;
	opt.want = run->some_types ? run->want : NULL;
	if (run->explain) {
		opt.note = note;
		opt.arg = run;
	}
	if (map_compile(&run->map, run->feed, &opt, err) == -1)
		return -1;
	for (i = 0; i < run->nset; i++)
		if (!map_param_named(run->map, i))
			log_warning("--param %.*s: no hole of the map names this parameter", (int)strcspn(run->set[i], "="), run->set[i]);
	return 0;
}

/* --- the end --- */

/* Objects written; of them indicators, and what mapped records did not get because it was refused. */
static long long
tell_counts(struct run *run, long long *indicators, long long *refused)
{
	long long emitted = 0, made;
	const char *key, *kind;
	char path[32];
	uint64_t n;
	int i;

	stats_set(tool.stats, "records.read", run->read);
	stats_set(tool.stats, "records.mapped", run->mapped);
	stats_set(tool.stats, "records.dropped", run->dropped);
	stats_set(tool.stats, "records.rejected", run->rejected);
	tell_reasons(&run->why_dropped, "dropped");
	tell_reasons(&run->why_rejected, "rejected");
	for (i = 0; i < TYPE_COUNT; i++) {
		made = (long long)map_made(run->map, (enum tc_type)i);
		if (made > 0)
			stats_add_key(tool.stats, "objects", i == TYPE_NONE ? "association" : schema_type_name((enum tc_type)i), made);
		emitted += made;
		if (schema_class((enum tc_type)i) == CLASS_INDICATOR)
			*indicators += made;
	}
	stats_set(tool.stats, "objects.emitted", emitted);
	for (i = 0; (key = map_lost(run->map, i, &kind, &n)) != NULL; i++) {
		snprintf(path, sizeof(path), "lost.%s", kind);
		if (strcmp(kind, "objects") == 0)
			*refused += (long long)n;
		stats_add_key(tool.stats, path, key, (long long)n);
		log_debug("%s: %llu of %s", kind, (unsigned long long)n, key);
	}
	return emitted;
}

/* The promises of design.md about what a run of records may end with. */
static void
judge(struct run *run, long long indicators, long long refused, struct err *err)
{
	const struct feed *f = run->feed;
	double most = f->max_reject_share * (double)run->read;

	if (err->reason != REASON_NONE)
		return;
	if (run->mapped + run->dropped + run->rejected != run->read)
		err_set(err, REASON_STATE, "the counts do not balance: %lld read, %lld mapped, %lld dropped, %lld rejected", run->read,
		    run->mapped, run->dropped, run->rejected);
	else if (run->rejected > 0 && run->rejected == run->read)
		err_set(err, REASON_CONTRACT, "%lld of %lld records rejected: the mapping or the feed has changed", run->rejected, run->read);
	else if (run->rejected > 0 && ((double)run->rejected > most ||
	    (f->max_reject_count >= 0 && run->rejected > f->max_reject_count)))
		err_set(err, REASON_REJECTS, "%lld of %lld records rejected, more than max_rejects allows", run->rejected, run->read);
	else if (refused > 0 && refused >= run->mapped && indicators == 0 && !run->some_types)
		/* their groups were mapped, so the records do not count as rejected */
		err_set(err, REASON_REJECTS, "no indicator was valid: %lld objects could not be made of %lld records", refused, run->read);
	else if (run->read > 0 && run->mapped == 0)
		log_warning("no object was made of %lld records: all were dropped", run->read);
}

static int
finish(struct run *run, struct err *err)
{
	char summary[320], lost[64] = "";
	long long emitted, indicators = 0, refused = 0;
	struct err why = { 0 };

	if (run->lines.len > 0)
		out_write(&run->out, run->lines.bytes, run->lines.len);
	out_flush(&run->out);
	if (out_error(&run->out, &why) == -1) {
		/* a reader that has seen enough is nothing to tell a person at a terminal */
		if (run->out.error == EPIPE && isatty(STDERR_FILENO))
			why.text[0] = '\0';
		*err = why;
	}
	if (rejects_close(run->rejects, &why) == -1 && err->reason == REASON_NONE)
		*err = why;
	emitted = tell_counts(run, &indicators, &refused);
	judge(run, indicators, refused, err);
	if (refused > 0)
		snprintf(lost, sizeof(lost), ", %lld more refused", refused);
	snprintf(summary, sizeof(summary), "%s: %lld records read, %lld mapped, %lld dropped, %lld rejected; %lld objects%s%s",
	    run->feed->id, run->read, run->mapped, run->dropped, run->rejected, emitted, lost,
	    run->limit > 0 || run->some_types ? " (limited: not the whole feed)" : "");
	return tool_end(&tool, err, summary);
}

int
main(int argc, char **argv)
{
	struct run run = { 0 };
	struct err err = { 0 };
	char summary[128];
	int code;

	tool_start(&tool);
	parse_options(&run, argc, argv);
	buf_init(&run.lines, 4 * LIMIT_RESULT);
	if (prepare(&run, &err) == -1)
		code = tool_end(&tool, &err, NULL);
	else if (run.check) {
		if (run.map != NULL)
			snprintf(summary, sizeof(summary), "%s: the definition is good, %d rules", run.feed->id, map_rules(run.map));
		else
			snprintf(summary, sizeof(summary), "%s: the definition is good, but it has no map", run.feed->id);
		code = tool_end(&tool, &err, summary);
	} else {
		out_init(&run.out, STDOUT_FILENO, "standard output", 64 * KIB);
		if (run.rejects_file == NULL || (run.rejects = rejects_open(run.rejects_file, run.feed->id, &err)) != NULL)
			(void)read_all(&run, argv + optind + 1, argc - optind - 1, &err);
		code = finish(&run, &err);
		out_release(&run.out);
	}
	map_free(run.map);
	feed_parse_release(&run.parse);
	params_free(run.params);
	feed_free(run.feed);
	buf_release(&run.lines);
	free(run.set);
	return code;
}
