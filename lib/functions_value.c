/* Functions of indicator values, dates and digests: thin, the rules are value.h's, date.h's and hash.h's. */
#include <ctype.h>
#include <string.h>

#include "date.h"
#include "functions_private.h"
#include "hash.h"
#include "text.h"
#include "value.h"

/* --- fanging --- */

/* One buffer for all calls: what comes out is copied into the arena. */
static struct buf *
scratch(struct jmespath_ctx *ctx)
{
	static struct buf b;

	if (b.bytes == NULL)
		buf_init(&b, ctx->arena->max);
	b.max = ctx->arena->max;
	buf_clear(&b);
	return &b;
}

typedef int fanging(const char *, size_t, struct buf *);

static struct jval *
change(struct jmespath_ctx *ctx, struct jval *v, fanging *how, struct err *err)
{
	struct buf *out = scratch(ctx);

	fn_charge(ctx, v->len * 4);
	if (how(v->u.text, v->len, out) == -1)
		return fn_full(ctx, err);
	if (out->len == v->len && (v->len == 0 || memcmp(out->bytes, v->u.text, v->len) == 0))
		return v;
	return fn_copy(ctx, out->bytes, out->len, err);
}

struct jval *
fn_refang(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	return change(ctx, arg[0], value_refang, err);
}

struct jval *
fn_defang(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	return change(ctx, arg[0], value_defang, err);
}

/* --- host and port --- */

struct place {
	const char	*host, *port;
	size_t		 hostlen, portlen;	/* 0: none */
};

/*
 * scheme://user@host:port/path, user@host, host:port, [v6]:port or v6 alone:
 * the authority as RFC 3986 cuts it, also where a feed left the scheme off.
 */
static struct place
find_place(const struct jval *v)
{
	const char *p = v->u.text, *end = p + v->len, *q;
	struct place out = { 0 };

	if ((q = memmem(p, v->len, "://", 3)) != NULL)
		p = q + 3;
	for (q = p; q < end && strchr("/?#\\ ", *q) == NULL; q++)
		;
	end = q;
	if ((q = memrchr(p, '@', (size_t)(end - p))) != NULL)
		p = q + 1;
	if (p < end && *p == '[') {
		q = memchr(p, ']', (size_t)(end - p));
		if (q == NULL)
			return out;
		out.host = p + 1;
		out.hostlen = (size_t)(q - p - 1);
		q++;
	} else {
		q = memchr(p, ':', (size_t)(end - p));
		if (q == NULL || memchr(q + 1, ':', (size_t)(end - q - 1)) != NULL)	/* two colons: an IPv6 address */
			q = end;
		out.host = p;
		out.hostlen = (size_t)(q - p);
	}
	if (q < end && *q == ':') {
		out.port = q + 1;
		out.portlen = (size_t)(end - q - 1);
	}
	return out;
}

struct jval *
fn_host(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct place at = find_place(arg[0]);
	struct jval *v;
	char *to;
	size_t i;

	(void)n;
	fn_charge(ctx, arg[0]->len);
	if (at.hostlen == 0)
		return &jval_null;
	for (i = 0; i < at.hostlen && !(at.host[i] >= 'A' && at.host[i] <= 'Z'); i++)
		;
	if (i == at.hostlen)
		return fn_view(ctx, at.host, at.hostlen, err);
	if ((v = fn_copy(ctx, at.host, at.hostlen, err)) == NULL)
		return NULL;
	for (to = (char *)(size_t)v->u.text, i = 0; i < at.hostlen; i++)
		if (to[i] >= 'A' && to[i] <= 'Z')
			to[i] |= 0x20;
	return v;
}

struct jval *
fn_port(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct place at = find_place(arg[0]);
	struct jval *v;
	long port = 0;
	size_t i;

	(void)n;
	fn_charge(ctx, arg[0]->len);
	for (i = 0; i < at.portlen && i < 6; i++) {
		if (!isdigit((unsigned char)at.port[i]))
			return &jval_null;
		port = port * 10 + (at.port[i] - '0');
	}
	if (at.portlen == 0 || port > 65535)
		return &jval_null;
	v = jval_number(ctx->arena, (double)port);
	return v != NULL ? v : fn_full(ctx, err);
}

/* --- what is it --- */

struct jval *
fn_indicator_type(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	enum tc_type type = value_detect(arg[0]->u.text, arg[0]->len);
	const char *name = type == TYPE_NONE ? NULL : schema_type_name(type);

	(void)n;
	fn_charge(ctx, arg[0]->len * 8);
	return name == NULL ? &jval_null : fn_view(ctx, name, strlen(name), err);
}

struct jval *
fn_hash_type(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	char hex[65];
	const char *why, *name;
	int bits;

	(void)n;
	fn_charge(ctx, arg[0]->len);
	if (value_hash(arg[0]->u.text, arg[0]->len, hex, &bits, &why) != VALUE_OK)
		return &jval_null;
	name = bits == 128 ? "md5" : bits == 160 ? "sha1" : "sha256";
	return fn_view(ctx, name, strlen(name), err);
}

static bool
is_type(struct jmespath_ctx *ctx, const struct jval *v, enum tc_type type)
{
	static const struct value_options any = { .keep_reserved = true };
	enum tc_type actual = TYPE_NONE;
	const char *why;

	if (v->type != J_STRING)
		return false;
	fn_charge(ctx, v->len * 4);
	return value_canon(type, v->u.text, v->len, &any, scratch(ctx), &actual, &why) == VALUE_OK && actual == type;
}

