/*
 * Secrets that must not leave the process, and their disguises.
 *
 * mask_add() copies the secret and derives its base64 forms (at each of the
 * three alignments, as part of a longer encoded text) and its percent-encoded
 * form. mask_apply() replaces each occurrence by ***. One list a process.
 *
 * Ownership: the copies are kept for the life of the process. Nothing can fail;
 * a secret shorter than 4 bytes, or one with a NUL in it, is not masked.
 */
#ifndef TC_MASK_H
#define TC_MASK_H

#include <stddef.h>

void	 mask_add(const char *bytes, size_t len);	/* under 4 bytes: ignored */
void	 mask_apply(char *text);			/* in place; text never grows */

#endif
