/*
 * The pass over a text: every byte looked at once, a node noted for each value.
 * What it calls for each byte, name or value is in this file, to be inlined.
 */
#include "scan.h"

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "limit.h"
#include "scan_private.h"
#include "text.h"
#include "xmalloc.h"

/*
 * Names of an object are compared with each other as they come while there are
 * few, by a cheap signature first; past this many they are sorted once at the
 * object's end. Both are bounded by the names' bytes times a small factor, so
 * no choice of names makes the check quadratic.
 */
#define KEYS_DIRECT 32

/* A member name of an object that is still open. */
struct key {
	uint64_t	 sig;		/* of the unescaped bytes: equal names, equal sig */
	uint32_t	 at;		/* offset of the name in the text, for messages */
	uint32_t	 off;		/* of the unescaped bytes, in the text or in plain */
	uint32_t	 len;
	bool		 in_plain;
};

struct frame {
	uint32_t	 node;
	uint32_t	 key;		/* first of its names in work.key */
	uint32_t	 count;
	bool		 object;
};

struct work {
	struct frame	 frame[LIMIT_DEPTH];
	struct key	*key;
	size_t		 nkey, keycap;
	struct buf	 plain;		/* unescaped names; never longer than the text */
};

/* --- characters --- */

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p <= ' ' && is_space(*p))
		p++;
	return p;
}

/* The first byte that is not plain in a string: quote, backslash, control or not ASCII. */
static inline const char *
skip_plain(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x20);

	while (end - p >= 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* as signed bytes, what is not ASCII is negative and thus below the space, too */
		__m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, back)),
		    _mm_cmplt_epi8(x, space));
		unsigned mask = (unsigned)_mm_movemask_epi8(hit);

		if (mask != 0)
			return p + __builtin_ctz(mask);
		p += 16;
	}
#else
	while (end - p >= 8) {
		const uint64_t one = 0x0101010101010101ULL, top = one << 7;
		uint64_t x, quote, back;

		memcpy(&x, p, 8);
		quote = x ^ one * '"';
		back = x ^ one * '\\';
		/* may point at a plain byte above a special one, never passes a special one: the loop below looks again */
		if ((((x - one * 0x20) | (quote - one) | (back - one) | x) & top) != 0)
			break;
		p += 8;
	}
