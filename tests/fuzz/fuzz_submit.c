/* What a hostile platform answers: a status, an error list (gzip or not) about objects of ours. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "session.h"
#include "submit_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
add(struct submit_chunk *c, const char *line)
{
	struct object o;
	struct scan s;
	struct err err;

	scan_init(&s);
	if (object_read(&o, &s, line, strlen(line), &err) == -1 || submit_chunk_add(c, &o, line, strlen(line)) == -1)
		abort();
	scan_release(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct submit_status status = { .state = STATE_COMPLETED, .errors = 1 };
	struct submit_chunk c;
	struct submit_case k = { .chunk = &c, .batch_id = 7, .status = &status, .owner = "O", .retried = true };
	struct http_answer a;
	struct err err;
	char says[64];
	size_t i;

	log_set_level(LOG_CRITICAL);
	http_answer_init(&a);
	a.body.max = 1 << 24;
	if (buf_add(&a.body, (const char *)bytes, len) == 0 && submit_gunzip(&a.body, 1 << 20, &err) == 0) {
		struct json_object *root = session_json(&a);

		session_says(&a, says, sizeof(says));
		if (submit_status_read(root, &status, &err) == -1)
			status.errors = 1;
		submit_chunk_init(&c);
		submit_chunk_clear(&c, SUBMIT_INDICATORS);
		add(&c, "{\"type\":\"Host\",\"summary\":\"a.example.com\"}");
		add(&c, "{\"type\":\"File\",\"md5\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}");
		add(&c, "{\"type\":\"Email Subject\",\"summary\":\"you have won\"}");
		k.to = c.n;
		k.list = json_object_is_type(root, json_type_array) ? root : NULL;
		k.unreadable = k.list == NULL;
		submit_judge(&k, &err);
		for (i = 0; i < c.n && c.item[i].why != 0; i++)
			if (strlen(c.reasons.bytes + c.item[i].why) > 1000)
				abort();
		submit_chunk_release(&c);
		json_object_put(root);
	}
	http_answer_release(&a);
	return 0;
}
