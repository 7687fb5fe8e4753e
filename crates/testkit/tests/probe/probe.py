#!/usr/bin/env python3
"""probe.py BASE OUT [--wizard] [--movies DIR --tv DIR] [--admin NAME PW]
Drives a Jellyfin-compatible server through everything a watch-state sync needs and records each exchange
as OUT/NN-name.json = {"request":{method,path,headers,body},"response":{status,headers,body}}."""

import json, sys, time, os, argparse, urllib.request, urllib.error, urllib.parse, threading

ap = argparse.ArgumentParser()
ap.add_argument("base")
ap.add_argument("out")
ap.add_argument("--wizard", action="store_true")
ap.add_argument("--movies")
ap.add_argument("--tv")
ap.add_argument("--admin", nargs=2, default=["root", "secret"])
ap.add_argument("--alicepw", default="alicepw")
ap.add_argument("--rfc", action="store_true", help="use Authorization: instead of X-Emby-Authorization")
a = ap.parse_args()
os.makedirs(a.out, exist_ok=True)
N = [0]
HDR = "X-Emby-Authorization" if not a.rfc else "Authorization"


def authz(tok=None, dev="probe-1"):
    s = 'MediaBrowser Client="probe", Device="test", DeviceId="%s", Version="1.0.0"' % dev
    return s + (', Token="%s"' % tok if tok else "")


def call(name, method, path, body=None, tok=None, headers=None, raw=None, dev="probe-1"):
    h = {"Accept": "application/json", HDR: authz(tok, dev)}
    if headers is not None:
        h = dict(headers)
    data = None
    if raw is not None:
        data = raw
    elif body is not None:
        data = json.dumps(body).encode()
        h["Content-Type"] = "application/json"
    r = urllib.request.Request(a.base + path, data=data, method=method, headers=h)
    t0 = time.time()
    try:
        resp = urllib.request.urlopen(r, timeout=60)
        st = resp.status
        rh = dict(resp.headers)
        b = resp.read()
    except urllib.error.HTTPError as e:
        st = e.code
        rh = dict(e.headers)
        b = e.read()
    except Exception as e:
        st = 0
        rh = {}
        b = repr(e).encode()
    dt = time.time() - t0
    try:
        jb = json.loads(b) if b else None
    except ValueError:
        jb = b.decode("utf-8", "replace")
    N[0] += 1
    rec = {
        "request": {"method": method, "path": path, "headers": h, "body": body if raw is None else raw.decode()},
        "response": {"status": st, "headers": rh, "ms": round(dt * 1000, 1), "body": jb},
    }
    json.dump(rec, open("%s/%02d-%s.json" % (a.out, N[0], name), "w"), indent=1, ensure_ascii=False)
    s = json.dumps(jb, ensure_ascii=False) if not isinstance(jb, str) else jb
    print(
        "%02d %-34s %-6s %-70s %s %s" % (N[0], name, method, path[:70], st, (s or "")[:110].replace("\n", " ")),
        flush=True,
    )
    return st, jb


call("public-info", "GET", "/System/Info/Public", headers={})
call("ping", "GET", "/System/Ping", headers={})
call("users-public", "GET", "/Users/Public", headers={})
if a.wizard:
    call(
        "startup-config",
        "POST",
        "/Startup/Configuration",
        {"UICulture": "en-US", "MetadataCountryCode": "US", "PreferredMetadataLanguage": "en"},
    )
    call("startup-firstuser", "GET", "/Startup/FirstUser")
    call("startup-user", "POST", "/Startup/User", {"Name": a.admin[0], "Password": a.admin[1]})
    call(
        "startup-remote",
        "POST",
        "/Startup/RemoteAccess",
        {"EnableRemoteAccess": True, "EnableAutomaticPortMapping": False},
    )
    call("startup-complete", "POST", "/Startup/Complete")
call("auth-bad", "POST", "/Users/AuthenticateByName", {"Username": a.admin[0], "Pw": "wrong"})
call(
    "auth-no-header",
    "POST",
    "/Users/AuthenticateByName",
    {"Username": a.admin[0], "Pw": a.admin[1]},
    headers={"Content-Type": "application/json"},
)
st, j = call("auth-ok", "POST", "/Users/AuthenticateByName", {"Username": a.admin[0], "Pw": a.admin[1]})
if st != 200:
    sys.exit("cannot log in")
