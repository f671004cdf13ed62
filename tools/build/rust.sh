# shellcheck shell=bash
# The two Rust toolchains: one that builds for this machine and one that builds for wasm32.
# rustup's are preferred; Debian's rustc-web serves where rustup is missing or cannot fetch a target.

WASM_TARGET=wasm32-unknown-unknown
# The random numbers of the browser (asked for by a dependency; we draw our own). And LLVM's strength reduction takes
# offsets out of loads, each of which then costs an addition: without it decoding is some 5 % faster.
WASM_RUSTFLAGS='--cfg getrandom_backend="wasm_js" -C llvm-args=-disable-lsr'

# The standard library with atomics is shipped by nobody: it is built with our code, once.
# `test` is for the tests' sake: without it they would compile every crate a second time.
WASM_BUILD_STD=(-Z "build-std=std,panic_abort,test")
WASM_THREADS_FEATURES=+simd128,+relaxed-simd,+atomics,+bulk-memory,+mutable-globals
# One memory for all threads, which the page makes; it may grow to what 32 bits can address. What
# wasm-bindgen needs to start a thread is named, since the linker keeps only what is used.
WASM_SHARED_MEMORY=(--shared-memory --import-memory --max-memory=4294967296
  --export=__wasm_init_tls --export=__tls_size --export=__tls_align --export=__tls_base --export=__heap_base)

NATIVE=()     # command prefix that runs the native cargo
WASM_LINKER=  # where the toolchain does not know its own
WASM=()       # command prefix that runs the cargo for wasm32
WASM_FLAGS=() # arguments that every wasm32 build takes

rust_minimum() { sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$ROOT/Cargo.toml"; }

# rustc_version PREFIX…: prints the version of the compiler that the prefix runs.
rustc_version() { "$@" --version 2>/dev/null | awk '{ print $2 }' | sed 's/-.*//'; }

new_enough() {
  local version
  version=$(rustc_version "$@") && [ -n "$version" ] && at_least "$version" "$(rust_minimum)"
}

native_cargo() { "${NATIVE[@]}" "$@"; }

# wasm_cargo VARIANT SUBCOMMAND ARGUMENT…
wasm_cargo() {
  local variant=$1 subcommand=$2
  shift 2
  local before=(env) flags=("${WASM_FLAGS[@]}") features=+simd128 link=
  case $variant in
    threads)
      features=$WASM_THREADS_FEATURES
      flags=(--target "$WASM_TARGET" "${WASM_BUILD_STD[@]}")
      link=$(printf ' -C link-arg=%s' "${WASM_SHARED_MEMORY[@]}")
      ;;
    fast)
      take_baseline_libraries
      before+=("RUSTC_WORKSPACE_WRAPPER=$ROOT/tools/build/rustc-relaxed-simd")
      ;;
  esac
  # Building the standard library is something that stable compilers must be told to allow.
  case " ${flags[*]} " in *build-std*) before+=(RUSTC_BOOTSTRAP=1) ;; esac
  CARGO_TARGET_DIR="$(wasm_target "$variant")" \
    RUSTFLAGS="${WASM_LINKER:+-C linker=$WASM_LINKER }-C target-feature=$features $WASM_RUSTFLAGS$link" \
    "${before[@]}" "${WASM[@]}" "$subcommand" "${flags[@]}" "$@"
}

# Each variant has a folder of its own, or they would push each other out.
wasm_target() { printf '%s/target/wasm/%s' "$ROOT" "$1"; }

# `fast` is `baseline` but for our own code, so it begins with a copy of the libraries that are built already. Our own
# code is forgotten there: cargo would take it for done, since it does not compare what its compiler is wrapped in.
take_baseline_libraries() {
  local from to
  from=$(wasm_target baseline) to=$(wasm_target fast)
  if [ -e "$to" ] || [ ! -d "$from" ]; then return; fi
  rm -rf "$to.new"
  cp -a "$from" "$to.new"
  find "$to.new" -path '*/.fingerprint/tokenscope-*' -prune -exec rm -rf {} +
  mv "$to.new" "$to"
}

# Debian's compiler, named outright: rustup's may stand before it in the path.
DEBIAN_RUST=(env "PATH=/usr/bin:$PATH" RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc /usr/bin/cargo)

# --- native --------------------------------------------------------------------------------------

