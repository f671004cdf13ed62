//! Architectures that candle-transformers runs and our own transformer does not.
//!
//! Its models keep their cache inside, so a sequence state here is only the list of tokens: a
//! state that is not the one that ran last is run again from the start. Of each pass it returns
//! the last position's logits only.

use std::collections::{BTreeMap, HashMap};
use std::io::{Error as IoError, Read, Result as IoResult, Seek, SeekFrom};
use std::sync::Arc;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{
    Content, TensorInfo as CandleInfo, Value as CandleValue, VersionedMagic,
};
use candle_core::{Device, Result as Candle, Shape, Tensor};
use candle_transformers::models::{quantized_lfm2, quantized_phi3};

use super::config::Keys;
use super::gguf::{Header, TensorInfo, Value};
use super::{Engine, Output, State};
use crate::error::{Code, Error, Result};
use crate::kernels::formats::TensorType;

/// Names in `general.architecture` that this engine runs.
pub(super) const ARCHITECTURES: [&str; 2] = ["phi3", "lfm2"];

enum Machine {
    Phi3(quantized_phi3::ModelWeights),
    Lfm2(quantized_lfm2::ModelWeights),
}

/// A model of candle-transformers and the tokens that its cache holds.
pub(super) struct CandleEngine {
    machine: Machine,
    fed: Vec<u32>,
    /// Whether anything has run since the model was loaded.
    used: bool,
}

impl std::fmt::Debug for CandleEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CandleEngine")
            .field("fed", &self.fed.len())
            .finish_non_exhaustive()
    }
}

impl CandleEngine {
    /// Builds the model of a header that [`check`] has passed.
    pub(super) fn load(header: &Header, mut tensors: TensorStore) -> Result<Self> {
        let content = content(header)?;
        let device = Device::Cpu;
        let machine = match header.string("general.architecture") {
            Some("phi3") => {
                quantized_phi3::ModelWeights::from_gguf(false, content, &mut tensors, &device)
                    .map(Machine::Phi3)
            }
            _ => quantized_lfm2::ModelWeights::from_gguf(content, &mut tensors, &device)
                .map(Machine::Lfm2),
        };
        let machine = machine.map_err(|error| {
            Error::new(
                Code::MissingPart,
                format!(
                    "candle-transformers cannot load the file: {}",
                    super::plain(&error)
                ),
            )
        })?;
        Ok(Self {
            machine,
            fed: Vec::new(),
            used: false,
        })
    }

    /// Logits behind `prefix` and then `tokens`.
    fn go_on(&mut self, prefix: &[u32], tokens: &[u32]) -> Result<Vec<f32>> {
        let run = if self.fed == prefix {
            tokens.to_vec()
        } else {
            [prefix, tokens].concat()
        };
        let start = prefix.len() + tokens.len() - run.len();
        self.refuse_lone_token(&run, start)?;
        self.fed.clear();
        let logits = self
            .run(&run, start)
            .map_err(|error| super::candle_error(&error))?;
        self.fed.extend_from_slice(prefix);
        self.fed.extend_from_slice(tokens);
        Ok(logits)
    }

    /// A convolution of lfm2 starts from an empty past only when it is fed several tokens.
    fn refuse_lone_token(&self, run: &[u32], start: usize) -> Result<()> {
        let lone = self.used && start == 0 && run.len() == 1;
        if lone && matches!(self.machine, Machine::Lfm2(_)) {
            return Err(Error::new(
                Code::UnsupportedFeature,
                "lfm2 runs on candle-transformers, where a second text cannot begin with a single \
                 token; add a token to the prompt",
            ));
        }
        Ok(())
    }

    fn run(&mut self, tokens: &[u32], start: usize) -> Candle<Vec<f32>> {
        // A convolution of lfm2 sees its own past only when it is fed one token at a time.
        let one_by_one = matches!(self.machine, Machine::Lfm2(_)) && start > 0;
        self.used = true;
        let mut logits = None;
        let step = if one_by_one { 1 } else { tokens.len() };
        for (i, chunk) in tokens.chunks(step).enumerate() {
            let input = Tensor::new(chunk, &Device::Cpu)?.unsqueeze(0)?;
            logits = Some(match &mut self.machine {
                Machine::Phi3(model) => model.forward(&input, start + i * step)?,
                Machine::Lfm2(model) => model.forward(&input, start + i * step)?,
            });
        }
        let logits = logits.ok_or_else(|| candle_core::Error::Msg("no token to run".to_owned()))?;
        logits.flatten_all()?.to_vec1()
    }
}

