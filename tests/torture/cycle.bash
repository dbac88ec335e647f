# For tests that break tc-delta off: two days of a feed, a platform that keeps what reached it, and what two ordinary runs
# end in.

# two_days: f.json, day1, day2 (gone, changed, merged and new objects); STATE is the state directory.
two_days() {
	export TC_OWNER=Acme TC_LOG_LEVEL=error TC_NOW=2026-01-01T00:00:00Z
	STATE=$XDG_STATE_HOME/tcfeed
	jq -n '{id: "f", name: "F", vendor: "V", fetch: {url: "https://feed.example/"}, parse: {format: "json", records: "data"},
		map: [{object: {type: "URL", summary: {path: "url"}}}], delta: {missing: "delete", after: 1, max_missing: "100%", keep_content: true}}' >f.json
	local i
	for ((i = 1; i <= 12; i++)); do echo "{\"type\":\"URL\",\"summary\":\"http://a.example/$i\",\"rating\":1}"; done >day1
	echo '{"type":"File","md5":"0123456789abcdef0123456789abcdef"}' >>day1
	sed -e 1,2d -e '3,5s/:1}/:2}/' day1 >day2
	echo '{"type":"File","md5":"0123456789abcdef0123456789abcdef","sha1":"0123456789abcdef0123456789abcdef01234567"}' >>day2
	echo '{"type":"URL","summary":"http://a.example/new"}' >>day2
}

receipts() {
	jq -c '(if .type == "File" then {type, summary: (.sha1 // .md5)} else {type, summary} end) + {status: "accepted", batchId: 7}' "$@"
}

# The platform: every whole line that reached it, in order, by identity; what was removed is gone.
platform() {
	jq -cs 'reduce .[] as $o ({}; ($o.md5 // $o.summary) as $k | if $o.action == "Delete" then del(.[$k]) else .[$k] = $o end)' reached
}

state_now() { tc-delta verify ./f.json 2>/dev/null && tc-delta export ./f.json 2>/dev/null | tail -n +2; }

# A run without faults.
good_run() {
	tc-delta filter ./f.json <"$1" >out
	submit_and_commit
	tc-delta expire --complete ./f.json >out
	submit_and_commit
}

# ./out reaches the platform, which accepts all of it.
submit_and_commit() {
	[ -s out ] || return 0
	cat out >>reached
	receipts out | tc-delta commit ./f.json
}

# Two ordinary runs, and all is as it should be.
recover() {
	cp out killed.out
	good_run day2
	good_run day2
	platform >got.platform
	state_now >got.state
	cmp want.platform got.platform && cmp want.state got.state || {
		echo "$1"
		diff want.state got.state
		return 1
	}
	cp killed.out out
}

# base_of STEP: everything before the step has been done; what ends are to be compared with is in want.*
base_of() {
	: >reached
	[ "$1" = first ] || good_run day1
	mkdir -p -m 700 "$STATE"
	cp -a "$STATE" start
	cp reached reached.base
	good_run day2
	good_run day2
	platform >want.platform
	state_now >want.state
	[ "$(wc -l <want.state)" -gt 5 ]

	rm -rf "$STATE"
	cp -a start "$STATE"
	cp day2 input
	case $1 in
	commit | expire)
		tc-delta filter ./f.json <day2 >sent
		cat sent >>reached.base
		receipts sent >input
		;;
	esac
	if [ "$1" = expire ]; then
		tc-delta commit ./f.json <input
		: >input
	fi
	cp -a "$STATE" base
}
