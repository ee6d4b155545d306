#!/usr/bin/env bash
# Runs each fuzz target of the repository for the time given, one by one: the
# go command fuzzes one target a run. Inputs are hardly minimized: where
# goroutines make the coverage differ from run to run, that takes all the time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${1:?usage: tools/fuzz.sh 20s}

count=0
while IFS=: read -r file target; do
	echo "== ${file%/*} $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 50x "./${file%/*}"
	count=$((count + 1))
done < <(grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' shared schedule worker tools e2e |
	sed 's/:func /:/' | sort)
if ((count == 0)); then
	echo "fuzz: no target found" >&2
	exit 1
fi
echo "fuzz: $count targets, no finding"
