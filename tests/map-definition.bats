# Feed definitions as tc-map checks them: what is refused, with pointer and reason.
load helper
load map

complains() { # FILE POINTER WORDS
	run --separate-stderr -2 tc-map --check "$1"
	[ -z "$output" ]
	[[ "$stderr" == *"error: $1: $2: "*"$3"* ]] || { echo "$stderr"; return 1; }
}

@test "a missing, unreadable and oversized definition: exit 2, named" {
	run --separate-stderr -2 tc-map --check no/such.json
	[[ "$stderr" == *"no/such.json"*"No such file"* ]]
	mkdir dir.json
	run --separate-stderr -2 tc-map --check ./dir.json
	[[ "$stderr" == *"dir.json"*"directory"* ]]
	head -c 2000000 /dev/zero | tr '\0' ' ' >big.json
	run --separate-stderr -2 tc-map --check big.json
	[[ "$stderr" == *"big.json"*"longer than"* ]]
}

@test "a definition that is not strict JSON is refused with its line" {
	printf '{\n"id":"f",\n"id":"g"}' >dup.json
	run --separate-stderr -2 tc-map --check dup.json
	[[ "$stderr" == *'dup.json: line 3: duplicate key "id"'* ]]
	printf '{"id":"\xc0\x80"}' >utf8.json
	run --separate-stderr -2 tc-map --check utf8.json
	[[ "$stderr" == *"utf8.json: line 1: invalid UTF-8"* ]]
	printf '{"id":"f",}' >comma.json
	run --separate-stderr -2 tc-map --check comma.json
	[[ "$stderr" == *"comma.json: line 1:"* ]]
	printf '{"id\\u0000x":"f"}' >nul.json
	run --separate-stderr -2 tc-map --check nul.json
	printf '[]' >array.json
	run --separate-stderr -2 tc-map --check array.json
	[[ "$stderr" == *"must be an object"* ]]
	printf '\xef\xbb\xbf{"id":"f","parse":{"format":"json"},"map":[{"object":{"type":"Host","summary":{"path":"h"}}}]}' >bom.json
	run --separate-stderr -0 tc-map --check bom.json
}

@test "unknown members are named with pointer and the word that was meant" {
	feed f "$ndjson" "$urls" '"limit":{}'
	complains f.json /limit 'unknown member "limit", did you mean "limits"?'
	feed f "$ndjson" '{"wen":"a","object":{"type":"URL","summary":{"path":"url"}}}'
	complains f.json /map/0/wen 'did you mean "when"?'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"url"},"ratting":1}}'
	complains f.json /map/0/object/ratting 'did you mean "rating"?'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"url","defualt":1}}}'
	complains f.json /map/0/object/summary/defualt 'did you mean "default"?'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"url"},"attribute":[{"type":"Source","value":"x","display":true}]}}'
	complains f.json /map/0/object/attribute/0/display 'did you mean "displayed"?'
	feed f "$ndjson" "$urls" '"delta":{"mising":"keep"}'
	complains f.json /delta/mising 'did you mean "missing"?'
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"size":1}}'
	complains f.json /map/0/object/size 'unknown member "size"'
}

@test "wrong values in every section are refused with their pointer" {
	feed Bad "$ndjson" "$urls"; complains Bad.json /id "a-z, 0-9 and '-' only"
	feed f "$ndjson" "$urls" '"write":"append"'; complains f.json /write '"merge" or "replace"'
	feed f "$ndjson" "$urls" '"values":{"reserved":"yes"}'; complains f.json /values/reserved '"keep" or "drop"'
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"120%"}'; complains f.json /limits/max_rejects 'share'
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":-1}'; complains f.json /limits/max_rejects 'negative'
	feed f "$ndjson" "$urls" '"delta":{"missing":"drop"}'; complains f.json /delta/missing '"inactive"'
	feed f "$ndjson" "$urls" '"delta":{"ignore":["lastSeenn"]}'; complains f.json /delta/ignore/0 'no member of a batch object'
	feed f "$ndjson" "$urls" '"delta":{"ignore":["summary"]}'; complains f.json /delta/ignore/0 'cannot be ignored'
	feed f "$ndjson" "$urls" '"delta":{"refresh":"soon"}'; complains f.json /delta/refresh ''
	feed f "$ndjson" "$urls" '"delta":{"max_missing":{"share":"10"}}'; complains f.json /delta/max_missing/share 'share'
	feed f "$ndjson" '{"object":"URL"}'; complains f.json /map/0/object 'must be of type object'
	feed f "$ndjson" ''; complains f.json /map 'no rule'
	feed f "$ndjson" "$urls" '"tables":"none.json"'; complains f.json /tables 'none.json'
}

