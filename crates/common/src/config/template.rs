//! Templates: `{field}` stands for a field's value, `{{` and `}}` for braces.

/// A template, cut into its pieces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template(Vec<Piece>);

/// A piece of a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// Stands as it is.
    Text(String),
    /// Stands for the field's value.
    Field(String),
}

/// The text is no template.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TemplateError {
    /// A brace that neither opens a field nor is doubled.
    #[error("a single brace at byte {0}: write {{{{ or }}}} for a brace, {{field}} for a field")]
    Brace(usize),
    /// Nothing between the braces.
    #[error("no field name between the braces at byte {0}")]
    Nameless(usize),
}

impl Template {
    /// Cuts the text into pieces.
    ///
    /// # Errors
    /// A brace that is neither doubled nor around a field's name.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let position = text.len() - rest.len() + at;
            let (before, from_brace) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = from_brace.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = from_brace.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else {
                let after = from_brace.strip_prefix('{').ok_or(TemplateError::Brace(position))?;
                let (name, after) = after.split_once('}').ok_or(TemplateError::Brace(position))?;
                if name.contains('{') {
                    return Err(TemplateError::Brace(position));
                }
                if name.is_empty() {
                    return Err(TemplateError::Nameless(position));
                }
                pieces.extend(text_piece(&mut literal));
                pieces.push(Piece::Field(name.to_owned()));
                rest = after;
            }
        }
        literal.push_str(rest);
        pieces.extend(text_piece(&mut literal));
        Ok(Self(pieces))
    }

    /// Returns the pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }
}

fn text_piece(literal: &mut String) -> Option<Piece> {
    (!literal.is_empty()).then(|| Piece::Text(std::mem::take(literal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn field(name: &str) -> Piece {
        Piece::Field(name.into())
    }

    #[test]
    fn fields_and_doubled_braces_are_told_apart() {
        for (template, pieces) in [
            ("", vec![]),
            ("plain", vec![text("plain")]),
            ("{a}", vec![field("a")]),
            ("{{a}}", vec![text("{a}")]),
            ("{{{a}}}", vec![text("{"), field("a"), text("}")]),
            ("é {a}{b} é", vec![text("é "), field("a"), field("b"), text(" é")]),
        ] {
            assert_eq!(Template::parse(template), Ok(Template(pieces)), "{template}");
        }
    }

    #[test]
    fn single_braces_are_errors_with_their_place() {
        for (template, error) in [
            ("ab{", TemplateError::Brace(2)),
            ("ab}", TemplateError::Brace(2)),
            ("é{a{b}", TemplateError::Brace(2)),
            ("{}", TemplateError::Nameless(0)),
        ] {
            assert_eq!(Template::parse(template), Err(error), "{template}");
        }
    }
}
