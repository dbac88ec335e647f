/*
 * All places where parameters come from, read in one go (runtime-app.md
 * sections 1 to 3): arguments, the platform's parameter file, its secure
 * parameters, the environment, configuration files.
 *
 * Ownership: what is read goes into the set; the install is the caller's, to be
 * freed after the set. Errors: -1 with err: USAGE; STATE where a file cannot be
 * read; of the secure parameters also AUTH, TEMPORARY, and CONTRACT for an
 * answer that is none.
 */
#ifndef TC_PARAMS_GATHER_H
#define TC_PARAMS_GATHER_H

#include "err.h"
#include "params_install.h"
#include "params_set.h"

/* file, or the install.json beside the program; *install is NULL where there is none. */
int	 gather_install(struct install **install, const char *file, struct err *) TC_MUST_CHECK;

/*
 * Fills set. The platform's file is removed once it was decrypted and read.
 * Configuration files are for runs without the platform's transports and are
 * not looked at with them, save the one a parameter "config" names.
 */
int	 gather(struct pset *, int argc, char **argv, struct err *) TC_MUST_CHECK;

/* The secure-params answer of the platform, by the token in set. */
int	 gather_secure(struct pset *, struct err *) TC_MUST_CHECK;

#endif
