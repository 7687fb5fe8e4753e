"""Drives a fake Emby by the official embyclient: URL USER PASSWORD."""

import sys

import emby_client as emby
from emby_client.rest import ApiException

url, user, password = sys.argv[1:4]
configuration = emby.Configuration()
configuration.host = url.rstrip("/") + "/emby"
device = 'MediaBrowser Client="drive", Device="test", DeviceId="drive-1", Version="1.0"'
anyone = emby.ApiClient(configuration)


def sign_in(word):
    return emby.UserServiceApi(anyone).post_users_authenticatebyname(
        emby.AuthenticateUserByName(username=user, pw=word), device
    )


try:
    sign_in("wrong")
    raise SystemExit("a wrong password was accepted")
except ApiException as refused:
    assert refused.status == 401, refused.status
signed_in = sign_in(password)
me = signed_in.user.id
client = emby.ApiClient(configuration, header_name="X-Emby-Token", header_value=signed_in.access_token)

assert emby.SystemServiceApi(client).get_system_info().version == "4.8.11.0"
users = emby.UserServiceApi(client).get_users_query()
assert {person.name for person in users.items} == {"ana", "ben", "kim"}
views = emby.UserViewsServiceApi(client).get_users_by_userid_views(me, False)
sections = {view.name: view for view in views.items}
assert (sections["Movies"].collection_type, sections["Shows"].collection_type) == ("movies", "tvshows")

items, one, state = emby.ItemsServiceApi(client), emby.UserLibraryServiceApi(client), emby.PlaystateServiceApi(client)
films = items.get_users_by_userid_items(
    me,
    parent_id=sections["Movies"].id,
    recursive=True,
    include_item_types="Movie",
    fields="ProviderIds,Path,DateCreated",
    sort_by="DateCreated",
    limit=50,
)
assert films.total_record_count == 160 and len(films.items) == 50
assert films.items[0].name == "The Matrix" and films.items[0].provider_ids["Imdb"] == "tt0133093"
dune = next(item.id for item in films.items if item.name == "Dune")
assert dune.isdigit(), "ids of Emby 4 are small numbers as text"
found = items.get_users_by_userid_items(me, recursive=True, any_provider_id_equals="imdb.tt1160419")
assert [item.id for item in found.items] == [dune]


def data():
    return one.get_users_by_userid_items_by_id(me, dune).user_data


state.delete_users_by_userid_playeditems_by_id(me, dune)
assert not data().played and data().play_count == 0 and data().last_played_date is None
state.post_users_by_userid_playeditems_by_id(me, dune, date_played="20240305211407")
assert data().played and data().last_played_date.strftime("%Y%m%d%H%M%S") == "20240305211407"
state.post_users_by_userid_playeditems_by_id(me, dune)
assert data().last_played_date.year == 2024 and data().play_count == 1, "marking again changes nothing"
state.post_users_by_userid_playeditems_by_id_delete(me, dune)
assert not data().played

part = emby.UserItemDataDto(playback_position_ticks=18_000_000_000, played=False)
state.post_users_by_userid_items_by_itemid_userdata(part, me, dune)
assert data().playback_position_ticks == 18_000_000_000 and not data().played

state.post_sessions_playing(emby.PlaybackStartInfo(item_id=dune, position_ticks=18_000_000_000))
playing = [session for session in emby.SessionsServiceApi(client).get_sessions() if session.now_playing_item]
assert [session.now_playing_item.id for session in playing] == [dune], playing
state.post_sessions_playing_stopped(emby.PlaybackStopInfo(item_id=dune, position_ticks=92_000_000_000))
assert data().played and data().playback_position_ticks == 0

shows = items.get_users_by_userid_items(me, recursive=True, include_item_types="Series", search_term="Breaking Bad")
episodes = items.get_users_by_userid_items(
    me, parent_id=shows.items[0].id, recursive=True, include_item_types="Episode"
)
assert episodes.total_record_count == 20

try:
    one.get_users_by_userid_items_by_id(me, "9999999")
    raise SystemExit("an item that is not there was found")
except ApiException as refused:
    assert refused.status == 404, refused.status
print("embyclient: all well")
