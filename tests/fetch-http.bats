# tc-fetch over HTTP, against scripted pages served by tc-sandbox on loopback.
load helper
load feedserver

@test "a cursor in the body goes into the query until it is null" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=a%26b","body":$(page b.example null)}
	{"path":"/feed/p","body":$(page a.example '"a&b"')}
	E
	serve s
	feed ',"pages":{"style":"cursor","next":"meta.next","query":"cursor"}'
	run --separate-stderr -0 tc-fetch --cursor cur ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr '\n' ' ')" = "a.example b.example " ]
	[[ $stderr == "tc-fetch: 2 pages, "* ]]
}

@test "a cursor that comes back, and the same page twice, end the run" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","body":$(page a.example '"same"')}
	E
	serve s
	feed ',"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -1 tc-fetch ./feed.json
	[[ $stderr == *"paging does not advance at page 2"* ]]
	[[ $stderr == *"reason=contract"* ]]
	[ "$(paths | wc -l)" -le 3 ]
}

@test "more without a cursor is an error" {
	echo '{"path":"/feed/p","body":{"data":[],"more":true}}' >s.ndjson
	serve s
	feed ',"pages":{"style":"cursor","next":"next","more":"more"}'
	run --separate-stderr -1 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"page 1 says there is more, but not where"* ]]
}

@test "a cursor the server has forgotten starts the run over, once" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=old","status":410,"body":"gone"}
	{"path":"/feed/p","query":"cursor=n2","body":$(page b.example null)}
	{"path":"/feed/p","body":$(page a.example '"n2"')}
	E
	serve s
	feed ',"pages":{"style":"cursor","next":"meta.next"}'
	echo '{"last_run":"2026-01-01T00:00:00Z","cursor":"old","ours":7}' >since
	run --separate-stderr -0 tc-fetch --since since --cursor cur ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr '\n' ' ')" = "a.example b.example " ]
	[ "$(grep -c 'starting over' <<<"$stderr")" = 1 ]
}

@test "page numbers end at a short page, offsets at the total" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","query":"page=1&per=2","body":{"data":[{"host":"a"},{"host":"b"}]}}
	{"path":"/feed/p","query":"page=2&per=2","body":{"data":[{"host":"c"}]}}
	{"path":"/feed/p","query":"offset=0","body":{"total":3,"data":[{"host":"x"},{"host":"y"}]}}
	{"path":"/feed/p","query":"offset=2","body":{"total":3,"data":[{"host":"z"}]}}
	E
	serve s
	feed ',"pages":{"style":"page","size":2,"size_query":"per"}'
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = abc ]
	feed ',"pages":{"style":"offset","size":2,"total":"total"}'
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = xyz ]
}

@test "next URLs in the body and Link headers are followed, on the same origin only" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","body":{"data":[{"host":"a"}],"next":"/feed/two?x=1"},"headers":{"Link":"<https://x.example/>; rel=\"prev\", </feed/three>; rel=\"last next\""}}
	{"path":"/feed/two","body":{"data":[{"host":"b"}],"next":null}}
	{"path":"/feed/three","body":{"data":[{"host":"c"}]}}
	E
	serve s
	feed ',"pages":{"style":"next","next":"next"}'
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = ab ]
	feed ',"pages":{"style":"link"}'
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = ac ]
}

@test "a next link or redirect to another origin is refused, and nothing reaches it" {
	echo '{"path":"/feed/x","body":"stolen"}' >other.ndjson
	serve other
	other=$base
	cat >s.ndjson <<-E
	{"path":"/feed/p","nth":1,"body":{"data":[],"next":"$other/feed/x"}}
	{"path":"/feed/p","nth":2,"redirect":"$other/feed/x"}
	{"path":"/feed/p","nth":3,"redirect":"/feed/q"}
	{"path":"/feed/q","body":{"data":[{"host":"moved"}]}}
	E
	serve s
	feed ',"headers":{"Authorization":"Bearer s3cr3t-token"},"pages":{"style":"next","next":"next"}'
	run --separate-stderr -1 tc-fetch ./feed.json
	[[ $stderr == *"refused $other/feed/x: only the configured origin is asked"* ]]
	feed ''
	run --separate-stderr -1 tc-fetch ./feed.json
	[[ $stderr == *"refused redirect to $other/feed/x"* ]]
	run --separate-stderr -0 tc-fetch ./feed.json
	[[ $output == *moved* ]]
	base=$other
	[ "$(paths | wc -l)" = 0 ]
}

