/*
 * tc-params: what an administrator set, out of the platform's transports,
 * checked and handed to the stages without ever standing in an argument.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "feed.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "params.h"
#include "params_environment.h"
#include "params_gather.h"
#include "params_message.h"
#include "params_names.h"
#include "params_output.h"
#include "params_set.h"
#include "tool.h"
#include "xmalloc.h"

/* The descriptor given on stands above those that shells use for themselves and for redirections. */
#define FIRST_DESCRIPTOR 20

static struct tool tool = {
	.name = "tc-params",
	.synopsis =
	    "tc-params [-hV] [-o file] [--install file] [--job] [--name value ...] [-- command [argument ...]]\n"
	    "       tc-params get [--params file] [--shell] name ...\n"
	    "       tc-params message --dir directory [--out directory]\n"
	    "       tc-params feed feed\n"
	    "       tc-params log level text",
	.help =
	    "  -o, --output FILE    write the parameters there (mode 0600)\n"
	    "      --install FILE   the install.json that declares them (default: beside the program)\n"
	    "      --job            as the head of a job: a failure is told in message.tc and exits 1\n"
	    "      --log-level L    trace, debug, info, warning, error, critical (info)\n"
	    "      --stats FILE     write what was done as JSON\n"
	    "  -h, --help           this text\n"
	    "  -V, --version        the version\n"
	    "\n"
	    "From the first other argument on, --name value, --name=value and --name are parameters; --config FILE among them\n"
	    "names a JSON object with more (mode 0600). With a command, it is executed with the parameters in the descriptor\n"
	    "TC_PARAMS_FD. Without -o and command they are shown, secrets as ***.\n",
};

struct options {
	const char	*output, *install;
	bool		 job;
	char		**command;	/* NULL: none */
	char		**arg;		/* the parameters among the arguments */
	int		 narg;
};

/* "--name value" or "--name=value" of an option of ours; NULL where arg is another. */
static const char *
own_value(const char *name, int argc, char **argv, int *i)
{
	size_t len = strlen(name);

	if (strncmp(argv[*i], name, len) != 0)
		return NULL;
	if (argv[*i][len] == '=')
		return argv[*i] + len + 1;
	if (argv[*i][len] != '\0')
		return NULL;
	if (*i + 1 >= argc)
		tool_usage(&tool, "%s needs a value", name);
	return argv[++*i];
}

/*
 * Our options stand first; the first argument that is none of them begins the
 * parameters, whose values may look like anything.
 */
static void
read_options(struct options *o, int argc, char **argv)
{
	const char *v;
	int i;

	memset(o, 0, sizeof(*o));
	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			tool_option(&tool, 'h');
		} else if (strcmp(argv[i], "-V") == 0 || strcmp(argv[i], "--version") == 0) {
			tool_option(&tool, 'V');
		} else if (strcmp(argv[i], "--job") == 0) {
			o->job = true;
		} else if ((v = own_value("-o", argc, argv, &i)) != NULL || (v = own_value("--output", argc, argv, &i)) != NULL) {
			o->output = v;
		} else if ((v = own_value("--install", argc, argv, &i)) != NULL) {
			o->install = v;
		} else if ((v = own_value("--stats", argc, argv, &i)) != NULL) {
			tool.stats_file = v;
		} else if ((v = own_value("--log-level", argc, argv, &i)) != NULL) {
			optarg = (char *)v;
			tool_option(&tool, TOOL_OPT_LOG_LEVEL);
		} else
			break;
	}
	o->arg = argv + i;
	while (i < argc && strcmp(argv[i], "--") != 0) {
		i++;
		o->narg++;
	}
	if (i < argc) {
		o->command = argv + i + 1;
		if (*o->command == NULL)
			tool_usage(&tool, "a command is missing behind --");
	}
}

