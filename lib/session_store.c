#include "session_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "date.h"
#include "hash.h"
#include "io.h"
#include "limit.h"
#include "log.h"
#include "session_manifest.h"
#include "text.h"
#include "xmalloc.h"

#define BASE		"/v2/exchange/db/local/tcfeed"

int
store_name(const char *name, struct err *err)
{
	size_t n = strlen(name);

	if (n == 0 || n > 64 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != n || *name == '.')
		return err_set(err, REASON_USAGE, "'%s' is no name for a state: a-z, 0-9, '.' and '-', at most 64", name);
	return 0;
}

/* --- records --- */

/* One call; body NULL: none. 0 with the answer, whatever its status. */
static int
call(struct session *s, const char *verb, const char *rid, const struct buf *body, struct http_answer *a, struct err *err)
{
	struct http_header header[] = { { "DB-Method", verb }, { "Content-Type", "application/json" } };
	struct http_request req = { .method = "POST", .header = header, .nheader = 2, .max_body = LIMIT_ANSWER, .accept_encoding = "" };
	char path[256];

	if (!session_has_token(s))
		return err_set(err, REASON_USAGE, "the DataStore needs the platform's token (tc_token); api_access_id does not do");
	if (body != NULL) {
		req.body = body->bytes;
		req.body_len = body->len;
	}
	snprintf(path, sizeof(path), "%s/%s", BASE, rid);
	/* every record is written whole under a name of its own: repeating it changes nothing */
	return session_call(s, path, &req, SESSION_IDEMPOTENT, a, err);
}

static int
complain(const struct session *s, const char *what, const struct http_answer *a, struct err *err)
{
	char says[300];

	return err_set(err, a->status == 403 || a->status == 503 ? REASON_AUTH : a->status >= 500 ? REASON_TEMPORARY : REASON_CONTRACT,
	    "%s: DataStore: cannot %s: %ld %s", session_host(s), what, a->status, session_says(a, says, sizeof(says)));
}

static bool
is_2xx(const struct http_answer *a)
{
	return a->status >= 200 && a->status <= 299;
}

static int
write_record(struct session *s, const char *rid, const struct buf *body, struct err *err)
{
	struct http_answer a;
	int rc;

	http_answer_init(&a);
	rc = call(s, "POST", rid, body, &a, err);
	if (rc == 0 && !is_2xx(&a))
		rc = complain(s, "write a record", &a, err);
	http_answer_release(&a);
	return rc;
}

/* _source of a record: 1, 0 there is none, -1. */
static int
read_record(struct session *s, const char *rid, struct json_object **source, struct err *err)
{
	struct json_object *root = NULL, *found;
	struct http_answer a;
	int rc;

	*source = NULL;
	http_answer_init(&a);
	rc = call(s, "GET", rid, NULL, &a, err);
	if (rc == 0 && !is_2xx(&a) && a.status != 404)
		rc = complain(s, "read a record", &a, err);
	if (rc == 0) {
		/* the body may be no JSON although labelled so: not found */
		root = session_json(&a);
		found = session_get(root, "found");
		*source = session_get(root, "_source");
		rc = json_object_get_boolean(found) && json_object_is_type(*source, json_type_object);
		*source = rc == 1 ? json_object_get(*source) : NULL;
	}
	json_object_put(root);
	http_answer_release(&a);
	return rc;
}

/* What cannot be taken away only costs room: the next put tries again. */
static void
delete_record(struct session *s, const char *rid)
{
	struct http_answer a;
	struct err err;

	http_answer_init(&a);
	if (call(s, "DELETE", rid, NULL, &a, &err) == -1)
		log_debug("%s", err.text);
	http_answer_release(&a);
}

/* The index is made by its first record (section 10, "First use"). */
static int
first_use(struct session *s, struct err *err)
{
	struct http_answer a;
	struct buf empty;
	int rc;

	http_answer_init(&a);
	buf_init(&empty, 64);
	rc = call(s, "GET", "_search", NULL, &a, err);
	if (rc == 0 && !is_2xx(&a)) {
		rc = buf_addz(&empty, "{}") == -1 ? -1 : write_record(s, "temp-index-create", &empty, err);
		if (rc == 0) {
			struct err ignored;

			delete_record(s, "temp-index-create");
			buf_clear(&empty);
			if (buf_addz(&empty, "{\"dynamic\":false}") == 0 && call(s, "PUT", "_mappings", &empty, &a, &ignored) == -1)
				log_debug("%s", ignored.text);
		}
	}
	buf_release(&empty);
	http_answer_release(&a);
	return rc;
}

/* --- manifests --- */

