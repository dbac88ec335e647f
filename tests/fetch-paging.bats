# tc-fetch: how the styles of paging end, and how a run goes on where another stopped.
load helper
load feedserver

# incremental FETCH-SECTION-REST: as feed, for a feed that is read on from where it was left.
incremental() {
	feed "$1"
	jq -c '. + {delta: {mode: "incremental"}}' feed.json >feed.new
	mv feed.new feed.json
}

hosts() { jq -r '.data[].host' <<<"$output" | tr '\n' ' '; }

# windows: fetches as run.sh does, window by window, until nothing more is to come; $output holds all pages.
windows() {
	local all= n=0
	rm -f cur
	while :; do
		run --separate-stderr -0 tc-fetch --window ${since:+--since "$since"} --cursor cur "$@" ./feed.json
		all+=$output
		n=$((n + 1))
		[ "$(jq .more cur)" = true ] || break
		[ $n -lt 20 ]
		since=cur
	done
	output=$all
	rounds=$n
}

@test "the first page is short: the server may grant less than was asked for, so the next page is asked too" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","query":"page=1&per=1000","body":{"data":[{"host":"a"},{"host":"b"}]}}
	{"path":"/feed/p","query":"page=2&per=1000","body":{"data":[{"host":"c"},{"host":"d"}]}}
	{"path":"/feed/p","query":"page=3&per=1000","body":{"data":[{"host":"e"}]}}
	{"path":"/feed/p","query":"page=1&per=9","body":{"data":[{"host":"f"}]}}
	{"path":"/feed/p","query":"page=2&per=9","status":404,"body":"no such page"}
	{"path":"/feed/p","query":"page=*&per=8","body":{"data":[{"host":"g"}]}}
	E
	serve s
	feed ',"pages":{"style":"page","size":1000,"size_query":"per"}'
	run --separate-stderr -0 tc-fetch --stats st ./feed.json
	[ "$(hosts)" = "a b c d e " ]
	[ "$(jq .complete st)" = 1 ]
	# a number past the end may be refused, or answered with the last page
	feed ',"pages":{"style":"page","size":9,"size_query":"per"}'
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(hosts)" = "f " ]
	feed ',"pages":{"style":"page","size":8,"size_query":"per"}'
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(hosts)" = "g " ]
}

@test "fewer records than the feed's total: said, and the run is not the whole feed" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","query":"offset=0*","body":{"total":5,"data":[{"host":"a"},{"host":"b"}]}}
	{"path":"/feed/p","query":"offset=2*","body":{"total":5,"data":[]}}
	E
	serve s
	feed ',"pages":{"style":"offset","size":2,"total":"total"}'
	run --separate-stderr -0 tc-fetch --stats st ./feed.json
	[ "$(hosts)" = "a b " ]
	[[ $stderr == *"warning: the feed speaks of 5 records, but 2 came"* ]]
	[ "$(jq .complete st)" = 0 ]
}

@test "pages by number with more in the body; the number in a header or in the body" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","query":"page=1","body":{"data":[{"host":"a"}],"more":true}}
	{"path":"/feed/p","query":"page=2","body":{"data":[{"host":"b"}],"more":false}}
	{"path":"/feed/p","nth":1,"body":{"data":[{"host":"c"}],"more":true}}
	{"path":"/feed/p","nth":2,"body":{"data":[{"host":"d"}],"more":false}}
	E
	serve s
	feed ',"pages":{"style":"page","more":"more"}'
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(hosts)" = "a b " ]
	feed ',"pages":{"style":"page","more":"more","body":"p"},"body":{"q":"x"}'
	serve s
	feed ',"pages":{"style":"page","more":"more","body":"p"},"body":{"q":"x"}'
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(hosts)" = "c d " ]
}

