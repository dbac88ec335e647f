#include "params_output.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "log.h"
#include "text.h"

void
output_message_line(const char *text, char *out)
{
	char raw[2048], safe[4096];
	size_t len;

	snprintf(raw, sizeof(raw), "%s", text);
	log_mask(raw);
	text_safe(safe, sizeof(safe), raw, strlen(raw));
	len = strlen(safe);
	if (len > MESSAGE_BYTES - 1) {
		len = text_cut(safe, len, MESSAGE_BYTES - 1 - 3);
		memcpy(safe + len, "...", 4);
		len += 3;
	}
	memcpy(out, safe, len);
	memcpy(out + len, "\n", 2);
}

int
output_message(const char *dir, const char *text, struct err *err)
{
	char line[MESSAGE_BYTES + 1], file[PATH_MAX];
	struct err why = { 0 };

	output_message_line(text, line);
	if (dir != NULL && access(dir, W_OK) == 0 && snprintf(file, sizeof(file), "%s/message.tc", dir) < (int)sizeof(file)) {
		if (io_replace_file(file, line, strlen(line), &why) == 0)
			return 0;
		log_warning("%s: it is left in the current directory", why.text);
	}
	return io_replace_file("./message.tc", line, strlen(line), err);
}
