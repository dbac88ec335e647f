#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "private.h"
#include "text.h"
#include "xmalloc.h"

struct lexer {
	struct arena	*arena;
	const char	*text;
	size_t		 len, at;
	struct err	*err;
};

size_t
jmes_column(const char *text, size_t len, size_t off)
{
	return text_chars(text, off < len ? off : len) + 1;
}

int
jmes_syntax(const char *text, size_t len, size_t off, struct err *err, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	jmes_set_error(JE_SYNTAX);
	return err_set(err, REASON_USAGE, "syntax error at column %zu: %s", jmes_column(text, len, off), why);
}

static bool
is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
name_length(const struct lexer *l, size_t at)
{
	size_t i = at;

	while (i < l->len && (is_name_start(l->text[i]) || is_digit(l->text[i])))
		i++;
	return i - at;
}

/* Parses JSON text, which only has to live until the return: strings are copied. */
static struct jval *
json_value(struct lexer *l, size_t off, const char *json, size_t len)
{
	struct scan s;
	struct err why;
	struct jval *v = NULL;
	char *copy;

	scan_init(&s);
	copy = arena_alloc(l->arena, len + 1);
	if (copy == NULL) {
		jmes_set_error(JE_LIMIT);
		err_set(l->err, REASON_USAGE, "expression too large");
	} else {
		memcpy(copy, json, len);
		copy[len] = '\0';
		if (scan_text(&s, copy, len, &why) == -1)
			jmes_syntax(l->text, l->len, off, l->err, "not JSON: %s", why.text);
		else if ((v = jval_from_scan(l->arena, &s, 0)) == NULL) {
			jmes_set_error(JE_LIMIT);
			err_set(l->err, REASON_USAGE, "expression too large");
		}
	}
	scan_release(&s);
	return v;
}

/* Offset of the closing delimiter after at, backslash pairs skipped; len when there is none. */
static size_t
find_close(const struct lexer *l, char close)
{
	size_t i;

	for (i = l->at + 1; i < l->len && l->text[i] != close; i++)
		if (l->text[i] == '\\')
			i++;
	return i < l->len ? i : l->len;
}

static int
lex_quoted(struct lexer *l, struct token *t)
{
	size_t end = find_close(l, '"');

	if (end == l->len)
		return jmes_syntax(l->text, l->len, t->off, l->err, "the quoted name has no end");
	t->type = T_QUOTED;
	t->len = (uint32_t)(end + 1 - t->off);
	t->u.literal = json_value(l, t->off, l->text + t->off, t->len);
	return t->u.literal == NULL ? -1 : 0;
}

/* In a raw string only \' and \\ mean something else than they are. */
static int
lex_raw(struct lexer *l, struct token *t)
{
	size_t end = find_close(l, '\''), i, n = 0;
	char *out;

	if (end == l->len)
		return jmes_syntax(l->text, l->len, t->off, l->err, "the string has no end");
	t->type = T_RAW;
	t->len = (uint32_t)(end + 1 - t->off);
	if ((out = arena_alloc(l->arena, t->len)) == NULL)
		goto full;
	for (i = t->off + 1; i < end; i++) {
		if (l->text[i] == '\\' && i + 1 < end && (l->text[i + 1] == '\'' || l->text[i + 1] == '\\'))
			i++;
		out[n++] = l->text[i];
	}
	if ((t->u.literal = jval_string(l->arena, out, n)) == NULL)
		goto full;
	return 0;
full:
	jmes_set_error(JE_LIMIT);
	return err_set(l->err, REASON_USAGE, "expression too large");
}

/* A literal is JSON in which a backquote stands as \`. */
static int
lex_literal(struct lexer *l, struct token *t)
{
	size_t end = find_close(l, '`'), i, n = 0;
	char *json;

	if (end == l->len)
		return jmes_syntax(l->text, l->len, t->off, l->err, "the literal has no closing backquote");
	t->type = T_LITERAL;
	t->len = (uint32_t)(end + 1 - t->off);
	json = xmalloc(t->len);
	for (i = t->off + 1; i < end; i++) {
		if (l->text[i] == '\\' && i + 1 < end) {
			if (l->text[i + 1] != '`')
				json[n++] = l->text[i];
			i++;
		}
		json[n++] = l->text[i];
	}
	t->u.literal = json_value(l, t->off, json, n);
	free(json);
	return t->u.literal == NULL ? -1 : 0;
}

