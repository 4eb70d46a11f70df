"""Breaks the cluster of eng/cluster.sh under load, and counts what became of every acknowledged record.

Runs inside the cluster's network: eng/cluster.sh test. Clients download a package, tagged, and post to the Package
Deployment API, each record with a description of its own; half of them come in by either HAProxy, and by the other one
where theirs refuses. A request is never sent again: what was answered with success must be there once, what was not may
be there or not, but not twice. Who posted something asks for it now and then: it must be in the list.
"""
import http.client
import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile

SCRIPT, FOLDER = sys.argv[1:3]
ENTRANCES = ["10.77.0.21", "10.77.0.22"]
DOWNLOADERS, POSTERS, PAUSE = 8, 4, 0.1
ERRORS_MAX = 10.0  # seconds from the first to the last error of an event
REQUEST_MAX = 10.0  # seconds; longer ones are errors


def inside(what, *arguments):
    done = subprocess.run([SCRIPT, "inside-" + what, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, "CLUSTER_FOLDER": FOLDER})
    return done.returncode == 0, done.stdout.strip()


def wait(what, condition, seconds=120):
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            sys.exit(f"FAILED: not within {seconds} s: {what}")
        time.sleep(0.3)
    return time.monotonic() - began


def is_healthy():
    return inside("healthy")[0] and all(inside("ready", web)[0] for web in ("web1", "web2"))


