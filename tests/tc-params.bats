# tc-params: the platform's transports, their order, their checks, and that no secret shows.
load helper

# The two vectors of the platform's description of file parameters.
KEY=ajfmuyodhscwegea
VECTOR_BLAH=308e608d259f8cdf0034c11a82bd890a
VECTOR_JSON=70d315aface6da08bcd4a4e560299961f95d46957e17568657dcb36e63e33b3942a288f484d0a4bbd1057c375d2671be984a555279aec170041552585005fcf7

setup() {
	common_setup
	unset TC_APP_PARAM_FILE TC_APP_PARAM_KEY TC_API_PATH TC_TOKEN API_ACCESS_ID API_SECRET_KEY
	cat >install.json <<-'END'
	{"displayName": "Acme Feed", "programVersion": "1.2.3", "listDelimiter": "|", "features": ["fileParams"], "runtimeLevel": "Organization",
	 "params": [
	  {"name": "tc_owner", "type": "Choice", "required": true, "validValues": ["${OWNERS}"]},
	  {"name": "tc_log_level", "type": "Choice", "default": "warning", "validValues": ["debug", "info", "warning", "error", "critical"]},
	  {"name": "acme_key", "type": "String", "encrypt": true},
	  {"name": "pass_phrase", "type": "String", "encrypt": true},
	  {"name": "last_run", "type": "String", "default": "30 days ago"},
	  {"name": "default_rating", "type": "Choice", "default": "0", "validValues": ["0", "1", "2", "3", "4", "5"]},
	  {"name": "default_confidence", "type": "String", "default": "0"},
	  {"name": "indicator_types", "type": "MultiChoice", "validValues": ["Address", "Host", "URL"]},
	  {"name": "removals", "type": "Choice", "default": "feed", "validValues": ["feed", "keep"]},
	  {"name": "full_send", "type": "Boolean"},
	  {"name": "confirm_removals", "type": "String"},
	  {"name": "time_limit", "type": "String", "default": "6h"}
	 ]}
	END
}

