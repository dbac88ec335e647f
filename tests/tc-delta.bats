# tc-delta: what goes out, what is kept, what is removed, and what stops each of them.
load helper
load delta

setup() {
	common_setup
	export TC_OWNER='Acme Source' TC_LOG_LEVEL=info
	feed '{}'
}

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

@test "an object dropped between the stages stays pending, no other is acknowledged in its place" {
	urls 1 4 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	sed 2d sent | receipts >r
	run --separate-stderr -3 tc-delta commit --stats stats ./f.json <r
	[ "$(jq -c '[.receipts.accepted,.state.pending,.reason]' stats)" = '[3,1,"pending"]' ]
	[[ "$stderr" == *"1 objects have been handed on and not been acknowledged"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$output" = "$(sed -n 2p sent)" ]
	[[ "$stderr" == *"1 retried"* ]]
}

@test "commit: the same receipts twice, a cut last line, foreign and broken ones" {
	urls 1 3 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	receipts <sent >r
	{ cat r; printf '{"type":"URL","summ'; } >cut
	run --separate-stderr -0 tc-delta commit ./f.json <cut
	[[ "$stderr" == *"the last receipt was cut and is ignored"* ]]
	cp "$(state)" before
	run --separate-stderr -0 tc-delta commit --stats stats ./f.json <r
	[ "$(jq -c '[.receipts.accepted,.receipts.repeated]' stats)" = '[0,3]' ]
	[ "$(known '[.known,.pending]')" = '[3,0]' ]
	run --separate-stderr -0 tc-delta commit --stats stats ./f.json <<<'{"type":"URL","summary":"http://other.example/","status":"accepted","batchId":7}'
	[ "$(jq .receipts.foreign stats)" = 1 ]
	[[ "$stderr" == *"does not know: http://other.example/"* ]]
	printf '%s\n' nonsense '{"type":"URL","summary":"x"}' '{"type":"URL","summary":"x","status":"maybe"}' '{"status":"accepted"}' >bad
	run --separate-stderr -1 tc-delta commit --stats stats ./f.json <bad
	[ "$(jq .receipts.invalid stats)" = 4 ]
	[ "$(jq -r .reason stats)" = contract ]
	run --separate-stderr -0 tc-delta commit ./f.json </dev/null
}

@test "commit into a state that never saw a filter run is an error" {
	run --separate-stderr -1 tc-delta commit ./f.json <<<'{"type":"URL","summary":"x","status":"accepted","batchId":7}'
	[[ "$stderr" == *"there is no filter run of feed f"* ]]
}

@test "commit keeps each batch while the pipe still runs" {
	urls 1 2 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	mkfifo pipe
	tc-delta commit ./f.json <pipe 2>err 3>&- &
	local pid=$! i
	exec 9>pipe
	head -1 sent | receipts accepted 1 >&9
	for ((i = 0; i < 100; i++)); do
		[ "$(known .known)" = 1 ] && break
		sleep 0.05
	done
	[ "$(known '[.known,.pending]')" = '[1,1]' ]
	kill -9 $pid
	exec 9>&-
	wait $pid || true
	# what was kept is kept, the lock went with its holder
	tc-delta filter ./f.json <day1 >sent2 2>err
	cmp <(sed 1d sent) sent2
}

@test "refused: kept with its reason, not sent until it changes, retry asks, or N runs have passed" {
	feed '{"retry":3}'
	urls 1 2 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	{ head -1 sent | receipts; tail -1 sent | receipts rejected | jq -c '. + {code: "0x1005", reason: "no\u001b[2Jgood"}'; } >r
	run --separate-stderr -3 tc-delta commit --stats stats ./f.json <r
	[[ "$(tail -1 <<<"$stderr")" == *"reason=refused" ]]
	run --separate-stderr -0 tc-delta rejects ./f.json
	[ "$(jq -r '[.type,.summary,.code,.reason,.sent]|@tsv' <<<"$output")" = "$(printf 'URL\t%s\t0x1005\tno\033[2Jgood\tnew' "$(tail -1 sent | jq -r .summary)")" ]
	tc-delta stats ./f.json 2>/dev/null | grep -qF 'refused 1: 0x1005 no\x1b[2Jgood'
	run --separate-stderr -0 tc-delta filter ./f.json <day1	# run 2
	[ -z "$output" ]
	[[ "$stderr" == *"1 unchanged, 1 withheld"* ]]
	# its content changes: sent
	run --separate-stderr -0 tc-delta filter --dry-run ./f.json < <(urls 1 2 ',"rating":1')
	[ "$(wc -l <<<"$output")" -eq 2 ]
	run --separate-stderr -0 tc-delta filter ./f.json <day1	# run 3
	[ -z "$output" ]
	run --separate-stderr -0 tc-delta filter --dry-run ./f.json <day1	# run 4: three after the refusal
	[[ "$output" == "$(tail -1 sent)" && "$stderr" == *"1 retried"* ]]
	run --separate-stderr -0 tc-delta retry --code 0x9999 ./f.json
	run --separate-stderr -0 tc-delta retry --code 0x1005 ./f.json
	[[ "$stderr" == *"1 objects will be tried again"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$output" = "$(tail -1 sent)" ]
	receipts <<<"$output" | tc-delta commit ./f.json 2>err
	[ "$(known '[.known,.refused]')" = '[2,0]' ]
}

@test "removal: two complete runs, within the guard, with an undo file; what returns is sent active" {
	feed '{"missing":"inactive"}'
	urls 1 20 >day1
	cycle day1
	removal
	[ ! -s gone ]
	urls 2 20 >day2
	cycle day2
	removal
	[ ! -s gone ]
	cycle day2
	run --separate-stderr -0 tc-delta expire --dry-run --complete ./f.json
	[ "$output" = '{"type":"URL","summary":"http://a.example/1","active":false}' ]
	removal
	[ "$(cat gone)" = '{"type":"URL","summary":"http://a.example/1","active":false}' ]
	[ "$(known '[.active,.inactive,.pending]')" = '[19,1,0]' ]
	[ "$(cat "$XDG_STATE_HOME"/tcfeed/f.*.removed-3.ndjson)" = '{"type":"URL","summary":"http://a.example/1","active":true}' ]
	# not again
	cycle day2
	removal
	[ ! -s gone ]
	cycle day1
	[ "$(cat sent)" = '{"type":"URL","summary":"http://a.example/1","active":true}' ]
	[[ "$(cat err)" == *"1 returned"* ]]
	[ "$(known '[.active,.inactive]')" = '[20,0]' ]
	cycle day1
	[ ! -s sent ]
}

@test "removal waits for the age that the definition asks for" {
	feed '{"missing":"delete","after":"7d"}'
	urls 1 20 >day1
	urls 2 20 >day2
	TC_NOW=2026-01-01T00:00:00Z cycle day1
	TC_NOW=2026-01-02T00:00:00Z cycle day2
	TC_NOW=2026-01-08T00:00:00Z cycle day2
	TC_NOW=2026-01-08T00:00:00Z removal
	[ ! -s gone ]
	TC_NOW=2026-01-09T00:00:01Z cycle day2
	TC_NOW=2026-01-09T00:00:01Z removal
	[ "$(cat gone)" = '{"type":"URL","summary":"http://a.example/1","action":"Delete"}' ]
	[ "$(known .known)" = 19 ]
}

@test "expire without --complete, without a run, after a run with rejected lines: guard" {
	feed '{"missing":"delete","after":1}'
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[ -z "$output" ]
	urls 1 20 >day1
	cycle day1
	head -c 100 day1 | tc-delta filter ./f.json >sent 2>err || true
	run --separate-stderr -3 tc-delta expire ./f.json
	[[ -z "$output" && "$stderr" == *"asks for --complete"* && "$(tail -1 <<<"$stderr")" == *"reason=guard" ]]
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"was not whole"* ]]
	cycle day1
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ -z "$output" ]
}

@test "an empty feed removes nothing, in no run after it either" {
	feed '{"missing":"delete","after":1}'
	urls 1 20 >day1
	cycle day1
	: >none
	cycle none
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"the feed is empty, 20 objects were active"* ]]
	cycle day1
	[ ! -s sent ]
	removal
	[ ! -s gone ]
}

