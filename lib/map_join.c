/*
 * join('', ['words ', member, ...]): how most descriptions are written, put
 * together here from the record's own bytes.
 *
 * The expression is compiled as any other, and evaluated as any other where a
 * piece is no string: only JMESPath says what that means. To do without it is
 * worth a fifth of a run, because it needs the record as a value.
 */
#include <ctype.h>

#include "map_private.h"
#include "xmalloc.h"

#define PIECES_MAX 32

static const char *
blanks(const char *s)
{
	return s + strspn(s, " \t\n\r");
}

/* 'text' at *s, without a quote or backslash in it; *s goes behind. */
static bool
raw(const char **s, const char **text, size_t *len)
{
	size_t n;

	if (**s != '\'')
		return false;
	n = strcspn(*s + 1, "'\\");
	if ((*s)[n + 1] != '\'')
		return false;
	*text = *s + 1;
	*len = n;
	*s += n + 2;
	return true;
}

static bool
name(const char **s, const char **text, size_t *len)
{
	size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (n == 0 || isdigit((unsigned char)**s))
		return false;
	*text = *s;
	*len = n;
	*s += n;
	return true;
}

static void
piece_name(struct compile *c, struct piece *p, const char *text, size_t len, const char *at)
{
	struct map *m = c->map;

	p->chain.name = pool_alloc(m, sizeof(*p->chain.name));
	p->chain.name[0] = pool_text(m, text, len);
	p->chain.n = 1;
	p->chain.column = -1;
	p->chain.at = at;
	p->chain.inner = c->inner;
	m->column = xreallocarray(m->column, (size_t)m->ncolumn + 1, sizeof(*m->column));
	m->column[m->ncolumn++] = &p->chain;
}

/* The pieces of s between which the separator stands, or 0 where it is anything but join('x', [...]). */
static int
pieces(const char *s, const char **text, size_t *len, bool *member, const char **separator, size_t *seplen)
{
	int n = 0;

	s = blanks(s);
	if (strncmp(s, "join(", 5) != 0)
		return 0;
	s = blanks(s + 5);
	if (!raw(&s, separator, seplen))
		return 0;
	s = blanks(s);
	if (*s++ != ',')
		return 0;
	s = blanks(s);
	if (*s++ != '[')
		return 0;
	for (;; n++) {
		if (n == PIECES_MAX)
			return 0;
		s = blanks(s);
		member[n] = *s != '\'';
		if (!(member[n] ? name(&s, &text[n], &len[n]) : raw(&s, &text[n], &len[n])))
			return 0;
		s = blanks(s);
		if (*s != ',')
			break;
		s++;
	}
	if (*s++ != ']')
		return 0;
	s = blanks(s);
	if (*s++ != ')' || *blanks(s) != '\0')
		return 0;
	return n + 1;
}

void
join_compile(struct compile *c, const char *expression, const char *at, struct join *j)
{
	const char *text[PIECES_MAX], *separator;
	size_t len[PIECES_MAX], seplen;
	bool member[PIECES_MAX];
	int i, n = pieces(expression, text, len, member, &separator, &seplen);

	if (n == 0)
		return;
	j->piece = pool_alloc(c->map, (size_t)n * sizeof(*j->piece));
	for (i = 0; i < n; i++) {
		struct piece *p = &j->piece[i];

		if (member[i])
			piece_name(c, p, text[i], len[i], at);
		else {
			p->text = pool_text(c->map, text[i], len[i]);
			p->len = len[i];
		}
	}
	j->separator = pool_text(c->map, separator, seplen);
	j->seplen = seplen;
	j->n = n;
}

bool
join_eval(struct map *m, struct root *r, const struct join *j, struct mval *out)
{
	struct mval v[PIECES_MAX];
	size_t len = j->seplen * (size_t)(j->n - 1);
	char *to;
	int i;

	for (i = 0; i < j->n; i++) {
		const struct piece *p = &j->piece[i];

		if (p->chain.n == 0) {
			v[i].text = p->text;
			v[i].len = (uint32_t)p->len;
		} else {
			chain_eval(m, r, &p->chain, &v[i]);
			if (v[i].type != M_STRING)
				return false;
		}
		len += v[i].len;
	}
	out->type = M_NULL;
	if (len > UINT32_MAX || (to = arena_alloc(&m->arena, len > 0 ? len : 1)) == NULL) {
		m->full = true;
		return true;
	}
	out->type = M_STRING;
	out->text = to;
	out->len = (uint32_t)len;
	for (i = 0; i < j->n; i++) {
		if (i > 0 && j->seplen > 0) {
			memcpy(to, j->separator, j->seplen);
			to += j->seplen;
		}
		memcpy(to, v[i].text, v[i].len);
		to += v[i].len;
	}
	return true;
}
