use watchstate_model::ItemKey;
use watchstate_servers::NowPlaying;

use super::*;

const DEN: BackendId = BackendId(1);

fn spent(requests: u64) -> BTreeMap<BackendId, Spent> {
    BTreeMap::from([(DEN, Spent { requests, bytes: requests * 100 })])
}

#[test]
fn the_last_hour_is_counted_to_the_minute() {
    let mut costs = Costs::default();
    let mut at = |minute: i64, requests| {
        let cost = costs.last_hour(spent(requests), Moment(1_800_000_000 + minute * 60))[&DEN];
        assert_eq!(cost.bytes, cost.requests * 100);
        cost.requests
    };
    assert_eq!(at(0, 9), 9, "it began with some");
    for minute in 1..60 {
        assert_eq!(at(minute, 9 + minute.unsigned_abs()), 9 + minute.unsigned_abs());
    }
    assert_eq!(at(60, 69), 60, "the first nine are an hour ago");
    assert_eq!(at(90, 70), 31);
    assert_eq!(at(500, 70), 0);
}

#[test]
fn a_count_in_between_does_not_move_the_hour() {
    let mut costs = Costs::default();
    let mut at = |second: i64, requests| {
        costs.last_hour(spent(requests), Moment(1_800_000_000 + second))[&DEN].requests
    };
    for second in 0..3600 {
        assert_eq!(at(second, 5), 5);
    }
    assert_eq!(at(3600, 5), 0);
    assert!(costs.0.len() <= 61, "{}", costs.0.len());
}

#[test]
fn whoever_goes_on_playing_began_when_they_began() {
    let stands = |keys: &[&str]| {
        let playing: Vec<NowPlaying> =
            keys.iter().map(|key| ItemKey((*key).to_owned()).into()).collect();
        let standing = Standing {
            connection: attend::Connection::Live,
            since: Moment(5),
            why: None,
            playing,
            each_s: 900,
            foreign: 3,
        };
        BTreeMap::from([(DEN, standing)])
    };
    let since = |heard: &Realtime| -> Vec<i64> {
        heard.backends[&DEN].playing.iter().map(|plays| plays.since.0).collect()
    };
    let none = BTreeMap::new();
    let first = heard(stands(&["a"]), &none, &Realtime::default(), Moment(10));
    assert_eq!(since(&first), [10]);
    let second = heard(stands(&["b", "a"]), &none, &first, Moment(20));
    assert_eq!(since(&second), [20, 10]);
    let connection = &second.backends[&DEN].connection;
    assert_eq!((connection.state, connection.dropped), (ConnectionState::Live, 3));
    assert_eq!(
        (connection.since_at, connection.asked_every_s),
        (Some(Moment(5).into()), Some(900))
    );
    let third =
        heard(stands(&["a"]), &none, &heard(stands(&[]), &none, &second, Moment(30)), Moment(40));
    assert_eq!(since(&third), [40], "who stopped and began again has begun again");
}

#[tokio::test]
async fn what_rings_while_nobody_listens_is_heard_afterwards() {
    let bell = Bell::default();
    bell.marks();
    bell.playing();
    bell.rings().await;
    assert_eq!(bell.take(), Bell::MARKS | Bell::STANDING);
    assert_eq!(bell.take(), 0);
    bell.connections();
    bell.rings().await;
    assert_eq!(bell.take(), Bell::STANDING);
}
