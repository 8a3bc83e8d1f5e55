use memchr::memchr2;

/// Scans for the brace that closes the first one.
#[derive(Debug, Default)]
pub(super) struct Json {
    /// Open objects. Arrays are not counted.
    open: usize,
    place: JsonPlace,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum JsonPlace {
    #[default]
    Text,
    String,
    Escape,
    /// After a slash.
    Slash,
    LineComment,
    BlockComment,
    /// After an asterisk in a comment.
    Asterisk,
    Ended,
}

impl Json {
    pub(super) fn is_ended(&self) -> bool {
        self.place == JsonPlace::Ended
    }

    pub(super) fn read(&mut self, mut text: &[u8]) {
        while self.place != JsonPlace::Ended {
            if self.place == JsonPlace::String {
                text = &text[memchr2(b'"', b'\\', text).unwrap_or(text.len())..];
            }
            let Some((byte, rest)) = text.split_first() else { return };
            self.place = self.step(*byte);
            text = rest;
        }
    }

    fn step(&mut self, byte: u8) -> JsonPlace {
        match (self.place, byte) {
            (JsonPlace::String, b'\\') => JsonPlace::Escape,
            (JsonPlace::String, b'"') => JsonPlace::Text,
            (JsonPlace::String | JsonPlace::Escape, _) => JsonPlace::String,
            (JsonPlace::Slash, b'/') => JsonPlace::LineComment,
            (JsonPlace::Slash, b'*') => JsonPlace::BlockComment,
            (JsonPlace::LineComment, b'\n') | (JsonPlace::Asterisk, b'/') => JsonPlace::Text,
            (JsonPlace::LineComment, _) => JsonPlace::LineComment,
            (JsonPlace::BlockComment | JsonPlace::Asterisk, b'*') => JsonPlace::Asterisk,
            (JsonPlace::BlockComment | JsonPlace::Asterisk, _) => JsonPlace::BlockComment,
            (JsonPlace::Ended, _) => JsonPlace::Ended,
            (JsonPlace::Text | JsonPlace::Slash, _) => self.text(byte),
        }
    }

    fn text(&mut self, byte: u8) -> JsonPlace {
        match byte {
            b'"' => return JsonPlace::String,
            b'/' => return JsonPlace::Slash,
            b'{' => self.open += 1,
            b'}' => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        if self.open == 0 { JsonPlace::Ended } else { JsonPlace::Text }
    }
}
