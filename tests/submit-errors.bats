# tc-submit: what a completed batch can say, and what the next run does.
load helper
load sandbox
load proxy
load submit

# --- what a completed batch can say (pitfalls 43, 46, 47, 49) ---

@test "Completed with errors is not success: refused with code and reason, the rest accepted" {
	start_sandbox
	{ hosts 20; echo '{"type":"Host","summary":"bad_one.example.com"}'; echo '{"type":"ASN","summary":"12345"}'; } >in
	partly in
	reason refused
	[ "$(receipts accepted)" = 20 ]
	[ "$(receipts rejected)" = 2 ]
	[ "$(jq -r 'select(.status == "rejected") | .code' out | sort -u)" = 0x1005 ]
}

@test "errors that name nobody leave the rest of the batch in doubt" {
	echo '{"batch":1,"errors":[{"code":"0x1005","reason":"Error (0x1005): something of yours is wrong"}],"counters":{"success":4,"error":1}}' >faults
	start_sandbox --faults faults
	hosts 5 >in
	partly in
	reason pending
	[ "$(receipts unknown)" = 5 ]
	[ "$(jq -r .batchId out | sort -u)" = 1 ]
	grep -q 'names no object' err
}

@test "unprocessed objects are sent once more, then left in doubt" {
	printf '{"batch":%d,"counters":{"success":1,"unprocessed":4}}\n' 1 2 >faults
	start_sandbox --faults faults
	hosts 5 >in
	partly in
	reason pending
	[ "$(uploads)" = 2 ]
	[ "$(receipts unknown)" = 5 ]
}

@test "more stored than sent does not add up, fewer is a note" {
	echo '{"batch":1,"counters":{"success":9}}' >faults
	start_sandbox --faults faults
	hosts 5 >in
	partly in
	[ "$(receipts unknown)" = 5 ]
	stop_sandbox
	echo '{"batch":1,"counters":{"success":4}}' >faults
	start_sandbox --faults faults
	ok in
	[ "$(receipts accepted)" = 5 ]
	grep -q 'sent 5, the platform counted 4' err
}

@test "error lists: plain, wrong type, cut, HTML, an object, null reasons, hostile text" {
	hosts 3 >in
	echo '{"type":"Host","summary":"under_score.example.com"}' >>in
	# each line: what the list does, how many receipts are certain
	while IFS='|' read -r fault certain; do
		echo "$fault" >faults
		start_sandbox --faults faults
		partly in
		[ "$(receipts rejected) $(receipts unknown)" = "$certain" ] || { echo "$fault: $(receipts rejected) $(receipts unknown)"; cat out err; return 1; }
		stop_sandbox
	done <<-'E'
		{"batch":1,"errors_plain":true}|1 0
		{"batch":1,"errors_type":"text/html"}|1 0
		{"batch":1,"errors_body":"<html>oops</html>"}|1 0
		{"batch":1,"errors_body":"[{\"errorReason\":null,\"errorSource\":\"under_score.example.com\"}]"}|1 0
		{"batch":1,"errors_body":"[{\"errorReason\":\"Error (0x1005): x\\u001b[2J\\u202e\",\"errorSource\":{\"type\":\"Host\",\"summary\":\"under_score.example.com\"}}]"}|1 0
		{"batch":1,"errors_body":"[{\"errorMessage\":\"Error (0x1005): 'under_score.example.com' is not valid.\"}]"}|1 0
	E
	! grep -q "$(printf '\033')" err
}

@test "an error list that cannot be had leaves the batch in doubt, and settling reads it again" {
	printf '%s\n' '{"path":"/v2/batch/*/errors","nth":1,"times":2,"status":200,"body":"[{\"errorReason\":"}' \
		'{"path":"/v2/batch/*/results","nth":1,"times":1,"status":404}' >faults
	start_sandbox --faults faults
	{ hosts 3; echo '{"type":"Host","summary":"under_score.example.com"}'; } >in
	partly in --journal j
	[ "$(receipts unknown)" = 4 ]
	reason pending
	! grep -q '"done"' j
	jq -c 'del(.status)' out >settle
	curl -sS -X POST --data-binary @/dev/null "$ROOT/sandbox/faults" >/dev/null
	before=$(uploads)
	partly settle --settle
	reason refused
	[ "$(receipts accepted) $(receipts rejected)" = "3 1" ]
	[ "$(uploads)" = "$before" ]
}

