/*
 * Bytes in and out of a stage.
 *
 * struct out is a buffered writer that remembers its first failure, so a loop
 * may write without looking and ask once. A reader that went away (EPIPE) is
 * told from a full disk: out_error() says which, with the right reason.
 *
 * Ownership: the caller owns structs and descriptors; struct out owns its
 * buffer until out_release(), and what io_slurp() gives is freed with free(3).
 * Units: bytes. Errors: -1, with errno or with err as each line says; err:
 * USAGE for a name that cannot be right (missing, a directory, too long, a file
 * past max), STATE for what the system refuses.
 */
#ifndef TC_IO_H
#define TC_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct out {
	int	 fd;
	char	*bytes;		/* private */
	size_t	 len, cap;
	int	 error;		/* errno of the first failure, 0 while all is well */
	uint64_t total;		/* bytes taken, written or not */
	const char *name;	/* for messages: "standard output" or the file; not copied */
};

void	 out_init(struct out *, int fd, const char *name, size_t cap);
void	 out_write(struct out *, const char *bytes, size_t len);
void	 out_puts(struct out *, const char *text);
int	 out_flush(struct out *);			/* -1 once anything has failed */
/* Fills err: EPIPE "the reader of standard output went away", else "cannot write X: ..."; -1 if it failed, else 0. */
int	 out_error(const struct out *, struct err *) TC_MUST_CHECK;
void	 out_release(struct out *);			/* frees; does not flush or close */

/* read(2) again on EINTR; -1 with errno. */
ssize_t	 io_read(int fd, char *to, size_t len);
/* All len bytes, short writes and EINTR taken care of; -1 with errno. */
int	 io_write_all(int fd, const char *bytes, size_t len) TC_MUST_CHECK;

/* A whole regular file, at most max bytes; caller frees *bytes, NUL-terminated. "-" is stdin. */
int	 io_slurp(const char *file, size_t max, char **bytes, size_t *len, struct err *) TC_MUST_CHECK;

/* New file beside it (0600), fsync, rename, fsync of the directory. Devices and pipes are written in place. */
int	 io_replace_file(const char *file, const char *bytes, size_t len, struct err *) TC_MUST_CHECK;

/* Opens for reading: "-" is stdin (not to be closed); directories are refused. -1 with err. */
int	 io_open_input(const char *file, struct err *) TC_MUST_CHECK;

/* An unlinked 0600 file in TMPDIR (or tc_temp_path, or /tmp) for spooling; -1 with err. */
int	 io_spool(struct err *) TC_MUST_CHECK;
/* len bytes at off, wherever the file's own position is. */
int	 io_spool_write(int fd, const void *bytes, size_t len, uint64_t off, struct err *) TC_MUST_CHECK;
/* As many of len as there are, at least need. */
int	 io_spool_read(int fd, void *to, size_t len, size_t need, uint64_t off, struct err *) TC_MUST_CHECK;
/* All of it to standard output. */
int	 io_spool_print(int fd, struct err *) TC_MUST_CHECK;

/*
 * $XDG_STATE_HOME/tcfeed (or ~/.local/state/tcfeed), or $TC_STATE_DIR as it
 * stands; made 0700 if missing. Refuses a directory that is a symbolic link,
 * another user's, or writable for group or others. Fills path.
 */
int	 io_state_dir(char *path, size_t size, struct err *) TC_MUST_CHECK;

#endif
