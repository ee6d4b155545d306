#!/usr/bin/env bash
# Runs `go mod tidy` in the modules named, or in all of the repository; with
# --check it fails when that would change something and shows what.
#
# The modules require each other's released versions and go.work holds the
# replaces that stand in until those are tagged. `go mod tidy` ignores go.work,
# and a replace in a released go.mod would break `go install`; so each module
# is tidied through a temporary modfile that has the replaces, and what comes
# out is copied back without them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
check=
if [[ "${1:-}" == --check ]]; then
	check=1
	shift
fi
modules=(shared schedule worker tools tools/actionlint tools/lint tools/manifests e2e)
if (($# > 0)); then modules=("${@%/}"); fi
for module in "${modules[@]}"; do
	if [[ ! -f $module/go.mod ]]; then
		echo "tidy: $module is no module; usage: tools/tidy.sh [--check] [folder...]" >&2
		exit 2
	fi
done

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
export GOWORK=off

# replaces prints "module@version=folder" for every replace of go.work.
replaces() {
	sed -n "s|^[[:space:]]*\(replace \)\{0,1\}\([^ ]*\) \(v[^ ]*\) => \./\(.*\)$|\2@\3=$root/\4|p" go.work
}

status=0
for module in "${modules[@]}"; do
	modfile=$temp/${module//\//-}.mod
	sumfile=${modfile%.mod}.sum
	cp "$module/go.mod" "$modfile"
	if [[ -f $module/go.sum ]]; then cp "$module/go.sum" "$sumfile"; fi

	mapfile -t pairs < <(replaces)
	for pair in "${pairs[@]}"; do go mod edit -replace="$pair" "$modfile"; done
	if ! go -C "$module" mod tidy -modfile="$modfile" 2>"$temp/stderr"; then
		cat "$temp/stderr" >&2
		echo "tidy: $module: go mod tidy failed" >&2
		status=1
		continue
	fi
	for pair in "${pairs[@]}"; do go mod edit -dropreplace="${pair%%=*}" "$modfile"; done
	go mod edit -fmt "$modfile"

	for file in go.mod go.sum; do
		fresh=$modfile
		if [[ $file == go.sum ]]; then fresh=$sumfile; fi
		if [[ ! -s $fresh && ! -s $module/$file ]]; then continue; fi
		if [[ -f $fresh && -f $module/$file ]] && cmp -s "$fresh" "$module/$file"; then continue; fi
		if [[ -n $check ]]; then
			echo "tidy: $module/$file is not tidy; run make tidy" >&2
			diff -u "$module/$file" "$fresh" >&2 || true
			status=1
		else
			cat "$fresh" >"$module/$file"
			echo "tidy: $module/$file changed"
		fi
	done
done
exit $status
