#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace layersweep {

/// A CSV file being written, quoted as RFC 4180 asks; lines end in a line feed.
class CsvText {
public:
    CsvText& text(std::string_view field);
    CsvText& texts(std::span<const std::string_view> fields);
    CsvText& number(double value);
    CsvText& number(std::int64_t value);
    CsvText& number(std::uint64_t value);
    CsvText& empty();
    void end_row();
    [[nodiscard]] const std::string& str() const { return out_; }

private:
    void separate();

    std::string out_;
    bool at_start_ = true;
};

}  // namespace layersweep
