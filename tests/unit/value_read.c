/*
 * Reads values, one a line, and tells what the value room makes of them; for
 * tests/value.bats. Without arguments it is no test: an empty plan.
 *
 *   value_read [-kr] TYPE   type, tab, canonical value; "-", tab, reason where refused; "~" where reserved
 *   value_read -d           type found by looking at the value, tab, value
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

int
main(int argc, char **argv)
{
	struct value_options options = { 0 };
	enum tc_type type = TYPE_NONE, actual;
	const char *why;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	struct buf out;
	bool detect = false;
	int i;

	if (argc < 2) {
		puts("1..0");
		return 0;
	}
	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			type = schema_type(argv[i], strlen(argv[i]));
		options.keep_reserved |= strchr(argv[i], 'k') != NULL && argv[i][0] == '-';
		options.refang |= strchr(argv[i], 'r') != NULL && argv[i][0] == '-';
		detect |= strcmp(argv[i], "-d") == 0;
	}
	buf_init(&out, 1 << 20);
	while ((n = getline(&line, &cap, stdin)) != -1) {
		if (n > 0 && line[n - 1] == '\n')
			n--;
		buf_clear(&out);
		if (detect) {
			type = value_detect(line, (size_t)n);
			printf("%s\t%.*s\n", type == TYPE_NONE ? "-" : schema_type_name(type), (int)n, line);
			continue;
		}
		switch (value_canon(type, line, (size_t)n, &options, &out, &actual, &why)) {
		case VALUE_OK:
			printf("%s\t%s\n", schema_type_name(actual), out.bytes);
			break;
		case VALUE_RESERVED:
			printf("~\t%s\n", why);
			break;
		default:
			printf("-\t%s\n", why);
		}
	}
	buf_release(&out);
	free(line);
	return 0;
}
