# tc-delta against clocks, disks and descriptors that fail, and the words of explain for each kind.
load helper
load delta

@test "R8: times stored by a clock that ran ahead hold back neither a refresh nor a removal" {
	feed '{"missing":"delete","after":"7d","refresh":"8d"}'
	urls 1 20 >day1
	urls 2 20 >day2
	TC_NOW=2031-01-01T00:00:00Z cycle day1
	TC_NOW=2031-01-02T00:00:00Z cycle day2
	TC_NOW=2026-02-01T00:00:00Z cycle day2
	[[ "$(cat err)" == *"warning: the stored times of 20 objects were ahead of the clock and are taken for now"* ]]
	[ ! -s sent ]
	local day
	: >all
	for day in 03 05 07 09 10; do
		TC_NOW=2026-02-${day}T00:00:00Z cycle day2
		[[ "$(cat err)" != *"ahead of the clock"* ]]
		cat sent >>all
	done
	# every one of them; who was sent first may be due again before these ten days are over
	[ "$(sort -u all)" = "$(sort day2)" ]
	TC_NOW=2026-02-10T00:00:00Z run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ "$output" = '{"type":"URL","summary":"http://a.example/1","action":"Delete"}' ]
}

@test "R7: a clock in 1970 for one run: nothing is sent again, nothing removed, then as before" {
	feed '{"missing":"delete","after":"7d","refresh":"8d"}'
	urls 1 20 >day1
	TC_NOW=2026-02-01T00:00:00Z cycle day1
	TC_NOW=1970-01-01T00:00:10Z cycle day1
	[ ! -s sent ]
	TC_NOW=1970-01-01T00:00:10Z run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ -z "$output" ]
	TC_NOW=2026-02-01T06:00:00Z cycle day1
	[ ! -s sent ]
}

@test "explain: refreshed, retried and returned have their words, as text and as JSON" {
	feed '{"missing":"inactive","after":1,"refresh":"8d","max_missing":"100%","retry":2}'
	urls 1 3 >day1
	TC_NOW=2026-02-01T00:00:00Z tc-delta filter ./f.json <day1 >sent 2>err
	{ grep -v /3 sent | receipts; grep /3 sent | receipts rejected; } | TC_NOW=2026-02-01T00:00:00Z tc-delta commit ./f.json 2>err || true
	urls 2 3 >day2
	TC_NOW=2026-02-01T01:00:00Z tc-delta filter ./f.json <day2 >sent 2>err	# run 2
	[ ! -s sent ]
	TC_NOW=2026-02-01T01:00:00Z tc-delta expire --complete ./f.json 2>err | receipts | tc-delta commit ./f.json 2>err
	[ "$(known '[.active,.inactive,.refused]')" = '[1,1,1]' ]
	TC_NOW=2026-03-01T00:00:00Z run --separate-stderr -0 tc-delta explain --json ./f.json <day1
	[ "$(jq -r '"\(.change) \(.summary)"' <<<"$output" | sort | tr '\n' ' ')" = \
		'refreshed http://a.example/2 retried http://a.example/3 returned http://a.example/1 ' ]
	TC_NOW=2026-03-01T00:00:00Z run --separate-stderr -0 tc-delta explain ./f.json <day1
	[[ "$output" == *"refreshed URL http://a.example/2"* && "$output" == *"retried   URL http://a.example/3"* && "$output" == *"returned  URL http://a.example/1"* ]]
}

