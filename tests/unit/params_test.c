/* params: where parameters come from, what they are called, which are secret. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "params.h"
#include "params_names.h"
#include "tap.h"

static char dir[] = "/tmp/params_test.XXXXXX";

static const char *
file_of(const char *name, const char *text, mode_t mode)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
	return path;
}

static void
refused(const char *text, mode_t mode, const char *why)
{
	struct params *p;
	struct err err = { 0 };
	int rc = params_load(&p, file_of("bad.json", text, mode), &err);

	tap_ok(rc == -1 && err.reason == REASON_USAGE && strstr(err.text, why) != NULL, "refused: %s", why);
	if (rc == 0)
		params_free(p);
	else if (strstr(err.text, why) == NULL)
		fprintf(stderr, "# got: %s\n", err.text);
}

static void
from_file(void)
{
	struct params *p;
	struct err err = { 0 };
	char line[64] = "key=hunter2hunter2";

	if (!tap_ok(params_load(&p, file_of("p.json", "\xef\xbb\xbf{\"tc_owner\":\"Example Source\",\"n\":12,\"yes\":true,"
	    "\"no\":false,\"empty\":\"\",\"null\":null,\"list\":[\"a\",\"b\"],\"pairs\":[{\"key\":\"k\",\"value\":\"v\"}],"
	    "\"tc_api_access_id\":\"42\",\"plain\":\"hunter2hunter2\",\"secret\":[\"plain\"],\"word\":\"12x\"}\n", 0600),
	    &err) == 0, "a file is read")) {
		fprintf(stderr, "# %s\n", err.text);
		return;
	}
	tap_is(params_get(p, "tc_owner"), "Example Source", "text");
	tap_is(params_get(p, "n"), "12", "a number comes as its text");
	tap_is(params_get(p, "yes"), "true", "a boolean comes as its text");
	tap_is(params_get(p, "empty"), NULL, "empty is unset");
	tap_is(params_get(p, "null"), NULL, "null is unset");
	tap_is(params_get(p, "list"), "a|b", "a list is joined");
	tap_is(params_get(p, "pairs"), "[{\"key\":\"k\",\"value\":\"v\"}]", "a list of pairs comes as JSON");
	tap_is(params_get(p, "api_access_id"), "42", "an alias is found under its other name");
	tap_is(params_get(p, "tc_api_access_id"), "42", "and under its own");
	tap_ok(params_true(p, "yes", false) && !params_true(p, "no", true) && params_true(p, "absent", true), "truth");
	tap_ok(params_int(p, "n", 5, &err) == 12 && params_int(p, "absent", 5, &err) == 5 && err.reason == REASON_NONE, "numbers");
	tap_ok(params_int(p, "word", 5, &err) == 5 && err.reason == REASON_USAGE, "no number");
	tap_is(err.text, "parameter word: '12x' is not a whole number", "its message");
	tap_ok(params_secret(p, "plain") && params_secret(p, "acme_api_key") && !params_secret(p, "tc_owner"), "secrets");
	tap_is(params_get(p, "secret"), NULL, "the list of secrets is no parameter");
	log_mask(line);
	tap_is(line, "key=***", "a secret that was read is masked");
	tap_is(params_name(p, 0), "tc_owner", "names are listed");
	params_free(p);
}

static void
from_descriptor(void)
{
	struct params *p;
	struct err err = { 0 };
	char number[16];
	int fd = open(file_of("fd.json", "{\"tc_owner\":\"A\"}", 0600), O_RDWR), pair[2];

	snprintf(number, sizeof(number), "%d", fd);
	setenv("TC_PARAMS_FD", number, 1);
	lseek(fd, 5, SEEK_SET);
	tap_ok(params_load(&p, NULL, &err) == 0, "a descriptor is read from its start");
	tap_is(params_get(p, "tc_owner"), "A", "its value");
	params_free(p);
	tap_ok(lseek(fd, 0, SEEK_CUR) == 5, "and its offset is left alone");
	close(fd);
	tap_ok(params_load(&p, NULL, &err) == -1 && err.reason == REASON_USAGE, "a closed descriptor is an error");
	tap_ok(pipe(pair) == 0, "pipe");
	snprintf(number, sizeof(number), "%d", pair[0]);
	setenv("TC_PARAMS_FD", number, 1);
	tap_ok(params_load(&p, NULL, &err) == -1 && err.reason == REASON_USAGE, "so is a pipe");
	setenv("TC_PARAMS_FD", "three", 1);
	tap_ok(params_load(&p, NULL, &err) == -1 && strstr(err.text, "no descriptor number") != NULL, "so is a word");
	unsetenv("TC_PARAMS_FD");
}

static void
from_shell(void)
{
	struct params *p;
	struct err err = { 0 };
	char path[512];

	setenv("XDG_CONFIG_HOME", dir, 1);
	setenv("HOME", dir, 1);
	tap_ok(params_load(&p, NULL, &err) == 0, "no source is no error");
	tap_is(params_get(p, "tc_owner"), NULL, "and holds nothing");
	params_free(p);
	snprintf(path, sizeof(path), "%s/tcfeed", dir);
	mkdir(path, 0700);
	file_of("tcfeed/platform.json", "{\"tc_owner\":\"File\",\"tc_api_path\":\"https://tc.example/api\"}", 0600);
	setenv("TC_OWNER", "Environment", 1);
	setenv("TC_API_SECRET_KEY", "long-secret-value", 1);
	setenv("TC_PARAM_ACME_REGION", "eu", 1);
	tap_ok(params_load(&p, NULL, &err) == 0, "configuration file and environment");
	tap_is(params_get(p, "tc_owner"), "Environment", "the environment stands over the file");
	tap_is(params_get(p, "tc_api_path"), "https://tc.example/api", "the file gives the rest");
	tap_is(params_get(p, "api_secret_key"), "long-secret-value", "both spellings are asked");
	tap_is(params_get(p, "acme_region"), "eu", "TC_PARAM_NAME gives a feed's parameter");
	tap_is(params_get(p, "home"), NULL, "other variables are no parameters");
	params_free(p);
	file_of("tcfeed/platform.json", "{\"tc_owner\":\"File\"}", 0644);
	tap_ok(params_load(&p, NULL, &err) == -1 && strstr(err.text, "chmod 600") != NULL, "a readable file is refused");
}

int
main(void)
{
	char command[600];

	log_open("params_test");
	unsetenv("TC_PARAMS_FD");
	if (mkdtemp(dir) == NULL)
		return 1;
	from_file();
	refused("", 0600, "is empty");
	refused("[1]", 0600, "no object");
	refused("{\"a\":1", 0600, "is no JSON object");
	refused("{\"a\":1} x", 0600, "is no JSON object");
	refused("{\"a\":\"\\u0000\"}", 0600, "NUL");
	refused("{\"a\":\"\xff\"}", 0600, "invalid UTF-8");
	refused("{\"a\":1}", 0640, "others may read it");
	from_descriptor();
	from_shell();
	tap_ok(params_reserved("tc_svc_api_service_endpoint") == PARAMS_IGNORED_TEXT && params_reserved("tc_verify") == PARAMS_FLAG &&
	    params_reserved("acme") == PARAMS_NOT_RESERVED && params_reserved("tc_tmp_path") == PARAMS_TEXT, "reserved names");
	tap_ok(!params_name_is_secret("tc_token_expires") && params_name_is_secret("tc_token") && params_name_is_secret("x_key") &&
	    !params_name_is_secret("keyword"), "what a name says");
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	tap_ok(system(command) == 0, "cleaned");
	return tap_done();
}
