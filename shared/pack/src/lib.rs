//! How data lies in the bucket: cut by its content, compressed, named by its hash, and packed. Bytes in, bytes out; the
//! format is told byte by byte in `docs/format.md`.

mod chunk;
mod cut;
mod hash;
mod index;
mod pack;

pub use chunk::{Compressor, Damaged, Opener, Sealed};
pub use cut::{AVERAGE, Cutter, MAXIMUM, MINIMUM};
pub use hash::{Aside, Hasher, content_id, files_id, pack_id};
pub use index::{Entry, Found, find_index, read_index};
pub use pack::{HEADER, Pack, Packer};
