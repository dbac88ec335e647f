# tc-fetch: captures that go on where a run was cut, and pages that are kept because the feed says so.
load helper
load feedserver

@test "a run that was cut goes on with its capture: no page is asked for twice, and the bytes are those of a whole run" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"*cursor=2","body":$(page b '"3"')}
	{"path":"/feed/p","query":"*cursor=3","nth":1,"body":$(page c null),"cut":5}
	{"path":"/feed/p","query":"*cursor=3","body":$(page c null)}
	{"path":"/feed/p","headers":{"Set-Cookie":["a=1","b=2"],"Link":["<x>; rel=a","<y>; rel=b"]},"body":$(page a '"2"')}
	E
	serve s
	feed ',"tries":1,"pages":{"style":"cursor","next":"meta.next"}'
	sed -i 's|/feed/p|/feed/p?s={last_run}|' feed.json
	TC_NOW=2026-01-01T00:00:00Z run --separate-stderr -1 tc-fetch -o cap --cursor cur ./feed.json
	[[ $stderr == *"page 3: "*"reason=temporary"* ]]
	[ ! -e cur ]
	run --separate-stderr -1 tc-fetch --replay cap ./feed.json
	[[ $stderr == *"no end record after 2 pages"* ]]
	# half a line at the end of the index is what a power failure leaves
	printf '{"file":"0003.js' >>cap/pages.ndjson
	TC_NOW=2026-01-02T00:00:00Z run --separate-stderr -0 tc-fetch -o cap --cursor cur ./feed.json
	[[ $stderr == *"going on with the capture cap behind its page 2"*"3 pages, "* ]]
	[ "$(paths | wc -l)" = 4 ]
	# the second run's requests hold the first one's times
	[ "$(paths | grep -c 's=2025-12-02T00%3A00%3A00Z')" = 4 ]
	run --separate-stderr -0 tc-fetch --replay cap ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = abc ]
	[ "$(jq -r 'select(.file == "0001.json").headers | [.link, .["set-cookie"]] | @tsv' cap/pages.ndjson)" = $'<x>; rel=a, <y>; rel=b\t***' ]
}

@test "an unfinished capture of something else, or of files, is refused and left alone" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","body":$(page b '"3"'),"cut":5}
	{"path":"/feed/p","body":$(page a '"2"')}
	{"path":"/feed/q","body":$(page q null)}
	E
	serve s
	feed ',"tries":1,"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -1 tc-fetch -o cap ./feed.json
	cp -r cap before
	sed -i 's|/feed/p|/feed/q|' feed.json
	run --separate-stderr -2 tc-fetch -o cap ./feed.json
	[[ $stderr == *"cap holds an unfinished capture of other requests (from 0001.json on); remove it"* ]]
	diff -r before cap
	run --separate-stderr -2 tc-fetch -o cap --replay before/0001.json ./feed.json
	[[ $stderr == *"unfinished capture"* ]]
	diff -r before cap
}

@test "a capture has one writer" {
	need_tool flock
	echo '{"path":"/feed/p","body":{"data":[]}}' >s.ndjson
	serve s
	feed ''
	mkdir cap
	: >cap/pages.ndjson
	run --separate-stderr -3 flock cap/pages.ndjson tc-fetch -o cap ./feed.json
	[[ $stderr == *"another run writes the capture cap"*"reason=busy"* ]]
}

@test "the previous capture's pages stand where the feed says 304; pages that changed are fetched" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","nth":1,"headers":{"ETag":"\"i1\""},"body":["a","b"]}
	{"path":"/feed/p","body":["a","b","c"]}
	{"path":"/feed/a","headers":{"ETag":"\"a1\""},"body":{"data":[{"host":"a"}]}}
	{"path":"/feed/b","nth":1,"headers":{"Last-Modified":"Mon, 05 Jan 2026 00:00:00 GMT"},"body":{"data":[{"host":"b1"}]}}
	{"path":"/feed/b","headers":{"Last-Modified":"Tue, 06 Jan 2026 00:00:00 GMT"},"body":{"data":[{"host":"b2"}]}}
	{"path":"/feed/c","body":{"data":[{"host":"c"}]}}
	E
	serve s
	feed ',"pages":{"style":"index","entries":"@","entry_url":"{entry}"}'
	run --separate-stderr -0 tc-fetch -o one ./feed.json
	run --separate-stderr -0 tc-fetch -o two --previous one --stats st ./feed.json
	[ "$(jq .complete st)" = 1 ]
	run --separate-stderr -0 tc-fetch --replay two ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr '\n' ' ')" = "a b2 c " ]
	[ "$(curl -s "$base/sandbox/requests" | jq -r 'select(.target == "/feed/a") | .status' | tr '\n' ' ')" = "200 304 " ]
	# the kept page is checked like any other
	sed -i 's/"a"/"x"/' two/0001.json
	run --separate-stderr -1 tc-fetch --previous two ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"two/0001.json is not the one that was captured: its SHA-256 differs"* ]]
}
