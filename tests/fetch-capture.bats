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

# --- attachments of groups ---

# reports FETCH-SECTION-REST: reports at $base/feed/p whose PDFs the page names
reports() {
	cat >feed.json <<-E
	{"id":"t","name":"T","fetch":{"url":"$base/feed/p"$1},"parse":{"format":"json","records":"data"},
	 "map":[{"object":{"type":"Report","name":{"path":"title"},"fileName":{"path":"pdf"},"xid":{"xid":["Report",{"path":"id"}]}}}]}
	E
}

sum_of() { printf %s "$1" | sha256sum | cut -d' ' -f1; }

@test "attachments: under their digest in the capture, before the page; relative addresses; the request is the feed's own" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","body":{"data":[{"id":1,"title":"One","pdf":"one.pdf"},{"id":2,"title":"Two","pdf":"two.pdf"},{"id":3,"title":"None"}]}}
	{"path":"/feed/files/one.pdf","headers":{"Content-Type":"application/pdf"},"body":"%PDF one"}
	{"path":"/feed/files/two.pdf","headers":{"Content-Type":"application/pdf"},"body":"%PDF two"}
	E
	serve s
	reports ',"headers":{"X-Key":"{param:key}","Accept":"application/json"},"method":"POST","body":{"q":"{param:key}"},
		"attachments":{"entries":"data[?pdf].{url: pdf, name: pdf}","entry_url":"files/{entry}","accept":"application/pdf"}'
	printf '{"key":"marker-key"}' >params; chmod 600 params
	run --separate-stderr -0 tc-fetch --params params --stats stats -o cap ./feed.json
	[ "$(ls cap/files | sort | paste -sd' ')" = "$(printf '%s\n' "$(sum_of '%PDF one')" "$(sum_of '%PDF two')" names.ndjson | sort | paste -sd' ')" ]
	[ "$(cat "cap/files/$(sum_of '%PDF one')")" = '%PDF one' ]
	[ "$(stat -c %a cap/files cap/files/* | sort -u | paste -sd' ')" = "600 700" ]
	[ "$(jq -c '[.files, .files_unchanged, .files_missing]' stats)" = '[2,0,0]' ]
	[ "$(curl -s "$base/sandbox/requests" | jq -r 'select(.target | startswith("/feed")) | .method + " " + .target' | paste -sd,)" = \
		"POST /feed/p,GET /feed/files/one.pdf,GET /feed/files/two.pdf" ]
	! grep -r marker-key cap
	# replayed, the capture is what it was: its attachments are no pages
	run --separate-stderr -0 tc-fetch --replay cap ./feed.json
	[ "$(jq -c '.data | length' <<<"$output")" = 3 ]
	# to stdout without a directory for them: not asked for
	run --separate-stderr -0 tc-fetch --params params ./feed.json
	[ "$(paths | grep -c files)" = 2 ]
}

@test "attachments: only the feed's own origin is asked; what is missing, no file or not what the feed says is left out and said" {
	echo '{"path":"/canary","body":"x"}' >other.ndjson
	serve other
	other=$base
	cat >s.ndjson <<-E
	{"path":"/feed/login","headers":{"Content-Type":"text/html"},"body":"<html>Please log in"}
	{"path":"/feed/empty","body":""}
	{"path":"/feed/liar","body":"not it"}
	{"path":"/feed/secret","status":403,"body":"no"}
	{"path":"/feed/away","status":302,"headers":{"Location":"$other/canary"}}
	{"path":"/feed/good","body":"good"}
	{"path":"/feed/a","body":"a"}
	{"path":"/feed/b","body":"b"}
	E
	{
		for url in "$other/canary" file:///etc/passwd gone login empty away secret good; do
			jq -nc --arg u "$url" '{url: $u, name: "\($u | sub(".*/"; "")).pdf"}'
		done
		jq -nc --arg d "$(sum_of it)" '{url: "liar", sha256: $d}, {url: "a", name: "same"}, {url: "b", name: "same"}, {title: "no url"}, 7'
	} | jq -sc '{path: "/feed/p", body: {data: .}}' >>s.ndjson
	serve s
	reports ',"attachments":{"entries":"data"},"tries":1'
	run --separate-stderr -0 tc-fetch --stats stats --files kept ./feed.json
	[ "$(jq -c '.data | length' <<<"$output")" = 13 ]
	[ "$(ls kept | grep -c -v names)" = 3 ]
	[ "$(cat "kept/$(sum_of good)")" = good ]
	[ "$(jq -c .files_missing stats)" = 10 ] || { cat stats; echo "$stderr"; false; }
	[[ $stderr == *'"canary.pdf" is left out: it lies elsewhere'* ]]
	[[ $stderr == *'"passwd.pdf" is left out: '* ]]
	[[ $stderr == *'"gone.pdf" is left out: the feed answers 404'* ]]
	[[ $stderr == *'"login.pdf" is left out: expected text, got text/html "<html>Please log in"'* ]]
	[[ $stderr == *'"empty.pdf" is left out: it is empty'* ]]
	[[ $stderr == *'"away.pdf" is left out: refused redirect'* ]]
	[[ $stderr == *'"liar" is left out: its bytes have another SHA-256'* ]]
	[[ $stderr == *'"same" is left out: the feed gives this name to several files'* ]]
	# a name for two files is none for both
	[ "$(jq -c 'select(.name == "same") | .sha256' kept/names.ndjson | tail -n 1)" = null ]
	! curl -s "$other/sandbox/requests" | grep -q canary
}

