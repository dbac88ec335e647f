/*
 * A plain main() for the fuzz targets: replays the files and directories it is
 * given, so that the targets cannot rot. With FUZZER=1 libFuzzer's main is used.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t count;

static void
replay(const char *path)
{
	struct stat st;
	FILE *f;
	char *bytes;
	size_t n;

	if (stat(path, &st) == -1) {
		perror(path);
		exit(1);
	}
	if (S_ISDIR(st.st_mode)) {
		DIR *d = opendir(path);
		struct dirent *e;
		char sub[4096];

		while (d != NULL && (e = readdir(d)) != NULL) {
			if (e->d_name[0] == '.')
				continue;
			snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
			replay(sub);
		}
		if (d != NULL)
			closedir(d);
		return;
	}
	if ((f = fopen(path, "rb")) == NULL) {
		perror(path);
		exit(1);
	}
	bytes = malloc((size_t)st.st_size + 1);
	n = fread(bytes, 1, (size_t)st.st_size, f);
	fclose(f);
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, n);
	free(bytes);
	count++;
}

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%zu inputs\n", count);
	return 0;
}
