# tc-sandbox: fault scripts.
load helper
load sandbox-calls

@test "a fault script: the n-th request of a method and path, status, headers, body; the rest as ever" {
	cat >faults <<-'END'
	# a comment
	{"method": "GET", "path": "/v2/batch/*", "nth": 2, "times": 2, "status": 503, "headers": {"Retry-After": "3", "X-Two": ["a", "b"]}, "body": "busy"}
	{"path": "/v2/owners", "status": 200, "body": {"status": "Success", "data": {}}}
	END
	start --faults faults
	batch "$SETTINGS" '{}'
	[ "$(counts)" = "Completed 0 0 0" ]
	[ "$(call GET /v2/batch/1)" = 503 ]
	[ "$(cat body)" = busy ]
	grep -qi '^retry-after: 3' head
	[ "$(grep -ci '^x-two: ' head)" -eq 2 ]
	[ "$(call GET /v2/batch/1)" = 503 ]
	[ "$(counts)" = "Completed 0 0 0" ]
	[ "$(call GET /v2/owners)" = 200 ]
	[ "$(jq -c . body)" = '{"status":"Success","data":{}}' ]
	grep -qi '^content-type: application/json' head
}

@test "a fault script with a mistake is exit 2 and names the line" {
	printf '{"path":"/x"}\n{"pth":"/x"}\n' >faults
	run --separate-stderr -2 tc-sandbox --faults faults
	[ -z "$output" ]
	[[ "$stderr" == *"faults: line 2: a request's line has no member 'pth'"* ]]
	echo '{"path":"/x","delay":"long"}' >faults
	run --separate-stderr -2 tc-sandbox --faults faults
	[[ "$stderr" == *"line 1: member 'delay' has the wrong kind of value"* ]]
	echo '{"batch":1,"stuck":"Paused"}' >faults
	run --separate-stderr -2 tc-sandbox --faults faults
	[[ "$stderr" == *"stuck is Queued or Running"* ]]
	echo 'nonsense' >faults
	run --separate-stderr -2 tc-sandbox --faults faults
	[[ "$stderr" == *"line 1 is no JSON object"* ]]
}

@test "cut before the answer, in it, with a reset, and an answer lost after the upload was taken" {
	cat >faults <<-'END'
	{"path": "/before", "cut": "before"}
	{"path": "/reset", "cut": "before", "reset": true}
	{"path": "/in", "body": "0123456789", "cut": 4}
	{"path": "/chunks", "body": "0123456789", "chunked": true, "cut": 4}
	{"method": "POST", "path": "/v2/batch/1", "lose": true}
	{"method": "POST", "path": "/v2/batch/2", "cut_upload": 10}
	END
	start --faults faults
	run -52 curl -sS "$ROOT/before"
	run -56 curl -sS "$ROOT/reset"
	run -18 curl -sS -o part "$ROOT/in"
	[ "$(cat part)" = 0123 ]
	run -18 curl -sS -o part "$ROOT/chunks"
	[ "$(cat part)" = 0123 ]
	[ "$(call POST /v2/batch --data-binary "$SETTINGS")" = 201 ]
	run -52 curl -sS -H "Authorization: TC-Token $TOKEN" -H 'Content-Type: application/octet-stream' \
		--data-binary "$(indicators '{"type":"Mutex","summary":"m"}')" "$API/v2/batch/1"
	ID=1
	[ "$(counts)" = "Completed 0 1 0" ]
	[ "$(call POST /v2/batch --data-binary "$SETTINGS")" = 201 ]
	rc=0
	curl -sS -H "Authorization: TC-Token $TOKEN" -H 'Content-Type: application/octet-stream' \
		--data-binary "$(indicators '{"type":"Mutex","summary":"n"}')" "$API/v2/batch/2" || rc=$?
	[ "$rc" -ne 0 ]
	[ "$(call GET /v2/batch/2)" = 200 ]
	[ "$(jq -r .data.batchStatus.status body)" = Created ]
	[ "$(curl -sS "$ROOT/sandbox/requests" | jq -r .outcome | sort -u | paste -sd ' ')" = "answered cut cut upload lost" ]
}

