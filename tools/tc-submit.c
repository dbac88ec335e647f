/*
 * tc-submit: batch objects on stdin become batches of the platform; what
 * became of each object goes to stdout as a receipt.
 */
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attachments.h"
#include "date.h"
#include "feed.h"
#include "limit.h"
#include "log.h"
#include "submit_run.h"
#include "tool.h"

static struct tool tool = {
	.name = "tc-submit",
	.synopsis =
	    "tc-submit [-hV] [--owner name] [--params file] [--journal file] [--files directory] [--settle | --dry-run directory]\n"
	    "          [--in-flight n] [--chunk n] [--chunk-bytes n] [--deadline duration] [--wait duration] [--create-and-upload]\n"
	    "          [--attributes type] [--tags type] [--labels type] [--file-merge mode] [--hash-collision mode]\n"
	    "          [--playbook-triggers boolean] [--halt-on-error] [feed]",
	.help =
	    "      --owner NAME          owner that receives the objects (TC_OWNER, parameter tc_owner)\n"
	    "      --params FILE         parameters of the run, mode 0600 (TC_PARAMS_FD)\n"
	    "      --journal FILE        note batches there before they are uploaded\n"
	    "      --files DIR           content of Documents and Reports, by SHA-256\n"
	    "      --settle              lines with batchId: ask what became of them, send nothing\n"
	    "      --dry-run DIR         write the batch documents and settings there, send nothing\n"
	    "      --in-flight N         batches of one kind that may be queued at once, 1 to 16 (1)\n"
	    "      --chunk N             objects a batch, 1 to 25000 (5000)\n"
	    "      --chunk-bytes N       bytes a batch document (8000000)\n"
	    "      --deadline DURATION   how long a batch may take (1h)\n"
	    "      --wait DURATION       between two looks for an error list that is not there yet (5s)\n"
	    "      --create-and-upload   one call instead of two where the platform has it\n"
	    "      --attributes TYPE     Append, Replace, Singleton, Static (Replace; Singleton if the feed says write: merge)\n"
	    "      --tags TYPE           Append, Replace (Replace; Append for merge)\n"
	    "      --labels TYPE         Append, Replace (Replace; Append for merge)\n"
	    "      --file-merge MODE     Merge, Distribute (Merge)\n"
	    "      --hash-collision MODE FavorIncoming, FavorExisting, IgnoreIncoming, IgnoreExisting, Split (FavorIncoming)\n"
	    "      --playbook-triggers B true, false (not sent)\n"
	    "      --halt-on-error       a batch ends at its first error\n"
	    "      --log-level L         trace, debug, info, warning, error, critical (info)\n"
	    "      --stats FILE          write what was done as JSON\n"
	    "  -h, --help                this text\n"
	    "  -V, --version             the version\n",
};

static volatile int stop;

struct options {
	const char	*owner, *params, *journal, *files, *dry_run, *feed;
	bool		 settle, one_call, halt;
	long long	 in_flight, chunk, chunk_bytes;
	int64_t		 deadline, wait;	/* seconds */
	const char	*attributes, *tags, *labels, *file_merge, *hash_collision, *playbook;	/* NULL: the default */
};

static void
on_signal(int signo)
{
	stop = signo;
}

/* No SA_RESTART: a wait ends when the signal comes. */
static void
watch_signals(void)
{
	static const int which[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		sigaction(which[i], &sa, NULL);
}

static long long
number(const char *option, const char *text, long long low, long long high)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end != '\0' || n < low || n > high)
		tool_usage(&tool, "%s takes a number from %lld to %lld, not '%s'", option, low, high, text);
	return n;
}

static int64_t
duration(const char *option, const char *text)
{
	struct err err;
	int64_t seconds;

	if (date_duration(text, strlen(text), &seconds, &err) == -1)
		tool_usage(&tool, "%s: %s", option, err.text);
	return seconds;
}

static const char *
setting(const char *option, const char *name, const char *word)
{
	const char *words = submit_setting_wrong(name, word);

	if (words != NULL)
		tool_usage(&tool, "%s is one of: %s; not '%s'", option, words, word);
	return word;
}