@test "types: only the platform's own, a near miss is named, mixed columns need a table" {
	feed f "$ndjson" '{"object":{"type":"url","summary":{"path":"u"}}}'
	complains f.json /map/0/object/type 'did you mean "URL"?'
	feed f "$ndjson" '{"object":{"type":"JA3","summary":{"path":"u"}}}'
	complains f.json /map/0/object/type '"JA3" is not a standard type'
	feed f "$ndjson" '{"object":{"type":{"path":"t"},"summary":{"path":"u"}}}'
	complains f.json /map/0/object/type 'needs a "map"'
	feed f "$ndjson" '{"object":{"type":{"path":"t","map":{"d":"Domain"}},"summary":{"path":"u"}}}'
	complains f.json /map/0/object/type '"Domain" is not a standard type'
	feed f "$ndjson" '{"object":{"summary":{"path":"u"}}}'
	complains f.json /map/0/object '"type" is missing'
	feed f "$ndjson" '{"object":{"type":"Host"}}'
	complains f.json /map/0/object 'the value is missing'
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"a"},"hostName":{"path":"a"}}}'
	complains f.json /map/0/object/hostName 'given twice'
}

@test "expressions: the column of the mistake; unknown functions and variables" {
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"a.["}}}'
	complains f.json /map/0/object/summary/path 'column'
	feed f "$ndjson" '{"when":"nofunc(a)","object":{"type":"URL","summary":{"path":"a"}}}'
	complains f.json /map/0/when 'nofunc'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"$recrod.a"}}}'
	complains f.json /map/0/object/summary/path 'unknown variable $recrod'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"a","transform":["nofunc"]}}}'
	complains f.json /map/0/object/summary/transform/0 'nofunc'
}

