// SPDX-License-Identifier: MIT
// The seam inside a session: what loading a model yields and what running one needs. Not installed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/graph/graph.h"
#include "engine/session.h"
#include "engine/vision/converters/converter.h"

namespace facet {

// A model ready to run. Its only input is u8 [1,H,W,C] of `crop`'s size.
struct SessionModel {
    struct Output {
        std::unique_ptr<Converter> converter;
        float threshold = 0.5f;      // detections below are dropped
        std::optional<Yield> yield;  // none: unknown
    };
    std::string name;    // for errors and descriptions
    std::string device;  // the backend's name
    CropSpec crop;
    std::shared_ptr<CompiledModel> compiled;
    std::shared_ptr<const Graph> graph;  // as compiled; null: unknown
    std::vector<Output> outputs;
};

using ModelLoader =
    std::function<Result<SessionModel>(const ModelSettings& model, const SessionSettings& session)>;

// The loader of every device that has none of its own: reads, prepares, proves batchable and
// compiles. Errors name the model's file, and the setting where one is at fault. Reentrant.
[[nodiscard]] Result<SessionModel> load_model(const ModelSettings& model,
                                              const SessionSettings& session);

// From now on Session::open() gets the models of sessions on `device` from `loader`, whatever their
// paths are; an empty loader ends that. Thread-safe.
void set_device_loader(const std::string& device, ModelLoader loader);

}  // namespace facet