setup_native_rust() {
  [ ${#NATIVE[@]} -eq 0 ] || return 0
  have cc || apt_install gcc libc6-dev || true
  have cc || die "a C compiler's linker (cc) is missing and could not be installed: install gcc or clang and run this again."
  if have cargo && new_enough rustc; then
    NATIVE=(env cargo)
  elif have rustup && rustup_toolchain; then
    NATIVE=(env "RUSTUP_TOOLCHAIN=$RUST_TOOLCHAIN" cargo)
  elif debian_native_rust; then
    NATIVE=("${DEBIAN_RUST[@]}")
  else
    die "Rust $(rust_minimum) or newer is missing and could not be installed: install rustup (rust-lang.org explains how) and run this again."
  fi
}

rustup_toolchain() {
  RUSTUP_TOOLCHAIN=$RUST_TOOLCHAIN new_enough rustc && return
  timed "Adding the Rust toolchain $RUST_TOOLCHAIN" limited 600 \
    rustup toolchain install "$RUST_TOOLCHAIN" --profile minimal --component clippy --component rustfmt
}

debian_native_rust() {
  [ -x /usr/bin/cargo ] && new_enough /usr/bin/rustc && return
  is_debian && apt_refresh || return
  at_least "$(apt_candidate rustc-web)" "$(rust_minimum)" || return
  apt_install rustc-web cargo-web && new_enough /usr/bin/rustc
}

# --- wasm32 --------------------------------------------------------------------------------------

# TOKENSCOPE_WASM_RUST=rustup|debian picks one; by default rustup's is tried first.
setup_wasm_rust() {
  [ ${#WASM[@]} -eq 0 ] || return 0
  setup_native_rust
  local wanted=${TOKENSCOPE_WASM_RUST:-any}
  if [ "$wanted" != debian ] && ordinary_wasm_rust; then
    WASM=("${NATIVE[@]}")
    WASM_FLAGS=(--target "$WASM_TARGET")
  elif [ "$wanted" != rustup ] && debian_wasm_rust; then
    WASM_LINKER=$(wasm_linker)
    WASM=("${DEBIAN_RUST[@]}")
    WASM_FLAGS=(--target "$WASM_TARGET" "${WASM_BUILD_STD[@]}")
  else
    rm -f "$(rustup_refusal)"
    die "Rust's standard library for $WASM_TARGET is missing and could not be installed: run 'rustup target add $WASM_TARGET' and 'rustup component add rust-src' or, on Debian, 'apt-get install rustc-web cargo-web rust-web-src $DEBIAN_LLD' as root, and try again."
  fi
}

native_rustc() {
  local prefix=("${NATIVE[@]}")
  # The last word of the prefix is cargo; its compiler stands beside it.
  local last=$((${#prefix[@]} - 1))
  prefix[last]=${prefix[last]%cargo}rustc
  "${prefix[@]}" "$@"
}

has_wasm_library() {
  [ -d "$(native_rustc --print target-libdir --target "$WASM_TARGET" 2>/dev/null)" ]
}

has_library_source() {
  [ -d "$(native_rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/std" ]
}

# The toolchain that already builds for this machine, with rustup's library for wasm32 added, and
# the library's source for the build with threads.
ordinary_wasm_rust() {
  has_wasm_library && has_library_source && return
  have rustup && [ ! -e "$(rustup_refusal)" ] || return
  say "Adding $WASM_TARGET and rust-src to rustup's toolchain"
  local rustup=("${NATIVE[@]:0:${#NATIVE[@]}-1}" rustup)
  if limited 90 "${rustup[@]}" target add "$WASM_TARGET" && has_wasm_library &&
    limited 90 "${rustup[@]}" component add rust-src && has_library_source; then return; fi
  note "rustup could not fetch it; this is remembered, and Debian's packages are tried instead"
  mkdir -p "$CACHE" && touch "$(rustup_refusal)"
  return 1
}

# A file that stands where rustup has once failed to fetch the target for this compiler.
rustup_refusal() { printf '%s/rustup-has-no-wasm-for-%s' "$CACHE" "$(native_rustc --version | awk '{ print $2 }')"; }

# Debian ships the library's source only: it is built with our code, which takes half a minute once.
debian_wasm_rust() {
  debian_wasm_ready && return
  is_debian && apt_refresh || return
  at_least "$(apt_candidate rustc-web)" "$(rust_minimum)" || return
  apt_install rustc-web cargo-web rust-web-src "$DEBIAN_LLD" && debian_wasm_ready
}

debian_wasm_ready() {
  [ -x /usr/bin/cargo ] && new_enough /usr/bin/rustc && [ -n "$(wasm_linker)" ] &&
    [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/std" ]
}

wasm_linker() {
  local linker
  for linker in "wasm-ld-${DEBIAN_LLD#lld-}" wasm-ld; do
    if have "$linker"; then
      printf '%s' "$linker"
      return
    fi
  done
}

# --- wasm-bindgen --------------------------------------------------------------------------------

# The command line must equal the crate's version to the patch, so the lock file decides.
wasm_bindgen_version() {
  awk '$0 == "name = \"wasm-bindgen\"" { getline; gsub(/version = |"/, ""); print; exit }' "$ROOT/Cargo.lock"
}

wasm_bindgen_bin() { printf '%s/wasm-bindgen-%s/bin' "$CACHE" "$(wasm_bindgen_version)"; }

setup_wasm_bindgen() {
  local version bin
  version=$(wasm_bindgen_version)
  [ -n "$version" ] || die "Cargo.lock names no wasm-bindgen."
  bin=$(wasm_bindgen_bin)
  [ -x "$bin/wasm-bindgen" ] && [ -x "$bin/wasm-bindgen-test-runner" ] && return
  setup_native_rust
  timed "Building the wasm-bindgen command line $version (once; some minutes)" \
    locked wasm-bindgen install_wasm_bindgen "$version" "${bin%/bin}"
}

# Its own target folder stands in the cache, so that an interrupted build goes on where it was.
install_wasm_bindgen() {
  [ -x "$2/bin/wasm-bindgen-test-runner" ] && return
  # It runs for a second or two a build: not worth what the highest optimisation takes.
  CARGO_TARGET_DIR="$CACHE/build" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 native_cargo install wasm-bindgen-cli --version "$1" --root "$2" ||
    die "wasm-bindgen-cli $1 could not be built; see the lines above."
  rm -rf "$CACHE/build"
}