/* The level may be a default, which the check has filled in. */
static void
apply_level(const struct pset *set)
{
	const char *word = pset_get(set, "tc_log_level");
	enum log_level level;

	if (word == NULL || log_level_parse(word, &level) == -1)
		return;
	setenv("TC_LOG_LEVEL", word, 1);
	log_set_level(level);
}

/* Level and file of the log, for us from here on and for what is executed. */
static void
apply_log(const struct pset *set)
{
	const char *dir = pset_get(set, "tc_log_path");
	const char *name = pset_get(set, "tc_log_file");
	char file[PATH_MAX];

	if (dir != NULL && snprintf(file, sizeof(file), "%s/%s", dir,
	    name != NULL && strchr(name, '/') == NULL ? name : "app.log") < (int)sizeof(file))
		setenv("TC_LOG_FILE", file, 1);
	log_open(tool.name);
	apply_level(set);
}

/* "Acme Feed" 1.2.0 is AcmeFeed/1.2.0 to the hosts we talk to (runtime-app.md section 7). */
static void
apply_user_agent(const struct install *in)
{
	char agent[160];
	size_t n = 0;
	const char *c;

	for (c = in->display_name; *c != '\0' && n < 100; c++)
		if ((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || strchr("-._", *c) != NULL)
			agent[n++] = *c;
	snprintf(agent + n, sizeof(agent) - n, "/%.40s", in->version);
	setenv("TC_USER_AGENT", agent, 0);
}

/* The start-up lines of runtime-app.md section 9; of the parameters only those on a list. */
static void
announce(const struct pset *set)
{
	static const char *const fit[] = {
		"tc_owner", "tc_log_level", "feed", "indicator_types", "last_run", "removals", "state", "time_limit", "replay"
	};
	const struct install *in = set->install;
	const char *proxy = pset_get(set, "tc_proxy_host"), *value;
	struct utsname u;
	size_t i;

	if (uname(&u) == -1)
		return;
	log_info("%s %s, features %s, minimum server version %s, runtime level %s, %s %s, pid %ld", in->display_name,
	    in->version, in->features, in->min_server, in->runtime_level, u.sysname, u.machine, (long)getpid());
	for (i = 0; i < sizeof(fit) / sizeof(fit[0]); i++)
		if ((value = pset_get(set, fit[i])) != NULL && !pset_find(set, fit[i])->secret)
			log_info("parameter %s = %.200s", fit[i], value);
	if (proxy != NULL)
		log_info("proxy %s:%s%s, for the platform: %s, for feeds: %s", proxy, pset_get(set, "tc_proxy_port"),
		    pset_get(set, "tc_proxy_username") != NULL ? " with credentials" : "",
		    pset_get(set, "tc_proxy_tc") != NULL ? "yes" : "no", pset_get(set, "tc_proxy_external") != NULL ? "yes" : "no");
}

/* Puts the object into an unlinked file and executes the command with it. Returns only on failure. */
static int
execute(const struct pset *set, const struct buf *json, char **command, struct err *err)
{
	const char *temp = pset_get(set, "tc_temp_path");
	char number[16];
	int fd, high;

	if (temp != NULL)
		setenv("TC_TEMP_PATH", temp, 1);
	if ((fd = io_spool(err)) == -1)
		return -1;
	if (io_write_all(fd, json->bytes, json->len) == -1)
		return err_set(err, REASON_STATE, "cannot write the parameters: %m");
	/* a new descriptor has no O_CLOEXEC: this one is meant to be inherited */
	high = fcntl(fd, F_DUPFD, FIRST_DESCRIPTOR);
	if (high == -1)
		return err_set(err, REASON_STATE, "cannot give the parameters on: %m");
	snprintf(number, sizeof(number), "%d", high);
	setenv("TC_PARAMS_FD", number, 1);
	params_clean_environment();
	execvp(command[0], command);
	return err_set(err, REASON_USAGE, "cannot execute %s: %m", command[0]);
}

static int
hand_on(const struct options *o, const struct pset *set, struct err *err)
{
	struct buf json;
	int rc;

	buf_init(&json, 8 * LIMIT_PARAMS);
	if (pset_print(set, o->output == NULL && o->command == NULL, &json) == -1)
		rc = err_set(err, REASON_USAGE, "the parameters are too long");
	else if (o->output != NULL && io_replace_file(o->output, json.bytes, json.len, err) == -1)
		rc = -1;
	else if (o->command != NULL)
		rc = execute(set, &json, o->command, err);
	else {
		rc = o->output == NULL && io_write_all(STDOUT_FILENO, json.bytes, json.len) == -1 ?
		    err_set(err, REASON_STATE, "cannot write standard output: %m") : 0;
	}
	explicit_bzero(json.bytes, json.len);
	buf_release(&json);
	return rc;
}

/* The head of a job must leave a message even where it gets no further, and 1 is the platform's word for it. */
static int
job_failed(const struct pset *set, const struct err *err)
{
	char text[1024];
	struct err why;

	snprintf(text, sizeof(text), "failed: %s", err->text);
	if (output_message(pset_get(set, "tc_out_path"), text, &why) == -1)
		log_error("%s", why.text);
	return 1;
}

static int
cmd_collect(int argc, char **argv)
{
	struct err err = { 0 };
	struct install *install = NULL;
	struct options o;
	struct pset set;
	int code;

	read_options(&o, argc, argv);
	pset_init(&set, NULL);
	if (gather_install(&install, o.install, &err) == 0) {
		set.install = install;
		if (gather(&set, o.narg, o.arg, &err) == 0) {
			apply_log(&set);
			if (pset_check(&set, &err) == 0) {
				apply_level(&set);
				if (o.job && install != NULL) {
					apply_user_agent(install);
					announce(&set);
				}
				stats_set(tool.stats, "parameters", (long long)set.n);
				if (hand_on(&o, &set, &err) == -1)
					log_debug("nothing was handed on");
			}
		}
	}
	code = tool_end(&tool, &err, NULL);
	if (o.job && code != 0)
		code = job_failed(&set, &err);
	pset_release(&set);
	install_free(install);
	return code;
}

/* name='value' as a shell reads it back. */
static int
add_shell(struct buf *out, const char *name, const char *value)
{
	if (buf_addz(out, name) == -1 || buf_addz(out, "='") == -1)
		return -1;
	for (; *value != '\0'; value++)
		if ((*value == '\'' ? buf_addz(out, "'\\''") : buf_addc(out, *value)) == -1)
			return -1;
	return buf_addz(out, "'\n");
}

static bool
is_word(const char *name)
{
	return *name != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) &&
	    (*name < '0' || *name > '9');
}

