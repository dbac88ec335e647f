# tc-submit: credentials, clocks, certificates, proxies.
load helper
load sandbox
load proxy
load submit

# --- credentials (pitfalls 52, 53; faults B1-B6) ---

@test "wrong keys, wrong owner, batch API off, no platform's JSON" {
	hosts 2 >in
	start_sandbox
	jq '.api_secret_key = "wrong-wrong"' config.json >c && cat c >config.json
	failed in
	reason auth
	grep -q 'refuses the signature: check api_secret_key' err
	stop_sandbox
	start_sandbox
	failed in --owner 'No such "Söurce" & co'
	reason auth
	grep -q 'owner "No such "Söurce" & co" is not known' err
	stop_sandbox
	start_sandbox --batch-off
	failed in
	reason auth
	grep -q 'batch API is not available' err
	[ "$(requests .n | wc -l)" = 1 ]
	stop_sandbox
	start_sandbox --role reader
	failed in
	reason auth
}

@test "a clock that is off is explained with the seconds" {
	start_sandbox --clock-skew 412
	hosts 1 >in
	failed in
	reason auth
	grep -Eq "clock differs from the platform's by 41[0-4] s" err
}

@test "an owner with blanks, & and letters beyond ASCII is signed as it is sent" {
	OWNER='Ä & B = "C" ?'
	start_sandbox
	hosts 2 >in
	ok in
	[ "$(receipts accepted)" = 2 ]
}

@test "a token that dies in mid-run is renewed, kept 0600, and never shown" {
	echo '{"method":"GET","path":"/v2/batch/*","nth":1,"status":401,"body":"Unauthorized"}' >faults
	start_sandbox --faults faults --auth token --queued 0.2
	hosts 4 >in
	ok in --chunk 2 --log-level trace
	[ "$(receipts accepted)" = 4 ]
	grep -q 'token renewed' err
	file=$(echo "$XDG_STATE_HOME"/tcfeed/token-*.json)
	[ "$(stat -c %a "$file")" = 600 ]
	token=$(jq -r .tc_token config.json)
	renewed=$(jq -r .token "$file")
	[ "$token" != "$renewed" ]
	run ! grep -qF -e "$token" -e "$renewed" err out stats.json
	# another command of the same run finds the renewed one
	ok in
	[ "$(requests 'select(.target | test("appAuth")) | .n' | wc -l)" = 1 ]
}

@test "a renewal that is refused: exit 1 auth, receipts so far kept" {
	printf '%s\n' '{"method":"GET","path":"/v2/batch/2","nth":1,"revoke":true,"refuse_renewal":true}' >faults
	start_sandbox --faults faults --auth token --queued 0.1
	hosts 6 >in
	failed in --chunk 2
	reason auth
	[ "$(receipts accepted) $(receipts unknown) $(receipts unsent)" = "2 2 2" ]
}

@test "a renewal answered with text or success:false keeps the old token while it lives" {
	printf '%s\n' '{"path":"/appAuth","status":200,"body":{"success":false,"message":"not now"}}' >faults
	start_sandbox --faults faults --auth token --token-life 300
	hosts 2 >in
	ok in
	grep -q 'refuses to renew the token: not now' err
}

@test "TLS: an own authority is trusted when named, never otherwise" {
	start_sandbox --tls
	jq 'del(.ca_file)' config.json >c && cat c >config.json
	hosts 1 >in
	failed in
	reason auth
	grep -q 'TLS verification failed' err
	jq --arg f "$PWD/tc-sandbox-ca.pem" '.ca_file = $f' config.json >c && cat c >config.json
	ok in
	stop_sandbox
	start_sandbox --tls=wrong-name
	jq --arg f "$PWD/tc-sandbox-ca.pem" '.ca_file = $f' config.json >c && cat c >config.json
	failed in
	reason auth
}

@test "a proxy for the platform is used for every call, renewals too, only when told; the environment's never" {
	need_tool python3
	start_sandbox --auth token --token-life 300
	start_proxy
	hosts 2 >in
	export http_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1
	cp config.json direct.json
	jq --argjson p "$(cat port)" '. + {tc_proxy_tc: true, tc_proxy_host: "127.0.0.1", tc_proxy_port: $p, tc_proxy_username: "u", tc_proxy_password: "pässwörd"}' direct.json >c && cat c >config.json
	ok in --log-level trace
	[ "$(receipts accepted)" = 2 ]
	[ "$(wc -l <proxied)" = "$(requests .n | wc -l)" ]
	grep -q appAuth proxied
	[ "$(cut -d' ' -f3- proxied | sort -u)" = "Basic $(printf 'u:pässwörd' | base64)" ]
	run ! grep -q 'pässwörd' err
	# not told to: direct, and a proxy of half a configuration is none
	jq '.tc_proxy_tc = false' config.json >c && cat c >config.json
	before=$(wc -l <proxied)
	ok in
	jq '.tc_proxy_tc = true | del(.tc_proxy_port)' config.json >c && cat c >config.json
	ok in
	grep -q 'name no proxy: the platform is asked directly' err
	[ "$(wc -l <proxied)" = "$before" ]
	stop_proxy || true
	# and with a proxy that is down nothing goes around it
	jq '. + {tc_proxy_tc: true, tc_proxy_port: 1}' config.json >c && cat c >config.json
	failed in
	reason temporary
}
