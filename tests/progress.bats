# Progress, on a terminal and where there is none: tc-submit's and tc-fetch's on a pseudoterminal of script(1).
load helper
load sandbox
load feedserver

setup() {
	common_setup
	servers=()
	SANDBOX=
	need_tool script
	esc=$'\e' bell=$'\a'
	wipe=$'\r\e[K'
}

teardown() {
	local pid
	stop_sandbox
	for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
}

# terminal COMMAND [COLUMNS]: all that reaches a terminal of so many columns, in the file "seen"; $status is the command's.
terminal() {
	status=0
	TERM=${TERMINAL:-xterm} script -qec "stty -onlcr cols ${2:-80}; $1" /dev/null </dev/null >seen || status=$?
}

# What stands on it in the end: of each row what is behind the last wiping.
left() { sed 's/.*\r\x1b\[K//' seen; }

# What stood in one row, a line each.
stood() { sed 's/\r\x1b\[K/\n/g' seen; }

slow_platform() { # two batches of 10 objects, each a while in Queued and a while in Running
	start_sandbox --queued 0.6 --running 0.6
	hosts 20 >in
}

slow_feed() { # three pages, the second of them slow in its body
	cat >s.ndjson <<-E
	{"path":"/feed/p","query":"cursor=c3","delay":0.4,"body":$(page c.example null)}
	{"path":"/feed/p","query":"cursor=c2","delay":0.4,"rate":50000,"body":"{\"data\":[{\"host\":\"b.example\"}],\"x\":\"$(printf '%030000d' 0)\",\"meta\":{\"next\":\"c3\"}}"}
	{"path":"/feed/p","body":$(page a.example '"c2"')}
	E
	serve s
	feed ',"pages":{"style":"cursor","next":"meta.next"}'
}

@test "tc-submit on a terminal: objects, batches, rate and what the platform does, wiped before the summary" {
	slow_platform
	terminal 'tc-submit --params config.json --chunk 10 <in >out'
	[ "$status" = 0 ]
	stood >rows
	grep -qx 'tc-submit: 0 objects, 0 batches, 0/s; sending indicators' rows
	grep -qx 'tc-submit: 0 objects, 1 batches, 0/s; batch 1 (indicators) Queued since 0 s' rows
	grep -qx 'tc-submit: 0 objects, 1 batches, 0/s; batch 1 (indicators) Running since [01] s' rows
	# 10 objects in at least 1.2 s
	grep -qxE 'tc-submit: 10 objects, 2 batches, [1-8]/s; batch 2 \(indicators\) Running since [01] s' rows
	run -0 left
	[ "$output" = "tc-submit: 20 objects: 20 accepted, 0 refused, 0 in doubt, 0 unsent; 2 batches, $(jq -n '[inputs.bytes] | add' <(curl -s "$ROOT/sandbox/batches")) bytes" ]
	[ "$(wc -l <seen)" = 1 ]
	[ "$(tail -c 1 seen | od -An -c | tr -d ' ')" = '\n' ]
	# rewritten some times a second, not at every look
	[ "$(grep -c '; ' rows)" -lt 20 ]
	[ "$(receipts accepted)" = 20 ]
	run -1 grep -c "$esc" out
}

