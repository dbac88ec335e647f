# tc-delta expire: what a feed no longer lists, and what holds its removal back.
load helper
load delta

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
