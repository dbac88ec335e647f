#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "version.h"

void
tool_start(struct tool *t)
{
	struct rlimit none = { 0, 0 };
	int fd;

	/* a closed 0, 1 or 2 would be taken by the next file opened: data into a state file */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	log_open(t->name);
	t->stats = stats_new();
}

void
tool_option(struct tool *t, int c)
{
	enum log_level level;

	switch (c) {
	case 'h':
		printf("usage: %s\n\n%s", t->synopsis, t->help);
		exit(fflush(stdout) == 0 ? 0 : 1);
	case 'V':
		printf("%s %s\n", t->name, TC_VERSION);
		exit(fflush(stdout) == 0 ? 0 : 1);
	case TOOL_OPT_LOG_LEVEL:
		if (log_level_parse(optarg, &level) == -1)
			tool_usage(t, "--log-level takes trace, debug, info, warning, error or critical, not '%s'", optarg);
		log_set_level(level);
		return;
	case TOOL_OPT_STATS:
		t->stats_file = optarg;
		return;
	default:
		/* getopt has said which option it was */
		fprintf(stderr, "usage: %s\n", t->synopsis);
		exit(2);
	}
}

void
tool_usage(struct tool *t, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("%s", text);
	fprintf(stderr, "usage: %s\n", t->synopsis);
	exit(2);
}

int
tool_end(struct tool *t, const struct err *err, const char *summary)
{
	int code = reason_exit(err->reason);
	struct err why;

	log_progress_end();
	if (err->reason != REASON_NONE && err->text[0] != '\0') {
		if (code == 3)
			log_warning("%s", err->text);
		else
			log_error("%s", err->text);
	}
	stats_set(t->stats, "exit", code);
	stats_set_text(t->stats, "reason", reason_name(err->reason));
	if (err->text[0] != '\0')
		stats_set_text(t->stats, "message", err->text);
	if (summary != NULL || code != 0)
		log_info("%s%s%s%s", summary != NULL ? summary : "ended",
		    err->reason != REASON_NONE ? " reason=" : "", reason_name(err->reason), "");
	if (t->stats_file != NULL && stats_write(t->stats, t->stats_file, &why) == -1) {
		log_error("%s", why.text);
		if (code == 0)
			code = 1;
	}
	stats_free(t->stats);
	t->stats = NULL;
	return code;
}
