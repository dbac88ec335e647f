# tc-sandbox: credentials, jobs, states and error lists, each rule beside the section of the platform's documents that it stands on.
load helper
load sandbox-calls

@test "usage: an unknown option and a bad value are exit 2, with the synopsis on stderr" {
	run --separate-stderr -2 tc-sandbox --nonsense
	[ -z "$output" ]
	[[ "$stderr" == *"usage: tc-sandbox [options]"* ]]
	run --separate-stderr -2 tc-sandbox --role king
	[ -z "$output" ]
	[[ "$stderr" == *"--role takes one of administrator, editor, contributor, reader, not 'king'"* ]]
	run --separate-stderr -0 tc-sandbox --help
	[[ "$output" == "usage: tc-sandbox [options]"* ]]
	[ -z "$stderr" ]
}

@test "the ready line and a configuration to paste, 0600; SIGTERM ends it with 0" {
	start
	[ "$(stat -c %a config.json)" = 600 ]
	[ "$(sed -n 2p sandbox.out)" = "$(cat config.json)" ]
	[[ "$(head -n 1 sandbox.out)" == "# tc-sandbox is ready at http://127.0.0.1:"* ]]
	[ "$(jq -r '[.api_access_id, .api_secret_key, .tc_owner] | join(" ")' config.json)" = "12345 secret-key-example Acme Source" ]
	kill "$SANDBOX"
	rc=0
	wait "$SANDBOX" || rc=$?
	SANDBOX=
	[ "$rc" -eq 0 ]
	[ "$(tail -n 1 sandbox.err)" = "tc-sandbox: ended with 0 groups and 0 indicators" ]
}

@test "credentials that others may read are refused" {
	chmod 644 credentials.json
	run --separate-stderr -2 tc-sandbox --credentials credentials.json
	[ -z "$output" ]
	[[ "$stderr" == *"chmod 600"* ]]
}

@test "HMAC: the vectors of runtime-app.md section 5, over the exact path and query" {
	TC_NOW=1700000000 start
	signed() {
		curl -sS -o body -w '%{http_code}' -X "$1" -H 'Timestamp: 1700000000' -H "Authorization: TC 12345:$3" "$ROOT$2"
	}
	[ "$(signed GET '/api/v2/owners?x=1' 'rjXscIOEVjlccJnCfNuCVTtcVX4qYaGSMAUIbuiedOw=')" = 200 ]
	# the signature of createAndUpload is good: what is refused is the missing body
	[ "$(signed POST '/api/v2/batch/createAndUpload?includeAdditional=true' 'y5CGSvBKpzJpypY+RCMt6rtsXv0PuEfLEhu7aJxcxCI=')" = 400 ]
	[ "$(signed GET '/api/v2/owners?x=2' 'rjXscIOEVjlccJnCfNuCVTtcVX4qYaGSMAUIbuiedOw=')" = 401 ]
	[ "$(cat body)" = "Signature data did not match" ]
	[ "$(signed GET '/api/v2/owners' 'rjXscIOEVjlccJnCfNuCVTtcVX4qYaGSMAUIbuiedOw=')" = 401 ]
	[ "$(signed POST '/api/v2/owners?x=1' 'rjXscIOEVjlccJnCfNuCVTtcVX4qYaGSMAUIbuiedOw=')" = 401 ]
	[ "$(curl -sS -o body -w '%{http_code}' "$API/v2/owners")" = 401 ]
	[ "$(cat body)" = "Access Denied" ]
}

