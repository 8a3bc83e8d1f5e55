use memchr::memchr2;

/// A scan for the brace that closes the first one.
#[derive(Debug, Default)]
pub(super) struct Json {
    /// Open objects. What an array holds, its object holds too.
    open: usize,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Place {
    #[default]
    Text,
    String,
    Escape,
    /// Behind a slash.
    Slash,
    LineComment,
    BlockComment,
    /// Behind an asterisk in a comment.
    Asterisk,
    Ended,
}

impl Json {
    pub(super) fn is_ended(&self) -> bool {
        self.place == Place::Ended
    }

    pub(super) fn read(&mut self, mut text: &[u8]) {
        while self.place != Place::Ended {
            if self.place == Place::String {
                text = &text[memchr2(b'"', b'\\', text).unwrap_or(text.len())..];
            }
            let Some((byte, rest)) = text.split_first() else { return };
            self.place = self.step(*byte);
            text = rest;
        }
    }

    fn step(&mut self, byte: u8) -> Place {
        match (self.place, byte) {
            (Place::String, b'\\') => Place::Escape,
            (Place::String, b'"') => Place::Text,
            (Place::String | Place::Escape, _) => Place::String,
            (Place::Slash, b'/') => Place::LineComment,
            (Place::Slash, b'*') => Place::BlockComment,
            (Place::LineComment, b'\n') | (Place::Asterisk, b'/') => Place::Text,
            (Place::LineComment, _) => Place::LineComment,
            (Place::BlockComment | Place::Asterisk, b'*') => Place::Asterisk,
            (Place::BlockComment | Place::Asterisk, _) => Place::BlockComment,
            (Place::Ended, _) => Place::Ended,
            (Place::Text | Place::Slash, _) => self.text(byte),
        }
    }

    fn text(&mut self, byte: u8) -> Place {
        match byte {
            b'"' => return Place::String,
            b'/' => return Place::Slash,
            b'{' => self.open += 1,
            b'}' => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        if self.open == 0 { Place::Ended } else { Place::Text }
    }
}
