#!/usr/bin/env python3
"""validate_openapi.py SPEC FIXDIR [PREFIX]: check every recorded exchange against an OpenAPI 3.0 document (paths case-insensitive, format not asserted)."""

import json, sys, re, glob
from jsonschema import Draft4Validator, RefResolver

spec = json.load(open(sys.argv[1]))
pre = sys.argv[3] if len(sys.argv) > 3 else ""


def fix(s):
    if isinstance(s, dict):
        s = {k: fix(v) for k, v in s.items()}
        if s.pop("nullable", False):
            if "type" in s and not isinstance(s["type"], list):
                s["type"] = [s["type"], "null"]
            if "enum" in s:
                s["enum"] = s["enum"] + [None]
            if "allOf" in s:
                s = {"anyOf": [{"type": "null"}, {"allOf": s["allOf"]}]}
        return s
    return [fix(x) for x in s] if isinstance(s, list) else s


spec = fix(spec)
res = RefResolver("", spec)
paths = [(re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", p) + "$", re.I), p.count("{"), p) for p in spec["paths"]]
ok = bad = miss = 0
for f in sorted(glob.glob(sys.argv[2] + "/[0-9]*.json")):
    r = json.load(open(f))
    path = r["request"]["path"].split("?")[0]
    path = path[len(pre) :] if path.startswith(pre) else path
    c = sorted([(n, p) for rx, n, p in paths if rx.match(path)])
    m = r["request"]["method"].lower()
    st = str(r["response"]["status"])
    name = f.split("/")[-1]
    if not c or m not in spec["paths"][c[0][1]]:
        miss += 1
        print("NOT IN SPEC ", name, m, path[:60], st)
        continue
    op = spec["paths"][c[0][1]][m]
    resp = op["responses"].get(st)
    if resp is None:
        bad += 1
        print("STATUS      ", name, m, c[0][1], st, "spec has", list(op["responses"]))
        continue
    sch = [v.get("schema") for k, v in (resp.get("content") or {}).items() if "json" in k][:1]
    if sch and sch[0]:
        errs = list(Draft4Validator(sch[0], resolver=res).iter_errors(r["response"]["body"]))
        if errs:
            bad += 1
            print(
                "BODY        ",
                name,
                c[0][1],
                len(errs),
                "e.g.",
                "/".join(map(str, errs[0].absolute_path)),
                errs[0].message[:140],
            )
            continue
    ok += 1
print("ok", ok, "bad", bad, "not in spec", miss)
