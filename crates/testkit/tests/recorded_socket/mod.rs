//! What the sockets of genuine servers told while the steps were sent to them, against what the fake's tells.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use watchstate_testkit::fake::FakeServer;

/// The steps after which the genuine servers told what they had gathered, since nothing came for half a
/// second.
const TOLD_AFTER: [&str; 4] = ["64-sessions-playing", "66-after-stop-half", "69-", "72-"];

/// A socket on the fake, and what it has told since the last comparison.
pub(crate) struct Socket {
    socket: WebSocketStream<TcpStream>,
    recorded: Vec<Value>,
    /// How many messages of the fake were read.
    read: u64,
    kinds: BTreeSet<String>,
    /// User data that were told since the last comparison, by item.
    told: BTreeMap<String, Value>,
    user: String,
    compared: usize,
}

fn kind(message: &Value) -> String {
    message["MessageType"].as_str().unwrap().to_owned()
}

impl Socket {
    /// Opens it as the probe did.
    pub(crate) async fn open(server: &FakeServer, token: &str, user: &str, recorded: &str) -> Self {
        let url = server.url();
        let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let stream = TcpStream::connect(&address).await.unwrap();
        let request = format!("ws://{address}/socket?api_key={token}&deviceId=probe-1");
        let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let subscribe = json!({ "MessageType": "SessionsStart", "Data": "0,1500" });
        socket.send(Message::text(subscribe.to_string())).await.unwrap();
        server.sockets_are(|counts| counts.heard == 1).await;
        server.gather_marks();
        let recorded: Vec<Value> =
            recorded.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut opened = Self {
            socket,
            recorded,
            read: 0,
            kinds: BTreeSet::new(),
            told: BTreeMap::new(),
            user: user.to_owned(),
            compared: 0,
        };
        if kind(&opened.recorded[0]) == "ForceKeepAlive" {
            let first = opened.next().await;
            assert_eq!((kind(&first).as_str(), &first["Data"]), ("ForceKeepAlive", &json!(60)));
        }
        opened
    }

    async fn next(&mut self) -> Value {
        let message = self.socket.next().await.unwrap().unwrap();
        let message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        self.kinds.insert(kind(&message));
        message
    }

    /// Reads what the fake told because of a step, and compares where marks were told.
    pub(crate) async fn after(&mut self, server: &FakeServer, step: &str, report: &mut String) {
        let told = TOLD_AFTER.iter().any(|last| step.starts_with(last));
        if told {
            server.tell_gathered_marks();
            server.gather_marks();
        }
        while self.read < server.sockets().sent {
            self.read += 1;
            let message = self.next().await;
            if kind(&message) != "UserDataChanged" {
                continue;
            }
            assert_eq!(message["Data"]["UserId"], self.user.as_str());
            for data in message["Data"]["UserDataList"].as_array().unwrap() {
                self.told.insert(data["ItemId"].as_str().unwrap().to_owned(), data.clone());
            }
        }
        if told {
            self.compare(server, report);
        }
    }

    fn compare(&mut self, server: &FakeServer, report: &mut String) {
        let theirs =
            self.recorded.iter().filter(|m| kind(m) == "UserDataChanged").nth(self.compared);
        let theirs = theirs.unwrap()["Data"]["UserDataList"].as_array().unwrap();
        self.compared += 1;
        let films = server.library().sections()[0].key.to_string();
        let mut ours = std::mem::take(&mut self.told);
        for their in theirs {
            // The folder of the films, which no list of items has, is their section on the fake.
            let folder = their["Key"].as_str().is_some_and(|key| key.contains('-'));
            let id = if folder { films.as_str() } else { their["ItemId"].as_str().unwrap() };
            let Some(our) = ours.remove(id) else {
                let _ = writeln!(report, "message {} lacks {their}", self.compared);
                continue;
            };
            for (name, value) in their.as_object().unwrap() {
                let same = match name.as_str() {
                    "ItemId" | "Key" if folder => true,
                    // The time of the day is that of the recording.
                    "LastPlayedDate" => {
                        let day = |date: &Value| date.as_str().map(|date| date[..10].to_owned());
                        day(&our[name]) == day(value)
                    }
                    "PlayedPercentage" => {
                        let digits = |n: &Value| n.as_f64().map(|n| format!("{n:.9}"));
                        digits(&our[name]) == digits(value)
                    }
                    _ => our[name] == *value,
                };
                if !same {
                    let number = self.compared;
                    let _ = writeln!(report, "message {number}: {name} of {our}, recorded {value}");
                }
            }
            for name in our.as_object().unwrap().keys().filter(|name| their.get(name).is_none()) {
                let _ = writeln!(report, "message {}: {name} of {our} is too much", self.compared);
            }
        }
        for (id, _) in ours {
            let _ = writeln!(report, "message {} has {id} too much", self.compared);
        }
    }

    /// Nothing recorded was left out, and each kind of message came.
    pub(crate) fn end(&self) {
        let recorded: BTreeSet<_> = self.recorded.iter().map(kind).collect();
        assert_eq!(self.kinds, recorded);
        assert_eq!(self.compared, TOLD_AFTER.len());
    }
}
