//! A GGUF file as a stream of bytes: the header first, then tensor after tensor.
//!
//! The file is never held whole. What is kept is the unread part of the header, or at most a few
//! rows of the tensor that is arriving.

use super::gguf::{Header, TensorInfo};
use crate::error::{Code, Error, Result};

/// Takes what the stream finds.
pub(super) trait Sink {
    /// The header is complete. An error refuses the file before any tensor is read.
    fn header(&mut self, header: &Header) -> Result<()>;
    /// A tensor begins; returns how many bytes each call of [`Sink::bytes`] should carry at most.
    fn begin(&mut self, tensor: &TensorInfo) -> Result<()>;
    /// How many bytes of the current tensor to gather before the next [`Sink::bytes`].
    fn wanted(&self) -> usize;
    /// The next [`Sink::wanted`] bytes of the current tensor.
    fn bytes(&mut self, bytes: &[u8]) -> Result<()>;
    /// The current tensor is complete.
    fn end(&mut self) -> Result<()>;
}

/// The reader. Feed it with [`Stream::push`], then call [`Stream::finish`].
#[derive(Debug)]
pub(super) struct Stream<S> {
    sink: S,
    header: Option<Header>,
    /// Bytes that are not yet used.
    buffer: Vec<u8>,
    /// Do not try to parse the header again before the buffer has this length.
    retry_at: usize,
    /// Position in the file of the next byte to arrive.
    position: u64,
    /// Index of the tensor that is arriving, and how many of its bytes the sink has.
    tensor: usize,
    taken: u64,
    begun: bool,
    /// Length of the file, where the caller knows it.
    file_bytes: Option<u64>,
}

impl<S: Sink> Stream<S> {
    /// A reader for a file of `file_bytes` bytes, if that is known.
    pub(super) fn new(sink: S, file_bytes: Option<u64>) -> Self {
        Self {
            sink,
            header: None,
            buffer: Vec::new(),
            retry_at: 0,
            position: 0,
            tensor: 0,
            taken: 0,
            begun: false,
            file_bytes,
        }
    }

    /// The header, once it has arrived.
    pub(super) fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Bytes that have arrived.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// Those of [`Header::parse`], of the sink, and [`Code::Truncated`] if the file is known to
    /// be shorter than its header promises.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<()> {
        if self.header.is_some() {
            return self.data(chunk);
        }
        self.buffer.extend_from_slice(chunk);
        self.position += chunk.len() as u64;
        if self.buffer.len() >= self.retry_at {
            self.try_header()?;
        }
        Ok(())
    }

    /// Ends the file and gives back the header and the sink.
    ///
    /// # Errors
    /// [`Code::Truncated`] if something is missing.
    pub(super) fn finish(mut self) -> Result<(Header, S)> {
        if self.header.is_none() {
            self.try_header()?;
        }
        let position = self.position;
        let Some(header) = self.header else {
            return Err(truncated(position, None));
        };
        if self.tensor < header.tensors.len() {
            return Err(truncated(position, Some(header.file_bytes())));
        }
        Ok((header, self.sink))
    }

    fn try_header(&mut self) -> Result<()> {
        let Some(header) = Header::parse(&self.buffer)? else {
            // Parsing starts anew each time; doubling keeps the total work linear.
            self.retry_at = self.buffer.len() * 2;
            return Ok(());
        };
        if let Some(length) = self.file_bytes
            && length < header.file_bytes()
        {
            return Err(truncated(length, Some(header.file_bytes())));
        }
        self.sink.header(&header)?;
        let arrived = std::mem::take(&mut self.buffer);
        let start = usize::try_from(header.data_start).unwrap_or(usize::MAX);
        self.position = self.position.min(header.data_start);
        self.header = Some(header);
        // Padding between header and data may not have arrived; `data` skips what remains of it.
        self.data(arrived.get(start..).unwrap_or_default())
    }

    /// Passes bytes of the data section on, skipping the padding between tensors.
    fn data(&mut self, mut chunk: &[u8]) -> Result<()> {
        while !chunk.is_empty() {
            let Some((start, bytes)) = self.current() else {
                self.position += chunk.len() as u64;
                return Ok(());
            };
            let used = if self.position < start {
                (start - self.position).min(chunk.len() as u64) as usize
            } else {
                self.gather(chunk, bytes)?
            };
            self.position += used as u64;
            chunk = &chunk[used..];
        }
        Ok(())
    }

    /// Position in the file and length of the tensor that is arriving.
    fn current(&self) -> Option<(u64, u64)> {
        let header = self.header.as_ref()?;
        let tensor = header.tensors.get(self.tensor)?;
        Some((header.data_start + tensor.offset, tensor.bytes))
    }

    /// Uses the start of `chunk` for the current tensor and says how much it used.
    fn gather(&mut self, chunk: &[u8], bytes: u64) -> Result<usize> {
        if !self.begun {
            let header = self.header.as_ref().ok_or_else(no_header)?;
            self.sink.begin(&header.tensors[self.tensor])?;
            self.begun = true;
        }
        let left = bytes - self.taken;
        let wanted = (self.sink.wanted() as u64).min(left) as usize;
        let used = if self.buffer.is_empty() && chunk.len() >= wanted {
            self.sink.bytes(&chunk[..wanted])?;
            self.taken += wanted as u64;
            wanted
        } else {
            let used = chunk.len().min(wanted - self.buffer.len());
            self.buffer.extend_from_slice(&chunk[..used]);
            if self.buffer.len() == wanted {
                self.sink.bytes(&self.buffer)?;
                self.buffer.clear();
                self.taken += wanted as u64;
            }
            used
        };
        if self.taken == bytes {
            self.sink.end()?;
            (self.tensor, self.taken, self.begun) = (self.tensor + 1, 0, false);
        }
        Ok(used)
    }
}

fn no_header() -> Error {
    Error::new(Code::Internal, "tensor data before the header")
}

fn truncated(have: u64, want: Option<u64>) -> Error {
    let want = want.map_or_else(|| "its header".to_owned(), |bytes| format!("{bytes} bytes"));
    Error::new(
        Code::Truncated,
        format!("the file ends after {have} bytes, before {want}; fetch it again"),
    )
}
