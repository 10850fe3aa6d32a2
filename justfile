# The steps of .ci/run by name; `just` alone runs them all.

ci:
    .ci/run

# cargo fmt --check
format:
    .ci/run format

# clippy, with and without default features
lint:
    .ci/run lint

# shellcheck
scripts:
    .ci/run scripts

# viewer/built is what its sources make
viewer:
    .ci/run viewer

# all tests; a missing oracle is a failure
test:
    .ci/run test

# kills, power cuts, faults, full disks, as often as the promises say
safety:
    .ci/run safety

# each fuzz target for a minute
fuzz:
    .ci/run fuzz

# rustdoc, warnings being errors
docs:
    .ci/run docs

# no C to build it, none to run it
c-free:
    .ci/run c-free

# the instructions of the hot paths, against their budget
instructions:
    .ci/run instructions

# a static program and one for another processor, tried out
systems:
    .ci/run systems

# licences and advisories, with cargo-deny
deny:
    .ci/run deny

# what is released, made and tried
release:
    .ci/run release
