# kill -9 of tc-submit in every call, then settle and go on: the platform ends where a run without faults ends.
load ../helper
load ../sandbox

setup() {
	common_setup
	need_tool curl
	need_tool jq
	need_tool tc-sandbox
	need_tool tc-delta
	SANDBOX=
	export TC_OWNER=$OWNER
	cat >feed.json <<-'E'
		{"id": "torture", "name": "Torture", "vendor": "Example",
		 "fetch": {"url": "https://feed.example.com/"}, "parse": {"format": "text"},
		 "map": [{"object": {"type": "Host", "summary": {"path": "line"}}}]}
	E
	{
		for i in 1 2 3; do echo "{\"type\":\"Report\",\"name\":\"r$i\",\"xid\":\"r$i\",\"associatedGroupXid\":[\"r$((i % 3 + 1))\"]}"; done
		hosts 7 | sed 's/}$/,"associatedGroups":[{"groupXid":"r1"}]}/'
		echo '{"type":"Host","summary":"under_score.example.com"}'
	} >in
}

teardown() { stop_sandbox; }

# One run of the pipe; SUBMIT is the id of tc-submit.
pipe() {
	tc-delta filter ./feed.json <in >filtered 2>filter.err || return 1
	tc-submit --params config.json --journal journal --chunk 4 --wait 0 <filtered >receipts.out 2>submit.err 3>&- &
	SUBMIT=$!
}

commit() { tc-delta commit ./feed.json <receipts.out >commit.out 2>commit.err || [ $? = 3 ]; }

settle() {
	tc-delta settle --journal journal ./feed.json >doubt 2>settle.err || [ $? = 3 ] || { cat settle.err; return 1; }
	tc-submit --params config.json --settle --wait 0 <doubt >receipts.out 2>submit.err || [ $? = 3 ] || { cat submit.err; return 1; }
	commit
}

# What runs after the crash: settle, then the same input again.
recover() {
	settle || return 1
	pipe || return 1
	wait "$SUBMIT" || [ $? = 3 ] || { cat submit.err; return 1; }
	commit
}

undisturbed() {
	start_sandbox
	pipe
	wait "$SUBMIT" || [ $? = 3 ]
	commit
	owner >expected
	CALLS=$(requests 'select(.target | startswith("/api/v2")) | .n' | wc -l)
	UPLOADS=$(requests 'select(.method == "POST" and (.target | test("/batch/[0-9]+$"))) | .target' | wc -l)
	stop_sandbox
}

# killed FAULT: the run dies by -9 once the fault has struck, then recovers; the owner is as expected.
killed() {
	rm -rf "$XDG_STATE_HOME"/* journal sandbox.err receipts.out
	echo "$1" >faults
	start_sandbox --faults faults
	pipe
	for _ in $(seq 200); do
		grep -q 'fault script' sandbox.err && break
		kill -0 "$SUBMIT" 2>/dev/null || break
		sleep 0.02
	done
	kill -9 "$SUBMIT" 2>/dev/null || true
	wait "$SUBMIT" 2>/dev/null || true
	commit
	curl -sS -X POST --data-binary '' "$ROOT/sandbox/faults" >/dev/null
	recover || return 1
	owner >held
	diff expected held || return 1
	# at most what was in doubt went twice
	local again
	again=$(requests 'select(.status == 202) | .n' | wc -l)
	[ "$again" -le $((UPLOADS + 1)) ] || { echo "$again uploads, $UPLOADS without a fault"; return 1; }
	# nothing is pending: a third run sends nothing
	tc-delta filter ./feed.json <in >filtered 2>filter.err
	[ ! -s filtered ] || { cat filtered; return 1; }
	stop_sandbox
}

@test "killed in every call, its answer on the way" {
	undisturbed
	for n in $(seq "$CALLS"); do
		killed "{\"path\":\"/v2/*\",\"nth\":$n,\"delay\":20}" || { echo "call $n"; return 1; }
	done
}

@test "killed before the platform has the call" {
	undisturbed
	for n in $(seq "$CALLS"); do
		killed "{\"path\":\"/v2/*\",\"nth\":$n,\"process\":false,\"status\":500,\"delay\":20}" || { echo "call $n"; return 1; }
	done
}

@test "killed in the middle of an upload" {
	undisturbed
	for n in $(seq "$UPLOADS"); do
		killed "{\"method\":\"POST\",\"path\":\"/v2/batch/*\",\"nth\":$n,\"stall_upload\":20}" || { echo "upload $n"; return 1; }
	done
}

@test "killed while a batch is queued" {
	undisturbed
	for n in $(seq "$UPLOADS"); do
		rm -rf "$XDG_STATE_HOME"/* journal sandbox.err receipts.out
		echo "{\"batch\":$n,\"stuck\":\"Queued\",\"seconds\":1.5}" >faults
		start_sandbox --faults faults
		pipe
		for _ in $(seq 200); do
			[ "$(grep -c queued journal 2>/dev/null)" = "$n" ] && break
			sleep 0.02
		done
		kill -9 "$SUBMIT"
		wait "$SUBMIT" 2>/dev/null || true
		commit
		recover
		owner >held
		diff expected held
		[ "$(requests 'select(.status == 202) | .n' | wc -l)" = "$UPLOADS" ]
		stop_sandbox
	done
}

@test "a journal line cut by a crash is no hindrance" {
	undisturbed
	start_sandbox
	rm -rf "$XDG_STATE_HOME"/* journal
	pipe
	wait "$SUBMIT" || [ $? = 3 ]
	commit
	printf '{"event":"upload","batchId":9,"act' >>journal
	recover
	diff expected <(owner)
}
