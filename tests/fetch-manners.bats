# tc-fetch: budgets, deadlines, rate limits, credentials, what is asked again.
load helper
load feedserver

incremental() {
	feed "$1"
	jq -c '. + {delta: {mode: "incremental"}}' feed.json >feed.new
	mv feed.new feed.json
}

params() { # params JSON: into params.json, 0600
	rm -f params.json
	(umask 077; printf '%s\n' "$1" >params.json)
}

# a server that writes what it is asked to "seen": METHOD TARGET AUTHORIZATION
stub() {
	command -v python3 >/dev/null || skip "missing tool python3"
	cat >stub.py <<-'P'
	import base64, http.server, json, ssl, sys, time
	class H(http.server.BaseHTTPRequestHandler):
	    protocol_version = 'HTTP/1.1'
	    tokens = 0
	    def log_message(self, *a): pass
	    def say(self, status, body, **headers):
	        body = body if isinstance(body, bytes) else json.dumps(body).encode()
	        self.send_response(status)
	        for k, v in headers.items(): self.send_header(k.replace('_', '-'), v)
	        self.send_header('Content-Length', str(len(body)))
	        self.end_headers()
	        self.wfile.write(body)
	    def note(self, body=''):
	        with open('seen', 'a', encoding='latin-1') as f:
	            f.write('%s %s %s %s\n' % (self.command, self.path, self.headers.get('Authorization', self.headers.get('X-Key', '-')), body))
	    def do_GET(self):
	        self.note()
	        if self.path.startswith('/late'): time.sleep(20)
	        if self.path.startswith('/oauth') and self.headers.get('Authorization') != 'Bearer token-%d' % H.tokens:
	            return self.say(401, {'error': 'expired'})
	        if self.path.startswith('/oauth/2'): H.tokens = 99
	        self.say(200, {'data': [{'host': 'h.example'}], 'next': {'/oauth/1': '/oauth/2', '/oauth/2': '/oauth/3'}.get(self.path)})
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
	        self.note(body)
	        if 'wrong' in body: return self.say(401, {'error': 'invalid_client'})
	        H.tokens = 1 if H.tokens == 0 else 2
	        self.say(200, {'access_token': 'token-%d' % H.tokens, 'token_type': 'bearer', 'expires_in': 3600})
	s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
	if len(sys.argv) > 1:
	    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	    c.load_cert_chain('server.pem')
	    c.load_verify_locations('client.pem')
	    c.verify_mode = ssl.CERT_REQUIRED
	    s.socket = c.wrap_socket(s.socket, server_side=True)
	print(s.server_address[1], flush=True)
	s.serve_forever()
	P
	rm -f port
	python3 stub.py "$@" >port 2>stub.err 3>&- &
	servers+=($!)
	for ((i = 0; i < 200; i++)); do [ -s port ] && break; sleep 0.05; done
	base=http${1:+s}://127.0.0.1:$(cat port)
}

# --- credentials ---

@test "basic, bearer, header and query credentials arrive as they should, on every page, and nowhere in the output" {
	stub
	params '{"api_user":"me:x","api_key":"MARKER pä&ss/1","secret":["api_key"]}'
	while IFS='|' read -r auth; do
		feed "$auth"
		run --separate-stderr -0 tc-fetch --params params.json -o "cap$((++n))" --cursor cur --log-level trace ./feed.json
		run ! grep -r -e MARKER "cap$n" cur
		[[ $stderr != *MARKER* ]]
	done <<-'E'
	,"auth":{"type":"basic","user":"{param:api_user}","password":"{param:api_key}"}
	,"auth":{"type":"bearer","token":"{param:api_key}"}
	,"auth":{"type":"header","name":"X-Key","value":"k {param:api_key}"}
	,"auth":{"type":"query","name":"api key","value":"{param:api_key}"}
	,"headers":{"Authorization":"Token {param:api_key}"}
	E
	diff - seen <<-E
	GET /feed/p Basic $(printf 'me:x:MARKER pä&ss/1' | base64) 
	GET /feed/p Bearer MARKER pä&ss/1 
	GET /feed/p k MARKER pä&ss/1 
	GET /feed/p?api%20key=MARKER%20p%C3%A4%26ss%2F1 - 
	GET /feed/p Token MARKER pä&ss/1 
	E
}

