# tc-submit against the stand-in of the platform: what a batch can come to, and what the next run does.
load helper
load sandbox
load proxy

setup() {
	common_setup
	need_tool curl
	need_tool jq
	need_tool tc-sandbox
	SANDBOX=
}

teardown() {
	[ -z "${PROXY:-}" ] || kill "$PROXY" 2>/dev/null || true
	stop_sandbox
}

# submit INPUT [options]: receipts in out, log in err, statistics in stats.json; no wait between two looks.
submit() {
	local in=$1
	shift
	run -"$want" bash -c 'tc-submit --params config.json --wait 0 --stats stats.json "$@" >out 2>err' - "$@" <"$in"
}

# ok INPUT, partly INPUT, failed INPUT ...: with the exit code that is expected.
ok() { want=0 submit "$@"; }
partly() { want=3 submit "$@"; }
failed() { want=1 submit "$@"; }

reason() { [ "$(jq -r .reason stats.json)" = "$1" ]; }

# Uploads of content that the platform took part in, whatever came of them.
uploads() { requests 'select(.method == "POST" and (.target | test("^/api/v2/batch/[0-9]+$"))) | .status' | wc -l; }

# --- the way it should go ---

@test "objects of every kind arrive, kind after kind, whatever the order of the input" {
	start_sandbox
	cat >in <<-'E'
		{"type":"Host","summary":"a.example.com","rating":3,"associatedGroups":[{"groupXid":"x2"}]}
		{"type":"Report","name":"R one","xid":"x1","associatedGroupXid":["x2"]}
		{"ref_1":"a.example.com","type_1":"Host","ref_2":"x1","type_2":"Report"}
		{"type":"Host","summary":"old.example.com","active":false}
		{"type":"Report","name":"R two","xid":"x2"}
		{"type":"Host","summary":"gone.example.com","action":"Delete"}
		{"type":"URL","summary":"http://a.example.com/"}
	E
	echo '{"type":"Host","summary":"gone.example.com"}' | tc-submit --params config.json >/dev/null 2>&1
	ok in
	[ "$(receipts accepted)" = 7 ]
	run -0 requests 'select(.target == "/api/v2/batch") | .n'
	# one job a kind: groups, indicators, associations, inactive, deleted (and one of the preparation)
	[ "${#lines[@]}" = 6 ]
	[ "$(jq -r '.xid // .summary // .ref_1' out | paste -sd ' ')" = "x2 x1 a.example.com http://a.example.com/ a.example.com old.example.com gone.example.com" ]
	owner >held
	run ! grep -q gone.example.com held
}

@test "an unknown reference is not sent before what it refers to" {
	start_sandbox
	# a chain of 30 groups, each naming the next, in batches of 7: the platform refuses an unknown xid
	for i in $(seq 30); do
		echo "{\"type\":\"Campaign\",\"name\":\"c$i\",\"xid\":\"c$i\",\"associatedGroupXid\":[\"c$((i + 1))\"]}"
	done | sed '30s/,"assoc.*/}/' >in
	ok in --chunk 7
	[ "$(receipts accepted)" = 30 ]
	[ "$(jq .batches stats.json)" = 5 ]
}

@test "groups that name each other in a circle go in one batch" {
	start_sandbox
	for i in $(seq 12); do
		echo "{\"type\":\"Threat\",\"name\":\"t$i\",\"xid\":\"t$i\",\"associatedGroupXid\":[\"t$((i % 12 + 1))\"]}"
	done >in
	ok in --chunk 5
	[ "$(receipts accepted)" = 12 ]
	[ "$(jq .batches stats.json)" = 1 ]
}

@test "nothing to send is nothing sent" {
	start_sandbox
	: >in
	ok in
	[ ! -s out ]
	[ -z "$(requests)" ]
	grep -q '0 objects' err
}

@test "sending twice leaves the platform as sending once" {
	start_sandbox --any-attribute
	echo '{"type":"Host","summary":"a.example.com","attribute":[{"type":"Source","value":"x"}],"tag":[{"name":"T"}]}' >in
	ok in
	owner >once
	ok in
	diff once <(owner)
}