@test "the guard binds at the smaller of share and count, and a confirmation is spent once" {
	feed '{"missing":"delete","after":1,"max_missing":{"share":"50%","count":3}}'
	urls 1 20 >day1
	cycle day1
	urls 4 20 >day2
	cycle day2
	run --separate-stderr -0 tc-delta expire --complete --dry-run ./f.json
	[ "$(wc -l <<<"$output")" -eq 3 ]
	urls 5 20 >day2
	cycle day2
	run --separate-stderr -3 tc-delta expire --complete --stats stats ./f.json
	[[ -z "$output" && "$stderr" == *"4 of 20 active objects would go (20.0 %), the limit is 3; to let them go once, set confirm_removals to 4"* ]]
	[ "$(jq -c '[.removals.due,.removals.sent,.removals.held]' stats)" = '[4,0,4]' ]
	echo '{"confirm_removals":3}' >params
	chmod 600 params
	run --separate-stderr -3 tc-delta expire --complete --params params ./f.json
	echo '{"confirm_removals":"4"}' >params
	run --separate-stderr -0 tc-delta expire --complete --params params ./f.json
	[ "$(wc -l <<<"$output")" -eq 4 ]
	receipts <<<"$output" | tc-delta commit ./f.json
	urls 10 20 >day3
	cycle day3
	# the number left standing is no switch
	run --separate-stderr -3 tc-delta expire --complete --confirm-removals 4 ./f.json
	run --separate-stderr -3 tc-delta expire --complete --params params ./f.json
	[[ "$stderr" == *"has been spent"* ]]
	run --separate-stderr -0 tc-delta expire --complete --confirm-removals 5 ./f.json
	[ "$(wc -l <<<"$output")" -eq 5 ]
}

