# tc-sandbox: each rule beside the section of the platform's documents that it stands on.
load helper

TOKEN='JOB:test+/token:1='
SETTINGS='{"version":"V2","owner":"Acme Source","haltOnError":false,"action":"Create","attributeWriteType":"Replace"}'
DELETE='{"version":"V2","owner":"Acme Source","haltOnError":false,"action":"Delete","attributeWriteType":"Replace"}'

setup() {
	common_setup
	need_tool curl
	need_tool jq
	printf '{"api_access_id":"12345","api_secret_key":"secret-key-example","tc_token":"%s","tc_token_expires":4000000000}' \
		"$TOKEN" >credentials.json
	chmod 600 credentials.json
	SANDBOX=
}

teardown() {
	stop_sandbox
}

stop_sandbox() {
	[ -z "$SANDBOX" ] || { kill "$SANDBOX" 2>/dev/null; wait "$SANDBOX" 2>/dev/null; }
	SANDBOX=
}

# start [options]: a sandbox that is ready; API is the base of its API, ROOT of the rest.
start() {
	rm -f config.json
	tc-sandbox --owner 'Acme Source' --credentials credentials.json --config config.json "$@" >sandbox.out 2>sandbox.err 3>&- &
	SANDBOX=$!
	for _ in $(seq 200); do
		[ -s config.json ] && break
		kill -0 "$SANDBOX" 2>/dev/null || { cat sandbox.err; return 1; }
		sleep 0.05
	done
	API=$(jq -r .tc_api_path config.json)
	ROOT=${API%/api}
}

# call METHOD PATH [curl options]: the body into "body", the headers into "head"; prints the status.
call() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 20 -o body -D head -w '%{http_code}' -X "$method" -H "Authorization: TC-Token $TOKEN" "$@" "$API$path"
}

# batch SETTINGS DOCUMENT: two calls; the id in ID.
batch() {
	[ "$(call POST /v2/batch --data-binary "$1")" = 201 ] || { cat body; return 1; }
	ID=$(jq -r .data.batchId body)
	printf '%s' "$2" >document
	[ "$(call POST "/v2/batch/$ID" -H 'Content-Type: application/octet-stream' --data-binary @document)" = 202 ] || { cat body; return 1; }
	[ "$(cat body)" = '{"status":"Queued"}' ]
}

# counts: error success unprocessed of the batch in ID
counts() {
	[ "$(call GET "/v2/batch/$ID")" = 200 ] || return 1
	jq -r '.data.batchStatus | [.status, .errorCount, .successCount, .unprocessCount] | join(" ")' body
}

# codes: the codes of the error list, in order
codes() {
	[ "$(call GET "/v2/batch/$ID/errors" --compressed)" = 200 ] || return 1
	jq -r '.[].errorReason' body | grep -o '0x[0-9A-F]*' | paste -sd ' '
}

owner() {
	curl -sS --max-time 20 "$ROOT/sandbox/owner"
}

indicators() {
	printf '{"indicator":[%s]}' "$1"
}

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

@test "values by type: what is taken (data-model.md section 3)" {
	start
	jq -nc '{indicator: [
		["Address","192.0.2.1"], ["Address","2001:db8::1"], ["Address","2001:0db8:0000:0000:0000:0000:0000:0002"],
		["CIDR","192.0.2.0/24"], ["CIDR","2001:db8:1234:0:0:0:0:0/48"], ["Host","a.example.com"], ["Host","xn--bcher-kva.example"],
		["URL","http://example.com/A?b=C"], ["URL","sftp://192.0.2.1:8080/x"], ["URL","https://a_b.sub.example.com/"],
		["EmailAddress","a.b+c@example.com"], ["ASN","ASN12345"], ["Email Subject","Your invoice"], ["Hashtag","#malware"],
		["Mutex","Global\\x"], ["User Agent","Mozilla/5.0"], ["File","d41d8cd98f00b204e9800998ecf8427e"],
		["File","AAAABBBBCCCCDDDDAAAABBBBCCCCDDDD : AAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBB"],
		["Registry Key","HKEY_LOCAL_MACHINE\\Software\\X : Run : REG_SZ"]] | map({type: .[0], summary: .[1]})}' >document
	n=$(jq '.indicator | length' document)
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 0 $n 0" ]
	# value members in place of summary (batch-api.md section 12)
	batch "$SETTINGS" '{"indicator":[{"type":"Address","ip":"192.0.2.9"},{"type":"EmailAddress","address":"z@example.com"},{"type":"Host","hostName":"z.example.com"},{"type":"URL","text":"http://z.example.com/"},{"type":"ASN","AS Number":"ASN9"},{"type":"CIDR","Block":"198.51.100.0/24"},{"type":"Email Subject","Subject":"s"},{"type":"Hashtag","Hashtag":"#h"},{"type":"Mutex","Mutex":"mm"},{"type":"Registry Key","Key Name":"HKEY_USERS\\x","Value Name":" ","Value Type":"REG_DWORD"},{"type":"User Agent","User Agent String":"ua"},{"type":"File","sha256":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","summary":"ignored"}]}'
	[ "$(counts)" = "Completed 0 12 0" ]
}