@test "27: attributes do not grow, however often an object is sent: mirrored, and merged" {
	start_sandbox --any-attribute
	echo '{"type":"Host","summary":"a.example.com","attribute":[{"type":"Description","value":"d"},{"type":"Source","value":"x"},{"type":"Source","value":"y"}],"tag":[{"name":"T"}],"securityLabel":[{"name":"TLP:RED"}]}' >in
	printf '{"id":"m","parse":{"format":"json"},"write":"merge","map":[{"object":{"type":"Host","summary":{"path":"h"}}}]}' >merge.json
	counts() { owner | jq -c '[([.attribute[].value] | sort), (.tag | length), (.securityLabel | length)]'; }
	for i in 1 2 3; do
		ok in
		[ "$(counts)" = '[["d","x","y"],1,1]' ]
	done
	# what an analyst adds stays when merging, and what the feed says stands there once
	for i in 1 2; do
		ok in ./merge.json
		[ "$(counts | jq -c '.[1:]')" = '[1,1]' ]
	done
	merged=$(counts)
	ok in ./merge.json
	[ "$(counts)" = "$merged" ]
	# told to append they do grow: the platform does not look whether one is there
	ok in --attributes Append
	[ "$(counts | jq '.[0] | length')" -gt "$(jq '.[0] | length' <<<"$merged")" ]
}

