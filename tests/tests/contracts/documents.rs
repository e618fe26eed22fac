//! What stands in a document to be typed.

/// One command as its words, and whether it stands in a block, where it is copied from as it is. In a sentence it may be named
/// without what it needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) words: Vec<String>,
    pub(crate) block: bool,
}

impl Command {
    pub(crate) fn program(&self) -> &str {
        &self.words[0]
    }

    /// The values of an option that may be given several times.
    pub(crate) fn values<'a>(&'a self, option: &'a str) -> impl Iterator<Item = &'a str> {
        let words = self.words.windows(2);
        words
            .filter(move |pair| pair[0] == option)
            .map(|pair| pair[1].as_str())
    }
}

/// What a person puts in the place of each.
const SAMPLES: [(&str, &str); 3] = [
    ("<name>", "backup-20241123-120000"),
    ("<region>", "us-west-2"),
    ("FILE", "report.html"),
];

/// All of a document, in blocks and in sentences.
pub(crate) fn commands(document: &str) -> Vec<Command> {
    let mut found = vec![];
    let (mut prose, mut block, mut fenced) = (String::new(), String::new(), false);
    for line in document.lines() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            if fenced {
                found.extend(typed(&std::mem::take(&mut block)));
            }
            fenced = !fenced && kind == "sh";
        } else if fenced {
            block += line;
            block.push('\n');
        } else {
            prose += line;
            // A span may go on in the next line, but not in the next paragraph.
            prose.push_str(if line.trim().is_empty() { "\n" } else { " " });
        }
    }
    for paragraph in prose.lines() {
        let spans = paragraph.split('`').skip(1).step_by(2);
        let spans = spans.filter(|span| span.contains(' ')).map(words);
        let named = spans.filter(|words| PROGRAMS.contains(&words[0].as_str()));
        found.extend(named.map(|words| Command {
            words,
            block: false,
        }));
    }
    found
}

const PROGRAMS: [&str; 5] = ["lifeboat", "aws", "terraform", "./make", "cargo"];

/// What a shell reads beside commands.
const SHELL: [&str; 1] = ["export"];

fn typed(block: &str) -> Vec<Command> {
    let block = block.replace("\\\n", " ");
    let lines = block.lines().map(words).filter(|words| !words.is_empty());
    let lines = lines.filter(|words| !SHELL.contains(&words[0].as_str()));
    let commands = lines.map(|words| {
        assert!(
            PROGRAMS.contains(&words[0].as_str()),
            "nobody checks what {words:?} is"
        );
        Command { words, block: true }
    });
    commands.collect()
}

/// As a shell splits them: blanks, double quotes, and a comment at the end.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut word, mut quoted) = (vec![], None::<String>, false);
    let mut named = false;
    for letter in line.trim().chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '#' if word.is_none() => break,
            // A placeholder may have blanks in it.
            ' ' if !quoted && !named => found.extend(word.take()),
            other => {
                named = (named || other == '<') && other != '>';
                word.get_or_insert_default().push(other);
            }
        }
    }
    assert!(!quoted, "a quote is not closed: {line}");
    found.extend(word);
    found.into_iter().map(|word| sample(&word)).collect()
}

fn sample(word: &str) -> String {
    let sample = SAMPLES.iter().find(|(placeholder, _)| *placeholder == word);
    sample.map_or(word, |(_, sample)| sample).to_owned()
}

#[test]
fn commands_are_found_in_blocks_and_in_sentences() {
    let document = "\
Say `lifeboat status`, or `status` alone, and `lifeboat
turn` when `it` is time.

```sh
export A=b
lifeboat backup verify <name> --in <region>   # reads it
aws ecs \\
  update-service --cluster \"two words\"
```
";
    let told: Vec<(String, bool)> = commands(document)
        .into_iter()
        .map(|command| (command.words.join("|"), command.block))
        .collect();
    let verify = "lifeboat|backup|verify|backup-20241123-120000|--in|us-west-2";
    let expected = [
        (verify, true),
        ("aws|ecs|update-service|--cluster|two words", true),
        ("lifeboat|status", false),
        ("lifeboat|turn", false),
    ];
    let expected = expected.map(|(words, block)| (words.to_owned(), block));
    assert_eq!(told, expected);
}
