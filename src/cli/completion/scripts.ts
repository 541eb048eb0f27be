// What a shell loads to complete a program's words: it asks the program itself, so that one answer
// serves all shells. `:0` at the end of an answer asks for the shell's own file names.

export interface Asked {
  /** As it is typed: haldane. */
  readonly program: string;
  /** What answers, before the words: "haldane __complete --". */
  readonly ask: string;
}

function functionName(program: string): string {
  return `_${program.replaceAll("-", "_")}`;
}

const bash = ({
  program,
  ask,
}: Asked): string => `# ${program} completion for bash: source <(${program} completion bash)
${functionName(program)}() {
  local out current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  out=$(${ask} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  if [ "\${out##*:}" = 0 ]; then
    COMPREPLY=($(compgen -f -- "$current"))
    compopt -o filenames 2>/dev/null
    return
  fi
  COMPREPLY=($(compgen -W "$(printf '%s\\n' "$out" | grep -v '^:')" -- "$current"))
}
complete -F ${functionName(program)} ${program}
`;

const zsh = ({ program, ask }: Asked): string => `#compdef ${program}
# ${program} completion for zsh: source <(${program} completion zsh)
${functionName(program)}() {
  local out
  local -a found
  out=$(${ask} "\${(@Q)words[2,CURRENT]}" 2>/dev/null) || return
  if [ "\${out##*:}" = 0 ]; then
    _files
    return
  fi
  found=(\${(f)"$(printf '%s\\n' "$out" | grep -v '^:')"})
  compadd -a found
}
compdef ${functionName(program)} ${program}
`;

const fish = ({
  program,
  ask,
}: Asked): string => `# ${program} completion for fish: ${program} completion fish | source
function _${functionName(program)}
  set -l words (commandline -opc) (commandline -ct)
  set -l out (${ask} $words[2..-1] 2>/dev/null)
  if test "$out[-1]" = ":0"
    __fish_complete_path $words[-1]
    return
  end
  string match -v ":*" -- $out
end
complete -c ${program} -f -a '(_${functionName(program)})'
`;

const powershell = ({
  program,
  ask,
}: Asked): string => `# ${program} completion for PowerShell: ${program} completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName ${program} -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  if ($word -eq '') { $words += '""' }
  ${ask} @words 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object { $_ }
}
`;

const scripts: Readonly<Record<string, (asked: Asked) => string>> = { bash, zsh, fish, powershell };

export const shells = Object.keys(scripts);

/** undefined for a shell nobody has written a script for. */
export function completionScript(shell: string, asked: Asked): string | undefined {
  return scripts[shell]?.(asked);
}