@test "an error list that is not there yet is asked for again" {
	printf '%s\n' '{"path":"/v2/batch/*/errors","nth":1,"status":400,"body":{"status":"Invalid","description":"Batch still in Running state"}}' \
		'{"path":"/v2/batch/*/errors","nth":2,"status":404}' >faults
	start_sandbox --faults faults
	{ hosts 3; echo '{"type":"Host","summary":"under_score.example.com"}'; } >in
	partly in
	[ "$(receipts accepted) $(receipts rejected)" = "3 1" ]
}

@test "one poisoned object is found by halving; the others are stored" {
	# the last of 32 is one the platform cannot read: it abandons each document that holds it (0x1003)
	for n in 1 3 5 7 9 11; do
		echo "{\"batch\":$n,\"drop\":true,\"errors\":[{\"code\":\"0x1003\",\"reason\":\"Error (0x1003): JsonSyntaxException\"}],\"counters\":{\"success\":0,\"error\":1}}"
	done >faults
	start_sandbox --faults faults
	hosts 32 >in
	partly in --journal j
	reason refused
	[ "$(receipts accepted) $(receipts rejected)" = "31 1" ]
	[ "$(jq -r 'select(.status == "rejected") | .code + " " + .summary' out)" = "0x1003 h32.example.com" ]
	# the whole, then two halves a step: log2(32) steps
	[ "$(uploads)" = 11 ]
	[ "$(owner | wc -l)" = 31 ]
	[ "$(grep -c '"done"' j)" = 11 ]
}

@test "a refused document (400) is halved too, and the run goes on" {
	echo '{"method":"POST","path":"/v2/batch/1","nth":1,"status":400,"body":{"status":"Invalid","description":"no"}}' >faults
	start_sandbox --faults faults
	hosts 8 >in
	ok in --chunk 4
	[ "$(receipts accepted)" = 8 ]
}

@test "a platform that refuses every part ends the run, not the day" {
	echo '{"method":"POST","path":"/v2/batch/*","status":400,"body":{"status":"Invalid","description":"no"}}' >faults
	start_sandbox --faults faults
	hosts 2000 >in
	failed in --chunk 1000
	reason contract
	[ "$(uploads)" -le 130 ]
	[ "$(($(receipts rejected) + $(receipts unsent)))" = 2000 ]
}

@test "trouble of the platform's own: the chunk goes once more" {
	echo '{"batch":1,"errors":[{"code":"0x1004","reason":"Error (0x1004): internal"}],"counters":{"success":0,"error":5}}' >faults
	start_sandbox --faults faults
	hosts 5 >in
	ok in
	[ "$(uploads)" = 2 ]
	[ "$(receipts accepted)" = 5 ]
}

@test "the indicator limit stops the run; what was stored is told" {
	start_sandbox --indicator-limit 12
	hosts 45 >in
	failed in --chunk 5
	grep -q "indicator limit of owner \"$OWNER\" is reached" err
	[ "$(receipts accepted)" -ge 10 ]
	# batches behind the refused one are not sent
	[ "$(uploads)" = 3 ]
	[ "$(wc -l <out)" = 45 ]
	[ "$(receipts rejected)" = 0 ]
}

@test "no permission to delete stops the run and blames no object" {
	start_sandbox --role contributor
	echo '{"type":"Host","summary":"h1.example.com","action":"Delete"}' >in
	failed in
	reason auth
	[ "$(receipts rejected)" = 0 ]
	grep -qi permi err
}

@test "an unexpected exception stops the run" {
	echo '{"batch":2,"errors":[{"code":"0x1001","reason":"Encountered an unexpected Exception while processing batch job"}],"counters":{"success":0,"error":1}}' >faults
	start_sandbox --faults faults
	hosts 20 >in
	failed in --chunk 5
	[ "$(receipts accepted) $(receipts unsent)" = "5 15" ]
	[ "$(uploads)" = 2 ]
}

@test "a delete of what is gone is accepted" {
	start_sandbox
	echo '{"type":"Host","summary":"never.example.com","action":"Delete"}' >in
	ok in
	[ "$(receipts accepted)" = 1 ]
}
