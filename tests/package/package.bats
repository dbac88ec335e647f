# The package of a feed: what is in it, what a validator says, and that it runs where nothing but a kernel is given.
load ../helper

# One package for all tests of this file: making it takes a while.
setup_file() {
	export PACKAGE_DIR=$BATS_FILE_TMPDIR/package
	mkdir -p "$PACKAGE_DIR/feed"
	cat >"$PACKAGE_DIR/feed/acme-urls.json" <<-'END'
	{"id": "acme-urls", "name": "Acme URLs", "vendor": "Acme", "description": "URLs that Acme saw spreading malware.",
	 "fetch": {"url": "https://feed.example/v1/urls.csv", "headers": {"Authorization": "Bearer {param:acme_api_key}"}},
	 "parse": {"format": "csv"}, "values": {"reserved": "keep"},
	 "map": [{"object": {"type": "URL", "summary": {"path": "url"}, "rating": {"path": "rating", "param": "default_rating"},
	   "confidence": {"param": "default_confidence"},
	   "attribute": [{"type": "Acme Threat Id", "value": {"path": "id"}}, {"type": "Source", "value": {"path": "ref"}}]}}],
	 "delta": {"missing": "delete", "max_missing": {"share": "50%", "count": 10}}}
	END
	FEED=$PACKAGE_DIR/feed/acme-urls.json NAME='Acme Intel Feed' BUILD=$BUILD "$TOP/scripts/package" --dist --out "$PACKAGE_DIR" >"$PACKAGE_DIR/log" 2>&1 ||
		{ cat "$PACKAGE_DIR/log" >&2; return 1; }
	mkdir "$PACKAGE_DIR/full"
	unzip -q "$PACKAGE_DIR/Acme_Intel_Feed_v1.tcx" -d "$PACKAGE_DIR/full"
}

TREE=Acme_Intel_Feed_v1

unpack() { cp -r "$PACKAGE_DIR/full/$TREE" .; }

sandbox_up() { # ARGUMENTS; configuration in platform.json
	tc-sandbox --port 0 --owner 'Acme Source' --owner-file owner.ndjson --config platform.json --any-attribute "$@" >sandbox.log 2>&1 3>&- &
	SANDBOX=$!
	for _ in $(seq 100); do [ -s platform.json ] && return; sleep 0.1; done
	cat sandbox.log
	return 1
}

teardown() { [ -z "${SANDBOX:-}" ] || kill "$SANDBOX" || true; }

# The parameters as the platform encrypts them: FILE KEY <json
encrypted() { openssl enc -aes-128-cbc -K "$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n')" -iv 00000000000000000000000000000000 >"$1"; }

@test "both flavours are valid, and the first has no Feed Deployer part" {
	run -0 "$TOP/scripts/validate-package" "$PACKAGE_DIR/Acme_Intel_Feed_v1.tcx"
	run -0 "$TOP/scripts/validate-package" "$PACKAGE_DIR/Acme_Intel_Feed_v1-initial.tcx"
	run -0 unzip -p "$PACKAGE_DIR/Acme_Intel_Feed_v1-initial.tcx" $TREE/install.json
	[ "$(jq 'has("feeds")' <<<"$output")" = false ]
	run -0 unzip -Z1 "$PACKAGE_DIR/Acme_Intel_Feed_v1-initial.tcx"
	[[ "$output" != *-job.json* ]]
	# one folder at the top, nothing that does not belong there
	run -0 unzip -Z1 "$PACKAGE_DIR/Acme_Intel_Feed_v1.tcx"
	[ "$(cut -d / -f 1 <<<"$output" | sort -u)" = $TREE ]
	run ! grep -E '\.git|\.pyc|__pycache__|/tests/|local-' <<<"$output"
}

