# Bad, hostile and odd input to tc-map: what it costs is one record, or said.
load helper
load map

three() { # DEFECT: line 2 of 3; lines 1 and 3 pass, exit 3
	{ echo '{"url":"http://a.site.com/1"}'; printf "$1"; echo; echo '{"url":"http://a.site.com/3"}'; } >in
	run --separate-stderr -3 tc-map --rejects rj f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/1"}
{"type":"URL","summary":"http://a.site.com/3"}' ] || { echo "$output"; return 1; }
	[ "$(jq -r .line rj)" = 2 ]
}

@test "19, 33, 59, 60, P2-P7: one hostile line costs itself and nothing else" {
	feed f "$ndjson" "$urls"
	three '{"url":"http://a.site.com/\xff"}'
	three '{"url":"http://a.site.com/\xc0\x80"}'
	three '{"url":"http://a.site.com/\xed\xa0\x80"}'
	three '{"url":"http://a.site.com/\\ud800"}'
	three '{"url":"http://a.site.com/\\u0000x"}'
	three '{"url":"http://a.site.com/","url\\u0000x":"http://b.site.com/"}'
	three '{"url":"http://a.site.com/","url":"http://b.site.com/"}'
	three '{"url":"http://a.site.com/",}'
	three '{"url":"http://a.site.com/","n":NaN}'
	three '{"url":"http://a.site.com/","n":01}'
	three '{"url":"http://a.site.com/\t"}'
	three "$(head -c 100 /dev/zero | tr '\0' '[')"
	three "$(head -c 100000 /dev/zero | tr '\0' '[')"
	{ echo '{"url":"http://a.site.com/1"}'; printf '{"url":"http://a.site.com/\0"}\n'; echo '{"url":"http://a.site.com/3"}'; } >in
	run --separate-stderr -3 tc-map f.json <in
	[ "${#lines[@]}" -eq 2 ]
}

@test "P1: a line of 5 MB is one rejected record; an object over 1 MiB too" {
	feed f "$ndjson" "$urls"
	{ echo '{"url":"http://a.site.com/1"}'; printf '{"url":"'; head -c 5000000 /dev/zero | tr '\0' a; echo '"}'; echo '{"url":"http://a.site.com/3"}'; } >in
	run --separate-stderr -3 tc-map f.json <in
	[ "${#lines[@]}" -eq 2 ]
	[[ "$stderr" == *"record 2 (page 1, line 2, byte 30) is rejected: record of 5000010 bytes is over 4194304"* ]]
	feed g "$ndjson" '{"object":{"type":"Signature","name":"s","fileName":"f","fileType":"YARA","fileText":{"path":"t"}}}' '"limits":{"max_rejects":"100%"}'
	{ printf '{"t":"'; head -c 1500000 /dev/zero | tr '\0' a; echo '"}'; echo '{"t":"rule"}'; } >in
	run --separate-stderr -0 tc-map --owner O --stats s g.json <in
	[ "${#lines[@]}" -eq 1 ]
	[ "$(jq -c .rejected s)" = '{"a line over 1 MiB":1}' ]
}

@test "P6: BOM and CRLF are taken" {
	feed f "$ndjson" "$urls"
	printf '\xef\xbb\xbf{"url":"http://a.site.com/1"}\r\n{"url":"http://a.site.com/2"}\r\n' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "${#lines[@]}" -eq 2 ]
}

@test "a record that explodes is one rejected record" {
	feed f "$ndjson" '{"each":"a","object":{"type":"URL","summary":{"path":"@"}}}' '"limits":{"max_rejects":"100%"}'
	jq -cn '{a:[range(10001)|"http://a.site.com/\(.)"]},{a:["http://b.site.com/"]}' >in
	run --separate-stderr -0 tc-map --stats s f.json <in
	[ "$output" = '{"type":"URL","summary":"http://b.site.com/"}' ]
	[ "$(jq -c .rejected s)" = '{"the record makes more than fits":1}' ]
	[ "$(jq -c .objects s)" = '{"URL":1,"emitted":1}' ]
}

