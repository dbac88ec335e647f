/* session: signatures by the documented vectors, reading what a platform answers. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "session.h"
#include "tap.h"

static void
signs(const char *method, const char *path, const char *want)
{
	struct buf out;

	buf_init(&out, 1000);
	tap_ok(session_sign("ID", "secret-key-example", method, path, 1700000000, &out) == 0, "%s %s signed", method, path);
	tap_is(out.bytes, want, "its signature");
	buf_release(&out);
}

static void
answers(const char *body, const char *path, const char *want, const char *says)
{
	struct http_answer a;
	struct json_object *root, *v;
	char text[64];

	http_answer_init(&a);
	a.body.max = 1000;
	if (buf_addz(&a.body, body) == -1)
		exit(1);
	root = session_json(&a);
	v = session_get(root, path);
	tap_is(v == NULL ? "none" : json_object_to_json_string(v), want, path);
	tap_is(session_says(&a, text, sizeof(text)), says, "says");
	json_object_put(root);
	http_answer_release(&a);
}

static void
opens(const char *json, const char *want)
{
	struct params *p;
	struct session *s = NULL;
	struct err err = { 0 };
	FILE *f = fopen("session_test.params", "w");
	int rc;

	fputs(json, f);
	fclose(f);
	if (params_load(&p, "session_test.params", &err) == -1) {
		tap_ok(false, "parameters: %s", err.text);
		return;
	}
	rc = session_open(&s, p, NULL, &err);
	if (want == NULL)
		tap_ok(rc == 0, "opens: %s %s", json, err.text);
	else
		tap_ok(rc == -1 && err.reason == REASON_USAGE && strstr(err.text, want) != NULL, "refused (%s): %s", want, err.text);
	if (rc == 0)
		session_close(s);
	params_free(p);
}

int
main(void)
{
	char dir[] = "/tmp/session_test.XXXXXX";

	log_open("session_test");
	log_set_level(LOG_CRITICAL);
	umask(077);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1 || setenv("XDG_STATE_HOME", dir, 1) == -1 ||
	    setenv("XDG_CONFIG_HOME", dir, 1) == -1)
		return 1;

	/* runtime-app.md section 5 */
	signs("GET", "/api/v2/owners?x=1", "TC ID:rjXscIOEVjlccJnCfNuCVTtcVX4qYaGSMAUIbuiedOw=");
	signs("POST", "/api/v2/batch/createAndUpload?includeAdditional=true", "TC ID:y5CGSvBKpzJpypY+RCMt6rtsXv0PuEfLEhu7aJxcxCI=");

	answers("{\"status\":\"Success\",\"data\":{\"batchId\":7}}", "data.batchId", "7", "{\"status\":\"Success\",\"data\":{\"batchId\":7}}");
	answers("{\"status\":\"Invalid\",\"description\":\"too large\"}\r\n", "data.batchId", "none", "too large");
	answers("{\"message\":\"no\\u001b[2J\"}", "message.x", "none", "no\\x1b[2J");
	answers("{\"status\":\"Success\"} trailing", "status", "none", "{\"status\":\"Success\"} trailing");
	answers("<html>502</html>", "status", "none", "<html>502</html>");
	answers("", "status", "none", "(no text)");
	answers("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "x", "none",
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...");

	opens("{}", "no platform is configured");
	opens("{\"tc_api_path\":\"https://h.example/api/\"}", "tc_token, or api_access_id");
	opens("{\"tc_api_path\":\"https://h.example/api\",\"api_access_id\":\"1\"}", "api_secret_key is missing");
	opens("{\"tc_api_path\":\"https://h.example/api\",\"tc_api_access_id\":\"1\",\"tc_api_secret_key\":\"secret\"}", NULL);
	opens("{\"tc_api_path\":\"http://h.example/api\",\"tc_token\":\"abcdef\"}", "only talked to by https");
	opens("{\"tc_api_path\":\"http://127.0.0.1:9/api\",\"tc_token\":\"abcdef\"}", NULL);
	opens("{\"tc_api_path\":\"https://user:pw@h.example/api\",\"tc_token\":\"abcdef\"}", "user name");
	opens("{\"tc_api_path\":\"https://h.example/api\",\"tc_token\":\"abc\\r\\ndef\"}", "no token");
	opens("{\"tc_api_path\":\"https://h.example/api\",\"tc_token\":\"abcdef\",\"tc_token_expires\":\"soon\"}", "tc_token_expires");
	opens("{\"tc_api_path\":\"https://h.example/api\",\"tc_token\":\"abcdef\",\"ca_file\":\"/nonexistent\"}", "/nonexistent");
	opens("{\"tc_api_path\":\"https://h.example/api\",\"tc_token\":\"abcdef\",\"ca_file\":\"/dev/null\"}", "no certificate");
	unlink("session_test.params");
	return tap_done();
}