static void
lex_number(struct lexer *l, struct token *t)
{
	size_t i = l->at;
	bool minus = l->text[i] == '-';
	int64_t n = 0;

	for (i += minus; i < l->len && is_digit(l->text[i]); i++)
		n = n > INT32_MAX ? INT32_MAX + (int64_t)1 : n * 10 + (l->text[i] - '0');	/* past any array */
	t->type = T_NUMBER;
	t->len = (uint32_t)(i - t->off);
	t->u.number = minus ? -n : n;
}

/* Longest first: the first match counts. */
static const struct symbol {
	char	text[4];
	uint8_t	type;
} symbol[] = {
	{ "[?", T_FILTER }, { "[]", T_FLATTEN }, { "[", T_LBRACKET }, { "]", T_RBRACKET },
	{ "||", T_OR }, { "|", T_PIPE }, { "&&", T_AND }, { "&", T_EXPREF },
	{ "==", T_EQ }, { "=", T_ASSIGN }, { "!=", T_NE }, { "!", T_NOT },
	{ "<=", T_LE }, { "<", T_LT }, { ">=", T_GE }, { ">", T_GT },
	{ "//", T_INTDIV }, { "/", T_DIVIDE }, { "\xc3\xb7", T_DIVIDE }, { "\xc3\x97", T_TIMES },
	{ "+", T_PLUS }, { "-", T_MINUS }, { "\xe2\x88\x92", T_MINUS }, { "\xe2\x80\x93", T_MINUS },
	{ "%", T_MODULO }, { "*", T_STAR }, { ".", T_DOT }, { ",", T_COMMA }, { ":", T_COLON },
	{ "?", T_QUESTION }, { "(", T_LPAREN }, { ")", T_RPAREN }, { "{", T_LBRACE }, { "}", T_RBRACE },
	{ "@", T_CURRENT }, { "$", T_ROOT },
};

static int
lex_symbol(struct lexer *l, struct token *t)
{
	const char *p = l->text + l->at;
	size_t left = l->len - l->at, i, n;

	for (i = 0; i < sizeof(symbol) / sizeof(symbol[0]); i++) {
		n = strnlen(symbol[i].text, sizeof(symbol[i].text));
		if (n <= left && memcmp(p, symbol[i].text, n) == 0) {
			t->type = symbol[i].type;
			t->len = (uint32_t)n;
			return 0;
		}
	}
	n = text_utf8(p, left, NULL);
	return jmes_syntax(l->text, l->len, l->at, l->err, "unexpected character '%.*s'", (int)(n > 0 ? n : 1), p);
}

static int
lex_one(struct lexer *l, struct token *t)
{
	char c = l->text[l->at];

	*t = (struct token){ .off = (uint32_t)l->at };
	if (is_name_start(c)) {
		t->type = T_NAME;
		t->len = (uint32_t)name_length(l, l->at);
		return 0;
	}
	if (is_digit(c) || (c == '-' && l->at + 1 < l->len && is_digit(l->text[l->at + 1]))) {
		lex_number(l, t);
		return 0;
	}
	if (c == '$' && l->at + 1 < l->len && is_name_start(l->text[l->at + 1])) {
		t->type = T_VARIABLE;
		t->len = (uint32_t)(1 + name_length(l, l->at + 1));
		return 0;
	}
	switch (c) {
	case '"':
		return lex_quoted(l, t);
	case '\'':
		return lex_raw(l, t);
	case '`':
		return lex_literal(l, t);
	default:
		return lex_symbol(l, t);
	}
}

struct token *
jmes_lex(struct arena *arena, const char *text, size_t len, struct err *err)
{
	struct lexer l = { arena, text, len, 0, err };
	struct token *token;
	size_t n = 0;

	if (text_utf8_span(text, len) != len) {
		jmes_syntax(text, len, text_utf8_span(text, len), err, "invalid UTF-8");
		return NULL;
	}
	if (memchr(text, '\0', len) != NULL) {	/* no string of ours may hold one: the next stage would refuse the line */
		jmes_syntax(text, len, (size_t)((const char *)memchr(text, '\0', len) - text), err, "a NUL");
		return NULL;
	}
	token = xreallocarray(NULL, len + 1, sizeof(*token));	/* a token takes a byte at least */
	for (;;) {
		while (l.at < len && strchr(" \t\r\n", text[l.at]) != NULL && text[l.at] != '\0')
			l.at++;
		if (l.at == len)
			break;
		if (lex_one(&l, &token[n]) == -1) {
			free(token);
			return NULL;
		}
		l.at += token[n++].len;
	}
	token[n] = (struct token){ .type = T_END, .off = (uint32_t)len };
	return token;
}
