/* tc-fetch: raw feed pages to stdout, or into a capture directory; --replay reads one back. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "date.h"
#include "feed.h"
#include "fetch_run.h"
#include "limit.h"
#include "log.h"
#include "params.h"
#include "tool.h"
#include "xmalloc.h"

enum { OPT_PREVIOUS = 1, OPT_REPLAY, OPT_SINCE, OPT_CURSOR, OPT_LAST_RUN, OPT_PARAMS, OPT_CHECK, OPT_WINDOW, OPT_FILES };

static const struct option options[] = {
	TOOL_OPTIONS,
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "cursor", required_argument, NULL, OPT_CURSOR },
	{ "files", required_argument, NULL, OPT_FILES },
	{ "last-run", required_argument, NULL, OPT_LAST_RUN },
	{ "output", required_argument, NULL, 'o' },
	{ "params", required_argument, NULL, OPT_PARAMS },
	{ "previous", required_argument, NULL, OPT_PREVIOUS },
	{ "replay", required_argument, NULL, OPT_REPLAY },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "window", no_argument, NULL, OPT_WINDOW },
	{ NULL, 0, NULL, 0 }
};

static struct tool tool = {
	.name = "tc-fetch",
	.synopsis = "tc-fetch [-hV] [-o dir] [--check] [--cursor file] [--files dir] [--last-run text]\n"
	    "                [--log-level level] [--params file] [--previous dir] [--replay source]\n"
	    "                [--since file] [--stats file] [--window] FEED [file ...]",
	.help =
	    "  -o, --output DIR   capture into DIR instead of writing to stdout\n"
	    "      --replay SRC   read a capture (a directory or a file) instead of the network; files may follow FEED\n"
	    "      --previous DIR the capture of an earlier run: its pages stand where the feed says that they have not changed\n"
	    "      --since FILE   where the last run stood (its --cursor file)\n"
	    "      --cursor FILE  write there where this run came to\n"
	    "      --files DIR    keep the attachments of groups there, by SHA-256; default DIR/files with -o DIR, else none\n"
	    "      --last-run T   what {last_run} is in this run: a date or \"30 days ago\"\n"
	    "      --window       an incremental feed: stop after fetch.window_pages pages\n"
	    "      --check        ask for the first page only and say what it is\n"
	    "      --params FILE  parameters (JSON, mode 0600)\n"
	    "      --log-level L  trace, debug, info (default), warning, error, critical\n"
	    "      --stats FILE   counts of the run as JSON\n"
	    "  -h, --help         this text\n"
	    "  -V, --version      the version\n",
};

struct settings {
	const char *feed, *output, *previous, *since, *cursor, *last_run, *params, *files;
	char	  **source;	/* --replay and file operands */
	int	    nsource;
	bool	    check, window;
};

static volatile int stop;

static void
on_signal(int sig)
{
	stop = sig;
}

static void
read_options(int argc, char **argv, struct settings *s)
{
	int c;

	s->source = xcalloc((size_t)argc + 1, sizeof(*s->source));
	while ((c = getopt_long(argc, argv, "hVo:", options, NULL)) != -1)
		switch (c) {
		case 'o': s->output = optarg; break;
		case OPT_PREVIOUS: s->previous = optarg; break;
		case OPT_REPLAY: s->source[s->nsource++] = optarg; break;
		case OPT_SINCE: s->since = optarg; break;
		case OPT_CURSOR: s->cursor = optarg; break;
		case OPT_LAST_RUN: s->last_run = optarg; break;
		case OPT_FILES: s->files = optarg; break;
		case OPT_PARAMS: s->params = optarg; break;
		case OPT_CHECK: s->check = true; break;
		case OPT_WINDOW: s->window = true; break;
		default: tool_option(&tool, c);
		}
	if (optind == argc)
		tool_usage(&tool, "which FEED? A name, or a path to a definition");
	s->feed = argv[optind++];
	while (optind < argc)
		s->source[s->nsource++] = argv[optind++];
	if (s->check && (s->output != NULL || s->nsource > 0))
		tool_usage(&tool, "--check asks the feed itself: it takes neither -o nor a capture");
}

/* What {last_run} is: said on the command line, kept from the last run, or the definition's first run. A future mark is clamped. */
static int
find_last_run(const struct settings *s, struct fetch_run *r, struct err *err)
{
	int64_t now = date_now();
	char date[DATE_LEN + 1];

	if (s->last_run != NULL && *s->last_run != '\0') {
		if (date_parse(s->last_run, strlen(s->last_run), now, &r->last_run, err) == -1) {
			err->reason = REASON_USAGE;
			return err_prefix(err, "--last-run");
		}
	} else if (r->since.last_run >= 0)
		r->last_run = r->since.last_run;
	else if (date_parse(r->def->first_run, strlen(r->def->first_run), now, &r->last_run, err) == -1)
		return -1;
	if (r->last_run > now) {
		date_print(r->last_run, date);
		log_warning("the last run lies in the future (%s): now is used", date);
		r->last_run = now;
	}
	return 0;
}