/* 1, 0 none, -1; kind is "manifest" or "pending". */
static int
manifest_load(struct session *s, const char *kind, const char *name, struct manifest *m, struct err *err)
{
	struct json_object *o;
	char rid[128];
	int rc;

	memset(m, 0, sizeof(*m));
	snprintf(rid, sizeof(rid), "%s-%s", kind, name);
	rc = read_record(s, rid, &o, err);
	if (rc == 1 && manifest_read(o, name, m, err) == -1) {
		memset(m, 0, sizeof(*m));
		rc = -1;
	}
	json_object_put(o);
	return rc;
}

static int
manifest_store(struct session *s, const char *kind, const char *name, const struct manifest *m, struct err *err)
{
	struct buf body;
	char rid[128];
	int rc;

	buf_init(&body, MIB);
	snprintf(rid, sizeof(rid), "%s-%s", kind, name);
	rc = manifest_write(name, m, &body) == -1 ? err_set(err, REASON_STATE, "a manifest grows past its ceiling") :
	    write_record(s, rid, &body, err);
	buf_release(&body);
	return rc;
}

static void
block_rid(const char *name, const char *digest, char *out, size_t size)
{
	snprintf(out, size, "block-%s-%s", name, digest);
}

/* Takes away the blocks of old that keep does not list. */
static void
sweep(struct session *s, const char *name, const struct manifest *old, const struct manifest *keep)
{
	char rid[192];
	size_t i;

	for (i = 0; i < old->info.blocks; i++) {
		if (manifest_holds(keep, old->block[i], keep->info.blocks) || manifest_holds(old, old->block[i], i))
			continue;
		block_rid(name, old->block[i], rid, sizeof(rid));
		delete_record(s, rid);
	}
}

/* --- blocks --- */

static int
send_block(struct session *s, const char *name, const char *digest, const char *bytes, size_t len, struct err *err)
{
	uLongf packed_len = compressBound(len);
	unsigned char *packed = xmalloc(packed_len), *text;
	struct buf body;
	char rid[192];
	int n, rc = -1;

	buf_init(&body, 2 * MIB);
	text = xmalloc(4 * ((packed_len + 2) / 3) + 1);
	if (compress2(packed, &packed_len, (const unsigned char *)bytes, len, 6) != Z_OK)
		err_set(err, REASON_STATE, "zlib cannot compress a block");
	else {
		n = EVP_EncodeBlock(text, packed, (int)packed_len);
		if (buf_addz(&body, "{\"data\":\"") == -1 || buf_add(&body, (char *)text, (size_t)n) == -1 || buf_addz(&body, "\"}") == -1)
			err_set(err, REASON_STATE, "a block grows past its ceiling");
		else {
			block_rid(name, digest, rid, sizeof(rid));
			rc = write_record(s, rid, &body, err);
		}
	}
	free(packed);
	free(text);
	buf_release(&body);
	return rc;
}

/* The block's bytes (STORE_BLOCK of room) and how many; -1: missing or damaged. */
static int
fetch_block(struct session *s, const char *name, const char *digest, char *bytes, size_t *len, struct err *err)
{
	struct json_object *o;
	char rid[192], sum[65];
	const char *text;
	unsigned char *packed = NULL;
	uLongf got = STORE_BLOCK;
	int n = -1, rc, size;

	block_rid(name, digest, rid, sizeof(rid));
	rc = read_record(s, rid, &o, err);
	if (rc == 1) {
		text = session_word(o, "data");
		size = (int)strlen(text);
		packed = xmalloc((size_t)size + 4);
		if (size > 0 && size % 4 == 0)
			n = EVP_DecodeBlock(packed, (const unsigned char *)text, size);
		/* EVP_DecodeBlock counts the padding's zeros, too; zlib's own end says where it ends */
		if (n > 0 && uncompress((unsigned char *)bytes, &got, packed, (uLong)n) == Z_OK) {
			hash_sha256_hex(sum, bytes, got);
			n = strcmp(sum, digest) == 0 ? 1 : -1;
		} else
			n = -1;
	}
	json_object_put(o);
	free(packed);
	*len = got;
	if (rc == -1)
		return -1;
	return n == 1 ? 0 : err_set(err, REASON_STATE, "state %s in the DataStore is damaged: a block is %s", name,
	    rc == 0 ? "missing" : "not what it was");
}

/* --- whole files --- */

static EVP_MD_CTX *
start_digest(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		log_critical("libcrypto refuses a digest");
		exit(1);
	}
	return ctx;
}

