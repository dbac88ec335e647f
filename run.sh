#!/bin/sh
# run.sh: one job. Chains the stages for each feed, folds what they say into 0, 1 or 3, and leaves message.tc,
# results.tc and the log. It decides nothing about objects; see tcfeed-run(1).
#
# It runs in three steps, each the same script: tc-params reads the parameters and executes it again with them in a
# descriptor (TCFEED_STEP=job), and tc-delta takes a feed's lock and executes it with that (TCFEED_STEP=feed).
set -u
umask 077

# --- where things are ---

# (sh run.sh has no slash, and neither has a shell's own search for it)
case $0 in
*/*) self=$0 ;;
*) if [ -f "$0" ]; then self=./$0; else self=$(command -v -- "$0") || exit 1; fi ;;
esac
here=$(cd "${self%/*}" && pwd) || exit 1
self=$here/${self##*/}
for bin in "${TC_BIN:-}" "$here/bin" "$here/build/bin" "$here"; do
	[ -n "$bin" ] && [ -x "$bin/tc-params" ] && break
	bin=
done
[ -z "$bin" ] || PATH=$bin:$PATH
for install in "${TC_INSTALL:-}" "$here/install.json" "$here/../share/tcfeed/install.json"; do
	[ -n "$install" ] && [ -r "$install" ] && break
done
for feeds in "${TC_FEEDS:-}" "$here/feeds" "$here/../share/tcfeed/feeds"; do
	[ -n "$feeds" ] && [ -d "$feeds" ] && break
done
export PATH
[ ! -d "$feeds" ] || export TC_FEEDS="$feeds"

usage='usage: run.sh [--feed FEED] ... [--config FILE] [--replay DIR [--complete] | --capture] [--limit N] [--dry-run DIR] [--no-removals] [--full] [--name value ...]'

# --- words ---

say() { tc-params log "$1" "$2"; }

# A number in a stage's statistics, which are one line of our own making, in $n: counted FILE NAME
counted() {
	n=0
	[ -f "$1" ] || return 0
	read -r line <"$1" || :
	case $line in
	*"\"$2\":"[0-9]*) line=${line##*"\"$2\":"}; n=${line%%[!0-9]*} ;;
	esac
}

# Replaces FILE by the text, whole or not at all.
write_file() { printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"; }

# --- step 1: the parameters ---

# Before the parameters are known, the message goes where the arguments say, or here.
fail_early() {
	echo "run.sh: error: $1" >&2
	shift 2
	out=.
	while [ $# -gt 0 ]; do
		case $1 in
		--tc_out_path=*) out=${1#*=} ;;
		--tc_out_path) out=${2:-.} ;;
		esac
		shift
	done
	[ -w "$out" ] || out=.
	printf 'failed: the programs of this app are not there or cannot be executed (%s)\n' "$(uname -sm)" >"$out/message.tc"
	exit 1
}

step_parameters() {
	for arg in "$@"; do
		case $arg in
		-h | --help) printf '%s\n' "$usage"; exit 0 ;;
		-V | --version) exec tc-params -V ;;
		esac
	done
	tc-params -V >/dev/null 2>&1 || fail_early "no tc-params that can be executed beside $self or on PATH" -- "$@"
	set -- "$@" -- "${TC_SH:-/bin/sh}" "$self"
	[ ! -r "$install" ] || set -- --install "$install" "$@"
	export TCFEED_STEP=job
	exec tc-params --job "$@"
}

# --- step 2: the job ---

# Old logs: FILE.1.gz is the youngest.
rotate() {
	file=$1 max=$2 keep=$3
	[ -f "$file" ] && [ "$(wc -c <"$file")" -gt "$max" ] || return 0
	i=$keep
	while [ "$i" -gt 1 ]; do
		for end in .gz ''; do
			[ ! -f "$file.$((i - 1))$end" ] || mv -f "$file.$((i - 1))$end" "$file.$i$end"
		done
		i=$((i - 1))
	done
	rm -f "$file.$((keep + 1)).gz"
	if [ "$keep" -gt 0 ]; then
		mv -f "$file" "$file.1" && { gzip -f "$file.1" 2>/dev/null || :; }
	else
		: >"$file"
	fi
}