@test "attachments: not again: a digest the feed tells is not asked for, others only if they changed" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","body":{"data":[{"url":"a","name":"a.pdf"},{"url":"b","name":"b.pdf","sha256":"$(sum_of b | tr a-f A-F)"}]}}
	{"path":"/feed/a","headers":{"ETag":"\"1\""},"body":"a"}
	{"path":"/feed/b","body":"b"}
	E
	serve s
	reports ',"attachments":{"entries":"data"}'
	run -0 tc-fetch --files kept --stats stats ./feed.json
	[ "$(jq -c '[.files, .files_unchanged]' stats)" = '[2,0]' ]
	before=$(wc -l <kept/names.ndjson)
	# cut as a crash leaves it: what was whole still counts
	printf '{"name":"half' >>kept/names.ndjson
	touch -d '40 days ago' kept/*
	run -0 tc-fetch --files kept --stats stats ./feed.json
	[ "$(jq -c '[.files, .files_unchanged]' stats)" = '[0,2]' ] || { cat stats; paths; false; }
	[ "$(paths | grep -c /b)" = 1 ]
	# still listed, so not old
	[ -z "$(find kept -type f ! -name names.ndjson -mtime +30)" ]
	# the same file, gone: fetched anew
	rm "kept/$(sum_of a)"
	run -0 tc-fetch --files kept --stats stats ./feed.json
	[ "$(jq -c '[.files, .files_unchanged]' stats)" = '[1,1]' ]
	[ "$(wc -l <kept/names.ndjson)" -le $((before + 2)) ]
}

@test "attachments: names.ndjson is written anew once most of it is over, and only then" {
	printf '%s\n' '{"path":"/feed/p","body":{"data":[{"url":"a","name":"a.pdf"}]}}' \
		'{"path":"/feed/a","headers":{"ETag":"\"1\""},"body":"a"}' >s.ndjson
	serve s
	reports ',"attachments":{"entries":"data"}'
	run -0 tc-fetch --files kept ./feed.json
	cp kept/names.ndjson two
	[ "$(wc -l <two)" = 2 ]
	# a thousand earlier digests of the name, names whose file is gone, one that means several, and junk
	{
		seq 1000 | sed "s/.*/{\"name\":\"a.pdf\",\"sha256\":\"$(sum_of old)\"}/"
		seq 500 | sed "s/.*/{\"name\":\"gone&.pdf\",\"sha256\":\"$(sum_of gone)\"}/"
		echo '{"name":"several","sha256":null}'
		echo 'no JSON'
		cat two
	} >kept/names.ndjson
	run -0 tc-fetch --files kept --stats stats ./feed.json
	[ "$(jq -c '[.files, .files_unchanged]' stats)" = '[0,1]' ]
	diff <(sort two) <(sort kept/names.ndjson)
	[ "$(stat -c %a kept/names.ndjson)" = 600 ]
	[ "$(ls kept | wc -l)" = 2 ]
	# 1,100 names that all count stay as they are
	{
		seq 1100 | sed "s/.*/{\"name\":\"n&.pdf\",\"sha256\":\"$(sum_of a)\"}/"
		cat two
	} >kept/names.ndjson
	inode=$(stat -c %i kept/names.ndjson)
	run -0 tc-fetch --files kept --stats stats ./feed.json
	[ "$(stat -c %i kept/names.ndjson) $(wc -l <kept/names.ndjson)" = "$inode 1102" ]
	[ "$(jq -c '[.files, .files_unchanged]' stats)" = '[0,1]' ]
}

@test "attachments: a feed that goes away in the middle ends the run; a broken definition is told with its place" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","body":{"data":[{"url":"a"}]}}
	{"path":"/feed/a","cut":3,"body":"cut off here"}
	E
	serve s
	reports ',"tries":1,"attachments":{"entries":"data"}'
	run --separate-stderr -1 tc-fetch --files kept ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"page 1: an attachment: "*"reason=temporary"* ]] || { echo "$stderr"; false; }
	[ "$(ls kept)" = names.ndjson ]
	reports ',"attachments":{"entries":"data["}'
	run --separate-stderr -2 tc-fetch ./feed.json
	[[ $stderr == *"/fetch/attachments/entries"* ]]
	reports ',"expect":"any","attachments":{"entries":"data"}'
	run --separate-stderr -2 tc-fetch ./feed.json
	[[ $stderr == *"/fetch/attachments: only a page that is one JSON document names attachments"* ]]
}