static int
fetch(const struct settings *s, struct fetch_run *r, struct err *err)
{
	if (s->check)
		return fetch_run_check(r, err);
	if (s->nsource > 0)
		return fetch_run_replay(r, s->source, s->nsource, err);
	if (fetch_def_is_local(r->def))
		return fetch_run_local(r, err);
	return fetch_run_http(r, err);
}

static int
run(const struct settings *s, struct fetch_run *r, struct err *err)
{
	struct err pending = { 0 };
	char files[PATH_MAX];
	struct kept *previous = NULL;
	int rc;

	rc = s->since != NULL ? fetch_cursor_load(&r->since, s->since, err) : 0;
	if (rc == 0 && s->previous != NULL) {
		rc = kept_load(&previous, s->previous, err);
		r->previous = previous;
	}
	if (rc == 0)
		rc = find_last_run(s, r, err);
	if (rc == 0 && s->output != NULL)
		rc = capture_create(&r->capture, s->output, err);
	r->files_dir = s->files;
	if (rc == 0 && s->files == NULL && s->output != NULL) {
		if (snprintf(files, sizeof(files), "%s/files", s->output) >= (int)sizeof(files))
			rc = err_set(err, REASON_USAGE, "directory %s: name too long", s->output);
		r->files_dir = files;
	}
	if (rc == 0)
		rc = fetch(s, r, err);
	/* what came is whole, and the next run goes on behind it: everything ends as usual, but it is said */
	if (rc == -1 && r->paused) {
		pending = *err;
		memset(err, 0, sizeof(*err));
		rc = 0;
	}
	if (rc == 0 && r->capture != NULL)
		rc = capture_end(r->capture, err);
	if (out_flush(r->out) == -1 && rc == 0)
		rc = out_error(r->out, err);
	if (rc == 0 && s->cursor != NULL)
		rc = fetch_cursor_save(&r->cursor, s->cursor, err);
	if (rc == 0 && r->paused) {
		*err = pending;
		rc = -1;
	}
	kept_free(previous);
	return rc;
}

static int
load(const struct settings *s, struct feed **feed, struct params **params, struct fetch_def **def, struct err *err)
{
	if (feed_load(feed, s->feed, err) == -1 || params_load(params, s->params, err) == -1)
		return -1;
	if ((*feed)->fetch == NULL && s->nsource == 0)
		return err_set(err, REASON_USAGE, "%s has no fetch section: name a capture with --replay", (*feed)->file);
	return fetch_def_compile(def, *feed, err);
}

int
main(int argc, char **argv)
{
	struct settings s = { 0 };
	struct fetch_run r = { 0 };
	struct params *params = NULL;
	struct fetch_def *def = NULL;
	struct feed *feed = NULL;
	struct err err = { 0 };
	char summary[256];
	struct out out;

	tool_start(&tool);
	read_options(argc, argv, &s);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
	out_init(&out, STDOUT_FILENO, "standard output", 64 * KIB);
	fetch_cursor_init(&r.since);
	fetch_cursor_init(&r.cursor);
	if (load(&s, &feed, &params, &def, &err) == 0) {
		r.feed = feed;
		r.def = def;
		r.params = params;
		r.out = &out;
		r.stop = &stop;
		r.windows = s.window && feed->mode == FEED_INCREMENTAL;
		if (run(&s, &r, &err) == -1 && err.reason == REASON_NONE)
			err.reason = REASON_STATE;
	}
	stats_set(tool.stats, "pages", r.pages);
	stats_set(tool.stats, "bytes", (long long)r.bytes);
	stats_set(tool.stats, "requests", r.requests);
	stats_set(tool.stats, "complete", r.complete && err.reason == REASON_NONE);
	stats_set(tool.stats, "unchanged", r.cursor.unchanged);
	if (def != NULL && def->files != NULL) {
		stats_set(tool.stats, "files", r.attachments.fetched);
		stats_set(tool.stats, "files_unchanged", r.attachments.unchanged);
		stats_set(tool.stats, "files_missing", r.attachments.missing);
	}
	snprintf(summary, sizeof(summary), "%ld page%s, %llu bytes%s%s", r.pages, r.pages == 1 ? "" : "s",
	    (unsigned long long)r.bytes, r.cursor.unchanged ? ", not modified since the last run" : "",
	    r.cursor.more ? ", more to come" : "");
	capture_free(r.capture);
	fetch_cursor_release(&r.since);
	fetch_cursor_release(&r.cursor);
	fetch_def_free(def);
	params_free(params);
	feed_free(feed);
	out_release(&out);
	free(s.source);
	return tool_end(&tool, &err, s.check || def == NULL ? NULL : summary);
}
