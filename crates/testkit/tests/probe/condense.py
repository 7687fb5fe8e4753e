#!/usr/bin/env python3
"""condense.py DIR OUT: makes one file of the exchanges that probe.py recorded, and one of what its socket told.

Keeps of each exchange its name, its request and its response; of headers those that say who asks and what
the body is; of bodies everything but what describes streams, pictures and the machine it ran on. Of what the
socket told (OUT with `-socket` in its name) the user data; of other messages that they came."""

import glob
import json
import os
import sys

GONE = {
    "MediaStreams",
    "MediaAttachments",
    "Formats",
    "RequiredHttpHeaders",
    "Chapters",
    "LibraryOptions",
    "Configuration",
    "ExternalUrls",
    "ImageTags",
    "BackdropImageTags",
    "ScreenshotImageTags",
    "ImageBlurHashes",
    "GenreItems",
    "Genres",
    "Studios",
    "People",
    "Taglines",
    "Tags",
    "RemoteTrailers",
    "ProductionLocations",
    "Trickplay",
    "LockedFields",
    "ProgramDataPath",
    "WebPath",
    "ItemsByNamePath",
    "CachePath",
    "LogPath",
    "InternalMetadataPath",
    "TranscodingTempPath",
    "MacAddress",
    "LocalAddress",
    "WanAddress",
    "EncoderLocation",
    "Capabilities",
    "SupportedCommands",
    "PlayableMediaTypes",
    "AdditionalUsers",
    "NowPlayingQueue",
    "NowPlayingQueueFullItems",
}
HEADERS = {"x-emby-authorization", "authorization", "x-emby-token", "content-type", "date"}


def bare(value):
    if isinstance(value, dict):
        machine = GONE | ({"Path"} if value.get("Type") == "CollectionFolder" else set())
        return {k: bare(v) for k, v in value.items() if k not in machine}
    if isinstance(value, list):
        return [bare(v) for v in value]
    return value


def headers(given):
    return {k.lower(): v for k, v in given.items() if k.lower() in HEADERS}


def told(folder):
    with open(os.path.join(folder, "websocket.jsonl"), encoding="utf-8") as file:
        for message in (json.loads(line).get("msg") for line in file):
            if message is None:
                continue
            if message["MessageType"] not in ("UserDataChanged", "ForceKeepAlive"):
                del message["Data"]
            yield json.dumps(message, ensure_ascii=False)


def main(folder, out):
    with open(out.replace(".jsonl", "-socket.jsonl"), "w", encoding="utf-8") as file:
        file.write("\n".join(told(folder)) + "\n")
    lines = []
    for path in sorted(glob.glob(os.path.join(folder, "[0-9]*.json"))):
        with open(path, encoding="utf-8") as file:
            exchange = json.load(file)
        request, response = exchange["request"], exchange["response"]
        lines.append(
            json.dumps(
                {
                    "name": os.path.basename(path)[:-5],
                    "request": {
                        "method": request["method"],
                        "path": request["path"],
                        "headers": headers(request["headers"]),
                        "body": request["body"],
                    },
                    "response": {
                        "status": response["status"],
                        "headers": headers(response["headers"]),
                        "body": bare(response["body"]),
                    },
                },
                ensure_ascii=False,
            )
        )
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
