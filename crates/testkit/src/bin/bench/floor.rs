//! The floor of a run: the same requests, sent and read as barely as it can be done, and nothing kept.

use std::borrow::Cow;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use reqwest::{Client, Method};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use watchstate_testkit::prepared::{Asked, USER};

use crate::measure::{Spent, cpu_ms, peak_rss_kib};

/// Writes under way to one server at once, as in the engine's settings.
const WRITES_AT_ONCE: usize = 4;

/// What is to be asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Where the servers are, and for each a file with what the engine asked of it.
    pub(crate) servers: [(String, std::path::PathBuf); 2],
}

/// A page of whole items, with what an import needs of them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page<I> {
    items: Vec<I>,
    total_record_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read, and that is all that is wanted")]
struct Lean<'a> {
    #[serde(borrow)]
    id: &'a str,
    date_created: &'a str,
    user_data: Option<UserData<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read, and that is all that is wanted")]
struct Full<'a> {
    #[serde(borrow)]
    id: &'a str,
    #[serde(borrow)]
    name: Cow<'a, str>,
    r#type: &'a str,
    date_created: Option<&'a str>,
    production_year: Option<u16>,
    parent_index_number: Option<u16>,
    index_number: Option<u16>,
    series_id: Option<&'a str>,
    #[serde(borrow)]
    series_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    path: Option<Cow<'a, str>>,
    run_time_ticks: Option<i64>,
    #[serde(borrow)]
    provider_ids: Option<Ids<'a>>,
    user_data: Option<UserData<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read, and that is all that is wanted")]
struct Ids<'a> {
    imdb: Option<&'a str>,
    tmdb: Option<&'a str>,
    tvdb: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read, and that is all that is wanted")]
struct UserData<'a> {
    played: bool,
    play_count: u32,
    playback_position_ticks: u64,
    last_played_date: Option<&'a str>,
}

/// Sends what the engine sent, in its order: reads one after the other, writes some at once, and the two
/// servers side by side.
pub(crate) async fn floor(order: &Order) -> Result<Spent> {
    let mut lanes = Vec::new();
    for (url, file) in &order.servers {
        let asked: Vec<Asked> = serde_json::from_slice(&std::fs::read(file)?)?;
        lanes.push((url.clone(), asked));
    }
    let (begun, cpu) = (Instant::now(), cpu_ms()?);
    let lanes: Vec<_> =
        lanes.into_iter().map(|(url, asked)| tokio::spawn(lane(url, asked))).collect();
    let mut spent = Spent::default();
    for lane in lanes {
        let (requests, bytes) = lane.await??;
        spent.requests += requests;
        spent.bytes += bytes;
    }
    spent.wall_us = u64::try_from(begun.elapsed().as_micros())?;
    spent.cpu_ms = cpu_ms()? - cpu;
    spent.peak_rss_kib = peak_rss_kib()?;
    Ok(spent)
}

async fn lane(url: String, asked: Vec<Asked>) -> Result<(u64, u64)> {
    let client = Client::builder().no_proxy().build()?;
    let requests = asked.len() as u64;
    let mut bytes = 0;
    for some in asked.chunk_by(|one, next| one.method != "GET" && next.method != "GET") {
        let answers: Vec<Result<u64>> = futures::stream::iter(some.to_vec())
            .map(|asked| {
                let (client, url) = (client.clone(), url.clone());
                async move { one(&client, &url, &asked).await }
            })
            .buffered(WRITES_AT_ONCE)
            .collect()
            .await;
        for answer in answers {
            bytes += answer?;
        }
    }
    Ok((requests, bytes))
}

async fn one(client: &Client, url: &str, asked: &Asked) -> Result<u64> {
    let method: Method = asked.method.parse().context("a method that nobody has")?;
    let target = format!("{url}{}", asked.target.trim_start_matches('/'));
    let mut request = client
        .request(method, target)
        .header("Authorization", format!("MediaBrowser Token=\"{USER}\""));
    if !asked.body.is_empty() {
        request = request.header("Content-Type", "application/json").body(asked.body.clone());
    }
    let answer = request.send().await?.error_for_status()?.bytes().await?;
    let (is_list, is_full) =
        (asked.target.starts_with("/Items"), asked.target.contains("ProviderIds"));
    let is_right = match (is_list, is_full) {
        (false, _) => serde_json::from_slice::<IgnoredAny>(&answer).is_ok(),
        (true, false) => is_whole(&serde_json::from_slice::<Page<Lean<'_>>>(&answer)?),
        (true, true) => is_whole(&serde_json::from_slice::<Page<Full<'_>>>(&answer)?),
    };
    if !is_right {
        bail!("an answer that is none");
    }
    Ok(answer.len() as u64)
}

fn is_whole<I>(page: &Page<I>) -> bool {
    page.items.len() <= page.total_record_count as usize
}
