# shellcheck shell=bash
# Format, lints, types and walls; and the four test suites. Each suite runs even if an earlier one
# fails, and the last lines say which did.

PASSED=()
FAILED=()

# suite NAME COMMAND…
suite() {
  local name=$1
  shift
  if timed "$name" "$@"; then PASSED+=("$name"); else FAILED+=("$name"); fi
}

# verdict: prints what passed and what failed, and fails if anything did.
verdict() {
  local name
  printf '\n'
  for name in "${PASSED[@]+"${PASSED[@]}"}"; do say "passed: $name"; done
  for name in "${FAILED[@]+"${FAILED[@]}"}"; do say "${RED}FAILED${PLAIN}: $name"; done
  [ ${#FAILED[@]} -eq 0 ]
}

# --- check ---------------------------------------------------------------------------------------

run_checks() {
  suite "Format (rustfmt)" check_format
  suite "Lints, native (clippy)" check_native_lints
  suite "Lints, wasm (clippy)" check_wasm_lints
  suite "Types (tsc)" check_types
  suite "Walls between modules" node "$ROOT/tools/check-walls.mjs" "$ROOT"
  suite "Shell scripts (shellcheck)" check_shell
}

# What a machine cannot run is said aloud, never counted as a failure of the code.
skipped() { note "skipped: $*"; }

check_format() {
  if ! native_cargo fmt --version >/dev/null 2>&1; then
    skipped "this toolchain has no rustfmt"
    return
  fi
  native_cargo fmt --check
}

check_native_lints() {
  if ! native_cargo clippy --version >/dev/null 2>&1 && ! apt_install_clippy; then
    skipped "this toolchain has no clippy"
    return
  fi
  native_cargo clippy --locked --all-targets -- -D warnings
}

check_wasm_lints() {
  if ! wasm_clippy_ready; then
    skipped "the toolchain for wasm has no clippy"
    return
  fi
  local features
  # Whatever is compiled for `fast` alone is compiled for one of these. The libraries are checked once.
  for features in +simd128 "$WASM_THREADS_FEATURES"; do
    wasm_cargo baseline clippy --locked --lib --profile wasm-release -- -D warnings -C "target-feature=$features" || return
  done
}

# Debian's clippy belongs to Debian's compiler only.
apt_install_clippy() {
  case " ${NATIVE[*]} " in
    *" /usr/bin/cargo "*) apt_install rust-web-clippy ;;
    *) return 1 ;;
  esac
}

wasm_clippy_ready() {
  case " ${WASM[*]} " in
    *" /usr/bin/cargo "*) apt_install rust-web-clippy ;;
    *) "${WASM[@]}" clippy --version >/dev/null 2>&1 ;;
  esac
}

check_types() {
  local project
  for project in "$ROOT"/tsconfig.json "$ROOT"/tests/tsconfig.json; do
    "$ROOT/node_modules/.bin/tsc" --project "$project" || return
  done
}

check_shell() {
  if ! have shellcheck; then
    skipped "shellcheck is not installed"
    return
  fi
  shellcheck --external-sources "$ROOT/build.sh" "$ROOT"/tools/build/*.sh "$ROOT/.ci/run"
}

# --- test ----------------------------------------------------------------------------------------

test_rust() {
  if native_cargo nextest --version >/dev/null 2>&1; then
    native_cargo nextest run --locked --no-fail-fast && native_cargo test --locked --doc
  else
    native_cargo test --locked --no-fail-fast
  fi
}

# JavaScript that needs no browser: unit tests of the tools and of the page's modules.
test_js() {
  local files=()
  while IFS= read -r file; do files+=("$file"); done < <(
    find "$ROOT/tools" "$ROOT/tests" "$ROOT/www" \( -name '*.test.mjs' -o -name '*.test.js' \) -not -path "$ROOT/tests/page/*" | sort
  )
  node --test "${files[@]}"
}

# The engine in a real browser, in the very builds that the page uses.
test_wasm() {
  local variant
  printf '{"goog:chromeOptions":{"binary":"%s","args":["%s"]}}\n' \
    "$TOKENSCOPE_CHROMIUM" "${CHROMIUM_FLAGS// /\",\"}" >"$BUILD_STATE/webdriver.json"
  for variant in "${WASM_VARIANTS[@]}"; do
    (test_wasm_variant "$variant") || return
  done
}

# Like the page, all but the build with threads do without cross-origin isolation.
test_wasm_variant() {
  unset WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION
  [ "$1" = threads ] || export WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION=1
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="$(wasm_bindgen_bin)/wasm-bindgen-test-runner" \
    WASM_BINDGEN_TEST_WEBDRIVER_JSON="$BUILD_STATE/webdriver.json" \
    WASM_BINDGEN_TEST_TIMEOUT=300 \
    wasm_cargo "$1" test --locked --profile wasm-release --test 'wasm*'
}

# One browser at a time: timings and memory are part of what is tested.
test_page() { node --test --test-concurrency=1 "$ROOT"/tests/page/*.test.mjs; }

# run_tests [SUITE…]: check, rust, js, wasm, page; all of them if none is named.
run_tests() {
  local name wanted=("${@:-all}")
  for name in "${wanted[@]}"; do
    case $name in
      all | check | rust | js | wasm | page) ;;
      *) die "there is no test suite '$name': choose among check, rust, js, wasm and page." ;;
    esac
  done
  wants() { case " ${wanted[*]} " in *" all "* | *" $1 "*) true ;; *) false ;; esac; }

  prepare_tests
  if wants check; then run_checks; fi
  if wants rust; then suite "Rust tests, native" test_rust; fi
  if wants js; then suite "JavaScript unit tests" test_js; fi
  if wants wasm; then suite "Rust tests in a browser (wasm)" test_wasm; fi
  if wants page; then suite "Page tests in a browser" test_page; fi
  verdict
}

# What any suite may need, made before the first of them so that a missing part is said at once.
prepare_tests() {
  setup_native_rust
  setup_npm_packages
  setup_model
  if wants wasm || wants page; then setup_browser; fi
  if wants check || wants wasm; then
    setup_wasm_rust
    setup_wasm_bindgen
  fi
  if wants check; then build_page; fi
  if wants page; then build_dist; fi
}
