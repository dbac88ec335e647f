/* Registry keys: the platform's roots, spelled out; its value types. */
#include <string.h>

#include "text.h"
#include "value.h"
#include "value_part.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct { const char *written, *root; } roots[] = {
	{ "HKEY_CLASSES_ROOT", NULL }, { "HKEY_CURRENT_CONFIG", NULL }, { "HKEY_CURRENT_USER", NULL },
	{ "HKEY_CURRENT_USER_LOCAL_SETTINGS", NULL }, { "HKEY_LOCAL_MACHINE", NULL }, { "HKEY_PERFORMANCE_DATA", NULL },
	{ "HKEY_PERFORMANCE_NLSTEXT", NULL }, { "HKEY_PERFORMANCE_TEXT", NULL }, { "HKEY_USERS", NULL },
	{ "HKLM", "HKEY_LOCAL_MACHINE" }, { "HKCU", "HKEY_CURRENT_USER" }, { "HKCR", "HKEY_CLASSES_ROOT" },
	{ "HKU", "HKEY_USERS" }, { "HKCC", "HKEY_CURRENT_CONFIG" },
};

static const char *const value_types[] = {
	"REG_NONE", "REG_BINARY", "REG_DWORD", "REG_DWORD_LITTLE_ENDIAN", "REG_DWORD_BIG_ENDIAN", "REG_EXPAND_SZ", "REG_LINK",
	"REG_MULTI_SZ", "REG_QWORD", "REG_QWORD_LITTLE_ENDIAN", "REG_SZ",
};

enum value_verdict
value_registry_key(const char *text, size_t len, struct buf *out, const char **why)
{
	size_t i, start = out->len, rootlen;
	const char *root = NULL;
	char separator = '\\';
	bool gap = true;	/* a separator is due before the next byte of a name */

	part_trim(&text, &len);
	if (!part_clean(text, len, why))
		return VALUE_INVALID;
	/* A slash may stand in a key's name ("MIME\...\text/html"): it separates only where no backslash does. */
	if (memchr(text, '\\', len) == NULL)
		separator = '/';
	while (len > 0 && text[len - 1] == separator) {	/* and what a trim could not reach before */
		len--;
		part_trim(&text, &len);
	}
	for (rootlen = 0; rootlen < len && text[rootlen] != separator; rootlen++)
		continue;
	for (i = 0; i < N(roots) && root == NULL; i++)
		if (text_eq_nocase(text, rootlen, roots[i].written))
			root = roots[i].root != NULL ? roots[i].root : roots[i].written;
	if (root == NULL) {
		*why = "registry key does not begin with a root the platform knows";
		return VALUE_INVALID;
	}
	if (buf_addz(out, root) == -1)
		goto full;
	for (i = rootlen; i < len; i++) {
		if (text[i] == separator) {	/* doubled where a feed escaped it once more */
			gap = true;
			continue;
		}
		if ((gap && buf_addc(out, '\\') == -1) || buf_addc(out, text[i]) == -1)
			goto full;
		gap = false;
	}
	if (out->len == start + strlen(root)) {
		*why = "a registry root without a key";
		out->len = start;
		out->bytes[start] = '\0';
		return VALUE_INVALID;
	}
	return VALUE_OK;
full:
	*why = "value too long";
	out->len = start;
	out->bytes[start] = '\0';
	return VALUE_INVALID;
}

bool
value_registry_type(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < N(value_types); i++)
		if (text_eq(text, len, value_types[i]))
			return true;
	return false;
}