@test "values by type: what is refused with 0x1005 (data-model.md section 3, batch-api.md section 7)" {
	start
	jq -nc '{indicator: [
		["Address","::ffff:192.0.2.1"], ["Address","192.0.2.1:80"], ["Address","192.0.2.0/24"], ["Address","fe80::1%eth0"], ["Address","192.0.2.01"],
		["CIDR","2001:db8::/48"], ["CIDR","2001:0db8:0:0:0:0:0:0/32"], ["CIDR","2001:db8:0000:0:0:0:0:0/48"], ["CIDR","192.0.2.1/32"], ["CIDR","192.0.2.0/33"],
		["Host","a_b.example.com"], ["Host","192.0.2.1"], ["Host","*.example.com"], ["Host","a..example.com"], ["Host","-a.example.com"], ["Host","b\u00fccher.example"],
		["Host",("a" * 64) + ".example"], ["URL","example.com/x"], ["URL","http://EXAMPLE.com/"], ["URL","http://user@example.com/"], ["URL","http://example.com/a b"], ["URL","gopher://example.com/"],
		["EmailAddress","a@example"], ["EmailAddress","Joe <joe@example.com>"], ["ASN","AS12345"], ["ASN","12345"], ["ASN","ASN 12345"], ["ASN","ASN012"],
		["Hashtag","two words"], ["Mutex",""], ["File","abc"], ["File",("g" * 32)], ["Registry Key","HKLM\\x : y : REG_SZ"],
		["Registry Key","HKEY_USERS\\x : y : REG_TEXT"], ["Victim","x"]] | map({type: .[0], summary: .[1]})}' >document
	n=$(jq '.indicator | length' document)
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed $n 0 0" ]
	[ "$(codes | tr ' ' '\n' | sort -u)" = 0x1005 ]
	[ -z "$(owner)" ]
}

@test "xids must lead somewhere: groups of the same document in any order, or of the owner; else 0x1007 (batch-api.md sections 7 and 9)" {
	start
	batch "$SETTINGS" '{"group":[{"name":"A","type":"Campaign","xid":"a","associatedGroupXid":["b"]},{"name":"B","type":"Malware","xid":"b"},{"name":"C","type":"Malware","xid":"c","associatedGroupXid":["nowhere"]},{"name":"D","type":"Malware","xid":"d","associatedGroupXid":["c"]}],"indicator":[{"type":"Mutex","summary":"m","associatedGroups":[{"groupXid":"d"}]},{"type":"Mutex","summary":"n","associatedGroups":[{"groupXid":"a"}]}]}'
	[ "$(counts)" = "Completed 3 3 0" ]
	[ "$(codes)" = "0x1007 0x1007 0x1007" ]
	# in a later document
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"o","associatedGroups":[{"groupXid":"b"}]}')"
	[ "$(counts)" = "Completed 0 1 0" ]
	# indicators before the groups they name
	batch "$SETTINGS" '{"indicator":[{"type":"Mutex","summary":"p","associatedGroups":[{"groupXid":"late"}]}],"group":[{"name":"L","type":"Malware","xid":"late"}]}'
	[ "$(codes)" = 0x1007 ]
	# a group's indicator that is nowhere
	batch "$SETTINGS" '{"group":[{"name":"G","type":"Malware","xid":"g","associatedIndicators":[{"summary":"o","indicatorType":"Mutex"},{"summary":"gone","indicatorType":"Mutex"}]}]}'
	[ "$(counts)" = "Completed 1 0 0" ]
	[ "$(codes)" = 0x2002 ]
	[ "$(owner | jq -c 'select(.summary=="o").associatedGroups')" = '[{"groupXid":"b"},{"groupXid":"g"}]' ]
}

