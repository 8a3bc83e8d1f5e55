use std::fmt::{self, Display};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{Basic, Fields, MAX_DEPTH, MAX_NAME};

/// What reading a JSON body came to.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    /// It is an error document of OSS.
    pub(super) is_oss: bool,
    /// It is whole.
    pub(super) closed: bool,
}

/// Reads the members of a JSON error document, which has one of three shapes: the members inside an object
/// `Error`, the same members at the top, or just a `message` at the top.
///
/// What came before a cut or a fault is kept.
pub(super) fn read(text: &str, fields: &mut Fields) -> Outcome {
    // A number at the end of a cut text may have had more digits: it is left out.
    let text =
        text.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
    let mut is_oss = false;
    let root = Node { fields, is_oss: &mut is_oss, place: Place::Root, path: "" };
    let closed = root.deserialize(&mut serde_json::Deserializer::from_str(text)).is_ok();
    Outcome { is_oss, closed }
}

/// Where in the document a value stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// The document itself.
    Root,
    /// The value of `Error`.
    Envelope,
    /// A member of the document, beside or instead of `Error`.
    TopMember,
    /// A member of `Error`, or of something deeper.
    Member,
}

/// A value, to be noted under its path.
struct Node<'a> {
    fields: &'a mut Fields,
    is_oss: &'a mut bool,
    place: Place,
    path: &'a str,
}

impl Node<'_> {
    fn child<'b>(&'b mut self, name: &str, path: &'b str) -> Node<'b> {
        let place = match self.place {
            Place::Root if name.eq_ignore_ascii_case("error") => Place::Envelope,
            Place::Root => Place::TopMember,
            _ => Place::Member,
        };
        Node { fields: self.fields, is_oss: self.is_oss, place, path }
    }

    fn note_text(self, text: &str) {
        match Basic::of_member(self.path).filter(|_| self.place != Place::Envelope) {
            Some(basic) => {
                *self.is_oss |= matches!(basic, Basic::Code | Basic::Message);
                let value = self.fields.decode(text.trim_matches(super::BLANKS));
                self.fields.set(basic, value);
            }
            None => self.note_other(text),
        }
    }

    fn note_other(self, value: impl Display) {
        if !self.fields.has_room() {
            return;
        }
        let name = self.fields.decode(self.path);
        let value = self.fields.decode(&value.to_string());
        self.fields.push(name, value);
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        *self.is_oss |= self.place == Place::Envelope;
        let prefix = match self.place {
            Place::Root | Place::Envelope => String::new(),
            Place::TopMember | Place::Member => format!("{}/", self.path),
        };
        let depth = 1 + prefix.bytes().filter(|b| *b == b'/').count();
        while let Some(name) = map.next_key::<String>()? {
            if depth > MAX_DEPTH || prefix.len() + name.len() > MAX_NAME {
                map.next_value::<IgnoredAny>()?;
            } else {
                let path = format!("{prefix}{name}");
                map.next_value_seed(self.child(&name, &path))?;
            }
        }
        Ok(())
    }

    /// The elements of an array are noted one after the other under its name.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Node { fields, is_oss, path, place } = self;
        let place = if place == Place::TopMember { place } else { Place::Member };
        while seq.next_element_seed(Node { fields, is_oss, place, path })?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.note_text(text);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.note_other(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.note_other(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.note_other(value);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.note_other(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code, the message and the other members, and how reading ended.
    fn of(text: &str) -> (Outcome, Option<String>, Option<String>, Vec<String>) {
        let mut fields = Fields::default();
        let outcome = read(text, &mut fields);
        let get = |basic| fields.get(basic).map(str::to_owned);
        let others = fields.others().map(|(name, value)| format!("{name}={value}")).collect();
        (outcome, get(Basic::Code), get(Basic::Message), others)
    }

    fn whole(
        code: Option<&str>,
        message: Option<&str>,
        others: &[&str],
    ) -> (Outcome, Option<String>, Option<String>, Vec<String>) {
        let others = others.iter().map(|text| (*text).to_owned()).collect();
        (Outcome { is_oss: true, closed: true }, code.map(str::to_owned), message.map(str::to_owned), others)
    }

    #[test]
    fn all_three_shapes_are_read() {
        let expected = || whole(Some("A"), Some("b c"), &["X=1"]);
        assert_eq!(of(r#"{"Error":{"Code":" A ","Message":"b c","X":1}}"#), expected());
        assert_eq!(of("\n{\"code\":\"A\",\"MESSAGE\":\"b c\",\"X\":1}"), expected());
        assert_eq!(of(r#"{"message":"b \u0063"}"#), whole(None, Some("b c"), &[]));
    }

    #[test]
    fn members_of_every_type_are_kept_under_their_path() {
        let text =
            r#"{"Error":{"Code":"A","D":{"E":true,"F":{"G":-1.5}},"H":["x","y",null,{"I":"z"}],"Code":"B"}}"#;
        assert_eq!(of(text), whole(Some("A"), None, &["D/E=true", "D/F/G=-1.5", "H=x", "H=y", "H/I=z"]));
    }

    #[test]
    fn other_documents_are_not_from_oss() {
        for text in
            ["{}", r#"{"a":{"code":"x"}}"#, r#"{"error":"bad gateway"}"#, r#"{"code":404}"#, "{", "{]"]
        {
            assert!(!of(text).0.is_oss, "{text}");
        }
    }

    #[test]
    fn what_came_before_a_cut_is_kept() {
        let text = r#"{"Error":{"Code":"A","X":"1","Message":"b"}}"#;
        for end in 0..text.len() {
            let (outcome, code, message, others) = of(&text[..end]);
            assert!(!outcome.closed, "{end}");
            assert_eq!(outcome.is_oss, end >= r#"{"Error":{"#.len(), "{end}");
            assert_eq!(code.is_some(), end >= r#"{"Error":{"Code":"A""#.len(), "{end}");
            assert_eq!(others.len(), usize::from(end >= r#"{"Error":{"Code":"A","X":"1""#.len()), "{end}");
            assert_eq!(message.is_some(), end >= text.len() - 2, "{end}");
        }
    }

    #[test]
    fn deep_and_long_names_are_left_out_without_harm() {
        let deep = format!("{}\"x\"{}", "{\"a\":".repeat(100), "}".repeat(100));
        let long = "n".repeat(300);
        let text = format!("{{\"Error\":{{\"D\":{deep},\"{long}\":1,\"Code\":\"A\"}}}}");
        assert_eq!(of(&text), whole(Some("A"), None, &[]));
        assert!(!of(&"{\"Error\":".repeat(10_000)).0.closed);
    }
}
