//! Ids that look like Codex' UUIDv7 and are a pure function of a seed and a counter. No randomness, no clock.

/// Hands out UUIDv7-shaped ids, the same ones for the same seed.
#[derive(Clone, Debug)]
pub struct IdSequence {
    seed: u64,
    next: u64,
}

impl IdSequence {
    /// Starts a sequence; different texts give unrelated sequences.
    pub fn new(seed: &str) -> Self {
        Self {
            seed: fnv1a(seed.as_bytes()),
            next: 0,
        }
    }

    /// Returns the next id, with `unix_ms` in its leading 48 bits.
    pub fn uuid_v7(&mut self, unix_ms: i64) -> String {
        let tail = self.word();
        let rand_a = tail >> 52;
        let rand_b = mix(tail) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        let ms = unix_ms.unsigned_abs() & 0xffff_ffff_ffff;
        format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            ms >> 16,
            ms & 0xffff,
            rand_a,
            rand_b >> 48,
            rand_b & 0xffff_ffff_ffff
        )
    }

    /// Returns the next number of the sequence, spread over all 64 bits.
    pub fn word(&mut self) -> u64 {
        self.next += 1;
        mix(self.seed ^ self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The finalizer of splitmix64: every input bit moves every output bit.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