@test "groups: required members and values, 0x1006 (batch-api.md section 13)" {
	start
	jq -nc '{group: [{type:"Report",xid:"1"}, {name:"n",xid:"2"}, {name:"n",type:"Report"}, {name:"n",type:"Group",xid:"4"},
		{name:("n"*101),type:"Report",xid:"5"}, {name:"n",type:"Email",xid:"6",subject:"s",header:"h"},
		{name:"n",type:"Signature",xid:"7",fileName:"f",fileType:"Nonsense",fileText:"x"},
		{name:"n",type:"Incident",xid:"8",status:"Completed"}, {name:"n",type:"Event",xid:"9",status:"Closed"},
		{name:"n",type:"Document",xid:"10"}, {name:"n",type:"Document",xid:"11",fileName:"f",malware:true}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 11 0 0" ]
	[ "$(codes | tr ' ' '\n' | sort -u)" = 0x1006 ]
	jq -nc '{group: [{name:("n"*100),type:"Report",xid:"1",publishDate:"2024-05-01T00:00:00Z"}, {name:"n",type:"Email",xid:"6",subject:"s",header:"h",body:"b"},
		{name:"n",type:"Signature",xid:"7",fileName:"f",fileType:"YARA",fileText:"x"}, {name:"n",type:"Incident",xid:"8",status:"Closed"},
		{name:"n",type:"Document",xid:"11",fileName:"f",malware:true,password:"infected"}, {name:"n",type:"Event",xid:"12",status:null}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 0 6 0" ]
	# the same xid updates that group, and does not change its type
	batch "$SETTINGS" '{"group":[{"name":"new name","type":"Incident","xid":"8"},{"name":"n","type":"Report","xid":"12"}]}'
	[ "$(counts)" = "Completed 1 1 0" ]
	[ "$(owner | jq -r 'select(.xid=="8").name')" = "new name" ]
}

@test "attributes, tags and labels: unknown types and labels 0x1007, bad parts 0x2001 once (batch-api.md sections 7 and 10, data-model.md section 4)" {
	start --attribute 'Acme Score:5'
	jq -nc '{indicator: [
		{type:"Mutex",summary:"a",attribute:[{type:"No Such Type",value:"v"}]},
		{type:"Mutex",summary:"b",securityLabel:[{name:"NEW"}]},
		{type:"Mutex",summary:"c",securityLabel:[{name:"NEW",color:"ff0000",description:"new"}]},
		{type:"Mutex",summary:"d",securityLabel:[{name:"NEW"},{name:"TLP:AMBER"}]},
		{type:"Mutex",summary:"e",tag:[{name:("t"*129)},{name:"ok"},{name:""}]},
		{type:"Mutex",summary:"f",attribute:[{type:"Acme Score",value:"123456"},{type:"Source",value:"s",displayed:true}]},
		{type:"Mutex",summary:"g",attribute:[{type:"Acme Score",value:""}]},
		{type:"Mutex",summary:"h",rating:6,confidence:40},
		{type:"Mutex",summary:"i",tag:[{name:"Same"},{name:"same"}],rating:3.0}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 6 3 0" ]
	[ "$(codes)" = "0x1007 0x1007 0x2001 0x2001 0x2001 0x2001" ]
	owner >got
	cat >want <<-'END'
	{"type":"Mutex","summary":"c","securityLabel":[{"name":"NEW"}]}
	{"type":"Mutex","summary":"d","securityLabel":[{"name":"NEW"},{"name":"TLP:AMBER"}]}
	{"type":"Mutex","summary":"e","tag":[{"name":"ok"}]}
	{"type":"Mutex","summary":"f","attribute":[{"type":"Source","value":"s","displayed":true}]}
	{"type":"Mutex","summary":"g"}
	{"type":"Mutex","summary":"h","confidence":40}
	{"type":"Mutex","summary":"i","rating":3,"tag":[{"name":"Same"}]}
	END
	diff want got
}