@test "29: every job says how it writes, of each kind and in the removal run" {
	printf '%s\n' '{"type":"Malware","name":"m","xid":"x"}' '{"type":"Host","summary":"a.example.com"}' '{"type":"Host","summary":"b.example.com","active":false}' \
		'{"ref_1":"a.example.com","type_1":"Host","ref_2":"x","type_2":"Malware"}' '{"type":"Host","summary":"c.example.com","action":"Delete"}' >in
	run -0 tc-submit --owner O --dry-run d <in
	[ "$(ls d/*.settings.json | wc -l)" -eq 5 ]
	for file in d/*.settings.json; do
		[ "$(jq -c '[has("attributeWriteType", "tagWriteType", "securityLabelWriteType", "fileMergeMode", "hashCollisionMode", "action", "haltOnError", "version", "owner")] | all' "$file")" = true ] || { cat "$file"; false; }
	done
}

@test "the settings of a job: mirror by default, merge where the feed says so, options over both" {
	echo '{"type":"Host","summary":"a.example.com"}' >in
	run -0 tc-submit --owner 'A "Source" & Söhne' --dry-run d1 <in
	[ "$(jq -c '[.version,.owner,.haltOnError,.action,.attributeWriteType,.tagWriteType,.securityLabelWriteType,.fileMergeMode,.hashCollisionMode]' d1/0001-indicators.settings.json)" = \
		'["V2","A \"Source\" & Söhne",false,"Create","Replace","Replace","Replace","Merge","FavorIncoming"]' ]
	[ "$(cat d1/0001-indicators.json)" = '{"indicator":[{"type":"Host","summary":"a.example.com"}]}' ]
	jq '. + {write: "merge"}' "$TOP/feeds/example-urls.json" >merge.json 2>/dev/null || skip "no feed in this checkout yet"
	run -0 tc-submit --owner O --dry-run d2 --labels Replace ./merge.json <in
	[ "$(jq -c '[.attributeWriteType,.tagWriteType,.securityLabelWriteType]' d2/0001-indicators.settings.json)" = '["Singleton","Append","Replace"]' ]
}

@test "a dry run writes what is sent, byte for byte" {
	start_sandbox
	hosts 5 >in
	echo '{"type":"Host","summary":"in.example.com","active":false}' >>in
	run -0 --separate-stderr tc-submit --owner "$OWNER" --chunk 2 --dry-run d <in
	[ -z "$output" ]
	[ "$(ls d/*.json | grep -vc settings)" = 4 ]
	[ "$(jq -c '[.attributeWriteType,.tagWriteType]' d/0004-inactive-indicators.settings.json)" = '["Static","Append"]' ]
	ok in --chunk 2
	[ "$(requests 'select(.target | test("/batch/[0-9]+$")) | select(.method == "POST") | .received' | paste -sd ' ')" = \
		"$(stat -c %s d/0001-indicators.json d/0002-indicators.json d/0003-indicators.json d/0004-inactive-indicators.json | paste -sd ' ')" ]
	run -2 tc-submit --owner "$OWNER" --dry-run d <in
}

@test "inactive lines leave tags and attributes alone" {
	start_sandbox --any-attribute
	echo '{"type":"Host","summary":"a.example.com","rating":4,"attribute":[{"type":"Source","value":"x"}],"tag":[{"name":"T"}]}' >in
	ok in
	owner | jq -c 'del(.active, .dateAdded, .lastModified)' >before
	echo '{"type":"Host","summary":"a.example.com","active":false}' >in
	ok in
	[ "$(owner | jq .active)" = false ]
	diff before <(owner | jq -c 'del(.active, .dateAdded, .lastModified)')
}

@test "createAndUpload: queued, answered at once, and at once with errors" {
	start_sandbox
	hosts 3 >in
	ok in --create-and-upload
	[ "$(receipts accepted)" = 3 ]
	requests .target | grep -q '^/api/v2/batch/createAndUpload?includeAdditional=true$'
	stop_sandbox
	start_sandbox --sync-bytes 100000
	ok in --create-and-upload
	[ "$(receipts accepted)" = 3 ]
	[ "$(uploads)" = 0 ]
	echo '{"type":"Host","summary":"under_score.example.com"}' >>in
	partly in --create-and-upload
	[ "$(receipts accepted)" = 3 ]
	[ "$(jq -r 'select(.status == "rejected") | .code' out)" = 0x1005 ]
	# deletes take two calls whatever is asked for
	echo '{"type":"Host","summary":"h1.example.com","action":"Delete"}' >in
	ok in --create-and-upload
}

# --- input ---

@test "a bad line costs itself" {
	start_sandbox
	{ hosts 1; echo '{"type":"Host"'; printf '{"type":"Host","summary":"a\\u0000b"}\n'; printf '{"type":"Host","type":"URL","summary":"x"}\n'
	  printf '{"type":"Host","summary":"%s"}\n' "$(head -c 1100000 /dev/zero | tr '\0' a)"; printf '{"type":"Host","summary":"\xff"}\n'
	  printf '{"type":"Host","summary":"last.example.com"}'; } >in
	partly in
	[ "$(receipts accepted)" = 2 ]
	[ "$(jq .lines.invalid stats.json)" = 5 ]
	reason rejects
	[ "$(grep -c 'is no object' err)" = 5 ]
}

@test "an association cannot be deleted, and that is said" {
	start_sandbox
	echo '{"ref_1":"a.example.com","type_1":"Host","ref_2":"x","type_2":"Report","action":"Delete"}' >in
	partly in
	[ "$(jq -r .reason out)" = "no batch can remove an association" ]
}

@test "a full output or a reader that went away ends the run with 1" {
	start_sandbox
	hosts 3 >in
	run -1 bash -c 'tc-submit --params config.json <in 2>err >/dev/full'
	grep -q 'cannot write standard output: No space left on device' err
	run -1 bash -c 'set -o pipefail; tc-submit --params config.json --chunk 1 <in 2>err | true'
	grep -q 'the reader of standard output went away' err
}

@test "the manual page's example" {
	run -0 sh -c "echo '{\"type\":\"Host\",\"summary\":\"bad.example.com\"}' | tc-submit --owner 'Acme Source' --dry-run out 2>/dev/null && cat out/0001-indicators.json"
	[ "$output" = '{"indicator":[{"type":"Host","summary":"bad.example.com"}]}' ]
}

@test "usage: nothing is asked of the network" {
	: >in
	run -2 --separate-stderr tc-submit --chunk 25001 <in
	[[ "$stderr" == *"--chunk takes a number from 1 to 25000"* ]]
	run -2 --separate-stderr tc-submit --attributes replace <in
	[[ "$stderr" == *"Append Replace Singleton Static"* ]]
	run -2 --separate-stderr tc-submit <in
	[[ "$stderr" == *"no owner"* ]]
	run -2 --separate-stderr tc-submit --owner O <in
	[[ "$stderr" == *"no platform is configured"* ]]
	run -0 tc-submit -h
	run -0 tc-submit -V
}

# --- sizes (pitfall 48) ---

@test "a document over the platform's limit is split, the limit remembered, a single object over it refused" {
	start_sandbox --max-bytes 4000
	hosts 100 >in
	printf '{"type":"Email Subject","summary":"%s"}\n' "$(head -c 5000 /dev/zero | tr '\0' s)" >>in
	hosts 50 later >>in
	partly in --journal j
	[ "$(receipts accepted)" = 150 ]
	[ "$(jq -r 'select(.status == "rejected") | .reason' out)" = "the object's 5053 bytes are over the platform's limit" ]
	# the limit is learned from the first refusal: the next ones come from the large object alone
	[ "$(requests 'select(.status == 400) | .n' | wc -l)" -le 3 ]
	[ "$(owner | wc -l)" = 150 ]
}

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

# --- credentials (pitfalls 52, 53; faults B1-B6) ---

@test "wrong keys, wrong owner, batch API off, no platform's JSON" {
	hosts 2 >in
	start_sandbox
	jq '.api_secret_key = "wrong-wrong"' config.json >c && cat c >config.json
	failed in
	reason auth
	grep -q 'refuses the signature: check api_secret_key' err
	stop_sandbox
	start_sandbox
	failed in --owner 'No such "Söurce" & co'
	reason auth
	grep -q 'owner "No such "Söurce" & co" is not known' err
	stop_sandbox
	start_sandbox --batch-off
	failed in
	reason auth
	grep -q 'batch API is not available' err
	[ "$(requests .n | wc -l)" = 1 ]
	stop_sandbox
	start_sandbox --role reader
	failed in
	reason auth
}

@test "a clock that is off is explained with the seconds" {
	start_sandbox --clock-skew 412
	hosts 1 >in
	failed in
	reason auth
	grep -Eq "clock differs from the platform's by 41[0-4] s" err
}

@test "an owner with blanks, & and letters beyond ASCII is signed as it is sent" {
	OWNER='Ä & B = "C" ?'
	start_sandbox
	hosts 2 >in
	ok in
	[ "$(receipts accepted)" = 2 ]
}

@test "a token that dies in mid-run is renewed, kept 0600, and never shown" {
	echo '{"method":"GET","path":"/v2/batch/*","nth":1,"status":401,"body":"Unauthorized"}' >faults
	start_sandbox --faults faults --auth token --queued 0.2
	hosts 4 >in
	ok in --chunk 2 --log-level trace
	[ "$(receipts accepted)" = 4 ]
	grep -q 'token renewed' err
	file=$(echo "$XDG_STATE_HOME"/tcfeed/token-*.json)
	[ "$(stat -c %a "$file")" = 600 ]
	token=$(jq -r .tc_token config.json)
	renewed=$(jq -r .token "$file")
	[ "$token" != "$renewed" ]
	run ! grep -qF -e "$token" -e "$renewed" err out stats.json
	# another command of the same run finds the renewed one
	ok in
	[ "$(requests 'select(.target | test("appAuth")) | .n' | wc -l)" = 1 ]
}

@test "a renewal that is refused: exit 1 auth, receipts so far kept" {
	printf '%s\n' '{"method":"GET","path":"/v2/batch/2","nth":1,"revoke":true,"refuse_renewal":true}' >faults
	start_sandbox --faults faults --auth token --queued 0.1
	hosts 6 >in
	failed in --chunk 2
	reason auth
	[ "$(receipts accepted) $(receipts unknown) $(receipts unsent)" = "2 2 2" ]
}

@test "a renewal answered with text or success:false keeps the old token while it lives" {
	printf '%s\n' '{"path":"/appAuth","status":200,"body":{"success":false,"message":"not now"}}' >faults
	start_sandbox --faults faults --auth token --token-life 300
	hosts 2 >in
	ok in
	grep -q 'refuses to renew the token: not now' err
}

@test "TLS: an own authority is trusted when named, never otherwise" {
	start_sandbox --tls
	jq 'del(.ca_file)' config.json >c && cat c >config.json
	hosts 1 >in
	failed in
	reason auth
	grep -q 'TLS verification failed' err
	jq --arg f "$PWD/tc-sandbox-ca.pem" '.ca_file = $f' config.json >c && cat c >config.json
	ok in
	stop_sandbox
	start_sandbox --tls=wrong-name
	jq --arg f "$PWD/tc-sandbox-ca.pem" '.ca_file = $f' config.json >c && cat c >config.json
	failed in
	reason auth
}

@test "a proxy for the platform is used for every call, renewals too, only when told; the environment's never" {
	need_tool python3
	start_sandbox --auth token --token-life 300
	start_proxy
	hosts 2 >in
	export http_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1
	cp config.json direct.json
	jq --argjson p "$(cat port)" '. + {tc_proxy_tc: true, tc_proxy_host: "127.0.0.1", tc_proxy_port: $p, tc_proxy_username: "u", tc_proxy_password: "pässwörd"}' direct.json >c && cat c >config.json
	ok in --log-level trace
	[ "$(receipts accepted)" = 2 ]
	[ "$(wc -l <proxied)" = "$(requests .n | wc -l)" ]
	grep -q appAuth proxied
	[ "$(cut -d' ' -f3- proxied | sort -u)" = "Basic $(printf 'u:pässwörd' | base64)" ]
	run ! grep -q 'pässwörd' err
	# not told to: direct, and a proxy of half a configuration is none
	jq '.tc_proxy_tc = false' config.json >c && cat c >config.json
	before=$(wc -l <proxied)
	ok in
	jq '.tc_proxy_tc = true | del(.tc_proxy_port)' config.json >c && cat c >config.json
	ok in
	grep -q 'name no proxy: the platform is asked directly' err
	[ "$(wc -l <proxied)" = "$before" ]
	stop_proxy || true
	# and with a proxy that is down nothing goes around it
	jq '. + {tc_proxy_tc: true, tc_proxy_port: 1}' config.json >c && cat c >config.json
	failed in
	reason temporary
}

# --- group files ---

@test "group files go by digest, POST then PUT; a path in an object opens nothing" {
	start_sandbox
	mkdir files
	printf 'the content' >content
	sum=$(sha256sum content | cut -d' ' -f1)
	cp content "files/$sum"
	other=$(printf x | sha256sum | cut -d' ' -f1)
	printf 'not x' >"files/$other"
	cat >in <<-E
		{"type":"Document","name":"d","xid":"d1","fileName":"$sum.pdf"}
		{"type":"Report","name":"r","xid":"r1","fileName":"/etc/passwd"}
		{"type":"Report","name":"s","xid":"s1","fileName":"$other"}
	E
	ok in --files files
	[ "$(receipts accepted)" = 3 ]
	[ "$(jq .files stats.json)" = 1 ]
	grep -q 'bytes have another digest' err
	ok in --files files
	[ "$(requests 'select(.target | test("/upload")) | [.method, .status] | join(" ")' | paste -sd ,)" = "POST 200,POST 401,PUT 200" ]
}

@test "group files: a name that tc-fetch noted stands for its digest; one that stands for several, or for a path, for none" {
	start_sandbox
	mkdir files
	printf 'the content' >content
	sum=$(sha256sum content | cut -d' ' -f1)
	cp content "files/$sum"
	cat >files/names.ndjson <<-E
		{"name":"one \"quoted\".pdf","sha256":"$sum"}
		{"name":"two.pdf","sha256":"$sum"}
		{"name":"two.pdf","sha256":null}
		{"name":"../content","sha256":"../content"}
		rubbish
		{"name":"three.pdf","sha256":"$sum"
	E
	cat >in <<-E
		{"type":"Report","name":"a","xid":"a1","fileName":"one \"quoted\".pdf"}
		{"type":"Report","name":"b","xid":"b1","fileName":"two.pdf"}
		{"type":"Document","name":"c","xid":"c1","fileName":"../content"}
		{"type":"Document","name":"d","xid":"d1","fileName":"three.pdf"}
	E
	ok in --files files
	[ "$(receipts accepted)" = 4 ]
	[ "$(jq .files stats.json)" = 1 ]
	[ "$(requests 'select(.target | test("/upload")) | .target')" = "/api/v2/groups/reports/a1/upload?owner=Acme%20Source&updateIfExists=true" ]
	run -2 tc-submit --params config.json --files nowhere <in
	[[ $output == *"cannot open directory nowhere"* ]]
}

@test "group files: what tc-fetch notes while tc-submit runs counts, appended behind half a line or in a new file" {
	for way in append replace; do
		start_sandbox
		rm -rf files out pipe
		mkdir files
		for f in one two; do printf %s "$f" >"files/$(printf %s "$f" | sha256sum | cut -d' ' -f1)"; done
		line() { printf '{"name":"%s.pdf","sha256":"%s"}' "$1" "$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }
		{ line one; echo; line two | head -c 30; } >files/names.ndjson
		mkfifo pipe
		tc-submit --params config.json --chunk 1 --files files --stats stats.json <pipe >out 2>err 3>&- &
		pid=$!
		exec 5>pipe
		printf '%s\n' '{"type":"Report","name":"a","xid":"a1","fileName":"one.pdf"}' '{"type":"Host","summary":"h1.example.com"}' \
			'{"type":"Host","summary":"h2.example.com"}' >&5
		for _ in $(seq 200); do grep -q '"xid":"a1"' out && break; sleep 0.05; done
		case $way in
		append) line two | tail -c +31 >>files/names.ndjson; echo >>files/names.ndjson ;;
		replace) { line two; echo; } >files/new; mv files/new files/names.ndjson ;;
		esac
		echo '{"type":"Report","name":"b","xid":"b1","fileName":"two.pdf"}' >&5
		exec 5>&-
		wait $pid
		[ "$(receipts accepted)" = 4 ]
		[ "$(jq .files stats.json)" = 2 ] || { echo "$way"; cat err; false; }
		stop_sandbox
	done
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