@test "tc-submit --settle on a terminal says which batch it asks for" {
	start_sandbox
	echo '{"batch":1,"polls":5,"stuck":"Running"}' | curl -s --data-binary @- "$ROOT/sandbox/faults"
	hosts 1 >in
	run -3 tc-submit --params config.json --deadline 0s <in
	sed 's/}/,"batchId":1}/' in >doubt
	terminal 'tc-submit --params config.json --settle <doubt >out'
	[ "$status" = 0 ]
	stood | grep -qx 'tc-submit: settling batch 1: Running since 0 s'
	run -0 left
	[ "${lines[0]}" = "tc-submit: batch 1 settled: 1 objects" ]
	[[ ${lines[1]} == "tc-submit: 1 objects: 1 accepted, "* && ${#lines[@]} = 2 ]]
}

@test "tc-fetch on a terminal: pages, bytes and what is on its way, wiped before the summary" {
	slow_feed
	terminal 'tc-fetch ./feed.json >out'
	[ "$status" = 0 ]
	stood >rows
	grep -qx 'tc-fetch: 0 pages, 0 KiB; the next so far 0 KiB' rows
	grep -qxE 'tc-fetch: 1 pages, 0 KiB; the next so far ([1-9]|[12][0-9]) KiB' rows
	grep -qx 'tc-fetch: 2 pages, 29 KiB; the next so far 0 KiB' rows
	run -0 left
	[ "$output" = "tc-fetch: 3 pages, $(($(wc -c <out) - 3)) bytes" ] # less the line ends that were added
	[ "$(jq -r '.data[].host' out | paste -sd ' ')" = "a.example b.example c.example" ]
	run -1 grep -c "$esc" out
}

@test "progress is one row: cut where the terminal ends, and gone when what is wanted goes to the terminal itself" {
	slow_feed
	terminal 'tc-fetch ./feed.json >out' 30
	stood | grep '^tc-fetch: [0-9]* pages, [0-9]* KiB' >rows
	[ "$(wc -L <rows)" = 29 ]
	# the last column stays free: no row wraps
	terminal 'tc-fetch ./feed.json'
	[ "$status" = 0 ]
	run -0 left
	[ "${#lines[@]}" = 4 ]
	[ "$(head -n 3 <<<"$output")" = "$(cat out)" ]
	[ "${lines[3]}" = "tc-fetch: 3 pages, $(($(wc -c <out) - 3)) bytes" ] # less the line ends that were added
	# behind the first page nothing is wiped any more
	[ "$(sed 1d seen | grep -c "$esc")" = 0 ]
	# a capture writes nothing there, so the progress stays
	terminal 'tc-fetch -o capture ./feed.json'
	stood | grep -qx 'tc-fetch: 2 pages, 29 KiB; the next so far 0 KiB'
}

@test "what one stage says never stands behind the progress of another" {
	terminal 'printf "tc-delta: 12000 objects read" >&2; tc-map --check ./missing.json'
	[ "$status" = 2 ]
	run -0 left
	[[ $output == "tc-map: error: "*missing.json* && $output != *tc-delta* ]]
}

@test "control bytes of a feed or a platform never reach the terminal" {
	start_sandbox
	printf '%s\n' '{"batch":"*","seconds":0.8,"stuck":"Running","state":"Pau\u001b[31msed\u0007\u009b2J"}' |
		curl -s --data-binary @- "$ROOT/sandbox/faults"
	hosts 3 >in
	terminal 'tc-submit --params config.json <in >out'
	[ "$status" = 0 ]
	stood >rows
	grep -qF '(indicators) Pau\x1b[31msed\x07' rows
	tr -d '\n\r' <seen | sed 's/\x1b\[K//g' >rest
	run -1 grep -cP '[\x00-\x1f\x7f]|\xc2[\x80-\x9f]' rest
	printf '%s\n' '{"path":"/feed/p","headers":{"Content-Type":"text/html"},"body":"\u001b]0;owned\u0007<html>\u001b[2Jlog in"}' >s.ndjson
	serve s
	feed ''
	terminal 'tc-fetch ./feed.json >out'
	[ "$status" = 1 ]
	grep -qF 'log in' seen
	tr -d '\n\r' <seen | sed 's/\x1b\[K//g' >rest
	run -1 grep -cP '[\x00-\x1f\x7f]' rest
	[ ! -s out ]
}

@test "no progress where stderr is no terminal, the terminal is dumb, or info is not wanted" {
	slow_platform
	run --separate-stderr -0 tc-submit --params config.json --chunk 10 <in
	[[ $stderr == "tc-submit: 20 objects: "* && $stderr != *$'\n'* && $stderr != *"$esc"* ]]
	[[ $output != *"$esc"* && ${#lines[@]} = 20 ]]
	for quiet in '--log-level warning' '--log-level error'; do
		terminal "tc-submit --params config.json --chunk 10 $quiet <in >out"
		[ "$status" = 0 ]
		[ ! -s seen ]
	done
	TERMINAL=dumb terminal 'tc-submit --params config.json --chunk 10 <in >out'
	run -1 grep -c $'[\e\r]' seen
	[ "$(wc -l <seen)" = 1 ]
	slow_feed
	run --separate-stderr -0 tc-fetch ./feed.json
	[[ $stderr == "tc-fetch: 3 pages, "* && $stderr != *$'\n'* && $stderr != *"$esc"* ]]
	terminal 'TC_LOG_LEVEL=warning tc-fetch ./feed.json >out'
	[ "$status" = 0 ]
	[ ! -s seen ]
}
