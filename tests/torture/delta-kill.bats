# tc-delta killed at every system call: whatever is left, the next run ends as if nothing had happened.
load ../helper
load cycle

setup() {
	common_setup
	need_tool cc
	sanitized && not_applicable "leak checkers cannot run under ptrace"
	cc -O1 -o kill-at "$TOP/tests/torture/kill-at.c"
	./kill-at 1 true || skip "missing tool kill-at that may trace"
	two_days
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