@test "304 is not an empty feed: no page, and the cursor file says unchanged" {
	echo '{"path":"/feed/p","headers":{"ETag":"\"v1\""},"body":{"data":[{"host":"a"}]}}' >s.ndjson
	serve s
	feed ''
	run --separate-stderr -0 tc-fetch --cursor c1 ./feed.json
	[ "$(jq -r .etag c1)" = '"v1"' ]
	run --separate-stderr -0 tc-fetch --since c1 --cursor c2 --stats st ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"not modified since the last run"* ]]
	[ "$(jq -c '[.unchanged,.etag]' c2)" = '[true,"\"v1\""]' ]
	[ "$(jq .unchanged st)" = 1 ]
}

@test "a page that was cut is asked for again, and arrives once" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","nth":1,"body":{"data":[{"host":"a"},{"host":"b"}]},"cut":12}
	{"path":"/feed/p","nth":2,"status":503,"body":"later"}
	{"path":"/feed/p","body":{"data":[{"host":"a"},{"host":"b"}]}}
	E
	serve s
	feed ''
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(jq -c . <<<"$output")" = '{"data":[{"host":"a"},{"host":"b"}]}' ]
}

@test "a server that keeps cutting, and one that keeps failing: nothing on stdout, exit 1 temporary" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","body":{"data":[{"host":"a"},{"host":"b"}]},"cut":12}
	E
	serve s
	feed ',"tries":2'
	run --separate-stderr -1 tc-fetch --cursor cur ./feed.json
	[ -z "$output" ]
	[ ! -e cur ]
	[[ $stderr == *"reason=temporary"* ]]
}

@test "rejected credentials: one try, a message that names what to check" {
	echo '{"path":"/feed/p","status":403,"body":"no"}' >s.ndjson
	serve s
	feed ',"auth":{"type":"bearer","token":"{param:api_key}"}'
	echo '{"api_key":"MARKER-9f2c-secret"}' >params.json
	chmod 600 params.json
	run --separate-stderr -1 tc-fetch --params params.json --log-level trace -o cap ./feed.json
	[[ $stderr == *"the feed rejects the credentials (403"* ]]
	[[ $stderr == *"reason=auth"* ]]
	[ "$(paths | wc -l)" = 1 ]
	run ! grep -r MARKER-9f2c cap s.out s.err
	[[ $stderr != *MARKER-9f2c* ]]
}

@test "an unset credential parameter stops before anything is asked" {
	echo '{"path":"/feed/p","body":"x"}' >s.ndjson
	serve s
	feed ',"headers":{"X-Key":"{param:api_key}"}'
	run --separate-stderr -2 tc-fetch ./feed.json
	[[ $stderr == *"parameter api_key is not set"* ]]
	[ "$(paths | wc -l)" = 0 ]
}

@test "a login page with status 200 is an error that shows its beginning" {
	echo '{"path":"/feed/p","headers":{"Content-Type":"text/html"},"body":"<html>Please log in"}' >s.ndjson
	serve s
	feed ''
	run --separate-stderr -1 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *'page 1: expected JSON, got text/html "<html>Please log in"'* ]]
}

@test "Retry-After is honoured up to a limit" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","nth":1,"status":429,"headers":{"Retry-After":"1"},"body":"slow down"}
	{"path":"/feed/p","nth":2,"body":{"data":[]}}
	{"path":"/feed/p","nth":3,"status":429,"headers":{"Retry-After":"86400"},"body":"tomorrow"}
	E
	serve s
	feed ''
	run --separate-stderr -0 tc-fetch ./feed.json
	run --separate-stderr -1 tc-fetch ./feed.json
	[[ $stderr == *"asks to wait 86400 s"* ]]
	[[ $stderr == *"reason=temporary"* ]]
}