class Load:
    """Clients that go on whatever happens, and remember each answer."""

    def __init__(self, key):
        self.key = key
        self.answers = []  # (kind, description, started, ended, what went wrong or None, status)
        self.looks, self.stale = 0, []  # questions after a post, and those whose answer lacked it
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(kind, number), daemon=True)
                        for kind, count in (("download", DOWNLOADERS), ("post", POSTERS)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def run(self, kind, number):
        send = self.download if kind == "download" else self.post
        entrance, connection, count = number, None, 0
        while not self.stopping.wait(PAUSE):
            count += 1
            description = f"{kind} {number} {count}"
            started = time.monotonic()
            wrong = status = None
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(ENTRANCES[entrance % 2], 8624, timeout=REQUEST_MAX)
                    connection.connect()
                wrong, status = send(connection, description, f"{kind}-{number}")
            except (OSError, http.client.HTTPException) as failure:
                wrong = f"{type(failure).__name__} {failure}"
                connection.close()
                connection = None
                entrance += 1
            self.answers.append((kind, description, started, time.monotonic(), wrong, status))
            if kind == "post" and not wrong and count % 4 == 0:
                self.look(description, f"{kind}-{number}", (entrance + count // 4) % 2)

    def look(self, description, target, entrance):
        """By either entrance: the other node knows no more of it than the database does."""
        connection = http.client.HTTPConnection(ENTRANCES[entrance], 8624, timeout=REQUEST_MAX)
        try:
            connection.request("GET", f"/api/package-deployments?target={target}&limit=3", headers={
                "X-ApiKey": self.key})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 200:
                self.looks += 1
                if description not in [item["description"] for item in json.loads(text)["items"]]:
                    self.stale.append(description)
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()

    @staticmethod
    def download(connection, description, target):
        connection.request("GET", "/upack/main/download/app/1.0.0", headers={
            "X-ProGet-Deployment-Application": "load", "X-ProGet-Deployment-Description": description,
            "X-ProGet-Deployment-Target": target})
        answer = connection.getresponse()
        answer.read()
        status = answer.headers.get("X-Deployment-Status", "none")
        is_well = answer.status == 200 and status in ("recorded", "journaled")
        return None if is_well else f"{answer.status} {status}", status

    def post(self, connection, description, target):
        body = json.dumps({"FeedName": "main", "PackageName": "app", "Version": "1.0.0", "Application": "load",
                           "Description": description, "Target": target})
        connection.request("POST", "/api/package-deployment/", body, {
            "X-ApiKey": self.key, "Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return None if 200 <= answer.status < 300 else str(answer.status), str(answer.status)


def prepare(key):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("upack.json", '{"name":"app","version":"1.0.0"}')
        package.writestr("package/readme.txt", "what is deployed")
    for method, path, body, kind in (
            ("POST", "/api/management/feeds/create", b'{"name":"main","feedType":"universal"}', "application/json"),
            ("PUT", "/upack/main/upload", file.getvalue(), "application/zip")):
        connection = http.client.HTTPConnection(ENTRANCES[0], 8624, timeout=30)
        connection.request(method, path, body, {"X-ApiKey": key, "Content-Type": kind})
        answer = connection.getresponse()
        if answer.status >= 300:
            sys.exit(f"FAILED: {path}: {answer.status} {answer.read()!r}")


def leader():
    return inside("host-of", "leader")[1]


def standby():
    return inside("host-of", "sync_standby")[1]


def fault(what, host):
    inside("fault", what, host)


def events():
    """Each: what happens, how, how many seconds later what mends it."""
    yield "kill -9 of PostgreSQL on the primary", "kill-postgres", leader(), 8, None
    yield "kill -9 of a web node", "kill-web", "web1", 8, "start-web"
    yield "the primary's network is cut for 20 s", "cut", leader(), 20, "mend"
    yield "the synchronous standby's network is cut for 15 s", "cut", standby(), 15, "mend"
    yield "the synchronous standby's disk is full for 15 s", "fill", standby(), 15, "free"
    yield "kill -9 of all on the primary's host", "kill-host", leader(), 15, "start-host"
    yield "kill -9 of the other web node and of PostgreSQL on the primary", "kill-both", leader(), 12, "start-web2"


def carry_out(what, host):
    if what == "kill-both":
        fault("kill-web", "web2")
        fault("kill-postgres", host)
    elif what == "start-web2":
        fault("start-web", "web2")
    else:
        fault(what, host)


def told(answers, kind, began, ended):
    """Errors of a kind in that time: how many, from the first to the last, the longest time without a success."""
    during = [one for one in answers if one[0] == kind and began <= one[2] < ended]
    wrong = [one for one in during if one[4]]
    span = wrong[-1][3] - min(one[2] for one in wrong) if wrong else 0.0
    well = sorted([began, *(one[3] for one in during if not one[4])])
    gap = max((later - earlier for earlier, later in zip(well, well[1:])), default=ended - began)
    slowest = max((one[3] - one[2] for one in during), default=0.0)
    return len(during), len(wrong), span, gap, slowest, wrong


def report(answers, happened):
    longest = 0.0
    print(f"{'event':64}{'kind':10}{'sent':>6}{'errors':>8}{'span s':>8}{'gap s':>7}{'max s':>7}  journaled; healed")
    for title, began, ended, healed in happened:
        for kind in ("download", "post"):
            sent, count, span, gap, slowest, wrong = told(answers, kind, began, ended)
            longest = max(longest, span)
            journaled = sum(1 for one in answers if one[0] == kind and began <= one[2] < ended
                            and one[5] == "journaled")
            print(f"{title:64}{kind:10}{sent:6}{count:8}{span:8.1f}{gap:7.1f}{slowest:7.1f}  "
                  f"{journaled}; {healed:.1f} s")
            for text in sorted({one[4] for one in wrong})[:4]:
                print(f"{'':6}{sum(1 for one in wrong if one[4] == text)} × {text}")
    return longest


def is_drained():
    waits = [name for web in ("web1", "web2") if os.path.isdir(f"{FOLDER}/{web}/data/journal")
             for name in os.listdir(f"{FOLDER}/{web}/data/journal")]
    return not waits and inside("sql", "select count(*) from deployment_inbox") == (True, "0")


def count(answers):
    """What there is, against what was promised."""
    rows = inside("sql", """
        select string_agg(line, E'\\n') from (
            select name || '|' || count(*) as line
            from deployments join texts on text_id = description_id
            group by name) as lines""")[1]
    there = dict(line.rsplit("|", 1) for line in rows.split("\n") if line)
    promised = {one[1] for one in answers if not one[4]}
    lost = sorted(promised - there.keys())
    doubled = sorted(name for name, times in there.items() if times != "1")
    others = inside("sql", "select (select count(*) from rejected_records) || ' ' "
                           "|| (select count(*) from duplicate_records)")[1]
    print(f"{len(answers)} requests, {len(promised)} acknowledged, {len(there)} recorded, {len(lost)} lost, "
          f"{len(doubled)} doubled; rejected and repeated: {others}")
    if lost or doubled:
        print("lost:", lost[:10], "doubled:", doubled[:10])
    return not lost and not doubled and others == "0 0"


def main():
    with open(f"{FOLDER}/secrets/api", encoding="ascii") as file:
        key = file.read().strip()
    wait("a healthy cluster", is_healthy)
    prepare(key)
    load = Load(key)
    happened, began = [], time.monotonic()
    time.sleep(10)
    happened.append(("nothing", began, time.monotonic(), 0.0))
    chosen = os.environ.get("CLUSTER_EVENTS", "").split()  # words of events, to try some
    for title, what, host, seconds, mending in events():
        if chosen and not any(word in what for word in chosen):
            continue
        print(f"{time.strftime('%H:%M:%S')} {title} ({host})", flush=True)
        began = time.monotonic()
        carry_out(what, host)
        time.sleep(seconds)
        if mending:
            carry_out(mending, host)
        healed = wait("all is well again: " + title, is_healthy)
        time.sleep(5)
        happened.append((title, began, time.monotonic(), healed))
    load.stop()
    drained = wait("journals and inbox are empty", is_drained)
    longest = report(load.answers, happened)
    print(f"Journals and inbox were empty {drained:.1f} s after the load.")
    print(f"{load.looks} lists asked for after a post, {len(load.stale)} lacked it {load.stale[:5]}")
    is_well = count(load.answers) and longest < ERRORS_MAX and not load.stale
    print(f"The longest span of errors was {longest:.1f} s: " + ("passed" if is_well else "FAILED"))
    sys.exit(0 if is_well else 1)


main()