static void
end_digest(EVP_MD_CTX *ctx, char out[65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	EVP_DigestFinal_ex(ctx, sum, &n);
	text_hex(out, sum, HASH_SHA256);
	EVP_MD_CTX_free(ctx);
}

static int	 names_change(struct session *, const char *name, bool there, struct err *);

static ssize_t
read_block(int fd, char *bytes)
{
	size_t have = 0;
	ssize_t n = 0;

	while (have < STORE_BLOCK && (n = io_read(fd, bytes + have, STORE_BLOCK - have)) > 0)
		have += (size_t)n;
	return n == -1 ? -1 : (ssize_t)have;
}

/* The manifest of an open file. */
static int
survey(int fd, const char *file, char *bytes, struct manifest *m, struct err *err)
{
	EVP_MD_CTX *ctx = start_digest();
	ssize_t n;

	memset(m, 0, sizeof(*m));
	m->block = xcalloc(BLOCKS_MOST + 1, sizeof(*m->block));
	m->info.time = date_now();
	while ((n = read_block(fd, bytes)) > 0) {
		if (m->info.blocks == BLOCKS_MOST) {
			EVP_MD_CTX_free(ctx);
			return err_set(err, REASON_USAGE, "%s is longer than %zu MiB, the most that is kept in the DataStore", file,
			    STORE_MOST / MIB);
		}
		hash_sha256_hex(m->block[m->info.blocks++], bytes, (size_t)n);
		EVP_DigestUpdate(ctx, bytes, (size_t)n);
		m->info.size += n;
	}
	end_digest(ctx, m->info.sha256);
	return n == -1 ? err_set(err, REASON_STATE, "cannot read %s: %m", file) : 0;
}

static int
send_new(struct session *s, const char *name, int fd, const char *file, char *bytes, struct manifest *m,
    const struct manifest *old, struct err *err)
{
	size_t i;
	ssize_t n;
	char sum[65];

	if (lseek(fd, 0, SEEK_SET) == -1)
		return err_set(err, REASON_STATE, "cannot read %s: %m", file);
	for (i = 0; i < m->info.blocks; i++) {
		n = read_block(fd, bytes);
		if (n <= 0)
			return err_set(err, REASON_STATE, "%s was changed while it was read", file);
		hash_sha256_hex(sum, bytes, (size_t)n);
		if (strcmp(sum, m->block[i]) != 0)
			return err_set(err, REASON_STATE, "%s was changed while it was read", file);
		if (manifest_holds(old, sum, old->info.blocks) || manifest_holds(m, sum, i))
			continue;
		if (send_block(s, name, sum, bytes, (size_t)n, err) == -1)
			return -1;
		m->info.sent++;
	}
	return 0;
}

/* With the file open: the list of what is to come, the blocks, the manifest; then what is no longer used goes. */
static int
put_open(struct session *s, const char *name, int fd, const char *file, char *bytes, struct manifest *m, struct err *err)
{
	struct manifest old, crashed;
	char rid[128];
	int rc = -1;

	if (first_use(s, err) == -1)
		return -1;
	/* a damaged manifest is overwritten: there is nothing to keep */
	if (manifest_load(s, "manifest", name, &old, err) == -1 && err->reason != REASON_STATE)
		return -1;
	if (manifest_load(s, "pending", name, &crashed, err) == -1 && err->reason != REASON_STATE)
		goto out;
	err->reason = REASON_NONE;
	m->info.generation = old.info.generation + 1;
	snprintf(rid, sizeof(rid), "pending-%s", name);
	if (crashed.info.blocks > 0)
		sweep(s, name, &crashed, &old);
	if (manifest_store(s, "pending", name, m, err) == -1 || send_new(s, name, fd, file, bytes, m, &old, err) == -1 ||
	    manifest_store(s, "manifest", name, m, err) == -1)
		goto out;
	sweep(s, name, &old, m);
	delete_record(s, rid);
	rc = names_change(s, name, true, err);
out:
	manifest_release(&old);
	manifest_release(&crashed);
	return rc;
}

int
store_put(struct session *s, const char *name, const char *file, struct store_info *info, struct err *err)
{
	struct manifest m = { 0 };
	char *bytes;
	int fd, rc;

	if (store_name(name, err) == -1 || (fd = io_open_input(file, err)) == -1)
		return -1;
	bytes = xmalloc(STORE_BLOCK);
	rc = survey(fd, file, bytes, &m, err);
	if (rc == 0)
		rc = put_open(s, name, fd, file, bytes, &m, err);
	*info = m.info;
	manifest_release(&m);
	free(bytes);
	close(fd);
	return rc;
}

static int
fetch_all(struct session *s, const char *name, const struct manifest *m, int fd, const char *file, struct err *err)
{
	EVP_MD_CTX *ctx = start_digest();
	char *bytes = xmalloc(STORE_BLOCK), sum[65];
	long long size = 0;
	size_t i, len;
	int rc = 0;

	for (i = 0; i < m->info.blocks && rc == 0; i++) {
		rc = fetch_block(s, name, m->block[i], bytes, &len, err);
		if (rc == 0 && io_write_all(fd, bytes, len) == -1)
			rc = err_set(err, REASON_STATE, "cannot write %s: %m", file);
		if (rc == 0) {
			EVP_DigestUpdate(ctx, bytes, len);
			size += (long long)len;
		}
	}
	end_digest(ctx, sum);
	free(bytes);
	if (rc == 0 && (size != m->info.size || strcmp(sum, m->info.sha256) != 0))
		rc = err_set(err, REASON_STATE, "state %s in the DataStore is damaged: its blocks do not make the file", name);
	return rc;
}

int
store_get(struct session *s, const char *name, const char *file, struct store_info *info, struct err *err)
{
	char tmp[PATH_MAX];
	struct manifest m;
	int fd, rc;

	if (store_name(name, err) == -1)
		return -1;
	rc = manifest_load(s, "manifest", name, &m, err);
	if (rc != 1)
		return rc;
	*info = m.info;
	if (snprintf(tmp, sizeof(tmp), "%s.new.%ld", file, (long)getpid()) >= (int)sizeof(tmp) ||
	    (fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1) {
		manifest_release(&m);
		return err_set(err, REASON_STATE, "cannot write %s: %m", file);
	}
	rc = fetch_all(s, name, &m, fd, file, err);
	manifest_release(&m);
	if (rc == 0 && fsync(fd) == -1)
		rc = err_set(err, REASON_STATE, "cannot write %s: %m", file);
	close(fd);
	if (rc == 0 && rename(tmp, file) == -1)
		rc = err_set(err, REASON_STATE, "cannot write %s: %m", file);
	if (rc == -1)
		unlink(tmp);
	return rc == 0 ? 1 : -1;
}

int
store_delete(struct session *s, const char *name, struct err *err)
{
	struct manifest m, pending, none = { 0 };
	char rid[128];

	if (store_name(name, err) == -1 || (manifest_load(s, "manifest", name, &m, err) == -1 && err->reason != REASON_STATE))
		return -1;
	if (manifest_load(s, "pending", name, &pending, err) == -1 && err->reason != REASON_STATE) {
		manifest_release(&m);
		return -1;
	}
	/* the manifest first: half a state must not be found */
	snprintf(rid, sizeof(rid), "manifest-%s", name);
	delete_record(s, rid);
	sweep(s, name, &m, &none);
	sweep(s, name, &pending, &none);
	snprintf(rid, sizeof(rid), "pending-%s", name);
	delete_record(s, rid);
	manifest_release(&m);
	manifest_release(&pending);
	err->reason = REASON_NONE;
	return names_change(s, name, false, err);
}

/* --- which names there are: searching is not to be relied on, since the mapping indexes nothing --- */

/* The record "names" with name in it, or without; nothing is written where that changes nothing. */
static int
names_change(struct session *s, const char *name, bool there, struct err *err)
{
	struct json_object *o, *list, *made = json_object_new_object(), *array = json_object_new_array();
	bool had = false;
	struct buf body;
	size_t i;
	int rc = read_record(s, "names", &o, err);

	list = session_get(o, "name");
	for (i = 0; rc == 1 && json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		struct json_object *v = json_object_array_get_idx(list, i);
		bool same = json_object_is_type(v, json_type_string) && strcmp(json_object_get_string(v), name) == 0;

		had |= same;
		if (!same)
			json_object_array_add(array, json_object_get(v));
	}
	if (there)
		json_object_array_add(array, json_object_new_string(name));
	json_object_object_add(made, "name", array);
	buf_init(&body, MIB);
	if (rc != -1 && had != there)
		rc = buf_addz(&body, json_object_to_json_string_ext(made, JSON_C_TO_STRING_PLAIN)) == -1 ?
		    err_set(err, REASON_STATE, "too many names") : write_record(s, "names", &body, err);
	buf_release(&body);
	json_object_put(made);
	json_object_put(o);
	return rc == -1 ? -1 : 0;
}

int
store_list(struct session *s, void (*each)(void *arg, const char *name, const struct store_info *), void *arg, struct err *err)
{
	struct json_object *o, *list;
	struct manifest m;
	struct err why;
	size_t i;
	int rc = read_record(s, "names", &o, err);

	list = session_get(o, "name");
	for (i = 0; rc == 1 && json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(list, i));

		if (name == NULL || store_name(name, &why) == -1)
			continue;
		switch (manifest_load(s, "manifest", name, &m, &why)) {
		case 1:
			each(arg, name, &m.info);
			break;
		case -1:
			log_warning("%s", why.text);
			break;
		}
		manifest_release(&m);
	}
	json_object_put(o);
	return rc == -1 ? -1 : 0;
}
