//! A forum's data, the same each time: words by how often they are used, records with ids and times.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

/// xorshift64*: small, fast, and the same everywhere.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Between 0 and 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

const SOUNDS: [&str; 48] = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va",
    "we", "st", "tr", "ch", "sh", "th", "pr", "cl", "an", "en", "in", "on", "un", "ar", "er", "ir",
    "or", "ur", "as", "es", "is", "os", "us", "al", "el", "il", "ol", "ment", "ing", "tion", "ly",
    "ed",
];

fn words(noise: &mut Noise) -> Vec<String> {
    let word = |noise: &mut Noise| {
        let sounds = 1 + noise.below(4);
        (0..sounds)
            .map(|_| SOUNDS[noise.below(48) as usize])
            .collect()
    };
    (0..20_000).map(|_| word(noise)).collect()
}

fn text(noise: &mut Noise, words: &[String], most: u64, to: &mut String) {
    for n in 0..4 + noise.below(most) {
        if n > 0 {
            to.push(' ');
        }
        // Few words are used often and many rarely.
        let rank = (words.len() as f64).powf(noise.part()) - 1.0;
        to.push_str(&words[rank as usize % words.len()]);
        if noise.below(14) == 0 {
            to.push('.');
        }
    }
}

/// Services of so many megabytes.
pub(crate) fn write(folder: &Path, services: &[(&str, u64)]) {
    let mut noise = Noise(42);
    let words = words(&mut noise);
    for (service, megabytes) in services {
        let folder = folder.join(service);
        fs::create_dir_all(&folder).unwrap();
        let mut file = BufWriter::new(File::create(folder.join("db.json")).unwrap());
        let mut written = file
            .write(format!("{{\"{service}\":[\n").as_bytes())
            .unwrap() as u64;
        let mut record = String::new();
        for id in 1u64.. {
            record.clear();
            let (high, low) = (noise.next(), noise.next());
            let author = noise.below(3000);
            record.push_str(&format!(
                "{{\"id\":\"{high:016x}{low:016x}\",\"number\":{id},\"author\":{author},\"at\":\"20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z\",\"text\":\"",
                18 + noise.below(8), 1 + noise.below(12), 1 + noise.below(28), noise.below(24), noise.below(60), noise.below(60), noise.below(1000)
            ));
            text(&mut noise, &words, 110, &mut record);
            record.push_str("\"}");
            file.write_all(record.as_bytes()).unwrap();
            written += record.len() as u64 + 2;
            if written >= megabytes * 1_000_000 {
                break;
            }
            file.write_all(b",\n").unwrap();
        }
        file.write_all(b"]}\n").unwrap();
        file.into_inner().unwrap().sync_all().unwrap();
    }
}

/// One of a thousand records gets other words, as users edit the newest most: they lie in the last tenth.
pub(crate) fn change(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len() - lines.len() / 10;
    let changed = lines
        .iter()
        .enumerate()
        .map(|(at, line)| match at >= first && at % 100 == 0 {
            true => line.replacen("\"text\":\"", "\"text\":\"edited ", 1) + "\n",
            false => (*line).to_owned() + "\n",
        });
    let changed: String = changed.collect();
    // Replaced whole, as the forum does it.
    let beside = file.with_extension("new");
    fs::write(&beside, changed).unwrap();
    fs::rename(beside, file).unwrap();
}
