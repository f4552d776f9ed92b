export const COMPLETION_SHELLS = ['bash', 'zsh'] as const;
export type CompletionShell = (typeof COMPLETION_SHELLS)[number];

/**
 * What a shell reads to complete our lines. Both texts know nothing of our verbs: they ask the program that is installed,
 * so they stay right whatever release it is of.
 */
export const COMPLETION_SCRIPTS: Readonly<Record<CompletionShell, string>> = {
  bash: `# bash completion for convocate; made by \`convocate completion bash\`
_convocate() {
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  mapfile -t COMPREPLY < <(command convocate __complete "\${words[@]}" 2>/dev/null)
}
complete -o nosort -F _convocate convocate
`,
  zsh: `#compdef convocate
# zsh completion for convocate; made by \`convocate completion zsh\`
_convocate() {
  local -a candidates
  candidates=("\${(@f)$(command convocate __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("\${(@)candidates:#}")
  (( $#candidates )) && compadd -V convocate -a candidates
}
if [[ "$funcstack[1]" == _convocate ]]; then
  _convocate "$@"
else
  compdef _convocate convocate
fi
`,
};
