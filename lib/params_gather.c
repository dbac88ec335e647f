#include "params_gather.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "limit.h"
#include "log.h"
#include "params_crypt.h"
#include "params_environment.h"
#include "params_json.h"
#include "params_names.h"
#include "xmalloc.h"

int
gather_install(struct install **install, const char *file, struct err *err)
{
	static const char *const beside[] = { "../install.json", "../share/tcfeed/install.json", "../../install.json" };
	char exe[PATH_MAX], path[PATH_MAX + 64], *slash;
	ssize_t n;
	size_t i;

	*install = NULL;
	if (file != NULL)
		return install_load(install, file, err);
	if ((n = readlink("/proc/self/exe", exe, sizeof(exe) - 1)) <= 0)
		return 0;
	exe[n] = '\0';
	if ((slash = strrchr(exe, '/')) == NULL)
		return 0;
	for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - exe), exe, beside[i]);
		if (access(path, R_OK) == 0)
			return install_load(install, path, err);
	}
	return 0;
}

static char
delimiter(const struct pset *set)
{
	return set->install != NULL ? set->install->delimiter : '|';
}

/* The file as it stands, where no key was given: a run by hand. */
static int
take_plain(struct pset *set, const char *file, const char *bytes, size_t len, struct err *err)
{
	struct stat st;

	if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
		log_warning("others may read %s (chmod 600 %s)", file, file);
	return params_json("the parameter file", bytes, len, delimiter(set), pset_take, set, err);
}

static int
take_encrypted(struct pset *set, const char *file, const char *key, const char *bytes, size_t len, struct err *err)
{
	char *plain = xmalloc(len + 1);
	size_t plainlen = 0;
	int rc;

	log_secret(key, strlen(key));
	rc = params_decrypt(bytes, len, key, plain, &plainlen, err);
	if (rc == 0)
		rc = params_json("the decrypted parameter file", plain, plainlen, delimiter(set), pset_take, set, err);
	explicit_bzero(plain, len);
	free(plain);
	if (rc == 0 && unlink(file) == -1)
		log_warning("cannot remove the parameter file %s: %m", file);
	return rc;
}

static int
take_param_file(struct pset *set, const char *file, struct err *err)
{
	const char *key = getenv("TC_APP_PARAM_KEY");
	char *bytes;
	size_t len;
	int rc;

	set->rank = FROM_FILE;
	if (io_slurp(file, LIMIT_PARAMS, &bytes, &len, err) == -1)
		rc = -1;
	else {
		rc = key != NULL && *key != '\0' ? take_encrypted(set, file, key, bytes, len, err) :
		    take_plain(set, file, bytes, len, err);
		explicit_bzero(bytes, len);
		free(bytes);
	}
	if (rc == -1)
		return err_prefix(err, "could not read App parameters");
	return 0;
}

static int
take_config(struct pset *set, const char *file, int must_exist, struct err *err)
{
	set->rank = FROM_CONFIG;
	return params_from_file(file, must_exist, pset_take, set, err);
}

int
gather(struct pset *set, int argc, char **argv, struct err *err)
{
	const char *file = getenv("TC_APP_PARAM_FILE"), *config, *secure;
	char path[PATH_MAX];
	bool platform = false;

	pset_args(set, argc, argv);
	if (file != NULL && *file != '\0') {
		platform = true;
		if (take_param_file(set, file, err) == -1)
			return -1;
	}
	secure = pset_get(set, "tc_secure_params");
	if (secure != NULL && params_bool_word(secure) == 1) {
		platform = true;
		if (gather_secure(set, err) == -1)
			return err_prefix(err, "could not read App parameters");
	}
	set->rank = FROM_ENVIRONMENT;
	params_from_environment(pset_take, set);
	params_config_path(path, sizeof(path));
	if (!platform && *path != '\0' && take_config(set, path, 0, err) == -1)
		return -1;
	config = pset_get(set, "config");
	if (config != NULL) {
		/* over the general one: later values of one rank stand */
		snprintf(path, sizeof(path), "%s", config);
		pset_unset(set, "config");
		if (take_config(set, path, 1, err) == -1)
			return -1;
	}
	return 0;
}
