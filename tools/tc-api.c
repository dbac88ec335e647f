/*
 * tc-api: what else is asked of the platform: may we in and does the owner
 * exist, what does it hold, its log, and state kept there.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "date.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "schema.h"
#include "session.h"
#include "session_store.h"
#include "submit_lines.h"
#include "text.h"
#include "tool.h"

#define LOG_AT_ONCE	100	/* events of one call (runtime-app.md section 9) */

static struct tool tool = {
	.name = "tc-api",
	.synopsis =
	    "tc-api [-hV] [--params file] [--owner name] check\n"
	    "       tc-api [--params file] [--owner name] export\n"
	    "       tc-api [--params file] log\n"
	    "       tc-api [--params file] state get name file\n"
	    "       tc-api [--params file] state put name file\n"
	    "       tc-api [--params file] state list | delete name",
	.help =
	    "  check             do the credentials, the owner, types and labels stand?\n"
	    "  export            what the owner holds, as the platform's daily JSON export\n"
	    "  log               lines on standard input become events of the platform's log\n"
	    "  state get|put     a file kept in the platform's DataStore\n"
	    "  state list        what is kept there\n"
	    "  state delete      takes it away\n"
	    "\n"
	    "      --owner NAME      owner (TC_OWNER, parameter tc_owner)\n"
	    "      --params FILE     parameters of the run, mode 0600 (TC_PARAMS_FD)\n"
	    "      --log-level L     trace, debug, info, warning, error, critical (info)\n"
	    "      --stats FILE      write what was done as JSON\n"
	    "  -h, --help            this text\n"
	    "  -V, --version         the version\n",
};

static volatile int stop;

static void
on_signal(int signo)
{
	stop = signo;
}

static void
watch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

struct api {
	struct session	*session;
	const char	*owner;		/* NULL: none was named */
	struct out	 out;
};

static bool
is_2xx(const struct http_answer *a)
{
	return a->status >= 200 && a->status <= 299;
}

static int
get(struct api *api, const char *path, struct http_answer *a, struct err *err)
{
	struct http_request req = { .method = "GET", .max_body = LIMIT_ANSWER, .accept_encoding = "" };

	return session_call(api->session, path, &req, SESSION_IDEMPOTENT, a, err);
}

/* path with "owner=" and the owner's name encoded behind it. */
static int
get_of_owner(struct api *api, const char *path, struct http_answer *a, struct err *err)
{
	struct buf whole;
	int rc;

	buf_init(&whole, 16 * KIB);
	rc = buf_addz(&whole, path) == -1 || http_encode(api->owner, strlen(api->owner), &whole) == -1 ?
	    err_set(err, REASON_USAGE, "the owner's name is too long") : get(api, whole.bytes, a, err);
	buf_release(&whole);
	return rc;
}

static int
complain(struct api *api, const char *what, const struct http_answer *a, struct err *err)
{
	char says[300];

	return err_set(err, a->status == 403 || a->status == 503 ? REASON_AUTH : a->status >= 500 || a->status == 429 ? REASON_TEMPORARY :
	    REASON_CONTRACT, "%s: %s: %ld %s", session_host(api->session), what, a->status, session_says(a, says, sizeof(says)));
}

/* --- check --- */