@test "a definition that a stranger gets wrong: the message says what to do" {
	rule() { feed f "$ndjson" "$@"; }
	url='"type":"URL","summary":{"path":"u"}'
	rule "{$url}"; complains f.json /map/0 'a rule holds its object in a member: {"object":'
	rule "{\"objects\":{$url}}"; complains f.json /map/0/objects 'did you mean "object"?'
	rule "{\"object\":{\"type\":\"Malware\",\"summary\":{\"path\":\"m\"}}}"; complains f.json /map/0/object/summary 'here it is "name"'
	rule "{\"object\":{\"type\":\"Malware\",\"name\":\"m\",\"rating\":3}}"; complains f.json /map/0/object/rating 'Malware has none'
	rule "{\"object\":{$url,\"size\":3}}"; complains f.json /map/0/object/size 'URL has none, File has'
	rule "{\"object\":{$url,\"dateAdded\":{\"path\":\"d\"}}}"; complains f.json /map/0/object/dateAdded 'here it is "externalDateAdded"'
	rule "{\"object\":{$url,\"tag\":[\"x\"]}}"; complains f.json /map/0/object/tag/0 'must be an object: {"name": ...}'
	rule "{\"object\":{$url,\"tag\":{\"path\":\"t\"}}}"; complains f.json /map/0/object/tag 'must be an array: [{"name": ...}]'
	rule "{\"object\":{$url,\"associatedGroups\":[{\"xid\":[\"a\"]}]}}"; complains f.json /map/0/object/associatedGroups/0 '{"groupXid": {"xid": [parts]}}'
	rule "{\"object\":{$url,\"associatedGroups\":[{\"groupXid\":{\"xid\":[{\"xid\":[\"a\"]}]}}]}}"; complains f.json /map/0/object/associatedGroups/0/groupXid/xid/0 'an xid cannot be part of an xid'
	rule '{"object":{"type":"URL","summary":"{url}"}}'; complains f.json /map/0/object/summary 'a value from the feed is a hole'
	rule "{\"object\":{$url,\"rating\":{\"params\":\"r\"}}}"; complains f.json /map/0/object/rating/params 'did you mean "param"?'
	rule "{\"object\":{\"type\":\"URL\",\"summary\":{\"path\":\"u\",\"transform\":[\"refang(@)\"]}}}"; complains f.json /map/0/object/summary/transform/0 "no function's name"
	rule '{"object":{"type":"Event","name":"e","status":"Done"}}'; complains f.json /map/0/object/status "not one of the platform's words: Completed, Escalated, "
	rule '{"object":{"ref_1":"8.8.8.8","ref_2":{"xid":["a"]},"type_2":"Malware"}}'; complains f.json /map/0/object '"type_1"'
	rule '{"object":{"ref_1":"8.8.8.8","type_1":"Address","ref_2":{"xid":["a"]},"type_2":"Malware","associationType":"x"}}'; complains f.json /map/0/object/associationType 'one end is a group'
	feed f '{"format":"xml"}' "{\"object\":{$url}}"; complains f.json /parse/format 'there are json, ndjson, csv, tsv and text'
	for path in 'data[*]' 'data[]' '$.data' '$.data[0]'; do
		feed f "{\"format\":\"json\",\"records\":\"$path\"}" "{\"object\":{$url}}"; complains f.json /parse/records 'no expression: "data"'
	done
	feed f '{"format":"json","records":"data\\[x].y.*[]"}' "{\"object\":{$url}}"
	run --separate-stderr -0 tc-map --check f.json
	echo '{"a":7}' >t.json
	feed f "$ndjson" "{\"object\":{$url}}" '"tables":"t.json"'; complains f.json /tables "t.json: table 'a' is no object"
	jq -n --arg w "$(printf 'a%.0s' {1..17000})" '{id:"f",parse:{format:"ndjson"},map:[{when:$w,object:{type:"URL",summary:{path:"u"}}}]}' >f.json
	complains f.json /map/0/when 'expression of 17000 bytes, 16384 are allowed'
	rule "{\"when\":\"$(printf '(%.0s' {1..200})a$(printf ')%.0s' {1..200})\",\"object\":{$url}}"; complains f.json /map/0/when 'nested deeper than 128 at column 129'
	printf '{"id":"f"}' >f.json
	complains f.json /parse 'is missing'
	printf '{"id":"f","parse":{"format":"json"}}' >f.json
	run --separate-stderr -0 tc-map --check f.json
	[[ "$stderr" == *"but it has no map"* ]]
}

