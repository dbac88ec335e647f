#!/usr/bin/env bats
load ../helper

# records N: one JSON document with so many URL records
document() {
	printf '{"title":"t","data":['
	awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) printf "%s{\"url\":\"http://cdn%d.site.com/a/path/that/has/some/length/%d\",\"status\":\"online\",\"seen\":\"2025-04-21 12:35:06\",\"tags\":[\"elf\",\"Mozi\"],\"note\":\"%0150d\"}", (i > 1 ? "," : ""), i % 97, i, i }'
	printf ']}'
}

setup() {
	common_setup
	cat >f.json <<-'END'
	{"id":"f","parse":{"format":"json","records":"data"},"map":[{"object":{"type":"URL","summary":{"path":"url"},
	"firstSeen":{"path":"seen"},"tag":[{"name":{"path":"tags"}}],"attribute":[{"type":"Description","value":{"path":"join(' ', [status, note])"}}]}}]}
	END
}

@test "17: a document of 2 GB is mapped under 64 MiB of address space" {
	! sanitized || not_applicable "address-space limits under a sanitizer"
	n=7500000
	run -0 bash -c "$(declare -f document); document $n | tee >(wc -c >bytes) | { ulimit -v 65536; tc-map --log-level error --stats s f.json; } | wc -l"
	[ "$output" -eq "$n" ]
	[ "$(cat bytes)" -gt 2000000000 ]
	[ "$(jq .records.mapped s)" -eq "$n" ]
}

@test "memory is flat from 100,000 to 1,000,000 records" {
	! sanitized || not_applicable "memory under a sanitizer"
	need_tool /usr/bin/time
	for n in 100000 1000000; do
		document "$n" | /usr/bin/time -f %M -o "mem$n" tc-map --log-level error f.json >/dev/null
	done
	[ "$(cat mem1000000)" -lt 32768 ]
	[ "$(cat mem1000000)" -lt $(($(cat mem100000) + 1024)) ]
}

@test "allocation that fails ends the stage with exit 1 and one line, never a signal" {
	! sanitized || not_applicable "address-space limits under a sanitizer"
	document 2000 >in
	for kib in 3000 6000 12000 16000 18000 20000 24000; do
		code=0
		( ulimit -v "$kib"; exec tc-map --log-level error f.json ) <in >out 2>err || code=$?
		# below what the loader needs the program does not start (127); else it ends by its own word
		[ "$code" -eq 0 ] || [ "$code" -eq 1 ] || [ "$code" -eq 127 ] || { cat err; echo "$kib: $code"; false; }
		jq -c . out >/dev/null 2>&1 || [ "$code" -ne 0 ]
	done
}
