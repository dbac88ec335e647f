/* A row's bytes: check value, flags, then the parts the flags name, then the value. */
#include <string.h>

#include "state.h"

static uint64_t
mix(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t
fold(uint64_t h, const unsigned char *p, size_t len)
{
	uint64_t w;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&w, p, 8);
		h = mix(h ^ w, 0x9e3779b97f4a7c15ULL);
	}
	w = len;
	memcpy(&w, p, len);
	return mix(h ^ w, 0xc2b2ae3d27d4eb4fULL + len);
}

/* Against accident, not malice: whoever can write the file can write a check value as well. */
uint32_t
state_check(const unsigned char *key, size_t keylen, const void *bytes, size_t len)
{
	uint64_t h = fold(fold(0x7463666565640001ULL ^ len, key, keylen), bytes, len);

	return (uint32_t)(h ^ (h >> 32));
}

static unsigned char *
put(unsigned char *to, const void *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

/* Numbers stand little-endian, so that a state may move between machines. */
static unsigned char *
put_number(unsigned char *to, uint64_t v, int bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		*to++ = (unsigned char)v;
	return to;
}

static unsigned char *
put_prints(unsigned char *to, const struct row_prints *p)
{
	*to++ = p->n;
	return put(to, p->at, 2 * (size_t)p->n);
}

size_t
state_row_encode(const struct row *r, unsigned char *bytes)
{
	unsigned char *to = bytes + 4;

	to = put_number(to, r->flags, 2);
	*to++ = r->type;
	*to++ = r->retract;
	if (r->flags & ROW_KNOWN) {
		to = put(to, r->hash, STATE_HASH);
		to = put_number(to, r->sent_at, 4);
		to = put_prints(to, &r->prints);
	}
	if (r->flags & ROW_PENDING) {
		*to++ = r->pend_kind;
		*to++ = r->doubt_runs;
		to = put(to, r->pend_hash, STATE_HASH);
		to = put_number(to, r->pend_run, 4);
		to = put_prints(to, &r->pend_prints);
	}
	if (r->flags & ROW_DOUBT)
		to = put_number(to, r->batch, 8);
	if (r->flags & ROW_MISSING) {
		to = put_number(to, r->missing_mark, 4);
		to = put_number(to, r->missing_since, 4);
	}
	if (r->flags & ROW_REFUSED) {
		to = put(to, r->refused_hash, STATE_HASH);
		*to++ = r->refused_kind;
		to = put_number(to, r->refused_run, 4);
	}
	to = put(to, r->value, r->value_len);
	put_number(bytes, state_check(r->key, STATE_KEY, bytes + 4, (size_t)(to - bytes) - 4), 4);
	return (size_t)(to - bytes);
}

struct from {
	const unsigned char *p, *end;
	bool cut;
};

static const unsigned char *
take(struct from *f, size_t len)
{
	static const unsigned char nothing[STATE_PRINTS * 2];
	const unsigned char *p = f->p;

	if ((size_t)(f->end - f->p) < len) {
		f->cut = true;
		return nothing;
	}
	f->p += len;
	return p;
}

static uint64_t
take_number(struct from *f, int bytes)
{
	const unsigned char *p = take(f, (size_t)bytes);
	uint64_t v = 0;
	int i;

	for (i = bytes - 1; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void
take_prints(struct from *f, struct row_prints *p)
{
	p->n = (uint8_t)take_number(f, 1);
	if (p->n > STATE_PRINTS) {
		p->n = 0;
		f->cut = true;
		return;
	}
	memcpy(p->at, take(f, 2 * (size_t)p->n), 2 * (size_t)p->n);
}

int
state_row_decode(struct row *r, const unsigned char key[STATE_KEY], const unsigned char *bytes, size_t len)
{
	struct from f = { bytes, bytes + len, false };
	uint32_t check = (uint32_t)take_number(&f, 4);

	if (f.cut || check != state_check(key, STATE_KEY, bytes + 4, len - 4))
		return -1;
	memcpy(r->key, key, STATE_KEY);
	r->flags = (uint16_t)take_number(&f, 2);
	r->type = (uint8_t)take_number(&f, 1);
	r->retract = (uint8_t)take_number(&f, 1);
	r->prints.n = r->pend_prints.n = 0;
	r->pend_kind = KIND_NONE;
	r->batch = 0;
	if (r->flags & ROW_KNOWN) {
		memcpy(r->hash, take(&f, STATE_HASH), STATE_HASH);
		r->sent_at = (uint32_t)take_number(&f, 4);
		take_prints(&f, &r->prints);
	}
	if (r->flags & ROW_PENDING) {
		r->pend_kind = (uint8_t)take_number(&f, 1);
		r->doubt_runs = (uint8_t)take_number(&f, 1);
		memcpy(r->pend_hash, take(&f, STATE_HASH), STATE_HASH);
		r->pend_run = (uint32_t)take_number(&f, 4);
		take_prints(&f, &r->pend_prints);
	}
	if (r->flags & ROW_DOUBT)
		r->batch = take_number(&f, 8);
	if (r->flags & ROW_MISSING) {
		r->missing_mark = (uint32_t)take_number(&f, 4);
		r->missing_since = (uint32_t)take_number(&f, 4);
	}
	if (r->flags & ROW_REFUSED) {
		memcpy(r->refused_hash, take(&f, STATE_HASH), STATE_HASH);
		r->refused_kind = (uint8_t)take_number(&f, 1);
		r->refused_run = (uint32_t)take_number(&f, 4);
	}
	r->value = (const char *)f.p;
	r->value_len = (uint32_t)(f.end - f.p);
	return f.cut || r->type >= TYPE_COUNT ? -1 : 0;
}
