# shellcheck shell=bash
# Step 4: the OpenCV binding, compiled once for each Node ABI, processor, OpenCV, package version and distribution, and kept
# outside node_modules, so that a fresh checkout does not pay the minutes again.
step=opencv
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
package="$root/node_modules/@u4/opencv4nodejs"
built="$package/build/Release/opencv4nodejs.node"
note="$package/build/kaimon-key"

key() {
  local abi version opencv system
  abi=$(node -p 'process.versions.modules + "-" + process.arch')
  version=$(node -p 'require(process.argv[1]).version' "$package/package.json")
  opencv=$(dpkg-query -W -f='${Version}' libopencv-dev 2>/dev/null || echo unknown)
  system=$(. /etc/os-release && echo "${ID:-linux}-${VERSION_ID:-unknown}")
  echo "$abi-$opencv-$version-$system" | tr -c 'A-Za-z0-9.+~\n-' '_'
}

# A throwaway process: a binding that does not fit may end it instead of failing politely.
loads() { # file
  [[ -f $1 ]] && node -e '
    const cv = require(process.argv[1]);
    for (const name of ["Mat", "CascadeClassifier", "VideoCapture", "imdecodeAsync", "imencode"])
      if (typeof cv[name] !== "function") throw new Error("no " + name);
    if (new cv.Mat(2, 3, cv.CV_8UC1, 7).at(1, 2) !== 7) throw new Error("wrong pixel");
  ' "$1"
}

opencv_of() { node -p 'const { major, minor, revision } = require(process.argv[1]).version; [major, minor, revision].join(".")' "$1"; }

missing() {
  if [[ ! -d $package ]] || ! command -v node >/dev/null; then
    echo 'the binding (npm packages first)'
  elif [[ $(cat "$note" 2>/dev/null) != "$(key)" ]] || ! loads "$built" 2>/dev/null; then
    echo "the binding for $(key)"
  fi
}

work() {
  local key kept
  key=$(key)
  kept="$(cache_dir)/opencv/$key/opencv4nodejs.node"
  if [[ -e $kept ]]; then
    if loads "$kept"; then
      echo "from the cache: $kept" && echo '      from the cache' >&3
      put "$kept" "$built"
      echo "$key" >"$note"
      return
    fi
    echo "$kept does not load: building it again"
    rm -f "$kept"
  fi
  if [[ ! -e $note ]] && loads "$built" 2>/dev/null && [[ $(dpkg-query -W -f='${Version}' libopencv-dev) == "$(opencv_of "$built")"* ]]; then
    echo '      compiled before by hand, fits' >&3
  else
    compile "$key"
    loads "$built"
  fi
  echo "$key" >"$note"
  put "$built" "$kept" || echo "could not keep a copy in $kept"
}

put() { # from to: readers see the whole file or none
  mkdir -p "$(dirname "$2")" && cp "$1" "$2.$$.tmp" && mv "$2.$$.tmp" "$2"
}

# One compiler takes up to 1 GB.
jobs_that_fit() {
  local cores free_gb
  cores=$(nproc)
  free_gb=$(awk '/^MemAvailable:/ { print int($2 / 1000000) }' /proc/meminfo)
  echo $((free_gb < 1 ? 1 : free_gb < cores ? free_gb : cores))
}

compile() { # key
  local key=$1 jobs prefix total verb=rebuild begun="$package/build/kaimon-begun" gyp
  jobs=$(jobs_that_fit)
  prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
  total=$(grep -cE '"cc/.*\.cc"' "$package/binding.gyp")
  printf '      compiling %d files, %d at a time; some minutes on a PC, up to an hour on a small board\n' "$total" "$jobs" >&3
  gyp=("$root/node_modules/node-gyp/bin/node-gyp.js" --release -j "$jobs" --nodedir="$prefix")
  cd "$package"
  # An interrupted build of the same kind goes on where it stopped.
  if [[ $(cat "$begun" 2>/dev/null) == "$key" ]]; then verb=build; else rm -rf build; fi
  if [[ $verb == rebuild ]]; then
    node "${gyp[@]}" configure
    echo "$key" >"$begun"
  fi
  # A failed build must not be continued: a file cut short by the failure would be taken for a whole one.
  node "${gyp[@]}" build > >(count_files "$total") 2>&1 || { rm -f "$begun"; return 1; }
  rm -f "$begun"
}

count_files() { # total; passes the log on and reports progress
  local total=$1 done_count began=$SECONDS shown=0 percent left line first
  done_count=$(find build -name '*.o' 2>/dev/null | wc -l)
  first=$done_count
  while IFS= read -r line; do
    printf '%s\n' "$line"
    [[ $line == *'CXX('* ]] || continue
    done_count=$((done_count + 1))
    percent=$((done_count * 100 / total > 100 ? 100 : done_count * 100 / total))
    left=$(((SECONDS - began) * (total - done_count) / (done_count - first)))
    printf '%d of %d files, about %d min left' "$done_count" "$total" $(((left + 59) / 60)) >"$KAIMON_PROGRESS"
    if [[ ! -t 3 ]] && ((percent >= shown + 10)); then
      shown=$((percent / 10 * 10))
      printf '      %d %% (%d of %d files), about %d min left\n' "$percent" "$done_count" "$total" $(((left + 59) / 60)) >&3
    fi
  done
}

advice() {
  if log_has 'killed|out of memory|cannot allocate'; then
    echo 'The compiler ran out of memory: close other programs or add swap (sudo fallocate -l 2G /swap && sudo chmod 600 /swap && sudo mkswap /swap && sudo swapon /swap), then run scripts/setup again.'
  elif log_has 'no space left'; then
    echo 'The disk is full: free 1 GB and run scripts/setup again.'
  else
    echo 'The OpenCV binding could not be compiled or does not load; please report it with the log named below.'
  fi
}
main "$@"
