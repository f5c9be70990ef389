# Sourced by scripts/kaimon, demo, test and setup (POSIX sh), with $root set to the checkout: the right Node first in PATH.
# setup puts a private Node here where the distribution's is too old or has no headers.
if [ -x "$root/.setup/node/bin/node" ]; then
  PATH="$root/.setup/node/bin:$PATH"
  export PATH
fi
# The OpenCV binding must never start to download and build OpenCV by itself; ONNX Runtime must never call home.
export OPENCV4NODEJS_DISABLE_AUTOBUILD=1 ORT_DISABLE_TELEMETRY=1
