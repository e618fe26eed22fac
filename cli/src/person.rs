//! Who uses the command: what they are told, and what they answer.

pub trait Person {
    /// A line that stays.
    fn say(&mut self, line: &str);
    /// How something stands at this moment; the next line takes its place. Nothing where nobody watches.
    fn show(&mut self, standing: &str);
    /// A line that was typed; nothing where the input ends.
    fn ask(&mut self, question: &str) -> Option<String>;
}

/// Whether the person must still agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    Given,
    Ask,
}

/// Agreed by typing a region's name, and by nothing else.
pub fn agrees(
    region: &lifeboat_core::Region,
    person: &mut impl Person,
) -> Result<(), crate::Trouble> {
    let typed = person.ask(&format!("Type {region} to go on: "));
    match typed.as_deref().map(str::trim) {
        Some(typed) if typed == region.as_str() => Ok(()),
        other => Err(crate::Trouble::BadInput(format!(
            "expected {region}, found {:?}. Nothing was started",
            other.unwrap_or_default()
        ))),
    }
}

#[cfg(test)]
pub(crate) mod memory {
    use super::Person;

    /// Somebody who remembers what they were told, and types one line.
    #[derive(Debug, Default)]
    pub(crate) struct Somebody {
        pub(crate) told: Vec<String>,
        pub(crate) shown: Vec<String>,
        types: Option<String>,
    }

    impl Somebody {
        pub(crate) fn who_types(text: &str) -> Self {
            Self {
                types: Some(text.into()),
                ..Self::default()
            }
        }

        pub(crate) fn heard(&self, text: &str) -> bool {
            self.told.iter().any(|line| line.contains(text))
        }
    }

    impl Person for Somebody {
        fn say(&mut self, line: &str) {
            self.told.push(line.to_owned());
        }

        fn show(&mut self, standing: &str) {
            self.shown.push(standing.to_owned());
        }

        fn ask(&mut self, question: &str) -> Option<String> {
            self.told.push(question.to_owned());
            self.types.take()
        }
    }
}
