#include "params_names.h"

#include <string.h>
#include <strings.h>

struct reserved {
	const char	*name;
	enum params_form form;
	bool		 environment;	/* asked in capitals at a shell */
};

/* The platform's names, then run.sh's own options by hand. Names that end in '*' stand for all that begin so; the first that fits counts. */
static const struct reserved reserved[] = {
	{ "tc_owner", PARAMS_TEXT, true },
	{ "tc_log_level", PARAMS_TEXT, false },	/* TC_LOG_LEVEL is the log room's own variable */
	{ "tc_api_path", PARAMS_TEXT, true },
	{ "tc_token", PARAMS_TEXT, true },
	{ "tc_token_expires", PARAMS_TEXT, true },
	{ "api_access_id", PARAMS_TEXT, true },
	{ "api_secret_key", PARAMS_TEXT, true },
	{ "api_default_org", PARAMS_TEXT, true },
	{ "tc_verify", PARAMS_FLAG, true },
	{ "tc_proxy_host", PARAMS_TEXT, true },
	{ "tc_proxy_port", PARAMS_TEXT, true },
	{ "tc_proxy_username", PARAMS_TEXT, true },
	{ "tc_proxy_password", PARAMS_TEXT, true },
	{ "tc_proxy_tc", PARAMS_FLAG, true },
	{ "tc_proxy_external", PARAMS_FLAG, true },
	{ "ca_file", PARAMS_TEXT, true },
	{ "verify_ssl_external", PARAMS_IGNORED_FLAG, false },
	{ "tc_in_path", PARAMS_TEXT, false },
	{ "tc_out_path", PARAMS_TEXT, false },
	{ "tc_temp_path", PARAMS_TEXT, false },
	{ "tc_log_path", PARAMS_TEXT, false },
	{ "tc_log_to_api", PARAMS_FLAG, false },
	{ "tc_log_file", PARAMS_TEXT, false },
	{ "tc_log_max_bytes", PARAMS_TEXT, false },
	{ "tc_log_backup_count", PARAMS_TEXT, false },
	{ "tc_log_curl", PARAMS_IGNORED_FLAG, false },
	{ "logging", PARAMS_TEXT, false },
	{ "tc_user_id", PARAMS_TEXT, false },
	{ "tc_job_id", PARAMS_TEXT, false },
	{ "tc_secure_params", PARAMS_FLAG, false },
	{ "tc_aot_enabled", PARAMS_IGNORED_FLAG, false },
	{ "tc_action_channel", PARAMS_IGNORED_TEXT, false },
	{ "tc_exit_channel", PARAMS_IGNORED_TEXT, false },
	{ "tc_terminate_seconds", PARAMS_IGNORED_TEXT, false },
	{ "batch_halt_on_error", PARAMS_IGNORED_FLAG, false },
	{ "batch_action", PARAMS_IGNORED_TEXT, false },
	{ "batch_chunk", PARAMS_IGNORED_TEXT, false },
	{ "batch_poll_interval", PARAMS_IGNORED_TEXT, false },
	{ "batch_poll_interval_max", PARAMS_IGNORED_TEXT, false },
	{ "batch_interval_max", PARAMS_IGNORED_TEXT, false },
	{ "batch_write_type", PARAMS_IGNORED_TEXT, false },
	{ "api_max_results", PARAMS_IGNORED_TEXT, false },
	{ "tc_action", PARAMS_IGNORED_TEXT, false },
	{ "tc_cal_*", PARAMS_IGNORED_TEXT, false },
	{ "tc_smtp_*", PARAMS_IGNORED_TEXT, false },
	{ "tc_sys_email", PARAMS_IGNORED_TEXT, false },
	{ "tc_playbook_*", PARAMS_IGNORED_TEXT, false },
	{ "tc_kvstore_*", PARAMS_IGNORED_TEXT, false },
	{ "tc_cache_kvstore_id", PARAMS_IGNORED_TEXT, false },
	{ "tc_svc_*", PARAMS_IGNORED_TEXT, false },
	{ "tc_space_element_id", PARAMS_IGNORED_TEXT, false },
	{ "tc_main_app_class", PARAMS_IGNORED_TEXT, false },
	{ "config", PARAMS_TEXT, false },
	{ "feed", PARAMS_LIST, false },
	{ "replay", PARAMS_TEXT, false },
	{ "capture", PARAMS_FLAG, false },
	{ "complete", PARAMS_FLAG, false },
	{ "limit", PARAMS_TEXT, false },
	{ "dry_run", PARAMS_TEXT, false },
	{ "no_removals", PARAMS_FLAG, false },
	{ "full", PARAMS_FLAG, false },
};

#define NRESERVED (sizeof(reserved) / sizeof(reserved[0]))

const char *
params_canonical(const char *name)
{
	static const struct { const char *from, *to; } alias[] = {
		{ "tc_api_access_id", "api_access_id" },
		{ "tc_api_secret_key", "api_secret_key" },
		{ "tc_tmp_path", "tc_temp_path" },
		{ "apply_proxy_tc", "tc_proxy_tc" },
		{ "apply_proxy_external", "tc_proxy_external" },
		{ "apply_proxy_ext", "tc_proxy_external" },
	};
	size_t i;

	for (i = 0; i < sizeof(alias) / sizeof(alias[0]); i++)
		if (strcmp(name, alias[i].from) == 0)
			return alias[i].to;
	return name;
}

static bool
fits(const char *name, const char *pattern)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return strncmp(name, pattern, len - 1) == 0;
	return strcmp(name, pattern) == 0;
}

enum params_form
params_reserved(const char *name)
{
	size_t i;

	name = params_canonical(name);
	for (i = 0; i < NRESERVED; i++)
		if (fits(name, reserved[i].name))
			return reserved[i].form;
	return PARAMS_NOT_RESERVED;
}

const char *
params_environment(size_t i)
{
	size_t k;

	for (k = 0; k < NRESERVED; k++)
		if (reserved[k].environment && i-- == 0)
			return reserved[k].name;
	return NULL;
}

static bool
ends_in(const char *name, const char *tail)
{
	size_t len = strlen(name), n = strlen(tail);

	return len >= n && strcasecmp(name + len - n, tail) == 0;
}

bool
params_name_is_secret(const char *name)
{
	static const char *const word[] = {
		"password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "credential", "authorization",
		"cookie", "private_key", "client_key"
	};
	size_t i;

	if (ends_in(name, "_expires"))
		return false;
	for (i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (strcasestr(name, word[i]) != NULL)
			return true;
	return ends_in(name, "_key") || strcasecmp(name, "key") == 0;
}

int
params_bool_word(const char *text)
{
	static const char *const yes[] = { "1", "t", "true", "y", "yes", "on" };
	static const char *const no[] = { "0", "f", "false", "n", "no", "off" };
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (strcasecmp(text, yes[i]) == 0)
			return 1;
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (strcasecmp(text, no[i]) == 0)
			return 0;
	return -1;
}
