# tc-delta filter: what goes out, merged, compared and in order, and what stands in the way of it.
# (delta-receipts.bats: what came back; delta-removal.bats: what goes; delta-state.bats: the state file and the lock;
# delta-admin.bats: looking at a state and carrying it about; tc-delta-faults.bats: faults of the system.)
load helper
load delta

@test "no argument, an unknown subcommand, no feed: usage, exit 2, nothing on stdout" {
	local args
	for args in '' 'frobnicate f' 'filter' 'filter ./f.json more' '--confirm-removals x expire ./f.json' 'expire --missing never ./f.json'; do
		# shellcheck disable=SC2086
		run --separate-stderr -2 tc-delta $args </dev/null
		[ -z "$output" ]
		[[ "$stderr" == *"tc-delta: error: "* ]]
	done
	run --separate-stderr -0 tc-delta --help
	[[ "$output" == "usage: tc-delta SUBCOMMAND [options] FEED"* && -z "$stderr" ]]
	run --separate-stderr -0 tc-delta -V
	[[ "$output" == "tc-delta "[0-9]* ]]
}

@test "what is new goes out, what was acknowledged does not go again, what changed does" {
	urls 1 5 >day1
	run --separate-stderr -0 tc-delta filter --stats stats ./f.json <day1
	[ "$(sort <<<"$output")" = "$(sort day1)" ]
	[[ "$stderr" == "tc-delta: 5 read, 0 rejected, 0 merged, 0 unchanged, 0 withheld, 0 retracted, 5 sent (5 new, "* ]]
	[ "$(jq -c '[.objects.read,.objects.sent,.sent.new,.exit]' stats)" = '[5,5,5,0]' ]
	receipts <<<"$output" >r
	run --separate-stderr -0 tc-delta commit --stats stats ./f.json <r
	[ -z "$output" ]
	[ "$(jq -c '[.receipts.accepted,.state.pending]' stats)" = '[5,0]' ]
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ -z "$output" ]
	[[ "$stderr" == *"5 unchanged"*"0 sent"* ]]
	{ urls 1 4; urls 5 5 ',"rating":4'; } >day2
	run --separate-stderr -0 tc-delta filter ./f.json <day2
	[ "$output" = '{"type":"URL","summary":"http://a.example/5","rating":4}' ]
	[[ "$stderr" == *"1 sent (0 new, 1 changed"* ]]
}

@test "groups first, then indicators, then associations, whatever the order and form of the input" {
	cat >in <<-'E'
		{"ref_1":"http://a.example/1","type_1":"URL","ref_2":"192.0.2.1","type_2":"Address","associationType":"URL Host"}
		{"type":"URL","summary":"http://a.example/1"}
		{ "confidence" : 0, "type":"Address", "ip":"192.0.2.1", "rating": 0, "active": false }
		{"type":"Report","name":"r","xid":"x"}
	E
	tc-delta filter ./f.json <in >out 2>err
	[ "$(jq -r '.type // "association"' out | sed -e 1p -e '$p' -n | tr '\n' ' ')" = 'Report association ' ]
	grep -qxF '{"type":"Address","summary":"192.0.2.1","rating":0,"confidence":0,"active":false}' out
	tac in | tc-delta filter --dry-run --state "$PWD/other" ./f.json >out2 2>err
	cmp out out2
}

@test "duplicates are merged, and shuffles of the input give the same bytes" {
	cat >in <<-'E'
		{"type":"Host","summary":"a.example","rating":1,"tag":[{"name":"One"}],"lastSeen":"2024-01-01T00:00:00Z","description":"old"}
		{"type":"Host","summary":"a.example","rating":4,"tag":[{"name":"Two"}],"lastSeen":"2024-02-01T00:00:00Z","description":"new"}
		{"type":"Host","summary":"A.EXAMPLE","confidence":80,"attribute":[{"type":"Source","value":"s"}]}
		{"type":"Host","summary":"b.example"}
		{"type":"Host","summary":"b.example"}
		{"type":"File","md5":"0123456789abcdef0123456789abcdef","size":3}
		{"type":"File","md5":"0123456789abcdef0123456789abcdef","sha1":"0123456789abcdef0123456789abcdef01234567"}
		{"type":"File","sha1":"0123456789ABCDEF0123456789abcdef01234567","fileOccurrence":[{"fileName":"x"}]}
	E
	tc-delta filter --dry-run --stats stats ./f.json <in >want 2>err
	[ "$(jq -c '[.objects.read,.objects.merged,.objects.sent]' stats)" = '[8,5,3]' ]
	grep -qF '"rating":4,"confidence":80,"description":"new"' want
	grep -qF '"tag":[{"name":"One"},{"name":"Two"}]' want
	grep -qxF '{"type":"File","md5":"0123456789abcdef0123456789abcdef","sha1":"0123456789abcdef0123456789abcdef01234567","size":3,"fileOccurrence":[{"fileName":"x"}]}' want
	local i
	for ((i = 0; i < 100; i++)); do
		shuf --random-source=<(yes $i) in | tc-delta filter --dry-run --log-level error ./f.json >got
		cmp want got || return 1
	done
}

