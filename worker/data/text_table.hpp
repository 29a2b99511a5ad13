#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace layersweep {

/// How the cells of a text file are told apart.
struct TextTableFormat {
    char delimiter = ',';
    bool quoting = true;  ///< RFC 4180: quotes doubled inside quotes, line ends allowed there; no escape character
    bool header = true;   ///< false: columns are named column_1, column_2, …
};

/// A CSV or TSV file in memory, every cell as the text that stands there. Blank lines are no rows.
class TextTable {
public:
    /// Throws ConfigError with file and row (from 1, the header not counted) for whatever is not such a table.
    TextTable(const std::string& path, const TextTableFormat& format);
    ~TextTable();
    TextTable(TextTable&&) noexcept;
    TextTable& operator=(TextTable&&) noexcept;

    [[nodiscard]] std::int64_t rows() const;
    [[nodiscard]] const std::vector<std::string>& columns() const;
    /// All cells of a column; they live as long as the table. Throws ConfigError where there is none or more than one of that name.
    [[nodiscard]] std::vector<std::string_view> column(const std::string& name) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace layersweep
