// SPDX-License-Identifier: MIT
// What the machine's arithmetic gives at best: a matrix product of a size that stays in the caches.
#pragma once

#include <memory>

namespace facet::bench {

enum class CeilingNumbers { kFloat, kInt8 };  // f32 x f32 -> f32; u8 x s8 -> s32

// One product on `threads` threads. Thread-bound.
class Ceiling {
  public:
    Ceiling(CeilingNumbers numbers, int threads);
    ~Ceiling();
    void run();
    [[nodiscard]] double operations() const;  // multiplications and additions of one run

  private:
    struct Product;
    std::unique_ptr<Product> product_;
};

}  // namespace facet::bench
