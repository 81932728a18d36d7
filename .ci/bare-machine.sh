#!/usr/bin/env bash
# Runs the README's two commands on a machine with nothing but Node: hides every other program that the tests know.
# `bare-machine.sh -- COMMAND...` runs COMMAND in the current folder under the same hiding instead.
set -euo pipefail

# Everything that `.ci/run` installs, and what comes with it.
programs=(
  aws curl jq tmux shellcheck openssl strace busybox man fzf chromium chromium-headless-shell zsh fish tcsh csh go gofmt
  python python3 ps pgrep pkill pidwait top free killall fuser pstree chattr lsattr
  dbus-daemon dbus-launch dbus-run-session dbus-send gdbus gsettings notify-send gnome-keyring-daemon secret-tool
  systemd systemctl systemd-run systemd-analyze systemd-creds loginctl journalctl busctl plistutil
  xfce4-panel Xvfb xvfb-run xdotool ss
  pinentry pinentry-gtk-2 pinentry-qt pinentry-gnome3 pinentry-curses zenity bwrap podman crun pasta passt keyctl
  ssh sshd ssh-keygen minisign starship direnv socat desktop-file-validate pytest-3
)
python_modules=(boto3 botocore awscli)

# Hiding needs a mount namespace; the folder outside it is removed whatever happens inside.
if [[ "${1-}" != --inside ]]; then
  # Not below TMPDIR: the path of a socket has room for 108 bytes.
  scratch="$(mktemp -d /tmp/bare-XXXXXX)"
  trap 'rm -rf "$scratch"' EXIT
  unshare --mount -- "$0" --inside "$scratch" "$@"
  exit
fi
scratch="$2"
shift 2
mkdir "$scratch/home" "$scratch/tmp" "$scratch/copy" "$scratch/empty"

mapfile -t folders < <(
  tr : '\n' <<<"$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin:/usr/lib/systemd" | sort -u
)

# Prints the path of each of the named programs that can be executed.
find_programs() {
  local folder name
  for folder in "${folders[@]}"; do
    for name in "$@"; do
      [[ ! -f "$folder/$name" || ! -x "$folder/$name" ]] || printf '%s\n' "$folder/$name"
    done
  done
}

die() {
  echo "bare-machine.sh: $*" >&2
  exit 1
}

hide_modules() {
  local python module path
  shopt -s nullglob
  for module in "${python_modules[@]}"; do
    for path in {/usr,/usr/local,"${PYENV_ROOT:-$HOME/.pyenv}"/versions/*}/lib/python3*/{dist,site}-packages/"$module"; do
      mount --bind "$scratch/empty" "$path"
    done
  done
  shopt -u nullglob
  while read -r python; do
    for module in "${python_modules[@]}"; do
      # An empty folder can still be imported, as a namespace with nothing in it.
      ! (cd / && "$python" -c "import $module; assert $module.__file__") 2>/dev/null || die "$python still has $module"
    done
  done < <(find_programs python3 python)
}

hide_programs() {
  local path
  while read -r path; do
    # The same file may have had another name, and be hidden already.
    [[ ! -x "$path" ]] || mount --bind /dev/null "$(realpath "$path")"
  done < <(find_programs "${programs[@]}")
  local left
  left="$(find_programs "${programs[@]}")"
  [[ -z "$left" ]] || die "still executable: ${left//$'\n'/ }"
}

hide_modules
hide_programs

path="$(dirname "$(command -v node)"):$(dirname "$(command -v npm)"):/usr/bin:/bin"
clean=(
  env -i "PATH=$path" "HOME=$scratch/home" "TMPDIR=$scratch/tmp" LANG=C.UTF-8 TERM=dumb CI=true
  npm_config_update_notifier=false
)

if [[ "${1-}" == -- ]]; then
  shift
  "${clean[@]}" "$@"
  exit
fi

cd "$(dirname "$0")/.."
tar --exclude=./.git --exclude=./node_modules --exclude=./dist --exclude=./coverage -cf - . | tar -xf - -C "$scratch/copy"
cd "$scratch/copy"

failed=()
# run NAME SECONDS COMMAND...: a command with a time limit, and how long it took.
run() {
  local name="$1" limit_seconds="$2" started_at=$SECONDS exit_code=0
  shift 2
  echo "-- $name"
  timeout --kill-after=10 "$limit_seconds" "$@" || exit_code=$?
  echo "-- $name: exit code $exit_code after $((SECONDS - started_at)) s"
  ((exit_code == 0)) || failed+=("$name")
}

# With the machine's own npm settings, which may name its registry.
run 'npm ci' 300 env "PATH=$path" npm ci --no-audit --no-fund
run 'npm run demo' 120 "${clean[@]}" npm run demo
run 'npm test' 900 "${clean[@]}" npm test
((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
