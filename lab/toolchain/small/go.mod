module quorum.lab/toolchain/small

go 1.19