impl Engine for CandleEngine {
    fn name(&self) -> &'static str {
        "candle-transformers"
    }

    fn products(&self) -> Option<&'static str> {
        None
    }

    fn gives_all_rows(&self) -> bool {
        false
    }

    fn start(&self) -> State {
        State::Tokens(Vec::new())
    }

    fn run(&mut self, lanes: &mut [(&mut State, &[u32])]) -> Result<Vec<Vec<Output>>> {
        let mut outputs = Vec::with_capacity(lanes.len());
        for (state, tokens) in &*lanes {
            let State::Tokens(prefix) = &**state else {
                return Err(super::other_model());
            };
            let logits = self.go_on(prefix, tokens)?;
            let mut lane = vec![Output::missing(); tokens.len() - 1];
            lane.push(Output::logits(logits));
            outputs.push(lane);
        }
        // Only now, so that an error leaves every state as it was.
        for (state, tokens) in lanes {
            if let State::Tokens(prefix) = &mut **state {
                prefix.extend_from_slice(tokens);
            }
        }
        Ok(outputs)
    }

    fn logits(&self, outputs: &[&Output]) -> Result<Vec<Arc<[f32]>>> {
        outputs.iter().map(|output| output.as_logits()).collect()
    }
}

/// candle-transformers makes its rotary tables for the whole context at once.
const MAX_CONTEXT: usize = 1 << 18;
/// Positions times the numbers of a head that such a table turns: 131,072 positions of heads of 128.
const MAX_TABLE: usize = 1 << 24;

/// Longest sequence, in tokens.
pub(super) fn context_length(header: &Header) -> Result<usize> {
    let context = Keys::new(header)?.size("context_length")?;
    if context <= MAX_CONTEXT {
        return Ok(context);
    }
    Err(Error::new(
        Code::UnsupportedFeature,
        format!(
            "a context of {context} tokens; candle-transformers, which runs this architecture, \
             takes memory for all of it, so at most {MAX_CONTEXT} are supported"
        ),
    ))
}

/// Refuses what candle-transformers cannot run, before any tensor has arrived.
///
/// # Errors
/// [`Code::MissingPart`], [`Code::Corrupt`], [`Code::UnsupportedFeature`].
pub(super) fn check(header: &Header) -> Result<()> {
    check_sizes(header)?;
    refuse_large_tables(header)?;
    refuse_long_rope(header)
}

/// candle divides by these numbers and takes memory for them without looking.
fn check_sizes(header: &Header) -> Result<()> {
    let keys = Keys::new(header)?;
    keys.size("block_count")?;
    let (width, heads) = (
        keys.size("embedding_length")?,
        keys.size("attention.head_count")?,
    );
    let kv_heads = match header.metadata.get(&keys.key("attention.head_count_kv")) {
        // One number for each layer; layers without attention have 0.
        Some(Value::Ints(list)) => list.iter().map(|&n| n.max(1)).collect(),
        _ => vec![keys.size("attention.head_count_kv")? as i64],
    };
    let divides = |&n: &i64| usize::try_from(n).is_ok_and(|n| heads % n == 0);
    if width % heads == 0 && kv_heads.iter().all(divides) {
        return Ok(());
    }
    Err(Error::new(
        Code::UnsupportedFeature,
        format!("width {width}, {heads} query heads and {kv_heads:?} key heads do not divide"),
    ))
}

/// The tables are as wide as a head (lfm2) or as what is rotated of it (phi3).
fn refuse_large_tables(header: &Header) -> Result<()> {
    let keys = Keys::new(header)?;
    let head = keys.size("embedding_length")? / keys.size("attention.head_count")?;
    let wide = keys.size_or("rope.dimension_count", head)?.max(head);
    let context = context_length(header)?;
    if wide <= MAX_TABLE / context {
        return Ok(());
    }
    Err(Error::new(
        Code::UnsupportedFeature,
        format!(
            "a context of {context} tokens with {wide} numbers of a head to rotate; candle-transformers, \
             which runs this architecture, takes memory for all of it, so their product may be \
             {MAX_TABLE} at most"
        ),
    ))
}

/// candle's Phi-3 rotates by one base only.
fn refuse_long_rope(header: &Header) -> Result<()> {
    if header.tensor("rope_factors_long.weight").is_none() {
        return Ok(());
    }
    Err(Error::new(
        Code::UnsupportedFeature,
        "this Phi-3 uses long-context rotary factors, which candle-transformers does not; use the 4k variant",
    ))
}