@test "write types: Append without check, Replace, Singleton, Static; tags and labels (batch-api.md section 3)" {
	start
	first='{"type":"Mutex","summary":"m","confidence":50,"attribute":[{"type":"Source","value":"1"},{"type":"External ID","value":"x"}],"tag":[{"name":"A"}]}'
	second='{"type":"Mutex","summary":"m","rating":2,"attribute":[{"type":"Source","value":"2"}],"tag":[{"name":"B"}]}'
	values() { owner | jq -c '[[.attribute[]?.value], [.tag[].name], .rating, .confidence]'; }
	after() {
		curl -sS -X POST "$ROOT/sandbox/reset" >/dev/null
		batch "$SETTINGS" "$(indicators "$first")"
		batch "$(jq -c "$1" <<<"$SETTINGS")" "$(indicators "$second")"
		values
	}
	[ "$(after .)" = '[["2"],["B"],2,50]' ]
	[ "$(after '.attributeWriteType="Append" | .tagWriteType="Append"')" = '[["x","1","2"],["A","B"],2,50]' ]
	batch "$(jq -c '.attributeWriteType="Append"' <<<"$SETTINGS")" "$(indicators "$second")"
	[ "$(values)" = '[["x","1","2","2"],["B"],2,50]' ]
	[ "$(after '.attributeWriteType="Singleton"')" = '[["x","2"],["B"],2,50]' ]
	[ "$(after '.attributeWriteType="Static" | .tagWriteType="Append"')" = '[["x","1"],["A","B"],2,50]' ]
	# an inactive line in a job that touches nothing else
	batch "$(jq -c '.attributeWriteType="Static" | .tagWriteType="Append" | .securityLabelWriteType="Append"' <<<"$SETTINGS")" "$(indicators '{"type":"Mutex","summary":"m","active":false}')"
	[ "$(owner | jq -c '[.active, (.attribute | length), (.tag | length)]')" = '[false,2,2]' ]
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m","active":true}')"
	[ "$(owner)" = '{"type":"Mutex","summary":"m","rating":2,"confidence":50}' ]
}

@test "sending twice leaves what sending once does; description is the Description attribute (batch-api.md section 11)" {
	start
	doc=$(indicators '{"type":"Host","summary":"a.example.com","description":"why","tag":[{"name":"T"}]}')
	batch "$SETTINGS" "$doc"
	owner >once
	batch "$SETTINGS" "$doc"
	owner | diff once -
	[ "$(jq -c .attribute once)" = '[{"type":"Description","value":"why","displayed":true}]' ]
}

H1=aaaabbbbccccddddaaaabbbbccccdddd
H2=1111222233334444111122223333444411112222
H3=9999222233334444111122223333444411112222

@test "files: any shared hash is the file; modes of merging (batch-api.md section 3)" {
	start
	both="{\"type\":\"File\",\"md5\":\"$H1\",\"sha1\":\"$H2\",\"rating\":4}"
	two() {
		curl -sS -X POST "$ROOT/sandbox/reset" >/dev/null
		batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"md5\":\"$H1\",\"rating\":1,\"confidence\":10,\"tag\":[{\"name\":\"A\"}]}")"
		batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"sha1\":\"$H2\",\"rating\":2,\"tag\":[{\"name\":\"B\"}]}")"
	}
	# case does not make another file
	batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"md5\":\"$H1\"}")"
	batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"md5\":\"${H1^^}\"}")"
	[ "$(owner | wc -l)" -eq 1 ]
	# Merge: one is left; lists of all are kept where the write type keeps them
	two
	batch "$(jq -c '.tagWriteType="Append"' <<<"$SETTINGS")" "$(indicators "$both")"
	[ "$(counts)" = "Completed 0 1 0" ]
	[ "$(owner | jq -c '[.md5, .sha1, .rating, .confidence, [.tag[].name]]')" = "[\"$H1\",\"$H2\",4,10,[\"A\",\"B\"]]" ]
	# Distribute: no merge, the metadata goes to every match
	two
	batch "$(jq -c '.fileMergeMode="Distribute"' <<<"$SETTINGS")" "$(indicators "$both")"
	[ "$(owner | jq -c '[.md5, .sha1, .rating]' | sort | paste -sd ' ')" = "[\"$H1\",null,4] [null,\"$H2\",4]" ]
}

@test "files: modes of hash collision (batch-api.md section 3)" {
	start
	after() {
		curl -sS -X POST "$ROOT/sandbox/reset" >/dev/null
		batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"md5\":\"$H1\",\"sha1\":\"$H2\",\"rating\":1}")"
		batch "$(jq -c ".hashCollisionMode=\"$1\"" <<<"$SETTINGS")" "$(indicators "{\"type\":\"File\",\"md5\":\"$H1\",\"sha1\":\"$H3\",\"rating\":5}")"
		owner | jq -c '[.md5, .sha1, .rating]' | paste -sd ' '
	}
	[ "$(after FavorIncoming)" = "[\"$H1\",\"$H3\",5]" ]
	[ "$(after FavorExisting)" = "[\"$H1\",\"$H2\",5]" ]
	[ "$(after IgnoreIncoming)" = "[\"$H1\",\"$H2\",1]" ]
	[ "$(after Split)" = "[\"$H1\",\"$H2\",5]" ]
	[ "$(after IgnoreExisting)" = "[\"$H1\",\"$H2\",1]" ]
	ID=$(curl -sS "$ROOT/sandbox/batches" | jq -s '.[-1].id')
	[ "$(codes)" = 0x2003 ]
}

