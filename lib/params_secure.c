/*
 * Parameters that the platform keeps for a running job (runtime-app.md
 * section 3): GET /internal/job/execution/parameters by the run's token.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "params.h"
#include "params_gather.h"
#include "params_json.h"
#include "session.h"

#define SECURE_PATH "/internal/job/execution/parameters"

/* What is known so far (address, token, proxy), in the form the session reads. */
static int
as_params(const struct pset *set, struct params **params, struct err *err)
{
	struct buf json;
	char number[16];
	int fd, rc = -1;

	if ((fd = io_spool(err)) == -1)
		return -1;
	buf_init(&json, 8 * LIMIT_PARAMS);
	if (pset_print(set, false, &json) == -1)
		err_set(err, REASON_USAGE, "the parameters are too long");
	else if (io_write_all(fd, json.bytes, json.len) == -1)
		err_set(err, REASON_STATE, "cannot write the parameters: %m");
	else {
		snprintf(number, sizeof(number), "%d", fd);
		setenv("TC_PARAMS_FD", number, 1);
		rc = params_load(params, NULL, err);
		unsetenv("TC_PARAMS_FD");
	}
	explicit_bzero(json.bytes, json.len);
	buf_release(&json);
	close(fd);
	return rc;
}

static int
ask(struct session *s, struct pset *set, struct err *err)
{
	struct http_request req = { .method = "GET", .max_body = LIMIT_PARAMS };
	struct http_answer answer;
	char says[200];
	int rc;

	http_answer_init(&answer);
	rc = session_call(s, SECURE_PATH, &req, SESSION_IDEMPOTENT, &answer, err);
	if (rc == 0 && (answer.status < 200 || answer.status > 299))
		rc = err_set(err, answer.status >= 500 ? REASON_TEMPORARY : REASON_AUTH, "%s answered %ld to the question for "
		    "secure parameters: %s", session_host(s), answer.status, session_says(&answer, says, sizeof(says)));
	else if (rc == 0) {
		set->rank = FROM_SECURE;
		rc = params_json_under("the secure parameters", "inputs", answer.body.bytes, answer.body.len,
		    set->install != NULL ? set->install->delimiter : '|', pset_take, set, err);
	}
	explicit_bzero(answer.body.bytes, answer.body.len);
	http_answer_release(&answer);
	return rc;
}

int
gather_secure(struct pset *set, struct err *err)
{
	struct params *params;
	struct session *s;
	int rc;

	if (pset_get(set, "tc_token") == NULL)
		return err_set(err, REASON_USAGE, "tc_secure_params needs tc_token");
	if (as_params(set, &params, err) == -1)
		return -1;
	if ((rc = session_open(&s, params, NULL, err)) == 0) {
		rc = ask(s, set, err);
		session_close(s);
	}
	params_free(params);
	return rc;
}
