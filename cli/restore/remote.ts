/** A program of Holdfast's on a node, by OpenSSH alone: it travels with the command, so the node need not have it. */
import { spawn } from "node:child_process";
import { programText } from "../../programs";

/** Its exit status; what it says goes to this terminal. `arguments_` of ssh up to the destination. */
export async function runProgram(
    arguments_: readonly string[],
    program: string,
    words: readonly string[],
): Promise<number> {
    const script = `umask 077; d=$(mktemp -d) && cat >"$d/program" && /usr/bin/python3 -ISXutf8 "$d/program" ${words.map(quoted).join(" ")}; s=$?; rm -rf "$d"; exit $s`;
    return pipe("ssh", [...arguments_, script], programText(program));
}

/** One word for a shell, whatever is in it. */
export function quoted(word: string): string {
    return `'${word.replaceAll("'", "'\\''")}'`;
}

export function pipe(command: string, words: readonly string[], input: string, env = process.env): Promise<number> {
    return new Promise((resolve, reject) => {
        const child = spawn(command, words, { stdio: ["pipe", "inherit", "inherit"], env });
        child.once("error", (error) => {
            reject(new Error(`${command} could not be run: ${error.message}`));
        });
        child.once("close", (code) => {
            resolve(code ?? 1);
        });
        child.stdin.on("error", () => undefined); // it ended before it had read all: its status says why
        child.stdin.end(input);
    });
}