# The directory of the state, in state_dir; "" where nothing is to be kept.
find_state() {
	state_dir=
	# in the platform's sandbox no path is promised to be there the next time
	if [ "$state" = auto ] && [ -z "$state_path" ] && [ -n "${TCFEED_PLATFORM:-}" ]; then
		if [ -n "$tc_token_expires" ]; then state=datastore; else state=none; fi
	fi
	if [ "$state" = none ] || [ "$state" = datastore ]; then
		state_dir=$work/state
	elif [ -n "$state_path" ]; then
		state_dir=$state_path
	elif [ -n "${TC_STATE_DIR:-}" ]; then
		state_dir=$TC_STATE_DIR
	else
		state_dir=${XDG_STATE_HOME:-${HOME:-}/.local/state}/tcfeed
	fi
	[ -d "$state_dir" ] || mkdir -p "$state_dir" 2>/dev/null
	if [ ! -w "$state_dir" ]; then
		job_note="the state directory $state_dir cannot be written"
		return 1
	fi
	export TC_STATE_DIR="$state_dir"
}

# results.tc, all lines at once; a value that cannot stand in it is left out.
results() {
	{
		while [ $# -gt 0 ]; do
			case $2 in
			*" = "* | *"
"*) ;;
			'') printf '%s =\n' "$1" ;;
			*) [ "${#2}" -gt 255 ] || printf '%s = %s\n' "$1" "$2" ;;
			esac
			shift 2
		done
	} >"$out/results.tc.new" && mv -f "$out/results.tc.new" "$out/results.tc"
}

# One feed, in a process of its own that holds its lock. Its code is left in $dir/exit.
run_feed() {
	feed=$1
	feed_id='' feed_name=''
	number=$((number + 1))
	dir=$work/jobs/$number
	mkdir -p "$dir"
	printf '%s\n' "$feed" >"$dir/name"
	: >"$dir/status"
	if ! about=$(tc-params feed --stats "$dir/check.json" "$feed"); then
		echo "check 2" >>"$dir/status"
		echo 1 >"$dir/exit"
		return
	fi
	eval "$about"
	printf '%s\n' "$feed_name" >"$dir/name"
	export feed feed_id feed_name dir work state state_dir
	TCFEED_STEP=feed tc-delta lock --stats "$dir/lock.json" "$feed" -- "${TC_SH:-/bin/sh}" "$self" &
	child=$!
	wait_for $child; code=$?
	child=
	# without an exit file the lock was not had, or the process was killed
	if [ ! -f "$dir/exit" ]; then
		[ -n "$stopped" ] || echo "lock $code" >>"$dir/status"
		case $code in 3) ;; *) code=1 ;; esac
		echo "$code" >"$dir/exit"
	fi
	[ -z "$stopped" ] || printf '%s\n' "$stopped" >"$dir/note"
}

# wait(1) ends early when a trapped signal comes
wait_for() {
	while :; do
		wait "$1"; code=$?
		kill -0 "$1" 2>/dev/null || return $code
	done
}

stop() {
	[ -n "$stopped" ] || stopped=$1
	[ -z "$child" ] || kill -s TERM "$child" 2>/dev/null
}

# Ends the job when its time is up, and itself when the job is gone.
watchdog() {
	left=$1
	while [ "$left" -gt 0 ] && kill -0 $$ 2>/dev/null; do
		sleep 2
		left=$((left - 2))
	done
	kill -s ALRM $$ 2>/dev/null
}

clean_job() {
	[ -z "$dog" ] || kill "$dog" 2>/dev/null
	rm -rf "$work"
}

