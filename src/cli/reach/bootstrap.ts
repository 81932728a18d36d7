// The script that the far host's /bin/sh runs beside the session: it keeps the role's files, and deletes them at the end.
// It and everything that it gets travel over standard input, so `ps` on either side shows none of it.

/** Reads the script up to a line "#". Has no character that bash, zsh, fish or csh change inside single quotes. */
export const LOADER =
  'exec /bin/sh -c \'s=$(while IFS= read -r l; do case $l in ("#") break;; esac; printf "%s\\n" "$l"; done); eval "$s"\'';

/** How long the far host waits for a sign of life, in checks of one second. */
const MAX_SILENT_CHECKS = 3;

/** Keys of a default profile there, which most SDKs would prefer to the container endpoint. */
const DEFAULT_KEYS =
  'aws_access_key_id|aws_secret_access_key|aws_session_token|aws_security_token|credential_process|credential_source|role_arn|source_profile|web_identity_token_file|login_session|sso_[a-z_]*';

/**
 * A truncated script runs nothing, as all of it is one function. `nonce` marks its own lines among the output of startup files,
 * and makes the folder's name unpredictable.
 */
export function bootstrapScript(nonce: string): string {
  return `rolecall() {
umask 077
d=
for b in "\${XDG_RUNTIME_DIR-}" /tmp "\${HOME-}"; do
  case $b in /*) ;; *) continue ;; esac
  case $b in *[!A-Za-z0-9_./@+-]*) continue ;; esac
  [ -d "$b" ] && [ -w "$b" ] || continue
  [ -O "$b" ] || [ -k "$b" ] || continue
  mkdir "$b/rolecall.${nonce}" 2>/dev/null && cd "$b/rolecall.${nonce}" && [ -O . ] || continue
  # A full disk takes the folder, but not the files.
  if printf %65536s . 2>/dev/null >beat; then d=$b/rolecall.${nonce}; break; fi
  cd /
  rm -rf "$b/rolecall.${nonce}"
done
if [ -z "$d" ]; then echo "${nonce} nowhere"; return 1; fi
w=
trap 'cd /; rm -rf "$d"; [ -z "$w" ] || kill "$w" 2>/dev/null; echo "${nonce} gone"' EXIT
trap 'exit 1' HUP INT TERM PIPE
echo 0 >beat
mkdir roles
f=
for k in config credentials; do
  case $k in config) p=\${AWS_CONFIG_FILE:-$HOME/.aws/config} ;; *) p=\${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials} ;; esac
  [ -f "$p" ] && [ -r "$p" ] || continue
  command -v awk >/dev/null || { f="$f unread"; break; }
  awk '/^[ \\t]*\\[/ { d = ($0 ~ /^[ \\t]*\\[[ \\t]*(profile[ \\t]+)?"?default"?[ \\t]*\\]/) }
    !(d && tolower($0) ~ /^[ \\t]*(${DEFAULT_KEYS})[ \\t]*=/)' <"$p" >"$k"
  [ "$(cat "$p")" != "$(cat "$k")" ] || { rm -f "$k"; continue; }
  f="$f $k"
done
echo "${nonce} at $d \${SHELL:-/bin/sh}$f"
i=0
while IFS= read -r l; do
  case $l in
    .) i=$((i + 1)); { echo $i >beat; } 2>/dev/null || exit 1; echo "${nonce} ." ;;
    "file "*) while IFS= read -r x && [ "$x" != ${nonce} ]; do printf '%s\\n' "$x"; done >"\${l#file }" ;;
    "token "*) IFS= read -r x; printf %s "$x" >"\${l#token }" ;;
    "program "*) chmod 700 "\${l#program }" ;;
    "port "*) ! grep -q " 0*:$(printf %04X "\${l#port }") 0*:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null || echo "${nonce} open" ;;
    ready) watch </dev/null 2>/dev/null & w=$!; echo "${nonce} ready" ;;
    end) exit 0 ;;
  esac
done
}
watch() {
trap - EXIT HUP INT TERM PIPE
o=
s=0
while sleep 1 >/dev/null && kill -0 $$; do
  n=
  read -r n <beat
  if [ "$n" = "$o" ]; then s=$((s + 1)); else s=0 o=$n; fi
  [ $s -lt ${MAX_SILENT_CHECKS} ] || break
done
cd /
rm -rf "$d"
echo "${nonce} gone"
kill $$
}
rolecall
#
`;
}
