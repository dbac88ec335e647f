# A whole job with all its real stages, the feed fetched over the network: proxies, windows, several feeds, captures, the reset.
# (run.bats has stand-ins for the stages, pipe.bats a feed that is replayed.)
load helper
load sandbox
load proxy

setup() {
	common_setup
	unset TC_APP_PARAM_FILE TC_APP_PARAM_KEY TC_API_PATH TC_TOKEN API_ACCESS_ID API_SECRET_KEY TC_OUT_PATH TC_STATS_DIR
	mkdir -p out "$XDG_CONFIG_HOME/tcfeed"
	SANDBOX=
}

teardown() {
	stop_proxy || true
	stop_sandbox || true
}

# The stand-in of the platform, whose script in "faults" is the feed: up [ARGUMENTS]
up() {
	start_sandbox --faults faults "$@"
	mv config.json "$XDG_CONFIG_HOME/tcfeed/platform.json"
}

# definition ID PATH-AND-QUERY REST-OF-FETCH REST
definition() {
	cat >"$1.json" <<-E
	{"id":"$1","name":"Feed $1","vendor":"V","fetch":{"url":"$ROOT/feed/$2"$3},"parse":{"format":"json","records":"data"},
	 "values":{"reserved":"keep"},"map":[{"object":{"type":"Host","summary":{"path":"host"},"confidence":{"path":"score","default":0}}}]$4}
	E
}

job() { # FEEDS ARGUMENTS
	feeds=$1
	shift
	sh "$TOP/run.sh" --tc_owner "$OWNER" --tc_out_path out --feed "$feeds" "$@"
}

message() { cat out/message.tc; }

held() { owner | jq -r .summary | paste -sd' '; }

asked() { requests 'select(.target | startswith("/feed/")) | .method + " " + .target'; }

uploads() { requests 'select(.method == "POST" and (.target | test("^/api/v2/batch/[0-9]+$"))) | .n' | wc -l; }

@test "feed and platform go by the proxy or not, each as told; who asks is install.json's name and version" {
	need_tool python3
	echo '{"path":"/feed/p","body":{"data":[{"host":"a.example.com"}]}}' >faults
	up --auth token
	definition acme p
	start_proxy
	printf '{"tc_proxy_host":"127.0.0.1","tc_proxy_port":%d,"tc_proxy_username":"u","tc_proxy_password":"pass-x"}' "$PROXY_PORT" >proxy.json
	chmod 600 proxy.json
	export http_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 TC_INSTALL=$PWD/install.json
	jq '.displayName = "Acme Intel Feed" | .programVersion = "3.2.1"' "$TOP/install.json" >install.json
	by() { # ARGUMENTS: what came by the proxy, the feed's and the platform's requests
		: >proxied
		run -0 job ./acme.json --config proxy.json --full "$@"
		echo "$(grep -c ' /feed/' proxied),$(grep -c ' /api/' proxied | sed 's/[1-9][0-9]*/n/')"
	}
	[ "$(by --tc_proxy_external)" = "1,0" ]
	[ "$(cut -d ' ' -f 3- proxied)" = "Basic $(printf u:pass-x | base64)" ]
	[ "$(by --tc_proxy_tc)" = "0,n" ]
	[ "$(by --tc_proxy_external --tc_proxy_tc)" = "1,n" ]
	[ "$(by)" = "0,0" ]
	[ "$(cut -d ' ' -f 2- agents | sort -u)" = AcmeIntelFeed/3.2.1 ]
	: >agents
	jq '.programVersion = "3.3.0"' install.json >i && mv i install.json
	[ "$(by --tc_proxy_external --tc_proxy_tc)" = "1,n" ]
	[ "$(cut -d ' ' -f 2- agents | sort -u)" = AcmeIntelFeed/3.3.0 ]
}

