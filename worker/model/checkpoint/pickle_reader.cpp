#include "worker/model/checkpoint/pickle_reader.hpp"

#include <cctype>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "protocol/errors.hpp"
#include "worker/model/checkpoint/pickle_bytes.hpp"
#include "worker/model/checkpoint/pickle_opcodes.hpp"

namespace layersweep {
namespace {

constexpr std::size_t most_values = 4'000'000, most_stack = 1'000'000, most_memo = 2'000'000;

const std::map<std::string, PickleGlobal, std::less<>> known_globals = {
    {"collections.OrderedDict", PickleGlobal::ordered_dict},
    {"torch._utils._rebuild_tensor_v2", PickleGlobal::rebuild_tensor},
    {"torch._utils._rebuild_parameter", PickleGlobal::rebuild_parameter},
    {"torch.FloatStorage", PickleGlobal::storage_f32},
    {"torch.HalfStorage", PickleGlobal::storage_f16},
    {"torch.BFloat16Storage", PickleGlobal::storage_bf16},
    {"torch.DoubleStorage", PickleGlobal::storage_f64},
    {"torch.LongStorage", PickleGlobal::storage_other},
    {"torch.IntStorage", PickleGlobal::storage_other},
    {"torch.ShortStorage", PickleGlobal::storage_other},
    {"torch.CharStorage", PickleGlobal::storage_other},
    {"torch.ByteStorage", PickleGlobal::storage_other},
    {"torch.BoolStorage", PickleGlobal::storage_other},
};

/// The stack machine of a pickle, with calls recognised instead of made.
class PickleMachine {
public:
    PickleMachine(std::deque<PickleValue>& values, PickleBytes bytes) : values_(values), bytes_(bytes) {}

    PickleRef run() {
        for (std::uint8_t code = bytes_.byte(); code != static_cast<std::uint8_t>(PickleOp::stop); code = bytes_.byte()) {
            const auto op = static_cast<PickleOp>(code);
            if (scalar(op) || container(op) || memo(op) || object(op)) continue;
            const char shown = std::isprint(code) != 0 ? static_cast<char>(code) : '?';
            bytes_.refuse(fmt::format("uses pickle opcode 0x{:02x} ('{}')", code, shown),
                          "state dicts do not, and nothing else is understood");
        }
        if (stack_.size() != 1 || !marks_.empty()) bytes_.refuse("leaves more or less than one object", "a pickle is one object");
        return stack_.back();
    }

private:
    bool scalar(PickleOp op) {
        switch (op) {
            case PickleOp::proto:
                protocol();
                return true;
            case PickleOp::none:
                make(PickleNone{});
                return true;
            case PickleOp::new_true:
                make(true);
                return true;
            case PickleOp::new_false:
                make(false);
                return true;
            case PickleOp::binint:
                make(std::int64_t{static_cast<std::int32_t>(bytes_.little(4))});
                return true;
            case PickleOp::binint1:
                make(static_cast<std::int64_t>(bytes_.little(1)));
                return true;
            case PickleOp::binint2:
                make(static_cast<std::int64_t>(bytes_.little(2)));
                return true;
            case PickleOp::long1:
                make(bytes_.signed_long());
                return true;
            case PickleOp::binunicode:
                make(std::string(bytes_.text(bytes_.little(4))));
                return true;
            case PickleOp::short_binunicode:
                make(std::string(bytes_.text(bytes_.little(1))));
                return true;
            default:
                return false;
        }
    }

    bool container(PickleOp op) {
        switch (op) {
            case PickleOp::mark:
                mark();
                return true;
            case PickleOp::empty_dict:
                make(PickleDict{});
                return true;
            case PickleOp::empty_list:
                make(PickleList{});
                return true;
            case PickleOp::empty_tuple:
                make(PickleTuple{});
                return true;
            case PickleOp::tuple:
                make(PickleTuple{pop_to_mark()});
                return true;
            case PickleOp::tuple1:
                make(PickleTuple{pop(1)});
                return true;
            case PickleOp::tuple2:
                make(PickleTuple{pop(2)});
                return true;
            case PickleOp::tuple3:
                make(PickleTuple{pop(3)});
                return true;
            case PickleOp::append:
                append(pop(1));
                return true;
            case PickleOp::appends:
                append(pop_to_mark());
                return true;
            case PickleOp::setitem:
                set(pop(2));
                return true;
            case PickleOp::setitems:
                set(pop_to_mark());
                return true;
            default:
                return false;
        }
    }

    bool memo(PickleOp op) {
        switch (op) {
            case PickleOp::binput:
                put(bytes_.little(1));
                return true;
            case PickleOp::long_binput:
                put(bytes_.little(4));
                return true;
            case PickleOp::memoize:
                put(memo_.size());
                return true;
            case PickleOp::binget:
                get(bytes_.little(1));
                return true;
            case PickleOp::long_binget:
                get(bytes_.little(4));
                return true;
            default:
                return false;
        }
    }

    bool object(PickleOp op) {
        switch (op) {
            case PickleOp::global:
                global();
                return true;
            case PickleOp::binpersid:
                make(PickleStorage{pop(1).front()});
                return true;
            case PickleOp::reduce:
                reduce();
                return true;
            case PickleOp::build:
                build();
                return true;
            default:
                return false;
        }
    }