step_job() {
	tc_owner='' tc_out_path='' tc_token_expires='' tc_log_to_api='' feed='' last_run='' indicator_types='' removals='' # set by eval
	of_feed='tc_owner replay complete capture dry_run no_removals full limit last_run cursor full_send indicator_types removals keep_days'
	names='tc_token_expires tc_out_path tc_log_max_bytes tc_log_backup_count tc_log_to_api feed confirm_removals state state_path time_limit'
	# shellcheck disable=SC2086
	values=$(tc-params get --shell $of_feed $names) || exit 1
	eval "$values"
	eval "$(date -u '+started=%Y-%m-%dT%H:%M:%SZ stamp=%Y%m%dT%H%M%SZ')"
	# the step below reads the same
	# shellcheck disable=SC2163
	export $of_feed started stamp
	stopped='' child='' dog='' job_note='' number=0
	out=$tc_out_path
	[ -n "$out" ] || out=${TC_OUT_PATH:-.}
	[ -d "$out" ] && [ -w "$out" ] || out=.
	[ -z "${TC_LOG_FILE:-}" ] || rotate "$TC_LOG_FILE" "${tc_log_max_bytes:-10485760}" "${tc_log_backup_count:-25}"
	logged=0
	[ "$tc_log_to_api" != true ] || [ ! -f "${TC_LOG_FILE:-}" ] || logged=$(wc -c <"$TC_LOG_FILE")
	temp=${TC_TEMP_PATH:-${TMPDIR:-/tmp}}
	set -- "$temp"/tcfeed.??????
	[ ! -e "$1" ] || find "$temp" -maxdepth 1 -user "$(id -u)" -name 'tcfeed.??????' -mtime +1 -exec rm -rf {} + 2>/dev/null
	work=$(mktemp -d "$temp/tcfeed.XXXXXX") || {
		say error "cannot make a temporary directory in $temp"
		printf 'failed: cannot make a temporary directory in %s\n' "$temp" >"$out/message.tc"
		exit 1
	}
	trap clean_job EXIT
	trap 'stop "stopped by signal 15 (TERM)"' TERM
	trap 'stop "stopped by signal 2 (INT)"' INT
	trap 'stop "stopped by signal 1 (HUP)"' HUP
	trap 'stop "stopped: the time limit of $time_limit seconds is over"' ALRM
	mkdir "$work/jobs"
	[ "$tc_log_to_api" != true ] || [ -n "${TC_LOG_FILE:-}" ] || export TC_LOG_FILE="$work/app.log"
	# what the platform gave comes back even if this run ends early
	results last_run "$last_run" cursor "$cursor" 2>/dev/null || {
		# writable by its mode, and yet not
		out=.
		results last_run "$last_run" cursor "$cursor" || say warning "cannot write results.tc"
	}
	if find_state; then
		: "${time_limit:=21600}"
		watchdog "$time_limit" >/dev/null 2>&1 </dev/null 3>&- &
		dog=$!
		rest=${feed:-$(default_feeds)} several=
		case $rest in *"|"*) several=1 ;; esac
		export several
		while [ -n "$rest" ] && [ -z "$stopped" ]; do
			run_feed "${rest%%"|"*}"
			case $rest in *"|"*) rest=${rest#*"|"} ;; *) rest='' ;; esac
		done
	else
		mkdir "$work/jobs/1"
		echo 1 >"$work/jobs/1/exit"
		printf 'tcfeed\n' >"$work/jobs/1/name"
		printf '%s\n' "$job_note" >"$work/jobs/1/note"
	fi
	finish_job
}

