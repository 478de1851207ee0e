#!/usr/bin/env bash
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The real systemd-creds, with a host key and a machine-id of its own: in a mount namespace, so that this machine's are
# neither used nor in danger.

set -eu -o pipefail

if [ "${1:-}" != "--inside" ]; then
  become_root=()
  [ "$(id -u)" -eq 0 ] || become_root=(--user --map-root-user)
  exec unshare "${become_root[@]}" --mount --propagation private -- "$0" --inside "$@"
fi
shift

place="$(mktemp -d "${OUTPUT_DIR:?}/credential.XXXXXX")"
trap 'umount "${place}/small"; rm -rf "${place}"' EXIT
mkdir "${place}/systemd" "${place}/small"
printf '%s\n' 0123456789abcdef0123456789abcdef > "${place}/machine-id"
mount --bind "${place}/systemd" /var/lib/systemd
mount --bind "${place}/machine-id" /etc/machine-id
mount -t tmpfs -o size=64k,mode=700 tmpfs "${place}/small"

# Secrets come from a vault, as they should: what stands in clear in a play, ansible-core itself can print.
canary="CANARY$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')"
od -An -N16 -tx1 /dev/urandom > "${place}/vault-password"
printf '{"canary_key": "%s-key", "canary_secret": "%s-\\"secret\\\\", "canary_new": "%s-new", "canary_phrase": "%s-phrase"}' \
  "${canary}" "${canary}" "${canary}" "${canary}" > "${place}/secrets.json"
export ANSIBLE_VAULT_PASSWORD_FILE="${place}/vault-password"
ansible-vault encrypt "${place}/secrets.json"
if grep -q "${canary}" "${place}/secrets.json"; then exit 1; fi

status=0
ansible-playbook -i localhost, -c local playbook.yml -vvvvvv --diff "$@" \
  -e "@${place}/secrets.json" -e "place=${place}" -e "ansible_python_interpreter=${ANSIBLE_TEST_PYTHON_INTERPRETER:-$(command -v python3)}" \
  > "${place}/output" 2>&1 || status=$?
if grep -q "${canary}" "${place}/output"; then
  echo "A secret stands in Ansible's output."
  status=1
fi
if grep -rq "${canary}" "${place}" --exclude=output; then
  echo "A secret stands in a file."
  status=1
fi
sed "s/${canary}/[removed]/g" "${place}/output" | grep -E '^(TASK|ok:|changed:|fatal:|failed:|localhost|\[ERROR)' || true
[ "${status}" -eq 0 ] || sed "s/${canary}/[removed]/g" "${place}/output" | tail -n 60
exit "${status}"
