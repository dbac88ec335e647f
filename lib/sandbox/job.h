/*
 * Batch jobs: created, filled, waited for, asked about (batch-api.md sections
 * 2 to 7).
 */
#ifndef TC_SANDBOX_JOB_H
#define TC_SANDBOX_JOB_H

#include "sandbox/apply.h"
#include "sandbox/exchange.h"
#include "sandbox/instance.h"

enum job_state { JOB_CREATED, JOB_QUEUED, JOB_RUNNING, JOB_COMPLETED };

/* What a fault script does to a batch; faults.h fills it when the document comes. */
struct job_fault {
	enum job_state	 stuck;			/* JOB_QUEUED or JOB_RUNNING; JOB_CREATED: not stuck */
	long long	 stuck_polls;		/* so many status calls; -1: not counted */
	int64_t		 stuck_ms;		/* so long; -1: not timed; both -1: for ever */
	char		*state_word;		/* a word instead of the state's own while stuck */
	char		*errors;		/* the answer's bytes instead of the error list; may be NULL */
	size_t		 errors_len;
	int		 errors_status;		/* 0: 200 */
	char		*errors_type;		/* Content-Type; NULL: as documented */
	bool		 errors_plain;		/* not compressed */
	long long	 errors_cut;		/* bytes of the compressed list that come; -1: all */
	struct job_error *add;			/* entries added to the list, objects not touched */
	size_t		 nadd;
	long long	 counter[3];		/* successCount, errorCount, unprocessCount; -1: as counted */
	bool		 drop;			/* the document is never processed */
};

struct job {
	uint32_t	 id;
	struct settings	 set;
	struct owner	*owner;
	enum job_state	 state;
	int64_t		 due_ms;		/* when the next state begins */
	struct body	 body;			/* until it is processed */
	const char	*text;			/* the document in it */
	size_t		 len, size;
	struct outcome	 out;
	struct job_fault fault;
	size_t		 polls;
	bool		 synchronous;		/* has no id for the client */
};

struct jobs;

struct jobs *jobs_new(uint32_t first_id);
void	 jobs_free(struct jobs *);
void	 jobs_clear(struct jobs *);		/* forgets all; ids go on */

/* Moves every job that is due to its next state; returns ms until something is due, or -1. */
int64_t	 jobs_run(struct instance *);

/* POST /v2/batch, POST /v2/batch/createAndUpload, POST and GET /v2/batch/{id}[/errors|/results] */
void	 job_create(struct instance *, struct request *, struct answer *);
void	 job_create_and_upload(struct instance *, struct request *, struct answer *);
void	 job_upload(struct instance *, struct request *, const char *id, struct answer *);
void	 job_status(struct instance *, struct request *, const char *id, struct answer *);
void	 job_errors(struct instance *, struct request *, const char *id, struct answer *);
void	 job_results(struct instance *, struct request *, const char *id, struct answer *);
/* GET /sandbox/batches: one line a batch */
void	 jobs_list(struct instance *, struct answer *);

#endif
