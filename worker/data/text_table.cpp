#include "worker/data/text_table.hpp"

#include <algorithm>
#include <optional>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/csv/api.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>

#include "protocol/errors.hpp"
#include "worker/data/read_file.hpp"

namespace layersweep {
namespace {

/// The first row with a wrong number of cells.
struct WrongRow {
    std::int64_t number = 0;
    std::int64_t expected = 0, found = 0;
};

arrow::csv::ReadOptions read_options(std::size_t bytes, const TextTableFormat& format) {
    constexpr std::size_t largest_block = std::size_t{1} << 30;
    auto options = arrow::csv::ReadOptions::Defaults();
    options.use_threads = false;  // rows are only numbered in serial reading
    options.block_size = static_cast<std::int32_t>(std::clamp<std::size_t>(bytes + 1, 1 << 16, largest_block));  // a row never straddles
    options.autogenerate_column_names = !format.header;
    return options;
}

arrow::csv::ParseOptions parse_options(const TextTableFormat& format, std::optional<WrongRow>& wrong_row) {
    auto options = arrow::csv::ParseOptions::Defaults();
    options.delimiter = format.delimiter;
    options.quoting = format.quoting;
    options.double_quote = true;
    options.escaping = false;
    options.newlines_in_values = format.quoting;
    options.invalid_row_handler = [&wrong_row](const arrow::csv::InvalidRow& row) {
        wrong_row = WrongRow{row.number, row.expected_columns, row.actual_columns};
        return arrow::csv::InvalidRowResult::Error;
    };
    return options;
}

arrow::csv::ConvertOptions convert_options() {
    auto options = arrow::csv::ConvertOptions::Defaults();
    options.default_column_type = arrow::utf8();
    options.strings_can_be_null = false;
    options.check_utf8 = false;  // checked where the row is known
    return options;
}

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
    throw ConfigError(path, "this file is no table of the kind that was announced: " + reason, "its rows cannot be told apart",
                      "check the file and the format given for it");
}

[[noreturn]] void refuse_row(const std::string& path, const WrongRow& row, bool header) {
    const auto number = row.number - (header ? 1 : 0);
    throw ConfigError(path + ": row " + std::to_string(number),
                      std::to_string(row.found) + " columns where " + std::to_string(row.expected) + " are expected",
                      "every row must have as many columns as the first line", "correct the row (a missing quote or an extra separator?)");
}

/// Up to the end of the first row that is not blank, as Arrow counts them.
std::size_t columns_of_first_row(std::string_view bytes, const TextTableFormat& format) {
    std::size_t columns = 1;
    bool cell_begins = true, quoted = false;
    for (std::size_t at = bytes.find_first_not_of("\r\n"); at < bytes.size(); ++at) {
        const char c = bytes[at];
        if (quoted) {
            quoted = c != '"';
            cell_begins = !quoted;  // a doubled quote opens its cell anew
        } else if (cell_begins && format.quoting && c == '"') {
            quoted = true;
        } else if (c == '\n' || c == '\r') {
            break;
        } else {
            cell_begins = c == format.delimiter;
            columns += cell_begins ? 1 : 0;
        }
    }
    return columns;
}

std::shared_ptr<arrow::Table> read_table(const std::string& path, const TextTableFormat& format) {
    auto bytes = read_file(path);
    if (bytes.find_first_not_of("\r\n") == std::string::npos) refuse(path, "it is empty");
    // Arrow takes some 20 KB for a column, however short.
    constexpr std::size_t most_columns = 1'000;
    if (columns_of_first_row(bytes, format) > most_columns) refuse(path, "it has more than " + std::to_string(most_columns) + " columns");
    std::optional<WrongRow> wrong_row;
    const auto options = read_options(bytes.size(), format);
    auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes)));
    auto reader =
        arrow::csv::TableReader::Make(arrow::io::default_io_context(), input, options, parse_options(format, wrong_row), convert_options());
    if (!reader.ok()) refuse(path, reader.status().message());
    auto table = (*reader)->Read();
    if (wrong_row) refuse_row(path, *wrong_row, format.header);
    if (!table.ok()) refuse(path, table.status().message());
    return *table;
}

}  // namespace

struct TextTable::Impl {
    std::string path;
    std::shared_ptr<arrow::Table> table;
    std::vector<std::string> columns;
};

TextTable::TextTable(const std::string& path, const TextTableFormat& format)
    : impl_(std::make_unique<Impl>(Impl{path, read_table(path, format), {}})) {
    const auto names = impl_->table->ColumnNames();
    for (std::size_t i = 0; i < names.size(); ++i) impl_->columns.push_back(format.header ? names[i] : "column_" + std::to_string(i + 1));
}

TextTable::~TextTable() = default;
TextTable::TextTable(TextTable&&) noexcept = default;
TextTable& TextTable::operator=(TextTable&&) noexcept = default;

std::int64_t TextTable::rows() const {
    return impl_->table->num_rows();
}
const std::vector<std::string>& TextTable::columns() const {
    return impl_->columns;
}

std::vector<std::string_view> TextTable::column(const std::string& name) const {
    const auto& columns = impl_->columns;
    const auto found = std::count(columns.begin(), columns.end(), name);
    if (found != 1) {
        std::string all;
        for (const auto& column : columns) all += (all.empty() ? "" : ", ") + column;
        throw ConfigError(impl_->path, (found == 0 ? "there is no column \"" : "there are several columns \"") + name + "\"",
                          "text and label are read from columns by name", "name one of the file's columns: " + all);
    }
    const auto index = static_cast<int>(std::find(columns.begin(), columns.end(), name) - columns.begin());
    std::vector<std::string_view> cells;
    cells.reserve(static_cast<std::size_t>(rows()));
    for (const auto& chunk : impl_->table->column(index)->chunks()) {
        const auto& strings = static_cast<const arrow::StringArray&>(*chunk);
        for (std::int64_t row = 0; row < strings.length(); ++row) cells.push_back(strings.GetView(row));
    }
    return cells;
}

}  // namespace layersweep