@test "what literal arguments say is checked without input: patterns, formats, tables, kinds" {
	bad() { # EXPRESSION WORDS
		jq -n --arg e "$1" '{id:"f",parse:{format:"ndjson"},tables:{t:{}},map:[{when:$e,object:{type:"URL",summary:{path:"u"}}}]}' >f.json
		complains f.json /map/0/when "$2"
	}
	bad "regex_match(a, '[')" 'invalid value at column 1: bad pattern: missing terminating ]'
	bad "a && regex_extract(a, '(a)', \`2\`)" 'invalid value at column 6: the pattern has no such group'
	bad "parse_date(a, '%Q')" "parse_date(): '%Q': the format has a conversion that is not known"
	bad "parse_date(a, ['%d.%m.%Y', '%d.%m.'])" "parse_date(): '%d.%m.': the format has no year"
	bad "lookup(a, 'u')" "the definition has no table 'u'"
	bad "truncate(a, 'x')" 'truncate() takes a number as argument 2, not string'
	bad "join(tags, ',')" 'join() takes an array of strings as argument 2, not string'
	bad "[?starts_with(a, \`1\`)]" 'column 3: starts_with() takes a string as argument 2, not number'
	for good in "regex_match(a, b)" "parse_date(a, ['%Y', '%d/%m/%Y'])" "parse_date(a, f)" "lookup(a, 't', 'x')" "truncate(a, n)" "join(',', tags)" "parse_date(a)"; do
		jq -n --arg e "$good" '{id:"f",parse:{format:"ndjson"},tables:{t:{}},map:[{when:$e,object:{type:"URL",summary:{path:"u"}}}]}' >f.json
		run --separate-stderr -0 tc-map --check f.json
	done
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u","transform":[{"regex_replace":["(a","b"]}]}}}'
	complains f.json /map/0/object/summary/transform/0 'missing closing parenthesis'
}

@test "literals must fit their place when the definition is read" {
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"rating":6}}'
	complains f.json /map/0/object/rating 'between 0 and 5'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"confidence":"high"}}'
	complains f.json /map/0/object/confidence 'not a number'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"firstSeen":"last week or so"}}'
	complains f.json /map/0/object/firstSeen 'not a date'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"tag":{"name":"x"}}}'
	complains f.json /map/0/object/tag 'must be an array'
	feed f "$ndjson" '{"object":{"type":"URL","summary":null}}'
	complains f.json /map/0/object/summary 'null'
	# so must what a table or a default puts there
	u='"type":"URL","summary":{"path":"u"}'
	feed f "$ndjson" "{\"object\":{$u,\"rating\":{\"path\":\"r\",\"map\":{\"low\":1,\"high\":\"four\"}}}}"
	complains f.json /map/0/object/rating/map/high 'not a number'
	feed f "$ndjson" "{\"object\":{$u,\"rating\":{\"path\":\"r\",\"map\":{\"low\":1,\"*\":10}}}}"
	complains f.json '/map/0/object/rating/map/*' 'between 0 and 5'
	feed f "$ndjson" "{\"object\":{$u,\"confidence\":{\"path\":\"r\",\"default\":-1}}}"
	complains f.json /map/0/object/confidence/default 'between 0 and 100'
	feed f "$ndjson" "{\"object\":{$u,\"firstSeen\":{\"path\":\"r\",\"default\":\"yesterday\"}}}"
	complains f.json /map/0/object/firstSeen/default 'not a date'
	feed f "$ndjson" "{\"object\":{$u,\"rating\":{\"path\":\"r\",\"map\":{\"low\":\"2\",\"none\":null}}}}"
	run --separate-stderr -0 tc-map --check f.json
	# and in elements
	feed f "$ndjson" "{\"object\":{$u,\"tag\":[{\"name\":\"acme:x\"}]}}"
	complains f.json /map/0/object/tag/0/name 'has a prefix'
	feed f "$ndjson" "{\"object\":{$u,\"securityLabel\":[{\"name\":\"Ours\",\"color\":\"red\"}]}}"
	complains f.json /map/0/object/securityLabel/0/color 'six hexadecimal digits'
	feed f "$ndjson" "{\"object\":{$u,\"attribute\":[{\"type\":\"Admiralty Code\",\"value\":\"A12\"}]}}"
	complains f.json /map/0/object/attribute/0/value 'too long'
	feed f "$ndjson" '{"object":{"type":"Malware","name":"m","associatedIndicators":[{"summary":{"path":"h"},"indicatorType":"Hosts"}]}}'
	complains f.json /map/0/object/associatedIndicators/0/indicatorType 'not an indicator type'
}

@test "66: action is a literal and batchId is not for a definition: a feed cannot delete" {
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"action":{"path":"a"}}}'
	complains f.json /map/0/object/action 'must be the literal'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"action":"Remove"}}'
	complains f.json /map/0/object/action 'must be the literal'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"batchId":7}}'
	complains f.json /map/0/object/batchId 'tc-delta alone'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"action":"Delete"}}'
	run --separate-stderr -0 tc-map f.json <<<'{"u":"http://a.site.com/x"}'
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/x","action":"Delete"}' ]
}

@test "victim data: no type, no attribute, no path leads to it; when may look" {
	feed f "$ndjson" '{"object":{"type":"Victim","name":{"path":"n"}}}'
	complains f.json /map/0/object/type 'victim data'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"attribute":[{"type":"Victim Name","value":{"path":"n"}}]}}'
	complains f.json /map/0/object/attribute/0/type 'victim data'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"description":{"path":"join('"' '"', [victim, u])"}}}'
	complains f.json /map/0/object/description/path 'victim data'
	feed f "$ndjson" '{"when":"!victim","object":{"type":"URL","summary":{"path":"u"}}}'
	run --separate-stderr -0 tc-map f.json <<<'{"u":"http://a.site.com/x","victim":"Someone Ltd"}'
	[ -z "$output" ]
}