@test "HMAC: five minutes of clock difference are allowed, a second more is not; Date is the platform's clock (runtime-app.md section 5)" {
	need_tool openssl
	TC_NOW=1700000000 start --clock-skew 412
	at() {
		local s
		s=$(printf '/api/v2/owners:GET:%s' "$1" | openssl dgst -sha256 -hmac secret-key-example -binary | base64)
		curl -sS -D head -o body -w '%{http_code}' -H "Timestamp: $1" -H "Authorization: TC 12345:$s" "$API/v2/owners"
	}
	[ "$(at 1700000112)" = 200 ]
	[ "$(at 1700000111)" = 401 ]
	[ "$(cat body)" = "Timestamp out of acceptable time range" ]
	[ "$(at 1700000712)" = 200 ]
	[ "$(at 1700000713)" = 401 ]
	grep -qi '^date: Tue, 14 Nov 2023 22:20:12 GMT' head
}

@test "token: expiry, renewal, the old one void, success:false (runtime-app.md section 4)" {
	printf '{"tc_token":"%s","tc_token_expires":1700000010}' "$TOKEN" >credentials.json
	TC_NOW=1700000000 start
	[ "$(call GET /v2/owners)" = 200 ]
	stop_sandbox
	TC_NOW=1700000010 start --token-life 100
	[ "$(call GET /v2/owners)" = 401 ]
	[ "$(cat body)" = Unauthorized ]
	grep -qi '^content-type: text/plain' head
	curl -sS --get --data-urlencode "expiredToken=not-$TOKEN" "$API/appAuth" >body
	[ "$(jq -c '[.success, .message]' body)" = '[false,"Unknown token"]' ]
	curl -sS "$API/appAuth" >body
	[ "$(jq .success body)" = false ]
	curl -sS --get --data-urlencode "expiredToken=$TOKEN" "$API/appAuth" >renewed
	[ "$(jq -c '[.success, .apiTokenExpires]' renewed)" = '[true,1700000110]' ]
	[ "$(call GET /v2/owners)" = 401 ]
	TOKEN=$(jq -r .apiToken renewed)
	curl -sS --get --data-urlencode "expiredToken=$TOKEN" "$API/appAuth/" >renewed
	TOKEN=$(jq -r .apiToken renewed)
	[ "$(call GET /v2/owners)" = 200 ]
	# no secret in what it says
	run grep -F "$TOKEN" sandbox.err
	[ "$status" -eq 1 ]
}

@test "job settings: names, values and case (batch-api.md section 3)" {
	start
	try() { call POST /v2/batch --data-binary "$(jq -c "$1" <<<"$SETTINGS")"; }
	[ "$(try .)" = 201 ]
	[ "$(jq -c . body)" = '{"status":"Success","data":{"batchId":1}}' ]
	grep -qi '^content-type: application/json' head
	[ "$(try '.haltOnError="true"')" = 201 ]
	[ "$(try '.attributeWriteType="Singleton" | .tagWriteType="Append" | .securityLabelWriteType="Append" | .fileMergeMode="Distribute" | .hashCollisionMode="Split" | .playbookTriggersEnabled="false"')" = 201 ]
	for bad in '.version="V1"' 'del(.version)' 'del(.owner)' 'del(.haltOnError)' 'del(.action)' 'del(.attributeWriteType)' \
		'.action="create"' '.attributeWriteType="replace"' '.tagWriteType="Singleton"' '.tagWriteType="Static"' \
		'.fileMergeMode="merge"' '.hashCollisionMode="Favor"' '.haltOnError="yes"' '.haltonerror=false' '.owner=7' '[.]'; do
		[ "$(try "$bad")" = 400 ] || { echo "taken: $bad"; false; }
		[ "$(jq -r .status body)" = Invalid ]
	done
	[ "$(try '.attributeWriteType="replace"')" = 400 ]
	[[ "$(jq -r .description body)" == *"attributeWriteType is 'replace' but has to be one of Replace, Append, Singleton, Static"* ]]
	grep -q "attributeWriteType is 'replace'" sandbox.err
}

@test "403 for an owner that is not there, its name matched exactly (batch-api.md sections 3 and 15)" {
	start
	[ "$(call POST /v2/batch --data-binary "${SETTINGS/Acme Source/acme source}")" = 403 ]
	[[ "$(jq -r .message body)" == *"acme source"* ]]
}

