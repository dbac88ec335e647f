/*
 * What a stage has to say: one line an event, one write(2) a line.
 *
 * On stderr a line reads "tc-map: warning: text" ("tc-map: text" at info).
 * With TC_LOG_FILE set, the same event is also appended there in the
 * platform's app.log form (runtime-app.md section 9). A log that cannot be
 * written never changes a result. Levels: TC_LOG_LEVEL or --log-level;
 * default info on stderr. Several processes may append to one file.
 *
 * Every text is made safe (text_safe) and masked: what log_secret() was told
 * is replaced by *** in every sink, in plain, base64 and percent-encoded form.
 *
 * Ownership: texts are copied where they are kept, but for the command's name.
 * Nothing here fails: what cannot be logged is not.
 */
#ifndef TC_LOG_H
#define TC_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_CRITICAL };

/* Once, before anything else: name is the command's and is not copied. Reads TC_LOG_LEVEL and TC_LOG_FILE. */
void	 log_open(const char *name);

/* -1 where the word is no level (any case; "warn" and "trace" are taken). */
int	 log_level_parse(const char *word, enum log_level *level);
void	 log_set_level(enum log_level);
bool	 log_at(enum log_level);		/* would an event of this level be seen anywhere? */

void	 log_event(enum log_level, const char *fmt, ...) TC_PRINTF(2, 3);
#define log_critical(...)	log_event(LOG_CRITICAL, __VA_ARGS__)
#define log_error(...)		log_event(LOG_ERROR, __VA_ARGS__)
#define log_warning(...)	log_event(LOG_WARNING, __VA_ARGS__)
#define log_info(...)		log_event(LOG_INFO, __VA_ARGS__)
#define log_debug(...)		log_event(LOG_DEBUG, __VA_ARGS__)
#define log_trace(...)		log_event(LOG_TRACE, __VA_ARGS__)

/*
 * Registers a secret (copied; shorter than 4 bytes is ignored, since masking
 * it would eat ordinary text). Call for every credential before first use.
 */
void	 log_secret(const char *bytes, size_t len);

/* Replaces every registered secret in the NUL-terminated text by ***, in place: it only gets shorter. */
void	 log_mask(char *text);

/*
 * Progress of long work, shown on stderr only where that is a terminal, one
 * row of it, rewritten in place a few times a second; not where events of
 * info are not seen. log_progress_end() clears it.
 */
void	 log_progress(const char *fmt, ...) TC_PRINTF(1, 2);
void	 log_progress_end(void);
/* Before bytes go to fd: where that is stdout and a terminal, what stands there is left alone from now on. */
void	 log_progress_makes_way(int fd);

void	 log_out_of_memory(void);	/* allocates nothing */

#endif