@test "a stray quote in line 2 of a CSV costs its record" {
	feed f '{"format":"csv"}' "$urls"
	printf 'id,url\n"1"x,"http://a.site.com/1"\n"2","http://a.site.com/2"\n"3","http://a.site.com/3"\n' >in
	run --separate-stderr -3 tc-map f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/2"}
{"type":"URL","summary":"http://a.site.com/3"}' ]
	[[ "$stderr" == *"line 2"* ]]
}

@test "a feed cut in the middle is exit 1 contract; what was whole before is written" {
	feed f '{"format":"json","records":"data"}' "$urls"
	printf '{"data":[{"url":"http://a.site.com/1"},{"url":"http://a.si' >in
	run --separate-stderr -1 tc-map --stats s f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/1"}' ]
	[[ "$stderr" == *"ends in the middle"*"reason=contract"* ]]
	feed g "$ndjson" "$urls"
	printf '{"url":"http://a.site.com/1"}\n{"url":"http://a.si' >in
	run --separate-stderr -1 tc-map g.json <in
}

@test "an empty input is no records and exit 0; a missing file is exit 2" {
	feed f "$ndjson" "$urls"
	run --separate-stderr -0 tc-map f.json </dev/null
	[ -z "$output" ]
	[[ "$stderr" == *"0 records read"* ]]
	run --separate-stderr -2 tc-map f.json no-such-file
	[ -z "$output" ]
	[[ "$stderr" == *"no-such-file"* ]]
}

@test "a column that the feed does not have is said once" {
	feed f '{"format":"csv"}' '{"object":{"type":"URL","summary":{"path":"url"},"description":{"path":"gone"},"tag":[{"name":{"path":"gone"}}]}}'
	printf 'url\nhttp://a.site.com/1\nhttp://a.site.com/2\n' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "$(grep -c 'the feed has no column "gone"' <<<"$stderr")" -eq 1 ]
	[[ "$stderr" == *"f.json: /map/0/object/"* ]]
}

@test "named files are read in turn and named in the rejects" {
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"100%"}'
	echo '{"url":"http://a.site.com/1"}' >one
	printf '{"url":"bad"}\n{"url":"http://a.site.com/2"}\n' >two
	run --separate-stderr -0 tc-map --rejects rj f.json one two
	[ "${#lines[@]}" -eq 2 ]
	[ "$(jq -r .input rj)" = two ]
}

@test "a full disk and a reader that goes away: exit 1, said once" {
	feed f "$ndjson" "$urls"
	awk 'BEGIN { for (i = 0; i < 20000; i++) print "{\"url\":\"http://a.site.com/" i "\"}" }' >in
	run -1 bash -c 'tc-map f.json <in 2>err >/dev/full'
	grep -q 'error: cannot write standard output: No space left on device' err
	run -0 bash -c 'set +o pipefail; { tc-map f.json <in 2>err; echo $? >code; } | head -n 1 >/dev/null'
	[ "$(cat code)" = 1 ]
	[ "$(grep -c 'the reader of standard output went away' err)" = 1 ]
}

@test "61: the locale changes nothing" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"confidence":{"path":"c"},"attribute":[{"type":"Source","value":{"path":"n"}}]}}'
	echo '{"h":"I.Site.com","c":"49.5","n":1.5e-3}' >in
	run --separate-stderr -0 tc-map f.json <in
	first=$output
	for l in de_DE.UTF-8 tr_TR.UTF-8 C.UTF-8 nonsense; do
		LC_ALL=$l run --separate-stderr -0 tc-map f.json <in
		[ "$output" = "$first" ]
	done
	[ "$first" = '{"type":"Host","summary":"i.site.com","confidence":50,"attribute":[{"type":"Source","value":"1.5e-3"}]}' ]
}

@test "depth at the limit: 64 levels pass, 65 do not" {
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"100%"}'
	deep() { printf '{"url":"http://a.site.com/","a":'; head -c "$1" /dev/zero | tr '\0' '['; head -c "$1" /dev/zero | tr '\0' ']'; echo '}'; }
	deep 63 >in
	run --separate-stderr -0 tc-map f.json <in
	deep 64 >in
	run --separate-stderr -1 tc-map f.json <in
	[[ "$stderr" == *"nesting over 64"* ]]
}