enum {
	OPT_OWNER = 300, OPT_PARAMS, OPT_JOURNAL, OPT_FILES, OPT_SETTLE, OPT_DRY_RUN, OPT_IN_FLIGHT, OPT_CHUNK, OPT_CHUNK_BYTES,
	OPT_DEADLINE, OPT_WAIT, OPT_ONE_CALL, OPT_ATTRIBUTES, OPT_TAGS, OPT_LABELS, OPT_FILE_MERGE, OPT_HASH_COLLISION,
	OPT_PLAYBOOK, OPT_HALT
};

static const struct option longs[] = {
	{ "owner", required_argument, NULL, OPT_OWNER },
	{ "params", required_argument, NULL, OPT_PARAMS },
	{ "journal", required_argument, NULL, OPT_JOURNAL },
	{ "files", required_argument, NULL, OPT_FILES },
	{ "settle", no_argument, NULL, OPT_SETTLE },
	{ "dry-run", required_argument, NULL, OPT_DRY_RUN },
	{ "in-flight", required_argument, NULL, OPT_IN_FLIGHT },
	{ "chunk", required_argument, NULL, OPT_CHUNK },
	{ "chunk-bytes", required_argument, NULL, OPT_CHUNK_BYTES },
	{ "deadline", required_argument, NULL, OPT_DEADLINE },
	{ "wait", required_argument, NULL, OPT_WAIT },
	{ "create-and-upload", no_argument, NULL, OPT_ONE_CALL },
	{ "attributes", required_argument, NULL, OPT_ATTRIBUTES },
	{ "tags", required_argument, NULL, OPT_TAGS },
	{ "labels", required_argument, NULL, OPT_LABELS },
	{ "file-merge", required_argument, NULL, OPT_FILE_MERGE },
	{ "hash-collision", required_argument, NULL, OPT_HASH_COLLISION },
	{ "playbook-triggers", required_argument, NULL, OPT_PLAYBOOK },
	{ "halt-on-error", no_argument, NULL, OPT_HALT },
	TOOL_OPTIONS,
	{ NULL, 0, NULL, 0 }
};

static void
read_options(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){ .in_flight = 1, .chunk = LIMIT_CHUNK_OBJECTS, .chunk_bytes = LIMIT_CHUNK_BYTES, .deadline = 3600, .wait = 5 };
	while ((c = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		switch (c) {
		case OPT_OWNER: o->owner = optarg; break;
		case OPT_PARAMS: o->params = optarg; break;
		case OPT_JOURNAL: o->journal = optarg; break;
		case OPT_FILES: o->files = optarg; break;
		case OPT_SETTLE: o->settle = true; break;
		case OPT_DRY_RUN: o->dry_run = optarg; break;
		case OPT_IN_FLIGHT: o->in_flight = number("--in-flight", optarg, 1, 16); break;
		case OPT_CHUNK: o->chunk = number("--chunk", optarg, 1, LIMIT_CHUNK_INDICATORS); break;
		case OPT_CHUNK_BYTES: o->chunk_bytes = number("--chunk-bytes", optarg, 1000, 1000000000); break;
		case OPT_DEADLINE: o->deadline = duration("--deadline", optarg); break;
		case OPT_WAIT: o->wait = duration("--wait", optarg); break;
		case OPT_ONE_CALL: o->one_call = true; break;
		case OPT_ATTRIBUTES: o->attributes = setting("--attributes", "attributeWriteType", optarg); break;
		case OPT_TAGS: o->tags = setting("--tags", "tagWriteType", optarg); break;
		case OPT_LABELS: o->labels = setting("--labels", "securityLabelWriteType", optarg); break;
		case OPT_FILE_MERGE: o->file_merge = setting("--file-merge", "fileMergeMode", optarg); break;
		case OPT_HASH_COLLISION: o->hash_collision = setting("--hash-collision", "hashCollisionMode", optarg); break;
		case OPT_PLAYBOOK: o->playbook = setting("--playbook-triggers", "playbookTriggersEnabled", optarg); break;
		case OPT_HALT: o->halt = true; break;
		default: tool_option(&tool, c);
		}
	}
	if (argc - optind > 1)
		tool_usage(&tool, "one feed at most, not '%s' too", argv[optind + 1]);
	o->feed = argv[optind];
	if (o->settle && o->dry_run != NULL)
		tool_usage(&tool, "--settle and --dry-run exclude each other");
}

