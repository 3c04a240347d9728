// SPDX-License-Identifier: MIT
// The CPU as a device.
#include "engine/backends/cpu/cpu_backend.h"

#include "engine/backends/cpu/cpu_model.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet {

namespace {

class CpuBackend final : public Backend {
  public:
    [[nodiscard]] std::string_view name() const override { return "CPU"; }
    // What oneDNN lacks, the reference loops run.
    [[nodiscard]] Result<void> supports(const Graph& graph, const Node& node) const override {
        return reference_backend().supports(graph, node);
    }
    [[nodiscard]] Result<std::shared_ptr<CompiledModel>> compile(
        std::shared_ptr<const Graph> graph, const CompileOptions& options) const override {
        return cpu::CpuModel::compile(std::move(graph), options);
    }
};

}  // namespace

const Backend& cpu_backend() {
    static const CpuBackend backend;
    return backend;
}

}  // namespace facet
