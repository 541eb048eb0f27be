#!/usr/bin/env bash
# Builds Helm from its Go module, once, for the tests of the chart, and prints where it is. Two CPU minutes.
set -euo pipefail
version=v3.22.0
bin=${HELM_BIN:-$HOME/.cache/haldane-testbed/bin}
if command -v helm >/dev/null; then
  command -v helm
  exit 0
fi
if [ ! -x "$bin/helm" ]; then
  command -v go >/dev/null || { echo "helm is missing and there is no go to build it with" >&2; exit 1; }
  mkdir -p "$bin"
  GOBIN=$bin go install "helm.sh/helm/v3/cmd/helm@$version" >&2
fi
echo "$bin/helm"