static int
find_owner(const struct options *o, const struct params *p, const char **owner, struct err *err)
{
	const char *env = getenv("TC_OWNER");

	*owner = o->owner != NULL ? o->owner : env != NULL && *env != '\0' ? env : params_get(p, "tc_owner");
	if (*owner == NULL || **owner == '\0')
		return err_set(err, REASON_USAGE, "no owner: set --owner, TC_OWNER or the parameter tc_owner");
	if (strlen(*owner) > 1024)
		return err_set(err, REASON_USAGE, "the owner's name is longer than 1024 bytes");
	return 0;
}

/* The feed's word on merging, and over it what the options say. */
static int
job_settings(const struct options *o, struct submit_settings *s, struct err *err)
{
	struct feed *feed = NULL;
	bool merge;

	if (o->feed != NULL && feed_load(&feed, o->feed, err) == -1)
		return -1;
	merge = feed != NULL && feed->write_merge;
	feed_free(feed);
	s->attribute_write = o->attributes != NULL ? o->attributes : merge ? "Singleton" : "Replace";
	s->tag_write = o->tags != NULL ? o->tags : merge ? "Append" : "Replace";
	s->label_write = o->labels != NULL ? o->labels : merge ? "Append" : "Replace";
	s->file_merge = o->file_merge != NULL ? o->file_merge : "Merge";
	s->hash_collision = o->hash_collision != NULL ? o->hash_collision : "FavorIncoming";
	s->playbook_triggers = o->playbook;
	s->halt_on_error = o->halt;
	if (strcmp(s->attribute_write, "Append") == 0)
		log_warning("--attributes Append adds the same attributes again with every update");
	return 0;
}

static int
open_files(const char *dir, int *fd, struct attachments **names, struct err *err)
{
	*fd = -1;
	if (dir == NULL)
		return 0;
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd == -1 ? err_set(err, REASON_USAGE, "cannot open directory %s: %m", dir) :
	    attachments_open(names, dir, false, err);
}

static void
refuse(void *run, const struct object *o, const char *reason)
{
	submit_refuse(run, o, reason);
}

/* What the run came to: its own end, or the gravest of what happened to objects. */
static void
conclude(const struct options *o, struct submit_run *run, unsigned long long read, unsigned long long repeated, unsigned long long invalid, struct err *err)
{
	unsigned long long told = run->accepted + run->rejected + run->unknown + run->unsent + repeated;

	if (run->end.reason == REASON_NONE)
		out_flush(run->receipts);
	*err = run->end;
	if (err->reason == REASON_NONE && out_error(run->receipts, err) == -1)
		return;
	if (stop)
		err_set(err, REASON_TEMPORARY, "stopped by signal %d; %llu batches acknowledged, %llu objects in doubt", stop,
		    run->acknowledged, run->unknown);
	else if (err->reason == REASON_NONE && told != read)
		err_set(err, REASON_CONTRACT, "%llu objects were read and %llu told of: this is a bug", read, told);
	else if (err->reason == REASON_NONE && run->unknown > 0)
		err_set(err, REASON_PENDING, "what became of %llu objects is not known yet: the next run asks", run->unknown);
	/* what settling finds unsent goes with the next filter, as it should */
	else if (err->reason == REASON_NONE && run->unsent > 0 && !o->settle)
		err_set(err, REASON_PENDING, "%llu objects are sent again by the next run", run->unsent);
	else if (err->reason == REASON_NONE && run->rejected > 0)
		err_set(err, REASON_REFUSED, "the platform refused %llu of %llu objects", run->rejected, read);
	else if (err->reason == REASON_NONE && invalid > 0)
		err_set(err, REASON_REJECTS, "%llu lines of the input are no objects", invalid);
}