@test "install.json, job file and attributes file belong together" {
	cd "$PACKAGE_DIR/full/$TREE"
	[ "$(jq -r '.displayName, .programVersion' install.json | paste -sd,)" = "Acme Intel Feed,$(jq -r .programVersion "$TOP/install.json")" ]
	[ "$(jq -r '.feeds[0].jobFile' install.json)" = acme-intel-feed-job.json ]
	[ "$(jq -r '.programName' acme-intel-feed-job.json)" = "Acme Intel Feed v1" ]
	[ "$(jq -r '.params[] | select(.name == "tc_owner").default' acme-intel-feed-job.json)" = "$(jq -r '.feeds[0].sourceName' install.json)" ]
	[ "$(jq -c '.params[] | select(.name == "acme_api_key") | [.type, .encrypt, .required, .feedDeployer]' install.json)" = '["String",true,true,true]' ]
	[ "$(jq -c '.types[] | [.name, .indicators, .groups]' attributes.json)" = '["Acme Threat Id",["URL"],[]]' ]
	[ "$(jq -r '.params[] | select(.name == "feed").default' install.json)" = acme-urls ]
	[ "$(jq -r '.params[] | select(.name == "indicator_types").default' install.json)" = URL ]
	for head in Summary 'App Dependencies' 'Use Cases'; do grep -q "^## $head" README.md; done
	for head in Requirements Install 'Feed Deployer' Parameters 'Data mapping' Usage 'Deprecation rules' 'Change log' Support; do grep -q "^##* $head" GUIDE.md; done
	grep -q '| URL | 1 day | 3 points | Delete |' GUIDE.md
	# the rules for the kind of feed that this one is stand out; what delta and confidence 0 have to do with them is said
	grep -q '^| \*\*This feed:\*\* everything in each run, what is gone is retired' GUIDE.md
	grep -q 'Confidence 0 cannot be lowered' GUIDE.md
	grep -q 'Delta and ageing pull in opposite directions' GUIDE.md
	run ! grep -r '@[A-Z]*@' README.md GUIDE.md
}

