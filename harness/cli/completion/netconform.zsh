#compdef netconform
# Completes command lines of netconform in zsh: source <(npx netconform completion zsh)
# What is typed is handed over as words and never evaluated.
_netconform() {
  local -a typed program candidates
  local line files=
  typed=("${(@Q)words[1,CURRENT-1]}" "$PREFIX")
  program=("${typed[1]/#\~/$HOME}")
  shift typed
  if [[ $program[1] == npx ]]; then
    while (( $#typed > 1 )) && [[ $typed[1] == -* ]]; do shift typed; done
    if (( $#typed < 2 )) || [[ $typed[1] != netconform ]]; then
      _default
      return
    fi
    program=(npx --no-install netconform)
    shift typed
  fi
  for line in "${(@f)$("${program[@]}" complete -- "${typed[@]}" 2>/dev/null </dev/null)}"; do
    if [[ $line == :files ]]; then
      files=yes
    elif [[ -n $line ]]; then
      candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( $#candidates )) && _describe netconform candidates
  [[ -z $files ]] || _files
}
# As a file `_netconform` in the path of functions it is called; sourced it registers itself.
if [[ ${funcstack[1]} == _netconform ]]; then
  _netconform "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _netconform netconform
  # `npx netconform …`, unless something else completes npx.
  [[ -n ${_comps[npx]} ]] || compdef _netconform npx
fi