@test "groups: an owner, a name, an xid by parts; associations: two ends and a kind" {
	feed f "$ndjson" '{"object":{"type":"Malware","name":{"path":"n"}}}'
	run --separate-stderr -0 tc-map --check f.json
	run --separate-stderr -2 tc-map f.json <<<'{"n":"X"}'
	[ -z "$output" ]
	[[ "$stderr" == *"need an owner"*"TC_OWNER"* ]]
	feed f "$ndjson" '{"object":{"type":"Malware","xid":{"xid":["a"]}}}'
	complains f.json /map/0/object 'needs a "name"'
	feed f "$ndjson" '{"object":{"type":"Malware","name":{"path":"n"},"xid":{"path":"id"}}}'
	complains f.json /map/0/object/xid 'xids are unique over the whole instance'
	feed f "$ndjson" '{"object":{"type":"Signature","name":{"path":"n"}}}'
	complains f.json /map/0/object 'Signature needs the member "fileName"'
	feed f "$ndjson" '{"object":{"ref_1":{"path":"a"},"type_1":"Host","ref_2":{"path":"b"},"type_2":"Address"}}'
	complains f.json /map/0/object 'associationType'
	feed f "$ndjson" '{"object":{"ref_1":{"path":"a"},"type_1":"Host"}}'
	complains f.json /map/0/object '"ref_2"'
}

@test "parameters: set, unset with default, encrypted ones are refused" {
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"rating":{"path":"r","param":"default_rating"},"confidence":{"param":"mine","default":5}}}'
	echo '{"u":"http://a.site.com/x"}' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/x","rating":0,"confidence":5}' ]
	run --separate-stderr -0 tc-map --param default_rating=3 --param mine=60 f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/x","rating":3,"confidence":60}' ]
	# what the source says beats the parameter, 0 included
	run --separate-stderr -0 tc-map --param default_rating=3 f.json <<<'{"u":"http://a.site.com/x","r":0}'
	[ "$(member .rating)" = 0 ]
	# one that does not fit its place is named before a byte is read; an empty one is not set
	for bad in default_rating=high default_rating=6 default_rating=-1; do
		run --separate-stderr -2 tc-map --param "$bad" f.json <in
		[ -z "$output" ]
		[[ "$stderr" == *"f.json: /map/0/object/rating/param: the value \"${bad#*=}\" of parameter \"default_rating\" does not fit: "* ]] || { echo "$stderr"; false; }
	done
	run --separate-stderr -0 tc-map --param mine= --param default_rating= f.json <in
	[ "$(member '[.rating, .confidence]')" = '[0,5]' ]
	(umask 077; echo '{"mine":"","default_rating":""}' >p.json)
	run --separate-stderr -0 tc-map --params p.json f.json <in
	[ "$(member '[.rating, .confidence]')" = '[0,5]' ]
	# one that nothing names is a slip of the hand
	run --separate-stderr -0 tc-map --param defualt_rating=3 f.json <in
	[[ "$stderr" == *"warning: --param defualt_rating: no hole of the map names this parameter"* ]]
	run --separate-stderr -0 tc-map --explain f.json <in
	[[ "$stderr" == *'/map/0/object/confidence/param: parameter "mine" is not set'* ]]
	umask 077
	echo '{"mine":"hunter2222","secret":["mine"]}' >p.json
	run --separate-stderr -2 tc-map --params p.json f.json <in
	[[ "$stderr" == *'/map/0/object/confidence/param: parameter "mine" is encrypted'* ]]
	[[ "$stderr" != *hunter2222* ]]
}

@test "tc-feed(5): its example is a good definition and makes what the page says" {
	need_tool mandoc
	man=$TOP/man/tc-feed.5
	awk '/^\.Bd/ { on = 1; n++; next } /^\.Ed/ { on = 0 } on { gsub(/\\e/, "\\"); print >("block" n) }' "$man"
	def=$(grep -l acme-urls block*)
	rec=$(grep -l '^{"url": "hxxp' block*)
	mv "$def" acme.json
	run --separate-stderr -0 tc-map --check acme.json
	jq -c '{data:[.]}' "$rec" >in
	run --separate-stderr -0 tc-map --owner 'Example Source' acme.json in
	grep -qF "$(cut -c1-44 <<<"${lines[0]}")" "$man"
	[[ "${lines[1]}" == '{"type":"URL","summary":"http://bad.site.com/x","rating":4,"confidence":80,'* ]]
	grep -qF "$(cut -c1-75 <<<"${lines[1]}")" "$man"
	mandoc -Tlint -Wwarning "$man" "$TOP/man/tc-map.1"
}