@test "an incremental feed: window by window, interrupted in the second, read on where it was left, no page asked for twice" {
	cat >faults <<-'E'
	{"path":"/feed/p","query":"cursor=3","nth":1,"status":403,"body":"not today"}
	{"path":"/feed/p","query":"cursor=2","body":{"data":[{"host":"b.example.com"}],"next":"3"}}
	{"path":"/feed/p","query":"cursor=3","body":{"data":[{"host":"c.example.com"}],"next":"4"}}
	{"path":"/feed/p","query":"cursor=4","body":{"data":[{"host":"d.example.com"}],"next":null}}
	{"path":"/feed/p","body":{"data":[{"host":"a.example.com"}],"next":"2"}}
	E
	up
	definition acme p ',"window_pages":1,"pages":{"style":"cursor","next":"next"}' ',"delta":{"mode":"incremental"}'
	run -3 job ./acme.json
	[[ "$(message)" == "Feed acme: failed: "*"; 2 created or updated"* ]]
	[ "$(held)" = "a.example.com b.example.com" ]
	grep -q '^last_run = 30 days ago$' out/results.tc
	run -0 job ./acme.json
	[ "$(message)" = "Feed acme: 2 created or updated" ]
	[ "$(held)" = "a.example.com b.example.com c.example.com d.example.com" ]
	[ "$(asked | sort | uniq -c | awk '{ print $1 $3 }' | paste -sd' ')" = "1/feed/p 1/feed/p?cursor=2 2/feed/p?cursor=3 1/feed/p?cursor=4" ]
	grep -q '^last_run = 20' out/results.tc
	[ "$(uploads)" -eq 4 ]
}

@test "several feeds in one job: one message, the worst first, one code, a state for each" {
	cat >faults <<-'E'
	{"path":"/feed/one","body":{"data":[{"host":"a.example.com"},{"host":"b.example.com"}]}}
	{"path":"/feed/two","nth":1,"status":404,"body":"gone"}
	{"path":"/feed/two","body":{"data":[{"host":"c.example.com"}]}}
	E
	up
	definition one one
	definition two two
	run -3 job './two.json|./one.json'
	[[ "$(message)" == "Feed two: failed: "*404*". Feed one: 2 created or updated" ]]
	grep -q '^last_run = 30 days ago$' out/results.tc
	run -0 job ./one.json --feed ./two.json
	[ "$(message)" = "Feed one: 2 unchanged. Feed two: 1 created or updated" ]
	[ "$(held)" = "a.example.com b.example.com c.example.com" ]
	[ "$(ls -d "$XDG_STATE_HOME"/tcfeed/*.run/ | wc -l)" -eq 2 ]
}

@test "the platform's data is written by the batch interface only; what did not change is not sent, what did is sent alone" {
	echo '{"path":"/feed/p","body":{"data":[{"host":"a.example.com"},{"host":"b.example.com"},{"host":"c.example.com"}]}}' >faults
	up --auth token
	definition acme p '' ',"delta":{"missing":"delete","max_missing":{"share":"50%","count":5}}'
	export TCFEED_PLATFORM=1
	run -0 job ./acme.json --tc_log_to_api
	run -0 job ./acme.json --tc_log_to_api
	[ "$(uploads)" -eq 1 ]
	curl -sS --noproxy '*' --data-binary '{"path":"/feed/p","body":{"data":[{"host":"a.example.com"},{"host":"b.example.com","score":9}]}}' "$ROOT/sandbox/faults"
	run -0 job ./acme.json --tc_log_to_api
	[ "$(message)" = "Feed acme: 1 created or updated, 1 unchanged" ]
	run -0 job ./acme.json --tc_log_to_api
	[ "$(message)" = "Feed acme: 1 removed, 2 unchanged" ]
	[ "$(uploads)" -eq 3 ]
	[ "$(held)" = "a.example.com b.example.com" ]
	# beside it only the App's own DataStore and its log are written
	requests 'select(.method != "GET" and (.target | startswith("/api/"))) | .target' | sort -u >written
	[ "$(grep -v -E '^/api/v2/(batch|exchange/db|logs/app)(/|$)' written)" = "" ]
	grep -q '^/api/v2/batch' written
}

@test "the reset: an edited last_run sends everything again and asks the feed for nothing but pages" {
	echo '{"path":"/feed/p","body":{"data":[{"host":"a.example.com"},{"host":"b.example.com"}]}}' >faults
	up
	definition acme p '' ',"delta":{"missing":"delete"}'
	run -0 job ./acme.json
	run -0 job ./acme.json
	[ "$(uploads)" -eq 1 ]
	run -0 job ./acme.json --last_run '90 days ago'
	[ "$(message)" = "Feed acme: 2 created or updated" ]
	[ "$(uploads)" -eq 2 ]
	run -0 job ./acme.json --last_run "$(sed -n 's/^last_run = //p' out/results.tc)"
	[ "$(uploads)" -eq 2 ]
	# emptied, which is the default again
	run -0 job ./acme.json --last_run ''
	[ "$(uploads)" -eq 3 ]
	[ "$(asked | sort -u)" = "GET /feed/p" ]
	# the known set is empty after a reset, so nothing that went meanwhile is removed by it
	curl -sS --noproxy '*' --data-binary '{"path":"/feed/p","body":{"data":[{"host":"a.example.com"}]}}' "$ROOT/sandbox/faults"
	run -0 job ./acme.json --last_run '80 days ago'
	[ "$(held)" = "a.example.com b.example.com" ]
}

