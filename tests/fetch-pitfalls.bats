# tc-fetch: what went wrong elsewhere and is tested in no other file: edges of pages, where a run's state stands, memory.
load helper
load feedserver

hosts_of() { jq -r '.data[].host' | sort -u | wc -l; }

@test "records of one instant over three pages, microseconds in their stamps: each once, the cursor a text that is handed back as it came" {
	for n in 2 1 0; do
		jq -nc --argjson n $n '"2026-01-01T00:00:00.123456+00:00|" as $at |
			{data: [range(100) | {host: "h\($n * 100 + .)", at: "2026-01-01T00:00:00.123456Z"}], next: (if $n == 2 then null else $at + "\($n + 1)" end)} as $page |
			{path: "/feed/p", body: ($page | tojson)} + if $n == 0 then {} else {query: "cursor=\($at + "\($n)" | @uri)"} end'
	done >s.ndjson
	serve s
	feed ',"pages":{"style":"cursor","next":"next"}'
	run --separate-stderr -0 tc-fetch --cursor cur ./feed.json
	[ "$(hosts_of <<<"$output")" -eq 300 ]
	[ "$(jq -s 'map(.data | length) | add' <<<"$output")" -eq 300 ]
}

@test "a server that gives other pages than were asked for, and in another order: all of them, once" {
	# asked for 100, it gives 3, 3 and 1
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","query":"offset=0*","body":{"total":7,"data":[{"host":"c"},{"host":"a"},{"host":"b"}]}}
	{"path":"/feed/p","query":"offset=3*","body":{"total":7,"data":[{"host":"g"},{"host":"d"},{"host":"f"}]}}
	{"path":"/feed/p","query":"offset=6*","body":{"total":7,"data":[{"host":"e"}]}}
	E
	serve s
	feed ',"pages":{"style":"offset","size":100,"size_query":"limit","total":"total"}'
	run --separate-stderr -0 tc-fetch --stats stats ./feed.json
	[ "$(hosts_of <<<"$output")" -eq 7 ]
	[ "$(jq -c '[.pages, .complete]' stats)" = '[3,1]' ]
}

@test "the cursor file: what it held stays when nothing came, members that are not ours survive, its second run looks back no more" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","nth":1,"times":3,"status":429,"body":"slow down"}
	{"path":"/feed/p","query":"cursor=n2","body":$(page b.example null)}
	{"path":"/feed/p","body":$(page a.example '"n2"')}
	E
	serve s
	feed ',"tries":1,"pages":{"style":"cursor","next":"meta.next"}'
	sed -i 's/"parse"/"delta":{"mode":"incremental"},"parse"/' feed.json
	echo '{"last_run":"2026-01-01T00:00:00Z","cursor":"n2","ours":7}' >cur
	before=$(sha256sum cur)
	for _ in 1 2 3; do run --separate-stderr -1 tc-fetch --since cur --cursor cur ./feed.json; done
	[ -z "$output" ]
	[ "$(sha256sum cur)" = "$before" ]
	run --separate-stderr -0 tc-fetch --since cur --cursor cur ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output")" = b.example ]
	[ "$(jq .ours cur)" = 7 ]
	[ "$(paths | sort -u)" = "/feed/p?cursor=n2" ]
}

@test "an endless 504 and a body of a byte a second end long before the run's deadline" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","status":504,"body":"gateway"}
	{"path":"/feed/slow","rate":1,"body":"{\"data\":[]}                                        "}
	E
	serve s
	feed ',"tries":2'
	start=$SECONDS
	run --separate-stderr -1 tc-fetch ./feed.json
	[[ $stderr == *"answered 504"*"reason=temporary"* ]]
	[ "$(paths | wc -l)" -eq 2 ]
	feed ',"tries":1,"low_speed":{"bytes":100,"seconds":2}'
	sed -i 's,/feed/p",/feed/slow",' feed.json
	run --separate-stderr -1 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"reason=temporary"* ]]
	[ $((SECONDS - start)) -lt 30 ]
}

@test "credentials stay at home: to another port and host by next, redirect and index entry, the other side sees no request at all" {
	echo '{"path":"/canary*","body":{"data":[]}}' >other.ndjson
	serve other
	other=$base
	for way in next redirect index; do
		case $way in
		next) printf '{"path":"/feed/p","body":{"data":[{"host":"a"}],"next":"%s/canary"}}\n' "$other" ;;
		redirect) printf '{"path":"/feed/p","status":307,"headers":{"Location":"%s/canary"}}\n' "$other" ;;
		index) printf '{"path":"/feed/p","body":{"list":["%s/canary"]}}\n' "$other" ;;
		esac >s.ndjson
		serve s
		feed ',"headers":{"Authorization":"Bearer {param:key}"}'"$(case $way in
			next) echo ',"pages":{"style":"next","next":"next"}' ;;
			index) echo ',"pages":{"style":"index","entries":"list","entry_url":"{entry}"}' ;;
			esac)"
		printf '{"key":"marker-key"}' >params
		chmod 600 params
		run --separate-stderr -1 tc-fetch --params params ./feed.json
		[[ $stderr == *"reason=contract"* ]] || { echo "$way: $stderr"; false; }
		[[ $stderr != *marker-key* ]]
	done
	! curl -s "$other/sandbox/requests" | grep -q canary
}

huge() { # huge BYTES FILE: a page of so many bytes
	{ printf '{"data":['; yes '{"host":"a.example.com","x":"0123456789012345678901234567890123456789"},' | head -c "$1" | sed '$d'; printf '{"host":"z"}]}'; } >"$2"
}

@test "a page of 200 MB goes through under an address-space limit, and in the memory of one of 2 MB" {
	sanitized && not_applicable "sanitizers map more"
	need_tool python3
	huge 200000000 big.json
	huge 2000000 small.json
	jq -nc --arg d "$PWD" '{path: "/feed/big", body_file: ($d + "/big.json")}, {path: "/feed/small", body_file: ($d + "/small.json")},
		{path: "/feed/none", body: {data: []}}' >s.ndjson
	serve s
	feed ''
	for size in none small big; do sed "s,/feed/p,/feed/$size," feed.json >$size.feed.json; done
	(ulimit -v 131072 && tc-fetch ./big.feed.json 2>err | cmp - <(cat big.json; echo)) || { cat err; false; }
	for size in none small big; do peak $size.kib tc-fetch ./$size.feed.json >/dev/null 2>&1; done
	peak start.kib tc-fetch -V >/dev/null
	# what the libraries map is there with a page of nothing
	[ $(($(<big.kib) - $(<none.kib))) -lt 6144 ]
	[ $(($(<big.kib) - $(<small.kib))) -lt 2048 ]
	[ $(($(<big.kib) - $(<start.kib))) -lt 16384 ]
}
