# shellcheck shell=bash
# Words, clocks, stamps and package installs: what every other part of the build uses.

CACHE="${TOKENSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tokenscope}"
BUILD_STATE="$ROOT/target/build-state"

if [ -t 1 ]; then
  BOLD=$'\033[1m' DIM=$'\033[2m' RED=$'\033[31m' PLAIN=$'\033[0m'
else
  BOLD='' DIM='' RED='' PLAIN=''
fi

say() { printf '%s==>%s %s\n' "$BOLD" "$PLAIN" "$*"; }
note() { printf '    %s%s%s\n' "$DIM" "$*" "$PLAIN"; }
die() {
  printf '%serror:%s %s\n' "$RED" "$PLAIN" "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# timed LABEL COMMAND…: says what begins, runs it, and says how long it took.
timed() {
  local label=$1 start=$SECONDS
  shift
  say "$label"
  "$@" || return
  note "$label: done in $((SECONDS - start)) s"
}

# limited SECONDS COMMAND…: where `timeout` is missing the command runs without a limit.
limited() {
  local seconds=$1
  shift
  if have timeout; then timeout "$seconds" "$@"; else "$@"; fi
}

# locked NAME COMMAND…: keeps two runs of this script from doing the same work at once.
locked() {
  local name=$1
  shift
  mkdir -p "$BUILD_STATE"
  if ! have flock; then
    "$@"
    return
  fi
  (
    flock 9
    # The command's children must not keep the lock.
    "$@" 9>&-
  ) 9>"$BUILD_STATE/$name.lock"
}

sha256_of() {
  if have sha256sum; then sha256sum "$1" | cut -d' ' -f1; else shasum -a 256 "$1" | cut -d' ' -f1; fi
}

sha256_of_input() {
  if have sha256sum; then sha256sum | cut -d' ' -f1; else shasum -a 256 | cut -d' ' -f1; fi
}

size_of() { wc -c <"$1" | tr -d ' '; }

# A stamp remembers which inputs a result was made from.
stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
stamp() {
  mkdir -p "$(dirname "$1")"
  printf '%s\n' "$2" >"$1"
}

# at_least A B: is version A the same as B or newer?
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

is_debian() { have apt-get && have dpkg-query; }

# Root's rights: as root, or with sudo (which may ask for a password only at a terminal).
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

can_be_root() { [ "$(id -u)" = 0 ] || have sudo; }

apt_has() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# apt_candidate PACKAGE: the version that apt would install; empty if there is none.
apt_candidate() {
  apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)" { print $2 }'
}

# Package lists are fetched once a day at most.
apt_refresh() {
  local stamp_file="$CACHE/apt-lists"
  if [ -n "$(find "$stamp_file" -mtime -1 2>/dev/null)" ] && [ -n "$(apt_candidate bash)" ]; then return 0; fi
  can_be_root || return 1
  say "Refreshing the list of Debian packages"
  as_root apt-get update -qq || return
  mkdir -p "$CACHE" && touch "$stamp_file"
}

# apt_install PACKAGE…: installs what is missing; never removes a package to make room for another.
apt_install() {
  local package missing=()
  for package in "$@"; do
    apt_has "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! is_debian || ! can_be_root; then return 1; fi
  apt_refresh || return
  say "Installing Debian packages: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}"
}