/// Our header in candle's types, so that a file is parsed once and by careful code.
fn content(header: &Header) -> Result<Content> {
    let metadata = header
        .metadata
        .iter()
        .map(|(k, v)| (k.clone(), candle_value(v)))
        .collect();
    let mut infos = HashMap::new();
    for tensor in &header.tensors {
        let mut dims = tensor.dims.clone();
        dims.reverse();
        let info = CandleInfo {
            ggml_dtype: candle_type(tensor.kind),
            shape: Shape::from(dims),
            offset: tensor.offset,
        };
        infos.insert(tensor.name.clone(), info);
    }
    Ok(Content {
        magic: VersionedMagic::GgufV3,
        metadata,
        tensor_infos: infos,
        tensor_data_offset: header.data_start,
    })
}

fn candle_value(value: &Value) -> CandleValue {
    let integer = |i: i64| u32::try_from(i).map_or(CandleValue::I64(i), CandleValue::U32);
    match value {
        Value::Int(i) => integer(*i),
        Value::Float(f) => CandleValue::F32(*f as f32),
        Value::Bool(b) => CandleValue::Bool(*b),
        Value::String(s) => CandleValue::String(s.clone()),
        Value::Ints(list) => CandleValue::Array(list.iter().map(|i| integer(*i)).collect()),
        // The vocabulary is of no use to the model.
        Value::Floats(_) | Value::Strings(_) => CandleValue::Array(Vec::new()),
    }
}

const fn candle_type(kind: TensorType) -> GgmlDType {
    match kind {
        TensorType::F32 => GgmlDType::F32,
        TensorType::F16 => GgmlDType::F16,
        TensorType::BF16 => GgmlDType::BF16,
        TensorType::Q4_0 => GgmlDType::Q4_0,
        TensorType::Q4_1 => GgmlDType::Q4_1,
        TensorType::Q5_0 => GgmlDType::Q5_0,
        TensorType::Q5_1 => GgmlDType::Q5_1,
        TensorType::Q8_0 => GgmlDType::Q8_0,
        TensorType::Q2_K => GgmlDType::Q2K,
        TensorType::Q3_K => GgmlDType::Q3K,
        TensorType::Q4_K => GgmlDType::Q4K,
        TensorType::Q5_K => GgmlDType::Q5K,
        TensorType::Q6_K => GgmlDType::Q6K,
    }
}

/// The file's tensors as a reader that forgets each one once it has been read, so that the file
/// and the model are never held together.
#[derive(Debug, Default)]
pub(super) struct TensorStore {
    /// Tensors by their position in the file.
    tensors: BTreeMap<u64, Vec<u8>>,
    data_start: u64,
    position: u64,
    /// Length of the file.
    end: u64,
    arriving: u64,
}

impl TensorStore {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            data_start: header.data_start,
            end: header.file_bytes(),
            ..Self::default()
        }
    }

    pub(super) fn begin(&mut self, tensor: &TensorInfo, trusted: bool) -> Result<()> {
        self.arriving = self.data_start + tensor.offset;
        let mut bytes = Vec::new();
        if trusted {
            let reserved = bytes.try_reserve_exact(tensor.bytes as usize);
            reserved.map_err(|_| super::weights::no_memory(tensor))?;
        }
        self.tensors.insert(self.arriving, bytes);
        Ok(())
    }

    pub(super) fn bytes_arrived(&mut self, bytes: &[u8]) {
        self.tensors
            .entry(self.arriving)
            .or_default()
            .extend_from_slice(bytes);
    }

    pub(super) fn held(&self) -> usize {
        self.tensors.values().map(Vec::len).sum()
    }
}

impl Read for TensorStore {
    fn read(&mut self, out: &mut [u8]) -> IoResult<usize> {
        let found = self.tensors.range(..=self.position).next_back();
        let (start, bytes) = found.ok_or_else(|| IoError::other("a tensor was read twice"))?;
        let start = *start;
        let rest = bytes
            .get((self.position - start) as usize..)
            .unwrap_or_default();
        if rest.is_empty() {
            return Err(IoError::other("a tensor was read twice"));
        }
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        let finished = count == rest.len();
        self.position += count as u64;
        if finished {
            self.tensors.remove(&start);
        }
        Ok(count)
    }
}

impl Seek for TensorStore {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = target.ok_or_else(|| IoError::other("seek before the start"))?;
        Ok(self.position)
    }
}
