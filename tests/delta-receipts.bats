# tc-delta commit and settle: what the platform said of each object, and what becomes of one it said nothing of.
load helper
load delta

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
