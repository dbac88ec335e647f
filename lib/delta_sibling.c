#include "delta_sibling.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "xmalloc.h"

struct siblings {
	struct state	*state;
	size_t		 n;
	bool		 unreadable;
};

struct siblings *
siblings_open(struct delta *d)
{
	struct siblings *s = xcalloc(1, sizeof(*s));
	const char *own = strrchr(d->state.path, '/') + 1, *suffix;
	struct dirent *e;
	struct err err;
	char feed[80];
	size_t len, tail;
	DIR *dir;

	/* FEED.OWNERHASH.state: the same ending, another beginning */
	suffix = own + strlen(d->feed->id);
	tail = strlen(suffix);
	if ((dir = opendir(d->dir)) == NULL) {
		s->unreadable = true;
		return s;
	}
	while ((e = readdir(dir)) != NULL) {
		len = strlen(e->d_name);
		if (len <= tail || strcmp(e->d_name + len - tail, suffix) != 0 || strcmp(e->d_name, own) == 0 || len - tail >= sizeof(feed))
			continue;
		snprintf(feed, sizeof(feed), "%.*s", (int)(len - tail), e->d_name);
		s->state = xreallocarray(s->state, s->n + 1, sizeof(*s->state));
		if (state_open(&s->state[s->n], d->dir, feed, d->owner, STATE_READ, &err) == -1) {
			log_warning("feed %s of the same owner: %s; what it lists is not known, so nothing is removed", feed, err.text);
			s->unreadable = true;
			continue;
		}
		if (s->state[s->n].db != NULL)
			s->n++;
	}
	closedir(dir);
	return s;
}

void
siblings_close(struct siblings *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		state_close(&s->state[i]);
	free(s->state);
	free(s);
}

static bool
lists(const struct row *r)
{
	if (r->flags & ROW_MISSING || r->retract != KIND_NONE)
		return false;
	if (r->flags & ROW_PENDING)
		return r->pend_kind < KIND_INACTIVE;
	return (r->flags & (ROW_KNOWN | ROW_ACTIVE)) == (ROW_KNOWN | ROW_ACTIVE);
}

bool
siblings_list(struct siblings *s, const struct row *row)
{
	uint8_t key[3][STATE_KEY];
	struct row r;
	struct err err;
	size_t i;
	int k, n = 1, found;

	if (s->unreadable)
		return true;
	if (s->n == 0)
		return false;
	memcpy(key[0], row->key, STATE_KEY);
	if (row->type == TYPE_FILE)
		n = delta_row_keys(row, key);
	for (i = 0; i < s->n; i++)
		for (k = 0; k < n; k++) {
			found = state_get(&s->state[i], key[k], &r, &err);
			if (found == -1) {
				log_warning("another feed of the same owner: %s; nothing is removed", err.text);
				s->unreadable = true;
				return true;
			}
			if (found == 1 && lists(&r))
				return true;
		}
	return false;
}
