# Completes command lines of netconform in bash: source <(npx netconform completion bash)
# What is typed is handed over as words and never evaluated.
_netconform() {
  local words=() program answer value current breaks kept=
  # Backslashes in front of spaces keep words together. bash itself also splits at = and :, which are parts of words here.
  # shellcheck disable=SC2162
  read -a words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
  program=("${words[0]/#\~/$HOME}")
  words=("${words[@]:1}")
  if [[ ${program[0]} == npx ]]; then
    while [[ ${#words[@]} -gt 1 && ${words[0]} == -* ]]; do words=("${words[@]:1}"); done
    [[ ${#words[@]} -gt 1 && ${words[0]} == netconform ]] || return 0
    program=(npx --no-install netconform)
    words=("${words[@]:1}")
  fi
  answer=$("${program[@]}" complete -- "${words[@]}" 2>/dev/null </dev/null) || return 0
  # bash replaces what follows the last of its own word breaks, and not the whole word.
  current=${words[${#words[@]} - 1]}
  breaks=${COMP_WORDBREAKS//[^=:]/}
  [[ -n $breaks ]] && kept=${current%"${current##*["$breaks"]}"}
  while IFS=$'\t' read -r value _; do
    if [[ $value == :files ]]; then
      compopt -o bashdefault -o default 2>/dev/null
    elif [[ -n $value ]]; then
      COMPREPLY+=("${value#"$kept"}")
    fi
  done <<<"$answer"
}
complete -F _netconform netconform
# `npx netconform …`, unless something else completes npx; other programs there are completed with files.
complete -p npx &>/dev/null || complete -o bashdefault -o default -F _netconform npx
