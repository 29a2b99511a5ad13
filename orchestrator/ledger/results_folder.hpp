#pragma once

#include <filesystem>

#include "orchestrator/ledger/ledger_format.hpp"

namespace layersweep {

/// Where the grid and the ledger of one sweep lie; their names are made here and nowhere else.
struct ResultsFolder {
    std::filesystem::path root;

    [[nodiscard]] std::filesystem::path grid() const { return root / "grid.jsonl"; }
    [[nodiscard]] std::filesystem::path ledger() const { return root / "ledger"; }
    [[nodiscard]] std::filesystem::path holder() const { return ledger() / "holder.json"; }
    [[nodiscard]] std::filesystem::path segment(const SegmentName& name) const { return ledger() / name.text(); }
};

}  // namespace layersweep