struct jval *
fn_is_address(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	(void)err;
	return jval_bool(is_type(ctx, arg[0], TYPE_ADDRESS));
}

struct jval *
fn_is_cidr(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	(void)err;
	return jval_bool(is_type(ctx, arg[0], TYPE_CIDR));
}

struct jval *
fn_is_host(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	(void)err;
	return jval_bool(is_type(ctx, arg[0], TYPE_HOST));
}

struct jval *
fn_is_url(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	(void)err;
	return jval_bool(is_type(ctx, arg[0], TYPE_URL));
}

struct jval *
fn_is_email(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	(void)n;
	(void)err;
	return jval_bool(is_type(ctx, arg[0], TYPE_EMAIL_ADDRESS));
}

struct jval *
fn_is_hash(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	char hex[65];
	const char *why;
	int bits;

	(void)n;
	(void)err;
	ctx->steps++;
	return jval_bool(arg[0]->type == J_STRING && value_hash(arg[0]->u.text, arg[0]->len, hex, &bits, &why) == VALUE_OK);
}

/* Of a value of any type that knows reserved ones: as the mapping would judge it. */
struct jval *
fn_is_reserved(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	static const struct value_options strict;
	enum tc_type type, actual;
	const char *why;

	(void)n;
	(void)err;
	if (arg[0]->type != J_STRING || (type = value_detect(arg[0]->u.text, arg[0]->len)) == TYPE_NONE || type == TYPE_FILE)
		return &jval_false;
	fn_charge(ctx, arg[0]->len * 8);
	return jval_bool(value_canon(type, arg[0]->u.text, arg[0]->len, &strict, scratch(ctx), &actual, &why) == VALUE_RESERVED);
}

/* --- dates --- */

static bool
try_format(struct jmespath_ctx *ctx, const char *text, size_t len, const struct jval *format, int64_t *when)
{
	struct jval *z = jval_string_copy(ctx->arena, format->u.text, format->len);	/* with a NUL behind it */
	struct err ignored;

	return z != NULL && date_parse_format(text, len, z->u.text, when, &ignored) == 0;
}

static struct jval *
say_date(struct jmespath_ctx *ctx, int64_t when, struct err *err)
{
	char out[DATE_LEN + 1];

	date_print(when, out);
	return fn_copy(ctx, out, DATE_LEN, err);
}

static struct jval *
bad_format(struct jmespath_ctx *ctx, const struct jval *format, struct err *err)
{
	struct jval *z = jval_string_copy(ctx->arena, format->u.text, format->len);
	const char *why;

	if (z == NULL)
		return fn_full(ctx, err);
	if ((why = date_format_wrong(z->u.text)) == NULL)
		return NULL;
	jmespath_fail(JE_INVALID_VALUE, err, "parse_date(): '%.*s': %s", (int)text_cut(z->u.text, z->len, 60), z->u.text, why);
	return z;
}

struct jval *
fn_parse_date(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	char made[JVAL_NUMBER_TEXT];
	const char *text = arg[0]->u.text;
	size_t len = arg[0]->len;
	struct jval *one = n > 1 ? arg[1] : &jval_null, **format = &one;
	uint32_t i, formats = 1;
	struct err why = { 0 };
	int64_t when;

	if (arg[0]->type == J_NUMBER && !arg[0]->text_is_source) {
		len = jval_format_number(arg[0]->number, made);
		text = made;
	}
	fn_charge(ctx, 640);
	if (one->type == J_NULL) {
		if (len == 0)
			return &jval_null;
		if (date_parse(text, len, -1, &when, &why) == 0)
			return say_date(ctx, when, err);
		return jmespath_fail(JE_INVALID_VALUE, err, "parse_date(): %s", why.text);
	}
	if (one->type == J_ARRAY) {
		format = one->u.item;
		formats = one->len;
	}
	for (i = 0; i < formats; i++) {
		if (format[i]->type != J_STRING)
			return jmespath_fail(JE_INVALID_TYPE, err, "parse_date() takes a format, or an array of formats, as argument 2");
		fn_charge(ctx, 640);
		if (len > 0 && try_format(ctx, text, len, format[i], &when))
			return say_date(ctx, when, err);
	}
	for (i = 0; i < formats; i++)
		if (bad_format(ctx, format[i], err) != NULL)
			return NULL;
	if (len == 0)
		return &jval_null;
	return jmespath_fail(JE_INVALID_VALUE, err, "parse_date(): '%.*s' has not the format given", (int)text_cut(text, len, 60), text);
}

/* --- digests --- */

struct jval *
fn_md5(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	char hex[33];

	(void)n;
	fn_charge(ctx, 640 + arg[0]->len * 4);
	hash_md5_hex(hex, arg[0]->u.text, arg[0]->len);
	return fn_copy(ctx, hex, 32, err);
}

struct jval *
fn_sha1(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	char hex[41];

	(void)n;
	fn_charge(ctx, 640 + arg[0]->len * 4);
	hash_sha1_hex(hex, arg[0]->u.text, arg[0]->len);
	return fn_copy(ctx, hex, 40, err);
}

struct jval *
fn_sha256(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	char hex[65];

	(void)n;
	fn_charge(ctx, 640 + arg[0]->len * 4);
	hash_sha256_hex(hex, arg[0]->u.text, arg[0]->len);
	return fn_copy(ctx, hex, 64, err);
}