#endif
	while (p < end && (unsigned char)(*p - 0x20) < 0x60 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* Length of the UTF-8 character at p, whose first byte is not ASCII, or 0. */
static inline size_t
utf8_length(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t left = (size_t)(end - p);

	if (s[0] >= 0xc2 && s[0] < 0xe0)
		return left >= 2 && (s[1] & 0xc0) == 0x80 ? 2 : 0;
	return text_utf8(p, left, NULL);
}

/* --- messages --- */

/* Bytes are counted from 1, as cmp(1) and cut(1) do. */
static int
complain(const struct scan *s, struct err *err, const char *what, const char *p)
{
	return err_set(err, REASON_CONTRACT, "%s at byte %zu", what, (size_t)(p - s->bytes) + 1);
}

static int
complain_end(const struct scan *s, struct err *err, const char *what)
{
	return err_set(err, REASON_CONTRACT, "%s: the text ends at byte %zu", what, s->len);
}

static int
complain_byte(const struct scan *s, struct err *err, const char *p)
{
	unsigned char c = (unsigned char)*p;
	size_t at = (size_t)(p - s->bytes) + 1;

	if (c == 0)
		return err_set(err, REASON_CONTRACT, "NUL at byte %zu", at);
	if (c == 0xef && s->len - at >= 2 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		return err_set(err, REASON_CONTRACT, "byte order mark at byte %zu", at);
	if (c > 0x20 && c < 0x7f)
		return err_set(err, REASON_CONTRACT, "unexpected %c at byte %zu", c, at);
	return err_set(err, REASON_CONTRACT, "unexpected 0x%02x at byte %zu", c, at);
}

/* --- names --- */

/* Eight bytes or fewer as a number; whichever order, but always the same. */
static inline uint64_t
load(const char *p, size_t n, const char *end)
{
	uint64_t v = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (end - p >= 8) {
		memcpy(&v, p, 8);
		return n >= 8 ? v : v & ((1ULL << (8 * n)) - 1);
	}
#else
	(void)end;
#endif
	memcpy(&v, p, n < 8 ? n : 8);
	return v;
}

static inline uint64_t
signature(const char *p, size_t n, const char *end)
{
	uint64_t v = load(p, n, end) ^ (uint64_t)n << 56;

	if (n > 8)
		v ^= load(p + n - 8, 8, end) * 0x9e3779b97f4a7c15ULL;
	return v;
}

static inline const char *
key_bytes(const struct scan *s, const struct key *k)
{
	const struct work *w = s->private_;

	return (k->in_plain ? w->plain.bytes : s->bytes) + k->off;
}

static int
key_order(const void *a, const void *b, void *arg)
{
	const struct key *x = a, *y = b;
	int c;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	if (x->sig != y->sig)
		return x->sig < y->sig ? -1 : 1;
	c = memcmp(key_bytes(arg, x), key_bytes(arg, y), x->len);
	return c != 0 ? c : x->at < y->at ? -1 : 1;
}

static bool
key_same(const struct scan *s, const struct key *x, const struct key *y)
{
	return x->sig == y->sig && x->len == y->len && memcmp(key_bytes(s, x), key_bytes(s, y), x->len) == 0;
}

static int
complain_key(const struct scan *s, struct err *err, const struct key *k)
{
	char name[80];

	text_safe(name, sizeof(name), key_bytes(s, k), k->len);
	return err_set(err, REASON_CONTRACT, "duplicate key \"%s\" at byte %zu", name, (size_t)k->at + 1);
}

/* Takes the name at the last node into the open object f; looks for its like while the names are few. */
static inline int
key_add(struct scan *s, const struct frame *f, struct err *err)
{
	struct work *w = s->private_;
	const struct scan_node *n = &s->node[s->nnode - 1];
	struct key *k;
	size_t i;

	if (w->nkey == w->keycap) {
		w->keycap = w->keycap == 0 ? 64 : w->keycap * 2;
		w->key = xreallocarray(w->key, w->keycap, sizeof(*w->key));
	}
	k = &w->key[w->nkey];
	k->at = n->off;
	if (!n->escaped) {
		k->in_plain = false;
		k->off = n->off;
		k->len = n->len;
		k->sig = signature(s->bytes + n->off, n->len, s->bytes + s->len);
	} else {
		k->in_plain = true;
		k->off = (uint32_t)w->plain.len;
		if (scan_string(s, s->nnode - 1, &w->plain) == -1)
			return err_set(err, REASON_CONTRACT, "names of an object are too long");
		k->len = (uint32_t)w->plain.len - k->off;
		k->sig = signature(w->plain.bytes + k->off, k->len, w->plain.bytes + w->plain.len);
	}
	if (w->nkey - f->key < KEYS_DIRECT)
		for (i = f->key; i < w->nkey; i++)
			if (w->key[i].sig == k->sig && key_same(s, &w->key[i], k))
				return complain_key(s, err, k);
	w->nkey++;
	return 0;
}

/* The object f ends: its names go; where there were many, they are compared now. */
static int
keys_end(struct scan *s, const struct frame *f, struct err *err)
{
	struct work *w = s->private_;
	struct key *k;
	const struct key *first = NULL;
	size_t n = w->nkey - f->key, i;

	w->nkey = f->key;
	if (n <= KEYS_DIRECT)
		return 0;
	k = w->key + f->key;	/* not earlier: there may be no names at all */
	qsort_r(k, n, sizeof(*k), key_order, s);
	for (i = 1; i < n; i++)
		if (key_same(s, &k[i - 1], &k[i]) && (first == NULL || k[i].at < first->at))
			first = &k[i];
	return first == NULL ? 0 : complain_key(s, err, first);
}

/* --- values --- */

static int
grow(struct scan *s, struct err *err)
{
	size_t cap = s->cap == 0 ? 256 : (size_t)s->cap * 2;

	if (s->nnode >= LIMIT_NODES)
		return err_set(err, REASON_CONTRACT, "more than %d values", LIMIT_NODES);
	if (cap > LIMIT_NODES)
		cap = LIMIT_NODES;
	s->node = xreallocarray(s->node, cap, sizeof(*s->node));
	s->cap = (uint32_t)cap;
	return 0;
}

/* p stands behind the opening quote; returns the byte behind the closing one, NULL with err. */
static inline const char *
read_string(struct scan *s, struct scan_node *n, const char *p, const char *end, struct err *err)
{
	const char *start = p, *why;
	size_t step;
	uint32_t cp;

	n->type = SCAN_STRING;
	n->off = (uint32_t)(p - s->bytes);
	n->escaped = false;
	for (;;) {
		p = skip_plain(p, end);
		if (p == end) {
			complain_end(s, err, "unterminated string");
			return NULL;
		}
		if (*p == '"')
			break;
		if (*p == '\\') {
			if ((step = scan_escape(p, end, &cp, &why)) == 0) {
				complain(s, err, why, p);
				return NULL;
			}
			n->escaped = true;
			p += step;
		} else if ((unsigned char)*p < 0x20) {
			complain(s, err, *p == '\0' ? "NUL in a string" : "raw control byte in a string", p);
			return NULL;
		} else {
			/* a text in another script goes on like this: stay here */
			do {
				if ((step = utf8_length(p, end)) == 0) {
					complain(s, err, "invalid UTF-8", p);
					return NULL;
				}
				p += step;
			} while (p < end && (unsigned char)*p >= 0x80);
		}
	}
	n->len = (uint32_t)(p - start);
	return p + 1;
}

static inline const char *
digits(const char *p, const char *end)
{
	while (p < end && (unsigned char)(*p - '0') <= 9)
		p++;
	return p;
}

static inline const char *
read_number(struct scan *s, struct scan_node *n, const char *p, const char *end, struct err *err)
{
	const char *start = p, *q;

	n->type = SCAN_NUMBER;
	n->off = (uint32_t)(p - s->bytes);
	n->integer = true;
	if (*p == '-')
		p++;
	q = digits(p, end);
	if (q == p)
		goto bad;
	if (*p == '0' && q - p > 1) {
		complain(s, err, "number with a leading zero", start);
		return NULL;
	}
	p = q;
	if (p < end && *p == '.') {
		n->integer = false;
		if ((q = digits(p + 1, end)) == p + 1)
			goto bad;
		p = q;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		n->integer = false;
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if ((q = digits(p, end)) == p)
			goto bad;
		p = q;
	}
	n->len = (uint32_t)(p - start);
	return p;
bad:
	complain(s, err, "bad number", start);
	return NULL;
}

static inline const char *
read_word(struct scan *s, struct scan_node *n, enum scan_type type, const char *word, size_t len,
    const char *p, const char *end, struct err *err)
{
	if ((size_t)(end - p) < len || memcmp(p, word, len) != 0) {
		if ((size_t)(end - p) < len && memcmp(p, word, (size_t)(end - p)) == 0)
			complain_end(s, err, "unterminated value");
		else
			complain(s, err, "unknown word", p);
		return NULL;
	}
	n->type = (uint8_t)type;
	n->off = (uint32_t)(p - s->bytes);
	n->len = (uint32_t)len;
	return p + len;
}

void
scan_init(struct scan *s)
{
	struct work *w = xcalloc(1, sizeof(*w));

	memset(s, 0, sizeof(*s));
	buf_init(&w->plain, UINT32_MAX);
	s->private_ = w;
}

void
scan_release(struct scan *s)
{
	struct work *w = s->private_;

	if (w != NULL) {
		buf_release(&w->plain);
		free(w->key);
		free(w);
	}
	free(s->node);
	memset(s, 0, sizeof(*s));
}

int
scan_text(struct scan *s, const char *bytes, size_t len, struct err *err)
{
	struct work *w = s->private_;
	const char *p = bytes, *end = bytes + len;
	struct frame *f = NULL;		/* the innermost open array or object */
	unsigned depth = 0;
	struct scan_node *n;

	s->bytes = bytes;
	s->len = len;
	s->nnode = 0;
	w->nkey = 0;
	buf_clear(&w->plain);
	if (len >= UINT32_MAX)
		return err_set(err, REASON_CONTRACT, "text of %zu bytes is too long", len);
	p = skip_space(p, end);
	if (p == end)
		return err_set(err, REASON_CONTRACT, "empty text");

value:
	if (s->nnode == s->cap && grow(s, err) == -1)
		return -1;
	n = &s->node[s->nnode];
	n->count = 0;
	n->escaped = n->integer = false;
	n->next = ++s->nnode;
	switch (*p) {
	case '"':
		p = read_string(s, n, p + 1, end, err);
		break;
	case '{':
	case '[':
		if (depth == LIMIT_DEPTH)
			return err_set(err, REASON_CONTRACT, "nesting over %d at byte %zu", LIMIT_DEPTH, (size_t)(p - bytes) + 1);
		f = &w->frame[depth++];
		f->node = s->nnode - 1;
		f->key = (uint32_t)w->nkey;
		f->count = 0;
		f->object = *p == '{';
		n->type = f->object ? SCAN_OBJECT : SCAN_ARRAY;
		n->off = (uint32_t)(p - bytes);
		p = skip_space(p + 1, end);
		if (p == end)
			goto cut;
		if (f->object) {
			if (*p != '}')
				goto name;
		} else if (*p != ']')
			goto value;
		goto close;
	case 't':
		p = read_word(s, n, SCAN_TRUE, "true", 4, p, end, err);
		break;
	case 'f':
		p = read_word(s, n, SCAN_FALSE, "false", 5, p, end, err);
		break;
	case 'n':
		p = read_word(s, n, SCAN_NULL, "null", 4, p, end, err);
		break;
	case '-':
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		p = read_number(s, n, p, end, err);
		break;
	default:
		return complain_byte(s, err, p);
	}
	if (p == NULL)
		return -1;

behind:
	p = skip_space(p, end);
	if (depth == 0) {
		if (p < end)
			return complain(s, err, "more text after the value", p);
		return 0;
	}
	f->count++;
	if (p == end)
		goto cut;
	if (*p == ',') {
		p = skip_space(p + 1, end);
		if (p == end)
			goto cut;
		if (f->object)
			goto name;
		goto value;
	}
	if (*p != (f->object ? '}' : ']'))
		return complain_byte(s, err, p);
close:
	p++;
	n = &s->node[f->node];
	n->len = (uint32_t)(p - bytes) - n->off;
	n->next = s->nnode;
	n->count = f->count;
	if (f->object && keys_end(s, f, err) == -1)
		return -1;
	f = --depth == 0 ? NULL : &w->frame[depth - 1];
	goto behind;

name:
	if (*p != '"')
		return complain_byte(s, err, p);
	if (s->nnode == s->cap && grow(s, err) == -1)
		return -1;
	n = &s->node[s->nnode];
	n->count = 0;
	n->integer = false;
	n->next = ++s->nnode;
	if ((p = read_string(s, n, p + 1, end, err)) == NULL || key_add(s, f, err) == -1)
		return -1;
	p = skip_space(p, end);
	if (p == end)
		goto cut;
	if (*p != ':')
		return complain_byte(s, err, p);
	p = skip_space(p + 1, end);
	if (p < end)
		goto value;
cut:
	return complain_end(s, err, f->object ? "unterminated object" : "unterminated array");
}
