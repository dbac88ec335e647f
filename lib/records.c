#include "records.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "records_private.h"
#include "text.h"
#include "xmalloc.h"

static const struct records_format *const formats[] = {
	[RECORDS_JSON] = &records_json,
	[RECORDS_NDJSON] = &records_ndjson,
	[RECORDS_CSV] = &records_csv,
	[RECORDS_TEXT] = &records_text,
};

struct records *
records_open(int fd, const struct records_options *opt, struct err *err)
{
	struct records *r = xcalloc(1, sizeof(*r));

	r->opt = *opt;
	r->format = formats[opt->kind];
	r->page = 1;
	r->in.fd = fd;
	r->in.line = 1;
	r->in.cap = 2 * RECORDS_READ;
	r->in.bytes = xmalloc(r->in.cap + RECORDS_SLACK);
	memset(r->in.bytes, 0, RECORDS_SLACK);
	if (opt->latin1)
		r->in.encoding = ENCODING_LATIN1;	/* unless a BOM says otherwise */
	scan_init(&r->scan);
	if (r->format->open(r, err) == -1) {
		records_close(r);
		return NULL;
	}
	return r;
}

int
records_next(struct records *r, struct record *rec, struct err *err)
{
	int rc;

	if (r->ended)
		return err_set(err, REASON_CONTRACT, "the input has ended");
	rc = r->format->next(r, rec, err);
	if (rc == -1)
		r->ended = true;
	return rc;
}

void
records_close(struct records *r)
{
	if (r == NULL)
		return;
	r->format->close(r);
	scan_release(&r->scan);
	free(r->in.raw);
	free(r->in.bytes);
	free(r);
}

uint64_t
records_offset(const struct records *r)
{
	return r->in.read;
}

void
record_begin(struct records *r, struct record *rec)
{
	memset(rec, 0, sizeof(*rec));
	rec->number = ++r->number;
	rec->page = r->page;
	rec->offset = input_offset(&r->in);
}

void
record_bad(struct records *r, struct record *rec, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
	rec->bad = r->why;
	rec->scan = NULL;
	rec->field = rec->name = NULL;
	rec->nfield = rec->nname = 0;
}

/* ASCII without NUL, as nearly all of a feed is; may say no where it is. */
static inline bool
plain(const char *p, size_t len)
{
#ifdef __SSE2__
	const __m128i one = _mm_set1_epi8(1);
	__m128i hit = _mm_setzero_si128();
	size_t i;

	if (len < 16)
		return false;
	/* below 1 as a signed byte: NUL, or not ASCII */
	for (i = 0; i + 16 <= len; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));

		hit = _mm_or_si128(hit, _mm_cmplt_epi8(x, one));
	}
	hit = _mm_or_si128(hit, _mm_cmplt_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + len - 16)), one));
	return _mm_movemask_epi8(hit) == 0;
#else
	(void)p;
	(void)len;
	return false;
#endif
}

bool
record_check_text(struct records *r, struct record *rec)
{
	const char *nul;
	size_t span;

	if (plain(rec->bytes, rec->len))
		return true;
	nul = memchr(rec->bytes, 0, rec->len);
	span = text_utf8_span(rec->bytes, rec->len);
	if (nul != NULL && (size_t)(nul - rec->bytes) < span)
		record_bad(r, rec, "NUL at byte %zu", (size_t)(nul - rec->bytes) + 1);
	else if (span < rec->len)
		record_bad(r, rec, "invalid UTF-8 at byte %zu", span + 1);
	else
		return true;
	return false;
}

/* Is it the first of its name? The few columns of a feed are compared directly. */
static bool
first_of_name(const struct record *rec, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (rec->name[i].len == rec->name[n].len && memcmp(rec->name[i].text, rec->name[n].text, rec->name[n].len) == 0)
			return false;
	return true;
}

struct jval *
record_value(const struct record *rec, struct arena *a)
{
	struct jval *v, *field;
	uint32_t n = 0;
	int i;

	if (rec->scan != NULL)
		return jval_from_scan(a, rec->scan, 0);
	if ((v = jval_object(a, (size_t)rec->nfield)) == NULL)
		return NULL;
	for (i = 0; i < rec->nfield; i++) {
		if (rec->field[i].text == NULL || !first_of_name(rec, i))
			continue;
		if ((field = jval_string(a, rec->field[i].text, rec->field[i].len)) == NULL)
			return NULL;
		v->u.member[n].name = rec->name[i].text;
		v->u.member[n].len = (uint32_t)rec->name[i].len;
		v->u.member[n++].value = field;
	}
	v->len = n;
	return v;
}