static int
get_one(const struct params *p, const char *name, bool shell, struct buf *out, struct err *err)
{
	const char *value = params_get(p, name);

	if (!is_word(name))
		return err_set(err, REASON_USAGE, "'%.80s' is no parameter's name", name);
	if (params_secret(p, name))
		return err_set(err, REASON_USAGE, "parameter %s is a secret and is not shown", name);
	if (value == NULL)
		value = "";
	if (shell ? add_shell(out, name, value) : (buf_addz(out, value) == -1 || buf_addc(out, '\n') == -1) ? -1 : 0)
		return err_set(err, REASON_USAGE, "the values are too long");
	return 0;
}

static int
cmd_get(int argc, char **argv)
{
	static const struct option option[] = {
		TOOL_OPTIONS,
		{ "params", required_argument, NULL, 'p' },
		{ "shell", no_argument, NULL, 's' },
		{ 0 }
	};
	struct err err = { 0 };
	struct params *p = NULL;
	const char *file = NULL;
	bool shell = false;
	struct buf out;
	int c, code;

	while ((c = getopt_long(argc, argv, "+hV", option, NULL)) != -1) {
		if (c == 'p')
			file = optarg;
		else if (c == 's')
			shell = true;
		else
			tool_option(&tool, c);
	}
	if (optind == argc)
		tool_usage(&tool, "get needs the name of a parameter");
	buf_init(&out, LIMIT_PARAMS);
	if (params_load(&p, file, &err) == 0) {
		for (; optind < argc; optind++)
			if (get_one(p, argv[optind], shell, &out, &err) == -1)
				break;
		if (err.reason == REASON_NONE && io_write_all(STDOUT_FILENO, out.bytes, out.len) == -1)
			err_set(&err, REASON_STATE, "cannot write standard output: %m");
	}
	code = tool_end(&tool, &err, NULL);
	params_free(p);
	buf_release(&out);
	return code;
}

