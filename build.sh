#!/usr/bin/env bash
# Builds, serves and tests Tokenscope. `./build.sh help` tells what it can do.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$ROOT"

for part in versions common rust web model page checks peers; do
  # shellcheck source-path=SCRIPTDIR source=tools/build/common.sh
  . "$ROOT/tools/build/$part.sh"
done

usage() {
  cat <<'TEXT'
./build.sh COMMAND

  setup              install what is missing: Rust for wasm, wasm-bindgen, npm packages, browser, model
  build              make the static site in dist/, which any file server can host
  serve [--port N]   build the engine and serve the page on 127.0.0.1 (default port 8080, 0: any free one)
  check              format, lints, types and the walls between modules
  test [SUITE…]      everything that `check` does and all tests; suites: check rust js wasm page
  bench [--quick] [--rounds N] [--threads] [--json FILE] [--update]
                     measure the page in a browser, and check its output on the way; on one thread, or with --threads on all
  bench --peers [--quick] [--rounds N] [--files Q4_1,…] [--only NAME,…] [--json FILE] [--markdown FILE]
                     the same beside other engines, which are fetched and built first
  clean [--all]      remove what was built; with --all also the user's cache of tools and the model
  help               this text

Everything can be run again at no cost; once set up, nothing needs the network.

Environment:
  TOKENSCOPE_CACHE      where tools and the model are kept (default ~/.cache/tokenscope)
  TOKENSCOPE_MODEL      a copy of the default model that you already have
  TOKENSCOPE_CHROMIUM   the browser for tests, CHROMEDRIVER its driver
  TOKENSCOPE_WASM_RUST  rustup or debian: which compiler for wasm (default: rustup's where it can)
TEXT
}

setup_all() {
  setup_native_rust
  setup_wasm_rust
  setup_wasm_bindgen
  setup_npm_packages
  setup_browser
  setup_model
  timed "Fetching the crates" fetch_crates
  say "All set: everything else works without the network."
}

fetch_crates() {
  native_cargo fetch --locked
  # The build with threads builds the standard library, whose own crates are fetched with it.
  wasm_cargo threads fetch --locked
}

serve_page() {
  build_page
  setup_model
  exec node "$ROOT/tools/serve.mjs" --root "$ROOT/www" --port 8080 "$@"
}

check_all() {
  setup_native_rust
  build_page # the types of the engine's JavaScript side are made with it
  run_checks
  verdict
}

bench() {
  if [ "${1:-}" = --peers ]; then bench_peers "${@:2}"; else bench_page "$@"; fi
}

bench_page() {
  setup_browser
  build_dist
  exec node "$ROOT/tests/bench/bench.mjs" "$@"
}

clean() {
  rm -rf "$ROOT/dist" "$ROOT/dist.new" "$ROOT/target" "$ROOT/node_modules" \
    "$ROOT/www/pkg" "$ROOT/www/models"
  # Only what we put there: the folder may be one that the user shares with something else.
  if [ "${1:-}" = --all ]; then
    rm -rf "$CACHE"/wasm-bindgen-* "$CACHE"/node-* "$CACHE"/rustup-has-no-wasm-* "$CACHE/build" \
      "${CACHE:?}/$MODEL_FILE" "$CACHE/model-download" "$CACHE/model-verified" "$CACHE/apt-lists" "$CACHE/peers"
  fi
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  setup) setup_all ;;
  build) build_dist ;;
  serve) serve_page "$@" ;;
  check) check_all ;;
  test) run_tests "$@" ;;
  bench) bench "$@" ;;
  clean) clean "$@" ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    die "there is no command '$command'."
    ;;
esac
