#!/usr/bin/env bash
# test/arm64/machine.sh WORKDIR: a whole arm64 machine, emulated: Debian's own kernel, systemd as process 1, a GPIO chip of gpio-sim, and
# the package that test/arm64/emulated.sh WORKDIR installed before. What is tried in it stands in machine-guest.sh.
# SUITE=bookworm, CPU=cortex-a72, MEM=2048, LIMIT=3600 (seconds). Needs root, qemu-system-arm, gcc-aarch64-linux-gnu, make, e2fsprogs, cpio.
# The kernel's modules and the disk are made in WORKDIR/machine and kept. Prints the machine's own words; exits 1 on failure.
set -euo pipefail
work=${1:?usage: test/arm64/machine.sh WORKDIR}
if [ -z "${OWN_MOUNTS:-}" ]; then OWN_MOUNTS=1 exec unshare --mount "$0" "$@"; fi
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd -P)
suite=${SUITE:-bookworm} cpu=${CPU:-cortex-a72}
root=$(cd "$work" && pwd -P)/$suite
made=$(cd "$work" && pwd -P)/machine
[ -d "$root" ] || { echo "machine.sh: first test/arm64/emulated.sh PACKAGE $work" >&2; exit 2; }
mkdir -p "$made"
say() { printf '== %s\n' "$*"; }
in_root() { QEMU_CPU=$cpu chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
unpacked() { # PACKAGE… into $made/kernel
  rm -rf "$root/tmp/debs" && mkdir -p "$root/tmp/debs" "$made/kernel"
  in_root sh -c 'cd /tmp/debs && apt-get download -qq -o APT::Sandbox::User=root "$@"' - "$@"
  for deb in "$root"/tmp/debs/*.deb; do dpkg-deb --extract "$deb" "$made/kernel"; done
}

# ------------------------------------------------------------------ kernel and gpio-sim, which Debian leaves out
if [ ! -e "$made/kernel/gpio-sim.ko" ]; then
  rm -rf "$made/kernel"
  image=$(in_root apt-cache depends linux-image-arm64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*-arm64\)$/\1/p' | head -n 1)
  kernel=${image#linux-image-}
  series=$(cut -d. -f1,2 <<<"$kernel")
  unpacked "$image" "linux-headers-$kernel" "linux-headers-${kernel%-arm64}-common" "linux-kbuild-$series" busybox-static gpiod libgpiod2
  in_root apt-get download -qq -o APT::Sandbox::User=root "linux-source-$series" --print-uris >/dev/null
  unpacked "linux-source-$series"
  echo "$kernel" >"$made/kernel/version"
  out=$made/kernel/gpio-sim
  mkdir -p "$out"
  tar -xJf "$made/kernel/usr/src/linux-source-$series.tar.xz" -C "$out" --strip-components=3 --wildcards \
    '*/drivers/gpio/gpio-sim.c' '*/drivers/gpio/gpiolib.h'
  tar -xJf "$made/kernel/usr/src/linux-source-$series.tar.xz" -C "$out" --strip-components=3 --wildcards '*/kernel/irq/irq_sim.c'
  mv "$out/gpio-sim.c" "$out/gpio_sim_main.c"
  # irq_to_desc is not for modules; generic_handle_irq does the same and is.
  sed -i 's/handle_simple_irq(irq_to_desc(\([a-z_]*\)))/generic_handle_irq(\1)/' "$out/irq_sim.c"
  printf 'obj-m := gpio-sim.o\ngpio-sim-y := gpio_sim_main.o irq_sim.o\n' >"$out/Makefile"
  headers=$made/kernel/usr/src/linux-headers-$kernel
  grep -rlI '/usr/src/' "$headers/Makefile" "$headers/.config" 2>/dev/null | xargs -r sed -i "s|\([ =]\)/usr/src/|\1$made/kernel/usr/src/|g"
  # The kernel's tools are programs of arm64.
  QEMU_LD_PREFIX=$root make -s -C "$headers" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- "M=$out" modules >"$made/gpio-sim.log" 2>&1 ||
    { tail -n 5 "$made/gpio-sim.log" >&2; exit 1; }
  aarch64-linux-gnu-strip --strip-debug -o "$made/kernel/gpio-sim.ko" "$out/gpio-sim.ko"
fi
kernel=$(cat "$made/kernel/version")

# ------------------------------------------------------------------ an initrd with what the disk needs, in the order of its dependencies
modules=$made/kernel/lib/modules/$kernel
[ -d "$modules" ] || modules=$made/kernel/usr/lib/modules/$kernel
depmod -b "${modules%/lib/modules/*}" "$kernel" 2>/dev/null
initrd=$made/initrd
rm -rf "$initrd" && mkdir -p "$initrd"/{bin,dev,proc,sys,root}
cp "$(find "$made/kernel" -path '*bin/busybox' | head -n 1)" "$initrd/bin/busybox"
{
  printf '#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\n/bin/busybox mount -t sysfs sys /sys\n/bin/busybox mount -t devtmpfs dev /dev\n'
  for module in virtio_pci virtio_blk ext4; do modprobe --show-depends -d "${modules%/lib/modules/*}" -S "$kernel" "$module"; done |
    sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
    cp "$file" "$initrd/"
    printf '/bin/busybox insmod /%s\n' "$(basename "$file")"
  done
  printf 'for i in 1 2 3 4 5 6 7 8 9; do [ -e /dev/vda ] && break; /bin/busybox sleep 1; done\n/bin/busybox mount -t ext4 /dev/vda /root\nexec /bin/busybox switch_root /root /sbin/init\n'
} >"$initrd/init"
chmod +x "$initrd/init"
(cd "$initrd" && find . | cpio --quiet -o -H newc | gzip) >"$made/initrd.gz"

# ------------------------------------------------------------------ the disk: the root with its package, the modules, and what is tried
tree=$made/tree
rm -rf "$tree" && cp -a --reflink=auto "$root" "$tree"
rm -rf "$tree/usr/sbin/policy-rc.d" "$tree"/tmp/* "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/*
mkdir -p "$tree/lib/modules/$kernel/extra" "$tree/srv/photos"
(cd "$modules" && cp --parents -r modules.* kernel/drivers/virtio kernel/fs/configfs kernel/lib kernel/crypto "$tree/lib/modules/$kernel/" 2>/dev/null) || true
cp "$made/kernel/gpio-sim.ko" "$tree/lib/modules/$kernel/extra/"
depmod -b "$tree" "$kernel"
cp "$initrd/bin/busybox" "$tree/usr/local/bin/"
cp "$made"/kernel/usr/bin/gpio* "$tree/usr/bin/"
cp -P "$made"/kernel/usr/lib/aarch64-linux-gnu/libgpiod* "$tree/usr/lib/aarch64-linux-gnu/" 2>/dev/null || true
cp "$here/../../models/build/samples/sample1.jpg" "$tree/srv/photos/"
install -m 755 "$here/machine-guest.sh" "$tree/usr/local/sbin/trial"
printf '/dev/vda / ext4 errors=remount-ro 0 1\n' >"$tree/etc/fstab"
echo gate-arm64 >"$tree/etc/hostname"
rm -f "$tree/etc/machine-id" && : >"$tree/etc/machine-id"
cat >"$tree/etc/systemd/system/trial.service" <<'U'
[Unit]
Description=What is tried in this machine
After=kaimon.service
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/usr/local/sbin/trial
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyAMA0
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
U
ln -sf /etc/systemd/system/trial.service "$tree/etc/systemd/system/multi-user.target.wants/trial.service"
# Everything takes longer here than on any board.
mkdir -p "$tree/etc/systemd/system.conf.d"
printf '[Manager]\nDefaultTimeoutStartSec=900\nDefaultDeviceTimeoutSec=300\n' >"$tree/etc/systemd/system.conf.d/slow.conf"
mkdir -p "$tree/etc/systemd/system/kaimon.service.d"
printf '[Service]\nTimeoutStartSec=900\nWatchdogSec=60\n' >"$tree/etc/systemd/system/kaimon.service.d/slow.conf"
rm -f "$made/disk.img"
mke2fs -q -t ext4 -L root -d "$tree" "$made/disk.img" 4G
rm -rf "$tree"

say "starting: $cpu, kernel $kernel"
: >"$made/console.log"
timeout --foreground "${LIMIT:-3600}" qemu-system-aarch64 -M virt -cpu "$cpu" -smp 2 -m "${MEM:-2048}" -accel tcg,thread=multi -nodefaults -display none -no-reboot \
  -kernel "$(find "$made/kernel/boot" -name 'vmlinuz-*' | head -n 1)" -initrd "$made/initrd.gz" \
  -append 'console=ttyAMA0 quiet loglevel=4 panic=-1 audit=0 systemd.show_status=0' \
  -drive "file=$made/disk.img,format=raw,if=none,id=d0,cache=writeback" -device virtio-blk-pci,drive=d0 \
  -device virtio-rng-pci -serial "file:$made/console.log" || say "the machine was ended after ${LIMIT:-3600} s"
tr -d '\r' <"$made/console.log" | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' | sed -n '/^== /,$p'
grep -q '^== all was tried: 0 failed' <(tr -d '\r' <"$made/console.log")