__attribute__((format(printf, 2, 3))) static void
say(struct api *api, const char *fmt, ...)
{
	char raw[1024], safe[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	text_safe(safe, sizeof(safe), raw, strlen(raw));
	out_puts(&api->out, safe);
	out_write(&api->out, "\n", 1);
}

/* Names in an answer's list; what cannot be read is a warning, never the end (batch-api.md section 16). */
static struct json_object *
list_of(struct api *api, const struct http_answer *a, const char *path, const char *what, struct json_object **root)
{
	struct json_object *list;
	char says[200];

	*root = session_json(a);
	list = session_get(*root, path);
	if (is_2xx(a) && json_object_is_type(list, json_type_array))
		return list;
	log_warning("%s cannot be checked: %ld %s", what, a->status, session_says(a, says, sizeof(says)));
	say(api, "%s: not known", what);
	return NULL;
}

static const char *
name_at(struct json_object *list, size_t i, const char *member)
{
	struct json_object *v = session_get(json_object_array_get_idx(list, i), member);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

static bool
has_name(struct json_object *list, const char *name)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (strcmp(name_at(list, i, "name"), name) == 0)
			return true;
	return false;
}

static int
check_owner(struct api *api, struct err *err)
{
	struct json_object *root = NULL, *list;
	struct http_answer a;
	size_t i;
	int rc;

	http_answer_init(&a);
	rc = get(api, "/v2/owners", &a, err);
	if (rc == 0) {
		say(api, "credentials: good (%s)", session_has_token(api->session) ? "token" : "keys");
		list = list_of(api, &a, "data.owner", "owners", &root);
		for (i = 0; list != NULL && api->owner != NULL && i < json_object_array_length(list); i++)
			if (strcmp(name_at(list, i, "name"), api->owner) == 0)
				break;
		if (list != NULL && api->owner == NULL)
			say(api, "owner: none was named; %zu are open to this API user", json_object_array_length(list));
		else if (list != NULL && i < json_object_array_length(list))
			say(api, "owner: \"%s\" (%s)", api->owner, name_at(list, i, "type"));
		else if (list != NULL)
			rc = err_set(err, REASON_AUTH, "owner \"%s\" is not among the %zu that are open to this API user", api->owner,
			    json_object_array_length(list));
	}
	json_object_put(root);
	http_answer_release(&a);
	return rc;
}

static int
check_types(struct api *api, struct err *err)
{
	struct json_object *root = NULL, *list;
	struct http_answer a;
	int type, n = 0, missing = 0, rc;

	http_answer_init(&a);
	rc = get(api, "/v2/types/indicatorTypes", &a, err);
	if (rc == 0 && (list = list_of(api, &a, "data.indicatorType", "indicator types", &root)) != NULL) {
		for (type = TYPE_NONE + 1; type < TYPE_COUNT; type++) {
			if (schema_class((enum tc_type)type) != CLASS_INDICATOR)
				continue;
			n++;
			if (!has_name(list, schema_type_name((enum tc_type)type))) {
				missing++;
				log_warning("the platform has no indicator type %s: such objects would be refused",
				    schema_type_name((enum tc_type)type));
			}
		}
		say(api, "indicator types: %d of our %d, %zu in all", n - missing, n, json_object_array_length(list));
	}
	json_object_put(root);
	http_answer_release(&a);
	return rc;
}

static int
check_list(struct api *api, const char *path, bool of_owner, const char *member, const char *what, struct err *err)
{
	struct json_object *root = NULL, *list;
	struct http_answer a;
	int rc;

	http_answer_init(&a);
	rc = of_owner ? get_of_owner(api, path, &a, err) : get(api, path, &a, err);
	if (rc == 0 && (list = list_of(api, &a, member, what, &root)) != NULL)
		say(api, "%s: %zu", what, json_object_array_length(list));
	json_object_put(root);
	http_answer_release(&a);
	return rc;
}

/* Only the credentials and "the owner is not there" are definite; what else cannot be had is a warning. */
static int
check(struct api *api, struct err *err)
{
	struct err why = { 0 };

	say(api, "platform: %s", session_host(api->session));
	if (check_owner(api, err) == -1)
		return -1;
	if (check_types(api, &why) == -1 || check_list(api, "/v2/types/associationTypes", false, "data.associationType",
	    "association types", &why) == -1 || check_list(api, "/v3/attributeTypes?resultLimit=10000", false, "data",
	    "attribute types", &why) == -1 || (api->owner != NULL && check_list(api, "/v2/securityLabels?owner=", true,
	    "data.securityLabel", "security labels", &why) == -1)) {
		if (why.reason == REASON_AUTH) {
			*err = why;
			return -1;
		}
		log_warning("not all could be checked: %s", why.text);
	}
	return 0;
}

/* --- export --- */

static int
to_spool(void *arg, const char *bytes, size_t len)
{
	return io_write_all(*(int *)arg, bytes, len);
}

static void
empty_spool(void *arg)
{
	if (lseek(*(int *)arg, 0, SEEK_SET) == -1 || ftruncate(*(int *)arg, 0) == -1)
		log_warning("a temporary file cannot be emptied: %m");
}

/* The body goes to stdout only once it is whole. */
static int
export(struct api *api, struct err *err)
{
	struct http_request req = { .method = "GET", .max_body = 16 * GIB, .accept_encoding = "", .sink = to_spool,
	    .restart = empty_spool };
	char block[65536];
	struct http_answer a;
	struct buf path;
	ssize_t n;
	int fd, rc;

	if (api->owner == NULL)
		return err_set(err, REASON_USAGE, "no owner: set --owner, TC_OWNER or the parameter tc_owner");
	if ((fd = io_spool(err)) == -1)
		return -1;
	req.sink_arg = &fd;
	buf_init(&path, 16 * KIB);
	http_answer_init(&a);
	if (buf_addz(&path, "/v2/indicators/bulk/json?owner=") == -1 || http_encode(api->owner, strlen(api->owner), &path) == -1)
		rc = err_set(err, REASON_USAGE, "the owner's name is too long");
	else
		rc = session_call(api->session, path.bytes, &req, SESSION_IDEMPOTENT, &a, err);
	if (rc == 0 && !is_2xx(&a))
		rc = complain(api, "the export (is bulk JSON enabled for this owner?)", &a, err);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) == -1)
		rc = err_set(err, REASON_STATE, "cannot read a temporary file: %m");
	while (rc == 0 && (n = io_read(fd, block, sizeof(block))) != 0) {
		if (n == -1)
			rc = err_set(err, REASON_STATE, "cannot read a temporary file: %m");
		else
			out_write(&api->out, block, (size_t)n);
	}
	stats_set(tool.stats, "bytes", (long long)a.decoded);
	http_answer_release(&a);
	buf_release(&path);
	close(fd);
	return rc;
}

