# tc-fetch against servers, proxies and middle boxes that misbehave: nothing on stdout of a page that did not arrive whole,
# a message that names page, host and reason, and the cursor left where it was.
load helper
load feedserver

# fails REASON TEXT: one run that must end with exit 1, say TEXT, and leave neither output nor a cursor.
fails() {
	run --separate-stderr -1 tc-fetch ${params:+--params "$params"} --cursor cur ./feed.json
	[ -z "$output" ] && [ ! -e cur ] && [[ $stderr == *"$2"* ]] && [[ $stderr == *"reason=$1"* ]] ||
		{ printf '%s\n' "wanted $1: $2" "$stderr"; return 1; }
}

setup() {
	common_setup
	servers=()
	params=
}

@test "a body that is cut, in each way there is: tried again, then temporary; nothing on stdout" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/short","raw":"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n{\"data\":[],\"x"}
	{"path":"/feed/chunked","body":{"data":[{"host":"a"}]},"chunked":true,"cut":10}
	{"path":"/feed/reset","body":{"data":[{"host":"a"}]},"cut":10,"reset":true}
	{"path":"/feed/silent","cut":"before"}
	E
	serve s
	for kind in short chunked reset silent; do
		feed ',"tries":2'
		sed -i "s|/feed/p|/feed/$kind|" feed.json
		fails temporary "page 1: $base/feed/$kind: "
		[ "$(paths | grep -c "$kind")" = 2 ]
	done
}

@test "a close-delimited body that ends inside its document is no whole page" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","raw":"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"data\":[{\"host\":\"a\"},{\"ho"}
	E
	serve s
	feed ''
	fails contract 'page 1: not complete: unterminated document after 26 bytes'
}

@test "a reset in page 2 and then a whole answer: stdout equals that of a run without the fault" {
	cat >good.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","body":$(page b null)}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	{
		printf '{"path":"/feed/p","query":"cursor=2","nth":1,"body":%s,"cut":9,"reset":true}\n' "$(page b null)"
		cat good.ndjson
	} >bad.ndjson
	for name in good bad; do
		serve $name
		feed ',"pages":{"style":"cursor","next":"meta.next"}'
		tc-fetch ./feed.json >$name.pages 2>$name.log
	done
	cmp good.pages bad.pages
	grep -q 'trying again' bad.log
}

@test "headers that never end, or are too many, and answers that are no HTTP" {
	big=$(printf 'X-Filler: %02000d\\r\\n%.0s' {1..80})
	cat >s.ndjson <<-E
	{"path":"/feed/endless","raw":"HTTP/1.1 200 OK\r\nX-A: 1\r\n","hold":true}
	{"path":"/feed/many","raw":"HTTP/1.1 200 OK\r\n$big\r\n{}"}
	{"path":"/feed/ssh","raw":"SSH-2.0-OpenSSH_9.2\r\n"}
	E
	serve s
	feed ',"tries":1,"low_speed":{"bytes":100,"seconds":1}'
	sed -i "s|/feed/p|/feed/endless|" feed.json
	fails temporary "page 1: $base/feed/endless: "
	sed -i "s|/feed/endless|/feed/many|" feed.json
	fails contract 'headers longer than 65536 bytes'
	sed -i "s|/feed/many|/feed/ssh|" feed.json
	run --separate-stderr -1 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"page 1: $base/feed/ssh: "* ]]
}

@test "hosts that cannot be reached: host and reason, never the query" {
	base=http://127.0.0.1:1
	feed ',"tries":1'
	sed -i 's|/feed/p|/feed/p?k=MARKER-5|' feed.json
	fails temporary 'page 1: http://127.0.0.1:1/feed/p: '
	[[ $stderr != *MARKER-5* ]]
	sed -i 's|127.0.0.1:1|does-not-exist.invalid|; s|http:|https:|' feed.json
	fails temporary 'page 1: https://does-not-exist.invalid/feed/p: '
	[[ $stderr != *MARKER-5* ]]
}

