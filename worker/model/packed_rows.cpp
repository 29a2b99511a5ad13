#include "worker/model/packed_rows.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

/// What one more group costs in each block, in floating-point operations that attention could do meanwhile. A GPU does many more while a
/// few kernels are started: there one group is nearly always the cheapest.
double operations_of_a_call(at::Device device) {
    return device.is_cpu() ? 7.5e6 : 5e9;
}

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

/// Forward and backward of attention over padded inputs, in floating-point operations.
double cost_of_group(std::size_t inputs, std::int64_t longest, std::int64_t prefix, std::int64_t d_model, at::Device device) {
    return operations_of_a_call(device) + 12.0 * double(d_model) * double(inputs) * double(longest) * double(prefix + longest);
}

/// Sizes of the groups that cost least together. `lengths`: of all inputs behind the prefix, longest first.
std::vector<std::size_t> group_sizes(const std::vector<std::int64_t>& lengths, std::int64_t prefix, std::int64_t d_model,
                                     at::Device device) {
    std::vector<std::size_t> ends;  // a group ends only where the length changes
    for (std::size_t i = 1; i <= lengths.size(); ++i)
        if (i == lengths.size() || lengths[i] != lengths[i - 1]) ends.push_back(i);
    struct Best {
        double cost = 0;
        std::size_t begin = 0;  ///< of the last group
    };
    std::vector<Best> best(ends.size());
    const auto begin_of = [&](std::size_t e) { return e == 0 ? 0 : ends[e - 1]; };
    for (std::size_t e = 0; e < ends.size(); ++e) {
        best[e].cost = std::numeric_limits<double>::infinity();
        for (std::size_t b = 0; b <= e; ++b) {
            const auto before = b == 0 ? 0.0 : best[b - 1].cost;
            const auto cost = before + cost_of_group(ends[e] - begin_of(b), lengths[begin_of(b)], prefix, d_model, device);
            if (cost < best[e].cost) best[e] = {cost, b};
        }
    }
    std::vector<std::size_t> sizes;
    for (auto e = ends.size(); e > 0; e = best[e - 1].begin) sizes.push_back(ends[e - 1] - begin_of(best[e - 1].begin));
    std::reverse(sizes.begin(), sizes.end());
    return sizes;
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
    LAYERSWEEP_CHECK(tokens_.empty() || tokens_.back() < vocabulary, "a token that the table has no row for");
    row_of_.assign(std::size_t(vocabulary), -1);
    for (std::size_t row = 0; row < tokens_.size(); ++row) row_of_[std::size_t(tokens_[row])] = std::int32_t(row);
}

PackedRows::PackedRows(std::span<const Input> inputs, std::int64_t prefix, Prefix where, const TokenRows& rows,
                       std::int64_t position_offset, std::int64_t d_model, at::Device device)
    : prefix_(prefix), leading_(where == Prefix::here ? prefix : 0), begin_(inputs.size()) {
    std::vector<std::int64_t> tokens, positions, ends, order(inputs.size()), lengths;
    const auto add = [&](Input input, std::int64_t from, std::int64_t to) {
        for (auto token = from; token < to; ++token) {
            tokens.push_back(rows(input[std::size_t(token)]));
            positions.push_back(position_offset + token);
        }
    };
    add(inputs.front(), 0, leading_);
    for (const auto number : longest_first(inputs)) {
        const auto& input = inputs[number];
        const auto own = std::int64_t(input.size()) - prefix;
        LAYERSWEEP_CHECK(own > 0, "an input is no longer than the prefix");
        order[number] = std::int64_t(ends.size());
        begin_[number] = std::int64_t(tokens.size());
        add(input, prefix, std::int64_t(input.size()));
        ends.push_back(std::int64_t(tokens.size()) - 1);
        lengths.push_back(own);
        longest_ = std::max(longest_, std::int64_t(input.size()));
    }
    auto first = leading_;
    auto next = lengths.cbegin();
    for (const auto size : group_sizes(lengths, prefix, d_model, device)) {
        groups_.push_back(group_of({next, next + std::ptrdiff_t(size)}, first, prefix, device));
        first += groups_.back().tokens;
        next += std::ptrdiff_t(size);
    }
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