@test "associations: types, sides, both directions the same (batch-api.md section 9, data-model.md section 8)" {
	start
	jq -nc '{group:[{name:"G",type:"Campaign",xid:"g"}],
		indicator:[{type:"URL",summary:"http://a.example.com/"},{type:"Host",summary:"a.example.com"},{type:"Address",summary:"192.0.2.1"}],
		association:[
		{ref_1:"http://a.example.com/",type_1:"URL",ref_2:"a.example.com",type_2:"Host",associationType:"URL Host"},
		{ref_1:"a.example.com",type_1:"Host",ref_2:"http://a.example.com/",type_2:"URL",associationType:"URL Host"},
		{ref_1:"g",ref_2:"192.0.2.1",type_2:"Address"}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 0 7 0" ]
	owner >got
	cat >want <<-'END'
	{"type":"Campaign","name":"G","xid":"g"}
	{"type":"Address","summary":"192.0.2.1","associatedGroups":[{"groupXid":"g"}]}
	{"type":"Host","summary":"a.example.com"}
	{"type":"URL","summary":"http://a.example.com/"}
	{"ref_1":"a.example.com","type_1":"Host","ref_2":"http://a.example.com/","type_2":"URL","associationType":"URL Host"}
	END
	diff want got
	id=$(curl -sS "$ROOT/sandbox/owner?ids=true" | jq 'select(.type=="Host").id')
	jq -nc --argjson id "$id" '{association:[
		{ref_1:"http://a.example.com/",type_1:"URL",ref_2:"a.example.com",type_2:"Host"},
		{ref_1:"http://a.example.com/",type_1:"URL",ref_2:"a.example.com",type_2:"Host",associationType:"No Such"},
		{ref_1:"http://a.example.com/",type_1:"URL",ref_2:"a.example.com",type_2:"Host",associationType:"ASN to CIDR"},
		{ref_1:"g",ref_2:"a.example.com",type_2:"Host",associationType:"URL Host"},
		{ref_1:"g",ref_2:"a.example.com"},
		{ref_1:"g",ref_2:"gone.example.com",type_2:"Host"},
		{ref_1:"g",ref_2:"wrong",id_2:$id}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 6 1 0" ]
	[ "$(codes | tr ' ' '\n' | sort -u)" = 0x1009 ]
	[ "$(owner | jq -c 'select(.summary=="a.example.com").associatedGroups')" = '[{"groupXid":"g"}]' ]
}

@test "Delete: what is there goes with its associations, what is not is 0x1007 or nothing (batch-api.md section 14)" {
	start
	batch "$SETTINGS" '{"group":[{"name":"G","type":"Campaign","xid":"g"}],"indicator":[{"type":"Mutex","summary":"m","associatedGroups":[{"groupXid":"g"}]},{"type":"Mutex","summary":"n","associatedGroups":[{"groupXid":"g"}]}]}'
	batch "$DELETE" '{"group":[{"name":"G","type":"Campaign","xid":"g"}],"indicator":[{"type":"Mutex","summary":"m"},{"type":"Mutex","summary":"gone"}]}'
	[ "$(counts)" = "Completed 1 2 0" ]
	[ "$(codes)" = 0x1007 ]
	[ "$(owner)" = '{"type":"Mutex","summary":"n"}' ]
	stop_sandbox
	start --missing-delete-ok
	batch "$DELETE" "$(indicators '{"type":"Mutex","summary":"gone"}')"
	[ "$(counts)" = "Completed 0 1 0" ]
}

@test "a Contributor adds, but neither deletes nor removes: 0x1002 (batch-api.md sections 1 and 3)" {
	start --role contributor
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m","tag":[{"name":"A"}]}')"
	[ "$(counts)" = "Completed 0 1 0" ]
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m","tag":[{"name":"B"}]}')"
	[ "$(codes)" = 0x1002 ]
	batch "$DELETE" "$(indicators '{"type":"Mutex","summary":"m"}')"
	[ "$(codes)" = 0x1002 ]
	[ "$(owner | jq -r '.tag[].name')" = A ]
}

@test "exclusion list: 0x1005, or in no counter (data-model.md section 3)" {
	printf '192.0.2.0/24\n*.example.net # popular\nexample.org\n' >list
	doc=$(indicators '{"type":"Address","summary":"192.0.2.7"},{"type":"Host","summary":"a.example.net"},{"type":"Host","summary":"example.org"},{"type":"Host","summary":"a.example.com"}')
	start --exclude list
	batch "$SETTINGS" "$doc"
	[ "$(counts)" = "Completed 3 1 0" ]
	[ "$(codes)" = "0x1005 0x1005 0x1005" ]
	stop_sandbox
	start --exclude list --silent-losses
	batch "$SETTINGS" "$doc"
	[ "$(counts)" = "Completed 0 1 0" ]
	[ "$(call GET /v2/batch/1/errors)" = 404 ]
}

@test "indicator limit of the owner: 0x1008 with the critical text, the rest unprocessed (batch-api.md section 7)" {
	start --indicator-limit 2
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"1"},{"type":"Mutex","summary":"2"},{"type":"Mutex","summary":"3"},{"type":"Mutex","summary":"4"}')"
	[ "$(counts)" = "Completed 1 2 1" ]
	[ "$(codes)" = 0x1008 ]
	[[ "$(jq -r '.[0].errorReason' body)" == *"would exceed the number of allowed indicators"* ]]
	# what is there may be updated
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"1","rating":1}')"
	[ "$(counts)" = "Completed 0 1 0" ]
}

