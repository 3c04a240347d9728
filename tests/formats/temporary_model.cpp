// SPDX-License-Identifier: MIT
// Makes and removes temporary model files.
#include "tests/formats/temporary_model.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace facet::testing {

TemporaryModel::TemporaryModel() {
    std::string pattern = (std::filesystem::temp_directory_path() / "facet-model-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp: " + pattern);
    directory_ = pattern;
}

TemporaryModel::~TemporaryModel() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

std::filesystem::path TemporaryModel::write(std::string_view name, std::string_view content) const {
    const std::filesystem::path file = path(name);
    std::ofstream(file, std::ios::binary) << content;
    return file;
}

std::filesystem::path TemporaryModel::path(std::string_view name) const {
    return directory_ / name;
}

std::string content_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace facet::testing
