/*
 * The batch calls (batch-api.md sections 2 to 7): settings, create, upload,
 * createAndUpload, status, error list. Each is asked and its answer understood
 * here; what follows from it is decided in submit_run.c and submit_judge.c.
 */
#ifndef TC_SUBMIT_PLATFORM_H
#define TC_SUBMIT_PLATFORM_H

#include "session.h"
#include "submit_chunk.h"

/* Section 3. Words are the platform's own and have been checked. */
struct submit_settings {
	const char	*owner;
	const char	*attribute_write, *tag_write, *label_write;	/* Replace, Append, ... */
	const char	*file_merge, *hash_collision;
	const char	*playbook_triggers;	/* "true", "false"; NULL: not sent */
	bool		 halt_on_error;
};

/* Inactive indicators keep all they have: Static attributes, Append tags and labels, whatever the settings say. */
int	 submit_settings_json(const struct submit_settings *, enum submit_kind, struct buf *out) TC_MUST_CHECK;
/* Is word one of those a setting may have? NULL, or the list of those it may have, for messages. */
const char *submit_setting_wrong(const char *setting, const char *word);

enum submit_state {
	STATE_RUNNING,		/* Queued, Running, or a word nobody knows */
	STATE_CREATED,		/* nothing was uploaded */
	STATE_COMPLETED,
	STATE_GONE		/* the platform knows no such batch */
};

struct submit_status {
	enum submit_state state;
	char		 word[32];
	long long	 id;		/* 0: none was named */
	long long	 success, errors, unprocessed;
	bool		 has_success;
};

/* Any shape of section 6; root may be NULL. -1 (CONTRACT): none of them. */
int	 submit_status_read(struct json_object *root, struct submit_status *, struct err *) TC_MUST_CHECK;

/* POST /v2/batch: a job without content. A lost answer leaves a job that nobody fills, which is harmless: it is asked again. */
int	 submit_create(struct session *, const struct submit_settings *, enum submit_kind, long long *id, struct err *) TC_MUST_CHECK;

enum submit_sent {
	SENT_QUEUED,
	SENT_DONE,		/* createAndUpload, processed at once: status holds the counters and has no id */
	SENT_TOO_LARGE,		/* limit: bytes the platform takes, 0 where it does not say */
	SENT_REFUSED,		/* the platform will not have this content: err says why */
	SENT_IN_DOUBT,		/* no answer that says whether it has it */
	SENT_FAILED		/* it has not, and no use to go on: err */
};

struct submit_answer {
	struct submit_status status;
	size_t		 limit;
};

enum submit_sent submit_upload(struct session *, long long id, const struct submit_chunk *, size_t from, size_t to,
    struct submit_answer *, struct err *);
enum submit_sent submit_create_and_upload(struct session *, const struct submit_settings *, const struct submit_chunk *,
    size_t from, size_t to, struct submit_answer *, struct err *);

/* -1: no answer that can be understood (after retries); AUTH where credentials are refused. */
int	 submit_ask(struct session *, long long id, struct submit_status *, struct err *) TC_MUST_CHECK;

/*
 * The bytes of a completed batch's error list, unpacked: from /errors, else
 * from /results; what: which. 0, or -1 with err where neither can be had.
 * wait_ms is the time between two looks ("still Running", not written yet).
 */
int	 submit_error_list(struct session *, long long id, long wait_ms, volatile int *stop, struct json_object **list,
    struct err *) TC_MUST_CHECK;

/* gzip bytes unpacked in place, at most max; bytes that are none stay. -1: cut or corrupt. */
int	 submit_gunzip(struct buf *, size_t max, struct err *) TC_MUST_CHECK;

#endif
