# shellcheck shell=bash
# The page: the engine as wasm in www/pkg, and the static site in dist.

build_page() {
  setup_wasm_rust
  setup_wasm_bindgen
  setup_npm_packages
  local variant
  for variant in "${WASM_VARIANTS[@]}"; do
    timed "Compiling the engine to wasm ($variant)" wasm_cargo "$variant" build --locked --lib --profile wasm-release ||
      die "the engine did not compile; see the lines above."
    locked pkg make_pkg "$variant" "$(wasm_target "$variant")/$WASM_TARGET/wasm-release/tokenscope.wasm"
  done
}

# make_pkg VARIANT COMPILED: its folder in www/pkg from the compiler's output; nothing happens if
# that has not changed.
make_pkg() {
  local key pkg="$ROOT/www/pkg/$1" stamp_file="$BUILD_STATE/pkg-$1"
  key="$(sha256_of "$2") $(wasm_bindgen_version) $WASM_OPT_FLAGS"
  if stamped "$stamp_file" "$key" && [ -f "$pkg/tokenscope_bg.wasm" ]; then return; fi
  rm -rf "$pkg.new"
  timed "Making the JavaScript side of the engine ($1)" \
    "$(wasm_bindgen_bin)/wasm-bindgen" --target web --out-dir "$pkg.new" --out-name tokenscope "$2" || return
  # shellcheck disable=SC2086 # the flags are words
  timed "Optimising the wasm ($1)" \
    "$ROOT/node_modules/.bin/wasm-opt" $WASM_OPT_FLAGS -o "$pkg.new/tokenscope_bg.wasm" "$pkg.new/tokenscope_bg.wasm" || return
  rm -rf "$pkg"
  mv "$pkg.new" "$pkg"
  stamp "$stamp_file" "$key"
}

# The site that any file server can host: www without its types, and the model beside it.
build_dist() {
  build_page
  setup_model
  locked dist make_dist
  node "$ROOT/tools/size-report.mjs" "$ROOT/dist"
}

make_dist() {
  local new="$ROOT/dist.new"
  rm -rf "$new"
  mkdir -p "$new"
  # The model is linked rather than copied, so it is left out here.
  (cd "$ROOT/www" && tar -cf - --exclude './models' --exclude '*.d.ts' --exclude './pkg/*.new' .) | tar -xf - -C "$new" || return
  cp "$ROOT/LICENSE-MIT" "$ROOT/LICENSE-APACHE" "$new/"
  place_model "$TOKENSCOPE_MODEL" "$new/models/$MODEL_FILE"
  rm -rf "$ROOT/dist"
  mv "$new" "$ROOT/dist"
  say "The site is in dist/"
}
