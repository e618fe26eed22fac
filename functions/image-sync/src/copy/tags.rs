//! What a tag of the source means for the same tag of the target.

use crate::reference::Digest;

/// Whether the target lets a tag move, as far as it has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutability {
    /// It has not been asked: the only way to ask every registry is to try.
    Untold,
    Immutable,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tagging {
    /// The source's tag is gone. The target's stays: what ran yesterday may be needed tomorrow.
    Gone,
    UpToDate(Digest),
    /// The target's tag is to name this image, whether it named another one before, or this one long ago, or none.
    Set(Digest),
    /// The target's tag goes on naming its image; the source's is brought by its digest.
    Keep {
        digest: Digest,
        there: Digest,
    },
}

pub(crate) fn tagging(
    source: Option<&Digest>,
    target: Option<&Digest>,
    mutability: Mutability,
) -> Tagging {
    match (source, target, mutability) {
        (None, _, _) => Tagging::Gone,
        (Some(source), Some(target), _) if source == target => Tagging::UpToDate(source.clone()),
        (Some(source), Some(target), Mutability::Immutable) => Tagging::Keep {
            digest: source.clone(),
            there: target.clone(),
        },
        (Some(source), None, _) | (Some(source), Some(_), Mutability::Untold) => {
            Tagging::Set(source.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mutability::*, Tagging::*, *};

    #[test]
    fn each_case_has_its_outcome() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let keep = Keep {
            digest: a.clone(),
            there: b.clone(),
        };
        for (source, target, mutability, expected) in [
            (None, None, Untold, Gone),
            (None, None, Immutable, Gone),
            (None, Some(&b), Untold, Gone),
            (None, Some(&b), Immutable, Gone),
            (Some(&a), None, Untold, Set(a.clone())),
            (Some(&a), None, Immutable, Set(a.clone())),
            (Some(&a), Some(&a), Untold, UpToDate(a.clone())),
            (Some(&a), Some(&a), Immutable, UpToDate(a.clone())),
            (Some(&a), Some(&b), Untold, Set(a.clone())),
            (Some(&a), Some(&b), Immutable, keep),
        ] {
            let found = tagging(source, target, mutability);
            assert_eq!(found, expected, "{source:?} {target:?} {mutability:?}");
        }
    }
}