@test "503 and 401 are plain text (batch-api.md sections 1 and 3)" {
	start --batch-off
	[ "$(call POST /v2/batch --data-binary "$SETTINGS")" = 503 ]
	[ "$(cat body)" = "Batch job api is not available" ]
	grep -qi '^content-type: text/plain' head
	stop_sandbox
	start --role reader
	[ "$(call POST /v2/batch --data-binary "$SETTINGS")" = 401 ]
	[[ "$(cat body)" == *"do not have permission"*"Acme Source"* ]]
	grep -qi '^content-type: text/plain' head
}

@test "two calls, status, counters and additional counters (batch-api.md sections 4 and 6)" {
	start
	batch "$SETTINGS" '{"group":[{"name":"Acme Report 17","type":"Report","xid":"r-17"}],"indicator":[{"summary":"bad.example.com","type":"Host","rating":3,"associatedGroups":[{"groupXid":"r-17"}]},{"summary":"x_y.example","type":"Host"}]}'
	[ "$(counts)" = "Completed 1 2 0" ]
	[ "$(call GET "/v2/batch/$ID?includeAdditional=true")" = 200 ]
	[ "$(jq -c '.data.batchStatus | [.id, .successIndicatorCount, .errorIndicatorCount, .successGroupCount, .errorGroupCount, .successAssociationCount, .errorAssociationCount]' body)" = '[1,1,1,1,0,0,0]' ]
	# a second document for the same batch, and an unknown batch
	[ "$(call POST "/v2/batch/$ID" -H 'Content-Type: application/octet-stream' --data-binary '{}')" = 400 ]
	[ "$(call GET /v2/batch/999)" = 404 ]
	[ "$(call GET /v2/batch/x)" = 404 ]
	owner >got
	cat >want <<-'END'
	{"type":"Report","name":"Acme Report 17","xid":"r-17"}
	{"type":"Host","summary":"bad.example.com","rating":3,"associatedGroups":[{"groupXid":"r-17"}]}
	END
	diff want got
}

@test "upload: octet-stream only, and the documented text for a document over the limit (batch-api.md section 4)" {
	start --max-bytes 2000
	[ "$(call POST /v2/batch --data-binary "$SETTINGS")" = 201 ]
	[ "$(call POST /v2/batch/1 -H 'Content-Type: application/json' --data-binary '{}')" = 400 ]
	head -c 2001 /dev/zero | tr '\0' ' ' >document
	[ "$(call POST /v2/batch/1 -H 'Content-Type: application/octet-stream' --data-binary @document)" = 400 ]
	[ "$(cat body)" = '{"status":"Invalid","description":"File size greater than allowable limit of 2000"}' ]
	# far over it, so that the rest is thrown away
	head -c 3000000 /dev/zero | tr '\0' ' ' >document
	[ "$(call POST /v2/batch/1 -H 'Content-Type: application/octet-stream' --data-binary @document)" = 400 ]
	[ "$(cat body)" = '{"status":"Invalid","description":"File size greater than allowable limit of 2000"}' ]
	# the batch is still Created and takes a document that fits
	[ "$(call GET /v2/batch/1)" = 200 ]
	[ "$(jq -r .data.batchStatus.status body)" = Created ]
	[ "$(call POST /v2/batch/1 -H 'Content-Type: application/octet-stream' --data-binary '{}')" = 202 ]
}

@test "25,000 indicators a job (batch-api.md section 9)" {
	start
	many() { jq -nc --argjson n "$1" '{indicator: [range($n) | {type: "Mutex", summary: "m\(.)"}]}' >big; }
	many 25001
	[ "$(call POST /v2/batch --data-binary "$SETTINGS")" = 201 ]
	[ "$(call POST /v2/batch/1 -H 'Content-Type: application/octet-stream' --data-binary @big)" = 400 ]
	many 25000
	[ "$(call POST /v2/batch/1 -H 'Content-Type: application/octet-stream' --data-binary @big)" = 202 ]
	ID=1
	[ "$(counts)" = "Completed 0 25000 0" ]
}

