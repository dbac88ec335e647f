/*
 * Small questions about text that several rooms ask.
 *
 * Everything works on counted bytes; nothing here allocates.
 *
 * Units: bytes, where "characters" or "code points" is not said. Nothing can
 * fail but by its result: a length of 0, false, or a text that was cut.
 */
#ifndef TC_TEXT_H
#define TC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies text into out (size bytes, NUL included) so that it can stand in a
 * log line, a message or on a terminal: control bytes, DEL, C1 controls,
 * bidirectional overrides and bytes that are not UTF-8 become \xNN or
 * \u{NNNN}; what does not fit ends in "...". Returns the length written.
 */
size_t	 text_safe(char *out, size_t size, const char *text, size_t len);

/*
 * Length of the UTF-8 character at text (1 to 4), or 0 where the bytes are no
 * character: overlong, surrogate, above U+10FFFF or cut. *cp may be NULL.
 */
size_t	 text_utf8(const char *text, size_t len, uint32_t *cp);

/* Offset of the first byte that is not valid UTF-8, or len. */
size_t	 text_utf8_span(const char *text, size_t len);

/* Writes cp as UTF-8 into out (4 bytes), returns the length. */
size_t	 text_utf8_put(char out[4], uint32_t cp);

/* Length of the longest prefix of at most max bytes that ends on a character boundary. */
size_t	 text_cut(const char *text, size_t len, size_t max);

/* Length in bytes of the first n characters (code points), or len. */
size_t	 text_first(const char *text, size_t len, size_t n);

size_t	 text_chars(const char *text, size_t len);	/* code points */

bool	 text_is_space(uint32_t cp);	/* Unicode's White_Space: no-break and other blanks of vendors' spreadsheets too */

bool	 text_eq(const char *text, size_t len, const char *word);	/* byte for byte */
bool	 text_eq_nocase(const char *text, size_t len, const char *word);	/* ASCII */

bool	 text_is_sha256(const char *text);	/* 64 lower-case hexadecimal digits, no more */

/* Lower-case hexadecimal; out takes 2*len+1 bytes. */
void	 text_hex(char *out, const unsigned char *bytes, size_t len);

#endif