@test "keys in another order, ignored members and attributes change nothing" {
	feed '{"ignore":["lastSeen","attribute:External ID"]}'
	echo '{"type":"URL","summary":"http://a.example/1","rating":1,"lastSeen":"2024-01-01T00:00:00Z","attribute":[{"type":"External ID","value":"1"},{"type":"Source","value":"s"}]}' >day1
	cycle day1
	[ "$(wc -l <sent)" -eq 1 ]
	local line
	for line in '{"rating":1,"summary":"http://a.example/1","type":"URL","attribute":[{"value":"s","type":"Source"},{"type":"External ID","value":"2"}],"lastSeen":"2024-05-01T00:00:00Z"}' \
		'{"type":"URL","summary":"http://a.example/1","rating":1,"attribute":[{"type":"Source","value":"s"}]}'; do
		run --separate-stderr -0 tc-delta filter ./f.json <<<"$line"
		[ -z "$output" ]
		[[ "$stderr" == *"1 unchanged"* ]]
	done
	run --separate-stderr -0 tc-delta filter ./f.json <<<'{"type":"URL","summary":"http://a.example/1","rating":1,"attribute":[{"type":"Source","value":"t"}]}'
	[ -n "$output" ]
}

@test "Files are one by any hash, within a run and across runs" {
	local md5=0123456789abcdef0123456789abcdef sha1=0123456789abcdef0123456789abcdef01234567
	local sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	feed '{"missing":"delete","after":1,"max_missing":"100%"}'
	{ echo '{"type":"File","md5":"'$md5'"}'; echo '{"type":"File","sha256":"'$sha256'"}'; } >day1
	cycle day1
	[ "$(known .known)" = 2 ]
	# one record has both: the two are one now
	echo '{"type":"File","md5":"'$md5'","sha1":"'$sha1'","sha256":"'$sha256'"}' >day2
	cycle day2
	[ "$(wc -l <sent)" -eq 1 ]
	[ "$(known '[.known,.active,.pending]')" = '[1,1,0]' ]
	removal
	[ ! -s gone ]
	# known by a hash that it is not listed by today
	echo '{"type":"File","sha1":"'$sha1'"}' >day3
	cycle day3
	[[ "$(cat err)" == *"1 changed"* ]]
	removal
	[ ! -s gone ]
	echo '{"type":"File","md5":"'${md5/0/f}'"}' >day4
	cycle day4
	removal
	[ "$(cat gone)" = '{"type":"File","md5":"'$md5'","sha1":"'$sha1'","sha256":"'$sha256'","action":"Delete"}' ]
	[ "$(known .known)" = 1 ]
	run --separate-stderr -0 tc-delta verify ./f.json
}

@test "refresh: over the interval each object is sent once, spread, and a 304 asks for a whole fetch when it is time" {
	feed '{"refresh":"8d"}'
	urls 1 200 >day1
	TC_NOW=2026-01-01T00:00:00Z cycle day1
	local day n=0
	# nobody's turn comes in the first ninth of the interval
	for day in 01T00:00:01 01T08:00:00 01T21:00:00; do
		TC_NOW=2026-01-${day}Z cycle day1
		[ ! -s sent ]
	done
	for day in 02 03 04 05 06 07 08 09; do
		TC_NOW=2026-01-${day}T00:00:00Z cycle day1
		cat sent >>all
		[ "$day" = 02 ] || [ "$(wc -l <sent)" -gt 2 ]
		[ "$(wc -l <sent)" -lt 80 ]
	done
	[ "$(sort all)" = "$(sort day1)" ]
	TC_NOW=2026-01-09T12:00:00Z run --separate-stderr -0 tc-delta present ./f.json
	TC_NOW=2026-01-20T00:00:00Z run --separate-stderr -3 tc-delta present --stats stats ./f.json
	[ "$(jq .present.wanted stats)" = 200 ]
}

