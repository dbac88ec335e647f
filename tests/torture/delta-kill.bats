# tc-delta killed at every system call that touches a file: the next run ends as if nothing had happened.
load ../helper

# Every one of these is a point at which the machine could stop. strace counts each name by itself.
CALLS="pwrite64 write fdatasync fsync ftruncate openat close rename unlink flock fcntl linkat link copy_file_range ioctl lseek"

setup() {
	common_setup
	need_tool strace
	strace -o /dev/null true 2>/dev/null || skip "missing tool strace that may trace"
	sanitized && not_applicable "leak checkers cannot run under strace"
	export TC_OWNER=Acme TC_LOG_LEVEL=error TC_NOW=2026-01-01T00:00:00Z
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

# whole FILE: its lines without a last one that was cut off.
whole() { sed -n 'p' "$1" | jq -Rc 'fromjson? // empty'; }

state_now() { tc-delta verify ./f.json 2>/dev/null && tc-delta export ./f.json 2>/dev/null | tail -n +2; }

# A run without faults: settle is empty, filter, commit, expire, commit.
good_run() {
	tc-delta filter ./f.json <"$1" >out
	cat out >>reached
	receipts out | tc-delta commit ./f.json
	tc-delta expire --complete ./f.json >out
	cat out >>reached
	receipts out | tc-delta commit ./f.json
}

# kills COMMAND: in a base state, kills it at each call in turn; $1 says what to do before and which command it is.
kills() {
	local step=$1 call n count points=0
	: >reached
	rm -rf "$XDG_STATE_HOME/tcfeed"
	[ "$step" = first ] || good_run day1
	mkdir -p -m 700 "$XDG_STATE_HOME/tcfeed"
	cp -a "$XDG_STATE_HOME/tcfeed" base
	cp reached reached.base

	good_run day2
	good_run day2
	platform >want.platform
	state_now >want.state

	for call in $CALLS; do
		restore
		before "$step"
		strace -f -o trace -e trace="$call" tc-delta $(command_of "$step") <"$(input_of "$step")" >out 2>/dev/null || true
		count=$(grep -c "$call(" trace || true)
		for ((n = 1; n <= count; n++)); do
			restore
			before "$step"
			strace -f -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$n" \
				tc-delta $(command_of "$step") <"$(input_of "$step")" >out 2>/dev/null || true
			points=$((points + 1))
			if [ "$step" != commit ]; then
				# what came out before it died has been sent, and its receipts come in
				whole out >lines
				cat lines >>reached
				receipts lines >r
				[ ! -s r ] || tc-delta commit ./f.json <r || true
			fi
			good_run day2
			good_run day2
			platform >got.platform
			state_now >got.state
			cmp want.platform got.platform && cmp want.state got.state || {
				echo "$step killed at $call number $n"
				diff want.state got.state
				return 1
			}
		done
	done
	echo "$step: $points points"
	[ "$points" -gt 30 ]
}

restore() {
	rm -rf "$XDG_STATE_HOME/tcfeed"
	cp -a base "$XDG_STATE_HOME/tcfeed"
	cp reached.base reached
}

before() {
	case $1 in
	commit)
		tc-delta filter ./f.json <day2 >sent
		cat sent >>reached
		receipts sent >r
		;;
	expire)
		tc-delta filter ./f.json <day2 >sent
		cat sent >>reached
		receipts sent | tc-delta commit ./f.json
		;;
	esac
}

command_of() {
	case $1 in
	first | filter) echo filter ./f.json ;;
	commit) echo commit ./f.json ;;
	expire) echo expire --complete ./f.json ;;
	esac
}

input_of() {
	case $1 in
	first | filter) echo day2 ;;
	commit) echo r ;;
	expire) echo /dev/null ;;
	esac
}

@test "filter of a first run, killed at every call" { kills first; }

@test "filter, killed at every call" { kills filter; }

@test "commit, killed at every call" { kills commit; }

@test "expire, killed at every call" { kills expire; }
