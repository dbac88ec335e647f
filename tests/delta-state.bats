# tc-delta's state and its lock: lost, damaged, foreign, held by another, or without room.
load helper
load delta

@test "a lost state: all is sent again, nothing removed in that run, said aloud" {
	feed '{"missing":"delete","after":1}'
	urls 1 20 >day1
	cycle day1
	rm "$(state)"
	cycle day1
	[ "$(wc -l <sent)" -eq 20 ]
	[[ "$(cat err)" == *"warning: the state of feed f is gone"* ]]
	# the platform's acknowledgement of day 1 is known again; a line goes missing in the same complete run
	urls 2 20 >day2
	tc-delta filter ./f.json <day2 >sent 2>err
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"the state was lost"* ]]
	cycle day2
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ "$(wc -l <<<"$output")" -eq 1 ]
}

@test "a damaged state: the copy is used, removals are off for a cycle, the damaged file is kept" {
	feed '{"missing":"delete","after":1}'
	urls 1 200 >day1
	cycle day1
	urls 2 200 >day2
	local file; file=$(state)
	# a value in the middle of a page, which SQLite's own check does not see
	local at; at=$(grep -abo 'http://a.example/77"' "$file" | head -1 | cut -d: -f1)
	printf X | dd of="$file" bs=1 seek=$((at + 8)) conv=notrunc 2>/dev/null
	run --separate-stderr -1 tc-delta verify ./f.json
	[[ "$stderr" == *"does not match its check value"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day2
	[[ -z "$output" && "$stderr" == *"is damaged"*"the copy of the last good state is used"* ]]
	[ -e "$file.damaged" ]
	run --separate-stderr -3 tc-delta expire --complete ./f.json
	[[ -z "$output" && "$stderr" == *"the state was damaged"* ]]
	run --separate-stderr -0 tc-delta filter ./f.json <day2
	run --separate-stderr -0 tc-delta expire --complete ./f.json
	[ "$(wc -l <<<"$output")" -eq 1 ]
	run --separate-stderr -0 tc-delta verify ./f.json
}

@test "a state of a newer version is refused untouched; so is another feed's or owner's file" {
	urls 1 3 >day1
	cycle day1
	local file; file=$(state)
	cp "$file" other
	printf '\0\0\0\143' | dd of="$file" bs=1 seek=60 conv=notrunc 2>/dev/null
	# the description says so as well, else it would be a flipped bit
	python3 - "$file" <<-'E' 2>/dev/null || skip "missing tool python3"
		import sys, sqlite3
		db = sqlite3.connect(sys.argv[1])
		db.execute("delete from meta"); db.commit()
	E
	cp "$file" before
	run --separate-stderr -2 tc-delta filter ./f.json <day1
	[[ -z "$output" && "$stderr" == *"has format 99, this program knows formats up to"* ]]
	run --separate-stderr -2 tc-delta expire --complete ./f.json
	run --separate-stderr -2 tc-delta commit ./f.json < <(receipts <sent)
	cmp "$file" before
	feed '{}' g
	cp other "${file/f./g.}"
	run --separate-stderr -2 tc-delta filter ./g.json <day1
	[[ -z "$output" && "$stderr" == *"belongs to feed 'f', not to 'g'"* ]]
	cmp other "${file/f./g.}"
}

@test "another owner has another state" {
	urls 1 3 >day1
	cycle day1
	run --separate-stderr -0 tc-delta filter --owner Other ./f.json <day1
	[ "$(wc -l <<<"$output")" -eq 3 ]
}

@test "one writer: a second run says who holds the lock, and a killed holder leaves none" {
	urls 1 3 >day1
	mkfifo go
	TC_RUN_ID=abc123 tc-delta lock ./f.json -- sh -c 'echo in >ready; exec sleep 60' 3>&- 2>err &
	local pid=$! i
	for ((i = 0; i < 100; i++)); do [ -e ready ] && break; sleep 0.05; done
	run --separate-stderr -3 tc-delta filter ./f.json <day1
	[[ -z "$output" && "$stderr" == *"another run of feed f is active: run abc123 since 2"*"(0 minutes, process $pid)"* ]]
	[[ "$(tail -1 <<<"$stderr")" == *"reason=busy" ]]
	run --separate-stderr -3 tc-delta lock ./f.json -- true
	# looking is allowed
	run --separate-stderr -0 tc-delta stats ./f.json
	kill -9 $pid
	wait $pid || true
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ "$(wc -l <<<"$output")" -eq 3 ]
}

@test "lock: the stages of a run inherit it, and the command's exit code is kept" {
	urls 1 3 >day1
	run --separate-stderr -0 tc-delta lock ./f.json -- sh -c 'tc-delta filter ./f.json <day1 | wc -l'
	[ "${output// /}" = 3 ]
	run --separate-stderr -41 tc-delta lock ./f.json -- sh -c 'exit 41'
	run --separate-stderr -2 tc-delta lock ./f.json -- ./not-there
	run --separate-stderr -2 tc-delta lock ./f.json
	# another feed's lock is not this one's
	feed '{}' g
	run --separate-stderr -0 tc-delta lock ./g.json -- tc-delta filter ./f.json <day1
}

@test "no space for spool or state: a message, the state as it was, the next run as if nothing had been" {
	urls 1 50 >day1
	cycle day1
	cp "$(state)" before
	urls 1 3000 ',"description":"some text that makes the line longer"' >day2
	run --separate-stderr -1 bash -c 'ulimit -f 200; trap "" XFSZ; tc-delta filter ./f.json <day2'
	[ -z "$output" ]
	[[ "$stderr" == *"cannot write"* ]]
	[ "$(known '[.known,.pending,.run]')" = '[50,0,1]' ]
	run --separate-stderr -0 tc-delta filter ./f.json <day2
	[ "$(wc -l <<<"$output")" -eq 3000 ]
}

@test "directories others may write to, links, files of no state: refused" {
	mkdir loose && chmod 777 loose
	run --separate-stderr -2 tc-delta filter --state loose ./f.json </dev/null
	[[ "$stderr" == *"others may write there"* ]]
	mkdir -m 700 dir && ln -s dir link
	run --separate-stderr -2 tc-delta filter --state link ./f.json </dev/null
	[[ "$stderr" == *"symbolic link"* ]]
	run --separate-stderr -2 tc-delta filter ./not-there.json </dev/null
	umask 000
	urls 1 3 >day1
	cycle day1
	[ "$(find "$XDG_STATE_HOME/tcfeed" -type f -perm /077 | wc -l)" -eq 0 ]
}

@test "a state whose last write was cut off is rolled back by the next run" {
	urls 1 3 >day1
	cycle day1
	local file; file=$(state)
	need_tool python3
	python3 - "$file" <<-'E' || true
		import os, sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		db.execute("pragma cache_size=1"); db.execute("pragma cache_spill=1"); db.execute("pragma journal_mode=truncate")
		db.execute("begin immediate"); db.execute("delete from object")
		db.execute("create table junk(x)")
		for i in range(400): db.execute("insert into junk values (randomblob(900))")
		os.kill(os.getpid(), 9)
	E
	run --separate-stderr -0 tc-delta filter ./f.json <day1
	[ -z "$output" ]
	[ "$(known .known)" = 3 ]
}
