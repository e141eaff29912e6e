# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Checks the bundle at PAYLOAD and unpacks it to FOLDER. The folder gets its name only when it is complete.

agent_installed() { # whether another run has installed the same bundle meanwhile
    note=$INSTALL_DIR/.edgelift/bundle
    grep -q "^dir $INSTALL_DIR/$FOLDER\$" "$note" 2>/dev/null && grep -q "^sha256 $SHA256\$" "$note" 2>/dev/null
}

agent_install() {
    size=$(wc -c <"$PAYLOAD")
    [ "$((size))" -eq "$PAYLOAD_SIZE" ] || { say failed "$PAYLOAD has $size bytes on the host, $PAYLOAD_SIZE were sent"; return; }
    if command -v sha256sum >/dev/null 2>&1; then
        sum=$(sha256sum "$PAYLOAD")
        sum=${sum%% *}
        if [ "$sum" != "$PAYLOAD_SHA256" ]; then
            say failed "$PAYLOAD has SHA-256 $sum on the host, $PAYLOAD_SHA256 was sent"
            return
        fi
    fi
    if [ -e "$INSTALL_DIR/$FOLDER" ]; then
        agent_installed || say failed "$INSTALL_DIR/$FOLDER already exists and was not created by this collection"
        return
    fi
    new=$INSTALL_DIR/.edgelift/new
    rm -rf "$new"
    mkdir -p "$new" || { say failed "cannot create $new"; return; }
    if ! errors=$({ gzip -dc "$PAYLOAD" | (cd "$new" && tar -xof -); } 2>&1); then
        say failed "cannot unpack the bundle to $new: $(printf '%s' "$errors" | tail -n 1)"
        rm -rf "$new"
        return
    fi
    # A tar without the option keeps the owners of the machine that packed the bundle; one of them may be a user of this
    # host. The modes are those of the bundle.
    chown -R 0:0 "$new"
    chmod -R go-w,u-s,g-s "$new"
    chmod 700 "$new/$FOLDER" "$new/$FOLDER/go2aliyun_client"
    # Whoever sees the folder must see whose it is.
    printf 'dir %s\nsha256 %s\n' "$INSTALL_DIR/$FOLDER" "$SHA256" >"$INSTALL_DIR/.edgelift/bundle"
    if ! errors=$(mv "$new/$FOLDER" "$INSTALL_DIR/$FOLDER" 2>&1); then
        rm -f "$INSTALL_DIR/.edgelift/bundle"
        say failed "cannot move the unpacked client to $INSTALL_DIR/$FOLDER: $errors"
    fi
}

if ! secure_folder "$INSTALL_DIR/.edgelift"; then
    say failed "$WHY"
elif agent_lock; then
    agent_install
    rm -rf "$PAYLOAD" "$INSTALL_DIR/.edgelift/new"
    agent_unlock
fi
agent_state
