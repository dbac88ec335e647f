# tc-sandbox beside batches: group files, reads, log, DataStore, secure parameters, TLS, its own files and logs.
load helper
load sandbox-calls

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
