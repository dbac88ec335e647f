/*
 * tc-sandbox: a local stand-in of the platform's API, to try a mapping out
 * without an account and to rehearse what can go wrong.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "log.h"
#include "sandbox/auth.h"
#include "sandbox/faults.h"
#include "sandbox/job.h"
#include "sandbox/server.h"
#include "sandbox/setup.h"
#include "sandbox/tls.h"
#include "tool.h"
#include "xmalloc.h"

enum {
	OPT_PORT = 'p', OPT_OWNER = 'o', OPT_OWNER_FILE = 'f', OPT_CONFIG = 'c', OPT_FAULTS = 'F',
	OPT_CREDENTIALS = 256, OPT_AUTH, OPT_TLS, OPT_CA_FILE, OPT_ROLE, OPT_BATCH_OFF, OPT_MAX_BYTES, OPT_MAX_INDICATORS,
	OPT_INDICATOR_LIMIT, OPT_SYNC_BYTES, OPT_QUEUED, OPT_RUNNING, OPT_BARE_STATUS, OPT_UNPROCESSED, OPT_SILENT,
	OPT_MISSING_DELETE, OPT_ANY_ATTRIBUTE, OPT_ATTRIBUTE, OPT_NO_ASSOCIATION, OPT_EXCLUDE, OPT_CLOCK_SKEW, OPT_TOKEN_LIFE,
	OPT_PARAMS, OPT_FIRST_BATCH
};

static const struct option longopts[] = {
	{ "port", required_argument, NULL, OPT_PORT },
	{ "owner", required_argument, NULL, OPT_OWNER },
	{ "owner-file", required_argument, NULL, OPT_OWNER_FILE },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "faults", required_argument, NULL, OPT_FAULTS },
	{ "credentials", required_argument, NULL, OPT_CREDENTIALS },
	{ "auth", required_argument, NULL, OPT_AUTH },
	{ "tls", optional_argument, NULL, OPT_TLS },
	{ "ca-file", required_argument, NULL, OPT_CA_FILE },
	{ "role", required_argument, NULL, OPT_ROLE },
	{ "batch-off", no_argument, NULL, OPT_BATCH_OFF },
	{ "max-bytes", required_argument, NULL, OPT_MAX_BYTES },
	{ "max-indicators", required_argument, NULL, OPT_MAX_INDICATORS },
	{ "indicator-limit", required_argument, NULL, OPT_INDICATOR_LIMIT },
	{ "sync-bytes", required_argument, NULL, OPT_SYNC_BYTES },
	{ "queued", required_argument, NULL, OPT_QUEUED },
	{ "running", required_argument, NULL, OPT_RUNNING },
	{ "bare-status", no_argument, NULL, OPT_BARE_STATUS },
	{ "unprocessed-count", no_argument, NULL, OPT_UNPROCESSED },
	{ "silent-losses", no_argument, NULL, OPT_SILENT },
	{ "missing-delete-ok", no_argument, NULL, OPT_MISSING_DELETE },
	{ "any-attribute", no_argument, NULL, OPT_ANY_ATTRIBUTE },
	{ "attribute", required_argument, NULL, OPT_ATTRIBUTE },
	{ "no-association", no_argument, NULL, OPT_NO_ASSOCIATION },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "clock-skew", required_argument, NULL, OPT_CLOCK_SKEW },
	{ "token-life", required_argument, NULL, OPT_TOKEN_LIFE },
	{ "params", required_argument, NULL, OPT_PARAMS },
	{ "first-batch", required_argument, NULL, OPT_FIRST_BATCH },
	TOOL_OPTIONS,
	{ NULL, 0, NULL, 0 }
};

static const char help[] =
    "  -p, --port N            listen on 127.0.0.1 port N (0: the kernel picks one)\n"
    "  -o, --owner NAME[=TYPE] an owner: Source, Organization or Community (\"Sandbox Source\"); may be repeated\n"
    "  -f, --owner-file FILE   keep the owner named last in FILE, a batch line an object\n"
    "  -c, --config FILE       write the configuration for tc-submit to FILE (0600) once the sandbox is ready\n"
    "  -F, --faults FILE       a fault script, a JSON object a line; may be repeated\n"
    "      --credentials FILE  JSON with api_access_id, api_secret_key, tc_token, tc_token_expires (random)\n"
    "      --auth WHICH        credentials in the configuration: keys, token or both (keys)\n"
    "      --tls[=KIND]        https with a certificate made now: good, expired or wrong-name (good)\n"
    "      --ca-file FILE      where its authority's certificate is written (tc-sandbox-ca.pem)\n"
    "      --role ROLE         of the API user: administrator, editor, contributor or reader (editor)\n"
    "      --queued SECONDS    how long a batch is Queued (0)\n"
    "      --running SECONDS   how long a batch is Running (0)\n"
    "      --max-bytes N       largest batch document, bytes (100000000)\n"
    "      --max-indicators N  indicators of a batch (25000)\n"
    "      --indicator-limit N indicators of an owner (no limit)\n"
    "      --sync-bytes N      createAndUpload of less than N bytes is answered with the result (0: never)\n"
    "      --attribute TYPE[:N] a further attribute type, of N characters at most; may be repeated\n"
    "      --any-attribute     every attribute type exists\n"
    "      --exclude FILE      exclusion list: values, *.domain, networks, a line each\n"
    "      --missing-delete-ok deleting what is not there is a success\n"
    "      --silent-losses     excluded, repeated and merged objects are in no counter and no list\n"
    "      --bare-status       {\"status\":\"Running\"} at top level while a batch is not Completed\n"
    "      --unprocessed-count that spelling instead of unprocessCount\n"
    "      --no-association    as servers before 7.8.2: the association array is passed over\n"
    "      --batch-off         the batch API is not available (503)\n"
    "      --clock-skew S      the platform's clock is S seconds ahead\n"
    "      --token-life S      seconds a token is good for (3600)\n"
    "      --params FILE       JSON object served as secure parameters\n"
    "      --first-batch N     id of the first batch (1)\n"
    "      --stats FILE        counts of this run as JSON\n"
    "      --log-level LEVEL   trace, debug, info, warning, error or critical (info)\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n";

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

struct setup {
	struct tool	*tool;
	struct instance	*in;
	struct server_options server;
	const char	*config, *credentials, *ca_file;
	enum shown	 shown;
	bool		 tls;
	enum tls_kind	 tls_kind;
	unsigned	 first_batch;
};

static long long
whole(struct setup *s, const char *option, const char *text, long long low, long long high)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < low || n > high)
		tool_usage(s->tool, "--%s takes a whole number from %lld to %lld, not '%s'", option, low, high, text);
	return n;
}

static int64_t
milliseconds(struct setup *s, const char *option, const char *text)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end != '\0' || !(d >= 0 && d <= 1e6))
		tool_usage(s->tool, "--%s takes seconds, such as 0.2 or 30, not '%s'", option, text);
	return (int64_t)(d * 1000);
}

static int
choice(struct setup *s, const char *option, const char *text, const char *const *word)
{
	char list[128] = "";
	size_t n = 0;
	int i;

	for (i = 0; word[i] != NULL; i++) {
		if (strcmp(word[i], text) == 0)
			return i;
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? ", " : "", word[i]);
	}
	tool_usage(s->tool, "--%s takes one of %s, not '%s'", option, list, text);
}

static void
die_of(struct setup *s, int rc, const struct err *err)
{
	if (rc == -1)
		tool_usage(s->tool, "%s", err->text);
}

static struct owner *
last_owner(struct setup *s)
{
	struct err err;

	if (s->in->nowner == 0)
		die_of(s, instance_add_owner(s->in, "Sandbox Source", &err), &err);
	return &s->in->owner[s->in->nowner - 1];
}

static void
instance_option(struct setup *s, int c)
{
	static const char *const role[] = { "administrator", "editor", "contributor", "reader", NULL };
	struct instance *in = s->in;
	struct err err;

	switch (c) {
	case OPT_OWNER:
		die_of(s, instance_add_owner(in, optarg, &err), &err);
		break;
	case OPT_OWNER_FILE:
		free(last_owner(s)->file);
		last_owner(s)->file = xstrdup(optarg);
		break;
	case OPT_FAULTS:
		die_of(s, faults_load(in->faults, optarg, &err), &err);
		break;
	case OPT_ROLE:
		in->role = (enum role)choice(s, "role", optarg, role);
		break;
	case OPT_BATCH_OFF:
		in->batch_off = true;
		break;
	case OPT_MAX_BYTES:
		in->max_bytes = (size_t)whole(s, "max-bytes", optarg, 1, 2000000000);
		break;
	case OPT_MAX_INDICATORS:
		in->max_indicators = (size_t)whole(s, "max-indicators", optarg, 1, 100000000);
		break;
	case OPT_INDICATOR_LIMIT:
		in->indicator_limit = (size_t)whole(s, "indicator-limit", optarg, 0, 1000000000);
		break;
	case OPT_SYNC_BYTES:
		in->sync_bytes = (size_t)whole(s, "sync-bytes", optarg, 0, 2000000000);
		break;
	case OPT_QUEUED:
		in->queued_ms = milliseconds(s, "queued", optarg);
		break;
	case OPT_RUNNING:
		in->running_ms = milliseconds(s, "running", optarg);
		break;
	case OPT_BARE_STATUS:
		in->bare_status = true;
		break;
	case OPT_UNPROCESSED:
		in->unprocessed_spelling = true;
		break;
	case OPT_SILENT:
		in->silent_losses = true;
		break;
	case OPT_MISSING_DELETE:
		in->missing_delete_ok = true;
		break;
	case OPT_ANY_ATTRIBUTE:
		in->any_attribute = true;
		break;
	case OPT_ATTRIBUTE:
		strings_add(&in->attribute, optarg, strlen(optarg));
		break;
	case OPT_NO_ASSOCIATION:
		in->no_association = true;
		break;
	case OPT_EXCLUDE:
		die_of(s, instance_add_exclusions(in, optarg, &err), &err);
		break;
	case OPT_CLOCK_SKEW:
		in->clock_skew = whole(s, "clock-skew", optarg, -4000000000LL, 4000000000LL);
		break;
	case OPT_TOKEN_LIFE:
		in->token_life = whole(s, "token-life", optarg, 0, 1000000000);
		break;
	case OPT_PARAMS:
		die_of(s, instance_add_parameters(in, optarg, &err), &err);
		break;
	default:
		tool_option(s->tool, c);
	}
}

static void
read_options(struct setup *s, int argc, char **argv)
{
	static const char *const auth[] = { "keys", "token", "both", NULL };
	static const char *const tls[] = { "good", "expired", "wrong-name", NULL };
	int c;

	while ((c = getopt_long(argc, argv, "p:o:f:c:F:hV", longopts, NULL)) != -1) {
		switch (c) {
		case OPT_PORT:
			s->server.port = (unsigned)whole(s, "port", optarg, 0, 65535);
			break;
		case OPT_CONFIG:
			s->config = optarg;
			break;
		case OPT_CREDENTIALS:
			s->credentials = optarg;
			break;
		case OPT_AUTH:
			s->shown = (enum shown)choice(s, "auth", optarg, auth);
			break;
		case OPT_TLS:
			s->tls = true;
			s->tls_kind = optarg != NULL ? (enum tls_kind)choice(s, "tls", optarg, tls) : TLS_GOOD;
			break;
		case OPT_CA_FILE:
			s->ca_file = optarg;
			break;
		case OPT_FIRST_BATCH:
			s->first_batch = (unsigned)whole(s, "first-batch", optarg, 1, 4000000000LL);
			break;
		default:
			instance_option(s, c);
		}
	}
	if (optind < argc)
		tool_usage(s->tool, "unexpected argument '%s'", argv[optind]);
	last_owner(s);
}

/* What it holds, and who may ask. */
static int
furnish(struct setup *s, struct err *err)
{
	struct instance *in = s->in;
	size_t i;

	if ((in->auth = auth_new(in, s->credentials, err)) == NULL)
		return -1;
	in->jobs = jobs_new(s->first_batch);
	for (i = 0; i < in->nowner; i++) {
		if (owner_load(in, &in->owner[i], err) == -1)
			return -1;
		if (in->owner[i].store.n > 0)
			log_info("owner %s holds %zu groups and %zu indicators", in->owner[i].name, in->owner[i].store.groups,
			    in->owner[i].store.indicators);
	}
	return 0;
}