@test "lines that are no objects cost themselves, are named, and end in exit 3" {
	printf '%s\n' '{"type":"URL","summary":"http://a.example/1"}' '{"type":"URL","summary":"http://a.example/1"' '[]' \
		'{"type":"URL","summary":"x","type":"URL"}' '{"type":"URL","summary":"a\u0000b"}' '{"type":"URL","summary":"x","rating":1e999}' \
		'{"type":"URL","type\u0000x":"Host","summary":"x"}' '{"type":"URL","summary":NaN}' >in
	printf '{"type":"URL","summary":"\xff"}\n{"type":"URL","summary":"\xed\xa0\x80"}\n{"type":"URL","summary":"a\x01b"}\n' >>in
	printf '{"type":"URL","summary":"%s"}\n' "$(head -c 5000000 /dev/zero | tr '\0' a)" >>in
	urls 2 2 >>in
	run --separate-stderr -3 tc-delta filter --stats stats ./f.json <in
	[ "$(sort <<<"$output")" = "$(urls 1 2)" ]
	[ "$(jq -c '[.objects.read,.objects.rejected,.objects.sent,.reason]' stats)" = '[13,11,2,"rejects"]' ]
	[[ "$stderr" == *"line 2 is no object: unterminated object"* ]]
	[[ "$stderr" == *'line 4 is no object: duplicate key "type"'* ]]
	run --separate-stderr -1 tc-delta filter ./f.json <<<nonsense
	[[ "$stderr" == *"none of 1 lines is an object"* ]]
	run --separate-stderr -1 tc-delta filter ./f.json < <(urls 3 3; printf '{"type":"URL","su')
	[[ "$stderr" == *"the input ends in the middle of a line"* && "$output" == "$(urls 3 3)" ]]
	# CRLF, blank lines and a missing last newline are no errors
	run --separate-stderr -0 tc-delta filter --dry-run --state "$PWD/new" ./f.json < <(printf '{"type":"URL","summary":"a"}\r\n\n{"type":"URL","summary":"b"}')
	[ "$(wc -l <<<"$output")" -eq 2 ]
}

@test "/dev/full and a reader that goes away: exit 1, one message, and the next run sends all of it" {
	urls 1 5000 ',"description":"some text that makes the line longer"' >day1
	run --separate-stderr -1 sh -c 'tc-delta filter ./f.json <day1 >/dev/full'
	[[ "$stderr" == *"cannot write standard output: No space left on device"* ]]
	run --separate-stderr -0 sh -c '{ tc-delta filter ./f.json <day1; echo $? >code; } | head -1 >/dev/null'
	[ "$(cat code)" -eq 1 ]
	[[ "$stderr" == *"the reader of standard output went away"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$(wc -l <<<"$output")" -eq 5000 ]
	cat day1 >d
	run --separate-stderr -1 sh -c 'tc-delta stats --json ./f.json >/dev/full'
}

@test "closed descriptors, another locale, an odd time zone: the same bytes" {
	urls 1 3 >day1
	tc-delta filter --dry-run ./f.json <day1 >want 2>err
	LC_ALL=de_DE.UTF-8 TZ=Asia/Kathmandu tc-delta filter --dry-run ./f.json <day1 >got 2>err
	cmp want got
	run -0 bash -c 'tc-delta filter --dry-run ./f.json <day1 >got 2>&-'
	cmp want got
	run bash -c 'tc-delta filter ./f.json <&- >out 2>err'
	[ "$status" -eq 0 ] && [ ! -s out ]
}

@test "real feeds: two days of a blocklist, the second day sends what an independent comparison finds" {
	need_shared feeds/ipsum
	local file; file=$(find "$SHARED/feeds/ipsum" -name '*.txt' | head -1)
	grep -E '^[0-9]+\.' "$file" | awk '{ print $1 }' | sort -u | head -3000 >a
	sed -n '1~50!p' a >b
	seq 1 20 | sed 's/^/198.51.100./' >>b
	jq -Rc '{type:"Address",summary:.}' a >day1
	jq -Rc '{type:"Address",summary:.}' b >day2
	cycle day1
	[ "$(wc -l <sent)" -eq "$(wc -l <a)" ]
	tc-delta filter --stats stats ./f.json <day2 >sent 2>err
	[ "$(jq -r .summary sent | sort)" = "$(comm -13 a <(sort b))" ]
	[ "$(jq .state.missing stats)" = "$(comm -23 a <(sort b) | wc -l)" ]
}