T = j["AccessToken"]
U = j["User"]["Id"]
call("users-me", "GET", "/Users/Me", tok=T)
call("users", "GET", "/Users", tok=T)
call("system-info", "GET", "/System/Info", tok=T)
call("no-token", "GET", "/System/Info", headers={})
call("bad-token", "GET", "/System/Info", tok="0" * 32)
call("new-user", "POST", "/Users/New", {"Name": "alice", "Password": "alicepw"}, tok=T)
call("key-create", "POST", "/Auth/Keys?app=probe", tok=T)
st, j = call("key-list", "GET", "/Auth/Keys", tok=T)
K = None
try:
    K = j["Items"][-1]["AccessToken"]
except Exception:
    pass
st, j = call(
    "auth-alice", "POST", "/Users/AuthenticateByName", {"Username": "alice", "Pw": a.alicepw}, dev="probe-alice"
)
TA = j["AccessToken"] if st == 200 else None
UA = j["User"]["Id"] if st == 200 else None
OPT = lambda d: {
    "LibraryOptions": {
        "EnablePhotos": False,
        "EnableRealtimeMonitor": False,
        "EnableChapterImageExtraction": False,
        "EnableInternetProviders": False,
        "SaveLocalMetadata": False,
        "PathInfos": [{"Path": d}],
        "LocalMetadataReaderOrder": ["Nfo"],
        "DisabledLocalMetadataReaders": [],
        "TypeOptions": [
            {
                "Type": t,
                "MetadataFetchers": [],
                "MetadataFetcherOrder": [],
                "ImageFetchers": [],
                "ImageFetcherOrder": [],
            }
            for t in ("Movie", "Series", "Season", "Episode")
        ],
        "AutomaticRefreshIntervalDays": 0,
        "MetadataSavers": [],
        "SkipSubtitlesIfAudioTrackMatches": False,
    }
}
if a.movies:
    call(
        "lib-movies",
        "POST",
        "/Library/VirtualFolders?name=Movies&collectionType=movies&refreshLibrary=false",
        OPT(a.movies),
        tok=T,
    )
    call(
        "lib-tv",
        "POST",
        "/Library/VirtualFolders?name=Shows&collectionType=tvshows&refreshLibrary=false",
        OPT(a.tv),
        tok=T,
    )
    call("lib-refresh", "POST", "/Library/Refresh", tok=T)
    for _ in range(60):
        time.sleep(1)
        r = urllib.request.Request(
            a.base + "/Items?recursive=true&includeItemTypes=Movie,Episode&userId=" + U + "&limit=0",
            headers={HDR: authz(T)},
        )
        try:
            n = json.load(urllib.request.urlopen(r))["TotalRecordCount"]
        except Exception as e:
            n = repr(e)
        if n == 12 or (isinstance(n, int) and n >= 11 and _ > 15):
            break
    print("items", n)
    time.sleep(3)
call("virtual-folders", "GET", "/Library/VirtualFolders", tok=T)
call("views", "GET", f"/Users/{U}/Views", tok=T)
F = "fields=ProviderIds,UserData,Path,MediaSources,DateCreated,PremiereDate,ProductionYear,OriginalTitle,ParentId&enableUserData=true&enableImages=false"
st, j = call(
    "items-all", "GET", f"/Users/{U}/Items?recursive=true&includeItemTypes=Movie,Series,Season,Episode&{F}", tok=T
)
items = j["Items"] if st == 200 else []
call("items-all-modern", "GET", f"/Items?userId={U}&recursive=true&includeItemTypes=Movie,Episode&{F}", tok=T)
call(
    "items-page",
    "GET",
    f"/Users/{U}/Items?recursive=true&includeItemTypes=Movie,Episode&startIndex=2&limit=3&sortBy=DateCreated,SortName&sortOrder=Descending&{F}",
    tok=T,
)
call(
    "items-apikey",
    "GET",
    f"/Users/{U}/Items?recursive=true&includeItemTypes=Movie&limit=1&{F}",
    headers={"X-Emby-Token": K or ""},
)
call(
    "items-apikey-query",
    "GET",
    f"/Items?userId={U}&recursive=true&includeItemTypes=Movie&limit=1&api_key={K}",
    headers={},
)
call(
    "items-apikey-nouser",
    "GET",
    f"/Items?recursive=true&includeItemTypes=Movie&limit=1",
    headers={"X-Emby-Token": K or ""},
)
call(
    "items-byprovider",
    "GET",
    f"/Users/{U}/Items?recursive=true&anyProviderIdEquals=imdb.tt0133093&hasImdbId=true&fields=ProviderIds",
    tok=T,
)


def find(t, name):
    return next((i for i in items if i.get("Type") == t and i.get("Name") == name), {})