@test "credentials that the feed refuses: one try, the message names the parameter, never its value" {
	echo '{"path":"/feed/p","status":403,"body":"no subscription"}' >faults
	up
	definition acme p ',"headers":{"X-Key":"{param:acme_api_key}"}'
	printf '{"acme_api_key":"marker-key"}' >job.json; chmod 600 job.json
	run -1 job ./acme.json --config job.json
	[[ "$(message)" == "Feed acme: failed: "*acme_api_key* ]] || { message; false; }
	[[ "$(message)$output" != *marker-key* ]]
	[ "$(asked | wc -l)" -eq 1 ]
}

@test "attachments: a report's file goes from the feed to the platform, from a capture and a replay too, and not twice" {
	cat >faults <<-'E'
	{"path":"/feed/p","body":{"data":[{"id":1,"title":"One","pdf":"one.pdf"},{"id":2,"title":"Two"}]}}
	{"path":"/feed/one.pdf","headers":{"ETag":"\"1\""},"body":"%PDF one"}
	E
	up
	definition acme p ',"attachments":{"entries":"data[?pdf].{url: pdf, name: pdf}"}'
	jq '.map = [{"object":{"type":"Report","name":{"path":"title"},"xid":{"xid":["Report",{"path":"id"}]},"fileName":{"path":"pdf"}}}]' acme.json >a
	mv a acme.json
	files() { curl -sS --noproxy "*" "$ROOT/sandbox/files" | jq -r .sha256; }
	run -0 job ./acme.json
	[ "$(message)" = "Feed acme: 2 created or updated" ] || { message; echo "$output"; false; }
	[ "$(files)" = "$(printf '%%PDF one' | sha256sum | cut -d' ' -f1)" ] || { files; message; false; }
	run -0 job ./acme.json
	[ "$(message)" = "Feed acme: 2 unchanged" ]
	[ "$(requests 'select(.target == "/feed/one.pdf") | .status' | paste -sd,)" = 200,304 ]
	[ "$(requests 'select(.target | test("/upload")) | 1' | wc -l)" -eq 1 ]
	# a capture has them beside its pages, and its replay needs nothing else
	run -0 job ./acme.json --full --capture
	cd "$XDG_STATE_HOME"/tcfeed/acme.*.run/captures/*
	capture=$PWD
	[ "$(ls files | wc -l)" -eq 2 ]
	cd "$BATS_TEST_TMPDIR"
	curl -sS --noproxy '*' -X POST "$ROOT/sandbox/reset"
	run -0 job ./acme.json --full --replay "$capture"
	[ "$(message)" = "Feed acme: 2 created or updated" ] || { message; echo "$output"; false; }
	[ "$(files | wc -l)" -eq 1 ]
	[ "$(asked | wc -l)" -eq 0 ]
}

@test "captures: kept when asked for, replayed with the same outcome, cleaned when old" {
	echo '{"path":"/feed/p","headers":{"ETag":"\"1\""},"body":{"data":[{"host":"a.example.com"},{"host":"b.example.com"}]}}' >faults
	up
	definition acme p
	run -0 job ./acme.json --capture
	[ "$(message)" = "Feed acme: 2 created or updated" ]
	cd "$XDG_STATE_HOME"/tcfeed/acme.*.run/
	[ "$(ls captures | wc -l)" -eq 1 ]
	old=$PWD/captures/$(ls captures)
	cd "$BATS_TEST_TMPDIR"
	[ "$(jq -c .data "$old"/0001.*)" = '[{"host":"a.example.com"},{"host":"b.example.com"}]' ]
	run -0 job ./acme.json --replay "$old"
	[ "$(message)" = "Feed acme: 2 unchanged" ] || { message; echo "$output"; false; }
	touch -d '40 days ago' "$old"
	# not modified: there is nothing new to keep
	run -0 job ./acme.json --capture
	[ "$(message)" = "Feed acme: 2 unchanged" ] || { message; echo "$output"; false; }
	[ ! -e "$old" ]
}
