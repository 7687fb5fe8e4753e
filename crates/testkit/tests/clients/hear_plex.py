"""Listens to a fake Plex by plexwebsocket while plexapi plays on it: URL TOKEN OTHER-TOKEN."""

import asyncio
import sys

import aiohttp
from plexapi.server import PlexServer
from plexwebsocket import SIGNAL_CONNECTION_STATE, STATE_CONNECTED, STATE_STOPPED, PlexWebsocket

url, token, other = sys.argv[1:4]
PATIENCE = 20


class Wrong:
    """A server whose token is not good."""

    def url(self, path, includeToken=True):
        return f"{url.rstrip('/')}{path}?X-Plex-Token=wrong"


async def hears(server, session):
    """A socket, and the queue of what it heard."""
    heard = asyncio.Queue()
    socket = PlexWebsocket(
        server,
        lambda kind, data, error: heard.put_nowait((kind, data, error)),
        subscriptions=["playing", "timeline", "activity"],
        session=session,
    )
    task = asyncio.create_task(socket.listen())
    return socket, heard, task


async def following(heard):
    return await asyncio.wait_for(heard.get(), PATIENCE)


async def connected(heard):
    while (await following(heard))[:2] != (SIGNAL_CONNECTION_STATE, STATE_CONNECTED):
        pass


def shown(event):
    kind, data, _ = event
    assert kind == "playing" and data["size"] == 1, event
    state = data["PlaySessionStateNotification"][0]
    return state["state"], state["viewOffset"], state["ratingKey"]


async def main():
    plex, ben = PlexServer(url, token), PlexServer(url, other)
    dune = plex.library.section("Movies").get("Dune")
    alien = ben.library.section("Movies").get("Alien")
    async with aiohttp.ClientSession() as session:
        _, refused, _ = await hears(Wrong(), session)
        event = await following(refused)
        while event[1] != STATE_STOPPED:
            event = await following(refused)
        assert event[2] == "Authorization failure", event

        socket, heard, task = await hears(plex, session)
        await connected(heard)
        _, theirs, their_task = await hears(ben, session)
        await connected(theirs)

        play = asyncio.get_running_loop().run_in_executor
        for state, minutes in [("playing", 1), ("paused", 20), ("playing", 20), ("stopped", 30)]:
            await play(None, lambda: dune.updateTimeline(minutes * 60_000, state=state))
            expected = (state, minutes * 60_000, str(dune.ratingKey))
            assert shown(await following(heard)) == expected, expected
        # The owner hears everyone, the others themselves.
        await play(None, lambda: alien.updateTimeline(60_000, state="playing"))
        for queue in (heard, theirs):
            assert shown(await following(queue))[::2] == ("playing", str(alien.ratingKey))
        # A mark set by hand is not told: the next thing heard is the end of the playback.
        await play(None, dune.markPlayed)
        await play(None, lambda: alien.updateTimeline(120_000, state="stopped"))
        for queue in (heard, theirs):
            assert shown(await following(queue))[0] == "stopped"
            assert queue.empty()
        socket.close()
        for listening in (task, their_task):
            listening.cancel()


asyncio.run(main())
print("plexwebsocket: all well")
