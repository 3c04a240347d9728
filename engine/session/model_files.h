// SPDX-License-Identifier: MIT
// What sessions of one model file share: the file, read once, and its constants, held once. Not
// installed.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

// As read_model(); while a ModelFilesHold lives the same file is not read again. With `any_size`
// the caller sets the input's size himself, so that one reading serves them all. Thread-safe.
[[nodiscard]] Result<std::shared_ptr<const Graph>> read_model_once(
    const std::filesystem::path& path, std::optional<Extent2> open_size, bool any_size);

// The graph that somebody has compiled of the file and still holds, whose constants others take in
// place of equal ones; null: there is none. Thread-safe.
[[nodiscard]] std::shared_ptr<const Graph> constants_of_file(const std::filesystem::path& path);
// Lets constants_of_file() find the graph as long as somebody holds it. Thread-safe.
void offer_constants(const std::filesystem::path& path, const std::shared_ptr<const Graph>& graph);

}  // namespace facet
