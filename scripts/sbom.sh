#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the module and its programs are linked with on this Debian, as an SPDX document (2.3, tag and value):
#
#   sbom.sh VERSION WHEN FILE...
#
# WHEN is a time such as 2026-11-30T12:00:00Z; FILE is the module or a program. Libraries are those that a file
# itself asks for; what those ask for in their turn is the system's.
set -eu
export LC_ALL=C
version=$1 when=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

id_of() {
    printf '%s' "$1" | tr -c 'A-Za-z0-9.-' '-'
}
# library_of FILE SONAME: where the loader finds it
library_of() {
    ldd "$1" | awk -v name="$2" '$1 == name && $3 ~ "^/" { print $3; exit }'
}
# package_of PATH: Debian's package with that file, which may be known by its place before /usr was merged
package_of() {
    real=$(readlink -f "$1")
    dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}" 2>/dev/null
}

: >"$scratch/packages"
: >"$scratch/links"
: >"$scratch/files"
for file in "$@"; do
    name=${file##*/}
    printf '%s %s\n' "$name" "$(sha256sum <"$file" | cut -d ' ' -f 1)" >>"$scratch/files"
    for library in $(objdump -p "$file" | awk '$1 == "NEEDED" { print $2 }'); do
        path=$(library_of "$file" "$library")
        package=$(package_of "${path:-/none}" | head -n 1 | sed 's/: .*//')
        [ -n "$package" ] || {
            echo "$0: no package has $library, which $file needs" >&2
            exit 1
        }
        dpkg-query -W -f '${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n' "$package" \
            >>"$scratch/packages"
        echo "$name $(echo "$package" | sed 's/:.*//')" >>"$scratch/links"
    done
done
sort -u -o "$scratch/packages" "$scratch/packages"
sort -u -o "$scratch/links" "$scratch/links"
[ -s "$scratch/packages" ] || {
    echo "$0: nothing is linked" >&2
    exit 1
}

cat <<END
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: mod_acme_eab-$version
DocumentNamespace: https://mod-acme-eab.example/spdx/mod_acme_eab-$version-$(sort "$scratch/files" "$scratch/packages" | sha256sum | cut -c 1-32)
Creator: Tool: mod_acme_eab-sbom.sh
Created: $when
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-mod-acme-eab

PackageName: mod_acme_eab
SPDXID: SPDXRef-mod-acme-eab
PackageVersion: $version
PackageDownloadLocation: NOASSERTION
FilesAnalyzed: false
PackageLicenseConcluded: Apache-2.0
PackageLicenseDeclared: Apache-2.0
PackageCopyrightText: NOASSERTION
PrimaryPackagePurpose: APPLICATION
END
while read -r name sum; do
    cat <<END

PackageName: $name
SPDXID: SPDXRef-part-$(id_of "$name")
PackageVersion: $version
PackageDownloadLocation: NOASSERTION
FilesAnalyzed: false
PackageChecksum: SHA256: $sum
PackageLicenseConcluded: Apache-2.0
PackageLicenseDeclared: Apache-2.0
PackageCopyrightText: NOASSERTION
Relationship: SPDXRef-mod-acme-eab CONTAINS SPDXRef-part-$(id_of "$name")
END
    awk -v name="$name" '$1 == name { print $2 }' "$scratch/links" | while read -r package; do
        echo "Relationship: SPDXRef-part-$(id_of "$name") DYNAMIC_LINK SPDXRef-debian-$(id_of "$package")"
    done
done <"$scratch/files"
while read -r package packaged machine source sourced; do
    cat <<END

PackageName: $package
SPDXID: SPDXRef-debian-$(id_of "$package")
PackageVersion: $packaged
PackageSupplier: Organization: Debian
PackageDownloadLocation: NOASSERTION
FilesAnalyzed: false
PackageSourceInfo: built from $source $sourced
PackageLicenseConcluded: NOASSERTION
PackageLicenseDeclared: NOASSERTION
PackageCopyrightText: NOASSERTION
ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/$package@$(printf '%s' "$packaged" | sed -e 's/:/%3A/g' -e 's/+/%2B/g' -e 's/~/%7E/g')?arch=$machine
END
done <"$scratch/packages"