static int
cmd_message(int argc, char **argv)
{
	static const struct option option[] = {
		TOOL_OPTIONS,
		{ "dir", required_argument, NULL, 'd' },
		{ "out", required_argument, NULL, 'o' },
		{ 0 }
	};
	const char *dir = NULL, *out = NULL;
	char line[MESSAGE_BYTES + 1];
	struct err err = { 0 };
	struct buf text;
	int c;

	while ((c = getopt_long(argc, argv, "+hV", option, NULL)) != -1) {
		if (c == 'd')
			dir = optarg;
		else if (c == 'o')
			out = optarg;
		else
			tool_option(&tool, c);
	}
	if (dir == NULL || optind != argc)
		tool_usage(&tool, "message needs --dir and nothing else");
	buf_init(&text, 4096);
	if (message_of(dir, &text, &err) == 0) {
		output_message_line(text.bytes, line);
		if (out != NULL ? output_message(*out != '\0' ? out : NULL, text.bytes, &err) == -1 :
		    io_write_all(STDOUT_FILENO, line, strlen(line)) == -1)
			if (out == NULL)
				err_set(&err, REASON_STATE, "cannot write standard output: %m");
		line[strcspn(line, "\n")] = '\0';
		if (out != NULL)
			log_event(message_failed(dir) ? LOG_ERROR : LOG_INFO, "%s", line);
	}
	buf_release(&text);
	return tool_end(&tool, &err, NULL);
}

/* What run.sh needs of a definition, which is checked whole: a job ends before it has begun where it is broken. */
static int
cmd_feed(int argc, char **argv)
{
	static const struct option option[] = {
		TOOL_OPTIONS,
		{ 0 }
	};
	struct err err = { 0 };
	struct feed *feed;
	struct buf out;
	int c, code;

	while ((c = getopt_long(argc, argv, "+hV", option, NULL)) != -1)
		tool_option(&tool, c);
	if (optind + 1 != argc)
		tool_usage(&tool, "feed needs one definition");
	buf_init(&out, LIMIT_PARAMS);
	if (feed_load(&feed, argv[optind], &err) == 0) {
		if (add_shell(&out, "feed_id", feed->id) == -1 || add_shell(&out, "feed_name", feed->name) == -1)
			err_set(&err, REASON_USAGE, "the names are too long");
		else if (io_write_all(STDOUT_FILENO, out.bytes, out.len) == -1)
			err_set(&err, REASON_STATE, "cannot write standard output: %m");
		feed_free(feed);
	}
	code = tool_end(&tool, &err, NULL);
	buf_release(&out);
	return code;
}

static int
cmd_log(int argc, char **argv)
{
	enum log_level level;

	if (argc != 3 || log_level_parse(argv[1], &level) == -1)
		tool_usage(&tool, "log needs a level and one text");
	log_open("run.sh");
	log_event(level, "%s", argv[2]);
	return 0;
}

int
main(int argc, char **argv)
{
	tool_start(&tool);
	if (argc > 1 && strcmp(argv[1], "get") == 0)
		return cmd_get(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "message") == 0)
		return cmd_message(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "feed") == 0)
		return cmd_feed(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "log") == 0)
		return cmd_log(argc - 1, argv + 1);
	return cmd_collect(argc, argv);
}