@test "windows of time step through a back-fill" {
	echo '{"path":"/feed/p","body":{"data":[]}}' >s.ndjson
	serve s
	feed ',"pages":{"style":"window","window":"1 day"}'
	sed -i 's|/feed/p"|/feed/p?from={from:date}\&to={to:date}"|' feed.json
	TC_NOW=2026-01-04T00:00:00Z run --separate-stderr -0 tc-fetch --last-run 2026-01-01 ./feed.json
	[ "$(paths | tr '\n' ' ')" = "/feed/p?from=2026-01-01&to=2026-01-02 /feed/p?from=2026-01-02&to=2026-01-03 /feed/p?from=2026-01-03&to=2026-01-04 " ]
}

@test "an index page leads to its newer entries" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","body":{"e1":{"timestamp":"1767225600"},"e2":{"timestamp":"1767484800"}}}
	{"path":"/feed/e2.json","body":{"data":[{"host":"new"}]}}
	E
	serve s
	feed ',"pages":{"style":"index","entries":"items(@)[?to_number([1].timestamp) > $last_run] | [*][0]","entry_url":"{entry}.json"}'
	run --separate-stderr -0 tc-fetch --last-run 2026-01-02 ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output")" = new ]
}

@test "TAXII: discovery, API root, collections, objects by more and next" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","headers":{"Content-Type":"application/taxii+json;version=2.1"},"body":{"title":"t","default":"/feed/root/","api_roots":["/feed/root/"]}}
	{"path":"/feed/root/collections/","body":{"collections":[{"id":"c1","title":"one","can_read":true},{"id":"c2","title":"two","can_read":false}]}}
	{"path":"/feed/root/collections/c1/objects/","query":"added_after=2026-01-01T00%3A00%3A00.000Z&next=n2","headers":{"X-TAXII-Date-Added-Last":"2026-01-03T00:00:00.000Z"},"body":{"more":false,"objects":[{"id":"b"}]}}
	{"path":"/feed/root/collections/c1/objects/","body":{"more":true,"next":"n2","objects":[{"id":"a"}]}}
	E
	serve s
	feed ',"pages":{"style":"taxii"}'
	run --separate-stderr -0 tc-fetch --last-run 2026-01-01 --cursor cur ./feed.json
	[ "$(jq -r '.objects[].id' <<<"$output" | tr -d '\n')" = ab ]
	[ "$(jq -r .last_run cur)" = 2026-01-03T00:00:00Z ]
	[[ $(paths) == *"objects/?added_after=2026-01-01T00%3A00%3A00.000Z"* ]]
}

@test "a page over the limit is refused while it arrives" {
	head -c 300000 /dev/zero | tr '\0' x >big
	echo '{"path":"/feed/p","body_file":"'"$PWD/big"'"}' >s.ndjson
	serve s
	feed ',"expect":"text","limits":{"page_bytes":100000}'
	run --separate-stderr -1 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"longer than the limit of 100000 bytes"* ]]
	[[ $stderr == *"reason=contract"* ]]
}

@test "nobody listens: host and reason, exit 1 temporary" {
	base=http://127.0.0.1:1
	feed ',"tries":1'
	sed -i 's|/feed/p|/feed/p?key=MARKER-77|' feed.json
	run --separate-stderr -1 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *127.0.0.1* && $stderr == *"reason=temporary"* ]]
	[[ $stderr != *MARKER-77* ]]
}

@test "--check says what the feed is" {
	echo '{"path":"/feed/p","headers":{"Content-Type":"application/json","X-RateLimit-Remaining":"9"},"body":{"data":[{"host":"a"},{"host":"b"}]}}' >s.ndjson
	serve s
	feed ''
	run --separate-stderr -0 tc-fetch --check ./feed.json
	[[ $output == *"answered 200"*"x-ratelimit-remaining: 9"*"pages: one request"*"records in the first page: 2"*"there is no next page"* ]]
}
