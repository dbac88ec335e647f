#include "session_token.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hash.h"
#include "http_retry.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "session.h"
#include "xmalloc.h"

#define WINDOW		600	/* seconds before its end a token is renewed (runtime-app.md section 4) */
#define LOCK_WAIT_MS	60000	/* how long another command may take to renew it */
#define KEEP_FILES	(2 * 86400)	/* seconds after which nobody can want a token file any more */

static bool
well_formed(const char *token, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)token[i] <= ' ' || (unsigned char)token[i] >= 0x7f)
			return false;
	return len > 0 && len <= LIMIT_SECRET;
}

static void
set(struct session_token *t, const char *text, int64_t expires)
{
	log_secret(text, strlen(text));
	if (t->text != NULL) {
		explicit_bzero(t->text, strlen(t->text));
		free(t->text);
	}
	t->text = xstrdup(text);
	t->expires = expires;
}

/* Token files that runs of other days left behind. */
static void
sweep(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(dir);

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, "token-", 6) != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path))
			continue;
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime < time(NULL) - KEEP_FILES)
			unlink(path);
	}
	if (d != NULL)
		closedir(d);
}

void
session_token_init(struct session_token *t, const char *base, const char *token, int64_t expires)
{
	char dir[PATH_MAX], path[PATH_MAX + 64], sum[2 * HASH_SHA256 + 1];
	struct err why = { 0 };
	struct buf name;

	memset(t, 0, sizeof(*t));
	t->base = xstrdup(base);
	set(t, token, expires);
	if (io_state_dir(dir, sizeof(dir), &why) == -1) {
		log_debug("a renewed token is not shared with other commands: %s", why.text);
		return;
	}
	sweep(dir);
	buf_init(&name, 2 * LIMIT_SECRET);
	if (buf_addf(&name, "%s\n%s", base, token) == 0) {
		hash_sha256_hex(sum, name.bytes, name.len);
		snprintf(path, sizeof(path), "%s/token-%.16s.json", dir, sum);
		t->file = xstrdup(path);
		snprintf(path, sizeof(path), "%s/token-%.16s.lock", dir, sum);
		t->lock = xstrdup(path);
	}
	explicit_bzero(name.bytes, name.len);
	buf_release(&name);
}

void
session_token_release(struct session_token *t)
{
	if (t->text != NULL)
		explicit_bzero(t->text, strlen(t->text));
	free(t->text);
	free(t->base);
	free(t->file);
	free(t->lock);
	memset(t, 0, sizeof(*t));
}

/* {"token":"...","expires":N} as store() wrote it; a file that is not ours to trust is left alone. */
static bool
load(struct session_token *t)
{
	struct json_object *root, *token, *expires;
	struct stat st;
	struct err why;
	char *bytes;
	size_t len;
	bool newer = false;

	if (t->file == NULL || lstat(t->file, &st) == -1 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0 || io_slurp(t->file, 2 * LIMIT_SECRET, &bytes, &len, &why) == -1)
		return false;
	root = json_tokener_parse(bytes);
	token = session_get(root, "token");
	expires = session_get(root, "expires");
	if (json_object_is_type(token, json_type_string) && json_object_is_type(expires, json_type_int) &&
	    well_formed(json_object_get_string(token), (size_t)json_object_get_string_len(token)) &&
	    strcmp(json_object_get_string(token), t->text) != 0) {
		set(t, json_object_get_string(token), json_object_get_int64(expires));
		newer = true;
	}
	json_object_put(root);
	explicit_bzero(bytes, len);
	free(bytes);
	return newer;
}

static void
store(const struct session_token *t)
{
	struct err why;
	struct buf line;

	if (t->file == NULL)
		return;
	buf_init(&line, 4 * LIMIT_SECRET);
	if (buf_addz(&line, "{\"token\":") == 0 && buf_add_json(&line, t->text, strlen(t->text)) == 0 &&
	    buf_addf(&line, ",\"expires\":%lld}\n", (long long)t->expires) == 0 &&
	    io_replace_file(t->file, line.bytes, line.len, &why) == -1)
		log_warning("the renewed token is not shared with other commands: %s", why.text);
	explicit_bzero(line.bytes, line.len);
	buf_release(&line);
}

/* The one renewer's lock; -1 where it is not to be had, which only means that two might renew. */
static int
take_lock(const struct session_token *t, volatile int *stop)
{
	long waited = 0;
	int fd;

	if (t->lock == NULL)
		return -1;
	fd = open(t->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return -1;
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || waited >= LOCK_WAIT_MS || !http_wait(50, stop)) {
			close(fd);
			return -1;
		}
		waited += 50;
	}
	return fd;
}

