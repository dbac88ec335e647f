#!/usr/bin/env python3
"""Many runs of tc-delta against a stand-in platform that fails at random, compared with what must hold.

usage: delta_model.py SEED RUNS POLICY

Always: the counts of each filter add up, exit codes are the documented ones, nothing that the feed lists is
removed, nothing goes out whose content the platform has acknowledged. In the end, after a few runs without
faults: the platform holds exactly what the feed lists, with its content, and the state knows nothing else.
"""
import hashlib
import json
import os
import random
import subprocess
import sys

seed, runs, policy = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
rnd = random.Random(seed)
FEED = "./model.json"


def die(text):
    print(f"seed {seed}: {text}")
    sys.exit(1)


def delta(sub, *args, stdin=b""):
    p = subprocess.run(["tc-delta", sub, "--stats", "stats", *args, FEED], input=stdin, capture_output=True)
    with open("stats") as f:
        stats = json.load(f)
    if p.returncode not in (0, 3) or stats["exit"] != p.returncode:
        die(f"tc-delta {sub}: exit {p.returncode}: {p.stderr.decode()}")
    return p.stdout.decode().splitlines(), stats


def ids(o):
    """What identifies an object: a set, since a File has several names."""
    if o["type"] == "File":
        return {("File", o[h]) for h in ("md5", "sha1", "sha256") if h in o} or {("File", o["summary"])}
    return {(o["type"], o["xid"] if "xid" in o else o["summary"])}


def content(o):
    return json.dumps({k: v for k, v in o.items() if k not in ("active", "md5", "sha1", "sha256")}, sort_keys=True)


class Platform:
    def __init__(self):
        self.objects = []  # [ids, content, active]
        self.batch = 0
        self.stored = {}  # (batch, id) -> whether the upload came through

    def find(self, o):
        return [x for x in self.objects if x[0] & ids(o)]

    def apply(self, o):
        found = self.find(o)
        if o.get("action") == "Delete":
            for x in found:
                self.objects.remove(x)
            return
        names = set(ids(o)).union(*[x[0] for x in found])
        if o.get("active") is False:
            for x in found:
                x[2] = False
            return
        for x in found:
            self.objects.remove(x)
        self.objects.append([names, content(o), True])


platform = Platform()
acknowledged = {}  # id -> content that a receipt said is there


def identity(o):
    if "xid" in o:
        return {"type": o["type"], "xid": o["xid"]}
    if o["type"] == "File":
        return {"type": "File", "summary": o.get("sha256") or o.get("sha1") or o.get("md5")}
    return {"type": o["type"], "summary": o["summary"]}


def acknowledge(o):
    for i in ids(o):
        if o.get("action") == "Delete" or o.get("active") is False:
            acknowledged.pop(i, None)
        else:
            acknowledged[i] = content(o)


def submit(lines, faults):
    """The lines in batches; each batch's fate is drawn. Returns the receipts; may leave a journal behind."""
    receipts, journal = [], []
    while lines:
        n = rnd.randint(1, 9)
        chunk, lines = [json.loads(x) for x in lines[:n]], lines[n:]
        platform.batch += 1
        b = platform.batch
        fate = rnd.choice(["good"] * 5 + ["unknown", "unsent", "killed", "dropped"]) if faults else "good"
        for o in chunk:
            r = dict(identity(o), batchId=b)
            if fate == "good":
                if faults and rnd.random() < 0.1 and "action" not in o:
                    receipts.append(dict(r, status="rejected", code="0x1005", reason="no"))
                    continue
                platform.apply(o)
                acknowledge(o)
                receipts.append(dict(r, status="accepted"))
            elif fate == "unsent":
                receipts.append(dict(identity(o), status="unsent"))
            elif fate in ("unknown", "killed"):
                stored = rnd.random() < 0.5
                for i in ids(o):
                    platform.stored[(b, i)] = stored
                if stored:
                    platform.apply(o)
                for i in ids(o):
                    acknowledged.pop(i, None)
                if fate == "unknown":
                    receipts.append(dict(r, status="unknown"))
        if fate in ("unknown", "killed"):
            journal.append({"event": "upload", "batchId": b, "action": "Create", "object": [identity(o) for o in chunk]})
        if fate == "killed":
            break
    with open("journal", "a") as f:
        for j in journal:
            f.write(json.dumps(j) + "\n")
        if rnd.random() < 0.3:
            f.write('{"event":"upload","batchId":99999,"obj')  # not synced: its upload did not begin
    text = "".join(json.dumps(r) + "\n" for r in receipts)
    if faults and rnd.random() < 0.2 and text:
        text = text[:-rnd.randint(1, min(60, len(text) - 1))]  # the pipe broke in the middle of the last receipt
        for r in receipts[-1:]:
            for i in [("File", r["summary"])] if r["type"] == "File" else [(r["type"], r.get("xid") or r.get("summary"))]:
                acknowledged.pop(i, None)
                for x in platform.objects:
                    if i in x[0]:
                        for k in x[0]:
                            acknowledged.pop(k, None)
    return text


def commit(text):
    delta("commit", stdin=text.encode())


