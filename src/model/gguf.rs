//! The header of a GGUF file: metadata and the list of tensors.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>, versions 2 and 3, little
//! endian. Nothing here trusts the file: counts and lengths are bounded before memory is taken.

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use crate::kernels::formats::TensorType;

/// The four bytes that a GGUF file begins with.
const MAGIC: [u8; 4] = *b"GGUF";
/// More metadata or tensors than any model has: a corrupt count.
const MAX_ENTRIES: u64 = 1 << 17;
/// A longer string is a corrupt length; the largest chat templates have some 20 kB.
const MAX_STRING: u64 = 1 << 24;
/// A longer array is a corrupt length; the largest vocabularies have 262,144 tokens.
const MAX_ARRAY: u64 = 1 << 24;
/// No tensor can end here; far enough below 2⁶⁴ that the header's length can be added.
const MAX_END: u64 = 1 << 62;
/// Headers with the largest vocabularies take some 20 MB.
pub const MAX_HEADER: usize = 1 << 27;

/// A value of the metadata. Integers and booleans of all widths are one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Int(i64),
    Float(f64),
    Bool(bool),
    String(String),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    Strings(Vec<String>),
}

/// One entry of the list of tensors.
#[derive(Clone, Debug)]
pub struct TensorInfo {
    /// For example `blk.0.attn_q.weight`.
    pub name: String,
    /// Lengths, the contiguous one first, as in the file.
    pub dims: Vec<usize>,
    /// Encoding.
    pub kind: TensorType,
    /// Bytes from the start of the tensor data.
    pub offset: u64,
    /// Bytes of the tensor.
    pub bytes: u64,
}

impl TensorInfo {
    /// Length of a row: the contiguous dimension.
    pub fn cols(&self) -> usize {
        self.dims.first().copied().unwrap_or(1)
    }

    /// Number of rows: the product of all other dimensions.
    pub fn rows(&self) -> usize {
        self.dims.iter().skip(1).product()
    }

    /// Number of weights.
    #[allow(clippy::len_without_is_empty, reason = "a tensor is never empty")]
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }
}

/// A parsed header.
#[derive(Debug)]
pub struct Header {
    /// 2 or 3.
    pub version: u32,
    /// Keys are unique; a repeated key is an error.
    pub metadata: BTreeMap<String, Value>,
    /// In the order of their offsets.
    pub tensors: Vec<TensorInfo>,
    /// Bytes from the start of the file to the tensor data.
    pub data_start: u64,
}

impl Header {
    /// Parses the start of a file. `Ok(None)` means that more bytes are needed.
    ///
    /// # Errors
    /// [`Code::NotGguf`], [`Code::GgufVersion`], [`Code::Corrupt`], [`Code::TooLarge`],
    /// [`Code::UnsupportedTensorType`].
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        match Cursor::new(bytes).header() {
            Ok(header) => Ok(Some(header)),
            Err(Stop::More) if bytes.len() > MAX_HEADER => Err(Error::new(
                Code::TooLarge,
                format!(
                    "the GGUF header does not end within {MAX_HEADER} bytes; this is no model that a browser can hold"
                ),
            )),
            Err(Stop::More) => Ok(None),
            Err(Stop::Error(error)) => Err(error),
        }
    }

    /// Length of the whole file, as the header promises it.
    pub fn file_bytes(&self) -> u64 {
        let end = |t: &TensorInfo| t.offset + t.bytes;
        self.data_start + self.tensors.iter().map(end).max().unwrap_or(0)
    }

    /// A tensor's entry.
    pub fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.iter().find(|t| t.name == name)
    }

    /// A string, if the key is there and holds one.
    pub fn string(&self, key: &str) -> Option<&str> {
        match self.metadata.get(key)? {
            Value::String(s) => Some(s),
            _ => None,
        }
    }

    /// A number that is not negative, if the key is there and holds one.
    pub fn integer(&self, key: &str) -> Option<usize> {
        match self.metadata.get(key)? {
            Value::Int(i) => usize::try_from(*i).ok(),
            _ => None,
        }
    }

    /// A number, if the key is there and holds one.
    pub fn float(&self, key: &str) -> Option<f64> {
        match self.metadata.get(key)? {
            Value::Float(f) => Some(*f),
            Value::Int(i) => Some(*i as f64),
            _ => None,
        }
    }

    /// A truth value, if the key is there and holds one.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        match self.metadata.get(key)? {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// A list of strings, if the key is there and holds one.
    pub fn strings(&self, key: &str) -> Option<&[String]> {
        match self.metadata.get(key)? {
            Value::Strings(list) => Some(list),
            _ => None,
        }
    }
}

