#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/ledger/append_file.hpp"
#include "orchestrator/ledger/results_folder.hpp"

namespace layersweep {

/// The disk as the ledger sees it: segments that are listed, read and made; what is written is never changed. All calls throw StorageError.
class SegmentStore {
public:
    virtual ~SegmentStore() = default;
    [[nodiscard]] virtual std::vector<SegmentName> names() const = 0;  ///< in no order
    [[nodiscard]] virtual bool exists(const SegmentName& name) const = 0;
    [[nodiscard]] virtual std::uint64_t size(const SegmentName& name) const = 0;
    [[nodiscard]] virtual std::unique_ptr<std::istream> open(const SegmentName& name) const = 0;
    /// Null where the name is taken: of two that try, one gets it. On the disk when it returns.
    [[nodiscard]] virtual std::unique_ptr<AppendFile> create(const SegmentName& name) = 0;
    /// Gives a segment that was made and is still empty all its content in one step; on the disk when it returns.
    virtual void fill(const SegmentName& name, const std::string& content) = 0;
    /// What others wrote there is on the disk when it returns.
    virtual void sync(const SegmentName& name) = 0;
    /// Throws where so many bytes could not be written now; leaves nothing behind.
    virtual void try_room(std::uint64_t bytes) = 0;
    [[nodiscard]] virtual std::string where(const SegmentName& name) const = 0;  ///< for messages
};

/// results/<sweep>/ledger/.
class SegmentFolder final : public SegmentStore {
public:
    explicit SegmentFolder(ResultsFolder folder) : folder_(std::move(folder)) {}

    [[nodiscard]] std::vector<SegmentName> names() const override;
    [[nodiscard]] bool exists(const SegmentName& name) const override;
    [[nodiscard]] std::uint64_t size(const SegmentName& name) const override;
    [[nodiscard]] std::unique_ptr<std::istream> open(const SegmentName& name) const override;
    [[nodiscard]] std::unique_ptr<AppendFile> create(const SegmentName& name) override;
    void fill(const SegmentName& name, const std::string& content) override;
    void sync(const SegmentName& name) override;
    void try_room(std::uint64_t bytes) override;
    [[nodiscard]] std::string where(const SegmentName& name) const override { return folder_.segment(name).string(); }

private:
    ResultsFolder folder_;
};

}  // namespace layersweep
