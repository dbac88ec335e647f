# Every byte of a small state flipped, every length cut off; and the model test over many seeds.
load ../helper

setup() {
	common_setup
	export TC_OWNER=Model
}

@test "a state with any byte flipped or cut at any length: no crash, no removal" {
	run -0 "$BUILD/unit/state_test" all
	run ! grep '^not ok' <<<"$output"
}

@test "random faults over many seeds" {
	need_tool python3
	local seed
	for seed in $(seq 100 130); do
		rm -rf run && mkdir run
		(cd run && TC_STATE_DIR=$PWD/state python3 "$TOP/tests/model/delta_model.py" "$seed" 25 "$([ $((seed % 2)) -eq 0 ] && echo delete || echo inactive)")
	done
}

@test "the disk full at every write, for good: a message, and after space is back all is as it should be" {
	jq -n '{id: "f", name: "F", vendor: "V", fetch: {url: "https://feed.example/"}, parse: {format: "json", records: "data"},
		map: [{object: {type: "URL", summary: {path: "url"}}}]}' >f.json
	local i
	for ((i = 1; i <= 40; i++)); do echo "{\"type\":\"URL\",\"summary\":\"http://a.example/$i\"}"; done >day1
	need_tool strace
	sanitized && not_applicable "leak checkers cannot run under strace"
	for ((i = 1; i <= 60; i++)); do
		rm -rf "$XDG_STATE_HOME/tcfeed"
		strace -f -o trace -e trace=pwrite64,write,fdatasync -e inject=pwrite64:error=ENOSPC:when=$i+ tc-delta filter ./f.json <day1 >out 2>err && break
		[ "$(grep -c '' out)" -eq 0 ]
		grep -q 'No space left\|no space left' err
		tc-delta filter ./f.json <day1 >out 2>err
		[ "$(wc -l <out)" -eq 40 ]
	done
	[ "$i" -gt 5 ]
	# and acknowledgements that could not be saved are sent again
	tc-delta filter ./f.json <day1 >out 2>err
	jq -c '{type, summary, status: "accepted", batchId: 7}' out >r
	run --separate-stderr -1 strace -f -o trace -e trace=pwrite64 -e inject=pwrite64:error=ENOSPC:when=2+ tc-delta commit ./f.json <r
	[[ "$stderr" == *"the state is not saved (it will be sent again)"*"no space left"* ]]
	tc-delta filter ./f.json <day1 >out 2>err
	[ "$(wc -l <out)" -eq 40 ]
}