/* --- log --- */

/*
 * The level a line speaks of: of our app.log form ("... - tc-map - WARNING  - text"),
 * or of our stderr form ("tc-map: warning: text").
 */
static const char *
level_of(const char *line)
{
	static const char *const word[] = { "TRACE", "DEBUG", "WARNING", "ERROR", "CRITICAL" };
	char form[32];
	size_t i, k;

	for (i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		snprintf(form, sizeof(form), " - %s ", word[i]);
		if (strstr(line, form) != NULL)
			return word[i];
		snprintf(form, sizeof(form), ": %s: ", word[i]);
		for (k = 0; form[k] != '\0'; k++)
			form[k] = (char)tolower((unsigned char)form[k]);
		if (strstr(line, form) != NULL)
			return word[i];
	}
	return "INFO";
}

static int
add_event(struct buf *events, const char *line, size_t len, int64_t ms)
{
	char raw[2048], safe[2048];

	snprintf(raw, sizeof(raw), "%.*s", (int)(len < sizeof(raw) ? len : sizeof(raw) - 1), line);
	log_mask(raw);
	text_safe(safe, sizeof(safe), raw, strlen(raw));
	return buf_addf(events, "%s{\"timestamp\":%lld,\"message\":", events->len > 0 ? "," : "[", (long long)ms) == -1 ||
	    buf_add_json(events, safe, strlen(safe)) == -1 || buf_addf(events, ",\"level\":\"%s\"}", level_of(raw)) == -1 ? -1 : 0;
}

/* Failures are ignored: a log never changes a result. false: no use to go on. */
static bool
post_events(struct api *api, struct buf *events)
{
	struct http_header type = { "Content-Type", "application/json" };
	struct http_request req = { .method = "POST", .header = &type, .nheader = 1, .max_body = LIMIT_ANSWER };
	struct http_answer a;
	struct err why;
	bool ok = true;

	if (events->len == 0)
		return true;
	http_answer_init(&a);
	if (buf_addc(events, ']') == 0) {
		req.body = events->bytes;
		req.body_len = events->len;
		if (session_call(api->session, "/v2/logs/app", &req, 0, &a, &why) == -1) {
			log_debug("the platform's log is not written: %s", why.text);
			ok = why.reason != REASON_AUTH;
		} else if (!is_2xx(&a))
			log_debug("the platform's log is not written: %ld", a.status);
	}
	buf_clear(events);
	http_answer_release(&a);
	return ok;
}

static int
post_log(struct api *api, struct err *err)
{
	struct submit_lines lines;
	enum submit_line got;
	struct timespec now;
	struct buf events;
	const char *line;
	long long n = 0, queued = 0;
	size_t len;
	bool ok = session_has_token(api->session);

	if (!ok)
		log_warning("the platform's log takes the token only: what comes is passed over");
	submit_lines_init(&lines, STDIN_FILENO);
	buf_init(&events, 8 * MIB);
	while ((got = submit_lines_next(&lines, queued > 0 ? 2000 : -1, &line, &len, err)) != LINE_END && got != LINE_FAILED && !stop) {
		if (got == LINE_HERE && len > 0 && ok) {
			clock_gettime(CLOCK_REALTIME, &now);
			if (add_event(&events, line, len, now.tv_sec * 1000LL + now.tv_nsec / 1000000) == 0) {
				n++;
				queued++;
			}
		}
		/* when many wait, when nothing more came for a while, and at an error at once */
		if (queued >= LOG_AT_ONCE || got == LINE_NOT_YET || (queued > 0 && strstr(events.bytes, "\"level\":\"ERROR\"") != NULL)) {
			ok = ok && post_events(api, &events);
			buf_clear(&events);
			queued = 0;
		}
	}
	if (ok)
		post_events(api, &events);
	buf_release(&events);
	submit_lines_release(&lines);
	stats_set(tool.stats, "events", n);
	return got == LINE_FAILED ? -1 : 0;
}