/// Why a parse stopped: bytes are missing, or the file is wrong.
enum Stop {
    More,
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn corrupt(message: String) -> Stop {
    Stop::Error(Error::new(
        Code::Corrupt,
        format!("{message}; the file is damaged, fetch it again"),
    ))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let end = self.at.checked_add(count).ok_or(Stop::More)?;
        let taken = self.bytes.get(self.at..end).ok_or(Stop::More)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| Stop::More)
    }

    fn u32(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Stop> {
        self.array().map(u64::from_le_bytes)
    }

    /// A length or count, refused above `limit`.
    fn count(&mut self, what: &str, limit: u64) -> Result<usize, Stop> {
        let count = self.u64()?;
        if count > limit {
            return Err(corrupt(format!(
                "the header claims {count} {what}, more than {limit}"
            )));
        }
        Ok(count as usize)
    }

    fn string(&mut self) -> Result<String, Stop> {
        let length = self.count("bytes in one string", MAX_STRING)?;
        let bytes = self.take(length)?;
        // Token pieces of some files are not UTF-8; the tokenizer reports what it cannot use.
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn header(mut self) -> Result<Header, Stop> {
        let magic: [u8; 4] = self.array()?;
        if magic != MAGIC {
            return Err(Stop::Error(Error::new(
                Code::NotGguf,
                "the file does not begin with \"GGUF\", so it is no GGUF model; pick a file that ends in .gguf",
            )));
        }
        let version = self.u32()?;
        if !(2..=3).contains(&version) {
            let why = if matches!(version.swap_bytes(), 1..=3) {
                "the file is in big-endian byte order"
            } else {
                "only versions 2 and 3 can be read"
            };
            return Err(Stop::Error(Error::new(
                Code::GgufVersion,
                format!(
                    "GGUF version {version}: {why}; convert the model again with a current converter"
                ),
            )));
        }
        let tensor_count = self.count("tensors", MAX_ENTRIES)?;
        let entry_count = self.count("metadata entries", MAX_ENTRIES)?;
        let metadata = self.metadata(entry_count)?;
        let alignment = alignment(&metadata)?;
        let mut tensors = Vec::new();
        for _ in 0..tensor_count {
            tensors.push(self.tensor(alignment)?);
        }
        tensors.sort_by_key(|t| t.offset);
        check_layout(&tensors)?;
        Ok(Header {
            version,
            metadata,
            tensors,
            data_start: (self.at as u64).next_multiple_of(alignment),
        })
    }

    fn metadata(&mut self, count: usize) -> Result<BTreeMap<String, Value>, Stop> {
        let mut metadata = BTreeMap::new();
        for _ in 0..count {
            let key = self.string()?;
            let kind = self.u32()?;
            let value = self.value(kind, &key)?;
            if metadata.insert(key.clone(), value).is_some() {
                return Err(corrupt(format!("the metadata key {key:?} stands twice")));
            }
        }
        Ok(metadata)
    }

    fn value(&mut self, kind: u32, key: &str) -> Result<Value, Stop> {
        Ok(match kind {
            7 => Value::Bool(self.array::<1>()?[0] != 0),
            8 => Value::String(self.string()?),
            9 => self.list(key)?,
            6 | 12 => Value::Float(self.float(kind)?),
            _ => Value::Int(self.integer(kind, key)?),
        })
    }

    fn integer(&mut self, kind: u32, key: &str) -> Result<i64, Stop> {
        Ok(match kind {
            0 | 7 => i64::from(self.array::<1>()?[0]),
            1 => i64::from(i8::from_le_bytes(self.array()?)),
            2 => i64::from(u16::from_le_bytes(self.array()?)),
            3 => i64::from(i16::from_le_bytes(self.array()?)),
            4 => i64::from(self.u32()?),
            5 => i64::from(i32::from_le_bytes(self.array()?)),
            10 => i64::try_from(self.u64()?)
                .map_err(|_| corrupt(format!("the value of {key:?} is too large")))?,
            11 => i64::from_le_bytes(self.array()?),
            _ => {
                return Err(corrupt(format!(
                    "{key:?} has the unknown value type {kind}"
                )));
            }
        })
    }

    fn float(&mut self, kind: u32) -> Result<f64, Stop> {
        Ok(if kind == 6 {
            f64::from(f32::from_le_bytes(self.array()?))
        } else {
            f64::from_le_bytes(self.array()?)
        })
    }

    fn list(&mut self, key: &str) -> Result<Value, Stop> {
        let kind = self.u32()?;
        let length = self.count("elements in one array", MAX_ARRAY)?;
        // Vectors grow with the bytes that are really there, never by the claimed length.
        Ok(match kind {
            8 => Value::Strings(
                (0..length)
                    .map(|_| self.string())
                    .collect::<Result<_, _>>()?,
            ),
            6 | 12 => Value::Floats(
                (0..length)
                    .map(|_| self.float(kind).map(|f| f as f32))
                    .collect::<Result<_, _>>()?,
            ),
            9 => return Err(corrupt(format!("{key:?} holds an array of arrays"))),
            _ => Value::Ints(
                (0..length)
                    .map(|_| self.integer(kind, key))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    fn tensor(&mut self, alignment: u64) -> Result<TensorInfo, Stop> {
        let name = self.string()?;
        let rank = self.u32()?;
        if rank > 4 {
            return Err(corrupt(format!(
                "tensor {name:?} has {rank} dimensions, more than 4"
            )));
        }
        let mut dims = Vec::new();
        for _ in 0..rank {
            let length = self.u64()?;
            dims.push(usize::try_from(length).unwrap_or(usize::MAX));
        }
        let id = self.u32()?;
        let offset = self.u64()?;
        let kind = TensorType::from_id(id).ok_or_else(|| unsupported_type(&name, id))?;
        let bytes = tensor_bytes(&name, kind, &dims)?;
        let beyond = offset.checked_add(bytes).is_none_or(|end| end > MAX_END);
        if offset % alignment != 0 || beyond {
            return Err(corrupt(format!(
                "tensor {name:?} stands at the impossible offset {offset}"
            )));
        }
        Ok(TensorInfo {
            name,
            dims,
            kind,
            offset,
            bytes,
        })
    }
}

fn unsupported_type(name: &str, id: u32) -> Error {
    Error::new(
        Code::UnsupportedTensorType,
        format!(
            "tensor {name:?} has the type number {id}, which cannot be read here; use a file with \
             F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 or Q2_K to Q6_K"
        ),
    )
}

fn tensor_bytes(name: &str, kind: TensorType, dims: &[usize]) -> Result<u64, Stop> {
    let cols = dims.first().copied().unwrap_or(1);
    if dims.contains(&0) || cols % kind.block_len() != 0 {
        return Err(corrupt(format!(
            "tensor {name:?} of type {} has the impossible shape {dims:?}",
            kind.name()
        )));
    }
    let len = dims
        .iter()
        .try_fold(1_usize, |product, &d| product.checked_mul(d));
    let bytes = len
        .map(|len| len / kind.block_len())
        .and_then(|b| b.checked_mul(kind.block_bytes()));
    let bytes = bytes.ok_or_else(|| {
        Error::new(
            Code::TooLarge,
            format!("tensor {name:?} of shape {dims:?} is larger than this machine can address"),
        )
    })?;
    Ok(bytes as u64)
}

fn alignment(metadata: &BTreeMap<String, Value>) -> Result<u64, Stop> {
    match metadata.get("general.alignment") {
        None => Ok(32),
        Some(Value::Int(a)) if (1..=1 << 20).contains(a) => Ok(*a as u64),
        Some(other) => Err(corrupt(format!("general.alignment is {other:?}"))),
    }
}

/// Tensors must not overlap and names must be unique; `tensors` is sorted by offset.
fn check_layout(tensors: &[TensorInfo]) -> Result<(), Stop> {
    for pair in tensors.windows(2) {
        if pair[0].offset + pair[0].bytes > pair[1].offset {
            return Err(corrupt(format!(
                "tensors {:?} and {:?} overlap",
                pair[0].name, pair[1].name
            )));
        }
    }
    let mut names: Vec<&str> = tensors.iter().map(|t| t.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(corrupt(format!("tensor {:?} stands twice", pair[0]))),
        None => Ok(()),
    }
}