@test "TLS: a private authority with and without ca_file, expired, wrong name, older than 1.2, no TLS at all" {
	need_tool openssl
	echo '{"path":"/feed/p","body":{"data":[{"host":"a"}]}}' >s.ndjson
	serve s --tls --ca-file ca.pem
	feed ',"tries":1'
	fails auth 'TLS verification failed: '
	[[ $stderr == *"a private authority's certificate goes into ca_file"* ]]
	feed ',"ca_file":"'"$PWD/ca.pem"'"'
	run --separate-stderr -0 tc-fetch ./feed.json
	[[ $output == *'"a"'* ]]
	(umask 077; printf '{"ca_file":"%s"}' "$PWD/ca.pem" >params.json)
	feed ''
	run --separate-stderr -0 tc-fetch --params params.json ./feed.json
	for kind in expired wrong-name; do
		cp s.ndjson $kind.ndjson
		serve $kind --tls=$kind --ca-file $kind.pem
		feed ',"tries":1,"ca_file":"'"$PWD/$kind.pem"'"'
		fails auth 'TLS verification failed: '
	done
	feed ',"tries":1,"ca_file":"/nowhere.pem"'
	run --separate-stderr -2 tc-fetch ./feed.json
	[[ $stderr == *nowhere.pem* ]]
	serve s
	base=${base/http:/https:}
	feed ',"tries":1'
	# the server's answer in clear text, which its reset may overtake now and then
	for i in 1 2 3 4 5 6; do
		run ! tc-fetch ./feed.json
		[[ $output == *'the TLS handshake was broken off'*reason=temporary* ]] || break
	done
	[[ $output == *'what answers there does not speak TLS'*reason=contract* ]]
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=old -addext subjectAltName=IP:127.0.0.1 -keyout k -out c 2>/dev/null
	port=$((20000 + RANDOM % 20000))
	openssl s_server -accept "127.0.0.1:$port" -key k -cert c -tls1_1 -cipher 'ALL:@SECLEVEL=0' -quiet </dev/null >/dev/null 2>old.err 3>&- &
	servers+=($!)
	sleep 0.5
	if kill -0 $! 2>/dev/null; then
		base=https://127.0.0.1:$port
		feed ',"tries":1,"ca_file":"'"$PWD/c"'"'
		run --separate-stderr -1 tc-fetch ./feed.json
		[ -z "$output" ]
		[[ $stderr == *"TLS"* ]]
	fi
}

@test "the proxy for feeds: used for everything when told, never the environment's; its faults are named as its own" {
	command -v python3 >/dev/null || skip "missing tool python3"
	cat >proxy.py <<-'P'
	import http.server, select, socket
	class P(http.server.BaseHTTPRequestHandler):
	    def log_message(self, *a): pass
	    def do_CONNECT(self):
	        auth = self.headers.get('Proxy-Authorization', '-')
	        with open('seen', 'a') as f: f.write('%s %s\n' % (self.path.split(':')[0], auth))
	        if auth == 'Basic ' + 'aHRtbDpodG1s':
	            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>blocked</html>'); self.close_connection = True; return
	        if auth != 'Basic dTpww6Rzcw==':
	            self.send_response(407); self.send_header('Content-Length', '0'); self.end_headers(); return
	        h, p = self.path.split(':')
	        up = socket.create_connection((h, int(p)))
	        self.wfile.write(b'HTTP/1.1 200 Connected\r\n\r\n')
	        pair = [self.connection, up]
	        while True:
	            r, _, _ = select.select(pair, [], [], 10)
	            if not r: break
	            d = r[0].recv(65536)
	            if not d: break
	            (up if r[0] is self.connection else self.connection).sendall(d)
	        self.close_connection = True
	s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), P)
	print(s.server_address[1], flush=True)
	s.serve_forever()
	P
	python3 proxy.py >port 2>proxy.err 3>&- &
	servers+=($!)
	for ((i = 0; i < 200; i++)); do [ -s port ] && break; sleep 0.05; done
	export http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","body":$(page b null)}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	serve s --tls --ca-file ca.pem
	feed ',"tries":1,"ca_file":"'"$PWD/ca.pem"'","pages":{"style":"cursor","next":"meta.next"}'
	with() { rm -f params.json; (umask 077; jq -n --argjson p "$1" '{tc_proxy_external: true, tc_proxy_host: "127.0.0.1", tc_proxy_port: $p, tc_proxy_username: $ARGS.positional[0], tc_proxy_password: $ARGS.positional[1]}' --args "$2" "$3" >params.json); params=params.json; }
	# not told: direct, whatever the environment says
	run --separate-stderr -0 tc-fetch ./feed.json
	[ ! -e seen ]
	with "$(cat port)" u 'päss'
	run --separate-stderr -0 tc-fetch --params params.json --log-level trace ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = ab ]
	[ "$(sort -u seen)" = '127.0.0.1 Basic dTpww6Rzcw==' ]
	[[ $stderr != *päss* ]]
	with "$(cat port)" u wrong
	fails auth "proxy 127.0.0.1:$(cat port) rejects its credentials (407)"
	with "$(cat port)" html html
	run --separate-stderr -1 tc-fetch --params params.json ./feed.json
	[ -z "$output" ]
	with 1 u 'päss'
	fails temporary 'page 1: '
}