@test "1000 objects, 600 left: additions go, removals are held" {
	feed '{"missing":"delete","after":1}'
	urls 1 1000 >day1
	cycle day1
	{ urls 1 600; urls 2001 2010; } >day2
	cycle day2
	[ "$(wc -l <sent)" -eq 10 ]
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"400 of 1010 active objects would go (39.6 %), the limit is 101"* ]]
}

@test "a changed map section or parameter of it holds removals for one complete run" {
	feed '{"missing":"delete","after":1}'
	urls 1 20 >day1
	cycle day1
	MAP=other feed '{"missing":"delete","after":1}'
	urls 2 20 >day2
	cycle day2
	[[ "$(cat err)" == *"held for one complete run"* ]]
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"removals are held for this run: the map section or a parameter used in it has changed; 1 objects are due"* ]]
	cycle day2
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ "$(wc -l <<<"$output")" -eq 1 ]
}

@test "a lost state: all is sent again, nothing removed in that run, said aloud" {
	feed '{"missing":"delete","after":1}'
	urls 1 20 >day1
	cycle day1
	rm "$(state)"
	cycle day1
	[ "$(wc -l <sent)" -eq 20 ]
	[[ "$(cat err)" == *"warning: the state of feed f is gone"* ]]
	# the platform's acknowledgement of day 1 is known again; a line goes missing in the same complete run
	urls 2 20 >day2
	tc-delta filter ./f.json <day2 >sent 2>err
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"the state was lost"* ]]
	cycle day2
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ "$(wc -l <<<"$output")" -eq 1 ]
}

