# tc-api against the stand-in of the platform.
load helper
load sandbox

setup() {
	common_setup
	need_tool curl
	need_tool jq
	need_tool tc-sandbox
	SANDBOX=
}

teardown() { stop_sandbox; }

api() { tc-api --params config.json "$@"; }

@test "check says what stands" {
	start_sandbox
	run -0 --separate-stderr api check
	[ "${lines[1]}" = "credentials: good (keys)" ]
	[ "${lines[2]}" = 'owner: "Acme Source" (Source)' ]
	[ "${lines[3]%%,*}" = "indicator types: 12 of our 12" ]
	[ -z "$stderr" ]
}

@test "check: an owner that is not there and credentials that are wrong are definite" {
	start_sandbox
	run -1 --separate-stderr api --owner Nobody check
	[[ "$stderr" == *'owner "Nobody" is not among the 1 that are open'* ]]
	jq '.api_secret_key = "wrong-wrong"' config.json >c && cat c >config.json
	run -1 --separate-stderr api check
	[[ "$stderr" == *"refuses the signature"* ]]
}

@test "check: what cannot be read is a warning" {
	printf '%s\n' '{"path":"/v2/types/*","status":404}' '{"path":"/v3/*","status":200,"body":"<html>"}' >faults
	start_sandbox --faults faults
	run -0 --separate-stderr api check
	[[ "$output" == *"indicator types: not known"* ]]
	[[ "$stderr" == *"warning: attribute types cannot be checked"* ]]
}

@test "export gives what the owner holds, only when it is whole" {
	start_sandbox
	hosts 20 | tc-submit --params config.json >/dev/null 2>&1
	run -0 --separate-stderr api export
	[ "$(jq -r '.indicator | length' <<<"$output")" = 20 ]
	printf '%s\n' '{"path":"/v2/indicators/bulk/json","body":"{\"indicator\":[","cut":5}' >faults
	curl -sS -X POST --data-binary @faults "$ROOT/sandbox/faults" >/dev/null
	run -1 --separate-stderr api export
	[ -z "$output" ]
	curl -sS -X POST --data-binary '' "$ROOT/sandbox/faults" >/dev/null
	run -1 bash -c 'tc-api --params config.json --owner Nobody export 2>&1'
	[[ "$output" == *"403"* ]]
}

@test "log posts events with levels, masks secrets, and never fails" {
	start_sandbox --auth token --log-level debug
	token=$(jq -r .tc_token config.json)
	printf 'tc-map: warning: odd thing\nplain\ntc-submit: error: token %s\n\033[2J\n' "$token" >in
	run -0 --separate-stderr api log <in
	[ -z "$output" ]
	grep -q '"message":"tc-map: warning: odd thing","level":"WARNING"' sandbox.err
	grep -q '"message":"plain","level":"INFO"' sandbox.err
	grep -q '"message":"tc-submit: error: token \*\*\*","level":"ERROR"' sandbox.err
	run ! grep -qF "$token" sandbox.err
	printf '%s\n' '{"path":"/v2/logs/app","status":500}' >faults
	curl -sS -X POST --data-binary @faults "$ROOT/sandbox/faults" >/dev/null
	run -0 api log <in
	stop_sandbox
	start_sandbox
	run -0 --separate-stderr api log <in
	[[ "$stderr" == *"takes the token only"* ]]
}

@test "state: what was put is what is got; only blocks that changed are sent" {
	start_sandbox --auth token
	head -c 1700000 /dev/urandom >file
	run -3 --separate-stderr api state get acme got
	[[ "$stderr" == *"no state acme is stored"* ]]
	[ ! -e got ]
	run -0 --separate-stderr api state put acme file
	[[ "$stderr" == *"generation 1, 1700000 bytes, 4 of 4 blocks sent"* ]]
	run -0 api state get acme got
	cmp file got
	[ "$(stat -c %a got)" = 600 ]
	printf changed | dd of=file bs=1 seek=600000 conv=notrunc status=none
	run -0 --separate-stderr api state put acme file
	[[ "$stderr" == *"generation 2, 1700000 bytes, 1 of 4 blocks sent"* ]]
	run -0 api state get acme got
	cmp file got
	: >file
	run -0 api state put empty file
	run -0 api state get empty got
	[ ! -s got ]
	run -0 --separate-stderr api state list
	[ "${#lines[@]}" = 2 ]
	[[ "${lines[0]}" == "acme generation 2, 1700000 bytes, "* ]]
	run -0 api state delete acme
	run -3 api state get acme got
	run -0 --separate-stderr api state list
	[ "${#lines[@]}" = 1 ]
}

