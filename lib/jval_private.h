/*
 * What the files of the jval room share. Not for other rooms.
 *
 *	jval.c        values made, taken from a scanned record, looked into
 *	jval_equal.c  values compared
 *	jval_print.c  values written as JSON
 */
#ifndef TC_JVAL_PRIVATE_H
#define TC_JVAL_PRIVATE_H

#include "jval.h"
#include "limit.h"

/* Frames of a walk: LIMIT_DEPTH containers, and room to notice one that is deeper. */
#define JVAL_FRAMES	(LIMIT_DEPTH + 2)

#endif