@test "the same commit gives the same bytes; the versions are inside" {
	mkdir again
	FEED=$PACKAGE_DIR/feed/acme-urls.json NAME='Acme Intel Feed' BUILD=$BUILD run -0 "$TOP/scripts/package" --out again
	cmp again/Acme_Intel_Feed_v1.tcx "$PACKAGE_DIR/Acme_Intel_Feed_v1.tcx"
	cmp again/Acme_Intel_Feed_v1-initial.tcx "$PACKAGE_DIR/Acme_Intel_Feed_v1-initial.tcx"
	grep -q '^openssl ' "$PACKAGE_DIR/full/$TREE/bin/lib/VERSIONS"
	grep -q '^tcfeed commit ' "$PACKAGE_DIR/full/$TREE/bin/lib/VERSIONS"
	# every library is from a package whose terms are there
	while read -r line; do
		name=${line#*(}; name=${name%%[: ]*}
		[ -s "$PACKAGE_DIR/full/$TREE/bin/lib/licences/$name" ]
	done < <(grep -v commit "$PACKAGE_DIR/full/$TREE/bin/lib/VERSIONS")
}

@test "a row of deprecation rules for each type that a feed can have, by its kind; the machine is in the file's name" {
	run -0 python3 - "$TOP" <<-'END'
	import importlib.machinery, importlib.util, json, sys
	loader = importlib.machinery.SourceFileLoader("package", sys.argv[1] + "/scripts/package")
	sys.dont_write_bytecode = True
	spec = importlib.util.spec_from_loader("package", loader)
	p = importlib.util.module_from_spec(spec)
	loader.exec_module(p)
	assert p.suffix_of("aarch64") == "-aarch64" and p.suffix_of("x86_64") == ""
	every = {"id": "x", "map": [{"object": {"type": t}} for t in p.INDICATORS]}
	assert [r.split("|")[1].strip() for r in p.deprecation_rows(every).split("\n")] == p.INDICATORS
	kinds = set()
	for delta in ({}, {"missing": "delete"}, {"mode": "incremental"}, {"mode": "incremental", "missing": "delete"}):
	    rows = p.kind_rows(dict(every, delta=delta))
	    assert rows.count("**This feed:**") == 1, rows
	    kinds.add([r for r in rows.split("\n") if "This feed" in r][0])
	assert len(kinds) >= 3, kinds
	END
}

@test "the folder for the vendor's repository" {
	cd "$PACKAGE_DIR/apps/Acme-Intel-Feed"
	[ "$(ls | paste -sd' ')" = "Acme_Intel_Feed_v1.tcx GUIDE.md README.md SHA256SUMS" ]
	sha256sum -c SHA256SUMS
	cd "$PACKAGE_DIR"; sha256sum -c Acme_Intel_Feed_v1.sha256
}

@test "the validator refuses each fault" {
	bad() { # FILE JQ-FILTER MESSAGE
		rm -rf $TREE; cp -r "$PACKAGE_DIR/light/$TREE" .
		jq "$2" "$PACKAGE_DIR/light/$TREE/$1" >$TREE/$1
		run --separate-stderr -1 "$TOP/scripts/validate-package" $TREE
		[[ "$output" == *"$3"* ]] || { echo "$2: $output"; false; }
	}
	mkdir -p "$PACKAGE_DIR/light"
	cp -r "$PACKAGE_DIR/full/$TREE" "$PACKAGE_DIR/light/"; rm -r "$PACKAGE_DIR/light/$TREE/bin"
	bad install.json 'del(.displayName)' 'displayName is missing'
	bad install.json '.sdkVersion = "1"' 'unknown field sdkVersion'
	bad install.json '.programVersion = "1.0"' 'programVersion is not X.Y.Z'
	bad install.json '.programVersion = "2.0.0"' 'is not the major number'
	bad install.json '.runtimeLevel = "Playbook"' 'runtimeLevel'
	bad install.json '.allowOnDemand = "true"' 'allowOnDemand has the wrong type'
	bad install.json '.features += ["aotExecutionEnabled"]' 'aotExecutionEnabled'
	bad install.json '.appId = "x"' 'appId is no UUID'
	bad install.json '.params += [.params[1]]' 'is declared twice'
	bad install.json '.params[2].sequence = .params[3].sequence' 'is given twice'
	bad install.json '.params += [{"name": "Acme Key", "label": "x", "type": "String"}]' 'a name has only'
	bad install.json '.params += [{"name": "tc_token", "label": "x", "type": "String"}]' 'reserved for the platform'
	bad install.json '.params += [{"name": "x", "label": "x", "type": "Number"}]' "type 'Number'"
	bad install.json '.params += [{"name": "x", "label": "x", "type": "Choice"}]' 'needs validValues'
	bad install.json '(.params[] | select(.name == "default_rating")).default = "6"' "is not one of validValues"
	bad install.json '(.params[] | select(.name == "state")).encrypt = true' 'only a String can be encrypted'
	bad install.json '(.params[] | select(.name == "tc_owner")).type = "String"' 'must be a required Choice'
	bad install.json '(.params[] | select(.name == "tc_log_level")).validValues = ["debug"]' 'must be a Choice of debug'
	bad install.json 'del(.params[] | select(.name == "acme_api_key"))' 'read by the program and not declared'
	bad install.json '.params += [{"name": "unused", "label": "x", "type": "String"}]' 'declared and never read'
	bad install.json 'del(.feeds[0].indicatorLimit)' 'indicatorLimit is missing'
	bad install.json '.feeds[0].jobFile = "nowhere-job.json"' 'is not in the package'
	bad install.json '.feeds += .feeds' 'two feeds have one sourceName'
	bad acme-intel-feed-job.json '.programName = "Acme"' 'is not the folder'
	bad acme-intel-feed-job.json '.programVersion = "1.0.1"' "programVersion is not install.json's"
	bad acme-intel-feed-job.json '.params[0].default = "Other"' "is not the feed's sourceName"
	bad acme-intel-feed-job.json '.params += [{"name": "nobody", "default": "x"}]' 'is not declared'
	bad acme-intel-feed-job.json '(.params[] | select(.name == "acme_api_key")).default = "s3cret"' 'must not have a default'
	bad acme-intel-feed-job.json 'del(.notifyEmail)' 'notifyEmail is missing'
	bad acme-intel-feed-job.json '.scheduleCronFormat = "* * *"' '6 or 7 fields'
	bad attributes.json '.types[0].indicators = ["Acme Indicator"]' 'no standard indicator type'
	bad attributes.json '.types[0].errorMessage = " "' 'errorMessage is blank'
	bad attributes.json '.types = []' 'has no types'
	rm -rf $TREE; cp -r "$PACKAGE_DIR/light/$TREE" .; rm $TREE/README.md; mkdir $TREE/.git; : >$TREE/.git/x; echo 'x = (' >$TREE/extra.py
	run -1 "$TOP/scripts/validate-package" $TREE
	[[ "$output" == *"README.md is missing"* && "$output" == *".git/x does not belong"* && "$output" == *"extra.py: does not compile"* ]]
	printf '\xef\xbb\xbf{}' >$TREE/install.json
	run -1 "$TOP/scripts/validate-package" $TREE
	[[ "$output" == *"byte order mark"* ]]
	cp -r $TREE Wrong-Name; run -1 "$TOP/scripts/validate-package" Wrong-Name
	[[ "$output" == *"a folder is called NAME_vMAJOR"* ]]
	zip -qr two.tcx $TREE Wrong-Name; run -1 "$TOP/scripts/validate-package" two.tcx
	[[ "$output" == *"has 2 folders at its top"* ]]
}

@test "the launcher is Python 3.6 and uses the standard library only" {
	run -0 python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 6))' "$TOP/package/run.py"
	run -0 python3 -c '
