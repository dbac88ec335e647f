/*
 * What goes wrong on purpose, and pages served as they are told: the fault
 * script of tc-sandbox(1), one JSON object a line.
 *
 * Ownership: faults_free() frees all; a fault handed out holds until then,
 * since faults_clear() only puts its line aside, but not over a faults_load()
 * or faults_parse() that appends to the lines it is one of. Errors: -1 with
 * err: USAGE with the line that is no such thing, STATE where the file cannot
 * be read.
 */
#ifndef TC_SANDBOX_FAULTS_H
#define TC_SANDBOX_FAULTS_H

#include "err.h"
#include "sandbox/exchange.h"

struct faults;
struct instance;
struct job_fault;

struct faults *faults_new(void);
void	 faults_free(struct faults *);
/* Appends the lines of file. May be called more than once. */
int	 faults_load(struct faults *, const char *file, struct err *) TC_MUST_CHECK;
/* The same from text in memory; where names it in messages. */
int	 faults_parse(struct faults *, const char *text, size_t len, const char *where, struct err *) TC_MUST_CHECK;
void	 faults_clear(struct faults *);

struct fault;

/*
 * The first line that stands for this request, counted; NULL for none. Once a
 * request, when its headers are there.
 */
struct fault *faults_match(struct faults *, const struct request *);

/* Does the request's upload stop being read after so many bytes? -1: no. stall: silence instead of an end. */
long long fault_upload(const struct fault *, bool *stall);

/* Must the request be processed as if nothing were wrong? */
bool	 fault_processes(const struct fault *);

/* Applies it: an answer of its own, or what it does to the one that is there. */
void	 fault_answer(struct instance *, const struct fault *, const struct request *, struct answer *);

/* The n-th document that arrived: fills what the script does to its batch. */
void	 faults_job(struct faults *, struct job_fault *);

#endif
