//! Decoding of objects that carry their kind in a member, in two steps.
//!
//! Serde's internally tagged enums buffer the whole object, which breaks raw JSON and floats
//! (format 6). Here the tag is peeked from the raw text and the same text is parsed into the
//! variant's struct.

/// Implements `Deserialize` for an enum of newtype variants that is tagged by a member.
///
/// `stored` reads from borrowed text only (log lines always are); `wire` also reads from values.
macro_rules! tagged_deserialize {
    (@raw stored, $de:expr) => { <&serde_json::value::RawValue as serde::Deserialize>::deserialize($de)? };
    (@raw wire, $de:expr) => { &*<Box<serde_json::value::RawValue> as serde::Deserialize>::deserialize($de)? };
    (@build $Enum:ident, $Variant:ident, $raw:expr, unit) => { Ok($Enum::$Variant) };
    (@build $Enum:ident, $Variant:ident, $raw:expr, newtype) => {
        serde_json::from_str($raw.get()).map($Enum::$Variant).map_err(serde::de::Error::custom)
    };
    (@untagged $Enum:ident, $key:literal, $raw:expr) => {
        Err(serde::de::Error::missing_field($key))
    };
    (@untagged $Enum:ident, $key:literal, $raw:expr, $Other:ident) => {
        Ok($Enum::$Other($crate::log::RawJson::from($raw)))
    };
    (@fallback $Enum:ident, $unknown:ident, $raw:expr, [ $($tag:literal),+ ]) => {
        Err(serde::de::Error::unknown_variant($unknown, &[ $($tag),+ ]))
    };
    (@fallback $Enum:ident, $unknown:ident, $raw:expr, [ $($tag:literal),+ ], $Other:ident) => {{
        let _ = $unknown;
        Ok($Enum::$Other($crate::log::RawJson::from($raw)))
    }};
    (
        $mode:ident $Enum:ident by $key:literal {
            $( $($tag:literal)|+ => $Variant:ident $shape:ident ),+ $(,)?
        }
        $( other => $Other:ident )?
    ) => {
        impl<'de> serde::Deserialize<'de> for $Enum {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw: &serde_json::value::RawValue =
                    $crate::log::tagged::tagged_deserialize!(@raw $mode, deserializer);
                let tag = match $crate::log::member_text(raw, $key) {
                    Some(tag) => tag,
                    None => return $crate::log::tagged::tagged_deserialize!(
                        @untagged $Enum, $key, raw $(, $Other)?
                    ),
                };
                match tag.as_ref() {
                    $( $($tag)|+ => $crate::log::tagged::tagged_deserialize!(
                        @build $Enum, $Variant, raw, $shape
                    ), )+
                    unknown => $crate::log::tagged::tagged_deserialize!(
                        @fallback $Enum, unknown, raw, [ $( $($tag),+ ),+ ] $(, $Other)?
                    ),
                }
            }
        }
    };
}

pub(crate) use tagged_deserialize;

/// Reads `null` as the default, for lists that some writers leave null.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    <Option<T> as serde::Deserialize>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a word of a closed list; a word of a newer writer says nothing to us, and must not hide
/// the message that it stands in.
pub(crate) fn known_word<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    use serde::Deserialize;
    use serde::de::Error;
    let Some(raw) = Option::<super::RawJson>::deserialize(deserializer)? else {
        return Ok(None);
    };
    match raw.parse() {
        Ok(word) => Ok(Some(word)),
        Err(_) if raw.get().starts_with('"') => Ok(None),
        Err(source) => Err(D::Error::custom(source)),
    }
}
