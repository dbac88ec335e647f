#!/usr/bin/env bats
# The record splitter on streams larger than any memory it may have.
load ../helper

@test "a document of 2 GB, one array of records, under an address-space limit of 64 MiB" {
	sanitized && not_applicable "an address-space limit under a sanitizer"
	record='{"id":1234567,"url":"http://malware.example/path/to/a/file.bin","tags":["one","two"],"note":"some words that fill it up"}'
	{ printf '{"meta":{"n":1},"data":['; yes "$record," | head -n 16500000; printf '%s]}' "$record"; } |
		(ulimit -v 65536; "$BUILD/unit/records_dump" json path=data count) >out
	[ "$(cat out)" = '16500001 0' ]
}

@test "records of the largest size, one after the other, under an address-space limit of 64 MiB" {
	sanitized && not_applicable "an address-space limit under a sanitizer"
	{ printf '['; for i in $(seq 1 20); do printf '"'; head -c 4194302 /dev/zero | tr '\0' x; printf '",'; done; printf '0]'; } |
		(ulimit -v 65536; "$BUILD/unit/records_dump" json count) >out
	[ "$(cat out)" = '21 0' ]
	# of as many values as may be
	{ printf '[['; yes 0, | head -n 1048574 | tr -d '\n'; printf '0],1]'; } |
		(ulimit -v 65536; "$BUILD/unit/records_dump" json count) >out
	[ "$(cat out)" = '2 0' ]
}

@test "a CSV of 1 GB, a stray quote in each hundredth line, under 32 MiB" {
	sanitized && not_applicable "an address-space limit under a sanitizer"
	{ printf 'a,b,c\n'; yes "$(for i in $(seq 1 99); do echo '1,http://malware.example/path/to/a/file.bin,some words'; done; echo '1,"x,y')" | head -n 19000000; } |
		(ulimit -v 32768; "$BUILD/unit/records_dump" csv count) >out
	[ "$(cat out)" = '18810000 190000' ]
}
