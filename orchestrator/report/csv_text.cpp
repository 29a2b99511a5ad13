#include "orchestrator/report/csv_text.hpp"

#include "protocol/number_text.hpp"

namespace layersweep {

void CsvText::separate() {
    if (!at_start_) out_ += ',';
    at_start_ = false;
}

CsvText& CsvText::text(std::string_view field) {
    separate();
    if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
        out_ += field;
        return *this;
    }
    out_ += '"';
    for (const char c : field) {
        if (c == '"') out_ += '"';
        out_ += c;
    }
    out_ += '"';
    return *this;
}

CsvText& CsvText::texts(std::span<const std::string_view> fields) {
    for (const auto field : fields) text(field);
    return *this;
}

CsvText& CsvText::number(double value) {
    return text(shortest(value));
}
CsvText& CsvText::number(std::int64_t value) {
    return text(std::to_string(value));
}
CsvText& CsvText::number(std::uint64_t value) {
    return text(std::to_string(value));
}
CsvText& CsvText::empty() {
    return text({});
}

void CsvText::end_row() {
    out_ += '\n';
    at_start_ = true;
}

}  // namespace layersweep