@test "states over time, wrapped or bare, and 400 for errors meanwhile (batch-api.md sections 6 and 7)" {
	echo '{"batch": 2, "stuck": "Running", "polls": 1}' >faults
	start --queued 1 --running 1 --faults faults
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m"}')"
	seen=
	for _ in $(seq 60); do
		[ "$(call GET /v2/batch/1)" = 200 ]
		s=$(jq -r .data.batchStatus.status body)
		[[ "$seen" == *"$s"* ]] || seen="$seen $s"
		[ "$s" != Completed ] || break
		sleep 0.1
	done
	# a slow machine may look too seldom to see Running
	[[ "$seen" == " Queued Running Completed" || "$seen" == " Queued Completed" || "$seen" == *" Running Completed" ]]
	stop_sandbox
	start --faults faults
	batch "$SETTINGS" '{}'
	batch "$SETTINGS" '{}'
	[ "$(call GET /v2/batch/2/errors)" = 400 ]
	[ "$(cat body)" = '{"status":"Invalid","description":"Batch still in Running state"}' ]
	[ "$(call GET /v2/batch/2)" = 200 ]
	[ "$(jq -c . body)" = '{"status":"Success","data":{"batchStatus":{"id":2,"status":"Running"}}}' ]
	[ "$(counts)" = "Completed 0 0 0" ]
	[ "$(call GET /v2/batch/2/errors)" = 404 ]
	stop_sandbox
	start --queued 30 --bare-status
	batch "$SETTINGS" '{}'
	call GET /v2/batch/1
	[ "$(cat body)" = '{"status":"Queued"}' ]
	[ "$(call GET /v2/batch/1/errors)" = 400 ]
	[ "$(cat body)" = '{"status":"Invalid","description":"Batch still in Queued state"}' ]
}

@test "the other spelling of unprocessed (batch-api.md section 6)" {
	start --unprocessed-count
	batch "$SETTINGS" '{}'
	call GET /v2/batch/1
	[ "$(jq -c '.data.batchStatus | [.unprocessedCount, has("unprocessCount")]' body)" = '[0,false]' ]
}

@test "error list: gzip as octet-stream, 404 when none; /results and its filters (batch-api.md section 7)" {
	start
	batch "$SETTINGS" "$(indicators '{"type":"Host","summary":"x_y.example"},{"type":"Mutex","summary":"m"},{"type":"Mutex","summary":"m"}')"
	[ "$(counts)" = "Completed 2 1 0" ]
	[ "$(call GET /v2/batch/1/errors)" = 200 ]
	grep -qi '^content-type: application/octet-stream' head
	grep -qi '^content-encoding: gzip' head
	gzip -dc <body >list
	[ "$(jq -r '.[0].errorSource' list)" = x_y.example ]
	[[ "$(jq -r '.[0].errorReason' list)" == "Error (0x1005): x_y.example is not valid"* ]]
	[ "$(codes)" = "0x1005 0x100A" ]
	[ "$(call GET "/v2/batch/1/results")" = 200 ]
	[ "$(jq -c '[.[] | [.code, .severity]]' body)" = '[["0x1005","Error"],["0x100A","Warning"]]' ]
	[ "$(call GET "/v2/batch/1/results?code=0x100A")" = 200 ]
	[ "$(jq length body)" = 1 ]
	[ "$(call GET "/v2/batch/1/results?severity=err&contains=underscore")" = 200 ]
	[ "$(jq -r '.[0].code' body)" = 0x1005 ]
	[ "$(call GET "/v2/batch/1/results?contains=nothing")" = 404 ]
	[ "$(call GET "/v2/batch/1/results?code=1005")" = 400 ]
	[ "$(call GET "/v2/batch/1/results?severity=bad")" = 400 ]
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m2"}')"
	[ "$(call GET "/v2/batch/2/errors")" = 404 ]
}