# All definitions of a package are its feed; a checkout has a gallery, of which one must be chosen.
default_feeds() {
	[ -d "$here/feeds" ] && [ ! -f "$here/Makefile" ] || return 0
	for file in "$here"/feeds/*.json; do
		[ ! -f "$file" ] || printf '%s|' "$file"
	done | sed 's/|$//'
}

finish_job() {
	code=0 stored=
	for file in "$work"/jobs/*/exit; do
		[ -f "$file" ] || { code=1; say error "no feed: name one with --feed"; break; }
		status=
		read -r status <"$file" || :
		case $status in
		0) stored=1 ;;
		3) [ $code -ne 0 ] || code=3 ;;
		*) code=1 ;;
		esac
	done
	# one feed that failed beside others that were stored is a partial failure
	[ $code -eq 0 ] || [ -z "$stored" ] || code=3
	[ $code -ne 0 ] || [ -z "$stopped" ] || code=3
	if [ $code -eq 0 ] && [ -z "$replay$dry_run" ]; then
		new=
		[ ! -f "$work/moved" ] || [ "$number" -ne 1 ] || { read -r file <"$work/moved"; new=$(cat "$file"); }
		set -- last_run "$started" cursor "$new"
		# spent: they were meant for one run
		[ -z "$confirm_removals" ] || set -- "$@" confirm_removals ""
		[ "$full_send" != true ] || set -- "$@" full_send false
		results "$@" || say warning "cannot write results.tc in $out"
	fi
	tc-params message --dir "$work/jobs" --out "$out" || :
	[ "$tc_log_to_api" != true ] || tail -c "+$((logged + 1))" "$TC_LOG_FILE" 2>/dev/null | TC_LOG_FILE='' tc-api log >/dev/null 2>&1
	# for a closer look at what each stage counted
	[ -z "${TC_STATS_DIR:-}" ] || { mkdir -p "$TC_STATS_DIR" && cp -r "$work"/jobs/* "$TC_STATS_DIR"; }
	exit $code
}

# --- step 3: one feed, its lock held ---

group_types='Adversary,Attack Pattern,Campaign,Course of Action,Document,Email,Event,Incident,Intrusion Set,Malware,Report'
group_types=$group_types',Signature,Tactic,Threat,Tool,Vulnerability'

# stage NAME COMMAND ... 4<&0: runs it with its own --stats, so that signals find it and its status is known. What sh starts
# in the background would read /dev/null, hence descriptor 4.
stage() {
	name=$1
	shift
	"$@" --stats "$dir/$name$part.json" "$feed" <&4 4<&- 3>&- &
	pid=$!
	echo "$pid" >>"$dir/pids.$name"
	wait $pid
	echo "$name $?" >&3
}

# Commit reads to the end of its input whatever happens, so that what was acknowledged is known.
stop_stages() {
	[ -n "$stopped" ] || stopped=1
	for file in "$dir"/pids.*; do
		case $file in */pids.commit*) continue ;; esac
		[ ! -f "$file" ] || xargs kill -s TERM <"$file" 2>/dev/null
	done
	[ -n "$killer" ] || {
		# without the lock, which its sleep would hold when all has ended (a descriptor of two digits cannot be closed by every shell)
		(
			case ${TC_LOCK_FD:-} in [3-9]) eval "exec $TC_LOCK_FD>&-" ;; esac
			sleep 20
			cat "$dir"/pids.* 2>/dev/null | xargs kill -s KILL 2>/dev/null
		) >/dev/null 2>&1 </dev/null 3>&- &
		killer=$!
	}
}

# pipe "STAGES" FUNCTION ...: runs one of the pipes below. Each stage's status is then in $status_STAGE, and a line of
# $dir/status; a stage whose shell was killed with it has said nothing and counts as killed.
pipe() {
	for name in $1; do eval "status_$name=137"; done
	[ -z "$stopped" ] || return 0
	stages=$1
	shift
	for file in "$dir"/pids.*; do
		[ ! -f "$file" ] || : >"$file"
	done
	"$@" 3>"$dir/last" &
	wait_for $!
	while read -r name code; do eval "status_$name=$code"; done <"$dir/last"
	for name in $stages; do
		eval "code=\$status_$name"
		echo "$name $code $name$part.json" >>"$dir/status"
	done
}

# Did each of the stages end with 0? whole STAGE ...
whole() {
	for name; do
		eval "[ \$status_$name -eq 0 ]" || return 1
	done
}

# 0, or 3 with a reason that does not concern what was read: refused by the platform, not yet known.
heard() {
	for name; do
		eval "[ \$status_$name -eq 0 ] || [ \$status_$name -eq 3 ]" || return 1
	done
}

