// SPDX-License-Identifier: MIT
// Greedy label placement with a small cost function.
#include "elements/overlay/label_layout.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <numeric>

namespace facet {
namespace {

constexpr int kGap = 4;  // pixels between box and plate, and between plates

// What a pixel of the plate costs by what it covers, relative to each other.
constexpr double kPlateCost = 20;
constexpr double kOtherFaceCost = 4;
constexpr double kOwnFaceCost = 1;
// Per place further down the list, as a share of the plate: decides between equals.
constexpr double kRankCost = 0.01;
// Per pixel a stacked plate moves away from its box, in pixels covered.
constexpr double kDistanceCost = 6;
// A plate further off, in its own heights, would seem to belong to another face.
constexpr double kLargestDistance = 1;

struct Frame {
    int width, height;
};

struct Place {
    int x, y;
    double penalty;
};

PixelRect inside(const Frame& frame, int x, int y, const LabelRequest& request) {
    return {std::clamp(x, 0, std::max(frame.width - request.plate_width, 0)),
            std::clamp(y, 0, std::max(frame.height - request.plate_height, 0)), request.plate_width,
            request.plate_height};
}

// Above and below first: that is where eyes look for a caption.
std::vector<Place> places_around(const LabelRequest& request) {
    const PixelRect& box = request.box;
    const int width = request.plate_width, height = request.plate_height;
    const int above = box.y - height - kGap, below = box.bottom() + kGap;
    const int right = box.right() + kGap, left = box.x - width - kGap;
    const int centred = box.x + (box.width - width) / 2;
    std::vector<Place> places = {{box.x, above, 0},
                                 {box.x, below, 0},
                                 {box.right() - width, above, 0},
                                 {box.right() - width, below, 0},
                                 {centred, above, 0},
                                 {centred, below, 0},
                                 {right, box.y, 0},
                                 {left, box.y, 0},
                                 {right, box.bottom() - height, 0},
                                 {left, box.bottom() - height, 0},
                                 {box.x + kGap, box.bottom() - height - kGap, 0},
                                 {box.x + kGap, box.y + kGap, 0}};
    const double step = kRankCost * width * height;
    for (size_t rank = 0; rank < places.size(); ++rank)
        places[rank].penalty = step * static_cast<double>(rank);
    return places;
}

// On top of, or under, a plate that is already there.
void add_stacked(std::vector<Place>& places, const LabelRequest& request,
                 std::span<const PixelRect> plates) {
    for (const PixelRect& plate : plates) {
        for (const int y : {plate.y - request.plate_height - kGap, plate.bottom() + kGap}) {
            const int distance = y < request.box.y ? request.box.y - (y + request.plate_height)
                                                   : y - request.box.bottom();
            if (distance > kLargestDistance * request.plate_height) continue;
            places.push_back({request.box.x, y, kDistanceCost * std::max(distance, 0)});
        }
    }
}

double cost_of(const PixelRect& plate, size_t own, std::span<const LabelRequest> requests,
               std::span<const PixelRect> plates) {
    double cost = 0;
    for (const PixelRect& other : plates)
        cost += kPlateCost * static_cast<double>(overlap(plate, other));
    for (size_t i = 0; i < requests.size(); ++i)
        cost += (i == own ? kOwnFaceCost : kOtherFaceCost) *
                static_cast<double>(overlap(plate, requests[i].box));
    return cost;
}

PixelRect best_place(size_t own, std::span<const LabelRequest> requests,
                     std::span<const PixelRect> plates, const Frame& frame) {
    const LabelRequest& request = requests[own];
    std::vector<Place> places = places_around(request);
    add_stacked(places, request, plates);
    PixelRect best;
    double least = std::numeric_limits<double>::infinity();
    for (const Place& place : places) {
        const PixelRect plate = inside(frame, place.x, place.y, request);
        const double cost = place.penalty + cost_of(plate, own, requests, plates);
        if (cost >= least) continue;
        least = cost;
        best = plate;
    }
    return best;
}

}  // namespace

long overlap(const PixelRect& a, const PixelRect& b) {
    const long width = std::min(a.right(), b.right()) - std::max(a.x, b.x);
    const long height = std::min(a.bottom(), b.bottom()) - std::max(a.y, b.y);
    return std::max(width, 0L) * std::max(height, 0L);
}

std::vector<PixelRect> place_labels(std::span<const LabelRequest> requests, int frame_width,
                                    int frame_height) {
    std::vector<size_t> order(requests.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto area = [&](size_t i) {
        return static_cast<long>(requests[i].box.width) * requests[i].box.height;
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return area(a) > area(b); });
    std::vector<PixelRect> placed(requests.size());
    std::vector<PixelRect> plates;
    for (const size_t i : order) {
        placed[i] = best_place(i, requests, plates, {frame_width, frame_height});
        plates.push_back(placed[i]);
    }
    return placed;
}

}  // namespace facet
