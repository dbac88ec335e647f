# What tc-submit holds in memory: under two batch documents, however many objects there are.
load helper
load sandbox

setup() {
	common_setup
	need_tool python3
	sanitized && not_applicable "sanitizers keep what was freed"
	SANDBOX=
}

teardown() { stop_sandbox; }

# objects N: N Hosts of some 490 bytes.
objects() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "{\"type\":\"Host\",\"summary\":\"h%d.example.com\",\"attribute\":[{\"type\":\"Description\",\"value\":\"%0400d\"}]}\n", i, i }'
}

used() { # used NAME INPUT: KiB of a run beyond those of a run of one object, in $NAME
	peak kib tc-submit --params config.json <"$2" >out 2>err || { cat err; return 1; }
	[ "$(receipts accepted)" = "$(wc -l <"$2")" ]
	printf -v "$1" %d $(($(<kib) - base))
	echo "# $1: ${!1} KiB, a document $document KiB" >&2
}

@test "60,000 objects take the memory of 5,000, under two documents" {
	start_sandbox
	objects 60000 >many
	head -n 5000 many >few
	head -n 1 many >one
	document=$(($(wc -c <few) / 1024)) base=0
	used base one
	used few few
	used many many
	[ "$few" -gt $((document / 2)) ]
	[ "$many" -lt $((2 * document)) ]
	[ $((many - few)) -lt $((document / 4)) ]
	# with the journal too
	rm -f journal
	peak kib tc-submit --params config.json --journal journal <many >out 2>err
	[ $(($(<kib) - base)) -lt $((2 * document)) ]
}

@test "what waits for its turn waits on disk: indicators behind a late group, and removals" {
	start_sandbox
	objects 60000 >many
	head -n 1 many >one
	document=$(($(head -n 5000 many | wc -c) / 1024)) base=0
	used base one
	{ cat one; echo '{"type":"Report","name":"R","xid":"g1"}'; sed 1d many; } >late
	used late late
	# a mebibyte of it is kept in memory
	[ "$late" -lt $((2 * document + 1024)) ]
	sed 's/}$/,"action":"Delete"}/' many >removals
	used removals removals
	[ "$removals" -lt $((2 * document + 1024)) ]
}
