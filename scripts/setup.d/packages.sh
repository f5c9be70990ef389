# shellcheck shell=bash
# Step 1: what the distribution provides. Only what dpkg does not know as installed is asked for.
step=packages
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# libopencv-dev brings Debian's and Ubuntu's contrib modules with it; NVIDIA's build for Jetson stands alone and is left as it is.
# bubblewrap: the sandbox of an eye that no unit confines (docs/decisions/004-confined-eye.md).
base=(libopencv-dev g++ make python3 ca-certificates mosquitto mosquitto-clients espeak-ng alsa-utils bubblewrap)

installed() { [[ " $(dpkg-query -W -f='${db:Status-Status} ' "$1" 2>/dev/null || true)" == *' installed '* ]]; }

wanted() {
  printf '%s\n' "${base[@]}"
  compgen -G '/usr/share/opencv*/haarcascades/haarcascade_frontalface_default.xml' >/dev/null || echo opencv-data
  node_packages
}

# Node from the distribution where it serves; where it is too old its npm still fetches the private one (step 2).
node_packages() {
  local state_of_node
  state_of_node=$(node_state)
  case $state_of_node in
    ok) command -v npm >/dev/null || echo npm ;;
    absent) echo nodejs; echo npm ;;
    headers*) if debian_node; then echo libnode-dev; fi; command -v npm >/dev/null || echo npm ;;
    *) command -v npm >/dev/null || echo npm ;;
  esac
}

debian_node() { # Debian's own package keeps the headers in libnode-dev; others bring them along or have none.
  dpkg -S "$(readlink -f "$(command -v node)")" 2>/dev/null | grep -q '^nodejs:' && dpkg-query -W -f='${Depends}' nodejs | grep -q libnode
}

missing() {
  command -v dpkg-query >/dev/null || { echo 'dpkg: this is not a Debian, Raspberry Pi OS or Ubuntu'; return; }
  local package
  while read -r package; do installed "$package" || echo "$package"; done < <(wanted)
}

as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

prepare() {
  if ! command -v apt-get >/dev/null || { ((EUID != 0)) && ! { command -v sudo >/dev/null && sudo -v; }; }; then
    mkdir -p "$state/log"
    echo 'neither root nor sudo' >"$state/log/$step.log"
    return 1
  fi
}

# The test suite and a site's own broker use the mosquitto program; a second broker that starts by itself is nobody's wish.
# The rule names mosquitto only, so that it harms nothing should it be left behind by a power cut.
policy=/usr/sbin/policy-rc.d
hold_mosquitto() {
  held=false
  if [[ " $* " == *' mosquitto '* && ! -e $policy ]]; then
    held=true
    trap release_mosquitto EXIT
    printf '%s\n' '#!/bin/sh' '# Of the Kaimon setup, removed at its end.' 'case " $* " in *" mosquitto"*) exit 101 ;; esac' 'exit 0' |
      as_root sh -c "cat >$policy && chmod 755 $policy"
  fi
}
release_mosquitto() {
  $held || return 0
  held=false
  as_root rm -f "$policy"
  if [[ -d /run/systemd/system ]]; then as_root systemctl disable mosquitto.service || true; fi
}

work() {
  local packages apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=600)
  # One broken third-party source must not stop an installation that does not need it.
  as_root "${apt[@]}" update || echo 'apt-get update failed; going on with the lists at hand'
  mapfile -t packages < <(missing)
  # libnode-dev can only be asked for once it is known that the distribution's Node will serve.
  if [[ " ${packages[*]} " == *' nodejs '* ]] && new_enough "$(candidate nodejs)"; then
    [[ $(candidate nodejs) == *nodesource* ]] || packages+=(libnode-dev)
  fi
  hold_mosquitto "${packages[@]}"
  as_root "${apt[@]}" install --no-install-recommends "${packages[@]}"
}

candidate() { apt-cache policy "$1" | sed -n 's/^ *Candidate: *//p'; }
new_enough() { dpkg --compare-versions "${1#*:}" ge 20.19; }

advice() {
  local list
  list=$(missing | tr '\n' ' ')
  if ! command -v apt-get >/dev/null; then
    echo "Kaimon's setup knows Debian 12/13, Raspberry Pi OS (64-bit) and Ubuntu; here, install by hand: $list"
  elif log_has 'neither root nor sudo'; then
    echo "Root rights are needed once. As root run: apt-get install --no-install-recommends $list"
  elif log_has 'unable to locate package|has no installation candidate'; then
    echo "A package is not in this system's sources: on Ubuntu run 'sudo add-apt-repository universe', then scripts/setup again."
  elif log_has 'could not get lock'; then
    echo 'Another package manager is at work: wait for it, then run scripts/setup again.'
  elif log_has 'held broken packages|unmet dependencies'; then
    echo "apt cannot fit these packages together: try 'sudo apt-get -f install'. Wanted: $list"
  else
    echo "apt-get could not install: $list- check the network and the disk, then run scripts/setup again."
  fi
}
main "$@"