@test "OAuth2: one token for the run, a new one after a 401, the secret in no output" {
	stub
	params '{"client":"me","client_secret":"MARKER-77&x"}'
	feed ',"pages":{"style":"next","next":"next"},"auth":{"type":"oauth2","token_url":"'"$base"'/token","client_id":"{param:client}","client_secret":"{param:client_secret}","scope":"a b"}'
	sed -i 's|/feed/p|/oauth/1|' feed.json
	run --separate-stderr -0 tc-fetch --params params.json --log-level trace ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | wc -l)" = 3 ]
	[[ $stderr != *MARKER* && $stderr != *token-1* ]]
	diff - seen <<-'E'
	POST /token - grant_type=client_credentials&client_id=me&client_secret=MARKER-77%26x&scope=a%20b
	GET /oauth/1 Bearer token-1 
	GET /oauth/2 Bearer token-1 
	GET /oauth/3 Bearer token-1 
	POST /token - grant_type=client_credentials&client_id=me&client_secret=MARKER-77%26x&scope=a%20b
	GET /oauth/3 Bearer token-2 
	E
	params '{"client":"wrong","client_secret":"MARKER-77&x"}'
	run --separate-stderr -1 tc-fetch --params params.json ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"the token service rejects the credentials (401"*"reason=auth"* ]]
}

@test "a client certificate; one that is missing" {
	need_tool openssl
	for who in server client; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$who" \
			-addext subjectAltName=IP:127.0.0.1 -keyout $who.key -out $who.crt 2>/dev/null
		cat $who.key $who.crt >$who.pem
	done
	stub tls
	params "{\"cert\":\"$PWD/client.crt\",\"key\":\"$PWD/client.key\",\"ca_file\":\"$PWD/server.crt\"}"
	feed ',"auth":{"type":"certificate","cert_file":"{param:cert}","key_file":"{param:key}"}'
	run --separate-stderr -0 tc-fetch --params params.json ./feed.json
	[[ $output == *h.example* ]]
	feed ',"tries":1'
	run --separate-stderr -1 tc-fetch --params params.json ./feed.json
	[ -z "$output" ]
	feed ',"auth":{"type":"certificate","cert_file":"/nowhere.pem"}'
	run --separate-stderr -1 tc-fetch --params params.json ./feed.json
	[[ $stderr == *nowhere.pem* ]]
}

@test "an allowed origin is asked without credentials; a body that holds them goes nowhere else" {
	stub
	echo '{"path":"/feed/p","redirect":"'"$base"'/elsewhere","status":307}' >s.ndjson
	other=$base
	serve s
	params '{"api_key":"MARKER-31"}'
	for rest in ',"auth":{"type":"bearer","token":"{param:api_key}"}' ',"auth":{"type":"query","name":"key","value":"{param:api_key}"}' ',"headers":{"X-Key":"{param:api_key}"}'; do
		feed "$rest,\"allow_origins\":[\"$other\"]"
		run --separate-stderr -0 tc-fetch --params params.json ./feed.json
		[[ $output == *h.example* ]]
	done
	diff - seen <<-'E'
	GET /elsewhere - 
	GET /elsewhere - 
	GET /elsewhere - 
	E
	feed ',"body":{"key":"{param:api_key}"},"allow_origins":["'"$other"'"]'
	run --separate-stderr -1 tc-fetch --params params.json ./feed.json
	[[ $stderr == *"the body holds credentials, which only the configured origin gets"* ]]
	[ "$(wc -l <seen)" = 3 ]
}

@test "credentials over http to another host are refused before anything is asked" {
	base=http://feed.example
	params '{"api_key":"MARKER-32"}'
	feed ',"auth":{"type":"bearer","token":"{param:api_key}"}'
	run --separate-stderr -2 tc-fetch --params params.json ./feed.json
	[[ $stderr == *"credentials are not sent over http: the feed's url must be https"* ]]
}

