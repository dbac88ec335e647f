# tc-submit against the stand-in of the platform: the way it should go, what stands in the input, sizes.
load helper
load sandbox
load proxy
load submit

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

@test "indicators that name a group behind them wait for it, however many there are" {
	start_sandbox
	{
		for i in $(seq 25); do echo "{\"type\":\"URL\",\"summary\":\"http://a.example/$i\",\"associatedGroups\":[{\"groupXid\":\"late\"}]}"; done
		for i in $(seq 26 40); do echo "{\"type\":\"URL\",\"summary\":\"http://a.example/$i\"}"; done
		echo '{"type":"Malware","name":"m","xid":"\u006cate"}'
	} >in
	# the platform refuses an unknown xid (0x1007)
	ok in --chunk 10
	[ "$(receipts accepted)" = 41 ]
	[ "$(jq .batches stats.json)" = 5 ]
	# a group that the platform has from an earlier run need not come at all
	sed '$d' in >again
	ok again --chunk 10
	[ "$(receipts accepted)" = 40 ]
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
