# SPDX-License-Identifier: Apache-2.0
"""scripts/release refuses what does not fit together; scripts/sbom.sh tells what is linked."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
NAMED_IN = ("configure.ac", "CHANGELOG.md", "debian/changelog", "mod_acme_eab.spec", "conf/selinux/acme_eab.te",
            "scripts/release")


def git(tree, *arguments):
    subprocess.run(["git", "-c", "user.name=test", "-c", "user.email=test@test.example", *arguments], cwd=tree,
                   check=True, capture_output=True, env={**os.environ, "HOME": str(tree)})


@pytest.fixture
def tree(tmp_path):
    tree = tmp_path / "tree"
    for name in NAMED_IN:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, tree / name)
    shutil.copytree(TOP / "test/stores", tree / "test/stores")
    git(tmp_path, "init", "-q", str(tree))
    tool = tmp_path / "bin/autoreconf"  # with which the building would begin
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\nexit 1\n")
    tool.chmod(0o755)
    return tree


def release(tree, commit=True):
    if commit:
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", "All")
    done = subprocess.run(["sh", "scripts/release", str(tree.parent / "made")], cwd=tree, capture_output=True,
                          text=True, check=False,
                          env={**os.environ, "PATH": f"{tree.parent / 'bin'}:{os.environ['PATH']}"})
    assert done.returncode != 0, "it ends where it would build"
    assert not (tree.parent / "made").exists()
    return done.stdout


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_what_fits_together_is_built(tree):
    assert "Version 0.1.0, everywhere" in release(tree)


@pytest.mark.parametrize("name,old,new,told", [
    ("configure.ac", "[0.1.0]", "[0.1.1]", "CHANGELOG.md is of version 0.1.0, and configure.ac of 0.1.1"),
    ("CHANGELOG.md", "## 0.1.0", "## 0.2.0", "CHANGELOG.md is of version 0.2.0"),
    ("CHANGELOG.md", "### Formats", "### Others", "says nothing of the formats"),
    ("debian/changelog", "(0.1.0)", "(0.1.2)", "debian/changelog is of version 0.1.2"),
    ("mod_acme_eab.spec", "0.1.0\n", "0.1.3\n", "mod_acme_eab.spec is of version 0.1.3"),
    ("mod_acme_eab.spec", "0.1.0-1", "0.1.4-1", "%changelog of mod_acme_eab.spec is of version 0.1.4"),
    ("conf/selinux/acme_eab.te", "0.1.0", "0.1.5", "acme_eab.te is of version 0.1.5"),
])
def test_another_version_somewhere_is_told(tree, name, old, new, told):
    replace(tree / name, old, new)
    said = release(tree)
    assert told in said and "everywhere" not in said


def test_a_store_of_the_version_is_kept(tree):
    shutil.rmtree(tree / "test/stores/0.1.0")
    assert "there is no store of this version" in release(tree)


def test_what_is_not_committed_is_told(tree):
    release(tree)
    (tree / "more").write_text("")
    assert "not committed" in release(tree, commit=False)


def test_a_tag_of_another_commit_is_told(tree):
    release(tree)
    git(tree, "tag", "v0.1.0")
    (tree / "more").write_text("")
    assert "the tag v0.1.0 is another commit" in release(tree)


def test_the_bill_of_materials_tells_each_library_once():
    program = Path("/usr/sbin/apache2").resolve()
    lines = subprocess.run(["sh", str(TOP / "scripts/sbom.sh"), "9.9", "2026-11-30T12:00:00Z", str(program)],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    ids = [line.split()[1] for line in lines if line.startswith("SPDXID: ")]
    assert len(ids) == len(set(ids))
    ends = [line.split()[1::2] for line in lines if line.startswith("Relationship: ")]
    assert {end for pair in ends for end in pair} == set(ids)
    assert ["SPDXRef-part-apache2", "SPDXRef-debian-libc6"] in ends
    assert f"PackageChecksum: SHA256: {hashlib.sha256(program.read_bytes()).hexdigest()}" in lines
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libc6"], capture_output=True, text=True,
                             check=True).stdout
    at = lines.index("PackageName: libc6")
    assert f"PackageVersion: {version}" in lines[at:at + 4]
