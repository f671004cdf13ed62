# shellcheck shell=bash
# What the comparison with other engines needs, in the user's cache: none of it is part of the page.

PEERS="$CACHE/peers"

bench_peers() {
  setup_browser
  build_dist
  setup_peers
  export PEER_WLLAMA_2 PEER_WLLAMA_3 PEER_CANDLE
  PEER_NPM="$PEERS/npm/node_modules" PEER_FILES="$PEERS/files" PEER_CANDLE_PKG="$PEERS/candle-$PEER_CANDLE" \
    PEER_PYTHON="$PEERS/venv/bin/python" node "$ROOT/tests/bench/peers/peers.mjs" "$@"
}

setup_peers() {
  mkdir -p "$PEERS/files"
  locked peers-npm install_peer_packages
  locked peers-candle build_stock_candle
  locked peers-llama install_llama_cpp
  locked peers-files make_peer_files
}

install_peer_packages() {
  local key="$PEER_WLLAMA_2 $PEER_WLLAMA_3"
  stamped "$PEERS/npm-stamp" "$key" && return
  timed "Fetching wllama" npm install --silent --no-save --no-audit --no-fund --prefix "$PEERS/npm" \
    "wllama2@npm:@wllama/wllama@$PEER_WLLAMA_2" "wllama3@npm:@wllama/wllama@$PEER_WLLAMA_3" ||
    die "wllama could not be fetched; see the lines above."
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

install_llama_cpp() {
  stamped "$PEERS/venv-stamp" "$PEER_LLAMA_CPP" && return
  timed "Building llama.cpp (once; some minutes)" build_llama_cpp || die "llama-cpp-python could not be built; see the lines above."
  stamp "$PEERS/venv-stamp" "$PEER_LLAMA_CPP"
}

build_llama_cpp() {
  python3 -m venv "$PEERS/venv" && "$PEERS/venv/bin/python" -m pip install --quiet "llama-cpp-python==$PEER_LLAMA_CPP"
}

# The default model in other types, by llama.cpp itself.
make_peer_files() {
  local kind
  ln -f "$TOKENSCOPE_MODEL" "$PEERS/files/Q4_1.gguf" 2>/dev/null || cp "$TOKENSCOPE_MODEL" "$PEERS/files/Q4_1.gguf"
  for kind in Q8_0 Q4_0; do
    [ -f "$PEERS/files/$kind.gguf" ] || timed "Making the model in $kind" \
      "$PEERS/venv/bin/python" "$ROOT/tests/bench/peers/native.py" quantize "$TOKENSCOPE_MODEL" "$PEERS/files/$kind.gguf" "$(printf %s "$kind" | tr "[:upper:]" "[:lower:]")" ||
      die "the model could not be made in $kind; see the lines above."
  done
}