@test "a cursor is sent in the body, in a header, or in a form, and holes in the body are filled" {
	python=$(command -v python3) || skip "missing tool python3"
	cat >echo.py <<-'P'
	import http.server, json, sys
	class H(http.server.BaseHTTPRequestHandler):
	    n = 0
	    def log_message(self, *a): pass
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
	        with open('seen', 'a') as f:
	            f.write('%s|%s|%s\n' % (self.headers['Content-Type'], self.headers.get('X-Cursor', '-'), body))
	        H.n += 1
	        out = json.dumps({'data': [{'host': 'h%d' % H.n}], 'next': 'c"%d' % H.n if H.n % 2 else None}).encode()
	        self.send_response(200)
	        self.send_header('Content-Length', str(len(out)))
	        self.end_headers()
	        self.wfile.write(out)
	s = http.server.HTTPServer(('127.0.0.1', 0), H)
	print(s.server_address[1], flush=True)
	s.serve_forever()
	P
	"$python" echo.py >port 3>&- & servers+=($!)
	for ((i = 0; i < 200; i++)); do [ -s port ] && break; sleep 0.05; done
	base=http://127.0.0.1:$(cat port)
	feed ',"pages":{"style":"cursor","next":"next","body":"after"},"body":{"since":"{last_run:date}"}'
	run --separate-stderr -0 tc-fetch --last-run 2026-01-02 ./feed.json
	feed ',"pages":{"style":"cursor","next":"next","header":"X-Cursor"},"body":{}'
	run --separate-stderr -0 tc-fetch ./feed.json
	feed ',"pages":{"style":"cursor","next":"next","body":"after"},"body":"since={last_run:http}"'
	run --separate-stderr -0 tc-fetch --last-run 2026-01-02 ./feed.json
	diff - seen <<-'E'
	application/json|-|{"since":"2026-01-02"}
	application/json|-|{"since":"2026-01-02","after":"c\"1"}
	application/json|-|{}
	application/json|c"3|{}
	application/x-www-form-urlencoded|-|since=Fri%2C%2002%20Jan%202026%2000%3A00%3A00%20GMT
	application/x-www-form-urlencoded|-|since=Fri%2C%2002%20Jan%202026%2000%3A00%3A00%20GMT&after=c%225
	E
}

@test "a snapshot that pages by cursor begins at its beginning each time; an incremental feed goes on" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","body":$(page b null)}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	serve s
	feed ',"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -0 tc-fetch --cursor cur ./feed.json
	[ "$(jq 'has("cursor")' cur)" = false ]
	incremental ',"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -0 tc-fetch --cursor cur ./feed.json
	[ "$(jq -r .cursor cur)" = 2 ]
	run --separate-stderr -0 tc-fetch --since cur --cursor cur2 ./feed.json
	[ "$(hosts)" = "b " ]
}

@test "windows of pages: every style goes on where it stopped, and no page is asked for twice" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","query":"cursor=2","body":{"data":[{"host":"b"}],"next":"3"}}
	{"path":"/feed/p","query":"cursor=3","body":{"data":[{"host":"c"}],"next":null}}
	{"path":"/feed/p","query":"page=1","body":{"data":[{"host":"a"}]}}
	{"path":"/feed/p","query":"page=2","body":{"data":[{"host":"b"}]}}
	{"path":"/feed/p","query":"page=3","body":{"data":[{"host":"c"}]}}
	{"path":"/feed/p","query":"page=4","body":{"data":[]}}
	{"path":"/feed/p","query":"offset=0","body":{"total":3,"data":[{"host":"a"}]}}
	{"path":"/feed/p","query":"offset=1","body":{"total":3,"data":[{"host":"b"}]}}
	{"path":"/feed/p","query":"offset=2","body":{"total":3,"data":[{"host":"c"}]}}
	{"path":"/feed/p","query":"from=*","body":{"data":[]}}
	{"path":"/feed/p","query":"n=2","body":{"data":[{"host":"b"}],"next":"/feed/p?n=3"},"headers":{"Link":"</feed/p?n=3>; rel=next"}}
	{"path":"/feed/p","query":"n=3","body":{"data":[{"host":"c"}],"next":null}}
	{"path":"/feed/p","query":"n=1","body":{"data":[{"host":"a"}],"next":"/feed/p?n=2"},"headers":{"Link":"</feed/p?n=2>; rel=next"}}
	{"path":"/feed/p","query":"i=1","body":{"entries":["a","b","c"]}}
	{"path":"/feed/a","body":{"data":[{"host":"a"}]}}
	{"path":"/feed/b","body":{"data":[{"host":"b"}]}}
	{"path":"/feed/c","body":{"data":[{"host":"c"}]}}
	{"path":"/feed/p","body":{"data":[{"host":"a"}],"next":"2"}}
	E
	serve s
	local style n=0
	while read -r query style; do
		since=
		incremental "$(printf ',"window_pages":1,"pages":%s' "$style")"
		sed -i "s|/feed/p\"|/feed/p${query#-}\"|" feed.json
		windows
		[ "$(hosts)" = "a b c " ] || { echo "$style: $(hosts)"; return 1; }
		[ "$rounds" -ge 3 ]
		[ "$(jq -c '[has("place"), has("more")]' cur)" = '[false,false]' ]
	done <<-'E'
	- {"style":"cursor","next":"next"}
	- {"style":"page"}
	- {"style":"offset","size":1,"total":"total"}
	?n=1 {"style":"next","next":"next"}
	?n=1 {"style":"link"}
	?i=1 {"style":"index","entries":"entries","entry_url":"{entry}"}
	E
	# each page was asked for once a style, the index once a window
	[ "$(paths | sort | uniq -c | sort -rn | awk '$1 > 2 { print $1, $2 }')" = "3 /feed/p?i=1" ]
	since=
	incremental ',"window_pages":2,"pages":{"style":"window","window":"1 day"}'
	sed -i 's|/feed/p"|/feed/p?from={from:date}"|' feed.json
	TC_NOW=2026-01-04T00:00:00Z windows --last-run 2026-01-01
	[ "$(paths | grep -c from=)" = 3 ]
}

