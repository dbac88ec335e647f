/* lock: runs a command under the feed's lock, which the command and its children inherit. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta.h"

int
delta_lock(struct delta *d, struct err *err)
{
	char **command = d->argv, number[16], id[9];
	const char *run = getenv("TC_RUN_ID");

	if (*command != NULL && strcmp(*command, "--") == 0)
		command++;
	if (*command == NULL)
		return err_set(err, REASON_USAGE, "lock needs a command: tc-delta lock FEED -- COMMAND ARG...");
	if (run == NULL || *run == '\0') {
		lock_run_id(id);
		setenv("TC_RUN_ID", id, 1);
		run = id;
	}
	if (lock_take(&d->lock, d->dir, d->feed->id, run, err) == -1)
		return -1;
	if (fcntl(d->lock.fd, F_SETFD, 0) == -1)
		return err_set(err, REASON_STATE, "cannot hand on the lock: %s", strerror(errno));
	snprintf(number, sizeof(number), "%d", d->lock.fd);
	setenv("TC_LOCK_FD", number, 1);
	execvp(*command, command);
	return err_set(err, REASON_USAGE, "cannot run %s: %s", *command, strerror(errno));
}