static int
announce(struct setup *s, struct err *err)
{
	struct buf config;
	int rc = 0;

	buf_init(&config, MIB);
	if (instance_configuration(s->in, s->shown, s->tls ? s->ca_file : NULL, &config) == -1)
		rc = err_set(err, REASON_STATE, "the configuration is too large");
	printf("# tc-sandbox is ready at %s; the next line goes into platform.json (mode 0600)\n%s", s->in->api_path,
	    rc == 0 ? config.bytes : "");
	if (fflush(stdout) != 0)
		rc = err_set(err, REASON_STATE, "cannot write standard output: %s", strerror(errno));
	if (rc == 0 && s->config != NULL)
		rc = io_replace_file(s->config, config.bytes, config.len, err);
	buf_release(&config);
	return rc;
}

static int
serve(struct setup *s, struct err *err)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct server *server;
	struct tls tls = { 0 };
	int rc = -1;

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	if (s->tls) {
		if (tls_make(&tls, s->tls_kind, err) == -1 || io_replace_file(s->ca_file, tls.ca, strlen(tls.ca), err) == -1)
			return -1;
		s->server.certificate = tls.certificate;
		s->server.key = tls.key;
	}
	if ((server = server_start(s->in, &s->server, err)) != NULL) {
		snprintf(s->in->api_path, sizeof(s->in->api_path), "%s://127.0.0.1:%u/api", s->tls ? "https" : "http",
		    server_port(server));
		rc = announce(s, err);
		if (rc == 0)
			rc = server_run(server, &stop, err);
	}
	server_stop(server);
	tls_release(&tls);
	return rc;
}

int
main(int argc, char **argv)
{
	struct tool tool = { "tc-sandbox", "tc-sandbox [options]", help, NULL, NULL };
	struct setup s = { .tool = &tool, .ca_file = "tc-sandbox-ca.pem", .first_batch = 1 };
	struct err err = { REASON_NONE, "" };
	char summary[160];
	size_t i, groups = 0, indicators = 0;

	tool_start(&tool);
	s.in = instance_new();
	read_options(&s, argc, argv);
	if (furnish(&s, &err) == 0 && serve(&s, &err) == 0)
		err.reason = REASON_NONE;
	for (i = 0; i < s.in->nowner; i++) {
		groups += s.in->owner[i].store.groups;
		indicators += s.in->owner[i].store.indicators;
	}
	stats_set(tool.stats, "groups", (long long)groups);
	stats_set(tool.stats, "indicators", (long long)indicators);
	snprintf(summary, sizeof(summary), "ended with %zu groups and %zu indicators", groups, indicators);
	instance_free(s.in);
	return tool_end(&tool, &err, summary);
}
