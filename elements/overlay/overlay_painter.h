// SPDX-License-Identifier: MIT
// OverlayPainter: the faces of a frame -> the images to lay on it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "elements/overlay/box_renderer.h"
#include "elements/overlay/face_label.h"
#include "elements/overlay/image.h"
#include "elements/overlay/label_layout.h"
#include "elements/overlay/plate_renderer.h"

namespace facet {

enum class OverlayStyle {
    kPlain,    // thin closed boxes, light words on dark plates
    kBold,     // thick boxes, dark words on plates of the face's colour
    kCorners,  // only the corners of the boxes, plates as in plain
};

struct OverlaySettings {
    unsigned show = kShowDefault;  // bits of Show
    OverlayStyle style = OverlayStyle::kPlain;
    std::string font = "Sans Bold";  // Pango; without a size it follows face and frame

    bool operator==(const OverlaySettings&) const = default;
};

// Thread-bound. Holds at most kCacheBytes of drawn images.
class OverlayPainter {
  public:
    static constexpr size_t kCacheBytes = 8u << 20;
    static constexpr size_t kMostLabels = 100;  // the largest faces get them

    // The boxes first, then the plates. Empty when there is nothing to draw. Faces whose box is
    // empty or outside of the frame are left out. In a crowded frame labels go without confidences.
    [[nodiscard]] std::vector<PlacedImage> paint(const std::vector<Face>& faces, int frame_width,
                                                 int frame_height, const OverlaySettings& settings);

  private:
    struct Size {
        int width, height;
    };
    struct Subject {
        const Face* face;
        PixelRect box;
        uint32_t colour;
    };
    // Item i of both lists is of the same face.
    struct Labels {
        std::vector<LabelRequest> requests;
        std::vector<ImagePtr> plates;
        long area = 0;  // of all plates
    };

    static void keep_largest(std::vector<Subject>& subjects);
    Labels make_labels(const std::vector<Subject>& subjects, const Size& frame,
                       const OverlaySettings& settings);
    ImagePtr plate(const std::vector<LabelLine>& label, PlateStyle style, const Size& frame);
    void use_font(const std::string& font);

    ImageCache cache_{kCacheBytes};
    std::string font_;
    int fixed_font_pixels_ = 0;  // 0: follows face and frame
    std::optional<PlateRenderer> renderer_;
};

}  // namespace facet
