# shellcheck shell=bash
# What the comparison with other engines needs, in the user's cache: none of it is part of the page.

PEERS="$CACHE/peers"

bench_peers() {
  setup_browser
  build_dist
  setup_peers
  export PEER_WLLAMA_2 PEER_WLLAMA_3 PEER_CANDLE PEER_TRANSFORMERS
  PEER_NPM="$PEERS/npm/node_modules" PEER_FILES="$PEERS/files" PEER_CANDLE_PKG="$PEERS/candle-$PEER_CANDLE" \
    PEER_PYTHON="$PEERS/venv/bin/python" node "$ROOT/tests/bench/peers/peers.mjs" "$@"
}

setup_peers() {
  mkdir -p "$PEERS/files"
  locked peers-npm install_peer_packages
  locked peers-candle build_stock_candle
  locked peers-llama install_llama_cpp
  locked peers-onnx install_onnx_tools
  locked peers-files make_peer_files
}

install_peer_packages() {
  local key="$PEER_WLLAMA_2 $PEER_WLLAMA_3 $PEER_TRANSFORMERS"
  stamped "$PEERS/npm-stamp" "$key" && return
  # Without scripts: what they fetch is for Node.js.
  timed "Fetching wllama and transformers.js" npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$PEERS/npm" \
    "wllama2@npm:@wllama/wllama@$PEER_WLLAMA_2" "wllama3@npm:@wllama/wllama@$PEER_WLLAMA_3" \
    "@huggingface/transformers@$PEER_TRANSFORMERS" ||
    die "the other engines could not be fetched; see the lines above."
  stamp "$PEERS/npm-stamp" "$key"
}

build_stock_candle() {
  local pkg="$PEERS/candle-$PEER_CANDLE" crate="$ROOT/tests/bench/peers/candle"
  [ ! -f "$pkg/stock_candle_bg.wasm" ] || return 0
  (cd "$crate" && timed "Compiling stock candle to wasm" wasm_cargo baseline build --locked --release) ||
    die "stock candle did not compile; see the lines above."
  "$(wasm_bindgen_bin)/wasm-bindgen" --target web --out-dir "$pkg" \
    "$(wasm_target baseline)/$WASM_TARGET/release/stock_candle.wasm"
}

# With AVX2, on every machine that has it: what a build for the machine itself takes differs from one to the next, and on a
# virtual one that showed AMX it ended with a segmentation fault.
install_llama_cpp() {
  local options="-DGGML_NATIVE=OFF"
  case $(uname -m) in x86_64) options="$options -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON" ;; esac
  stamped "$PEERS/venv-stamp" "$PEER_LLAMA_CPP $options" && return
  CMAKE_ARGS=$options timed "Building llama.cpp (once; some minutes)" \
    install_packages "$PEERS/venv" --no-cache-dir --force-reinstall "llama-cpp-python==$PEER_LLAMA_CPP" || die "llama-cpp-python could not be built; see the lines above."
  stamp "$PEERS/venv-stamp" "$PEER_LLAMA_CPP $options"
}

# A folder for Python, and the packages that go into it.
install_packages() {
  local folder="$1"
  shift
  python3 -m venv "$folder" && "$folder/bin/python" -m pip install --quiet "$@"
}

install_onnx_tools() {
  stamped "$PEERS/onnx-stamp" "$PEER_ONNX_TOOLS" && return
  # shellcheck disable=SC2086 # a list of packages
  timed "Fetching the tools of ONNX" install_packages "$PEERS/onnx" $PEER_ONNX_TOOLS || die "the tools of ONNX could not be installed; see the lines above."
  stamp "$PEERS/onnx-stamp" "$PEER_ONNX_TOOLS"
}

# The default model in other types, by llama.cpp itself, and as transformers.js takes it.
make_peer_files() {
  local kind
  ln -f "$TOKENSCOPE_MODEL" "$PEERS/files/Q4_1.gguf" 2>/dev/null || cp "$TOKENSCOPE_MODEL" "$PEERS/files/Q4_1.gguf"
  for kind in Q8_0 Q4_0; do
    [ -f "$PEERS/files/$kind.gguf" ] || timed "Making the model in $kind" \
      "$PEERS/venv/bin/python" "$ROOT/tests/bench/peers/native.py" quantize "$TOKENSCOPE_MODEL" "$PEERS/files/$kind.gguf" "$(printf %s "$kind" | tr "[:upper:]" "[:lower:]")" ||
      die "the model could not be made in $kind; see the lines above."
  done
  [ -f "$PEERS/files/int8/config.json" ] || timed "Making the model in int8 for transformers.js" \
    "$PEERS/onnx/bin/python" "$ROOT/tests/bench/peers/onnx_export.py" "$TOKENSCOPE_MODEL" "$PEERS/files/int8" ||
    die "the model could not be made for transformers.js; see the lines above."
}
