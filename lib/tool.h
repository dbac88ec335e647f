/*
 * What every command does at its start and end, said once.
 *
 * A main() is: tool_start(), getopt_long() over its own options merged with
 * TOOL_OPTIONS, the work, return tool_end(...).
 *
 * tool_start(): closed descriptors 0-2 are opened on /dev/null, umask 077, no
 * core dumps, SIGPIPE ignored (a reader that goes away is EPIPE, exit 1).
 *
 * Ownership: the caller's struct, strings and all; stats are freed by
 * tool_end(). Errors do not come back from here: tool_option() and tool_usage()
 * end the process, which is for a main() alone to ask for.
 */
#ifndef TC_TOOL_H
#define TC_TOOL_H

#include <getopt.h>

#include "err.h"
#include "stats.h"

/* Options all commands share; values above 255 so that a tool may use any letter. */
enum { TOOL_OPT_LOG_LEVEL = 1000, TOOL_OPT_STATS };
#define TOOL_OPTIONS \
	{ "help", no_argument, NULL, 'h' }, \
	{ "version", no_argument, NULL, 'V' }, \
	{ "log-level", required_argument, NULL, TOOL_OPT_LOG_LEVEL }, \
	{ "stats", required_argument, NULL, TOOL_OPT_STATS }

struct tool {
	const char	*name;
	const char	*synopsis;	/* equals the man page's SYNOPSIS, lines joined by \n */
	const char	*help;		/* options, one a line; printed by -h after the synopsis */
	struct stats	*stats;		/* --stats and the summary line; made by tool_start() */
	const char	*stats_file;	/* private */
};

void	 tool_start(struct tool *);

/*
 * Deals with an option of TOOL_OPTIONS or an unknown one: -h and -V print to
 * stdout and exit 0; '?' and ':' print the synopsis to stderr and exit 2.
 */
void	 tool_option(struct tool *, int c);

/* "tc-x: error: why", the synopsis, exit 2. */
_Noreturn void tool_usage(struct tool *, const char *fmt, ...) TC_PRINTF(2, 3);

/*
 * The end of a stage: logs err (at error, if its reason is not NONE), then the
 * one summary line at info: the text of summary (may be NULL) and reason=WORD
 * if there is one; writes --stats with "exit" and "reason"; returns the exit code.
 */
int	 tool_end(struct tool *, const struct err *, const char *summary);

#endif
