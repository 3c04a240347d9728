// SPDX-License-Identifier: MIT
// Draws a room: wall, floor, windows, pictures, shelves, lamps, balloons, plants.
#include "elements/testsrc/backdrop.h"

#include <array>

#include "elements/testsrc/random.h"
#include "elements/testsrc/shapes.h"

namespace facet::drawing {
namespace {

constexpr std::array<Colour, 8> kWalls = {{{196, 190, 178},
                                           {168, 182, 190},
                                           {150, 168, 150},
                                           {206, 182, 160},
                                           {120, 132, 150},
                                           {176, 160, 182},
                                           {92, 96, 104},
                                           {222, 218, 210}}};

// The room is one unit high; x runs from 0 to its width.
struct Room {
    Canvas& canvas;
    Random& random;
    float width;
    float pixel;

    [[nodiscard]] Placement at(float x, float y) const {
        const auto scale = static_cast<float>(canvas.height());
        return {x * scale, y * scale, scale, 1, 0};
    }
};

Colour any_colour(Random& random) {
    const float red = random.between(50, 220);
    const float green = random.between(50, 220);
    const float blue = random.between(50, 220);
    return {red, green, blue};
}

void paint_wall(Room& room) {
    const Colour base = kWalls[static_cast<size_t>(room.random.below(kWalls.size()))];
    const float light = room.random.between(0.75F, 1.1F);
    const float bright_x = room.random.between(0, room.width);
    const float stripes = room.random.chance(0.3F) ? room.random.between(6, 18) : 0.0F;
    const float floor_y = room.random.between(0.78F, 1.15F);
    const Colour floor = mixed(any_colour(room.random), {120, 96, 74}, 0.7F);
    const uint32_t salt = room.random.next();
    room.canvas.paint(room.at(0, 0), {0, 0, room.width, 1}, [&](float x, float y) {
        const float away = (x - bright_x) / room.width;
        float shade = light * (1.08F - 0.22F * y - 0.25F * away * away) +
                      0.05F * noise(x * 3.0F, y * 3.0F, salt);
        const float phase = x * stripes - std::floor(x * stripes);
        if (stripes > 0) shade += 0.035F * smooth_step(0.4F, 0.5F, std::fabs(phase - 0.5F) * 2.0F);
        const float skirting = line_coverage(y - floor_y, 0.012F, room.pixel);
        const Colour ground = floor * (0.85F + 0.12F * noise(x * 5.0F, y * 40.0F, salt + 1));
        Colour colour = mixed(base * shade, ground, coverage(floor_y - y, room.pixel));
        colour = mixed(colour, base * 1.12F, skirting);
        return Ink{colour, 1};
    });
}

void paint_window(Room& room) {
    const float x = room.random.between(0, room.width);
    const float y = room.random.between(0.15F, 0.45F);
    const float half_width = room.random.between(0.10F, 0.24F);
    const float half_height = room.random.between(0.14F, 0.26F);
    const Colour sky = {room.random.between(150, 215), 214, 236};
    room.canvas.paint(room.at(x, y), {-0.3F, -0.3F, 0.3F, 0.3F}, [&](float px, float py) {
        const float distance = rounded_box(px, py, half_width, half_height, 0.01F);
        const float bars =
            std::max(line_coverage(px, 0.007F, room.pixel), line_coverage(py, 0.007F, room.pixel));
        const float frame = std::max(bars, coverage(-distance - 0.016F, room.pixel));
        return Ink{mixed(sky * (1.0F - 0.3F * (py + 0.2F)), {236, 232, 222}, frame),
                   coverage(distance, room.pixel)};
    });
}

void paint_picture(Room& room) {
    const float x = room.random.between(0, room.width);
    const float y = room.random.between(0.12F, 0.6F);
    const float half_width = room.random.between(0.05F, 0.14F);
    const float half_height = room.random.between(0.06F, 0.14F);
    const Colour paper = any_colour(room.random);
    const Colour subject = any_colour(room.random);
    const float bend = room.random.between(0.2F, 0.8F);
    room.canvas.paint(room.at(x, y), {-0.16F, -0.16F, 0.16F, 0.16F}, [&](float px, float py) {
        const float distance = rounded_box(px, py, half_width, half_height, 0.004F);
        Colour colour =
            mixed(paper, subject,
                  coverage(ellipse(px, py, half_width * bend, half_height * 0.7F), room.pixel));
        colour = mixed(colour, {70, 52, 38}, coverage(-distance - 0.012F, room.pixel));
        return Ink{colour, coverage(distance, room.pixel)};
    });
}

void paint_shelf(Room& room) {
    const float x = room.random.between(0, room.width);
    const float y = room.random.between(0.3F, 0.8F);
    const float half = room.random.between(0.15F, 0.35F);
    const uint32_t salt = room.random.next();
    room.canvas.paint(room.at(x, y), {-half, -0.13F, half, 0.02F}, [&](float px, float py) {
        const float slot = std::floor(px * 34.0F);
        const int book = static_cast<int>(slot);
        const float top = -0.075F + 0.045F * lattice(book, 0, salt);
        const Colour spine = {130 + 90 * lattice(book, 1, salt), 120 + 80 * lattice(book, 2, salt),
                              120 + 80 * lattice(book, 3, salt)};
        const float round = (px * 34.0F - slot) - 0.5F;
        if (py > 0) return Ink{{104, 76, 52}, 1};
        return Ink{spine * (1.0F - round * round), coverage(top - py, room.pixel)};
    });
}

// Round and often of the colours of skin, but without eyes or a mouth.
void paint_balloon(Room& room) {
    const float x = room.random.between(0, room.width);
    const float y = room.random.between(0.1F, 0.9F);
    const float size = room.random.between(0.03F, 0.15F);
    const Colour skin = {room.random.between(90, 250), 150, 110};
    const Colour colour = room.random.chance(0.5F) ? skin : any_colour(room.random);
    room.canvas.paint(room.at(x, y), {-0.2F, -0.22F, 0.2F, 0.22F}, [&](float px, float py) {
        const float shade = 1.0F - 0.8F * (px * px + py * py) / (size * size) * 0.4F;
        const float glint =
            soft_spot(px + size * 0.3F, py + size * 0.45F, size * 0.3F, size * 0.3F);
        return Ink{mixed(colour * shade, {255, 255, 255}, 0.6F * glint),
                   coverage(ellipse(px, py, size, size * 1.25F), room.pixel)};
    });
}

void paint_lamp(Room& room) {
    const float x = room.random.between(0, room.width);
    const float y = room.random.between(0.05F, 0.4F);
    const float size = room.random.between(0.10F, 0.4F);
    room.canvas.paint(room.at(x, y), {-size, -size, size, size}, [&](float px, float py) {
        const float glow = soft_spot(px, py, size, size);
        const float bulb = coverage(ellipse(px, py, 0.035F, 0.035F), room.pixel);
        return Ink{{255, 244, 206}, std::max(0.7F * glow * glow, bulb)};
    });
}

void paint_plant(Room& room) {
    const float x = room.random.between(0, room.width);
    const float y = room.random.between(0.6F, 1.0F);
    const Colour green = {room.random.between(30, 80), room.random.between(90, 150), 60};
    for (int leaf = 0; leaf < 9; ++leaf) {
        const float turn = room.random.between(-0.22F, 0.22F);
        const float length = room.random.between(0.10F, 0.24F);
        Placement at = room.at(x, y);
        at.cosine = cosine(turn);
        at.sine = sine(turn);
        const Colour colour = green * room.random.between(0.7F, 1.2F);
        room.canvas.paint(at, {-0.05F, -0.5F, 0.05F, 0}, [&](float px, float py) {
            const float distance = ellipse(px, py + length * 0.5F, 0.022F, length * 0.5F);
            return Ink{colour * (1.0F + 6.0F * px), coverage(distance, room.pixel)};
        });
    }
}

}  // namespace

Canvas backdrop(uint64_t seed, int width, int height) {
    Canvas canvas(width, height);
    Random random(seed, 77);
    Room room = {canvas, random, static_cast<float>(width) / static_cast<float>(height),
                 1.0F / static_cast<float>(height)};
    paint_wall(room);
    const int things = 4 + random.below(1 + static_cast<int>(room.width * 4.0F));
    for (int i = 0; i < things; ++i) {
        constexpr std::array kThings = {paint_window,  paint_picture, paint_shelf, paint_balloon,
                                        paint_balloon, paint_lamp,    paint_plant, paint_picture};
        kThings[static_cast<size_t>(random.below(kThings.size()))](room);
    }
    return canvas;
}

}  // namespace facet::drawing