@test "a snapshot is never cut into windows" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","body":$(page b null)}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	serve s
	feed ',"window_pages":1,"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -0 tc-fetch --window --cursor cur ./feed.json
	[ "$(hosts)" = "a b " ]
	[ "$(jq 'has("more")' cur)" = false ]
}

@test "windows of a TAXII server: collection and next are kept; the mark is the oldest that is safe" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/r/","body":{"title":"root","versions":["application/taxii+json;version=2.1"],"max_content_length":1000}}
	{"path":"/feed/r/collections/","body":{"collections":[{"id":"c1"},{"id":"c2"}]}}
	{"path":"/feed/r/collections/c1/objects/","query":"*next=n%2F2","headers":{"X-TAXII-Date-Added-Last":"2026-01-03T00:00:00.000Z"},"body":{"more":false,"objects":[{"id":"b"}]}}
	{"path":"/feed/r/collections/c1/objects/","body":{"more":true,"next":"n\/2","objects":[{"id":"a"}]}}
	{"path":"/feed/r/collections/c2/objects/","headers":{"X-TAXII-Date-Added-Last":"2099-01-01T00:00:00.000Z"},"body":{"more":false,"objects":[{"id":"c"}]}}
	E
	serve s
	incremental ',"window_pages":1,"pages":{"style":"taxii"}'
	sed -i 's|/feed/p|/feed/r/|' feed.json
	since=
	windows --last-run 2026-01-01
	[ "$(jq -r '.objects[].id' <<<"$output" | tr -d '\n')" = abc ]
	[ "$rounds" = 3 ]
	# what came to c1 while c2 was read is newer than the run's beginning, not than 2099
	[[ $(jq -r .last_run cur) != 2099* ]]
	[ "$(paths | grep -c 'c1/objects/?added_after=2026-01-01T00%3A00%3A00.000Z$')" = 1 ]
}

@test "a place that the server has forgotten: read on from the last run, once" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","query":"n=2","status":404,"body":"gone"}
	{"path":"/feed/p","query":"n=3","body":{"data":[{"host":"c"}],"next":null}}
	{"path":"/feed/p","body":{"data":[{"host":"a"}],"next":"/feed/p?n=3"}}
	E
	serve s
	incremental ',"pages":{"style":"next","next":"next"}'
	printf '{"last_run":"2026-01-01T00:00:00Z","more":true,"place":{"next":"%s/feed/p?n=2"}}' "$base" >since
	run --separate-stderr -0 tc-fetch --window --since since --cursor cur ./feed.json
	[ "$(hosts)" = "a c " ]
	[ "$(grep -c 'starting over from its last run, once' <<<"$stderr")" = 1 ]
}

@test "a cursor refused in the middle: back to the last kept one, not to zero; a second refusal ends it" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=3","nth":1,"status":410,"body":"gone"}
	{"path":"/feed/p","query":"cursor=3","body":$(page c null)}
	{"path":"/feed/p","query":"cursor=2","body":$(page b '"3"')}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	serve s
	incremental ',"pages":{"style":"cursor","next":"meta.next"}'
	echo '{"last_run":"2026-01-01T00:00:00Z","cursor":"2"}' >since
	run --separate-stderr -0 tc-fetch --since since --cursor cur ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | sort -u | tr '\n' ' ')" = "b c " ]
	[ "$(grep -c 'starting over from its last kept one' <<<"$stderr")" = 1 ]
	[ "$(paths | grep -c 'feed/p$')" = 0 ]
	sed -i '1s/"nth":1,//' s.ndjson
	serve s
	incremental ',"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -1 tc-fetch --since since ./feed.json
	[[ $stderr == *"the feed answered 410"*"reason=contract"* ]]
}
