#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "mask.h"
#include "text.h"

#define LINE_MAX_BYTES 2048
#define PROGRESS_EVERY_NS 200000000LL
#define WIPE "\r\033[K"

static const char *log_name = "tcfeed";
static enum log_level log_level = LOG_INFO;
static int log_fd = -1;			/* TC_LOG_FILE */
static bool progress_shown;
static bool on_stdout;			/* what is wanted stands on the terminal itself */

static const char *const level_word[] = { "trace", "debug", "info", "warning", "error", "critical" };
static const char *const level_upper[] = { "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL" };

void
log_open(const char *name)
{
	const char *word, *file;

	log_name = name;
	word = getenv("TC_LOG_LEVEL");
	if (word != NULL && *word != '\0' && log_level_parse(word, &log_level) == -1)
		log_warning("TC_LOG_LEVEL '%s' is no level, info is used", word);
	file = getenv("TC_LOG_FILE");
	if (file != NULL && *file != '\0') {
		log_fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (log_fd == -1)
			log_warning("cannot open log file %s: %m", file);
	}
}

int
log_level_parse(const char *word, enum log_level *level)
{
	size_t i;

	if (strcasecmp(word, "warn") == 0)
		word = "warning";
	for (i = 0; i < sizeof(level_word) / sizeof(level_word[0]); i++) {
		if (strcasecmp(word, level_word[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

void
log_set_level(enum log_level level)
{
	log_level = level;
}

bool
log_at(enum log_level level)
{
	return level >= log_level;
}

static void
put(int fd, const char *line, size_t len)
{
	ssize_t n = write(fd, line, len);

	(void)n;	/* a log that cannot be written never changes a result */
}

/* The platform's form: "YYYY-MM-DD HH:MM:SS,mmm - name - LEVEL    - message". */
static void
to_file(enum log_level level, const char *text)
{
	char line[LINE_MAX_BYTES + 128];
	struct timespec now;
	struct tm tm;
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = snprintf(line, sizeof(line), "%04d-%02d-%02d %02d:%02d:%02d,%03ld - %s - %-8s - %s (pid:%ld)\n",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    now.tv_nsec / 1000000, log_name, level_upper[level], text, (long)getpid());
	if (n > 0)
		put(log_fd, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* Escape sequences are understood there. Asked once: stderr stays what it is. */
static bool
is_terminal(void)
{
	static int terminal = -1;
	const char *term = getenv("TERM");

	if (terminal == -1)
		terminal = isatty(STDERR_FILENO) && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
	return terminal;
}

void
log_event(enum log_level level, const char *fmt, ...)
{
	char raw[LINE_MAX_BYTES], safe[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 64];
	const char *wipe;
	va_list ap;
	int n;

	if (!log_at(level))
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	mask_apply(raw);
	text_safe(safe, sizeof(safe), raw, strlen(raw));
	/* the progress that stands there may be that of another stage of the pipe */
	wipe = is_terminal() && !on_stdout ? WIPE : "";
	progress_shown = false;
	if (level == LOG_INFO)
		n = snprintf(line, sizeof(line), "%s%s: %s\n", wipe, log_name, safe);
	else
		n = snprintf(line, sizeof(line), "%s%s: %s: %s\n", wipe, log_name, level_word[level], safe);
	if (n > 0)
		put(STDERR_FILENO, line, (size_t)n);
	if (log_fd != -1)
		to_file(level, safe);
}

void
log_secret(const char *bytes, size_t len)
{
	mask_add(bytes, len);
}

void
log_mask(char *text)
{
	mask_apply(text);
}

/* What fits into a row and leaves its last column free: a row that wraps cannot be wiped. */
static size_t
row(const char *text)
{
	struct winsize w = { 0 };
	size_t columns = 80;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		columns = w.ws_col;
	return text_first(text, strlen(text), columns - 1);
}

void
log_progress(const char *fmt, ...)
{
	static long long last;
	char raw[256], safe[256], line[300];
	struct timespec now;
	long long ns;
	va_list ap;
	int n;

	if (on_stdout || log_level > LOG_INFO || !is_terminal())
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = now.tv_sec * 1000000000LL + now.tv_nsec;
	if (progress_shown && ns - last < PROGRESS_EVERY_NS)
		return;
	last = ns;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	mask_apply(raw);
	text_safe(safe, sizeof(safe), raw, strlen(raw));
	n = snprintf(line, sizeof(line), WIPE "%s: %s", log_name, safe);
	if (n > 0)
		put(STDERR_FILENO, line, strlen(WIPE) + row(line + strlen(WIPE)));
	progress_shown = true;
}

void
log_progress_end(void)
{
	if (!progress_shown)
		return;
	progress_shown = false;
	put(STDERR_FILENO, WIPE, strlen(WIPE));
}

void
log_progress_makes_way(int fd)
{
	static int terminal = -1;

	if (fd != STDOUT_FILENO || on_stdout)
		return;
	if (terminal == -1)
		terminal = isatty(STDOUT_FILENO);
	if (!terminal)
		return;
	log_progress_end();
	on_stdout = true;
}

void
log_out_of_memory(void)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s: critical: out of memory reason=temporary\n", log_name);

	if (n > 0)
		put(STDERR_FILENO, line, (size_t)n);
}
