#!/usr/bin/env bats
# tc-map itself: command line, what is selected and explained, counts, rejects, exit codes.
# (map-definition.bats: definitions; map-objects.bats and tc-map-fields.bats: what they make of a record;
# map-input.bats: bad input; map-captures.bats: real feeds.)
load helper
load map

# --- command line ---

@test "no argument: usage on stderr, exit 2, nothing on stdout" {
	run --separate-stderr -2 tc-map
	[ -z "$output" ]
	[[ "$stderr" == *"which feed"* && "$stderr" == *"usage: tc-map [options] FEED [FILE ...]"* ]]
}

@test "-h and -V go to stdout with exit 0" {
	run --separate-stderr -0 tc-map -h
	[[ "$output" == "usage: tc-map [options] FEED"* ]]
	[ -z "$stderr" ]
	run --separate-stderr -0 tc-map -V
	[[ "$output" == "tc-map "* ]]
}

@test "an unknown option, type, limit and parameter form end in exit 2" {
	feed f "$ndjson" "$urls"
	for bad in --nonsense "--type=Victim" "--limit=0" "--limit=x" "--param=novalue"; do
		run --separate-stderr -2 tc-map "$bad" f.json </dev/null
		[ -z "$output" ]
		[ -n "$stderr" ]
	done
}

@test "FEED is looked up in ./feeds, TC_FEEDS and the installed feeds" {
	mkdir feeds more
	feed here "$ndjson" "$urls"; mv here.json feeds
	feed there "$ndjson" "$urls"; mv there.json more
	run --separate-stderr -0 tc-map --check here
	TC_FEEDS=more run --separate-stderr -0 tc-map --check there
	run --separate-stderr -2 tc-map --check there
	[ -z "$output" ]
	[[ "$stderr" == *"no feed definition named there"* ]]
}

@test "the SYNOPSIS of the manual is the usage line" {
	run -0 tc-map -h
	[ "${lines[0]}" = "usage: tc-map [options] FEED [FILE ...]" ]
	grep -q '^\.Op Ar options$' "$TOP/man/tc-map.1"
	grep -q '^\.Ar FEED$' "$TOP/man/tc-map.1"
	grep -q '^\.Op Ar FILE ...$' "$TOP/man/tc-map.1"
}

@test "--type and --limit: less of it, counted as dropped, said in the summary" {
	feed f "$ndjson" '{"object":{"type":{"detect":"v"}}}'
	printf '{"v":"%s"}\n' 8.8.8.8 a.site.com 8.8.4.4 >in
	run --separate-stderr -0 tc-map --type Host,URL --stats s f.json <in
	[ "$output" = '{"type":"Host","summary":"a.site.com"}' ]
	[ "$(jq -c '[.records,.dropped]' s)" = '[{"read":3,"mapped":1,"dropped":2,"rejected":0},{"a type that is not asked for":2}]' ]
	[[ "$stderr" == *"limited: not the whole feed"* ]]
	run --separate-stderr -0 tc-map --limit 1 f.json <in
	[ "$output" = '{"type":"Address","summary":"8.8.8.8"}' ]
	[[ "$stderr" == *"limited: not the whole feed"* ]]
}

@test "--explain says which rule made what, what when refused, and why a value was lost" {
	feed f "$ndjson" '{"when":"kind == '"'a'"'","object":{"type":"Host","summary":{"path":"h"},"rating":{"path":"r"}}},{"object":{"type":"URL","summary":{"path":"u"}}}' '"limits":{"max_rejects":"100%"}'
	run --separate-stderr -0 tc-map --explain f.json <<<'{"kind":"a","h":"a.site.com","r":"high","u":"site.com/x"}
{"kind":"b","u":"http://a.site.com/\u001b[31m"}
{"u":"http://a.site.com/y"}'
	[ "${lines[1]}" = '  /map/0/object/rating lost: not a number: high' ]
	[ "${lines[2]}" = '  /map/0 made: {"type":"Host","summary":"a.site.com","rating":null}' ] || [ "${lines[2]}" = '  /map/0 made: {"type":"Host","summary":"a.site.com"}' ]
	[ "${lines[3]}" = '  /map/1/object/summary refused: no scheme: site.com/x' ]
	[ "${lines[5]}" = "  /map/0/when no: when said no: kind == 'a'" ]
	[[ "$output" == *'/map/1 made: {"type":"URL","summary":"http://a.site.com/y"}'* ]]
	[[ "$output" != *$'\033'* ]]
}

