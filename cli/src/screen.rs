//! Where lines go: answers and narration to the output, or with JSON the one document there and everything else beside it.

use std::io::{self, BufRead, IsTerminal, Write};

use anstream::AutoStream;

use crate::{
    Trouble,
    answer::{Answer, document_of},
    arguments::Output,
    paint,
    person::Person,
    words::cut,
};

/// Nobody reading any more is no reason to stop, so what cannot be written is not.
pub struct Screen<O, E> {
    output: Output,
    out: O,
    err: E,
    /// The columns of the terminal that watches, where one does.
    watches: Option<usize>,
    drawn: bool,
}

impl<O, E> std::fmt::Debug for Screen<O, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen")
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

/// Of this process. Colours are left out where nobody sees them, or wants them (`NO_COLOR`, `CLICOLOR`).
pub fn screen(
    output: Output,
    columns: usize,
) -> Screen<AutoStream<io::Stdout>, AutoStream<io::Stderr>> {
    let terminal = match output {
        Output::Text => io::stdout().is_terminal(),
        Output::Json => io::stderr().is_terminal(),
    };
    Screen::new(
        output,
        anstream::stdout(),
        anstream::stderr(),
        terminal.then_some(columns),
    )
}

impl<O: Write, E: Write> Screen<O, E> {
    pub fn new(output: Output, out: O, err: E, watches: Option<usize>) -> Self {
        Self {
            output,
            out,
            err,
            watches,
            drawn: false,
        }
    }

    /// Says what came of it, and answers the exit code.
    pub fn end(mut self, came: Result<Answer, Trouble>) -> u8 {
        self.wipe();
        match came {
            Ok(answer) => {
                match self.output {
                    Output::Text => self.line(answer.text.trim_end()),
                    Output::Json => self.document(&answer.document),
                }
                answer.exit_code()
            }
            Err(trouble) => {
                let _ = writeln!(self.err, "{} {trouble}", paint::bad("lifeboat:"));
                if self.output == Output::Json {
                    self.document(&document_of(&trouble));
                }
                trouble.exit_code()
            }
        }
    }

    fn document(&mut self, document: &serde_json::Value) {
        let _ = writeln!(self.out, "{document:#}");
    }

    fn write(&mut self, text: &str) {
        let _ = match self.output {
            Output::Text => self
                .out
                .write_all(text.as_bytes())
                .and_then(|()| self.out.flush()),
            Output::Json => self
                .err
                .write_all(text.as_bytes())
                .and_then(|()| self.err.flush()),
        };
    }

    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.write(&format!("{line}\n"));
        }
    }

    fn wipe(&mut self) {
        if std::mem::take(&mut self.drawn) {
            self.write("\r\x1b[2K");
        }
    }
}

impl<O: Write, E: Write> Person for Screen<O, E> {
    fn say(&mut self, line: &str) {
        self.wipe();
        self.line(line);
    }

    fn show(&mut self, standing: &str) {
        if let Some(columns) = self.watches {
            self.wipe();
            // A line that wraps could not be wiped.
            self.write(&cut(standing, columns.saturating_sub(1)));
            self.drawn = true;
        }
    }

    fn ask(&mut self, question: &str) -> Option<String> {
        self.wipe();
        self.write(question);
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).ok()?;
        (read > 0).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn ended(output: Output, came: Result<Answer, Trouble>) -> (String, String, u8) {
        let (mut out, mut err) = (vec![], vec![]);
        let mut screen = Screen::new(output, &mut out, &mut err, None);
        screen.say("on the way");
        screen.show("0 of 2");
        let code = screen.end(came);
        let text =
            |bytes| anstream::adapter::strip_str(&String::from_utf8(bytes).unwrap()).to_string();
        (text(out), text(err), code)
    }

    fn answer() -> Answer {
        Answer::yes("all is well", &json!({ "well": true })).unwrap()
    }

    #[test]
    fn people_read_everything_in_one_place() {
        let (out, err, code) = ended(Output::Text, Ok(answer()));
        assert_eq!(
            (out.as_str(), err.as_str(), code),
            ("on the way\nall is well\n", "", 0)
        );
    }

    #[test]
    fn with_json_the_output_is_one_document_whatever_comes() {
        for (came, code) in [
            (Ok(answer()), 0),
            (
                Ok(Answer {
                    says: crate::answer::Says::No,
                    ..answer()
                }),
                3,
            ),
            (Err(Trouble::Failed("x".into())), 1),
            (Err(Trouble::BadInput("x".into())), 2),
            (Err(Trouble::Interrupted("x".into())), 130),
        ] {
            let (out, err, ended_with) = ended(Output::Json, came);
            let document: Value = serde_json::from_str(&out).unwrap();
            assert!(
                document.is_object() && err.starts_with("on the way\n"),
                "{out}{err}"
            );
            assert_eq!(ended_with, code);
            if let Some(told) = document.get("exit_code") {
                assert_eq!(*told, code);
            }
        }
    }

    #[test]
    fn what_stands_is_drawn_for_a_terminal_alone_and_the_next_line_takes_its_place() {
        let (mut out, mut err) = (vec![], vec![]);
        let mut screen = Screen::new(Output::Text, &mut out, &mut err, Some(7));
        screen.show("0 of 2 tasks");
        screen.show("1 of 2");
        screen.say("done");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "0 of 2\r\x1b[2K1 of 2\r\x1b[2Kdone\n"
        );
    }
}
