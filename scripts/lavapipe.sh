#!/usr/bin/env bash
# Unpacks Mesa's Vulkan driver in software (lavapipe), which has 16-bit floats and wider subgroups than Chromium's, without installing it,
# from Debian 12's backports into build/lavapipe, and prints the variables that select it: eval "$(scripts/lavapipe.sh)"
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/build/lavapipe
libraries=$root/usr/lib/x86_64-linux-gnu
driver=$root/lvp_icd.json

if [ ! -e "$driver" ]; then
  mkdir -p "$root"/apt/{lists,cache/archives}/partial "$root/packages"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Created-By: Packages' | head -n 1)
  for suite in bookworm bookworm-backports; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done >"$root/apt/sources.list"
  options=(-q -o "Dir::Etc::sourcelist=$root/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null)
  options+=(-o "Dir::State::lists=$root/apt/lists" -o "Dir::Cache=$root/apt/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update >&2
  # What else it needs comes with Chromium.
  packages=(mesa-vulkan-drivers libdrm2 libdrm-amdgpu1 libllvm15 libvulkan1)
  (cd "$root/packages" && apt-get "${options[@]}" -t bookworm-backports download "${packages[@]}" >&2)
  for package in "$root"/packages/*.deb; do dpkg-deb --extract "$package" "$root"; done
  missing=$(LD_LIBRARY_PATH=$libraries ldd "$libraries/libvulkan_lvp.so" | grep "not found" || true)
  if [ -n "$missing" ]; then
    echo "lavapipe needs libraries that are missing: $missing" >&2
    exit 1
  fi
  sed "s#libvulkan_lvp.so#$libraries/libvulkan_lvp.so#" "$root/usr/share/vulkan/icd.d/lvp_icd.json" >"$driver"
fi
echo "export VK_DRIVER_FILES=$driver LD_LIBRARY_PATH=$libraries"