static void
fill_stats(const struct submit_run *run, unsigned long long read, unsigned long long repeated, unsigned long long invalid)
{
	stats_set(tool.stats, "objects.read", (long long)read);
	stats_set(tool.stats, "objects.accepted", (long long)run->accepted);
	stats_set(tool.stats, "objects.rejected", (long long)run->rejected);
	stats_set(tool.stats, "objects.unknown", (long long)run->unknown);
	stats_set(tool.stats, "objects.unsent", (long long)run->unsent);
	stats_set(tool.stats, "objects.repeated", (long long)repeated);
	stats_set(tool.stats, "lines.invalid", (long long)invalid);
	stats_set(tool.stats, "batches", (long long)run->batches);
	stats_set(tool.stats, "acknowledged", (long long)run->acknowledged);
	stats_set(tool.stats, "bytes", (long long)run->bytes);
	stats_set(tool.stats, "files", (long long)run->files_sent);
}

static void
summarize(const struct options *o, const struct submit_run *run, unsigned long long read, char *out, size_t size)
{
	if (o->dry_run != NULL)
		snprintf(out, size, "%llu objects in %llu batches, %llu bytes, written to %s", read, run->batches, run->bytes, o->dry_run);
	else
		snprintf(out, size, "%llu objects: %llu accepted, %llu refused, %llu in doubt, %llu unsent; %llu batches, %llu bytes",
		    read, run->accepted, run->rejected, run->unknown, run->unsent, run->batches, run->bytes);
}

/* The input through the platform (or into files, or asked about), with everything open. */
static void
work(const struct options *o, struct submit_run *run, char *summary, size_t size, struct err *err)
{
	unsigned long long read = 0, repeated = 0, invalid = 0;
	struct submit_lanes lanes;

	if (o->settle)
		submit_settle(run, STDIN_FILENO, &read, &invalid);
	else {
		submit_lanes_init(&lanes, STDIN_FILENO, run->max_objects, run->max_bytes);
		lanes.stop = &stop;
		lanes.refuse = refuse;
		lanes.refuse_arg = run;
		if (o->dry_run == NULL)
			submit_run(run, &lanes);
		else if (submit_dry_run(run, &lanes, o->dry_run, err) == -1)
			submit_fail(run, err);
		read = lanes.read;
		repeated = lanes.repeated;
		invalid = lanes.invalid;
		submit_lanes_release(&lanes);
	}
	if (o->dry_run != NULL && run->end.reason == REASON_NONE)
		run->accepted = read - repeated - run->rejected;	/* so that conclude() counts them */
	conclude(o, run, read, repeated, invalid, err);
	if (o->dry_run != NULL)
		run->accepted = 0;
	fill_stats(run, read, repeated, invalid);
	summarize(o, run, read, summary, size);
}

int
main(int argc, char **argv)
{
	struct options o;
	struct submit_run run = { .stop = &stop, .files = -1 };
	struct params *params = NULL;
	struct journal journal = { .fd = -1 };
	struct out receipts;
	struct err err = { 0 };
	char summary[300] = "";
	int code;

	tool_start(&tool);
	read_options(&o, argc, argv);
	watch_signals();
	out_init(&receipts, STDOUT_FILENO, "standard output", 65536);
	run.receipts = &receipts;
	run.journal = &journal;
	run.max_objects = (size_t)o.chunk;
	run.max_bytes = (size_t)o.chunk_bytes;
	run.in_flight = (int)o.in_flight;
	run.deadline_ms = o.deadline * 1000;
	run.wait_ms = (long)(o.wait * 1000);
	run.one_call = o.one_call;
	if (params_load(&params, o.params, &err) == 0 && find_owner(&o, params, &run.settings.owner, &err) == 0 &&
	    job_settings(&o, &run.settings, &err) == 0 && open_files(o.files, &run.files, &run.names, &err) == 0 &&
	    (o.dry_run != NULL || (journal_open(&journal, o.journal, &err) == 0 &&
	    session_open(&run.session, params, &stop, &err) == 0)))
		work(&o, &run, summary, sizeof(summary), &err);
	code = tool_end(&tool, &err, summary[0] != '\0' ? summary : NULL);
	session_close(run.session);
	attachments_close(run.names);
	journal_close(&journal);
	params_free(params);
	out_release(&receipts);
	return code;
}