@test "explain: what is withheld has a line that says why, without the platform's control bytes" {
	feed '{"missing":"delete","retry":3}'
	urls 1 3 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	{
		jq -nc '{type: "URL", summary: "http://a.example/1", status: "rejected", batchId: 7, code: "0x1005", reason: "on an \u001b[31m exclusion list"}'
		jq -nc '{type: "URL", summary: "http://a.example/2", status: "unknown", batchId: 8}'
		jq -nc '{type: "URL", summary: "http://a.example/3", status: "accepted", batchId: 8}'
	} | tc-delta commit ./f.json 2>err || [ $? -eq 3 ]
	run --separate-stderr -0 tc-delta explain ./f.json <day1
	[ "$(sort <<<"$output")" = "$(sort <<-'E'
		withheld  URL http://a.example/1: refused by the platform in run 1 (0x1005: on an \x1b[31m exclusion list); sent again when its content changes, in run 4, or by tc-delta retry
		withheld  URL http://a.example/2: the outcome of batch 8 is not known; the platform is asked before it is sent again
	E
	)" ]
	[[ "$stderr" == *"3 read, 0 would be sent ("*"1 unchanged, 2 withheld"* ]]
	run --separate-stderr -0 tc-delta explain --json ./f.json <day1
	[ "$(jq -c '[.change, .summary, .why, .code, .batchId]' <<<"$output" | sort)" = '["withheld","http://a.example/1","refused","0x1005",null]
["withheld","http://a.example/2","pending",null,8]' ]
}

@test "D6: fdatasync or fsync that fails: the state is not believed, a message, the next run sends again" {
	need_tool strace
	if sanitized; then not_applicable "leak checkers cannot run under strace"; fi
	urls 1 10 >day1
	run --separate-stderr -1 strace -f -o trace -e trace=fdatasync,fsync -e inject=fdatasync,fsync:error=EIO tc-delta filter ./f.json <day1
	[ -z "$output" ]
	tc-delta filter ./f.json <day1 >sent 2>err
	[ "$(wc -l <sent)" -eq 10 ]
	receipts <sent >r
	run --separate-stderr -1 strace -f -o trace -e trace=fdatasync,fsync -e inject=fdatasync,fsync:error=EIO tc-delta commit ./f.json <r
	[[ "$stderr" == *"the state is not saved (it will be sent again)"* ]]
	tc-delta filter ./f.json <day1 >sent 2>err
	[ "$(wc -l <sent)" -eq 10 ]
	run --separate-stderr -0 tc-delta verify ./f.json
}

@test "35, K13: what is renamed into place was synced before, its directory after" {
	need_tool strace
	if sanitized; then not_applicable "leak checkers cannot run under strace"; fi
	urls 1 10 >day1
	tc-delta filter ./f.json <day1 >sent 2>err
	receipts <sent >r
	strace -f -o trace -e trace=fdatasync,fsync,rename,renameat,renameat2 tc-delta commit ./f.json <r 2>err
	grep -q rename trace
	awk '/rename/ { if (!synced) exit 1; renamed = 1; dir = 0 } /fsync|fdatasync/ { synced = 1; if (renamed) dir = 1 } END { if (renamed && !dir) exit 1 }' trace
}

@test "D11: reads and writes of one byte, and calls that are interrupted: the same bytes and the same state" {
	if sanitized; then not_applicable "the preloaded library comes before the sanitizer's"; fi
	cat >short.c <<-'C'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <errno.h>
		#include <unistd.h>
		static int odd;
		ssize_t read(int fd, void *b, size_t n) {
			ssize_t (*f)(int, void *, size_t) = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
			if (fd > 2) return f(fd, b, n);
			if (odd++ % 7 == 3) { errno = EINTR; return -1; }
			return f(fd, b, n > 1 ? 1 : n);
		}
		ssize_t write(int fd, const void *b, size_t n) {
			ssize_t (*f)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
			if (odd++ % 5 == 2) { errno = EINTR; return -1; }
			return f(fd, b, n > 1 ? 1 : n);
		}
	C
	cc -shared -fPIC -o short.so short.c -ldl
	urls 1 40 >day1
	tc-delta filter --dry-run ./f.json <day1 >want 2>err
	LD_PRELOAD=$PWD/short.so tc-delta filter ./f.json <day1 >sent 2>err
	cmp want sent
	receipts <sent >r
	LD_PRELOAD=$PWD/short.so tc-delta commit ./f.json <r 2>err
	[ "$(known '[.known,.pending]')" = '[40,0]' ]
	run --separate-stderr -0 tc-delta verify ./f.json
}

@test "D5, R10: a state directory that cannot be made, and too few descriptors: exit 1, said, nothing on stdout" {
	: >file
	run --separate-stderr tc-delta filter --state "$PWD/file/dir" ./f.json </dev/null
	[ "$status" -eq 1 ]
	[[ -z "$output" && -n "$stderr" ]]
	urls 1 10 >day1
	run --separate-stderr bash -c 'ulimit -n 5; tc-delta filter ./f.json <day1'
	[ "$status" -eq 1 ]
	[[ -z "$output" && "$stderr" == *"oo many open files"* ]]
	cycle day1
	[ "$(wc -l <sent)" -eq 10 ]
}

@test "import --platform: groups are known by their xid, one without is skipped; what differs is sent" {
	x=$(printf a | sha256sum | cut -c1-64)
	jq -nc --arg x "$x" '{group: [{id: 1, type: "Malware", name: "M", xid: $x}, {id: 2, type: "Report", name: "made by hand"}],
		indicator: [{id: 3, type: "URL", summary: "http://a.example/1"}]}' >bulk
	run --separate-stderr -0 tc-delta import --platform ./f.json bulk
	[[ "$stderr" == *"2 objects imported, 1 skipped"* ]]
	{ jq -nc --arg x "$x" '{type: "Malware", name: "M", xid: $x}'; urls 1 2; } >day1
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$output" = "$(urls 2 2)" ]
}

@test "import --platform: associations of the document are known; those it does not have are sent" {
	x=$(printf a | sha256sum | cut -c1-64)
	y=$(printf b | sha256sum | cut -c1-64)
	one=$(jq -nc --arg x "$x" --arg y "$y" '{ref_1: $x, type_1: "Malware", ref_2: $y, type_2: "Intrusion Set"}')
	two=$(jq -nc --arg x "$x" '{ref_1: $x, type_1: "Malware", ref_2: "http://a.example/1", type_2: "URL"}')
	jq -nc --argjson one "$one" '{indicator: [{type: "URL", summary: "http://a.example/1"}],
		association: [$one + {id: 4, note: null}, {ref_1: "no end"}, "no object"]}' >bulk
	run --separate-stderr -0 tc-delta import --platform ./f.json bulk
	[[ "$stderr" == *"2 objects imported, 2 skipped"* ]]
	{ echo "$one"; echo "$two"; urls 1 1; } >day1
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$(jq -S . <<<"$output")" = "$(jq -S . <<<"$two")" ]
}
