/** Every fenced `sh` block of README.md and docs/: its commands and options exist. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import execa from "execa";
import { buildProgram } from "../../cli/program";
import { scripts } from "../../package.json";
import { commandHelp } from "../../scripts/reference/commands";
import { ensurePulumi, pulumiEnvironment } from "../../toolchain/toolchain";

// A toolchain that is not there yet takes minutes.
jest.setTimeout(900_000);

const checkout = resolve(__dirname, "../..");
const pages = ["README.md", ...readdirSync(join(checkout, "docs"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md")).map((path) => join("docs", path))];

interface Line {
    readonly page: string;
    readonly text: string;
}

const lines: Line[] = pages.flatMap((page) => {
    const text = readFileSync(join(checkout, page), "utf8");
    return [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = ""]) => block.split("\n").map((line) => line.replace(/\s+#.*$/, "").trim()).filter((line) => line !== "" && !line.startsWith("#")).map((line) => ({ page, text: line })));
});

/** The commands of a line, each as words: pipes, redirections and assignments taken off. */
function commandsOf(line: string): string[][] {
    return line.split(/\s(?:\||&&|;)\s/).map((command) => {
        const words = [...command.replace(/\s\d?>>?\s*\S+/g, "").matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => single ?? double ?? bare ?? "");
        return words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word)));
    });
}

const commands = lines.flatMap(({ page, text }) => commandsOf(text).map((words) => ({ page, words })));
const startingWith = (...first: string[]) => commands.filter(({ words }) => first.every((word, index) => words[index] === word)).map(({ page, words }): [string, string, string[]] => [page, words.join(" "), words.slice(first.length)]);

/** Parses as the real command line does, and does nothing. */
function dryProgram(): Command {
    const program = buildProgram();
    const disarm = (command: Command): void => {
        command.configureOutput({ writeErr: () => undefined });
        if (command.commands.length === 0) command.action(() => undefined);
        command.commands.forEach(disarm);
    };
    disarm(program);
    return program;
}

test("there are commands in the documentation", () => {
    expect(lines.length).toBeGreaterThan(20);
});

test.each(startingWith("npx", "holdfast"))("%s: %s", async (_page, _line, words) => {
    await dryProgram().parseAsync(words, { from: "user" });
});

/** `bash:  eval "$(npx holdfast completion bash)"` is `npx holdfast completion bash`. */
const examples = commandHelp().flatMap(({ name, help }) => (help.split("\nExample:\n")[1] ?? "").split("\n").map((line): [string, string] => [name, line.trim().replace(/^\w+:\s+/, "").replace(/^eval "\$\((.*)\)"$/, "$1")]));

test.each(examples)("the help of %s: %s", async (_name, line) => {
    const ours = commandsOf(line).filter(([runner, program]) => runner === "npx" && program === "holdfast");
    expect(ours).toHaveLength(1);
    await dryProgram().parseAsync(ours[0]!.slice(2), { from: "user" });
});

test("the lint of docs/ci.md runs in a clone, and finds nothing wrong", async () => {
    const [line] = lines.filter(({ text }) => text === "npx holdfast lint Pulumi.*.yaml nodes/*/*");
    const { exitCode } = await execa("bash", ["-c", line!.text.replace("npx holdfast", `"${process.execPath}" cli/holdfast.js`)], { cwd: checkout, reject: false });
    expect(exitCode).toBe(0);
});

test("an option that does not exist would be seen", async () => {
    await expect(dryProgram().parseAsync(["drift", "--fromat", "json"], { from: "user" })).rejects.toThrow(/--fromat/);
});

test.each(commands.filter(({ words }) => words[0] === "npm").map(({ page, words }): [string, string, string[]] => [page, words.join(" "), words]))("%s: %s", (_page, _line, [, verb = "", script = ""]) => {
    expect(["ci", "start", "test", "pack", "install", "update", "audit", "run"]).toContain(verb);
    if (verb === "run") expect(Object.keys(scripts)).toContain(script);
});

/** What the example of docs/runbook.md types at the console. */
const typed = ["mount", "udevadm", "sed", "grep", "getent", "findfs", "mountpoint", "findmnt", "ip", "exit", "pkill", "umount", "modprobe", "ls", "pvesm", "qm", "pct", "pvenode", "/etc/holdfast/network-guard"];

test("what else is typed is a program that Debian or Proxmox brings", () => {
    const others = commands.map(({ words }) => words[0]!).filter((word) => !["npx", "npm", "pulumi"].includes(word));
    expect([...new Set(others)].filter((word) => !["cat", "ssh", "export", "cd", "git", "cp", "systemctl", "journalctl", "ssh-keyscan", "sha256sum", "htpasswd", "curl", "promtool", "pveum", "mkdir", "echo", "xargs", "/usr/bin/python3", ...typed].includes(word) && !/^(?:\.|\/usr\/local\/lib\/holdfast\/)/.test(word))).toEqual([]);
});

describe("pulumi", () => {
    const help = new Map<string, string>();
    const helpOf = async (words: readonly string[], env: NodeJS.ProcessEnv): Promise<string> => {
        const key = words.join(" ");
        const known = help.get(key) ?? (await execa("pulumi", [...words, "--help"], { env, extendEnv: false, all: true, reject: false })).all ?? "";
        help.set(key, known);
        return known;
    };

    test.each(startingWith("pulumi"))("%s: pulumi %s", async (_page, _line, words) => {
        const env = pulumiEnvironment(await ensurePulumi());
        const path = (["stack", "config"].includes(words[0]!) ? words.slice(0, 2) : words.slice(0, 1)).filter((word) => !word.startsWith("-"));
        const text = await helpOf(path, env);
        // Of an unknown command pulumi shows its own usage; an alias is listed by its last word.
        expect(text).toMatch(new RegExp(`^  (?:pulumi ${path.join(" ")}\\b|.*\\b${path.at(-1)!}(?:,|$))`, "m"));
        const known = new Set(text.match(/(?<![\w-])--?[a-z][\w-]*/g));
        for (const option of words.filter((word) => word.startsWith("-"))) expect([...known]).toContain(option.replace(/=.*/, ""));
    });
});

test("every link from one page to another leads somewhere", () => {
    const broken = pages.flatMap((page) => [...readFileSync(join(checkout, page), "utf8").matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target).filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(checkout, dirname(page), target))).map((target) => `${page}: ${target}`));
    expect(broken).toEqual([]);
});
