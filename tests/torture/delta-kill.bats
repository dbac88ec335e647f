# tc-delta killed at every system call: whatever is left, the next run ends as if nothing had happened.
load ../helper

setup() {
	common_setup
	need_tool cc
	sanitized && not_applicable "leak checkers cannot run under ptrace"
	cc -O1 -o kill-at "$TOP/tests/torture/kill-at.c"
	./kill-at 1 true || skip "missing tool kill-at that may trace"
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

# What a kill has left, as one line: the files and what came out. A journal's nonce and the lock's text differ from run to
# run and mean nothing.
left() {
	{
		find "$STATE" -type f -printf '%f %s %m\n' | sort
		find "$STATE" -type f -name '*-journal' -exec head -c 12 {} +
		find "$STATE" -type f ! -name '*-journal' ! -name '*.lock' | sort | xargs cat out
	} | sha256sum
}

# kills STEP COMMAND...: with what was before the step in ./base and its input in ./input, kills the command at each call in
# turn. What it leaves is taken up by ordinary runs once for each different thing that can be left.
kills() {
	local n was points=0 step=$1
	shift
	: >seen
	for ((n = 1; n < 5000; n++)); do
		rm -rf "$STATE"
		cp -a base "$STATE"
		if ./kill-at "$n" tc-delta "$@" ./f.json <input >out 2>err; then :; else
			[ "$?" -eq 1 ] || return 1
			break
		fi
		was=$(left)
		grep -qxF "$was" seen && continue
		echo "$was" >>seen
		points=$((points + 1))
		cp reached.base reached
		if [ "$step" != commit ] && [ -s out ]; then
			# either nothing of it came to the platform, or all whole lines did, and its receipts come in
			cp -a "$STATE" killed
			recover "$step killed at call $n, its output lost" || return 1
			rm -rf "$STATE"
			mv killed "$STATE"
			cp reached.base reached
			jq -Rc 'fromjson? // empty' killed.out >lines
			cat lines >>reached
			receipts lines | tc-delta commit ./f.json
		fi
		recover "$step killed at call $n" || return 1
	done
	echo "# $step: $n calls, $points different outcomes" >&3
	[ "$n" -gt 60 ] && [ "$n" -lt 5000 ] && [ "$points" -gt 4 ]
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

@test "filter of a first run, killed at every call" {
	base_of first
	kills first filter
}

@test "filter, killed at every call" {
	base_of filter
	kills filter filter
}

@test "commit, killed at every call" {
	base_of commit
	kills commit commit
}

@test "expire, killed at every call" {
	base_of expire
	kills expire expire --complete
}
