# Where a host has only busybox: run.sh does all that run.bats asks of it with busybox's shell and tools alone.
load ../helper

@test "run.bats under busybox" {
	need_tool busybox
	# bats puts a directory of its own parts before PATH, and the "bats" in there is not one to start anew
	run env -i PATH="$(tr : '\n' <<<"$PATH" | grep -v '/lib\(exec\)\{0,1\}/bats-core$' | paste -sd :)" HOME="$HOME" BUILD="$BUILD" RUN_UNDER=busybox bats --tap "$TOP/tests/run.bats"
	echo "$output" | grep -v '^ok'
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ok' <<<"$output")" -eq "$(grep -c '^@test' "$TOP/tests/run.bats")" ]
}
