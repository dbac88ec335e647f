/* A definition from anybody: loaded or refused with a sentence, never more. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feed.h"
#include "log.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct feed *f;
	const char **param;
	char name[64];
	int fd, i;

	log_set_level(LOG_CRITICAL);
	fd = memfd_create("feed", MFD_CLOEXEC);
	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (feed_load(&f, name, &err) == 0) {
		if (strlen(f->id) == 0 || strlen(f->map_hash) != 64 || f->ignore == NULL)
			abort();
		param = feed_map_params(f);
		for (i = 0; param[i] != NULL; i++)
			if (strlen(param[i]) > size)
				abort();
		free(param);
		feed_free(f);
	} else if (err.reason != REASON_USAGE || err.text[0] == '\0')
		abort();
	close(fd);
	return 0;
}