@test "state: a put that fails half way leaves the old state whole and no rubbish for ever" {
	start_sandbox --auth token
	head -c 1200000 /dev/urandom >old
	head -c 1200000 /dev/urandom >new
	api state put acme old 2>/dev/null
	# blocks are POSTed under /block-...: the second of the new ones fails for good
	printf '%s\n' '{"path":"/v2/exchange/db/local/tcfeed/block-*","nth":2,"times":100,"status":500}' >faults
	curl -sS -X POST --data-binary @faults "$ROOT/sandbox/faults" >/dev/null
	run -1 --separate-stderr api state put acme new
	curl -sS -X POST --data-binary '' "$ROOT/sandbox/faults" >/dev/null
	run -0 api state get acme got
	cmp old got
	run -0 api state put acme new
	run -0 api state get acme got
	cmp new got
	# records: manifest, names, three blocks
	token=$(jq -r .tc_token config.json)
	curl -sS -X POST -H "Authorization: TC-Token $token" -H 'DB-Method: GET' "$ROOT/api/v2/exchange/db/local/tcfeed/_search" >found
	[ "$(jq -r '.hits.hits[]._id' found | sed 's/-.*//' | sort | uniq -c | tr -s ' ' | paste -sd ,)" = " 3 block, 1 manifest, 1 names" ]
}

@test "state: damage is found, and nothing is written over the file" {
	start_sandbox --auth token
	head -c 700000 /dev/urandom >file
	api state put acme file 2>/dev/null
	token=$(jq -r .tc_token config.json)
	db() { curl -sS -X POST -H "Authorization: TC-Token $token" -H "DB-Method: $1" -H 'Content-Type: application/json' --data-binary "$3" "$ROOT/api/v2/exchange/db/local/tcfeed/$2" >answer; }
	db GET manifest-acme ''
	jq ._source answer >manifest
	block=$(jq -r '.block[0]' manifest)
	echo kept >got
	for bad in '{"data":"AAAA"}' '{"data":"!!"}' '{"data":7}' '{}'; do
		db POST "block-acme-$block" "$bad"
		run -1 --separate-stderr api state get acme got
		[[ "$stderr" == *"is damaged"* ]]
		[ "$(cat got)" = kept ]
	done
	db POST manifest-acme "$(jq -c '.format = 2' manifest)"
	run -1 --separate-stderr api state get acme got
	[[ "$stderr" == *"newer version"* ]]
	db POST manifest-acme "$(jq -c '.size = 5' manifest)"
	run -1 --separate-stderr api state get acme got
	[[ "$stderr" == *"makes no sense"* ]]
	# a damaged state is no hindrance to a new one
	run -0 api state put acme file
	run -0 api state get acme got
	cmp file got
	[ -z "$(ls got.new.* 2>/dev/null)" ]
}

@test "state needs the token and a proper name, and has a ceiling" {
	start_sandbox
	echo x >file
	run -2 --separate-stderr api state put acme file
	[[ "$stderr" == *"needs the platform's token"* ]]
	stop_sandbox
	start_sandbox --auth token
	run -2 api state put ../x file
	run -2 api state put acme missing
	truncate -s 300M big
	run -2 --separate-stderr api state put acme big
	[[ "$stderr" == *"longer than 256 MiB"* ]]
}

@test "usage" {
	run -2 --separate-stderr tc-api
	[[ "$stderr" == *"what is to be done?"*"usage: tc-api"* ]]
	run -2 tc-api state get x
	run -2 tc-api check more
	run -2 --separate-stderr tc-api check
	[[ "$stderr" == *"no platform is configured"* ]]
	run -0 tc-api -h
	run -0 tc-api -V
}