    void protocol() {
        const std::uint64_t version = bytes_.little(1);
        if (version < 2 || version > 4) bytes_.refuse(fmt::format("is of pickle protocol {}", version), "protocols 2 to 4 are understood");
    }

    void global() {
        const std::string_view module = bytes_.line(), name = bytes_.line();
        const std::string full = fmt::format("{}.{}", module, name);
        const auto found = known_globals.find(full);
        if (found == known_globals.end()) {
            bytes_.refuse(fmt::format("names {}", full), "only what plain state dicts of PyTorch use is allowed; nothing of it was run");
        }
        make(found->second);
    }

    void reduce() {
        const auto call = pop(2);
        const auto* callee = std::get_if<PickleGlobal>(&call[0]->data);
        const auto* arguments = std::get_if<PickleTuple>(&call[1]->data);
        const std::size_t count = arguments == nullptr ? 0 : arguments->items.size();
        if (callee != nullptr && arguments != nullptr) {
            if (*callee == PickleGlobal::ordered_dict && count == 0) return make(PickleDict{});
            if (*callee == PickleGlobal::rebuild_tensor && (count == 6 || count == 7)) return make(PickleTensor{call[1]});
            if (*callee == PickleGlobal::rebuild_parameter && count == 3) return push(arguments->items[0]);
        }
        bytes_.refuse("calls what state dicts do not call", "only OrderedDict(), _rebuild_tensor_v2 and _rebuild_parameter are understood");
    }

    /// The attributes of a dictionary (_metadata) say nothing about tensors.
    void build() {
        pop(1);
        (void)top<PickleDict>("sets attributes of what is no dictionary");
    }

    void append(const std::vector<PickleRef>& items) {
        auto& list = top<PickleList>("appends to what is no list").items;
        list.insert(list.end(), items.begin(), items.end());
    }

    void set(const std::vector<PickleRef>& items) {
        if (items.size() % 2 != 0) bytes_.refuse("sets a key without a value", "the pickle is malformed");
        auto& dict = top<PickleDict>("sets an item of what is no dictionary").items;
        for (std::size_t i = 0; i < items.size(); i += 2) dict.emplace_back(items[i], items[i + 1]);
    }

    template <typename Data>
    Data& top(const char* otherwise) {
        auto* data = stack_.size() > floor() ? std::get_if<Data>(&stack_.back()->data) : nullptr;
        if (data == nullptr) bytes_.refuse(otherwise, "the pickle is malformed");
        return *data;
    }

    template <typename Data>
    void make(Data data) {
        if (values_.size() == most_values) bytes_.refuse(fmt::format("holds more than {} values", most_values), "no state dict needs that");
        push(&values_.emplace_back(PickleValue{std::move(data)}));
    }

    void push(PickleRef value) {
        if (stack_.size() == most_stack) bytes_.refuse(fmt::format("stacks more than {} values", most_stack), "no state dict needs that");
        // Every value of the stack lies in values_, which this machine fills and may therefore change.
        stack_.push_back(const_cast<PickleValue*>(value));
    }

    [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

    void mark() {
        if (marks_.size() == most_stack) bytes_.refuse(fmt::format("sets more than {} marks", most_stack), "no state dict needs that");
        marks_.push_back(stack_.size());
    }

    std::vector<PickleRef> pop(std::size_t count) {
        if (stack_.size() - floor() < count) bytes_.refuse("takes from an empty stack", "the pickle is malformed");
        std::vector<PickleRef> taken(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
        stack_.resize(stack_.size() - count);
        return taken;
    }

    std::vector<PickleRef> pop_to_mark() {
        if (marks_.empty()) bytes_.refuse("takes to a mark that is not set", "the pickle is malformed");
        auto taken = pop(stack_.size() - marks_.back());
        marks_.pop_back();
        return taken;
    }

    void put(std::uint64_t slot) {
        if (stack_.size() == floor()) bytes_.refuse("remembers from an empty stack", "the pickle is malformed");
        if (memo_.size() == most_memo) bytes_.refuse(fmt::format("remembers more than {} values", most_memo), "no state dict needs that");
        memo_[slot] = stack_.back();
    }

    void get(std::uint64_t slot) {
        const auto found = memo_.find(slot);
        if (found == memo_.end())
            bytes_.refuse(fmt::format("recalls value {} that it has not remembered", slot), "the pickle is malformed");
        push(found->second);
    }

    std::deque<PickleValue>& values_;
    PickleBytes bytes_;
    std::vector<PickleValue*> stack_;
    std::vector<std::size_t> marks_;
    std::map<std::uint64_t, PickleValue*> memo_;
};

}  // namespace

PickleDocument::PickleDocument(const std::string& where, std::span<const std::byte> bytes) {
    PickleBytes reader(where, bytes);
    if (bytes.size() > most_bytes)
        reader.refuse(fmt::format("has a pickle of {} bytes", bytes.size()), fmt::format("{} are allowed", most_bytes));
    root_ = PickleMachine(values_, reader).run();
}

}  // namespace layersweep
