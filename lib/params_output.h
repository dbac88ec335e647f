/*
 * The files the platform reads after a run (runtime-app.md section 8).
 *
 * Ownership: texts and out are the caller's. Units: bytes. Errors: -1 with err
 * (STATE): the message could be left nowhere.
 */
#ifndef TC_PARAMS_OUTPUT_H
#define TC_PARAMS_OUTPUT_H

#include "err.h"

#define MESSAGE_BYTES 255	/* of message.tc, newline included; TcEx keeps the last 255 */

/*
 * Makes text one line of at most MESSAGE_BYTES bytes with its newline: masked,
 * no control characters, cut at a character boundary. out takes MESSAGE_BYTES + 1.
 */
void	 output_message_line(const char *text, char *out);

/* message.tc in dir, or in the current directory where dir is NULL or cannot be written. */
int	 output_message(const char *dir, const char *text, struct err *) TC_MUST_CHECK;

#endif