/* --- state --- */

static void
list_one(void *arg, const char *name, const struct store_info *info)
{
	char when[DATE_LEN + 1];

	date_print(info->time, when);
	say(arg, "%s generation %lld, %lld bytes, %s", name, (long long)info->generation, (long long)info->size, when);
}

static int
state(struct api *api, int argc, char **argv, struct err *err)
{
	struct store_info info = { 0 };
	int rc;

	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return store_list(api->session, list_one, api, err);
	if (argc == 2 && strcmp(argv[0], "delete") == 0)
		return store_delete(api->session, argv[1], err);
	if (strcmp(argv[0], "put") == 0) {
		if (store_put(api->session, argv[1], argv[2], &info, err) == -1)
			return -1;
		log_info("%s: generation %lld, %lld bytes, %zu of %zu blocks sent", argv[1], (long long)info.generation,
		    (long long)info.size, info.sent, info.blocks);
	} else {
		rc = store_get(api->session, argv[1], argv[2], &info, err);
		if (rc == 0)
			return err_set(err, REASON_PENDING, "no state %s is stored", argv[1]);
		if (rc == -1)
			return -1;
		log_info("%s: generation %lld, %lld bytes", argv[1], (long long)info.generation, (long long)info.size);
	}
	stats_set(tool.stats, "generation", (long long)info.generation);
	stats_set(tool.stats, "bytes", (long long)info.size);
	stats_set(tool.stats, "blocks", (long long)info.blocks);
	stats_set(tool.stats, "sent", (long long)info.sent);
	return 0;
}

/* --- command line --- */

enum { OPT_OWNER = 300, OPT_PARAMS };

static const struct option longs[] = {
	{ "owner", required_argument, NULL, OPT_OWNER },
	{ "params", required_argument, NULL, OPT_PARAMS },
	TOOL_OPTIONS,
	{ NULL, 0, NULL, 0 }
};

static bool
known(int argc, char **argv)
{
	if (argc == 0)
		return false;
	if (strcmp(argv[0], "state") == 0)
		return (argc == 4 && (strcmp(argv[1], "get") == 0 || strcmp(argv[1], "put") == 0)) ||
		    (argc == 3 && strcmp(argv[1], "delete") == 0) || (argc == 2 && strcmp(argv[1], "list") == 0);
	return argc == 1 && (strcmp(argv[0], "check") == 0 || strcmp(argv[0], "export") == 0 || strcmp(argv[0], "log") == 0);
}

static int
perform(struct api *api, int argc, char **argv, struct err *err)
{
	if (strcmp(argv[0], "check") == 0)
		return check(api, err);
	if (strcmp(argv[0], "export") == 0)
		return export(api, err);
	if (strcmp(argv[0], "log") == 0)
		return post_log(api, err);
	return state(api, argc - 1, argv + 1, err);
}

int
main(int argc, char **argv)
{
	const char *owner = getenv("TC_OWNER"), *params_file = NULL;
	struct params *params = NULL;
	struct api api = { NULL };
	struct err err = { 0 };
	int c, code;

	tool_start(&tool);
	if (owner != NULL && *owner == '\0')
		owner = NULL;
	while ((c = getopt_long(argc, argv, "+hV", longs, NULL)) != -1) {
		switch (c) {
		case OPT_OWNER: owner = optarg; break;
		case OPT_PARAMS: params_file = optarg; break;
		default: tool_option(&tool, c);
		}
	}
	argc -= optind;
	argv += optind;
	if (!known(argc, argv))
		tool_usage(&tool, argc == 0 ? "what is to be done?" : "'%s' with these arguments is nothing we know", argv[0]);
	watch_signals();
	out_init(&api.out, STDOUT_FILENO, "standard output", 65536);
	if (params_load(&params, params_file, &err) == 0) {
		api.owner = owner != NULL ? owner : params_get(params, "tc_owner");
		if (session_open(&api.session, params, &stop, &err) == 0)
			(void)(perform(&api, argc, argv, &err) == 0);
	}
	out_flush(&api.out);
	if (stop)
		err_set(&err, REASON_TEMPORARY, "stopped by signal %d", stop);
	else if (err.reason == REASON_NONE)
		(void)(out_error(&api.out, &err) == 0);
	code = tool_end(&tool, &err, NULL);
	session_close(api.session);
	params_free(params);
	out_release(&api.out);
	return code;
}
