// SPDX-License-Identifier: MIT
// From planned steps to primitives and loops: one function per family of operations.
#pragma once

#include "engine/backends/cpu/lower/program_builder.h"

namespace facet::cpu {

// Appends the program steps of `step` and defines its outputs. Errors do not name the node yet.
[[nodiscard]] Result<void> lower_step(ProgramBuilder& builder, const PlannedStep& step);

// Each lowers one family. All fall back to lower_by_reference() where oneDNN and Facet's own loops
// do not cover the node.
[[nodiscard]] Result<void> lower_convolution(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_transposed_convolution(ProgramBuilder& builder,
                                                        const PlannedStep& step);
[[nodiscard]] Result<void> lower_matmul(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_pooling(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_reduce(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_activation(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_prelu(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_eltwise(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_softmax(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_fake_quantize(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_convert(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_transpose(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_view(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_concat(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_cut(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_resize(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_detection_output(ProgramBuilder& builder, const PlannedStep& step);

// A quantised layer on bytes, with what follows it; or a table over pixels.
[[nodiscard]] Result<void> lower_integer_step(ProgramBuilder& builder, const PlannedStep& step);
// A FakeQuantize, or a node that passes bytes on, whose result is kept as bytes.
[[nodiscard]] Result<void> lower_to_bytes(ProgramBuilder& builder, const PlannedStep& step);
// Emits the floats of a value kept as bytes and adds them to its locations.
[[nodiscard]] Location dequantize(ProgramBuilder& builder, ValueId value);

// The reference backend's loops on row-major copies, then the followers one by one.
[[nodiscard]] Result<void> lower_by_reference(ProgramBuilder& builder, const PlannedStep& step);

// Appends the links of `activation` (a node's params) to `post_ops`.
void append_activation(onednn::PostOps& post_ops, const OpParams& activation);
// The value that the step's last follower (or its node) writes.
[[nodiscard]] ValueId result_of(const ProgramBuilder& builder, const PlannedStep& step);

}  // namespace facet::cpu