M = find("Movie", "The Matrix").get("Id")
I2 = find("Movie", "Inception").get("Id")
E = find("Episode", "Pilot").get("Id")
S = find("Series", "Breaking Bad").get("Id")
SE = next((i["Id"] for i in items if i.get("Type") == "Season" and i.get("IndexNumber") == 1), None)
SI = find("Movie", "Sintel").get("Id")
print(dict(M=M, I2=I2, E=E, S=S, SE=SE, SI=SI))
ws_log = []
try:
    import websocket

    def wsrun():
        u = a.base.replace("http", "ws") + f"/socket?api_key={T}&deviceId=probe-1"

        def onmsg(w, m):
            ws_log.append({"t": round(time.time(), 3), "msg": json.loads(m)})

        def onopen(w):
            w.send(json.dumps({"MessageType": "SessionsStart", "Data": "0,1500"}))

        websocket.WebSocketApp(
            u, on_message=onmsg, on_open=onopen, on_error=lambda w, e: ws_log.append({"error": repr(e)})
        ).run_forever()

    threading.Thread(target=wsrun, daemon=True).start()
    time.sleep(1.5)
except ImportError:
    print("no websocket-client")


def ud(name, i, user=None, tok=None):
    return call(name, "GET", f"/Users/{user or U}/Items/{i}?fields=ProviderIds", tok=tok or T)


call("played", "POST", f"/Users/{U}/PlayedItems/{M}?datePlayed=20240305211407", tok=T)
ud("after-played", M)
call("played-iso", "POST", f"/Users/{U}/PlayedItems/{I2}?datePlayed=2024-03-05T21%3A14%3A07.000Z", tok=T)
ud("after-played-iso", I2)
call("played-again", "POST", f"/Users/{U}/PlayedItems/{I2}", tok=T)
call("unplayed", "DELETE", f"/Users/{U}/PlayedItems/{I2}", tok=T)
ud("after-unplayed", I2)
call("played-modern", "POST", f"/UserPlayedItems/{I2}?userId={U}", tok=T)
call(
    "userdata-post-legacy",
    "POST",
    f"/Users/{U}/Items/{E}/UserData",
    {"PlaybackPositionTicks": 12000000, "Played": False, "PlayCount": 0, "LastPlayedDate": "2024-04-01T10:00:00.000Z"},
    tok=T,
)
ud("after-userdata-post", E)
call(
    "userdata-post-modern",
    "POST",
    f"/UserItems/{E}/UserData?userId={U}",
    {"PlaybackPositionTicks": 24000000, "LastPlayedDate": "2024-04-02T10:00:00.0000000Z"},
    tok=T,
)
ud("after-userdata-modern", E)
call("userdata-get-modern", "GET", f"/UserItems/{E}/UserData?userId={U}", tok=T)
call("resume", "GET", f"/Users/{U}/Items/Resume?fields=ProviderIds&mediaTypes=Video", tok=T)
call("series-played", "POST", f"/Users/{U}/PlayedItems/{S}", tok=T)
ud("after-series-played", S)
ud("after-series-played-ep", E)
call("season-unplayed", "DELETE", f"/Users/{U}/PlayedItems/{SE}", tok=T)
ud("after-season-unplayed", S)
call("rating-like", "POST", f"/Users/{U}/Items/{M}/Rating?likes=true", tok=T)
call("favorite", "POST", f"/Users/{U}/FavoriteItems/{M}", tok=T)
call("unfavorite", "DELETE", f"/Users/{U}/FavoriteItems/{M}", tok=T)
if TA:
    ud("alice-sees-own", M, UA, TA)
    call("alice-writes-root", "POST", f"/Users/{U}/PlayedItems/{M}", tok=TA)
    call("admin-writes-alice", "POST", f"/Users/{UA}/PlayedItems/{M}", tok=T)
    call("apikey-writes-alice", "DELETE", f"/Users/{UA}/PlayedItems/{M}", headers={"X-Emby-Token": K or ""})
    ud("alice-after", M, UA, TA)
