#!/usr/bin/env bash
# Installs argon2 at its pinned version with nothing but Node on PATH, and hashes once: its binary must come with the package.
set -euo pipefail
work=$1/bare
mkdir -p "$work/bin"
for tool in node npm; do ln -s "$(command -v "$tool")" "$work/bin/$tool"; done
for tool in sh env uname; do ln -s "$(command -v "$tool")" "$work/bin/$tool"; done
version=$(node -p 'require("./package.json").dependencies.argon2')
cd "$work"
printf '{"name":"bare","allowScripts":{"argon2":true}}\n' > package.json
PATH="$work/bin" npm install --silent --no-audit --no-fund "argon2@$version"
PATH="$work/bin" node -e '
  const argon2 = require("argon2");
  argon2.hash("correct horse").then((hash) => argon2.verify(hash, "correct horse")).then((ok) => process.exit(ok ? 0 : 1));
'