@test "what a parameter or a cursor holds stays in its place" {
	stub
	params '{"api_key":"x&admin=1#","line":"a\r\nX-Evil: 1"}'
	feed ''
	sed -i 's|/feed/p|/feed/p?k={param:api_key}|' feed.json
	run --separate-stderr -0 tc-fetch --params params.json ./feed.json
	[ "$(cut -d' ' -f2 seen)" = '/feed/p?k=x%26admin%3D1%23' ]
	feed ',"headers":{"X-Key":"{param:line}"}'
	run --separate-stderr -2 tc-fetch --params params.json ./feed.json
	[[ $stderr == *"parameter line holds a control character, which no header can carry"* ]]
	[ "$(wc -l <seen)" = 1 ]
}

# --- manners ---

@test "a budget of requests a day pauses an incremental feed with its cursor, over runs; a snapshot is not whole" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","body":$(page b '"3"')}
	{"path":"/feed/p","query":"cursor=3","body":$(page c '"4"')}
	{"path":"/feed/p","query":"cursor=4","body":$(page d null)}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	serve s
	export TC_NOW=2026-01-04T10:00:00Z
	incremental ',"max_requests":3,"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -3 tc-fetch --cursor cur --stats st ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = abc ]
	[[ $stderr == *"paused: the 3 requests of the day are used up"*"reason=pending"* ]]
	[ "$(jq -c '[.cursor,.more,.day,.requests]' cur)" = '["4",true,"2026-01-04T00:00:00Z",3]' ]
	[ "$(jq .complete st)" = 0 ]
	run --separate-stderr -3 tc-fetch --since cur --cursor cur2 ./feed.json
	[ -z "$output" ]
	[ ! -e cur2 ]
	TC_NOW=2026-01-05T00:00:01Z run --separate-stderr -0 tc-fetch --since cur --cursor cur2 ./feed.json
	[ "$(jq -r '.data[].host' <<<"$output" | tr -d '\n')" = d ]
	[ "$(jq -c '[.more,.requests]' cur2)" = '[null,1]' ]
	feed ',"max_requests":3,"pages":{"style":"cursor","next":"meta.next"}'
	run --separate-stderr -1 tc-fetch --cursor cur3 ./feed.json
	[[ $stderr == *"the feed is not whole"*"reason=temporary"* ]]
	[ ! -e cur3 ]
}

@test "an interval between requests, and a rate limit that is used up, are waited for" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=2","body":$(page b null)}
	{"path":"/feed/p","nth":3,"headers":{"X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1"},"body":$(page a '"2"')}
	{"path":"/feed/p","body":$(page a '"2"')}
	E
	serve s
	feed ',"min_interval":"1s","pages":{"style":"cursor","next":"meta.next"}'
	SECONDS=0
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$SECONDS" -ge 1 ]
	feed ',"pages":{"style":"cursor","next":"meta.next"}'
	SECONDS=0
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$SECONDS" -ge 1 ]
	[[ $stderr == *"the feed's rate limit is used up: waiting 1 s"* ]]
}

@test "Retry-After as a date, in the past, as garbage; endless 429" {
	ahead=$(date -u -d '+2 seconds' '+%a, %d %b %Y %H:%M:%S GMT')
	cat >s.ndjson <<-E
	{"path":"/feed/p","nth":1,"status":429,"headers":{"Retry-After":"$ahead"},"body":"1"}
	{"path":"/feed/p","nth":2,"status":429,"headers":{"Retry-After":"Mon, 01 Jan 2024 00:00:00 GMT"},"body":"2"}
	{"path":"/feed/p","nth":3,"status":429,"headers":{"Retry-After":"banana"},"body":"3"}
	{"path":"/feed/p","nth":4,"body":{"data":[]}}
	{"path":"/feed/p","status":429,"body":"always"}
	E
	serve s
	feed ''
	run --separate-stderr -0 tc-fetch ./feed.json
	[ "$(grep -c 'answered 429; trying again' <<<"$stderr")" = 3 ]
	feed ',"tries":2'
	run --separate-stderr -1 tc-fetch --cursor cur ./feed.json
	[ -z "$output" ]
	[ ! -e cur ]
	[[ $stderr == *'page 1: the feed answered 429 from '*' after 2 tries: "always"'*"reason=temporary"* ]]
}