static int
read_answer(struct session_token *t, const struct http_answer *a, struct err *err)
{
	struct json_object *root = session_json(a), *token, *expires, *success;
	int64_t when = 0;
	char says[200];
	int rc = -1;

	success = session_get(root, "success");
	token = session_get(root, "apiToken");
	expires = session_get(root, "apiTokenExpires");
	if (expires != NULL)
		when = json_object_is_type(expires, json_type_string) ?
		    strtoll(json_object_get_string(expires), NULL, 10) : json_object_get_int64(expires);
	if (a->status < 200 || a->status > 299)
		err_set(err, REASON_AUTH, "the platform refuses to renew the token: %ld %s", a->status,
		    session_says(a, says, sizeof(says)));
	else if (root == NULL)
		err_set(err, REASON_AUTH, "the platform's answer to a token renewal is no JSON: %s",
		    session_says(a, says, sizeof(says)));
	else if (!json_object_get_boolean(success))
		err_set(err, REASON_AUTH, "the platform refuses to renew the token: %s", session_says(a, says, sizeof(says)));
	else if (!json_object_is_type(token, json_type_string) ||
	    !well_formed(json_object_get_string(token), (size_t)json_object_get_string_len(token)))
		err_set(err, REASON_AUTH, "the platform's answer to a token renewal holds no usable token");
	else {
		set(t, json_object_get_string(token), when > 0 ? when : 0);
		rc = 0;
	}
	json_object_put(root);
	return rc;
}

/* GET appAuth?expiredToken=...: no Authorization header, three more tries at 0.8 s times 2^n. */
static int
ask(struct session_token *t, struct http *h, volatile int *stop, struct err *err)
{
	struct http_request req = { .method = "GET", .max_body = 64 * KIB, .accept_encoding = "", .stop = stop };
	struct http_policy policy = { .tries = 4, .base_ms = 800, .max_ms = 6400 };
	struct http_answer a;
	struct buf url;
	int rc;

	buf_init(&url, 4 * LIMIT_SECRET);
	http_answer_init(&a);
	if (buf_addf(&url, "%s/appAuth?expiredToken=", t->base) == -1 || http_encode(t->text, strlen(t->text), &url) == -1)
		rc = err_set(err, REASON_USAGE, "the token is too long");
	else {
		req.url = url.bytes;
		rc = http_try(h, &req, &policy, &a, NULL, err);
		if (rc == 0)
			rc = read_answer(t, &a, err);
	}
	explicit_bzero(url.bytes, url.len);
	explicit_bzero(a.body.bytes, a.body.len);
	buf_release(&url);
	http_answer_release(&a);
	return rc;
}

/* Another's new token if there is one, else our own renewal, under the lock. */
static int
renew(struct session_token *t, struct http *h, volatile int *stop, struct err *err)
{
	int fd = take_lock(t, stop), rc = 0;

	if (load(t) && (t->expires == 0 || t->expires - WINDOW > time(NULL)))
		log_debug("another command has renewed the token");
	else if ((rc = ask(t, h, stop, err)) == 0) {
		log_info("token renewed");
		store(t);
	}
	if (fd != -1)
		close(fd);
	t->failed = rc == 0 ? 0 : t->failed + 1;
	return rc;
}

/* Tokens of this kind live until they are withdrawn. */
static bool
long_lived(const struct session_token *t)
{
	return strncmp(t->text, "APIV2", 5) == 0;
}

int
session_token_ready(struct session_token *t, struct http *h, volatile int *stop, struct err *err)
{
	int64_t now = time(NULL);

	if (long_lived(t) || t->expires == 0 || now < t->expires - WINDOW)
		return 0;
	if (load(t) && (t->expires == 0 || now < t->expires - WINDOW))
		return 0;
	/* a platform that hands out tokens shorter than the window, or refuses: the old one serves until it is over */
	if (now < t->expires && t->failed > 1)
		return 0;
	if (renew(t, h, stop, err) == 0) {
		if (t->expires != 0 && t->expires - WINDOW <= now)
			t->failed = 2;
		return 0;
	}
	if (now >= t->expires)
		return err_prefix(err, "the token expired %lld s ago", (long long)(now - t->expires));
	log_error("%s; the old token is used for the %lld s it still lives", err->text, (long long)(t->expires - now));
	return 0;
}

int
session_token_again(struct session_token *t, struct http *h, volatile int *stop, struct err *err)
{
	if (load(t))
		return 0;
	if (long_lived(t))
		return err_set(err, REASON_AUTH, "the platform rejects the token");
	return renew(t, h, stop, err);
}