@test "group files: POST, 401 where one exists, then PUT (batch-api.md section 13)" {
	start
	batch "$SETTINGS" '{"group":[{"name":"D","type":"Document","xid":"d/1","fileName":"d.pdf"},{"name":"R","type":"Report","xid":"r"}]}'
	file() { call "$1" "/v2/groups/$2/upload?owner=Acme%20Source&updateIfExists=true" -H 'Content-Type: application/octet-stream' --data-binary content; }
	[ "$(file POST documents/d%2F1)" = 200 ]
	[ "$(jq -r .status body)" = Success ]
	[ "$(file POST documents/d%2F1)" = 401 ]
	[ "$(file PUT documents/d%2F1)" = 200 ]
	[ "$(file POST reports/r)" = 200 ]
	[ "$(file POST documents/r)" = 404 ]
	[ "$(file POST documents/gone)" = 404 ]
	[ "$(call POST '/v2/groups/reports/r/upload?owner=Nobody' -H 'Content-Type: application/octet-stream' --data-binary x)" = 403 ]
	[ "$(curl -sS "$ROOT/sandbox/files" | jq -r .sha256 | sort -u)" = "$(printf content | sha256sum | cut -d ' ' -f 1)" ]
}

@test "pre-flight reads and the bulk export (batch-api.md section 16)" {
	start --owner 'Acme Org=Organization'
	[ "$(call GET /v2/owners)" = 200 ]
	[ "$(jq -c '[.data.owner[] | [.name, .type]]' body)" = '[["Acme Source","Source"],["Acme Org","Organization"]]' ]
	[ "$(call GET /v2/types/indicatorTypes)" = 200 ]
	[ "$(jq -c '[.data.indicatorType[] | select(.name=="ASN" or .name=="URL") | [.name, .custom, .casePreference]]' body)" = '[["URL","false",null],["ASN","true","upper"]]' ]
	[ "$(call GET /v2/types/associationTypes)" = 200 ]
	jq -e '.data.associationType | map(.name) | index("URL Host")' body
	[ "$(call GET '/v3/attributeTypes?resultLimit=3')" = 200 ]
	[ "$(jq -c '[.status, (.data | length), .data[0].maxSize]' body)" = '["Success",3,65536]' ]
	[ "$(call GET '/v2/securityLabels?owner=Acme%20Source')" = 200 ]
	jq -e '.data.securityLabel | map(.name) | index("TLP:CLEAR")' body
	[ "$(call GET '/v2/securityLabels?owner=Nobody')" = 403 ]
	batch "$SETTINGS" '{"group":[{"name":"G","type":"Campaign","xid":"g"}],"indicator":[{"type":"Mutex","summary":"m"}]}'
	[ "$(call GET '/v2/indicators/bulk/json?owner=Acme%20Source')" = 200 ]
	[ "$(jq -c . body)" = '{"indicator":[{"type":"Mutex","summary":"m"}]}' ]
	[ "$(call GET '/v2/indicators/bulk/json?owner=Acme+Org')" = 200 ]
	[ "$(jq -c . body)" = '{"indicator":[]}' ]
	[ "$(call PUT /v2/owners)" = 405 ]
	[ "$(call GET /v2/nothing)" = 404 ]
}