ML = next((i.get("MediaSources", [{}])[0].get("Id") for i in items if i.get("Id") == SI and i.get("MediaSources")), SI)
PS = "probe-play-session-1"
tk = 10_000_000
call(
    "playing-start",
    "POST",
    "/Sessions/Playing",
    {
        "ItemId": SI,
        "MediaSourceId": ML,
        "PlaySessionId": PS,
        "CanSeek": True,
        "PositionTicks": 0,
        "PlayMethod": "DirectPlay",
    },
    tok=T,
)
call("sessions", "GET", "/Sessions", tok=T)
call(
    "playing-progress",
    "POST",
    "/Sessions/Playing/Progress",
    {
        "ItemId": SI,
        "MediaSourceId": ML,
        "PlaySessionId": PS,
        "CanSeek": True,
        "PositionTicks": 300 * tk,
        "IsPaused": False,
        "EventName": "timeupdate",
    },
    tok=T,
)
time.sleep(1)
ud("after-progress", SI)
call("sessions-playing", "GET", "/Sessions?activeWithinSeconds=600", tok=T)
call(
    "playing-stop",
    "POST",
    "/Sessions/Playing/Stopped",
    {"ItemId": SI, "MediaSourceId": ML, "PlaySessionId": PS, "PositionTicks": 600 * tk},
    tok=T,
)
time.sleep(1)
ud("after-stop-half", SI)
call(
    "playing-start2",
    "POST",
    "/Sessions/Playing",
    {"ItemId": SI, "MediaSourceId": ML, "PlaySessionId": PS + "b", "CanSeek": True, "PositionTicks": 600 * tk},
    tok=T,
)
call(
    "playing-stop-97",
    "POST",
    "/Sessions/Playing/Stopped",
    {"ItemId": SI, "MediaSourceId": ML, "PlaySessionId": PS + "b", "PositionTicks": 1164 * tk},
    tok=T,
)
time.sleep(1)
ud("after-stop-97", SI)
call(
    "playing-start3",
    "POST",
    "/Sessions/Playing",
    {"ItemId": SI, "MediaSourceId": ML, "PlaySessionId": PS + "c", "CanSeek": True, "PositionTicks": 0},
    tok=T,
)
call(
    "playing-stop-1pct",
    "POST",
    "/Sessions/Playing/Stopped",
    {"ItemId": SI, "MediaSourceId": ML, "PlaySessionId": PS + "c", "PositionTicks": 12 * tk},
    tok=T,
)
time.sleep(1)
ud("after-stop-1pct", SI)
call("item-missing", "GET", f"/Users/{U}/Items/" + "f" * 32, tok=T)
call("item-badid", "GET", f"/Users/{U}/Items/notaguid", tok=T)
call("played-missing", "POST", f"/Users/{U}/PlayedItems/" + "f" * 32, tok=T)
call(
    "bad-json",
    "POST",
    f"/Users/{U}/Items/{E}/UserData",
    raw=b"{bad",
    headers={"Content-Type": "application/json", HDR: authz(T)},
)
call("lowercase-path", "GET", "/users/me", tok=T)
call("emby-prefix", "GET", "/emby/System/Info/Public", headers={})
call("mediabrowser-prefix", "GET", "/mediabrowser/System/Info/Public", headers={})
call("nextup", "GET", f"/Shows/NextUp?userId={U}&fields=ProviderIds", tok=T)
call("episodes", "GET", f"/Shows/{S}/Episodes?userId={U}&fields=ProviderIds", tok=T)
call("activity", "GET", "/System/ActivityLog/Entries?limit=5", tok=T)
call("plugins", "GET", "/Plugins", tok=T)
call("quickconnect-enabled", "GET", "/QuickConnect/Enabled", headers={})
call(
    "changed-since",
    "GET",
    f"/Users/{U}/Items?recursive=true&includeItemTypes=Movie,Episode&minDateLastSavedForUser=2026-01-01T00%3A00%3A00Z&fields=ProviderIds",
    tok=T,
)
call(
    "isplayed",
    "GET",
    f"/Users/{U}/Items?recursive=true&includeItemTypes=Movie,Episode&filters=IsPlayed&fields=ProviderIds",
    tok=T,
)
call(
    "isplayed-sorted",
    "GET",
    f"/Users/{U}/Items?recursive=true&includeItemTypes=Movie,Episode&filters=IsPlayed&sortBy=DatePlayed&sortOrder=Descending",
    tok=T,
)
call("isresumable", "GET", f"/Users/{U}/Items?recursive=true&filters=IsResumable&fields=ProviderIds", tok=T)
call("logout", "POST", "/Sessions/Logout", tok=T)
call("after-logout", "GET", "/Users/Me", tok=T)
time.sleep(1)
with open(a.out + "/websocket.jsonl", "w") as f:
    for m in ws_log:
        f.write(json.dumps(m, ensure_ascii=False) + "\n")
from collections import Counter

print("ws", Counter(m["msg"].get("MessageType") if "msg" in m else m["error"] for m in ws_log))