@test "a damaged state: the copy is used, removals are off for a cycle, the damaged file is kept" {
	feed '{"missing":"delete","after":1}'
	urls 1 200 >day1
	cycle day1
	urls 2 200 >day2
	local file; file=$(state)
	# a value in the middle of a page, which SQLite's own check does not see
	local at; at=$(grep -abo 'http://a.example/77"' "$file" | head -1 | cut -d: -f1)
	printf X | dd of="$file" bs=1 seek=$((at + 8)) conv=notrunc 2>/dev/null
	run --separate-stderr -1 tc-delta verify ./f.json
	[[ "$stderr" == *"does not match its check value"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day2
	[[ -z "$output" && "$stderr" == *"is damaged"*"the copy of the last good state is used"* ]]
	[ -e "$file.damaged" ]
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"the state was damaged"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day2
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ "$(wc -l <<<"$output")" -eq 1 ]
	run --separate-stderr -0 tc-delta verify ./f.json
}

@test "a state of a newer version is refused untouched; so is another feed's or owner's file" {
	urls 1 3 >day1
	cycle day1
	local file; file=$(state)
	cp "$file" other
	printf '\0\0\0\143' | dd of="$file" bs=1 seek=60 conv=notrunc 2>/dev/null
	# the description says so as well, else it would be a flipped bit
	python3 - "$file" <<-'E' 2>/dev/null || skip "missing tool python3"
		import sys, sqlite3
		db = sqlite3.connect(sys.argv[1])
		db.execute("delete from meta"); db.commit()
	E
	cp "$file" before
	run --separate-stderr -2 tc-delta filter ./f.json <day1
	[[ -z "$output" && "$stderr" == *"has format 99, this program knows formats up to"* ]]
	run --separate-stderr -2 tc-delta expire --complete ./f.json
	run --separate-stderr -2 tc-delta commit ./f.json < <(receipts <sent)
	cmp "$file" before
	feed '{}' g
	cp other "${file/f./g.}"
	run --separate-stderr -2 tc-delta filter ./g.json <day1
	[[ -z "$output" && "$stderr" == *"belongs to feed 'f', not to 'g'"* ]]
	cmp other "${file/f./g.}"
}

@test "another owner has another state" {
	urls 1 3 >day1
	cycle day1
	run --separate-stderr -0 tc-delta filter --owner Other ./f.json <day1
	[ "$(wc -l <<<"$output")" -eq 3 ]
}

@test "one writer: a second run says who holds the lock, and a killed holder leaves none" {
	urls 1 3 >day1
	mkfifo go
	TC_RUN_ID=abc123 tc-delta lock ./f.json -- sh -c 'echo in >ready; exec sleep 60' 3>&- 2>err &
	local pid=$! i
	for ((i = 0; i < 100; i++)); do [ -e ready ] && break; sleep 0.05; done
	run --separate-stderr -3 tc-delta filter ./f.json <day1
	[[ -z "$output" && "$stderr" == *"another run of feed f is active: run abc123 since 2"*"(0 minutes, process $pid)"* ]]
	[[ "$(tail -1 <<<"$stderr")" == *"reason=busy" ]]
	run --separate-stderr -3 tc-delta lock ./f.json -- true
	# looking is allowed
	run --separate-stderr -0 tc-delta stats ./f.json
	kill -9 $pid
	wait $pid || true
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$(wc -l <<<"$output")" -eq 3 ]
}

@test "lock: the stages of a run inherit it, and the command's exit code is kept" {
	urls 1 3 >day1
	run --separate-stderr -0 tc-delta lock ./f.json -- sh -c 'tc-delta filter ./f.json <day1 | wc -l'
	[ "${output// /}" = 3 ]
	run --separate-stderr -41 tc-delta lock ./f.json -- sh -c 'exit 41'
	run --separate-stderr -2 tc-delta lock ./f.json -- ./not-there
	run --separate-stderr -2 tc-delta lock ./f.json
	# another feed's lock is not this one's
	feed '{}' g
	run --separate-stderr -0 tc-delta lock ./g.json -- tc-delta filter ./f.json <day1
}

@test "unknown outcomes: pending with their batch, listed by settle, sent in a new batch after three runs" {
	urls 1 3 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	{ head -1 sent | receipts accepted 1; sed 1d sent | receipts unknown 2; } >r
	run --separate-stderr -3 tc-delta commit ./f.json <r
	[[ "$stderr" == *"the outcome of 2 objects is not known yet"*"reason=pending" ]]
	run --separate-stderr -0 tc-delta settle ./f.json
	[ "$(jq -c .batchId <<<"$output" | sort -u)" = 2 ]
	[ "$(jq -r .summary <<<"$output")" = "$(sed 1d sent | jq -r .summary)" ]
	run --separate-stderr -0 tc-delta filter ./f.json <day1	# run 2
	[[ -z "$output" && "$stderr" == *"2 withheld"* ]]
	# one is settled, the other is asked about once more
	{ sed -n 2p sent | receipts accepted 2; sed -n 3p sent | receipts unknown 2; } >r
	run --separate-stderr -3 tc-delta commit ./f.json <r
	run --separate-stderr -0 tc-delta filter ./f.json <day1	# run 3
	[ -z "$output" ]
	run --separate-stderr -0 tc-delta filter ./f.json <day1	# run 4
	[ "$output" = "$(sed -n 3p sent)" ]
	receipts accepted 3 <<<"$output" | tc-delta commit ./f.json 2>err
	[ "$(known '[.known,.pending,.in_doubt]')" = '[3,0,0]' ]
}

@test "settle takes in the journal, empties it, and leaves a cut line alone" {
	urls 1 4 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	{
		jq -cn --slurpfile o <(head -3 sent | receipts | jq -c '{type,summary}') '{event:"upload",batchId:9,action:"Create",object:$o}'
		echo '{"event":"queued","batchId":9}'
		printf '{"event":"upload","batchId":10,"obj'
	} >journal
	head -1 sent | receipts accepted 9 | tc-delta commit ./f.json 2>err || true
	run --separate-stderr -0 tc-delta settle --journal journal ./f.json
	[ "$(jq -rc '[.summary,.batchId]|@tsv' <<<"$output")" = "$(sed -n 2,3p sent | jq -r '[.summary,9]|@tsv')" ]
	[ -e journal ] && [ ! -s journal ]
	run --separate-stderr -0 tc-delta settle --journal journal ./f.json
	[ "$(wc -l <<<"$output")" -eq 2 ]
	run --separate-stderr -0 tc-delta settle --journal not-there ./f.json
	# the fourth was never uploaded: it simply goes again
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$output" = "$(sed -n 4p sent)" ]
}

@test "unsent receipts: the next run sends it again" {
	urls 1 2 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	{ head -1 sent | receipts; tail -1 sent | receipts unsent 0; } >r
	run --separate-stderr -3 tc-delta commit ./f.json <r
	[[ "$stderr" == *"1 objects were not sent"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[[ "$output" == "$(tail -1 sent)" && "$stderr" == *"1 new"* ]]
}

@test "retractions: noted by filter, written by expire, only for what is known, counted in the guard" {
	feed '{"mode":"incremental","max_missing":{"share":"50%","count":2}}'
	urls 1 10 >day1
	cycle day1
	cat >window <<-'E'
		{"type":"URL","summary":"http://a.example/3","action":"Delete"}
		{"type":"URL","summary":"http://a.example/4","active":false}
		{"type":"URL","summary":"http://unknown.example/","action":"Delete"}
	E
	run --separate-stderr -0 tc-delta filter --stats stats ./f.json <window
	[ -z "$output" ]
	[ "$(jq -c '[.objects.read,.objects.retracted]' stats)" = '[3,3]' ]
	# what is not listed in an incremental feed is not gone
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ "$(sort <<<"$output")" = "$(head -2 window | sort)" ]
	# listed again before the removal was acknowledged: sent again, active
	cycle <(urls 3 4)
	[ "$(sort sent)" = "$(urls 3 4 ',"active":true' | sort)" ]
	tc-delta filter ./f.json < <(urls 5 7 ',"active":false') 2>err
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"3 of 10 active objects would go"* ]]
	# listed and retracted in one run: listed wins
	run --separate-stderr -0 tc-delta filter ./f.json < <(urls 5 7 ',"active":false'; urls 5 7)
	[[ "$stderr" == *"3 objects are both listed and retracted"* ]]
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ -z "$output" ]
}

