/* tc-delta: of all objects of a run, those to create, change or remove; holds the state and the lock. See tc-delta(1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "date.h"
#include "delta.h"
#include "log.h"

enum {
	OPT_OWNER = 256, OPT_STATE, OPT_PARAMS, OPT_DRY_RUN, OPT_JSON, OPT_COMPLETE, OPT_ALL, OPT_PLATFORM, OPT_FORGET, OPT_REPLACE,
	OPT_JOURNAL, OPT_REMOVED, OPT_TYPE, OPT_OBJECT, OPT_CODE, OPT_MISSING, OPT_CONFIRM
};

static const struct option options[] = {
	{ "all", no_argument, NULL, OPT_ALL },
	{ "code", required_argument, NULL, OPT_CODE },
	{ "complete", no_argument, NULL, OPT_COMPLETE },
	{ "confirm-removals", required_argument, NULL, OPT_CONFIRM },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "forget", no_argument, NULL, OPT_FORGET },
	{ "journal", required_argument, NULL, OPT_JOURNAL },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "missing", required_argument, NULL, OPT_MISSING },
	{ "object", required_argument, NULL, OPT_OBJECT },
	{ "owner", required_argument, NULL, OPT_OWNER },
	{ "params", required_argument, NULL, OPT_PARAMS },
	{ "platform", no_argument, NULL, OPT_PLATFORM },
	{ "removed", required_argument, NULL, OPT_REMOVED },
	{ "replace", no_argument, NULL, OPT_REPLACE },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "type", required_argument, NULL, OPT_TYPE },
	TOOL_OPTIONS,
	{ 0 }
};

static struct tool tool = {
	.name = "tc-delta",
	.synopsis = "tc-delta SUBCOMMAND [options] FEED",
	.help =
	"The lines of a run against what the platform is known to hold.\n\n"
	"  filter     object lines in, those that are new or changed out\n"
	"  commit     receipts in: what the platform acknowledged becomes state\n"
	"  expire     what the feed no longer lists, as inactive or Delete lines\n"
	"  settle     objects of batches whose outcome is not known\n"
	"  present    the feed answered that it has not changed\n"
	"  explain    why each object would go, for the lines that filter would read\n"
	"  stats      what is known, by type; the last runs; the ledger by reason\n"
	"  rejects    what the platform refused, one line of JSON each\n"
	"  retry      refused objects are sent again by the next filter\n"
	"  reset      everything (or --type, --object) is sent again by the next filter\n"
	"  export     the state as lines of JSON\n"
	"  import     a state from such lines, or from the platform's bulk export (--platform)\n"
	"  verify     reads the whole state and checks it\n"
	"  lock       FEED -- COMMAND ARG...: runs a command under the feed's lock\n\n"
	"  --owner NAME          owner on the platform (TC_OWNER, or parameter tc_owner)\n"
	"  --state DIR           state directory (TC_STATE_DIR, or $XDG_STATE_HOME/tcfeed)\n"
	"  --params FILE         parameters of the run\n"
	"  --dry-run             filter, expire: print, note nothing\n"
	"  --json                explain, stats: as JSON\n"
	"  --complete            expire: every stage of the last run ended well\n"
	"  --all                 expire: withdraw all that is known of this feed\n"
	"  --missing POLICY      expire: keep, inactive or delete, instead of the definition's\n"
	"  --confirm-removals N  expire: so many may go, once, although the guard holds them\n"
	"  --removed FILE        expire: where to keep what is removed\n"
	"  --journal FILE        settle: tc-submit's journal, taken in and emptied\n"
	"  --type TYPE           reset, retry, rejects: objects of this type\n"
	"  --object VALUE        reset, retry, rejects: the object with this value or xid\n"
	"  --code CODE           retry, rejects: refused with this code\n"
	"  --forget              reset: drop what is known instead\n"
	"  --platform            import: the file is the platform's bulk export\n"
	"  --replace             import: although there is a state\n"
	"  --log-level LEVEL     debug, info, warning, error (info)\n"
	"  --stats FILE          write counts as JSON\n"
	"  -h, --help            this text\n"
	"  -V, --version         print the version\n",
};

static const struct subcommand {
	const char *name;
	int (*run)(struct delta *, struct err *);
} subcommand[] = {
	{ "commit", delta_commit }, { "expire", delta_expire }, { "explain", delta_explain }, { "export", delta_export },
	{ "filter", delta_filter }, { "import", delta_import }, { "lock", delta_lock }, { "present", delta_present },
	{ "rejects", delta_rejects }, { "reset", delta_reset }, { "retry", delta_retry }, { "settle", delta_settle },
	{ "stats", delta_stats }, { "verify", delta_verify },
};

static const struct subcommand *
find_subcommand(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(subcommand) / sizeof(subcommand[0]); i++)
		if (strcmp(subcommand[i].name, name) == 0)
			return &subcommand[i];
	return NULL;
}

static void
take_option(struct delta *d, int c, const char **owner, const char **params, const char **state)
{
	char *end;

	switch (c) {
	case OPT_OWNER: *owner = optarg; break;
	case OPT_STATE: *state = optarg; break;
	case OPT_PARAMS: *params = optarg; break;
	case OPT_DRY_RUN: d->dry_run = true; break;
	case OPT_JSON: d->json = true; break;
	case OPT_COMPLETE: d->complete = true; break;
	case OPT_ALL: d->all = true; break;
	case OPT_PLATFORM: d->platform = true; break;
	case OPT_FORGET: d->forget = true; break;
	case OPT_REPLACE: d->replace = true; break;
	case OPT_JOURNAL: d->journal = optarg; break;
	case OPT_REMOVED: d->removed = optarg; break;
	case OPT_TYPE: d->type = optarg; break;
	case OPT_OBJECT: d->object = optarg; break;
	case OPT_CODE: d->code = optarg; break;
	case OPT_MISSING: d->missing = optarg; break;
	case OPT_CONFIRM:
		errno = 0;
		d->confirm = strtoll(optarg, &end, 10);
		if (errno != 0 || end == optarg || *end != '\0' || d->confirm < 0)
			tool_usage(&tool, "--confirm-removals takes a number, not '%s'", optarg);
		break;
	default: tool_option(&tool, c);
	}
}

static int
load(struct delta *d, const char *feed, const char *owner, const char *params, const char *state, struct err *err)
{
	if (params_load(&d->params, params, err) == -1)
		return -1;
	if (owner == NULL && ((owner = getenv("TC_OWNER")) == NULL || *owner == '\0'))
		owner = params_get(d->params, "tc_owner");
	d->owner = owner != NULL ? owner : "";
	if (feed_load(&d->feed, feed, err) == -1)
		return -1;
	if (state != NULL)
		setenv("TC_STATE_DIR", state, 1);
	return io_state_dir(d->dir, sizeof(d->dir), err);
}

int
main(int argc, char **argv)
{
	const char *owner = NULL, *params = NULL, *state = NULL;
	struct delta d = { .tool = &tool, .confirm = -1, .lock = { .fd = -1 } };
	const struct subcommand *sub;
	struct err err = { 0 };
	int c, code;

	tool_start(&tool);
	/* "+": what follows FEED of lock belongs to the command */
	while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1)
		take_option(&d, c, &owner, &params, &state);
	if (optind == argc)
		tool_usage(&tool, "a subcommand is needed");
	if ((sub = find_subcommand(argv[optind])) == NULL)
		tool_usage(&tool, "'%s' is no subcommand", argv[optind]);
	optind++;
	while ((c = getopt_long(argc, argv, sub->run == delta_lock ? "+hV" : "hV", options, NULL)) != -1)
		take_option(&d, c, &owner, &params, &state);
	if (optind == argc)
		tool_usage(&tool, "%s needs a FEED", sub->name);
	d.argv = argv + optind + 1;
	if (sub->run != delta_lock && sub->run != delta_import && *d.argv != NULL)
		tool_usage(&tool, "one FEED at a time, not also '%s'", *d.argv);
	d.now = date_now();
	if (load(&d, argv[optind], owner, params, state, &err) == 0 && sub->run(&d, &err) == 0)
		err.reason = REASON_NONE;
	code = tool_end(&tool, &err, d.summary[0] != '\0' ? d.summary : NULL);
	feed_free(d.feed);
	params_free(d.params);
	return code;
}
