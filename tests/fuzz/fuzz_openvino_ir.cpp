// SPDX-License-Identifier: MIT
// libFuzzer target of the OpenVINO IR reader: the input is the .xml, the .bin is 64 KiB of ones.
//
//   CXX=clang++ meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
//   ninja -C build-fuzz tests/fuzz/fuzz-openvino-ir
//   mkdir corpus && cp $FACET_DATA/models/*/*/*.xml corpus
//   build-fuzz/tests/fuzz/fuzz-openvino-ir -max_total_time=600 corpus
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    static const facet::testing::TemporaryModel files;
    static const auto weights = files.write("model.bin", std::string(64 << 10, '\1'));
    facet::testing::read_fuzzed(files, "model.xml", bytes, size);
    return 0;
}