@test "one xid names one group of the whole instance (batch-api.md section 13)" {
	start --owner 'Other Source'
	batch "$SETTINGS" '{"group":[{"name":"G","type":"Campaign","xid":"g"}]}'
	batch "${SETTINGS/Acme/Other}" '{"group":[{"name":"G","type":"Campaign","xid":"g"}]}'
	[ "$(codes)" = 0x1006 ]
}

@test "the log endpoint: milliseconds, upper case, token only (runtime-app.md sections 5 and 9)" {
	start
	say() { call POST /v2/logs/app -H 'Content-Type: application/json' --data-binary "$1"; }
	[ "$(say '[{"timestamp":1478907537000,"message":"text","level":"DEBUG"}]')" = 200 ]
	[ "$(say '[{"timestamp":1478907537,"message":"text","level":"DEBUG"}]')" = 400 ]
	[ "$(say '[{"timestamp":1478907537000,"message":"text","level":"debug"}]')" = 400 ]
	[ "$(say '{"timestamp":1478907537000,"message":"text","level":"DEBUG"}')" = 400 ]
	s=$(printf '/api/v2/logs/app:POST:%s' "$(date +%s)" | openssl dgst -sha256 -hmac secret-key-example -binary | base64)
	[ "$(curl -sS -o body -w '%{http_code}' -X POST -H "Timestamp: $(date +%s)" -H "Authorization: TC 12345:$s" --data-binary '[]' "$API/v2/logs/app")" = 401 ]
}

@test "DataStore: POST with the verb in DB-Method (runtime-app.md section 10)" {
	start
	db() { call POST "/v2/exchange/db/$2" -H "DB-Method: $1" -H 'Content-Type: application/json' --data-binary "${3-}"; }
	[ "$(db GET local/tcfeed/_search)" = 404 ]
	[ "$(db POST local/tcfeed/temp-index-create '{}')" = 201 ]
	[ "$(db DELETE local/tcfeed/temp-index-create)" = 200 ]
	[ "$(jq -r .result body)" = deleted ]
	[ "$(db PUT local/tcfeed/_mappings '{"dynamic":false}')" = 200 ]
	[ "$(db GET local/tcfeed/_search)" = 200 ]
	[ "$(db GET local/tcfeed/state)" = 404 ]
	[ "$(jq .found body)" = false ]
	[ "$(db POST local/tcfeed/state '{"a":1}')" = 201 ]
	[ "$(jq -r .result body)" = created ]
	[ "$(db PUT local/tcfeed/state '{"a":2}')" = 200 ]
	[ "$(jq -r .result body)" = updated ]
	[ "$(db GET local/tcfeed/state)" = 200 ]
	[ "$(jq -c '[.found, ._id, ._version, ._source.a]' body)" = '[true,"state",2,2]' ]
	[ "$(db POST elsewhere/tcfeed/state '{}')" = 400 ]
	[ "$(db POST local/TcFeed/state '{}')" = 400 ]
	[ "$(call POST /v2/exchange/db/local/tcfeed/state --data-binary '{}')" = 400 ]
	[ "$(db POST local/tcfeed/state 'no json')" = 400 ]
}

@test "secure parameters (runtime-app.md section 3)" {
	echo '{"tc_owner":"Acme Source","feed_key":"k","flag":true,"list":["a","b"]}' >params.json
	start --params params.json
	[ "$(call GET /internal/job/execution/parameters)" = 200 ]
	[ "$(jq -c .inputs body)" = "$(jq -c . params.json)" ]
}

