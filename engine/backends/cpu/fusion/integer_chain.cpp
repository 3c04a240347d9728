// SPDX-License-Identifier: MIT
// Reads links off nodes and simplifies chains by exact algebra.
#include "engine/backends/cpu/fusion/integer_chain.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/graph/channel_affine.h"

namespace facet::cpu {

namespace {

using Kind = ChainLink::Kind;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kChannelAxis = 1;

ChainLink affine(std::vector<float> scale, std::vector<float> shift) {
    ChainLink link;
    link.scale = std::move(scale);
    link.shift = std::move(shift);
    return link;
}

ChainLink clip(float low, float high) {
    ChainLink link;
    link.kind = Kind::kClip;
    link.low = low;
    link.high = high;
    return link;
}

float at(const std::vector<float>& numbers, size_t channel) {
    return numbers[numbers.size() == 1 ? 0 : channel];
}

std::vector<float> to_floats(const std::vector<double>& numbers, float neutral) {
    if (numbers.empty()) return {neutral};
    return {numbers.begin(), numbers.end()};
}

// scale x + shift onto steps counted from `first`, and back from there.
Chain quantizer_links(const QuantizerRanges& ranges, const ByteGrid* own, const ByteGrid* stored) {
    if (stored && !(own && *own == *stored))
        return {clip(ranges.input_low[0], ranges.input_high[0]),
                affine({1.0f / stored->steps[0]}, {static_cast<float>(stored->zero_point)})};
    const auto top = static_cast<float>(ranges.levels - 1);
    const float first = stored ? static_cast<float>(stored->least) : 0.0f;
    const size_t inward = std::max(ranges.input_low.size(), ranges.input_high.size());
    std::vector<float> scale, shift;
    for (size_t i = 0; i < inward; ++i) {
        const float low = at(ranges.input_low, i);
        scale.push_back(top / (at(ranges.input_high, i) - low));
        shift.push_back(first - low * scale.back());
    }
    Chain chain{affine(std::move(scale), std::move(shift)), clip(first, first + top)};
    if (stored) return chain;
    ChainLink round;
    round.kind = Kind::kRound;
    chain.push_back(round);
    std::vector<float> steps, lows;
    for (size_t i = 0; i < std::max(ranges.output_low.size(), ranges.output_high.size()); ++i) {
        lows.push_back(at(ranges.output_low, i));
        steps.push_back((at(ranges.output_high, i) - lows.back()) / top);
    }
    chain.push_back(affine(std::move(steps), std::move(lows)));
    return chain;
}

std::optional<Chain> sum_links(const ByteValues& bytes, const Node& node, ValueId x) {
    const auto* eltwise = std::get_if<EltwiseParams>(&node.params);
    if (!eltwise || eltwise->kind != EltwiseParams::Kind::kAdd) return {};
    const ValueId other = node.inputs[0] == x ? node.inputs[1] : node.inputs[0];
    if (other == x || !bytes[other] || bytes[other]->steps.size() != 1) return {};
    const ByteGrid& grid = *bytes[other];
    ChainLink sum;
    sum.kind = Kind::kSum;
    sum.scale = {grid.steps[0]};
    sum.summand = other;
    return Chain{sum, affine({1.0f}, {-grid.steps[0] * static_cast<float>(grid.zero_point)})};
}

std::optional<Chain> activation_links(const ActivationParams& params) {
    if (params.kind == ActivationParams::Kind::kRelu) return Chain{clip(0.0f, kInfinity)};
    if (params.kind == ActivationParams::Kind::kClip) return Chain{clip(params.alpha, params.beta)};
    Chain chain;
    for (const onednn::EltwisePart& part : onednn::eltwise_parts(params)) {
        chain.emplace_back().kind = Kind::kEltwise;
        chain.back().part = part;
    }
    return chain.empty() ? std::nullopt : std::optional(chain);
}

// after(first(x)).
ChainLink merged(const ChainLink& first, const ChainLink& after) {
    const size_t count =
        std::max({first.scale.size(), first.shift.size(), after.scale.size(), after.shift.size()});
    ChainLink both = affine({}, {});
    for (size_t i = 0; i < count; ++i) {
        both.scale.push_back(at(first.scale, i) * at(after.scale, i));
        both.shift.push_back(at(first.shift, i) * at(after.scale, i) + at(after.shift, i));
    }
    return both;
}

bool is_uniform(const ChainLink& link) {
    return link.scale.size() == 1 && link.shift.size() == 1;
}

// May `link` be applied before `limits` instead of behind, the limits then adapted?
bool passes(const ChainLink& limits, const ChainLink& link) {
    if (!std::ranges::all_of(link.scale, [](float scale) { return scale > 0; })) return false;
    if (is_uniform(link)) return true;
    const bool scale_free = (limits.low == 0 || limits.low == -kInfinity) &&
                            (limits.high == 0 || limits.high == kInfinity);
    return scale_free && std::ranges::all_of(link.shift, [](float shift) { return shift == 0; });
}

// Rewrites links `i` and `i + 1`; false where no rule fits.
bool rewrite(Chain& chain, size_t i) {
    ChainLink& first = chain[i];
    ChainLink& second = chain[i + 1];
    const auto drop_second = [&] { chain.erase(chain.begin() + static_cast<ptrdiff_t>(i) + 1); };
    if (first.kind == Kind::kAffine && second.kind == Kind::kAffine) {
        first = merged(first, second);
        drop_second();
        return true;
    }
    if (first.kind == Kind::kClip && second.kind == Kind::kClip) {
        first.high = std::clamp(first.high, second.low, second.high);
        first.low = std::clamp(first.low, second.low, second.high);
        drop_second();
        return true;
    }
    if (first.kind == Kind::kClip && second.kind == Kind::kAffine && passes(first, second)) {
        const float scale = second.scale[0], shift = second.shift[0];
        if (is_uniform(second)) first = clip(scale * first.low + shift, scale * first.high + shift);
        std::swap(first, second);
        return true;
    }
    if (i > 0 && first.kind == Kind::kAffine && is_uniform(first) && first.scale[0] > 0 &&
        second.kind == Kind::kSum) {
        second.scale[0] /= first.scale[0];
        std::swap(first, second);
        return true;
    }
    return false;
}

bool is_enforced(const ChainLink& limits, const ByteGrid& stored) {
    const bool is_signed = stored.type == DataType::kI8;
    return limits.low <= (is_signed ? -128.0f : 0.0f) &&
           limits.high >= (is_signed ? 127.0f : 255.0f);
}

}  // namespace

std::optional<Chain> links_of(const Graph& graph, const ByteValues& bytes, const Node& node,
                              ValueId x, bool stores) {
    if (const auto factors = channel_affine(graph, node, kChannelAxis)) {
        if (factors->x != x) return {};
        return Chain{affine(to_floats(factors->scale, 1.0f), to_floats(factors->shift, 0.0f))};
    }
    if (const auto* activation = std::get_if<ActivationParams>(&node.params))
        return activation_links(*activation);
    if (const auto ranges = quantizer_ranges(graph, node)) {
        const auto own = byte_grid(graph, node);
        const auto& kept = bytes[node.outputs[0]];
        return quantizer_links(*ranges, own ? &*own : nullptr, stores && kept ? &*kept : nullptr);
    }
    return sum_links(bytes, node, x);
}

Chain simplified(Chain chain, const ByteGrid* stored) {
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i + 1 < chain.size() && !changed; ++i) changed = rewrite(chain, i);
    }
    const auto neutral = [](const ChainLink& link) {
        return link.kind == Kind::kAffine && is_uniform(link) && link.scale[0] == 1 &&
               link.shift[0] == 0;
    };
    for (size_t i = chain.size(); i-- > 1;)
        if (neutral(chain[i])) chain.erase(chain.begin() + static_cast<ptrdiff_t>(i));
    if (stored != nullptr && !chain.empty() && chain.back().kind == Kind::kClip &&
        is_enforced(chain.back(), *stored))
        chain.pop_back();
    return chain;
}

}  // namespace facet::cpu
