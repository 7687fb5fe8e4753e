"""Listens to a fake Jellyfin by jellyfin-apiclient-python while it marks: URL USER PASSWORD OTHER OTHER-PASSWORD.

A fake Emby, which takes the same headers, is driven by it too: then the last argument is `emby`."""

import queue
import sys

from jellyfin_apiclient_python import JellyfinClient

url, user, password, other, other_password = sys.argv[1:6]
emby = sys.argv[6:] == ["emby"]
PATIENCE = 20


def signed_in(name, word):
    client = JellyfinClient(allow_multiple_clients=True)
    client.config.app("hear", "1.0", "test", f"hear-{name}")
    client.config.data["auth.ssl"] = False
    client.config.data["http.user_agent"] = "hear/1.0"
    client.auth.connect_to_address(url)
    assert client.auth.login(url, name, word)["AccessToken"]
    client.auth.connect(discover=False)
    return client


def listening(client):
    """Starts its socket, and gives the queue of what it heard."""
    heard = queue.Queue()
    client.callback = lambda kind, data: heard.put((kind, data))
    client.wsc.daemon = True
    client.start_wsc()
    assert heard.get(timeout=PATIENCE)[0] == "WebSocketConnect"
    return heard


def told(heard):
    kind, data = heard.get(timeout=PATIENCE)
    assert kind == "UserDataChanged", (kind, data)
    return data["UserId"], {item["ItemId"]: item for item in data["UserDataList"]}


me, they = signed_in(user, password), signed_in(other, other_password)
mine, theirs = listening(me), listening(they)
# What the server forces to keep alive answers that: the client waits for nothing else.
api = me.jellyfin
dune = api.search_media_items(term="Dune", media="Movie")["Items"][0]["Id"]
api.item_played(dune, False)
whose, items = told(mine)
assert whose == me.config.data["auth.user_id"] and not items[dune]["Played"], items
api.item_played(dune, True, "20240305211407")
_, items = told(mine)
assert items[dune]["Played"] and items[dune]["LastPlayedDate"].startswith("2024-03-05T21:14:07"), items
above = [item for key, item in items.items() if key != dune]
assert [item["Played"] for item in above] == ([] if emby else [False]), "its folder is told with it"

# A series: its episodes, and where they are, in one message.
show = api.search_media_items(term="Breaking Bad", media="Series")["Items"][0]["Id"]
api.item_played(show, True)
_, items = told(mine)
episodes = {episode["Id"] for episode in api.get_episodes(show)["Items"]}
assert len(episodes) == 20 and episodes <= items.keys() and all(items[e]["Played"] for e in episodes)

# Positions are told at the end alone.
playing = {"ItemId": dune, "PositionTicks": 0, "PlaySessionId": "p"}
api.session_playing(playing)
assert told(mine)[1][dune]["PlayCount"] == 2, "a beginning is a play"
api.session_progress({**playing, "PositionTicks": 9_000_000_000})
api.session_stop({**playing, "PositionTicks": 18_000_000_000})
assert told(mine)[1][dune]["PlaybackPositionTicks"] == 18_000_000_000

# To each their own.
they.jellyfin.item_played(dune, True)
whose, items = told(theirs)
assert whose == they.config.data["auth.user_id"] and dune in items
assert mine.empty() and theirs.empty()
me.stop()
they.stop()
print("jellyfin-apiclient-python: heard all")