@test "a server that fails for a while is asked again; one that fails for ever is not, for long" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","nth":1,"status":500,"body":"a"}
	{"path":"/feed/p","nth":2,"status":502,"body":"b"}
	{"path":"/feed/p","nth":3,"status":504,"body":"c"}
	{"path":"/feed/p","nth":4,"body":{"data":[]}}
	{"path":"/feed/p","status":503,"body":"<b>busy\u001b[31m</b>"}
	E
	serve s
	feed ''
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(paths | wc -l)" = 4 ]
	feed ',"tries":2'
	fails temporary "page 1: the feed answered 503 from $base/feed/p after 2 tries: "
	[[ $stderr != *$'\033'* ]]
	[ "$(paths | wc -l)" = 6 ]
}

@test "401: one try, no storm" {
	echo '{"path":"/feed/p","status":401,"body":"no"}' >s.ndjson
	serve s
	feed ''
	fails auth 'page 1: the feed rejects the credentials (401'
	[ "$(paths | wc -l)" = 1 ]
}

@test "login and challenge pages with status 200, whatever they call themselves" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/a","headers":{"Content-Type":"text/html"},"body":"\n <!doctype html><title>Just a moment...</title>"}
	{"path":"/feed/b","headers":{"Content-Type":"application/json"},"body":"<html><body>Sign in"}
	{"path":"/feed/c","headers":{"Content-Type":"application/json"},"body":"Please enable JavaScript"}
	E
	serve s
	while IFS='|' read -r path want; do
		feed ''
		sed -i "s|/feed/p|/feed/$path|" feed.json
		fails contract "page 1: expected JSON, got $want"
	done <<-'E'
	a|text/html "<!doctype html>
	b|application/json "<html><body>Sign in"
	c|application/json "Please enable JavaScript"
	E
}

@test "the page that fails is named by its number, and what came before it is all there is" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","headers":{"Content-Type":"text/html"},"body":"<html>oops"}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	serve s
	feed ',"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -1 tc-fetch --cursor cur ./feed.json
	[ "$output" = "$(page a '"2"')" ]
	[ ! -e cur ]
	[[ $stderr == *'page 2: expected JSON, got text/html "<html>oops"'* ]]
}

