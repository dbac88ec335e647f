/*
 * The map engine on hostile records: every line that leaves is an object that
 * the object room reads, in its one form. The first byte picks the definition.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feed.h"
#include "feed_parse.h"
#include "log.h"
#include "map.h"
#include "object.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char json_map[] =
"{\"id\":\"fuzz\",\"name\":\"Fuzz list\",\"vendor\":\"Fuzzer\",\"values\":{\"reserved\":\"keep\"},"
"\"parse\":{\"format\":\"json\"},\"map\":["
"{\"object\":{\"type\":\"Campaign\",\"name\":{\"path\":\"campaign\"},\"xid\":{\"xid\":[\"Campaign\",{\"path\":\"campaign\"}]},"
"\"associatedGroupXid\":[{\"xid\":[\"Malware\",{\"path\":\"malware\"}]}],\"firstSeen\":{\"path\":\"seen\"},"
"\"associatedIndicators\":[{\"summary\":{\"path\":\"ip\"},\"indicatorType\":\"Address\"},{\"summary\":{\"path\":\"net\"},\"indicatorType\":\"CIDR\"}]}},"
"{\"each\":\"malware\",\"object\":{\"type\":\"Malware\",\"name\":{\"path\":\"@\"},\"attribute\":[{\"type\":\"Source\",\"value\":{\"path\":\"$record.ref\"},"
"\"securityLabel\":[{\"name\":{\"path\":\"$record.tlp\"}}]}]}},"
"{\"object\":{\"type\":{\"detect\":\"ip\"},\"rating\":{\"path\":\"score\"},\"confidence\":{\"path\":\"score\",\"transform\":[\"to_number\"],\"default\":1},"
"\"active\":{\"path\":\"on\"},\"tag\":[{\"name\":{\"path\":\"tags\"},\"description\":{\"path\":\"ref\"}}],"
"\"securityLabel\":[{\"name\":{\"path\":\"tlp\"},\"color\":{\"path\":\"color\"}}],\"description\":{\"path\":\"ref\"},"
"\"associatedGroups\":[{\"groupXid\":{\"xid\":[\"Malware\",{\"path\":\"malware\"}]}}]}},"
"{\"each\":\"files\",\"object\":{\"type\":\"File\",\"md5\":{\"path\":\"md5\"},\"summary\":{\"path\":\"hash\"},\"size\":{\"path\":\"size\"},"
"\"fileOccurrence\":[{\"fileName\":{\"path\":\"name\"},\"path\":{\"path\":\"dir\"},\"date\":{\"path\":\"d\"}}]}},"
"{\"when\":\"ip && host\",\"object\":{\"ref_1\":{\"path\":\"host\"},\"type_1\":\"Host\",\"ref_2\":{\"path\":\"ip\"},\"type_2\":\"Address\",\"associationType\":\"DNS PTR Record\"}},"
"{\"when\":\"key\",\"object\":{\"type\":\"Registry Key\",\"Key Name\":{\"path\":\"key\"},\"Value Name\":{\"path\":\"vn\"},\"Value Type\":{\"path\":\"vt\"}}},"
"{\"when\":\"ua\",\"object\":{\"type\":\"User Agent\",\"summary\":{\"path\":\"ua\"},\"action\":\"Delete\"}}]}";

static const char csv_map[] =
"{\"id\":\"fuzz\",\"parse\":{\"format\":\"csv\",\"header\":\"comment\"},\"map\":[{\"when\":\"status != 'off'\",\"object\":{\"type\":\"URL\","
"\"summary\":{\"path\":\"url\"},\"rating\":{\"path\":\"r\"},\"confidence\":{\"path\":\"r\",\"map\":{\"a\":1,\"*\":7}},\"externalDateAdded\":{\"path\":\"date\"},"
"\"tag\":[{\"name\":{\"path\":\"tags\",\"transform\":[\"trim\",{\"split\":\",\"},\"lower\"]}}],"
"\"attribute\":[{\"type\":\"Source\",\"value\":{\"path\":\"url\"},\"displayed\":true},{\"type\":\"Description\",\"value\":{\"path\":\"join(' ', [url, tags])\"}}]}}]}";

static struct feed *
load(const char *json)
{
	char name[] = "/tmp/fuzz_map.XXXXXX.json";
	struct err err = { 0 };
	struct feed *f;
	int fd = mkstemps(name, 5);

	if (fd == -1 || write(fd, json, strlen(json)) != (ssize_t)strlen(json))
		abort();
	close(fd);
	if (feed_load(&f, name, &err) == -1) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	unlink(name);
	return f;
}

static void
check_lines(const char *p, size_t len)
{
	struct object o;
	struct scan scan;
	struct err err = { 0 };
	const char *end;

	scan_init(&scan);
	for (; len > 0; len -= (size_t)(end - p) + 1, p = end + 1) {
		end = memchr(p, '\n', len);
		if (end == NULL || object_read(&o, &scan, p, (size_t)(end - p), &err) == -1 || !o.canonical) {
			fprintf(stderr, "%s: %.*s\n", err.text[0] != '\0' ? err.text : "not canonical",
			    (int)(end != NULL ? end - p : (long)len), p);
			abort();
		}
	}
	scan_release(&scan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct feed *feed[2];
	static struct feed_parse parse[2];
	static struct map *map[2];
	struct map_options opt = { .owner = "Owner-1" };
	struct records *r;
	struct record rec;
	struct err err = { 0 };
	struct buf out;
	const char *why;
	int k, fd;

	if (feed[0] == NULL) {
		log_set_level(LOG_CRITICAL);
		for (k = 0; k < 2; k++) {
			feed[k] = load(k == 0 ? json_map : csv_map);
			if (feed_parse_load(&parse[k], feed[k], &err) == -1 || map_compile(&map[k], feed[k], &opt, &err) == -1)
				abort();
		}
	}
	if (size == 0)
		return 0;
	k = data[0] == '#';
	fd = memfd_create("map", MFD_CLOEXEC);
	if (fd == -1 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	buf_init(&out, 64 << 20);
	r = records_open(fd, &parse[k].records, &err);
	if (r == NULL)
		abort();
	map_source(map[k], r);
	while (records_next(r, &rec, &err) == 1) {
		if (rec.bad != NULL)
			continue;
		out.len = 0;
		why = NULL;
		switch (map_record(map[k], &rec, &out, &why)) {
		case MAP_MAPPED:
			if (out.len == 0)
				abort();
			check_lines(out.bytes, out.len);
			break;
		default:
			if (out.len != 0 || why == NULL || strlen(why) == 0)
				abort();
		}
	}
	map_source(map[k], NULL);
	records_close(r);
	buf_release(&out);
	close(fd);
	return 0;
}