import ast, sys
names = [a.name for n in ast.walk(ast.parse(open(sys.argv[1]).read())) if isinstance(n, ast.Import) for a in n.names]
print(" ".join(sorted(set(names) - set(["os", "shutil", "signal", "subprocess", "sys", "tempfile"]))))' "$TOP/package/run.py"
	[ "$output" = "" ]
}

@test "the launcher's exit codes are 0, 1 and 3" {
	unpack
	for pair in 0:0 1:1 2:1 3:3 7:1 143:1; do
		echo "exit ${pair%:*}" >$TREE/run.sh
		run "-${pair#*:}" python3 $TREE/run.py
	done
	echo 'kill -9 $$' >$TREE/run.sh
	run -1 python3 $TREE/run.py
	echo 'for a; do printf "[%s]" "$a"; done' >$TREE/run.sh
	run -0 python3 $TREE/run.py --tc_owner 'Two Words' --flag
	[ "$output" = '[--tc_owner][Two Words][--flag]' ]
}

@test "the launcher hands signals on" {
	unpack
	echo 'trap "echo got >got; exit 3" TERM; : >ready; while :; do sleep 0.1; done' >$TREE/run.sh
	python3 $TREE/run.py 3>&- & pid=$!
	for _ in $(seq 100); do [ -e ready ] && break; sleep 0.1; done
	kill -TERM $pid
	wait $pid && code=0 || code=$?
	[ $code -eq 3 ] && [ -e got ]
}

@test "mode bits that an installer dropped come back, also from a read-only directory" {
	unpack
	find $TREE -type f -exec chmod 644 {} +
	echo 'tc-params -V' >$TREE/run.sh
	sed -i 's|tc-params|"$TC_BIN/tc-params"|' $TREE/run.sh
	run -0 python3 $TREE/run.py
	[[ "$output" == "tc-params "* ]]
	[ "$(id -u)" -eq 0 ] || not_applicable "mounting needs root"
	# where chmod is refused, a copy in the temporary directory runs
	find $TREE -type f -exec chmod 644 {} +
	mkdir temp ro
	mount --bind $TREE ro 2>/dev/null && mount -o remount,bind,ro,noexec ro || not_applicable "mounting is not permitted here"
	run python3 ro/run.py --tc_temp_path "$PWD/temp"
	umount ro
	[ "$status" -eq 0 ]
	[[ "$output" == "tc-params "* ]]
	[ -z "$(ls temp)" ]
}

@test "programs for another machine, and none at all: said in message.tc" {
	unpack
	mkdir out
	echo aarch65 >$TREE/bin/lib/MACHINE
	run -1 python3 $TREE/run.py --tc_out_path out
	[[ "$(cat out/message.tc)" == "failed: the programs of this App are for aarch65, and this server is "* ]]
	uname -m >$TREE/bin/lib/MACHINE; : >$TREE/bin/lib/ld.so
	run -1 python3 $TREE/run.py --tc_out_path=out --tc_temp_path "$TMPDIR"
	[[ "$(cat out/message.tc)" == "failed: the programs cannot be executed in "* ]]
	[ -z "$(ls "$TMPDIR")" ]
	rm -r $TREE/bin
	run -1 python3 $TREE/run.py --tc_out_path out
	[ "$(cat out/message.tc)" = "failed: this App is not whole: no directory bin beside run.py" ]
	[ "$(wc -c <out/message.tc)" -le 255 ]
}