# --- counts, rejects, exits ---

@test "57: read = mapped + dropped + rejected, whatever comes" {
	feed f '{"format":"csv"}' '{"when":"s != '"'off'"'","object":{"type":"Address","summary":{"path":"ip"}}}' '"limits":{"max_rejects":"100%"}'
	awk 'BEGIN { srand(7); print "ip,s"; for (i = 0; i < 3000; i++) { r = int(rand() * 6); print (r == 0 ? "10.0.0." i % 200 : r == 1 ? "junk" : r == 2 ? "8.8.8.8,on,extra,field" : "8.8." int(i / 250) "." i % 250) "," (r == 4 ? "off" : "on") } }' >in
	run --separate-stderr -0 tc-map --stats s f.json <in
	[ "$(jq '.records | .read == .mapped + .dropped + .rejected and .read == 3000 and .mapped > 0 and .dropped > 0 and .rejected > 0' s)" = true ]
	[ "$(jq '(.records.dropped == ([.dropped[]]|add)) and (.records.rejected == ([.rejected[]]|add))' s)" = true ]
	[ "$(jq .objects.emitted s)" = "${#lines[@]}" ]
}

@test "23: one bad of 1000 stays within max_rejects; twenty do not: exit 3, the rest written" {
	feed f "$ndjson" "$urls"
	awk 'BEGIN { for (i = 0; i < 999; i++) print "{\"url\":\"http://a.site.com/" i "\"}"; print "{\"url\":\"bad\"}" }' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "${#lines[@]}" -eq 999 ]
	for i in $(seq 20); do echo '{"url":"bad"}'; done >>in
	run --separate-stderr -3 tc-map --stats s f.json <in
	[ "${#lines[@]}" -eq 999 ]
	[[ "$stderr" == *"21 of 1020 records rejected, more than max_rejects allows"*"reason=rejects"* ]]
	[ "$(jq -r .reason s)" = rejects ]
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":{"share":"50%","count":20}}'
	run --separate-stderr -3 tc-map f.json <in
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":21}'
	run --separate-stderr -0 tc-map f.json <in
}

@test "P9: 1,000 of 1,000 rejected is exit 1 and says that mapping or feed changed" {
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"100%"}'
	for i in $(seq 1000); do echo '{"link":"http://a.site.com/'"$i"'"}'; done >in
	run --separate-stderr -1 tc-map f.json <in
	[ -z "$output" ]
	[[ "$stderr" == *"1000 of 1000 records rejected: the mapping or the feed has changed"*"reason=contract"* ]]
	# ten are named, not a thousand
	[ "$(grep -c 'is rejected' <<<"$stderr")" -eq 10 ]
}

@test "a condition that fails rejects its record instead of dropping it as wanted" {
	feed f "$ndjson" '{"when":"starts_with(kind, '"'a'"')","object":{"type":"URL","summary":{"path":"url"}}}'
	run --separate-stderr -1 tc-map --stats s f.json <<<'{"url":"http://a.site.com/"}'
	[ -z "$output" ]
	[ "$(jq -c .rejected s)" = '{"the condition failed":1}' ]
}

@test "the rejects file: place, reason, content made safe; 0600 whatever the umask; unwritable is exit 1" {
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"100%"}'
	printf '{"url":"http://a.site.com/"}\n{"url":"\\u001b[31m\xe2\x80\xaex"}\nnot json \x1b[0m\xff\n' >in
	umask 000
	run --separate-stderr -0 tc-map --rejects rj f.json <in
	[ "$(stat -c %a rj)" = 600 ]
	[ "$(jq -c 'del(.reason,.content,.bytes)' rj)" = '{"feed":"f","page":1,"record":2,"line":2,"byte":29}
{"feed":"f","page":1,"record":3,"line":3,"byte":54}' ]
	run ! grep -q -e $'\033' -e $'\xe2\x80\xae' -e $'\xff' rj
	run ! grep -q $'\033' <<<"$stderr"
	run --separate-stderr -1 tc-map --rejects /no/such/dir/rj f.json <in
	[[ "$stderr" == *"/no/such/dir/rj"* ]]
}

@test "tc-map(1): its examples work" {
	cd "$TOP"
	run --separate-stderr -0 tc-map --check feeds/example-urls.json
	run --separate-stderr -0 bash -c "tc-map --log-level error feeds/example-urls.json tests/fixtures/example-urls.csv | head -n 1 | jq -r .summary"
	[ "$output" = "$(grep '^http://cdn1' man/tc-map.1)" ]
}
