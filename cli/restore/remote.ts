/** A program of Holdfast's on a node, by OpenSSH alone: it travels with the command, so the node need not have it. */
import { spawn } from "node:child_process";
import { programText } from "../../programs";

/** 0 done, 2 refused or different, 1 anything else: ssh's own 255, a signal, a shell without the program. */
export type Status = 0 | 1 | 2;

/** As root, whoever logs in: through `sudo -n` where he is not root. */
export const asRoot = `as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi; }`;

/** What it says goes to this terminal. `arguments_` of ssh up to the destination. */
export async function runProgram(
    arguments_: readonly string[],
    program: string,
    words: readonly string[],
): Promise<Status> {
    const script = `${asRoot}; umask 077; d=$(mktemp -d) && cat >"$d/program" && as_root /usr/bin/python3 -ISXutf8 "$d/program" ${words.map(quoted).join(" ")}; s=$?; rm -rf "$d"; exit $s`;
    return pipe("ssh", [...arguments_, script], programText(program));
}

/** One word for a shell, whatever is in it. */
export function quoted(word: string): string {
    return `'${word.replaceAll("'", "'\\''")}'`;
}

export function pipe(command: string, words: readonly string[], input: string, env = process.env): Promise<Status> {
    return new Promise((resolve, reject) => {
        const child = spawn(command, words, { stdio: ["pipe", "inherit", "inherit"], env });
        child.once("error", (error) => {
            reject(new Error(`${command} could not be run: ${error.message}`));
        });
        child.once("close", (code) => {
            resolve(together([code ?? 1]));
        });
        child.stdin.on("error", () => undefined); // it ended before it had read all: its status says why
        child.stdin.end(input);
    });
}

/** The status of several: what could not be told wins, whatever it was that ssh or the program ended with. */
export function together(statuses: readonly number[]): Status {
    if (statuses.some((status) => status !== 0 && status !== 2)) return 1;
    return statuses.includes(2) ? 2 : 0;
}
