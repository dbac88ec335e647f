# tc-fetch without a network: files, standard input, captures. The network is in fetch-http.bats.
load helper

setup() {
	common_setup
	cat >feed.json <<-E
	{"id":"t","name":"T","fetch":{"url":"$PWD/in.csv"},"parse":{"format":"csv"},
	 "map":[{"object":{"type":"Host","summary":{"path":"host"}}}]}
	E
	printf 'host\na.example\nb.example' >in.csv
}

json_feed() {
	cat >json.json <<-E
	{"id":"j","name":"J","fetch":{"url":"$1"},"parse":{"format":"json","records":"data"},
	 "map":[{"object":{"type":"Host","summary":{"path":"host"}}}]}
	E
}

@test "a file goes to stdout as it is, with the newline it lacks" {
	tc-fetch ./feed.json >out 2>err
	printf 'host\na.example\nb.example\n' | cmp - out
	[ "$(cat err)" = "tc-fetch: 1 page, 24 bytes" ]
}

@test "standard input is a source" {
	sed -i 's|"url":"[^"]*"|"url":"-"|' feed.json
	printf 'host\nc.example\n' | tc-fetch ./feed.json >out
	printf 'host\nc.example\n' | cmp - out
}

@test "file:// is a source, several addresses are pages in their order" {
	printf 'host\nz.example\n' >two.csv
	sed -i "s|\"url\":\"[^\"]*\"|\"urls\":[\"file://$PWD/two.csv\",\"$PWD/in.csv\"]|" feed.json
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$output" = $'host\nz.example\nhost\na.example\nb.example' ]
}

@test "a missing file is named" {
	rm in.csv
	run --separate-stderr -2 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"cannot open $PWD/in.csv: No such file or directory"* ]]
}

@test "no argument at all, unknown options and definitions: exit 2 and what to do" {
	run --separate-stderr -2 tc-fetch
	[[ $stderr == *"which FEED?"*"usage: tc-fetch"* ]]
	run --separate-stderr -2 tc-fetch --no-such-option x
	[[ $stderr == *"usage: tc-fetch"* ]]
	run --separate-stderr -2 tc-fetch ./nothere.json
	[ -z "$output" ]
	[[ $stderr == *nothere.json* ]]
	run --separate-stderr -2 tc-fetch --check -o x ./feed.json
	[[ $stderr == *"--check asks the feed itself"* ]]
}

@test "the fetch section is checked whole: file, pointer, reason" {
	while IFS='|' read -r section want; do
		printf '{"id":"t","name":"T","fetch":%s,"map":[{"object":{"type":"Host","summary":"a.b"}}]}' "$section" >bad.json
		run --separate-stderr -2 tc-fetch ./bad.json
		[ -z "$output" ]
		[[ $stderr == *"bad.json: $want"* ]] || { echo "$section: $stderr"; return 1; }
	done <<-'E'
	{}|/fetch: one of url and urls has to be there
	{"url":"gopher://x/"}|/fetch/url: only https, http and file addresses are fetched
	{"url":"https://h/?s={since}"}|/fetch/url: unknown hole {since}
	{"url":"https://h/?s={last_run:julian}"}|/fetch/url: {last_run:julian}: the form is one of
	{"url":"https://h/","headers":{"X Y":"1"}}|/fetch/headers/X Y: this is no header name
	{"url":"https://h/","method":"PUT"}|/fetch/method: the method is GET or POST
	{"url":"https://h/","pages":{"style":"cursor"}}|/fetch/pages: style cursor needs the member next
	{"url":"https://h/","pages":{"style":"cursor","next":"a.["}}|/fetch/pages/next: 
	{"url":"https://h/","pages":{"style":"spiral"}}|/fetch/pages/style: one of none, page
	{"url":"https://h/","auth":{"type":"basic","user":"x"}}|/fetch/auth: basic needs the member password
	{"url":"https://h/","unpack":"rar"}|/fetch/unpack: one of auto, none, gzip
	{"url":"https://h/","first_run":"when the moon is full"}|/fetch/first_run: 
	{"url":"https://h/","tries":99}|/fetch: window_pages, max_requests and tries
	E
}

@test "a login page is no feed, whatever its name" {
	printf '\n<!DOCTYPE html><html><title>Just a moment...</title>' >in.csv
	run --separate-stderr -1 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *'expected text, got something else "<!DOCTYPE html><html><title>Just a momen"'* ]]
	[[ $stderr == *"reason=contract"* ]]
}

@test "JSON that is cut does not reach stdout" {
	json_feed "$PWD/in.json"
	printf '{"data":[{"host":"a.example"},{"ho' >in.json
	run --separate-stderr -1 tc-fetch ./json.json
	[ -z "$output" ]
	[[ $stderr == *"not complete: unterminated document after 34 bytes"* ]]
	printf '{"data":[{"host":"a]}\\"example"}]}' >in.json
	run --separate-stderr -0 tc-fetch ./json.json
	printf 'plain text' >in.json
	run --separate-stderr -1 tc-fetch ./json.json
	[ -z "$output" ]
	[[ $stderr == *'expected JSON, got something else "plain text"'* ]]
}

@test "gzip, zstd, xz, zip with the usual password and tar are unpacked" {
	need_tool gzip; need_tool zip; need_tool xz
	gzip -c in.csv >p.gz
	xz -c in.csv >p.xz
	zip -q -P infected p.zip in.csv
	tar cf p.tar in.csv
	for p in p.gz p.xz p.zip p.tar; do
		sed -i "s|\"url\":\"[^\"]*\"|\"url\":\"$PWD/$p\"|" feed.json
		tc-fetch ./feed.json >out 2>err
		printf 'host\na.example\nb.example\n' | cmp - out || { echo "$p"; return 1; }
	done
}

