#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "orchestrator/ledger/event.hpp"

namespace layersweep::test {

/// What a ledger says, counted without the product's plan: which would itself drop a second result.
struct Account {
    struct Running {
        Attempt attempt;
        std::vector<int> workers;  ///< ranks, leader first
    };
    struct Aside {
        std::string why;
        SetAsideCause cause = SetAsideCause::failures;
        bool operator==(const Aside&) const = default;
    };

    std::map<std::string, Running> running;               ///< by key
    std::map<std::string, Running> abandoned;             ///< ran until it was abandoned, in this life
    std::map<std::string, std::vector<Attempt>> results;  ///< all that count: one for each trial, if all is well
    std::map<std::string, Aside> set_aside;
    std::map<std::string, int> lines;  ///< how many of each kind count
    std::string last_loss;             ///< why the last worker was lost

    void apply(const Event& event);
    /// Each trial that `whole` has a result of, or set aside, has it here too, or is set aside for good.
    [[nodiscard]] bool is_as_complete_as(const Account& whole) const;
};

/// Of a results folder, also while the sweep runs; empty where there is no ledger yet.
[[nodiscard]] Account account_of(const std::filesystem::path& results);

}  // namespace layersweep::test
