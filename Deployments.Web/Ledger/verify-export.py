#!/usr/bin/env python3
"""Checks a file of deployment records with proofs, by nothing but the file: verify-export.py deployments.jsonl

Every record is hashed into its entry of the ledger, and every entry into the tree head of the file's first line
(RFC 6962). Compare that head with one that was noted elsewhere. Ends with 0 when all is well, else with 1."""
import hashlib
import json
import sys


def sha(data):
    return hashlib.sha256(data).digest()


def leaf(value):  # the canonical JSON of RFC 8785: all values are strings
    return sha(b"\0" + json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha(b"\1" + root(hashes[:half]) + root(hashes[half:]))


def climb(hash, index, size, path):
    path, last = list(path), size - 1
    while last > 0:
        if index & 1 or index < last:
            other = bytes.fromhex(path.pop(0))
            hash = sha(b"\1" + other + hash) if index & 1 else sha(b"\1" + hash + other)
        index, last = index >> 1, last >> 1
    return None if path else hash


def need(so, problem):
    if not so:
        raise ValueError(problem)


def check(path):
    records = 0
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = (json.loads(line) for line in file)
        head = next(lines)["head"]
        for line in lines:
            if "end" in line:
                need(line["end"]["records"] == records, "records are missing")
                need(next(lines, None) is None, "something follows the end")
                print(f"{records} records are in the ledger of {head['size']} entries with the root {head['root']}.")
                if line["end"]["notInLedger"]:
                    print(f"{line['end']['notInLedger']} records of that time are not in it yet, and not in the file.")
                return
            entry = line["entry"]
            name = f"entry {entry['number']}"
            leaves = [next(lines) for _ in range(int(entry["leaves"]))]
            records += sum(isinstance(one, dict) for one in leaves)
            hashes = [leaf(one) if isinstance(one, dict) else bytes.fromhex(one) for one in leaves]
            need(root(hashes).hex() == entry["root"], f"a record of {name} is not what was written")
            top = climb(leaf(entry), int(entry["number"]) - 1, head["size"], line["path"])
            need(top and top.hex() == head["root"], f"{name} is not in the ledger")
    raise ValueError("the file has no end")


try:
    check(sys.argv[1])
except (AttributeError, LookupError, OSError, RuntimeError, StopIteration, TypeError, ValueError) as problem:
    sys.exit(f"The file does not verify: {problem}")
