# For tests with a proxy: load proxy (after helper). It forwards plain requests and writes down what came by it.

# start_proxy: ready when it returns; PROXY_PORT is where. Each request is a line of "proxied" (method, path, credentials) and
# one of "agents" (path, User-Agent).
start_proxy() {
	cat >proxy.py <<-'E'
		import http.client, http.server, urllib.parse
		class Proxy(http.server.BaseHTTPRequestHandler):
		    protocol_version = 'HTTP/1.1'
		    def forward(self):
		        u = urllib.parse.urlsplit(self.path)
		        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
		        with open('proxied', 'a') as f:
		            f.write(self.command + ' ' + u.path + ' ' + self.headers.get('Proxy-Authorization', '-') + '\n')
		        with open('agents', 'a') as f:
		            f.write(u.path + ' ' + self.headers.get('User-Agent', '-') + '\n')
		        c = http.client.HTTPConnection(u.hostname, u.port)
		        keep = {k: v for k, v in self.headers.items() if k.lower() not in ('proxy-authorization', 'proxy-connection', 'host')}
		        c.request(self.command, u.path + ('?' + u.query if u.query else ''), body, keep)
		        r = c.getresponse()
		        data = r.read()
		        self.send_response(r.status)
		        for k, v in r.getheaders():
		            if k.lower() not in ('transfer-encoding', 'content-length', 'connection', 'date', 'server'):
		                self.send_header(k, v)
		        self.send_header('Content-Length', str(len(data)))
		        self.end_headers()
		        self.wfile.write(data)
		    do_GET = do_POST = do_PUT = forward
		    def log_message(self, *a): pass
		s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Proxy)
		print(s.server_port, flush=True)
		s.serve_forever()
	E
	python3 proxy.py >port 2>proxy.err 3>&- &
	PROXY=$!
	for _ in $(seq 200); do [ -s port ] && break; sleep 0.05; done
	PROXY_PORT=$(cat port)
}

stop_proxy() {
	[ -z "${PROXY:-}" ] || { kill "$PROXY" 2>/dev/null; wait "$PROXY" 2>/dev/null; }
	PROXY=
}