@test "createAndUpload: multipart, queued or answered at once without id, no Delete (batch-api.md section 5)" {
	start --sync-bytes 200
	printf '%s' "$SETTINGS" >job
	indicators '{"type":"Mutex","summary":"m"},{"type":"Host","summary":"a_b.example"}' >content
	[ "$(call POST '/v2/batch/createAndUpload?includeAdditional=true' -F config=@job -F content=@content)" = 200 ]
	[ "$(jq -c '.data.batchStatus | [has("id"), .status, .errorCount, .successCount, .unprocessCount, .errorIndicatorCount]' body)" = '[false,"Completed",1,1,0,1]' ]
	indicators "{\"type\":\"Mutex\",\"summary\":\"$(head -c 300 /dev/zero | tr '\0' m)\"}" >content
	[ "$(call POST /v2/batch/createAndUpload -F config=@job -F content=@content)" = 200 ]
	[ "$(jq -c . body)" = '{"status":"Success","data":{"batchStatus":{"id":2,"status":"Queued"}}}' ]
	ID=2
	[ "$(counts)" = "Completed 0 1 0" ]
	# order, number and kind of parts
	[ "$(call POST /v2/batch/createAndUpload -F content=@content -F config=@job)" = 400 ]
	[ "$(call POST /v2/batch/createAndUpload -F config=@job)" = 400 ]
	[ "$(call POST /v2/batch/createAndUpload -F config=@job -F content=@content -F more=@job)" = 400 ]
	[ "$(call POST /v2/batch/createAndUpload --data-binary @content)" = 400 ]
	printf '%s' "$DELETE" >job
	[ "$(call POST /v2/batch/createAndUpload -F config=@job -F content=@content)" = 400 ]
}

@test "invalid JSON: 0x1003 with the last known path, what stood before is stored, unprocessed is 0 (batch-api.md sections 6 and 7)" {
	start
	batch "$SETTINGS" '{"indicator":[{"type":"Mutex","summary":"one"},{"type":"Mutex","summary":"two","rating":"high"},{"type":"Mutex","summary":"three"}]}'
	[ "$(counts)" = "Completed 1 1 0" ]
	[ "$(codes)" = 0x1003 ]
	[[ "$(jq -r '.[0].errorReason' body)" == *"Last known JSON path: '\$.indicator[1]'"* ]]
	batch "$SETTINGS" '{"indicator":[{"type":"Mutex","summary":"four"},{"type":"Mu'
	[ "$(counts)" = "Completed 1 1 0" ]
	[ "$(codes)" = 0x1003 ]
	batch "$SETTINGS" 'not json'
	[ "$(counts)" = "Completed 1 0 0" ]
	# a date that is none, section 7's own example, and one with a fraction, section 1
	batch "$SETTINGS" '{"group":[{"type":"Event","name":"E","xid":"e1","eventDate":"yesterday"}]}'
	[ "$(codes)" = 0x1003 ]
	batch "$SETTINGS" '{"group":[{"type":"Event","name":"E","xid":"e1","eventDate":"2024-05-01T00:00:00.5Z"}]}'
	[ "$(codes)" = 0x1003 ]
	[ "$(owner | jq -r .summary | paste -sd ' ')" = "four one" ]
}

@test "haltOnError: Completed with the rest unprocessed (batch-api.md section 6)" {
	start
	batch "${SETTINGS/false/true}" "$(indicators '{"type":"Mutex","summary":"one"},{"type":"Host","summary":"a_b.example"},{"type":"Mutex","summary":"two"},{"type":"Mutex","summary":"three"}')"
	[ "$(counts)" = "Completed 1 1 2" ]
}
