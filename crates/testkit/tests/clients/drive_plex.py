"""Drives a fake Plex by plexapi: PORT-URL TOKEN OTHER-TOKEN. Fails where plexapi finds anything amiss."""

import sys

from plexapi.exceptions import NotFound, Unauthorized
from plexapi.server import PlexServer

url, token, other = sys.argv[1:4]

try:
    PlexServer(url, "wrong")
    raise SystemExit("a wrong token was accepted")
except Unauthorized:
    pass

plex = PlexServer(url, token)
assert plex.version == "1.40.2" and plex.machineIdentifier, plex.version
assert [account.name for account in plex.systemAccounts()] == ["", "ana", "ben", "kim"]

sections = {section.title: section for section in plex.library.sections()}
movies, shows = sections["Movies"], sections["Shows"]
assert (movies.type, shows.type) == ("movie", "show")

films = movies.all()
assert len(films) == 160 and movies.totalSize == 160, len(films)
dune = movies.get("Dune")
assert {guid.id for guid in dune.guids} == {"imdb://tt1160419", "tmdb://438631"}
assert dune.year == 2021 and dune.duration == 155 * 60_000
assert dune.locations == ["/media/movies/Dune (2021)/Dune (2021).mkv"]
try:
    plex.fetchItem(9_999_999)
    raise SystemExit("an item that is not there was found")
except NotFound:
    pass

# Marks: viewCount, lastViewedAt and viewOffset come and go together.
dune.markUnplayed().reload()
assert not dune.isPlayed and dune.viewCount == 0 and dune.lastViewedAt is None and dune.viewOffset == 0
dune.updateTimeline(30 * 60_000, state="stopped").reload()
assert dune.viewOffset == 30 * 60_000 and not dune.isPlayed and dune.lastViewedAt is not None
dune.markPlayed().reload()
assert dune.isPlayed and dune.viewCount == 1 and dune.viewOffset == 0
dune.markPlayed().reload()
assert dune.viewCount == 2, "each scrobble is one more view"
dune.updateProgress(40 * 60_000, state="stopped")
dune.reload()
assert dune.viewOffset == 40 * 60_000 and dune.isPlayed, "a rewatch keeps the mark"
dune.updateTimeline(154 * 60_000, state="stopped").reload()
assert dune.viewCount == 3 and dune.viewOffset == 0, "a stop near the end is a view"

# Series, seasons, episodes.
show = shows.get("Breaking Bad")
assert {guid.id for guid in show.guids} == {"tvdb://81189", "imdb://tt0903747", "tmdb://1396"}
assert [season.index for season in show.seasons()] == [1, 2]
assert len(show.episodes()) == 20 == show.leafCount
episode = show.episode(season=2, episode=13)
assert episode.grandparentTitle == "Breaking Bad" and (episode.seasonNumber, episode.index) == (2, 13)
assert episode.grandparentRatingKey == show.ratingKey
show.markUnplayed().reload()
assert show.viewedLeafCount == 0
show.season(1).markPlayed()
show.reload()
assert show.viewedLeafCount == 7
both = plex.fetchItems([dune.ratingKey, episode.ratingKey])
assert [item.ratingKey for item in both] == [dune.ratingKey, episode.ratingKey]

# Pages.
first = plex.fetchItems(
    f"/library/sections/{movies.key}/all?type=1&sort=addedAt", container_start=0, container_size=7, maxresults=7
)
second = plex.fetchItems(
    f"/library/sections/{movies.key}/all?type=1&sort=addedAt", container_start=7, container_size=7, maxresults=7
)
assert first.totalSize == 160 and len(first) == len(second) == 7
assert not {item.ratingKey for item in first} & {item.ratingKey for item in second}
assert first[0].title == "The Matrix", "the first one added"

# Sessions.
playing = plex.sessions()
assert len(playing) == 1 and playing[0].title == "Alien" and playing[0].usernames == ["ben"], playing
assert playing[0].player.state == "playing"

# Marks are each user's own.
ben = PlexServer(url, other)
theirs = ben.library.section("Movies").get("Dune")
before = theirs.viewCount
dune.markPlayed()
assert theirs.reload().viewCount == before
print("plexapi: all well")
