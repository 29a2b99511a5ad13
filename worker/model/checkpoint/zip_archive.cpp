#include "worker/model/checkpoint/zip_archive.hpp"

#include <zip.h>

#include <cerrno>
#include <set>

#include <fmt/format.h>

#include "protocol/errors.hpp"

namespace layersweep {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& what, const std::string& why) {
    throw ConfigError(path, what, why, "download the model again, as safetensors where it is offered");
}

/// libzip's view of a ByteFile. No exception may cross libzip, so each ends as an error of the source.
class CountedSource {
public:
    explicit CountedSource(const ByteFile& file) : file_(file) { zip_error_init(&error_); }
    ~CountedSource() { zip_error_fini(&error_); }
    CountedSource(const CountedSource&) = delete;
    CountedSource& operator=(const CountedSource&) = delete;

    static zip_int64_t call(void* self, void* data, zip_uint64_t length, zip_source_cmd_t command) {
        return static_cast<CountedSource*>(self)->answer(data, length, command);
    }

private:
    zip_int64_t answer(void* data, zip_uint64_t length, zip_source_cmd_t command) {
        switch (command) {
            case ZIP_SOURCE_SUPPORTS:
                return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
                                                      ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, -1);
            case ZIP_SOURCE_OPEN:
                position_ = 0;
                return 0;
            case ZIP_SOURCE_CLOSE:
            case ZIP_SOURCE_FREE:
                return 0;
            case ZIP_SOURCE_READ:
                return read(static_cast<std::byte*>(data), length);
            case ZIP_SOURCE_STAT:
                return stat(static_cast<zip_stat_t*>(data));
            case ZIP_SOURCE_TELL:
                return static_cast<zip_int64_t>(position_);
            case ZIP_SOURCE_SEEK:
                return seek(data, length);
            case ZIP_SOURCE_ERROR:
                return zip_error_to_data(&error_, data, length);
            default:
                zip_error_set(&error_, ZIP_ER_OPNOTSUPP, 0);
                return -1;
        }
    }

    zip_int64_t read(std::byte* data, zip_uint64_t length) {
        try {
            const std::size_t got = file_.read_some(position_, {data, length});
            position_ += got;
            return static_cast<zip_int64_t>(got);
        } catch (const std::exception&) {
            zip_error_set(&error_, ZIP_ER_READ, EIO);
            return -1;
        }
    }

    zip_int64_t stat(zip_stat_t* status) const {
        zip_stat_init(status);
        status->valid = ZIP_STAT_SIZE;
        status->size = file_.size();
        return sizeof(*status);
    }

    zip_int64_t seek(void* data, zip_uint64_t length) {
        const zip_int64_t target = zip_source_seek_compute_offset(position_, file_.size(), data, length, &error_);
        if (target < 0) return -1;
        position_ = static_cast<std::uint64_t>(target);
        return 0;
    }

    const ByteFile& file_;
    std::uint64_t position_ = 0;
    zip_error_t error_{};
};

struct DiscardArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
    void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

}  // namespace

struct ZipArchive::Opened {
    explicit Opened(const ByteFile& file) : source(file) {
        zip_error_t error;
        zip_error_init(&error);
        zip_source_t* view = zip_source_function_create(&CountedSource::call, &source, &error);
        if (view != nullptr) archive.reset(zip_open_from_source(view, ZIP_RDONLY, &error));
        if (view != nullptr && archive == nullptr) zip_source_free(view);
        const std::string why = zip_error_strerror(&error);
        zip_error_fini(&error);
        if (archive == nullptr) refuse(file.path(), "is not a whole zip file", why);
    }
    CountedSource source;
    std::unique_ptr<zip_t, DiscardArchive> archive;
};

ZipArchive::ZipArchive(const std::string& path) : file_(path), opened_(std::make_unique<Opened>(file_)) {
    list();
}
ZipArchive::~ZipArchive() = default;

void ZipArchive::list() {
    std::set<std::string> seen;
    zip_t* const archive = opened_->archive.get();
    const zip_int64_t count = zip_get_num_entries(archive, 0);
    for (zip_int64_t number = 0; number < count; ++number) {
        zip_stat_t status;
        constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
        if (zip_stat_index(archive, static_cast<zip_uint64_t>(number), 0, &status) != 0 || (status.valid & needed) != needed) {
            refuse(path(), fmt::format("entry {} cannot be understood", number), zip_strerror(archive));
        }
        const std::string name = status.name;
        if (status.encryption_method != ZIP_EM_NONE)
            refuse(path(), fmt::format("entry \"{}\" is encrypted", name), "PyTorch stores entries plain");
        if (status.comp_method != ZIP_CM_STORE)
            refuse(path(), fmt::format("entry \"{}\" is compressed", name), "PyTorch stores entries plain");
        if (status.size > file_.size())
            refuse(path(), fmt::format("entry \"{}\" is larger than the file", name), "the file is truncated or hostile");
        if (!seen.insert(name).second)
            refuse(path(), fmt::format("entry \"{}\" appears twice", name), "which of the two counts is not defined");
        entries_.push_back({name, status.size});
    }
}

void ZipArchive::read(std::uint64_t entry, std::uint64_t offset, std::span<std::byte> out) const {
    if (out.empty()) return;
    const std::lock_guard lock(mutex_);
    const std::string& name = entries_.at(entry).name;
    const std::unique_ptr<zip_file_t, CloseEntry> opened(zip_fopen_index(opened_->archive.get(), entry, 0));
    if (!opened) refuse(path(), fmt::format("entry \"{}\" cannot be opened", name), zip_strerror(opened_->archive.get()));
    if (offset > 0 && zip_fseek(opened.get(), static_cast<zip_int64_t>(offset), SEEK_SET) != 0) {
        refuse(path(), fmt::format("entry \"{}\" cannot be read from byte {}", name, offset), "the file is truncated");
    }
    while (!out.empty()) {
        const zip_int64_t got = zip_fread(opened.get(), out.data(), out.size());
        if (got <= 0) refuse(path(), fmt::format("entry \"{}\" cannot be read to its end", name), zip_file_strerror(opened.get()));
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace layersweep