pipe_settle() {
	stage settle tc-delta settle --journal "$keep/journal" 4</dev/null |
		stage submit_settle tc-submit --settle 4<&0 |
		stage commit_settle tc-delta commit 4<&0
}

# tc-fetch with what it needs to know of the run before: fetch STAGE ARGUMENTS
fetch() {
	what=$1 since=$from begin=$last_run
	shift
	# where there is a cursor, it says more than a date
	if [ -s "$since" ]; then begin=''; else since=''; fi
	stage "$what" tc-fetch --window ${since:+--since "$since"} ${begin:+--last-run "$begin"} --cursor "$dir/cursor" \
		${files:+--files "$files"} "$@" 4</dev/null
}

source_pages() {
	if [ -n "$replay$captured" ]; then
		stage fetch tc-fetch --replay "${captured:-$replay}" 4</dev/null
	else
		fetch fetch
	fi |
		stage map tc-map --rejects "$keep/rejects/$stamp$part.ndjson" ${limit:+--limit "$limit"} ${types:+--type "$types"} 4<&0
}

pipe_feed() {
	source_pages |
		stage filter tc-delta filter 4<&0 |
		stage submit tc-submit --journal "$keep/journal" ${files:+--files "$files"} 4<&0 |
		stage commit tc-delta commit 4<&0
}

pipe_dry() {
	source_pages |
		stage filter tc-delta filter --dry-run 4<&0 |
		stage submit tc-submit --dry-run "$dry_run" 4<&0
}

pipe_present() {
	stage present tc-delta present 4</dev/null
}

pipe_removals() {
	stage expire tc-delta expire --complete --removed "$keep/removed/$stamp.ndjson" ${missing:+--missing "$missing"} 4</dev/null |
		stage submit_removals tc-submit --journal "$keep/journal" 4<&0 |
		stage commit_removals tc-delta commit 4<&0
}

# An administrator's edit of last_run is the reset. The platform hands back an old value where a run did not end with 0,
# so only a value that was neither handed in nor written since the last one that came back is an edit.
check_reset() {
	later=
	if [ -f "$keep/seen" ]; then
		if ! later=$(want=$last_run awk '
			found { line[n++] = $0 }
			$0 "" == ENVIRON["want"] "" { found = 1 }
			END { for (i = n > 500 ? n - 500 : 0; i < n; i++) print line[i]; exit !found }' "$keep/seen"); then
			say info "last_run was set to '$last_run': everything is sent again"
			reset=1
		fi
	fi
	# what this run is going to write may come back as well
	write_file "$keep/seen" "$last_run
${later:+$later
}$started"
}

# What is pending of this pipe would be lost if the next run began behind it.
may_move() {
	heard fetch && whole map filter && heard submit commit || return 1
	for word in unknown unsent; do
		counted "$dir/commit$part.json" $word
		[ "$n" -eq 0 ] || return 1
	done
}

# Fetched whole before it is mapped: into a capture that is kept, or because a feed may answer "not modified": nothing may
# come to filter then, which would take it for an empty feed. 0: there is something to map; 1: there is not.
fetch_first() {
	status_present=0
	if [ -n "$capture" ]; then
		captured=$keep/captures/$stamp$part
		files=$captured/files
		mkdir -p "$captured" "$files"
	else
		captured=$dir/pages$part
	fi
	pipe get fetch get -o "$captured"
	whole get || return 1
	if grep -q '"unchanged": *true' "$dir/cursor"; then
		pipe present pipe_present
		# 3: something waits to be sent again, and for that the feed's content is wanted all the same
		[ $status_present -eq 3 ] || return 1
		forget present
		from=
		rm -rf "$captured" "$dir/cursor"
		pipe get fetch get -o "$captured"
		whole get || return 1
	fi
}

# What a stage said that was then made good.
forget() {
	sed "/^$1 /d" "$dir/status" >"$dir/status.new" && mv -f "$dir/status.new" "$dir/status"
	rm -f "$dir/$1$part.json"
}

# The first pipe: once, or in windows for a feed that is read on from where it was left.
feed_pipes() {
	from=$keep/cursor
	[ -z "$full$full_send$reset$replay" ] || from=
	if [ "$state" = none ]; then
		from=
		[ -z "$cursor" ] || { from=$work/since; printf '%s\n' "$cursor" >"$from"; }
	fi
	windows=0
	while [ -z "$stopped" ]; do
		[ $windows -eq 0 ] || part=.$windows
		captured=''
		# content of Documents and Reports: of the replay, or what tc-fetch brings and keeps from run to run
		files=$keep/files
		if [ -n "$replay" ]; then files=$replay/files; fi
		[ -d "$files" ] || files=''
		if [ -z "$replay" ] && { [ -n "$capture" ] || { [ -s "$from" ] && grep -q -E '"(etag|last_modified)"' "$from"; }; }; then
			fetch_first || return 1
		fi
		pipe "fetch map filter submit commit" pipe_feed
		may_move || return 1
		[ -s "$dir/cursor" ] || break
		cp "$dir/cursor" "$keep/cursor.new" && mv -f "$keep/cursor.new" "$keep/cursor"
		printf '%s\n' "$keep/cursor" >"$work/moved"
		# a fetch that paused, or found a gap, has said so: what came is whole, but the rest is another run's
		whole fetch || return 1
		grep -q '"more": *true' "$dir/cursor" || break
		from=$keep/cursor
		windows=$((windows + 1))
		[ $windows -lt 10000 ] || break
		rm -f "$dir/cursor"
	done
}

removals() {
	case $removals in
	keep) missing=keep ;;
	inactive | delete) missing=$removals ;;
	*) missing= ;;
	esac
	[ -z "$no_removals" ] && [ "$state" != none ] || return 0
	counted "$dir/fetch$part.json" complete
	if [ -n "$limit$types" ] || { [ -z "$complete" ] && [ "$n" -ne 1 ]; }; then
		say info "nothing is removed: the run was limited, or what was read is not known to be the whole feed"
	else
		pipe "expire submit_removals commit_removals" pipe_removals
	fi
}