@test "what a sibling feed of the owner still lists stays, Files by any hash" {
	local md5=0123456789abcdef0123456789abcdef sha1=0123456789abcdef0123456789abcdef01234567
	feed '{"missing":"delete","after":1,"max_missing":"100%"}'
	feed '{"missing":"delete","after":1,"max_missing":"100%"}' g
	{ urls 1 4; echo '{"type":"File","md5":"'$md5'"}'; } >day1
	cycle day1
	{ urls 2 2; echo '{"type":"File","md5":"'$md5'","sha1":"'$sha1'"}'; } >other
	cycle other g
	urls 4 4 >day2
	cycle day2
	run --separate-stderr -0 tc-delta expire --complete --stats stats ./f.json
	[ "$(jq -r .summary <<<"$output" | sort | tr '\n' ' ')" = 'http://a.example/1 http://a.example/3 ' ]
	[ "$(jq -c '[.removals.due,.removals.sent,.removals.kept,.kept.sibling]' stats)" = '[2,2,2,2]' ]
	# a sibling that cannot be read lists everything
	receipts <<<"$output" | tc-delta commit ./f.json
	head -c 3000 /dev/zero >"$(state g)"
	run --separate-stderr -0 tc-delta expire --complete --stats stats ./f.json
	[[ -z "$output" && "$stderr" == *"feed g of the same owner"* ]]
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

@test "groups and associations: no inactive form, deleted with their names, associations stay" {
	cat >day1 <<-'E'
		{"type":"Report","name":"r","xid":"x1"}
		{"type":"URL","summary":"http://a.example/1"}
		{"ref_1":"http://a.example/1","type_1":"URL","ref_2":"x1","type_2":"Report"}
		{"type":"URL","summary":"http://a.example/2"}
	E
	feed '{"missing":"inactive","after":1,"max_missing":"100%"}'
	cycle day1
	cycle <(tail -1 day1)
	run --separate-stderr -0 tc-delta expire --complete --dry-run --stats stats ./f.json
	[ "$output" = '{"type":"URL","summary":"http://a.example/1","active":false}' ]
	[ "$(jq .kept.class stats)" = 2 ]
	run --separate-stderr -0 tc-delta expire --complete --dry-run --missing delete ./f.json
	[ "$(head -1 <<<"$output")" = '{"type":"Report","name":"r","xid":"x1","action":"Delete"}' ]
	[ "$(wc -l <<<"$output")" -eq 2 ]
}

@test "expire --all withdraws the feed" {
	urls 1 5 >day1
	cycle day1
	run --separate-stderr -0 tc-delta expire --all ./f.json
	[ "$(jq -r .action <<<"$output" | sort | uniq -c | tr -s ' ')" = ' 5 Delete' ]
	receipts <<<"$output" | tc-delta commit ./f.json
	[ "$(known '[.known,.pending]')" = '[0,0]' ]
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

@test "present: nothing changes, and expire after it removes nothing" {
	feed '{"missing":"delete","after":1,"max_missing":"100%"}'
	run --separate-stderr -3 tc-delta present ./f.json
	urls 1 5 >day1
	cycle day1
	cycle <(urls 2 5)
	local i
	for i in 1 2 3 4 5; do
		run --separate-stderr -0 tc-delta present ./f.json
		run --separate-stderr -0 tc-delta expire --complete ./f.json
		[ -z "$output" ]
	done
	cycle <(urls 2 5)
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ -n "$output" ]
}

@test "explain: new, changed with members, expiring; old and new values where contents are kept" {
	feed '{"missing":"delete","keep_content":true}'
	echo '{"type":"URL","summary":"http://a.example/1","rating":1,"tag":[{"name":"Old"},{"name":"Same"}]}' >day1
	urls 2 2 >>day1
	cycle day1
	echo '{"type":"URL","summary":"http://a.example/1","rating":3,"confidence":5,"tag":[{"name":"New"},{"name":"Same"}]}' >day2
	urls 3 3 >>day2
	run --separate-stderr -0 tc-delta explain ./f.json <day2
	local want='changed   URL http://a.example/1
    rating 1 -> 3
    confidence (none) -> 5
    +tag New
    -tag Old'
	[[ "$output" == *"$want"* ]]
	[[ "$output" == *"new       URL http://a.example/3"* ]]
	[[ "$output" == *"expiring  URL http://a.example/2: not listed, complete run 1 of 2"* ]]
	run --separate-stderr -0 tc-delta explain --json ./f.json <day2
	[ "$(jq -c 'select(.change=="changed")|[.summary,.members,.changes.rating,.changes.tag.added[0].name]' <<<"$output")" = \
		'["http://a.example/1",["rating","confidence","tag"],{"old":1,"new":3},"New"]' ]
	# without contents the members are known all the same
	feed '{}' g
	cycle day1 g
	run --separate-stderr -0 tc-delta explain --json ./g.json <day2
	[ "$(jq -c 'select(.change=="changed")|.members' <<<"$output")" = '["rating","confidence","tag"]' ]
	# nothing was noted
	[ "$(known '[.known,.pending,.run]')" = '[2,0,1]' ]
}

@test "hostile text in a feed never reaches the terminal raw" {
	printf '{"type":"URL","summary":"http://a.example/\\u001b[2J\xe2\x80\xae"}\n' >in
	run --separate-stderr -0 tc-delta explain ./f.json <in
	[[ "$output" == *'\x1b[2J\u{202e}'* ]]
}

@test "reset: sent again; --forget, --type and --object choose" {
	{ urls 1 2; echo '{"type":"Host","summary":"a.example"}'; } >day1
	cycle day1
	run --separate-stderr -0 tc-delta reset --type Host ./f.json
	[[ "$stderr" == *"1 objects will be sent again"* ]]
	run --separate-stderr -0 tc-delta filter --dry-run ./f.json <day1
	[ "$(jq -r .type <<<"$output")" = Host ]
	run --separate-stderr -0 tc-delta reset --object http://a.example/2 ./f.json
	run --separate-stderr -2 tc-delta reset --object http://a.example/9 ./f.json
	run --separate-stderr -2 tc-delta reset --type Nothing ./f.json
	run --separate-stderr -0 tc-delta filter --dry-run ./f.json <day1
	[ "$(wc -l <<<"$output")" -eq 2 ]
	run --separate-stderr -0 tc-delta reset ./f.json
	cycle day1
	[ "$(wc -l <sent)" -eq 3 ]
	run --separate-stderr -0 tc-delta reset --forget ./f.json
	[ "$(known .known)" = 0 ]
}

@test "export and import carry a state elsewhere, byte for byte" {
	feed '{"keep_content":true,"missing":"delete"}'
	{ urls 1 5; echo '{"type":"File","md5":"0123456789abcdef0123456789abcdef","sha1":"0123456789abcdef0123456789abcdef01234567"}'
	  echo '{"type":"Report","name":"r \"x\"","xid":"x1"}'; echo '{"ref_1":"a","type_1":"Host","ref_2":"x1"}'; } >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	{ head -6 sent | receipts; tail -2 sent | receipts rejected | jq -c '.+{code:"0x1005",reason:"r"}'; } | tc-delta commit ./f.json 2>err || true
	tc-delta filter ./f.json < <(urls 1 3) >sent 2>err
	tc-delta export ./f.json >export 2>err
	[ "$(wc -l <export)" -eq 9 ]
	run --separate-stderr -2 tc-delta import ./f.json export
	[[ "$stderr" == *"say --replace"* ]]
	run --separate-stderr -0 tc-delta import --state "$PWD/elsewhere" ./f.json export
	tc-delta export --state "$PWD/elsewhere" ./f.json >export2 2>err
	cmp export export2
	run --separate-stderr -0 tc-delta verify --state "$PWD/elsewhere" ./f.json
	run --separate-stderr -2 tc-delta import --owner Other ./f.json export
	sed '3s/"summary":"http/"summary":"hxxp/' export | head -c 900 >bad
	run --separate-stderr -1 tc-delta import --state "$PWD/third" ./f.json bad
	[[ "$stderr" == *": cut"* ]]
	[ "$(tc-delta stats --state "$PWD/third" --json ./f.json 2>/dev/null | jq .known)" = 0 ]
}

@test "import --platform: a state from the platform's bulk export, so that only what differs is sent" {
	cat >bulk <<-'E'
		{"indicator":[
		 {"id":1,"ownerName":"Acme Source","type":"URL","summary":"http://a.example/1","rating":3.0,"confidence":60,"active":true,"dateAdded":"2024-01-01T00:00:00Z","tag":[{"name":"B"},{"name":"A"}]},
		 {"id":2,"type":"URL","summary":"http://a.example/2","rating":1.0,"webLink":"x"},
		 {"id":3,"type":"File","summary":"0123456789ABCDEF0123456789ABCDEF"},
		 {"id":4,"type":"Custom Thing","summary":"x"},
		 {"id":5,"type":"URL","summary":"http://a.example/gone"}]}
	E
	cat >day1 <<-'E'
		{"type":"URL","summary":"http://a.example/1","rating":3,"confidence":60,"tag":[{"name":"A"},{"name":"B"}]}
		{"type":"URL","summary":"http://a.example/2","rating":2}
		{"type":"File","md5":"0123456789abcdef0123456789abcdef"}
	E
	feed '{"missing":"delete","after":1,"max_missing":"100%"}'
	run --separate-stderr -0 tc-delta import --platform ./f.json bulk
	[[ "$stderr" == *"4 objects imported, 1 skipped"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$(jq -r .summary <<<"$output")" = http://a.example/2 ]
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ "$stderr" == *"made from the platform's export"* ]]
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

@test "no space for spool or state: a message, the state as it was, the next run as if nothing had been" {
	urls 1 50 >day1
	cycle day1
	cp "$(state)" before
	urls 1 3000 ',"description":"some text that makes the line longer"' >day2
	run --separate-stderr -1 bash -c 'ulimit -f 200; trap "" XFSZ; tc-delta filter ./f.json <day2'
	[ -z "$output" ]
	[[ "$stderr" == *"cannot write"* ]]
	[ "$(known '[.known,.pending,.run]')" = '[50,0,1]' ]
	run --separate-stderr -0 tc-delta filter ./f.json <day2
	[ "$(wc -l <<<"$output")" -eq 3000 ]
}

@test "directories others may write to, links, files of no state: refused" {
	mkdir loose && chmod 777 loose
	run --separate-stderr -2 tc-delta filter --state loose ./f.json </dev/null
	[[ "$stderr" == *"others may write there"* ]]
	mkdir -m 700 dir && ln -s dir link
	run --separate-stderr -2 tc-delta filter --state link ./f.json </dev/null
	[[ "$stderr" == *"symbolic link"* ]]
	run --separate-stderr -2 tc-delta filter ./not-there.json </dev/null
	umask 000
	urls 1 3 >day1
	cycle day1
	[ "$(find "$XDG_STATE_HOME/tcfeed" -type f -perm /077 | wc -l)" -eq 0 ]
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

@test "a state whose last write was cut off is rolled back by the next run" {
	urls 1 3 >day1
	cycle day1
	local file; file=$(state)
	need_tool python3
	python3 - "$file" <<-'E' || true
		import os, sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("pragma cache_size=1"); db.execute("pragma cache_spill=1"); db.execute("pragma journal_mode=truncate")
		db.execute("begin immediate"); db.execute("delete from object")
		db.execute("create table junk(x)")
		for i in range(400): db.execute("insert into junk values (randomblob(900))")
		os.kill(os.getpid(), 9)
	E
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ -z "$output" ]
	[ "$(known .known)" = 3 ]
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