@test "delays, dripping bodies, an answer that never comes" {
	cat >faults <<-'END'
	{"path": "/slow", "delay": 0.5, "body": "x"}
	{"path": "/drip", "rate": 10, "body": "01234"}
	{"path": "/never", "delay": 1000, "body": "x"}
	{"path": "/headers", "raw": "HTTP/1.1 200 OK\r\nX-A: ", "hold": true}
	{"path": "/stalled", "body": "0123456789", "cut": 4, "hold": true}
	END
	start --faults faults
	t=$(curl -sS -o body -w '%{time_total}' "$ROOT/slow")
	jq -ne --argjson t "$t" '$t >= 0.5'
	t=$(curl -sS -o body -w '%{time_total}' "$ROOT/drip")
	[ "$(cat body)" = 01234 ]
	jq -ne --argjson t "$t" '$t >= 0.3'
	for page in never headers stalled; do
		run -28 curl -sS --max-time 0.5 -o part "$ROOT/$page"
	done
	# others are served meanwhile, and it ends with them waiting
	[ "$(call GET /v2/owners)" = 200 ]
	curl -sS --max-time 5 -o /dev/null "$ROOT/never" 3>&- &
	sleep 0.3
	rc=0
	kill "$SANDBOX"
	wait "$SANDBOX" || rc=$?
	SANDBOX=
	[ "$rc" -eq 0 ]
	wait
}

@test "a batch stuck for so many polls, for a time, under another word; dropped; counters and lists of a script" {
	cat >faults <<-'END'
	{"batch": 1, "stuck": "Queued", "polls": 2, "state": "Paused"}
	{"batch": 2, "stuck": "Running", "seconds": 5}
	{"batch": 3, "errors": [{"code": "0x1004", "reason": "Error (0x1004): encountered an unexpected Exception while processing batch job", "source": "m"}, {"code": "0x1001", "reason": null}]}
	{"batch": 4, "counters": {"success": 9, "error": 2, "unprocessed": 3}}
	{"batch": 5, "errors_body": "<html>no list</html>", "errors_type": "text/html", "errors_plain": true}
	{"batch": 6, "errors": [{"code": "0x1001", "reason": "r"}], "errors_cut": 15}
	{"batch": 7, "errors_status": 404, "counters": {"error": 1}}
	{"batch": 8, "drop": true}
	END
	start --faults faults
	one=$(indicators '{"type":"Mutex","summary":"m"}')
	states() { for _ in 1 2 3 4; do call GET "/v2/batch/$ID" >/dev/null; jq -r .data.batchStatus.status body; done | paste -sd ' '; }
	batch "$SETTINGS" "$one"
	[ "$(states)" = "Paused Paused Completed Completed" ]
	batch "$SETTINGS" "$one"
	call GET /v2/batch/2
	[ "$(jq -r .data.batchStatus.status body)" = Running ]
	batch "$SETTINGS" "$one"
	[ "$(counts)" = "Completed 2 0 0" ]
	[ "$(call GET /v2/batch/3/errors --compressed)" = 200 ]
	[ "$(jq -c '[.[].errorReason]' body)" = '["Error (0x1004): encountered an unexpected Exception while processing batch job",null]' ]
	batch "$SETTINGS" "$one"
	[ "$(counts)" = "Completed 2 9 3" ]
	batch "$SETTINGS" "$one"
	[ "$(call GET /v2/batch/5/errors)" = 200 ]
	[ "$(cat body)" = "<html>no list</html>" ]
	batch "$SETTINGS" "$one"
	[ "$(call GET /v2/batch/6/errors)" = 200 ]
	[ "$(stat -c %s body)" -eq 15 ]
	run gzip -dc <body
	[ "$status" -ne 0 ]
	batch "$SETTINGS" "$one"
	[ "$(counts)" = "Completed 1 1 0" ]
	[ "$(call GET /v2/batch/7/errors)" = 404 ]
	curl -sS -X POST "$ROOT/sandbox/faults" --data-binary '' >/dev/null
	for _ in $(seq 60); do
		ID=2
		[ "$(counts)" != "Completed 0 1 0" ] || break
		sleep 0.1
	done
	[ "$(counts)" = "Completed 0 1 0" ]
}