@test "a run has a deadline, a request has one, and a slow server is given up" {
	cat >s.ndjson <<-E
	{"path":"/feed/p","nth":1,"body":"{\"data\":[],\"x\":\"0123456789012345678901234567890123456789\"}","rate":5}
	{"path":"/feed/p","nth":2,"delay":9,"body":"{}"}
	{"path":"/feed/p","status":500,"body":"broken"}
	E
	serve s
	feed ',"tries":1,"low_speed":{"bytes":1000,"seconds":1}'
	SECONDS=0
	run --separate-stderr -1 tc-fetch ./feed.json
	[ -z "$output" ]
	[[ $stderr == *"page 1: "*"reason=temporary"* ]]
	feed ',"tries":1,"timeout":1'
	run --separate-stderr -1 tc-fetch ./feed.json
	[[ $stderr == *"page 1: "*"reason=temporary"* ]]
	feed ',"tries":20,"limits":{"time":1}'
	run --separate-stderr -1 tc-fetch ./feed.json
	[[ $stderr == *"reason=temporary"* ]]
	[ "$SECONDS" -lt 20 ]
}

@test "the feed is asked anew once what is known of it is old enough" {
	echo '{"path":"/feed/p","headers":{"ETag":"\"v1\""},"body":{"data":[{"host":"a"}]}}' >s.ndjson
	serve s
	feed ',"refetch":"1 day"'
	run --separate-stderr -0 tc-fetch --cursor cur ./feed.json
	for _ in 1 2 3; do
		run --separate-stderr -0 tc-fetch --since cur --cursor cur ./feed.json
		[ -z "$output" ]
		[ "$(jq .unchanged cur)" = true ]
	done
	jq -c '.fetched = "2026-01-01T00:00:00Z"' cur >old
	run --separate-stderr -0 tc-fetch --since old --cursor cur ./feed.json
	[[ $output == *'"a"'* ]]
	[ "$(jq 'has("unchanged")' cur)" = false ]
}

@test "an outage longer than the publisher keeps records is a gap, said with its ends; what there is, is fetched" {
	echo '{"path":"/feed/p","body":{"data":[{"host":"a"}]}}' >s.ndjson
	serve s
	export TC_NOW=2026-01-10T00:00:00Z
	incremental ',"history":"1 day"'
	echo '{"last_run":"2026-01-05T00:00:00Z"}' >since
	run --separate-stderr -3 tc-fetch --since since --cursor cur ./feed.json
	[[ $output == *'"a"'* ]]
	[[ $stderr == *"gap: records from 2026-01-05T00:00:00Z to 2026-01-09T00:00:00Z are not available any more"* ]]
	[ "$(jq 'has("last_run")' cur)" = true ]
	echo '{"last_run":"2026-01-09T12:00:00Z"}' >since
	run --separate-stderr -0 tc-fetch --since since ./feed.json
	# a first run looks back as far as it is told; that is no gap
	run --separate-stderr -0 tc-fetch ./feed.json
}

@test "a mark in the future is clamped with a warning; the server's clock makes the next one" {
	echo '{"path":"/feed/p","headers":{"Date":"Mon, 02 Feb 2026 10:00:00 GMT"},"body":{"data":[]}}' >s.ndjson
	serve s
	feed ''
	sed -i 's|/feed/p"|/feed/p?since={last_run}"|' feed.json
	echo '{"last_run":"2031-01-01T00:00:00Z"}' >since
	TC_NOW=2026-02-02T11:00:00Z run --separate-stderr -0 tc-fetch --since since --cursor cur ./feed.json
	[[ $stderr == *"warning: the last run lies in the future (2031-01-01T00:00:00Z): now is used"* ]]
	[ "$(paths)" = "/feed/p?since=2026-02-02T11%3A00%3A00Z" ]
}

@test "a charset that the definition does not read is said once" {
	cat >s.ndjson <<-'E'
	{"path":"/feed/p","headers":{"Content-Type":"text/csv; charset=\"ISO-8859-1\""},"body":"host\na.example\n"}
	E
	serve s
	feed ''
	sed -i 's|"parse":{[^}]*}|"parse":{"format":"csv"}|' feed.json
	run --separate-stderr -0 tc-fetch ./feed.json
	[[ $stderr == *"warning: the feed says its charset is ISO-8859-1, the definition reads UTF-8 (parse.encoding)"* ]]
	sed -i 's|"format":"csv"|"format":"csv","encoding":"latin1"|' feed.json
	run --separate-stderr -0 tc-fetch ./feed.json
	[[ $stderr != *charset* ]]
}
