# tc-submit: waiting, lost answers, settling, signals: what the next run does.
load helper
load sandbox
load proxy
load submit

# --- waiting (pitfalls 44, 45) ---

@test "stuck in Queued: unknown with the batch id; the next run asks and sends nothing" {
	echo '{"batch":1,"stuck":"Queued","seconds":3}' >faults
	start_sandbox --faults faults
	hosts 4 >in
	partly in --deadline 1 --journal j
	reason pending
	grep -q 'is still Queued after 1 s' err
	[ "$(receipts unknown)" = 4 ]
	jq -c 'del(.status)' out >settle
	ok settle --settle
	[ "$(receipts accepted)" = 4 ]
	[ "$(uploads)" = 1 ]
}

@test "a word nobody knows is waited for" {
	echo '{"batch":1,"stuck":"Running","seconds":0.3,"state":"Paused"}' >faults
	start_sandbox --faults faults
	hosts 2 >in
	ok in
}

@test "bare status, other spelling of unprocessed, queued and running" {
	start_sandbox --bare-status --unprocessed-count --queued 0.1 --running 0.2
	hosts 4 >in
	ok in --chunk 2
	[ "$(receipts accepted)" = 4 ]
}

@test "a poll that is not understood is asked again, then left in doubt" {
	hosts 2 >in
	for body in '<html>oops</html>' '{"status":"Success","data":{}}' '{"status":"Failure","message":"no"}' '[]' '{"status":"Success","data":{"batchStatus":{"id":1}}}'; do
		jq -cn --arg b "$body" '{method: "GET", path: "/v2/batch/*", status: 200, body: $b}' >faults
		start_sandbox --faults faults
		partly in
		reason pending
		[ "$(receipts unknown)" = 2 ]
		[ "$(requests 'select(.method == "GET") | .n' | wc -l)" -le 5 ]
		stop_sandbox
	done
	echo '{"method":"GET","path":"/v2/batch/*","nth":1,"times":2,"status":200,"body":"oops"}' >faults
	start_sandbox --faults faults
	ok in
}

@test "idle time beyond the platform's own work is below a tenth and half a second a document" {
	sanitized && not_applicable "a slow build"
	start_sandbox --queued 0.2
	hosts 20 >in
	start=$(date +%s%N)
	ok in --chunk 4
	ms=$((($(date +%s%N) - start) / 1000000))
	# five documents of 0.2 s each
	[ "$ms" -le $((1000 + 100 + 5 * 500)) ]
}

@test "12,001 objects are three jobs, none of more than 5,000" {
	start_sandbox
	hosts 12001 >in
	tc-submit --params config.json <in >out
	[ "$(receipts accepted)" -eq 12001 ]
	[ "$(jq -r .batchId out | sort | uniq -c | awk '{ print $1 }' | sort -n | paste -sd' ')" = "2001 5000 5000" ]
	[ "$(requests 'select(.method == "POST" and (.target | test("/v2/batch/[0-9]+$"))) | .n' | wc -l)" -eq 3 ]
}

@test "several batches of one kind at once, kinds apart" {
	start_sandbox --queued 0.4
	for i in 1 2; do echo "{\"type\":\"Report\",\"name\":\"r$i\",\"xid\":\"r$i\"}"; done >in
	hosts 6 >>in
	ok in --chunk 2 --in-flight 3
	[ "$(receipts accepted)" = 8 ]
	# three uploads of indicators before the first poll that finds one complete
	[ "$(requests 'select(.target == "/api/v2/batch") | .n' | wc -l)" = 4 ]
	requests '[.method, .target] | join(" ")' | sed -n '/POST .*batch\/2$/,/POST .*batch\/4$/p' | grep -c 'POST /api/v2/batch/' | grep -qx 3
}

# --- lost answers (pitfall 51) ---

@test "an upload whose answer is lost is asked for, not repeated" {
	echo '{"method":"POST","path":"/v2/batch/1","nth":1,"lose":true,"reset":true}' >faults
	start_sandbox --faults faults
	hosts 4 >in
	ok in
	[ "$(uploads)" = 1 ]
	grep -q 'the upload had arrived' err
}

@test "an upload that did not arrive goes once more to the same batch" {
	echo '{"method":"POST","path":"/v2/batch/1","nth":1,"cut":"before"}' >faults
	start_sandbox --faults faults
	hosts 4 >in
	ok in
	[ "$(uploads)" = 2 ]
	[ "$(requests 'select(.target == "/api/v2/batch") | .n' | wc -l)" = 1 ]
	[ "$(owner | wc -l)" = 4 ]
}

@test "every call fails once: the platform ends as without faults" {
	printf '%s\n' '{"method":"POST","path":"/v2/batch","nth":1,"status":500}' \
		'{"method":"POST","path":"/v2/batch/*","nth":1,"status":502}' \
		'{"method":"GET","path":"/v2/batch/*","nth":1,"status":504}' \
		'{"path":"/v2/batch/*/errors","nth":1,"status":500}' >faults
	start_sandbox --faults faults
	{ hosts 4; echo '{"type":"Host","summary":"under_score.example.com"}'; } >in
	partly in
	[ "$(receipts accepted) $(receipts rejected)" = "4 1" ]
	[ "$(owner | wc -l)" = 4 ]
}

@test "a platform that is down: exit 1 temporary, everything unsent" {
	start_sandbox
	stop_sandbox
	hosts 4 >in
	failed in
	reason temporary
	[ "$(receipts unsent)" = 4 ]
	grep -q 'Connection refused\|Failed to connect' err
}

@test "settling: gone and never filled batches are sent again" {
	start_sandbox
	printf '{"type":"Host","summary":"a.example.com","batchId":99}\n' >in
	ok in --settle
	[ "$(receipts unsent)" = 1 ]
	tc-submit --params config.json <<<'{"type":"Host","summary":"b.example.com"}' >/dev/null 2>&1
	printf '{"type":"Report","xid":"x1","batchId":1}\n{"type":"Host","summary":"b.example.com","batchId":1}\n' >in
	ok in --settle
	[ "$(receipts accepted)" = 2 ]
}

# --- signals ---

@test "SIGTERM: stops cleanly, receipts so far are true, the rest in doubt or unsent" {
	start_sandbox --queued 2
	hosts 40 >in
	tc-submit --params config.json --chunk 4 --stats stats.json <in >out 2>err 3>&- &
	pid=$!
	# the second batch has its content and is queued: in doubt, whatever the machine's speed
	for _ in $(seq 400); do [ "$(requests 'select(.method == "POST" and (.target | test("/batch/[0-9]+"))) | 1' | grep -c 1)" -ge 2 ] && break; sleep 0.05; done
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	[ $rc = 1 ]
	grep -q 'stopped by signal 15' err
	[ "$(receipts accepted)" -ge 4 ]
	[ "$(receipts unknown)" -ge 1 ]
	reason temporary
}