@test "a token revoked on the way, renewals refused" {
	cat >faults <<-'END'
	{"method": "GET", "path": "/v2/owners", "nth": 2, "revoke": true}
	END
	start --faults faults
	[ "$(call GET /v2/owners)" = 200 ]
	[ "$(call GET /v2/owners)" = 200 ]
	[ "$(call GET /v2/owners)" = 401 ]
	curl -sS --get --data-urlencode "expiredToken=$TOKEN" "$API/appAuth" >body
	[ "$(jq .success body)" = false ]
}

@test "pages of a feed: ETag and 304, Link, redirect, gzip, a file" {
	printf 'a,b\n1,2\n' >page.csv
	cat >faults <<-'END'
	{"path": "/feed/page1", "headers": {"ETag": "\"v1\"", "Link": "</feed/page2>; rel=\"next\"", "Content-Type": "application/json"}, "body": [{"id": 1}]}
	{"path": "/feed/moved", "redirect": "/feed/page1"}
	{"path": "/feed/gz", "gzip": true, "body": "compressed text"}
	{"path": "/feed/csv", "body_file": "page.csv", "headers": {"Content-Type": "text/csv"}}
	{"path": "/feed/busy", "nth": 1, "status": 429, "headers": {"Retry-After": "1"}}
	{"path": "/feed/busy", "body": "ok"}
	END
	start --faults faults
	[ "$(curl -sS -D head "$ROOT/feed/page1")" = '[{"id":1}]' ]
	grep -qi '^link: </feed/page2>; rel="next"' head
	[ "$(curl -sS -o body -w '%{http_code}' -H 'If-None-Match: "v1"' "$ROOT/feed/page1")" = 304 ]
	[ "$(curl -sS -o body -w '%{http_code}' -H 'If-None-Match: "v0"' "$ROOT/feed/page1")" = 200 ]
	[ "$(curl -sSL "$ROOT/feed/moved")" = '[{"id":1}]' ]
	[ "$(curl -sS --compressed "$ROOT/feed/gz")" = "compressed text" ]
	curl -sS -D head "$ROOT/feed/gz" | gzip -dc >plain
	[ "$(cat plain)" = "compressed text" ]
	curl -sS -D head "$ROOT/feed/csv" | diff page.csv -
	grep -qi '^content-type: text/csv' head
	[ "$(curl -sS -o body -w '%{http_code}' "$ROOT/feed/busy")" = 429 ]
	[ "$(curl -sS "$ROOT/feed/busy")" = ok ]
}

@test "the scripts of the manual page are taken and do what they say" {
	need_tool mandoc
	mandoc -T ascii "$TOP/man/tc-sandbox.1" | sed 's/.\x08//g' | sed -n 's/^ *\({"[mpb].*}\)$/\1/p' >faults
	[ "$(wc -l <faults)" -eq 6 ]
	start --faults faults
	[ "$(curl -sS "$ROOT/feed?page=1")" = '{"data":[1],"more":true}' ]
	run -18 curl -sS -o part "$ROOT/feed?page=2"
	[ "$(cat part)" = '{"dat' ]
	[ "$(curl -sS "$ROOT/feed?page=2")" = '{"data":[2]}' ]
	[ "$(call POST /v2/batch --data-binary "$SETTINGS")" = 201 ]
	run -52 curl -sS -H "Authorization: TC-Token $TOKEN" -H 'Content-Type: application/octet-stream' --data-binary '{}' "$API/v2/batch/1"
	ID=1
	[ "$(counts)" = "Completed 0 0 0" ]
	[ "$(call GET /v2/batch/1)" = 503 ]
	batch "$SETTINGS" '{}'
	batch "$SETTINGS" '{}'
	[ "$(call GET /v2/batch/3)" = 200 ]
	[ "$(jq -r .data.batchStatus.status body)" = Queued ]
}

@test "a script that is replaced by a request it stands for itself has its say once more" {
	echo '{"path": "/sandbox/faults", "status": 503, "process": true, "body": "the old script"}' >faults
	# freed memory is overwritten: a line that was let go cannot be read any more
	export MALLOC_PERTURB_=165
	start --faults faults
	run --separate-stderr -0 curl -sS -m 20 -X POST "$ROOT/sandbox/faults" --data-binary '{"path": "/v2/owners", "status": 500, "body": "the new one"}'
	[ "$output" = "the old script" ]
	[ "$(call GET /v2/owners)" = 500 ]
	[ "$(cat body)" = "the new one" ]
}
