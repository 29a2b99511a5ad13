#include "worker/model/packed_rows.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

/// An input this much shorter than the longest of its group begins a group of its own: padding costs more then than one more call.
constexpr double shortest_of_a_group = 0.7;

at::Tensor on(at::Device device, const std::vector<std::int64_t>& numbers) {
    return at::tensor(numbers, at::kLong).to(device);
}

/// Numbers of the inputs, longest first.
std::vector<std::size_t> longest_first(std::span<const PackedRows::Input> inputs) {
    std::vector<std::size_t> order(inputs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return inputs[a].size() > inputs[b].size(); });
    return order;
}

/// Own lengths of a group's inputs, longest first.
RowGroup group_of(const std::vector<std::int64_t>& lengths, std::int64_t first, std::int64_t prefix, at::Device device) {
    RowGroup group{.first = first, .inputs = std::int64_t(lengths.size()), .longest = lengths.front()};
    group.is_even = lengths.back() == lengths.front();
    std::vector<std::int64_t> padded(std::size_t(group.inputs * group.longest)), real;
    for (std::int64_t input = 0; input < group.inputs; ++input)
        for (std::int64_t token = 0; token < lengths[std::size_t(input)]; ++token) {
            padded[std::size_t(input * group.longest + token)] = group.tokens++;
            real.push_back(input * group.longest + token);
        }
    const auto places = at::arange(prefix + group.longest, at::TensorOptions(at::kLong).device(device));
    group.visible = places.unsqueeze(0) <= places.slice(0, prefix).unsqueeze(1);
    if (group.is_even) return group;
    group.padded = on(device, padded);
    group.real = on(device, real);
    group.present = (places.unsqueeze(0) < on(device, lengths).add(prefix).unsqueeze(1)).view({group.inputs, 1, 1, -1});
    return group;
}

}  // namespace

TokenRows::TokenRows(std::vector<std::int64_t> tokens, std::int64_t vocabulary) : tokens_(std::move(tokens)) {
    row_of_.assign(std::size_t(vocabulary), -1);
    for (std::size_t row = 0; row < tokens_.size(); ++row) row_of_[std::size_t(tokens_[row])] = std::int32_t(row);
}

PackedRows::PackedRows(std::span<const Input> inputs, std::int64_t prefix, Prefix where, const TokenRows& rows,
                       std::int64_t position_offset, at::Device device)
    : prefix_(prefix), leading_(where == Prefix::here ? prefix : 0), begin_(inputs.size()) {
    std::vector<std::int64_t> tokens, positions, ends, order(inputs.size()), lengths;
    const auto add = [&](Input input, std::int64_t from, std::int64_t to) {
        for (auto token = from; token < to; ++token) {
            tokens.push_back(rows(input[std::size_t(token)]));
            positions.push_back(position_offset + token);
        }
    };
    add(inputs.front(), 0, leading_);
    auto group_begin = leading_;
    const auto close_group = [&] {
        groups_.push_back(group_of(lengths, group_begin, prefix, device));
        group_begin = std::int64_t(tokens.size());
        lengths.clear();
    };
    for (const auto number : longest_first(inputs)) {
        const auto& input = inputs[number];
        const auto own = std::int64_t(input.size()) - prefix;
        LAYERSWEEP_CHECK(own > 0, "an input is no longer than the prefix");
        if (!lengths.empty() && double(own) < shortest_of_a_group * double(lengths.front())) close_group();
        order[number] = std::int64_t(ends.size());
        begin_[number] = std::int64_t(tokens.size());
        add(input, prefix, std::int64_t(input.size()));
        ends.push_back(std::int64_t(tokens.size()) - 1);
        lengths.push_back(own);
        longest_ = std::max(longest_, std::int64_t(input.size()));
    }
    close_group();
    tokens_ = on(device, tokens);
    positions_ = on(device, positions);
    ends_ = on(device, ends);
    order_ = on(device, order);
}

PackedRows::PackedRows(Input prefix, const TokenRows& rows, std::int64_t position_offset, at::Device device)
    : prefix_(std::int64_t(prefix.size())), leading_(prefix_), longest_(prefix_) {
    std::vector<std::int64_t> tokens;
    for (const auto token : prefix) tokens.push_back(rows(token));
    tokens_ = on(device, tokens);
    positions_ = at::arange(position_offset, position_offset + prefix_, at::TensorOptions(at::kLong).device(device));
}

}  // namespace layersweep
