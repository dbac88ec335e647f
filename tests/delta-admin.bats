# tc-delta explain, reset, export, import: looking at a state, and carrying it about.
load helper
load delta

@test "explain: new, changed with members, expiring; old and new values where contents are kept" {
	feed '{"missing":"delete","keep_content":true}'
	echo '{"type":"URL","summary":"http://a.example/1","rating":1,"tag":[{"name":"Old"},{"name":"Same"}]}' >day1
	urls 2 2 >>day1
	cycle day1
	echo '{"type":"URL","summary":"http://a.example/1","rating":3,"confidence":5,"tag":[{"name":"New"},{"name":"Same"}]}' >day2
	urls 3 3 >>day2
	run --separate-stderr -0 tc-delta explain ./f.json <day2
	local want='changed   URL http://a.example/1
    rating 1 -> 3
    confidence (none) -> 5
    +tag New
    -tag Old'
	[[ "$output" == *"$want"* ]]
	[[ "$output" == *"new       URL http://a.example/3"* ]]
	[[ "$output" == *"expiring  URL http://a.example/2: not listed, complete run 1 of 2"* ]]
	run --separate-stderr -0 tc-delta explain --json ./f.json <day2
	[ "$(jq -c 'select(.change=="changed")|[.summary,.members,.changes.rating,.changes.tag.added[0].name]' <<<"$output")" = \
		'["http://a.example/1",["rating","confidence","tag"],{"old":1,"new":3},"New"]' ]
	# without contents the members are known all the same
	feed '{}' g
	cycle day1 g
	run --separate-stderr -0 tc-delta explain --json ./g.json <day2
	[ "$(jq -c 'select(.change=="changed")|.members' <<<"$output")" = '["rating","confidence","tag"]' ]
	# nothing was noted
	[ "$(known '[.known,.pending,.run]')" = '[2,0,1]' ]
}

@test "hostile text in a feed never reaches the terminal raw" {
	printf '{"type":"URL","summary":"http://a.example/\\u001b[2J\xe2\x80\xae"}\n' >in
	run --separate-stderr -0 tc-delta explain ./f.json <in
	[[ "$output" == *'\x1b[2J\u{202e}'* ]]
}

@test "reset: sent again; --forget, --type and --object choose" {
	{ urls 1 2; echo '{"type":"Host","summary":"a.example"}'; } >day1
	cycle day1
	run --separate-stderr -0 tc-delta reset --type Host ./f.json
	[[ "$stderr" == *"1 objects will be sent again"* ]]
	run --separate-stderr -0 tc-delta filter --dry-run ./f.json <day1
	[ "$(jq -r .type <<<"$output")" = Host ]
	run --separate-stderr -0 tc-delta reset --object http://a.example/2 ./f.json
	run --separate-stderr -2 tc-delta reset --object http://a.example/9 ./f.json
	run --separate-stderr -2 tc-delta reset --type Nothing ./f.json
	run --separate-stderr -0 tc-delta filter --dry-run ./f.json <day1
	[ "$(wc -l <<<"$output")" -eq 2 ]
	run --separate-stderr -0 tc-delta reset ./f.json
	cycle day1
	[ "$(wc -l <sent)" -eq 3 ]
	run --separate-stderr -0 tc-delta reset --forget ./f.json
	[ "$(known .known)" = 0 ]
}

@test "export and import carry a state elsewhere, byte for byte" {
	feed '{"keep_content":true,"missing":"delete"}'
	{ urls 1 5; echo '{"type":"File","md5":"0123456789abcdef0123456789abcdef","sha1":"0123456789abcdef0123456789abcdef01234567"}'
	  echo '{"type":"Report","name":"r \"x\"","xid":"x1"}'; echo '{"ref_1":"a","type_1":"Host","ref_2":"x1"}'; } >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	{ head -6 sent | receipts; tail -2 sent | receipts rejected | jq -c '.+{code:"0x1005",reason:"r"}'; } | tc-delta commit ./f.json 2>err || true
	tc-delta filter ./f.json < <(urls 1 3) >sent 2>err
	tc-delta export ./f.json >export 2>err
	[ "$(wc -l <export)" -eq 9 ]
	run --separate-stderr -2 tc-delta import ./f.json export
	[[ "$stderr" == *"say --replace"* ]]
	run --separate-stderr -0 tc-delta import --state "$PWD/elsewhere" ./f.json export
	tc-delta export --state "$PWD/elsewhere" ./f.json >export2 2>err
	cmp export export2
	run --separate-stderr -0 tc-delta verify --state "$PWD/elsewhere" ./f.json
	run --separate-stderr -2 tc-delta import --owner Other ./f.json export
	sed '3s/"summary":"http/"summary":"hxxp/' export | head -c 900 >bad
	run --separate-stderr -1 tc-delta import --state "$PWD/third" ./f.json bad
	[[ "$stderr" == *": cut"* ]]
	[ "$(tc-delta stats --state "$PWD/third" --json ./f.json 2>/dev/null | jq .known)" = 0 ]
}

@test "import --platform: a state from the platform's bulk export, so that only what differs is sent" {
	cat >bulk <<-'E'
		{"indicator":[
		 {"id":1,"ownerName":"Acme Source","type":"URL","summary":"http://a.example/1","rating":3.0,"confidence":60,"active":true,"dateAdded":"2024-01-01T00:00:00Z","tag":[{"name":"B"},{"name":"A"}]},
		 {"id":2,"type":"URL","summary":"http://a.example/2","rating":1.0,"webLink":"x"},
		 {"id":3,"type":"File","summary":"0123456789ABCDEF0123456789ABCDEF"},
		 {"id":4,"type":"Custom Thing","summary":"x"},
		 {"id":5,"type":"URL","summary":"http://a.example/gone"}]}
	E
	cat >day1 <<-'E'
		{"type":"URL","summary":"http://a.example/1","rating":3,"confidence":60,"tag":[{"name":"A"},{"name":"B"}]}
		{"type":"URL","summary":"http://a.example/2","rating":2}
		{"type":"File","md5":"0123456789abcdef0123456789abcdef"}
	E
	feed '{"missing":"delete","after":1,"max_missing":"100%"}'
	run --separate-stderr -0 tc-delta import --platform ./f.json bulk
	[[ "$stderr" == *"4 objects imported, 1 skipped"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$(jq -r .summary <<<"$output")" = http://a.example/2 ]
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ "$stderr" == *"made from the platform's export"* ]]
}