@test "https with a certificate made at start, and the two kinds that must not be trusted" {
	start --tls --ca-file ca.pem
	[[ "$API" == https://127.0.0.1:* ]]
	[ "$(jq -r .ca_file config.json)" = ca.pem ]
	[ "$(call GET /v2/owners --cacert ca.pem)" = 200 ]
	run -60 curl -sS "$API/v2/owners"
	stop_sandbox
	for kind in expired wrong-name; do
		start --tls=$kind --ca-file ca.pem
		run -60 curl -sS --cacert ca.pem "$API/v2/owners"
		stop_sandbox
	done
}

@test "the owner's file: written on each completed job, read at start, the same again" {
	start --owner-file owner.ndjson
	jq -nc '{group:[{name:"A",type:"Campaign",xid:"a",associatedGroupXid:["b"]},{name:"B",type:"Malware",xid:"b"}],
		indicator:[{type:"Host",summary:"h.example.com",securityLabel:[{name:"OWN",color:"00ff00",description:"d"}],attribute:[{type:"Source",value:"s"}],associatedGroups:[{groupXid:"a"},{groupXid:"b"}]},
		{type:"URL",summary:"http://h.example.com/"},{type:"File",md5:"aaaabbbbccccddddaaaabbbbccccdddd"},{type:"Registry Key","Key Name":"HKEY_USERS\\a\"b","Value Name":" ","Value Type":"REG_SZ",associatedGroups:[{groupXid:"a"}]}],
		association:[{ref_1:"http://h.example.com/",type_1:"URL",ref_2:"h.example.com",type_2:"Host",associationType:"URL Host"},{ref_1:"http://h.example.com/",type_1:"URL",ref_2:"aaaabbbbccccddddaaaabbbbccccdddd",type_2:"File",associationType:"File Download"}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 0 8 0" ]
	owner >before
	diff before owner.ndjson
	stop_sandbox
	diff before owner.ndjson
	start --owner-file owner.ndjson
	owner | diff before -
	stop_sandbox
	echo '{"type":"Host"' >>owner.ndjson
	run --separate-stderr -2 tc-sandbox --owner-file owner.ndjson --credentials credentials.json
	[ -z "$output" ]
	[[ "$stderr" == *"owner file owner.ndjson: line 9: "* ]]
}

@test "the log of requests has methods, paths, statuses and sizes, and no secret" {
	start --auth both
	batch "$SETTINGS" '{}'
	curl -sS --get --data-urlencode "expiredToken=$TOKEN" "$API/appAuth" >/dev/null
	curl -sS "$ROOT/sandbox/requests" >log
	[ "$(jq -c '[.method, .target, .status]' log | head -n 2 | paste -sd ' ')" = '["POST","/api/v2/batch",201] ["POST","/api/v2/batch/1",202]' ]
	[ "$(jq -r .target log | tail -n 1)" = '/api/appAuth?expiredToken=***' ]
	run grep -e "test+/token" -e secret-key-example log sandbox.err
	[ "$status" -eq 1 ]
	curl -sS "$ROOT/sandbox/batches" >batches
	[ "$(jq -c '[.id, .status, .action, .owner]' batches)" = '[1,"Completed","Create","Acme Source"]' ]
}

@test "a hostile request: long header, bad encoding, bad JSON in every place, an empty body" {
	start
	[ "$(call POST /v2/batch --data-binary '')" = 400 ]
	printf '{"version":"V2\0"}' >nul
	[ "$(call POST /v2/batch --data-binary @nul)" = 400 ]
	[ "$(call GET '/v2/batch/%zz')" = 404 ]
	[ "$(call GET '/v2/batch/%00')" = 404 ]
	head -c 100000 /dev/zero | tr '\0' '[' >deep
	printf '{"indicator":[' | cat - deep >doc
	[ "$(call POST /v2/batch --data-binary "$SETTINGS")" = 201 ]
	[ "$(call POST /v2/batch/1 -H 'Content-Type: application/octet-stream' --data-binary @doc)" = 202 ]
	ID=1
	[ "$(counts)" = "Completed 1 0 0" ]
	batch "$SETTINGS" '{"indicator":[{"type":"Mutex","summary":"a","type":"Host"}]}'
	[ "$(codes)" = 0x1003 ]
	batch "$SETTINGS" '{"indicator":{"type":"Mutex"}}'
	[ "$(codes)" = 0x1003 ]
	batch "$SETTINGS" '{"indicator":[7]}'
	[ "$(codes)" = 0x1003 ]
	batch "$SETTINGS" '{"unknown":{"x":[1,2]},"indicator":[],"group":[]}'
	[ "$(counts)" = "Completed 0 0 0" ]
	kill -0 "$SANDBOX"
}

# --- fault scripts ---

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

@test "reset empties everything; ids of batches go on" {
	start
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m"}')"
	[ "$(curl -sS -X POST "$ROOT/sandbox/reset" | jq -r .status)" = Success ]
	[ -z "$(owner)" ]
	[ "$(call GET /v2/batch/1)" = 404 ]
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m"}')"
	[ "$ID" -eq 2 ]
}

@test "a port that is taken, an unwritable configuration, a full standard output: exit 1 and why" {
	start
	port=${ROOT##*:}
	run --separate-stderr -1 tc-sandbox --port "$port"
	[ -z "$output" ]
	[[ "$stderr" == *"cannot listen on 127.0.0.1 port $port"* ]]
	run --separate-stderr -1 tc-sandbox --config no/such/dir/config.json
	[[ "$stderr" == *"no/such/dir/config.json"* ]]
	run --separate-stderr -1 bash -c 'tc-sandbox >/dev/full'
	[[ "$stderr" == *"cannot write standard output"* ]]
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
