# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Removes an activation code that an interrupted run left in the configuration of the client.

agent_scrub() { # folder
    config=$1/user_config.json
    agent_safe || { say failed "$WHY"; return; }
    if errors=$( {
        rm -f "$config.new" && set -C &&
            sed -e 's/\("access_token_id": *"\)[^"]*"/\1"/' -e 's/\("access_token_code": *"\)[^"]*"/\1"/' "$config" >"$config.new" &&
            chmod 600 "$config.new" && mv "$config.new" "$config"
    } 2>&1); then
        agent_state
    else
        say failed "cannot remove the activation code from $config: $errors"
    fi
}
