//! From the bytes of a file to a model, as they arrive.

use super::candle_engine::{self, CandleEngine, TensorStore};
use super::config::{self, Architecture, Config};
use super::gguf::{Header, TensorInfo};
use super::stream::{Sink, Stream};
use super::transformer::Transformer;
use super::weights::Weights;
use super::{Engine, Model, ModelInfo};
use crate::error::{Code, Error, Result};
use crate::kernels::formats::TensorType;

/// More weights than a 32-bit machine can hold beside what it computes with.
const MAX_FILE_BYTES: u64 = if cfg!(target_pointer_width = "32") {
    3 << 30
} else {
    1 << 40
};

/// Where the tensors of a file go; which it is depends on the architecture.
#[derive(Debug)]
enum Destination {
    Undecided,
    Ours(Box<Config>, Box<Weights>),
    Candle(TensorStore),
}

#[derive(Debug)]
struct ModelSink {
    destination: Destination,
    /// The length of the file is known, so that a header cannot lie about it.
    trusted: bool,
    /// Bytes of the current tensor that have not arrived.
    left: u64,
}

impl Sink for ModelSink {
    fn header(&mut self, header: &Header) -> Result<()> {
        if header.file_bytes() > MAX_FILE_BYTES {
            return Err(Error::new(
                Code::TooLarge,
                format!(
                    "the model has {} bytes; at most {MAX_FILE_BYTES} can be loaded here",
                    header.file_bytes()
                ),
            ));
        }
        let name = architecture(header)?;
        self.destination = if let Some(architecture) = Architecture::from_name(name) {
            let config = Config::read(architecture, header)?;
            Destination::Ours(Box::new(config), Box::new(Weights::new(self.trusted)))
        } else {
            candle_engine::check(header)?;
            Destination::Candle(TensorStore::new(header))
        };
        Ok(())
    }

    fn begin(&mut self, tensor: &TensorInfo) -> Result<()> {
        self.left = tensor.bytes;
        match &mut self.destination {
            Destination::Ours(_, weights) => weights.begin(tensor),
            Destination::Candle(store) => store.begin(tensor, self.trusted),
            Destination::Undecided => Err(undecided()),
        }
    }

    fn wanted(&self) -> usize {
        match &self.destination {
            Destination::Ours(_, weights) => weights.wanted(),
            // Any amount will do; small enough that nothing is gathered before it is passed on.
            _ => self.left.min(1 << 16) as usize,
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.left -= bytes.len() as u64;
        match &mut self.destination {
            Destination::Ours(_, weights) => weights.bytes_arrived(bytes),
            Destination::Candle(store) => {
                store.bytes_arrived(bytes);
                Ok(())
            }
            Destination::Undecided => Err(undecided()),
        }
    }

    fn end(&mut self) -> Result<()> {
        match &mut self.destination {
            Destination::Ours(_, weights) => weights.end(),
            _ => Ok(()),
        }
    }
}

/// Loads a model from chunks of a GGUF file.
#[derive(Debug)]
pub struct Loader {
    stream: Stream<ModelSink>,
}

impl Loader {
    /// A loader for a file of `file_bytes` bytes. Where the length is known, a header that
    /// promises more is refused at once, and memory is taken in one piece.
    pub fn new(file_bytes: Option<u64>) -> Self {
        let sink = ModelSink {
            destination: Destination::Undecided,
            trusted: file_bytes.is_some(),
            left: 0,
        };
        Self {
            stream: Stream::new(sink, file_bytes),
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Whatever is wrong with the file, as soon as it shows; the loader is then of no more use.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.stream.push(chunk)
    }

    /// Bytes that have arrived.
    pub fn position(&self) -> u64 {
        self.stream.position()
    }

    /// Length of the file, once the header has said it.
    pub fn file_bytes(&self) -> Option<u64> {
        self.stream.header().map(Header::file_bytes)
    }

    /// Builds the model and gives back the header, for the tokenizer.
    ///
    /// # Errors
    /// [`Code::Truncated`], [`Code::MissingPart`], [`Code::UnsupportedFeature`].
    pub fn finish(self) -> Result<(Model, Header)> {
        let (header, sink) = self.stream.finish()?;
        let (engine, weight_bytes, context, vocabulary) = match sink.destination {
            Destination::Ours(config, mut weights) => {
                let bytes = weights.bytes();
                let (context, vocabulary) = (config.context, config.vocabulary);
                let model = Transformer::load(*config, &mut weights)?;
                (
                    Box::new(model) as Box<dyn Engine>,
                    bytes,
                    context,
                    vocabulary,
                )
            }
            Destination::Candle(store) => candle_model(&header, store)?,
            Destination::Undecided => return Err(undecided()),
        };
        let info = info(&header, engine.as_ref(), weight_bytes, context, vocabulary);
        Ok((Model::new(engine, info), header))
    }
}

fn candle_model(
    header: &Header,
    store: TensorStore,
) -> Result<(Box<dyn Engine>, usize, usize, usize)> {
    let context = candle_engine::context_length(header)?;
    let table = header
        .tensor("token_embd.weight")
        .ok_or_else(|| config::missing("token_embd.weight"))?;
    let (bytes, vocabulary) = (store.held() + 4 * table.len(), table.rows());
    Ok((
        Box::new(CandleEngine::load(header, store)?),
        bytes,
        context,
        vocabulary,
    ))
}

/// The architecture's name, if one of the engines runs it.
fn architecture(header: &Header) -> Result<&str> {
    let name = header
        .string("general.architecture")
        .ok_or_else(|| config::missing("general.architecture"))?;
    if Architecture::from_name(name).is_some() || candle_engine::ARCHITECTURES.contains(&name) {
        return Ok(name);
    }
    Err(Error::new(
        Code::UnsupportedArchitecture,
        format!(
            "architecture {name:?} is not supported; llama, qwen2, qwen3, gemma3, phi3 and lfm2 are"
        ),
    ))
}

fn info(
    header: &Header,
    engine: &dyn Engine,
    weight_bytes: usize,
    context: usize,
    vocabulary: usize,
) -> ModelInfo {
    let text = |key: &str| header.string(key).map(str::to_owned);
    let architecture = text("general.architecture").unwrap_or_default();
    let layers = header
        .integer(&format!("{architecture}.block_count"))
        .unwrap_or(0);
    let mut tensor_types = std::collections::BTreeMap::new();
    for tensor in &header.tensors {
        *tensor_types
            .entry(TensorType::name(tensor.kind))
            .or_insert(0) += 1;
    }
    ModelInfo {
        name: text("general.name").unwrap_or_else(|| architecture.clone()),
        architecture,
        parameters: header.tensors.iter().map(|t| t.len() as u64).sum(),
        layers,
        vocabulary,
        context_length: context,
        tensor_types,
        file_bytes: header.file_bytes(),
        weight_bytes,
        chat_template: header.string("tokenizer.chat_template").is_some(),
        end_tokens: config::end_tokens(header),
        license: text("general.license"),
        engine: engine.name(),
        products: engine.products(),
    }
}

fn undecided() -> Error {
    Error::new(Code::Internal, "tensor data before the header")
}
