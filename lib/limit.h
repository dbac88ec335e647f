/*
 * Every ceiling of tcfeed: value, unit, reason. A number that bounds hostile
 * input stands here and nowhere else. The name is not limits.h: gcc's own
 * <limits.h> looks for the next file of that name and would find ours.
 */
#ifndef TC_LIMIT_H
#define TC_LIMIT_H

#define KIB	((size_t)1024)
#define MIB	(KIB * 1024)
#define GIB	(MIB * 1024)

/* Records and lines */
#define LIMIT_LINE		(1 * MIB)	/* bytes of a line between the stages; longer is a rejected record (design.md) */
#define LIMIT_RECORD		(4 * MIB)	/* bytes of one record of a feed: a MISP event or a report fits, a bomb does not */
#define LIMIT_DEPTH		64		/* nesting of JSON, objects and arrays together (design.md) */
#define LIMIT_NODES		(1 << 20)	/* values in one scanned record: tape memory stays under 24 MiB */
#define LIMIT_CSV_FIELDS	1024		/* fields of one CSV record */
#define LIMIT_CSV_QUOTED_LINES	1000		/* lines one quoted field may span before the quote is called stray */

/* Feed definitions */
#define LIMIT_DEFINITION	(1 * MIB)	/* bytes of a definition, and of a tables file ten times that */
#define LIMIT_EXPRESSION	(16 * KIB)	/* bytes of one JMESPath expression */
#define LIMIT_EXPRESSION_DEPTH	128		/* nesting of an expression; the JMESPath suites themselves go to 104 */
#define LIMIT_RESULT		(16 * MIB)	/* bytes an expression may build for one record */
#define LIMIT_STEPS		(4 << 20)	/* evaluation steps for one record: bounded time */
#define LIMIT_REGEX_MATCH	100000		/* PCRE2 match limit; and 1 MiB of heap */
#define LIMIT_OBJECTS_PER_RECORD 10000		/* objects one record may make */

/* Values (platform/data-model.md section 4) */
#define LIMIT_GROUP_NAME	100		/* characters */
#define LIMIT_TAG		128		/* characters */
#define LIMIT_LABEL_NAME	50
#define LIMIT_LABEL_DESCRIPTION	400
#define LIMIT_URL		500		/* characters; a longer URL is dropped, never cut */
#define LIMIT_ATTRIBUTE		500		/* characters where no table knows the type's maxSize */
#define LIMIT_ATTRIBUTE_LONG	65536		/* Description, Additional Analysis and Context and the like */
#define LIMIT_FILE_NAME		255
#define LIMIT_EMAIL_SUBJECT	255
#define LIMIT_EMAIL_TEXT	65535

/* Batches (platform/batch-api.md section 9) */
#define LIMIT_CHUNK_OBJECTS	5000		/* objects a chunk, default */
#define LIMIT_CHUNK_INDICATORS	25000		/* indicators a job, the platform's own limit */
#define LIMIT_CHUNK_BYTES	((size_t)8 * 1000 * 1000)	/* bytes of a batch document, default */

/* HTTP */
#define LIMIT_PAGE		(512 * MIB)	/* decoded bytes of one page of a feed */
#define LIMIT_ANSWER		(8 * MIB)	/* bytes of one platform answer */
#define LIMIT_HEADER		(64 * KIB)	/* bytes of all headers of an answer */
#define LIMIT_RETRY_AFTER	300		/* seconds of one wait a server may ask for */
#define LIMIT_RETRY_TOTAL	900		/* seconds of all such waits of a run */
#define LIMIT_PAGES		100000		/* pages of one run */
#define LIMIT_FETCH_TIME	21600		/* seconds of one run: it is over before the next day's */
#define LIMIT_PAGE_LOOK		(32 * MIB)	/* bytes of a page that an expression for paging is evaluated on */

/* Parameters and answers parsed by json-c */
#define LIMIT_PARAMS		(1 * MIB)	/* bytes of a parameter file */
#define LIMIT_SECRET		(8 * KIB)	/* bytes of one credential */

#endif
