//! JSON-RPC 2.0 over one HTTP endpoint: single calls and batches.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::{Refusal, Reply};
use crate::error::{Fault, ServerError};
use crate::http::{Answer, Http, Request};

/// One call of a request.
pub(super) struct Call {
    method: &'static str,
    params: Value,
}

impl Call {
    pub(super) fn new(method: &'static str, params: Value) -> Self {
        Self { method, params }
    }

    fn with_id(&self, id: usize) -> Value {
        json!({ "jsonrpc": "2.0", "id": id, "method": self.method, "params": self.params })
    }
}

/// The connection.
pub(super) struct Line {
    pub(super) http: Http,
}

impl Line {
    pub(super) async fn post(&self, body: &Value, op: &'static str) -> Result<Answer, ServerError> {
        let request = Request {
            method: Method::POST,
            path: "/jsonrpc",
            query: &[],
            headers: HeaderMap::new(),
            body: Some(body.to_string().into_bytes()),
            op,
        };
        self.http.send(&request).await
    }

    /// One call.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        call: &Call,
        op: &'static str,
    ) -> Result<T, ServerError> {
        let answer = self.post(&call.with_id(0), op).await?;
        answer.json::<Reply<T>>(op)?.outcome(op)?.map_err(|refusal| refusal.error(op))
    }

    /// Several calls in one request (JSON-RPC 2.0 section 6; recording 53): an outcome for each, in their
    /// order.
    pub(super) async fn batch<T: DeserializeOwned>(
        &self,
        calls: &[Call],
        op: &'static str,
    ) -> Result<Vec<Result<T, Refusal>>, ServerError> {
        // An empty batch is an invalid request.
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.post(&numbered(calls), op).await?;
        outcomes(&answer, calls.len(), op)
    }
}

/// The calls of a batch, each with its place as its id.
pub(super) fn numbered(calls: &[Call]) -> Value {
    calls.iter().enumerate().map(|(id, call)| call.with_id(id)).collect()
}

/// The outcomes of a batch of so many calls, in their order. The answers may come in any order; one that is
/// missing is not the same as "not there".
pub(super) fn outcomes<T: DeserializeOwned>(
    answer: &Answer,
    calls: usize,
    op: &'static str,
) -> Result<Vec<Result<T, Refusal>>, ServerError> {
    let bad = |what| ServerError::new(Fault::BadAnswer, op).with(what);
    let mut outcomes: Vec<Option<Result<T, Refusal>>> = (0..calls).map(|_| None).collect();
    for reply in answer.json::<Vec<Reply<T>>>(op)? {
        let place = reply
            .id
            .and_then(|id| outcomes.get_mut(usize::try_from(id).ok()?))
            .ok_or_else(|| bad("an answer to something that was not asked"))?;
        *place = Some(reply.outcome(op)?);
    }
    let outcomes: Option<Vec<_>> = outcomes.into_iter().collect();
    outcomes.ok_or_else(|| bad("not every call was answered"))
}

/// The results of a batch, without those of things that are not there.
pub(super) fn there<T>(
    outcomes: Vec<Result<T, Refusal>>,
    op: &'static str,
) -> Result<Vec<T>, ServerError> {
    let missing = |outcome: &Result<T, Refusal>| matches!(outcome, Err(refusal) if refusal.fault() == Fault::NotFound);
    let there = outcomes.into_iter().filter(|outcome| !missing(outcome));
    there.map(|outcome| outcome.map_err(|refusal| refusal.error(op))).collect()
}