@test "redirects: to http, to another port, to a private address, in a circle, without a place, too many" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/private","redirect":"http://10.0.0.1/x"}
	{"path":"/feed/port","redirect":"http://127.0.0.1:1/x"}
	{"path":"/feed/file","redirect":"file:///etc/passwd"}
	{"path":"/feed/user","redirect":"http://me:pw@127.0.0.1/x"}
	{"path":"/feed/none","status":302,"body":""}
	{"path":"/feed/circle","redirect":"/feed/circle"}
	{"path":"/feed/two","redirect":"two?x=1"}
	E
	serve s
	while IFS='|' read -r path want; do
		feed ''
		sed -i "s|/feed/p|/feed/$path|" feed.json
		fails contract "page 1: $want"
	done <<-'E'
	private|refused redirect to http://10.0.0.1/x: only the configured origin is asked
	port|refused redirect to http://127.0.0.1:1/x: only the configured origin is asked
	file|
	user|
	none|the feed answered 302 without a Location
	circle|the feed redirects more than 5 times
	E
}

@test "compressed on the wire: gzip is decoded; a bomb, cut and damaged data and a stack of encodings end the run" {
	need_tool gzip
	printf '{"data":[{"host":"a.example"}]}' | gzip >ok.gz
	head -c 30 ok.gz >cut.gz
	{ head -c 20 ok.gz; printf 'XXXXXXXXXXXXXXXXX'; } >bad.gz
	{ printf '{"data":["'; head -c 60000000 /dev/zero | tr '\0' a; printf '"]}'; } | gzip >bomb.gz
	stack=$(printf 'gzip, %.0s' {1..19})gzip
	for f in ok cut bad bomb; do
		printf '{"path":"/feed/%s","headers":{"Content-Encoding":"gzip","Content-Type":"application/json"},"body_file":"%s"}\n' "$f" "$PWD/$f.gz"
	done >s.ndjson
	printf '{"path":"/feed/stack","headers":{"Content-Encoding":"%s"},"body_file":"%s"}\n' "$stack" "$PWD/ok.gz" >>s.ndjson
	serve s
	feed ',"tries":1,"limits":{"page_bytes":10000000}'
	cp feed.json f.json
	sed "s|/feed/p|/feed/ok|" f.json >feed.json
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$output" = '{"data":[{"host":"a.example"}]}' ]
	sed "s|/feed/p|/feed/bomb|" f.json >feed.json
	fails contract 'page 1: '
	[[ $stderr == *"longer than the limit of 10000000 bytes"* ]]
	sed "s|/feed/p|/feed/stack|" f.json >feed.json
	fails contract 'page 1: '
	for f in cut bad; do
		sed "s|/feed/p|/feed/$f|" f.json >feed.json
		run --separate-stderr -1 tc-fetch ./feed.json
		[ -z "$output" ]
	done
}

@test "killed in mid-page: no page, no end record; the next run goes on with the capture" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","nth":1,"body":$(page b null),"cut":5,"hold":true}
	{"path":"/feed/p","query":"cursor=2","body":$(page b null)}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	serve s
	feed ',"pages":{"style":"cursor","next":"meta.next"}'
	tc-fetch -o cap --cursor cur ./feed.json 2>err 3>&- &
	pid=$!
	for ((i = 0; i < 200; i++)); do grep -q cursor=2 s.err && break; sleep 0.05; done
	kill -9 $pid
	wait $pid || true
	[ ! -e cur ]
	run --separate-stderr -1 tc-fetch --replay cap ./feed.json
	run --separate-stderr -0 tc-fetch -o cap --cursor cur ./feed.json
	run --separate-stderr -0 tc-fetch --replay cap ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = ab ]
	# SIGTERM ends a transfer soon, with what was whole
	sed -i '2d' s.ndjson; sed -i 's/"nth":1,//' s.ndjson
	serve s
	feed ',"pages":{"style":"cursor","next":"meta.next"}'
	tc-fetch ./feed.json >out 2>err 3>&- &
	pid=$!
	for ((i = 0; i < 200; i++)); do grep -q cursor=2 s.err && break; sleep 0.05; done
	kill $pid
	code=0; wait $pid || code=$?
	[ "$code" = 1 ]
	grep -q 'stopped by a signal' err
}
