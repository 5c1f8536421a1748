/**
 * `holdfast completion`: a script for the shell, made from commander's own definitions, so that it cannot fall behind.
 */
import { Argument, type Command, type Option } from "commander";

const shells = { bash, zsh, fish } as const;
type Shell = keyof typeof shells;

/** A command with the words that lead to it: `lab up`. */
interface Entry {
    readonly path: string;
    readonly command: Command;
}

export function registerCompletion(program: Command): void {
    program
        .command("completion")
        .description("print the completion script of a shell")
        .addArgument(new Argument("<shell>", "which").choices(Object.keys(shells)))
        .addHelpText(
            "after",
            '\nExample:\n  bash:  eval "$(npx holdfast completion bash)"\n  zsh:   eval "$(npx holdfast completion zsh)"\n  fish:  npx holdfast completion fish | source',
        )
        .action((shell: Shell) => {
            process.stdout.write(renderCompletion(program, shell));
        });
}

export function renderCompletion(program: Command, shell: Shell): string {
    return shells[shell](entriesOf(program, ""));
}

function entriesOf(command: Command, path: string): Entry[] {
    return [
        { path, command },
        ...command.commands.flatMap((child) => entriesOf(child, `${path} ${child.name()}`.trim())),
    ];
}

function optionsOf({ command }: Entry): readonly Option[] {
    return command.createHelp().visibleOptions(command);
}

/** What may stand next: commands, choices of an argument, options. */
function wordsOf(entry: Entry): string[] {
    const { command } = entry;
    return [
        ...command.commands.map((child) => child.name()),
        ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
        ...optionsOf(entry).map(({ long, short }) => long ?? short ?? ""),
    ];
}

/** `case` patterns for what may stand after an option that takes a value. */
function valuesOf(entries: readonly Entry[]): string[] {
    return entries.flatMap((entry) =>
        optionsOf(entry)
            .filter(({ required }) => required)
            .map((option) => {
                const names = [option.long, option.short].filter(Boolean).map((name) => `"${entry.path} ${name}"`);
                return `        ${names.join("|")}) words="${option.argChoices?.join(" ") ?? ""}"${takesFile(option) ? "" : "; compopt +o default 2>/dev/null"} ;;`;
            }),
    );
}

function takesFile({ flags }: Option): boolean {
    return /<(?:file|folder)>/.test(flags);
}

/**
 * File names complete where nothing else does, but for values that are none (zsh has no `compopt`, and offers them
 * there too; to it an offset that begins with a letter is a modifier); `npx holdfast …` and `holdfast …` alike.
 */
function bash(entries: readonly Entry[]): string {
    const paths = entries.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
    return `# eval "$(npx holdfast completion bash)"
_holdfast() {
    local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words=""
    local index=1
    [[ "\${COMP_WORDS[0]}" == npx ]] && index=2 && [[ "\${COMP_WORDS[1]}" != holdfast ]] && return
    for word in "\${COMP_WORDS[@]:$index:$((COMP_CWORD-index))}"; do
        case "\${path:+$path }$word" in ${paths.join("|")}) path="\${path:+$path }$word" ;; esac
    done
    case "$path" in
${entries.map((entry) => `        "${entry.path}") words="${wordsOf(entry).join(" ")}" ;;`).join("\n")}
    esac
    case "$path $previous" in
${valuesOf(entries).join("\n")}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _holdfast holdfast npx
`;
}

/** zsh runs bash's completions; what it brings for that is loaded first. */
function zsh(entries: readonly Entry[]): string {
    return `autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bash(entries).replace("completion bash", "completion zsh")}`;
}

function fish(entries: readonly Entry[]): string {
    const lines = entries.flatMap((entry) => {
        const { path, command } = entry;
        const below = command.commands.map((child) => child.name());
        const seen = path
            .split(" ")
            .filter(Boolean)
            .map((word) => `__fish_seen_subcommand_from ${word}`);
        const isHere = [
            ...seen,
            ...(below.length > 0 ? [`not __fish_seen_subcommand_from ${below.join(" ")}`] : []),
        ].join("; and ");
        const condition = isHere === "" ? "" : ` -n ${quote(isHere)}`;
        return [
            ...command.commands.map(
                (child) => `complete -c holdfast${condition} -f -a ${child.name()} -d ${quote(child.description())}`,
            ),
            ...command.registeredArguments.flatMap(({ argChoices }) =>
                argChoices ? [`complete -c holdfast${condition} -f -a ${quote(argChoices.join(" "))}`] : [],
            ),
            ...optionsOf(entry).map((option) => {
                const { long, short, description, argChoices, required } = option;
                const names = [long && `-l ${long.slice(2)}`, short && `-s ${short.slice(1)}`]
                    .filter(Boolean)
                    .join(" ");
                return `complete -c holdfast${condition} ${names}${required ? " -r" : ""}${required && !takesFile(option) ? " -f" : ""}${argChoices ? ` -a ${quote(argChoices.join(" "))}` : ""} -d ${quote(description)}`;
            }),
        ];
    });
    return `# npx holdfast completion fish | source\n${lines.join("\n")}\n`;
}

function quote(text: string): string {
    return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