# The state of a job that has no directory of its own, in the platform's DataStore. While a run writes, a mark lies beside it:
# found by the next one, it says that the platform may hold more than the state knows, and that all is to be sent again.
load_state() {
	[ "$state" = datastore ] || return 0
	stored=$(printf '%.30s' "$feed_id").$(printf %s "$feed_id $tc_owner" | sha256sum | cut -c 1-16)
	tc-api --log-level error --stats "$dir/load.json" state get "$stored" "$work/state.tar"
	case $? in
	0) tar xf "$work/state.tar" -C "$state_dir" || { echo "load 1" >>"$dir/status"; return 1; } ;;
	3) say info "no state of $feed_id is kept in the DataStore yet: everything is sent, nothing is removed" ;;
	*)
		if grep -q '"reason":"state"' "$dir/load.json" 2>/dev/null; then
			say warning "the state in the DataStore cannot be used: everything is sent again, nothing is removed in this run"
		else
			echo "load 1 load.json" >>"$dir/status"
			return 1
		fi
		;;
	esac
	rm -f "$work/state.tar"
	if tc-api --log-level error state get "$stored.open" "$work/open"; then
		say info "the last run could not keep its state: everything is sent again"
		reset=1
	fi
	echo open >"$work/open"
	tc-api --stats "$dir/mark.json" state put "$stored.open" "$work/open" || { echo "mark 1 mark.json" >>"$dir/status"; return 1; }
}

