// SPDX-License-Identifier: MIT
// Plates: rounded, translucent, an accent bar at the left, text in one or more lines.
#include "elements/overlay/plate_renderer.h"

#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

namespace facet {
namespace {

// Shares of the font's height.
constexpr double kPaddingX = 0.5, kPaddingY = 0.28, kBar = 0.22, kRadius = 0.32;
constexpr uint32_t kPaper = 0x0e1116, kInk = 0xffffff;
constexpr double kPaperAlpha = 0.74, kFaintAlpha = 0.72;
constexpr double kPixelsPerPoint = 96.0 / 72.0;

struct Unref {
    void operator()(PangoFontMap* map) const { g_object_unref(map); }
    void operator()(PangoContext* context) const { g_object_unref(context); }
    void operator()(PangoLayout* layout) const { g_object_unref(layout); }
    void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

int even(double length) {
    return 2 * static_cast<int>(std::ceil(length / 2));
}

void set_colour(cairo_t* cairo, uint32_t colour, double alpha) {
    cairo_set_source_rgba(cairo, ((colour >> 16) & 0xff) / 255.0, ((colour >> 8) & 0xff) / 255.0,
                          (colour & 0xff) / 255.0, alpha);
}

void rounded_rectangle(cairo_t* cairo, double width, double height, double radius) {
    constexpr double kQuarter = std::numbers::pi / 2;
    cairo_new_sub_path(cairo);
    cairo_arc(cairo, width - radius, radius, radius, -kQuarter, 0);
    cairo_arc(cairo, width - radius, height - radius, radius, 0, kQuarter);
    cairo_arc(cairo, radius, height - radius, radius, kQuarter, 2 * kQuarter);
    cairo_arc(cairo, radius, radius, radius, 2 * kQuarter, 3 * kQuarter);
    cairo_close_path(cairo);
}

// Sets text and, by attributes rather than markup, which spans are faint: labels are not escaped.
void set_text(PangoLayout* layout, std::span<const LabelLine> label) {
    std::string text;
    PangoAttrList* attributes = pango_attr_list_new();
    for (const LabelLine& line : label) {
        if (!text.empty()) text += '\n';
        for (const LabelSpan& span : line) {
            const auto start = static_cast<guint>(text.size());
            text += span.text;
            if (!span.faint) continue;
            PangoAttribute* faint =
                pango_attr_foreground_alpha_new(static_cast<guint16>(kFaintAlpha * 0xffff));
            faint->start_index = start;
            faint->end_index = static_cast<guint>(text.size());
            pango_attr_list_insert(attributes, faint);
        }
    }
    pango_layout_set_text(layout, text.c_str(), static_cast<int>(text.size()));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
}

Image image_of(cairo_surface_t* surface) {
    cairo_surface_flush(surface);
    Image image;
    image.width = cairo_image_surface_get_width(surface);
    image.height = cairo_image_surface_get_height(surface);
    image.argb.resize(static_cast<size_t>(image.width) * image.height);
    const unsigned char* rows = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; rows && y < image.height; ++y)
        std::memcpy(&image.argb[static_cast<size_t>(y) * image.width], rows + y * stride,
                    static_cast<size_t>(image.width) * sizeof(uint32_t));
    return image;
}

}  // namespace

struct PlateRenderer::Pango {
    Owned<PangoFontMap> fonts{pango_cairo_font_map_new()};
    Owned<PangoContext> context{pango_font_map_create_context(fonts.get())};
    Owned<PangoFontDescription> font;
};

PlateRenderer::PlateRenderer(const std::string& font) : pango_(std::make_unique<Pango>()) {
    pango_->font.reset(pango_font_description_from_string(font.c_str()));
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
    pango_cairo_context_set_font_options(pango_->context.get(), options);
    cairo_font_options_destroy(options);
}

PlateRenderer::~PlateRenderer() = default;

Image PlateRenderer::draw(std::span<const LabelLine> label, const PlateStyle& style) const {
    const double size = style.font_pixels;
    Owned<PangoFontDescription> font(pango_font_description_copy(pango_->font.get()));
    pango_font_description_set_absolute_size(font.get(), size * PANGO_SCALE);
    Owned<PangoLayout> layout(pango_layout_new(pango_->context.get()));
    pango_layout_set_font_description(layout.get(), font.get());
    set_text(layout.get(), label);
    int text_width = 0, text_height = 0;
    pango_layout_get_pixel_size(layout.get(), &text_width, &text_height);

    const double bar = std::max(2.0, std::round(size * kBar));
    const double left = bar + std::round(size * kPaddingX);
    const double top = std::round(size * kPaddingY);
    const int width = even(left + text_width + std::round(size * kPaddingX));
    const int height = even(2 * top + text_height);
    Owned<cairo_surface_t> surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height));
    Owned<cairo_t> cairo(cairo_create(surface.get()));
    rounded_rectangle(cairo.get(), width, height, size * kRadius);
    cairo_clip(cairo.get());
    set_colour(cairo.get(), style.filled ? style.accent : kPaper, style.filled ? 1 : kPaperAlpha);
    cairo_paint(cairo.get());
    set_colour(cairo.get(), style.accent, 1);
    cairo_rectangle(cairo.get(), 0, 0, bar, height);
    cairo_fill(cairo.get());
    set_colour(cairo.get(), style.filled ? kPaper : kInk, 1);
    cairo_move_to(cairo.get(), left, top);
    pango_cairo_show_layout(cairo.get(), layout.get());
    return image_of(surface.get());
}

int font_pixels_of(const std::string& font) {
    Owned<PangoFontDescription> description(pango_font_description_from_string(font.c_str()));
    const double size = pango_font_description_get_size(description.get());
    if (size <= 0) return 0;
    const bool absolute = pango_font_description_get_size_is_absolute(description.get());
    const double pixels = size / PANGO_SCALE * (absolute ? 1 : kPixelsPerPoint);
    return std::max(static_cast<int>(std::lround(pixels)), 1);
}

}  // namespace facet
