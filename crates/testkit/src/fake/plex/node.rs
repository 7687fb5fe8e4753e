//! An answer of Plex described once, and written as XML or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_xml::escape::escape;
use serde_json::{Map, Value, json};

/// A value of an attribute.
#[derive(Clone, Debug)]
pub(super) enum Attribute {
    Text(String),
    Number(i64),
    Yes(bool),
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Attribute {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Attribute {
    fn from(yes: bool) -> Self {
        Self::Yes(yes)
    }
}

/// An element with attributes and children.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its name in XML: `Video`.
    tag: &'static str,
    /// The list it is in in JSON: `Metadata`.
    list: &'static str,
    attributes: Vec<(&'static str, Attribute)>,
    children: Vec<Node>,
}

impl Node {
    /// An element that has one name in both forms.
    pub(super) fn new(tag: &'static str) -> Self {
        Self::named(tag, tag)
    }

    /// An element that is in a list of another name in JSON.
    pub(super) fn named(tag: &'static str, list: &'static str) -> Self {
        Self { tag, list, attributes: Vec::new(), children: Vec::new() }
    }

    /// With an attribute.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Attribute>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// With an attribute where there is a value.
    #[must_use]
    pub(super) fn with_some(self, name: &'static str, value: Option<impl Into<Attribute>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a child.
    #[must_use]
    pub(super) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With children.
    #[must_use]
    pub(super) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Without what `excludeElements` and `excludeFields` name, in lower case.
    pub(super) fn without(&mut self, elements: &[String], fields: &[String]) {
        let named =
            |names: &[String], name: &str| names.iter().any(|n| name.eq_ignore_ascii_case(n));
        self.attributes.retain(|(name, _)| !named(fields, name));
        self.children.retain(|child| !named(elements, child.tag));
        for child in &mut self.children {
            child.without(elements, fields);
        }
    }

    /// As a document of XML.
    pub(super) fn xml(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        let _ = write!(text, "<{}", self.tag);
        for (name, value) in &self.attributes {
            let _ = match value {
                Attribute::Text(value) => write!(text, " {name}=\"{}\"", escape(value.as_str())),
                Attribute::Number(value) => write!(text, " {name}=\"{value}\""),
                Attribute::Yes(value) => write!(text, " {name}=\"{}\"", u8::from(*value)),
            };
        }
        if self.children.is_empty() {
            text.push_str("/>");
            return;
        }
        text.push('>');
        for child in &self.children {
            child.write(text);
        }
        let _ = write!(text, "</{}>", self.tag);
    }

    /// As JSON below its own name.
    pub(super) fn json(&self) -> Value {
        json!({ self.tag: self.object() })
    }

    fn object(&self) -> Value {
        let mut object: Map<String, Value> = self
            .attributes
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Attribute::Text(value) => json!(value),
                    Attribute::Number(value) => json!(value),
                    Attribute::Yes(value) => json!(value),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for child in &self.children {
            lists.entry(child.list).or_default().push(child.object());
        }
        for (name, list) in lists {
            // A session's user, player and session are objects, everything else is in a list.
            let single = ["User", "Player", "Session"].contains(&name);
            let value = match list {
                mut list if single && list.len() == 1 => list.remove(0),
                list => Value::Array(list),
            };
            object.insert(name.to_owned(), value);
        }
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_description_two_forms() {
        let film = Node::named("Video", "Metadata")
            .with("ratingKey", "7")
            .with("title", "Tom & \"Jerry\" <2>")
            .with("duration", 5_i64)
            .with_some("viewCount", None::<i64>)
            .child(Node::new("Guid").with("id", "imdb://tt1"));
        let mut answer = Node::new("MediaContainer").with("allowSync", true).child(film);
        assert_eq!(
            answer.json().to_string(),
            r#"{"MediaContainer":{"Metadata":[{"Guid":[{"id":"imdb://tt1"}],"duration":5,"ratingKey":"7","title":"Tom & \"Jerry\" <2>"}],"allowSync":true}}"#,
        );
        assert!(answer.xml().ends_with(
            "<MediaContainer allowSync=\"1\"><Video ratingKey=\"7\" title=\"Tom &amp; &quot;Jerry&quot; \
             &lt;2&gt;\" duration=\"5\"><Guid id=\"imdb://tt1\"/></Video></MediaContainer>"
        ));
        answer.without(&["guid".to_owned()], &["title".to_owned()]);
        assert!(!answer.xml().contains("Guid") && !answer.xml().contains("title"));
    }
}
