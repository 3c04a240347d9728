// SPDX-License-Identifier: MIT
// Which lines of the source a window needs, and the padding that is left of it.
#include "engine/backends/cpu/lower/band_cuts.h"

#include <algorithm>

namespace facet::cpu {

namespace {

using onednn::Desc;

constexpr int kHeight = 2;  // of the axes of NCHW

// Lines of the source that windows over `result` lines [first, first + count) see.
struct Lines {
    int64_t first, count, pad_before, pad_after;
};

struct Windows {
    int64_t height, stride, reach, pad_before;  // reach: lines from a window's first to its last
};

std::optional<Lines> lines_of(const Windows& windows, int64_t first, int64_t count) {
    const int64_t begin = first * windows.stride - windows.pad_before;
    const int64_t end = begin + (count - 1) * windows.stride + windows.reach;
    const int64_t kept_begin = std::max<int64_t>(begin, 0);
    const int64_t kept_end = std::min(end, windows.height);
    if (kept_begin >= kept_end) return std::nullopt;
    return Lines{kept_begin, kept_end - kept_begin, kept_begin - begin, end - kept_end};
}

// What makes `result` lines [first, first + count) out of `lines` of the source; none where the
// layouts cannot be cut.
template <typename Request>
std::optional<Request> band_of(const Request& request, const Lines& lines, int64_t first,
                               int64_t count) {
    const auto source = onednn::band_of(request.source, lines.first, lines.count);
    const auto result = onednn::band_of(request.destination, first, count);
    if (!source || !result) return std::nullopt;
    Request band = request;
    band.source = source->layout;
    band.destination = result->layout;
    band.pads_begin[0] = lines.pad_before;
    band.pads_end[0] = lines.pad_after;
    return band;
}

}  // namespace

BandCut cut_convolution(onednn::ConvolutionRequest request, const onednn::PostOps& post_ops,
                        const onednn::Requantization& requantization) {
    return [=](int64_t first, int64_t count) -> std::optional<StepBand> {
        const onednn::Dims kernel = onednn::extents_of(request.weights);
        const int64_t kernel_height = kernel[kernel.size() - 2];
        const auto lines =
            lines_of({onednn::extents_of(request.source)[kHeight], request.strides[0],
                      (kernel_height - 1) * request.dilations[0] + 1, request.pads_begin[0]},
                     first, count);
        if (!lines) return std::nullopt;
        const auto band = band_of(request, *lines, first, count);
        if (!band) return std::nullopt;
        return StepBand{onednn::convolution(*band, post_ops, requantization), lines->first,
                        lines->count};
    };
}

BandCut cut_pooling(const onednn::PoolingRequest& request) {
    return [=](int64_t first, int64_t count) -> std::optional<StepBand> {
        const auto lines = lines_of({onednn::extents_of(request.source)[kHeight],
                                     request.strides[0], request.kernel[0], request.pads_begin[0]},
                                    first, count);
        if (!lines) return std::nullopt;
        const auto band = band_of(request, *lines, first, count);
        if (!band) return std::nullopt;
        return StepBand{onednn::pooling(*band), lines->first, lines->count};
    };
}

BandCut cut_reorder(const Desc& source, const Desc& result) {
    return [=](int64_t first, int64_t count) -> std::optional<StepBand> {
        const auto from = onednn::band_of(source, first, count);
        const auto to = onednn::band_of(result, first, count);
        if (!from || !to) return std::nullopt;
        return StepBand{onednn::reorder(from->layout, to->layout), first, count};
    };
}

BandCut cut_elementwise(const Desc& layout, std::function<onednn::Candidate(const Desc&)> make,
                        std::vector<int> others) {
    return [=](int64_t first, int64_t count) -> std::optional<StepBand> {
        const auto band = onednn::band_of(layout, first, count);
        if (!band) return std::nullopt;
        return StepBand{make(band->layout), first, count, others};
    };
}

}  // namespace facet::cpu