@test "bytes behind a gzip, a cut one and a bomb are errors, with nothing on stdout" {
	gzip -c in.csv >a.gz
	{ cat a.gz; echo; cat a.gz; } >tail.gz
	head -c 20 a.gz >cut.gz
	yes | head -c 3000000 | gzip >bomb.gz
	sed -i 's|"parse"|"x"|; s|"x":{"format":"csv"}|"parse":{"format":"csv"}|; s|"fetch":{|"fetch":{"limits":{"page_bytes":1000000},|' feed.json
	while IFS='|' read -r file want; do
		sed -i "s|\"url\":\"[^\"]*\"|\"url\":\"$PWD/$file\"|" feed.json
		run --separate-stderr -1 tc-fetch ./feed.json
		[ -z "$output" ]
		[[ $stderr == *"$want"* ]] || { echo "$file: $stderr"; return 1; }
	done <<-'E'
	tail.gz|bytes behind its end
	cut.gz|bad gzip
	bomb.gz|decoded size over limit
	E
}

@test "a capture is replayed byte for byte, and is one: 0600, digests, an end record" {
	tc-fetch ./feed.json >direct 2>/dev/null
	tc-fetch -o cap ./feed.json >nothing 2>/dev/null
	[ ! -s nothing ]
	tc-fetch --replay cap ./feed.json >again 2>/dev/null
	cmp direct again
	[ "$(stat -c %a cap cap/0001.csv cap/pages.ndjson | tr '\n' ' ')" = "700 600 600 " ]
	[ "$(jq -r .sha256 cap/pages.ndjson | head -1)" = "$(sha256sum <cap/0001.csv | cut -d' ' -f1)" ]
	[ "$(tail -n 1 cap/pages.ndjson)" = '{"end":true,"pages":1}' ]
}

@test "a second capture into the same directory is refused" {
	tc-fetch -o cap ./feed.json 2>/dev/null
	cp cap/pages.ndjson before
	run --separate-stderr -2 tc-fetch -o cap ./feed.json
	[[ $stderr == *"cap already holds a capture"* ]]
	cmp before cap/pages.ndjson
}

@test "a cut or altered capture is not replayed as a whole one" {
	tc-fetch -o cap ./feed.json 2>/dev/null
	cp -r cap cut; sed -i '$d' cut/pages.ndjson
	run --separate-stderr -1 tc-fetch --replay cut ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"capture cut was cut: pages.ndjson has no end record after 1 page"* ]]
	cp -r cap bad; sed -i 's/a.example/x.example/' bad/0001.csv
	run --separate-stderr -1 tc-fetch --replay bad ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"its SHA-256 differs"* ]]
	cp -r cap evil; sed -i 's|"file":"0001.csv"|"file":"../in.csv"|' evil/pages.ndjson
	run --separate-stderr -1 tc-fetch --replay evil ./feed.json
	[[ $stderr == *"no page file is named"* ]]
}

@test "a directory made by hand is read in name order and is not known to be complete" {
	mkdir hand
	printf 'host\nb.example\n' >hand/2.csv
	printf 'host\na.example\n' >hand/1.csv
	run --separate-stderr -0 tc-fetch --replay hand --stats st ./feed.json
	[ "$output" = $'host\na.example\nhost\nb.example' ]
	[ "$(jq .complete st)" = 0 ]
	tc-fetch ./feed.json hand/2.csv >out 2>/dev/null
	printf 'host\nb.example\n' | cmp - out
}

@test "files on the command line: standard input among them, and what cannot be opened is called what it is" {
	printf 'host\na.example\n' >1.csv
	run --separate-stderr -0 tc-fetch --stats st ./feed.json 1.csv - <<<$'host\nb.example'
	[ "$output" = $'host\na.example\nhost\nb.example' ]
	[ "$(jq -c '[.pages, .complete]' st)" = '[2,0]' ]
	run --separate-stderr -2 tc-fetch ./feed.json 1.csv nofile
	[[ $stderr == *"tc-fetch: error: cannot open nofile: No such file or directory"* ]]
	mkdir nothing
	run --separate-stderr -2 tc-fetch --replay nothing ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"tc-fetch: error: directory nothing holds no pages"* ]]
}

@test "a full disk and a reader that went away are said, with exit 1" {
	[ -e /dev/full ] || skip "no /dev/full"
	run --separate-stderr -1 bash -c 'tc-fetch ./feed.json >/dev/full'
	[[ $stderr == *"cannot write standard output: No space left on device"* ]]
	yes host.example | head -c 3000000 >in.csv
	run --separate-stderr -0 bash -c '{ tc-fetch ./feed.json; echo $? >code; } 2>err | head -n 1 >/dev/null; cat code err'
	[[ $output == 1*"the reader of standard output went away"* ]]
}

@test "the cursor file says where the run came to; a broken one stops the next" {
	TC_NOW=2026-01-02T03:04:05Z tc-fetch --cursor cur ./feed.json >/dev/null 2>&1
	[ "$(jq -c . cur)" = '{"last_run":"2026-01-02T03:04:05Z"}' ]
	printf '{"last_run":' >cur
	run --separate-stderr -1 tc-fetch --since cur ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"cannot read the feed's last position in cur"* ]]
	run --separate-stderr -2 tc-fetch --last-run 'some day' ./feed.json
	[[ $stderr == *"--last-run"* ]]
}