def settle(faults):
    lines, _ = delta("settle", "--journal", "journal")
    out = []
    for line in lines:
        o = json.loads(line)
        b = o["batchId"]
        names = ids(o)
        known = [platform.stored[(b, i)] for i in names if (b, i) in platform.stored]
        if not known:
            die(f"settle asks about a batch that never had it: {line}")
        if faults and rnd.random() < 0.2:
            status = "unknown"
        else:
            status = "accepted" if known[0] else "unsent"
        out.append(dict(identity(o), status=status, batchId=b))
    commit("".join(json.dumps(r) + "\n" for r in out))


# --- the feed ---

def md5(n):
    return hashlib.md5(b"m%d" % n).hexdigest()


def sha256(n):
    return hashlib.sha256(b"s%d" % n).hexdigest()


def url(n, v):
    return {"type": "URL", "summary": f"http://a.example/{n}", "rating": v % 6, "tag": [{"name": f"T{v}"}]}


def group(n, v):
    return {"type": "Report", "name": f"r{v}", "xid": f"x{n}"}


def file(n, v):
    names = {0: ("md5",), 1: ("sha256",), 2: ("md5", "sha256")}[v % 3]
    o = {"type": "File"}
    if "md5" in names:
        o["md5"] = md5(n)
    if "sha256" in names:
        o["sha256"] = sha256(n)
    o["size"] = v
    return o


listed = {}  # (make, n) -> version
MAKERS = [(url, 30), (group, 5), (file, 8)]


def mutate():
    for make, count in MAKERS:
        for n in range(count):
            key = (make, n)
            if key not in listed:
                if rnd.random() < 0.3:
                    listed[key] = rnd.randint(1, 9)
            elif rnd.random() < 0.1:
                del listed[key]
            elif rnd.random() < 0.15:
                listed[key] += 1
    # a File known by one name only, and by the other only, in turn, is one the platform cannot join either: keep md5
    for key in listed:
        if key[0] is file and listed[key] % 3 == 1:
            listed[key] += 1


def lines_of_feed():
    lines = [json.dumps(make(n, v)) for (make, n), v in listed.items()]
    lines += [rnd.choice(lines) for _ in range(rnd.randint(0, 3))] if lines else []
    rnd.shuffle(lines)
    return lines


def one_run(faults):
    settle(faults)
    lines = lines_of_feed()
    out, st = delta("filter", stdin="".join(x + "\n" for x in lines).encode())
    o = st["objects"]
    if o["read"] != len(lines) or o["read"] != o["rejected"] + o["merged"] + o["unchanged"] + o["withheld"] + o["sent"] + o["retracted"]:
        die(f"the counts do not add up: {o}")
    if o["sent"] != len(out) or o["sent"] != sum(st["sent"].values()) or o["withheld"] != sum(st["withheld"].values()):
        die(f"the counts of what was sent do not add up: {st}")
    for line in out:
        obj = json.loads(line)
        same = [acknowledged.get(i) == content(obj) for i in ids(obj)]
        # what is pending may have been uploaded: it goes again whatever it was
        if all(same) and obj["type"] != "File" and st["sent"]["retried"] + st["sent"]["returned"] == 0:
            die(f"sent although the platform has it: {line}")
    commit(submit(out, faults))
    if faults and rnd.random() < 0.3:
        return
    gone, st = delta("expire", "--complete")
    names = set().union(*[ids(make(n, v)) for (make, n), v in listed.items()]) if listed else set()
    for line in gone:
        if ids(json.loads(line)) & names:
            die(f"removed although it is listed: {line}")
    if st.get("removals", {}).get("sent", 0) != len(gone):
        die(f"the counts of removals do not add up: {st}")
    commit(submit(gone, faults))


with open(FEED, "w") as f:
    json.dump({"id": "model", "name": "Model", "vendor": "V", "fetch": {"url": "https://feed.example/"},
               "parse": {"format": "json", "records": "data"},
               "map": [{"object": {"type": "URL", "summary": {"path": "url"}}}],
               "delta": {"missing": policy, "max_missing": "100%", "retry": 4}}, f)
os.environ["TC_LOG_LEVEL"] = "error"
for _ in range(runs):
    mutate()
    one_run(True)
delta("retry")
for _ in range(7):
    one_run(False)

want = sorted(content(make(n, v)) for (make, n), v in listed.items())
have = sorted(c for names, c, active in platform.objects if active and (policy == "delete" or not any(i[0] == "Report" for i in names)))
if policy != "delete":
    want = [c for c in want if '"Report"' not in c]
if want != have:
    die("the platform holds what it should not, or not what it should:\n only in the feed: %s\n only there: %s"
        % (sorted(set(want) - set(have)), sorted(set(have) - set(want))))
out, _ = delta("stats", "--json")
s = json.loads(out[0])
if s["pending"] != 0 or (policy == "delete" and s["known"] != len(listed)):
    die(f"the state knows {s['known']} of {len(listed)}, {s['pending']} pending")
delta("verify")
print(f"seed {seed}: {runs} runs, {platform.batch} batches, {len(listed)} objects")