save_state() {
	[ "$state" = datastore ] || return 0
	(
		cd "$state_dir" || exit 1
		set -- "$feed_id.$owner_key.state"
		for file in "$1.run" "$1.hold" "$feed_id.$owner_key.run/cursor" "$feed_id.$owner_key.run/seen" "$feed_id.$owner_key.run/journal"; do
			[ ! -f "$file" ] || set -- "$@" "$file"
		done
		[ ! -f "$1" ] || tar cf "$work/state.tar" "$@"
	) || return 1
	[ -f "$work/state.tar" ] || return 0
	tc-api --stats "$dir/save.json" state put "$stored" "$work/state.tar"
	case $? in
	0) ;;
	2)
		# too large to be kept: an old one would be wrong, none is only slow
		say warning "the state is too large for the DataStore: each run sends everything and removes nothing; set state_path"
		tc-api state delete "$stored"
		;;
	*)
		echo "save 1 save.json" >>"$dir/status"
		return 1
		;;
	esac
	rm -f "$work/state.tar"
	tc-api --stats "$dir/unmark.json" state delete "$stored.open" || echo "unmark 1 unmark.json" >>"$dir/status"
}

clean_old() {
	[ "${keep_days:-30}" -gt 0 ] || return 0
	find "$keep/rejects" "$keep/removed" "$keep/files" -type f ! -name names.ndjson '(' -mtime "+${keep_days:-30}" -o -size 0 ')' -exec rm -f {} + 2>/dev/null
	[ ! -d "$keep/captures" ] || find "$keep/captures" -mindepth 1 -maxdepth 1 -mtime "+${keep_days:-30}" -exec rm -rf {} + 2>/dev/null
}

# Worst first: failed, or 3 if the platform has acknowledged something of it; partial; done.
fold() {
	code=0
	while read -r name status file; do
		case $status in
		0) ;;
		3) [ $code -ne 0 ] || code=3 ;;
		*) code=1 ;;
		esac
	done <"$dir/status"
	[ -z "$stopped" ] || code=1
	if [ $code -eq 1 ]; then
		for file in "$dir"/commit*.json; do
			counted "$file" accepted
			[ "$n" -eq 0 ] || code=3
		done
	fi
	echo $code >"$dir/exit"
}

step_feed() {
	[ "$no_removals" = true ] || no_removals=
	[ "$full" = true ] || full=
	[ "$complete" = true ] || complete=
	[ "$capture" = true ] || capture=
	[ "$full_send" = true ] || full_send=
	# a filter of indicator types; groups pass
	types=
	[ -z "$indicator_types" ] || types=$(printf %s "$indicator_types" | tr '|' ','),$group_types
	stopped='' killer='' part='' captured='' files=''
	owner_key=$(printf %s "$tc_owner" | sha256sum)
	owner_key=${owner_key%"${owner_key#????????????}"}
	keep=$state_dir/$feed_id.$owner_key.run
	[ -d "$keep/rejects" ] && [ -d "$keep/removed" ] && [ -d "$keep/files" ] || mkdir -p "$keep/rejects" "$keep/removed" "$keep/files" || {
		echo "the state directory $state_dir cannot be written" >"$dir/note"
		echo 1 >"$dir/exit"
		exit 1
	}
	trap stop_stages TERM INT HUP
	# descriptors 3 and 4 are ours
	case ${TC_LOCK_FD:-} in
	[0-8])
		eval "exec 9<&$TC_LOCK_FD $TC_LOCK_FD<&-"
		export TC_LOCK_FD=9
		;;
	esac
	if [ -n "$dry_run" ]; then
		# batch files are numbered: each feed's in a directory of its own
		[ -z "$several" ] || dry_run=$dry_run/$feed_id
		mkdir -p "$dry_run"
		from=$keep/cursor
		pipe "fetch map filter submit" pipe_dry
	elif reset='' && load_state; then
		check_reset
		pipe "settle submit_settle commit_settle" pipe_settle
		if heard settle submit_settle commit_settle; then
			[ -z "$full$full_send$reset" ] || tc-delta reset --stats "$dir/reset.json" "$feed" || echo "reset $? reset.json" >>"$dir/status"
			if feed_pipes; then
				removals
			fi
		fi
		clean_old
		save_state
	fi
	[ -z "$killer" ] || kill "$killer" 2>/dev/null
	fold
	exit "$code"
}

case ${TCFEED_STEP:-} in
'') step_parameters "$@" ;;
job) unset TCFEED_STEP; step_job ;;
feed) unset TCFEED_STEP; step_feed ;;
esac