# A job in the root directory $1, by the launcher, with an encrypted parameter file and the sandbox's token, over TLS, the
# authority's certificate where such a host keeps its own, by a name from the root's own hosts file.
job_in_root() { # ROOT CERTIFICATES
	root=$1
	mkdir -p "$root/etc" "$(dirname "$root$2")"
	cp tc-sandbox-ca.pem "$root$2"
	echo '127.0.0.1 localhost' >"$root/etc/hosts"
	mkdir -p "$root/app" "$root/job/out" "$root/job/log" "$root/job/temp" "$root/srv" "$root/state"
	chmod 700 "$root/state"
	cp -r "$PACKAGE_DIR/full/$TREE" "$root/app/"
	find "$root/app" -type f -exec chmod 644 {} +
	printf 'id,url,rating,ref\n1,http://example.com/one,3,https://ref.example/1\n2,http://192.0.2.7/two,4,https://ref.example/2\n' >"$root/srv/urls.csv"
	jq '.fetch = {"url": "/srv/urls.csv"}' "$PACKAGE_DIR/feed/acme-urls.json" >"$root/app/$TREE/feeds/acme-urls.json"
	rm -f "$root/job/params"
	jq -c --arg key marker-feed-key '{tc_owner: "Acme Source", tc_log_level: "info", tc_api_path: (.tc_api_path | sub("127.0.0.1"; "localhost")), tc_token, tc_token_expires, acme_api_key: $key,
		tc_out_path: "/job/out", tc_log_path: "/job/log", tc_temp_path: "/job/temp", state_path: "/state"}' platform.json |
		encrypted "$root/job/params" abcdefghijklmnop
	run chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin TC_APP_PARAM_FILE=/job/params TC_APP_PARAM_KEY=abcdefghijklmnop \
		/usr/bin/python3 /app/$TREE/run.py
	echo "$output"
	cat "$root/job/out/message.tc"
	[ "$status" -eq 0 ]
	[ ! -e "$root/job/params" ]
	[ -z "$(ls "$root/job/temp")" ]
	run ! grep -r -a marker-feed-key "$root/job" "$root/state"
}

devices() { # ROOT
	for node in 'null c 1 3' 'urandom c 1 9'; do
		# shellcheck disable=SC2086
		[ -c "$1/dev/${node%% *}" ] || mknod "$1/dev/"$node 2>/dev/null || not_applicable "making devices is not permitted here"
	done
}

check_jobs_in_root() { # ROOT CERTIFICATES
	sandbox_up --auth token --tls
	job_in_root "$1" "$2"
	[ "$(cat "$1/job/out/message.tc")" = "Acme URLs: 2 created or updated" ]
	[ "$(wc -l <owner.ndjson)" -eq 2 ]
	job_in_root "$1" "$2"
	[ "$(cat "$1/job/out/message.tc")" = "Acme URLs: 2 unchanged" ]
}

@test "a job in a root with only busybox and python3" {
	[ "$(id -u)" -eq 0 ] || not_applicable "chroot needs root"
	need_tool busybox
	mkdir -p root/bin root/usr/bin root/etc root/tmp root/proc root/dev root/usr/lib
	cp "$(command -v busybox)" root/bin/busybox
	chroot root /bin/busybox --install -s /bin
	ln -s /bin/env root/usr/bin/env
	# python3 and what it needs, and nothing else
	python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
	cp "$python" root/usr/bin/python3
	lib=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
	mkdir -p "root$lib"
	(cd "$lib" && tar cf - --exclude=test --exclude=idlelib --exclude=__pycache__ --exclude='config-*' --exclude=ensurepip .) | tar xf - -C "root$lib"
	for file in $(ldd "$python" | grep -o '/[^ ]*'); do mkdir -p "root${file%/*}"; cp -L "$file" "root$file"; done
	for file in $(ldd "$lib"/lib-dynload/*.so 2>/dev/null | grep -o '/[^ ]*lib[^ ]*\.so[^ ]*' | sort -u); do
		[ ! -f "$file" ] || { mkdir -p "root${file%/*}"; cp -L "$file" "root$file"; }
	done
	devices root
	# as a RedHat-like host keeps them
	check_jobs_in_root "$PWD/root" /etc/pki/tls/certs/ca-bundle.crt
}

@test "a job in a root of an older Debian release" {
	[ "$(id -u)" -eq 0 ] || not_applicable "chroot needs root"
	# kept beside the build once it has been fetched
	OLD_ROOT=${OLD_ROOT:-$BUILD/bullseye}
	if [ ! -x "$OLD_ROOT/usr/bin/python3" ]; then
		run "$TOP/scripts/old-root" "$OLD_ROOT"
		[ "$status" -ne 3 ] || not_applicable "$output"
		[ "$status" -eq 0 ]
	fi
	cp -a "$OLD_ROOT" root
	devices root
	check_jobs_in_root "$PWD/root" /etc/ssl/certs/ca-certificates.crt
}
