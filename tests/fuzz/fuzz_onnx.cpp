// SPDX-License-Identifier: MIT
// libFuzzer target of the ONNX reader.
//
//   CXX=clang++ meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
//   ninja -C build-fuzz tests/fuzz/fuzz-onnx
//   mkdir corpus && cp $FACET_DATA/models/yunet/*.onnx corpus
//   build-fuzz/tests/fuzz/fuzz-onnx -max_total_time=600 -max_len=300000 corpus
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    static const facet::testing::TemporaryModel files;
    facet::testing::read_fuzzed(files, "model.onnx", bytes, size);
    return 0;
}