# A file as the platform encrypts it: made by openssl, not by us.
encrypt() { # KEY <plain
	openssl enc -aes-$((8 * ${#1}))-cbc -K "$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')" -iv 00000000000000000000000000000000
}

unhex() { sed 's/../\\x&/g' | xargs -0 printf '%b'; }

# The parameters as a command sees them.
given() { # ARGUMENTS
	tc-params --install install.json "$@" -- sh -c 'cat /dev/fd/$TC_PARAMS_FD'
}

@test "arguments: value, =value, bare boolean, repeated list, last scalar" {
	run --separate-stderr -0 given --tc_owner 'Example Source' --default_rating=3 --full_send --indicator_types Address \
		--indicator_types URL --default_confidence 5 --default_confidence 7 --tc-verify false
	[ "$stderr" = "" ]
	[ "$(jq -r '.tc_owner, .default_rating, .full_send, .indicator_types, .default_confidence, .tc_verify' <<<"$output" | paste -sd,)" \
		= "Example Source,3,true,Address|URL,7,false" ]
}

@test "a boolean takes a following word only when it is one" {
	run -0 given --full_send --tc_owner A
	[ "$(jq .full_send <<<"$output")" = true ]
	run -0 given --full_send no --tc_owner A
	[ "$(jq .full_send <<<"$output")" = false ]
	run -0 given --tc_owner A --full_send
	[ "$(jq .full_send <<<"$output")" = true ]
}

@test "a value may begin with -- unless it names a parameter" {
	run -0 given --tc_owner A --tc_proxy_password --x9-pass
	[ "$(jq -r .tc_proxy_password <<<"$output")" = "--x9-pass" ]
	run --separate-stderr -0 given --acme_key --tc_owner A
	[ "$(jq -r '.tc_owner, .acme_key' <<<"$output" | paste -sd,)" = "A,null" ]
	[[ "$stderr" == *"--acme_key has no value: ignored"* ]]
}

@test "unknown arguments are warned about and never fatal" {
	run --separate-stderr -0 given --tc_owner A --brand_new_thing 7 stray
	[ "$(jq -r .brand_new_thing <<<"$output")" = 7 ]
	[[ "$stderr" == *"warning: unknown argument --brand_new_thing"* ]]
	[[ "$stderr" == *"is no --name: ignored"* ]]
	[[ "$stderr" != *stray* ]]
}

@test "reserved names of the platform's other features raise no warning" {
	run --separate-stderr -0 given --tc_owner A --tc_svc_broker_host x --batch_chunk 25000 --tc_aot_enabled --tc_playbook_out_variables y \
		--tc_smtp_host z --api_max_results 100
	[ "$stderr" = "" ]
}

@test "the published vectors decrypt" {
	printf %s $VECTOR_JSON | unhex >params
	TC_APP_PARAM_FILE=$PWD/params TC_APP_PARAM_KEY=$KEY run --separate-stderr -0 given
	[ "$(jq -r '.tc_owner, .tc_log_level' <<<"$output" | paste -sd,)" = "Example Source,info" ]
	[ ! -e params ]
	# "blah" decrypts and is no JSON: the file stays
	printf %s $VECTOR_BLAH | unhex >params
	TC_APP_PARAM_FILE=$PWD/params TC_APP_PARAM_KEY=$KEY run --separate-stderr -2 given
	[[ "$stderr" == *"could not read App parameters: the decrypted parameter file is no JSON object"* ]]
	[[ "$stderr" != *blah* ]]
	[ -e params ]
}

@test "AES-192 and AES-256 keys" {
	for key in ajfmuyodhscwegeaajfmuyod ajfmuyodhscwegeaajfmuyodhscwegea; do
		printf '{"tc_owner":"A"}' | encrypt $key >params
		TC_APP_PARAM_FILE=$PWD/params TC_APP_PARAM_KEY=$key run -0 given
		[ "$(jq -r .tc_owner <<<"$output")" = A ]
	done
}

@test "a parameter file that is cut, wrongly keyed, wrongly padded or empty says so and stays" {
	printf '{"tc_owner":"A","acme_key":"marker-7f3a"}' | encrypt $KEY >good
	check() { # KEY MESSAGE
		TC_APP_PARAM_FILE=$PWD/params TC_APP_PARAM_KEY=$1 run --separate-stderr -2 given
		[ "$output" = "" ]
		[[ "$stderr" == *"could not read App parameters: "*"$2"* ]]
		[[ "$stderr" != *marker* ]]
		[ -e params ]
	}
	head -c 40 good >params; check $KEY "no whole number of blocks"
	head -c 32 good >params; check $KEY "does not decrypt with the key"
	: >params; check $KEY "no whole number of blocks"
	cp good params; check wrongwrongwrongw "does not decrypt with the key"
	cp good params; check short "its key has 5 bytes, not 16, 24 or 32"
	head -c 1100000 /dev/zero >params; check $KEY "longer than"
	rm params
	TC_APP_PARAM_FILE=$PWD/params TC_APP_PARAM_KEY=$KEY run --separate-stderr -2 given
	[[ "$stderr" == *"could not read App parameters: cannot open"*"No such file"* ]]
}

@test "every byte of the padding is checked" {
	# 12 bytes of text and four of padding, of which one is wrong at a time
	for bad in '\x05\x04\x04\x04' '\x04\x05\x04\x04' '\x04\x04\x05\x04' '\x04\x04\x04\x00' '\x04\x04\x04\x11'; do
		{ printf '{"a":"12345"'; printf "$bad"; } | openssl enc -aes-128-cbc -nopad -K "$(printf %s $KEY | od -An -v -tx1 | tr -d ' \n')" \
			-iv 00000000000000000000000000000000 >params
		TC_APP_PARAM_FILE=$PWD/params TC_APP_PARAM_KEY=$KEY run --separate-stderr -2 given
		[[ "$stderr" == *"does not decrypt with the key"* ]]
	done
}

@test "a file without a key is plain JSON and is kept" {
	printf '\xef\xbb\xbf{"tc_owner":"A","default_confidence":50,"full_send":true,"indicator_types":["Address","Host"]}' >params
	chmod 600 params
	TC_APP_PARAM_FILE=$PWD/params run --separate-stderr -0 given
	[ "$stderr" = "" ]
	[ "$(jq -r '.default_confidence, .full_send, .indicator_types' <<<"$output" | paste -sd,)" = "50,true,Address|Host" ]
	[ -e params ]
}

@test "duplicate names, NUL and bad UTF-8 in a file are refused" {
	for text in '{"tc_owner":"A","tc_owner":"B"}' '{"tc_owner":"A\u0000B"}' '{"tc_owner":"\xff"}' '[]' '{"tc_owner":'; do
		printf "${text//\\u/\\\\u}" >params; chmod 600 params
		TC_APP_PARAM_FILE=$PWD/params run --separate-stderr -2 given
		[[ "$stderr" == *"could not read App parameters: the parameter file is"* ]]
	done
}

@test "precedence: arguments, file, environment, named configuration, general configuration, default" {
	mkdir -p "$XDG_CONFIG_HOME/tcfeed"
	printf '{"tc_owner":"general","default_rating":"1","default_confidence":"1","acme_region":"r1"}' >"$XDG_CONFIG_HOME/tcfeed/platform.json"
	printf '{"tc_owner":"named","default_rating":"2"}' >job.json
	chmod 600 "$XDG_CONFIG_HOME/tcfeed/platform.json" job.json
	run -0 given
	[ "$(jq -r '.tc_owner, .default_rating, .default_confidence, .last_run, .acme_region' <<<"$output" | paste -sd,)" = "general,1,1,30 days ago,r1" ]
	run -0 given --config job.json
	[ "$(jq -r '.tc_owner, .default_rating, .default_confidence' <<<"$output" | paste -sd,)" = "named,2,1" ]
	TC_OWNER=environment TC_PARAM_DEFAULT_CONFIDENCE=9 run -0 given --config job.json
	[ "$(jq -r '.tc_owner, .default_rating, .default_confidence' <<<"$output" | paste -sd,)" = "environment,2,9" ]
	printf '{"tc_owner":"file","default_rating":"4"}' >params; chmod 600 params
	TC_APP_PARAM_FILE=$PWD/params TC_OWNER=environment run -0 given --default_rating 5
	# with the platform's file, the general configuration is not looked at
	[ "$(jq -r '.tc_owner, .default_rating, .default_confidence' <<<"$output" | paste -sd,)" = "file,5,0" ]
}

@test "empty is unset" {
	printf '{"tc_owner":"A","default_rating":"","last_run":null}' >params; chmod 600 params
	TC_APP_PARAM_FILE=$PWD/params run -0 given --default_confidence ''
	[ "$(jq -r '.default_rating, .last_run, .default_confidence' <<<"$output" | paste -sd,)" = "0,30 days ago,0" ]
}

@test "aliases are one parameter" {
	run -0 given --tc_owner A --tc_api_secret_key sssss --tc_api_access_id 12 --tc_tmp_path "$TMPDIR" --apply_proxy_ext --logging ERROR
	[ "$(jq -r '.api_secret_key, .api_access_id, .tc_temp_path, .tc_proxy_external, .logging' <<<"$output" | paste -sd,)" = "sssss,12,$TMPDIR,true,ERROR" ]
	[ "$(jq -r .tc_log_level <<<"$output")" = error ]
}

@test "each parameter that is wrong is named, and nothing is handed on" {
	bad() { # NAME MESSAGE ARGUMENTS
		name=$1 message=$2; shift 2
		run --separate-stderr -2 given "$@"
		[ "$output" = "" ]
		[[ "$stderr" == *"error: parameter $name"*"$message"* ]]
	}
	bad tc_owner "is required and not set"
	bad default_rating "'6' is not one of its choices (0, 1 ...)" --tc_owner A --default_rating 6
	bad default_confidence "101 is not in 0 to 100" --tc_owner A --default_confidence 101
	bad default_confidence "'1e2' is not a whole number" --tc_owner A --default_confidence 1e2
	bad last_run "'soonish' is no date" --tc_owner A --last_run soonish
	bad indicator_types "'Adress' is not one of its choices" --tc_owner A --indicator_types Host --indicator_types Adress
	bad removals "'delete everything' is not one of its choices" --tc_owner A --removals 'delete everything'
	bad confirm_removals "-1 is below 0" --tc_owner A --confirm_removals -1
	bad time_limit "'long' is no duration" --tc_owner A --time_limit long
	bad time_limit "not in 60 seconds to 7 days" --tc_owner A --time_limit 1s
	bad tc_api_path "does not begin with https://" --tc_owner A --tc_api_path ftp://x
	bad tc_proxy_port "is not in 1 to 65535" --tc_owner A --tc_proxy_host p --tc_proxy_port 0
	bad acme_key "run-time variable" --tc_owner A --acme_key '&{TC:KEYCHAIN:9a}'
	bad tc_owner "is not valid UTF-8" --tc_owner $'\xff'
}

# A parameter that is added needs a line here.
@test "every parameter of the package, wrong in turn: the message names it, and the job does not begin" {
	mkdir out
	install=$TOP/install.json
	while IFS='|' read -r name value message <&9; do
		rm -f out/message.tc began
		args=(--tc_owner A "--$name=$value")
		[ "$name" != tc_owner ] || args=("--tc_owner=$value")
		run --separate-stderr -1 tc-params --job --install "$install" --tc_out_path out "${args[@]}" -- touch began
		[[ "$(<out/message.tc)" == "failed: parameter $name"*"$message"* ]] || { echo "$name: $(<out/message.tc)"; false; }
		[ ! -e began ]
		echo "$name" >>seen
	done 9<<-'END'
	tc_owner||is required and not set
	last_run|soonish|is no date
	indicator_types|Adress|is not one of its choices
	default_rating|6|is not one of its choices
	default_confidence|101|is not in 0 to 100
	removals|purge|is not one of its choices
	confirm_removals|many|is not a whole number
	state|disk|is not one of its choices
	time_limit|0|is not in 60 seconds to 7 days
	keep_days|-1|is not in 0 to 36500
	END
	# what is taken as it can be, aloud: a level, a switch; what only the job can judge: texts
	run --separate-stderr -0 tc-params --install "$install" --tc_owner A --tc_log_level loud --full_send=perhaps
	[[ "$stderr" == *"tc_log_level: 'loud' is no level, info is used"*"full_send: 'perhaps' is neither true nor false, false is used"* ||
		"$stderr" == *"full_send: 'perhaps' is neither true nor false, false is used"*"tc_log_level: 'loud' is no level, info is used"* ]]
	printf '%s\n' tc_log_level full_send state_path feed cursor >>seen
	diff <(sort seen) <(jq -r '.params[].name' "$install" | sort)
}

@test "dates are taken in the forms administrators write" {
	for date in 2024-05-31 2024-05-31T08:00:00Z 1717142400 'yesterday' '90 days ago'; do
		run --separate-stderr -0 given --tc_owner A --last_run "$date"
		[ "$stderr" = "" ]
		[ "$(jq -r .last_run <<<"$output")" = "$date" ]
	done
	TC_NOW=1717142400 run --separate-stderr -0 given --tc_owner A --last_run 2031-01-01
	[[ "$stderr" == *"warning: parameter last_run: 2031-01-01 is in the future"* ]]
}

@test "an unknown log level is info, half a proxy is none: both are warned about" {
	run --separate-stderr -0 given --tc_owner A --tc_log_level loud --tc_proxy_host p
	[[ "$stderr" == *"tc_log_level: 'loud' is no level, info is used"* ]]
	[[ "$stderr" == *"tc_proxy_host without tc_proxy_port: no proxy is used"* ]]
	[ "$(jq -r '.tc_log_level, .tc_proxy_host' <<<"$output" | paste -sd,)" = "info,null" ]
	run -0 given --tc_owner A --tc_log_level WARN
	[ "$(jq -r .tc_log_level <<<"$output")" = warning ]
}

@test "every type chosen is no filter" {
	run -0 given --tc_owner A --indicator_types 'URL|Address|Host'
	[ "$(jq .indicator_types <<<"$output")" = null ]
}

@test "encrypted parameters and names that say so are listed as secret" {
	run -0 given --tc_owner A --acme_key k1k1k1 --pass_phrase p1p1p1 --tc_token t1t1t1 --tc_token_expires 99
	[ "$(jq -c '.secret | sort' <<<"$output")" = '["acme_key","pass_phrase","tc_token"]' ]
}

@test "without command and file the parameters are shown, secrets masked" {
	run --separate-stderr -0 tc-params --install install.json --tc_owner A --acme_key marker-key
	[ "$(jq -r '.tc_owner, .acme_key' <<<"$output" | paste -sd,)" = "A,***" ]
	[[ "$output" != *marker* ]]
}

@test "-o writes a file that only its owner reads" {
	umask 000
	run -0 tc-params --install install.json -o out.json --tc_owner A --acme_key marker-key
	[ "$output" = "" ]
	[ "$(stat -c %a out.json)" = 600 ]
	[ "$(jq -r .acme_key out.json)" = marker-key ]
	run -0 tc-params get --params out.json tc_owner
	[ "$output" = A ]
}

@test "get shows what is no secret, quoted for a shell when asked" {
	printf '{"tc_owner":"It'\''s $HOME `x`","acme":"s3cr3t","secret":["acme"]}' >p; chmod 600 p
	run -0 tc-params get --params p --shell tc_owner absent
	eval "$output"
	[ "$tc_owner" = "It's \$HOME \`x\`" ]
	[ "$absent" = "" ]
	run --separate-stderr -2 tc-params get --params p acme
	[[ "$stderr" == *"parameter acme is a secret and is not shown"* ]]
	[ "$output" = "" ]
	run --separate-stderr -2 tc-params get --params p --shell 'x;id'
	[[ "$stderr" == *"is no parameter's name"* ]]
}

@test "the command inherits one descriptor, no secret variable, and no argument of ours" {
	printf '{"tc_owner":"A","acme_key":"marker-file"}' | encrypt $KEY >params
	TC_APP_PARAM_FILE=$PWD/params TC_APP_PARAM_KEY=$KEY TC_TOKEN=marker-token API_SECRET_KEY=marker-secret TC_PARAM_PASS_PHRASE=marker-phrase \
		run -0 tc-params --install install.json --tc_proxy_password marker-proxy -- \
		sh -c 'cat /proc/$$/cmdline /proc/$$/environ | tr "\0" "\n" >seen; echo "$TC_PARAMS_FD"; jq -c .secret /dev/fd/$TC_PARAMS_FD'
	run ! grep -a marker seen
	run ! grep -a TC_APP seen
	[ "${lines[0]}" -gt 9 ] || [ "${#lines[@]}" -eq 0 ]
}

@test "values are gone from our own argument list while we work" {
	mkfifo hold
	tc-params --install install.json -o hold --tc_owner A --acme_key marker-argv 3>&- &
	pid=$!
	for _ in $(seq 50); do
		tr '\0' ' ' <"/proc/$pid/cmdline" >seen
		grep -q '\*\*\*' seen && break
		sleep 0.1
	done
	cat hold >got
	wait $pid
	run ! grep -a marker seen
	grep -q '\*\*\*\*\*\*' seen
	[ "$(jq -r .acme_key got)" = marker-argv ]
}

@test "secrets are masked at debug in every form" {
	b64=$(printf %s 'marker/secret+9' | base64)
	run --separate-stderr -0 tc-params --log-level trace --install install.json --tc_owner A --acme_key 'marker/secret+9' \
		--tc_log_level "marker/secret+9 $b64 marker%2Fsecret%2B9"
	[[ "$stderr" == *"is no level"* ]]
	[[ "$stderr" != *marker* ]]
	[[ "$stderr" != *"$b64"* ]]
}

@test "--job: a failure leaves message.tc and exit 1" {
	mkdir out
	run --separate-stderr -1 tc-params --job --install install.json --tc_out_path out -- true
	[ "$(cat out/message.tc)" = "failed: parameter tc_owner is required and not set" ]
	[ "$(stat -c %a out/message.tc)" = 600 ]
	# a directory that cannot be written: here
	run -1 tc-params --job --install install.json --tc_out_path /nonexistent -- true
	[ "$(cat message.tc)" = "failed: parameter tc_owner is required and not set" ]
	run -1 tc-params --job --install install.json --tc_owner A -- ./no-such-command
	[[ "$(cat message.tc)" == "failed: cannot execute ./no-such-command: No such file or directory" ]]
}

@test "--job says at info who runs, and nothing at warning" {
	run --separate-stderr -0 tc-params --job --install install.json --tc_owner A --acme_key marker-x -- true
	[ "$stderr" = "" ]
	run --separate-stderr -0 tc-params --job --install install.json --tc_owner A --tc_log_level info --tc_log_path . --acme_key marker-x -- true
	[[ "$stderr" == *"Acme Feed 1.2.3, features fileParams"*"parameter tc_owner = A"* ]]
	grep -q -- ' - tc-params - INFO     - Acme Feed 1.2.3' app.log
	run ! grep marker app.log
}

@test "a message is one line of at most 255 bytes, cut at a character" {
	mkdir -p d/feed
	printf 1 >d/feed/exit
	printf 'fetch 1\n' >d/feed/status
	printf 'Feed \xc3\xa9' >d/feed/name
	jq -cn '{exit: 1, reason: "temporary", message: ("caf\u00e9 \u001b[2J\u202e" * 60)}' >d/feed/fetch.json
	run -0 tc-params message --dir d
	[ "$(printf '%s\n' "$output" | wc -c)" -le 255 ]
	printf %s "$output" | iconv -f UTF-8 -t UTF-8 >/dev/null
	[[ "$output" == "Feed é: failed: café \\x1b[2J\\u{202e}"* ]]
	printf 'note %s' "$(printf 'x%.0s' $(seq 400))" >d/feed/name
	run -0 tc-params message --dir d
	[ "$(printf '%s\n' "$output" | wc -c)" -le 255 ]
}

@test "the message names the cause, not its echoes" {
	mkdir -p d/feed; echo 3 >d/feed/exit
	printf 'fetch 1\nmap 1\nfilter 1\nsubmit 1\ncommit 0\n' >d/feed/status
	echo '{"exit":1,"message":"the reader of standard output went away"}' | tee d/feed/fetch.json d/feed/map.json >d/feed/filter.json
	echo '{"exit":1,"reason":"auth","message":"platform rejects credentials","objects":{"accepted":1204}}' >d/feed/submit.json
	run -0 tc-params message --dir d
	[ "$output" = "feed: failed: platform rejects credentials; 1,204 created or updated" ]
	printf 'fetch 0\nmap 137\nfilter 0\n' >d/feed/status
	rm d/feed/*.json
	run -0 tc-params message --dir d
	[ "$output" = "feed: failed: map was killed by signal 9" ]
}

@test "several feeds make one message, the worst first" {
	mkdir -p d/a d/b d/c
	echo 0 >d/a/exit; echo 1 >d/b/exit; echo 3 >d/c/exit
	echo 'submit 0' >d/a/status; echo '{"objects":{"accepted":2}}' >d/a/submit.json
	echo 'fetch 1' >d/b/status; echo '{"message":"cannot reach feed.example"}' >d/b/fetch.json
	echo 'expire 3' >d/c/status; echo '{"message":"removals held"}' >d/c/expire.json
	run -0 tc-params message --dir d
	[ "$output" = "b: failed: cannot reach feed.example. c: removals held. a: 2 created or updated" ]
}

@test "statistics that are missing, cut or no JSON make a message all the same" {
	mkdir -p d/feed; echo 1 >d/feed/exit
	printf 'map 1\n../x 1\nnonsense\nsubmit 139\n' >d/feed/status
	printf '{"mess' >d/feed/map.json; printf '[1]' >d/feed/submit.json
	run -0 tc-params message --dir d
	[ "$output" = "feed: failed: map ended with 1" ]
}

@test "usage" {
	run --separate-stderr -2 tc-params --install
	[[ "$stderr" == *"--install needs a value"*"usage: tc-params"* ]]
	run --separate-stderr -2 tc-params --
	[[ "$stderr" == *"a command is missing"* ]]
	run --separate-stderr -2 tc-params get
	run --separate-stderr -2 tc-params message
	run --separate-stderr -2 tc-params log loud x
	run -0 tc-params -V
	[[ "$output" == "tc-params "[0-9]* ]]
	run -0 tc-params --help
	[[ "$output" == "usage: tc-params"* ]]
}

@test "standard output that cannot be written is exit 1" {
	run --separate-stderr -1 bash -c 'tc-params --install install.json --tc_owner A >/dev/full'
	[[ "$stderr" == *"cannot write standard output: No space left on device"* ]]
}
