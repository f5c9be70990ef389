# Sourced by scripts/kaimon, demo, test and setup (POSIX sh), with $root set to the checkout: the right Node first in PATH.
# setup puts a private Node into .setup where the distribution's is too old or has no headers; a package brings its own in node/.
for own_node in "$root/.setup/node" "$root/node"; do
  if [ -x "$own_node/bin/node" ]; then
    PATH="$own_node/bin:$PATH"
    export PATH
    break
  fi
done
# The OpenCV binding must never start to download and build OpenCV by itself; ONNX Runtime must never call home.
export OPENCV4NODEJS_DISABLE_AUTOBUILD=1 ORT_DISABLE_TELEMETRY=1
